"""The city as GeoJSON, one FeatureCollection a domain, encoded at most once a tick and served from memory."""

import logging
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from dashboard.condition import (
    GREY,
    STALE,
    Condition,
    MapSection,
    bay_state,
    condition,
    holds,
    map_section,
    occupancy,
    summary_condition,
)
from dashboard.data import City, CityView, Clock, Extent, is_simulated
from dashboard.encoded import Encoded, encode
from dashboard.reporting import on_map
from storage.catalog import ReferenceDataError
from storage.forecasts import ShownForecast
from storage.model import Domain, Provenance
from storage.observations import LiveValue
from storage.things import ThingRow

log = logging.getLogger(__name__)

OLDEST: Final = timedelta(seconds=1)
"""Ages grow: a map is encoded anew after this even when nothing else changed."""
AGAIN_AFTER: Final = timedelta(seconds=0.4)
"""What changed is shown after this; together with the feed's tick well within the two seconds of the contract."""
EXTENT_STALE_AFTER: Final = timedelta(hours=1)
EXTENT_GONE_AFTER: Final = timedelta(hours=24)
"""A flooded area that nobody confirmed for a day is not shown any more [S]."""

Feature = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Made:
    at: datetime
    version: int
    encoded: Encoded


class MapSnapshots:
    """Encoded maps by (domain, with bays): made when asked for, and then kept for a moment."""

    def __init__(self, city: City, clock: Clock) -> None:
        self._city = city
        self._clock = clock
        self._made: dict[tuple[str, bool], _Made] = {}

    def get(self, domain_key: str, *, bays: bool = False) -> Encoded | None:
        """The domain's map, at most a second old; None when the catalogue has no such domain."""
        now, view = self._clock(), self._city.view
        domain = view.domains.get(domain_key)
        if domain is None:
            return None
        made = self._made.get((domain_key, bays))
        if made is None or now - made.at >= (OLDEST if made.version == view.version else AGAIN_AFTER):
            encoded = encode(feature_collection(view, domain, now, bays=bays), level=1)
            made = self._made[domain_key, bays] = _Made(at=now, version=view.version, encoded=encoded)
        return made.encoded


def feature_collection(view: CityView, domain: Domain, now: datetime, *, bays: bool) -> Feature:
    """The domain's map at a moment. Times are UTC, ages in seconds."""
    features = [
        *_things(view, domain, now, bays=bays),
        *_extents(view, domain, now),
        *on_map.features(view, domain, now),
    ]
    return {
        "type": "FeatureCollection",
        "domain": domain.key,
        "generated_at": now,
        "simulated": any(feature["properties"]["simulated"] for feature in features),
        "features": features,
    }


def thing_feature(view: CityView, domain: Domain, thing: ThingRow, now: datetime) -> Feature | None:
    """One Thing of the domain's map; None when it is not on it."""
    if thing.lat is None or thing.kind not in domain.map_kinds or thing.retired_from is not None:
        return None
    return any_feature(view, domain, thing, now)


def any_feature(view: CityView, domain: Domain, thing: ThingRow, now: datetime) -> Feature:
    """A Thing as the map would show it, also one that is not on it: a bay, or what has no place."""
    section = usable_map_section(domain)
    if section.summary is not None and thing.kind in domain.map_kinds:
        return _summed(view, domain, section, thing, now)
    point = view.things.get(thing.parent_id or "")
    if section.summary is not None and point is not None:
        return _bay(view, domain, point, thing, now)
    return _single(view, domain, section, thing, now)


def usable_map_section(domain: Domain) -> MapSection:
    """The domain's `map` table; one that can't be used is said and left out."""
    try:
        return map_section(domain)
    except ReferenceDataError as error:
        log.error("map_section_refused error=%r", str(error))
        return MapSection()


def _things(view: CityView, domain: Domain, now: datetime, *, bays: bool) -> Iterator[Feature]:
    section = usable_map_section(domain)
    for thing in view.things_of.get(domain.key, ()):
        if thing.lat is None or thing.kind not in domain.map_kinds:
            continue
        if section.summary is None:
            yield _single(view, domain, section, thing, now)
            continue
        yield _summed(view, domain, section, thing, now)
        if bays:
            for bay in view.children_of.get(thing.id, ()):
                yield _bay(view, domain, thing, bay, now)


def _single(view: CityView, domain: Domain, section: MapSection, thing: ThingRow, now: datetime) -> Feature:
    return _place(view, section, thing, condition(view, domain, thing, now), now)


def _summed(view: CityView, domain: Domain, section: MapSection, thing: ThingRow, now: datetime) -> Feature:
    feature = _place(view, section, thing, summary_condition(view, domain, section, thing, now), now)
    counts = occupancy(view, domain, thing, now)
    values = [v for bay in view.children_of.get(thing.id, ()) for v in view.values_of(bay.id).values()]
    feature["properties"] |= {
        "free": counts.free,
        "occupied": counts.occupied,
        "unknown": counts.unknown,
        "out_of_service": counts.out_of_service,
        "capacity": counts.capacity,
        "occupancy_percent": None if counts.percent is None else round(counts.percent, 1),
        "simulated": feature["properties"]["simulated"] or any(map(is_simulated, values)),
    }
    return feature


def _place(view: CityView, section: MapSection, thing: ThingRow, shown: Condition, now: datetime) -> Feature:
    """A Thing at its own place, which people may have closed."""
    feature = _thing(view, thing, thing, shown, now)
    if section.closure is not None:
        feature["properties"]["closed"] = holds(view, thing, section.closure, now)
    return feature


def _bay(view: CityView, domain: Domain, point: ThingRow, bay: ThingRow, now: datetime) -> Feature:
    """A bay stands at its own place, or at its point's when it has none."""
    feature = _thing(view, bay, bay if bay.lat is not None else point, condition(view, domain, bay, now), now)
    feature["properties"] |= {"parent_id": point.id, "bay_state": bay_state(view, domain, bay, now)}
    return feature


def _thing(view: CityView, thing: ThingRow, place: ThingRow, shown: Condition, now: datetime) -> Feature:
    values = view.values_of(thing.id)
    ahead = view.forecasts.get(thing.id, ())
    feature: Feature = {
        "type": "Feature",
        "id": thing.id,
        "geometry": {"type": "Point", "coordinates": [place.lon, place.lat]},
        "properties": {
            "name_vi": thing.name_vi,
            "name_en": thing.name_en,
            "kind": thing.kind,
            "time": shown.time,
            "age_s": _age_s(shown.time, now),
            "interval_s": shown.interval_s,
            "state": shown.state,
            "values": {key: _value(view, value) for key, value in values.items()},
            "level": shown.level,
            "label_vi": shown.label.vi,
            "label_en": shown.label.en,
            "color": shown.color,
            "coordinate_trust": place.coordinate_trust,
            "simulated": any(map(is_simulated, values.values()))
            or any(one.input_provenance == Provenance.SIMULATED for one in ahead),
        },
    }
    if ahead:
        feature["properties"]["forecasts"] = {one.forecast_of: _highest(one) for one in ahead}
    return feature


def _highest(ahead: ShownForecast) -> dict[str, Any]:
    """The highest value to come: of all that is forecast here, more is worse."""
    value = max(ahead.values, key=lambda one: one.result)
    return {
        **asdict(value),
        "unit": ahead.unit,
        "model": ahead.model,
        "provenance": Provenance.FORECAST.value,
        "input_provenance": ahead.input_provenance,
    }


def _value(view: CityView, value: LiveValue) -> dict[str, Any]:
    shown = {
        "result": value.result,
        "unit": view.streams[value.datastream_id].unit,
        "quality": value.quality,
        "time": value.phenomenon_time,
        "provenance": value.provenance,
    }
    if value.input_provenance is not None:
        shown["input_provenance"] = value.input_provenance
    if value.expires_at is not None:
        shown["expires_at"] = value.expires_at
    return shown


def _extents(view: CityView, domain: Domain, now: datetime) -> Iterator[Feature]:
    for extent in view.extents:
        thing = view.things.get(extent.thing_id)
        if thing is None or thing.domain != domain.key or thing.retired_from is not None:
            continue
        if now - extent.phenomenon_time < EXTENT_GONE_AFTER:
            for number, (polygon, depth_cm) in enumerate(_polygons(extent), start=1):
                yield _extent(domain, thing, extent, number, polygon, depth_cm, now)


def _extent(
    domain: Domain,
    thing: ThingRow,
    extent: Extent,
    number: int,
    polygon: list[Any],
    depth_cm: float,
    now: datetime,
) -> Feature:
    stale = now - extent.phenomenon_time > EXTENT_STALE_AFTER
    band = None if stale else domain.properties[domain.headline].band(depth_cm)
    label = band.label if band else STALE
    return {
        "type": "Feature",
        "id": f"{thing.id}/extent/{number}",
        "geometry": {"type": "Polygon", "coordinates": polygon},
        "properties": {
            "name_vi": thing.name_vi,
            "name_en": thing.name_en,
            "kind": "extent",
            "thing": thing.id,
            "time": extent.phenomenon_time,
            "age_s": _age_s(extent.phenomenon_time, now),
            "state": "stale" if stale else "live",
            "depth_cm": depth_cm,
            "level": band.level if band else None,
            "label_vi": label.vi,
            "label_en": label.en,
            "color": band.color if band else GREY,
            "coordinate_trust": thing.coordinate_trust,
            "provenance": extent.provenance,
            "simulated": extent.provenance == Provenance.SIMULATED,
        },
    }


def _polygons(extent: Extent) -> Iterator[tuple[list[Any], float]]:
    """(rings, depth_cm) of every polygon; a MultiPolygon is several."""
    for feature in extent.features:
        geometry = feature.get("geometry") or {"type": None}
        depth_cm = feature.get("properties", {}).get("depth_cm", 0)
        if geometry["type"] == "Polygon":
            yield geometry["coordinates"], depth_cm
        elif geometry["type"] == "MultiPolygon":
            for polygon in geometry["coordinates"]:
                yield polygon, depth_cm


def _age_s(time: datetime | None, now: datetime) -> int | None:
    return None if time is None else max(0, int((now - time).total_seconds()))
