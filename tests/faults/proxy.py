"""A TCP proxy that breaks connections in the ways that networks do."""

import contextlib
import socket
import struct
import threading
import time
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final, Self


class Break(Enum):
    """What becomes of bytes."""

    NONE = auto()
    SILENT = auto()
    """They vanish both ways and nobody is told, as with a pulled cable; new connections get no answer."""
    ONE_WAY = auto()
    """The server hears us, its answers vanish."""
    HELD = auto()
    """They wait, and all arrive later."""
    SLOW = auto()
    """Each piece arrives late."""
    RESET = auto()
    """Every connection is reset, new ones too."""


SLOW_S: Final = 0.3
_RST: Final = struct.pack("ii", 1, 0)
"""SO_LINGER that makes close() send a reset."""


@dataclass(kw_only=True)
class Proxy:
    """Listens on a free port of 127.0.0.1 and hands everything on to another one."""

    target: int
    broken: Break = field(default=Break.NONE, init=False)
    port: int = field(init=False)
    _links: list["_Link"] = field(default_factory=list, init=False)
    _listener: socket.socket = field(init=False)
    _flows: threading.Event = field(default_factory=threading.Event, init=False)

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self._listener.getsockname()[1]
        self._flows.set()
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
        self.heal()
        for link in self._links:
            link.reset()

    def break_(self, how: Break) -> None:
        self.broken = how
        if how is Break.HELD:
            self._flows.clear()
        if how is Break.RESET:
            for link in self._links:
                link.reset()

    def heal(self) -> None:
        """Connections that lost bytes are reset, as by a router that forgot them: the rest of them makes no sense."""
        self.broken = Break.NONE
        self._flows.set()
        for link in self._links:
            if link.lost:
                link.reset()
        self._links = [link for link in self._links if not link.closed]

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            link = _Link(proxy=self, client=client)
            self._links.append(link)
            threading.Thread(target=link.run, daemon=True).start()

    def passes(self, *, answer: bool) -> bool:
        """Waits as long as bytes are to wait; whether they arrive."""
        self._flows.wait()
        if self.broken is Break.SLOW:
            time.sleep(SLOW_S)
        return self.broken is not Break.SILENT and not (answer and self.broken is Break.ONE_WAY)


@dataclass(kw_only=True)
class _Link:
    proxy: Proxy
    client: socket.socket
    server: socket.socket | None = field(default=None, init=False)
    lost: bool = field(default=False, init=False)
    closed: bool = field(default=False, init=False)

    def run(self) -> None:
        if self.proxy.broken is Break.RESET:
            self.reset()
            return
        if self.proxy.broken is Break.SILENT:
            self.lost = True
            return
        try:
            self.server = socket.create_connection(("127.0.0.1", self.proxy.target))
            for end in (self.client, self.server):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError:  # nobody there, or reset meanwhile
            self.reset()
            return
        threading.Thread(target=self._pump, args=(self.server, self.client, True), daemon=True).start()
        self._pump(self.client, self.server, False)

    def reset(self) -> None:
        self.closed = True
        for end in (self.client, self.server):
            if end is not None:
                with contextlib.suppress(OSError):
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RST)
                    end.shutdown(socket.SHUT_RDWR)
                end.close()

    def _pump(self, source: socket.socket, target: socket.socket, answer: bool) -> None:
        try:
            while data := source.recv(65536):
                if self.proxy.passes(answer=answer):
                    target.sendall(data)
                else:
                    self.lost = True
        except OSError:
            pass
        if self.lost and self.proxy.broken is not Break.NONE:
            return  # the end of the connection got lost as well
        self.reset()
