"""Server-sent events: one hub encodes a frame once a tick and hands it to every listener.

The feed's thread offers values; the event loop's task `run()` sends them. A listener that does not keep up is
dropped: its browser comes back, and what it missed is in the ring or in the next snapshot.
"""

import asyncio
import logging
import re
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, MutableMapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from threading import Lock
from typing import Any, Final

import msgspec

from storage.observations import LiveValue

log = logging.getLogger(__name__)

TICK_S: Final = 1.0
QUIET_S: Final = 15.0
"""A comment at least this often, so that proxies keep the connection and clients notice a dead one."""
FRAMES_WAITING: Final = 8
"""How many frames a listener may be behind before it is dropped."""
FRAMES_KEPT: Final = 120
"""Frames that a listener which comes back with Last-Event-ID can still have."""
LISTENERS_MOST: Final = 2000


class What(StrEnum):
    """What besides values can be another: who shows it asks for it again."""

    NOTICES = "notices"
    THINGS = "things"
    ROOM = "room"
    """Anything else that the control room shows."""


_EVENT_ID: Final = re.compile(r"[0-9]{1,18}")

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Header = tuple[bytes, bytes]


class Item(msgspec.Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """One value as it goes over the wire (design contract)."""

    thing: str
    domain: str
    property: str
    time: datetime
    result: float
    quality: int
    provenance: str
    input_provenance: str | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Frame:
    """The values of one tick, encoded for all domains and on demand for one."""

    id: int
    items: tuple[Item, ...]
    encoded: dict[str | None, bytes] = field(default_factory=dict)

    def for_domain(self, domain: str | None) -> bytes:
        """The event, or b"" when it holds nothing of the domain."""
        if domain not in self.encoded:
            chosen = [item for item in self.items if domain in (None, item.domain)]
            self.encoded[domain] = encode_event("observation", {"items": chosen}, self.id) if chosen else b""
        return self.encoded[domain]


class Listener:
    """One connection's waiting frames."""

    def __init__(self, domain: str | None) -> None:
        self.domain = domain
        self.frames: asyncio.Queue[bytes] = asyncio.Queue(FRAMES_WAITING)
        self.dropped = asyncio.Event()

    def give(self, frame: bytes) -> bool:
        """False when it is too far behind: then it is dropped."""
        try:
            self.frames.put_nowait(frame)
        except asyncio.QueueFull:
            self.dropped.set()
            return False
        return True


class LiveHub:
    """The newest values since the last tick, at most one a Datastream, for every listener."""

    def __init__(self, *, clock: Callable[[], datetime], tick_s: float = TICK_S) -> None:
        self.listeners: set[Listener] = set()
        self.frames_sent = 0
        self.listeners_dropped = 0
        self._clock = clock
        self._tick_s = tick_s
        self._pending: dict[int, LiveValue] = {}
        self._changed: set[What] = set()
        self._lock = Lock()
        self._ring: deque[Frame] = deque(maxlen=FRAMES_KEPT)
        self._last_id = 0
        self._closed = False

    def offer(self, values: Sequence[LiveValue]) -> None:
        """Called in any thread: these go out with the next tick. A later value replaces an earlier one."""
        with self._lock:
            self._pending.update((value.datastream_id, value) for value in values)

    def announce(self, what: What) -> None:
        """Called in any thread: with the next tick every listener hears that this changed."""
        with self._lock:
            self._changed.add(what)

    async def run(self) -> None:
        """Ticks until cancelled; then every stream ends."""
        try:
            while True:
                await asyncio.sleep(self._tick_s)
                self.tick()
        finally:
            self.close()

    def tick(self) -> None:
        """Sends what was offered since the last tick, encoded once."""
        with self._lock:
            values, self._pending = self._pending, {}
            changed, self._changed = self._changed, set()
        if changed:
            encoded = encode_change(changed)
            self._give(lambda listener: encoded)
        if not values:
            return
        frame = Frame(id=self._next_id(), items=tuple(map(_item, values.values())))
        self._ring.append(frame)
        self.frames_sent += 1
        self._give(lambda listener: frame.for_domain(listener.domain))

    def _give(self, encoded_for: Callable[[Listener], bytes]) -> None:
        for listener in list(self.listeners):
            encoded = encoded_for(listener)
            if encoded and not listener.give(encoded):
                self.listeners.discard(listener)
                self.listeners_dropped += 1
                log.info("listener_dropped frames_waiting=%d", FRAMES_WAITING)

    def close(self) -> None:
        """Ends every stream, so that a stopping server does not wait for browsers."""
        self._closed = True
        for listener in list(self.listeners):
            listener.dropped.set()

    def listen(self, domain: str | None, last_event_id: int | None = None) -> Listener:
        """A new listener that first gets what the ring holds after `last_event_id`."""
        listener = Listener(domain)
        if last_event_id is not None:
            missed = [frame for frame in self._ring if frame.id > last_event_id]
            for encoded in filter(None, _merged(missed, domain)):
                listener.give(encoded)
        self.listeners.add(listener)
        return listener

    def leave(self, listener: Listener) -> None:
        self.listeners.discard(listener)

    @property
    def full(self) -> bool:
        return self._closed or len(self.listeners) >= LISTENERS_MOST

    def _next_id(self) -> int:
        """Milliseconds of the clock, so that ids grow over restarts too."""
        self._last_id = max(self._last_id + 1, int(self._clock().timestamp() * 1000))
        return self._last_id


class EventStream:
    """An ASGI response: `await EventStream(hub, domain=…)(scope, receive, send)`; Starlette calls it so too."""

    def __init__(
        self,
        hub: LiveHub,
        *,
        domain: str | None = None,
        last_event_id: int | None = None,
        headers: Sequence[Header] = (),
        quiet_s: float = QUIET_S,
    ) -> None:
        self._hub = hub
        self._domain = domain
        self._last_event_id = last_event_id
        self._headers = headers
        self._quiet_s = quiet_s

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Sends until the client goes, falls behind, or the hub closes."""
        listener = self._hub.listen(self._domain, self._last_event_id)
        tasks = [
            asyncio.create_task(work)
            for work in (self._send(listener, send), _gone(receive), listener.dropped.wait())
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._hub.leave(listener)
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
        for error in ended:
            if isinstance(error, Exception) and not isinstance(error, OSError):
                raise error
        with suppress(OSError, asyncio.TimeoutError):  # a client that reads nothing never gets the end either
            await asyncio.wait_for(send({"type": "http.response.body", "body": b""}), timeout=1)

    async def _send(self, listener: Listener, send: Send) -> None:
        headers = [
            (b"content-type", b"text/event-stream; charset=utf-8"),
            (b"cache-control", b"no-store"),
            (b"x-accel-buffering", b"no"),
            *self._headers,
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send(_chunk(b"retry: 2000\n: listening\n\n"))
        while True:
            try:
                frame = await asyncio.wait_for(listener.frames.get(), timeout=self._quiet_s)
            except TimeoutError:
                frame = b": quiet\n\n"
            await send(_chunk(frame))


def encode_event(event: str, data: Any, id_: int) -> bytes:
    """One server-sent event with JSON data (which never holds a line break)."""
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (id_, event.encode(), msgspec.json.encode(data))


def encode_change(what: Iterable[What]) -> bytes:
    """One server-sent event without an id: whoever missed it asks for everything when the stream is back."""
    return b"event: changed\ndata: %s\n\n" % msgspec.json.encode({"what": sorted(what)})


def parse_last_event_id(value: str | None) -> int | None:
    """The header of a browser that comes back; anything else is as if it were new."""
    return int(value) if value is not None and _EVENT_ID.fullmatch(value) else None


def _merged(frames: Sequence[Frame], domain: str | None) -> list[bytes]:
    """What was missed as one event: the last value of each Datastream, under the last id."""
    if not frames:
        return []
    last = {(item.thing, item.property): item for frame in frames for item in frame.items}
    return [Frame(id=frames[-1].id, items=tuple(last.values())).for_domain(domain)]


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _chunk(body: bytes) -> Message:
    return {"type": "http.response.body", "body": body, "more_body": True}


def _item(value: LiveValue) -> Item:
    return Item(
        thing=value.thing_id,
        domain=value.domain,
        property=value.property,
        time=value.phenomenon_time,
        result=value.result,
        quality=value.quality,
        provenance=value.provenance,
        input_provenance=value.input_provenance,
        expires_at=value.expires_at,
    )
