"""What those who keep Things look up and do. Blocking: for a thread."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field

from dashboard.control_room import things_view as view
from dashboard.control_room.form_times import LocalTime, local_time
from dashboard.control_room.language import Language
from dashboard.control_room.parts import Parts
from dashboard.control_room.refused import Refused
from dashboard.control_room.things_csv import kinds_of
from ingest.claiming import Who
from ingest.reprocess import Reprocessing
from ingest.sources import Sources, load_sources
from storage import db, sensors, thing_actions, thing_register, wards
from storage.catalog import ReferenceDataError
from storage.model import NAME, CoordinateTrust, Location, Text, Thing
from storage.rejections import Selection
from storage.thing_actions import By, Edit, NewSensor, ThingRefused

MOST_REPROCESSED: Final = 2000
"""Messages that are stored after all when a Thing comes back; the page of devices does the rest."""
_CONNECT_S: Final = 5.0
_RETIRED: Final = "retired_thing"

_Words = Annotated[str, Field(max_length=5000, pattern=r"^[^\x00]*$")]
_Short = Annotated[str, Field(max_length=500, pattern=r"^[^\x00]*$")]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class PlaceBody(_Body):
    lat: float = Field(ge=-90, le=90)
    lon: float = Field(ge=-180, le=180)
    trust: CoordinateTrust
    source: _Short

    def location(self) -> Location:
        return Location(lat=self.lat, lon=self.lon, trust=self.trust, source=self.source)


class CreateBody(_Body):
    id: _Short
    domain: _Short
    kind: _Short
    name_vi: _Short
    name_en: _Short
    place: PlaceBody | None = None
    properties: tuple[_Short, ...] = Field(default=(), max_length=100)
    public: bool = True
    note: _Words = ""


class EditBody(_Body):
    name_vi: _Short
    name_en: _Short
    place: PlaceBody | None = None
    public: bool
    attributes: dict[str, Any]
    properties: tuple[_Short, ...] = Field(default=(), max_length=100)
    note: _Words


class MoveBody(_Body):
    place: PlaceBody
    since: LocalTime | None
    reason: _Short


class SensorBody(_Body):
    properties: tuple[_Short, ...] = Field(max_length=100)
    since: LocalTime | None
    model: _Short
    serial: _Short
    gain: float = 1.0
    offset: float = 0.0
    calibration_note: _Short = ""
    reason: _Short


class RetireBody(_Body):
    since: LocalTime | None
    reason: _Short


class ReasonBody(_Body):
    reason: _Short


class FileBody(_Body):
    field: _Short


class ThingsDesk:
    """Every method may wait for the database, and raises Refused or DatabaseUnreachable."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    # What is looked up: nothing is changed.

    def listing(self, shown: Language) -> dict[str, Any]:
        with self._parts.pool.connection(timeout=_CONNECT_S) as conn:
            rows = thing_register.all_rows(conn)
        return view.listing(rows, self._parts.city.view, self._parts.clock(), shown)

    def choices(self, shown: Language) -> dict[str, Any]:
        with self._parts.pool.connection(timeout=_CONNECT_S) as conn:
            rows = thing_register.all_rows(conn)
        domains = self._parts.city.view.domains
        found = view.choices(domains, kinds_of(domains, rows), wards.units(), shown)
        return {**found, "tiles_url": self._parts.tiles_url}

    def kept(self, thing_id: str, shown: Language) -> dict[str, Any]:
        city = self._parts.city.view
        thing = city.things.get(thing_id)
        with self._parts.pool.connection(timeout=_CONNECT_S) as conn:
            kept = thing_register.kept(conn, thing_id) if NAME.fullmatch(thing_id) else None
            if kept is None or (thing is None and city.loaded_at is not None):
                raise Refused(404, "no_thing", thing=thing_id[:80])
            if thing is None:
                raise Refused(503, "database")
            return view.kept(
                thing,
                city,
                kept,
                thing_register.places_left(conn, thing_id),
                sensors.of_thing(conn, thing_id),
                thing_register.held(conn, thing_id),
                shown,
            )

    # What is done.

    def create(self, asked: CreateBody, who: Who) -> dict[str, Any]:
        domains = self._parts.city.view.domains
        thing = Thing(
            id=asked.id,
            domain=asked.domain,
            kind=asked.kind,
            name=Text(vi=asked.name_vi.strip(), en=asked.name_en.strip()),
            properties=tuple(dict.fromkeys(asked.properties)),
            location=asked.place.location() if asked.place else None,
            attributes={},
            public=asked.public,
        )
        with self._acting() as conn:
            kinds = kinds_of(domains, thing_register.all_rows(conn))
            if thing.kind not in kinds.get(thing.domain, ()):
                raise ThingRefused("thing_field", field="kind")
            thing_actions.create(conn, domains, thing, asked.note, self._by(who))
        return {"id": thing.id}

    def edit(self, thing_id: str, asked: EditBody, who: Who) -> dict[str, Any]:
        edit = Edit(
            name=Text(vi=asked.name_vi, en=asked.name_en),
            place=asked.place.location() if asked.place else None,
            public=asked.public,
            attributes=asked.attributes,
            note=asked.note,
            properties=asked.properties,
        )
        with self._acting() as conn:
            done = thing_actions.edit(conn, self._parts.city.view.domains, thing_id, edit, self._by(who))
        return {"id": thing_id, "changed": sorted(done)}

    def move(self, thing_id: str, asked: MoveBody, who: Who) -> dict[str, Any]:
        since = _since(asked.since)
        with self._acting() as conn:
            thing_actions.move(conn, thing_id, asked.place.location(), since, asked.reason, self._by(who))
        return {"id": thing_id}

    def replace_sensor(self, thing_id: str, asked: SensorBody, who: Who) -> dict[str, Any]:
        new = NewSensor(
            properties=asked.properties,
            since=_since(asked.since),
            model=asked.model,
            serial=asked.serial,
            gain=asked.gain,
            offset=asked.offset,
            calibration_note=asked.calibration_note,
            reason=asked.reason,
        )
        with self._acting() as conn:
            thing_actions.replace_sensor(conn, self._parts.city.view.domains, thing_id, new, self._by(who))
        return {"id": thing_id}

    def retire(self, thing_id: str, asked: RetireBody, who: Who) -> dict[str, Any]:
        with self._acting() as conn:
            thing_actions.retire(conn, thing_id, _since(asked.since), asked.reason, self._by(who))
        return {"id": thing_id}

    def bring_back(self, thing_id: str, asked: ReasonBody, who: Who) -> dict[str, Any]:
        """What was refused meanwhile because it was retired is stored after all."""
        with self._acting() as conn:
            thing_actions.bring_back(conn, thing_id, asked.reason, self._by(who))
        reprocessing = Reprocessing(
            pool=self._parts.pool,
            registry=self._parts.registry,
            sources=self._sources(),
            clock=self._parts.clock,
        )
        done = reprocessing.run(Selection(reason=_RETIRED), most=MOST_REPROCESSED)
        return {"id": thing_id, "stored": done.total.resolved}

    def follow_file(self, thing_id: str, asked: FileBody, who: Who) -> dict[str, Any]:
        with self._acting() as conn:
            thing_actions.follow_file(conn, thing_id, asked.field, self._by(who))
        return {"id": thing_id}

    @contextmanager
    def _acting(self) -> Iterator[db.Connection]:
        try:
            with self._parts.pool.connection(timeout=_CONNECT_S) as conn:
                yield conn
        except ThingRefused as refused:
            raise Refused(
                404 if refused.code == "no_thing" else 422, refused.code, **refused.values
            ) from refused

    def _by(self, who: Who) -> By:
        return By(name=who.name, where=who.where, now=self._parts.clock())

    def _sources(self) -> Sources:
        """None of them when their file can't be used: native messages are stored all the same."""
        try:
            return load_sources(self._parts.sources_file)
        except ReferenceDataError:
            return load_sources(None)


def _since(asked: str | None) -> datetime:
    found = local_time(asked)
    if found is None:
        raise Refused(422, "thing_since")
    return found
