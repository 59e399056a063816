"""Hourly VN_AQI as a derived Datastream: late and corrected input recompute the hours that they touch."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from ingest.derive import Deriver
from ingest.indicators import vn_aqi
from storage import db, observations, things
from storage.catalog import load_catalog
from storage.model import Observation, Provenance, Quality

pytestmark = pytest.mark.integration

START = datetime(2026, 11, 21, 0, tzinfo=UTC)
NOW = datetime(2026, 11, 21, 13, 7, tzinfo=UTC)
# Official example 1 of Decision 1459: hourly PM2.5, newest last → NowCast 20.3 → AQI 41.
EXAMPLE = [26.9, 24.7, 20.5, 23.5, 19.5, 16.5, 19.0, 16.5, 20.3, 22.4, 19.6, 20.6]
STATION = "trung-yen-3"


def stream(conn: db.Connection, key: str) -> int:
    rows = things.all_datastreams(conn)
    return next(row.id for row in rows if (row.thing_id, row.property) == (STATION, key))


def write_hours(
    conn: db.Connection,
    values: Sequence[float],
    *,
    first: int = 0,
    samples: int = 12,
    provenance: Provenance = Provenance.MEASURED,
    result_time: datetime | None = None,
) -> None:
    """Twelve samples an hour; hour n is (START + n h, START + (n + 1) h]."""
    datastream_id = stream(conn, "pm2_5")
    batch = []
    for n, value in enumerate(values, start=first):
        for sample in range(1, samples + 1):
            time = START + timedelta(hours=n, minutes=5 * sample)
            batch.append(
                Observation(
                    datastream_id=datastream_id,
                    phenomenon_time=time,
                    result_time=result_time or time,
                    result=value,
                    quality=Quality.GOOD,
                    provenance=provenance,
                )
            )
    with conn.transaction():
        observations.write(conn, batch)


def run(conn: db.Connection, now: datetime) -> int:
    return Deriver().run(conn, load_catalog(), now)


def index(conn: db.Connection) -> dict[datetime, tuple[float, str, str | None]]:
    rows = observations.between(conn, [stream(conn, "vn_aqi")], START, NOW + timedelta(days=1))
    return {row.phenomenon_time: (row.result, row.provenance, row.input_provenance) for row in rows}


@pytest.fixture
def conn(city_url: str) -> Iterator[db.Connection]:
    with db.connect(city_url, name="test", autocommit=True) as opened:
        yield opened


def test_the_official_example_is_stored_at_the_hour_s_end(conn: db.Connection) -> None:
    write_hours(conn, EXAMPLE, provenance=Provenance.SIMULATED)
    run(conn, NOW)
    assert index(conn)[START + timedelta(hours=12)] == (41.0, "derived", "simulated")


def test_running_again_writes_nothing(conn: db.Connection) -> None:
    write_hours(conn, EXAMPLE)
    assert run(conn, NOW) > 0
    before = index(conn)
    assert run(conn, NOW + timedelta(seconds=10)) == 0
    assert index(conn) == before


def test_an_hour_that_is_not_over_has_no_index(conn: db.Connection) -> None:
    write_hours(conn, EXAMPLE)
    run(conn, START + timedelta(hours=11, minutes=59))
    assert max(index(conn)) == START + timedelta(hours=11)


def test_a_late_hour_changes_the_twelve_hours_that_hold_it_and_no_other(conn: db.Connection) -> None:
    write_hours(conn, EXAMPLE[:5])
    write_hours(conn, EXAMPLE[6:], first=6)
    run(conn, NOW)
    before = index(conn)
    write_hours(conn, [180.0], first=5)
    run(conn, NOW)
    changed = {time for time, value in index(conn).items() if before.get(time) != value}
    assert changed
    assert min(changed) == START + timedelta(hours=6)
    assert all(before[time] == index(conn)[time] for time in before if time < START + timedelta(hours=6))


def test_a_correction_there_and_back_is_followed_both_ways(conn: db.Connection) -> None:
    write_hours(conn, EXAMPLE)
    run(conn, NOW)
    label = START + timedelta(hours=12)
    write_hours(conn, [200.0], first=11, result_time=NOW)
    run(conn, NOW + timedelta(minutes=1))
    assert index(conn)[label][0] > 100
    write_hours(conn, [20.6], first=11, result_time=NOW + timedelta(minutes=2))
    run(conn, NOW + timedelta(minutes=3))
    assert index(conn)[label][0] == 41.0


def test_an_hour_with_too_few_samples_counts_as_missing(conn: db.Connection) -> None:
    write_hours(conn, EXAMPLE[:10])
    write_hours(conn, EXAMPLE[10:], first=10, samples=8)
    run(conn, NOW)
    assert vn_aqi.nowcast([None, None, *EXAMPLE[9::-1]]) is None
    assert START + timedelta(hours=12) not in index(conn)
