"""What rules make of series: each kind with one that must fire and one that must not."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.evaluate import INACTIVE, due_at, evaluate
from alerts.model import Evaluation, Rule, Sample, State, Transition
from storage.model import Provenance
from tests.alerts.series import FLOOD_15, at, rule, run, sample, told, values

FIRES = [
    ("at_least_the_limit", rule(15), "14 15", ["1 firing condition_met"]),
    ("above_the_limit", rule(15, "above"), "15 15.1", ["1 firing condition_met"]),
    ("below_the_limit", rule(4, "below"), "4 3.99", ["1 firing condition_met"]),
    ("at_most_the_limit", rule(4, "at_most"), "4.01 4", ["1 firing condition_met"]),
    ("zero_is_a_value", rule(1, "below"), "5 0", ["1 firing condition_met"]),
    (
        "after_for_with_the_condition_unbroken",
        rule(15, hold=2),
        "16 15 17",
        ["0 pending condition_met", "2 firing held"],
    ),
    (
        "at_the_moment_for_elapses_when_that_lies_between_two_values",
        rule(15, hold=1.5),
        "16 16 16",
        ["0 pending condition_met", "1.5 firing held"],
    ),
    (
        "on_a_value_that_came_after_a_missed_one",
        rule(15, hold=2),
        "16 _ _ 16",
        ["0 pending condition_met", "3 firing held"],
    ),
    (
        "again_after_it_resolved",
        rule(15),
        "15 14 15",
        ["0 firing condition_met", "1 resolved cleared", "2 firing condition_met"],
    ),
    (
        "on_suspect_values_when_the_rule_says_so",
        rule(15, worst_quality=3),
        "3 20?",
        ["1 firing condition_met"],
    ),
]

FIRES_NOT = [
    ("just_short_of_the_limit", rule(15), "14.9", []),
    ("at_the_limit_of_above", rule(15, "above"), "15", []),
    ("at_the_limit_of_below", rule(4, "below"), "4", []),
    (
        "when_the_condition_breaks_before_for_elapsed",
        rule(15, hold=2),
        "16 14 16 14",
        [
            "0 pending condition_met",
            "1 inactive condition_ended",
            "2 pending condition_met",
            "3 inactive condition_ended",
        ],
    ),
    (
        "when_the_value_that_ends_it_comes_just_when_for_elapses",
        rule(15, hold=2),
        "16 16 14",
        ["0 pending condition_met", "2 inactive condition_ended"],
    ),
    ("on_suspect_values", rule(15), "3 20? 20?", []),
    ("on_failed_values_even_when_suspect_ones_count", rule(15, worst_quality=3), "3 20! 20!", []),
    (
        "when_the_sensor_fell_silent_while_pending",
        rule(15, hold=10),
        "16 _ _ _ _ 3",
        ["0 pending condition_met", "3 inactive silent"],
    ),
]

CLEARS = [
    (
        "only_beyond_the_clear_level",
        rule(15, clear=13),
        "15 14 13 12.9",
        ["0 firing condition_met", "3 resolved cleared"],
    ),
    (
        "upwards_for_a_rule_that_looks_below",
        rule(4, "below", clear=4.5),
        "3 4.2 4.5 4.6",
        ["0 firing condition_met", "3 resolved cleared"],
    ),
    (
        "after_keep_firing_for",
        rule(15, clear=13, keep_firing_for=2),
        "15 12 12 12",
        ["0 firing condition_met", "3 resolved cleared"],
    ),
    (
        "not_while_values_come_back_above_the_clear_level",
        rule(15, clear=13, keep_firing_for=2),
        "15 12 12 13 12 12 12",
        ["0 firing condition_met", "6 resolved cleared"],
    ),
    ("not_on_suspect_values", rule(15), "15 0? 0?", ["0 firing condition_met"]),
    ("not_in_silence", rule(15), "15 _ _ _ _ _ 16", ["0 firing condition_met"]),
    (
        "not_in_silence_while_clearing",
        rule(15, keep_firing_for=5),
        "15 12 _ _ _ _ _ 12",
        ["0 firing condition_met", "7 resolved cleared"],
    ),
]


@pytest.mark.parametrize(("watched", "series", "expected"), [c[1:] for c in FIRES], ids=[c[0] for c in FIRES])
def test_it_fires(watched: Rule, series: str, expected: list[str]) -> None:
    assert run(watched, values(series)) == expected


@pytest.mark.parametrize(
    ("watched", "series", "expected"), [c[1:] for c in FIRES_NOT], ids=[c[0] for c in FIRES_NOT]
)
def test_it_does_not_fire(watched: Rule, series: str, expected: list[str]) -> None:
    assert run(watched, values(series)) == expected


@pytest.mark.parametrize(
    ("watched", "series", "expected"), [c[1:] for c in CLEARS], ids=[c[0] for c in CLEARS]
)
def test_it_clears(watched: Rule, series: str, expected: list[str]) -> None:
    assert run(watched, values(series)) == expected


def test_a_street_floods_and_drains() -> None:
    depth = "0 6 15 22 31 28 19 14 12 14 12 9 8 6 5 4 4 3 3 2 2 1 1"
    assert run(FLOOD_15, values(depth)) == [
        "2 pending condition_met",
        "4 firing held",
        "20 resolved cleared",
    ]


def test_for_elapses_without_a_further_value_while_the_last_one_is_not_overdue() -> None:
    hourly = rule(3, "below", hold=30, interval=60, stale_after=180, resolve_when_silent=1440)
    assert run(hourly, values("2.9"), now=30) == ["0 pending condition_met"]
    assert run(hourly, values("2.9"), now=31) == ["0 pending condition_met", "30 firing held"]


def test_nothing_fires_on_a_value_that_is_overdue() -> None:
    assert run(rule(15, hold=2), values("16"), now=2.9) == ["0 pending condition_met"]


def test_a_silent_sensor_resolves_after_its_time() -> None:
    assert run(rule(15), values("16"), now=60) == ["0 firing condition_met"]
    assert run(rule(15), values("16"), now=61) == ["0 firing condition_met", "60 resolved silent"]


def test_the_next_change_without_data_is_known() -> None:
    state, _ = evaluate(rule(15, hold=0.5), values("16"), INACTIVE, at(0))
    assert due_at(rule(15, hold=0.5), state) == at(0.5)
    assert due_at(rule(15), INACTIVE) is None


def test_an_episode_keeps_its_first_its_worst_and_its_newest_value() -> None:
    _, transitions = evaluate(rule(15, clear=13), values("16 40 20 3"), INACTIVE, at(3))
    ended = transitions[-1].episode
    assert (ended.first.value, ended.peak.value, ended.last.value) == (16, 40, 3)
    assert (ended.pending_since, ended.firing_since, ended.resolved_at) == (at(0), at(0), at(3))


def test_the_worst_of_a_rule_that_looks_below_is_the_lowest() -> None:
    _, transitions = evaluate(rule(4, "below"), values("3 1 2 5"), INACTIVE, at(3))
    assert transitions[-1].episode.peak.value == 1


def test_one_simulated_value_makes_the_whole_episode_simulated() -> None:
    samples = [sample(0, 16), sample(1, 17, provenance=Provenance.SIMULATED), sample(2, 18)]
    state, _ = evaluate(rule(15), samples, INACTIVE, at(2))
    assert state.episode is not None
    assert state.episode.provenance is Provenance.SIMULATED


def test_an_inactive_rule_remembers_no_past() -> None:
    state, _ = evaluate(rule(15), values("16 3"), INACTIVE, at(1))
    assert state == Evaluation(evaluated_to=at(1))


words = st.sampled_from(["0", "12", "13", "14", "15", "16", "30", "20?", "_"])
rules = st.builds(
    lambda hold, keep, clear: rule(15, clear=clear, hold=hold, keep_firing_for=keep),
    st.sampled_from([0, 0.5, 1, 2, 2.5, 5]),
    st.sampled_from([0, 0.5, 1, 3]),
    st.sampled_from([None, 13.0, 15.0]),
)


@settings(deadline=None)
@given(watched=rules, series=st.lists(words, max_size=40), cuts=st.sets(st.integers(0, 40)))
def test_rounds_change_nothing(watched: Rule, series: list[str], cuts: set[int]) -> None:
    """However a series is split into rounds, with the clock never ahead of what is still to come."""
    samples = values(" ".join(series))
    at_once = evaluate(watched, samples, INACTIVE, at(40))
    state, transitions = INACTIVE, list[Transition]()
    for part, now in _rounds(samples, cuts):
        state, more = evaluate(watched, part, state, now)
        transitions += more
    state, more = evaluate(watched, [], state, at(40))
    assert (state, told([*transitions, *more])) == (at_once[0], told(at_once[1]))


def _rounds(samples: list[Sample], cuts: set[int]) -> list[tuple[list[Sample], object]]:
    edges = [0, *sorted(cut for cut in cuts if cut < len(samples)), len(samples)]
    return [
        (samples[a:b], samples[b].time if b < len(samples) else at(40)) for a, b in itertools.pairwise(edges)
    ]


@settings(deadline=None)
@given(watched=rules, series=st.lists(words, max_size=40))
def test_states_follow_one_another(watched: Rule, series: list[str]) -> None:
    """Each transition begins where the one before ended, and times never go back."""
    _, transitions = evaluate(watched, values(" ".join(series)), INACTIVE, at(100))
    before, time = State.INACTIVE, at(0)
    for transition in transitions:
        assert transition.from_state is before
        assert transition.at >= time
        ended = transition.to_state in (State.RESOLVED, State.INACTIVE)
        before, time = State.INACTIVE if ended else transition.to_state, transition.at
