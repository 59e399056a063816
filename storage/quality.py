"""Stored values around what changed, and what the quality checks say of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
from psycopg.rows import tuple_row

from storage import db
from storage.live import Position
from storage.model import Quality


@dataclass(frozen=True, kw_only=True, slots=True)
class Stretch:
    """A part of a Datastream, both ends inclusive."""

    datastream_id: int
    start: datetime
    end: datetime


class StoredValue(msgspec.Struct, frozen=True, gc=False):
    """A value as the checks see it."""

    phenomenon_time: datetime
    result_time: datetime
    result: float
    quality: int
    quality_reason: str | None
    provenance: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """A value that was looked at, and the quality that it gets for it."""

    datastream_id: int
    seen: StoredValue
    quality: Quality
    quality_reason: str | None


def stretches(conn: db.Connection, asked: Sequence[Stretch]) -> list[list[StoredValue]]:
    """The values of each stretch, oldest first."""
    found: list[list[StoredValue]] = [[] for _ in asked]
    if not asked:
        return found
    parameters = {
        "datastream_ids": [stretch.datastream_id for stretch in asked],
        "starts": [stretch.start for stretch in asked],
        "ends": [stretch.end for stretch in asked],
        "first": min(stretch.start for stretch in asked),
        "last": max(stretch.end for stretch in asked),
    }
    with conn.cursor(row_factory=tuple_row, binary=True) as cursor:
        for number, *fields in cursor.execute(db.statements("quality")["stretches"], parameters):
            found[number - 1].append(StoredValue(*fields))
    return found


def judge(conn: db.Connection, verdicts: Sequence[Verdict]) -> Position | None:
    """Gives values their quality inside the caller's transaction, and tells the feed's followers.

    Returns where the feed says so. A value that was corrected since it was looked at is left alone; None when all were.
    """
    if not verdicts:
        return None
    ordered = sorted(verdicts, key=lambda verdict: (verdict.datastream_id, verdict.seen.phenomenon_time))
    row = conn.execute(
        db.statements("quality")["judge"],
        {
            "datastream_ids": [verdict.datastream_id for verdict in ordered],
            "phenomenon_times": [verdict.seen.phenomenon_time for verdict in ordered],
            "result_times": [verdict.seen.result_time for verdict in ordered],
            "results": [verdict.seen.result for verdict in ordered],
            "seen_reasons": [verdict.seen.quality_reason for verdict in ordered],
            "qualities": [int(verdict.quality) for verdict in ordered],
            "quality_reasons": [verdict.quality_reason for verdict in ordered],
            "first": min(verdict.seen.phenomenon_time for verdict in ordered),
            "last": max(verdict.seen.phenomenon_time for verdict in ordered),
        },
    ).fetchone()
    return Position(xid=int(row["xid"]), id=row["id"]) if row else None
