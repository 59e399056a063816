"""POSTs each notification as JSON to one address. The address is a secret: it never stands in a log or an error."""

from collections.abc import Mapping
from typing import Any

import msgspec
from pydantic import Field

from alerts.notifiers import DeliveryError, ReceiverTable, Secret
from alerts.notifiers._http import DEADLINE_S, Http, parse


class Webhook:
    """A receiver at `url`. Only the head of its answer counts: the body is never read, so it may be any size."""

    def __init__(
        self,
        url: str,
        *,
        name: str = "webhook",
        key: str = "HANOI_ALERT_WEBHOOK_URL",
        deadline_s: float = DEADLINE_S,
    ) -> None:
        """Raises ValueError, with `key` and without the address, when it is none that can be POSTed to."""
        parsed = parse(url)
        if parsed is None:
            raise ValueError(f"{key}: must be an http:// or https:// address")
        self.name = name
        self._url = parsed
        self._http = Http(deadline_s=deadline_s)

    def __repr__(self) -> str:
        return f"<webhook {self.name} at {self._url.host}>"

    def send(self, key: str, document: Mapping[str, Any]) -> None:
        """Returns when the receiver has answered 2xx. Raises DeliveryError otherwise."""
        headers = {"Content-Type": "application/json", "Idempotency-Key": key}
        content = msgspec.json.encode(document)
        answer = self._http.request("webhook", "POST", self._url, content=content, headers=headers)
        if not answer.is_success:
            raise DeliveryError(
                f"webhook: answered {answer.status}",
                retry=answer.is_transient,
                after_s=answer.retry_after_s,
            )


class Table(ReceiverTable):
    url: Secret
    timeout_s: float = Field(default=DEADLINE_S, gt=0, le=50)

    def build(self, name: str) -> Webhook:
        return Webhook(self.url.get_secret_value(), name=name, key="url", deadline_s=self.timeout_s)
