"""Derived values as they are stored, and how far the job that computes them has come."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import psycopg

from storage import db, observations, revisions
from storage.batch import Refused
from storage.hours import Stretch
from storage.live import Position
from storage.model import Observation, Revision
from storage.observations import HistoryValue

READER: Final = "derive"
CLOCK: Final = "derive-clock"
_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Progress:
    """How far the job has come: in the change feed, and with what the clock closes."""

    feed: Position
    clock: datetime | None


def progress(conn: db.Connection) -> Progress:
    """Not locked: what is computed twice is stored once."""
    rows = conn.execute(db.statements("derived")["progress"], {"readers": [READER, CLOCK]}).fetchall()
    found = {row["reader"]: Position(xid=int(row["xid"]), id=row["id"]) for row in rows}
    clock = found.get(CLOCK)
    return Progress(
        feed=found.get(READER, Position()),
        clock=None if clock is None else _EPOCH + clock.id * _MICROSECOND,
    )


def read_up_to(conn: db.Connection, position: Position) -> None:
    """All that the feed tells up to there is computed and stored."""
    _move(conn, READER, position)


def followed_to(conn: db.Connection, time: datetime) -> None:
    """All that the clock closed up to there is computed and stored."""
    _move(conn, CLOCK, Position(id=(time - _EPOCH) // _MICROSECOND))


def take_turn(conn: db.Connection) -> None:
    """Waits until nobody else computes, up to the end of the caller's transaction.

    Whoever reads inputs then reads the newest, so that no older answer is written behind a newer one. It takes no
    transaction id, so the feed's readers do not wait with us.
    """
    conn.execute(db.statements("derived")["take_turn"])


def stored(conn: db.Connection, asked: Sequence[Stretch]) -> list[HistoryValue]:
    """The values of derived Datastreams as they are, withdrawn ones too."""
    if not asked:
        return []
    parameters: Mapping[str, Any] = {
        "datastream_ids": [stretch.datastream_id for stretch in asked],
        "starts": [stretch.start for stretch in asked],
        "ends": [stretch.end for stretch in asked],
        "first": min(stretch.start for stretch in asked),
        "last": max(stretch.end for stretch in asked),
    }
    rows = conn.execute(db.statements("derived")["stored"], parameters, binary=True).fetchall()
    return [HistoryValue(**row) for row in rows]


def complete_from(conn: db.Connection, datastream_ids: Iterable[int]) -> dict[int, datetime]:
    """From when on each Datastream still has all of its values; one that retention deleted nothing of is not there.

    Ask after the values were read: retention runs beside us, and what it deletes in between must be known.
    """
    asked = {"datastream_ids": list(datastream_ids)}
    rows = conn.execute(db.statements("derived")["complete_from"], asked)
    return {row["datastream_id"]: row["complete_from"] for row in rows}


def newest(conn: db.Connection, datastream_ids: Sequence[int], until: datetime) -> datetime | None:
    """The time of the newest value of any of these Datastreams, up to a time."""
    parameters = {"datastream_ids": datastream_ids, "until": until}
    row = conn.execute(db.statements("derived")["newest"], parameters).fetchone()
    return row["time"] if row else None


def write(conn: db.Connection, new: Sequence[Observation], changed: Sequence[Revision]) -> None:
    """Inside the caller's transaction. Raises batch.Refused for a value that can't be stored: nothing was written."""
    try:
        with conn.transaction():
            if new:
                observations.write(conn, new)
            revisions.revise(conn, changed)
    except (psycopg.DataError, psycopg.IntegrityError) as error:
        raise Refused(f"{error.sqlstate}: {error.diag.message_primary or error}") from error


def _move(conn: db.Connection, reader: str, position: Position) -> None:
    parameters = {"reader": reader, "xid": str(position.xid), "id": position.id}
    conn.execute(db.statements("live")["write_cursor"], parameters)
