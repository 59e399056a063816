"""What citizens tell the centre: handed in by the public site, moderated in the control room (decision 0024)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, LiteralString

import psycopg

from storage import db
from storage.model import Text

LONGEST_TEXT: Final = 2000
"""Characters of a description, and of an answer."""
LONGEST_CONTACT: Final = 200
LONGEST_REASON: Final = 500
LARGEST_PHOTO: Final = 3 * 1024 * 1024
"""Bytes, made anew."""
SOUTH, NORTH, WEST, EAST = 20.45, 21.5, 105.15, 106.15
"""Where Hanoi is, in degrees: what lies outside is no report of this city."""
_NUMBER: Final = re.compile(r"[0-9A-HJKMNP-TV-Z]{8}")
_MISREAD: Final = str.maketrans("OIL", "011")


class Service(StrEnum):
    """What can be reported; Open311 calls it a service."""

    FLOOD = "flood"
    SMOKE = "smoke"
    DEAD_FISH = "dead_fish"
    BROKEN_BAY = "broken_bay"


SERVICE_NAMES: Final[Mapping[str, Text]] = {
    Service.FLOOD: Text(vi="Ngập nước", en="Flooding"),
    Service.SMOKE: Text(vi="Khói, đốt rác", en="Smoke or burning"),
    Service.DEAD_FISH: Text(vi="Cá chết", en="Dead fish"),
    Service.BROKEN_BAY: Text(vi="Chỗ đỗ xe bị hỏng", en="Broken parking bay"),
}


class State(StrEnum):
    """What moderation made of a report."""

    NEW = "new"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    MERGED = "merged"


class PlaceBy(StrEnum):
    """How somebody said where it was."""

    POINT = "point"
    THING = "thing"
    WARD = "ward"
    """At its centre, which may be far off."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Photo:
    """A JPEG that was made anew (dashboard/photos.py). Sides in pixels."""

    content: bytes
    width: int
    height: int


@dataclass(frozen=True, kw_only=True, slots=True)
class NewReport:
    """As somebody hands it in. `place_id`: a Thing, or the code of a ward."""

    service: Service
    lat: float
    lon: float
    place: PlaceBy = PlaceBy.POINT
    place_id: str | None = None
    description: str
    language: str
    channel: str = "page"
    contact: str | None = None
    photo: Photo | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownReport:
    """One that was confirmed, as everybody may read it. The place is rounded to about 100 m. Times are aware."""

    number: str
    service: str
    lat: float
    lon: float
    place: str
    place_id: str | None
    description: str | None
    language: str
    requested_at: datetime
    updated_at: datetime
    status: str
    answer_vi: str | None
    answer_en: str | None
    shown_until: datetime | None
    has_photo: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class ToldReport:
    """What who has the number may know. Of one that was merged `state` to `reason` are those of the other."""

    number: str
    service: str
    place: str
    place_id: str | None
    language: str
    requested_at: datetime
    updated_at: datetime
    state: str
    status: str
    answer_vi: str | None
    answer_en: str | None
    reason: str | None
    merged: bool
    main_number: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ReportRow:
    """All of it, for the control room."""

    id: int
    number: str
    service: str
    lat: float
    lon: float
    place: str
    place_id: str | None
    description: str
    language: str
    channel: str
    requested_at: datetime
    updated_at: datetime
    state: str
    status: str
    merged_into: int | None
    text_shown: str | None
    photo_shown: bool
    shown_until: datetime | None
    answer_vi: str | None
    answer_en: str | None
    reason: str | None
    moderated_at: datetime | None
    moderated_by: str | None
    closed_at: datetime | None
    closed_by: str | None
    contact: str | None
    has_photo: bool
    merged_count: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """Which of the shown ones; None asks for all."""

    numbers: Sequence[str] | None = None
    services: Sequence[str] | None = None
    statuses: Sequence[str] | None = None
    since: datetime | None = None
    until: datetime | None = None


class ReportRefused(ValueError):
    """The database does not take it: too long, out of the city, unknown words. Trying again does not help."""


class TooManyReports(RuntimeError):
    """Too many of the last hour, or too many that wait. Later it may be another matter."""


def submit(conn: db.Connection, new: NewReport) -> str:
    """Returns the number that people know it by. The public role may call it.

    Raises ReportRefused, TooManyReports.
    """
    said = {name: value for name, value in asdict(new).items() if name != "photo"}
    photo = new.photo
    sent = {
        "photo": photo.content if photo else None,
        "photo_width": photo.width if photo else None,
        "photo_height": photo.height if photo else None,
    }
    try:
        row = conn.execute(_sql("submit"), said | sent).fetchone()
    except (psycopg.IntegrityError, psycopg.DataError) as error:
        raise ReportRefused(str(error).partition("\n")[0]) from error
    assert row is not None
    if row["number"] is None:
        raise TooManyReports
    return str(row["number"])


def written_number(text: str) -> str | None:
    """A number as somebody typed or heard it; None: it is none."""
    plain = re.sub(r"[\s-]", "", text[:40]).upper().translate(_MISREAD)
    return plain if _NUMBER.fullmatch(plain) else None


def told(conn: db.Connection, number: str) -> ToldReport | None:
    """The public role may ask."""
    row = conn.execute(_sql("told"), {"number": number}).fetchone()
    return ToldReport(**row) if row else None


def shown(conn: db.Connection, asked: Asked, limit: int) -> list[ShownReport]:
    """The newest first. The public role may ask."""
    rows = conn.execute(_sql("shown"), {**asdict(asked), "limit": limit}).fetchall()
    return [ShownReport(**row) for row in rows]


def shown_photo(conn: db.Connection, number: str) -> bytes | None:
    """The picture of one that was confirmed, where it may be shown. The public role may ask."""
    row = conn.execute(_sql("shown_photo"), {"number": number}).fetchone()
    return bytes(row["content"]) if row else None


def on_map(conn: db.Connection, now: datetime, limit: int) -> list[ShownReport]:
    """Confirmed floods that hold now, the newest first. The public role may ask."""
    return [
        ShownReport(**row) for row in conn.execute(_sql("on_map"), {"now": now, "limit": limit}).fetchall()
    ]


def newest_change(conn: db.Connection, since: datetime) -> tuple[datetime | None, int]:
    """When something last changed since then, and how many are open: another answer says that something is another."""
    row = conn.execute(_sql("newest_change"), {"since": since}).fetchone()
    return (row["at"], row["open"]) if row else (None, 0)


def waiting(conn: db.Connection, state: State, limit: int) -> list[ReportRow]:
    """Open ones of that state, what has waited longest first."""
    rows: list[dict[str, Any]] = conn.execute(
        _sql("waiting"), {"state": state.value, "limit": limit}
    ).fetchall()
    return [ReportRow(**row) for row in rows]


def closed(conn: db.Connection, limit: int) -> list[ReportRow]:
    """Those that are over, the newest first."""
    return [ReportRow(**row) for row in conn.execute(_sql("closed"), {"limit": limit}).fetchall()]


def photo(conn: db.Connection, report_id: int) -> bytes | None:
    row = conn.execute(_sql("photo"), {"report_id": report_id}).fetchone()
    return bytes(row["content"]) if row else None


def _sql(name: str) -> LiteralString:
    return db.statements("citizen_reports")[name]
