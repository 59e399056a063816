"""How far the clocks of Things are off, by how long what they send live is under way at the least."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from storage import db

NEAR_S: Final = 30.0
"""Delays so close to each other are the same one, seen again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Skew:
    """Arrival minus time of a Thing's newest value. Negative: its clock is ahead of ours."""

    skew_s: float
    time: datetime
    """What the Thing said."""
    measured_at: datetime
    """When it arrived."""
    repeated: bool
    """Another of its values, of another time, was under way as long."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ClockRow:
    """A clock that is off: the least of this hour and the one before."""

    thing_id: str
    skew_s: float
    measured_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Clock:
    """What is known of a Thing's clock, off or not."""

    thing_id: str
    domain: str
    skew_s: float
    measured_at: datetime
    is_sure: bool
    """False: what seems a clock that is behind may be history that was sent after the fact."""


def hour_of(time: datetime) -> datetime:
    return time.replace(minute=0, second=0, microsecond=0)


def record(conn: db.Connection, skews: Mapping[str, Skew]) -> None:
    """Adds what was measured of some Things, inside the caller's transaction.

    Raises psycopg.IntegrityError for an unknown Thing.
    """
    if not skews:
        return
    conn.execute(
        db.statements("clocks")["record"],
        {
            "thing_ids": list(skews),
            "hours": [hour_of(skew.measured_at) for skew in skews.values()],
            "skews_s": [skew.skew_s for skew in skews.values()],
            "repeated": [skew.repeated for skew in skews.values()],
            "measured_ats": [skew.measured_at for skew in skews.values()],
            "near_s": NEAR_S,
        },
    )


def of_thing(conn: db.Connection, thing_id: str) -> Clock | None:
    """None: it was never measured."""
    row = conn.execute(db.statements("clocks")["of_thing"], {"thing_id": thing_id}).fetchone()
    return Clock(**row) if row else None


def off(conn: db.Connection, *, at_least_s: float, since: datetime) -> list[ClockRow]:
    """The clocks off by so much either way of Things heard in the hour of `since` or later, the worst first."""
    parameters = {"at_least_s": at_least_s, "since": hour_of(since), "near_s": NEAR_S}
    return [ClockRow(**row) for row in conn.execute(db.statements("clocks")["off"], parameters)]
