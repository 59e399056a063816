"""Devices that speak in a name of their own, and the Things that an operator said they are."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import psycopg

from storage import db

MOST_OF_A_MESSAGE: Final = 20
"""Devices that one rejected message puts on the list of unclaimed ones."""


class ClaimRefused(ValueError):
    """A claim that can't be made; the message says why, `code` and `values` say it to pages in other languages."""

    def __init__(self, message: str, code: str, **values: str) -> None:
        super().__init__(message)
        self.code = code
        self.values = values


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """`device` of `source` is this Thing, says `claimed_by`."""

    source: str
    device: str
    thing_id: str
    claimed_at: datetime
    claimed_by: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Unclaimed:
    """A device that sends and that nobody knows, with the newest of its rejected messages."""

    source: str
    device: str
    count: int
    first_seen: datetime
    last_seen: datetime
    topic: str
    payload: bytes
    """Its beginning."""
    size: int
    """Bytes of the whole payload."""


def all_claims(conn: db.Connection) -> Mapping[tuple[str, str], str]:
    """(source, device) → Thing."""
    rows = conn.execute(db.statements("claims")["all_claims"]).fetchall()
    return {(row["source"], row["device"]): row["thing_id"] for row in rows}


def list_claims(conn: db.Connection) -> list[Claim]:
    """Every claim, the newest first."""
    return [Claim(**row) for row in conn.execute(db.statements("claims")["list_claims"])]


def claims_of(conn: db.Connection, thing_id: str) -> list[Claim]:
    """The devices that are this Thing, the newest claim first."""
    return [
        Claim(**row) for row in conn.execute(db.statements("claims")["claims_of"], {"thing_id": thing_id})
    ]


def stragglers(conn: db.Connection, since: datetime) -> list[tuple[str, str]]:
    """(source, device) of what was claimed from then on and is named by a rejection that is still open."""
    rows = conn.execute(db.statements("claims")["stragglers"], {"since": since}).fetchall()
    return [(row["source"], row["device"]) for row in rows]


def claim(conn: db.Connection, *, source: str, device: str, thing_id: str, now: datetime, by: str) -> bool:
    """Inside the caller's transaction: whether it is new. Raises ClaimRefused: no such Thing, or another's claim."""
    sql = db.statements("claims")
    parameters = {"source": source, "device": device, "thing_id": thing_id, "now": now, "by": by}
    try:
        with conn.transaction():
            made = conn.execute(sql["claim"], parameters).rowcount
    except psycopg.errors.ForeignKeyViolation as error:
        raise ClaimRefused(f"there is no Thing '{thing_id}'", "no_thing", thing=thing_id) from error
    if made:
        return True
    held = conn.execute(sql["claimed_as"], {"source": source, "device": device}).fetchone()
    if held is not None and held["thing_id"] != thing_id:
        other = str(held["thing_id"])
        message = f"device '{device}' of '{source}' is claimed as '{other}': unclaim it first"
        raise ClaimRefused(message, "claimed", thing=other)
    return False


def release(conn: db.Connection, *, source: str, device: str) -> str | None:
    """The Thing that the device was until now, or None when nobody had claimed it."""
    row = conn.execute(db.statements("claims")["release"], {"source": source, "device": device}).fetchone()
    return str(row["thing_id"]) if row else None


def unclaimed(conn: db.Connection, *, limit: int, payload_bytes: int) -> list[Unclaimed]:
    """Devices that open rejections name, the one heard last first, with so many bytes of its newest payload.

    Of each message the first MOST_OF_A_MESSAGE by name."""
    parameters = {"limit": limit, "bytes": payload_bytes, "each": MOST_OF_A_MESSAGE}
    return [Unclaimed(**row) for row in conn.execute(db.statements("claims")["unclaimed"], parameters)]
