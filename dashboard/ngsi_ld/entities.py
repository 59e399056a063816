"""A Thing as an NGSI-LD entity in its normalized representation (ETSI GS CIM 009, 4.5), at a moment. Pure.

Every attribute says in properties of its own where its value is from, how good and how old it is. What is internal is
in no `CityView`, and forecasts are none of its values: neither is here.
"""

from datetime import datetime
from typing import Any, Final

from dashboard.condition import (
    STALE_AFTER_INTERVALS,
    Condition,
    State,
    bay_state,
    condition,
    is_older,
    occupancy,
    summary_condition,
)
from dashboard.data import CityView, is_simulated
from dashboard.map_snapshot import usable_map_section
from dashboard.ngsi_ld.models import UNIT_TEXT, AttributeTable, Model, Models
from dashboard.ngsi_ld.units import unit_of, unit_text
from ingest.conversion import convert
from ingest.indicators.parking import Occupancy
from storage.model import Property, Provenance, Quality, weakest
from storage.observations import LiveValue
from storage.things import DatastreamRow, ThingRow

Entity = dict[str, Any]
Attribute = dict[str, Any]

URN: Final = "urn:ngsi-ld:"


def entity_id(model: Model, thing_id: str) -> str:
    return f"{URN}{model.type}:{thing_id}"


def model_of(models: Models, thing: ThingRow) -> Model | None:
    return models.by_kind.get((thing.domain, thing.kind))


def entity(view: CityView, models: Models, model: Model, thing: ThingRow, now: datetime) -> Entity:
    """Times are aware; `modifiedAt` stands in every attribute that has one (`shown` takes it out)."""
    place = _place(view, thing)
    found: Entity = {"id": entity_id(model, thing.id), "type": model.type}
    found["name"] = _property(thing.name_vi)
    found["alternateName"] = _property(thing.name_en)
    if place.lat is not None:
        point = {"type": "Point", "coordinates": [place.lon, place.lat]}
        found["location"] = {"type": "GeoProperty", "value": point}
        if place.coordinate_trust is not None:
            found["coordinateTrust"] = _property(place.coordinate_trust)
            found["location"] |= {"coordinateTrust": found["coordinateTrust"]}
    doing = _condition(view, model, thing, now)
    found |= _of_table(view, models, model, thing, now, doing.time)
    values = [view.newest[s.id] for s in view.streams_of.get(thing.id, ()) if s.id in view.newest]
    for value in values:
        found |= _observed(view, model, value, now)
    return found | _marks(view, thing, found, values, doing.state)


def _place(view: CityView, thing: ThingRow) -> ThingRow:
    """What stands there: a bay without a place of its own stands where its point does."""
    parent = view.things.get(thing.parent_id or "")
    return parent if thing.lat is None and parent is not None else thing


def _of_table(
    view: CityView, models: Models, model: Model, thing: ThingRow, now: datetime, time: datetime | None
) -> Entity:
    """What a published model wants besides what is observed."""
    table, found = model.table, {}
    if table is None:
        return {}
    if table.id_as is not None:
        found[table.id_as] = _property(thing.id)
    found |= {name: _property(value) for name, value in table.constants.items()}
    if table.time is not None and time is not None:
        found[table.time] = _property({"@type": "DateTime", "@value": time})
    parent = view.things.get(thing.parent_id or "")
    above = model_of(models, parent) if parent is not None else None
    if table.parent is not None and parent is not None and above is not None:
        found[table.parent] = {"type": "Relationship", "object": entity_id(above, parent.id)}
    if table.status_words:
        found["status"] = _status(view, model, thing, now)
    if table.counts:
        found |= _counts(view, model, thing, now, time)
    return found


def _status(view: CityView, model: Model, bay: ThingRow, now: datetime) -> Attribute:
    """Of a bay, with what its newest value says of itself. A silent bay is unknown, never free."""
    assert model.table is not None
    state = bay_state(view, model.domain, bay, now)
    status = _property(model.table.status_words.get(state, state))
    value = view.value_of(bay.id, model.domain.headline)
    return status if value is None else status | _told(view, value, now)


def _counts(view: CityView, model: Model, thing: ThingRow, now: datetime, time: datetime | None) -> Entity:
    """Of the bays at this moment, as on the map. While no bay is known, none is said to be free or occupied."""
    assert model.table is not None
    counts = occupancy(view, model.domain, thing, now)
    values = [v for bay in view.children_of.get(thing.id, ()) for v in view.values_of(bay.id).values()]
    told: Attribute = {"unitCode": "C62"}
    if time is not None:
        told["observedAt"] = time
    told["provenance"] = _property(Provenance.DERIVED.value)
    if values:
        told["inputProvenance"] = _property(weakest({_provenance(value) for value in values}).value)
    if any(map(is_simulated, values)):
        told["simulated"] = _property(True)
    told["coverage"] = _property(round(counts.coverage, 3))
    return {
        name: _property(getattr(counts, key)) | told
        for key, name in model.table.counts.items()
        if _is_known(counts, key)
    }


def _is_known(counts: Occupancy, key: str) -> bool:
    return key not in ("free", "occupied") or counts.known > 0 or counts.usable == 0


def _provenance(value: LiveValue) -> Provenance:
    return Provenance(value.input_provenance or value.provenance)


def _observed(view: CityView, model: Model, value: LiveValue, now: datetime) -> Entity:
    """A value as an attribute, and the word of its level where the model has a place for that."""
    named = model.attribute(value.property)
    if named is None:
        return {}
    stream = view.streams[value.datastream_id]
    observed = model.domain.properties[value.property]
    told = _told(view, value, now)
    attribute = _property(_result(value, stream, observed, named)) | _unit(stream, observed, named)
    if named.note is not None:
        told["description"] = _property(named.note)
    found: Entity = {named.name: attribute | told}
    band = observed.band(value.result)
    if named.level is not None and band is not None and _is_usable(view, value, now):
        found[named.level] = _property(band.label.en) | told
    return found


def _result(
    value: LiveValue, stream: DatastreamRow, observed: Property, named: AttributeTable
) -> float | int | bool:
    if observed.boolean:
        return value.result >= 0.5
    result = float(value.result)
    if named.unit is not None:
        result = convert(result, stream.unit, named.unit)
    if named.signed and result > 180:
        result -= 360
    whole = observed.decimals == 0 and result.is_integer()
    return int(result) if whole else result


def _unit(stream: DatastreamRow, observed: Property, named: AttributeTable) -> Attribute:
    if observed.boolean:
        return {}
    unit = named.unit or stream.unit
    words = unit_text(unit)
    return unit_of(unit) if words is None else {UNIT_TEXT: _property(words)}


def _told(view: CityView, value: LiveValue, now: datetime) -> Attribute:
    """What a value says of itself, as properties of its attribute. Flags that are false are left out."""
    told: Attribute = {
        "observedAt": value.phenomenon_time,
        "modifiedAt": value.result_time,
        "provenance": _property(value.provenance),
    }
    if value.input_provenance is not None:
        told["inputProvenance"] = _property(value.input_provenance)
    if is_simulated(value):
        told["simulated"] = _property(True)
    told["quality"] = _property(value.quality)
    if value.quality_reason is not None:
        told["qualityReason"] = _property(value.quality_reason)
    if is_older(view, value, STALE_AFTER_INTERVALS, now):
        told["stale"] = _property(True)
    if value.expires_at is not None:
        told["validUntil"] = _property({"@type": "DateTime", "@value": value.expires_at})
    return told


def _is_usable(view: CityView, value: LiveValue, now: datetime) -> bool:
    return value.quality < Quality.SUSPECT and not is_older(view, value, STALE_AFTER_INTERVALS, now)


def _marks(view: CityView, thing: ThingRow, found: Entity, values: list[LiveValue], state: State) -> Entity:
    """Once more of the whole entity, for who reads values alone."""
    below = [v for bay in view.children_of.get(thing.id, ()) for v in view.values_of(bay.id).values()]
    marks: Entity = {"simulated": _property(any(map(is_simulated, [*values, *below])))}
    marks["state"] = _property(state)
    suspect = [name for name, one in found.items() if _flag(one, "quality", 0) >= Quality.SUSPECT]
    stale = [name for name, one in found.items() if _flag(one, "stale", False)]
    if suspect:
        marks["suspectAttributes"] = _property(suspect)
    if stale:
        marks["staleAttributes"] = _property(stale)
    if thing.retired_from is not None:
        marks["retiredFrom"] = _property({"@type": "DateTime", "@value": thing.retired_from})
    return marks


def _flag(attribute: Any, name: str, otherwise: Any) -> Any:
    told = attribute.get(name) if isinstance(attribute, dict) else None
    return otherwise if told is None else told["value"]


def _condition(view: CityView, model: Model, thing: ThingRow, now: datetime) -> Condition:
    """How it is doing: as on the map."""
    section = usable_map_section(model.domain)
    if section.summary is not None and thing.kind in model.domain.map_kinds:
        return summary_condition(view, model.domain, section, thing, now)
    return condition(view, model.domain, thing, now)


def _property(value: Any) -> Attribute:
    return {"type": "Property", "value": value}
