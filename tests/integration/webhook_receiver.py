"""A receiver that really listens: answers what it is told to, and keeps what it got."""

import json
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


@dataclass
class Receiver:
    url: str = ""
    answers: deque[tuple[int, dict[str, str]]] = field(default_factory=deque)
    """(status, headers) of the next answers; 200 when there are none left."""
    got: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)

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
            receiver.got.append(json.loads(body))
            receiver.statuses.append(status)
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
