"""The last 48 hours of rain and flood for a map that is played back, once for all screens. Blocking: for a thread."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Final

from dashboard import replay
from dashboard.control_room.parts import Parts
from dashboard.control_room.refused import Refused
from dashboard.encoded import Encoded, encode
from dashboard.map_snapshot import EXTENT_STALE_AFTER
from storage import past, things

DOMAINS: Final = ("rain", "flood")
KEPT: Final = timedelta(seconds=30)
"""So long one document is good for every screen; what is late within it comes with the next."""
_CONNECT_S: Final = 5.0


@dataclass(frozen=True, kw_only=True, slots=True)
class _Held:
    at: datetime
    encoded: Encoded


class ReplayDesk:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._lock = Lock()
        self._held: _Held | None = None

    def document(self) -> Encoded:
        """Raises Refused or DatabaseUnreachable. Who asks meanwhile waits for the same answer."""
        with self._lock:
            now, held = self._parts.clock(), self._held
            if held is None or not timedelta() <= now - held.at < KEPT:
                held = self._held = _Held(at=now, encoded=self._made(now))
            return held.encoded

    def _made(self, now: datetime) -> Encoded:
        view = self._parts.city.view
        if view.loaded_at is None:
            raise Refused(503, "database")
        end = replay.last_step(now)
        start = end - replay.SPAN
        with self._parts.pool.connection(timeout=_CONNECT_S) as conn:
            domains = [view.domains[key] for key in DOMAINS if key in view.domains]
            shown = replay.shown(view, domains, things.places_left(conn))
            values = past.last_by_step(
                conn,
                [one.stream.id for one in shown],
                start - replay.longest_hold(shown),
                end,
                replay.STEP,
            )
            extents = past.extents(
                conn,
                [one.thing.id for one in shown],
                start - EXTENT_STALE_AFTER,
                end,
                replay.MOST_EXTENTS,
            )
        return encode(replay.document(shown, values, extents, end, now), level=4)
