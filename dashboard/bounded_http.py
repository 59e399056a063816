"""What one client can hold of the server: uvicorn bounds what it holds while it is answered, this bounds the rest.

uvicorn 0.54 waits for ever for a request that does not come, for a body that drips, and for somebody to read the
rest of an answer. A connection here has to have sent a whole request in time and to take its answer; a network has so
many connections; and when all are taken, the one that waits longest for a request makes place for the next.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Any, Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from dashboard.networks import network

log = logging.getLogger(__name__)

REQUEST_S: Final = 15.0
"""From the connection, or the last answer, until a request is here with head and body."""
BODY_S: Final = 75.0
"""Instead, where a body is expected: somewhat more than a photo may take (dashboard.reporting.uploads.SLOWEST_S)."""
STALL_S: Final = 20.0
"""In which a client takes nothing of what is there for it."""
TAKE_S: Final = 300.0
"""From there on until it has taken all of it, however slow its network is."""
CONNECTIONS_MOST: Final = 2000
"""Live streams and idle connections count too."""
PER_NETWORK_MOST: Final = 400
"""Of one network (dashboard.networks), unless it is a proxy that we trust: many phones share an address."""
HEAD_LARGEST: Final = 16_384
"""Bytes of a request's first line and headers."""
SWEEP_S: Final = 0.5
_BUSY: Final = b"HTTP/1.1 %s\r\nConnection: close\r\nRetry-After: 30\r\nContent-Length: 0\r\n\r\n"


@dataclass(kw_only=True, slots=True)
class Bounds:
    """The bounds of a server, and what was refused by them."""

    request_s: float = REQUEST_S
    body_s: float = BODY_S
    stall_s: float = STALL_S
    take_s: float = TAKE_S
    connections: int = CONNECTIONS_MOST
    per_network: int = PER_NETWORK_MOST
    proxies: tuple[str, ...] = ()
    """Networks of proxies, each of which speaks for many."""
    with_body: tuple[str, ...] = ()
    """Paths to which a body may be sent."""
    refused: Counter[str] = field(default_factory=Counter)
    held: Counter[str] = field(default_factory=Counter)
    """Open connections by network."""

    def speaks_for_many(self, address: str) -> bool:
        try:
            return any(ip_address(address) in ip_network(proxy) for proxy in self.proxies)
        except ValueError:
            return False


class BoundedProtocol(H11Protocol):
    """A connection. `sweep` ends those that are over a bound."""

    def __init__(self, *arguments: Any, bounds: Bounds, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.logger = _silent  # a line in the log for whatever a stranger sends would fill the disk
        self._bounds = bounds
        self._network: str | None = None
        self.waits_since = self.loop.time()
        """Since when the next request is awaited."""
        self._untaken = 0
        """Bytes that the client had not taken at the last sweep, and since when there are some, and no fewer."""
        self._holds_since = self._stalls_since = self.waits_since

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if self.client is not None and not self._bounds.speaks_for_many(self.client[0]):
            self._network = network(self.client[0])
            self._bounds.held[self._network] += 1
            if self._bounds.held[self._network] > self._bounds.per_network:
                self._turn_away("network", b"429 Too Many Requests")
                return
        if len(self.connections) > self._bounds.connections and not self._make_place():
            self._turn_away("connections", b"503 Service Unavailable")

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self._network is not None:
            self._bounds.held[self._network] -= 1
            if not self._bounds.held[self._network]:
                del self._bounds.held[self._network]
            self._network = None

    def on_response_complete(self) -> None:
        self.waits_since = self.loop.time()
        super().on_response_complete()

    def send_400_response(self, msg: str) -> None:
        """Also where the body of a request is broken that is being answered, which uvicorn does not expect."""
        self._bounds.refused["malformed"] += 1
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.disconnected = True  # what the application still says is thrown away
            self.cycle.message_event.set()
            self.transport.abort()
        elif self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            super().send_400_response(msg)
        else:
            self.transport.abort()

    @property
    def awaits_request(self) -> bool:
        """Whether the client has not sent all of a request yet, and no answer is under way."""
        answering = self.cycle is not None and not self.cycle.response_complete
        return not answering and not self.transport.is_closing()

    def overdue(self, now: float) -> str | None:
        """The bound that this connection is over, if it is over one."""
        size = self.transport.get_write_buffer_size()
        if size:
            return self._untaken_for_long(size, now)
        self._untaken = 0
        if self.transport.is_closing() or now - self.waits_since <= self._request_s:
            return None
        return "not_sent" if self.conn.their_state in (h11.IDLE, h11.SEND_BODY) else None

    @property
    def _request_s(self) -> float:
        sends_body = self.conn.their_state is h11.SEND_BODY and self.scope["path"] in self._bounds.with_body
        return self._bounds.body_s if sends_body else self._bounds.request_s

    def _untaken_for_long(self, size: int, now: float) -> str | None:
        """While it is full nothing is added to the buffer: what does not get less is not taken."""
        if not self._untaken:
            self._holds_since = now
        if not self._untaken or size < self._untaken:
            self._stalls_since = now
        self._untaken = size
        if now - self._stalls_since > self._bounds.stall_s:
            return "not_taken"
        return "taken_slowly" if now - self._holds_since > self._bounds.take_s else None

    def _make_place(self) -> bool:
        """Ends the connection that waits longest for a request; False: there is none."""
        waiting = [
            one
            for one in self.connections
            if isinstance(one, BoundedProtocol) and one is not self and one.awaits_request
        ]
        if not waiting:
            return False
        self._bounds.refused["made_place"] += 1
        min(waiting, key=lambda one: one.waits_since).transport.abort()
        return True

    def _turn_away(self, why: str, status: bytes) -> None:
        self._bounds.refused[why] += 1
        self.transport.write(_BUSY % status)
        self.transport.close()

    def data_received(self, data: bytes) -> None:
        if not self.transport.is_closing():
            super().data_received(data)


def sweep(connections: Iterable[object], bounds: Bounds, now: float) -> None:
    """Ends whatever is over a bound at this time of the loop."""
    for one in list(connections):
        if isinstance(one, BoundedProtocol):
            why = one.overdue(now)
            if why is not None:
                bounds.refused[why] += 1
                one.transport.abort()


_silent: Final = logging.getLogger(f"{__name__}.silent")
_silent.setLevel(logging.ERROR)
