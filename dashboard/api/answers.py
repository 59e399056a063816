"""Answers of the API: small ones encoded for the request, big ones from memory; cacheable for a moment by anybody."""

from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from dashboard.encoded import Encoded, Headers, encode, send_encoded


class EncodedAnswer(Response):
    """A body in both encodings, with its entity tag."""

    def __init__(self, encoded: Encoded, *, media_type: str, max_age_s: int, headers: Headers = ()) -> None:
        self.background = None
        self._encoded = encoded
        self._content_type = media_type.encode()
        self._cache = ((b"cache-control", b"public, max-age=%d" % max_age_s), *headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send_encoded(scope, send, self._encoded, self._content_type, self._cache)


def json_answer(content: Any, *, max_age_s: int) -> EncodedAnswer:
    """Times must be aware; they leave as UTC with a Z."""
    return EncodedAnswer(encode(content, level=1), media_type="application/json", max_age_s=max_age_s)
