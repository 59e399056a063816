"""How many Datastreams together went over the last hours: a few numbers a step, computed in the database."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from storage import db


@dataclass(frozen=True, kw_only=True, slots=True)
class Extremes:
    """The lowest and highest value of a step that begins at `step`."""

    step: datetime
    low: float
    high: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
    """Between which values Datastreams stood at a moment."""

    at: datetime
    low: float
    high: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Share:
    """The share (0 to 1) of yes among the Datastreams whose value was known at a moment."""

    step: datetime
    share: float


def extremes(
    conn: db.Connection, datastream_ids: Sequence[int], *, start: datetime, end: datetime, step: timedelta
) -> list[Extremes]:
    """From `start` (inclusive) to `end` (exclusive), oldest first; steps without a value are left out."""
    parameters = {"datastream_ids": list(datastream_ids), "start": start, "end": end, "step": step}
    return [Extremes(**row) for row in conn.execute(db.statements("trends")["extremes"], parameters)]


def held(
    conn: db.Connection, datastream_ids: Sequence[int], *, moments: Sequence[datetime], holds: timedelta
) -> list[Held]:
    """Oldest first; a Datastream whose last value is older than `holds`, or no good one, does not count, and a moment
    at which none counts is left out."""
    parameters = {
        "datastream_ids": list(datastream_ids),
        "moments": list(moments),
        "first": min(moments),
        "last": max(moments),
        "holds": holds,
    }
    return [Held(**row) for row in conn.execute(db.statements("trends")["held"], parameters)]


def share(
    conn: db.Connection,
    datastream_ids: Sequence[int],
    *,
    start: datetime,
    end: datetime,
    step: timedelta,
    holds: timedelta,
) -> list[Share]:
    """At `start`, and every step up to `end` (inclusive); a value counts until it is older than `holds`."""
    parameters = {
        "datastream_ids": list(datastream_ids),
        "start": start,
        "end": end,
        "step": step,
        "holds": holds,
    }
    return [Share(**row) for row in conn.execute(db.statements("trends")["share"], parameters)]
