"""Accounts of operators, and what admins do to them; passwords are argon2id. Every change is audited."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final, Literal

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from storage import db, operators
from storage.operators import AuditEvent, Operator, Role

SHORTEST_PASSWORD: Final = 8
LONGEST_PASSWORD: Final = 256

# OWASP's smallest argon2id setting: 19 MiB, two passes, one lane. pwdlib's default takes 64 MiB and four lanes
# a login, more than a two-core machine with a memory budget should give an anonymous visitor.
PASSWORDS: Final = PasswordHash((Argon2Hasher(time_cost=2, memory_cost=19_456, parallelism=1),))


class AccountError(ValueError):
    """What can't be done to an account; the message says why, `code` is that of the page's text `refused_account_…`."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Change(StrEnum):
    """What `set_account` did."""

    ADDED = "added"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


def set_account(
    conn: db.Connection, *, name: str, role: Role, password: str, now: datetime, by: str, source: str
) -> Change:
    """Adds an account or gives it this password and role; a change ends its sessions. Audited.

    Raises AccountError when the name or the password can't be used.
    """
    if not operators.NAME.fullmatch(name):
        raise AccountError("name", f"operator name '{name}': want {operators.NAME.pattern}")
    _require_fit(name, password)
    with conn.transaction():
        held = operators.find(conn, name)
        if held and held.issuer:
            raise AccountError("elsewhere", f"'{name}' logs in at {held.issuer}: no password of ours")
        if held and held.role is role and not held.disabled_at and matches(password, held):
            return Change.UNCHANGED
        operators.save(conn, name=name, role=role, password_hash=PASSWORDS.hash(password), now=now)
        operators.revoke_sessions_of(conn, name, now)
        detail = {"role": role.value, "role_before": held.role.value if held else None}
        record(conn, now, by, "account_changed" if held else "account_added", name, source, detail)
    return Change.CHANGED if held else Change.ADDED


def disable_account(conn: db.Connection, *, name: str, now: datetime, by: str, source: str) -> bool:
    """Shuts an account and ends its sessions; False when it was shut before. Raises AccountError: unknown."""
    with conn.transaction():
        _known(conn, name)
        if not operators.disable(conn, name, now):
            return False
        ended = operators.revoke_sessions_of(conn, name, now)
        record(conn, now, by, "account_disabled", name, source, {"sessions_ended": ended})
    return True


def enable_account(conn: db.Connection, *, name: str, now: datetime, by: str, source: str) -> bool:
    """Opens an account again; False when it was open. Raises AccountError: unknown."""
    with conn.transaction():
        _known(conn, name)
        if not operators.enable(conn, name):
            return False
        record(conn, now, by, "account_enabled", name, source)
    return True


def change_role(conn: db.Connection, *, name: str, role: Role, now: datetime, by: str, source: str) -> bool:
    """Gives an account of ours another role and ends its sessions; False when it had it.

    Raises AccountError: unknown, or the identity provider says what the role is.
    """
    with conn.transaction():
        held = _known(conn, name)
        if held.issuer:
            raise AccountError("elsewhere", f"'{name}' has the role that {held.issuer} gives")
        if held.role is role:
            return False
        operators.change_role(conn, name, role)
        operators.revoke_sessions_of(conn, name, now)
        detail = {"role": role.value, "role_before": held.role.value}
        record(conn, now, by, "account_changed", name, source, detail)
    return True


def set_password(
    conn: db.Connection, *, name: str, password: str, now: datetime, by: str, source: str
) -> None:
    """Ends the sessions of the account. Raises AccountError: unknown, unfit, or it has no password here."""
    _require_fit(name, password)
    with conn.transaction():
        held = _known(conn, name)
        if held.issuer:
            raise AccountError("elsewhere", f"'{name}' logs in at {held.issuer}: no password of ours")
        disabled = held.disabled_at is not None
        operators.save(conn, name=name, role=held.role, password_hash=PASSWORDS.hash(password), now=now)
        if disabled:
            operators.disable(conn, name, held.disabled_at or now)
        operators.revoke_sessions_of(conn, name, now)
        record(conn, now, by, "password_changed", name, source)


def end_sessions(conn: db.Connection, *, name: str, now: datetime, by: str, source: str) -> int:
    """Ends every session of an account; returns how many. Raises AccountError: unknown."""
    with conn.transaction():
        _known(conn, name)
        ended = operators.revoke_sessions_of(conn, name, now)
        if ended:
            record(conn, now, by, "sessions_ended", name, source, {"sessions_ended": ended})
    return ended


def _known(conn: db.Connection, name: str) -> Operator:
    found = operators.find(conn, name)
    if found is None:
        raise AccountError("unknown", f"no operator '{name}'")
    return found


def _require_fit(name: str, password: str) -> None:
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise AccountError(
            "password", f"password of '{name}': {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters"
        )


def matches(password: str, held: Operator) -> bool:
    return held.password_hash is not None and PASSWORDS.verify(password, held.password_hash)


Action = Literal[
    "login",
    "login_refused",
    "logout",
    "account_added",
    "account_changed",
    "account_disabled",
    "account_enabled",
    "password_changed",
    "sessions_ended",
]


def record(
    conn: db.Connection,
    now: datetime,
    actor: str,
    action: Action,
    subject: str,
    source: str,
    detail: Mapping[str, object] | None = None,
) -> None:
    event = AuditEvent(
        at=now, actor=actor, action=action, subject=subject, source=source, detail=dict(detail or {})
    )
    operators.record(conn, event)
