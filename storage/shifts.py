"""What happened in a shift, and shifts that were handed over. Times are aware; a shift is [start, end)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, LiteralString

from storage import db, operators
from storage.alert_pages import PageAlert
from storage.incidents import IncidentRow
from storage.manual import EntryRow
from storage.notices import NoticeRow
from storage.operators import AuditEvent
from storage.silences import SilenceRow

MOST: Final = 200
"""Rows of a kind that are read; the counts say how many there are."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Deed:
    """What somebody did to an alert."""

    at: datetime
    kind: str
    actor: str
    note: str
    alert_id: int
    title_vi: str
    title_en: str
    thing_name_vi: str
    thing_name_en: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ShiftIncident:
    incident: IncidentRow
    touched: bool
    """Something was done about it in the shift."""
    open_steps: list[tuple[str, str]]
    """Vietnamese and English."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ShiftFacts:
    """Everything that is stored of a shift; lists hold at most MOST."""

    fired: list[PageAlert]
    ended: list[PageAlert]
    firing: list[PageAlert]
    """At its end."""
    counts: Mapping[str, int]
    """fired, ended, firing: of all."""
    people: list[Deed]
    platform: list[PageAlert]
    silences: list[SilenceRow]
    incidents: list[ShiftIncident]
    rejections: Mapping[str, int]
    """By reason, the most first."""
    notices: list[NoticeRow]
    entries: list[EntryRow]


@dataclass(frozen=True, kw_only=True, slots=True)
class HandoverRow:
    id: int
    starts_at: datetime
    ends_at: datetime
    author: str
    note: str
    handed_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Handover(HandoverRow):
    """With the report as it was read then; JSON of the dashboard's own."""

    document_vi: str
    document_en: str


def facts(conn: db.Connection, start: datetime, end: datetime) -> ShiftFacts:
    """All in one snapshot of the database, so that sums and lists agree."""
    asked = {"start": start, "end": end, "limit": MOST}
    with conn.transaction():
        conn.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        [counts] = _rows(conn, "counts", asked)
        return ShiftFacts(
            fired=[PageAlert(**row) for row in _rows(conn, "fired", asked)],
            ended=[PageAlert(**row) for row in _rows(conn, "ended", asked)],
            firing=[PageAlert(**row) for row in _rows(conn, "firing_at", asked)],
            counts=counts,
            people=[Deed(**row) for row in _rows(conn, "people", asked)],
            platform=[PageAlert(**row) for row in _rows(conn, "platform", asked)],
            silences=[SilenceRow(**row) for row in _rows(conn, "silences", asked)],
            incidents=_incidents(conn, asked),
            rejections={row["reason"]: row["count"] for row in _rows(conn, "rejections", asked)},
            notices=[NoticeRow(**row) for row in _rows(conn, "notices", asked)],
            entries=[EntryRow(**row) for row in _rows(conn, "entries", asked)],
        )


def hand_over(
    conn: db.Connection,
    *,
    start: datetime,
    end: datetime,
    note: str,
    document_vi: str,
    document_en: str,
    author: str,
    source: str,
    now: datetime,
) -> int:
    """Keeps the report as it is read now, with its entry in the audit. Returns its number."""
    with conn.transaction():
        asked = {
            "starts_at": start,
            "ends_at": end,
            "author": author,
            "note": note,
            "now": now,
            "document_vi": document_vi,
            "document_en": document_en,
        }
        [row] = _rows(conn, "hand_over", asked)
        event = AuditEvent(
            at=now,
            actor=author,
            action="shift_handed_over",
            subject=f"handover {row['id']}",
            source=source,
            detail={"start": start.isoformat(), "end": end.isoformat(), "note": note},
        )
        operators.record(conn, event)
    return int(row["id"])


def handovers(conn: db.Connection, limit: int) -> list[HandoverRow]:
    """The last first."""
    return [HandoverRow(**row) for row in _rows(conn, "handovers", {"limit": limit})]


def handover(conn: db.Connection, handover_id: int) -> Handover | None:
    found = _rows(conn, "handover", {"handover_id": handover_id})
    return Handover(**found[0]) if found else None


def _incidents(conn: db.Connection, asked: Mapping[str, Any]) -> list[ShiftIncident]:
    rows = _rows(conn, "incidents", asked)
    steps: dict[int, list[tuple[str, str]]] = {}
    for step in _rows(conn, "open_steps", {"incident_ids": [row["id"] for row in rows]}):
        steps.setdefault(step["incident_id"], []).append((step["text_vi"], step["text_en"]))
    return [
        ShiftIncident(
            touched=row.pop("touched"), incident=IncidentRow(**row), open_steps=steps.get(row["id"], [])
        )
        for row in rows
    ]


def _rows(conn: db.Connection, name: str, asked: Mapping[str, Any]) -> list[dict[str, Any]]:
    return conn.execute(_sql(name), asked).fetchall()


def _sql(name: str) -> LiteralString:
    return db.statements("shifts")[name]
