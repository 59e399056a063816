"""Public notices: what the centre tells citizens in [starts_at, ends_at). Never edited or deleted, only withdrawn."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import LiteralString

from storage import db


class Kind(StrEnum):
    """What a notice is about."""

    INFORMATION = "information"
    WORKS = "works"
    FLOOD = "flood"
    AIR = "air"
    WATER = "water"
    PARKING = "parking"


@dataclass(frozen=True, kw_only=True, slots=True)
class Notice:
    """As anybody may read it. Times are aware."""

    id: int
    kind: str
    text_vi: str
    text_en: str
    wards: list[str]
    """Codes of storage.wards; empty: the whole city."""
    starts_at: datetime
    ends_at: datetime
    published_at: datetime

    def over(self, now: datetime) -> bool:
        return self.ends_at <= now


@dataclass(frozen=True, kw_only=True, slots=True)
class NoticeRow(Notice):
    """With what only operators see."""

    author: str
    replaces: int | None
    withdrawn_at: datetime | None
    withdrawn_by: str | None


def shown(conn: db.Connection) -> list[Notice]:
    """What citizens see by the database's clock, the newest first. The public role may ask."""
    return [Notice(**row) for row in conn.execute(_sql("shown")).fetchall()]


def open_notices(conn: db.Connection, now: datetime) -> list[NoticeRow]:
    """Those that hold or will, by when they begin."""
    return [NoticeRow(**row) for row in conn.execute(_sql("open_notices"), {"now": now}).fetchall()]


def past_notices(conn: db.Connection, now: datetime, limit: int) -> list[NoticeRow]:
    """Those that ended or were withdrawn, the newest first."""
    rows = conn.execute(_sql("past_notices"), {"now": now, "limit": limit}).fetchall()
    return [NoticeRow(**row) for row in rows]


def _sql(name: str) -> LiteralString:
    return db.statements("notices")[name]
