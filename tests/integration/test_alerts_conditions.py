"""Conditions that look at more than one value: on a real TimescaleDB, in any order, with several Things."""

import random
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from alerts.rules import RuleBook, parse_rules
from storage.catalog import load_catalog
from storage.model import Quality
from tests.integration.alert_city import City, open_city

pytestmark = pytest.mark.integration

NOW = datetime(2026, 7, 20, 10, 0, tzinfo=UTC)
POINT = "flood-nguyen-khuyen"
GAUGE = "rain-nguyen-khuyen"
"""In Đống Đa as the point is; the next point and gauge are farther than a kilometre from each other or not, as said."""
HEAD = """
[[rule]]
key = "{key}"
domain = "{domain}"
property = "{observed}"
severity = "warning"
title = {{ vi = "Thử", en = "Test" }}
runbook = {{ vi = "Thử", en = "Test" }}
suggestion = true
basis = {{ vi = "test", en = "test" }}
"""


def book(folder: Path, **whens: str) -> RuleBook:
    """One rule a keyword, its text after the head; the key says the property: water_depth__name."""
    text = ""
    for name, rest in whens.items():
        observed = name.split("__")[0]
        domain = {"water_depth": "flood", "rain_interval": "rain", "dissolved_oxygen": "water_quality"}[
            observed
        ]
        text += (
            HEAD.format(key=name.replace("__", "-").replace("_", "-"), domain=domain, observed=observed)
            + rest
        )
    tomllib.loads(text)
    (folder / "rules.toml").write_text(text)
    catalogue = load_catalog()
    for domain_ in catalogue.values():
        domain_.sections.pop("rule", None)
    return parse_rules(catalogue, [folder])


def minute(number: float) -> datetime:
    return NOW + timedelta(minutes=number)


def every_minute(values: list[float], begin: float = 0) -> list[tuple[datetime, float]]:
    return [(minute(begin + number), value) for number, value in enumerate(values)]


@pytest.fixture
def silent(city_url: str, tmp_path: Path) -> Iterator[City]:
    with open_city(city_url, book(tmp_path, water_depth__silent='when = { absent_for = "10m" }\n')) as city:
        yield city


def times(city: City) -> list[tuple[str, str, Any, Any]]:
    return [
        (a["thing_id"], a["state"], a["firing_since"], a["resolved_at"])
        for a in city.alerts()
        if a["withdrawn_at"] is None
    ]


def test_a_sensor_that_falls_silent_fires_and_is_resolved_by_its_next_value(silent: City) -> None:
    silent.write(POINT, "water_depth", every_minute([1, 2, 3]))
    silent.evaluate(minute(3))
    silent.let_time_pass(minute(12))
    assert times(silent) == []
    silent.let_time_pass(minute(14))
    assert times(silent) == [(POINT, "firing", minute(12), None)]
    (alert,) = silent.alerts()
    assert (alert["condition"], alert["limit_value"], alert["value"]) == ("absent", None, 3)
    assert alert["labels"]["kind"] == "sensor"
    silent.write(POINT, "water_depth", [(minute(20), 4)])
    silent.evaluate(minute(20))
    assert times(silent) == [(POINT, "resolved", minute(12), minute(20))]
    assert [t.reason for t in silent.transitions()] == ["silent", "heard"]


def test_a_value_that_comes_late_moves_the_silence(silent: City) -> None:
    silent.write(POINT, "water_depth", every_minute([1]))
    silent.evaluate(minute(0))
    silent.let_time_pass(minute(11))
    assert times(silent) == [(POINT, "firing", minute(10), None)]
    silent.write(POINT, "water_depth", [(minute(5), 1)])
    silent.evaluate(minute(11))
    assert times(silent) == []
    silent.let_time_pass(minute(22))
    assert times(silent) == [(POINT, "firing", minute(15), None)]


def test_whoever_was_silent_before_the_rule_came_is_found(city_url: str, tmp_path: Path) -> None:
    with open_city(city_url, RuleBook.of([])) as city:
        city.write(POINT, "water_depth", every_minute([1, 2]))
        city.evaluate(minute(2))
        city.use(book(tmp_path, water_depth__silent='when = { absent_for = "10m" }\n'), minute(60))
        city.let_time_pass(minute(71))  # the value of the simulated past counts as come when the rule came
        assert times(city) == [(POINT, "firing", minute(11), None)]
        assert city.outbox() == ["firing"]


def test_a_thing_that_was_never_heard_is_not_silent(silent: City) -> None:
    silent.use(silent.engine.book, minute(600))
    silent.let_time_pass(minute(600))
    assert silent.alerts() == []


def test_a_sensor_that_delivers_what_it_kept_is_not_silent(silent: City) -> None:
    """A backfill comes hour by hour: the newest value is old, and has only just come."""
    silent.write(POINT, "water_depth", every_minute([1, 2, 3]))
    silent.evaluate(minute(300))
    silent.let_time_pass(minute(305))
    assert times(silent) == []
    silent.write(POINT, "water_depth", every_minute([4, 5], 3))
    silent.evaluate(minute(308))
    silent.let_time_pass(minute(315))
    assert times(silent) == []
    silent.let_time_pass(minute(319))
    assert times(silent) == [(POINT, "firing", minute(14), None)]


RAIN_AND_FLOOD = """
when = { all = [ { at_least = 15 }, { domain = "rain", property = "rain_interval", at_least = 4, within_km = 1.5 } ] }
"""


def test_a_flood_under_heavy_rain_nearby_is_one_alert(city_url: str, tmp_path: Path) -> None:
    with open_city(city_url, book(tmp_path, water_depth__compound=RAIN_AND_FLOOD)) as city:
        city.write(POINT, "water_depth", [(minute(1), 20)])
        city.evaluate(minute(1))
        assert city.alerts() == []
        city.write("rain-yen-so", "rain_interval", [(minute(2), 9)])  # on the other side of the city
        city.evaluate(minute(2))
        assert city.alerts() == []
        city.write(GAUGE, "rain_interval", [(minute(3), 5)])
        city.evaluate(minute(3))
        assert times(city) == [(POINT, "firing", minute(3), None)]
        beside = city.transitions()[-1].evidence["beside"]
        assert [(one["property"], one["value"]) for one in beside] == [("rain_interval", 5)]
        city.write(GAUGE, "rain_interval", [(minute(8), 1)])
        city.evaluate(minute(8))
        assert times(city) == [(POINT, "resolved", minute(3), minute(8))]


def test_a_gauge_that_is_not_heard_any_more_is_no_rain(city_url: str, tmp_path: Path) -> None:
    with open_city(city_url, book(tmp_path, water_depth__compound=RAIN_AND_FLOOD)) as city:
        city.write(GAUGE, "rain_interval", [(minute(0), 9)])
        city.write(
            POINT, "water_depth", [(minute(16), 20)]
        )  # later than three of the gauge's intervals of 5 min
        city.evaluate(minute(16))
        assert city.alerts() == []


def test_a_dawn_dip_that_is_as_usual_stays_quiet(city_url: str, tmp_path: Path) -> None:
    dip = 'when = { all = [ { below = 4 }, { below_usual_by = 1, days = 7, without_history = "met" } ] }\n'
    thing = "west-lake-trich-sai"
    with open_city(city_url, book(tmp_path, dissolved_oxygen__dip=dip)) as city:
        days = [
            (NOW - timedelta(days=day) + timedelta(minutes=5 * n), 3.2) for day in range(5) for n in range(3)
        ]
        city.write(thing, "dissolved_oxygen", days)
        city.evaluate(NOW + timedelta(minutes=10))
        before_history = [alert for alert in city.alerts() if alert["firing_since"] > NOW - timedelta(days=2)]
        assert before_history == []  # from the fourth day on three earlier ones are known
        city.write(thing, "dissolved_oxygen", [(minute(15), 2.1)])
        city.evaluate(minute(15))
        assert [alert["firing_since"] for alert in city.alerts() if alert["state"] == "firing"] == [
            minute(15)
        ]


def test_many_firings_within_an_hour_are_flapping(city_url: str, tmp_path: Path) -> None:
    with open_city(
        city_url, book(tmp_path, water_depth__high="when = { at_least = 15 }\nflapping = 3\n")
    ) as city:
        for number in range(5):
            city.write(POINT, "water_depth", every_minute([20, 1], 4 * number))
            city.evaluate(minute(4 * number + 1))
        assert [alert["flapping"] for alert in city.alerts()] == [False, False, True, True, True]


RULES = {
    "water_depth__limit": 'when = { at_least = 15 }\nclear = 12\nfor = "2m"\nkeep_firing_for = "3m"\n',
    "water_depth__outside": "when = { outside = [3, 20], margin = 1 }\n",
    "water_depth__jump": 'when = { rises_by = 8, within = "4m" }\nclear = 4\n',
    "water_depth__stuck": 'when = { stuck_for = "5m", except = [0] }\nkeep_firing_for = "2m"\nworst_quality = 3\n',
    "water_depth__silent": 'when = { absent_for = "4m" }\n',
    "water_depth__both": """when = { all = [ { at_least = 12, clear = 10 },
        { domain = "rain", property = "rain_interval", at_least = 4, within_km = 1.5, clear = 2 } ] }\nfor = "1m"\n""",
    "water_depth__either": """when = { any = [ { at_least = 18 },
        { domain = "rain", property = "rain_interval", at_least = 8, within_km = 1.5 } ] }\n""",
}


def random_walk(chance: random.Random, low: float, high: float, step: float) -> Iterator[float]:
    value = (low + high) / 2
    while True:
        value = min(high, max(low, value + chance.choice([-step, 0, 0, step, 2 * step, -2 * step])))
        yield value


def random_city(chance: random.Random) -> list[tuple[str, str, datetime, float, Quality]]:
    """Forty minutes of a point and a gauge, with gaps, with suspect values."""
    depth, rain = random_walk(chance, 0, 25, 3), random_walk(chance, 0, 10, 2)
    found = []
    for number in range(40):
        quality = Quality.SUSPECT if chance.random() < 0.1 else Quality.GOOD
        if chance.random() < 0.75 and not 15 <= number < 15 + chance.choice([0, 6]):
            found.append((POINT, "water_depth", minute(number), next(depth), quality))
        if number % 5 == 0 and chance.random() < 0.9:
            found.append((GAUGE, "rain_interval", minute(number), next(rain), Quality.GOOD))
    return found


def play(city: City, batches: list[list[tuple[str, str, datetime, float, Quality]]]) -> list[tuple[Any, ...]]:
    for batch in batches:
        for thing, observed, time, value, quality in batch:
            city.write(thing, observed, [(time, value)], quality=quality)
        city.evaluate(minute(60))
    city.let_time_pass(minute(90))
    return sorted(
        (
            a["rule"],
            a["thing_id"],
            a["state"],
            a["pending_since"],
            str(a["firing_since"]),
            str(a["resolved_at"]),
        )
        for a in city.alerts()
        if a["withdrawn_at"] is None and a["firing_since"] is not None
    )


@pytest.mark.parametrize("seed", range(4))
def test_whatever_the_order_the_record_ends_the_same(
    city_url: str, other_city_url: str, tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    values = random_city(chance)
    rules = book(tmp_path, **RULES)
    with open_city(city_url, rules) as city:
        in_order = play(city, [[value] for value in values])
    shuffled = values[:]
    chance.shuffle(shuffled)
    batches = [shuffled[n : n + 7] for n in range(0, len(shuffled), 7)]
    with open_city(other_city_url, rules) as city:
        found = play(city, batches)
        assert {rule: [row for row in found if row[0] == rule] for rule in rules.by_key} == {
            rule: [row for row in in_order if row[0] == rule] for rule in rules.by_key
        }
    assert in_order
