"""What the pages of rain, flood and parking read, in the real database."""

from datetime import UTC, datetime, timedelta

import pytest

from storage import db, observations, occupancy, past, rain_totals, rollups, things
from storage.model import Domain, FloodExtent, Observation, Provenance, Quality
from tests.public_site import Writer

pytestmark = pytest.mark.integration

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
STEP = 5 * MINUTE
SQUARE = [[[105.85, 21.02], [105.86, 21.02], [105.86, 21.03], [105.85, 21.02]]]


def derive(url: str, domain: Domain, *named: tuple[str, str]) -> Writer:
    """With Datastreams for what would be derived of these (Thing, property)."""
    with db.connect(url, name="test") as conn:
        for thing_id, key in named:
            things.ensure_datastream(conn, thing_id, domain.properties[key])
    return Writer(url)


def flooded(depth_cm: float) -> dict[str, object]:
    geometry = {"type": "Polygon", "coordinates": SQUARE}
    return {"type": "Feature", "geometry": geometry, "properties": {"depth_cm": depth_cm}}


def test_a_step_has_the_newest_value_up_to_its_end_and_none_from_behind(city_url: str) -> None:
    writer = Writer(city_url)
    stream = writer.ids["flood-tong-dan", "water_depth"]
    writer.write(
        "flood-tong-dan",
        "water_depth",
        (NOON - STEP, 9.0),
        (NOON - MINUTE, 11.0),
        (NOON, 12.0),
        (NOON + timedelta(seconds=1), 13.0),
        (NOON + 20 * MINUTE, 14.0),
        (NOON + 21 * MINUTE, 15.0),
    )
    writer.write("flood-tong-dan", "water_depth", (NOON + 4 * MINUTE, 190.0), quality=Quality.SUSPECT)
    with db.connect(city_url, name="test") as conn:
        found = past.last_by_step(conn, [stream], NOON - STEP, NOON + 20 * MINUTE, STEP)
    assert [(one.step_end - NOON, one.phenomenon_time - NOON, one.result, one.quality) for one in found] == [
        (timedelta(), timedelta(), 12.0, 1),
        (STEP, 4 * MINUTE, 190.0, 3),
        (20 * MINUTE, 20 * MINUTE, 14.0, 1),
    ]


def test_extents_of_a_span_come_newest_first(city_url: str) -> None:
    with db.connect(city_url, name="test") as conn:
        for minutes, depth in ((0, 10.0), (10, 20.0), (20, 30.0)):
            extent = FloodExtent(
                thing_id="flood-tong-dan",
                phenomenon_time=NOON + minutes * MINUTE,
                features=[flooded(depth)],
                provenance=Provenance.SIMULATED,
            )
            observations.write_extent(conn, extent)
        asked = (conn, ["flood-tong-dan"], NOON, NOON + 20 * MINUTE)
        found, newest = past.extents(*asked, limit=10), past.extents(*asked, limit=1)
        other = past.extents(conn, ["flood-resco"], NOON - DAY, NOON + DAY, limit=10)
    assert [one.features[0]["properties"]["depth_cm"] for one in found] == [30.0, 20.0]
    assert newest == found[:1]
    assert other == []


def test_the_last_sum_of_rain_comes_with_the_one_that_it_joins_to(
    city_url: str, domains: dict[str, Domain]
) -> None:
    keys = ["rain_3h", "rain_24h"]
    ids = derive(city_url, domains["rain"], *(("rain-cau-giay", key) for key in keys)).ids
    rows = [
        Observation(
            datastream_id=ids["rain-cau-giay", key],
            phenomenon_time=at,
            result_time=at,
            result=mm,
            quality=Quality.GOOD,
            provenance=Provenance.DERIVED,
            input_provenance=Provenance.SIMULATED,
            parameters={"coverage": coverage},
        )
        for key, at, mm, coverage in (
            ("rain_3h", NOON - 3 * HOUR, 20.0, 0.5),
            ("rain_3h", NOON - 170 * MINUTE, 21.0, 1.0),
            ("rain_3h", NOON, 4.5, 1.0),
            ("rain_3h", NOON + HOUR, 99.0, 1.0),
            ("rain_24h", NOON - DAY, 80.0, 1.0),
        )
    ]
    with db.connect(city_url, name="test") as conn:
        observations.write(conn, rows)
        found = rain_totals.newest(conn, ["rain-cau-giay", "rain-me-tri"], keys, until=NOON, before=3 * HOUR)
    assert [(one.property, one.phenomenon_time, one.result) for one in found] == [
        ("rain_24h", NOON - DAY, 80.0),
        ("rain_3h", NOON, 4.5),
    ]
    assert (found[0].before_result, found[0].before_coverage) == (None, None)
    assert (found[1].coverage, found[1].before_result, found[1].before_coverage) == (1.0, 20.0, 0.5)
    assert found[1].provenance == found[1].before_provenance == Provenance.SIMULATED


def test_an_hour_of_the_week_is_hanoi_s_and_weighs_points_by_their_known_bays(
    city_url: str, domains: dict[str, Domain]
) -> None:
    """01:00 UTC on Monday 16 November 2026 is Monday 08:00 in Hanoi; 20:00 UTC on Sunday is Monday 03:00."""
    named = [(p, f"parking_{k}") for k in ("occupied", "free") for p in ("ltk-01", "ltk-02")]
    writer = derive(city_url, domains["parking"], *named)
    eight, three = datetime(2026, 11, 16, 1, 0, tzinfo=UTC), datetime(2026, 11, 15, 20, 0, tzinfo=UTC)
    counts = [  # (point, hour, occupied, free)
        ("ltk-01", eight, 10.0, 0.0),
        ("ltk-02", eight, 0.0, 5.0),
        ("ltk-01", eight + 7 * DAY, 5.0, 5.0),
        ("ltk-01", three, 0.0, 8.0),
    ]
    for point, at, occupied, free in counts:
        for minutes in (5, 30):
            writer.write(point, "parking_occupied", (at + minutes * MINUTE, occupied))
            writer.write(point, "parking_free", (at + minutes * MINUTE, free))
    ids = [writer.ids[one] for one in named[:2]], [writer.ids[one] for one in named[2:]]
    with db.connect(city_url, name="test", autocommit=True) as conn:
        while not rollups.refresh(conn, NOON + 3 * DAY).caught_up:
            pass
        found = occupancy.by_hour_of_week(conn, *ids, three - HOUR, eight + 8 * DAY)
        first_week = occupancy.by_hour_of_week(conn, *ids, eight, eight + HOUR)
    assert [(one.weekday, one.hour, one.hours, one.percent) for one in found] == [
        (1, 3, 1, 0.0),
        (1, 8, 2, 60.0),
    ]
    assert [(one.weekday, one.hour, round(one.percent, 2)) for one in first_week] == [(1, 8, 66.67)]
