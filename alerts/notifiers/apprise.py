"""Mail, Telegram and a hundred other services by Apprise: one address (an Apprise URL) each, all of them secrets."""

import logging
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import apprise
from apprise.result import NotifyResult
from pydantic import Field

from alerts.notifiers import DeliveryError, Secret
from alerts.notifiers._letter import LetterTable
from alerts.notifiers._progress import Progress
from alerts.templating import Writer
from storage.logs import redacted

LONGEST_REASON: Final = 200
_PIECES: Final = re.compile(r"[/?&=:@#,;\s]+")
_TYPES: Final = {
    "critical": apprise.NotifyType.FAILURE,
    "warning": apprise.NotifyType.WARNING,
    "info": apprise.NotifyType.INFO,
}


class Services:
    """Apprise never says why in a result, only in its log: that is read, without the pieces of the address."""

    def __init__(self, name: str, urls: Sequence[str], writer: Writer, *, timeout_s: float) -> None:
        """Raises ValueError that says which of the URLs Apprise does not take, and not what it is."""
        self.name = name
        self._writer = writer
        self._timeout_s = timeout_s
        self._pieces = sorted(
            {p for url in urls for p in _PIECES.split(url) if len(p) > 3}, key=len, reverse=True
        )
        self._asset = _asset()
        self._services = {str(n): self._service(url, n) for n, url in enumerate(urls)}
        self._progress = Progress()

    def __repr__(self) -> str:
        kinds = ", ".join(str(service.service_name) for service in self._services.values())
        return f"<apprise {self.name}: {kinds}>"

    def send(self, key: str, document: Mapping[str, Any]) -> None:
        """Returns when every service has taken it; when it is tried again, only those are that had not."""
        waiting = self._progress.left(key, self._services)
        bundle = apprise.Apprise(asset=self._asset)
        for number in waiting:
            bundle.add(self._services[number])
        result = bundle.notify(
            body=self._writer.text(document),
            title=self._writer.subject(document),
            notify_type=_type(document),
            body_format=apprise.NotifyFormat.HTML if self._writer.html else apprise.NotifyFormat.TEXT,
            timeout=self._timeout_s,
        )
        failed = [one for one in result if not one]
        for one in result:
            if one:
                self._progress.note(key, one.tag[0])
        if failed or len(list(result)) < len(waiting):
            raise DeliveryError(f"apprise: {self._reasons(failed) or result.status.name}", retry=True)
        self._progress.finish(key)

    def _service(self, url: str, number: int) -> apprise.NotifyBase:
        service = apprise.Apprise.instantiate(url, asset=self._asset, tag=str(number))
        if service is None:
            raise ValueError(f"urls[{number}]: is no address that Apprise takes, such as tgram://token/chat")
        if "overflow=" not in url:  # by itself it hands on what is too long, and the service refuses it
            service.overflow_mode = apprise.OverflowMode.SPLIT
        return service

    def _reasons(self, failed: Sequence[NotifyResult]) -> str:
        return "; ".join(f"{one.name}: {self._reason(one)}" for one in failed)

    def _reason(self, result: NotifyResult) -> str:
        """The last that the plugin complained of."""
        if result.status is apprise.result.AppriseResultStatus.TIMEOUT:
            return f"no answer within {self._timeout_s:g} s"
        lines = [entry.message for entry in result.logs()]
        said = " ".join((lines[-1] if lines else "it was not taken").split())
        for piece in self._pieces:
            said = said.replace(piece, "***")
        return redacted(said)[:LONGEST_REASON]


class Table(LetterTable):
    urls: tuple[Secret, ...] = Field(min_length=1)
    timeout_s: float = Field(default=20.0, gt=0, le=50)

    def build(self, name: str) -> Services:
        _keep_quiet()
        urls = [url.get_secret_value() for url in self.urls]
        return Services(name, urls, self.writer("text"), timeout_s=self.timeout_s)


def _keep_quiet() -> None:
    """What plugins and their HTTP library log may hold an address; we log the end of it, as a failure's reason."""
    for chatty in ("apprise", "urllib3"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    logging.getLogger("apprise").propagate = False


def _asset() -> apprise.AppriseAsset:
    """It keeps nothing on disk, and makes no keys of its own."""
    return apprise.AppriseAsset(
        app_id="Hanoi",
        app_desc="Hanoi operations centre",
        app_url="",
        secure_logging=True,
        storage_mode="memory",
        pgp_autogen=False,
        pem_autogen=False,
    )


def _type(document: Mapping[str, Any]) -> apprise.NotifyType:
    """Apprise's own word for how bad it is; services show it as a colour."""
    alerts = document["alerts"]
    if alerts and all(alert["state"] == "resolved" for alert in alerts):
        return apprise.NotifyType.SUCCESS
    return _TYPES[alerts[0]["severity"]] if alerts else apprise.NotifyType.INFO
