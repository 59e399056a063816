"""Tells the watchdog of each canary that the engine has evaluated and committed. Never holds up the engine."""

import http.client
import json
import logging
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from threading import Event
from typing import Final
from urllib.parse import urlsplit

from storage.settings import ConfigurationError, Settings, host_port

log = logging.getLogger(__name__)

TICK_S: Final = 0.2
AGAIN_S: Final = 1.0
TIMEOUT_S: Final = 2.0

Seen = tuple[float, datetime]
"""Number and time of a canary."""


class Heartbeat:
    """`run` is a thread's: it looks whether the engine has a new canary, and POSTs each once, the newest only."""

    def __init__(self, url: str, engine_canary: Callable[[], Seen | None], stop: Event) -> None:
        """Raises ConfigurationError when `url` is no http:// address."""
        parts = urlsplit(url)
        if parts.scheme != "http" or not parts.hostname:
            raise ConfigurationError(f"HANOI_WATCHDOG_URL: '{url}' is not http://host:port")
        self._host, self._port = parts.hostname, parts.port or 80
        self._engine_canary = engine_canary
        self._stop = stop
        self._told: Seen | None = None
        self._heard = True

    def run(self) -> None:
        while not self._stop.is_set():
            newest = self._engine_canary()
            if newest is None or newest == self._told:
                self._stop.wait(TICK_S)
            elif self._tell(newest):
                self._told = newest
            else:
                self._stop.wait(AGAIN_S)

    def _tell(self, newest: Seen) -> bool:
        """Whether it was taken. What the watchdog says is wrong is not said again."""
        body = json.dumps({"heartbeat": int(newest[0]), "time": newest[1].isoformat()})
        with closing(http.client.HTTPConnection(self._host, self._port, timeout=TIMEOUT_S)) as connection:
            try:
                connection.request("POST", "/heartbeat", body, {"Content-Type": "application/json"})
                status = connection.getresponse().status
            except (OSError, http.client.HTTPException) as error:
                self._note(heard=False, error=repr(error))
                return False
        self._note(heard=status < 500, error=f"status {status}")
        return status < 500

    def _note(self, *, heard: bool, error: str) -> None:
        """Once when it goes and once when it is back, not each time."""
        if heard != self._heard:
            if heard:
                log.info("watchdog_heard")
            else:
                log.warning("watchdog_silent error=%s", error)
        self._heard = heard


def watchdog_url(settings: Settings) -> str:
    """HANOI_WATCHDOG_URL, else where a watchdog on this machine listens."""
    if settings.watchdog_url:
        return settings.watchdog_url.rstrip("/")
    host, port = host_port(settings.watchdog_bind, "HANOI_WATCHDOG_BIND")
    host = "127.0.0.1" if host in ("0.0.0.0", "::") else host
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
