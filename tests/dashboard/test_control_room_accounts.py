"""Accounts, the audit trail that only grows, the command line, and sessions while the database is gone."""

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from dashboard.control_room.accounts import (
    AccountError,
    Change,
    disable_account,
    set_account,
)
from dashboard.control_room.sessions import OUTAGE, Sessions
from deploy.embedded.postgres import Postgres
from storage import db, operators
from storage.operators import Role
from tests.dashboard.room import PASSWORD, Clock, add

pytestmark = pytest.mark.integration

NOW = Clock().now
COMMAND = [sys.executable, "-c", "from dashboard.control_room.main import main; main()", "user"]
ROOT = Path(__file__).parents[2]


def change(url: str, password: str = PASSWORD, role: Role = Role.OPERATOR, name: str = "lan") -> Change:
    with db.connect(url, name="test", autocommit=True) as conn:
        return set_account(conn, name=name, role=role, password=password, now=NOW, by="mai", source="test")


def trail(url: str) -> list[tuple[str, str, str]]:
    with db.connect(url, name="test") as conn:
        return [(event.actor, event.action, event.subject) for event in operators.audit_trail(conn, 100)][
            ::-1
        ]


def test_an_account_is_added_once_and_changed_when_something_differs(database_url: str) -> None:
    assert change(database_url) is Change.ADDED
    assert change(database_url) is Change.UNCHANGED
    assert change(database_url, password="another-password") is Change.CHANGED
    assert change(database_url, password="another-password", role=Role.ADMIN) is Change.CHANGED
    assert trail(database_url) == [
        ("mai", "account_added", "lan"),
        ("mai", "account_changed", "lan"),
        ("mai", "account_changed", "lan"),
    ]


def test_a_password_is_kept_as_argon2id_only(database_url: str) -> None:
    change(database_url)
    with db.connect(database_url, name="test") as conn:
        found = operators.find(conn, "lan")
    assert found is not None
    assert found.password_hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert "password_hash" not in repr(found)


@pytest.mark.parametrize("name", ["", "Lan", "lan nguyen", "lan\n", "-lan", "x" * 65])
def test_a_name_that_would_confuse_is_refused(database_url: str, name: str) -> None:
    with pytest.raises(AccountError, match="operator name"):
        change(database_url, name=name)


@pytest.mark.parametrize("password", ["", "1234567", "x" * 257])
def test_a_password_too_short_or_too_long_is_refused(database_url: str, password: str) -> None:
    with pytest.raises(AccountError, match="8 to 256"):
        change(database_url, password=password)


def test_a_disabled_account_can_be_added_again(database_url: str) -> None:
    change(database_url)
    with db.connect(database_url, name="test", autocommit=True) as conn:
        assert disable_account(conn, name="lan", now=NOW, by="mai", source="test")
        assert not disable_account(conn, name="lan", now=NOW, by="mai", source="test")
        with pytest.raises(AccountError, match="no operator 'nobody'"):
            disable_account(conn, name="nobody", now=NOW, by="mai", source="test")
    assert change(database_url) is Change.CHANGED
    assert [action for _, action, _ in trail(database_url)] == [
        "account_added",
        "account_disabled",
        "account_changed",
    ]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE operator_audit SET actor = 'nobody'",
        "DELETE FROM operator_audit",
        "TRUNCATE operator_audit",
    ],
)
def test_the_audit_trail_only_grows(database_url: str, statement: str) -> None:
    change(database_url)
    with db.connect(database_url, name="test") as conn, pytest.raises(psycopg.errors.InsufficientPrivilege):
        conn.execute(statement)
    assert len(trail(database_url)) == 1


def user(url: str, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "HANOI_DATABASE_URL": url, "PYTHONPATH": str(ROOT)},
        check=False,
    )


def test_accounts_from_the_command_line(database_url: str) -> None:
    added = user(database_url, "add", "lan", "--role", "operator", "--password-stdin", stdin=f"{PASSWORD}\n")
    assert (added.returncode, added.stdout) == (0, "lan: added (operator)\n")
    again = user(database_url, "add", "lan", "--role", "operator", "--password-stdin", stdin=PASSWORD)
    assert (again.returncode, again.stdout) == (0, "lan: unchanged (operator)\n")
    assert user(database_url, "list").stdout == "lan\toperator\tenabled\n"
    assert user(database_url, "disable", "lan").returncode == 0
    assert user(database_url, "disable", "lan").returncode == 0
    assert user(database_url, "list").stdout == "lan\toperator\tdisabled\n"
    short = user(database_url, "add", "lan", "--role", "viewer", "--password-stdin", stdin="short\n")
    assert (short.returncode, PASSWORD in short.stderr) == (1, False)
    assert "password of 'lan'" in short.stderr
    assert user(database_url, "disable", "nobody").returncode == 1
    nowhere = user("postgresql://nobody@127.0.0.1:1/none", "list")
    assert (nowhere.returncode, "Traceback" in nowhere.stderr) == (1, False)
    assert [(action, subject) for _, action, subject in trail(database_url)] == [
        ("account_added", "lan"),
        ("account_disabled", "lan"),
    ]


def shut_out(postgres: Postgres, url: str) -> None:
    """The database as it is for everybody when it is gone: no connection, none to be had."""
    name = url.rsplit("/", 1)[1]
    with psycopg.connect(postgres.superuser_url, autocommit=True) as conn:
        conn.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(sql.Identifier(name)))
        conn.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))


def test_who_was_just_in_stays_in_while_the_database_is_gone_and_nobody_else(
    database_url: str, postgres: Postgres
) -> None:
    add(database_url)
    pool = db.open_pool(database_url, name="test", max_size=1)
    try:
        sessions = Sessions(pool)
        seen = sessions.log_in("lan", PASSWORD, before="", address="-", now=NOW)
        unseen = sessions.log_in("lan", PASSWORD, before="", address="-", now=NOW)
        assert seen is not None
        assert unseen is not None
        assert sessions.visitor(seen, NOW) is not None
        shut_out(postgres, database_url)
        inside = sessions.visitor(seen, NOW + OUTAGE)
        assert inside is not None
        assert inside.name == "lan"
        with pytest.raises(db.DatabaseUnreachable):
            sessions.visitor(unseen, NOW)
        with pytest.raises(db.DatabaseUnreachable):
            sessions.visitor(seen, NOW + OUTAGE + timedelta(seconds=10))
        with pytest.raises(db.DatabaseUnreachable):
            sessions.log_in("lan", PASSWORD, before="", address="-", now=NOW)
    finally:
        pool.close()
