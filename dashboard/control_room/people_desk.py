"""What admins do to accounts, what everybody does to their own, and the audit trail. Blocking: for a thread."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field

from dashboard.control_room import accounts
from dashboard.control_room import people_view as view
from dashboard.control_room.accounts import AccountError
from dashboard.control_room.form_times import LocalTime, local_time
from dashboard.control_room.language import Language
from dashboard.control_room.login_limit import LoginLimit
from dashboard.control_room.parts import Parts
from dashboard.control_room.refused import Refused
from dashboard.control_room.sessions import IDLE
from dashboard.security import Visitor
from ingest.claiming import Who
from storage import db, operators
from storage.operators import AuditQuery, Role

PAGE: Final = 100
_CONNECT_S: Final = 5.0

_Name = Annotated[str, Field(max_length=64, pattern=r"^[^\x00]*$")]
_Password = Annotated[str, Field(max_length=1000, pattern=r"^[^\x00]*$", repr=False)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class NewBody(_Body):
    name: _Name
    role: Role
    password: _Password


class RoleBody(_Body):
    role: Role


class PasswordBody(_Body):
    password: _Password


class OwnPasswordBody(_Body):
    password_now: _Password
    password: _Password


class OpenBody(_Body):
    open: bool


class EmptyBody(_Body):
    pass


class AuditBody(_Body):
    """Days are Hanoi's, written as people write them; `before` is the id of the last one that was shown."""

    actor: _Name = ""
    action: _Name = ""
    subject: Annotated[str, Field(max_length=200, pattern=r"^[^\x00]*$")] = ""
    since: LocalTime | None = None
    until: LocalTime | None = None
    before: int | None = Field(default=None, ge=1, le=2**63 - 1)


class PeopleDesk:
    """Every method may wait for the database, and raises Refused or DatabaseUnreachable."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._limit = LoginLimit()

    def people(self, who: Visitor, shown: Language) -> dict[str, Any]:
        now = self._parts.clock()
        with self._connection() as conn:
            found = operators.all_operators(conn)
            sessions = operators.open_sessions(conn, now, now - IDLE)
        provider = self._parts.provider
        return view.people(found, sessions, who.name, provider.name if provider else None, now, shown)

    def own(self, who: Visitor, shown: Language) -> dict[str, Any]:
        now = self._parts.clock()
        with self._connection() as conn:
            found = operators.find(conn, who.name)
            sessions = operators.open_sessions(conn, now, now - IDLE, who.name)
        if found is None:
            raise Refused(404, "account_unknown", name=who.name)
        return view.own(found, sessions, self._parts.sessions.key(who.token), now, shown)

    def audit(self, asked: AuditBody, shown: Language) -> dict[str, Any]:
        query = AuditQuery(
            actor=asked.actor or None,
            action=asked.action or None,
            subject=asked.subject or None,
            since=local_time(asked.since),
            until=local_time(asked.until),
            before_id=asked.before,
        )
        with self._connection() as conn:
            return view.audit(operators.find_audited(conn, query, PAGE + 1), PAGE, shown)

    def add(self, asked: NewBody, who: Who) -> dict[str, Any]:
        def work(conn: db.Connection) -> None:
            if operators.find(conn, asked.name) is not None:
                raise Refused(409, "account_exists", name=asked.name)
            accounts.set_account(
                conn, name=asked.name, role=asked.role, password=asked.password, **self._by(who)
            )

        return self._change(asked.name, work)

    def change_role(self, name: str, asked: RoleBody, who: Who) -> dict[str, Any]:
        return self._change(
            name, lambda conn: accounts.change_role(conn, name=name, role=asked.role, **self._by(who))
        )

    def set_password(self, name: str, asked: PasswordBody, who: Who) -> dict[str, Any]:
        return self._change(
            name,
            lambda conn: accounts.set_password(conn, name=name, password=asked.password, **self._by(who)),
        )

    def open(self, name: str, asked: OpenBody, who: Who) -> dict[str, Any]:
        change = accounts.enable_account if asked.open else accounts.disable_account
        return self._change(name, lambda conn: change(conn, name=name, **self._by(who)))

    def end_sessions(self, name: str, who: Who) -> dict[str, Any]:
        return self._change(name, lambda conn: accounts.end_sessions(conn, name=name, **self._by(who)))

    def end_own_session(self, session_id: int, who: Who) -> dict[str, Any]:
        now = self._parts.clock()
        with self._connection() as conn, conn.transaction():
            if not operators.end_session(conn, session_id, who.name, now):
                raise Refused(409, "account_session")
            accounts.record(conn, now, who.name, "sessions_ended", who.name, who.where, {"sessions_ended": 1})
        return {"name": who.name, "done": 1}

    def set_own_password(self, asked: OwnPasswordBody, who: Who) -> dict[str, Any]:
        """The present one is asked for, and may be guessed no more often than at the login."""
        if not self._limit.take(who.where, who.name):
            raise Refused(429, "account_limited")
        if not self._parts.sessions.confirmed(who.name, asked.password_now):
            raise Refused(422, "account_wrong")
        self._limit.forgive(who.where, who.name)
        return self._change(
            who.name,
            lambda conn: accounts.set_password(conn, name=who.name, password=asked.password, **self._by(who)),
        )

    def _by(self, who: Who) -> dict[str, Any]:
        return {"now": self._parts.clock(), "by": who.name, "source": who.where}

    def _change(self, name: str, work: Callable[[db.Connection], object]) -> dict[str, Any]:
        """In one transaction, after which an admin is left who may come in."""
        with self._connection() as conn, conn.transaction():
            operators.lock_accounts(conn)
            had = _admins(conn)
            try:
                done = work(conn)
            except AccountError as error:
                raise Refused(422, f"account_{error.code}", name=name) from error
            if had and not _admins(conn):
                raise Refused(409, "account_last_admin")
        return {"name": name, "done": int(done) if isinstance(done, int) else 1}

    @contextmanager
    def _connection(self) -> Iterator[db.Connection]:
        with self._parts.pool.connection(timeout=_CONNECT_S) as conn:
            yield conn


def _admins(conn: db.Connection) -> int:
    return sum(one.role is Role.ADMIN and one.disabled_at is None for one in operators.all_operators(conn))
