"""How full parking points were, by hour of the week."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from storage import db


@dataclass(frozen=True, kw_only=True, slots=True)
class HourOfWeek:
    """All the Mondays at eight, or any other hour of the week, that lie in a span."""

    weekday: int
    """1 (Monday) to 7, of Hanoi."""
    hour: int
    """0 to 23, of Hanoi."""
    hours: int
    """How many of them anything is known of."""
    occupied: float | None
    """Sum over those hours of the bays that were occupied on average; None: no such count was there."""
    known: float
    """The same of the bays whose state was known."""
    provenance: str

    @property
    def percent(self) -> float:
        """Occupied of the known bays."""
        return 100 * (self.occupied or 0.0) / self.known


def by_hour_of_week(
    conn: db.Connection,
    occupied_ids: Iterable[int],
    free_ids: Iterable[int],
    start: datetime,
    end: datetime,
) -> list[HourOfWeek]:
    """Of the Datastreams of occupied and of free bays together; hours that begin from `start` to before `end`."""
    asked = {"occupied_ids": list(occupied_ids), "free_ids": list(free_ids), "start": start, "end": end}
    rows = conn.execute(db.statements("occupancy")["by_hour_of_week"], asked)
    return [HourOfWeek(**row) for row in rows]
