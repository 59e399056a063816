"""Operators of the control room: accounts, sessions and the audit trail, which only grows."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from psycopg.types.json import Jsonb

from storage import db

NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
"""What an operator's name looks like."""


class Role(StrEnum):
    """What an operator may do; each may what those before it may."""

    VIEWER = "viewer"
    """Look: also the account of a wall screen."""
    OPERATOR = "operator"
    """Act on alerts, claim devices, load files."""
    ADMIN = "admin"
    """Keep rules and accounts."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Operator:
    id: int
    name: str
    role: Role
    password_hash: str = field(repr=False)
    created_at: datetime
    password_changed_at: datetime
    disabled_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Session:
    """A login that still counts, with whose it is."""

    token_hash: bytes = field(repr=False)
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    name: str
    role: Role


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditEvent:
    """Who did what to whom, when and from where."""

    at: datetime
    actor: str
    action: str
    subject: str
    source: str
    """The address, or the command line."""
    detail: dict[str, Any] = field(default_factory=dict)


def save(conn: db.Connection, *, name: str, role: Role, password_hash: str, now: datetime) -> None:
    """Adds the account, or sets its password and role anew and enables it."""
    conn.execute(
        db.statements("operators")["save_operator"],
        {"name": name, "role": role.value, "password_hash": password_hash, "now": now},
    )


def find(conn: db.Connection, name: str) -> Operator | None:
    row = conn.execute(db.statements("operators")["find_operator"], {"name": name}).fetchone()
    return _operator(row) if row else None


def all_operators(conn: db.Connection) -> list[Operator]:
    """Every account, by name, the disabled ones too."""
    return [_operator(row) for row in conn.execute(db.statements("operators")["all_operators"])]


def disable(conn: db.Connection, name: str, now: datetime) -> bool:
    """Whether it was enabled until now."""
    return _count(conn, "disable_operator", {"name": name, "now": now}) > 0


def open_session(
    conn: db.Connection, *, token_hash: bytes, operator_id: int, now: datetime, expires_at: datetime
) -> None:
    """`token_hash` is the SHA-256 of a random token that only the browser keeps."""
    conn.execute(
        db.statements("operators")["open_session"],
        {"token_hash": token_hash, "operator_id": operator_id, "now": now, "expires_at": expires_at},
    )


def find_session(
    conn: db.Connection, token_hash: bytes, now: datetime, idle_since: datetime
) -> Session | None:
    """The session if it still counts; one that was last seen before `idle_since` does not."""
    row = conn.execute(
        db.statements("operators")["find_session"],
        {"token_hash": token_hash, "now": now, "idle_since": idle_since},
    ).fetchone()
    return Session(**{**row, "role": Role(row["role"])}) if row else None


def touch_session(conn: db.Connection, token_hash: bytes, now: datetime) -> None:
    """Its operator was seen."""
    conn.execute(db.statements("operators")["touch_session"], {"token_hash": token_hash, "now": now})


def revoke_session(conn: db.Connection, token_hash: bytes, now: datetime) -> bool:
    """Whether it counted until now."""
    return _count(conn, "revoke_session", {"token_hash": token_hash, "now": now}) > 0


def revoke_sessions_of(conn: db.Connection, name: str, now: datetime) -> int:
    """Ends every session of an operator; returns how many there were."""
    return _count(conn, "revoke_sessions_of", {"name": name, "now": now})


def forget_sessions(conn: db.Connection, before: datetime) -> int:
    """Drops sessions that ended before a time; returns how many."""
    return _count(conn, "forget_sessions", {"before": before})


def record(conn: db.Connection, event: AuditEvent) -> None:
    """Adds to the audit trail, inside the caller's transaction: what is undone there was never done."""
    conn.execute(
        db.statements("operators")["record"],
        {
            "at": event.at,
            "actor": event.actor,
            "action": event.action,
            "subject": event.subject,
            "detail": Jsonb(event.detail),
            "source": event.source,
        },
    )


def audit_trail(conn: db.Connection, limit: int) -> list[AuditEvent]:
    """The last events, newest first."""
    rows = conn.execute(db.statements("operators")["audit_trail"], {"limit": limit})
    return [AuditEvent(**row) for row in rows]


def _operator(row: dict[str, Any]) -> Operator:
    return Operator(**{**row, "role": Role(row["role"])})


def _count(conn: db.Connection, block: str, parameters: dict[str, Any]) -> int:
    return conn.execute(db.statements("operators")[block], parameters).rowcount
