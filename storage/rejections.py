"""Messages that were refused, whole or in part: kept with their bytes, the reason and where it went wrong."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
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


def insert(conn: db.Connection, rejections: Sequence[Rejection]) -> int:
    """Stores them inside the caller's transaction; returns how many were not there from a first delivery."""
    if not rejections:
        return 0
    with conn.cursor() as cursor:
        cursor.executemany(db.statements("rejections")["insert"], [_parameters(r) for r in rejections])
        return cursor.rowcount


def newest(conn: db.Connection, limit: int) -> list[RejectionRow]:
    """The last ones, newest first."""
    rows = conn.execute(db.statements("rejections")["newest"], {"limit": limit}).fetchall()
    return [RejectionRow(**row) for row in rows]


def previews(conn: db.Connection, limit: int, payload_bytes: int) -> list[RejectionPreview]:
    """The last ones, newest first, with so many bytes of each payload."""
    parameters = {"limit": limit, "bytes": payload_bytes}
    rows = conn.execute(db.statements("rejections")["previews"], parameters).fetchall()
    return [RejectionPreview(**row) for row in rows]


def count_by_reason(conn: db.Connection, since: datetime) -> dict[str, int]:
    """How many since then, the most frequent reason first."""
    rows = conn.execute(db.statements("rejections")["count_by_reason"], {"since": since}).fetchall()
    return {row["reason"]: row["count"] for row in rows}


def _parameters(rejection: Rejection) -> dict[str, Any]:
    return {
        "received_at": rejection.received_at,
        "topic": rejection.topic,
        "payload": rejection.payload,
        "reason": rejection.reason,
        "detail": Jsonb(rejection.detail),
        "source": rejection.source,
        "unknown_devices": list(rejection.unknown_devices) or None,
        "packet_id": rejection.packet_id,
        "redelivered_since": rejection.redelivered_since,
        "resent_from": rejection.resent_between[0] if rejection.resent_between else None,
        "resent_to": rejection.resent_between[1] if rejection.resent_between else None,
    }
