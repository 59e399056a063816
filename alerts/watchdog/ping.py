"""Asks an address outside once a minute while all is well: when that stops, somebody outside notices.

The watchdog can't tell of its own end, nor of the machine's.
"""

import logging
from collections.abc import Callable
from threading import Event
from typing import Final

import httpx
from prometheus_client import Counter

from storage.settings import ConfigurationError

log = logging.getLogger(__name__)

EVERY_S: Final = 60.0
TIMEOUT_S: Final = 10.0


def ping(
    url: str, well: Callable[[], bool], outcomes: Counter, stop: Event, every_s: float = EVERY_S
) -> None:
    """Until `stop`. The address is a secret: it stands in no line of the log."""
    failed = False
    while not stop.is_set():
        if well():
            error = _ask(url)
            outcomes.labels("failed" if error else "sent").inc()
            if bool(error) != failed:
                log.warning("ping_failed error=%s", error) if error else log.info("ping_taken")
            failed = bool(error)
        stop.wait(every_s)


def checked(url: str) -> str:
    """Raises ConfigurationError, without the address, when it can't be asked."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        parsed = httpx.URL("")
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise ConfigurationError("HANOI_WATCHDOG_PING_URL: must be an http:// or https:// address")
    return url


def _ask(url: str) -> str | None:
    """What went wrong."""
    try:
        answer = httpx.get(url, timeout=TIMEOUT_S)
    except httpx.HTTPError as error:  # its text may hold the address, its name does not
        return type(error).__name__
    return None if answer.is_success else f"answered {answer.status_code}"
