"""SensorThings 1.1, the reading cases of OGC's conformance class 'Filtering Extension' (ets-sta10 and ets-sta11, A.3)
and the reading one of dataArray, each test named by its requirement; then what keeps a request cheap."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, Final
from urllib.parse import quote

import httpx
import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.sensorthings.query import MOST_OBSERVATIONS_SKIPPED
from deploy.embedded.postgres import Postgres
from tests.sensorthings_city import BAY, MOVED, NOW, STATION, SensorThings, sensorthings_city

pytestmark = pytest.mark.integration

# What can be selected and ordered by, from the tables of OGC 18-088, clause 8.2.
PROPERTIES: Final[Mapping[str, tuple[str, ...]]] = {
    "Things": ("name", "description"),
    "Locations": ("name", "description", "encodingType", "location"),
    "HistoricalLocations": ("time",),
    "Datastreams": ("name", "description", "observationType", "unitOfMeasurement"),
    "Sensors": ("name", "description", "encodingType", "metadata"),
    "ObservedProperties": ("name", "definition", "description"),
    "Observations": ("phenomenonTime", "result", "resultTime"),
    "FeaturesOfInterest": ("name", "description", "encodingType", "feature"),
}
RELATIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "Things": ("Locations", "HistoricalLocations", "Datastreams"),
    "Locations": ("Things", "HistoricalLocations"),
    "HistoricalLocations": ("Thing", "Locations"),
    "Datastreams": ("Thing", "Sensor", "ObservedProperty", "Observations"),
    "Sensors": ("Datastreams",),
    "ObservedProperties": ("Datastreams",),
    "Observations": ("Datastream", "FeatureOfInterest"),
    "FeaturesOfInterest": ("Observations",),
}
MANY: Final = frozenset(PROPERTIES)


@pytest.fixture(scope="module")
def city(postgres: Postgres, city_template: str) -> Iterator[SensorThings]:
    with sensorthings_city(postgres, city_template, "sensorthings_filtering") as served:
        yield served


def literal(value: Any) -> str:
    """As a filter writes it."""
    return f"'{value}'".replace("'", "''")[1:-1] if isinstance(value, str) else str(value)


def set_of(relation: str) -> str:
    return {
        "Thing": "Things",
        "Sensor": "Sensors",
        "ObservedProperty": "ObservedProperties",
        "Datastream": "Datastreams",
        "FeatureOfInterest": "FeaturesOfInterest",
    }.get(relation, relation)


# The options


@pytest.mark.parametrize("name", PROPERTIES)
def test_request_data_select(city: SensorThings, name: str) -> None:
    for one in (*PROPERTIES[name], "id"):
        entity = city.values(name, f"$top=1&$select={one}")[0]
        wanted = {"@iot.id", "@iot.selfLink"} if one == "id" else {one}
        assert set(entity) == wanted
    several = ",".join(PROPERTIES[name])
    assert set(city.values(name, f"$top=1&$select={several}")[0]) == set(PROPERTIES[name])
    relation = RELATIONS[name][0]
    assert set(city.values(name, f"$top=1&$select=id,{relation}")[0]) == {
        "@iot.id",
        "@iot.selfLink",
        f"{relation}@iot.navigationLink",
    }


@pytest.mark.parametrize("name", RELATIONS)
def test_request_data_expand(city: SensorThings, name: str) -> None:
    """Each relation, all of them, two levels by '/', and two levels by parentheses with options."""
    one = "$top=1" if name != "FeaturesOfInterest" else f"$filter=id eq '{STATION}'"
    for relation in RELATIONS[name]:
        options = "($top=1)" if relation in MANY else ""
        entity = city.values(name, f"{one}&$expand={relation}{options}")[0]
        inner = entity[relation][0] if relation in MANY else entity[relation]
        assert set(PROPERTIES[set_of(relation)]) <= set(inner)
        assert f"{relation}@iot.navigationLink" in entity
        for deeper in RELATIONS[set_of(relation)]:
            slash = city.values(name, f"{one}&$expand={relation}/{deeper}")[0]
            inside = slash[relation][0] if relation in MANY else slash[relation]
            assert deeper in inside
            bracket = city.values(name, f"{one}&$expand={relation}($expand={deeper})")[0]
            assert bracket == slash
    everything = city.values(name, f"{one}&$expand={','.join(RELATIONS[name])}")[0]
    assert set(RELATIONS[name]) <= set(everything)


def test_request_data_expand_with_options_inside(city: SensorThings) -> None:
    thing = city.get(
        f"Things('{STATION}')",
        "$select=name&$expand=Datastreams($filter=ObservedProperty/name eq 'pm2_5';$select=id;$count=true;"
        "$expand=Observations($orderby=phenomenonTime desc;$top=2;$select=result;$count=true))",
    )
    stream = thing["Datastreams"][0]
    assert thing == {
        "name": "Trung Yên 3",
        "Datastreams": [stream],
        "Datastreams@iot.count": 1,
    }
    assert stream["@iot.id"] == city.ids[STATION, "pm2_5"]
    assert stream["Observations"] == [{"result": 15.0}, {"result": 14.0}]
    assert stream["Observations@iot.count"] == 6
    following = city.at(stream["Observations@iot.nextLink"])
    assert following["value"] == [{"result": 13.0}, {"result": 12.0}]


def test_request_data_expand_merges_what_is_below_the_same_relation(city: SensorThings) -> None:
    thing = city.get(
        f"Things('{STATION}')", "$expand=Datastreams/Sensor,Datastreams/ObservedProperty,Locations"
    )
    assert {"Sensor", "ObservedProperty"} <= set(thing["Datastreams"][0])


@pytest.mark.parametrize("name", PROPERTIES)
def test_request_data_orderby(city: SensorThings, name: str) -> None:
    for one in PROPERTIES[name]:
        if one in ("unitOfMeasurement", "location", "feature"):
            continue
        for way in ("", " asc", " desc"):
            values = [entity[one] for entity in city.values(name, f"$orderby={one}{way}&$top=1000")]
            assert values == sorted(values, reverse=way == " desc")
    several = ",".join(one for one in PROPERTIES[name] if one not in ("unitOfMeasurement",))
    assert city.values(name, f"$orderby={several}")


def test_request_data_orderby_a_function_and_a_path(city: SensorThings) -> None:
    names = [one["name"] for one in city.values("Things", "$orderby=length(name) desc,name&$top=1000")]
    assert names == sorted(names, key=lambda name: (-len(name), name))
    streams = city.values(
        "Datastreams", "$orderby=Thing/id,ObservedProperty/name desc&$top=5&$expand=Thing,ObservedProperty"
    )
    pairs = [(one["Thing"]["@iot.id"], one["ObservedProperty"]["name"]) for one in streams]
    assert pairs == sorted(sorted(pairs, key=lambda pair: pair[1], reverse=True), key=lambda pair: pair[0])


@pytest.mark.parametrize("name", PROPERTIES)
def test_request_data_top_skip_count_and_pagination(city: SensorThings, name: str) -> None:
    """Pages by nextLink are all entities once; $top and $skip cut; $count counts what a filter leaves, not a page."""
    counted = city.get(name, "$count=true&$top=0")
    total = counted["@iot.count"]
    assert counted["value"] == []
    assert "@iot.nextLink" not in counted  # it would lead to itself
    whole = [one["@iot.id"] for one in city.values(name, "$top=1000&$select=id")]
    assert len(whole) == min(total, 1000)
    size = max(1, total // 3)
    found, page = [], city.get(name, f"$select=id&$top={size}&$count=true")
    while True:
        assert page["@iot.count"] == total
        found += [one["@iot.id"] for one in page["value"]]
        if "@iot.nextLink" not in page:
            break
        page = city.at(page["@iot.nextLink"])
    assert (len(found), len(set(found))) == (total, total)
    assert [one["@iot.id"] for one in city.values(name, "$skip=1&$top=2&$select=id")] == whole[1:3]
    beyond = city.get(name, f"$skip={total}")
    assert beyond["value"] == []
    assert "@iot.nextLink" not in beyond
    assert "@iot.count" not in city.get(name, "$count=false&$top=1")


@pytest.mark.parametrize("name", PROPERTIES)
def test_request_data_filter_by_every_property(city: SensorThings, name: str) -> None:
    """The value of the first entity: `eq` finds it, `ne` does not, `le` and `ge` do."""
    entity = city.values(name, "$top=1")[0]
    for one in PROPERTIES[name]:
        value = entity[one]
        if isinstance(value, dict):
            continue
        text = literal(value) if one not in ("time", "phenomenonTime", "resultTime") else value
        for operator, expected in (
            ("eq", True),
            ("ne", False),
            ("le", True),
            ("ge", True),
            ("lt", False),
            ("gt", False),
        ):
            found = city.found(name, f"{one} {operator} {text}")
            assert (entity["@iot.id"] in found) is expected, (one, operator)


@pytest.mark.parametrize(
    ("name", "condition", "count"),
    [
        ("Things", "Datastreams/ObservedProperty/name eq 'pm2_5'", 8),
        (
            "Things",
            "Datastreams/ObservedProperty/name eq 'pm2_5' and properties/attributes/station_type eq 'fixed'",
            2,
        ),
        ("Things", "properties/domain eq 'parking' and properties/kind eq 'bay'", 248),
        ("Things", "startswith(tolower(properties/name/en),'trung yen')", 1),
        ("ObservedProperties", "Datastreams/Thing/id eq 'trung-yen-3' and substringof('pm',name)", 2),
        ("Datastreams", "Thing/Locations/id eq 'ltk-01' and ObservedProperty/name eq 'occupied'", 14),
        (
            "Datastreams",
            "unitOfMeasurement/definition eq 'http://www.opengis.net/def/uom/UCUM/0/ug/m3'"
            " and Thing/id eq 'trung-yen-3'",
            6,
        ),
        ("Locations", "properties/coordinate_trust eq 'V' and Things/properties/domain eq 'air_quality'", 1),
        ("HistoricalLocations", "time gt 2020-01-01T00:00:00Z", 1),
    ],
)
def test_request_data_filter_over_navigation(
    city: SensorThings, name: str, condition: str, count: int
) -> None:
    """From the inventory's files: ten air stations, of which here one is not public and one retired; 14 bays."""
    assert len(city.found(name, condition)) == count


@pytest.mark.parametrize(
    ("condition", "results"),
    [
        ("result gt 13", [14.0, 15.0]),
        ("result mod 2 eq 0 and resultQuality/code eq 1", [10.0, 12.0]),
        ("resultQuality/reason eq 'spike'", [14.0]),
        ("resultQuality/reason ne null", [14.0]),
        ("not (resultQuality/reason eq 'spike') and result ge 13", [13.0, 15.0]),
        ("phenomenonTime ge 2026-11-22T08:00:00+07:00", [14.0, 15.0]),
        ("phenomenonTime lt '2026-11-21T22:00:00Z'", [10.0]),
        ("phenomenonTime gt now() sub duration'PT2H30M'", [14.0, 15.0]),
        ("hour(phenomenonTime) eq 23 or hour(phenomenonTime) eq 1", [12.0, 14.0]),
        ("date(phenomenonTime) eq 2026-11-21", [10.0, 11.0, 12.0]),
        ("time(phenomenonTime) lt 01:00:00", [13.0]),
        ("resultTime sub phenomenonTime gt duration'PT30S' and result lt 11", [10.0]),
        ("fractionalseconds(resultTime) eq 0.25 and result eq 11", [11.0]),
        ("result add 5 eq 20 or result div 2 eq 5", [10.0, 15.0]),
        ("round(result div 4) eq 3", [10.0, 11.0, 12.0, 13.0]),
        ("startswith(parameters/provenance,'mea') and result eq 10", [10.0]),
        ("parameters/simulated eq false and result eq 10", [10.0]),
        ("validTime eq null and result eq 10", [10.0]),
        ("result gt 5 and Datastream/Thing/id eq 'trung-yen-3' and result lt 11", [10.0]),
        ("Datastream/Thing/id eq 'hoan-kiem'", []),
        ("result div 0 gt 1", []),
    ],
)
def test_request_data_filter_of_observations(
    city: SensorThings, condition: str, results: list[float]
) -> None:
    """Of 10 to 15, one an hour from 21:00 to 02:00 UTC, where 14 is suspect as a spike."""
    path = f"Datastreams({city.ids[STATION, 'pm2_5']})/Observations"
    assert [one["result"] for one in city.values(path, f"$filter={quote(condition)}")] == results


def test_request_data_filter_of_all_observations(city: SensorThings) -> None:
    """Over Datastreams and places; `Observations` are ordered by time."""
    condition = quote(
        "Datastream/ObservedProperty/name eq 'pm2_5' and phenomenonTime ge 2026-11-22T02:00:00Z"
    )
    found = city.values("Observations", f"$filter={condition}&$expand=Datastream/Thing")
    assert [(one["Datastream"]["Thing"]["@iot.id"], one["result"]) for one in found] == sorted(
        [(STATION, 15.0), (MOVED, 47.0)], key=lambda pair: city.ids[pair[0], "pm2_5"]
    )
    near = "geo.distance(FeatureOfInterest/feature,geography'POINT(105.86 21.04)') lt 0.001"
    old = city.values("Observations", f"$filter={quote(near)}&$count=true")
    assert len(old) == 21  # those of the moved Thing from its first place: 48 hours ago to its move
    assert {one["parameters"]["coordinate_trust"] for one in old} == {"M"}


def test_request_data_built_in_query_functions_on_locations(city: SensorThings) -> None:
    box = "geography'POLYGON((105.79 21.01,105.81 21.01,105.81 21.02,105.79 21.02,105.79 21.01))'"
    inside = city.found(
        "Locations", f"st_within(location,{box}) and Things/properties/domain eq 'air_quality'"
    )
    assert inside == [STATION]
    assert city.found(
        "Things", f"st_within(Locations/location,{box}) and properties/domain eq 'air_quality'"
    ) == [STATION]
    near = city.found("Locations", "geo.distance(location,geography'POINT(105.7999 21.0152)') lt 0.0001")
    assert near == [STATION]
    nearest = quote("geo.distance(location,geography'POINT(105.7999 21.0152)')")
    first = city.values("Locations", f"$top=1&$orderby={nearest}")
    assert first[0]["@iot.id"] == STATION


def test_request_data_pagination_of_observations_goes_on_after_the_last(city: SensorThings) -> None:
    """By a token, not by counting again: in both directions, over several Datastreams with equal times."""
    ids = f"{city.ids[STATION, 'pm2_5']},{city.ids[MOVED, 'pm2_5']}".split(",")
    condition = quote(f"Datastream/id eq {ids[0]} or Datastream/id eq {ids[1]}")
    for way in ("asc", "desc"):
        page = city.get(
            "Observations", f"$filter={condition}&$top=7&$orderby=phenomenonTime {way}&$count=true"
        )
        found: list[str] = []
        while True:
            assert page["@iot.count"] == 54
            found += [one["@iot.id"] for one in page["value"]]
            if "@iot.nextLink" not in page:
                break
            assert "$skiptoken=" in page["@iot.nextLink"]
            assert "$skip=" not in page["@iot.nextLink"]
            page = city.at(page["@iot.nextLink"])
        assert len(found) == len(set(found)) == 54
        times = [id.split(":", 1)[1] for id in found]
        assert times == sorted(times, reverse=way == "desc")


def test_data_array(city: SensorThings) -> None:
    """ets: testGetDataArray, on all Observations and on those of a Datastream."""
    answer = city.get("Observations", "$count=true&$top=3&$resultFormat=dataArray")
    assert answer["@iot.count"] > 3
    assert "@iot.nextLink" in answer
    assert sum(group["dataArray@iot.count"] for group in answer["value"]) == 3
    for group in answer["value"]:
        assert set(group["components"]) == {
            "id",
            "phenomenonTime",
            "result",
            "resultTime",
            "resultQuality",
            "validTime",
            "parameters",
        }
        assert city.at(group["Datastream@iot.navigationLink"])["observationType"]
        assert len(group["dataArray"]) == group["dataArray@iot.count"]
        assert all(len(row) == len(group["components"]) for row in group["dataArray"])
    own = city.get(
        f"Datastreams({city.ids[STATION, 'pm2_5']})/Observations",
        "$resultFormat=dataArray&$select=phenomenonTime,result&$filter=result ge 14",
    )
    assert own["value"] == [
        {
            "Datastream@iot.navigationLink": f"{city.served.url}/sta/v1.1/Datastreams({city.ids[STATION, 'pm2_5']})",
            "components": ["phenomenonTime", "result"],
            "dataArray@iot.count": 2,
            "dataArray": [["2026-11-22T01:00:00Z", 14.0], ["2026-11-22T02:00:00Z", 15.0]],
        }
    ]


# Refusals


@pytest.mark.parametrize(
    ("path", "query", "status", "option", "position"),
    [
        ("Things", "$filter=nam eq 'x'", 400, "$filter", 1),
        ("Things", "$filter=name eq", 400, "$filter", 8),
        ("Things", "$filter=Datastreams/Observations/result gt 5", 400, "$filter", 1),
        ("Things", "$filter=Datastreams eq 5", 400, "$filter", 1),
        ("Observations", "$filter=result gt 'a'", 400, "$filter", 8),
        ("Observations", "$filter=result", 400, "$filter", 1),
        ("Observations", "$filter=parameters/other eq 1", 400, "$filter", 1),
        ("Observations", "$filter=result gt 1 or Datastream/id eq 1", 400, "$filter", 13),
        ("Observations", "$filter=1e308 mul result gt 1", 400, "$filter", None),
        ("Observations", "$orderby=Datastream/Thing/name", 400, "$orderby", 1),
        ("Observations", "$orderby=result sideways", 400, "$orderby", 8),
        ("Observations", f"$skip={MOST_OBSERVATIONS_SKIPPED + 1}", 400, "$skip", None),
        ("Observations", "$skiptoken=none", 400, "$skiptoken", 1),
        ("Observations", "$resultFormat=csv", 501, "$resultFormat", 1),
        ("Things", "$resultFormat=dataArray", 400, "$resultFormat", 1),
        ("Things", "$top=-1", 400, "$top", 1),
        ("Things", "$top=1&$top=2", 400, "$top", None),
        ("Things", "$count=yes", 400, "$count", 1),
        ("Things", "$select=nam", 400, "$select", 1),
        ("Things", "$expand=Nothing", 400, "$expand", 1),
        ("Things", "$expand=Datastreams($top=x)", 400, "$expand", 18),
        ("Things", "$expand=Locations,Datastreams($count=true;$filter=name eq)", 400, "$expand", 50),
        ("Things", "$expand=Datastreams(", 400, "$expand", 13),
        ("Things", "$expand=" + "Datastreams/Thing/" * 3 + "Locations", 400, "$expand", 37),
        ("Things", "$search=air", 501, "$search", None),
        ("Things", "$nothing=1", 400, "$nothing", None),
        ("Things", "limit=5", 400, "limit", None),
        ("Things('trung-yen-3')", "$top=1", 400, "$top", None),
        ("Things('trung-yen-3')/name", "$top=1", 400, "$top", None),
    ],
)
def test_query_status_code(
    city: SensorThings, path: str, query: str, status: int, option: str, position: int | None
) -> None:
    """A refusal names the option and where in it: 400, or 501 for an option that the service does not have."""
    answer = city.answer(path, query)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    problem = answer.json()
    assert problem["status"] == status
    [fault] = problem["errors"]
    assert (fault["parameter"], fault.get("position")) == (option, position), problem


def test_a_request_is_bounded(city: SensorThings) -> None:
    """Length, entities of an answer, and the steps of a filter."""
    assert city.answer("Things", "$filter=" + "x" * 8000).status_code == 400
    wide = "$expand=Datastreams($top=1000;$expand=ObservedProperty($expand=Datastreams($top=1000)))"
    answer = city.answer("ObservedProperties", f"$filter=name eq 'occupied'&{wide}")
    assert answer.status_code == 400
    assert "more than 20000 entities" in answer.json()["detail"]
    costly = quote("Datastreams/ObservedProperty/Datastreams/Thing/name eq 'x'")
    answer = city.answer("Things", f"$filter={costly}")
    assert answer.status_code == 400
    assert "too many steps" in answer.json()["detail"]


NAMES: Final = [*PROPERTIES, *RELATIONS["Observations"], "Thing", "id", "result", "name", "nothing"]
SIGNS: Final = [
    "(",
    ")",
    ",",
    "/",
    ";",
    "=",
    "1",
    "'x'",
    "null",
    "2026-11-22T00:00:00Z",
    "geography'POINT(105 21)'",
]
WORDS: Final = [*NAMES, *SIGNS, "eq", "and", "or", "not", "gt", "$top", "$filter", "$expand", "desc", "now()"]
OPTIONS: Final = [
    "$filter",
    "$orderby",
    "$expand",
    "$select",
    "$top",
    "$skip",
    "$count",
    "$skiptoken",
    "$resultFormat",
]


def test_whatever_is_asked_is_answered_or_refused(city: SensorThings) -> None:
    """Words of the language in any order, as path and as options: never an error of ours."""

    @settings(max_examples=150, deadline=None, derandomize=True, database=None)
    @given(
        st.lists(
            st.sampled_from([*NAMES, "('trung-yen-3')", "(1)", "/", "$ref", "$value", "('')"]), max_size=5
        ),
        st.dictionaries(
            st.sampled_from(OPTIONS),
            st.lists(st.sampled_from(WORDS), max_size=6).map(" ".join) | st.text(max_size=20),
            max_size=2,
        ),
    )
    def answers(path: list[str], options: dict[str, str]) -> None:
        first = sets[len("".join(path)) % len(sets)]
        answer = city.answer(quote(first + "".join(path)), str(httpx.QueryParams(options)))
        assert answer.status_code in (200, 204, 400, 404, 501), (path, options, answer.text)
        if answer.status_code >= 400:
            assert answer.json()["status"] == answer.status_code

    sets = list(PROPERTIES)
    answers()


def test_a_page_has_at_most_a_thousand(city: SensorThings) -> None:
    page = city.get("Datastreams", "$top=100000&$select=id&$count=true")
    assert len(page["value"]) == min(1000, page["@iot.count"])
    assert ("@iot.nextLink" in page) == (page["@iot.count"] > 1000)


def test_times_are_those_of_the_answers(city: SensorThings) -> None:
    """An id that an answer gave finds the same Observation by filter and by address."""
    path = f"Datastreams({city.ids[BAY, 'occupied']})/Observations"
    one = city.values(path, "$top=1")[0]
    assert one["phenomenonTime"] == (NOW - timedelta(hours=4)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert city.found(path, f"id eq '{one['@iot.id']}'") == [one["@iot.id"]]
    assert city.found(path, "result eq true") == city.found(path, "result ne false")


def test_a_query_of_the_database_that_takes_too_long_is_stopped_and_said_so(
    city: SensorThings, postgres: Postgres
) -> None:
    """One that waits for a lock; what is in memory answers meanwhile, and afterwards all is as before."""
    path = f"Datastreams({city.ids[STATION, 'pm2_5']})/Observations"
    with psycopg.connect(postgres.url("postgres", "sensorthings_filtering")) as holder:
        holder.execute("LOCK TABLE observation IN ACCESS EXCLUSIVE MODE")
        answer = city.answer(path, "$filter=result gt 1")
        assert answer.status_code == 400
        assert "takes too long to answer" in answer.json()["detail"]
        assert city.answer("Observations", "$count=true").status_code == 400
        assert city.values("Things", "$top=1")
        holder.rollback()
    assert len(city.values(path)) == 6


def test_the_newest_of_many_are_found_farther_back_too(city: SensorThings) -> None:
    """Of some the newest is in the last hours, of one there are more only days back, of most there is none."""
    query = "$top=1000&$expand=Observations($orderby=phenomenonTime desc;$top=40;$select=result)"
    found = {one["@iot.id"]: one["Observations"] for one in city.values("Datastreams", query)}
    assert [one["result"] for one in found[city.ids[MOVED, "pm2_5"]]] == [float(47 - n) for n in range(40)]
    assert [one["result"] for one in found[city.ids[STATION, "pm2_5"]]] == [
        15.0,
        14.0,
        13.0,
        12.0,
        11.0,
        10.0,
    ]
    assert found[city.ids[STATION, "so2"]] == []
    skipped = city.values("Observations", "$orderby=phenomenonTime desc&$skip=55&$top=100")
    whole = city.values("Observations", "$orderby=phenomenonTime desc&$top=1000")
    assert skipped == whole[55:]
