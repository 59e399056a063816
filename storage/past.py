"""The city as it was: what a map needs that is played back, and the whole database cut at a moment.

One query a span, not one a step. Of a moment, what pages read is asked from views that end there (schema past_view),
by a role that can read nothing else and write nothing: who forgets to say which moment gets an error, no present value.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
import psycopg
from psycopg_pool import PoolTimeout

from storage import db
from storage.alert_log import AlertRow
from storage.alert_pages import Handling
from storage.observations import LiveValue

READERS: Final = 2
"""Connections: so many replays are read at the same time, whoever asks, and the pages of now have theirs."""
LONGEST_QUERY_S: Final = 10
_OPTIONS: Final = (
    f"-c role=hanoi_replay -c default_transaction_read_only=on -c statement_timeout={LONGEST_QUERY_S}s"
)

_HANDLING: Final = ("labels", "acknowledged_at", "acknowledged_by", "acknowledgement")

NotKept: Final = psycopg.errors.InsufficientPrivilege
"""What was asked for is not among what is known of past moments."""
NoTurn: Final = PoolTimeout
"""Others read all the time that was waited."""
TookTooLong: Final = psycopg.errors.QueryCanceled


class StepValue(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The newest value of a step (step_end − step, step_end]."""

    datastream_id: int
    step_end: datetime
    phenomenon_time: datetime
    result: float
    quality: int
    provenance: str
    """The weakest of the value and of what it was derived from."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PastExtent:
    """Flooded areas as somebody said them at a time; GeoJSON features with `depth_cm`, none: no water any more."""

    thing_id: str
    phenomenon_time: datetime
    features: list[dict[str, Any]]
    provenance: str


def last_by_step(
    conn: db.Connection, datastream_ids: Iterable[int], start: datetime, end: datetime, step: timedelta
) -> list[StepValue]:
    """From `start` (exclusive) to `end` (inclusive), by Datastream and time. Steps lie on whole multiples of `step`."""
    asked = {"datastream_ids": list(datastream_ids), "start": start, "end": end, "step": step}
    rows = conn.execute(db.statements("past")["last_by_step"], asked)
    return [StepValue(**row) for row in rows]


def extents(
    conn: db.Connection, thing_ids: Iterable[str], start: datetime, end: datetime, limit: int
) -> list[PastExtent]:
    """From `start` (exclusive) to `end` (inclusive), the newest first, at most `limit`."""
    asked = {"thing_ids": list(thing_ids), "start": start, "end": end, "limit": limit}
    rows = conn.execute(db.statements("past")["extents"], asked)
    return [PastExtent(**row) for row in rows]


def open_pool(url: str, *, name: str) -> db.Pool:
    """Connections on which only `at` makes sense. None is opened before the first is needed."""
    return db.open_pool(url, name=name, schema="past_view", min_size=0, max_size=READERS, options=_OPTIONS)


@contextmanager
def at(conn: db.Connection, moment: datetime) -> Iterator[db.Connection]:
    """In the block, which is one transaction, everything is as it stood at `moment`."""
    with conn.transaction():
        move(conn, moment)
        yield conn


def move(conn: db.Connection, moment: datetime) -> None:
    """To another moment, inside a block of `at`."""
    conn.execute(db.statements("past")["say_moment"], {"moment": moment.isoformat()})


def changes(
    conn: db.Connection, datastream_ids: Iterable[int], start: datetime, steps: int, step: timedelta
) -> list[tuple[int, LiveValue]]:
    """The newest value of each Datastream in each step behind `start`, with the step's number from 1 on.

    A value of (start + step · (n − 1), start + step · n] belongs to step n. At most Datastreams times steps rows.
    """
    asked = {
        "datastream_ids": list(datastream_ids),
        "start": start,
        "end": start + steps * step,
        "step_s": step.total_seconds(),
    }
    rows = conn.execute(db.statements("past")["changes"], asked)
    return [(row.pop("number"), LiveValue(**row)) for row in rows]


def alerts(conn: db.Connection, limit: int) -> list[tuple[AlertRow, Handling]]:
    """What stood at the moment, then what had ended within twelve hours, each the newest first; and who saw to it."""
    rows = conn.execute(db.statements("past")["alerts"], {"limit": limit}).fetchall()
    return [
        (
            AlertRow(**{name: value for name, value in row.items() if name not in _HANDLING}),
            Handling(id=row["id"], **{name: row[name] for name in _HANDLING}),
        )
        for row in rows
    ]


def firing_after(conn: db.Connection, moment: datetime) -> datetime | None:
    """When the next alert began to fire; by what is known at the moment the block of `at` says."""
    return _only_time(conn, "firing_after", moment)


def firing_before(conn: db.Connection, moment: datetime) -> datetime | None:
    """When the last alert before a moment began to fire."""
    return _only_time(conn, "firing_before", moment)


def _only_time(conn: db.Connection, name: str, moment: datetime) -> datetime | None:
    row = conn.execute(db.statements("past")[name], {"moment": moment}).fetchone()
    return row["firing_since"] if row else None
