"""POSTs each notification as JSON to one address. The address is a secret: it never stands in a log or an error."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

import httpx
import msgspec

from alerts.notifiers import DeliveryError

NAME: Final = "webhook"
DEADLINE_S: Final = 10.0
"""From connecting to the end of the answer's headers, however they trickle in."""
TRANSIENT: Final = frozenset({408, 425, 429})
"""Answers below 500 after which trying again can help."""


class Webhook:
    """A receiver at `url`. Only the head of its answer counts: the body is never read, so it may be any size."""

    name = NAME

    def __init__(self, url: str, *, deadline_s: float = DEADLINE_S) -> None:
        """Raises ValueError, without the address, when it is none that can be POSTed to."""
        parsed = _parse(url)
        if parsed is None or parsed.scheme not in ("http", "https") or not parsed.host:
            raise ValueError("HANOI_ALERT_WEBHOOK_URL: must be an http:// or https:// address")
        self._url = parsed
        self._deadline_s = deadline_s
        # httpx leaves the socket open when a TLS handshake is cut off from outside; its own limit comes first
        self._waits = httpx.Timeout(None, connect=deadline_s / 2)
        self._tls = httpx.create_ssl_context()

    def __repr__(self) -> str:
        return f"<webhook at {self._url.host}>"

    def send(self, key: str, document: Mapping[str, Any]) -> None:
        """Returns when the receiver has answered 2xx. Raises DeliveryError otherwise."""
        headers = {"Content-Type": "application/json", "Idempotency-Key": key}
        try:
            answer = asyncio.run(self._post(msgspec.json.encode(document), headers))
        except (httpx.HTTPError, TimeoutError) as error:  # its text may hold the address, its name does not
            raise DeliveryError(f"webhook: {type(error).__name__}", retry=True) from None
        if answer.is_success:
            return
        retry = answer.status_code in TRANSIENT or answer.status_code >= 500
        raise DeliveryError(
            f"webhook: answered {answer.status_code}", retry=retry, after_s=_retry_after(answer)
        )

    async def _post(self, content: bytes, headers: Mapping[str, str]) -> httpx.Response:
        """The answer without its body. httpx bounds each read; only a task can be bounded as a whole."""
        async with (
            asyncio.timeout(self._deadline_s),
            httpx.AsyncClient(timeout=self._waits, follow_redirects=False, verify=self._tls) as client,
            client.stream("POST", self._url, content=content, headers=headers) as answer,
        ):
            return answer


def _parse(url: str) -> httpx.URL | None:
    try:
        return httpx.URL(url)
    except httpx.InvalidURL:
        return None


def _retry_after(answer: httpx.Response) -> float | None:
    """Seconds that the receiver asks for; dates are not understood."""
    value = answer.headers.get("Retry-After", "")
    return float(value) if value.isdecimal() else None
