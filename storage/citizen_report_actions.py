"""What people do about citizens' reports. Each is one transaction with its entry in the operators' audit.

All raise CitizenReportRefused, and write nothing, when it can't be.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, LiteralString

from storage import db, operators
from storage.citizen_reports import LONGEST_REASON, LONGEST_TEXT, Service, State
from storage.operators import AuditEvent

LONGEST_SHOWN: Final = timedelta(hours=24)
"""On the map; then somebody has to say it anew."""


class CitizenReportRefused(ValueError):
    """What can't be done; `code` says why to pages in other languages, with `values` filled in."""

    def __init__(self, code: str, **values: str) -> None:
        super().__init__(code.replace("_", " "))
        self.code = code
        self.values = values


@dataclass(frozen=True, kw_only=True, slots=True)
class By:
    """Who does it, from which address, when."""

    actor: str
    source: str
    now: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Confirmation:
    """What everybody may see of it. `lasting`: of a flood, how long it stands on the map."""

    text: str
    photo: bool
    lasting: timedelta


def confirm(conn: db.Connection, report_id: int, asked: Confirmation, by: By) -> None:
    text = asked.text.strip()
    if len(text) > LONGEST_TEXT:
        raise CitizenReportRefused("long", longest=str(LONGEST_TEXT))
    if not timedelta(0) < asked.lasting <= LONGEST_SHOWN:
        raise CitizenReportRefused("lasting")
    with conn.transaction():
        row = _new(conn, report_id)
        until = by.now + asked.lasting if row["service"] == Service.FLOOD else None
        given = {"text": text or None, "photo": asked.photo, "until": until}
        _execute(conn, "confirm", report_id, by, given)
        detail = {"service": row["service"], "photo": asked.photo, "text": text}
        _record(conn, row, "confirmed", by, detail | ({"ends_at": until.isoformat()} if until else {}))


def reject(conn: db.Connection, report_id: int, reason: str, by: By) -> None:
    """Who has its number reads the reason. How to reach them is deleted."""
    cleaned = _text(reason, LONGEST_REASON, "reason")
    with conn.transaction():
        row = _new(conn, report_id)
        _execute(conn, "reject", report_id, by, {"reason": cleaned})
        _execute(conn, "forget_contacts", report_id, by)
        _record(conn, row, "rejected", by, {"reason": cleaned})


def merge(conn: db.Connection, report_id: int, into: int, by: By) -> None:
    """It is the same as another that is open; whoever follows it sees how that one stands."""
    with conn.transaction():
        rows = _locked(conn, report_id, into)
        row, main = rows.get(report_id), rows.get(into)
        if row is None or main is None or report_id == into:
            raise CitizenReportRefused("unknown")
        if row["state"] != State.NEW:
            raise CitizenReportRefused("moderated", number=row["number"])
        if main["status"] != "open":
            raise CitizenReportRefused("closed", number=main["number"])
        if row["service"] != main["service"]:
            raise CitizenReportRefused("other_service")
        _execute(conn, "merge", report_id, by, {"into": into})
        _execute(conn, "touch", into, by)
        _record(conn, row, "merged", by, {"into": main["number"]})


def answer(conn: db.Connection, report_id: int, text_vi: str, text_en: str, by: By) -> None:
    """In one language or both. Who has the number reads it; everybody, if the report is confirmed."""
    given = {"answer_vi": text_vi.strip() or None, "answer_en": text_en.strip() or None}
    if not any(given.values()):
        raise CitizenReportRefused("answer_missing")
    if any(len(text or "") > LONGEST_TEXT for text in given.values()):
        raise CitizenReportRefused("long", longest=str(LONGEST_TEXT))
    with conn.transaction():
        row = _known(conn, report_id)
        if row["state"] == State.MERGED:
            raise CitizenReportRefused("moderated", number=row["number"])
        _execute(conn, "answer", report_id, by, given)
        said = {name: text for name, text in given.items() if text}
        _record(conn, row, "answered", by, said)


def close(conn: db.Connection, report_id: int, by: By) -> None:
    """What is over: it leaves the map at once, and how to reach people is deleted."""
    with conn.transaction():
        row = _known(conn, report_id)
        if row["status"] == "closed":
            raise CitizenReportRefused("closed", number=row["number"])
        if row["state"] != State.CONFIRMED:
            raise CitizenReportRefused("not_confirmed", number=row["number"])
        _execute(conn, "close", report_id, by)
        _execute(conn, "forget_contacts", report_id, by)
        _record(conn, row, "closed", by)


def forget_contact(conn: db.Connection, report_id: int, by: By) -> None:
    with conn.transaction():
        row = _known(conn, report_id)
        _execute(conn, "forget_contacts", report_id, by)
        _execute(conn, "touch", report_id, by)
        _record(conn, row, "contact_deleted", by)


def remove_photo(conn: db.Connection, report_id: int, by: By) -> None:
    """For good: a picture that must not be kept."""
    with conn.transaction():
        row = _known(conn, report_id)
        _execute(conn, "remove_photo", report_id, by)
        _execute(conn, "touch", report_id, by)
        _record(conn, row, "photo_deleted", by)


def _locked(conn: db.Connection, *ids: int) -> dict[int, dict[str, Any]]:
    return {row["id"]: row for row in conn.execute(_sql("lock"), {"ids": list(ids)}).fetchall()}


def _known(conn: db.Connection, report_id: int) -> dict[str, Any]:
    row = _locked(conn, report_id).get(report_id)
    if row is None:
        raise CitizenReportRefused("unknown")
    return row


def _new(conn: db.Connection, report_id: int) -> dict[str, Any]:
    row = _known(conn, report_id)
    if row["state"] != State.NEW:
        raise CitizenReportRefused("moderated", number=row["number"])
    return row


def _execute(
    conn: db.Connection, name: str, report_id: int, by: By, given: Mapping[str, Any] | None = None
) -> None:
    asked = {"report_id": report_id, "actor": by.actor, "now": by.now}
    conn.execute(_sql(name), asked | dict(given or {}))


def _record(
    conn: db.Connection, row: Mapping[str, Any], kind: str, by: By, detail: Mapping[str, Any] | None = None
) -> None:
    event = AuditEvent(
        at=by.now,
        actor=by.actor,
        action=f"citizen_report_{kind}",
        subject=f"citizen report {row['number']}",
        source=by.source,
        detail=dict(detail or {}),
    )
    operators.record(conn, event)


def _text(text: str, longest: int, which: str) -> str:
    cleaned = text.strip()
    if not cleaned:
        raise CitizenReportRefused(f"{which}_missing")
    if len(cleaned) > longest:
        raise CitizenReportRefused("long", longest=str(longest))
    return cleaned


def _sql(name: str) -> LiteralString:
    return db.statements("citizen_reports")[name]
