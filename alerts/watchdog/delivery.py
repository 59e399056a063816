"""Tells receivers: one queue and one thread each, so that none holds up another. Tried again until it is taken."""

import logging
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from queue import Empty, Queue
from threading import Event, Thread
from typing import Any, Final

from prometheus_client import Counter

from alerts.notifiers import DeliveryError, Notifier, build
from alerts.secrets import SecretReader
from storage.catalog import ReferenceDataError, read_toml
from storage.settings import ConfigurationError, Settings

log = logging.getLogger(__name__)

WAITS_S: Final = (1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 60.0)
GIVEN_UP_AFTER_S: Final = 24 * 3600.0
TICK_S: Final = 0.2


class Post:
    """One receiver."""

    def __init__(self, notifier: Notifier, outcomes: Counter, *, waits_s: Sequence[float] = WAITS_S) -> None:
        self.name = notifier.name
        self._notifier = notifier
        self._outcomes = outcomes
        self._waits_s = waits_s
        self._queue: Queue[Mapping[str, Any]] = Queue()
        self._thread: Thread | None = None

    def start(self, stop: Event) -> None:
        self._thread = Thread(target=self._run, args=(stop,), name=f"post-{self.name}", daemon=True)
        self._thread.start()

    def put(self, document: Mapping[str, Any]) -> None:
        self._queue.put(document)

    def join(self, timeout_s: float) -> None:
        if self._thread is not None:
            self._thread.join(timeout_s)

    def _run(self, stop: Event) -> None:
        while not stop.is_set():
            try:
                document = self._queue.get(timeout=TICK_S)
            except Empty:
                continue
            self._deliver(document, stop)

    def _deliver(self, document: Mapping[str, Any], stop: Event) -> None:
        """In order: the end of an incident is not told before its beginning."""
        key, given_up_at = document["key"], time.monotonic() + GIVEN_UP_AFTER_S
        for attempt in range(10_000):
            failure = self._attempt(key, document)
            if failure is None:
                return
            wait_s = failure.after_s or self._waits_s[min(attempt, len(self._waits_s) - 1)]
            again = failure.retry and time.monotonic() + wait_s < given_up_at
            log.warning(
                "not_told receiver=%s attempt=%d error=%r retry_in_s=%s",
                *(self.name, attempt + 1, str(failure), f"{wait_s:g}" if again else "never"),
            )
            if not again:
                self._outcomes.labels(self.name, "dead").inc()
                return
            if stop.wait(wait_s):
                return

    def _attempt(self, key: str, document: Mapping[str, Any]) -> DeliveryError | None:
        try:
            receipt = self._notifier.send(key, document)
        except DeliveryError as error:
            self._outcomes.labels(self.name, "failed").inc()
            return error
        except Exception as error:  # a fault in a channel must not end the last one that speaks
            log.exception("channel_failed receiver=%s", self.name)
            self._outcomes.labels(self.name, "failed").inc()
            return DeliveryError(type(error).__name__, retry=True)
        log.info("told receiver=%s key=%s receipt=%s", self.name, key, receipt or "-")
        self._outcomes.labels(self.name, "sent").inc()
        return None


def receivers_of(settings: Settings) -> list[Notifier]:
    """Its own: those of the alert engine are told by the platform that may stand still.

    Raises ReferenceDataError or ConfigurationError naming file, receiver and key.
    """
    found = [] if settings.watchdog_receivers is None else _of_file(settings.watchdog_receivers)
    if settings.watchdog_webhook_url is not None:
        found.append(_webhook(settings.watchdog_webhook_url.get_secret_value()))
    names = [one.name for one in found]
    if len(set(names)) < len(names):
        raise ConfigurationError("HANOI_WATCHDOG_WEBHOOK_URL: the file has a receiver 'webhook' too")
    return found


def _of_file(path: Path) -> list[Notifier]:
    document = read_toml(path)
    tables = document.get("receiver", {})
    if (
        not isinstance(tables, dict)
        or not tables
        or not all(isinstance(one, dict) for one in tables.values())
    ):
        raise ReferenceDataError(f"{path}: has no [receiver.NAME] tables: whom shall the watchdog tell?")
    secrets = SecretReader(folder=path.parent, environment=os.environ)
    return [build(name, table, str(path), secrets) for name, table in tables.items()]


def _webhook(url: str) -> Notifier:
    from alerts.notifiers.webhook import Webhook

    try:
        return Webhook(url, key="HANOI_WATCHDOG_WEBHOOK_URL")
    except ValueError as error:
        raise ConfigurationError(str(error)) from None
