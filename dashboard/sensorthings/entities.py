"""The city as SensorThings entities, in memory: everything but Observations. Pure.

Built anew when Things, Datastreams or the catalogue change, not when values come. What is internal is in no `CityView`
and so in nothing here; a forecast is here while it may be shown.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from shapely import Point
from shapely.geometry.base import BaseGeometry

from dashboard.data import CityView
from dashboard.sensorthings.functions import MAXIMUM
from dashboard.sensorthings.model import (
    DATASTREAMS,
    FEATURES,
    HISTORICAL,
    IDS,
    LOCATIONS,
    PROPERTIES,
    SENSORS,
    SETS,
    THINGS,
    EntitySet,
)
from storage.model import EARLIEST, Property
from storage.things import DatastreamRow, PlaceLeft, ThingRow
from storage.units import symbol

GEOJSON: Final = "application/geo+json"
NOWHERE: Final[dict[str, Any]] = {"type": "GeometryCollection", "geometries": []}
OM: Final = "http://www.opengis.net/def/observationType/OGC-OM/2.0/"
UCUM: Final = "http://www.opengis.net/def/uom/UCUM/0/"
TRUST: Final = {
    "V": "verified",
    "M": "from memory: often 100 to 300 m off",
    "S": "made up for the product: nothing real stands there",
}
SENSOR_METADATA: Final = "<p>Make, model and serial number are not published.</p>"

EntityId = str | int
Spend = Callable[[int], None]


@dataclass(kw_only=True, slots=True, eq=False)
class Entity:
    """One entity; `related` is filled when all are there."""

    entity_set: EntitySet
    id: EntityId
    own: Mapping[str, Any]
    """Its properties as JSON; times are aware."""
    shapes: Mapping[str, BaseGeometry] = field(default_factory=dict)
    """What of `own` is a place, for the functions of a filter."""
    retired: bool = False
    """Of a Thing out of service: found by its id, in no list."""
    linked: dict[str, list["Entity"]] = field(default_factory=dict)

    def related(self, navigation: str) -> list["Entity"]:
        """What a navigation leads to, without what is retired unless this is too."""
        found = self.linked.get(navigation, [])
        return found if self.retired else [one for one in found if not one.retired]

    def values(self, path: tuple[str, ...], spend: Spend) -> Iterator[Any]:
        """What a path of a filter leads to (evaluate.Readable)."""
        step, rest = path[0], path[1:]
        spend(1)
        if step in self.entity_set.navigations:
            for one in self.related(step):
                yield from one.values(rest, spend)
        elif step in IDS:
            yield self.id
        elif not rest and step in self.shapes:
            yield self.shapes[step]
        else:
            yield _inside(self.own.get(step), rest)


@dataclass(frozen=True, kw_only=True, slots=True)
class Range:
    """Observations of a Datastream from `start` (inclusive) to `end` (exclusive) are of one feature."""

    datastream: Entity
    feature: Entity
    start: datetime
    end: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Entities:
    """Every entity by set and id, and which Observations belong to what."""

    by_set: Mapping[str, Mapping[EntityId, Entity]]
    ranges: Mapping[EntityId, Sequence[Range]]
    """By Datastream, in order of time: one for each place where its Thing stood."""
    ranges_of_feature: Mapping[EntityId, Sequence[Range]]
    booleans: frozenset[int]
    """Datastreams of what is yes or no."""

    def listed(self, name: str) -> list[Entity]:
        return [one for one in self.by_set[name].values() if not one.retired]

    def listed_ranges(self) -> list[Range]:
        """Of every Datastream that is in service."""
        return [one for entity in self.listed(DATASTREAMS) for one in self.ranges[entity.id]]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Place:
    """Where a Thing stands or stood: the nth place since it is known."""

    owner: ThingRow
    number: int
    since: datetime
    until: datetime | None
    lat: float | None
    lon: float | None
    trust: str | None
    source: str | None

    def id_for(self, thing_id: str) -> str:
        """The first place has the Thing's id, later ones a number: a move changes no id."""
        return thing_id if self.number == 0 else f"{thing_id}:{self.number}"


def build(view: CityView, left: Mapping[str, Sequence[PlaceLeft]]) -> Entities:
    """`left` are the places where Things stood before."""
    return _Builder(view, left).build()


class _Builder:
    def __init__(self, view: CityView, left: Mapping[str, Sequence[PlaceLeft]]) -> None:
        self._view = view
        self._left = left
        self._sets: dict[str, dict[EntityId, Entity]] = {name: {} for name in SETS}
        self._ranges: dict[EntityId, list[Range]] = {}
        self._ranges_of_feature: dict[EntityId, list[Range]] = {}
        self._booleans: set[int] = set()

    def build(self) -> Entities:
        for thing in sorted(self._view.things.values(), key=lambda one: one.id):
            self._add_thing(thing)
        for stream in sorted(self._view.streams.values(), key=lambda one: one.id):
            if self._view.may_be_read(stream):
                self._add_stream(stream)
        return Entities(
            by_set=self._sets,
            ranges=self._ranges,
            ranges_of_feature=self._ranges_of_feature,
            booleans=frozenset(self._booleans),
        )

    def _add_thing(self, thing: ThingRow) -> None:
        entity = self._add(
            THINGS, thing.id, _thing(self._view, thing), retired=thing.retired_from is not None
        )
        for place in self._places(thing):
            location = self._location(place)
            self._feature(place)
            if location is None:
                continue
            history = self._add(
                HISTORICAL, place.id_for(thing.id), {"time": place.since}, retired=entity.retired
            )
            _link(history, "Thing", entity, HISTORICAL)
            _link(history, LOCATIONS, location, HISTORICAL)
            if place.until is None:
                _link(entity, LOCATIONS, location, THINGS)

    def _add_stream(self, row: DatastreamRow) -> None:
        thing = self._view.things[row.thing_id]
        domain = self._view.domains.get(thing.domain)
        observed = domain.properties.get(row.property) if domain else None
        above = self._sets[THINGS][thing.id]
        places = self._places(thing)
        entity = self._add(
            DATASTREAMS,
            row.id,
            _datastream(self._view, row, thing, observed, places[-1]),
            shapes=_shape("observedArea", places[-1]),
            retired=above.retired,
        )
        if observed is not None and observed.boolean:
            self._booleans.add(row.id)
        _link(entity, "Thing", above, DATASTREAMS)
        _link(entity, "Sensor", self._sensor(row, thing, observed), DATASTREAMS)
        _link(entity, "ObservedProperty", self._property(row, thing, observed), DATASTREAMS)
        self._ranges[row.id] = [self._range(entity, place) for place in places]

    def _range(self, stream: Entity, place: _Place) -> Range:
        feature = self._feature(place)
        found = Range(datastream=stream, feature=feature, start=place.since, end=place.until or MAXIMUM)
        self._ranges_of_feature.setdefault(feature.id, []).append(found)
        return found

    def _location(self, place: _Place) -> Entity | None:
        if place.lat is None:
            return None
        id = place.id_for(place.owner.id)
        found = self._sets[LOCATIONS].get(id)
        return found or self._add(
            LOCATIONS,
            id,
            _location(place, "location"),
            shapes=_shape("location", place),
            retired=place.owner.retired_from is not None,
        )

    def _feature(self, place: _Place) -> Entity:
        id = place.id_for(place.owner.id)
        found = self._sets[FEATURES].get(id)
        return found or self._add(
            FEATURES,
            id,
            _location(place, "feature"),
            shapes=_shape("feature", place),
            retired=place.owner.retired_from is not None,
        )

    def _sensor(self, row: DatastreamRow, thing: ThingRow, observed: Property | None) -> Entity:
        """Of what is computed or foretold the procedure, one for all Things; else the Thing's own instrument."""
        computed = row.derived or (observed is not None and observed.forecast_of is not None)
        id = f"computed:{thing.domain}:{row.property}" if computed else f"{thing.id}:{row.property}"
        found = self._sets[SENSORS].get(id)
        if found is not None:
            return found
        own = _procedure(row, thing, observed) if computed else _instrument(row, thing, observed)
        return self._add(SENSORS, id, own, retired=thing.retired_from is not None and not computed)

    def _property(self, row: DatastreamRow, thing: ThingRow, observed: Property | None) -> Entity:
        id = f"{thing.domain}:{row.property}"
        found = self._sets[PROPERTIES].get(id)
        vi, en = _names(row, observed)
        return found or self._add(
            PROPERTIES,
            id,
            {
                "name": row.property,
                "definition": f"urn:x-hanoi-ops:{thing.domain}:{row.property}",
                "description": f"{vi} / {en}",
                "properties": {"domain": thing.domain, "name": {"vi": vi, "en": en}},
            },
        )

    def _places(self, thing: ThingRow) -> list[_Place]:
        """In order of time; a bay without a place of its own stands where its point does."""
        parent = self._view.things.get(thing.parent_id or "")
        owner = thing
        if thing.lat is None and thing.id not in self._left and parent is not None:
            owner = parent
        places, since = [], EARLIEST
        for number, before in enumerate(self._left.get(owner.id, ())):
            places.append(
                _Place(
                    owner=owner,
                    number=number,
                    since=since,
                    until=before.left_at,
                    lat=before.lat,
                    lon=before.lon,
                    trust=before.coordinate_trust,
                    source=None,
                )
            )
            since = before.left_at
        places.append(
            _Place(
                owner=owner,
                number=len(places),
                since=since,
                until=None,
                lat=owner.lat,
                lon=owner.lon,
                trust=owner.coordinate_trust,
                source=owner.coordinate_source,
            )
        )
        return places

    def _add(
        self,
        name: str,
        id: EntityId,
        own: Mapping[str, Any],
        *,
        shapes: Mapping[str, BaseGeometry] | None = None,
        retired: bool = False,
    ) -> Entity:
        entity = Entity(entity_set=SETS[name], id=id, own=own, shapes=shapes or {}, retired=retired)
        self._sets[name][id] = entity
        return entity


def _link(one: Entity, navigation: str, other: Entity, back: str) -> None:
    one.linked.setdefault(navigation, []).append(other)
    other.linked.setdefault(back, []).append(one)


def _inside(value: Any, path: Iterable[str]) -> Any:
    """Down into JSON; None where there is nothing."""
    for step in path:
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def _names(row: DatastreamRow, observed: Property | None) -> tuple[str, str]:
    return (observed.name.vi, observed.name.en) if observed else (row.property, row.property)


def _thing(view: CityView, thing: ThingRow) -> dict[str, Any]:
    domain = view.domains.get(thing.domain)
    named = f"{domain.name.vi} / {domain.name.en}" if domain else thing.domain
    properties: dict[str, Any] = {
        "domain": thing.domain,
        "kind": thing.kind,
        "parent_id": thing.parent_id,
        "name": {"vi": thing.name_vi, "en": thing.name_en},
        "attributes": thing.properties,
    }
    if thing.retired_from is not None:
        properties["retired_from"] = thing.retired_from
    return {
        "name": thing.name_vi,
        "description": f"{thing.name_en} ({thing.kind}), {named}",
        "properties": properties,
    }


def _datastream(
    view: CityView, row: DatastreamRow, thing: ThingRow, observed: Property | None, place: _Place
) -> dict[str, Any]:
    vi, en = _names(row, observed)
    properties: dict[str, Any] = {
        "domain": thing.domain,
        "thing": thing.id,
        "property": row.property,
        "name": {"vi": vi, "en": en},
        "derived": row.derived,
        "interval_s": row.interval_s,
        "coordinate_trust": place.trust,
    }
    forecast_of = view.forecast_of(row)
    if forecast_of is not None:
        properties["forecast_of"] = forecast_of
    truth = observed is not None and observed.boolean
    return {
        "name": f"{vi} – {thing.name_vi}",
        "description": f"{en} at {thing.name_en}",
        "observationType": OM + ("OM_TruthObservation" if truth else "OM_Measurement"),
        "unitOfMeasurement": _unit(row.unit, truth),
        "observedArea": _geojson(place) if place.lat is not None else None,
        "properties": properties,
    }


def _unit(unit: str, truth: bool) -> dict[str, str | None]:
    """UCUM; of yes or no there is none, which the standard writes as three nulls."""
    if truth:
        return {"name": None, "symbol": None, "definition": None}
    return {"name": unit, "symbol": symbol(unit), "definition": UCUM + quote(unit, safe="/")}


def _location(place: _Place, key: str) -> dict[str, Any]:
    owner = place.owner
    return {
        "name": owner.name_vi,
        "description": f"{owner.name_en} ({owner.kind})",
        "encodingType": GEOJSON,
        key: _geojson(place),
        "properties": {
            "thing": owner.id,
            "coordinate_trust": place.trust,
            "coordinate_trust_meaning": TRUST.get(place.trust or "", "no place is known"),
            "coordinate_source": place.source,
            "since": None if place.since == EARLIEST else place.since,
            "until": place.until,
        },
    }


def _geojson(place: _Place) -> dict[str, Any]:
    if place.lat is None or place.lon is None:
        return NOWHERE
    return {"type": "Point", "coordinates": [place.lon, place.lat]}


def _shape(key: str, place: _Place) -> dict[str, BaseGeometry]:
    return {} if place.lat is None or place.lon is None else {key: Point(place.lon, place.lat)}


def _instrument(row: DatastreamRow, thing: ThingRow, observed: Property | None) -> dict[str, Any]:
    vi, en = _names(row, observed)
    return {
        "name": f"Cảm biến {vi} – {thing.name_vi}",
        "description": f"What measures {en} at {thing.name_en}",
        "encodingType": "text/html",
        "metadata": SENSOR_METADATA,
        "properties": {"kind": "instrument"},
    }


def _procedure(row: DatastreamRow, thing: ThingRow, observed: Property | None) -> dict[str, Any]:
    vi, en = _names(row, observed)
    return {
        "name": f"Tính toán {vi}",
        "description": f"The computation of {en}: no instrument",
        "encodingType": "text/html",
        "metadata": "<p>Each Observation's parameters say what it was computed from.</p>",
        "properties": {"kind": "computation", "domain": thing.domain, "property": row.property},
    }


def observed_at(ranges: Sequence[Range], time: datetime) -> Range:
    """The range that a time falls into; before the first place it is the first."""
    return next((one for one in reversed(ranges) if one.start <= time), ranges[0])
