"""`hanoi-migrate`: brings the schema up to date and loads the inventory. Forward only.

A migration is `migrations/NNNN_verb_noun.sql`. Each runs in a transaction of its own unless its first line is
`-- transaction: none`; its SHA-256 is kept, and a file that changed after it ran stops everything.
"""

import argparse
import hashlib
import logging
import re
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Final, LiteralString

import psycopg

from storage import db, inventory, rollups, things
from storage.catalog import ReferenceDataError, load_catalog
from storage.inventory import load_inventory
from storage.logs import configure_logging, redacted
from storage.settings import ConfigurationError, Settings, exit_on_configuration_error

FOLDER: Final = Path(str(files("storage"))) / "migrations"
LOCK: Final = 7_245_001
"""The advisory lock that lets one process migrate at a time."""

log = logging.getLogger(__name__)


class MigrationError(RuntimeError):
    """The schema can't be brought up to date; trying again does not help."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Migration:
    version: int
    name: str
    statement: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.statement.encode()).hexdigest()

    @property
    def transactional(self) -> bool:
        return not self.statement.startswith("-- transaction: none")


def read_migrations(folder: Path = FOLDER) -> tuple[Migration, ...]:
    """All of them in order. Raises MigrationError for a wrong name, a gap or a number used twice."""
    found = []
    for path in sorted(folder.glob("*.sql")):
        match = re.fullmatch(r"(\d{4})_([a-z0-9_]+)\.sql", path.name)
        if match is None:
            raise MigrationError(f"{path.name}: a migration is named NNNN_verb_noun.sql")
        found.append(Migration(version=int(match[1]), name=match[2], statement=path.read_text("utf-8")))
    if [m.version for m in found] != list(range(1, len(found) + 1)):
        raise MigrationError(f"migrations must count up from 0001: {[m.version for m in found]}")
    return tuple(found)


def migrate(url: str, folder: Path = FOLDER) -> list[str]:
    """Applies what is missing, under the lock; returns the names. Raises MigrationError."""
    with db.connect(url, name="migrate", autocommit=True) as conn:
        conn.execute("SELECT pg_advisory_lock(%s)", (LOCK,))
        try:
            _require_timescaledb(conn)
            conn.execute(db.statements("migrate")["create_ledger"])
            applied = [m.name for m in _pending(conn, read_migrations(folder)) if _apply(conn, m)]
            rollups.establish(conn)
            return applied
        finally:
            conn.execute("SELECT pg_advisory_unlock(%s)", (LOCK,))


def _require_timescaledb(conn: db.Connection) -> None:
    found = conn.execute(db.statements("migrate")["timescaledb_available"]).fetchone()
    if found is None:
        raise MigrationError(
            "the server has no TimescaleDB: install postgresql-17-timescaledb and set"
            " shared_preload_libraries='timescaledb' (plain PostgreSQL is not supported)"
        )


def _pending(conn: db.Connection, known: tuple[Migration, ...]) -> list[Migration]:
    rows = conn.execute(db.statements("migrate")["read_ledger"]).fetchall()
    applied = {row["version"]: row for row in rows}
    for migration in known:
        row = applied.pop(migration.version, None)
        if row is not None and row["checksum"] != migration.checksum:
            raise MigrationError(
                f"migration {migration.version:04d}_{migration.name} was changed after it ran"
                f" on {row['applied_at']:%Y-%m-%d}: put it back and write a new one"
            )
    if applied:
        raise MigrationError(f"the database is newer than this program: {sorted(applied)}")
    done = {row["version"] for row in rows}
    return [migration for migration in known if migration.version not in done]


def _apply(conn: db.Connection, migration: Migration) -> bool:
    statement: LiteralString = migration.statement  # a file of ours, no user wrote it
    record = (migration.version, migration.name, migration.checksum)
    try:
        if migration.transactional:
            with conn.transaction():
                conn.execute(statement)
                conn.execute(db.statements("migrate")["write_ledger"], record)
        else:
            conn.execute(statement)
            conn.execute(db.statements("migrate")["write_ledger"], record)
    except psycopg.OperationalError:
        raise
    except psycopg.Error as error:
        raise MigrationError(f"migration {migration.version:04d}_{migration.name}: {error}") from error
    log.info("migration_applied version=%04d name=%s", migration.version, migration.name)
    return True


def main() -> None:
    """Entry point. Exit 0 done, 1 the database refused, 2 configuration."""
    parser = argparse.ArgumentParser(prog="hanoi-migrate", description=__doc__.splitlines()[0])
    parser.add_argument("--recorded", action="store_true", help="also load the Things of the recorded feeds")
    arguments = parser.parse_args()
    try:
        settings = Settings.load()
        configure_logging(settings.log_level, settings.secrets)
        url = settings.required("database_url")
        domains = load_catalog(settings.catalog_folders)
        folders = settings.inventory_folders
        if arguments.recorded:
            folders = (*folders, inventory.RECORDED)
        city = load_inventory(folders, domains)
        applied = migrate(url)
        with db.connect(url, name="migrate") as conn:
            counts = things.sync(conn, domains, city)
    except (ConfigurationError, ReferenceDataError) as error:
        exit_on_configuration_error(error)
    except (MigrationError, psycopg.Error) as error:
        raise SystemExit(redacted(f"hanoi-migrate: {error}")) from error
    print(f"schema: {len(applied)} migrations applied; inventory: {counts}")
