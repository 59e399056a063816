"""Rules and alerting.toml are edited while alerts fire: nothing stops or is stuck, everybody hears what he should."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from alerts.rules import RuleBook
from storage import db, leader, silences
from tests.integration.alarms import NOW, Alarms, Clock, receivers
from tests.integration.alert_city import City, open_city
from tests.integration.test_alerts_conditions import (
    GAUGE,
    POINT,
    RAIN_AND_FLOOD,
    book,
    every_minute,
    minute,
    times,
)

pytestmark = pytest.mark.integration

PLAIN = "when = { at_least = 15 }\n"


def rules(folder: Path, text: str) -> RuleBook:
    return book(folder, water_depth__edited=text)


@pytest.fixture
def city(city_url: str, tmp_path: Path) -> Iterator[City]:
    with open_city(city_url, rules(tmp_path, PLAIN)) as opened:
        opened.use(opened.engine.book, NOW)
        yield opened


def states(city: City) -> list[tuple[str, str]]:
    return [(t.to_state, t.reason) for t in city.transitions()]


def test_a_rule_that_loses_an_operand_while_it_fires_begins_anew(city: City, tmp_path: Path) -> None:
    city.use(rules(tmp_path, RAIN_AND_FLOOD), NOW)
    city.write(GAUGE, "rain_interval", [(minute(0), 9)])
    city.write(POINT, "water_depth", [(minute(1), 20)])
    city.evaluate(minute(1))
    city.use(rules(tmp_path, PLAIN), minute(2))
    city.write(POINT, "water_depth", [(minute(3), 30), (minute(4), 5)])
    city.evaluate(minute(4))
    assert states(city) == [
        ("firing", "condition_met"),
        ("resolved", "rule_changed"),
        ("firing", "condition_met"),
        ("resolved", "cleared"),
    ]


def test_new_words_change_no_alert(city: City, tmp_path: Path) -> None:
    city.write(POINT, "water_depth", [(minute(1), 20)])
    city.evaluate(minute(1))
    other = rules(tmp_path, PLAIN + 'public = "never"\n')
    city.use(other, minute(2))
    assert times(city) == [(POINT, "firing", minute(1), None)]


def test_another_severity_is_another_alert(city: City, tmp_path: Path) -> None:
    city.write(POINT, "water_depth", [(minute(1), 20)])
    city.evaluate(minute(1))
    text = (tmp_path / "rules.toml").read_text().replace('"warning"', '"critical"')
    (tmp_path / "rules.toml").write_text(text)
    city.use(_again(tmp_path), minute(2))
    city.write(POINT, "water_depth", [(minute(3), 25)])
    city.evaluate(minute(3))
    assert [(a["severity"], a["state"]) for a in city.alerts()] == [
        ("warning", "resolved"),
        ("critical", "firing"),
    ]


def _again(folder: Path) -> RuleBook:
    from alerts.rules import parse_rules
    from storage.catalog import load_catalog

    catalogue = load_catalog()
    for domain in catalogue.values():
        domain.sections.pop("rule", None)
    return parse_rules(catalogue, [folder])


def test_a_scope_that_is_narrowed_and_widened_again_makes_a_new_alert(city: City, tmp_path: Path) -> None:
    city.write(POINT, "water_depth", [(minute(1), 20)])
    city.evaluate(minute(1))
    city.use(rules(tmp_path, PLAIN + 'things = ["flood-thai-ha"]\n'), minute(5))
    assert city.conn.execute("SELECT count(*) AS n FROM alert_evaluation").fetchone() == {"n": 0}
    city.use(rules(tmp_path, PLAIN), minute(10))
    city.write(POINT, "water_depth", [(minute(11), 25)])
    city.evaluate(minute(11))
    assert [(a["firing_since"], a["state"]) for a in city.alerts()] == [
        (minute(1), "resolved"),
        (minute(11), "firing"),
    ]
    assert city.outbox() == ["firing", "resolved", "firing"]


def test_a_rule_that_becomes_one_of_silence_hears_who_is_silent_already(city: City, tmp_path: Path) -> None:
    city.write(POINT, "water_depth", every_minute([1]))
    city.evaluate(minute(0))
    city.use(rules(tmp_path, 'when = { absent_for = "15m" }\n'), minute(60))
    city.let_time_pass(minute(76))
    assert times(city) == [(POINT, "firing", minute(15), None)]


def test_a_changed_rule_is_in_the_audit(city: City, tmp_path: Path) -> None:
    city.use(rules(tmp_path, "when = { at_least = 16 }\n"), minute(1))
    city.use(RuleBook.of([]), minute(2))
    trail = city.conn.execute("SELECT actor, action, subject FROM operator_audit ORDER BY id").fetchall()
    actions = [(row["actor"], row["action"], row["subject"]) for row in trail]
    key = "water-depth-edited"
    assert actions == [("file", f"rule.{what}", key) for what in ("added", "changed", "removed")]


# The dispatcher's side.

PEOPLE = (
    receivers(["desk", "lan-sms", "hoa-sms"])
    + """
[person.{first}]
name = "A"
receivers = ["lan-sms"]

[person.hoa]
name = "Hòa"
receivers = ["hoa-sms"]

[route]
receivers = ["desk"]
group_by = ["..."]
group_interval = "1m"
repeat_interval = "30m"
escalation = "duty"

[[escalation.duty]]
after = "10m"
receivers = ["person:{called}"]
"""
)


@pytest.fixture
def alarms(city_url: str, tmp_path: Path) -> Iterator[Alarms]:
    with db.connect(city_url, name="test", autocommit=True) as conn:
        yield Alarms(conn=conn, clock=Clock(), folder=tmp_path)


def restarted(alarms: Alarms) -> None:
    alarms.term = leader.take_over(alarms.conn, "another")


def test_a_person_who_is_renamed_stops_nobody(alarms: Alarms) -> None:
    desk = alarms.dispatcher(PEOPLE.format(first="lan", called="lan"))
    alert = alarms.fire("a", severity="critical")
    alarms.run_for(desk, 15)
    restarted(alarms)
    desk = alarms.dispatcher(PEOPLE.format(first="linh", called="linh"))
    alarms.end(alert)
    alarms.fire("b", "flood-thai-ha", severity="critical")
    alarms.run_for(desk, 5)
    told = alarms.receivers["desk"].told()
    assert ("resolved", [], ["a"]) in told
    assert ("firing", ["b"], []) in told
    assert ("resolved", [], ["a"]) in alarms.receivers["lan-sms"].told()


def test_who_is_taken_out_of_a_chain_hears_of_the_end_alone(alarms: Alarms) -> None:
    desk = alarms.dispatcher(PEOPLE.format(first="lan", called="lan"))
    alert = alarms.fire("a", severity="critical")
    alarms.run_for(desk, 15)
    restarted(alarms)
    desk = alarms.dispatcher(PEOPLE.format(first="lan", called="hoa"))
    alarms.run_for(desk, 100)
    alarms.end(alert)
    alarms.run_for(desk, 3)
    assert alarms.receivers["lan-sms"].told() == [("escalation", ["a"], []), ("resolved", [], ["a"])]


def test_a_silence_puts_an_escalation_off_and_does_not_cancel_it(alarms: Alarms) -> None:
    desk = alarms.dispatcher(PEOPLE.format(first="lan", called="lan"))
    alarms.fire("a", severity="critical")
    alarms.run_for(desk, 8)
    silences.add(
        alarms.conn,
        kind="silence",
        matchers=["rule = a"],
        starts_at=alarms.clock.now,
        ends_at=alarms.clock.now + timedelta(minutes=5),
        author="lan",
        reason="thử bơm",
        source="::1",
        now=alarms.clock.now,
    )
    alarms.run_for(desk, 4)
    assert alarms.receivers["lan-sms"].told() == []
    alarms.run_for(desk, 5)
    assert alarms.receivers["lan-sms"].told() == [("escalation", ["a"], [])]


def test_what_fires_again_after_it_was_acknowledged_is_told(alarms: Alarms) -> None:
    from storage import alert_actions

    desk = alarms.dispatcher(PEOPLE.format(first="lan", called="lan").replace('"1m"', '"5m"'))
    alert = alarms.fire("a", severity="critical")
    alarms.run(desk)
    alert_actions.acknowledge(alarms.conn, alert, note="", actor="lan", source="::1", now=alarms.clock.now)
    alarms.clock.forward(minutes=1)
    alarms.end(alert)
    alarms.run(desk)
    alarms.clock.forward(minutes=1)
    alarms.fire("a", severity="critical")
    alarms.run_for(desk, 6)
    assert [reason for reason, firing, _ in alarms.receivers["desk"].told() if firing] == ["firing", "firing"]


def test_an_answer_that_can_not_be_stored_is_stored_as_far_as_it_can(alarms: Alarms) -> None:
    desk = alarms.dispatcher(PEOPLE.format(first="lan", called="lan"))
    alarms.receivers["desk"].receipt = "id\0" + "42" * 5_000
    alarms.fire("a")
    alarms.run_for(desk, 3)
    assert len(alarms.receivers["desk"].got) == 1
    (row,) = alarms.conn.execute("SELECT receipt, sent_at FROM notification").fetchall()
    assert row["sent_at"] is not None
    assert row["receipt"].startswith("id\ufffd42")
