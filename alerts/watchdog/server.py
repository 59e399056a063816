"""The watchdog's HTTP: what the engine says came through, availability, metrics, probes of itself."""

import json
import logging
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Final

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from storage.settings import ConfigurationError

log = logging.getLogger(__name__)

MOST_BYTES: Final = 1000
KEPT: Final = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class Came:
    """A canary that came through: the engine says so."""

    heartbeat: int
    at: datetime


@dataclass(kw_only=True, slots=True)
class Answers:
    """What the server answers with; `came` is read by the watchdog's own thread."""

    availability: Callable[[], Mapping[str, Any]]
    registry: CollectorRegistry
    alive: Callable[[], bool]
    came: deque[Came]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True


def serve(host: str, port: int, answers: Answers) -> ThreadingHTTPServer:
    """In threads until `shutdown()`. Raises ConfigurationError when the address can't be had."""

    class Handler(BaseHTTPRequestHandler):
        timeout = 5.0

        def do_POST(self) -> None:
            if self.path != "/heartbeat":
                self._answer(404, "text/plain", b"POST /heartbeat\n")
                return
            came = self._read_came()
            if came is None:
                self._answer(422, "text/plain", b'{"heartbeat": number, "time": ISO 8601} is needed\n')
                return
            answers.came.append(came)
            self._answer(202, "application/json", b"{}")

        def do_GET(self) -> None:
            match self.path.partition("?")[0]:
                case "/healthz":
                    self._answer(200, "text/plain", b"ok\n")
                case "/readyz":
                    alive = answers.alive()
                    self._answer(
                        200 if alive else 503, "application/json", json.dumps({"loop": alive}).encode()
                    )
                case "/metrics":
                    self._answer(200, CONTENT_TYPE_LATEST, generate_latest(answers.registry))
                case "/availability":
                    self._answer(200, "application/json", json.dumps(answers.availability()).encode())
                case _:
                    self._answer(404, "text/plain", b"/availability /metrics /healthz /readyz\n")

        def _read_came(self) -> Came | None:
            """None: no heartbeat. Its time is not used: when it came is when it is here."""
            try:
                length = int(self.headers.get("Content-Length", ""))
                body = json.loads(self.rfile.read(length)) if 0 < length <= MOST_BYTES else None
                heartbeat = float(body["heartbeat"]) if isinstance(body, dict) else -1.0
            except (ValueError, KeyError, TypeError, OSError):
                return None
            if not 0 < heartbeat <= 2**53 or heartbeat != int(heartbeat):
                return None
            return Came(heartbeat=int(heartbeat), at=datetime.now(UTC))

        def _answer(self, status: int, content_type: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Heartbeats and monitors are not events."""

    try:
        server = _Server((host, port), Handler)
    except OSError as error:
        raise ConfigurationError(
            f"HANOI_WATCHDOG_BIND: {host}:{port}: {error.strerror}: is a watchdog running already?"
            " Give this one another address"
        ) from error
    Thread(target=server.serve_forever, name="http", daemon=True).start()
    return server
