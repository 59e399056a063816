"""A server that answers as was recorded, request by request, and one that answers what it is told."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit

Answer = tuple[int, bytes, Mapping[str, str]]


@dataclass(frozen=True, kw_only=True)
class Asked:
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """With names in lower case."""
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(), strict_parsing=True))


@dataclass
class Server:
    url: str = ""
    answers: list[Answer] = field(default_factory=list)
    """Of the next requests; 200 without a body when there are none left."""
    asked: list[Asked] = field(default_factory=list)


@contextmanager
def answering(answers: Sequence[Answer] = ()) -> Iterator[Server]:
    server = Server(answers=list(answers))

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            server.asked.append(
                Asked(
                    method=self.command,
                    path=parts.path,
                    query=dict(parse_qsl(parts.query)),
                    headers={name.lower(): value for name, value in self.headers.items()},
                    body=body,
                )
            )
            status, content, headers = server.answers.pop(0) if server.answers else (200, b"", {})
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = _answer

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.url = f"http://127.0.0.1:{listening.server_port}"
    Thread(target=listening.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        listening.shutdown()
        listening.server_close()


@contextmanager
def replaying(exchanges: Sequence[Mapping[str, Any]]) -> Iterator[Server]:
    """Answers as recorded; on leaving, what was asked must be what was recorded, all of it and no more."""
    with answering([_recorded(exchange["response"]) for exchange in exchanges]) as server:
        yield server
    assert [
        _as_recorded(one, exchange["request"]) for one, exchange in zip(server.asked, exchanges, strict=True)
    ] == [exchange["request"] for exchange in exchanges]


def _recorded(response: Mapping[str, Any]) -> Answer:
    content = response["text"].encode() if "text" in response else json.dumps(response["json"]).encode()
    return response["status"], content, {"Content-Type": "application/json"}


def _as_recorded(one: Asked, request: Mapping[str, Any]) -> dict[str, Any]:
    """As far as the recording says something; '*' stands for any value of a key in its JSON."""
    found: dict[str, Any] = {"method": one.method, "path": one.path}
    found["headers"] = {name: one.headers.get(name) for name in request["headers"]}
    if "form" in request:
        found["form"] = one.form
    if "json" in request:
        found["json"] = {
            key: "*" if request["json"].get(key) == "*" else value for key, value in one.json.items()
        }
    return found
