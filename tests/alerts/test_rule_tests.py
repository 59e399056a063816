"""The tests of rules: what their tables say, and what people are told when one fails or can't be read."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from alerts.model import Rule
from alerts.rule_test import Outcome, RuleTest, read_tests, run, untested
from storage.catalog import ReferenceDataError
from tests.alerts.series import minutes
from tests.alerts.written import written

PLAIN = written({"above": 10}, **{"for": "2m"})
BOTH = written({"all": [{"above": 10}, {"domain": "field", "property": "b", "above": 20, "within_km": 1}]})


def read(watched: Rule = PLAIN, /, **keys: Any) -> RuleTest:
    table = {"rule": "tried", "it": "does something", **keys}
    (test,) = read_tests("x.toml", [table], {"tried": watched})
    return test


def tried(watched: Rule = PLAIN, /, **keys: Any) -> Outcome:
    return run(read(watched, **keys))


def test_states_are_those_after_each_value() -> None:
    assert tried(values="5 11 12 13 5", states=".PPF.").faults == ()


def test_times_of_firing_and_ending_count_from_its_start() -> None:
    assert tried(values="5 11 12 13 5", fires=["3m"], ends=["4m"]).faults == ()
    assert tried(values="5 11 5", fires=[]).faults == ()


def test_a_failure_shows_both_and_where_they_part() -> None:
    assert tried(values="5 11 12 13 5", states=".PFF.").faults == (
        "states   .PFF.",
        "but came .PPF.",
        "           ^ step 2",
    )
    assert tried(values="5 11 12 13 5", fires=["2m"], ends=[]).faults == (
        "fires    2m, but came 3m",
        "ends     never, but came 4m",
    )
    assert tried(values="11 5", fires=["2m"]).faults == ("fires    2m, but came never",)


def test_time_goes_on_after_the_last_value_as_far_as_it_says() -> None:
    silent = written({"absent_for": "5m"})
    assert tried(silent, values="1", fires=[]).faults == ()
    assert tried(silent, values="1", until="6m", fires=["5m"]).faults == ()
    assert tried(silent, values="1 _*5", states=".....F").faults == ()


def test_values_are_written_short() -> None:
    test = read(values="3 _ -4.5? 5!*3 _*2", states=".")
    assert [((one.time - test.start) / minutes(1), one.value, one.quality) for one in test.samples] == [
        (0, 3, 1),
        (2, -4.5, 3),
        (3, 5, 4),
        (4, 5, 4),
        (5, 5, 4),
    ]
    assert test.end - test.start == minutes(7)


def test_each_operand_has_its_series_by_name_and_each_thing_nearby_its_own() -> None:
    series = [{"of": "b", "values": "5 5 5"}, {"of": "field/b", "thing": 2, "values": "5 21 5"}]
    assert tried(BOTH, values="11 11 11", series=series, states=".F.").faults == ()


def test_a_series_comes_at_its_property_s_interval_unless_it_says() -> None:
    slow = written({"above": 10}, property="slow")
    test = read(slow, values="1 2 3", states="...")
    assert (test.step, test.end - test.start) == (timedelta(hours=1), timedelta(hours=2))
    test = read(slow, values="1 2 3", every="10m", states="...")
    assert (test.step, test.end - test.start) == (minutes(10), minutes(20))


def test_what_came_of_the_past_before_it_is_not_looked_at() -> None:
    past = [{"from": "-10m", "values": "11*4 5"}]
    assert tried(values="5 5", series=past, fires=[], ends=[]).faults == ()


def test_it_begins_on_a_monday_at_17_in_hanoi_unless_it_says() -> None:
    assert read(values="1", states=".").start == datetime(2026, 7, 20, 10, 0, tzinfo=UTC)
    start = datetime.fromisoformat("2026-01-01T06:00:00+07:00")
    assert read(values="1", states=".", start=start).start == datetime(2025, 12, 31, 23, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        (
            {"values": "1", "states": ".", "rule": "tired"},
            "rule: 'tired' is none of ['tried'] (did you mean 'tried'?)",
        ),
        ({"values": "1"}, 'give states (such as "..PF.") or the times of fires and ends'),
        ({"states": "."}, "give values, or [[test.series]]"),
        ({"values": "1 x", "states": "."}, "values: 'x' is no value: they are written like 3.5, _ (none)"),
        ({"values": "1*", "states": "."}, "values: '1*' is no value"),
        ({"values": " ", "states": "."}, "values: there are none"),
        ({"values": "1*999999", "states": "."}, "values: more than 100000"),
        ({"values": "1", "states": ".X"}, "states: String should match pattern"),
        ({"values": "1", "fires": ["5"]}, 'fires.1: a duration is written like "30s"'),
        ({"values": "1", "value": "1", "states": "."}, "value: is no key: 'value' is none of"),
        (
            {"values": "1", "states": ".", "series": [{"of": "c", "values": "1"}]},
            "of: 'c' is none of ['a', 'lab/a']",
        ),
        (
            {"values": "1", "states": ".", "series": [{"values": "1"}]},
            "series: two values of one Datastream at",
        ),
        (
            {"series": [{"values": "1", "from": "yesterday"}], "states": "."},
            "from: a duration is written like",
        ),
        (
            {"series": [{"values": "1", "every": "0s"}], "states": "."},
            "series.1: every: must be longer than nothing",
        ),
        ({"series": [{"values": "1"}], "every": "5m", "states": "."}, "every: goes with values"),
        (
            {"values": "1", "states": ".", "start": datetime.fromisoformat("2026-01-01T00:00:00")},
            "start: Input should have timezone info",
        ),
    ],
)
def test_what_can_t_be_read_is_said_with_file_and_test(keys: Mapping[str, Any], says: str) -> None:
    with pytest.raises(ReferenceDataError) as error:
        read(**keys)
    assert str(error.value).startswith("x.toml: test 1")
    assert says in str(error.value)


def test_tests_are_a_list_of_tables() -> None:
    with pytest.raises(
        ReferenceDataError, match=r"x.toml: test: is a list of tables, each under \[\[test\]\]"
    ):
        read_tests("x.toml", {"rule": "tried"}, {})


def test_a_rule_needs_one_that_fires_it_and_one_that_does_not() -> None:
    fires = read(values="11 11 11", states="PPF")
    quiet = read(values="5", fires=[])
    assert untested([PLAIN], []) == {"tried": "one that fires it and one that does not"}
    assert untested([PLAIN], [fires]) == {"tried": "one that does not"}
    assert untested([PLAIN], [quiet]) == {"tried": "one that fires it"}
    assert untested([PLAIN], [fires, quiet]) == {}
