"""Response bodies that are encoded once and sent many times: plain ASGI, because this is the hot path."""

import gzip
import hashlib
import re
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import brotli
import msgspec

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Header = tuple[bytes, bytes]
Headers = Iterable[Header]

SMALL: Final = 256
"""Bytes below which nothing is compressed: headers are longer than what it would save."""
_CODING: Final = re.compile(
    rb"\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*(?:;\s*q\s*=\s*([\d.]+)\s*)?", re.IGNORECASE
)
_BROTLI_LEVEL: Final = {1: 4, 9: 9}
"""Of gzip's levels: 4 takes about as long as gzip's 1, 9 less than its own 10 by far."""


@dataclass(frozen=True, kw_only=True)
class Encoded:
    """A response body with its entity tag, which is weak: one for all codings.

    It is compressed when the first client takes that, and then kept.
    """

    body: bytes
    etag: bytes
    level: int = 9
    """gzip's: 9 for what is kept long, 1 for what is another soon."""

    @cached_property
    def gzipped(self) -> bytes:
        return gzip.compress(self.body, self.level, mtime=0)

    @cached_property
    def brotlied(self) -> bytes:
        return bytes(brotli.compress(self.body, quality=_BROTLI_LEVEL.get(self.level, 5)))


def encode(content: Any, *, level: int = 9) -> Encoded:
    """Bytes as they are, anything else as JSON. `level` is gzip's."""
    body = content if isinstance(content, bytes) else msgspec.json.encode(content)
    etag = b'W/"%s"' % hashlib.blake2b(body, digest_size=12).hexdigest().encode()
    return Encoded(body=body, etag=etag, level=level)


async def send_encoded(
    scope: Scope, send: Send, encoded: Encoded, content_type: bytes, headers: Headers, status: int = 200
) -> None:
    """Answers GET and HEAD: 304 when the client has it, compressed when the client takes it."""
    asked = _asked(scope)
    own = [(b"vary", b"Accept-Encoding"), (b"etag", encoded.etag), *headers]
    if status == 200 and _holds(asked.get(b"if-none-match", b""), encoded.etag):
        await _send(send, 304, own, b"")
        return
    coding, body = _best(encoded, asked.get(b"accept-encoding", b""))
    if coding is not None:
        own.append((b"content-encoding", coding))
    own += [(b"content-type", content_type), (b"content-length", b"%d" % len(body))]
    await _send(send, status, own, b"" if scope["method"] == "HEAD" else body)


def _asked(scope: Scope) -> dict[bytes, bytes]:
    """The two headers that matter here; one that is sent in parts is a list."""
    found: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        if name in (b"if-none-match", b"accept-encoding"):
            found[name] = found[name] + b"," + value if name in found else value
    return found


def _best(encoded: Encoded, accept_encoding: bytes) -> tuple[bytes | None, bytes]:
    """Brotli before gzip, both only where they are shorter."""
    if not accept_encoding or len(encoded.body) < SMALL:
        return None, encoded.body
    taken = _taken(accept_encoding)
    if b"br" in taken and len(encoded.brotlied) < len(encoded.body):
        return b"br", encoded.brotlied
    if b"gzip" in taken and len(encoded.gzipped) < len(encoded.body):
        return b"gzip", encoded.gzipped
    return None, encoded.body


def _taken(accept_encoding: bytes) -> set[bytes]:
    """What is named, and not with a weight of 0, which means "anything but this"."""
    named = (_CODING.fullmatch(part) for part in accept_encoding.split(b","))
    return {
        found[1].lower() for found in named if found and (found[2] is None or found[2].strip(b"0.") != b"")
    }


def _holds(if_none_match: bytes, etag: bytes) -> bool:
    tags = (tag.strip().removeprefix(b"W/") for tag in if_none_match.split(b","))
    return any(tag in (etag.removeprefix(b"W/"), b"*") for tag in tags)


async def _send(send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
