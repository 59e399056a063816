"""Connections and the named SQL blocks of `sql/*.sql`. One colour: sync psycopg 3, threads at the edges."""

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final, LiteralString, cast

import psycopg
from psycopg.rows import dict_row
from psycopg_pool import ConnectionPool

Connection = psycopg.Connection[dict[str, Any]]
Pool = ConnectionPool[Connection]

DatabaseUnreachable: Final = psycopg.OperationalError
"""Bad luck, not bad data: the connection or the server's resources; trying again can help."""
SchemaMissing: Final = psycopg.errors.UndefinedTable
"""The database is there and `hanoi-migrate` has not been run in it."""
PASSING: Final = (DatabaseUnreachable, psycopg.errors.ReadOnlySqlTransaction)
"""What a worker waits out: it is that, or the server is a standby that is about to be promoted (25006)."""

_BLOCK = re.compile(r"^-- name: (?P<name>\w+)\n(?P<body>.*?)(?=^-- name: |\Z)", re.M | re.S)


def connect(url: str, *, name: str, schema: str = "public", autocommit: bool = False) -> Connection:
    """A connection whose rows are dictionaries, in UTC. `schema` is public or public_view."""
    return psycopg.connect(url, **_parameters(name, schema), autocommit=autocommit)


def open_pool(url: str, *, name: str, schema: str = "public", max_size: int = 4) -> Pool:
    """A pool that is checked before use and reconnects by itself. It opens in the background."""
    return ConnectionPool(
        url,
        kwargs={**_parameters(name, schema), "autocommit": True},
        min_size=1,
        max_size=max_size,
        timeout=10,
        check=ConnectionPool.check_connection,
        name=name,
        open=True,
    )


@cache
def statements(module: str) -> Mapping[str, LiteralString]:
    """The blocks of `sql/<module>.sql` by name."""
    text = (files("storage") / "sql" / f"{module}.sql").read_text(encoding="utf-8")
    return {m["name"]: cast(LiteralString, m["body"].strip()) for m in _BLOCK.finditer(text)}


def _parameters(name: str, schema: str) -> dict[str, Any]:
    return {
        "row_factory": dict_row,
        "application_name": f"hanoi-{name}",
        "connect_timeout": 5,
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 60_000,  # ms; while data waits for its ack no keepalives are sent, and TCP tries for 15 min
        "options": f"-c timezone=UTC -c search_path={schema},public -c jit=off",
    }
