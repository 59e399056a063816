"""Indicators of the air in the database: late and corrected hours reach exactly the days that hold them."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

import pytest

from ingest.derive import Deriver
from storage import db, observations, things
from storage.catalog import load_catalog
from storage.model import HANOI, Observation

pytestmark = pytest.mark.integration

HOUR = timedelta(hours=1)
MIDNIGHT = datetime(2026, 11, 21, tzinfo=HANOI).astimezone(UTC)
"""Where 20 November ends."""
NOW = MIDNIGHT + timedelta(days=1, minutes=7)


@pytest.fixture
def conn(city_url: str) -> Iterator[db.Connection]:
    with db.connect(city_url, name="test", autocommit=True) as opened:
        yield opened


def stream(conn: db.Connection, thing: str, key: str) -> int | None:
    rows = things.all_datastreams(conn)
    return next((row.id for row in rows if (row.thing_id, row.property) == (thing, key)), None)


def write(
    conn: db.Connection,
    thing: str,
    key: str,
    values: Mapping[datetime, float],
    said: datetime | None = None,
) -> None:
    """Twelve equal values in each hour, by its label."""
    datastream_id = stream(conn, thing, key)
    assert datastream_id is not None
    batch = []
    for label, value in values.items():
        for time in (label - n * timedelta(minutes=5) for n in range(12)):
            batch.append(
                Observation(
                    datastream_id=datastream_id, phenomenon_time=time, result_time=said or time, result=value
                )
            )
    with conn.transaction():
        observations.write(conn, batch)


def derived(conn: db.Connection, thing: str, key: str) -> dict[datetime, float]:
    datastream_id = stream(conn, thing, key)
    rows = (
        observations.between(conn, [datastream_id], MIDNIGHT - timedelta(days=9), NOW)
        if datastream_id
        else []
    )
    return {row.phenomenon_time: row.result for row in rows if row.quality < 4}


def run(conn: db.Connection, now: datetime = NOW) -> int:
    return Deriver().run(conn, load_catalog(), now)


def labels(first: datetime, hours: int) -> list[datetime]:
    return [first + n * HOUR for n in range(hours)]


def test_a_late_evening_of_ozone_reaches_both_days_that_it_enters(conn: db.Connection) -> None:
    day = timedelta(days=1)
    pm = dict.fromkeys(labels(MIDNIGHT - day + HOUR, 48), 20.0)
    write(conn, "trung-yen-3", "pm2_5", pm)
    write(conn, "trung-yen-3", "o3", dict.fromkeys(labels(MIDNIGHT - day + HOUR, 48), 10.0))
    run(conn)
    daily = derived(conn, "trung-yen-3", "vn_aqi_daily")
    assert daily == {MIDNIGHT: 40, MIDNIGHT + day: 40}

    # 18:00 to 24:00 of the 20th corrected to 180. The 8 h mean at 24:00 is (7 · 180 + 10) / 8 = 158.75, and so is the
    # one at 01:00 of the 21st: 100 + 50 · 38.75 / 50 = 138.75. An hour of 180 is 50 + 50 · 20 / 40 = 75.
    write(conn, "trung-yen-3", "o3", dict.fromkeys(labels(MIDNIGHT - 6 * HOUR, 7), 180.0), said=NOW)
    run(conn)
    assert derived(conn, "trung-yen-3", "vn_aqi_daily") == {MIDNIGHT: 139, MIDNIGHT + day: 139}
    assert run(conn) == 0
    hourly = derived(conn, "trung-yen-3", "vn_aqi")
    assert {hourly[label] for label in labels(MIDNIGHT - 6 * HOUR, 7)} == {75}
    share = derived(conn, "trung-yen-3", "qcvn_05_ratio")
    assert share[MIDNIGHT + HOUR] == 132.3  # 158.75 of 120, an 8 h mean


def test_only_what_a_station_measures_is_derived(conn: db.Connection) -> None:
    hours = labels(MIDNIGHT - 2 * HOUR, 3)
    write(conn, "hoan-kiem", "pm2_5", dict.fromkeys(hours, 20.0))
    write(conn, "hoan-kiem", "wind_direction", {hours[0]: 350.0, hours[1]: 10.0, hours[2]: 90.0})
    write(conn, "hoan-kiem", "wind_speed", {hours[0]: 2.0, hours[1]: 2.0, hours[2]: 0.1})
    run(conn)
    assert derived(conn, "hoan-kiem", "wind_direction_mean") == {
        hours[0]: 350.0,
        hours[1]: 10.0,
    }  # then a calm
    assert derived(conn, "hoan-kiem", "us_aqi")[MIDNIGHT] == 71  # 51 + 49 · 10.9 / 26.3
    assert stream(conn, "hoan-kiem", "pm10_nowcast") is None
    assert stream(conn, "hoan-kiem", "qcvn_05_ratio") is None
    assert stream(conn, "trung-yen-3", "us_aqi") is None
