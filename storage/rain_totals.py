"""Derived sums of rain as they stand now, each with the one that it joins to."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from storage import db


@dataclass(frozen=True, kw_only=True, slots=True)
class RainTotal:
    """The last value of a sum; `before_*` is of the same kind, and ended so much earlier as was asked."""

    thing_id: str
    property: str
    phenomenon_time: datetime
    """The end of its window."""
    result: float
    """mm"""
    quality: int
    coverage: float | None
    """Share of the window that reports cover, 0 to 1; None where the value does not say."""
    provenance: str
    before_result: float | None
    before_coverage: float | None
    before_provenance: str | None


def newest(
    conn: db.Connection,
    thing_ids: Iterable[str],
    properties: Iterable[str],
    until: datetime,
    before: timedelta,
) -> list[RainTotal]:
    """Up to a time, by Thing and property; what never had a value is left out."""
    asked = {
        "thing_ids": list(thing_ids),
        "properties": list(properties),
        "until": until,
        "before": before,
    }
    rows = conn.execute(db.statements("rain_totals")["newest"], asked)
    return [RainTotal(**row) for row in rows]
