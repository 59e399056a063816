"""Parking as DATEX II 3.6 publications: a table of the points, and how full they are now. Pure but for the board.

The structure is that of the published schemas (DATEXII_3_Parking, _Facilities, _Common, _LocationReferencing 3.6):
elements in their order, `Place` and `PlaceStatus`. Every domain whose map sums up bays (`map.summary`) is in it.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Final
from xml.etree import ElementTree as ET

from dashboard.condition import occupancy, summary_condition
from dashboard.data import City, CityView, Clock, is_simulated
from dashboard.encoded import Encoded, encode
from dashboard.map_snapshot import usable_map_section
from ingest.indicators import parking
from ingest.indicators.parking import Occupancy
from storage.model import Domain
from storage.things import ThingRow

MEDIA_TYPE: Final = "application/xml"
OLDEST: Final = timedelta(seconds=1)
"""How old a status may be that is sent: bays fall silent without any news."""
TABLE_ID: Final = "hanoi-parking"
COUNTRY, CREATOR = "vn", "hanoi-ops"
SIMULATED: Final = {"vi": "Dữ liệu mô phỏng", "en": "Simulated data"}

NAMESPACES: Final = {
    "xmlns:d2": "http://datex2.eu/schema/3/d2Payload",
    "xmlns:com": "http://datex2.eu/schema/3/common",
    "xmlns:fac": "http://datex2.eu/schema/3/facilities",
    "xmlns:loc": "http://datex2.eu/schema/3/locationReferencing",
    "xmlns:prk": "http://datex2.eu/schema/3/parking",
    "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
}
"""All in each document: prefixes stand in values too (xsi:type, targetClass)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Site:
    """A parking point, and what is known of it now."""

    thing: ThingRow
    capacity: int
    counts: Occupancy
    time: datetime | None
    """Of its bays' last report."""
    simulated: bool

    @property
    def version(self) -> str:
        """Another one when what the table says of it is another."""
        told = (self.thing.name_vi, self.thing.name_en, self.thing.lat, self.thing.lon, self.capacity)
        return _version(repr(told))


def sites(view: CityView, now: datetime) -> list[Site]:
    """Every point with a place, by id."""
    found = (site for domain in view.domains.values() for site in _sites_of(view, domain, now))
    return sorted(found, key=lambda one: one.thing.id)


def table(found: Sequence[Site], made_at: datetime) -> bytes:
    """ParkingTablePublication: names, places and capacities. `found` must not be empty: the schema wants one."""
    payload = _payload("ParkingTablePublication", made_at)
    _header(payload, found)
    listed = _add(payload, "prk:parkingTable", id=TABLE_ID, version=table_version(found))
    _texts(listed, "prk:name", {"vi": "Điểm đỗ xe Hà Nội", "en": "Parking points of Hanoi"})
    _add(listed, "prk:versionTime", _time(made_at))
    for site in found:
        _place(listed, site)
    return _document(payload)


def status(found: Sequence[Site], made_at: datetime) -> bytes:
    """ParkingStatusPublication: how full each point is. `found` must not be empty."""
    payload = _payload("ParkingStatusPublication", made_at)
    _reference(payload, "prk:parkingTableReference", "prk:ParkingTable", TABLE_ID, table_version(found))
    _header(payload, found)
    for site in found:
        _place_status(payload, site)
    return _document(payload)


def table_version(found: Sequence[Site]) -> str:
    return _version(repr([(site.thing.id, site.version) for site in found]))


class ParkingBoard:
    """Both publications, each encoded when it is asked for and another than before."""

    def __init__(self, city: City, clock: Clock) -> None:
        self._city = city
        self._clock = clock
        self._lock = Lock()
        self._table: tuple[str, Encoded] | None = None
        self._status: tuple[datetime, Encoded] | None = None

    def table(self) -> Encoded | None:
        """None: there is no parking. Its times are those at which it became what it is, or this process started."""
        now = self._clock()
        with self._lock:
            found = sites(self._city.view, now)
            if not found:
                return None
            version = f"{table_version(found)} {_is_test(found)}"
            if self._table is None or self._table[0] != version:
                self._table = version, encode(table(found, now))
            return self._table[1]

    def status(self) -> Encoded | None:
        """At most a second old; None: there is no parking."""
        now = self._clock()
        with self._lock:
            if self._status is None or now - self._status[0] >= OLDEST:
                found = sites(self._city.view, now)
                if not found:
                    return None
                self._status = now, encode(status(found, now), level=1)
            return self._status[1]


def _sites_of(view: CityView, domain: Domain, now: datetime) -> Iterator[Site]:
    section = usable_map_section(domain)
    if section.summary != "occupancy":
        return
    for thing in view.things_of.get(domain.key, ()):
        if thing.lat is None or thing.kind not in domain.map_kinds:
            continue
        bays = view.children_of.get(thing.id, ())
        values = [value for bay in bays for value in view.values_of(bay.id).values()]
        yield Site(
            thing=thing,
            capacity=parking.capacity(thing.properties, len(bays)),
            counts=occupancy(view, domain, thing, now),
            time=summary_condition(view, domain, section, thing, now).time,
            simulated=any(map(is_simulated, values)),
        )


def _place(listed: ET.Element, site: Site) -> None:
    """FacilityObject, Facility, HierarchyElementGeneral, Place: each adds its elements behind the ones before."""
    thing = site.thing
    place = _add(listed, "prk:hierarchyElementGeneral", id=thing.id, version=site.version)
    place.set("xsi:type", "prk:Place")
    _texts(place, "fac:name", {"vi": thing.name_vi, "en": thing.name_en})
    point = _add(place, "fac:locationReference")
    point.set("xsi:type", "loc:PointLocation")
    coordinates = _add(_add(point, "loc:pointByCoordinates"), "loc:pointCoordinates")
    _add(coordinates, "loc:latitude", str(thing.lat))
    _add(coordinates, "loc:longitude", str(thing.lon))
    _add(place, "prk:layer", "0")
    _add(place, "prk:type", "place")
    _supply(place, site.capacity)


def _place_status(payload: ET.Element, site: Site) -> None:
    """FacilityObjectStatus, ParkingStatusInformation, PlaceStatus. A bay that is silent is neither vacant nor occupied:
    while there are such, the number of vacant spaces is what is known to be vacant, below what could be."""
    counts = site.counts
    told = _add(payload, "prk:parkingStatusInformation")
    told.set("xsi:type", "prk:PlaceStatus")
    _reference(told, "fac:reference", "fac:FacilityObject", site.thing.id, site.version)
    if site.time is not None:
        _add(told, "fac:lastUpdated", _time(site.time))
    if counts.capacity and not counts.usable:
        _add(told, "fac:openingStatus", "temporarilyClosed")
    if site.simulated:
        _texts(told, "fac:statusDescription", SIMULATED)
    if counts.usable and not counts.known:
        _add(told, "prk:parkingFault", "noParkingInformationAvailable")
    _occupancy(told, counts)
    _supply(told, counts.usable)
    _add(told, "prk:status", _status_word(counts))


def _occupancy(told: ET.Element, counts: Occupancy) -> None:
    if not counts.known:
        return
    filled = _add(told, "prk:occupancy")
    _add(filled, "prk:numberOfVacantSpaces", str(counts.free))
    if counts.unknown:
        _add(filled, "prk:numberOfVacantSpacesLowerThan", str(counts.free + counts.unknown + 1))
    _add(filled, "prk:numberOfOccupiedSpaces", str(counts.occupied))
    if not counts.unknown and counts.percent is not None:
        _add(filled, "prk:occupancy", f"{counts.percent:.1f}")


def _status_word(counts: Occupancy) -> str:
    if counts.free:
        return "spacesAvailable"
    return "full" if counts.known and not counts.unknown else "unknown"


def _supply(above: ET.Element, quantity: int) -> None:
    supply = _add(above, "prk:supply")
    _add(supply, "prk:quantity", str(quantity))
    _add(supply, "prk:viewType", "spaceView")


def _payload(kind: str, made_at: datetime) -> ET.Element:
    payload = ET.Element("d2:payload", NAMESPACES | {"xsi:type": f"prk:{kind}"})
    payload.set("lang", "vi")
    payload.set("modelBaseVersion", "3")
    _add(payload, "com:publicationTime", _time(made_at))
    creator = _add(payload, "com:publicationCreator")
    _add(creator, "com:country", COUNTRY)
    _add(creator, "com:nationalIdentifier", CREATOR)
    return payload


def _header(payload: ET.Element, found: Sequence[Site]) -> None:
    """`test`: something in it is simulated, and no one may take it for real."""
    header = _add(payload, "prk:headerInformation")
    _add(header, "com:informationStatus", "test" if _is_test(found) else "real")


def _is_test(found: Sequence[Site]) -> bool:
    return any(site.simulated for site in found)


def _reference(above: ET.Element, name: str, target: str, id: str, version: str) -> None:
    _add(above, name, id=id, version=version, targetClass=target)


def _texts(above: ET.Element, name: str, texts: dict[str, str]) -> None:
    values = _add(_add(above, name), "com:values")
    for language, text in texts.items():
        _add(values, "com:value", text, lang=language)


def _add(above: ET.Element, name: str, text: str | None = None, **attributes: str) -> ET.Element:
    element = ET.SubElement(above, name, attributes)
    element.text = text
    return element


def _document(payload: ET.Element) -> bytes:
    text = ET.tostring(payload, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'.encode()


def _time(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _version(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()
