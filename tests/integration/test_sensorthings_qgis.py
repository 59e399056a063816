"""The requests of a real QGIS (3.40.6, its provider `sensorthings`) as it spelled them, and its rows of the answers.

Recorded from the QGIS of Debian 13, whose layers had as many features as the service counts.
"""

from collections.abc import Iterator
from typing import Any, Final

import pytest

from deploy.embedded.postgres import Postgres
from storage import inventory
from storage.catalog import load_catalog
from storage.inventory import load_inventory
from tests.sensorthings_city import HIDDEN, MOVED, RETIRED, ROOT, STATION, SensorThings, sensorthings_city

pytestmark = pytest.mark.integration

POINTS: Final = "$filter=location/type%20eq%20'Point'%20or%20location/geometry/type%20eq%20'Point'"
BOX: Final = (
    "$filter=(location/type%20eq%20'Point'%20or%20location/geometry/type%20eq%20'Point')%20and%20(geo.intersects("
    "location,%20geography'Polygon%20((105.79999999999999716%2021,%20105.85999999999999943%2021,"
    "%20105.85999999999999943%2021.05999999999999872,%20105.79999999999999716%2021.05999999999999872,"
    "%20105.79999999999999716%2021))'))"
)
PM: Final = "$filter=ObservedProperty/name%20eq%20'pm2_5'"
NEWEST: Final = "Observations($orderby=phenomenonTime%20desc;$top=5)"
GOOD: Final = "Observations($orderby=phenomenonTime%20desc;$top=2;$filter=resultQuality/code%20lt%203)"


@pytest.fixture(scope="module")
def city(postgres: Postgres, city_template: str) -> Iterator[SensorThings]:
    with sensorthings_city(postgres, city_template, "sensorthings_qgis") as served:
        yield served


def features(city: SensorThings, set_: str, query: str, *expanded: str) -> list[list[dict[str, Any]]]:
    """A row for each innermost entity, as QGIS makes them; it goes on with nextLink, but not within an expansion."""
    rows: list[list[dict[str, Any]]] = []
    link: str | None = f"{ROOT}/{set_}?{query}"
    while link is not None:
        page = city.at(link)
        assert len(page["value"]) <= 200
        rows += [row for one in page["value"] for row in _rows(one, expanded)]
        link = page.get("@iot.nextLink")
    return rows


def _rows(entity: dict[str, Any], expanded: tuple[str, ...]) -> list[list[dict[str, Any]]]:
    if not expanded:
        return [[entity]]
    return [[entity, *row] for one in entity[expanded[0]] for row in _rows(one, expanded[1:])]


def test_places_are_counted_and_read_page_by_page(city: SensorThings) -> None:
    shown = [
        thing
        for thing in load_inventory([inventory.SHIPPED], load_catalog())
        if thing.location is not None and thing.id not in {HIDDEN, RETIRED, MOVED}
    ]
    counted = city.get("Locations", f"$top=0&$count=true&{POINTS}")
    found = features(city, "Locations", f"$top=50&$count=false&{POINTS}")
    ids = {place["@iot.id"] for [place] in found}
    assert ids == {thing.id for thing in shown} | {MOVED, f"{MOVED}:1"}
    assert counted["@iot.count"] == len(found) == len(ids)
    assert {place["location"]["type"] for [place] in found} == {"Point"}
    in_box = {place["@iot.id"] for [place] in features(city, "Locations", f"$top=200&$count=false&{BOX}")}
    inside = {
        thing.id
        for thing in shown
        if thing.location is not None
        and 105.80 <= thing.location.lon <= 105.86
        and 21.0 <= thing.location.lat <= 21.06
    }
    assert in_box - {MOVED, f"{MOVED}:1"} == inside
    assert len(inside) > 30


def test_places_with_things_datastreams_and_their_newest_values(city: SensorThings) -> None:
    query = (
        f"$top=200&$count=false&$expand=Things($top=100;$expand=Datastreams({PM};$expand={GOOD}))&{POINTS}"
    )
    rows = features(city, "Locations", query, "Things", "Datastreams", "Observations")
    values = [(thing["@iot.id"], value["result"]) for _, thing, _, value in rows]
    assert sorted(values) == [(MOVED, 46.0), (MOVED, 47.0), (STATION, 13.0), (STATION, 15.0)]


def test_things_with_datastreams_and_values_over_two_pages(city: SensorThings) -> None:
    assert city.get("Things", "$top=0&$count=true")["@iot.count"] == 327
    query = f"$top=200&$count=false&$expand=Datastreams({PM};$expand={NEWEST})"
    rows = features(city, "Things", query, "Datastreams", "Observations")
    values = [(thing["@iot.id"], value["result"]) for thing, _, value in rows]
    assert sorted(values) == [
        *((MOVED, float(number)) for number in range(43, 48)),
        *((STATION, float(number)) for number in range(11, 16)),
    ]
    assert len(features(city, "Things", "$top=200&$count=false")) == 327


@pytest.mark.parametrize(
    "query",
    [
        "HistoricalLocations?$top=200&$count=false",
        "Sensors?$top=200&$count=false",
        "ObservedProperties?$top=200&$count=false&$expand=Datastreams($top=100)",
        "FeaturesOfInterest?$top=200&$count=false&$filter=feature/type%20eq%20'Point'%20or%20feature/geometry/type%20eq%20'Point'",
        "Datastreams?$top=200&$count=false&$expand=Sensor($top=100)",
        "Observations?$top=120&$count=false",
    ],
)
def test_every_set_can_be_a_layer(city: SensorThings, query: str) -> None:
    set_, _, options = query.partition("?")
    rows = features(city, set_, options)
    assert rows
    ids = [entity["@iot.id"] for [entity] in rows]
    condition = "".join(f"&{one}" for one in options.split("&") if one.startswith("$filter="))
    counted = city.get(set_, f"$top=0&$count=true{condition}")["@iot.count"]
    assert len(ids) == len(set(ids)) == counted
