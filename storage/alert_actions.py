"""What people do to alerts. Each is one transaction with its entry in the alert's timeline and in the operators' audit.

All return False, and write nothing, when the alert is already so, or can't become so. `source` is the actor's address.
"""

from datetime import datetime
from typing import Any, LiteralString

from storage import alert_log, alert_routing, db, operators
from storage.alert_routing import NewEvent
from storage.operators import AuditEvent


def acknowledge(
    conn: db.Connection, alert_id: int, *, note: str, actor: str, source: str, now: datetime
) -> bool:
    """Somebody sees to it: it is neither repeated nor escalated, and whoever was told hears of its end."""
    parameters = {"alert_id": alert_id, "actor": actor, "note": note, "now": now}
    with conn.transaction():
        done = conn.execute(_sql("acknowledge"), parameters).rowcount > 0
        if done:
            _record(conn, alert_id, "acknowledged", actor, source, now, {"note": note})
    return done


def unacknowledge(conn: db.Connection, alert_id: int, *, actor: str, source: str, now: datetime) -> bool:
    """Nobody sees to it after all: what its escalation skipped because of that is due at once."""
    parameters = {"alert_id": alert_id, "now": now}
    with conn.transaction():
        done = conn.execute(_sql("unacknowledge"), parameters).rowcount > 0
        if done:
            resumed = conn.execute(_sql("resume_escalation"), parameters).rowcount
            _record(conn, alert_id, "unacknowledged", actor, source, now, {"steps_resumed": resumed})
    return done


def note(conn: db.Connection, alert_id: int, *, note: str, actor: str, source: str, now: datetime) -> bool:
    """Adds what somebody found or did; False when it is empty or there is no such alert."""
    if not note.strip():
        return False
    with conn.transaction():
        done = conn.execute(_sql("exists"), {"alert_id": alert_id}).fetchone() is not None
        if done:
            _record(conn, alert_id, "noted", actor, source, now, {"note": note.strip()})
    return done


def escalate(conn: db.Connection, alert_id: int, *, actor: str, source: str, now: datetime) -> bool:
    """The next step of its chain is due now; False when it has none, or is acknowledged or over."""
    parameters = {"alert_id": alert_id, "now": now}
    with conn.transaction():
        steps = conn.execute(_sql("escalate_now"), parameters).fetchall()
        if steps:
            detail = {"steps": [{"chain": one["chain"], "step": one["step"] + 1} for one in steps]}
            _record(conn, alert_id, "escalation_asked", actor, source, now, detail)
    return bool(steps)


def approve(conn: db.Connection, alert_id: int, *, actor: str, source: str, now: datetime) -> bool:
    """It may become a public message."""
    parameters = {"alert_id": alert_id, "actor": actor, "now": now}
    with conn.transaction():
        done = conn.execute(_sql("approve"), parameters).rowcount > 0
        if done:
            _record(conn, alert_id, "approved", actor, source, now, {})
    return done


def refuse(
    conn: db.Connection, alert_id: int, *, reason: str, actor: str, source: str, now: datetime
) -> bool:
    """It may not, or not any more."""
    parameters = {"alert_id": alert_id, "now": now}
    with conn.transaction():
        done = conn.execute(_sql("refuse"), parameters).rowcount > 0
        if done:
            _record(conn, alert_id, "refused", actor, source, now, {"reason": reason})
    return done


def _record(
    conn: db.Connection,
    alert_id: int,
    kind: str,
    actor: str,
    source: str,
    now: datetime,
    detail: dict[str, Any],
) -> None:
    event = NewEvent(alert_id=alert_id, at=now, kind=kind, actor=actor, detail=detail)
    alert_routing.insert_events(conn, [event])
    audit = AuditEvent(
        at=now,
        actor=actor,
        action=f"alert_{kind}",
        subject=f"alert {alert_id}",
        source=source,
        detail=detail,
    )
    operators.record(conn, audit)
    alert_log.tell(conn)


def _sql(name: str) -> LiteralString:
    return db.statements("alert_actions")[name]
