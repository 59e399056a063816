"""SensorThings 1.1, the reading cases of OGC's conformance class 'Sensing Core' (ets-sta10 and ets-sta11, A.1), each
test named by its requirement, and what this city adds: ids, provenance, places, and what stays hidden."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

import pytest

from dashboard.api.schema import Problem
from deploy.embedded.postgres import Postgres
from ingest.decoders import Context, sensorthings
from tests.sensorthings_city import (
    BAY,
    HIDDEN,
    HOUR,
    INTERNAL,
    MOVED,
    NOW,
    RETIRED,
    STATION,
    SensorThings,
    sensorthings_city,
)

pytestmark = pytest.mark.integration

# Mandatory properties and relations, from the tables of OGC 18-088, clause 8.2.
MANDATORY: Final[Mapping[str, tuple[set[str], set[str]]]] = {
    "Things": ({"name", "description"}, {"Locations", "HistoricalLocations", "Datastreams"}),
    "Locations": (
        {"name", "description", "encodingType", "location"},
        {"Things", "HistoricalLocations"},
    ),
    "HistoricalLocations": ({"time"}, {"Thing", "Locations"}),
    "Datastreams": (
        {"name", "description", "observationType", "unitOfMeasurement"},
        {"Thing", "Sensor", "ObservedProperty", "Observations"},
    ),
    "Sensors": ({"name", "description", "encodingType", "metadata"}, {"Datastreams"}),
    "ObservedProperties": ({"name", "definition", "description"}, {"Datastreams"}),
    "Observations": ({"phenomenonTime", "result", "resultTime"}, {"Datastream", "FeatureOfInterest"}),
    "FeaturesOfInterest": ({"name", "description", "encodingType", "feature"}, {"Observations"}),
}
SINGLE: Final = {
    "Thing": "Things",
    "Datastream": "Datastreams",
    "Sensor": "Sensors",
    "ObservedProperty": "ObservedProperties",
    "FeatureOfInterest": "FeaturesOfInterest",
}


@pytest.fixture(scope="module")
def city(postgres: Postgres, city_template: str) -> Iterator[SensorThings]:
    with sensorthings_city(postgres, city_template, "sensorthings_core") as served:
        yield served


def key(id: Any) -> str:
    return str(id) if isinstance(id, int) else f"'{id}'"


def first(city: SensorThings, name: str) -> dict[str, Any]:
    """An entity whose relations lead to something."""
    if name in ("HistoricalLocations", "Observations"):
        return city.values(name, "$top=1")[0]
    path = {
        "Things": f"Things('{STATION}')",
        "Locations": f"Locations('{STATION}')",
        "Datastreams": f"Datastreams({city.ids[STATION, 'pm2_5']})",
        "Sensors": f"Sensors('{STATION}:pm2_5')",
        "ObservedProperties": "ObservedProperties('air_quality:pm2_5')",
        "FeaturesOfInterest": f"FeaturesOfInterest('{STATION}')",
    }[name]
    found: dict[str, Any] = city.get(path)
    return found


def test_resource_path_service_root(city: SensorThings) -> None:
    root = city.get("")
    assert {one["name"]: one["url"] for one in root["value"]} == {
        name: f"{city.served.url}/sta/v1.1/{name}" for name in MANDATORY
    }
    claimed = root["serverSettings"]["conformance"]
    assert "http://www.opengis.net/spec/iot_sensing/1.1/req/request-data/filter" in claimed
    assert not [
        one for one in claimed if "create" in one or "mqtt" in one or "batch" in one or "data-array" in one
    ]
    assert city.served.http.get("/sta/v1.1").json() == root


@pytest.mark.parametrize("name", MANDATORY)
def test_datamodel_properties_relations_and_control_information(city: SensorThings, name: str) -> None:
    """GET Entities and GET Specific Entity."""
    properties, relations = MANDATORY[name]
    entities = city.values(name)
    assert entities
    for entity in entities:
        assert properties <= set(entity), entity
        link = f"{city.served.url}/sta/v1.1/{name}({key(entity['@iot.id'])})"
        assert entity["@iot.selfLink"] == link
        links = {one for one in entity if one.endswith("@iot.navigationLink")}
        assert links == {f"{one}@iot.navigationLink" for one in relations}
        assert all(entity[f"{one}@iot.navigationLink"] == f"{link}/{one}" for one in relations)
    for entity in (entities[0], entities[-1]):
        assert city.at(entity["@iot.selfLink"]) == entity
        for relation in relations:
            city.at(entity[f"{relation}@iot.navigationLink"])


@pytest.mark.parametrize("name", MANDATORY)
def test_status_code_of_a_nonexistent_entity(city: SensorThings, name: str) -> None:
    for id in ("9223372036854775807", "'no-such'", "'1:2026-11-22T02:00:00.000001Z'"):
        answer = city.answer(f"{name}({id})")
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"
        assert Problem.model_validate_json(answer.content).status == 404


@pytest.mark.parametrize("name", MANDATORY)
def test_resource_path_to_a_property_and_its_value(city: SensorThings, name: str) -> None:
    """GET Property of an Entity."""
    entity = first(city, name)
    address = f"{name}({key(entity['@iot.id'])})"
    for one in MANDATORY[name][0]:
        assert city.get(f"{address}/{one}") == {one: entity[one]}
        raw = city.answer(f"{address}/{one}/$value")
        assert raw.status_code == 200
        if isinstance(entity[one], dict):
            assert raw.json() == entity[one]
        else:
            assert raw.headers["content-type"].startswith("text/plain")
            assert raw.text == str(entity[one])


@pytest.mark.parametrize("name", MANDATORY)
def test_resource_path_to_entities_over_four_levels(city: SensorThings, name: str) -> None:
    """Check Resource Path: every relation of every relation, each collection also as $ref."""
    follow(city, name, name, first(city, name)["@iot.id"], levels=3)


def follow(city: SensorThings, address: str, name: str, id: Any, *, levels: int) -> None:
    if levels == 0:
        return
    for relation in sorted(MANDATORY[name][1]):
        below = f"{address}({key(id)})/{relation}"
        if relation in SINGLE:
            found = city.get(below)
            assert set(city.get(below + "/$ref")) == {"@iot.selfLink"}
            assert city.get(below + "/$ref")["@iot.selfLink"] == found["@iot.selfLink"]
            for more in sorted(MANDATORY[SINGLE[relation]][1]):
                city.get(f"{below}/{more}")
            continue
        entities = city.values(below)
        assert entities, below
        assert city.values(below + "/$ref") == [{"@iot.selfLink": one["@iot.selfLink"]} for one in entities]
        follow(city, below, relation, entities[0]["@iot.id"], levels=levels - 1)


def test_an_entity_is_found_only_below_what_it_belongs_to(city: SensorThings) -> None:
    own, other = city.ids[STATION, "pm2_5"], city.ids[MOVED, "pm2_5"]
    assert city.get(f"Things('{STATION}')/Datastreams({own})")["@iot.id"] == own
    assert city.answer(f"Things('{STATION}')/Datastreams({other})").status_code == 404
    observation = city.values(f"Datastreams({own})/Observations", "$top=1")[0]["@iot.id"]
    assert city.get(f"Datastreams({own})/Observations('{observation}')")["@iot.id"] == observation
    assert city.answer(f"Datastreams({other})/Observations('{observation}')").status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "Thingz",
        "Things('trung-yen-3')/nothing",
        "Things('trung-yen-3')/Datastream",
        "Things('trung-yen-3",
        "Things('trung-yen-3')/name/x",
        "Things('trung-yen-3')/$ref/$ref",
        "Things()/name",
        "$metadata",
        "Things/" + "x" * 2000,
    ],
)
def test_a_path_that_leads_nowhere_is_not_found(city: SensorThings, path: str) -> None:
    assert city.answer(path).status_code == 404


def test_a_property_inside_and_one_without_a_value(city: SensorThings) -> None:
    assert city.get(f"Things('{STATION}')/properties/attributes/station_type") == {"station_type": "fixed"}
    assert city.answer(f"Things('{STATION}')/properties/kind/$value").text == "station"
    assert city.answer(f"Things('{STATION}')/properties/parent_id").status_code == 204
    assert city.answer(f"Things('{STATION}')/id/$value").text == STATION


def test_nothing_can_be_written(city: SensorThings) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        answer = city.served.http.request(method, "/sta/v1.1/Things", json={"name": "x", "description": "x"})
        assert answer.status_code == 405
        assert "GET" in answer.headers["allow"]


def test_any_page_may_read_it_and_head_works(city: SensorThings) -> None:
    answer = city.served.http.head("/sta/v1.1/Things")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["access-control-allow-origin"] == "*"


# What an Observation says of itself


def test_an_observation_says_where_its_value_comes_from(city: SensorThings) -> None:
    index = city.values(f"Datastreams({city.ids[STATION, 'vn_aqi']})/Observations")[0]
    assert index["@iot.id"] == f"{city.ids[STATION, 'vn_aqi']}:2026-11-22T02:00:00Z"
    assert (index["phenomenonTime"], index["resultTime"], index["result"]) == (
        "2026-11-22T02:00:00Z",
        "2026-11-22T02:00:30.250000Z",
        55.0,
    )
    assert index["parameters"] == {
        "provenance": "derived",
        "simulated": True,
        "coordinate_trust": "V",
        "input_provenance": "simulated",
        "computed_from": {"dominant": "pm2_5", "hours": {"pm2_5": 12}},
    }
    assert index["resultQuality"] == {"scheme": "QARTOD", "code": 1, "name": "good"}
    measured = city.values(f"Datastreams({city.ids[STATION, 'pm2_5']})/Observations")
    assert measured[4]["resultQuality"] == {
        "scheme": "QARTOD",
        "code": 3,
        "name": "suspect",
        "reason": "spike",
    }
    assert measured[4]["parameters"]["simulated"] is False


def test_our_own_decoder_reads_what_is_answered(city: SensorThings) -> None:
    """An Observation with its Datastream is what the decoder `sensorthings` takes from others."""
    id = city.ids[STATION, "pm2_5"]
    one = city.values(f"Datastreams({id})/Observations", "$top=1&$expand=Datastream($select=id)")[0]
    context = Context(topic="elsewhere", received_at=NOW, options=sensorthings.Options(property="pm2_5"))
    decoded = sensorthings.decode(json.dumps(one).encode(), context)
    assert not decoded.faults
    [reading] = decoded.readings
    assert (reading.device, reading.time, reading.results) == (str(id), NOW - 6 * HOUR, {"pm2_5": 10.0})


def test_a_datastream_has_its_unit_in_ucum(city: SensorThings) -> None:
    stream = city.get(f"Datastreams({city.ids[STATION, 'pm2_5']})")
    assert stream["unitOfMeasurement"] == {
        "name": "ug/m3",
        "symbol": "µg/m³",
        "definition": "http://www.opengis.net/def/uom/UCUM/0/ug/m3",
    }
    assert stream["observationType"].endswith("/OM_Measurement")
    assert stream["observedArea"] == {"type": "Point", "coordinates": [105.7999, 21.0152]}


def test_what_is_yes_or_no_is_a_truth_observation(city: SensorThings) -> None:
    stream = city.get(f"Datastreams({city.ids[BAY, 'occupied']})")
    assert stream["observationType"].endswith("/OM_TruthObservation")
    assert stream["unitOfMeasurement"] == {"name": None, "symbol": None, "definition": None}
    results = city.values(f"Datastreams({city.ids[BAY, 'occupied']})/Observations", "$select=result")
    assert results == [{"result": False}, {"result": True}, {"result": False}, {"result": True}]


def test_a_bay_stands_where_its_point_does(city: SensorThings) -> None:
    bay, point = (city.values(f"Things('{one}')/Locations") for one in (BAY, "ltk-01"))
    assert bay == point
    assert bay[0]["properties"]["coordinate_trust"] in ("V", "M", "S")
    assert {BAY, "ltk-01"} <= {one["@iot.id"] for one in city.values("Locations('ltk-01')/Things")}


def test_a_thing_without_a_place_is_nowhere(city: SensorThings) -> None:
    basin = city.found("Things", "properties/kind eq 'basin'")[0]
    assert city.values(f"Things('{basin}')/Locations") == []
    assert city.get(f"FeaturesOfInterest('{basin}')")["feature"] == {
        "type": "GeometryCollection",
        "geometries": [],
    }


def test_a_thing_that_moved_has_its_history(city: SensorThings) -> None:
    now = city.values(f"Things('{MOVED}')/Locations")
    assert [one["@iot.id"] for one in now] == [f"{MOVED}:1"]
    history = city.values(f"Things('{MOVED}')/HistoricalLocations", "$expand=Locations&$orderby=time")
    assert [(one["time"], one["Locations"][0]["@iot.id"]) for one in history] == [
        ("2000-01-01T00:00:00Z", MOVED),
        ("2026-11-21T00:00:00Z", f"{MOVED}:1"),
    ]
    assert history[0]["Locations"][0]["location"]["coordinates"] == [105.86, 21.04]
    before = city.values(f"FeaturesOfInterest('{MOVED}')/Observations", "$orderby=phenomenonTime desc&$top=1")
    assert before[0]["phenomenonTime"] == "2026-11-20T23:00:00Z"
    after = city.values(f"FeaturesOfInterest('{MOVED}:1')/Observations", "$top=1&$expand=FeatureOfInterest")
    assert after[0]["phenomenonTime"] == "2026-11-21T00:00:00Z"
    assert after[0]["FeatureOfInterest"]["@iot.id"] == f"{MOVED}:1"


# What is not shown


def test_a_thing_that_is_not_public_is_nowhere(city: SensorThings) -> None:
    assert city.answer(f"Things('{HIDDEN}')").status_code == 404
    id = city.ids[HIDDEN, "pm2_5"]
    assert city.answer(f"Datastreams({id})").status_code == 404
    assert city.answer(f"Observations('{id}:2026-11-22T02:00:00Z')").status_code == 404
    assert city.answer(f"Locations('{HIDDEN}')").status_code == 404
    assert city.values("Observations", "$filter=result%20eq%2099") == []


def test_a_retired_thing_is_in_no_list_and_keeps_its_history(city: SensorThings) -> None:
    assert city.found("Things", f"id eq '{RETIRED}'") == []
    assert city.found("Datastreams", f"Thing/id eq '{RETIRED}'") == []
    thing = city.get(f"Things('{RETIRED}')", "$expand=Datastreams")
    assert thing["properties"]["retired_from"] == "2026-11-22T03:00:00Z"
    assert city.ids[RETIRED, "pm2_5"] in [one["@iot.id"] for one in thing["Datastreams"]]
    assert city.values(f"Datastreams({city.ids[RETIRED, 'pm2_5']})/Observations")[0]["result"] == 99.0


def test_the_platforms_own_domain_is_in_no_set(city: SensorThings) -> None:
    """Internal domains stay out, as on every page."""
    assert "operations" in city.served.site.city.view.internal
    id = city.ids[INTERNAL, "heartbeat"]
    for path in (f"Things('{INTERNAL}')", f"Datastreams({id})", f"Observations('{id}:2026-11-22T02:00:00Z')"):
        assert city.answer(path).status_code == 404
    for name, condition in (
        ("Things", "properties/domain eq 'operations'"),
        ("ObservedProperties", "properties/domain eq 'operations'"),
        ("Datastreams", "Thing/properties/domain eq 'operations'"),
        ("Observations", "result eq 12345"),
    ):
        assert city.found(name, condition) == []
