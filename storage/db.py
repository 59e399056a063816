"""Connections and the named SQL blocks of `sql/*.sql`. One colour: sync psycopg 3, threads at the edges."""

from contextlib import AbstractContextManager
from typing import Any, Final, Protocol

import psycopg
from psycopg.rows import dict_row
from psycopg_pool import ConnectionPool

from storage.blocks import statements as statements

Connection = psycopg.Connection[dict[str, Any]]
Pool = ConnectionPool[Connection]


class Connections(Protocol):
    """Where who only asks gets a connection from: a pool, or what stands before one."""

    def connection(self, timeout: float | None = None) -> AbstractContextManager[Connection]: ...

    def close(self, timeout: float = 5.0) -> None: ...


DatabaseUnreachable: Final = psycopg.OperationalError
"""Bad luck, not bad data: the connection or the server's resources; trying again can help."""
Cancelled: Final = psycopg.errors.QueryCanceled
"""Somebody asked the server to end the statement, or it ran into its time."""
SchemaMissing: Final = psycopg.errors.UndefinedTable
"""The database is there and `hanoi-migrate` has not been run in it."""
PASSING: Final = (DatabaseUnreachable, psycopg.errors.ReadOnlySqlTransaction)
"""What a worker waits out: it is that, or the server is a standby that is about to be promoted (25006)."""


def connect(url: str, *, name: str, schema: str = "public", autocommit: bool = False) -> Connection:
    """A connection whose rows are dictionaries, in UTC. `schema` is public or public_view."""
    return psycopg.connect(url, **_parameters(name, schema), autocommit=autocommit)


def open_pool(
    url: str, *, name: str, schema: str = "public", max_size: int = 4, min_size: int = 1, options: str = ""
) -> Pool:
    """A pool that is checked before use and reconnects by itself. It opens in the background.

    `options` are the server's settings for its sessions, as `-c name=value`.
    """
    return ConnectionPool(
        url,
        kwargs={**_parameters(name, schema, options), "autocommit": True},
        min_size=min_size,
        max_size=max_size,
        timeout=10,
        check=ConnectionPool.check_connection,
        name=name,
        open=True,
    )


def _parameters(name: str, schema: str, options: str = "") -> dict[str, Any]:
    return {
        "row_factory": dict_row,
        "application_name": f"hanoi-{name}",
        "connect_timeout": 5,
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 60_000,  # ms; while data waits for its ack no keepalives are sent, and TCP tries for 15 min
        "options": f"-c timezone=UTC -c search_path={schema},public -c jit=off {options}".rstrip(),
    }
