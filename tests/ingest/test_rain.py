"""Rain counters by the rules of our domain facts, 4.6: rollover, reset, gap, cap, and no water lost or invented."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.derive_rain import AROUND, BEFORE, BEHIND
from ingest.gauges import gauge, sections
from ingest.indicators.rain import CounterReading, Gauge, Interval, in_tips, increment, intervals
from storage.catalog import ReferenceDataError, load_catalog
from storage.model import Domain, Quality

T0 = datetime(2026, 11, 22, 3, tzinfo=UTC)
FIVE = timedelta(minutes=5)
GAUGE = Gauge(resolution_mm=0.2, counter_bits=16, interval=FIVE, cap_mm=60.0, cap_time=timedelta(minutes=10))


def reading(minute: float, mm: float, quality: Quality = Quality.GOOD) -> CounterReading:
    return CounterReading(time=T0 + timedelta(minutes=minute), mm=mm, quality=quality)


def every_five_minutes(*counter: float) -> list[CounterReading]:
    return [reading(5 * n, mm) for n, mm in enumerate(counter)]


def amounts(found: Sequence[Interval]) -> list[tuple[float, int, str | None]]:
    return [(one.mm, int(one.quality), one.reason) for one in found]


@pytest.mark.parametrize(
    ("old", "new", "resolution", "bits", "rain"),
    [
        (10.0, 10.4, 0.2, 16, 0.4),  # the two vectors of the domain facts
        (13107.0, 0.2, 0.2, 16, 0.4),
        (10.0, 10.0, 0.2, 16, 0.0),
        (1653.8, 1654.2, 0.1, 32, 0.4),  # Decentlab: 0.1 mm a tip, 32 bit
        (429496729.5, 0.1, 0.1, 32, 0.2),
        (500.0, 0.6, 0.2, 16, 0.6),  # reset: all that it shows
        (11796.4, 0.2, 0.2, 16, 0.2),  # 0.9 of 13107.2 is 11796.48
        (11796.6, 0.2, 0.2, 16, 1310.8),
        (0.1 + 0.2, 0.3, 0.1, 16, 0.0),  # binary noise is no reset
        (13112.2, 0.2, 0.2, 16, 0.2),  # beyond the range of 13107.2: it can't have rolled over there
        (40000.0, 20000.0, 0.2, 16, 20000.0),
        (5.0, -3.0, 0.2, 16, 0.0),
    ],
)
def test_rain_between_two_readings(old: float, new: float, resolution: float, bits: int, rain: float) -> None:
    assert increment(old, new, resolution, bits) == rain


def test_the_first_reading_gives_nothing_and_the_next_what_fell_since() -> None:
    assert intervals(every_five_minutes(10.0), GAUGE) == []
    (found,) = intervals(every_five_minutes(10.0, 10.4), GAUGE)
    assert (found.since, found.time) == (T0, T0 + FIVE)
    assert amounts([found]) == [(0.4, 1, None)]


def test_a_time_that_comes_twice_counts_once() -> None:
    assert amounts(intervals([reading(0, 10.0), reading(5, 10.4), reading(5, 10.8)], GAUGE)) == [
        (0.4, 1, None)
    ]


def test_a_reset_is_suspect_and_gives_what_the_counter_shows() -> None:
    assert amounts(intervals(every_five_minutes(500.0, 0.6, 0.8), GAUGE)) == [
        (0.6, 3, "counter_reset"),
        (0.2, 1, None),
    ]


@pytest.mark.parametrize(("minutes", "expected"), [(10, (0.4, 1, None)), (10.1, (0.4, 3, "gap"))])
def test_more_than_two_intervals_are_a_gap(minutes: float, expected: tuple[float, int, str | None]) -> None:
    assert amounts(intervals([reading(0, 10.0), reading(minutes, 10.4)], GAUGE)) == [expected]


@pytest.mark.parametrize(
    ("minutes", "mm", "reason"),
    [
        (5, 30.0, None),
        (5, 30.2, "above_cap"),
        (10, 60.0, None),
        (10, 60.2, "above_cap"),
        (60, 360.0, "gap"),
        (60, 360.2, "above_cap"),
        (1 / 60, 0.2, None),
    ],
)
def test_more_than_60_mm_in_10_minutes_is_kept_but_counts_nowhere(
    minutes: float, mm: float, reason: str | None
) -> None:
    ((kept, quality, said),) = amounts(intervals([reading(0, 10.0), reading(minutes, 10.0 + mm)], GAUGE))
    assert (kept, said) == (mm, reason)
    assert (quality == Quality.FAIL) == (reason == "above_cap")


def test_a_counter_that_fell_from_the_top_but_too_far_is_no_rain() -> None:
    assert amounts(intervals(every_five_minutes(12000.0, 0.2), GAUGE)) == [(1107.4, 4, "above_cap")]


def test_readings_that_failed_are_spanned_by_the_next_good_one() -> None:
    readings = [reading(0, 10.0), reading(5, 99.0, Quality.FAIL), reading(10, 10.4)]
    assert amounts(intervals(readings, GAUGE)) == [(0.4, 1, None)]


def test_what_a_suspect_reading_gives_is_suspect_on_both_sides() -> None:
    readings = [reading(0, 10.0), reading(5, 10.2, Quality.SUSPECT), reading(10, 10.4), reading(15, 10.4)]
    assert amounts(intervals(readings, GAUGE)) == [
        (0.2, 3, "suspect_counter"),
        (0.2, 3, "suspect_counter"),
        (0.0, 1, None),
    ]


def test_a_single_misreading_invents_no_water_behind_it() -> None:
    assert amounts(intervals(every_five_minutes(10.0, 9000.0, 10.2, 10.4), GAUGE)) == [
        (8990.0, 4, "above_cap"),
        (0.2, 1, None),
        (0.2, 1, None),
    ]


def test_a_gauge_that_was_exchanged_counts_on_from_where_the_new_one_is() -> None:
    assert amounts(intervals(every_five_minutes(10.0, 5000.0, 5000.2, 5000.4), GAUGE)) == [
        (4990.0, 4, "above_cap"),
        (0.2, 3, "suspect_counter"),
        (0.2, 1, None),
    ]


def test_a_single_reading_far_too_low_invents_no_water() -> None:
    assert amounts(intervals(every_five_minutes(1000.0, 10.0, 1000.4, 1000.6), GAUGE)) == [
        (10.0, 4, "counter_misread"),
        (0.4, 1, None),
        (0.2, 1, None),
    ]


def test_a_reset_after_which_it_rains_to_where_the_counter_was_stays_a_reset() -> None:
    assert amounts(intervals(every_five_minutes(0.4, 0.2, 0.6), GAUGE)) == [
        (0.2, 3, "counter_reset"),
        (0.4, 1, None),
    ]


def test_between_two_misreadings_in_a_row_nothing_counts_as_good() -> None:
    assert amounts(intervals(every_five_minutes(1.0, 5000.0, 5001.0, 1.2), GAUGE)) == [
        (4999.0, 4, "above_cap"),
        (1.0, 3, "suspect_counter"),
        (1.2, 3, "counter_reset"),
    ]


def test_a_counter_beyond_the_range_that_we_know_of_is_suspect() -> None:
    """The attributes of a 32-bit counter are missing in the inventory."""
    counter = every_five_minutes(13107.0, 13107.2, 13107.4, 13107.4)
    assert amounts(intervals(counter, GAUGE)) == [
        (0.2, 3, "counter_beyond_range"),
        (0.2, 3, "counter_beyond_range"),
        (0.0, 3, "counter_beyond_range"),
    ]
    (fell,) = intervals(every_five_minutes(13112.2, 0.2), GAUGE)
    assert amounts([fell]) == [(0.2, 3, "counter_beyond_range")]


@given(st.lists(st.floats(-100, 1e9), min_size=2, max_size=10))
def test_rain_is_never_negative(counter: list[float]) -> None:
    assert all(one.mm >= 0 for one in intervals(every_five_minutes(*counter), GAUGE))


def test_a_resolution_that_is_wrong_loses_no_water() -> None:
    """0.1 mm a tip, read as 0.2: each half tip alone would be rounded away."""
    counter = [round(10 + 0.1 * n, 1) for n in range(101)]
    assert sum(one.mm for one in intervals(every_five_minutes(*counter), GAUGE)) == pytest.approx(10.0)


TIPS = st.lists(st.integers(0, 150), min_size=1, max_size=40)
"""Tips in five minutes, up to the cap; all together less than a tenth of what the counter holds."""


@given(st.integers(0, 2**16 - 1), TIPS, st.data())
def test_between_good_readings_no_water_is_lost_or_invented(
    first: int, tips: list[int], data: st.DataObject
) -> None:
    """Whatever fails, comes late, twice or out of order; the counter may roll over on the way."""
    counts = [first]
    for more in tips:
        counts.append(counts[-1] + more)
    failed = data.draw(st.sets(st.integers(1, len(tips)), max_size=len(tips) - 1)) - {len(tips)}
    readings = [
        reading(5 * n, in_tips(count % 2**16 * 0.2, 0.2), Quality.FAIL if n in failed else Quality.GOOD)
        for n, count in enumerate(counts)
    ]
    sent = data.draw(st.permutations(readings + readings[: data.draw(st.integers(0, len(readings)))]))
    found = intervals(sent, GAUGE)
    assert sum(one.mm for one in found) == pytest.approx(sum(tips) * 0.2)
    assert [one.since for one in found][1:] == [one.time for one in found][:-1]


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 400)), min_size=2, max_size=24), st.data())
def test_what_a_reading_touches_lies_near_it(drawn: list[tuple[int, int]], data: st.DataObject) -> None:
    """What ingest/derive_rain.py relies on: from the second before it to the fifth behind it."""
    readings = [reading(5 * minute, in_tips(tips * 0.2, 0.2)) for minute, tips in dict(drawn).items()]
    readings.sort(key=lambda one: one.time)
    changed = data.draw(st.integers(0, len(readings) - 1))
    at = readings[changed].time
    without = intervals([*readings[:changed], *readings[changed + 1 :]], GAUGE)
    with_it = intervals(readings, GAUGE)
    near = readings[max(0, changed - AROUND) : changed + AROUND + 1]
    before = [one.time for one in near if one.time < at]
    behind = [one.time for one in near if one.time > at]
    start, end = min(before[-BEFORE:], default=at), max(behind[:BEHIND], default=at)

    def outside(found: Sequence[Interval]) -> list[Interval]:
        return [one for one in found if not start <= one.time <= end]

    assert outside(with_it) == outside(without)
    assert [one for one in intervals(near, GAUGE) if start <= one.time <= end] == [
        one for one in with_it if start <= one.time <= end
    ]


def test_the_catalogue_s_table_holds_unless_the_inventory_says_otherwise(domains: dict[str, Domain]) -> None:
    section = sections(domains)["rain"]
    assert gauge(section, {"event_2016_mm": 118.2}, 300) == GAUGE
    differs = gauge(section, {"resolution_mm": 0.1, "counter_bits": 32, "interval_s": 600}, 300)
    assert (differs.resolution_mm, differs.counter_bits, differs.interval) == (0.1, 32, 2 * FIVE)


def test_a_key_that_nobody_knows_is_refused_with_its_file(domains: dict[str, Domain]) -> None:
    rain = replace(domains["rain"], sections={"rain_counter": {"resolution": 0.1}})
    with pytest.raises(ReferenceDataError, match=r"rain\.toml: rain_counter: resolution: Extra inputs"):
        sections({"rain": rain})


def test_a_domain_without_the_table_has_the_usual_gauge() -> None:
    catalog = load_catalog()
    assert sections(catalog)["flood"].resolution_mm == 0.2
