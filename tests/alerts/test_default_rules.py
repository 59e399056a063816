"""The shipped rules: each with a series that fires it and one that must not, in `alerts/rule_tests/`.

Levels and times come from the sources that each rule's `basis` names.
"""

from dataclasses import replace

import msgspec
import pytest

from alerts import rules
from alerts.commands import test as command
from alerts.evaluate import INACTIVE, evaluate
from alerts.model import Public, Severity
from alerts.rule_test import RuleTest, read_tests, run, untested
from alerts.rules import parse_rules
from storage import catalog, inventory
from storage.model import Domain, Provenance, Thing

CITY = catalog.load_catalog()
EVERYTHING = catalog.load_catalog((catalog.SHIPPED, catalog.OPERATIONS))
BOOK = parse_rules(EVERYTHING)
TESTS = [
    test
    for source, tables in command.everywhere(EVERYTHING, [rules.SHIPPED])
    for test in read_tests(source, tables, BOOK.by_key)
]
FIRES = [test for test in TESTS if test.expects_firing]
ABOUT_VALUES = [test for test in FIRES if test.rule.worst_quality == 2]


def called(test: RuleTest) -> str:
    return f"{test.rule.key} {test.it}"


@pytest.mark.parametrize("test", TESTS, ids=called)
def test_it_does_what_its_file_says(test: RuleTest) -> None:
    assert run(test).faults == ()


def test_every_rule_has_a_series_that_fires_it_and_one_that_does_not() -> None:
    assert untested(BOOK.by_key.values(), TESTS) == {}


def test_every_domain_has_rules_also_about_silent_and_stuck_sensors() -> None:
    kinds = {(rule.domain, rule.condition.kind) for rule in BOOK.by_key.values()}
    assert {domain for domain, kind in kinds if kind not in ("absent", "stuck")} == set(EVERYTHING)
    assert {domain for domain, kind in kinds if kind == "absent"} == set(EVERYTHING)
    assert {domain for domain, kind in kinds if kind == "stuck"} == set(CITY)


@pytest.mark.parametrize("test", ABOUT_VALUES, ids=called)
def test_suspect_values_do_not_fire_it(test: RuleTest) -> None:
    suspect = tuple(msgspec.structs.replace(one, quality=3) for one in test.samples)
    assert run(replace(test, samples=suspect)).fires == ()


@pytest.mark.parametrize("test", FIRES, ids=called)
def test_one_simulated_value_makes_the_alert_simulated(test: RuleTest) -> None:
    """Or a warning made up would leave the house as a real one."""
    marked = [msgspec.structs.replace(one, provenance=Provenance.SIMULATED) for one in test.samples]
    _, transitions = evaluate(test.rule, marked, INACTIVE, test.end)
    assert {one.episode.provenance for one in transitions} == {Provenance.SIMULATED}


def test_limits_that_are_our_own_are_marked() -> None:
    official = {key for key, rule in BOOK.by_key.items() if not rule.suggestion}
    assert official == {"air-aqi-poor", "air-aqi-bad", "air-aqi-very-bad", "air-aqi-hazardous"}


@pytest.mark.parametrize("key", BOOK.by_key)
def test_where_a_limit_comes_from_is_said_in_both_languages(key: str) -> None:
    basis = BOOK.by_key[key].basis
    assert basis.vi != basis.en
    assert [mark in basis.vi for mark in ("[S]", "[M]", "[V]")] == [
        mark in basis.en for mark in ("[S]", "[M]", "[V]")
    ]


@pytest.mark.parametrize("key", BOOK.by_key)
def test_what_is_about_a_sensor_or_the_platform_is_not_the_citizens_business(key: str) -> None:
    rule = BOOK.by_key[key]
    hidden = rule.labels["kind"] in ("sensor", "platform")
    assert rule.for_citizens is not hidden
    assert (rule.public is Public.NEVER) or not hidden


def test_nothing_goes_out_to_the_public_without_an_operator() -> None:
    assert {rule.public for rule in BOOK.by_key.values()} == {Public.NEVER, Public.APPROVE}


@pytest.mark.parametrize(
    "key",
    [
        "flood-30",
        "flood-50",
        "air-aqi-very-bad",
        "air-aqi-hazardous",
        "water-oxygen-critical",
        "water-oxygen-emergency",
    ],
)
def test_what_endangers_people_may_go_out(key: str) -> None:
    rule = BOOK.by_key[key]
    assert (rule.public, rule.severity) == (Public.APPROVE, Severity.CRITICAL)


@pytest.mark.parametrize("key", BOOK.by_key)
def test_a_runbook_says_what_to_do_in_both_languages(key: str) -> None:
    rule = BOOK.by_key[key]
    for text in (rule.title, rule.runbook):
        assert text.vi != text.en
    assert len(rule.runbook.vi) > 40
    assert len(rule.runbook.en) > 40


@pytest.fixture(scope="module")
def placed() -> dict[str, Thing]:
    things = inventory.load_inventory((inventory.SHIPPED,), CITY)
    return {thing.id: thing for thing in things if thing.kind in ("flood_point", "gauge")}


def test_every_flood_point_and_gauge_has_a_basin(placed: dict[str, Thing]) -> None:
    assert len(placed) == 33 + 16
    basins = {thing.attributes["basin"] for thing in placed.values()}
    assert basins == {"to-lich", "nhue", "cau-bay"}


def test_the_gauges_of_the_to_lich_are_those_whose_mean_is_its_rain(placed: dict[str, Thing]) -> None:
    things = inventory.load_inventory((inventory.SHIPPED,), CITY)
    (basin,) = [thing for thing in things if thing.id == "to-lich-basin"]
    of_basin = {
        key
        for key, thing in placed.items()
        if thing.kind == "gauge" and thing.attributes["basin"] == "to-lich"
    }
    assert of_basin == set(basin.attributes["gauges"])


def test_some_flood_points_have_a_gauge_near_enough_for_the_rule_over_both() -> None:
    (rule,) = [rule for rule in BOOK.by_key.values() if len(rule.operands) > 1 and rule.domain == "flood"]
    assert [(one.domain, one.property, one.within_m) for one in rule.operands] == [
        ("flood", "flood_level", None),
        ("rain", "rain_1h", 1000),
    ]


def test_the_rules_of_the_city_stand_without_the_platform_s() -> None:
    city: dict[str, Domain] = CITY
    assert set(BOOK.by_key) - set(parse_rules(city).by_key) == {"canary-silent", "path-slow", "power-lost"}
