"""Messages that were refused, whole or in part: kept with their bytes, the reason and where it went wrong."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from psycopg.types.json import Jsonb

from storage import db
from storage.model import Rejection


@dataclass(frozen=True, kw_only=True, slots=True)
class RejectionRow:
    id: int
    received_at: datetime
    topic: str
    payload: bytes
    reason: str
    detail: dict[str, Any]
    source: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RejectionPreview:
    """A rejection with only the beginning of its payload."""

    id: int
    received_at: datetime
    topic: str
    payload: bytes
    size: int
    """Bytes of the whole payload."""
    reason: str
    detail: dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenReason:
    """How much of one reason nobody has mended yet."""

    reason: str
    count: int
    oldest: datetime
    newest: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Selection:
    """Which open rejections; None takes any."""

    reason: str | None = None
    since: datetime | None = None
    """Received from then on."""
    until: datetime | None = None
    """Received before then."""
    source: str | None = None
    device: str | None = None
    """Named by the message, and unknown."""
    topic_pattern: str | None = None
    """A regular expression for the whole topic."""


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class Cursor:
    """How far a run has come."""

    received_at: datetime
    id: int


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenSize:
    """An open rejection and the bytes of its payload, before it is fetched."""

    cursor: Cursor
    size: int


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenRejection:
    """An open rejection, whole."""

    id: int
    received_at: datetime
    topic: str
    payload: bytes
    reason: str
    source: str
    unknown_devices: Sequence[str] | None
    full_size: int | None
    """Of a file over the limit: only its beginning is in `payload`."""


def insert(conn: db.Connection, rejections: Sequence[Rejection]) -> int:
    """Stores them inside the caller's transaction; returns how many were not there from a first delivery."""
    fresh = [rejection for rejection in rejections if _is_surely_first(rejection)]
    if fresh:
        _copy(conn, fresh)
    if len(fresh) == len(rejections):
        return len(fresh)
    doubtful = [rejection for rejection in rejections if not _is_surely_first(rejection)]
    overlapping = sorted({_key(r) for r in doubtful if r.overlap is not None})
    if overlapping:
        conn.execute(db.statements("rejections")["lock_overlapping"], {"keys": overlapping})
    with conn.cursor() as cursor:
        cursor.executemany(db.statements("rejections")["insert"], [_parameters(r) for r in doubtful])
        return len(fresh) + cursor.rowcount


def _is_surely_first(rejection: Rejection) -> bool:
    """Nothing says that it may be there from another delivery, so that there is no need to look."""
    suspicions = (rejection.redelivered_since, rejection.resent_between, rejection.overlap)
    return all(suspicion is None for suspicion in suspicions)


def _copy(conn: db.Connection, rejections: Sequence[Rejection]) -> None:
    """Three times as fast as `insert`: when a device floods us, refusing must cost less than storing."""
    with conn.cursor() as cursor, cursor.copy(db.statements("rejections")["copy"]) as copy:
        for r in rejections:
            devices = list(r.unknown_devices) or None
            copy.write_row(
                (
                    r.received_at,
                    r.topic,
                    r.payload,
                    r.reason,
                    Jsonb(r.detail),
                    r.source,
                    r.packet_id,
                    devices,
                    r.worker,
                )
            )


def newest(conn: db.Connection, limit: int) -> list[RejectionRow]:
    """The last ones, newest first."""
    rows = conn.execute(db.statements("rejections")["newest"], {"limit": limit}).fetchall()
    return [RejectionRow(**row) for row in rows]


def previews(conn: db.Connection, limit: int, payload_bytes: int) -> list[RejectionPreview]:
    """The last open ones, newest first, with so many bytes of each payload."""
    parameters = {"limit": limit, "bytes": payload_bytes}
    rows = conn.execute(db.statements("rejections")["previews"], parameters).fetchall()
    return [RejectionPreview(**row) for row in rows]


def newest_on(conn: db.Connection, topics: Sequence[str], payload_bytes: int) -> RejectionPreview | None:
    """The last refused message of these topics, mended since or not, with so many bytes of its payload."""
    asked = {"topics": list(topics), "bytes": payload_bytes}
    row = conn.execute(db.statements("rejections")["newest_on"], asked).fetchone()
    return RejectionPreview(**row) if row else None


def count_by_reason(conn: db.Connection, since: datetime) -> dict[str, int]:
    """How many open ones since then, the most frequent reason first."""
    rows = conn.execute(db.statements("rejections")["count_by_reason"], {"since": since}).fetchall()
    return {row["reason"]: row["count"] for row in rows}


def open_by_reason(conn: db.Connection) -> list[OpenReason]:
    """What is open, the most frequent reason first."""
    return [OpenReason(**row) for row in conn.execute(db.statements("rejections")["open_by_reason"])]


def open_ids(
    conn: db.Connection, selection: Selection, *, after: Cursor | None, limit: int
) -> list[OpenSize]:
    """The next open ones in order of arrival."""
    parameters = {
        "reason": selection.reason,
        "source": selection.source,
        "device": selection.device,
        "topic_pattern": selection.topic_pattern,
        "since": selection.since,
        "until": selection.until,
        "after_time": after.received_at if after else datetime.min.replace(tzinfo=UTC),
        "after_id": after.id if after else 0,
        "limit": limit,
    }
    rows = conn.execute(db.statements("rejections")["open_ids"], parameters).fetchall()
    return [
        OpenSize(cursor=Cursor(received_at=row["received_at"], id=row["id"]), size=row["size"])
        for row in rows
    ]


def open_rows(conn: db.Connection, ids: Collection[int]) -> list[OpenRejection]:
    """Those that are still open, in order of arrival."""
    rows = conn.execute(db.statements("rejections")["open_rows"], {"ids": list(ids)}).fetchall()
    return [OpenRejection(**row) for row in rows]


def lock_open(conn: db.Connection, ids: Collection[int]) -> set[int]:
    """Those that are still open and that nobody else works on, held until the caller's transaction ends."""
    rows = conn.execute(db.statements("rejections")["lock_open"], {"ids": list(ids)}).fetchall()
    return {row["id"] for row in rows}


def resolve(conn: db.Connection, ids: Collection[int], now: datetime) -> None:
    """Nothing is wrong with them any more. They stay, with their bytes (decision 0007)."""
    conn.execute(db.statements("rejections")["resolve"], {"ids": list(ids), "now": now})


def keep_open(
    conn: db.Connection, id_: int, *, reason: str, detail: Mapping[str, Any], unknown_devices: Sequence[str]
) -> None:
    """What is wrong with it now."""
    parameters = {
        "id": id_,
        "reason": reason,
        "detail": Jsonb(detail),
        "unknown_devices": list(unknown_devices) or None,
    }
    conn.execute(db.statements("rejections")["keep_open"], parameters)


def _key(rejection: Rejection) -> int:
    """Of an advisory lock: topic and bytes in 64 bits."""
    digest = hashlib.sha256(rejection.topic.encode() + b"\0" + rejection.payload).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


def _parameters(rejection: Rejection) -> dict[str, Any]:
    return {
        "received_at": rejection.received_at,
        "topic": rejection.topic,
        "payload": rejection.payload,
        "sha256": hashlib.sha256(rejection.payload).digest(),
        "reason": rejection.reason,
        "detail": Jsonb(rejection.detail),
        "source": rejection.source,
        "unknown_devices": list(rejection.unknown_devices) or None,
        "packet_id": rejection.packet_id,
        "worker": rejection.worker,
        "overlap": rejection.overlap,
        "redelivered_since": rejection.redelivered_since,
        "resent_from": rejection.resent_between[0] if rejection.resent_between else None,
        "resent_to": rejection.resent_between[1] if rejection.resent_between else None,
    }
