"""Every word of `when` with a series that must fire and one that must not, in the words that rules are written in."""

from datetime import UTC, datetime
from typing import Any

import pytest

from alerts.calendar import in_force
from alerts.conditions import Usual
from alerts.evaluate import INACTIVE, due_at, evaluate
from alerts.model import Evaluation, Rule
from storage.model import Provenance
from tests.alerts.series import at, minutes, run, sample, together, told, values
from tests.alerts.written import written

DAY_MIN = 24 * 60


def fired(watched: Rule, *series: str, now: float | None = None) -> list[str]:
    """The n-th series is of the n-th operand."""
    samples = [values(text, operand=number, stream=number) for number, text in enumerate(series)]
    return run(watched, together(*samples), now)


# -- outside ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", ["5.9", "9.1", "-40"])
def test_outside_fires_below_and_above(value: str) -> None:
    assert fired(written({"outside": [6, 9]}), f"7 {value}") == ["1 firing condition_met"]


def test_the_bounds_themselves_are_inside() -> None:
    assert fired(written({"outside": [6, 9]}), "6 9 7") == []


def test_outside_ends_when_inside_by_more_than_the_margin() -> None:
    watched = written({"outside": [6, 9], "margin": 0.5})
    assert fired(watched, "9.1 8.6 8.5 8.4") == ["0 firing condition_met", "3 resolved cleared"]
    assert fired(watched, "5.9 6.4 6.5 6.6") == ["0 firing condition_met", "3 resolved cleared"]


def test_the_worst_of_a_value_outside_is_the_one_farthest_from_its_bound() -> None:
    state, _ = evaluate(written({"outside": [6, 9]}), values("10 3 9.5"), INACTIVE, at(2))
    assert state.episode is not None
    assert state.episode.peak.value == 3


# -- level -----------------------------------------------------------------------------------------------------------


def test_a_level_is_reached_from_the_lower_bound_of_its_band_on() -> None:
    watched = written({"level": 1}, property="rising")
    assert fired(watched, "9.9 10 20") == ["1 firing condition_met"]
    assert watched.condition.limit == 10


def test_a_level_of_a_scale_that_falls_is_reached_below_the_upper_bound_of_its_band() -> None:
    watched = written({"level": 2}, property="falling")
    assert fired(watched, "20 19.9 5") == ["1 firing condition_met"]


def test_worse_levels_reach_it_too() -> None:
    assert fired(written({"level": 1}, property="rising"), "25") == ["0 firing condition_met"]
    assert fired(written({"level": 1}, property="falling"), "30") == []
    assert fired(written({"level": 1}, property="falling"), "5") == ["0 firing condition_met"]


# -- change ----------------------------------------------------------------------------------------------------------

RISES = {"rises_by": 5, "within": "3m"}


def test_it_fires_on_a_rise_from_the_lowest_value_within_its_time() -> None:
    assert fired(written(RISES), "3 1 4 6") == ["3 firing condition_met"]


def test_a_slow_rise_is_none() -> None:
    assert fired(written(RISES), "1 2 3 4 5 6 7 8") == []


def test_a_rise_over_exactly_its_time_counts() -> None:
    assert fired(written(RISES), "1 2 3 6") == ["3 firing condition_met"]
    assert fired(written(RISES), "1 2 3 3 6") == []


def test_a_fall_is_no_rise() -> None:
    assert fired(written(RISES), "9 1") == []
    assert fired(written({"falls_by": 5, "within": "3m"}), "9 4") == ["1 firing condition_met"]
    assert fired(written({"falls_by": 5, "within": "3m"}), "1 9") == []


def test_a_rise_ends_below_its_clear_level() -> None:
    watched = written({**RISES, "clear": 2})
    assert fired(watched, "1 6 6 6 8 8 8 9") == ["1 firing condition_met", "7 resolved cleared"]


def test_what_is_shown_of_a_change_is_the_change_and_beside_it_from_what_to_what() -> None:
    state, _ = evaluate(written(RISES), values("1 6"), INACTIVE, at(1))
    assert state.episode is not None
    assert state.episode.last.value == 5
    assert [one.value for one in state.episode.beside] == [1, 6]


def test_a_suspect_value_is_no_origin_of_a_change() -> None:
    assert fired(written(RISES), "1? 6") == []


# -- the usual -------------------------------------------------------------------------------------------------------

ABOVE = {"above_usual_by": 10, "days": 3, "at_least_days": 2}
BELOW = {"below_usual_by": 10, "days": 3, "at_least_days": 2}


def daily(*texts: str) -> list[Any]:
    """A series a day, all beginning at the same minute of it."""
    return [one for day, text in enumerate(texts) for one in values(text, begin=day * DAY_MIN)]


def firings(watched: Rule, samples: list[Any]) -> list[float]:
    found = [change.split() for change in run(watched, samples)]
    return [float(time) for time, state, _ in found if state == "firing"]


def test_it_fires_above_the_median_of_the_same_hour_of_earlier_days() -> None:
    assert firings(written(ABOVE), daily("90", "50", "52", "62")) == [3 * DAY_MIN]


def test_the_median_is_not_moved_by_one_strange_day_and_values_near_it_do_not_fire() -> None:
    assert firings(written(ABOVE), daily("90", "50", "52", "61.9")) == []


def test_it_fires_below_the_usual_where_low_is_bad() -> None:
    assert firings(written(BELOW), daily("50", "52", "42")) == []
    assert firings(written(BELOW), daily("50", "52", "41")) == [2 * DAY_MIN]
    assert firings(written(BELOW), daily("50", "52", "90")) == []


def test_the_same_hour_is_half_an_hour_to_either_side_and_its_values_are_averaged() -> None:
    samples = [
        *(sample(minute, value) for minute, value in [(-30, 40), (0, 50), (30, 60), (31, 900)]),
        *(sample(DAY_MIN + minute, 50) for minute in (-30, 30)),
        sample(2 * DAY_MIN, 60),
    ]
    assert firings(written(ABOVE), samples) == [2 * DAY_MIN]
    assert firings(written({**ABOVE, "above_usual_by": 10.1}), samples) == []


def test_with_too_few_days_it_does_not_fire_unless_that_counts_as_met() -> None:
    strange = daily("50", "99")
    assert firings(written(ABOVE), strange) == []
    beside = {"all": [{"above": 90}, {**ABOVE, "without_history": "met"}]}
    assert firings(written(beside), strange) == [DAY_MIN]
    assert firings(written({"all": [{"above": 90}, ABOVE]}), strange) == []


def test_days_before_those_that_count_are_not_looked_at() -> None:
    assert firings(written({**ABOVE, "days": 2}), daily("50", "_", "_", "52", "99")) == []
    assert firings(written({**ABOVE, "days": 4}), daily("50", "_", "_", "52", "99")) == [4 * DAY_MIN]


def test_the_usual_is_no_more_trustworthy_than_its_weakest_day() -> None:
    """Or a simulated past would make a public warning of a measured present."""
    past = [sample(0, 50, provenance=Provenance.SIMULATED), sample(DAY_MIN, 50), sample(2 * DAY_MIN, 50)]
    state, _ = evaluate(written(ABOVE), [*past, sample(3 * DAY_MIN, 90)], INACTIVE, at(3 * DAY_MIN))
    assert state.episode is not None
    assert state.episode.provenance is Provenance.SIMULATED


def test_where_the_usual_is_not_known_any_more_the_last_difference_is_shown() -> None:
    watched = written({**ABOVE, "days": 1, "at_least_days": 1}, keep_firing_for="2h")
    state, _ = evaluate(watched, [*daily("50", "90"), sample(DAY_MIN + 31, 90)], INACTIVE, at(DAY_MIN + 31))
    assert state.episode is not None
    assert (state.episode.last.value, state.episode.last.time) == (40, at(DAY_MIN + 31))


# -- stuck -----------------------------------------------------------------------------------------------------------

STUCK = {"stuck_for": "3m"}


def test_it_fires_when_a_value_stood_still_so_long() -> None:
    assert fired(written(STUCK), "1 2 2 2 2") == ["4 firing condition_met"]


def test_it_does_not_fire_short_of_it_and_ends_with_the_next_other_value() -> None:
    assert fired(written(STUCK), "1 2 2 2 3") == []
    assert fired(written(STUCK), "2 2 2 2 3") == ["3 firing condition_met", "4 resolved cleared"]


def test_within_the_tolerance_it_stands_still() -> None:
    watched = written({**STUCK, "tolerance": 0.1})
    assert fired(watched, "2 2.1 2.05 2") == ["3 firing condition_met"]
    assert fired(watched, "2 2.1 2.2 2.3 2.4 2.5") == []


@pytest.mark.parametrize("series", ["0 0 0 0 0 0", "100 100 100 100 100"])
def test_values_that_may_stand_still_are_not_stuck(series: str) -> None:
    assert fired(written({**STUCK, "except": [0, 100]}), series) == []


def test_a_stretch_does_not_go_on_over_a_value_that_may_stand_still() -> None:
    watched = written({**STUCK, "tolerance": 1, "except": [0]})
    assert fired(watched, "2 2 0.5 2 2 2") == []
    assert fired(watched, "2 2 0.5 2 2 2 2") == ["6 firing condition_met"]


def test_a_gap_says_nothing_of_what_was_in_it() -> None:
    """As in ingest's check: three intervals without a value end the stretch."""
    assert fired(written(STUCK), "2 _ _ 2") == ["3 firing condition_met"]
    assert fired(written(STUCK), "2 2 _ _ _ 2 2") == []


def test_a_value_once_a_day_is_not_stuck() -> None:
    assert run(written({"stuck_for": "1d"}), daily("2", "2", "2")) == []


# -- silence ---------------------------------------------------------------------------------------------------------

ABSENT = {"absent_for": "5m"}


def test_silence_fires_so_long_after_the_time_of_the_last_value() -> None:
    assert fired(written(ABSENT), "3 4", now=6) == []
    assert fired(written(ABSENT), "3 4", now=6.1) == ["6 firing silent"]


def test_it_ends_with_the_next_value_at_that_value_s_own_time() -> None:
    assert fired(written(ABSENT), "3 _ _ _ _ _ _ 4") == ["5 firing silent", "7 resolved heard"]


def test_a_value_just_when_the_time_is_over_is_no_silence() -> None:
    assert fired(written(ABSENT), "3 _ _ _ _ 4 _ _ _ _ 5") == []


def test_silence_must_last_for_as_long_as_for_says_too() -> None:
    watched = written(ABSENT, **{"for": "2m"})
    assert fired(watched, "3", now=8) == ["5 pending silent", "7 firing held"]
    assert fired(watched, "3 _ _ _ _ _ 4") == ["5 pending silent", "6 inactive condition_ended"]


def test_it_keeps_firing_after_a_value_for_as_long_as_asked() -> None:
    watched = written(ABSENT, keep_firing_for="2m")
    assert fired(watched, "3 _ _ _ _ _ 4 5 6") == ["5 firing silent", "8 resolved heard"]
    assert fired(watched, "3 _ _ _ _ _ 4", now=9) == ["5 firing silent", "8 resolved cleared"]


def test_silence_does_not_end_by_itself() -> None:
    assert fired(written(ABSENT, resolve_when_silent="10m"), "3", now=10_000) == ["5 firing silent"]


def test_any_value_is_a_sign_of_life_whatever_its_quality() -> None:
    assert fired(written(ABSENT), "3 4? 4! _ _ _ 5") == []


def test_unless_the_rule_wants_good_ones() -> None:
    assert fired(written(ABSENT, worst_quality=2), "3 4? 4! _ _ _ 5") == [
        "5 firing silent",
        "6 resolved heard",
    ]


def test_a_datastream_that_never_sent_anything_is_not_silent() -> None:
    assert evaluate(written(ABSENT), [], INACTIVE, at(1000)) == (INACTIVE, [])


def test_the_moment_of_silence_is_known_beforehand_and_counts_from_the_arrival() -> None:
    """What was kept and comes late is no silence while it comes."""
    watched = written(ABSENT)
    (value,) = values("3")
    state, _ = evaluate(watched, [value], INACTIVE, at(0))
    assert due_at(watched, state) == value.arrived + minutes(5)


def test_an_inactive_one_remembers_what_it_last_heard() -> None:
    state, _ = evaluate(written(ABSENT), values("3 4"), INACTIVE, at(1))
    assert state == Evaluation(evaluated_to=at(1), heard=sample(1, 4))


# -- all and any -----------------------------------------------------------------------------------------------------

BOTH = {"all": [{"above": 10}, {"property": "b", "above": 20}]}
EITHER = {"any": [{"above": 10}, {"property": "b", "above": 20}]}


def test_all_fires_when_each_part_is_met() -> None:
    assert fired(written(BOTH), "5 11 11 11", "5 5 21 5") == [
        "2 firing condition_met",
        "3 resolved cleared",
    ]


def test_all_does_not_fire_on_one_part() -> None:
    assert fired(written(BOTH), "11 11 5", "5 20 30") == []


def test_any_fires_on_one_part_and_ends_when_all_ended() -> None:
    assert fired(written(EITHER), "5 5 11 11 5", "5 21 21 5 5") == [
        "1 firing condition_met",
        "4 resolved cleared",
    ]


def test_any_does_not_fire_on_none() -> None:
    assert fired(written(EITHER), "10 9", "20 19") == []


def test_values_of_one_moment_are_judged_together() -> None:
    """Or a rule would fire between the first and the second of them."""
    assert fired(written(BOTH), "5 11 5", "21 5 21") == []
    assert fired(written({"all": [{"above": 10}, {"property": "b", "below": 20}]}), "5 11", "5 25") == []


def test_each_part_has_its_own_clear_level() -> None:
    watched = written({"all": [{"above": 10, "clear": 8}, {"property": "b", "above": 20, "clear": 15}]})
    assert fired(watched, "11 9 9 9", "21 18 15 14") == ["0 firing condition_met", "3 resolved cleared"]


def test_a_part_of_which_nothing_came_lately_neither_meets_nor_ends_it() -> None:
    assert fired(written(BOTH), "5 5 5 5 11", "21") == []
    assert fired(written(BOTH), "5 5 5 11", "21") == ["3 firing condition_met"]
    assert fired(written(BOTH), "11 11 11 11 11 11", "21") == ["0 firing condition_met"]


def test_any_goes_by_what_is_known() -> None:
    assert fired(written(EITHER), "5 5 5 5 5 5", "21") == ["0 firing condition_met", "4 resolved cleared"]
    assert fired(written(EITHER), "11", "21 21 21 21 5 5") == ["0 firing condition_met", "4 resolved cleared"]


def test_of_several_things_nearby_the_worst_counts() -> None:
    watched = written(
        {"all": [{"above": 10}, {"domain": "field", "property": "b", "above": 20, "within_km": 1}]}
    )
    near = [values("5 5 5", operand=1, stream=1), values("5 21 5", operand=1, stream=2)]
    assert run(watched, together(values("11 11 11"), *near)) == [
        "1 firing condition_met",
        "2 resolved cleared",
    ]
    assert run(watched, together(values("11 11 11"), near[0])) == []


def test_what_people_are_shown_is_the_first_part_and_the_others_stand_beside_it() -> None:
    state, _ = evaluate(written(BOTH), together(values("11"), values("21", operand=1)), INACTIVE, at(0))
    assert state.episode is not None
    assert state.episode.last.value == 11
    assert [one.value for one in state.episode.beside] == [21]


def test_the_worst_value_is_one_of_the_first_part_as_soon_as_there_is_one() -> None:
    samples = together(values("_ 11 12"), values("50 50 50", operand=1, stream=1))
    state, _ = evaluate(written(EITHER), samples, INACTIVE, at(2))
    assert state.episode is not None
    assert state.episode.peak.value == 12


def test_parts_may_be_of_every_kind() -> None:
    watched = written({"all": [{"above": 10}, RISES, {"any": [STUCK, {"property": "b", "outside": [0, 5]}]}]})
    assert fired(watched, "7 9 12 12 12", "1 1 6 1 1") == ["2 firing condition_met", "3 resolved cleared"]
    assert fired(watched, "7 9 12 12 12", "1 1 1 1 1") == []


# -- a calendar ------------------------------------------------------------------------------------------------------


def hanoi(text: str) -> datetime:
    """A time of 2026, of which 17 July is a Friday."""
    return datetime.fromisoformat(f"2026-{text}+07:00").astimezone(UTC)


def valid(table: dict[str, Any], when: str) -> bool:
    return in_force(written({"above": 0}, valid=table).calendar, hanoi(when))


@pytest.mark.parametrize(
    ("table", "inside", "outside"),
    [
        ({"hours": ["06:00", "22:00"]}, ["07-20T06:00", "07-20T21:59:59"], ["07-20T22:00", "07-20T05:59:59"]),
        ({"hours": ["22:00", "06:00"]}, ["07-20T22:00", "07-20T00:00", "07-20T05:59"], ["07-20T06:00", "07-20T21:59"]),
        ({"hours": ["18:00", "24:00"]}, ["07-20T23:59"], ["07-20T00:00"]),
        ({"weekdays": ["sat", "sun"]}, ["07-18T00:00", "07-19T23:59"], ["07-20T00:00", "07-17T23:59"]),
        ({"months": [5, 10]}, ["05-01T00:00", "10-31T23:59"], ["04-30T23:59", "07-20T12:00"]),
        # Friday's night lasts until Saturday morning, and Thursday's into Friday is none
        (
            {"weekdays": ["fri"], "hours": ["22:00", "06:00"]},
            ["07-17T23:00", "07-18T05:59"],
            ["07-17T05:00", "07-18T22:00"],
        ),
        # the last night of October reaches into November
        ({"months": [10], "hours": ["22:00", "06:00"]}, ["11-01T03:00"], ["10-01T03:00", "11-01T22:00"]),
    ],
    ids=["day", "night", "until_midnight", "weekend", "months", "fridays_night", "octobers_night"],
)  # fmt: skip
def test_a_calendar_is_in_hanoi_s_time(table: dict[str, Any], inside: list[str], outside: list[str]) -> None:
    assert [when for when in inside if not valid(table, when)] == []
    assert [when for when in outside if valid(table, when)] == []


EVENING = {"hours": ["17:00", "17:10"]}
"""The series begin at 17:00 in Hanoi, a Monday."""


def test_a_rule_fires_while_it_is_in_force() -> None:
    assert fired(written({"above": 10}, valid=EVENING), "5 11") == ["1 firing condition_met"]


def test_it_does_not_fire_when_it_is_not_in_force() -> None:
    assert fired(written({"above": 10}, valid={"hours": ["17:10", "17:00"]}), "5 11") == []


def test_it_ends_with_the_first_value_after_its_hours_and_begins_again_with_them() -> None:
    samples = values(" ".join(["11"] * 12))
    assert run(written({"above": 10}, valid=EVENING), samples) == [
        "0 firing condition_met",
        "10 resolved cleared",
    ]


def test_a_pending_one_does_not_fire_after_its_hours() -> None:
    watched = written({"above": 10}, property="slow", valid=EVENING, **{"for": "15m"})
    assert run(watched, values("11", begin=5), now=120) == ["5 pending condition_met"]
    assert run(watched, values("11", begin=5), now=240) == ["5 pending condition_met", "185 inactive silent"]


def test_what_is_shown_after_its_hours_is_still_the_measure() -> None:
    watched = written(RISES, valid={"hours": ["17:00", "17:02"]})
    _, transitions = evaluate(watched, values("1 6 7"), INACTIVE, at(2))
    assert told(transitions) == ["1 firing condition_met", "2 resolved cleared"]
    assert transitions[-1].episode.last.value == 6
    assert transitions[-1].episode.peak.value == 5


# -- what a condition looks back on ----------------------------------------------------------------------------------


def test_of_the_days_in_between_nothing_is_asked() -> None:
    """A week of a value a minute would be ten thousand for each new one."""
    usual = written({"above_usual_by": 1, "days": 7}).condition
    assert isinstance(usual, Usual)
    asked = sum(((span.end - span.begin).total_seconds() for span in usual.spans(at(0), at(0))), start=0.0)
    assert asked == pytest.approx(7 * 3600, abs=1)
