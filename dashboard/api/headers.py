"""What every answer of the public site carries, and the requests that are treated alike everywhere."""

from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

OPEN: Final = (b"access-control-allow-origin", b"*")
"""The API is open: any page may read it; there is nothing to log in to."""


def content_security_policy(tiles_url: str | None) -> str:
    """Everything from us, no inline script, no eval; pictures also from the tile server if one is set."""
    images = " ".join(["'self'", "data:", *_origins(tiles_url)])
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; worker-src 'self';"
        f" font-src 'self'; manifest-src 'self'; img-src {images}; base-uri 'none';"
        " form-action 'none'; frame-ancestors 'self'"
    )


def _origins(tiles_url: str | None) -> Iterable[str]:
    if tiles_url is None:
        return
    parts = urlsplit(tiles_url)
    if parts.netloc:
        yield f"{parts.scheme}://{parts.netloc.replace('{s}', '*')}"


class SiteHeaders:
    """ASGI: adds the headers, and answers HEAD wherever GET is answered (the server leaves the body out).

    Below `/embed/` the policy is `framed`, which lets other sites put it into frames.
    """

    def __init__(self, app: ASGIApp, *, tiles_url: str | None, framed: bytes) -> None:
        self._app = app
        common = [
            (b"x-content-type-options", b"nosniff"),
            (b"referrer-policy", b"strict-origin-when-cross-origin"),
            (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
            (b"cross-origin-opener-policy", b"same-origin"),
        ]
        own = content_security_policy(tiles_url).encode()
        self._headers = [(b"content-security-policy", own), *common]
        self._framed = [(b"content-security-policy", framed), *common]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        extra = self._framed if scope["path"].startswith("/embed/") else self._headers
        if scope["path"].startswith(("/api/", "/openapi.json")):
            extra = [*extra, OPEN]

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *extra]
            await send(message)

        if scope["method"] == "HEAD" and not scope["path"].endswith("/stream"):
            scope = {**scope, "method": "GET"}
        await self._app(scope, receive, send_with_headers)
