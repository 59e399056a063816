"""Facts about the data, on series made by hand; what is expected was worked out on paper or by numpy."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import numpy as np
import psycopg
import pytest

from storage import clocks, db, facts, observations, things
from storage.clocks import Skew
from storage.model import HANOI, Domain, Observation, Quality

pytestmark = pytest.mark.integration

DAY = timedelta(days=1)
NOW = datetime.now(UTC)
TODAY = NOW.astimezone(HANOI).replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)
"""The views know the database's clock, so the series end today."""


class City:
    def __init__(self, conn: db.Connection) -> None:
        self.conn = conn
        self.ids = {(row.thing_id, row.property): row.id for row in things.all_datastreams(conn)}

    def write(
        self,
        key: tuple[str, str],
        *points: tuple[datetime, float],
        quality: Quality = Quality.GOOD,
        reason: str | None = None,
    ) -> None:
        rows = [
            Observation(
                datastream_id=self.ids[key],
                phenomenon_time=at,
                result_time=at,
                result=result,
                quality=quality,
                quality_reason=reason,
            )
            for at, result in points
        ]
        with self.conn.transaction():
            observations.write(self.conn, rows)

    def every(
        self, key: tuple[str, str], minutes: float, start: datetime, count: int, value: float = 1.0
    ) -> None:
        self.write(key, *((start + n * timedelta(minutes=minutes), value) for n in range(count)))

    def shares(self, days_ago: int = 1) -> dict[tuple[str, str], tuple[int, int, float]]:
        """(expected, received, share) of what was ever heard."""
        day = (TODAY.astimezone(HANOI) - days_ago * DAY).date()
        found = facts.incomplete(self.conn, day, below=2, limit=1000)
        return {(f.thing_id, f.property): (f.expected, f.received, round(f.share, 4)) for f in found}


@pytest.fixture
def city(city_url: str) -> Iterator[City]:
    with db.connect(city_url, name="test", autocommit=True) as conn:
        yield City(conn)


def test_a_day_is_as_complete_as_what_came_of_what_was_due(city: City) -> None:
    before, day = TODAY - 2 * DAY, TODAY - DAY
    whole, half, silent = (("hoan-kiem", key) for key in ("pm2_5", "pm10", "co"))
    for key in (whole, half, silent, ("hoan-kiem", "no2")):
        city.write(key, (before, 1.0))
    city.every(whole, 5, day, 288)
    city.every(half, 10, day, 144)
    city.every(("hoan-kiem", "no2"), 2, day, 360)  # twice too often, but for twelve hours only
    city.write(half, (day + timedelta(minutes=5), 900.0), quality=Quality.SUSPECT)
    assert city.shares() == {
        whole: (288, 288, 1.0),
        half: (288, 144, 0.5),
        silent: (288, 0, 0.0),
        ("hoan-kiem", "no2"): (288, 360, 0.5),
    }
    (worst,) = [f for f in facts.incomplete(city.conn, facts.yesterday(NOW)) if f.property == "pm10"]
    assert (worst.suspect, worst.fail, worst.missing) == (1, 0, 0)
    (air,) = facts.completeness(city.conn, facts.yesterday(NOW))
    assert (air.domain, air.datastreams, air.share, air.silent) == ("air_quality", 4, 0.5, 1)


def test_a_bay_that_sends_on_change_and_a_heartbeat_is_complete_whenever_it_changed(city: City) -> None:
    bay, quiet = ("ltk-01-b01", "occupied"), ("ltk-01-b02", "occupied")
    day = TODAY - DAY
    for key in (bay, quiet):
        city.write(key, (day - timedelta(hours=2), 0.0))
    city.every(bay, 30, day + timedelta(minutes=3), 48)
    city.every(bay, 0.5, day + timedelta(minutes=61), 40)
    city.every(
        quiet, 0.5, day + timedelta(minutes=61), 100
    )  # a hundred changes within one hour, then nothing
    assert city.shares()[bay][2] == 1.0
    assert city.shares()[quiet] == (48, 100, round(1 / 24, 4))


def test_a_laboratory_sample_is_good_for_its_interval(city: City) -> None:
    city.conn.execute(
        "UPDATE datastream SET interval_s = 30 * 86400 WHERE id = %s", (city.ids["trung-yen-3", "so2"],)
    )
    city.write(("trung-yen-3", "so2"), (TODAY - 40 * DAY, 1.0))
    shares = {n: city.shares(n)["trung-yen-3", "so2"][2] for n in (39, 12, 11, 10, 1)}
    assert shares == {39: 1.0, 12: 1.0, 11: 1.0, 10: 0.0, 1: 0.0}


def test_a_gauge_with_an_interval_of_its_own_is_held_to_that(city: City) -> None:
    gauge = ("rain-cau-giay", "rain_interval")
    city.conn.execute("UPDATE thing SET properties = '{\"interval_s\": 600}' WHERE id = 'rain-cau-giay'")
    city.write(gauge, (TODAY - 2 * DAY, 0.0))
    city.every(gauge, 10, TODAY - DAY, 144, 0.0)
    assert city.shares()[gauge] == (144, 144, 1.0)


def test_nothing_is_due_before_the_first_value_nor_of_the_day_that_is_not_over(city: City) -> None:
    city.write(("hoan-kiem", "pm2_5"), (TODAY - 2 * DAY, 1.0))
    assert city.shares(2) == city.shares(0) == {}
    assert city.shares(1) == {("hoan-kiem", "pm2_5"): (288, 0, 0.0)}


def test_what_stands_still_and_since_when(city: City) -> None:
    stuck, moved = ("hoan-kiem", "pm2_5"), ("hoan-kiem", "pm10")
    start = NOW - timedelta(hours=8)
    for key in (stuck, moved):
        city.write(key, (start - timedelta(minutes=5), 12.0))
        city.every(key, 5, start, 72, 17.0)
        city.write(
            key,
            *((start + timedelta(minutes=5 * n), 17.0) for n in range(72, 90)),
            quality=Quality.SUSPECT,
            reason="stuck",
        )
    city.write(moved, (start + timedelta(minutes=5 * 90), 18.0))
    (found,) = facts.stuck(city.conn)
    assert (found.thing_id, found.property, found.result) == ("hoan-kiem", "pm2_5", 17.0)
    assert (found.since, found.newest_at) == (start, start + timedelta(minutes=5 * 89))


def test_a_sensor_that_leaves_its_neighbours_drifts_and_they_do_not(
    city: City, domains: dict[str, Domain]
) -> None:
    rng = np.random.default_rng(4)
    rows = city.conn.execute(
        "SELECT thing_id, count(*) FROM thing_neighbour GROUP BY 1 HAVING count(*) >= 3 ORDER BY 2 DESC, 1"
    ).fetchall()
    air = [row["thing_id"] for row in rows if (row["thing_id"], "pm2_5") in city.ids]
    drifter = air[0]
    near = [
        row["neighbour_id"]
        for row in city.conn.execute(
            "SELECT neighbour_id FROM thing_neighbour WHERE thing_id = %s", (drifter,)
        )
        if (row["neighbour_id"], "pm2_5") in city.ids
    ]
    assert len(near) >= 2
    base = 40 + rng.normal(0, 8, 14)
    means = {thing: base + 2 * n + rng.normal(0, 0.3, 14) for n, thing in enumerate(near)}
    means[drifter] = base + 1.5 * np.arange(14) + rng.normal(0, 0.3, 14)
    for thing, values in means.items():
        for n, value in enumerate(values):
            city.every((thing, "pm2_5"), 5, TODAY - (14 - n) * DAY, 288, float(value))
    differences = means[drifter] - np.median([means[thing] for thing in near], axis=0)
    found = {one.thing_id: one for one in facts.drifting(city.conn, domains.values())}
    one = found[drifter]
    assert next(iter(found)) == drifter
    assert (one.days, one.neighbours, one.day) == (14, len(near), facts.yesterday(NOW))
    assert one.per_day == pytest.approx(np.polyfit(np.arange(14), differences, 1)[0], abs=1e-9)
    assert one.difference == pytest.approx(differences[-1], abs=1e-9)
    assert one.mean_difference == pytest.approx(differences.mean(), abs=1e-9)


def test_neighbours_are_within_five_kilometres_or_of_one_parent(city: City) -> None:
    conn = city.conn
    conn.execute("DELETE FROM datastream; DELETE FROM thing")
    for name, domain, lat, lon in (
        ("a", "rain", 21.0, 105.8),
        (
            "near",
            "rain",
            21.0 + 4.99 / 111.195,
            105.8,
        ),  # a degree of latitude is 111.195 km on a sphere of 6371 km
        ("far", "rain", 21.0 - 5.01 / 111.195, 105.8),
        ("other", "flood", 21.0, 105.8),
    ):
        conn.execute(
            "INSERT INTO thing (id, domain, kind, name_vi, name_en, lat, lon, coordinate_trust, coordinate_source)"
            " VALUES (%s, %s, 'k', 'x', 'x', %s, %s, 'S', 'test')",
            (name, domain, lat, lon),
        )
    for name in ("a1", "a2"):
        conn.execute(
            "INSERT INTO thing (id, domain, kind, parent_id, name_vi, name_en) VALUES (%s, 'rain', 'k', 'a', 'x', 'x')",
            (name,),
        )
    pairs = conn.execute("SELECT thing_id, neighbour_id FROM thing_neighbour ORDER BY 1, 2").fetchall()
    assert [tuple(row.values()) for row in pairs] == [
        ("a", "near"),
        ("a1", "a2"),
        ("a2", "a1"),
        ("near", "a"),
    ]


def test_clocks_that_are_surely_off(city: City) -> None:
    at = NOW - timedelta(minutes=5)
    skews = {
        "hoan-kiem": Skew(skew_s=-90.0, time=at, measured_at=at, repeated=False),
        "trung-yen-3": Skew(skew_s=300.0, time=at, measured_at=at, repeated=True),
        "rain-cau-giay": Skew(skew_s=86_400.0, time=at, measured_at=at, repeated=False),
        "flood-tong-dan": Skew(skew_s=2.0, time=at, measured_at=at, repeated=True),
    }
    with city.conn.transaction():
        clocks.record(city.conn, skews)
    found = facts.skewed(city.conn, at_least_s=60, since=NOW - DAY)
    assert [(one.thing_id, one.skew_s) for one in found] == [("trung-yen-3", 300.0), ("hoan-kiem", -90.0)]


def test_what_is_kept_by_domain(city: City) -> None:
    first = TODAY - 3 * DAY + timedelta(minutes=20)
    city.every(("hoan-kiem", "pm2_5"), 5, first, 30)
    (air,) = [one for one in facts.kept(city.conn) if one.domain == "air_quality"]
    assert (air.raw, air.oldest_raw) == (30, first)
    assert (air.oldest_hour, air.oldest_day) == (first - timedelta(minutes=20), TODAY - 3 * DAY)
    raw = facts.disk(city.conn)[0]
    assert (raw.hypertable, raw.compressed, raw.chunks >= 1, raw.bytes > 0) == ("observation", 0, True, True)
    assert facts.edition(city.conn) == "apache"


def test_an_operator_reads_the_facts_and_a_citizen_does_not(city: City) -> None:
    views = ("completeness_1d", "stuck_datastream", "neighbour_drift", "clock_skew")
    for view in views:
        with city.conn.transaction():
            city.conn.execute("SET LOCAL ROLE hanoi_operator")
            city.conn.execute(f"SELECT * FROM {view} LIMIT 1")  # type: ignore[arg-type] # noqa: S608
        with city.conn.transaction():
            city.conn.execute("SET LOCAL ROLE hanoi_public")
            with pytest.raises(psycopg.errors.InsufficientPrivilege), city.conn.transaction():
                city.conn.execute(f"SELECT * FROM public.{view} LIMIT 1")  # type: ignore[arg-type] # noqa: S608
