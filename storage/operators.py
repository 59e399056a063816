"""Operators of the control room: accounts, sessions and the audit trail, which only grows."""

import re
from dataclasses import asdict, dataclass, field
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

    def may(self, least: "Role") -> bool:
        """Whether this role may do what `least` may."""
        ranked = list(Role)
        return ranked.index(self) >= ranked.index(least)


@dataclass(frozen=True, kw_only=True, slots=True)
class Operator:
    id: int
    name: str
    role: Role
    password_hash: str | None = field(repr=False)
    """None: logs in at `issuer`."""
    created_at: datetime
    password_changed_at: datetime | None
    disabled_at: datetime | None
    issuer: str | None = None
    """The identity provider that knows this person, as `subject`."""
    subject: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenSession:
    """A login that still counts, as those see it who may end it."""

    id: int
    token_hash: bytes = field(repr=False)
    operator: str
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    address: str


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
    """Who did what to whom, when and from where. `id` is given when it is recorded."""

    at: datetime
    actor: str
    action: str
    subject: str
    source: str
    """The address, or the command line."""
    detail: dict[str, Any] = field(default_factory=dict)
    id: int = 0


def save(conn: db.Connection, *, name: str, role: Role, password_hash: str, now: datetime) -> None:
    """Adds the account, or sets its password and role anew and enables it."""
    conn.execute(
        db.statements("operators")["save_operator"],
        {"name": name, "role": role.value, "password_hash": password_hash, "now": now},
    )


def save_from_elsewhere(
    conn: db.Connection, *, issuer: str, subject: str, name: str, role: Role, now: datetime
) -> None:
    """Adds somebody whom an identity provider knows, or sets the name and role that it gave."""
    conn.execute(
        db.statements("operators")["save_from_elsewhere"],
        {"issuer": issuer, "subject": subject, "name": name, "role": role.value, "now": now},
    )


def find_from_elsewhere(conn: db.Connection, issuer: str, subject: str) -> Operator | None:
    row = conn.execute(
        db.statements("operators")["find_from_elsewhere"], {"issuer": issuer, "subject": subject}
    ).fetchone()
    return _operator(row) if row else None


def lock_accounts(conn: db.Connection) -> None:
    """Until the transaction ends nobody else changes an account: so one admin is always left."""
    conn.execute(db.statements("operators")["lock_accounts"])


def change_role(conn: db.Connection, name: str, role: Role) -> None:
    conn.execute(db.statements("operators")["change_role"], {"name": name, "role": role.value})


def enable(conn: db.Connection, name: str) -> bool:
    """Whether it was disabled until now."""
    return _count(conn, "enable_operator", {"name": name}) > 0


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
    conn: db.Connection,
    *,
    token_hash: bytes,
    operator_id: int,
    now: datetime,
    expires_at: datetime,
    address: str,
) -> None:
    """`token_hash` is the SHA-256 of a random token that only the browser keeps."""
    conn.execute(
        db.statements("operators")["open_session"],
        {
            "token_hash": token_hash,
            "operator_id": operator_id,
            "now": now,
            "expires_at": expires_at,
            "address": address,
        },
    )


def open_sessions(
    conn: db.Connection, now: datetime, idle_since: datetime, name: str | None = None
) -> list[OpenSession]:
    """Those that still count, of everybody or of one, newest first."""
    rows = conn.execute(
        db.statements("operators")["open_sessions"], {"now": now, "idle_since": idle_since, "name": name}
    )
    return [OpenSession(**row) for row in rows]


def end_session(conn: db.Connection, session_id: int, name: str, now: datetime) -> bool:
    """Whether that session of that operator counted until now."""
    return _count(conn, "end_session", {"session_id": session_id, "name": name, "now": now}) > 0


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


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditQuery:
    """What is looked for in the audit trail; None asks for anything."""

    actor: str | None = None
    action: str | None = None
    subject: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    before_id: int | None = None
    """Only older ones: the last that was shown."""


def find_audited(conn: db.Connection, query: AuditQuery, limit: int) -> list[AuditEvent]:
    """Newest first."""
    rows = conn.execute(db.statements("operators")["find_audited"], {**asdict(query), "limit": limit})
    return [AuditEvent(**row) for row in rows]


def _operator(row: dict[str, Any]) -> Operator:
    return Operator(**{**row, "role": Role(row["role"])})


def _count(conn: db.Connection, block: str, parameters: dict[str, Any]) -> int:
    return conn.execute(db.statements("operators")[block], parameters).rowcount
