"""HTTP to receivers, bounded in time and in what is read, with errors that never show an address."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import httpx

from alerts.notifiers import DeliveryError

DEADLINE_S: Final = 10.0
"""From connecting to the end of what is read of the answer, however it trickles in."""
TRANSIENT: Final = frozenset({408, 425, 429})
"""Answers below 500 after which trying again can help."""

_PLAIN: Final = {"Accept-Encoding": "identity"}
"""A few compressed bytes could become gigabytes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    status: int
    body: bytes
    retry_after_s: float | None

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300

    @property
    def is_transient(self) -> bool:
        """Whether the same request may be taken later."""
        return self.status in TRANSIENT or self.status >= 500


class Http:
    """Requests to addresses that are secrets. Redirects are not followed."""

    def __init__(self, *, deadline_s: float = DEADLINE_S, body_limit: int = 0) -> None:
        """At most `body_limit` bytes of an answer's body are read; of a longer one the beginning is kept."""
        self._deadline_s = deadline_s
        self._body_limit = body_limit
        # httpx leaves the socket open when a TLS handshake is cut off from outside; its own limit comes first
        self._waits = httpx.Timeout(None, connect=deadline_s / 2)
        self._tls = httpx.create_ssl_context()

    def request(
        self, who: str, method: str, url: httpx.URL, *, content: bytes | None, headers: Mapping[str, str]
    ) -> Answer:
        """Raises DeliveryError, to be tried again, that says `who` (the channel) and what went wrong, not where."""
        try:
            return asyncio.run(self._request(method, url, content, headers))
        except (httpx.HTTPError, TimeoutError) as error:  # its text may hold the address, its name does not
            raise DeliveryError(f"{who}: {type(error).__name__}", retry=True) from None

    async def _request(
        self, method: str, url: httpx.URL, content: bytes | None, headers: Mapping[str, str]
    ) -> Answer:
        """httpx bounds each read; only a task can be bounded as a whole."""
        async with (
            asyncio.timeout(self._deadline_s),
            httpx.AsyncClient(timeout=self._waits, follow_redirects=False, verify=self._tls) as client,
            client.stream(method, url, content=content, headers={**_PLAIN, **headers}) as answer,
        ):
            body = await self._beginning(answer) if self._body_limit else b""
            return Answer(status=answer.status_code, body=body, retry_after_s=_retry_after(answer))

    async def _beginning(self, answer: httpx.Response) -> bytes:
        body = b""
        async for piece in answer.aiter_raw():
            body += piece
            if len(body) >= self._body_limit:
                break
        return body[: self._body_limit]


def parse(url: str) -> httpx.URL | None:
    """None when it is no address that can be asked."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        return None
    return parsed if parsed.scheme in ("http", "https") and parsed.host else None


def _retry_after(answer: httpx.Response) -> float | None:
    """Seconds that the receiver asks for; dates are not understood."""
    value = answer.headers.get("Retry-After", "")
    return float(value) if value.isdecimal() else None
