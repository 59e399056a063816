"""Periodic work that several processes may be up for: a Postgres advisory lock lets one do it."""

import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from storage import db


@contextmanager
def only_one(conn: db.Connection, work: str) -> Iterator[bool]:
    """Whether this session holds the lock named `work`; it is given back at the end of the block."""
    key = zlib.crc32(f"hanoi-ops/{work}".encode())
    row = conn.execute(db.statements("locks")["take"], {"key": key}).fetchone()
    mine = bool(row and row["taken"])
    try:
        yield mine
    finally:
        if mine and not conn.closed:
            conn.execute(db.statements("locks")["give_back"], {"key": key})
