"""The bays along the streets as they are now, and since when. Blocking: for a thread."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from threading import Lock
from typing import Any, Final

from dashboard.control_room.domains import parking_street
from dashboard.control_room.domains.parking_street import LOOK_BACK, Stay
from dashboard.control_room.language import Language
from dashboard.control_room.parts import Parts
from dashboard.control_room.refused import Refused
from dashboard.data import CityView
from storage import observations

DOMAIN: Final = "parking"
KEPT: Final = timedelta(seconds=5)
"""So long it is good for every screen since when bays are occupied."""
_CONNECT_S: Final = 5.0


class StreetDesk:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._lock = Lock()
        self._held: tuple[datetime, Mapping[int, Stay]] | None = None

    def streets(self, shown: Language) -> dict[str, Any]:
        """Raises Refused or DatabaseUnreachable."""
        now, view = self._parts.clock(), self._parts.city.view
        if view.loaded_at is None:
            raise Refused(503, "database")
        domain = view.domains.get(DOMAIN)
        if domain is None:
            raise Refused(404, "no_page", page=DOMAIN)
        return parking_street.answer(view, domain, self._stays(view, now), now, shown)

    def _stays(self, view: CityView, now: datetime) -> Mapping[int, Stay]:
        """Who asks meanwhile waits for the same answer."""
        with self._lock:
            held = self._held
            if held is None or not timedelta() <= now - held[0] < KEPT:
                held = self._held = (now, self._read(view, now))
            return held[1]

    def _read(self, view: CityView, now: datetime) -> Mapping[int, Stay]:
        streams = parking_street.occupied_streams(view, view.domains[DOMAIN], now)
        with self._parts.pool.connection(timeout=_CONNECT_S) as conn:
            values = observations.between(conn, streams, now - LOOK_BACK, now + timedelta(microseconds=1))
        return parking_street.stays(values, streams, now)
