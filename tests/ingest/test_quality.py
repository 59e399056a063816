"""Spike, step and stuck: what must be flagged and what must not, and QARTOD's reference implementation (ioos-qc)."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.quality import Point, assess, flat_since, is_neighbour, is_open
from simulators.mapping import load_mapping
from simulators.recording import read
from simulators.scenarios import Happening, load_scenario
from simulators.streams import ObservationStream
from storage.model import Checks, Domain, Stuck
from tests.conftest import SHARED
from tests.simulators.city import DAY, at, streams

START = datetime(2026, 11, 22, tzinfo=UTC)
GOLDEN = Path(__file__).parents[1] / "golden" / "quality" / "ioos_qc.json"
VECTORS: list[dict[str, Any]] = json.loads(GOLDEN.read_text("utf-8"))["cases"]

NONE = Checks(interval_s=300, neighbour_s=900)
SPIKE = replace(NONE, spike=80)
STEP = replace(NONE, step_per_min=30)
STUCK = replace(NONE, stuck=Stuck(for_s=3600))


def series(values: Sequence[float], every_s: float = 300) -> list[Point]:
    return [(START + timedelta(seconds=n * every_s), float(value)) for n, value in enumerate(values)]


def flagged(values: Sequence[float], checks: Checks, every_s: float = 300) -> list[int]:
    return [n for n, reason in enumerate(assess(series(values, every_s), checks)) if reason]


@pytest.mark.parametrize("case", VECTORS)
def test_each_check_suspects_what_the_reference_suspects(case: dict[str, Any]) -> None:
    limits, every_s = case["checks"], case["interval_s"]
    none = Checks(interval_s=every_s, neighbour_s=3 * every_s)
    alone = {
        "spike": replace(none, spike=limits["spike"]),
        "step": replace(none, step_per_min=limits["step_per_min"]),
        "stuck": replace(none, stuck=Stuck(for_s=limits["for_s"], tolerance=limits["tolerance"])),
    }
    ours = {name: flagged(case["values"], checks, every_s) for name, checks in alone.items()}
    assert ours == case["suspect"]


def test_the_vectors_have_something_of_everything() -> None:
    for name in ("spike", "step", "stuck"):
        some = [case for case in VECTORS if case["suspect"][name]]
        assert len(VECTORS) / 2 < len(some) < len(VECTORS)


def test_a_lone_value_far_off_is_a_spike() -> None:
    assert flagged([30, 31, 29, 150, 30, 31], SPIKE) == [3]


def test_the_threshold_itself_is_no_spike() -> None:
    assert flagged([30, 110, 30], SPIKE) == []
    assert flagged([30, 110.5, 30], SPIKE) == [1]


def test_a_rise_that_stays_is_no_spike() -> None:
    assert flagged([30, 30, 150, 150, 150], SPIKE) == []


def test_the_first_and_the_last_value_can_be_no_spike() -> None:
    assert flagged([500, 30, 30, 500], replace(SPIKE, spike=400)) == []


def test_across_a_gap_nothing_is_compared() -> None:
    late = [(START + timedelta(seconds=s), v) for s, v in ((0, 30.0), (300, 500.0), (1201, 30.0))]
    assert assess(late, replace(SPIKE, step_per_min=30)) == [None, "step", None]
    near = [(START + timedelta(seconds=s), v) for s, v in ((0, 30.0), (300, 500.0), (1200, 30.0))]
    assert assess(near, SPIKE) == [None, "spike", None]


def test_a_step_is_a_rate_not_a_difference() -> None:
    """160 within 5 minutes are 32 a minute, within 10 minutes 16."""
    assert flagged([30, 190], STEP) == [1]
    assert flagged([30, 190], STEP, every_s=600) == []


def test_noise_within_seconds_is_no_step() -> None:
    """2 in one second would be 120 a minute."""
    assert flagged([30, 32, 30, 31], STEP, every_s=1) == []
    assert flagged([30, 190, 190], STEP, every_s=1) == [1]


def test_a_value_that_stands_still_is_stuck_from_the_end_of_the_time_allowed() -> None:
    assert flagged([5] * 15, STUCK) == [12, 13, 14]
    assert flagged([5] * 12 + [6] + [5] * 12, STUCK) == []


def test_a_stretch_with_a_gap_is_two() -> None:
    times = [n * 300 for n in range(7)] + [n * 300 for n in range(10, 17)]
    values = [(START + timedelta(seconds=s), 5.0) for s in times]
    assert assess(values, STUCK) == [None] * 14


def test_one_missing_report_does_not_end_a_stretch() -> None:
    values = [(START + timedelta(seconds=n * 300), 5.0) for n in range(14) if n != 6]
    assert assess(values, STUCK)[-2:] == ["stuck", "stuck"]


def test_uneven_times_count_the_time_not_the_values() -> None:
    """Ten values a second apart are nine seconds; and a stretch is stuck when it has lasted long enough."""
    assert flagged([5] * 10, STUCK, every_s=1) == []
    values = [(START + timedelta(seconds=s), 5.0) for s in (0, 700, 1400, 2100, 2800, 3599, 3600)]
    assert assess(values, STUCK) == [None] * 6 + ["stuck"]


def test_drift_within_the_tolerance_is_stuck_beyond_it_is_not() -> None:
    tolerant = replace(NONE, stuck=Stuck(for_s=900, tolerance=0.5))
    assert flagged([5, 5.25, 5.5, 5.25, 5], tolerant) == [3, 4]
    assert flagged([5, 5.25, 5.5, 5.75, 6], tolerant) == []


def test_a_dry_street_may_stand_still_and_standing_water_may_not() -> None:
    depth = replace(NONE, stuck=Stuck(for_s=3600, excepted=(0.0,)))
    assert flagged([0] * 50, depth) == []
    assert flagged([0] * 20 + [12] * 14, depth) == [32, 33]


@pytest.mark.parametrize(
    ("quality", "reason", "provenance", "neighbour", "judged"),
    [
        (1, None, "measured", True, True),
        (3, "spike", "simulated", True, True),
        (2, None, "measured", True, False),
        (3, "estimated", "measured", True, False),
        (3, "implausible", "measured", False, False),
        (4, "fault", "measured", False, False),
        (4, "calibrating", "measured", False, False),
        (9, None, "measured", False, False),
        (1, None, "forecast", False, False),
        (1, None, "derived", True, False),
    ],
)
def test_who_is_a_neighbour_and_who_is_judged(
    quality: int, reason: str | None, provenance: str, neighbour: bool, judged: bool
) -> None:
    assert is_neighbour(quality, reason, provenance) is neighbour
    assert is_open(quality, reason, provenance) is judged


LIMITED = st.builds(
    Checks,
    interval_s=st.just(300.0),
    neighbour_s=st.sampled_from([300.0, 900.0]),
    spike=st.none() | st.integers(1, 4).map(float),
    step_per_min=st.none() | st.sampled_from([0.2, 0.5]),
    stuck=st.none()
    | st.builds(
        Stuck,
        for_s=st.sampled_from([600.0, 1500.0]),
        tolerance=st.sampled_from([0.0, 1.0, 2.0]),
        excepted=st.sampled_from([(), (0.0,)]),
    ),
)
SERIES = st.lists(
    st.tuples(st.sampled_from([300, 600, 901, 1200]), st.integers(-1, 4)), min_size=1, max_size=30
)


def spaced(steps: Sequence[tuple[int, int]]) -> list[Point]:
    time, found = START, []
    for seconds, value in steps:
        time += timedelta(seconds=seconds)
        found.append((time, float(value)))
    return found


@given(steps=SERIES, checks=LIMITED)
def test_a_stretch_is_the_longest_that_stays_within_the_tolerance(
    steps: list[tuple[int, int]], checks: Checks
) -> None:
    """By its definition, without any cleverness."""
    values = spaced(steps)

    def flat(first: int, last: int) -> bool:
        part = values[first : last + 1]
        together = all((b[0] - a[0]).total_seconds() <= checks.neighbour_s for a, b in pairwise(part))
        results = [value for _, value in part]
        stuck = checks.stuck
        if stuck is None or first == last:
            return first == last
        normal = any(abs(value - zero) <= stuck.tolerance for value in results for zero in stuck.excepted)
        return together and not normal and max(results) - min(results) <= stuck.tolerance

    expected = [min(m for m in range(n + 1) if flat(m, n)) for n in range(len(values))]
    assert flat_since(values, checks) == expected


@given(steps=SERIES, checks=LIMITED, cut=st.integers(0, 30))
def test_what_comes_later_changes_no_more_than_the_neighbour_before_it(
    steps: list[tuple[int, int]], checks: Checks, cut: int
) -> None:
    values = spaced(steps)
    first = assess(values[:cut], checks)
    assert assess(values, checks)[: max(0, cut - 1)] == first[: max(0, cut - 1)]


# How much the shipped limits suspect of what is known to be good. At most one value in a thousand.

RECORDINGS = {
    "embassy_pm25": "air/hanoi_pm25_embassy_2017.csv",
    "lake_sonde": "water/lake_sonde_exo3_2019.csv",
    "ea_rain": "rain/ea_rain_305111_2024.csv",
}


@pytest.mark.parametrize("name", RECORDINGS)
def test_recorded_feeds_pass(name: str, domains: dict[str, Domain]) -> None:
    path = SHARED / "data" / RECORDINGS[name]
    if not path.exists():
        pytest.skip(f"the recording {path.name} is not here")
    mapping = load_mapping(name, domains)
    by_key: dict[str, list[Point]] = {}
    for element in read(path, mapping).elements:
        for key, value in element.results.items():
            by_key.setdefault(key, []).append((element.time, float(value)))
    for key, values in by_key.items():
        checks = domains[mapping.domain].properties[key].checks
        assert checks is not None, key
        suspect = [reason for reason in assess(sorted(values), checks) if reason]
        assert len(suspect) <= len(values) / 1000, (key, suspect)


@pytest.mark.parametrize(
    ("domain", "scenario"),
    [("air_quality", "smog"), ("water_quality", "fish-kill"), ("rain", "storm"), ("flood", "storm")],
)
def test_the_simulated_city_passes_also_on_its_worst_days(
    domain: str, scenario: str, domains: dict[str, Domain]
) -> None:
    start = at("2026-11-16T00:00:00")
    happening = Happening(scenario=load_scenario(scenario), start=start + DAY // 2)
    found = streams(domain, seed=7, happenings=[happening]).values()
    suspect = []
    for stream in [one for one in found if isinstance(one, ObservationStream)][:6]:
        by_key: dict[str, list[Point]] = {}
        for element in stream.elements(start, start + 2 * DAY):
            for key, value in element.results.items():
                by_key.setdefault(key, []).append((element.time, float(value)))
        for key, values in by_key.items():
            checks = domains[domain].properties[key].checks
            suspect += (
                [(stream.thing, key, reason) for reason in assess(values, checks) if reason] if checks else []
            )
    assert suspect == []
