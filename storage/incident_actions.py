"""What people do about incidents. Each is one transaction with its line in the incident's history and in the audit.

All raise IncidentRefused, and write nothing, when it can't be. `source` is the actor's address.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, LiteralString

from psycopg.types.json import Jsonb

from storage import db, incidents, operators
from storage.folding import folded
from storage.incidents import MOST_ALERTS, MOST_ATTACHMENTS, MOST_EVENTS, MOST_STEPS
from storage.operators import AuditEvent

LONGEST_TITLE: Final = 200
LONGEST_NAME: Final = 100
LONGEST_NOTE: Final = 4000
LONGEST_STEP: Final = 1000
FIELDS: Final = ("title", "severity", "place", "commander", "assignee")
"""What of an incident can be changed, in the order in which it is told."""


class IncidentRefused(ValueError):
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
class Step:
    """What is to be done. `alert_id`: from whose runbook; None: somebody wrote it."""

    text_vi: str
    text_en: str
    alert_id: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class NewIncident:
    title: str
    severity: str
    place: str
    alert_ids: Sequence[int]
    steps: Sequence[Step]


def open_incident(conn: db.Connection, new: NewIncident, by: By) -> int:
    """Returns its number."""
    title = _text(new.title, LONGEST_TITLE, "title")
    place = new.place.strip()[:LONGEST_TITLE]
    with conn.transaction():
        _require_free(conn, new.alert_ids)
        asked = {"title": title, "severity": new.severity, "place": place, "words": _words(title, place)}
        row = conn.execute(_sql("insert"), {**asked, "actor": by.actor, "now": by.now}).fetchone()
        assert row is not None
        incident_id = int(row["id"])
        detail = {"title": title, "severity": new.severity, "alerts": list(new.alert_ids)}
        _record(conn, incident_id, "opened", by, detail)
        _put_alerts(conn, incident_id, new.alert_ids, by)
        _put_steps(conn, incident_id, new.steps, by)
    return incident_id


def join(
    conn: db.Connection, incident_id: int, alert_ids: Sequence[int], steps: Sequence[Step], by: By
) -> None:
    """Further alerts, with the steps of their runbooks."""
    with conn.transaction():
        _open(conn, incident_id)
        _require_free(conn, alert_ids)
        _require_room(conn, incident_id, alerts=len(alert_ids))
        _put_alerts(conn, incident_id, alert_ids, by)
        _record(conn, incident_id, "joined", by, {"alerts": list(alert_ids)})
        _put_steps(conn, incident_id, steps, by)


def change(conn: db.Connection, incident_id: int, wanted: Mapping[str, str | None], by: By) -> None:
    """`wanted`: what of title, severity, place, commander, assignee is another now."""
    with conn.transaction():
        before = _open(conn, incident_id)
        after = {name: before[name] for name in FIELDS} | {
            name: _cleaned(name, wanted[name]) for name in wanted
        }
        changed = {
            name: [before[name], after[name]]
            for name in FIELDS
            if (before[name] or "") != (after[name] or "")
        }
        if not changed:
            return
        if changed.get("commander") and after["commander"] not in (None, *incidents.commanders(conn)):
            raise IncidentRefused("commander", name=str(after["commander"]))
        words = _words(*(after[name] or "" for name in ("title", "place", "commander", "assignee")))
        conn.execute(_sql("update"), {**after, "words": words, "incident_id": incident_id})
        _record(conn, incident_id, "changed", by, {"changed": changed})


def note(conn: db.Connection, incident_id: int, text: str, by: By) -> None:
    """Also of one that is closed: what was forgotten can be said."""
    cleaned = _text(text, LONGEST_NOTE, "note")
    with conn.transaction():
        _locked(conn, incident_id)
        _require_room(conn, incident_id)
        _record(conn, incident_id, "noted", by, {"note": cleaned})


def add_step(conn: db.Connection, incident_id: int, text: str, by: By) -> int:
    cleaned = _text(text, LONGEST_STEP, "step")
    with conn.transaction():
        _open(conn, incident_id)
        _require_room(conn, incident_id, steps=1)
        [made] = _put_steps(conn, incident_id, [Step(text_vi=cleaned, text_en=cleaned)], by)
        _record(conn, incident_id, "step_added", by, {"step": made, "text": cleaned})
    return made


def tick(conn: db.Connection, incident_id: int, step_id: int, by: By, *, done: bool) -> bool:
    """Whether it was otherwise until now; who ticks what somebody has just ticked does no harm."""
    with conn.transaction():
        _open(conn, incident_id)
        _require_room(conn, incident_id)
        asked = {"incident_id": incident_id, "step_id": step_id, "actor": by.actor, "now": by.now}
        row = conn.execute(_sql("tick" if done else "untick"), asked).fetchone()
        if row is None:
            if all(step.id != step_id for step in incidents.steps(conn, incident_id)):
                raise IncidentRefused("step_unknown")
            return False
        detail = {"step": step_id, "text": {"vi": row["text_vi"], "en": row["text_en"]}}
        _record(conn, incident_id, "ticked" if done else "unticked", by, detail)
    return True


def attach(
    conn: db.Connection, incident_id: int, *, name: str, media_type: str, content: bytes, by: By
) -> int:
    """`content` as it is kept: its type was looked for in it, an image was made anew."""
    with conn.transaction():
        _open(conn, incident_id)
        _require_room(conn, incident_id, attachments=1)
        asked = {"name": name, "media_type": media_type, "content": content}
        found = {"incident_id": incident_id, "actor": by.actor, "now": by.now}
        row = conn.execute(_sql("attach"), asked | found).fetchone()
        assert row is not None
        detail = {"attachment": row["id"], "name": name, "size": len(content)}
        _record(conn, incident_id, "attached", by, detail)
    return int(row["id"])


def close(conn: db.Connection, incident_id: int, resolution: str, by: By) -> None:
    cleaned = _text(resolution, LONGEST_NOTE, "resolution")
    with conn.transaction():
        _open(conn, incident_id)
        left = [step.id for step in incidents.steps(conn, incident_id) if step.done_at is None]
        asked = {"incident_id": incident_id, "resolution": cleaned, "actor": by.actor, "now": by.now}
        conn.execute(_sql("close"), asked)
        _record(conn, incident_id, "closed", by, {"resolution": cleaned, "steps_left": len(left)})


def reopen(conn: db.Connection, incident_id: int, reason: str, by: By) -> None:
    cleaned = _text(reason, LONGEST_NOTE, "reason")
    with conn.transaction():
        found = _locked(conn, incident_id)
        if found["closed_at"] is None:
            raise IncidentRefused("open_already", id=str(incident_id))
        _require_room(conn, incident_id)
        _require_free(conn, [alert.id for alert in incidents.alerts(conn, incident_id)], but=incident_id)
        conn.execute(_sql("reopen"), {"incident_id": incident_id})
        _record(conn, incident_id, "reopened", by, {"note": cleaned})


def _locked(conn: db.Connection, incident_id: int) -> dict[str, Any]:
    row = conn.execute(_sql("lock"), {"incident_id": incident_id}).fetchone()
    if row is None:
        raise IncidentRefused("unknown", id=str(incident_id))
    return row


def _open(conn: db.Connection, incident_id: int) -> dict[str, Any]:
    row = _locked(conn, incident_id)
    if row["closed_at"] is not None:
        raise IncidentRefused("closed", id=str(incident_id))
    return row


def _require_free(conn: db.Connection, alert_ids: Sequence[int], *, but: int | None = None) -> None:
    """They are there, and in no other open incident."""
    if len(alert_ids) > MOST_ALERTS:
        raise IncidentRefused("many_alerts", most=str(MOST_ALERTS))
    there = {row["id"] for row in conn.execute(_sql("lock_alerts"), {"alert_ids": list(alert_ids)})}
    for alert_id in alert_ids:
        if alert_id not in there:
            raise IncidentRefused("alert_unknown", alert=str(alert_id))
    for one in incidents.of_alerts(conn, alert_ids):
        if one.closed_at is None and one.id != but:
            raise IncidentRefused("alert_taken", alert=str(one.alert_id), id=str(one.id))


def _require_room(
    conn: db.Connection, incident_id: int, *, alerts: int = 0, steps: int = 0, attachments: int = 0
) -> None:
    row = conn.execute(_sql("count"), {"incident_id": incident_id}).fetchone()
    assert row is not None
    if row["alerts"] + alerts > MOST_ALERTS:
        raise IncidentRefused("many_alerts", most=str(MOST_ALERTS))
    if row["steps"] + steps > MOST_STEPS:
        raise IncidentRefused("many_steps", most=str(MOST_STEPS))
    if row["attachments"] + attachments > MOST_ATTACHMENTS:
        raise IncidentRefused("many_attachments", most=str(MOST_ATTACHMENTS))
    if row["events"] >= MOST_EVENTS:
        raise IncidentRefused("many_events", most=str(MOST_EVENTS))


def _put_alerts(conn: db.Connection, incident_id: int, alert_ids: Iterable[int], by: By) -> None:
    for alert_id in alert_ids:
        asked = {"incident_id": incident_id, "alert_id": alert_id, "actor": by.actor, "now": by.now}
        conn.execute(_sql("join_alert"), asked)


def _put_steps(conn: db.Connection, incident_id: int, steps: Iterable[Step], by: By) -> list[int]:
    """Those that are not there yet in the same words: two alerts of one rule have one runbook."""
    known = {(step.text_vi, step.text_en) for step in incidents.steps(conn, incident_id)}
    made = []
    for step in steps:
        if step.alert_id is not None and (step.text_vi, step.text_en) in known:
            continue
        if len(known) >= MOST_STEPS:
            break
        known.add((step.text_vi, step.text_en))
        asked = {"alert_id": step.alert_id, "text_vi": step.text_vi, "text_en": step.text_en}
        found = {"incident_id": incident_id, "actor": by.actor, "now": by.now}
        row = conn.execute(_sql("add_step"), asked | found).fetchone()
        assert row is not None
        made.append(int(row["id"]))
    return made


def _record(conn: db.Connection, incident_id: int, kind: str, by: By, detail: dict[str, Any]) -> None:
    asked = {"incident_id": incident_id, "kind": kind, "actor": by.actor, "now": by.now}
    conn.execute(_sql("insert_event"), asked | {"detail": Jsonb(detail)})
    conn.execute(_sql("touch"), {"incident_id": incident_id, "now": by.now})
    event = AuditEvent(
        at=by.now,
        actor=by.actor,
        action=f"incident_{kind}",
        subject=f"incident {incident_id}",
        source=by.source,
        detail=dict(_plain(detail)),
    )
    operators.record(conn, event)


def _plain(detail: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """As the audit has it: one level, so that its page can say it."""
    for name, value in detail.items():
        if name == "changed":
            yield from (
                (field, f"{before or '–'} → {after or '–'}") for field, (before, after) in value.items()
            )
        elif isinstance(value, Mapping):
            yield name, value["vi"]
        else:
            yield name, value


def _text(text: str, longest: int, which: str) -> str:
    cleaned = text.strip()
    if not cleaned:
        raise IncidentRefused(f"{which}_missing")
    if len(cleaned) > longest:
        raise IncidentRefused("long", longest=str(longest))
    return cleaned


def _cleaned(name: str, value: str | None) -> str | None:
    if name == "title":
        return _text(value or "", LONGEST_TITLE, "title")
    if name == "place":
        return (value or "").strip()[:LONGEST_TITLE]
    if name == "severity":
        return value
    cleaned = (value or "").strip()
    if len(cleaned) > LONGEST_NAME:
        raise IncidentRefused("long", longest=str(LONGEST_NAME))
    return cleaned or None


def _words(*texts: str) -> str:
    return folded(" ".join(texts))


def _sql(name: str) -> LiteralString:
    return db.statements("incidents")[name]
