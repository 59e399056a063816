"""Every shipped rule with a series that fires and clears it, and one that must not fire it.

Levels and times from the sources that each rule's `basis` names; a value stands for each reporting interval.
"""

from dataclasses import dataclass

import pytest

from alerts.model import Rule
from alerts.rules import RuleBook, parse_rules
from storage.catalog import load_catalog
from tests.alerts.series import run, values


@dataclass(frozen=True, kw_only=True)
class Case:
    every_min: int
    fires: str
    fires_at_min: int
    clears_at_min: int
    stays_quiet: str


CASES = {
    "air-aqi-bad": Case(
        every_min=60,
        fires="120 151 149 146 145",
        fires_at_min=60,
        clears_at_min=240,
        stays_quiet="100 150 149",
    ),
    "air-aqi-very-bad": Case(
        every_min=60, fires="190 201 196 195", fires_at_min=60, clears_at_min=180, stays_quiet="151 200 180"
    ),
    "water-oxygen-low": Case(
        every_min=5,
        fires="5.1 3.9 3.8 3.6 3.5 3.4 3.6 3.9 4.2 4.5 4.6 4.7 4.9 5.2 5.6",
        fires_at_min=35,
        clears_at_min=65,
        stays_quiet="5.1 3.9 3.8 3.7 3.8 3.9 4.0 3.9 3.8 3.9 4.1",
    ),
    "water-oxygen-critical": Case(
        every_min=5,
        fires="3.6 1.9 1.2 0.46 0 0 0 0 1.8 2.6 2.8 3.0 3.3",
        fires_at_min=35,
        clears_at_min=60,
        stays_quiet="3.6 2.4 2 2 2 2 2 2 2 2",
    ),
    "rain-heavy": Case(
        every_min=5,
        fires="0 0.8 1 1.2 2 1 0.4 0.2 0.2 0 0",
        fires_at_min=20,
        clears_at_min=45,
        stays_quiet="0 1 1 0.8 1 1 0.8",
    ),
    "rain-very-heavy": Case(
        every_min=5,
        fires="2 4.2 5 7.8 6 3.8 2 1.6 1 0.2",
        fires_at_min=10,
        clears_at_min=45,
        stays_quiet="2 4.2 4 5 4 2",
    ),
    "flood-15": Case(
        every_min=1,
        fires="0 6 15 22 27 22 16 13 12 12 11 11 10 10 9 9 8 8 7",
        fires_at_min=4,
        clears_at_min=18,
        stays_quiet="0 6 15 16 14 15 15 14 12",
    ),
    "flood-30": Case(
        every_min=1,
        fires="22 30 34 31 27 27 26 26 25 25 24 24 23 23 22",
        fires_at_min=2,
        clears_at_min=14,
        stays_quiet="22 29 30 29 28 30 29",
    ),
    "parking-battery-low": Case(
        every_min=60,
        fires="3.02 2.99 2.98 2.97 3.6",
        fires_at_min=180,
        clears_at_min=240,
        stays_quiet="3.05 3 3 2.99 2.98 3 3",
    ),
}


@pytest.fixture(scope="module")
def book() -> RuleBook:
    return parse_rules(load_catalog())


def test_every_rule_has_its_series(book: RuleBook) -> None:
    assert set(CASES) == set(book.by_key)


def test_every_domain_has_a_rule(book: RuleBook) -> None:
    assert {rule.domain for rule in book.by_key.values()} == set(load_catalog())


@pytest.mark.parametrize("key", CASES)
def test_it_fires_and_clears(book: RuleBook, key: str) -> None:
    case, rule = CASES[key], book.by_key[key]
    changes = run(rule, values(case.fires, every=case.every_min))
    assert _times(changes, "firing") == [case.fires_at_min]
    assert _times(changes, "resolved") == [case.clears_at_min]


@pytest.mark.parametrize("key", CASES)
def test_it_does_not_fire(book: RuleBook, key: str) -> None:
    case, rule = CASES[key], book.by_key[key]
    assert _times(run(rule, values(case.stays_quiet, every=case.every_min)), "firing") == []


@pytest.mark.parametrize("key", CASES)
def test_suspect_values_do_not_fire_it(book: RuleBook, key: str) -> None:
    case, rule = CASES[key], book.by_key[key]
    suspect = " ".join(f"{word}?" for word in case.fires.split())
    assert run(rule, values(suspect, every=case.every_min)) == []


def test_limits_that_are_our_own_are_marked(book: RuleBook) -> None:
    official = {key for key, rule in book.by_key.items() if not rule.suggestion}
    assert official == {"air-aqi-bad", "air-aqi-very-bad"}


def test_a_weak_battery_is_not_the_citizens_business(book: RuleBook) -> None:
    hidden: list[Rule] = [rule for rule in book.by_key.values() if not rule.for_citizens]
    assert [rule.key for rule in hidden] == ["parking-battery-low"]


def _times(changes: list[str], state: str) -> list[int]:
    return [int(float(change.split()[0])) for change in changes if change.split()[1] == state]
