"""Citizens who asked to be told, as rows that storage/subscription_outbox.py reads and writes. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True, kw_only=True, slots=True)
class WatchedRow:
    """One that was confirmed. `holds`: whether it was so when last looked at; None: nobody looked yet."""

    id: int
    thing_id: str
    property: str
    at_least: int
    holds: bool | None
    told_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadingRow:
    """The newest value of a Datastream that somebody asked about. `expires_at`: of a value by hand."""

    thing_id: str
    property: str
    interval_s: int
    domain: str
    phenomenon_time: datetime
    result: float
    quality: int
    provenance: str
    input_provenance: str | None
    expires_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class MarkRow:
    """What is known of one from now on; with `facts` it is told."""

    id: int
    holds: bool
    told_at: datetime | None
    facts: dict[str, Any] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ForgottenRow:
    """How many subscriptions nobody confirmed, and by channel how many messages nobody could send in time."""

    unconfirmed: int
    messages: Mapping[str, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class MessageRow:
    """What is to be sent now. `key` is the same for every attempt."""

    key: UUID
    kind: str
    facts: dict[str, Any]
    attempts: int
    created_at: datetime
    subscription_id: int
    channel: str
    address: str = field(repr=False)
    p256dh: bytes | None = field(repr=False)
    auth: bytes | None = field(repr=False)
    language: str
    thing_id: str
    property: str
    at_least: int
    confirmed: bool
    domain: str
    name_vi: str
    name_en: str
