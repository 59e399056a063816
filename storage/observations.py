"""Observations: the write that is once however often it is delivered, and the reads behind pages and APIs."""

import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, Final, Literal

import msgspec
from psycopg import errors
from psycopg.types.json import Jsonb

from storage import db
from storage.model import FloodExtent, Observation

Key = tuple[int, datetime]
"""(datastream_id, phenomenon_time)"""


@dataclass(frozen=True, kw_only=True, slots=True)
class WriteCounts:
    """What became of a batch: every observation is in exactly one of the four."""

    written: int = 0
    """New keys."""
    corrected: int = 0
    """Replaced the current value, which was set aside."""
    outdated: int = 0
    """Older than the current value: set aside itself."""
    duplicate: int = 0
    """Delivered before."""

    def __add__(self, other: "WriteCounts") -> "WriteCounts":
        return WriteCounts(
            written=self.written + other.written,
            corrected=self.corrected + other.corrected,
            outdated=self.outdated + other.outdated,
            duplicate=self.duplicate + other.duplicate,
        )


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


class RollupRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One bucket of a rollup, in the Datastream's unit."""

    bucket: datetime
    count: int
    mean: float
    min: float
    max: float
    first: float
    last: float


def write(
    conn: db.Connection, observations: Sequence[Observation], *, expect_new: bool = True
) -> WriteCounts:
    """Stores a batch inside the caller's transaction and records the change for the feed's followers.

    With `expect_new` it tries a plain COPY first, which is fastest and fails at the first key that exists.
    Raises psycopg.DataError or IntegrityError when a value can't be stored, OperationalError when the
    database can't be reached.
    """
    if expect_new:
        keys = EncodedKeys()
        if _copied(conn, _rows(observations, keys)):
            _record_change(conn, keys)
            return WriteCounts(written=len(keys.ids))
    counts = WriteCounts()
    changed: list[Key] = []
    for round_ in _rounds(observations):
        counts += _merge(conn, round_, changed)
    _record_change(conn, _encoded_keys(changed))
    return counts


def write_extent(conn: db.Connection, extent: FloodExtent) -> None:
    """Stores a flooded area; the same Thing and time again replaces it."""
    conn.execute(
        db.statements("observations")["write_extent"],
        {
            "thing_id": extent.thing_id,
            "phenomenon_time": extent.phenomenon_time,
            "features": Jsonb(extent.features),
            "provenance": extent.provenance.value,
        },
    )


def newest_extents(conn: db.Connection) -> list[dict[str, Any]]:
    """The last extent of each Thing: thing_id, phenomenon_time, features, provenance."""
    return conn.execute(db.statements("observations")["newest_extents"]).fetchall()


def raw(
    conn: db.Connection, datastream_id: int, start: datetime, end: datetime, limit: int
) -> list[HistoryValue]:
    """Values from `start` (inclusive) to `end` (exclusive), oldest first, at most `limit`."""
    rows = _page(conn, "raw", datastream_id, start, end, limit)
    return [HistoryValue(datastream_id=datastream_id, **row) for row in rows]


def rollup(
    conn: db.Connection,
    datastream_id: int,
    step: Literal["1h", "1d"],
    start: datetime,
    end: datetime,
    limit: int,
) -> list[RollupRow]:
    """Buckets that begin from `start` (inclusive) to `end` (exclusive); a day is Hanoi's."""
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


def _rounds(observations: Sequence[Observation]) -> Iterator[list[Observation]]:
    """Splits a batch so that no key stands twice in a part; arrival order holds from part to part."""
    rest: Sequence[Observation] = observations
    while rest:
        seen: set[Key] = set()
        round_: list[Observation] = []
        again: list[Observation] = []
        for observation in rest:
            key = (observation.datastream_id, observation.phenomenon_time)
            (again if key in seen else round_).append(observation)
            seen.add(key)
        yield round_
        rest = again


def _copied(conn: db.Connection, rows: Iterable[bytes]) -> bool:
    """Whether a plain COPY went in; False when a key was there already, or twice in the batch."""
    try:
        with conn.transaction():
            _copy(conn, "copy_observation", rows)
    except errors.UniqueViolation:
        return False
    return True


def _merge(conn: db.Connection, observations: Sequence[Observation], changed: list[Key]) -> WriteCounts:
    """Inserts what is new, corrects what differs; adds the keys whose current value changed to `changed`."""
    sql = db.statements("observations")
    times = [o.phenomenon_time for o in observations]
    conn.execute(sql["create_incoming"])
    conn.execute(sql["clear_incoming"])
    _copy(conn, "copy_incoming", _rows(observations, EncodedKeys()))
    new = conn.execute(sql["insert_new"]).fetchall()
    changed += [(row["datastream_id"], row["phenomenon_time"]) for row in new]
    if len(new) == len(observations):
        return WriteCounts(written=len(new))
    contested = conn.execute(sql["correct"], {"first": min(times), "last": max(times)}).fetchall()
    current = [row for row in contested if row["current"]]
    changed += [(row["datastream_id"], row["phenomenon_time"]) for row in current]
    return WriteCounts(
        written=len(new),
        corrected=len(current),
        outdated=len(contested) - len(current),
        duplicate=len(observations) - len(new) - len(contested),
    )


# Binary COPY, written by hand because it is the hot path: a row is a count of fields, then each as a length and
# its bytes. https://www.postgresql.org/docs/17/sql-copy.html#SQL-COPY-BINARY-FORMAT
_HEADER: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER: Final = struct.pack("!h", -1)
_FIELDS: Final = struct.pack("!h", 9)
_FIELD: Final = struct.Struct("!iq")
_DOUBLE: Final = struct.Struct("!id")
_SMALL: Final = struct.Struct("!ih")
_ARRAY: Final = struct.Struct("!iiIii")
_INT8_OID: Final = 20
_TIMESTAMPTZ_OID: Final = 1184
COPY_PART: Final = 1000
"""Rows sent at a time."""
_NULL: Final = struct.pack("!i", -1)
_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class EncodedKeys:
    """Keys as the fields of a row, which is also how an array holds its elements."""

    ids: list[bytes] = field(default_factory=list)
    times: list[bytes] = field(default_factory=list)


def binary(observations: Iterable[Observation]) -> bytes:
    """The rows as `copy_observation` reads them."""
    return b"".join([_HEADER, *_rows(observations, EncodedKeys()), _TRAILER])


def _copy(conn: db.Connection, block: str, parts: Iterable[bytes]) -> None:
    """Sends what comes part by part, so that the server stores one while we encode the next."""
    with conn.cursor() as cursor, cursor.copy(db.statements("observations")[block]) as copy:
        copy.write(_HEADER)
        for part in parts:
            copy.write(part)
        copy.write(_TRAILER)


def _rows(observations: Iterable[Observation], keys: EncodedKeys) -> Iterator[bytes]:
    """COPY_PART rows at a time; their keys are added to `keys`.

    Most fields of a row were in the row before or in many others, so a row is put together from encoded pieces.
    """
    ids: dict[int, bytes] = {}
    rest = iter(observations)
    while chunk := list(islice(rest, COPY_PART)):
        pieces: list[bytes] = []
        last: Observation | None = None
        time = result_time = tail = b""
        for o in chunk:
            if last is None or o.phenomenon_time is not last.phenomenon_time:  # one element's values share it
                time = _FIELD.pack(8, _microseconds(o.phenomenon_time))
            if last is None or o.result_time is not last.result_time:
                result_time = _FIELD.pack(8, _microseconds(o.result_time))
            if last is None or not _same_tail(o, last):
                tail = _tail(o)
            last = o
            datastream_id = ids.get(o.datastream_id)
            if datastream_id is None:
                datastream_id = ids[o.datastream_id] = _FIELD.pack(8, o.datastream_id)
            keys.ids.append(datastream_id)
            keys.times.append(time)
            pieces += (_FIELDS, datastream_id, time, result_time, _DOUBLE.pack(8, o.result), tail)
        yield b"".join(pieces)


def _same_tail(a: Observation, b: Observation) -> bool:
    return (
        a.quality is b.quality
        and a.provenance is b.provenance
        and a.quality_reason == b.quality_reason
        and a.original == b.original
        and a.input_provenance is b.input_provenance
    )


def _tail(o: Observation) -> bytes:
    original = _NULL if o.original is None else _DOUBLE.pack(8, o.original)
    texts = _text(o.provenance.value) + _text(o.input_provenance) + _text(o.quality_reason)
    return _SMALL.pack(2, o.quality) + texts + original


def _encoded_keys(keys: Iterable[Key]) -> EncodedKeys:
    encoded = EncodedKeys()
    for datastream_id, time in keys:
        encoded.ids.append(_FIELD.pack(8, datastream_id))
        encoded.times.append(_FIELD.pack(8, _microseconds(time)))
    return encoded


def _record_change(conn: db.Connection, keys: EncodedKeys) -> None:
    """Tells the followers of the feed, at commit, which keys have a new value."""
    if keys.ids:
        arrays = _array(_INT8_OID, keys.ids) + _array(_TIMESTAMPTZ_OID, keys.times)
        _copy(conn, "copy_change", [struct.pack("!h", 2) + arrays])
        conn.execute(db.statements("observations")["announce"])


def _array(oid: int, elements: Sequence[bytes]) -> bytes:
    """A one-dimensional array without NULLs as a field of a row."""
    body = _ARRAY.pack(1, 0, oid, len(elements), 1) + b"".join(elements)
    return struct.pack("!i", len(body)) + body


def _microseconds(time: datetime) -> int:
    return (time - _EPOCH) // _MICROSECOND


def _text(value: str | None) -> bytes:
    if value is None:
        return _NULL
    encoded = value.encode()
    return struct.pack("!i", len(encoded)) + encoded
