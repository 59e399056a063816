"""Keys to the public API: who has one, what it allows a minute and a day, and how much it was used."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final, LiteralString

from storage import db

NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
"""What a key is called: it stands in lists, not in requests."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ValidKey:
    """As the public process knows it: nothing of whose it is."""

    id: int
    key_hash: bytes = field(repr=False)
    per_minute: int
    per_day: int
    expires_at: datetime | None
    day: date
    """Hanoi's, of `requests`."""
    requests: int
    """Counted by the database on that day."""


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyRow:
    """As those who keep keys see it. `in_30_days` has today in it."""

    name: str
    contact: str
    per_minute: int
    per_day: int
    created_at: datetime
    created_by: str
    expires_at: datetime | None
    revoked_at: datetime | None
    revoked_by: str | None
    today: int
    in_30_days: int
    refused_in_30_days: int

    def state(self, now: datetime) -> str:
        """revoked, expired or valid."""
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if self.expires_at is not None and self.expires_at <= now else "valid"


@dataclass(frozen=True, kw_only=True, slots=True)
class Use:
    """What was asked with one key on one day of Hanoi, since it was last written down."""

    key_id: int
    day: date
    requests: int
    refused: int


def hash_of(key: str) -> bytes:
    """What is kept of a key. Keys are random, 256 bits: there is nothing to guess that a slow hash would guard."""
    return hashlib.sha256(key.encode()).digest()


def add(
    conn: db.Connection,
    *,
    name: str,
    key_hash: bytes,
    contact: str,
    per_minute: int,
    per_day: int,
    expires_at: datetime | None,
    actor: str,
    now: datetime,
) -> bool:
    """False when the name is taken, also by a key that was revoked."""
    made = conn.execute(
        _sql("add"),
        {
            "name": name,
            "key_hash": key_hash,
            "contact": contact,
            "per_minute": per_minute,
            "per_day": per_day,
            "expires_at": expires_at,
            "actor": actor,
            "now": now,
        },
    )
    return made.rowcount == 1


def revoke(conn: db.Connection, *, name: str, actor: str, now: datetime) -> bool:
    """False when no key of that name is left to revoke."""
    return conn.execute(_sql("revoke"), {"name": name, "actor": actor, "now": now}).rowcount == 1


def find(conn: db.Connection, name: str) -> KeyRow | None:
    """Without its use."""
    row = conn.execute(_sql("find"), {"name": name}).fetchone()
    return KeyRow(**row) if row else None


def all_keys(conn: db.Connection, day: date) -> list[KeyRow]:
    """By name, with their use until `day` of Hanoi."""
    return [KeyRow(**row) for row in conn.execute(_sql("all_keys"), {"day": day}).fetchall()]


def valid(conn: db.Connection) -> list[ValidKey]:
    """The public role may ask."""
    rows = conn.execute(_sql("valid")).fetchall()
    return [ValidKey(**{**row, "key_hash": bytes(row["key_hash"])}) for row in rows]


def count(conn: db.Connection, used: Iterable[Use]) -> None:
    """Adds to what was counted before. The public role may, and can write nothing else."""
    for use in used:
        conn.execute(
            _sql("count_use"),
            {"key_id": use.key_id, "day": use.day, "requests": use.requests, "refused": use.refused},
        )


def _sql(name: str) -> LiteralString:
    return db.statements("api_keys")[name]
