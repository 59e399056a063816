"""Flood level as a derived Datastream, on a real database: late, shuffled and repeated depths."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from random import Random

import pytest

from ingest.derivations import flood
from ingest.derive import Deriver
from storage import db, observations, things
from storage.catalog import load_catalog
from storage.model import Domain, Observation, Provenance, Quality

pytestmark = pytest.mark.integration

POINT = "flood-cao-ba-quat"
START = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
NOW = START + timedelta(hours=2)
# Rising through each level, falling again: 4 cm, 6, 16, 31, 52, then 20 for an hour and dry.
DEPTHS = [4.0, 6.0, 16.0, 31.0, 52.0, *[20.0] * 60, *[0.0] * 56]


@pytest.fixture
def conn(city_url: str) -> Iterator[db.Connection]:
    with db.connect(city_url, name="test", autocommit=True) as opened:
        yield opened


def minute(n: float) -> datetime:
    return START + timedelta(minutes=n)


@cache
def catalog() -> Mapping[str, Domain]:
    return load_catalog()


def run(conn: db.Connection, now: datetime = NOW) -> int:
    return Deriver(known=flood.DERIVATIONS).run(conn, catalog(), now)


def stream(conn: db.Connection, key: str) -> int:
    return things.ensure_datastream(conn, POINT, catalog()["flood"].properties[key])


def depths(
    conn: db.Connection, found: Sequence[float], *, provenance: Provenance = Provenance.MEASURED
) -> list[Observation]:
    return [depth(conn, n, result, provenance=provenance) for n, result in enumerate(found)]


def depth(
    conn: db.Connection, n: float, result: float, *, provenance: Provenance = Provenance.MEASURED
) -> Observation:
    return Observation(
        datastream_id=stream(conn, "water_depth"),
        phenomenon_time=minute(n),
        result_time=minute(n),
        result=result,
        provenance=provenance,
    )


def write(conn: db.Connection, values: Sequence[Observation]) -> None:
    with conn.transaction():
        observations.write(conn, values, expect_new=False)


def rows(conn: db.Connection) -> dict[int, observations.HistoryValue]:
    """Minute → what is stored and not withdrawn."""
    found = observations.between(
        conn, [stream(conn, "flood_level")], START - timedelta(days=1), NOW + timedelta(days=1)
    )
    return {
        round((row.phenomenon_time - START).total_seconds() / 60): row
        for row in found
        if row.quality != Quality.MISSING
    }


def levels(conn: db.Connection) -> dict[int, float]:
    return {n: row.result for n, row in rows(conn).items()}


def test_each_change_and_each_tenth_minute_is_written(conn: db.Connection) -> None:
    write(conn, depths(conn, DEPTHS))
    run(conn)
    assert levels(conn) == {
        0: 0,
        1: 1,
        2: 2,
        3: 3,
        4: 4,  # at once
        10: 4,
        15: 2,  # 20 cm since minute 5: levels 4 and 3 are left together after ten minutes
        **dict.fromkeys(range(20, 71, 10), 2),
        75: 0,  # dry since minute 65
        **dict.fromkeys(range(80, 121, 10), 0),
    }


def test_it_says_who_can_pass_by_the_deepest_water_of_ten_minutes(conn: db.Connection) -> None:
    write(conn, depths(conn, [0.0, 26.0, 18.0], provenance=Provenance.SIMULATED))
    run(conn)
    found = rows(conn)[10]
    assert (found.result, found.provenance, found.input_provenance) == (2, "derived", "simulated")
    assert found.parameters == {
        "depth_cm": 18.0,
        "deepest_10min_cm": 26.0,
        "passable": {"pedestrian": "caution", "motorbike": "no", "car": "no"},
    }


def test_a_point_that_is_silent_has_no_level(conn: db.Connection) -> None:
    write(conn, depths(conn, [40.0] * 6))
    run(conn)
    assert levels(conn) == {0: 3, 10: 3}


def test_a_late_reading_changes_the_level_afterwards_and_nothing_before(conn: db.Connection) -> None:
    found = depths(conn, [1.0] * 120)
    write(conn, [one for one in found if one.phenomenon_time != minute(43)])
    run(conn)
    before = levels(conn)
    assert set(before.values()) == {0}
    write(conn, [depth(conn, 43, 33.0)])
    run(conn, NOW + timedelta(seconds=30))
    assert levels(conn) == {**before, 43: 3, 50: 3, 54: 0}  # below 28 cm from minute 44 to 54


def test_a_late_reading_can_take_back_what_only_seemed_a_change(conn: db.Connection) -> None:
    found = depths(conn, [16.0, *[12.0] * 30])
    write(conn, [one for one in found if one.phenomenon_time != minute(5)])
    run(conn, minute(30))
    assert levels(conn)[11] == 1
    write(conn, [depth(conn, 5, 14.0)])
    run(conn, minute(31))
    assert 11 not in levels(conn)
    assert levels(conn)[16] == 1


def test_running_again_writes_nothing(conn: db.Connection) -> None:
    write(conn, depths(conn, DEPTHS))
    assert run(conn) > 0
    assert run(conn, NOW + timedelta(seconds=10)) == 0


def test_failed_readings_do_not_count(conn: db.Connection) -> None:
    failed = Observation(
        datastream_id=stream(conn, "water_depth"),
        phenomenon_time=minute(3),
        result_time=minute(3),
        result=90.0,
        quality=Quality.FAIL,
        provenance=Provenance.MEASURED,
    )
    write(conn, [*depths(conn, [1.0, 1.0]), failed])
    run(conn)
    assert set(levels(conn).values()) == {0}


def test_any_order_and_any_repetition_ends_in_the_same_levels(conn: db.Connection) -> None:
    values = depths(conn, DEPTHS)
    write(conn, values)
    run(conn)
    expected = {n: (row.result, row.input_provenance, row.parameters) for n, row in rows(conn).items()}
    for seed in (1, 2, 3):
        conn.execute("TRUNCATE observation, observation_superseded")
        random = Random(seed)
        shuffled = [*values, *random.sample(values, 40)]
        random.shuffle(shuffled)
        for n in range(0, len(shuffled), 23):
            write(conn, shuffled[n : n + 23])
            run(conn)
        assert {
            n: (row.result, row.input_provenance, row.parameters) for n, row in rows(conn).items()
        } == expected
