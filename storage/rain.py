"""Readings of rain counters around what changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from storage import db


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """A stretch of a Datastream, both ends inclusive."""

    datastream_id: int
    start: datetime
    end: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class CounterRow:
    """A reading that did not fail, as the gauge sent it."""

    phenomenon_time: datetime
    mm: float
    quality: int
    provenance: str


def readings(conn: db.Connection, spans: Sequence[Span], around: int) -> list[list[CounterRow]]:
    """For each span its readings that did not fail, and `around` such before it and behind it; oldest first."""
    parameters = {
        "datastream_ids": [span.datastream_id for span in spans],
        "starts": [span.start for span in spans],
        "ends": [span.end for span in spans],
        "around": around,
    }
    found: list[list[CounterRow]] = [[] for _ in spans]
    for row in conn.execute(db.statements("rain")["readings"], parameters):
        found[row.pop("span") - 1].append(CounterRow(**row))
    return found
