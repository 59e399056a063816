"""Citizens who asked to be told: what the public site may do, with a token or without (decision 0028).

What the alerts process does with them is storage/subscription_outbox.py.
"""

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final, LiteralString

import psycopg

from storage import db

LONGEST_MAIL: Final = 254
"""Characters of a mail address (RFC 5321, 4.5.3.1.3)."""
LONGEST_ENDPOINT: Final = 1000
MOST: Final = 20
"""Of one address."""
MAILS_A_DAY: Final = 5
"""That somebody may ask for an address, whoever it is."""


class Channel(StrEnum):
    EMAIL = "email"
    PUSH = "push"


class Answer(StrEnum):
    """What became of an asking."""

    TAKEN = "taken"
    """Of mail: whether the address is known, or has had its mails of the day, is not told."""
    FULL = "full"
    MANY = "many"
    """Of push: this browser has as many as it may."""
    UNKNOWN = "unknown"
    """There is no such Thing, or it is out of service."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PushKeys:
    """Of a browser (RFC 8291): an uncompressed point of P-256, 65 bytes, and 16 random bytes."""

    p256dh: bytes
    auth: bytes = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class NewSubscription:
    """As somebody asks for it. `keys`: of push only."""

    channel: Channel
    address: str = field(repr=False)
    keys: PushKeys | None = None
    language: str
    thing_id: str
    property: str
    at_least: int


@dataclass(frozen=True, kw_only=True, slots=True)
class HeldSubscription:
    """What is kept, as who has a token may see it. `own`: what the token was made for."""

    id: int
    channel: str
    address: str
    language: str
    thing_id: str
    property: str
    at_least: int
    asked_at: datetime
    confirmed_at: datetime | None
    told_at: datetime | None
    own: bool


class SubscriptionRefused(ValueError):
    """The database does not take it. Trying again does not help."""


def new_token() -> str:
    """256 random bits, as they stand in a link."""
    return secrets.token_urlsafe(32)


def hash_of(token: str) -> bytes:
    """What is kept of a token: there is nothing to guess that a slow hash would guard."""
    return hashlib.sha256(token.encode()).digest()


def ask(conn: db.Connection, new: NewSubscription, token: str | None) -> Answer:
    """`token`: of push, which needs no other confirmation; mail gets one of its own. The public role may call it.

    Raises SubscriptionRefused.
    """
    asked = {
        "channel": new.channel.value,
        "address": new.address,
        "p256dh": new.keys.p256dh if new.keys else None,
        "auth": new.keys.auth if new.keys else None,
        "language": new.language,
        "thing_id": new.thing_id,
        "property": new.property,
        "at_least": new.at_least,
        "token_hash": hash_of(token) if token else None,
    }
    try:
        row = conn.execute(_sql("ask"), asked).fetchone()
    except (psycopg.IntegrityError, psycopg.DataError) as error:
        raise SubscriptionRefused(type(error).__name__) from None  # its text would show the address
    assert row is not None
    return Answer(row["answer"])


def held(conn: db.Connection, token: str) -> list[HeldSubscription]:
    """All of the address that the token was sent to, its own first; [] for none. The public role may ask."""
    rows = conn.execute(_sql("held"), {"token_hash": hash_of(token)}).fetchall()
    return [HeldSubscription(**row) for row in rows]


def confirm(conn: db.Connection, token: str) -> bool:
    """False: there is no such token. The public role may."""
    row = conn.execute(_sql("confirm"), {"token_hash": hash_of(token)}).fetchone()
    return bool(row and row["confirmed"])


def delete(conn: db.Connection, token: str, one: int | None) -> int:
    """One of the address's, or all; returns how many. Nothing of them stays. The public role may."""
    row = conn.execute(_sql("delete"), {"token_hash": hash_of(token), "one": one}).fetchone()
    return int(row["deleted"]) if row else 0


def _sql(name: str) -> LiteralString:
    return db.statements("subscriptions")[name]
