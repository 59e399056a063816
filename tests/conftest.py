"""Real parts for every test: TimescaleDB cloned from a migrated template, and a Mosquitto of its own."""

import itertools
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from psycopg import sql

from deploy.embedded import runtime
from deploy.embedded.mosquitto import Mosquitto
from deploy.embedded.postgres import FOR_TESTS, Postgres
from storage import db, inventory, things
from storage.catalog import load_catalog
from storage.inventory import load_inventory
from storage.migrate import migrate
from storage.model import Domain

settings.register_profile("no time is asserted", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("no time is asserted")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell started us in the background: what we start would ignore it too.
    signal.signal(signal.SIGINT, signal.default_int_handler)

ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared"
_numbers = itertools.count(1)
LONGEST_FIRST = ("faults", "browser", "integration")

LIVES_FOR_A_SESSION = {**FOR_TESTS, "fsync": "off", "full_page_writes": "off"}
"""Nobody reads it after a loss of power, and each DROP DATABASE would wait seconds for the disk."""
MEMORY_WANTED = 6 * 1024**3
"""Bytes; one server takes about one gigabyte."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Files that wait for servers and browsers are begun first, so that several workers end at about the same time."""
    if not hasattr(config, "workerinput"):
        return
    rank: dict[Path, int] = {}
    for item in items:
        own = [n for n, mark in enumerate(LONGEST_FIRST) if item.get_closest_marker(mark)]
        rank[item.path] = min([rank.get(item.path, len(LONGEST_FIRST)), *own])
    items.sort(key=lambda item: rank[item.path])


@pytest.fixture(scope="session")
def servers() -> Iterator[tuple[runtime.Runtime, Path]]:
    """The embedded runtime and a folder that its servers can reach."""
    installed = runtime.ensure(Path(os.environ.get("HANOI_RUNTIME_DIR", ROOT / ".runtime")), print)
    with installed.temporary_folder("tests") as folder:
        yield installed, folder


@pytest.fixture(scope="session")
def postgres(servers: tuple[runtime.Runtime, Path]) -> Iterator[Postgres]:
    """One server for the session. A test that kills a server starts its own, with the settings of the product."""
    installed, _ = servers
    with (
        installed.temporary_folder("tests-database", parent=_memory()) as folder,
        Postgres(
            installed, folder / "database", settings=LIVES_FOR_A_SESSION, dies_with_parent=True
        ) as server,
    ):
        yield server


def _memory() -> Path | None:
    """Where files are kept in memory, if there is room: making a database is 500 of them, and some disks take 0.5 s."""
    memory = Path("/dev/shm")
    return memory if memory.is_dir() and shutil.disk_usage(memory).free > MEMORY_WANTED else None


@pytest.fixture(scope="session")
def empty_template(postgres: Postgres) -> str:
    """A migrated database without Things."""
    name = "template_empty"
    _create(postgres, name)
    migrate(_url(postgres, name))
    _close(postgres, name)
    return name


@pytest.fixture(scope="session")
def city_template(postgres: Postgres, empty_template: str, domains: dict[str, Domain]) -> str:
    """A migrated database with the Things of Hanoi."""
    name = "template_city"
    _create(postgres, name, template=empty_template)
    with db.connect(_url(postgres, name), name="test") as conn:
        things.sync(conn, domains, load_inventory([inventory.SHIPPED], domains))
    _close(postgres, name)
    return name


@pytest.fixture(scope="session")
def domains() -> dict[str, Domain]:
    """The shipped catalogue."""
    return load_catalog()


@pytest.fixture
def database_url(postgres: Postgres, empty_template: str) -> Iterator[str]:
    """A fresh migrated database without Things."""
    yield from _clone(postgres, empty_template)


@pytest.fixture
def city_url(postgres: Postgres, city_template: str) -> Iterator[str]:
    """A fresh migrated database with the Things of Hanoi."""
    yield from _clone(postgres, city_template)


@pytest.fixture
def other_city_url(postgres: Postgres, city_template: str) -> Iterator[str]:
    """A second one, where a test moves something from one database to another."""
    yield from _clone(postgres, city_template)


@pytest.fixture
def broker(servers: tuple[runtime.Runtime, Path]) -> Iterator[Mosquitto]:
    """A broker of the test's own: sessions persist, so a shared one would carry messages over."""
    installed, folder = servers
    with Mosquitto(
        installed, folder / f"broker-{next(_numbers)}", proves_persistence=False, dies_with_parent=True
    ) as server:
        yield server


def _clone(postgres: Postgres, template: str) -> Iterator[str]:
    name = f"test_{next(_numbers)}"
    _create(postgres, name, template=template)
    yield _url(postgres, name)
    _execute(postgres, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _create(postgres: Postgres, name: str, template: str = "template1") -> None:
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
    _execute(postgres, statement.format(sql.Identifier(name), sql.Identifier(template)))


def _close(postgres: Postgres, name: str) -> None:
    """A template that somebody is connected to can't be cloned."""
    statement = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false")
    _execute(postgres, statement.format(sql.Identifier(name)))


def _url(postgres: Postgres, name: str) -> str:
    return postgres.url("postgres", name)


def _execute(postgres: Postgres, statement: sql.Composed) -> None:
    with psycopg.connect(postgres.superuser_url, autocommit=True) as conn:
        conn.execute(statement)
