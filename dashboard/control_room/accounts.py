"""Accounts and sessions of operators: passwords are argon2id, a session is a row and a cookie's token."""

import hashlib
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from threading import Lock
from typing import Final, Literal

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from dashboard.security import Visitor
from storage import db, operators
from storage.operators import AuditEvent, Operator, Role, Session

IDLE: Final = timedelta(hours=1)
"""A session ends when no page of it was open for so long; an open page keeps it."""
LIFETIME: Final[Mapping[Role, timedelta]] = {
    Role.VIEWER: timedelta(days=30),
    Role.OPERATOR: timedelta(hours=12),
    Role.ADMIN: timedelta(hours=12),
}
"""A session ends after so long in any case: a shift, or for screens that can only look a month."""
TOUCH_AFTER: Final = timedelta(minutes=1)
OUTAGE: Final = timedelta(minutes=15)
"""While the database is gone, who was seen so recently stays in: an outage is when the page is needed."""
KEEP_ENDED: Final = timedelta(days=30)
SHORTEST_PASSWORD: Final = 8

_CONNECT_S: Final = 2.0
_GIVE_IT_TIME: Final = timedelta(seconds=3)
_TOKEN_BYTES: Final = 32

# OWASP's smallest argon2id setting: 19 MiB, two passes, one lane. pwdlib's default takes 64 MiB and four lanes
# a login, more than a two-core machine with a memory budget should give an anonymous visitor.
_passwords: Final = PasswordHash((Argon2Hasher(time_cost=2, memory_cost=19_456, parallelism=1),))


class AccountError(ValueError):
    """A command on accounts that can't be done; the message says why."""


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
        raise AccountError(f"operator name '{name}': want {operators.NAME.pattern}")
    if not SHORTEST_PASSWORD <= len(password) <= 256:
        raise AccountError(f"password of '{name}': {SHORTEST_PASSWORD} to 256 characters")
    with conn.transaction():
        held = operators.find(conn, name)
        if held and held.role is role and not held.disabled_at and _matches(password, held):
            return Change.UNCHANGED
        operators.save(conn, name=name, role=role, password_hash=_passwords.hash(password), now=now)
        operators.revoke_sessions_of(conn, name, now)
        detail = {"role": role.value, "role_before": held.role.value if held else None}
        _record(conn, now, by, "account_changed" if held else "account_added", name, source, detail)
    return Change.CHANGED if held else Change.ADDED


def disable_account(conn: db.Connection, *, name: str, now: datetime, by: str, source: str) -> bool:
    """Shuts an account and ends its sessions; False when it was shut before. Raises AccountError: unknown."""
    with conn.transaction():
        if operators.find(conn, name) is None:
            raise AccountError(f"no operator '{name}'")
        if not operators.disable(conn, name, now):
            return False
        ended = operators.revoke_sessions_of(conn, name, now)
        _record(conn, now, by, "account_disabled", name, source, {"sessions_ended": ended})
    return True


class Accounts:
    """Logins and sessions of the running server, for `Gate` and the login page. Thread-safe."""

    def __init__(self, pool: db.Pool) -> None:
        self._pool = pool
        self._nobody = _passwords.hash(secrets.token_urlsafe())
        self._known: dict[bytes, tuple[Session, datetime]] = {}
        self._ask_again = datetime.min.replace(tzinfo=UTC)
        self._lock = Lock()

    def log_in(self, name: str, password: str, *, before: str, address: str, now: datetime) -> str | None:
        """A new session's token, or None; an unknown or shut account costs the same time as a wrong password.

        The session that the browser had until now (`before`, or '') ends. Raises DatabaseUnreachable.
        """
        with self._pool.connection(timeout=_CONNECT_S) as conn:
            found = operators.find(conn, name) if operators.NAME.fullmatch(name) else None
        right = _passwords.verify(password[:256], found.password_hash if found else self._nobody)
        with self._pool.connection(timeout=_CONNECT_S) as conn, conn.transaction():
            if found is None or found.disabled_at or not right:
                # what was typed is not kept when nobody has that name: it may be a password
                _record(conn, now, "-", "login_refused", found.name if found else "-", address)
                return None
            if before:
                operators.revoke_session(conn, _hash(before), now)
            operators.forget_sessions(conn, now - KEEP_ENDED)
            token = secrets.token_urlsafe(_TOKEN_BYTES)
            operators.open_session(
                conn,
                token_hash=_hash(token),
                operator_id=found.id,
                now=now,
                expires_at=now + LIFETIME[found.role],
            )
            _record(conn, now, found.name, "login", found.name, address)
        return token

    def log_out(self, token: str, *, name: str, address: str, now: datetime) -> None:
        """Ends a session. Raises DatabaseUnreachable."""
        with self._pool.connection(timeout=_CONNECT_S) as conn, conn.transaction():
            if operators.revoke_session(conn, _hash(token), now):
                _record(conn, now, name, "logout", name, address)
        with self._lock:
            self._known.pop(_hash(token), None)

    def visitor(self, token: str, now: datetime) -> Visitor | None:
        """Whose session this is. With the database gone, who was let in lately; else DatabaseUnreachable."""
        key = _hash(token)
        session = self._remembered(key, now) if now < self._ask_again else None
        if session is None:
            session = self._find(key, now)
        return Visitor(name=session.name, role=session.role, token=token) if session else None

    def _find(self, key: bytes, now: datetime) -> Session | None:
        try:
            with self._pool.connection(timeout=_CONNECT_S) as conn:
                session = operators.find_session(conn, key, now, now - IDLE)
                if session and now - session.last_seen_at > TOUCH_AFTER:
                    operators.touch_session(conn, key, now)
        except db.DatabaseUnreachable:
            self._ask_again = now + _GIVE_IT_TIME  # a page is dozens of requests: not each waits
            remembered = self._remembered(key, now)
            if remembered is None:
                raise
            return remembered
        self._remember(key, session, now)
        return session

    def _remember(self, key: bytes, session: Session | None, now: datetime) -> None:
        with self._lock:
            self._known.pop(key, None)
            if session:
                self._known[key] = (session, now)
            for old in [k for k, (_, seen) in self._known.items() if now - seen > OUTAGE]:
                del self._known[old]

    def _remembered(self, key: bytes, now: datetime) -> Session | None:
        with self._lock:
            session, seen = self._known.get(key, (None, now))
        return session if session and now < session.expires_at and now - seen <= OUTAGE else None


def _matches(password: str, held: Operator) -> bool:
    return _passwords.verify(password, held.password_hash)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


Action = Literal["login", "login_refused", "logout", "account_added", "account_changed", "account_disabled"]


def _record(
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
