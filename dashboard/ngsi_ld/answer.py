"""Which entities are found, and how they are shown: normalized, simplified, as GeoJSON. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import shapely

from dashboard.data import CityView
from dashboard.ngsi_ld.condition_language import holds
from dashboard.ngsi_ld.entities import URN, Entity, entity, model_of
from dashboard.ngsi_ld.models import MARKS, Model, Models
from dashboard.ngsi_ld.query import Area, Query, Within
from dashboard.ngsi_ld.refusal import Refused, too_complex
from storage.places import distance_m
from storage.things import ThingRow

MOST_SEARCHED: Final = 3000
"""Entities whose values one question may look at."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    entities: list[Entity]
    count: int
    more: bool


class Finder:
    """Entities of the city at a moment."""

    def __init__(self, view: CityView, models: Models, now: datetime) -> None:
        self._view = view
        self._models = models
        self._now = now

    def find(self, query: Query) -> Found:
        """By id: type, then Thing. Only those of the page are made, unless their values are asked about."""
        chosen = self._chosen(query)
        if query.condition is None and query.attrs is None:
            page = chosen[query.offset : query.offset + query.limit]
            return self._found([self._entity(*one) for one in page], len(chosen), query)
        if len(chosen) > MOST_SEARCHED:
            name = "attrs" if query.condition is None else "q"
            raise too_complex(name, f"would look at more than {MOST_SEARCHED} entities: name a type")
        matching = [one for one in map(self._made, chosen) if self._is_asked(one, query)]
        return self._found(matching[query.offset : query.offset + query.limit], len(matching), query)

    def one(self, id: str) -> Entity | None:
        """By its id, also of a Thing that is out of service and in no list."""
        type_name, _, thing_id = id.removeprefix(URN).partition(":")
        thing = self._view.things.get(thing_id)
        model = None if thing is None else model_of(self._models, thing)
        if thing is None or model is None or not id.startswith(URN) or model.type != type_name:
            return None
        return self._entity(model, thing)

    def _found(self, entities: list[Entity], count: int, query: Query) -> Found:
        return Found(entities=entities, count=count, more=count > query.offset + query.limit)

    def _chosen(self, query: Query) -> list[tuple[Model, ThingRow]]:
        found = [
            (model, thing)
            for things in self._view.things_of.values()
            for thing in things
            if (model := model_of(self._models, thing)) is not None and self._is_chosen(model, thing, query)
        ]
        return sorted(found, key=lambda one: (one[0].type, one[1].id))

    def _is_chosen(self, model: Model, thing: ThingRow, query: Query) -> bool:
        if query.types is not None and model.type not in query.types:
            return False
        if query.ids is not None and f"{URN}{model.type}:{thing.id}" not in query.ids:
            return False
        if query.area is None:
            return True
        place = self._view.things.get(thing.parent_id or "", thing) if thing.lat is None else thing
        return place.lat is not None and place.lon is not None and is_in(query.area, place.lat, place.lon)

    def _made(self, chosen: tuple[Model, ThingRow]) -> Entity:
        return self._entity(*chosen)

    def _entity(self, model: Model, thing: ThingRow) -> Entity:
        return entity(self._view, self._models, model, thing, self._now)

    def _is_asked(self, found: Entity, query: Query) -> bool:
        if query.attrs is not None and not any(name in found for name in query.attrs):
            return False
        return query.condition is None or holds(query.condition, found)


def is_in(area: Area, lat: float, lon: float) -> bool:
    if isinstance(area, Within):
        return bool(area.area.covers(shapely.Point(lon, lat)))
    metres = distance_m((area.lat, area.lon), (lat, lon))
    return metres >= area.metres if area.farther else metres <= area.metres


def shown(found: Entity, query: Query) -> Entity:
    """With the attributes that are asked for, in the representation that is. Values alone keep what says whether they
    can be trusted (decision 0026)."""
    simplified = query.representation == "simplified"
    names: Iterable[str] = found
    if query.attrs is not None:
        wanted = {"id", "type", *query.attrs, *(MARKS if simplified else ())}
        names = [name for name in found if name in wanted]
    if simplified:
        return {name: _simple(found[name]) for name in names}
    chosen = {name: _without_system(found[name], query.sys_attrs) for name in names}
    if query.sys_attrs:
        times = [
            one["modifiedAt"] for one in chosen.values() if isinstance(one, dict) and "modifiedAt" in one
        ]
        if times:
            chosen["modifiedAt"] = max(times)
    return chosen


def feature(found: Entity, shown_: Entity) -> dict[str, Any]:
    """As a GeoJSON feature (4.5.16)."""
    place = found.get("location")
    return {
        "id": found["id"],
        "type": "Feature",
        "geometry": None if place is None else place["value"],
        "properties": {name: value for name, value in shown_.items() if name != "id"},
    }


def type_list(models: Models) -> dict[str, Any]:
    """5.2.24. The id is the same as long as the types are."""
    return {
        "id": f"{URN}EntityTypeList:hanoi",
        "type": "EntityTypeList",
        "typeList": [one.type for one in models.types()],
    }


def type_details(models: Models) -> list[dict[str, Any]]:
    """5.2.25, of each type."""
    return [
        {
            "id": one.type_iri,
            "type": "EntityType",
            "typeName": one.type,
            "attributeNames": sorted(one.terms()),
        }
        for one in models.types()
    ]


def type_information(models: Models, finder: Finder, name: str) -> dict[str, Any]:
    """5.2.26: how many entities of a type there are, and which attributes they have now."""
    model = models.by_type.get(name)
    if model is None:
        raise Refused("ResourceNotFound", 404, f"there is no entity type '{name:.80}'")
    found = finder.find(Query(types=frozenset({model.type}), limit=MOST_SEARCHED))
    terms = model.terms() | {"location": "https://uri.etsi.org/ngsi-ld/location"}
    kinds: dict[str, set[str]] = {}
    for one in found.entities:
        for attribute, told in one.items():
            if isinstance(told, dict):
                kinds.setdefault(attribute, set()).add(told["type"])
    return {
        "id": model.type_iri,
        "type": "EntityTypeInfo",
        "typeName": model.type,
        "entityCount": found.count,
        "attributeDetails": [
            {
                "id": terms.get(attribute, f"urn:x-hanoi-ops:{attribute}"),
                "type": "Attribute",
                "attributeName": attribute,
                "attributeTypes": sorted(kinds[attribute]),
            }
            for attribute in sorted(kinds)
        ],
    }


def _simple(attribute: Any) -> Any:
    if not isinstance(attribute, dict):
        return attribute
    if attribute["type"] == "Relationship":
        return attribute["object"]
    value = attribute["value"]
    is_time = isinstance(value, dict) and value.get("@type") == "DateTime"
    return value["@value"] if is_time else value  # as the models' schemas want it


def _without_system(attribute: Any, keep: bool) -> Any:
    if keep or not isinstance(attribute, dict) or "modifiedAt" not in attribute:
        return attribute
    return {name: value for name, value in attribute.items() if name != "modifiedAt"}
