"""The gate in front of the whole application, and the headers on every answer. Pure ASGI, knows no database.

Who a token belongs to is asked from `Lookup`; the gate adds: nothing but the open paths without a session
(HTTP and WebSocket), and no change without the token that only our own pages can send (CSRF).
"""

import asyncio
import hashlib
import hmac
import logging
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import datetime
from http.cookies import CookieError, SimpleCookie
from typing import Final, Protocol
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from storage.db import DatabaseUnreachable
from storage.operators import Role

log = logging.getLogger(__name__)

ROOT: Final = "/ops"
LOGIN: Final = f"{ROOT}/login"
SESSION_COOKIE: Final = "hanoi_ops"
CSRF_COOKIE: Final = "hanoi_ops_csrf"
"""Readable by scripts of our pages: Dash copies it into CSRF_HEADER. The session's own cookie is not."""
CSRF_HEADER: Final = "X-CSRF-Token"
CSRF_FIELD: Final = "csrf_token"

BACK_TO: Final = re.compile(
    r"/ops/(?!api/|assets/|static/|_|stream|login|logout)[a-z0-9_-]{1,64}(/[a-z0-9_-]{1,64}){0,2}"
)
"""Pages that a message or a bookmark on a phone leads to: who has to log in first gets there afterwards."""

LARGEST_FORM: Final = 8192
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_FORM: Final = "application/x-www-form-urlencoded"


@dataclass(frozen=True, kw_only=True, slots=True)
class Visitor:
    """The operator behind a request."""

    name: str
    role: Role
    token: str = field(repr=False)

    @property
    def csrf_token(self) -> str:
        return csrf_token(self.token)


class Lookup(Protocol):
    def __call__(self, token: str, now: datetime) -> Visitor | None:
        """Whose session this is, or None. Raises DatabaseUnreachable when nobody can tell."""


_visitor: ContextVar[Visitor] = ContextVar("visitor")


def visitor() -> Visitor:
    """Who asks, inside anything below the gate. Raises LookupError outside: then nobody was let in."""
    return _visitor.get()


def nobody() -> bool:
    """Whether no visitor is known: the path is open to everybody, or it is outside the gate."""
    return _visitor.get(None) is None


@contextmanager
def only_looking() -> Iterator[None]:
    """In the block whoever asks may do no more than a viewer."""
    reset = _visitor.set(replace(_visitor.get(), role=Role.VIEWER))
    try:
        yield
    finally:
        _visitor.reset(reset)


def csrf_token(session_token: str) -> str:
    """Belongs to one session and does not give it away."""
    return hmac.new(session_token.encode(), b"csrf", hashlib.sha256).hexdigest()


def same(a: str, b: str) -> bool:
    """Compares secrets in constant time; nothing equals an empty one."""
    return bool(a) and hmac.compare_digest(a.encode(), b.encode())


def cookies(headers: Headers) -> dict[str, str]:
    """By name; {} when the header is not a list of cookies."""
    try:
        return {name: morsel.value for name, morsel in SimpleCookie(headers.get("cookie", "")).items()}
    except CookieError:
        return {}


async def read_form(receive: Receive) -> dict[str, str]:
    """The fields of a posted form; {} when it is larger than any of ours or not UTF-8."""
    return _fields(await _read(receive))


def content_policy(*, scripts: Iterable[str] = (), images: Iterable[str] = ()) -> str:
    """The Content-Security-Policy: ourselves, the inline scripts with these hashes, images of these origins.

    Inline *styles* are allowed because Plotly writes its own; scripts never come from a string.
    """
    return "; ".join(
        [
            "default-src 'self'",
            " ".join(["script-src 'self'", *scripts]),
            "style-src 'self' 'unsafe-inline'",
            " ".join(["img-src 'self' data: blob:", *images]),
            "connect-src 'self'",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        ]
    )


def origin_of(url: str | None) -> tuple[str, ...]:
    """('https://tiles.example.org',) for a URL template of map tiles; () without one or for our own."""
    parts = urlsplit(url or "")
    if not parts.scheme or not parts.netloc:
        return ()
    return (f"{parts.scheme}://{parts.netloc.replace('{s}', '*')}",)


class Gate:
    """ASGI, closed by default: `open_paths` are for everybody, below /ops is for sessions, nothing else is there.

    The application never sees another path: its own catch-all answers some of them with a page.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        lookup: Lookup,
        clock: Callable[[], datetime],
        open_paths: Iterable[str],
        unavailable: Callable[[], Response],
    ) -> None:
        self._app = app
        self._lookup = lookup
        self._clock = clock
        self._open = frozenset(open_paths)
        self._unavailable = unavailable

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or self._is_open(scope):
            await self._app(scope, receive, send)
            return
        nowhere = _nowhere(scope["path"])
        if nowhere is not None:
            await _refuse(scope, receive, send, nowhere)
            return
        headers = Headers(scope=scope)
        try:
            found = await self._find(cookies(headers).get(SESSION_COOKIE, ""))
        except DatabaseUnreachable:
            await _refuse(scope, receive, send, self._unavailable())
            return
        if found is None:
            await _refuse(scope, receive, send, _login_first(scope, headers))
            return
        if scope["type"] == "http" and scope["method"] not in _SAFE:
            genuine, receive = await _from_our_page(headers, receive, found)
            if not genuine:
                log.warning("csrf_refused operator=%s path=%s", found.name, scope["path"])
                await _refuse(scope, receive, send, PlainTextResponse("csrf_token\n", 403))
                return
        reset = _visitor.set(found)
        try:
            await self._app(scope, receive, send)
        finally:
            _visitor.reset(reset)

    def _is_open(self, scope: Scope) -> bool:
        return scope["type"] == "http" and scope["path"] in self._open

    async def _find(self, token: str) -> Visitor | None:
        if not token:
            return None
        return await asyncio.to_thread(self._lookup, token, self._clock())


class SecureHeaders:
    """ASGI: what every answer says to the browser, unless the answer says otherwise itself."""

    def __init__(self, app: ASGIApp, *, policy: str, https: bool) -> None:
        self._app = app
        self._headers = {
            "Content-Security-Policy": policy,
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
            "Referrer-Policy": "same-origin",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
        }
        if https:
            self._headers["Strict-Transport-Security"] = "max-age=31536000"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-cache" if "etag" in headers else "no-store")
            await send(message)

        await self._app(scope, receive, send_with_headers)


def _nowhere(path: str) -> Response | None:
    """The answer for a path that is not below /ops; None for one that is.

    The server passes on any target as it came: `*`, `ops/`, `http://host/ops/`.
    """
    if not path.startswith("/"):
        return PlainTextResponse("the request's target must start with /\n", 400)
    if path == ROOT or path.startswith(f"{ROOT}/"):
        return None
    return PlainTextResponse("not found\n", 404)


def _login_first(scope: Scope, headers: Headers) -> Response:
    """A page leads to the login; anything that a script asked for gets 401."""
    if scope["type"] == "websocket":
        return PlainTextResponse("", 401)
    page = scope["path"] in (ROOT, f"{ROOT}/") or "text/html" in headers.get("accept", "")
    if not page or scope["method"] not in ("GET", "HEAD"):
        return PlainTextResponse("login\n", 401)
    query = scope.get("query_string", b"").decode("latin-1")
    back = f"next={scope['path']}" if BACK_TO.fullmatch(scope["path"]) else ""
    query = "&".join(part for part in (back, query) if part)
    return RedirectResponse(f"{LOGIN}?{query}" if query else LOGIN, 303)


async def _refuse(scope: Scope, receive: Receive, send: Send, response: Response) -> None:
    if scope["type"] == "websocket":  # before it is accepted: the server answers the handshake with 403
        await receive()
        await send({"type": "websocket.close", "code": 4401, "reason": ""})
        return
    await response(scope, receive, send)


async def _from_our_page(headers: Headers, receive: Receive, found: Visitor) -> tuple[bool, Receive]:
    """Whether a change carries the session's CSRF token, and a `receive` that still has the whole body."""
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return False, receive
    if CSRF_HEADER in headers:
        return same(headers[CSRF_HEADER], found.csrf_token), receive
    if headers.get("content-type", "").split(";")[0].strip().lower() != _FORM:
        return False, receive
    body = await _read(receive)
    return same(_fields(body).get(CSRF_FIELD, ""), found.csrf_token), _replay(body, receive)


async def _read(receive: Receive) -> bytes:
    """The body of a form; nothing of one that is larger than any of ours."""
    body = bytearray()
    while len(body) <= LARGEST_FORM:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body", False):
            return bytes(body)
    return b""


def _fields(body: bytes) -> dict[str, str]:
    try:
        return {name: values[0] for name, values in parse_qs(body.decode("ascii"), errors="strict").items()}
    except ValueError:
        return {}


def _replay(body: bytes, receive: Receive) -> Receive:
    pending: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replayed() -> Message:
        return pending.pop() if pending else await receive()

    return replayed
