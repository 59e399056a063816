"""Incidents: alerts that belong together, what was to be done and what was. Reads only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, LiteralString

from storage import db
from storage.alert_pages import PageAlert
from storage.alert_routing import TimelineEntry

MOST_ALERTS: Final = 50
MOST_STEPS: Final = 200
MOST_ATTACHMENTS: Final = 20
MOST_EVENTS: Final = 2000
"""Of one incident. Its closing can always be written."""


@dataclass(frozen=True, kw_only=True, slots=True)
class IncidentRow:
    """As lists and its page show it. Times are aware."""

    id: int
    title: str
    severity: str
    place: str
    commander: str | None
    assignee: str | None
    opened_at: datetime
    opened_by: str
    changed_at: datetime
    closed_at: datetime | None
    closed_by: str | None
    resolution: str | None
    words: str
    alerts: int
    firing: int
    not_measured: int
    """Alerts whose values are not all measured or entered by hand."""
    steps: int
    done: int


@dataclass(frozen=True, kw_only=True, slots=True)
class StepRow:
    id: int
    alert_id: int | None
    """From whose runbook it is; None: somebody wrote it."""
    text_vi: str
    text_en: str
    added_at: datetime
    added_by: str
    done_at: datetime | None
    done_by: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class EventRow:
    id: int
    at: datetime
    kind: str
    actor: str
    detail: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class AttachmentRow:
    id: int
    name: str
    media_type: str
    size: int
    """Bytes."""
    added_at: datetime
    added_by: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Attachment:
    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class IncidentOf:
    """That an alert is in an incident."""

    alert_id: int
    id: int
    title: str
    closed_at: datetime | None


def open_incidents(conn: db.Connection, limit: int) -> list[IncidentRow]:
    """Worst and newest first."""
    return [IncidentRow(**row) for row in _rows(conn, "open_incidents", limit=limit)]


def closed_incidents(
    conn: db.Connection, words: Sequence[str], *, after: tuple[datetime, int] | None, limit: int
) -> list[IncidentRow]:
    """The last closed first. `words` are folded (storage.folding); `after` is (closed_at, id) of the last one seen."""
    after_at, after_id = after or (None, None)
    asked = {"words": list(words), "after_at": after_at, "after_id": after_id, "limit": limit}
    return [IncidentRow(**row) for row in _rows(conn, "closed_incidents", **asked)]


def incident(conn: db.Connection, incident_id: int) -> IncidentRow | None:
    found = _rows(conn, "incident", incident_id=incident_id)
    return IncidentRow(**found[0]) if found else None


def alerts(conn: db.Connection, incident_id: int) -> list[PageAlert]:
    """Those that go on first."""
    found = _rows(conn, "alerts", incident_id=incident_id, limit=MOST_ALERTS)
    return [PageAlert(**row) for row in found]


def of_alerts(conn: db.Connection, alert_ids: Sequence[int]) -> list[IncidentOf]:
    """Which incidents they are in, open ones first."""
    if not alert_ids:
        return []
    return [IncidentOf(**row) for row in _rows(conn, "of_alerts", alert_ids=list(alert_ids))]


def steps(conn: db.Connection, incident_id: int) -> list[StepRow]:
    """In the order in which they came."""
    return [StepRow(**row) for row in _rows(conn, "steps", incident_id=incident_id)]


def events(conn: db.Connection, incident_id: int, limit: int) -> list[EventRow]:
    """The newest ones, oldest first."""
    return [EventRow(**row) for row in _rows(conn, "events", incident_id=incident_id, limit=limit)]


def attachments(conn: db.Connection, incident_id: int) -> list[AttachmentRow]:
    return [AttachmentRow(**row) for row in _rows(conn, "attachments", incident_id=incident_id)]


def attachment(conn: db.Connection, incident_id: int, attachment_id: int) -> Attachment | None:
    found = _rows(conn, "attachment", incident_id=incident_id, attachment_id=attachment_id)
    return Attachment(**found[0]) if found else None


def alert_entries(
    conn: db.Connection, alert_ids: Sequence[int], limit: int
) -> list[tuple[int, TimelineEntry]]:
    """What became of several alerts, each with the alert's number: the newest, oldest first."""
    if not alert_ids:
        return []
    found = _rows(conn, "alert_entries", alert_ids=list(alert_ids), limit=limit)
    for row in found:
        del row["rank"], row["number"]
    return [(row.pop("alert_id"), TimelineEntry(**row)) for row in found]


def commanders(conn: db.Connection) -> list[str]:
    """Names of the accounts that may lead."""
    return [row["name"] for row in _rows(conn, "commanders")]


def _rows(conn: db.Connection, name: str, **asked: Any) -> list[dict[str, Any]]:
    return conn.execute(_sql(name), asked).fetchall()


def _sql(name: str) -> LiteralString:
    return db.statements("incidents")[name]
