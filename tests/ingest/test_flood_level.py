"""Flood levels with hysteresis and passability, by the suggestions and sources of the domain facts (5.3)."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.indicators import flood
from ingest.indicators.flood import Passable, Reading, level, levels, passability
from storage.catalog import load_catalog

START = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)


def minute(n: float) -> datetime:
    return START + timedelta(minutes=n)


def each_minute(depths: Sequence[float], first: int = 0) -> list[Reading]:
    return [(minute(n), depth) for n, depth in enumerate(depths, start=first)]


@pytest.mark.parametrize(
    ("depth", "expected"),
    [(-2, 0), (0, 0), (4.9, 0), (5, 1), (14.9, 1), (15, 2), (29.9, 2), (30, 3), (49.9, 3), (50, 4), (200, 4)],
)
def test_a_level_is_reached_at_once(depth: float, expected: int) -> None:
    assert level([(START, depth)], START) == expected


def test_the_bounds_are_those_of_the_catalogue_s_water_depth() -> None:
    properties = load_catalog()["flood"].properties
    depths, shown = properties["water_depth"].bands, properties["flood_level"].bands
    assert tuple(band.below for band in depths) == (*flood.LOWER_BOUNDS_CM, None)
    assert [(b.level, b.label, b.color) for b in depths] == [(b.level, b.label, b.color) for b in shown]
    for n in range(5):
        band = properties["flood_level"].band(n)
        assert band is not None
        assert band.level == n


def test_a_level_is_left_after_ten_minutes_more_than_2_cm_below_its_bound() -> None:
    readings = each_minute([16, *[12.9] * 12])
    assert level(readings, minute(10)) == 2
    assert level(readings, minute(11)) == 1  # minutes 1 to 11 are ten minutes


def test_13_cm_is_not_below_13() -> None:
    readings = each_minute([16, *[13] * 60])
    assert level(readings, minute(60)) == 2


def test_one_wave_begins_the_ten_minutes_anew() -> None:
    readings = each_minute([16, *[12] * 9, 13.5, *[12] * 11])
    assert level(readings, minute(20)) == 2
    assert level(readings, minute(21)) == 1


def test_a_street_that_runs_dry_leaves_every_level_by_the_same_ten_minutes() -> None:
    readings = each_minute([60, *[0] * 12])
    assert [level(readings, minute(n)) for n in (0, 10, 11)] == [4, 4, 0]


def test_falling_water_leaves_one_level_after_the_other() -> None:
    readings = each_minute([55, *[40] * 15, *[20] * 15, *[10] * 15, *[1] * 15])
    found = [level for _, level in levels(readings, [minute(n) for n in range(60)])]
    assert found[:11] == [4] * 11
    assert found[11:26] == [3] * 15
    assert found[26:41] == [2] * 15
    assert found[41:56] == [1] * 15
    assert found[56:] == [0] * 4


def test_a_level_holds_at_most_six_hours_without_being_reached_again() -> None:
    readings = [(minute(0), 16.0), *[(minute(n), 14.0) for n in range(5, 420, 5)]]
    assert level(readings, minute(359)) == 2
    assert level(readings, minute(360)) == 1


def test_readings_after_the_moment_do_not_count() -> None:
    assert level(each_minute([0, 60]), START) == 0


DEPTHS = st.lists(
    st.tuples(st.integers(0, 900), st.floats(-2, 80)), unique_by=lambda one: one[0], min_size=1, max_size=60
)


@given(DEPTHS, st.integers(0, 900))
def test_only_the_six_hours_before_count(depths: list[tuple[int, float]], at: int) -> None:
    readings = sorted((minute(n), depth) for n, depth in depths)
    recent = [(time, depth) for time, depth in readings if time > minute(at) - flood.HOLDS]
    assert level(readings, minute(at)) == level(recent, minute(at))


@given(DEPTHS)
def test_a_level_is_never_below_that_of_the_depth_nor_above_the_highest_of_six_hours(
    depths: list[tuple[int, float]],
) -> None:
    readings = sorted((minute(n), depth) for n, depth in depths)
    for time, found in levels(readings, [time for time, _ in readings]):
        window = [depth for t, depth in readings if time - flood.HOLDS < t <= time]
        bands = [sum(depth >= bound for bound in (5, 15, 30, 50)) for depth in window]
        assert bands[-1] <= found <= max(bands)


@pytest.mark.parametrize(
    ("depth", "pedestrian", "motorbike", "car"),
    [
        (0, "passable", "passable", "passable"),
        (14.9, "passable", "passable", "passable"),
        (15, "caution", "caution", "caution"),  # FEMA/NOAA: knocks an adult down, reaches most cars
        (24.9, "caution", "caution", "caution"),
        (25, "caution", "no", "no"),  # safe maximum of an ordinary car
        (30, "caution", "no", "no"),
        (50, "no", "no", "no"),  # level 4, impassable
    ],
)
def test_passability(depth: float, pedestrian: str, motorbike: str, car: str) -> None:
    assert passability(depth) == {"pedestrian": pedestrian, "motorbike": motorbike, "car": car}


def test_every_limit_says_its_source_and_trust_in_both_languages() -> None:
    for traffic in flood.TRAFFIC.values():
        for limit in traffic.limits:
            assert limit.trust in ("V", "S")
            assert limit.basis.vi
            assert limit.basis.en
            assert (limit.trust == "S") == limit.basis.en.startswith("Our suggestion")
    assert {how.text.vi for how in Passable} == {"Đi được", "Đi thận trọng", "Không đi qua"}


@given(st.floats(-5, 500), st.floats(-5, 500))
def test_deeper_water_is_never_more_passable(one: float, other: float) -> None:
    order = list(Passable)
    shallow, deep = (passability(depth) for depth in sorted((one, other)))
    assert all(order.index(shallow[who]) <= order.index(deep[who]) for who in shallow)
