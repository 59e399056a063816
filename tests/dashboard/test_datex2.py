"""Parking as DATEX II: structure and order as the schemas of version 3.6 have them, and what silent bays are."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as ET

import pytest

from dashboard.data import City
from dashboard.datex2 import NAMESPACES, ParkingBoard, sites, status, table, table_version
from storage.catalog import load_catalog
from storage.observations import LiveValue
from tests.dashboard.small_city import NOW, STREAMS, THINGS, value, view

NS = {prefix.removeprefix("xmlns:"): namespace for prefix, namespace in NAMESPACES.items()}
TYPE = f"{{{NS['xsi']}}}type"
SILENT = NOW - timedelta(hours=5)
"""Ten heartbeats ago."""

# Sequences of DATEX II 3.6 (docs.datex2.eu), an extended type's elements behind those of the type it extends. Every
# element that may stand there; those with a * must.
PAYLOAD = "com:feedDescription com:feedType com:publicationTime* com:publicationCreator*"
FACILITY_OBJECT_STATUS = (
    "fac:reference* fac:lastUpdated fac:openingStatus fac:regularOperatingHoursInForce fac:statusDescription"
    " fac:newOperatingHours fac:newRates fac:fault"
)
PARKING_STATUS_INFORMATION = (
    "prk:queueingTime prk:parkingConditions prk:blurredAvailability prk:parkingFault prk:winterEquipmentManagementType"
    " prk:parkingRouteStatus prk:occupancy prk:statusValidity prk:operatingPatternStatus prk:supply prk:demandTable"
)
FACILITY_OBJECT = (
    "fac:name fac:alias fac:externalIdentifier fac:lastUpdated fac:description fac:accessibility"
    " fac:additionalInformation fac:informationWebsite fac:photoUrl fac:photo fac:operatingHours fac:locationReference"
)
HIERARCHY_ELEMENT = (
    "prk:layer* prk:type* prk:parentId prk:childId prk:operatorDefinedReference prk:occupancyLevel"
    " prk:operatorDefinedPlace prk:responsibilityRoleAssignment prk:supply"
)
SEQUENCES = {
    "prk:ParkingStatusPublication": f"{PAYLOAD} prk:parkingTableReference prk:headerInformation"
    " prk:parkingStatusInformation*",
    "prk:ParkingTablePublication": f"{PAYLOAD} prk:headerInformation prk:parkingTable*",
    "prk:PlaceStatus": f"{FACILITY_OBJECT_STATUS} fac:supplementalFacilityStatus {PARKING_STATUS_INFORMATION}"
    " prk:status prk:parkingPlaceFullAtFloor prk:declarationValidNow",
    "prk:Place": f"{FACILITY_OBJECT} fac:supplementalFacility {HIERARCHY_ELEMENT}"
    " prk:layout prk:availableFloors prk:commonComponents",
    "loc:PointLocation": "loc:pointByCoordinates*",
    "prk:parkingTable": "prk:name prk:versionTime* prk:informationManager prk:hierarchyElementGeneral*",
    "prk:headerInformation": "com:confidentiality com:allowedDeliveryChannel com:informationStatus*",
    "com:publicationCreator": "com:country* com:nationalIdentifier*",
    "prk:supply": "prk:quantity* prk:viewType*",
    "loc:pointByCoordinates": "loc:pointCoordinates*",
    "loc:pointCoordinates": "loc:latitude* loc:longitude*",
    "fac:name": "com:values*",
    "prk:name": "com:values*",
    "fac:statusDescription": "com:values*",
    "com:values": "com:value*",
    "prk:occupancy": "prk:numberOfSpacesOverride prk:numberOfVacantSpaces prk:numberOfVacantSpacesLowerThan"
    " prk:numberOfVacantSpacesHigherThan prk:numberOfVacantSpacesGraded prk:numberOfOccupiedSpaces"
    " prk:numberOfVehicles prk:occupancy",
}
ATTRIBUTES = {
    "prk:ParkingStatusPublication": {"lang", "modelBaseVersion"},
    "prk:ParkingTablePublication": {"lang", "modelBaseVersion"},
    "prk:Place": {"id", "version"},
    "prk:parkingTable": {"id", "version"},
    "prk:parkingTableReference": {"id", "version", "targetClass"},
    "fac:reference": {"id", "version", "targetClass"},
    "com:value": {"lang"},
}
TARGETS = {"prk:parkingTableReference": "prk:ParkingTable", "fac:reference": "fac:FacilityObject"}
WORDS = {
    "prk:status": {"full", "spacesAvailable", "unknown"},
    "prk:parkingFault": {"noParkingInformationAvailable"},
    "fac:openingStatus": {"temporarilyClosed"},
    "com:informationStatus": {"real", "test"},
    "prk:viewType": {"spaceView"},
    "prk:type": {"place"},
}
"""Of the enumerations those that we use."""


def occupied(number: int, result: float, *, at: datetime = NOW, **more: object) -> LiveValue:
    return value(f"ltk-01-b{number:02d}", "occupied", result, at=at, **more)  # type: ignore[arg-type]  # the keywords are the test's own


def status_of(values: Iterable[LiveValue]) -> ET.Element:
    """What the status says of the point with five bays, after the whole document was checked."""
    document = ET.fromstring(status(sites(view(values), NOW), NOW))
    check(document)
    found = document.find("prk:parkingStatusInformation", NS)
    assert found is not None
    return found


def short(element: ET.Element) -> str:
    """The name with our prefix; of another namespace there is none."""
    namespace, _, name = element.tag.removeprefix("{").partition("}")
    return f"{next(prefix for prefix, one in NS.items() if one == namespace)}:{name}"


def check(element: ET.Element) -> None:
    """Order, what must be there, attributes and words, all the way down."""
    kind = element.get(TYPE) or short(element)
    given = [short(child) for child in element]
    if given:
        sequence = SEQUENCES[kind].split()
        order = [name.rstrip("*") for name in sequence]
        assert given == sorted(given, key=order.index), kind
        assert {name.rstrip("*") for name in sequence if name.endswith("*")} <= set(given), kind
    assert set(element.attrib) - {TYPE} == ATTRIBUTES.get(kind, set()), kind
    if kind in TARGETS:
        assert element.get("targetClass") == TARGETS[kind]
    if kind in WORDS:
        assert element.text in WORDS[kind]
    for child in element:
        check(child)


def text(element: ET.Element, path: str) -> str | None:
    return element.findtext(path, namespaces=NS)


def test_the_table_has_every_point_with_its_place_and_capacity() -> None:
    document = ET.fromstring(table(sites(view(), NOW), NOW))
    check(document)
    assert document.tag == f"{{{NS['d2']}}}payload"
    assert document.get("modelBaseVersion") == "3"
    assert text(document, "com:publicationTime") == "2026-11-22T03:00:00Z"
    (place,) = document.iterfind("prk:parkingTable/prk:hierarchyElementGeneral", NS)
    assert place.get("id") == "ltk-01"
    names = {one.get("lang"): one.text for one in place.iterfind("fac:name/com:values/com:value", NS)}
    assert names == {"vi": "ltk-01 (vi)", "en": "ltk-01 (en)"}
    coordinates = "fac:locationReference/loc:pointByCoordinates/loc:pointCoordinates"
    assert text(place, f"{coordinates}/loc:latitude") == "21.03"
    assert text(place, f"{coordinates}/loc:longitude") == "105.85"
    assert text(place, "prk:supply/prk:quantity") == "5"


def test_a_point_whose_bays_are_all_known_is_counted() -> None:
    """3 of 5 occupied: 60 %."""
    found = status_of([occupied(n, 1 if n <= 3 else 0) for n in range(1, 6)])
    assert text(found, "fac:lastUpdated") == "2026-11-22T03:00:00Z"
    assert text(found, "prk:occupancy/prk:numberOfVacantSpaces") == "2"
    assert text(found, "prk:occupancy/prk:numberOfVacantSpacesLowerThan") is None
    assert text(found, "prk:occupancy/prk:numberOfOccupiedSpaces") == "3"
    assert text(found, "prk:occupancy/prk:occupancy") == "60.0"
    assert text(found, "prk:supply/prk:quantity") == "5"
    assert text(found, "prk:status") == "spacesAvailable"


def test_a_silent_bay_is_never_vacant() -> None:
    """Three were free five hours ago: one is free now, at most four can be, and no share is told."""
    values = [occupied(1, 1), occupied(2, 0), *(occupied(n, 0, at=SILENT) for n in (3, 4, 5))]
    found = status_of(values)
    assert text(found, "prk:occupancy/prk:numberOfVacantSpaces") == "1"
    assert text(found, "prk:occupancy/prk:numberOfVacantSpacesLowerThan") == "5"
    assert text(found, "prk:occupancy/prk:numberOfOccupiedSpaces") == "1"
    assert text(found, "prk:occupancy/prk:occupancy") is None


def test_a_point_is_full_only_while_every_bay_is_known() -> None:
    assert text(status_of([occupied(n, 1) for n in range(1, 6)]), "prk:status") == "full"
    assert text(status_of([occupied(n, 1) for n in range(1, 5)]), "prk:status") == "unknown"


def test_a_point_of_silent_bays_says_nothing_of_vacant_ones() -> None:
    found = status_of([occupied(n, 0, at=SILENT) for n in range(1, 6)])
    assert found.find("prk:occupancy", NS) is None
    assert text(found, "prk:parkingFault") == "noParkingInformationAvailable"
    assert text(found, "prk:status") == "unknown"
    assert text(status_of([]), "prk:status") == "unknown"
    assert status_of([]).find("fac:lastUpdated", NS) is None


def test_bays_out_of_service_are_no_supply() -> None:
    """Quality 4: the sensor failed. Of five one is left, then none."""
    found = status_of([occupied(1, 0), *(occupied(n, 0, quality=4) for n in range(2, 6))])
    assert text(found, "prk:supply/prk:quantity") == "1"
    assert text(found, "prk:occupancy/prk:numberOfVacantSpaces") == "1"
    closed = status_of([occupied(n, 0, quality=4) for n in range(1, 6)])
    assert text(closed, "fac:openingStatus") == "temporarilyClosed"
    assert text(closed, "prk:supply/prk:quantity") == "0"
    assert closed.find("prk:occupancy", NS) is None


@pytest.mark.parametrize(
    ("provenance", "word"), [("measured", "real"), ("replayed", "real"), ("simulated", "test")]
)
def test_what_is_simulated_is_a_test(provenance: str, word: str) -> None:
    found = sites(view([occupied(1, 0, provenance=provenance)]), NOW)
    for document in (status(found, NOW), table(found, NOW)):
        assert text(ET.fromstring(document), "prk:headerInformation/com:informationStatus") == word
    described = status_of([occupied(1, 0, provenance=provenance)]).find("fac:statusDescription", NS)
    assert (described is not None) is (word == "test")


def test_a_status_refers_to_the_table_as_it_is() -> None:
    found = sites(view([occupied(1, 0)]), NOW)
    rows, now = ET.fromstring(table(found, NOW)), ET.fromstring(status(found, NOW))
    listed = rows.find("prk:parkingTable", NS)
    assert listed is not None
    referred = now.find("prk:parkingTableReference", NS)
    assert referred is not None
    assert (referred.get("id"), referred.get("version")) == (listed.get("id"), listed.get("version"))
    place = listed.find("prk:hierarchyElementGeneral", NS)
    told = now.find("prk:parkingStatusInformation/fac:reference", NS)
    assert place is not None
    assert told is not None
    assert (told.get("id"), told.get("version")) == (place.get("id"), place.get("version"))


def test_a_new_value_leaves_the_table_as_it_is() -> None:
    assert table_version(sites(view(), NOW)) == table_version(sites(view([occupied(1, 1)]), NOW))


def test_the_board_keeps_a_status_for_a_second_and_a_table_while_it_is_the_same() -> None:
    city, clock = City(load_catalog()), [NOW]
    board = ParkingBoard(city, lambda: clock[0])
    assert board.table() is None
    assert board.status() is None
    city.set_things(THINGS, STREAMS.values())
    first, rows = board.status(), board.table()
    assert first is not None
    city.take([occupied(1, 1)])
    clock[0] = NOW + timedelta(seconds=0.9)
    assert board.status() is first
    clock[0] = NOW + timedelta(seconds=1)
    assert board.status() is not first
    assert board.table() is rows
    city.set_things(THINGS[:3], STREAMS.values())
    assert board.table() is not rows


def test_times_leave_as_utc() -> None:
    made_at = datetime(2026, 11, 22, 3, 0, 0, 999, tzinfo=UTC)
    assert b"<com:publicationTime>2026-11-22T03:00:00Z<" in status(sites(view(), NOW), made_at)
