"""What only the operators' pages of alerts read: the queue, history, silences, public messages. It writes nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from storage import db
from storage.silences import SilenceRow


@dataclass(frozen=True, kw_only=True, slots=True)
class PageAlert:
    """An alert as its page shows it. Times are aware UTC."""

    id: int
    rule: str
    domain: str
    property: str
    severity: str
    condition: str
    title_vi: str
    title_en: str
    runbook_vi: str
    runbook_en: str
    labels: Mapping[str, str]
    unit: str
    limit: float | None
    value: float
    value_time: datetime
    peak: float
    state: str
    """pending, firing or resolved"""
    pending_since: datetime
    firing_since: datetime | None
    resolved_at: datetime | None
    withdrawn: bool
    provenance: str
    suggestion: bool
    """True while the limit is our own [S]."""
    basis_vi: str
    basis_en: str
    flapping: bool
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    acknowledgement: str | None
    public: str
    """never, approve or auto"""
    for_citizens: bool
    approved_at: datetime | None
    approved_by: str | None
    refused_at: datetime | None
    thing_id: str
    thing_name_vi: str
    thing_name_en: str
    lat: float | None
    lon: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Handling:
    """Who sees to an open alert, and the labels by which silences find it."""

    id: int
    labels: Mapping[str, str]
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    acknowledgement: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class AlertTitle:
    id: int
    title_vi: str
    title_en: str
    thing_name_vi: str
    thing_name_en: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CapRow:
    id: int
    alert_id: int
    msg_type: str
    status: str
    sent_at: datetime
    expires_at: datetime
    headline_vi: str
    headline_en: str


@dataclass(frozen=True, kw_only=True, slots=True)
class EscalationRow:
    """A step of a chain."""

    chain: str
    step: int
    due_at: datetime
    done_at: datetime | None
    outcome: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class KnownLabels:
    rule: str
    title_vi: str
    title_en: str
    area: str | None
    kind: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """What of the history is looked for: words in keys and names, and when it began to fire."""

    since: datetime
    until: datetime
    rule: str = ""
    thing: str = ""


def alert(conn: db.Connection, alert_id: int) -> PageAlert | None:
    row = conn.execute(_sql("alert"), {"alert_id": alert_id}).fetchone()
    return PageAlert(**row) if row else None


def open_alerts(conn: db.Connection, limit: int) -> list[PageAlert]:
    """Pending and firing ones, worst and newest first."""
    return [PageAlert(**row) for row in conn.execute(_sql("open_alerts"), {"limit": limit}).fetchall()]


def handling(conn: db.Connection) -> list[Handling]:
    """Of every pending and firing alert; no order."""
    return [Handling(**row) for row in conn.execute(_sql("handling")).fetchall()]


def history(
    conn: db.Connection, wanted: Wanted, *, after: tuple[datetime, int] | None, limit: int
) -> list[PageAlert]:
    """What fired, newest first; `after` is (firing_since, id) of the last one that was seen."""
    parameters = {
        "since": wanted.since,
        "until": wanted.until,
        "rule": wanted.rule,
        "thing": wanted.thing,
        "after_at": after[0] if after else None,
        "after_id": after[1] if after else None,
        "limit": limit,
    }
    return [PageAlert(**row) for row in conn.execute(_sql("history"), parameters).fetchall()]


def of_thing(conn: db.Connection, thing_id: str, limit: int) -> list[PageAlert]:
    """Those that go on, then those that are over, each the newest first."""
    asked = {"thing_id": thing_id, "limit": limit}
    return [PageAlert(**row) for row in conn.execute(_sql("of_thing"), asked).fetchall()]


def titles(conn: db.Connection, alert_ids: Sequence[int]) -> dict[int, AlertTitle]:
    """By number; what is not there is left out."""
    if not alert_ids:
        return {}
    rows = conn.execute(_sql("titles"), {"alert_ids": list(alert_ids)}).fetchall()
    return {row["id"]: AlertTitle(**row) for row in rows}


def silences_numbered(conn: db.Connection, silence_ids: Sequence[int]) -> dict[int, SilenceRow]:
    """By number; what is not there is left out."""
    if not silence_ids:
        return {}
    rows = conn.execute(_sql("silences_numbered"), {"silence_ids": list(silence_ids)}).fetchall()
    return {row["id"]: SilenceRow(**row) for row in rows}


def cap_messages(conn: db.Connection, limit: int) -> list[CapRow]:
    """The newest first."""
    return [CapRow(**row) for row in conn.execute(_sql("cap_messages"), {"limit": limit}).fetchall()]


def escalations(conn: db.Connection, alert_id: int) -> list[EscalationRow]:
    rows = conn.execute(_sql("escalations"), {"alert_id": alert_id}).fetchall()
    return [EscalationRow(**row) for row in rows]


def memory(conn: db.Connection, alert_id: int) -> str | None:
    """JSON of the alerts package's own (alerts.model.Evaluation); None: the alert is over."""
    row = conn.execute(_sql("memory"), {"alert_id": alert_id}).fetchone()
    return row["memory"] if row else None


def known_labels(conn: db.Connection, since: datetime) -> list[KnownLabels]:
    """Each different combination among alerts that began after `since`."""
    return [KnownLabels(**row) for row in conn.execute(_sql("known_labels"), {"since": since}).fetchall()]


def _sql(name: str) -> LiteralString:
    return db.statements("alert_pages")[name]
