"""The public API on a real database, as the role that may see only the public views."""

import base64
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from psycopg import sql

from dashboard.api import schema
from deploy.embedded.postgres import FOR_TESTS, Postgres
from deploy.embedded.runtime import Runtime
from storage import catalog, db, inventory, observations, things
from storage.catalog import load_catalog
from storage.inventory import load_inventory
from storage.migrate import migrate
from storage.model import FloodExtent, Provenance, Quality
from tests.processes import free_port, running, wait_for
from tests.public_site import METER, NOISE, Served, Writer, now, serving

pytestmark = pytest.mark.integration

API = "/api/v1"


@pytest.fixture
def public_url(postgres: Postgres, city_url: str) -> str:
    """The same database for a login that has the public role's rights and no others."""
    postgres.create_login("public_login", member_of="hanoi_public")
    return postgres.url("public_login", city_url.rsplit("/", 1)[1])


@pytest.fixture
def city(city_url: str) -> Writer:
    return Writer(city_url)


@pytest.fixture
def served(public_url: str) -> Iterator[Served]:
    with serving(public_url) as site:
        yield site


def get(served: Served, path: str, **parameters: Any) -> dict[str, Any]:
    answer = served.http.get(API + path, params=parameters)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def fault(served: Served, path: str, **parameters: Any) -> tuple[int, list[str]]:
    """Status and the parameters that the problem names."""
    answer = served.http.get(API + path, params=parameters)
    assert answer.headers["content-type"] == "application/problem+json"
    problem = schema.Problem.model_validate_json(answer.content)
    assert problem.status == answer.status_code
    return answer.status_code, [one.parameter for one in problem.errors or []]


def feature(served: Served, domain: str, thing: str, **parameters: Any) -> dict[str, Any]:
    features = get(served, f"/map/{domain}.geojson", **parameters)["features"]
    found: dict[str, Any] = next(one for one in features if one["id"] == thing)["properties"]
    return found


# Things


def test_the_things_of_hanoi_are_listed_with_their_datastreams(served: Served) -> None:
    page = schema.ThingPage.model_validate(get(served, "/things"))
    kinds = [thing.kind for thing in page.items]
    assert (len(page.items), kinds.count("bay"), kinds.count("parking_point")) == (329, 248, 17)
    assert page.next is None
    station = next(thing for thing in page.items if thing.id == "trung-yen-3")
    assert (station.name.vi, station.domain, station.parent_id) == ("Trung Yên 3", "air_quality", None)
    assert station.location is not None
    assert (station.location.lat, station.location.lon, station.location.trust) == (21.0152, 105.7999, "V")
    assert {stream.property for stream in station.datastreams} >= {"pm2_5", "vn_aqi"}
    assert all(stream.latest is None for stream in station.datastreams)


def test_things_by_domain_and_by_parent(served: Served) -> None:
    assert len(get(served, "/things", domain="flood")["items"]) == 33
    bays = get(served, "/things", parent_id="ltk-01")["items"]
    assert [bay["id"] for bay in bays][:2] == ["ltk-01-b01", "ltk-01-b02"]
    assert len(bays) == 14


def test_pages_of_things_together_are_all_of_them_once(served: Served) -> None:
    ids: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = get(served, "/things", domain="parking", limit=100, **cursor)
        ids += [thing["id"] for thing in page["items"]]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert len(ids) == len(set(ids)) == 17 + 248


def test_things_near_a_place_and_in_a_box(served: Served) -> None:
    place = get(served, "/things/trung-yen-3")["location"]
    found = get(served, "/things", near=f"{place['lat']},{place['lon']}", domain="air_quality", limit=3)
    assert [found["items"][0]["id"], found["items"][0]["distance_m"], found["next"]] == [
        "trung-yen-3",
        0.0,
        None,
    ]
    distances = [item["distance_m"] for item in found["items"]]
    assert (len(distances), distances) == (3, sorted(distances))
    near = get(served, "/things", near=f"{place['lat']},{place['lon']}", radius_m=distances[1])
    assert all(item["distance_m"] <= distances[1] for item in near["items"])
    box = f"{place['lon'] - 0.001},{place['lat'] - 0.001},{place['lon'] + 0.001},{place['lat'] + 0.001}"
    inside = get(served, "/things", bbox=box, domain="air_quality")["items"]
    assert [item["id"] for item in inside] == ["trung-yen-3"]
    assert "distance_m" not in inside[0]


def test_one_thing_with_its_newest_values(served: Served, city: Writer) -> None:
    at = now().replace(microsecond=0)
    city.write("flood-tong-dan", "water_depth", (at, 12.5), provenance=Provenance.SIMULATED)
    wait_for(lambda: latest(served, "flood-tong-dan", "water_depth"), "the value is known")
    assert latest(served, "flood-tong-dan", "water_depth") == {
        "time": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "result": 12.5,
        "quality": 1,
        "provenance": "simulated",
    }


def latest(served: Served, thing: str, property_key: str) -> Any:
    streams = get(served, f"/things/{thing}")["datastreams"]
    return next(stream["latest"] for stream in streams if stream["property"] == property_key)


def test_what_is_wrong_is_a_problem_that_names_it(served: Served) -> None:
    wrong: list[tuple[str, dict[str, Any], int, list[str]]] = [
        ("/things/nowhere", {}, 404, []),
        ("/things/NOWHERE!", {}, 422, ["id"]),
        ("/things", {"domain": "noise"}, 422, ["domain"]),
        ("/things", {"cursor": "???"}, 422, ["cursor"]),
        ("/things", {"limit": 0}, 422, ["limit"]),
        ("/things", {"near": "21.03"}, 422, ["near"]),
        ("/things", {"near": "91,105"}, 422, ["near"]),
        ("/things", {"near": "21,105", "cursor": "aG9hbi1raWVt"}, 422, ["cursor"]),
        ("/things", {"radius_m": 100}, 422, ["radius_m"]),
        ("/things", {"bbox": "105,21,106"}, 422, ["bbox"]),
        ("/things", {"bbox": "106,21,105,22"}, 422, ["bbox"]),
        ("/things", {"bbox": "105,21,106,91"}, 422, ["bbox"]),
        ("/datastreams/999999/observations", {}, 404, []),
        ("/datastreams/x/observations", {}, 422, ["id"]),
        ("/datastreams/1/observations", {"step": "2h"}, 422, ["step"]),
        ("/datastreams/1/observations", {"from": "2026-11-22T10:00:00"}, 422, ["from"]),
        ("/datastreams/1/observations", {"to": "soon"}, 422, ["to"]),
        (
            "/datastreams/1/observations",
            {"from": "2026-11-22T10:00:00Z", "to": "2026-11-21T10:00:00Z"},
            422,
            ["from"],
        ),
        ("/datastreams/1/observations", {"to": "0001-01-01T00:00:00Z"}, 422, ["to"]),
        ("/datastreams/1/observations", {"cursor": "bm90IG9uZQ=="}, 422, ["cursor"]),
        ("/datastreams/1/observations", {"quality": "7"}, 422, ["quality"]),
        ("/datastreams/1/observations", {"quality": "1", "step": "1h"}, 422, ["quality"]),
        ("/map/noise.geojson", {}, 404, []),
        ("/map/flood.geojson", {"bays": "perhaps"}, 422, ["bays"]),
        ("/stream", {"domain": "noise"}, 422, ["domain"]),
        ("/nothing", {}, 404, []),
    ]
    found = [(path, parameters, *fault(served, path, **parameters)) for path, parameters, _, _ in wrong]
    assert found == wrong


# History


@pytest.fixture
def depth(city: Writer) -> int:
    """Ten hours of one value a minute at Tông Đản, the number of the minute, from 10:00 of a day in Hanoi."""
    city.write(
        "flood-tong-dan", "water_depth", *[(START + timedelta(minutes=n), float(n % 60)) for n in range(600)]
    )
    return city.ids["flood-tong-dan", "water_depth"]


START = datetime(2026, 3, 14, 3, 0, tzinfo=UTC)


def test_raw_values_from_inclusive_to_exclusive(served: Served, depth: int) -> None:
    page = get(
        served,
        f"/datastreams/{depth}/observations",
        **{"from": "2026-03-14T10:00:00+07:00", "to": "2026-03-14T03:02:00Z"},
    )
    assert page == {
        "datastream_id": depth,
        "unit": "cm",
        "step": "raw",
        "items": [
            {
                "time": f"2026-03-14T03:0{n}:00Z",
                "result": float(n),
                "quality": 1,
                "provenance": "measured",
                "result_time": f"2026-03-14T03:0{n}:00Z",
            }
            for n in range(2)
        ],
        "next": None,
    }


def test_a_plus_sign_that_nobody_escaped_is_understood(served: Served, depth: int) -> None:
    query = "from=2026-03-14T10:00:00+07:00&to=2026-03-14T10:02:00+07:00"
    answer = served.http.get(f"{API}/datastreams/{depth}/observations?{query}")
    assert len(answer.json()["items"]) == 2


@pytest.mark.parametrize(
    ("path", "asked", "says"),
    [
        (
            "/datastreams/1/observations",
            {"from": "2026-11-22T10:00:00"},
            "has no offset: write 2026-11-22T10:00:00+07:00 or …Z",
        ),
        ("/datastreams/1/observations", {"quality": "7"}, "is no list of 1, 2, 3, 4 and 9, such as 1,2"),
        ("/things", {"near": "21.03"}, "is no lat,lon in degrees, such as 21.0285,105.8542"),
        (
            "/things",
            {"bbox": "105,21,106"},
            "is no west,south,east,north in degrees, such as 105.80,21.00,105.86,21.06",
        ),
        ("/things/NOWHERE!", {}, "is no id: 1 to 64 of a-z, 0-9, '_' and '-'"),
        ("/map/Air!.geojson", {}, "is no id: 1 to 64 of a-z, 0-9, '_' and '-'"),
    ],
)
def test_what_is_wrong_is_said_in_plain_words(
    served: Served, path: str, asked: dict[str, str], says: str
) -> None:
    found = served.http.get(f"/api/v1{path}", params=asked).json()
    assert [one["detail"] for one in found["errors"]] == [says]


def test_hours_have_their_numbers_and_their_coverage(served: Served, depth: int) -> None:
    page = get(
        served,
        f"/datastreams/{depth}/observations",
        step="1h",
        **{"from": "2026-03-14T03:00:00Z", "to": "2026-03-14T05:00:00Z"},
    )
    hour = {"count": 60, "mean": 29.5, "min": 0.0, "max": 59.0, "first": 0.0, "last": 59.0, "coverage": 1.0}
    assert page["items"] == [
        {"time": f"2026-03-14T0{h}:00:00Z", **hour, "provenance": "measured"} for h in (3, 4)
    ]


def test_an_hour_and_its_day_say_that_a_value_in_them_is_of_simulated_ones(
    served: Served, city: Writer, depth: int
) -> None:
    at = START + timedelta(hours=1, seconds=30)
    city.write(
        "flood-tong-dan",
        "water_depth",
        (at, 5.0),
        provenance=Provenance.DERIVED,
        input_provenance=Provenance.SIMULATED,
    )
    asked = {"from": "2026-03-13T17:00:00Z", "to": "2026-03-14T06:00:00Z"}
    hours = get(served, f"/datastreams/{depth}/observations", step="1h", **asked)["items"]
    assert [hour["provenance"] for hour in hours] == ["measured", "simulated", "measured"]
    [day] = get(served, f"/datastreams/{depth}/observations", step="1d", **asked)["items"]
    assert day["provenance"] == "simulated"


def test_an_hour_of_opposite_winds_has_a_count_and_no_mean(served: Served, city: Writer) -> None:
    times = [START + timedelta(minutes=10 * n) for n in range(6)]
    city.write("hoan-kiem", "wind_direction", *((at, 180.0 * (n % 2)) for n, at in enumerate(times)))
    streams = get(served, "/things/hoan-kiem")["datastreams"]
    (wind,) = [one["id"] for one in streams if one["property"] == "wind_direction"]
    asked = {"from": "2026-03-14T03:00:00Z", "to": "2026-03-14T05:00:00Z"}
    (hour,) = get(served, f"/datastreams/{wind}/observations", step="1h", **asked)["items"]
    assert (hour["count"], hour["mean"], hour["min"], hour["max"]) == (6, None, 0.0, 180.0)


def test_a_day_is_hanois_and_knows_what_is_missing(served: Served, depth: int) -> None:
    page = get(
        served,
        f"/datastreams/{depth}/observations",
        step="1d",
        **{"from": "2026-03-13T00:00:00Z", "to": "2026-03-15T00:00:00Z"},
    )
    [day] = page["items"]
    assert (day["time"], day["count"]) == ("2026-03-13T17:00:00Z", 600)
    assert day["coverage"] == round(600 / 1440, 4)


@pytest.mark.parametrize(
    ("to", "step", "points"),
    [
        ("2026-03-14T13:00:00Z", "raw", 600),
        ("2026-03-15T17:00:00Z", "raw", 600),  # 2880 expected, but only 600 are there
        ("2026-03-20T03:00:00Z", "1h", 10),
        ("2026-11-20T03:00:00Z", "1d", 1),  # 6000 hours would be too many
    ],
)
def test_auto_takes_the_finest_step_that_is_few_enough(
    served: Served, depth: int, to: str, step: str, points: int
) -> None:
    start = "2026-03-13T17:00:00Z"
    page = get(served, f"/datastreams/{depth}/observations", step="auto", **{"from": start, "to": to})
    assert (page["step"], len(page["items"])) == (step, points)


def test_pages_of_history_together_are_all_of_it_once(served: Served, city: Writer) -> None:
    times = [START + timedelta(seconds=n) for n in range(5003)]
    city.write("flood-tong-dan", "water_depth", *[(at, 1.0) for at in times])
    stream = city.ids["flood-tong-dan", "water_depth"]
    asked = {"from": "2026-03-14T03:00:00Z", "to": "2026-03-15T03:00:00Z"}
    first = get(served, f"/datastreams/{stream}/observations", **asked)
    second = get(served, f"/datastreams/{stream}/observations", cursor=first["next"])
    found = [item["time"] for item in first["items"] + second["items"]]
    assert (len(first["items"]), len(found), len(set(found))) == (5000, 5003, 5003)
    assert second["next"] is None
    assert fault(served, f"/datastreams/{stream + 1}/observations", cursor=first["next"]) == (422, ["cursor"])


def test_values_of_some_qualities_and_the_next_page_of_them(served: Served, city: Writer) -> None:
    """Every second one is suspect, so that a page of what is asked spans two of everything."""
    stream = city.ids["flood-tong-dan", "water_depth"]
    for quality in (Quality.GOOD, Quality.SUSPECT):
        times = [START + timedelta(seconds=2 * n + (quality is Quality.SUSPECT)) for n in range(5003)]
        city.write("flood-tong-dan", "water_depth", *[(at, 1.0) for at in times], quality=quality)
    asked = {"from": "2026-03-14T03:00:00Z", "to": "2026-03-15T03:00:00Z", "quality": "3,4"}
    first = get(served, f"/datastreams/{stream}/observations", **asked)
    second = get(served, f"/datastreams/{stream}/observations", cursor=first["next"])
    found = first["items"] + second["items"]
    assert (len(first["items"]), len(found), second["next"]) == (5000, 5003, None)
    assert {item["quality"] for item in found} == {3}


def test_a_cursor_that_somebody_made_up_is_refused(served: Served, depth: int) -> None:
    later, earlier = "2026-03-15T00:00:00Z", "2026-03-14T00:00:00Z"
    for made_up in (
        [depth, later, earlier, "raw"],
        [depth, earlier, later, "1h", [1]],
        [depth, earlier, later, "raw", []],
    ):
        cursor = base64.urlsafe_b64encode(json.dumps(made_up).encode()).decode()
        assert fault(served, f"/datastreams/{depth}/observations", cursor=cursor) == (422, ["cursor"])


def test_without_a_span_it_is_the_last_day(public_url: str, depth: int) -> None:
    with serving(public_url, clock=lambda: START + timedelta(hours=25)) as served:
        items = get(served, f"/datastreams/{depth}/observations")["items"]
    assert (items[0]["time"], len(items)) == ("2026-03-14T04:00:00Z", 540)


# Map


def test_a_committed_value_is_on_the_map(served: Served, city: Writer) -> None:
    assert feature(served, "flood", "flood-tong-dan")["state"] == "never"
    city.write("flood-tong-dan", "water_depth", (now(), 35.0))
    wait_for(lambda: feature(served, "flood", "flood-tong-dan")["state"] == "live", "the value is on the map")
    shown = feature(served, "flood", "flood-tong-dan")
    assert (
        shown["level"],
        shown["values"]["water_depth"]["result"],
        shown["values"]["water_depth"]["unit"],
    ) == (3, 35, "cm")


@pytest.mark.parametrize("domain", ["air_quality", "water_quality", "rain", "flood", "parking"])
def test_every_domain_has_a_map_of_its_placed_things(served: Served, domain: str) -> None:
    document = get(served, f"/map/{domain}.geojson")
    schema.MapCollection.model_validate_json(json.dumps(document))
    count = {"air_quality": 10, "water_quality": 4, "rain": 16, "flood": 33, "parking": 17}[domain]
    assert len(document["features"]) == count


def test_the_capacity_of_the_city_is_248_bays_whatever_is_heard(served: Served, city: Writer) -> None:
    city.write("ltk-01-b01", "occupied", (now(), 1.0))
    city.write("ltk-01-b02", "occupied", (now(), 0.0))
    city.write("ltk-01-b03", "occupied", (now(), 1.0), quality=Quality.FAIL)
    city.write("ltk-01-b04", "occupied", (now() - timedelta(hours=2), 1.0))
    wait_for(lambda: feature(served, "parking", "ltk-01")["out_of_service"], "the last bay is counted")
    features = [one["properties"] for one in get(served, "/map/parking.geojson")["features"]]
    for point in features:
        assert (
            point["free"] + point["occupied"] + point["unknown"] + point["out_of_service"]
            == point["capacity"]
        )
    assert sum(point["capacity"] for point in features) == 248
    point = feature(served, "parking", "ltk-01")
    assert (point["free"], point["occupied"], point["unknown"], point["out_of_service"]) == (1, 1, 11, 1)
    assert len(get(served, "/map/parking.geojson", bays=1)["features"]) == 17 + 248


def test_a_flooded_area_is_on_the_map(served: Served, city_url: str) -> None:
    ring = [[105.85, 21.02], [105.86, 21.02], [105.86, 21.03], [105.85, 21.02]]
    area = {
        "type": "Feature",
        "geometry": {"type": "Polygon", "coordinates": [ring]},
        "properties": {"depth_cm": 28},
    }
    extent = FloodExtent(
        thing_id="flood-tong-dan", phenomenon_time=now(), features=[area], provenance=Provenance.SIMULATED
    )
    with db.connect(city_url, name="test") as conn:
        observations.write_extent(conn, extent)

    def areas() -> list[dict[str, Any]]:
        features = get(served, "/map/flood.geojson")["features"]
        return [one for one in features if one["properties"]["kind"] == "extent"]

    wait_for(areas, "the area is on the map")
    [found] = areas()
    assert (found["geometry"]["coordinates"], found["properties"]["depth_cm"]) == ([ring], 28)
    assert found["properties"]["simulated"] is True


def test_a_map_is_compressed_tagged_and_open_to_every_page(served: Served) -> None:
    def ask(**headers: str) -> httpx.Response:
        return served.http.get(
            f"{API}/map/rain.geojson", headers={"Origin": "https://city.example", **headers}
        )

    answer = ask(**{"Accept-Encoding": "gzip"})
    assert answer.headers["content-type"] == "application/geo+json"
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "max-age=1" in answer.headers["cache-control"]
    assert "content-encoding" not in ask(**{"Accept-Encoding": "identity"}).headers


def test_a_client_that_has_the_answer_gets_304(public_url: str) -> None:
    still = now()
    with serving(public_url, clock=lambda: still) as served:
        tag = served.http.get(f"{API}/map/rain.geojson").headers["etag"]
        again = served.http.get(f"{API}/map/rain.geojson", headers={"If-None-Match": tag})
        head = served.http.head(f"{API}/map/rain.geojson")
    assert (again.status_code, again.content) == (304, b"")
    assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", tag)


# Stream


class Listening:
    """Reads a stream in a thread; `items` are what came so far."""

    def __init__(self, url: str) -> None:
        self.items: list[dict[str, Any]] = []
        self.events: list[tuple[int, str]] = []
        self.lines: list[str] = []
        self._url = url
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._read)

    def __enter__(self) -> "Listening":
        self._thread.start()
        wait_for(lambda: self.lines, "the stream is open")
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()

    def join(self) -> None:
        self._thread.join(30)
        assert not self._thread.is_alive()

    def _read(self) -> None:
        with httpx.stream("GET", self._url, timeout=60) as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            for line in answer.iter_lines():
                self.lines.append(line)
                name, _, content = line.partition(": ")
                if name == "id":
                    self.events.append((int(content), ""))
                elif name == "event" and content != "changed":  # which has no id
                    self.events[-1] = (self.events[-1][0], content)
                elif name == "data":
                    self.items += json.loads(content).get("items", [])
                if self._stop.is_set():
                    return


def test_a_committed_value_is_on_the_stream(public_url: str, city: Writer) -> None:
    with serving(public_url) as served, Listening(f"{served.url}{API}/stream") as stream:
        at = now().replace(microsecond=0)
        city.write(
            "hoan-kiem",
            "vn_aqi",
            (at, 120),
            provenance=Provenance.DERIVED,
            input_provenance=Provenance.SIMULATED,
        )
        wait_for(lambda: stream.items, "the value is on the stream")
        city.write("flood-tong-dan", "water_depth", (at, 1.0))
        wait_for(lambda: len(stream.items) == 2, "the second value is on the stream")
    stream.join()
    assert stream.items[0] == {
        "thing": "hoan-kiem",
        "domain": "air_quality",
        "property": "vn_aqi",
        "time": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "result": 120.0,
        "quality": 1,
        "provenance": "derived",
        "input_provenance": "simulated",
    }
    ids = [one for one, _ in stream.events]
    assert {event for _, event in stream.events} == {"observation"}
    assert ids == sorted(set(ids))


def test_a_stream_of_one_domain(public_url: str, city: Writer) -> None:
    with serving(public_url) as served, Listening(f"{served.url}{API}/stream?domain=rain") as stream:
        city.write("flood-tong-dan", "water_depth", (now(), 1.0))
        city.write("rain-cau-giay", "rain_interval", (now(), 0.2))
        wait_for(lambda: stream.items, "the rain is on the stream")
    stream.join()
    assert {item["domain"] for item in stream.items} == {"rain"}


def test_a_backfill_does_not_flood_the_stream(public_url: str, city: Writer) -> None:
    newest = now()
    city.write("flood-tong-dan", "water_depth", (newest, 3.0))
    with serving(public_url) as served, Listening(f"{served.url}{API}/stream") as stream:
        city.write(
            "flood-tong-dan", "water_depth", *[(newest - timedelta(minutes=n), 2.0) for n in range(1, 500)]
        )
        city.write(
            "rain-cau-giay", "rain_interval", *[(newest - timedelta(minutes=5 * n), 0.2) for n in range(100)]
        )
        wait_for(lambda: stream.items, "something is on the stream")
    stream.join()
    assert [(item["thing"], item["time"]) for item in stream.items] == [
        ("rain-cau-giay", newest.isoformat().replace("+00:00", "Z"))
    ]


# What changes while it runs


def test_a_sixth_domain_shows_up_in_a_running_site(public_url: str, city_url: str, tmp_path: Path) -> None:
    (tmp_path / "catalog").mkdir()
    (tmp_path / "inventory").mkdir()
    with serving(public_url, catalog_folders=[tmp_path / "catalog"]) as served:
        assert served.http.get(f"{API}/map/noise.geojson").status_code == 404
        (tmp_path / "catalog" / "noise.toml").write_text(NOISE, "utf-8")
        (tmp_path / "inventory" / "noise.toml").write_text(METER, "utf-8")
        domains = load_catalog([catalog.SHIPPED, tmp_path / "catalog"])
        with db.connect(city_url, name="test") as conn:
            things.sync(conn, domains, load_inventory([inventory.SHIPPED, tmp_path / "inventory"], domains))
        Writer(city_url).write("noise-1", "level", (now(), 81.0))
        wait_for(lambda: served.http.get(f"{API}/map/noise.geojson").status_code == 200, "noise has a map")
        wait_for(lambda: get(served, "/map/noise.geojson")["features"], "the meter is on it")
        wait_for(lambda: feature(served, "noise", "noise-1")["state"] == "live", "its value is there")
        shown = feature(served, "noise", "noise-1")
        catalogue = schema.Catalogue.model_validate(get(served, "/domains"))
    assert (shown["level"], shown["label_vi"], shown["color"]) == (1, "Ồn", "#B23948")
    noise = next(domain for domain in catalogue.items if domain.key == "noise")
    assert (noise.name.vi, noise.properties["level"].symbol) == ("Tiếng ồn", "dB")
    shapes = [domain.map.shape for domain in catalogue.items]
    assert len(set(shapes)) == 6


@pytest.fixture
def own_postgres(servers: tuple[Runtime, Path]) -> Iterator[Postgres]:
    """A server that the test may kill."""
    installed, folder = servers
    with Postgres(installed, folder / "mortal", settings=FOR_TESTS) as server:
        server.create_owner("hanoi")
        migrate(server.owner_url("hanoi"))
        domains = load_catalog()
        with db.connect(server.owner_url("hanoi"), name="test") as conn:
            things.sync(conn, domains, load_inventory([inventory.SHIPPED], domains))
        yield server


def test_the_database_goes_and_comes_back(own_postgres: Postgres) -> None:
    url = own_postgres.owner_url("hanoi")
    city = Writer(url)
    with serving(url) as served:
        city.write("flood-tong-dan", "water_depth", (now(), 35.0))
        wait_for(
            lambda: feature(served, "flood", "flood-tong-dan")["state"] == "live", "the value is on the map"
        )
        assert served.http.get("/readyz").status_code == 200
        own_postgres.kill()
        wait_for(lambda: served.http.get("/readyz").status_code == 503, "not ready")
        assert feature(served, "flood", "flood-tong-dan")["values"]["water_depth"]["result"] == 35
        assert served.http.get("/").status_code == 200
        assert served.http.get("/healthz").status_code == 200
        stream = city.ids["flood-tong-dan", "water_depth"]
        assert fault(served, f"/datastreams/{stream}/observations") == (503, [])
        own_postgres.start()
        city.write("flood-tong-dan", "water_depth", (now(), 36.0))
        wait_for(lambda: served.http.get("/readyz").status_code == 200, "ready again")
        wait_for(
            lambda: feature(served, "flood", "flood-tong-dan")["values"]["water_depth"]["result"] == 36,
            "what came meanwhile is on the map",
        )


# What the public may see


def test_the_public_role_reads_the_public_views_and_nothing_else(postgres: Postgres, public_url: str) -> None:
    with psycopg.connect(
        postgres.superuser_url.rsplit("/", 1)[0] + "/" + public_url.rsplit("/", 1)[1]
    ) as owner:
        tables = owner.execute(
            "SELECT schemaname, tablename FROM pg_tables WHERE schemaname = 'public'"
            " UNION SELECT schemaname, viewname FROM pg_views WHERE schemaname = 'public'"
        ).fetchall()
    assert {"thing", "observation", "rejected_message", "alert", "operator"} & {name for _, name in tables}
    with psycopg.connect(public_url, autocommit=True) as conn:
        for schema_name, name in tables:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                conn.execute(sql.SQL("SELECT 1 FROM {}").format(sql.Identifier(schema_name, name)))
        for change in (
            "DELETE FROM public_view.thing",
            "CREATE TABLE public.mine ()",
            "CREATE TABLE public_view.mine ()",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                conn.execute(change)


def test_a_thing_that_is_not_public_is_nowhere(city_url: str, public_url: str, city: Writer) -> None:
    with psycopg.connect(city_url, autocommit=True) as conn:
        conn.execute("UPDATE thing SET is_public = false WHERE id = 'flood-tong-dan'")
    stream_id = city.ids["flood-tong-dan", "water_depth"]
    with serving(public_url) as served, Listening(f"{served.url}{API}/stream") as stream:
        city.write("flood-tong-dan", "water_depth", (now(), 35.0))
        city.write("flood-cao-ba-quat", "water_depth", (now(), 35.0))
        wait_for(lambda: stream.items, "the public one is on the stream")
        assert fault(served, "/things/flood-tong-dan") == (404, [])
        assert fault(served, f"/datastreams/{stream_id}/observations") == (404, [])
        assert len(get(served, "/map/flood.geojson")["features"]) == 32
    stream.join()
    assert {item["thing"] for item in stream.items} == {"flood-cao-ba-quat"}


def test_firing_alerts_are_listed_for_citizens(served: Served, city_url: str, city: Writer) -> None:
    assert get(served, "/alerts") == {"items": []}
    with psycopg.connect(city_url, autocommit=True) as conn:
        conn.execute(
            """
            INSERT INTO alert (rule, domain, thing_id, datastream_id, property, severity, state, title_vi, title_en,
                               runbook_vi, runbook_en, unit, limit_value, value, value_time, peak, pending_since,
                               firing_since, provenance, for_citizens)
            VALUES ('flood_depth', 'flood', 'flood-tong-dan', %s, 'water_depth', 'critical', 'firing', 'Ngập',
                    'Flooded', '', '', 'cm', 30, 35, now(), 40, now(), now(), 'simulated', true),
                   ('battery', 'flood', 'flood-cao-ba-quat', %s, 'battery', 'info', 'firing', 'Pin', 'Battery',
                    '', '', 'V', 3, 2, now(), 2, now(), now(), 'measured', false)
            """,
            (city.ids["flood-tong-dan", "water_depth"], city.ids["flood-cao-ba-quat", "water_depth"]),
        )
    wait_for(lambda: get(served, "/alerts")["items"], "the alert is listed")
    [alert] = schema.AlertList.model_validate_json(served.http.get(f"{API}/alerts").content).items
    assert (alert.thing, alert.severity, alert.title.en, alert.simulated) == (
        "flood-tong-dan",
        "critical",
        "Flooded",
        True,
    )


def test_no_answer_sets_a_cookie_or_lacks_the_policy(served: Served) -> None:
    for path in (
        "/",
        "/en/",
        "/docs",
        "/openapi.json",
        f"{API}/things",
        "/assets/map.js",
        "/nothing",
        "/healthz",
    ):
        headers = served.http.get(path).headers
        assert "set-cookie" not in headers
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert "server" not in headers


def test_metrics_are_for_this_machine_or_for_the_token(public_url: str) -> None:
    with serving(public_url) as served:
        assert "hanoi_public_feed_connected 1.0" in served.http.get("/metrics").text
    with serving(public_url, metrics_token="secret") as served:
        assert served.http.get("/metrics").status_code == 401
        assert served.http.get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 401
        assert served.http.get("/metrics", headers={"Authorization": "Bearer secret"}).status_code == 200


# The process


def test_the_console_script_serves_the_city_and_stops_cleanly(public_url: str, tmp_path: Path) -> None:
    bind = f"127.0.0.1:{free_port()}"
    env = {"HANOI_PUBLIC_DATABASE_URL": public_url, "HANOI_PUBLIC_BIND": bind}
    with running("hanoi-public", env=env, bind=bind, folder=tmp_path) as process:
        assert "<html" in httpx.get(f"http://{bind}/").text
        with Listening(f"http://{bind}{API}/stream") as stream:
            process.terminate()
            assert process.wait(60) == 0
        stream.join()
    assert "ERROR" not in (tmp_path / "hanoi-public.log").read_text()
