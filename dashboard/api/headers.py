"""What every answer of the public site carries, and the requests that are treated alike everywhere."""

from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboard.api.problems import problem

OPEN: Final = (
    (b"access-control-allow-origin", b"*"),
    (
        b"access-control-expose-headers",
        b"ETag, Link, NGSILD-Results-Count, RateLimit, RateLimit-Policy, Retry-After",
    ),
)
"""The API is open: any page may read it; there is nothing to log in to."""
PREFLIGHT: Final = {
    "Access-Control-Allow-Methods": "GET, HEAD",
    "Access-Control-Allow-Headers": "Authorization, If-None-Match, Last-Event-ID, Link, X-API-Key",
    "Access-Control-Max-Age": "7200",
    "Allow": "GET, HEAD, OPTIONS",
}
PREFLIGHT_OF_POST: Final = {
    **PREFLIGHT,
    "Access-Control-Allow-Methods": "GET, HEAD, POST",
    "Allow": "GET, HEAD, POST, OPTIONS",
}
WITH_BODY: Final = ("/open311/v2/requests.json", "/vi/phan-anh", "/en/report")
"""What citizens post to; how much of it is read is bounded there (dashboard.reporting.uploads)."""
BODY_LARGEST: Final = 8192
"""Bytes of any other request's body: none of ours has one."""
TARGET_LARGEST: Final = 8192
HEADERS_LARGEST: Final = 16_384
"""Bytes. The server's own bound is on what is incomplete: what comes at once is longer."""
_OPEN_PATHS: Final = ("/api/", "/openapi.json", "/sta/", "/ngsi-ld/", "/open311/", "/catalog.jsonld")


def content_security_policy(tiles_url: str | None, *, forms: bool = False) -> str:
    """Everything from us, no inline script, no eval; pictures also from the tile server if one is set.

    `forms`: a page that sends a form to us, and shows a picture before it is sent.
    """
    images = " ".join(["'self'", "data:", *(["blob:"] if forms else []), *_origins(tiles_url)])
    action = "'self'" if forms else "'none'"
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; worker-src 'self';"
        f" font-src 'self'; manifest-src 'self'; img-src {images}; base-uri 'none';"
        f" form-action {action}; frame-ancestors 'self'"
    )


def _origins(tiles_url: str | None) -> Iterable[str]:
    if tiles_url is None:
        return
    parts = urlsplit(tiles_url)
    if parts.netloc:
        yield f"{parts.scheme}://{parts.netloc.replace('{s}', '*')}"


class SiteHeaders:
    """ASGI: adds the headers that an answer does not have of its own, and answers HEAD wherever GET is answered (the
    server leaves the body out).

    Below `/embed/` the policy is `framed`, which lets other sites put it into frames.
    """

    def __init__(self, app: ASGIApp, *, tiles_url: str | None, framed: bytes) -> None:
        self._app = app
        common = [
            (b"x-content-type-options", b"nosniff"),
            (b"referrer-policy", b"strict-origin-when-cross-origin"),
            (b"permissions-policy", b"camera=(), microphone=(), geolocation=(self)"),  # 'Around me'
            (b"cross-origin-opener-policy", b"same-origin"),
        ]
        own = content_security_policy(tiles_url).encode()
        self._headers = [(b"content-security-policy", own), *common]
        self._framed = [(b"content-security-policy", framed), *common]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_open = scope["path"].startswith(_OPEN_PATHS)
        extra = self._framed if scope["path"].startswith("/embed/") else self._headers
        if is_open:
            extra = [*extra, *OPEN]

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = {name.lower() for name, _ in message["headers"]}
                added = [header for header in extra if header[0] not in own]
                if b"cache-control" not in own:  # errors, probes
                    added.append((b"cache-control", b"no-store"))
                message["headers"] = [*message["headers"], *added]
            await send(message)

        too_large = _too_large(scope)
        if too_large is not None:
            await too_large(scope, receive, send_with_headers)
            return
        if scope["method"] == "OPTIONS" and is_open:
            headers = PREFLIGHT_OF_POST if scope["path"] in WITH_BODY else PREFLIGHT
            await Response(status_code=204, headers=headers)(scope, receive, send_with_headers)
            return
        if scope["method"] == "HEAD" and not scope["path"].endswith("/stream"):
            scope = {**scope, "method": "GET"}
        await self._app(scope, receive, send_with_headers)


def _too_large(scope: Scope) -> Response | None:
    """The refusal of a request that is larger than any of ours; its connection is closed, whatever still comes."""
    if len(scope["raw_path"]) + len(scope["query_string"]) > TARGET_LARGEST:
        return problem(414, "the address is too long", headers=_CLOSE)
    size, body = 0, 0
    for name, value in scope["headers"]:
        size += len(name) + len(value)
        if name == b"transfer-encoding":
            body = BODY_LARGEST + 1
        elif name == b"content-length":
            body = int(value)  # digits: the server has looked at it
    if size > HEADERS_LARGEST:
        return problem(431, "the headers are too large", headers=_CLOSE)
    if body > BODY_LARGEST and scope["path"] not in WITH_BODY:
        return problem(413, "requests have no body here", headers=_CLOSE)
    return None


_CLOSE: Final = {"Connection": "close"}
