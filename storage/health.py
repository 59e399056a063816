"""/healthz, /readyz and /metrics for processes that serve no pages of their own."""

import json
import threading
from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server
from wsgiref.types import StartResponse, WSGIEnvironment

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from storage.settings import ConfigurationError

Ready = Callable[[], dict[str, bool]]
"""What must work before this process is useful, by name."""


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Requests of monitors are not events."""


class _Server(WSGIServer):
    daemon_threads = True
    allow_reuse_address = True


def serve(host: str, port: int, *, variable: str, ready: Ready, registry: CollectorRegistry) -> WSGIServer:
    """Answers in a thread until `shutdown()` of the returned server.

    Raises ConfigurationError naming the variable when the address can't be had, as beside another of the same process.
    """

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        status, content_type, body = _answer(environ["PATH_INFO"], ready, registry)
        start_response(status, [("Content-Type", content_type), ("Content-Length", str(len(body)))])
        return [body]

    try:
        server = make_server(host, port, application, server_class=_Server, handler_class=_Quiet)
    except OSError as error:
        raise ConfigurationError(
            f"{variable}: {host}:{port}: {error.strerror}: is the process running already? Give it another address"
        ) from error
    threading.Thread(target=server.serve_forever, name="health", daemon=True).start()
    return server


def _answer(path: str, ready: Ready, registry: CollectorRegistry) -> tuple[str, str, bytes]:
    match path:
        case "/healthz":
            return "200 OK", "text/plain", b"ok\n"
        case "/readyz":
            parts = ready()
            status = "200 OK" if all(parts.values()) else "503 Service Unavailable"
            return status, "application/json", json.dumps(parts).encode()
        case "/metrics":
            return "200 OK", CONTENT_TYPE_LATEST, generate_latest(registry)
    return "404 Not Found", "text/plain", b"/healthz /readyz /metrics\n"
