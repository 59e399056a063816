"""Migrations go forward only, once, and not over a file that was changed after it ran."""

import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from deploy.embedded.postgres import Postgres
from storage import db
from storage.migrate import MigrationError, migrate, read_migrations

pytestmark = pytest.mark.integration

COLUMNS = {
    # design contract: "at least these columns"
    "thing": "id domain kind parent_id name_vi name_en lat lon coordinate_trust coordinate_source properties",
    "datastream": "id thing_id property unit derived",
    "observation": "datastream_id phenomenon_time result_time ingested_at result quality provenance",
    "observation_superseded": "datastream_id phenomenon_time result_time ingested_at result quality provenance",
    "rejected_message": "id received_at topic payload reason detail source",
    "flood_extent": "thing_id phenomenon_time features",
    "alert": "id",
    "alert_transition": "id",
}


@pytest.fixture
def empty_url(postgres: Postgres) -> Iterator[str]:
    """A database that no migration has touched."""
    with psycopg.connect(postgres.superuser_url, autocommit=True) as conn:
        conn.execute(sql.SQL("CREATE DATABASE unmigrated"))
        yield postgres.url("postgres", "unmigrated")
        conn.execute(sql.SQL("DROP DATABASE unmigrated WITH (FORCE)"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with two migrations of our own."""
    (tmp_path / "0001_create_a.sql").write_text("CREATE TABLE a (n int);")
    (tmp_path / "0002_create_b.sql").write_text("CREATE TABLE b (n int);")
    return tmp_path


def test_the_tables_of_the_contract_are_there(database_url: str) -> None:
    with db.connect(database_url, name="test") as conn:
        for table, columns in COLUMNS.items():
            rows = conn.execute(
                "SELECT column_name FROM information_schema.columns WHERE table_schema = 'public' AND table_name = %s",
                (table,),
            ).fetchall()
            assert set(columns.split()) <= {row["column_name"] for row in rows}, table
        hypertables = conn.execute(
            "SELECT hypertable_name FROM timescaledb_information.hypertables"
        ).fetchall()
    assert {"hypertable_name": "observation"} in hypertables


def test_a_second_run_applies_nothing(empty_url: str) -> None:
    names = [migration.name for migration in read_migrations()]
    assert migrate(empty_url) == names
    assert migrate(empty_url) == []


def test_two_at_once_apply_each_migration_once(empty_url: str) -> None:
    applied: list[list[str]] = []
    threads = [threading.Thread(target=lambda: applied.append(migrate(empty_url))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(len(names) for names in applied) == [0, len(read_migrations())]


def test_a_changed_migration_stops_everything(empty_url: str, folder: Path) -> None:
    migrate(empty_url, folder)
    (folder / "0001_create_a.sql").write_text("CREATE TABLE a (n bigint);")
    with pytest.raises(MigrationError, match="0001_create_a was changed after it ran"):
        migrate(empty_url, folder)


def test_a_failing_migration_leaves_nothing_and_names_itself(empty_url: str, folder: Path) -> None:
    (folder / "0003_break_off.sql").write_text("CREATE TABLE c (n int); SELECT 1/0;")
    with pytest.raises(MigrationError, match="0003_break_off: division by zero"):
        migrate(empty_url, folder)
    with db.connect(empty_url, name="test") as conn:
        tables = conn.execute("SELECT to_regclass('b') AS b, to_regclass('c') AS c").fetchone()
    assert tables == {"b": "b", "c": None}


def test_a_database_from_a_newer_program_is_not_touched(empty_url: str, folder: Path) -> None:
    migrate(empty_url, folder)
    (folder / "0002_create_b.sql").unlink()
    with pytest.raises(MigrationError, match=r"newer than this program: \[2\]"):
        migrate(empty_url, folder)


@pytest.mark.parametrize("name", ["0003_Create.sql", "3_create_c.sql", "0004_skip_three.sql"])
def test_names_and_numbers_are_checked_before_anything_runs(folder: Path, name: str) -> None:
    (folder / name).write_text("SELECT 1;")
    with pytest.raises(MigrationError):
        read_migrations(folder)
