"""Things and Datastreams in the database."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from threading import Event
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from storage import db
from storage.catalog import ReferenceDataError
from storage.model import Domain, Property, Thing


@dataclass(frozen=True, kw_only=True, slots=True)
class ThingRow:
    """A Thing as a page or an API shows it."""

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
    properties: dict[str, Any]
    retired_from: datetime | None = None
    """None: in service."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PlaceLeft:
    """Where a Thing stood until `left_at`, since it moved the time before. Degrees WGS 84; None: nobody knew."""

    thing_id: str
    left_at: datetime
    lat: float | None
    lon: float | None
    coordinate_trust: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class DatastreamRow:
    id: int
    thing_id: str
    property: str
    unit: str
    derived: bool
    interval_s: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """What only operators see of a Thing."""

    is_public: bool
    online: bool | None
    """What its last status message said of its connection; None: it never sent one."""
    status_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class SyncCounts:
    things: int
    datastreams: int

    def __str__(self) -> str:
        return f"{self.things} Things, {self.datastreams} Datastreams"


def sync(conn: db.Connection, domains: Mapping[str, Domain], city: Iterable[Thing]) -> SyncCounts:
    """Writes the inventory in one transaction and announces it. Things that it does not name stay, and so does what
    an operator has set (decision 0020); what the files say of that is kept beside it.

    Raises ReferenceDataError when the database can't take it: then nothing was written.
    """
    things = list(city)
    streams = [
        _datastream(thing.id, domains[thing.domain].properties[key])
        for thing in things
        for key in thing.properties
    ]
    sql = db.statements("things")
    try:
        with conn.transaction(), conn.cursor() as cursor:
            _require_domains(conn, things)
            cursor.executemany(sql["upsert_thing"], [_parameters(thing) for thing in things])
            cursor.executemany(
                sql["write_file"], [{"id": thing.id, "says": Jsonb(said(thing))} for thing in things]
            )
            cursor.executemany(sql["upsert_datastream"], streams)
            cursor.execute(sql["announce"])
    except (psycopg.DataError, psycopg.IntegrityError) as error:
        raise ReferenceDataError(f"inventory: the database refuses it: {error}") from error
    return SyncCounts(things=len(things), datastreams=len(streams))


def said(thing: Thing) -> dict[str, Any]:
    """What somebody says of a Thing, by the fields that can be held on their own (decision 0020)."""
    place = thing.location
    return {
        "kind": {"kind": thing.kind, "parent": thing.parent_id},
        "name": {"vi": thing.name.vi, "en": thing.name.en},
        "place": None
        if place is None
        else {"lat": place.lat, "lon": place.lon, "trust": place.trust.value, "source": place.source},
        "public": thing.public,
        "attributes": thing.attributes,
    }


def _require_domains(conn: db.Connection, city: Iterable[Thing]) -> None:
    made = {row["id"]: row["domain"] for row in conn.execute(db.statements("things")["made_elsewhere"])}
    for thing in city:
        if made.get(thing.id, thing.domain) != thing.domain:
            raise ReferenceDataError(
                f"thing {thing.id}: domain: the file says '{thing.domain}', but it was made in the control room in"
                f" '{made[thing.id]}': give the one of the file another id"
            )


def add(conn: db.Connection, domains: Mapping[str, Domain], thing: Thing) -> None:
    """A Thing that no file names, inside the caller's transaction. A file that names it later takes it over.

    Raises ReferenceDataError when there is one of that id, or the database can't take it.
    """
    sql = db.statements("things")
    try:
        with conn.transaction():
            if conn.execute(sql["add_thing"], _parameters(thing)).rowcount == 0:
                raise ReferenceDataError(f"there is a Thing '{thing.id}' already")
            for key in thing.properties:
                conn.execute(
                    sql["upsert_datastream"], _datastream(thing.id, domains[thing.domain].properties[key])
                )
    except (psycopg.DataError, psycopg.IntegrityError) as error:
        raise ReferenceDataError(f"thing {thing.id}: the database refuses it: {error}") from error


def announce(conn: db.Connection) -> None:
    """Tells running processes, at commit, that Things or claims changed."""
    conn.execute(db.statements("things")["announce"])


def changes(url: str, *, name: str, stop: Event, tick_s: float = 0.5) -> Iterator[None]:
    """Yields once when it listens, then whenever somebody announced a change, until `stop` is set.

    Raises db.DatabaseUnreachable when the connection is lost: call again.
    """
    with db.connect(url, name=name, autocommit=True) as conn:
        conn.execute(db.statements("things")["listen"])
        yield
        while not stop.is_set():
            if list(conn.notifies(timeout=tick_s, stop_after=1)):
                yield


def ensure_datastream(conn: db.Connection, thing_id: str, observed: Property) -> int:
    """The id of the Thing's Datastream for a property, made when missing."""
    statement = db.statements("things")["ensure_datastream"]
    row = conn.execute(statement, _datastream(thing_id, observed)).fetchone()
    if row is None:  # a concurrent insert that our snapshot can't see: it is there now
        return ensure_datastream(conn, thing_id, observed)
    return int(row["id"])


def registry(conn: db.Connection) -> list[tuple[str, str, str | None, int | None]]:
    """(domain, thing, property, datastream) for every Thing; the last two None where it has none."""
    rows = conn.execute(db.statements("things")["registry"]).fetchall()
    return [(r["domain"], r["thing_id"], r["property"], r["datastream_id"]) for r in rows]


def retired(conn: db.Connection) -> dict[str, datetime]:
    """Thing → from when on it is out of service."""
    return {row["id"]: row["retired_from"] for row in conn.execute(db.statements("things")["retired"])}


def places_left(conn: db.Connection) -> dict[str, list[PlaceLeft]]:
    """Where Things stood before, by Thing and in order of time: of those that moved."""
    found: dict[str, list[PlaceLeft]] = {}
    for row in conn.execute(db.statements("things")["places_left"]):
        found.setdefault(row["thing_id"], []).append(PlaceLeft(**row))
    return found


def all_things(conn: db.Connection) -> list[ThingRow]:
    """Every Thing that this role may see, by id."""
    rows = conn.execute(db.statements("things")["all_things"]).fetchall()
    return [ThingRow(**row) for row in rows]


def all_datastreams(conn: db.Connection) -> list[DatastreamRow]:
    """Every Datastream that this role may see, by id."""
    rows = conn.execute(db.statements("things")["all_datastreams"]).fetchall()
    return [DatastreamRow(**row) for row in rows]


def standing(conn: db.Connection, thing_id: str) -> Standing | None:
    """None: there is no such Thing."""
    row = conn.execute(db.statements("things")["standing"], {"thing_id": thing_id}).fetchone()
    return Standing(**row) if row else None


def version(conn: db.Connection) -> str:
    """Another text whenever a Thing or a Datastream was added or changed: whoever holds them in memory compares it."""
    row = conn.execute(db.statements("things")["version"]).fetchone()
    return str(row["version"]) if row else ""


def write_status(conn: db.Connection, thing_id: str, online: bool, received_at: datetime) -> None:
    """What a Thing's status message says of its connection."""
    conn.execute(
        db.statements("things")["write_status"],
        {"thing_id": thing_id, "online": online, "received_at": received_at},
    )


def _datastream(thing_id: str, observed: Property) -> dict[str, Any]:
    return {
        "thing_id": thing_id,
        "property": observed.key,
        "unit": observed.unit,
        "derived": observed.derived,
        "circular": observed.circular,
        "interval_s": observed.interval_s,
    }


def _parameters(thing: Thing) -> dict[str, Any]:
    place = thing.location
    return {
        "id": thing.id,
        "domain": thing.domain,
        "kind": thing.kind,
        "parent_id": thing.parent_id,
        "name_vi": thing.name.vi,
        "name_en": thing.name.en,
        "lat": place.lat if place else None,
        "lon": place.lon if place else None,
        "coordinate_trust": place.trust.value if place else None,
        "coordinate_source": place.source if place else None,
        "properties": Jsonb(thing.attributes),
        "is_public": thing.public,
    }
