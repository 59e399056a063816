"""Hourly means by the convention of the indicators: an hour is labelled by its end, (label − 1 h, label]."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from storage import db


@dataclass(frozen=True, kw_only=True, slots=True)
class HourlyMean:
    """Mean of the values whose checks passed, in the Datastream's unit."""

    datastream_id: int
    label: datetime
    mean: float
    count: int
    provenances: list[str]
    """Of the values, and of the inputs of derived ones."""


def means(
    conn: db.Connection, datastream_ids: Iterable[int], first: datetime, last: datetime
) -> list[HourlyMean]:
    """The hours labelled from `first` to `last`, both inclusive, that have at least one good value."""
    rows = conn.execute(
        db.statements("hours")["means"],
        {"datastream_ids": list(datastream_ids), "first": first, "last": last},
    ).fetchall()
    return [HourlyMean(**row) for row in rows]
