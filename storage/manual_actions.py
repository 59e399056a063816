"""What people do about values by hand. Each is one transaction with its entry in the operators' audit."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, LiteralString

from psycopg.types.json import Jsonb

from storage import db, operators
from storage.operators import AuditEvent


def enter(
    conn: db.Connection,
    *,
    thing_id: str,
    results: Mapping[str, float | bool],
    time: datetime,
    expires_at: datetime,
    note: str,
    author: str,
    source: str,
    now: datetime,
) -> int:
    """Before the message is sent: when its values are there, it is known until when they hold. Returns the id."""
    parameters = {
        "thing_id": thing_id,
        "results": Jsonb(dict(results)),
        "time": time,
        "expires_at": expires_at,
        "author": author,
        "note": note,
        "now": now,
    }
    detail = {
        "thing": thing_id,
        "results": dict(results),
        "time": time.isoformat(),
        "expires_at": expires_at.isoformat(),
        "note": note,
    }
    with conn.transaction():
        row = conn.execute(_sql("enter"), parameters).fetchone()
        assert row is not None
        event = AuditEvent(
            at=now,
            actor=author,
            action="manual_entered",
            subject=f"manual entry {row['id']}",
            source=source,
            detail=detail,
        )
        operators.record(conn, event)
    return int(row["id"])


def tell(conn: db.Connection, entry_id: int, outcome: str, faults: Sequence[Mapping[str, Any]]) -> None:
    """What became of it."""
    conn.execute(
        _sql("tell"), {"entry_id": entry_id, "outcome": outcome, "faults": Jsonb([*map(dict, faults)])}
    )


def cancel(conn: db.Connection, entry_id: int, *, actor: str, source: str, now: datetime) -> bool:
    """Its values hold no more from now on; whether they did until now."""
    parameters = {"entry_id": entry_id, "actor": actor, "now": now}
    with conn.transaction():
        done = conn.execute(_sql("cancel"), parameters).rowcount > 0
        if done:
            event = AuditEvent(
                at=now,
                actor=actor,
                action="manual_cancelled",
                subject=f"manual entry {entry_id}",
                source=source,
            )
            operators.record(conn, event)
    return done


def _sql(name: str) -> LiteralString:
    return db.statements("manual")[name]
