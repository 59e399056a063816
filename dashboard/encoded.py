"""Response bodies that are encoded once and sent many times: plain ASGI, because this is the hot path."""

import gzip
import hashlib
import re
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Header = tuple[bytes, bytes]
Headers = Iterable[Header]

_GZIP: Final = re.compile(rb"(?:^|,)\s*gzip\s*(?:;\s*q\s*=\s*([\d.]+)\s*)?(?:,|$)", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Encoded:
    """A response body in both encodings with its entity tag."""

    body: bytes
    gzipped: bytes
    etag: bytes


def encode(content: Any, *, level: int = 9) -> Encoded:
    """Bytes as they are, anything else as JSON. `level` is gzip's."""
    body = content if isinstance(content, bytes) else msgspec.json.encode(content)
    etag = b'"%s"' % hashlib.blake2b(body, digest_size=12).hexdigest().encode()
    return Encoded(body=body, gzipped=gzip.compress(body, level, mtime=0), etag=etag)


async def send_encoded(
    scope: Scope, send: Send, encoded: Encoded, content_type: bytes, headers: Headers, status: int = 200
) -> None:
    """Answers GET and HEAD: 304 when the client has it, gzip when the client takes it."""
    asked = _asked(scope)
    own = [(b"vary", b"Accept-Encoding"), (b"etag", encoded.etag), *headers]
    if status == 200 and _holds(asked.get(b"if-none-match", b""), encoded.etag):
        await _send(send, 304, own, b"")
        return
    body = encoded.body
    if _takes_gzip(asked.get(b"accept-encoding", b"")) and len(encoded.gzipped) < len(encoded.body):
        body = encoded.gzipped
        own.append((b"content-encoding", b"gzip"))
    own += [(b"content-type", content_type), (b"content-length", b"%d" % len(body))]
    await _send(send, status, own, b"" if scope["method"] == "HEAD" else body)


def _asked(scope: Scope) -> dict[bytes, bytes]:
    """The two headers that matter here."""
    wanted = (b"if-none-match", b"accept-encoding")
    return {name: value for name, value in scope["headers"] if name in wanted}


def _takes_gzip(accept_encoding: bytes) -> bool:
    """Named, and not with a weight of 0, which means "anything but this"."""
    named = _GZIP.search(accept_encoding)
    return named is not None and (named[1] is None or named[1].strip(b"0.") != b"")


def _holds(if_none_match: bytes, etag: bytes) -> bool:
    tags = (tag.strip().removeprefix(b"W/") for tag in if_none_match.split(b","))
    return any(tag in (etag, b"*") for tag in tags)


async def _send(send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
