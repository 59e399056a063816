"""Receivers that really listen: one answers what it is told to and keeps what it got, one means harm."""

import json
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Event, Thread
from typing import Any


@dataclass
class Receiver:
    url: str = ""
    answers: deque[tuple[int, dict[str, str]]] = field(default_factory=deque)
    """(status, headers) of the next answers; 200 when there are none left."""
    got: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    times: list[datetime] = field(default_factory=list)
    before_answer: Callable[[], None] = lambda: None
    """What happens when something was got and before it is answered."""

    def taken(self) -> list[dict[str, Any]]:
        """What was answered with 200."""
        return [one for one, status in zip(self.got, self.statuses, strict=True) if status == 200]


@contextmanager
def listening() -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status, headers = receiver.answers.popleft() if receiver.answers else (200, {})
            receiver.keys.append(self.headers["Idempotency-Key"])
            receiver.times.append(datetime.now(UTC))
            receiver.got.append(json.loads(body))
            receiver.statuses.append(status)
            receiver.before_answer()
            self.send_response(status)
            for name, value in {**headers, "Content-Length": "0"}.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_port}/hook/s3cret-token"
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()


@dataclass
class Hostile:
    url: str
    requests: int = 0
    said_all: int = 0
    """How many answers were taken to their last byte."""


@contextmanager
def hostile(head: bytes, pieces: Sequence[bytes], *, wait_s: float) -> Iterator[Hostile]:
    """Answers `head` and then piece after piece until the sender hangs up; on leaving, all answers have ended."""
    leaving = Event()

    class Handler(StreamRequestHandler):
        def handle(self) -> None:
            self._read_request()
            receiver.requests += 1
            try:
                self.wfile.write(head)
                for piece in pieces:
                    if wait_s and leaving.wait(wait_s):
                        return
                    self.wfile.write(piece)
            except ConnectionError:
                return
            receiver.said_all += 1

        def _read_request(self) -> None:
            length = 0
            while (line := self.rfile.readline().strip().lower()) != b"":
                if line.startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            self.rfile.read(length)

    server = ThreadingTCPServer(("127.0.0.1", 0), Handler)
    receiver = Hostile(url=f"http://127.0.0.1:{server.server_address[1]}/hook/s3cret-token")
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield receiver
    finally:
        leaving.set()
        server.shutdown()
        server.server_close()
