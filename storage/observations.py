"""Observations: the reads behind pages and APIs."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal, get_args

import msgspec

from storage import db

# Writing is a module of its own; whoever stores values knows it by this name.
from storage.incoming import Key as Key
from storage.incoming import WriteCounts as WriteCounts
from storage.incoming import binary as binary
from storage.incoming import fold as fold
from storage.incoming import write as write
from storage.incoming import write_extent as write_extent
from storage.model import Provenance, Quality

# Where Things are, is a module of its own too, and a part of what can be asked.
from storage.places import nearest_things as nearest_things
from storage.places import things_in_polygon as things_in_polygon
from storage.things import DatastreamRow

MOST_POINTS: Final = 1500
"""What a chart is drawn from, at most."""
Step = Literal["raw", "1h", "1d"]
HOUR: Final = timedelta(hours=1)


class LiveValue(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A current value with the names of what it belongs to."""

    thing_id: str
    domain: str
    property: str
    datastream_id: int
    phenomenon_time: datetime
    result_time: datetime
    ingested_at: datetime
    result: float
    quality: int
    quality_reason: str | None
    provenance: str
    input_provenance: str | None
    expires_at: datetime | None = None
    """Of a value by hand: when it holds no more, whatever its interval (storage/manual.py)."""


class HistoryValue(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One value of a Datastream that the caller already knows."""

    datastream_id: int
    phenomenon_time: datetime
    result_time: datetime
    result: float
    quality: int
    quality_reason: str | None
    provenance: str
    input_provenance: str | None
    parameters: dict[str, Any] | None = None
    """What a derived value or a forecast was made of."""


class RollupRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One bucket of a rollup that has a usable value, in the Datastream's unit."""

    bucket: datetime
    count: int
    """Good and not evaluated values; mean, min, max, first and last are theirs."""
    mean: float | None
    """Of directions that of the vectors; None where they cancel out."""
    min: float
    max: float
    first: float
    last: float
    good: int
    not_evaluated: int
    suspect: int
    fail: int
    missing: int
    mean_with_suspect: float | None
    """None: directions that cancel out."""
    coverage: float
    """Share of the expected reports, 0 to 1, at the time of asking."""
    provenance: str
    """The weakest of the good, not evaluated and suspect values; a derived one counts as its inputs."""


def newest_extents(conn: db.Connection) -> list[dict[str, Any]]:
    """The last extent of each Thing: thing_id, phenomenon_time, features, provenance."""
    return conn.execute(db.statements("observations")["newest_extents"]).fetchall()


@dataclass(frozen=True, kw_only=True, slots=True)
class History:
    """Rows of one step, oldest first. Where nothing was observed there is no row."""

    step: Step
    rows: Sequence[HistoryValue] | Sequence[RollupRow]
    next_start: datetime | None
    """Where the rest begins; None when this is all."""


def series(
    conn: db.Connection,
    stream: DatastreamRow,
    start: datetime,
    end: datetime,
    *,
    most: int = MOST_POINTS,
    step: Step | Literal["auto"] = "auto",
    qualities: Collection[int] | None = None,
) -> History:
    """At most `most` rows of a Datastream from `start` (inclusive) to `end` (exclusive).

    `auto` takes the finest step of which the whole span gives no more. Raw values can be chosen by `qualities`; a
    rollup has none, so that `auto` with them is raw. Raises ValueError naming what can't be.
    """
    _require_span(start, end)
    if most < 1:
        raise ValueError(f"most: {most} is less than 1")
    if step not in ("auto", *get_args(Step)):
        raise ValueError(f"step: '{step}' is none of raw, 1h, 1d, auto")
    if qualities is not None:
        _require_qualities(qualities, step)
        step = "raw"
    if step == "auto":
        return _fitting(conn, stream, start, end, most)
    return _history(conn, stream.id, step, start, end, most, qualities)


def raw(
    conn: db.Connection,
    datastream_id: int,
    start: datetime,
    end: datetime,
    limit: int,
    qualities: Collection[int] | None = None,
) -> list[HistoryValue]:
    """Values from `start` (inclusive) to `end` (exclusive), oldest first, at most `limit`."""
    asked = {"datastream_id": datastream_id, "start": start, "end": end, "limit": limit}
    chosen = None if qualities is None else list(qualities)
    rows = conn.execute(db.statements("observations")["raw"], asked | {"qualities": chosen}).fetchall()
    return [HistoryValue(datastream_id=datastream_id, **row) for row in rows]


def rollup(
    conn: db.Connection,
    datastream_id: int,
    step: Literal["1h", "1d"],
    start: datetime,
    end: datetime,
    limit: int,
) -> list[RollupRow]:
    """Buckets that begin from `start` (inclusive) to `end` (exclusive); a day is Hanoi's.

    One without a usable value is left out: a gap stays a gap.
    """
    block = {"1h": "hourly", "1d": "daily"}[step]
    return [RollupRow(**row) for row in _page(conn, block, datastream_id, start, end, limit)]


def between(
    conn: db.Connection, datastream_ids: Iterable[int], start: datetime, end: datetime
) -> list[HistoryValue]:
    """Values of several Datastreams from `start` (inclusive) to `end` (exclusive), each oldest first."""
    rows = conn.execute(
        db.statements("observations")["between"],
        {"datastream_ids": list(datastream_ids), "start": start, "end": end},
    ).fetchall()
    return [HistoryValue(**row) for row in rows]


def newest(conn: db.Connection) -> dict[int, HistoryValue]:
    """The last value of every Datastream that has one."""
    rows = conn.execute(db.statements("observations")["newest"]).fetchall()
    return {row["datastream_id"]: HistoryValue(**row) for row in rows}


def latest(conn: db.Connection, thing_ids: Iterable[str]) -> dict[str, list[LiveValue]]:
    """The last value of each Datastream of the given Things, by Thing; {} for one that was never heard.

    Forecasts are left out: they are not how things are.
    """
    rows = conn.execute(
        db.statements("observations")["latest"], {"thing_ids": sorted(set(thing_ids))}
    ).fetchall()
    found: defaultdict[str, list[LiveValue]] = defaultdict(list)
    for row in rows:
        if row["provenance"] != Provenance.FORECAST:
            found[row["thing_id"]].append(LiveValue(**row))
    return dict(found)


def values_at(conn: db.Connection, keys: Sequence[Key]) -> list[LiveValue]:
    """The current values behind changed keys, by time."""
    if not keys:
        return []
    times = [key[1] for key in keys]
    rows = conn.execute(
        db.statements("observations")["values_at"],
        {
            "datastream_ids": [key[0] for key in keys],
            "phenomenon_times": times,
            "first": min(times),
            "last": max(times),
        },
    ).fetchall()
    return [LiveValue(**row) for row in rows]


def _page(
    conn: db.Connection, block: str, datastream_id: int, start: datetime, end: datetime, limit: int
) -> list[dict[str, Any]]:
    return conn.execute(
        db.statements("observations")[block],
        {"datastream_id": datastream_id, "start": start, "end": end, "limit": limit},
    ).fetchall()


def _fitting(
    conn: db.Connection, stream: DatastreamRow, start: datetime, end: datetime, most: int
) -> History:
    """Raw when it is few, else hours when they can't be more than `most`, else days."""
    if (end - start) / timedelta(seconds=stream.interval_s) <= 2 * most:
        found = _history(conn, stream.id, "raw", start, end, most)
        if found.next_start is None:
            return found
    step: Step = "1h" if (end - start) / HOUR <= most - 1 else "1d"
    return _history(conn, stream.id, step, start, end, most)


def _history(
    conn: db.Connection,
    datastream_id: int,
    step: Step,
    start: datetime,
    end: datetime,
    most: int,
    qualities: Collection[int] | None = None,
) -> History:
    if step == "raw":
        values = raw(conn, datastream_id, start, end, most + 1, qualities)
        rest = values[most].phenomenon_time if len(values) > most else None
        return History(step=step, rows=values[:most], next_start=rest)
    buckets = rollup(conn, datastream_id, step, start, end, most + 1)
    rest = buckets[most].bucket if len(buckets) > most else None
    return History(step=step, rows=buckets[:most], next_start=rest)


def _require_span(start: datetime, end: datetime) -> None:
    for name, time in (("start", start), ("end", end)):
        if time.tzinfo is None:
            raise ValueError(f"{name}: {time.isoformat()} has no offset")
    if start > end:
        raise ValueError(f"start: {start.isoformat()} is after end {end.isoformat()}")


def _require_qualities(qualities: Collection[int], step: str) -> None:
    known = {int(quality) for quality in Quality}
    if not qualities or not set(qualities) <= known:
        raise ValueError(f"qualities: {sorted(qualities)} are not some of {sorted(known)}")
    if step in ("1h", "1d"):
        raise ValueError(f"qualities: only raw values have one, and step is {step}")
