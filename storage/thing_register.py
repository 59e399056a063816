"""Things as those who keep them look them up: all of them; of one, where it stood and what of it is held."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from storage import db


@dataclass(frozen=True, kw_only=True, slots=True)
class RegisterRow:
    """A Thing in the list of all. Times are aware UTC, degrees WGS 84."""

    id: str
    domain: str
    kind: str
    parent_id: str | None
    name_vi: str
    name_en: str
    lat: float | None
    lon: float | None
    coordinate_trust: str | None
    coordinate_source: str | None
    public: bool
    note: str
    retired_from: datetime | None
    properties: list[str]
    """Keys of its Datastreams that are not computed here."""
    in_file: bool
    held: list[str]
    """Fields that an operator has set, of a Thing that a file names."""
    differs: bool
    """One of them is otherwise in the file."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Left:
    """A HistoricalLocation: it stood there until `left_at`."""

    left_at: datetime
    lat: float | None
    lon: float | None
    coordinate_trust: str | None
    coordinate_source: str | None
    reason: str
    moved_by: str
    recorded_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
    """A field that an operator has set, and what the files say of it."""

    field: str
    held_by: str
    held_at: datetime
    file_said: Any
    """When it was set; None: no file named the Thing."""
    file_says: Any
    changed_at: datetime | None
    """When the file's word on the Thing changed last; None: no file names it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """What only those who keep a Thing see of it."""

    note: str
    public: bool
    retired_from: datetime | None
    retired_reason: str | None
    retired_by: str | None
    file_loaded_at: datetime | None
    """None: no file has named it."""


def all_rows(conn: db.Connection) -> list[RegisterRow]:
    """By id."""
    return [RegisterRow(**row) for row in conn.execute(db.statements("thing_register")["all_rows"])]


def kept(conn: db.Connection, thing_id: str) -> Kept | None:
    row = conn.execute(db.statements("thing_register")["kept"], {"thing_id": thing_id}).fetchone()
    return Kept(**row) if row else None


def places_left(conn: db.Connection, thing_id: str) -> list[Left]:
    """The one left last comes first."""
    rows = conn.execute(db.statements("thing_register")["places_left"], {"thing_id": thing_id})
    return [Left(**row) for row in rows]


def held(conn: db.Connection, thing_id: str) -> list[Held]:
    rows = conn.execute(db.statements("thing_register")["held"], {"thing_id": thing_id})
    return [Held(**row) for row in rows]
