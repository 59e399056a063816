"""Maintenance notes: what people did to a Thing, and when. They are kept; one written in error is withdrawn."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, LiteralString

from storage import db, operators
from storage.operators import AuditEvent

LONGEST_TEXT: Final = 2000


class Kind(StrEnum):
    """What was done."""

    CLEANING = "cleaning"
    CALIBRATION = "calibration"
    REPAIR = "repair"
    REPLACEMENT = "replacement"
    OTHER = "other"


class NoteRefused(ValueError):
    """A note that can't be kept; `code` says why: `empty`, `too_long` or `end_before_start`."""

    def __init__(self, code: str) -> None:
        super().__init__(f"maintenance note: {code}")
        self.code = code


@dataclass(frozen=True, kw_only=True, slots=True)
class Note:
    """Times are aware UTC."""

    id: int
    thing_id: str
    kind: str
    text: str
    starts_at: datetime
    ends_at: datetime | None
    """None: it was done at one moment, or nobody said how long it took."""
    author: str
    written_at: datetime
    withdrawn_by: str | None
    withdrawn_at: datetime | None


def add(
    conn: db.Connection,
    thing_id: str,
    *,
    kind: Kind,
    text: str,
    starts_at: datetime,
    ends_at: datetime | None,
    author: str,
    source: str,
    now: datetime,
) -> int | None:
    """The number of the new note, which is in the audit as well; None: there is no such Thing. Raises NoteRefused.

    `source` is the author's address.
    """
    text = text.strip()
    if not text:
        raise NoteRefused("empty")
    if len(text) > LONGEST_TEXT:
        raise NoteRefused("too_long")
    if ends_at is not None and ends_at < starts_at:
        raise NoteRefused("end_before_start")
    asked = {
        "thing_id": thing_id,
        "kind": kind.value,
        "text": text,
        "starts_at": starts_at,
        "ends_at": ends_at,
    }
    with conn.transaction():
        row = conn.execute(_sql("add"), {**asked, "author": author, "now": now}).fetchone()
        if row is None:
            return None
        detail = {"note": row["id"], "kind": kind.value, "text": text}
        operators.record(conn, _event("maintenance_noted", thing_id, author, source, now, detail))
    return int(row["id"])


def withdraw(
    conn: db.Connection, thing_id: str, note_id: int, *, actor: str, source: str, now: datetime
) -> bool:
    """Whether there was such a note of the Thing and it held until now; the audit has it then."""
    asked = {"thing_id": thing_id, "note_id": note_id, "actor": actor, "now": now}
    with conn.transaction():
        done = conn.execute(_sql("withdraw"), asked).rowcount > 0
        if done:
            event = _event("maintenance_withdrawn", thing_id, actor, source, now, {"note": note_id})
            operators.record(conn, event)
    return done


def of_thing(conn: db.Connection, thing_id: str, limit: int) -> list[Note]:
    """Those withdrawn too; what was done last comes first."""
    rows = conn.execute(_sql("of_thing"), {"thing_id": thing_id, "limit": limit})
    return [Note(**row) for row in rows]


def between(conn: db.Connection, thing_id: str, start: datetime, end: datetime) -> list[Note]:
    """What was done from `start` to `end` or went on then, in order of time; without those withdrawn."""
    rows = conn.execute(_sql("between"), {"thing_id": thing_id, "start": start, "end": end})
    return [Note(**row) for row in rows]


def _event(
    action: str, thing_id: str, actor: str, source: str, now: datetime, detail: Mapping[str, Any]
) -> AuditEvent:
    return AuditEvent(
        at=now, actor=actor, action=action, subject=thing_id, source=source, detail=dict(detail)
    )


def _sql(name: str) -> LiteralString:
    return db.statements("maintenance")[name]
