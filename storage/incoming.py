"""What comes in is stored: once however often it is delivered, and a correction keeps what it replaced."""

import struct
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, Final

import msgspec
from psycopg import errors
from psycopg.types.json import Jsonb

from storage import db
from storage.model import FloodExtent, Observation

Key = tuple[int, datetime]
"""(datastream_id, phenomenon_time)"""
KnownResult = tuple[int, datetime, datetime, float]
"""A key with a result_time and a result."""
FLAGS: Final = frozenset({"calibrating", "fault", "estimated"})
"""Reasons that a Thing itself gives (`flags` of a message)."""


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
    folded = _folded(conn, observations)
    changed: list[Key] = []
    counts = WriteCounts(
        corrected=len(folded.replaced), outdated=len(folded.outdated), duplicate=folded.known
    )
    if folded.last:
        counts += _merge(conn, folded.last, changed)
    if folded.replaced or folded.outdated:
        _bring(conn, [*folded.replaced, *folded.outdated])
        conn.execute(db.statements("incoming")["set_aside_incoming"])
    counts += _flag(conn, observations, changed)
    _record_change(conn, _encoded_keys(changed))
    return counts


def write_extent(conn: db.Connection, extent: FloodExtent) -> None:
    """Stores a flooded area; the same Thing and time again replaces it."""
    conn.execute(
        db.statements("incoming")["write_extent"],
        {
            "thing_id": extent.thing_id,
            "phenomenon_time": extent.phenomenon_time,
            "features": Jsonb(extent.features),
            "provenance": extent.provenance.value,
        },
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Folded:
    """A batch in which some keys stood several times: of each key the one that would be left, and the others."""

    last: Sequence[Observation]
    replaced: Sequence[Observation] = ()
    """Was the current value for a moment, until a later one of the batch came."""
    outdated: Sequence[Observation] = ()
    known: int = 0
    """Delivered before, in the batch or long ago."""


def fold(
    observations: Sequence[Observation], known: Iterable[KnownResult], current: Mapping[Key, datetime]
) -> Folded:
    """What one after the other would lead to, in one pass. Pure.

    `known` are the (key, result_time, result) that keys which stand several times hold or held, `current` the
    result_time that they hold now. The newest result_time is left, at a tie the later arrival.
    """
    seen = set(known)
    last: dict[Key, Observation] = {}
    replaced: list[Observation] = []
    outdated: list[Observation] = []
    repeated = 0
    for o in observations:
        key = (o.datastream_id, o.phenomenon_time)
        result: KnownResult = (*key, o.result_time, o.result)
        if result in seen:
            repeated += 1
            continue
        seen.add(result)
        held = last.get(key)
        newest = held.result_time if held is not None else current.get(key)
        if newest is not None and o.result_time < newest:
            outdated.append(o)
            continue
        if held is not None:
            replaced.append(held)
        last[key] = o
    return Folded(last=list(last.values()), replaced=replaced, outdated=outdated, known=repeated)


def _folded(conn: db.Connection, observations: Sequence[Observation]) -> Folded:
    """Nothing to do for the usual batch, in which each key stands once."""
    counts = Counter((o.datastream_id, o.phenomenon_time) for o in observations)
    if len(counts) == len(observations):
        return Folded(last=observations)
    several = [key for key, count in counts.items() if count > 1]
    rows = conn.execute(
        db.statements("incoming")["known_results"],
        {
            "datastream_ids": [key[0] for key in several],
            "phenomenon_times": [key[1] for key in several],
            "first": min(key[1] for key in several),
            "last": max(key[1] for key in several),
        },
    ).fetchall()
    known = [(r["datastream_id"], r["phenomenon_time"], r["result_time"], r["result"]) for r in rows]
    current = {k[:2]: k[2] for k, r in zip(known, rows, strict=True) if r["current"]}
    return fold(observations, known, current)


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
    sql = db.statements("incoming")
    times = [o.phenomenon_time for o in observations]
    _bring(conn, observations)
    new = conn.execute(sql["insert_new"]).fetchall()
    changed += [(row["datastream_id"], row["phenomenon_time"]) for row in new]
    if len(new) == len(observations):
        return WriteCounts(written=len(new))
    earlier = observations[0].arrived is not None
    bounds = {"first": min(times), "last": max(times), "earlier": earlier}
    contested = conn.execute(sql["correct"], bounds).fetchall()
    current = [row for row in contested if row["current"]]
    changed += [(row["datastream_id"], row["phenomenon_time"]) for row in current]
    return WriteCounts(
        written=len(new),
        corrected=len(current),
        outdated=len(contested) - len(current),
        duplicate=len(observations) - len(new) - len(contested),
    )


def _bring(conn: db.Connection, observations: Sequence[Observation]) -> None:
    """Into `incoming`, and nothing else there. All of them arrived just now, or all earlier."""
    sql = db.statements("incoming")
    conn.execute(sql["create_incoming"])
    conn.execute(sql["clear_incoming"])
    earlier = observations[0].arrived is not None
    block = "copy_incoming_arrived" if earlier else "copy_incoming"
    _copy(conn, block, _rows(observations, EncodedKeys(), with_arrival=earlier))


def _flag(conn: db.Connection, observations: Sequence[Observation], changed: list[Key]) -> WriteCounts:
    """A value that is there already, sent again with a flag, gets its quality; never a better one."""
    worst: dict[KnownResult, Observation] = {}
    for o in observations:
        result: KnownResult = (o.datastream_id, o.phenomenon_time, o.result_time, o.result)
        if o.quality_reason in FLAGS and (result not in worst or worst[result].quality < o.quality):
            worst[result] = o
    if not worst:
        return WriteCounts()
    _bring(conn, list(worst.values()))
    times = [o.phenomenon_time for o in worst.values()]
    rows = conn.execute(
        db.statements("incoming")["flag_known"], {"first": min(times), "last": max(times)}
    ).fetchall()
    changed += [(row["datastream_id"], row["phenomenon_time"]) for row in rows]
    return WriteCounts(corrected=len(rows), duplicate=-len(rows))


# Binary COPY, written by hand because it is the hot path: a row is a count of fields, then each as a length and
# its bytes. https://www.postgresql.org/docs/17/sql-copy.html#SQL-COPY-BINARY-FORMAT
_HEADER: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER: Final = struct.pack("!h", -1)
_FIELDS: Final = struct.pack("!h", 10)
_FIELDS_WITH_ARRIVAL: Final = struct.pack("!h", 11)
_FIELD: Final = struct.Struct("!iq")
_DOUBLE: Final = struct.Struct("!id")
_SMALL: Final = struct.Struct("!ih")
_ARRAY: Final = struct.Struct("!iiIii")
_INT8_OID: Final = 20
_TIMESTAMPTZ_OID: Final = 1184
CHANGE_KEYS: Final = 5_000
"""Keys that one row of the feed tells of: a follower reads whole rows, and each of its values is an object there."""
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
    with conn.cursor() as cursor, cursor.copy(db.statements("incoming")[block]) as copy:
        copy.write(_HEADER)
        for part in parts:
            copy.write(part)
        copy.write(_TRAILER)


def _rows(
    observations: Iterable[Observation], keys: EncodedKeys, *, with_arrival: bool = False
) -> Iterator[bytes]:
    """COPY_PART rows at a time; their keys are added to `keys`.

    Most fields of a row were in the row before or in many others, so a row is put together from encoded pieces.
    """
    ids: dict[int, bytes] = {}
    fields = _FIELDS_WITH_ARRIVAL if with_arrival else _FIELDS
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
                tail = _tail(o, with_arrival=with_arrival)
            last = o
            datastream_id = ids.get(o.datastream_id)
            if datastream_id is None:
                datastream_id = ids[o.datastream_id] = _FIELD.pack(8, o.datastream_id)
            keys.ids.append(datastream_id)
            keys.times.append(time)
            pieces += (fields, datastream_id, time, result_time, _DOUBLE.pack(8, o.result), tail)
        yield b"".join(pieces)


def _same_tail(a: Observation, b: Observation) -> bool:
    return (
        a.quality is b.quality
        and a.provenance is b.provenance
        and a.quality_reason == b.quality_reason
        and a.original == b.original
        and a.parameters is b.parameters
        and a.input_provenance is b.input_provenance
        and a.arrived is b.arrived
    )


def _tail(o: Observation, *, with_arrival: bool) -> bytes:
    original = _NULL if o.original is None else _DOUBLE.pack(8, o.original)
    texts = _text(o.provenance.value) + _text(o.input_provenance) + _text(o.quality_reason)
    arrival = _FIELD.pack(8, _microseconds(o.arrived)) if with_arrival and o.arrived else b""
    return _SMALL.pack(2, o.quality) + texts + original + _jsonb(o.parameters) + arrival


def _encoded_keys(keys: Iterable[Key]) -> EncodedKeys:
    encoded = EncodedKeys()
    for datastream_id, time in keys:
        encoded.ids.append(_FIELD.pack(8, datastream_id))
        encoded.times.append(_FIELD.pack(8, _microseconds(time)))
    return encoded


def _record_change(conn: db.Connection, keys: EncodedKeys) -> None:
    """Tells the followers of the feed, at commit, which keys have a new value."""
    parts = [slice(n, n + CHANGE_KEYS) for n in range(0, len(keys.ids), CHANGE_KEYS)]
    rows = [
        struct.pack("!h", 2) + _array(_INT8_OID, keys.ids[part]) + _array(_TIMESTAMPTZ_OID, keys.times[part])
        for part in parts
    ]
    if rows:
        _copy(conn, "copy_change", rows)
        conn.execute(db.statements("incoming")["announce"])


def _array(oid: int, elements: Sequence[bytes]) -> bytes:
    """A one-dimensional array without NULLs as a field of a row."""
    body = _ARRAY.pack(1, 0, oid, len(elements), 1) + b"".join(elements)
    return struct.pack("!i", len(body)) + body


def _microseconds(time: datetime) -> int:
    return (time - _EPOCH) // _MICROSECOND


def _jsonb(value: Mapping[str, Any] | None) -> bytes:
    """The binary form of jsonb is a version, 1, and the text."""
    if value is None:
        return _NULL
    encoded = b"\x01" + msgspec.json.encode(value)
    return struct.pack("!i", len(encoded)) + encoded


def _text(value: str | None) -> bytes:
    if value is None:
        return _NULL
    encoded = value.encode()
    return struct.pack("!i", len(encoded)) + encoded
