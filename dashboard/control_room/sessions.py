"""Logins and sessions: a session is a row and a cookie's token, of which only the hash is kept."""

import hashlib
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Final

from dashboard.control_room.accounts import (
    LONGEST_PASSWORD,
    PASSWORDS,
    AccountError,
    Action,
    matches,
    record,
)
from dashboard.control_room.oidc import Identity
from dashboard.security import Visitor
from storage import db, operators
from storage.operators import Operator, Role, Session

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
_CONNECT_S: Final = 2.0
_GIVE_IT_TIME: Final = timedelta(seconds=3)
_TOKEN_BYTES: Final = 32


class Sessions:
    """Logins and sessions of the running server, for `Gate` and the login page. Thread-safe."""

    def __init__(self, pool: db.Pool) -> None:
        self._pool = pool
        self._nobody = PASSWORDS.hash(secrets.token_urlsafe())
        self._known: dict[bytes, tuple[Session, datetime]] = {}
        self._ask_again = datetime.min.replace(tzinfo=UTC)
        self._lock = Lock()

    def key(self, token: str) -> bytes:
        """What a session is known by to the database."""
        return _hash(token)

    def log_in(self, name: str, password: str, *, before: str, address: str, now: datetime) -> str | None:
        """A new session's token, or None; an unknown or shut account costs the same time as a wrong password.

        The session that the browser had until now (`before`, or '') ends. Raises DatabaseUnreachable.
        """
        with self._pool.connection(timeout=_CONNECT_S) as conn:
            found = operators.find(conn, name) if operators.NAME.fullmatch(name) else None
        kept = found.password_hash if found else None
        right = PASSWORDS.verify(password[:LONGEST_PASSWORD], kept or self._nobody) and kept is not None
        with self._pool.connection(timeout=_CONNECT_S) as conn, conn.transaction():
            if found is None or found.disabled_at or not right:
                # what was typed is not kept when nobody has that name: it may be a password
                record(conn, now, "-", "login_refused", found.name if found else "-", address)
                return None
            return _open_session(conn, found, before=before, address=address, now=now)

    def enter(self, who: Identity, *, before: str, address: str, now: datetime) -> str:
        """A new session's token for somebody whom the identity provider vouches for; name and role are its own.

        Raises AccountError when the account is shut or another has the name, DatabaseUnreachable.
        """
        with self._pool.connection(timeout=_CONNECT_S) as conn:
            try:
                with conn.transaction():
                    found = _from_elsewhere(conn, who, now, address)
                    return _open_session(conn, found, before=before, address=address, now=now)
            except AccountError as error:
                with conn.transaction():
                    detail = {"reason": error.code, "issuer": who.issuer}
                    record(conn, now, "-", "login_refused", who.name, address, detail)
                raise

    def confirmed(self, name: str, password: str) -> bool:
        """Whether this is the password of that account. Raises DatabaseUnreachable."""
        with self._pool.connection(timeout=_CONNECT_S) as conn:
            found = operators.find(conn, name)
        return found is not None and matches(password[:LONGEST_PASSWORD], found)

    def log_out(self, token: str, *, name: str, address: str, now: datetime) -> None:
        """Ends a session. Raises DatabaseUnreachable."""
        with self._pool.connection(timeout=_CONNECT_S) as conn, conn.transaction():
            if operators.revoke_session(conn, _hash(token), now):
                record(conn, now, name, "logout", name, address)
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


def _open_session(conn: db.Connection, found: Operator, *, before: str, address: str, now: datetime) -> str:
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
        address=address,
    )
    record(conn, now, found.name, "login", found.name, address)
    return token


def _from_elsewhere(conn: db.Connection, who: Identity, now: datetime, address: str) -> Operator:
    """The account of who is vouched for, made or brought up to date."""
    held = operators.find_from_elsewhere(conn, who.issuer, who.subject)
    if held is not None and held.disabled_at is not None:
        raise AccountError("disabled", f"the account '{held.name}' is shut")
    named = operators.find(conn, who.name)
    if named is not None and (held is None or named.id != held.id):
        raise AccountError("taken", f"another account is called '{who.name}'")
    if held is None or (held.name, held.role) != (who.name, who.role):
        operators.save_from_elsewhere(
            conn, issuer=who.issuer, subject=who.subject, name=who.name, role=who.role, now=now
        )
        before = {"role_before": held.role.value, "name_before": held.name} if held else {}
        detail = {"role": who.role.value, "issuer": who.issuer, **before}
        action: Action = "account_changed" if held else "account_added"
        record(conn, now, who.issuer, action, who.name, address, detail)
        if held is not None and held.role is not who.role:
            operators.revoke_sessions_of(conn, who.name, now)
    found = operators.find_from_elsewhere(conn, who.issuer, who.subject)
    assert found is not None
    return found


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
