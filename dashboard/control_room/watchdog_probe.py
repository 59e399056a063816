"""Asks the watchdog how available the platform was: another process, maybe another machine, or not there at all."""

import json
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.client import HTTPException
from threading import Lock
from typing import Any, Final

from dashboard.control_room.alert_board import Availability
from storage.model import HANOI

TIMEOUT_S: Final = 2.0
GOOD_FOR: Final = timedelta(seconds=30)
"""So long an answer, or that there was none, is good for everybody."""

_direct: Final = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(kw_only=True, slots=True)
class WatchdogProbe:
    url: str
    """http://host:port"""
    _held: tuple[datetime, Availability | None] | None = field(default=None, init=False)
    _lock: Lock = field(default_factory=Lock, init=False)

    def look(self, now: datetime) -> Availability | None:
        """None: it does not answer. Blocks for at most TIMEOUT_S."""
        with self._lock:
            if self._held is None or not timedelta() <= now - self._held[0] < GOOD_FOR:
                self._held = (now, self._ask(now))
            return self._held[1]

    def _ask(self, now: datetime) -> Availability | None:
        try:
            with _direct.open(f"{self.url.rstrip('/')}/availability", timeout=TIMEOUT_S) as answer:
                return read(json.loads(answer.read()), now)
        except (HTTPException, OSError, ValueError, KeyError, TypeError):
            return None


def read(found: Mapping[str, Any], now: datetime) -> Availability:
    """Of today and this month in Hanoi. Raises KeyError or TypeError when it is no answer of a watchdog."""
    local = now.astimezone(HANOI)
    return Availability(
        day=_share(found["days"], f"{local:%Y-%m-%d}"), month=_share(found["months"], f"{local:%Y-%m}")
    )


def _share(periods: Any, name: str) -> float | None:
    return next((one["share"] for one in periods if one["period"] == name), None)
