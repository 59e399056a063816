"""NGSI-LD and the parking feed over HTTP: representations, pages, refusals, and no query of the database."""

from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree as ET

import httpx
import pytest

from dashboard.datex2 import NAMESPACES
from deploy.embedded.postgres import Postgres
from tests.sensorthings_city import (
    BAY,
    HIDDEN,
    INTERNAL,
    MOVED,
    RETIRED,
    STATION,
    SensorThings,
    sensorthings_city,
)

pytestmark = pytest.mark.integration

ROOT = "/ngsi-ld/v1"
ERRORS = "https://uri.etsi.org/ngsi-ld/errors/"
CORE = "https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context-v1.8.jsonld"
JSON, JSON_LD, GEOJSON = "application/json", "application/ld+json", "application/geo+json"
STATUS, TABLE = "/api/v1/parking/datex2/status.xml", "/api/v1/parking/datex2/table.xml"
NS = {prefix.removeprefix("xmlns:"): namespace for prefix, namespace in NAMESPACES.items()}


@pytest.fixture(scope="module")
def city(postgres: Postgres, city_template: str) -> Iterator[SensorThings]:
    with sensorthings_city(postgres, city_template, "ngsi_ld") as city:
        yield city


@pytest.fixture(scope="module")
def http(city: SensorThings) -> httpx.Client:
    return city.served.http


def get(http: httpx.Client, path: str, accept: str = JSON, **params: str) -> httpx.Response:
    answer = http.get(ROOT + path, params=params, headers={"Accept": accept})
    assert answer.status_code == 200, (path, params, answer.text)
    return answer


def link(answer: httpx.Response, rel: str) -> str | None:
    found: str | None = answer.links.get(rel, {}).get("url")
    return found


def test_every_public_thing_is_on_one_of_the_pages(http: httpx.Client) -> None:
    """329 Things in the inventory, of which here one is not public and one retired."""
    answer = get(http, "/entities", type="*", limit="100", count="true")
    assert answer.headers["ngsild-results-count"] == "327"
    assert link(answer, "prev") is None
    ids = [one["id"] for one in answer.json()]
    while (following := link(answer, "next")) is not None:
        answer = http.get(following)
        ids += [one["id"] for one in answer.json()]
    assert len(ids) == len(set(ids)) == 327
    assert link(answer, "prev") is not None
    names = {id.rsplit(":", 1)[1] for id in ids}
    assert {STATION, MOVED, BAY} <= names
    assert not {HIDDEN, INTERNAL, RETIRED} & names


def test_plain_json_has_its_context_in_the_link(http: httpx.Client, city: SensorThings) -> None:
    answer = get(http, "/entities", type="AirQualityObserved")
    context = f"{city.served.url}{ROOT}/jsonldContexts/hanoi"
    assert answer.headers["content-type"] == JSON
    assert link(answer, "http://www.w3.org/ns/json-ld#context") == context
    assert "@context" not in answer.text
    served = http.get(context)
    assert served.headers["content-type"] == JSON_LD
    terms = served.json()["@context"]
    assert terms["pm25"] == "https://smartdatamodels.org/dataModel.Environment/pm25"


def test_json_ld_and_geojson_have_it_inside(http: httpx.Client, city: SensorThings) -> None:
    context = [f"{city.served.url}{ROOT}/jsonldContexts/hanoi", CORE]
    linked = get(http, "/entities", JSON_LD, type="AirQualityObserved")
    assert linked.headers["content-type"] == JSON_LD
    assert {tuple(one["@context"]) for one in linked.json()} == {tuple(context)}
    features = get(http, "/entities", GEOJSON, type="AirQualityObserved", options="keyValues").json()
    assert (features["type"], features["@context"]) == ("FeatureCollection", context)
    (station,) = [one for one in features["features"] if one["id"].endswith(STATION)]
    assert station["geometry"]["type"] == "Point"
    assert station["properties"]["pm25"] == 15.0
    single = get(http, f"/entities/urn:ngsi-ld:AirQualityObserved:{STATION}", JSON_LD).json()
    assert single["@context"] == context


def test_an_entity_says_how_far_its_values_can_be_trusted(http: httpx.Client) -> None:
    """The station's newest value is good and an hour old, where it reports every five minutes."""
    entity = get(http, f"/entities/urn:ngsi-ld:AirQualityObserved:{STATION}").json()
    assert entity["pm25"]["value"] == 15.0
    assert entity["pm25"]["observedAt"] == "2026-11-22T02:00:00Z"
    assert entity["pm25"]["stale"]["value"] is True
    assert entity["airQualityIndex"]["inputProvenance"]["value"] == "simulated"
    moved = get(http, f"/entities/urn:ngsi-ld:AirQualityObserved:{MOVED}", options="keyValues").json()
    assert (moved["pm25"], moved["simulated"], moved["state"]) == (47.0, True, "stale")
    retired = get(http, f"/entities/urn:ngsi-ld:AirQualityObserved:{RETIRED}").json()
    assert "retiredFrom" in retired


def test_types_are_those_of_what_there_is(http: httpx.Client) -> None:
    listed = get(http, "/types").json()
    assert listed["type"] == "EntityTypeList"
    assert {"AirQualityObserved", "OnStreetParking", "ParkingSpot"} <= set(listed["typeList"])
    spots = get(http, "/types/ParkingSpot").json()
    assert (spots["type"], spots["entityCount"]) == ("EntityTypeInfo", 248)
    assert {one["typeName"] for one in get(http, "/types", details="true").json()} == set(listed["typeList"])


@pytest.mark.parametrize(
    ("path", "headers", "status", "kind", "parameter"),
    [
        ("/entities", {}, 400, "BadRequestData", "type"),
        ("/entities?type=A&limit=1001", {}, 403, "TooManyResults", "limit"),
        ("/entities?type=A&color=red", {}, 400, "InvalidRequest", "color"),
        ("/entities?type=A&idPattern=x", {}, 422, "OperationNotSupported", "idPattern"),
        ("/entities?type=A&q=pm25~=%22x%22", {}, 422, "OperationNotSupported", "q"),
        ("/entities?q=((((((((((((a))))))))))))", {}, 403, "TooComplexQuery", "q"),
        ("/entities/trung-yen-3", {}, 400, "BadRequestData", "id"),
        ("/entities/urn:ngsi-ld:AirQualityObserved:none", {}, 404, "ResourceNotFound", None),
        (f"/entities/urn:ngsi-ld:AirQualityObserved:{HIDDEN}", {}, 404, "ResourceNotFound", None),
        (f"/entities/urn:ngsi-ld:AirQualityObserved:{STATION}?attrs=x", {}, 404, "ResourceNotFound", None),
        ("/types/Vehicle", {}, 404, "ResourceNotFound", None),
        ("/jsonldContexts/other", {}, 404, "ResourceNotFound", None),
        ("/subscriptions", {}, 404, "ResourceNotFound", None),
        ("/entities?type=A", {"Accept": "text/csv"}, 406, "InvalidRequest", "Accept"),
        ("/entities?type=A", {"NGSILD-Tenant": "x"}, 501, "NoMultiTenantSupport", "NGSILD-Tenant"),
        (
            "/entities?type=A",
            {"Link": '<http://169.254.0.1/c>; rel="http://www.w3.org/ns/json-ld#context"'},
            503,
            "LdContextNotAvailable",
            "Link",
        ),
    ],
)
def test_a_refusal_says_what_is_wrong_in_the_standards_words(
    http: httpx.Client, path: str, headers: dict[str, str], status: int, kind: str, parameter: str | None
) -> None:
    answer = http.get(ROOT + path, headers=headers)
    problem = answer.json()
    assert (answer.status_code, problem["type"]) == (status, ERRORS + kind)
    assert problem["title"]
    assert problem["detail"]
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    assert [one["parameter"] for one in problem.get("errors", [])] == ([parameter] if parameter else [])


def test_nothing_is_written(http: httpx.Client) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert http.request(method, f"{ROOT}/entities").status_code == 405


@pytest.mark.parametrize("address", [CORE, "https://smartdatamodels.org/context.jsonld"])
def test_a_context_with_the_same_names_is_taken(http: httpx.Client, address: str) -> None:
    headers = {"Link": f'<{address}>; rel="http://www.w3.org/ns/json-ld#context"; type="{JSON_LD}"'}
    assert http.get(f"{ROOT}/entities?type=AirQualityObserved", headers=headers).status_code == 200


@pytest.mark.parametrize("path", [f"{ROOT}/entities?type=ParkingSpot", STATUS, TABLE])
def test_answers_may_be_kept_compressed_and_read_from_any_page(http: httpx.Client, path: str) -> None:
    answer = http.get(path, headers={"Accept-Encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["cache-control"] in ("public, max-age=1", "public, max-age=60")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "NGSILD-Results-Count" in answer.headers["access-control-expose-headers"]
    same = http.get(path, headers={"If-None-Match": answer.headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")
    assert http.head(path).status_code == 200


def test_representations_are_told_apart_by_caches(http: httpx.Client) -> None:
    answer = get(http, "/entities", type="ParkingSpot")
    assert "Accept" in answer.headers.get_list("vary", split_commas=True)


def test_the_feed_has_every_point_and_the_counts_of_the_map(http: httpx.Client) -> None:
    """17 points with 248 places; of the bays one was heard within two heartbeats."""
    features = http.get("/api/v1/map/parking.geojson").json()["features"]
    on_map = {one["id"]: one["properties"] for one in features}
    table, status = ET.fromstring(http.get(TABLE).content), ET.fromstring(http.get(STATUS).content)
    places = table.findall("prk:parkingTable/prk:hierarchyElementGeneral", NS)
    quantities = [int(one.findtext("prk:supply/prk:quantity", "", NS)) for one in places]
    assert (len(places), sum(quantities)) == (17, 248)
    told = {
        str(one.find("fac:reference", NS).attrib["id"]): one  # type: ignore[union-attr]  # each has one
        for one in status.iterfind("prk:parkingStatusInformation", NS)
    }
    assert set(told) == set(on_map)
    known = [id for id, one in told.items() if one.find("prk:occupancy", NS) is not None]
    assert (
        known
        == [id for id, shown in sorted(on_map.items()) if shown["free"] + shown["occupied"]]
        == ["ltk-01"]
    )
    for id in known:
        vacant = told[id].findtext("prk:occupancy/prk:numberOfVacantSpaces", None, NS)
        assert vacant == str(on_map[id]["free"])


def test_entities_agree_with_the_map(http: httpx.Client) -> None:
    features = http.get("/api/v1/map/parking.geojson").json()["features"]
    on_map = {one["id"]: one["properties"] for one in features}
    entities: list[dict[str, Any]] = get(
        http, "/entities", type="OnStreetParking", options="keyValues"
    ).json()
    counted = {one["parkingSiteId"]: one for one in entities}
    assert set(counted) == set(on_map)
    for id, shown in on_map.items():
        assert counted[id]["totalSpotNumber"] == shown["capacity"]
        assert counted[id]["unknownSpotNumber"] == shown["unknown"]
        assert counted[id]["state"] == shown["state"]


def test_no_request_asks_the_database(city: SensorThings, http: httpx.Client) -> None:
    before = city.served.site.pool.get_stats().get("requests_num", 0)
    for path in (
        f"{ROOT}/entities?type=*&limit=1000",
        f"{ROOT}/entities?q=pm25>1",
        f"{ROOT}/types",
        STATUS,
        TABLE,
    ):
        assert http.get(path).status_code == 200
    assert city.served.site.pool.get_stats().get("requests_num", 0) == before
