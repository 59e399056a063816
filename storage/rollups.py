"""Rollups: what `observation_1h` and `observation_1d` are made of, and the durable reader that keeps it right.

The reader `rollup` of the change feed rolls up anew exactly the hours and days that a write, a correction or a
judgement touched; every hour that is over is rolled up once by itself. Both are rolled up below a watermark, what is
later is read raw. In TimescaleDB's Apache edition the sums are tables of ours, in the community edition continuous
aggregates that are refreshed for the same spans.

What retention deletes raw values of is frozen first (`freeze`): nobody can compute it anew.
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from storage import db
from storage.live import Position
from storage.model import HANOI

log = logging.getLogger(__name__)

READER: Final = "rollup"
HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)
LAG: Final = HOUR
"""An hour is rolled up when it has been over for this long: what comes a little late costs nothing."""
BATCHES: Final = 200
KEYS: Final = 20_000
"""Of the feed in one transaction (a single batch may have more). While one runs the feed's other followers wait."""
STEPS: Final = 60
"""Transactions in one call; the rest is for the next one."""


class NotRolledUp(RuntimeError):
    """Asked to freeze what is not rolled up yet; trying again later helps."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Refreshed:
    """What one call of `refresh` did."""

    buckets: int = 0
    """Hours rolled up anew because something in them changed."""
    left_out: int = 0
    """Changes that came too late: their hour is frozen."""
    filled_to: datetime | None = None
    """Up to where hours were rolled up because they are over; None: there was none."""
    caught_up: bool = False
    """The feed was read to its end and every hour that is over is rolled up."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Unaccounted:
    """A bucket whose rollup does not stand for all of its raw values."""

    datastream_id: int
    step: str
    """hour or day"""
    bucket: datetime
    raw: int
    rolled_up: int
    frozen: bool
    """What is there came too late and is in no rollup; it will never be."""


@dataclass(frozen=True, kw_only=True, slots=True)
class State:
    """How far everything is rolled up; None: nothing is."""

    watermark: datetime | None
    day_watermark: datetime | None
    filled_to: datetime | None
    refreshed_at: datetime | None
    left_out: int


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class Span:
    """Hours of a Datastream from `start` (inclusive) to `end` (exclusive)."""

    datastream_id: int
    start: datetime
    end: datetime


def establish(conn: db.Connection) -> None:
    """Puts the views on what this edition of TimescaleDB can do. Changes nothing when they are."""
    found = _one(conn, "edition")
    if not found["ours"] or found["continuous"] or found["license"] != "timescale":
        return
    sql = db.statements("rollups_community")
    with conn.transaction():
        for name in (
            "create_hours",
            "create_days",
            "put_hours_on_it",
            "put_days_on_it",
            "keep_frozen_hours",
            "keep_frozen_days",
            "begin_anew",
        ):
            conn.execute(sql[name])
    log.info("rollups_established edition=community")


def state(conn: db.Connection) -> State:
    return State(**_one(conn, "state"))


def refresh(conn: db.Connection, now: datetime, *, feed_kept: timedelta = timedelta(days=3)) -> Refreshed:
    """Goes on from where the reader stands, in many short transactions; `conn` is in autocommit mode.

    Call it again for the rest until `caught_up`. A reader that was away for longer than the feed is kept rolls up
    everything anew. Only one may run at a time. Raises db.DatabaseUnreachable.
    """
    continuous = bool(_one(conn, "edition")["continuous"])
    seen = state(conn).refreshed_at
    if seen is not None and now - seen > feed_kept:
        log.warning("rollups_anew away_since=%s", seen.isoformat())
        with conn.transaction():
            fill_anew(conn)
            conn.execute(db.statements("rollups")["begun_anew"], {"now": now})
    buckets = left_out = 0
    filled_to = None
    for _ in range(STEPS):
        read = _read_on(conn, continuous)
        filled = _fill_on(conn, now, continuous)
        if read is None and filled is None:
            _reached_end(conn, now, continuous)
            return Refreshed(buckets=buckets, left_out=left_out, filled_to=filled_to, caught_up=True)
        buckets, left_out = buckets + (read or (0, 0))[0], left_out + (read or (0, 0))[1]
        filled_to = filled or filled_to
    return Refreshed(buckets=buckets, left_out=left_out, filled_to=filled_to)


def fill_anew(conn: db.Connection, start: datetime | None = None) -> None:
    """Has everything that is not frozen rolled up again, oldest first; what is there stays to be read meanwhile.

    With a start (of a day in Hanoi) only from there on. In the transaction that wrote the values, as its last part.
    """
    conn.execute(db.statements("rollups")["fill_anew"], {"start": start})


def caught_up(conn: db.Connection) -> bool:
    """Whether every committed change is in the rollups (or in what is read raw)."""
    return bool(_one(conn, "caught_up")["caught_up"])


def verify(conn: db.Connection, start: datetime, end: datetime) -> list[Unaccounted]:
    """Hours and Hanoi's days from `start` to `end` whose rollup does not account for all raw values.

    Give whole days of Hanoi. It compares counts: whether values changed since, `caught_up` says. Call both and
    `freeze` in the REPEATABLE READ transaction that deletes: then it deletes nothing that was not seen.
    """
    rows = conn.execute(db.statements("rollups")["verify"], {"start": start, "end": end})
    return [Unaccounted(**row) for row in rows]


def freeze(conn: db.Connection, datastream_ids: Sequence[int], before: datetime) -> datetime:
    """Keeps the rollups of these Datastreams from before a time as they are, for good; returns that time.

    It is `before` moved back to the start of a day in Hanoi. Inside the caller's transaction, which then deletes raw
    values from before the time returned, and no others. A value that comes later for such a bucket stays raw.
    Raises NotRolledUp.
    """
    horizon = day_of(before)
    known = state(conn)
    whole = known.watermark is not None and known.filled_to == known.watermark
    if not whole or known.day_watermark is None or known.day_watermark < horizon:
        raise NotRolledUp(
            f"rolled up to {known.filled_to}, days to {known.day_watermark}: can't freeze {horizon}"
        )
    asked = {"datastream_ids": list(datastream_ids), "before": horizon}
    if _one(conn, "edition")["continuous"]:
        sql = db.statements("rollups_community")
        conn.execute(sql["freeze_hours"], asked)
        conn.execute(sql["freeze_days"], asked)
    conn.execute(db.statements("rollups")["set_horizon"], asked)
    return horizon


def hour_of(time: datetime) -> datetime:
    """The start of its hour."""
    return time.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def day_of(time: datetime) -> datetime:
    """The start of its day in Hanoi, in UTC."""
    local = time.astimezone(HANOI).replace(hour=0, minute=0, second=0, microsecond=0)
    return local.astimezone(UTC)


def merged(spans: Iterable[Span], apart: timedelta = timedelta(0)) -> Iterator[Span]:
    """The same hours, and what lies between two that are not more than `apart`, in as few spans as that takes."""
    held: Span | None = None
    for span in sorted(spans):
        if held is not None and span.datastream_id == held.datastream_id and span.start - held.end <= apart:
            held = Span(datastream_id=held.datastream_id, start=held.start, end=max(held.end, span.end))
            continue
        if held is not None:
            yield held
        held = span
    if held is not None:
        yield held


def days(spans: Iterable[Span], until: datetime | None) -> Iterator[Span]:
    """The days in Hanoi that the hours are in and that are over before `until`."""
    whole = (
        Span(datastream_id=span.datastream_id, start=day_of(span.start), end=day_of(span.end - HOUR) + DAY)
        for span in spans
    )
    for span in merged(whole):
        end = min(span.end, until) if until is not None else span.start
        if span.start < end:
            yield Span(datastream_id=span.datastream_id, start=span.start, end=end)


def _read_on(conn: db.Connection, continuous: bool) -> tuple[int, int] | None:
    """One part of the feed: how many hours it touched, and changes that came too late. None at its end.

    Apache: everything in one transaction. Continuous aggregates are refreshed in transactions of their own, so the
    cursor moves after them: what was refreshed twice is the same.
    """
    row = conn.execute(db.statements("rollups")["read_cursor"]).fetchone()
    position = Position(xid=int(row["xid"]), id=row["id"]) if row else Position()
    asked = {"xid": str(position.xid), "id": position.id}
    sql = db.statements("rollups")
    if continuous:
        part = conn.execute(sql["next_part"], {**asked, "batches": BATCHES, "keys": KEYS}).fetchone()
        if part is None:
            return None
        touched, left_out = _touched(conn, asked, part)
        _refresh_continuous(conn, touched, state(conn).day_watermark)
        with conn.transaction():
            _move_cursor(conn, part, left_out)
        return _hours(touched), left_out
    with conn.transaction():
        part = conn.execute(sql["next_part"], {**asked, "batches": BATCHES, "keys": KEYS}).fetchone()
        if part is None:
            return None
        touched, left_out = _touched(conn, asked, part)
        _roll_up(conn, touched, state(conn).day_watermark)
        _move_cursor(conn, part, left_out)
    return _hours(touched), left_out


def _hours(spans: Iterable[Span]) -> int:
    return sum((span.end - span.start) // HOUR for span in spans)


def _touched(conn: db.Connection, position: dict[str, Any], part: dict[str, Any]) -> tuple[list[Span], int]:
    """The hours below the watermark, and the number of changes in frozen ones."""
    asked = {**position, "to_xid": part["xid"], "to_id": part["id"]}
    spans, left_out = [], 0
    for row in conn.execute(db.statements("rollups")["touched"], asked):
        if row["frozen"]:
            left_out += row["changes"]
            continue
        spans.append(Span(datastream_id=row["datastream_id"], start=row["bucket"], end=row["bucket"] + HOUR))
    if left_out:
        log.warning("rollup_frozen changes=%d", left_out)
    return list(merged(spans)), left_out


def _move_cursor(conn: db.Connection, part: dict[str, Any], left_out: int) -> None:
    if left_out:
        conn.execute(db.statements("rollups")["count_left_out"], {"changes": left_out})
    conn.execute(
        db.statements("live")["write_cursor"], {"reader": READER, "xid": part["xid"], "id": part["id"]}
    )


def _fill_on(conn: db.Connection, now: datetime, continuous: bool) -> datetime | None:
    """Rolls up what is left of one day of the whole city, if it is over; returns up to where, None: nothing is left."""
    target = hour_of(now) - LAG
    begun = _one(conn, "begin_to_fill")
    filled_to: datetime | None = begun["filled_to"]
    if filled_to is not None and filled_to >= target:
        return None
    start = _begin(conn, filled_to, target)
    end = min(day_of(start) + DAY, target)
    if continuous:
        _fill_continuous(conn, start, end)
    with conn.transaction():
        if not continuous:
            _roll_up(conn, _whole_city(conn, start, end), day_of(end))
        asked = {"version": begun["version"], "filled_to": end, "days_filled_to": day_of(end)}
        conn.execute(db.statements("rollups")["filled"], asked)
    return end


def _begin(conn: db.Connection, filled_to: datetime | None, target: datetime) -> datetime:
    """From where on there can be raw values."""
    chunk = _one_of(conn, "next_chunk", {"start": filled_to})["starts"]
    if chunk is None:
        return target
    begin = day_of(chunk) if filled_to is None else max(filled_to, day_of(chunk))
    return min(begin, target)


def _whole_city(conn: db.Connection, start: datetime, end: datetime) -> list[Span]:
    if start >= end:
        return []
    rows = conn.execute(db.statements("rollups")["whole_city"], {"start": start, "end": end})
    return [Span(datastream_id=row["datastream_id"], start=row["span_start"], end=end) for row in rows]


def _roll_up(conn: db.Connection, spans: Sequence[Span], days_until: datetime | None) -> None:
    """Hours anew from raw values, and days from hours, inside the caller's transaction."""
    _replace(conn, "hours", spans)
    _replace(conn, "days", list(days(spans, days_until)))


def _replace(conn: db.Connection, step: str, spans: Sequence[Span]) -> None:
    if not spans:
        return
    asked = {
        "datastream_ids": [span.datastream_id for span in spans],
        "starts": [span.start for span in spans],
        "ends": [span.end for span in spans],
        "first": min(span.start for span in spans),
        "end": max(span.end for span in spans),
    }
    conn.execute(db.statements("rollups")[f"clear_{step}"], asked)
    conn.execute(db.statements("rollups")[f"fill_{step}"], asked)


def _refresh_continuous(conn: db.Connection, spans: Sequence[Span], days_until: datetime | None) -> None:
    """The same hours and days. A continuous aggregate knows what changed in a span, and computes no more of it."""
    sql = db.statements("rollups_community")
    for one in _over_all(spans):
        conn.execute(sql["refresh_hours"], {"start": one.start, "end": one.end})
    for one in _over_all(days(spans, days_until)):
        conn.execute(sql["refresh_days"], {"start": one.start, "end": one.end})


def _over_all(spans: Iterable[Span]) -> Iterator[Span]:
    return merged((Span(datastream_id=0, start=span.start, end=span.end) for span in spans), apart=DAY)


def _fill_continuous(conn: db.Connection, start: datetime, end: datetime) -> None:
    sql = db.statements("rollups_community")
    if start < end:
        conn.execute(sql["refresh_hours"], {"start": start, "end": end})
    if day_of(start) < day_of(end):
        conn.execute(sql["refresh_days"], {"start": day_of(start), "end": day_of(end)})


def _reached_end(conn: db.Connection, now: datetime, continuous: bool) -> None:
    if conn.execute(db.statements("rollups")["reached_end"], {"now": now}).rowcount and continuous:
        sql = db.statements("rollups_community")
        conn.execute(sql["hang_net_under_hours"])
        conn.execute(sql["hang_net_under_days"])


def _one(conn: db.Connection, block: str) -> dict[str, Any]:
    return _one_of(conn, block, {})


def _one_of(conn: db.Connection, block: str, asked: dict[str, Any]) -> dict[str, Any]:
    row = conn.execute(db.statements("rollups")[block], asked).fetchone()
    assert row is not None, block
    return row
