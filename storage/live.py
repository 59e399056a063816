"""The change feed: every committed batch, exactly once and in an order that skips none, as it commits."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from threading import Event
from typing import Final

from storage import db
from storage.observations import Key, LiveValue, values_at

log = logging.getLogger(__name__)

PAGE: Final = 200
"""Batches read at a time."""
KEYS: Final = 5_000
"""Keys read at a time, one batch more or less; a batch tells of at most so many too (storage.incoming)."""


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class Position:
    """How far a reader has come: the writing transaction, then the row in it."""

    xid: int = 0
    id: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """One committed batch: the keys whose current value is new."""

    position: Position
    committed_at: datetime
    keys: tuple[Key, ...]


def here(conn: db.Connection) -> Position:
    """The feed's present end: a reader that starts here sees only what commits from now on."""
    row = conn.execute(db.statements("live")["here"]).fetchone()
    return Position(xid=int(row["xid"]), id=row["id"]) if row else Position()


def changes_after(
    conn: db.Connection, position: Position, batches: int = PAGE, keys: int = KEYS
) -> list[Change]:
    """The next batches, oldest first, and no more after the one that makes it so many keys; [] when there are none."""
    rows = conn.execute(
        db.statements("live")["after"],
        {"xid": str(position.xid), "id": position.id, "batches": batches, "keys": keys},
    ).fetchall()
    return [
        Change(
            position=Position(xid=int(row["xid"]), id=row["id"]),
            committed_at=row["committed_at"],
            keys=tuple(zip(row["datastream_id"], row["phenomenon_time"], strict=True)),
        )
        for row in rows
    ]


def follow(
    url: str, *, name: str, stop: Event, tick_s: float = 0.2, schema: str = "public"
) -> Iterator[list[LiveValue]]:
    """Yields the values of new batches until `stop` is set; an empty list at quiet ticks.

    The first item is always an empty list and comes when the reader listens: whoever loads a snapshot then
    misses nothing. Raises db.DatabaseUnreachable when the connection is lost: call again and load anew.
    """
    with db.connect(url, name=name, schema=schema, autocommit=True) as conn:
        conn.execute(db.statements("live")["listen"])
        position = here(conn)
        yield []
        changes: list[Change] = []
        while not stop.is_set():
            if not changes:
                for _ in conn.notifies(timeout=tick_s, stop_after=1):
                    pass
            changes = changes_after(conn, position)
            if changes:
                position = changes[-1].position
            yield values_at(conn, [key for change in changes for key in change.keys])


@contextmanager
def next_changes(conn: db.Connection, reader: str, batches: int = PAGE) -> Iterator[list[Change]]:
    """The batches a durable reader has not had yet; its cursor moves when the block's transaction commits.

    A reader that was never seen begins at the feed's start.
    """
    with conn.transaction():
        sql = db.statements("live")
        row = conn.execute(sql["read_cursor"], {"reader": reader}).fetchone()
        position = Position(xid=int(row["xid"]), id=row["id"]) if row else Position()
        changes = changes_after(conn, position, batches)
        yield changes
        if changes:
            last = changes[-1].position
            conn.execute(sql["write_cursor"], {"reader": reader, "xid": str(last.xid), "id": last.id})


def forget(conn: db.Connection, before: datetime, unread_before: datetime | None = None) -> int:
    """Drops the feed's rows from before a time; returns how many.

    What a durable reader has not read yet stays, and the log says so. It goes too when it is from before
    `unread_before`: then the log says what the reader lost. A reader that was never seen does not count.
    """
    sql = db.statements("live")
    asked = {"before": before, "unread_before": unread_before}
    with conn.transaction():
        behind = conn.execute(sql["behind"], asked).fetchall()
        lost = conn.execute(sql["lost"], asked).fetchall() if behind and unread_before else []
        dropped = conn.execute(sql["forget"], asked).rowcount
    for row in behind:
        log.warning("feed_reader_behind reader=%s since=%s", row["reader"], row["since"].isoformat())
    for row in lost:
        log.error(
            "feed_reader_lost reader=%s from=%s to=%s changes=%d",
            *(row["reader"], row["first"].isoformat(), row["last"].isoformat(), row["changes"]),
        )
    return dropped
