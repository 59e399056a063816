"""The database server: what it promises on disk, who may come in, how it dies and comes back."""

import contextlib
import itertools
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from deploy.embedded.postgres import FOR_TESTS, Postgres
from deploy.embedded.process import PortTakenError, working_in
from deploy.embedded.runtime import Runtime

pytestmark = pytest.mark.integration

Servers = tuple[Runtime, Path]
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def server(servers: Servers) -> Iterator[Postgres]:
    """One server for the tests that leave it as it was."""
    with fresh(servers) as started:
        yield started


@contextlib.contextmanager
def fresh(servers: Servers) -> Iterator[Postgres]:
    """Yield a server of one's own, started and with an owner."""
    installed, folder = servers
    number = next(_numbers)
    with Postgres(installed, folder / f"embedded-pg-{number}", settings=FOR_TESTS) as started:
        started.create_owner()
        yield started


def setting(server: Postgres, name: str) -> object:
    with psycopg.connect(server.superuser_url) as connection:
        row = connection.execute("SELECT current_setting(%s)", (name,)).fetchone()
    assert row is not None
    return row[0]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("fsync", "on"),
        ("synchronous_commit", "on"),
        ("full_page_writes", "on"),
        ("jit", "off"),
        ("TimeZone", "UTC"),
        ("listen_addresses", "127.0.0.1"),
        ("password_encryption", "scram-sha-256"),
        ("timescaledb.max_background_workers", "0"),
        ("timescaledb.telemetry_level", "off"),
        ("server_encoding", "UTF8"),
    ],
)
def test_settings_that_others_rely_on(server: Postgres, name: str, value: str) -> None:
    assert setting(server, name) == value


def test_vietnamese_letters_change_case(server: Postgres) -> None:
    with psycopg.connect(server.owner_url()) as connection:
        row = connection.execute("SELECT lower('ĐỐNG ĐA HỒ TÂY')").fetchone()
    assert row == ("đống đa hồ tây",)


def test_a_hypertable_can_be_made_by_the_owner(server: Postgres) -> None:
    with psycopg.connect(server.owner_url()) as connection:
        connection.execute("CREATE TABLE hyper (at timestamptz NOT NULL)")
        row = connection.execute("SELECT hypertable_id FROM create_hypertable('hyper', by_range('at'))")
        assert row.fetchone() is not None
        connection.rollback()


def test_nobody_comes_in_without_the_password(server: Postgres) -> None:
    with pytest.raises(psycopg.OperationalError, match="no password supplied"):
        psycopg.connect(f"postgresql://postgres@127.0.0.1:{server.port}/postgres")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(f"postgresql://postgres:guess@127.0.0.1:{server.port}/postgres")


def test_passwords_are_in_a_file_for_us_alone_and_in_no_other(server: Postgres) -> None:
    assert server.passwords.stat().st_mode & 0o777 == 0o600
    left = [path.name for path in server.data_dir.parent.glob("*.pw")]
    assert left == []
    assert server.pid is not None
    command = Path(f"/proc/{server.pid}/cmdline").read_text(encoding="utf-8")
    assert server.superuser_url.split(":")[2].split("@")[0] not in command


def test_only_the_servers_account_may_read_the_data(server: Postgres) -> None:
    assert server.data_dir.stat().st_mode & 0o777 == 0o700
    user = server.runtime.user
    assert server.data_dir.stat().st_uid == (user.uid if user else os.getuid())


def test_owner_and_logins_can_be_made_twice(server: Postgres) -> None:
    with psycopg.connect(server.owner_url(), autocommit=True) as connection:
        connection.execute("CREATE ROLE reader_of_little NOLOGIN")
    for _ in range(2):
        server.create_owner()
        server.create_login("little_login", member_of="reader_of_little")
    with psycopg.connect(server.url("little_login", "hanoi")) as connection:
        row = connection.execute(
            "SELECT pg_has_role('reader_of_little', 'member'), rolsuper, rolcreatedb"
            " FROM pg_roles WHERE rolname = 'little_login'"
        ).fetchone()
    assert row == (True, False, False)


def test_databases_can_be_cloned_over_and_over(server: Postgres) -> None:
    with psycopg.connect(server.superuser_url, autocommit=True) as connection:
        connection.execute("ALTER DATABASE hanoi ALLOW_CONNECTIONS false")
        for number in range(10):
            name = sql.Identifier(f"clone_{number}")
            connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE hanoi").format(name))
        for number in range(10):
            connection.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(f"clone_{number}")))
        connection.execute("ALTER DATABASE hanoi ALLOW_CONNECTIONS true")


def test_a_killed_server_comes_back_with_what_was_committed(servers: Servers) -> None:
    with fresh(servers) as server:
        with psycopg.connect(server.owner_url()) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        before = server.pid
        server.kill()
        assert server.pid is None
        assert not server.answers()
        server.start()
        assert server.pid != before
        with psycopg.connect(server.owner_url()) as connection:
            assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)


def test_a_busy_backend_of_a_killed_server_does_not_block_the_next(servers: Servers) -> None:
    with fresh(servers) as server:
        connection = psycopg.connect(server.owner_url())
        busy = subprocess.Popen(
            [server.runtime.database / "usr/lib/postgresql/17/bin/psql", server.owner_url(), "-c",
             "SELECT count(*) FROM generate_series(1, 100000000000)"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        while len(working_in(server.data_dir)) < 8:
            time.sleep(0.05)
        assert server.process is not None
        server.process.send_signal(signal.SIGKILL)
        server.process.wait()
        server.start()
        assert server.answers()
        busy.wait(10)
        connection.close()


def test_a_frozen_server_answers_again_when_it_goes_on(servers: Servers) -> None:
    with fresh(servers) as server:
        server.pause()
        assert not server.answers()
        server.resume()
        assert server.answers()


def test_an_interrupted_initdb_is_begun_anew(servers: Servers) -> None:
    installed, folder = servers
    data = folder / "embedded-interrupted"
    half = installed.folder_for_server(data.with_name(f"{data.name}.partial"))
    (half / "PG_VERSION").write_text("17\n", encoding="ascii")
    with Postgres(installed, data, settings=FOR_TESTS) as server:
        assert server.answers()


def test_a_postmaster_pid_that_names_somebody_else_is_no_obstacle(servers: Servers) -> None:
    with fresh(servers) as server:
        server.stop()
        stale = server.data_dir / "postmaster.pid"
        stale.write_text(f"{os.getppid()}\n{server.data_dir}\n1\n{server.port}\n", encoding="ascii")
        server.runtime.own(stale, 0o600)
        server.start()
        assert server.answers()


def test_a_taken_port_is_reported_with_the_variable_that_changes_it(servers: Servers) -> None:
    installed, folder = servers
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        server = Postgres(installed, folder / "embedded-taken", port, settings=FOR_TESTS)
        with pytest.raises(PortTakenError, match=rf"{port}.*database.*HANOI_DB_PORT"):
            server.start()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root steps down to another account")
def test_a_folder_that_servers_cannot_enter_is_refused_with_a_way_out(
    servers: Servers, tmp_path: Path
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(PermissionError, match="temporary_folder"):
        Postgres(servers[0], closed / "data").start()
