"""The reading API: what is asked and no more; of a year only the chunks that can hold it; what can not be is named."""

import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from storage import db, observations, things
from storage.model import Observation, Quality
from storage.places import distance_m
from storage.things import DatastreamRow

pytestmark = pytest.mark.integration

START = datetime(2025, 1, 2, tzinfo=UTC)
DAY = timedelta(days=1)
WEEKS = 52


def seen(datastream_id: int, time: datetime, result: float, quality: Quality = Quality.GOOD) -> Observation:
    return Observation(
        datastream_id=datastream_id,
        phenomenon_time=time,
        result_time=time,
        result=result,
        quality=quality,
    )


@pytest.fixture
def conn(city_url: str) -> Iterator[db.Connection]:
    with db.connect(city_url, name="test", autocommit=True) as conn:
        yield conn


def stream(conn: db.Connection, thing: str, key: str) -> DatastreamRow:
    rows = things.all_datastreams(conn)
    return next(row for row in rows if (row.thing_id, row.property) == (thing, key))


# A series


def test_a_gap_stays_a_gap_at_every_step(conn: db.Connection) -> None:
    depth = stream(conn, "flood-tong-dan", "water_depth")
    times = [START + timedelta(minutes=n) for n in (*range(60), *range(180, 240))]
    observations.write(conn, [seen(depth.id, time, 1.0) for time in times])
    end = START + DAY
    raw = observations.series(conn, depth, START, end)
    assert (raw.step, len(raw.rows), raw.next_start) == ("raw", 120, None)
    hours = observations.series(conn, depth, START, end, step="1h")
    assert [row.bucket.hour for row in hours.rows] == [0, 3]  # type: ignore[union-attr]  # rows of this step only
    days = observations.series(conn, depth, START - DAY, end, step="1d")  # Hanoi's began at 17:00 UTC
    assert [row.count for row in days.rows] == [120]  # type: ignore[union-attr]  # rows of this step only


def test_an_hour_of_opposite_winds_is_no_gap_and_has_no_mean(conn: db.Connection) -> None:
    wind = stream(conn, "hoan-kiem", "wind_direction")
    opposite = [seen(wind.id, START + timedelta(minutes=5 * n), 180.0 * (n % 2)) for n in range(12)]
    steady = [seen(wind.id, START + timedelta(minutes=60 + 5 * n), 90.0) for n in range(12)]
    observations.write(conn, [*opposite, *steady])
    hours = observations.series(conn, wind, START, START + DAY, step="1h").rows
    assert [(row.bucket.hour, row.count, row.mean) for row in hours] == [  # type: ignore[union-attr]  # rows of this step only
        (0, 12, None),
        (1, 12, pytest.approx(90.0)),
    ]


@pytest.mark.parametrize(
    ("days", "step"), [(1, "raw"), (2, "raw"), (3, "1h"), (62, "1h"), (63, "1d"), (3650, "1d")]
)
def test_auto_gives_at_most_1500_points(conn: db.Connection, days: int, step: str) -> None:
    """One value a minute for a day and a half before, so that what is expected and what is there differ."""
    depth = stream(conn, "flood-tong-dan", "water_depth")
    assert depth.interval_s == 60
    end = START + 3650 * DAY
    minutes = 1500 if days < 3 else 3000
    observations.write(conn, [seen(depth.id, end - timedelta(minutes=n + 1), 1.0) for n in range(minutes)])
    found = observations.series(conn, depth, end - days * DAY, end)
    assert (found.step, found.next_start) == (step, None)
    assert 0 < len(found.rows) <= 1500


def test_raw_values_of_some_qualities_a_page_at_a_time(conn: db.Connection) -> None:
    depth = stream(conn, "flood-tong-dan", "water_depth")
    flags = [Quality.GOOD, Quality.SUSPECT, Quality.FAIL, Quality.NOT_EVALUATED]
    values = [seen(depth.id, START + timedelta(minutes=n), n, flags[n % 4]) for n in range(40)]
    observations.write(conn, values)
    first = observations.series(conn, depth, START, START + DAY, most=15, qualities={1, 2})
    assert [row.result for row in first.rows] == [n for n in range(40) if n % 4 in (0, 3)][:15]  # type: ignore[union-attr]  # rows of this step only
    assert first.next_start is not None
    rest = observations.series(conn, depth, first.next_start, START + DAY, most=15, qualities={1, 2})
    assert ([row.result for row in rest.rows], rest.next_start) == ([31, 32, 35, 36, 39], None)  # type: ignore[union-attr]  # rows of this step only


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"start": START + 2 * DAY}, "start"),
        ({"start": START.replace(tzinfo=None)}, "start"),
        ({"end": START.replace(tzinfo=None)}, "end"),
        ({"most": 0}, "most"),
        ({"step": "2h"}, "step"),
        ({"qualities": ()}, "qualities"),
        ({"qualities": (1, 7)}, "qualities"),
        ({"qualities": (1,), "step": "1h"}, "qualities"),
    ],
)
def test_a_series_that_can_not_be_names_the_parameter(
    conn: db.Connection, wrong: dict[str, Any], named: str
) -> None:
    depth = stream(conn, "flood-tong-dan", "water_depth")
    asked: dict[str, Any] = {"start": START, "end": START + DAY} | wrong
    with pytest.raises(ValueError, match=f"^{named}:"):
        observations.series(conn, depth, **asked)


def test_the_latest_of_some_things_and_nothing_of_others(conn: db.Connection) -> None:
    depth, pm = stream(conn, "flood-tong-dan", "water_depth"), stream(conn, "trung-yen-3", "pm2_5")
    times = [START, START + DAY]
    observations.write(conn, [seen(id, time, 1.0) for id in (depth.id, pm.id) for time in times])
    found = observations.latest(conn, ["trung-yen-3", "hoan-kiem", "nowhere"])
    assert {thing: [(v.property, v.phenomenon_time) for v in values] for thing, values in found.items()} == {
        "trung-yen-3": [("pm2_5", START + DAY)]
    }


def test_the_newest_flooded_area_of_each_thing(conn: db.Connection) -> None:
    for hour, thing in ((1, "flood-tong-dan"), (3, "flood-tong-dan"), (2, "flood-thai-ha")):
        conn.execute(
            "INSERT INTO flood_extent (thing_id, phenomenon_time, features, provenance)"
            " SELECT id, %s, '[]', 'measured' FROM thing WHERE id = %s",
            (START + timedelta(hours=hour), thing),
        )
    found = {row["thing_id"]: row["phenomenon_time"].hour for row in observations.newest_extents(conn)}
    assert found["flood-tong-dan"] == 3
    assert set(found) <= {"flood-tong-dan", "flood-thai-ha"}


# Places. One degree of latitude is 111.195 km on a sphere of 6371.0088 km (2πR / 360).


def test_the_nearest_come_first_with_their_distance(conn: db.Connection) -> None:
    conn.execute("UPDATE thing SET lat = NULL, lon = NULL, coordinate_trust = NULL, coordinate_source = NULL")
    for id, lat, lon in (
        ("trung-yen-3", 21.0, 105.0),
        ("hoan-kiem", 22.0, 105.0),
        ("flood-tong-dan", 21.5, 105.0),
    ):
        conn.execute(
            "UPDATE thing SET lat = %s, lon = %s, coordinate_trust = 'S', coordinate_source = 'test'"
            " WHERE id = %s",
            (lat, lon, id),
        )
    found = observations.nearest_things(conn, 21.0, 105.0)
    assert [near.thing.id for near in found] == ["trung-yen-3", "flood-tong-dan", "hoan-kiem"]
    assert [near.distance_m for near in found] == pytest.approx([0, 55_597.5, 111_195], abs=1)
    assert [n.thing.id for n in observations.nearest_things(conn, 21.0, 105.0, 2)] == [
        "trung-yen-3",
        "flood-tong-dan",
    ]
    assert [n.thing.id for n in observations.nearest_things(conn, 21.4, 105.0, 9, 20_000)] == [
        "flood-tong-dan"
    ]
    assert [n.thing.id for n in observations.nearest_things(conn, 21.4, 105.0, 1, domain="air_quality")] == [
        "trung-yen-3"
    ]


def test_the_database_and_the_api_measure_the_same_distance(conn: db.Connection) -> None:
    for near in observations.nearest_things(conn, 21.03, 105.85, 1000):
        assert near.thing.lat is not None
        assert near.thing.lon is not None
        assert near.distance_m == pytest.approx(
            distance_m((21.03, 105.85), (near.thing.lat, near.thing.lon)), abs=0.001
        )
    # Hanoi to Ho Chi Minh City, by the geodesic on WGS 84 1,143 km; a sphere may be off by 0.6 %
    assert distance_m((21.0285, 105.8542), (10.7769, 106.7009)) == pytest.approx(1_143_000, rel=0.006)
    assert distance_m((0, 0), (0, 180)) == pytest.approx(math.pi * 6_371_008.8)


def test_things_in_a_polygon_and_on_its_edge(conn: db.Connection) -> None:
    conn.execute("UPDATE thing SET lat = 0, lon = 0 WHERE lat IS NOT NULL")
    for id, lat, lon in (
        ("trung-yen-3", 21.2, 105.2),
        ("hoan-kiem", 21.8, 105.8),
        ("flood-tong-dan", 21, 105),
    ):
        conn.execute("UPDATE thing SET lat = %s, lon = %s WHERE id = %s", (lat, lon, id))
    triangle = [(21.0, 105.0), (22.0, 105.0), (21.0, 106.0)]  # hoan-kiem is beyond its long side
    found = observations.things_in_polygon(conn, triangle)
    assert [thing.id for thing in found] == ["flood-tong-dan", "trung-yen-3"]
    closed = observations.things_in_polygon(conn, [*triangle, triangle[0]], "air_quality")
    assert [thing.id for thing in closed] == ["trung-yen-3"]


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda conn: observations.nearest_things(conn, 91, 105), "lat"),
        (lambda conn: observations.nearest_things(conn, 21, math.nan), "lon"),
        (lambda conn: observations.nearest_things(conn, 21, 105, 0), "limit"),
        (lambda conn: observations.nearest_things(conn, 21, 105, 1, -1), "within_m"),
        (lambda conn: observations.things_in_polygon(conn, [(21, 105), (22, 105), (21, 105)]), "ring"),
        (
            lambda conn: observations.things_in_polygon(conn, [(21, 105), (22, 200), (21, 106)]),
            r"ring\[1\] lon",
        ),
    ],
)
def test_a_place_that_can_not_be_is_named(conn: db.Connection, call: Any, named: str) -> None:
    with pytest.raises(ValueError, match=f"^{named}:"):
        call(conn)


# Plans over a year


@pytest.fixture
def year(conn: db.Connection) -> tuple[int, ...]:
    """One value every six hours of two Datastreams, 53 chunks."""
    ids = (stream(conn, "trung-yen-3", "pm2_5").id, stream(conn, "flood-tong-dan", "water_depth").id)
    times = [START + n * DAY / 4 for n in range(4 * 7 * WEEKS)]
    observations.write(conn, [seen(id, time, 1.0) for id in ids for time in times])
    conn.execute("ANALYZE observation")
    row = conn.execute("SELECT count(*) AS n FROM show_chunks('observation')").fetchone()
    assert row is not None
    assert row["n"] >= WEEKS
    return ids


def chunks_read(conn: db.Connection, module: str, block: str, **asked: Any) -> int:
    """How many chunks of the hypertable the statement looks into."""
    statement = db.statements(module)[block].rstrip(";").removesuffix("TO STDOUT (FORMAT csv)")
    explain = "EXPLAIN (ANALYZE, TIMING off, FORMAT json) " + statement.replace("COPY (", "(", 1)
    row = conn.execute(explain, asked).fetchone()
    assert row is not None
    [plan] = row["QUERY PLAN"]
    return len({node["Relation Name"] for node in nodes(plan["Plan"]) if is_read(node)})


def is_read(node: dict[str, Any]) -> bool:
    return "_hyper_" in node.get("Relation Name", "") and node["Actual Loops"] > 0


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from nodes(part)


def test_a_plan_reads_only_the_chunks_that_are_asked_for(conn: db.Connection, year: tuple[int, ...]) -> None:
    ids, day = list(year), START + 200 * DAY
    page = {"datastream_id": ids[0], "limit": 5000, "qualities": None}
    two_days = {"start": day, "end": day + 2 * DAY}
    assert chunks_read(conn, "observations", "raw", **page, **two_days) <= 2
    assert chunks_read(conn, "observations", "raw", **page, start=START, end=START + 365 * DAY) >= WEEKS
    assert chunks_read(conn, "observations", "between", datastream_ids=ids, **two_days) <= 2
    keys = {"datastream_ids": ids, "phenomenon_times": [day, day], "first": day, "last": day}
    assert chunks_read(conn, "observations", "values_at", **keys) == 1
    rows = {"datastream_ids": ids, "qualities": None, "safe": True}
    assert chunks_read(conn, "exports", "raw", **rows, start=day, end=day + DAY) <= 2


def test_the_latest_value_is_read_from_the_newest_chunk(conn: db.Connection, year: tuple[int, ...]) -> None:
    names = ["trung-yen-3", "flood-tong-dan"]
    conn.execute(
        "DELETE FROM datastream WHERE NOT id = ANY (%s)", (list(year),)
    )  # never heard: looked for everywhere
    assert chunks_read(conn, "observations", "latest", thing_ids=names) == 1
    assert chunks_read(conn, "observations", "newest") == 1
