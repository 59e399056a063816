"""Values that were entered by hand: until when each holds, and what ingest made of a message. Reads only."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, LiteralString

from storage import db

HOLDING: Final = frozenset({"sent", "stored", "partly"})
"""Outcomes of an entry whose values are, or may come to be, there."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Hold:
    """The newest value by hand of a property counts until `expires_at`."""

    thing_id: str
    property: str
    phenomenon_time: datetime
    expires_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class EntryRow:
    """One entry. Times are aware."""

    id: int
    thing_id: str
    results: Mapping[str, float | bool]
    time: datetime
    expires_at: datetime
    author: str
    note: str
    entered_at: datetime
    outcome: str
    faults: list[dict[str, Any]]
    cancelled_at: datetime | None
    cancelled_by: str | None

    def holds(self, now: datetime) -> bool:
        return self.outcome in HOLDING and self.cancelled_at is None and now < self.expires_at


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """What ingest said against a message; `faults` as in `rejected_message.detail`."""

    reason: str
    faults: list[dict[str, Any]]


def holds(conn: db.Connection) -> list[Hold]:
    """One a property of a Thing that ever had a value by hand, also when it has expired."""
    return [Hold(**row) for row in conn.execute(_sql("holds")).fetchall()]


def entries(conn: db.Connection, limit: int) -> list[EntryRow]:
    """The newest first."""
    return [EntryRow(**row) for row in conn.execute(_sql("entries"), {"limit": limit}).fetchall()]


def stored(
    conn: db.Connection, thing_id: str, properties: Collection[str], *, time: datetime, result_time: datetime
) -> set[str]:
    """The properties of a message whose values are committed."""
    asked = {
        "thing_id": thing_id,
        "properties": list(properties),
        "time": time,
        "result_time": result_time,
    }
    return {row["property"] for row in conn.execute(_sql("stored"), asked).fetchall()}


def refusal(conn: db.Connection, topic: str, payload: bytes, since: datetime) -> Refusal | None:
    """Of this very message, if ingest has refused it or a part of it."""
    row = conn.execute(_sql("refusal"), {"topic": topic, "payload": payload, "since": since}).fetchone()
    return Refusal(reason=row["reason"], faults=row["detail"].get("faults", [])) if row else None


def _sql(name: str) -> LiteralString:
    return db.statements("manual")[name]
