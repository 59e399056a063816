"""The bays of each street in the order in which it runs, as they are now, and who stays too long. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from dashboard.condition import OUT_OF_SERVICE, STALE_AFTER_INTERVALS, bay_state, is_older
from dashboard.control_room.alert_words import lasting, stamp
from dashboard.control_room.language import Language
from dashboard.control_room.texts import say
from dashboard.data import CityView, is_simulated
from ingest.indicators import parking
from ingest.indicators.parking import HEARTBEATS, BayState
from storage.model import Domain
from storage.observations import HistoryValue
from storage.things import ThingRow

LOOK_BACK: Final = timedelta(hours=30)
"""How far back a stay is followed: more than a night, and far more than any bay's longest stay."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Stay:
    """A bay is occupied since; `exact`: it was seen to be free before. Otherwise the car may have come earlier."""

    since: datetime
    exact: bool

    def length(self, now: datetime) -> timedelta:
        return now - self.since


def occupied_streams(view: CityView, domain: Domain, now: datetime) -> dict[int, timedelta]:
    """The Datastreams of the bays that are occupied now, each with its heartbeat."""
    found = {}
    for point in points(view, domain):
        for bay in view.children_of.get(point.id, ()):
            if bay_state(view, domain, bay, now) == "occupied":
                for stream in view.streams_of.get(bay.id, ()):
                    if stream.property == domain.headline:
                        found[stream.id] = timedelta(seconds=stream.interval_s)
    return found


def stays(
    values: Iterable[HistoryValue], heartbeats: Mapping[int, timedelta], now: datetime
) -> dict[int, Stay]:
    """By Datastream, from the values of the last LOOK_BACK, oldest first; a silence ends what is known of a stay."""
    by_stream: defaultdict[int, list[tuple[datetime, BayState]]] = defaultdict(list)
    for value in values:
        by_stream[value.datastream_id].append(
            (value.phenomenon_time, parking.told(value.result, value.quality))
        )
    found = {}
    for id, reports in by_stream.items():
        spells = parking.spells(reports, now - LOOK_BACK, now, heartbeats[id])
        sessions = parking.sessions(spells)
        if sessions and sessions[-1].open:
            found[id] = Stay(since=sessions[-1].start, exact=sessions[-1].seen_arriving)
    return found


def points(view: CityView, domain: Domain) -> list[ThingRow]:
    """Parking points, in the inventory's order."""
    kinds = domain.map_kinds
    return [thing for thing in view.things_of.get(domain.key, ()) if thing.kind in kinds]


def answer(
    view: CityView, domain: Domain, found: Mapping[int, Stay], now: datetime, shown: Language
) -> dict[str, Any]:
    """Streets with points with bays. Times UTC; the page lets them grow old and follows the live stream."""
    by_street: defaultdict[str, list[ThingRow]] = defaultdict(list)
    for point in points(view, domain):
        by_street[str(point.properties.get("street") or "")].append(point)
    streets = [
        _street(name, along(of_street), view, domain, found, now, shown)
        for name, of_street in by_street.items()
    ]
    bays = [bay for street in streets for point in street["points"] for bay in point["bays"]]
    return {
        "generated_at": now,
        "heartbeats": HEARTBEATS,
        "streets": streets,
        "overstays": _overstays(streets, now, shown),
        "bays": len(bays),
        "newest": max((bay["time"] for bay in bays if bay["time"] is not None), default=None),
        "simulated": any(bay["simulated"] for bay in bays),
    }


def along(of_street: Sequence[ThingRow]) -> list[ThingRow]:
    """From west to east, or north to south where the street runs rather that way; who has no place comes last."""
    placed = [one for one in of_street if one.lat is not None and one.lon is not None]
    if not placed:
        return list(of_street)
    east = max(one.lon or 0.0 for one in placed) - min(one.lon or 0.0 for one in placed)
    north = max(one.lat or 0.0 for one in placed) - min(one.lat or 0.0 for one in placed)
    ordered = sorted(placed, key=lambda one: (one.lon or 0.0) if east >= north else -(one.lat or 0.0))
    return ordered + [one for one in of_street if one not in placed]


def _street(
    name: str,
    of_street: Sequence[ThingRow],
    view: CityView,
    domain: Domain,
    found: Mapping[int, Stay],
    now: datetime,
    shown: Language,
) -> dict[str, Any]:
    lons = [one.lon for one in of_street if one.lon is not None]
    lats = [one.lat for one in of_street if one.lat is not None]
    eastward = bool(lons) and max(lons) - min(lons) >= max(lats) - min(lats)
    return {
        "name": name or say("parking_other_street", shown),
        "from": say("parking_west" if eastward else "parking_north", shown),
        "to": say("parking_east" if eastward else "parking_south", shown),
        "points": [_point(point, view, domain, found, now, shown) for point in of_street],
    }


def _point(
    point: ThingRow,
    view: CityView,
    domain: Domain,
    found: Mapping[int, Stay],
    now: datetime,
    shown: Language,
) -> dict[str, Any]:
    bays = view.children_of.get(point.id, ())
    limit_min = point.properties.get("max_stay_min")
    return {
        "id": point.id,
        "name": _name(point, shown),
        "capacity": parking.capacity(point.properties, len(bays)),
        "limit_s": None if limit_min is None else 60 * float(limit_min),
        "limit_trust": point.properties.get("max_stay_trust"),
        "coordinate_trust": point.coordinate_trust,
        "bays": [_bay(bay, view, domain, found, now, shown) for bay in bays],
    }


def _bay(
    bay: ThingRow, view: CityView, domain: Domain, found: Mapping[int, Stay], now: datetime, shown: Language
) -> dict[str, Any]:
    value = view.value_of(bay.id, domain.headline)
    closed = view.value_of(bay.id, OUT_OF_SERVICE)
    held = closed is not None and closed.result >= 0.5
    stay = found.get(value.datastream_id) if value is not None else None
    expires = None
    if closed is not None and held and not is_older(view, closed, STALE_AFTER_INTERVALS, now):
        expires = closed.expires_at or closed.phenomenon_time + timedelta(
            seconds=STALE_AFTER_INTERVALS * view.streams[closed.datastream_id].interval_s
        )
    return {
        "id": bay.id,
        "name": _name(bay, shown),
        "state": bay_state(view, domain, bay, now),
        "time": None if value is None else value.phenomenon_time,
        "result": None if value is None else value.result,
        "quality": None if value is None else value.quality,
        "heartbeat_s": None if value is None else view.streams[value.datastream_id].interval_s,
        "closed_until": expires,
        "since": None if stay is None else stay.since,
        "since_exact": stay is not None and stay.exact,
        "simulated": value is not None and is_simulated(value),
    }


def _overstays(streets: Iterable[Mapping[str, Any]], now: datetime, shown: Language) -> list[dict[str, Any]]:
    """The longest first."""
    found = [
        (now - bay["since"], point, bay)
        for street in streets
        for point in street["points"]
        for bay in point["bays"]
        if bay["state"] == "occupied" and bay["since"] is not None and point["limit_s"] is not None
        if (now - bay["since"]).total_seconds() > point["limit_s"]
    ]
    return [
        {
            "bay": bay["id"],
            "point": point["id"],
            "name": f"{point['name']}, {bay['name']}",
            "since": bay["since"],
            "at": stamp(bay["since"]),
            "exact": bay["since_exact"],
            "length": say("parking_exactly" if bay["since_exact"] else "parking_at_least", shown).format(
                length=lasting(length.total_seconds(), shown)
            ),
            "limit": lasting(point["limit_s"], shown),
            "limit_trust": point["limit_trust"],
        }
        for length, point, bay in sorted(found, key=lambda one: one[0], reverse=True)
    ]


def _name(thing: ThingRow, shown: Language) -> str:
    return thing.name_en if shown == "en" else thing.name_vi
