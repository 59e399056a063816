"""Sums of rain, classes, risk and design share: domain facts 4.1 to 4.4; a recorded gauge against pandas."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.indicators import rain_sums
from ingest.indicators.rain_sums import (
    DAY,
    HOUR,
    OF_12_H,
    OF_24_H,
    OF_AN_HOUR,
    TWO_DAYS,
    RainDay,
    Reports,
    Sum,
    design_share,
    intensity,
    mean_of_basin,
    risk,
)
from storage import catalog, inventory

T0: Final = datetime(2026, 11, 22, tzinfo=UTC)
FIVE: Final = timedelta(minutes=5)
TEN: Final = timedelta(minutes=10)
EA: Final = Path(__file__).parents[2] / ".." / "shared" / "data" / "rain" / "ea_rain_305111_2024.csv"


def reports(values: Mapping[int, float] | Mapping[float, float], interval: timedelta = FIVE) -> Reports:
    """Minute → mm."""
    return Reports([(T0 + timedelta(minutes=minute), mm) for minute, mm in sorted(values.items())], interval)


def at(minute: float) -> datetime:
    return T0 + timedelta(minutes=minute)


# Sums and coverage


def test_a_window_is_open_at_its_beginning_and_closed_at_its_end() -> None:
    found = reports({0: 1.0, 5: 2.0, 10: 4.0, 15: 8.0}).sum(at(10), TEN)
    assert found == Sum(mm=6.0, coverage=1.0)


def test_what_is_missing_makes_the_sum_a_lower_bound_and_the_coverage_says_so() -> None:
    found = reports({5: 0.2, 10: 0.2, 60: 0.6}).sum(at(60), HOUR)
    assert found == Sum(mm=1.0, coverage=0.25)  # 3 of 12 reports


def test_nothing_is_said_of_a_window_without_a_report() -> None:
    assert reports({}).sum(at(0), HOUR) is None
    assert reports({0: 1.0}).sum(at(60), HOUR) is None


def test_a_gauge_of_fifteen_minutes_covers_an_hour_with_four_reports_whatever_the_minute() -> None:
    gauge = reports({15: 0.1, 30: 0.2, 45: 0.3, 60: 0.4, 75: 0.5}, timedelta(minutes=15))
    assert gauge.sum(at(60), HOUR) == Sum(mm=1.0, coverage=1.0)
    assert gauge.sum(at(70), HOUR) == Sum(mm=1.0, coverage=1.0)
    assert gauge.sum(at(80), HOUR) == Sum(mm=1.4, coverage=1.0)


def test_a_report_of_fifteen_minutes_says_nothing_of_ten() -> None:
    assert reports({15: 5.0}, timedelta(minutes=15)).sum(at(20), TEN) is None


def test_reports_between_the_usual_ones_cover_no_time_twice() -> None:
    found = reports({5: 0.2, 6: 0.2, 7: 0.2, 8: 0.2, 10: 0.2, 60: 0.0}).sum(at(60), HOUR)
    assert found == Sum(mm=1.0, coverage=0.25)  # (0, 10] and (55, 60]


def test_a_clock_that_is_a_little_off_leaves_nothing_uncovered() -> None:
    times = (4.9, 10.0, 15.1, 19.9, 25.0, 30.1, 34.8, 40.0, 45.1, 50.0, 54.9, 59.9)
    found = reports(dict.fromkeys(times, 0.1)).sum(at(60), HOUR)
    assert found is not None
    assert found.mm == 1.2
    assert found.coverage > 0.98


@pytest.mark.parametrize("window", [TEN, HOUR, 3 * HOUR, DAY, TWO_DAYS])
def test_a_recorded_gauge_has_the_sums_that_pandas_rolls(window: timedelta) -> None:
    if not EA.exists():
        pytest.skip(f"the recording {EA} is absent")
    recorded = pd.read_csv(EA, parse_dates=["dateTime"]).set_index("dateTime")["value"].sort_index()
    quarter = timedelta(minutes=15)
    gauge = Reports(
        zip(pd.DatetimeIndex(recorded.index).to_pydatetime(), recorded.tolist(), strict=True), quarter
    )
    grid = pd.date_range(recorded.index[0].floor("10min"), recorded.index[-1], freq="10min")
    every = recorded.reindex(recorded.index.union(grid))
    rolled = every.fillna(0).rolling(window, closed="right").sum()
    counts = every.notna().astype(float).rolling(window, closed="right").sum()
    asked = 0
    for label in grid:
        found = gauge.sum(label.to_pydatetime(), window)
        if window < quarter or not counts[label]:
            assert found is None
            continue
        asked += 1
        assert found is not None
        assert found.mm == pytest.approx(rolled[label], abs=1e-6)
        assert found.coverage == pytest.approx(min(1.0, counts[label] * quarter / window), abs=6e-4)
    assert window < quarter or asked > 1_000
    assert window < quarter or rolled.max() > 0


tips = st.dictionaries(st.integers(1, 600), st.integers(0, 40).map(lambda n: round(n * 0.2, 1)), max_size=60)


@given(tips, st.integers(1, 50), st.integers(1, 50), st.integers(0, 600))
def test_sums_of_neighbouring_windows_add_up(values: dict[int, float], a: int, b: int, end: int) -> None:
    gauge = reports(values)
    first, second = timedelta(minutes=5 * a), timedelta(minutes=5 * b)
    parts = (gauge.sum(at(end) - second, first), gauge.sum(at(end), second))
    whole = gauge.sum(at(end), first + second)
    assert (whole.mm if whole else 0.0) == pytest.approx(sum(part.mm for part in parts if part), abs=1e-9)


@given(tips, st.integers(0, 600), st.integers(1, 120), st.integers(0, 300))
def test_a_window_has_the_same_sum_and_coverage_whatever_else_was_read(
    values: dict[int, float], end: int, length: int, before: int
) -> None:
    window = timedelta(minutes=5 * length)
    cut = {minute: mm for minute, mm in values.items() if minute > end - 5 * length - before}
    assert reports(values).sum(at(end), window) == reports(cut).sum(at(end), window)


# Classes


@pytest.mark.parametrize(
    ("mm", "name"),
    [
        (0, "Không mưa"),
        (0.2, "Mưa nhỏ"),
        (5.8, "Mưa nhỏ"),
        (6, "Mưa"),
        (15, "Mưa"),
        (15.2, "Mưa vừa"),  # between 15 and 16 by the continuous rule [S]
        (16, "Mưa vừa"),
        (50, "Mưa vừa"),
        (50.2, "Mưa to"),
        (51, "Mưa to"),
        (100, "Mưa to"),
        (100.2, "Mưa rất to"),
        (527, "Mưa rất to"),  # Ô Chợ Dừa, 30-9-2025
    ],
)
def test_the_class_of_24_hours(mm: float, name: str) -> None:
    assert intensity(mm, OF_24_H).label.vi == name


@pytest.mark.parametrize(
    ("mm", "name"),
    [
        (0, "Không mưa"),
        (0.2, "Mưa nhỏ, không đáng kể"),
        (0.3, "Mưa nhỏ"),
        (2.9, "Mưa nhỏ"),
        (3, "Mưa"),
        (8, "Mưa"),
        (8.2, "Mưa vừa"),
        (25, "Mưa vừa"),
        (25.2, "Mưa to"),
        (50, "Mưa to"),
        (50.2, "Mưa rất to"),
    ],
)
def test_the_class_of_12_hours(mm: float, name: str) -> None:
    assert intensity(mm, OF_12_H).label.vi == name


@pytest.mark.parametrize(
    ("mm", "level"), [(0, 0), (0.2, 1), (2.4, 1), (2.5, 2), (9.8, 2), (10, 3), (49.8, 3), (50, 4)]
)
def test_the_class_of_an_hour(mm: float, level: int) -> None:
    assert intensity(mm, OF_AN_HOUR).level == level


@given(st.integers(0, 6_000).map(lambda n: n / 10))
def test_the_catalogue_s_scales_are_the_same_classes(mm: float) -> None:
    rain = catalog.load_catalog()["rain"].properties
    for key, classes in (("rain_24h", OF_24_H), ("rain_1h", OF_AN_HOUR)):
        band, found = rain[key].band(mm), intensity(mm, classes)
        assert band is not None
        assert (band.level, band.label) == (found.level, found.label)
    level = intensity(mm, OF_AN_HOUR).level
    band = rain["rain_intensity"].band(float(level))
    assert band is not None
    assert band.level == level


# Risk of disaster


def days(*mm: float | None, mm_12h: float = 0.0) -> list[RainDay | None]:
    return [None if each is None else RainDay(mm_12h=mm_12h, mm_24h=each) for each in mm]


@pytest.mark.parametrize(
    ("newest_first", "level"),
    [
        ((99.8,), 0),
        ((100.0,), 1),
        ((200.0,), 1),
        ((120.0, 120.0), 1),
        ((120.0, 120.0, 120.0), 2),  # more than two days
        ((200.2,), 2),
        ((200.2, 200.2, 200.2), 3),
        ((400.2,), 3),
        ((400.2, 400.2, 400.2), 4),
        ((400.2, 120.0, 120.0), 3),
        ((250.0, 120.0, 120.0), 2),
        ((120.0, 0.0, 500.0), 1),  # a dry day between
        ((120.0, None, 120.0), 1),  # or one that nobody knows of
        ((0.0, 500.0, 500.0), 0),
    ],
)
def test_the_level_of_risk_by_amount_and_days(newest_first: Sequence[float | None], level: int) -> None:
    assert risk(days(*newest_first)).level == level


def test_fifty_millimetres_in_twelve_hours_are_level_one() -> None:
    assert risk([RainDay(mm_12h=49.8, mm_24h=60)]).level == 0
    assert risk([RainDay(mm_12h=50, mm_24h=60)]).level == 1
    assert risk([]).level == 0


def test_a_level_says_that_it_is_no_bulletin_in_both_languages() -> None:
    assert all("(tham khảo)" in text.vi and "(indicative)" in text.en for text in rain_sums.RISK[1:])
    bands = catalog.load_catalog()["rain"].properties["rain_risk_level"].bands
    assert [band.label for band in bands] == list(rain_sums.RISK)


# Drainage


def test_the_design_rain_of_the_basin_is_310_mm_in_two_days() -> None:
    assert (design_share(310), design_share(155), design_share(0)) == (100.0, 50.0, 0.0)


def test_the_event_of_2016_filled_two_fifths_of_the_design() -> None:
    """The table of 19-8-2016: 21 hours, so all of it is in the 48 h sums."""
    city = inventory.load_inventory([inventory.SHIPPED], catalog.load_catalog())
    table = {thing.id: thing.attributes["event_2016_mm"] for thing in city if thing.kind == "gauge"}
    (basin,) = (thing for thing in city if thing.kind == "basin")
    gauges = basin.attributes["gauges"]
    assert set(gauges) < set(table)
    mean = mean_of_basin([table[gauge] for gauge in gauges])
    assert mean is not None
    # 118.2 + 118.8 + 101.5 + 123.5 + 106.3 + 86.9 + 131.8 + 136.4 + 125.4 + 128.4 + 120.1 = 1297.3
    assert mean.mm == pytest.approx(1297.3 / 11, abs=1e-6)
    assert design_share(mean.mm) == 38.0
    assert {intensity(mm, OF_24_H).label.en for mm in table.values()} == {"Heavy rain", "Very heavy rain"}
    assert max(risk([RainDay(mm_12h=0, mm_24h=mm)]).level for mm in table.values()) == 1


def test_a_basin_knows_its_mean_from_those_that_report() -> None:
    assert mean_of_basin([10.0, None, 20.0, None]) == Sum(mm=15.0, coverage=0.5)
    assert mean_of_basin([None, None]) is None


@given(
    st.lists(st.floats(0, 500), min_size=1, max_size=16).flatmap(
        lambda mm: st.tuples(st.just(mm), st.permutations(mm))
    )
)
def test_the_order_of_the_gauges_is_no_matter(both: tuple[list[float], list[float]]) -> None:
    assert mean_of_basin(both[0]) == mean_of_basin(both[1])
