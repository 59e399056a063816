"""POSTs each notification as JSON to one address. The address is a secret: it never stands in a log or an error."""

from collections.abc import Mapping
from typing import Any, Final

import httpx
import msgspec

from alerts.notifiers import DeliveryError

NAME: Final = "webhook"
TIMEOUT_S: Final = 10.0
TRANSIENT: Final = frozenset({408, 425, 429})
"""Answers below 500 after which trying again can help."""


class Webhook:
    """A receiver at `url`; reuses its connection."""

    name = NAME

    def __init__(self, url: str, *, timeout_s: float = TIMEOUT_S) -> None:
        """Raises ValueError, without the address, when it is none that can be POSTed to."""
        parsed = _parse(url)
        if parsed is None or parsed.scheme not in ("http", "https") or not parsed.host:
            raise ValueError("HANOI_ALERT_WEBHOOK_URL: must be an http:// or https:// address")
        self._url = parsed
        self._client = httpx.Client(timeout=timeout_s, follow_redirects=False)

    def __repr__(self) -> str:
        return f"<webhook at {self._url.host}>"

    def send(self, key: str, document: Mapping[str, Any]) -> None:
        """Returns when the receiver has answered 2xx. Raises DeliveryError otherwise."""
        headers = {"Content-Type": "application/json", "Idempotency-Key": key}
        try:
            answer = self._client.post(self._url, content=msgspec.json.encode(document), headers=headers)
        except httpx.HTTPError as error:  # its text may hold the address, its name does not
            raise DeliveryError(f"webhook: {type(error).__name__}", retry=True) from None
        if answer.is_success:
            return
        retry = answer.status_code in TRANSIENT or answer.status_code >= 500
        raise DeliveryError(
            f"webhook: answered {answer.status_code}", retry=retry, after_s=_retry_after(answer)
        )

    def close(self) -> None:
        self._client.close()


def _parse(url: str) -> httpx.URL | None:
    try:
        return httpx.URL(url)
    except httpx.InvalidURL:
        return None


def _retry_after(answer: httpx.Response) -> float | None:
    """Seconds that the receiver asks for; dates are not understood."""
    value = answer.headers.get("Retry-After", "")
    return float(value) if value.isdecimal() else None
