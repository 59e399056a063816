"""A simulated storm through MQTT, ingest, engine and dispatcher: told, inhibited, acknowledged, escalated, ended."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from alerts import config
from alerts.dispatch import Dispatcher
from alerts.metrics import Metrics
from alerts.notifiers import build
from alerts.rules import RuleBook, parse_rules
from alerts.secrets import SecretReader
from deploy.embedded.mosquitto import Mosquitto
from simulators.scenarios import load_scenario
from storage import alert_actions, alert_log, alert_routing
from storage.catalog import load_catalog
from storage.model import Domain
from tests.integration.alert_city import City, open_city
from tests.integration.simulated_city import BEGIN, Sky, live_through, stored
from tests.integration.webhook_receiver import Receiver, listening

pytestmark = pytest.mark.integration

STORM_RULES = frozenset({"rain-heavy", "rain-very-heavy", "flood-15", "flood-30", "flood-silent"})
ALERTING = """
[receiver.desk]
type = "webhook"
url = "{url}"

[receiver.chief]
type = "webhook"
url = "{url}"

[route]
receivers = ["desk"]
group_by = ["area"]
group_interval = "5m"
urgent_interval = "4m"
repeat_interval = "1h"
escalation = "chief"

[[route.routes]]
matchers = ["severity = info", "kind != sensor"]
receivers = []

[[escalation.chief]]
after = "20m"
receivers = ["chief"]

[[inhibit]]
source = ["severity = critical"]
target = ["severity =~ warning|info"]
equal = ["thing", "kind"]

[[inhibit]]
source = ["kind = flood"]
target = ["kind = sensor"]
equal = ["thing"]
"""


class Desk:
    """The dispatcher at the simulated time, and a duty officer who acknowledges the first critical alert at once."""

    def __init__(self, city: City, receiver: Receiver, folder: Path) -> None:
        path = folder / "alerting.toml"
        path.write_text(ALERTING.format(url=receiver.url))
        alerting = config.load(path)
        secrets = SecretReader(folder=folder, environment={})
        notifiers = [build(name, table, str(path), secrets) for name, table in alerting.receivers.items()]
        self.now = BEGIN
        self.acknowledged: int | None = None
        self.drowned: str | None = None
        """The first flooded point: its sensor is under water for an hour and a half from then on."""
        self._drowned_at = BEGIN
        self.messages: list[tuple[datetime, str]] = []
        """When which receiver was told."""
        self._city, self._receiver = city, receiver
        self._dispatcher = Dispatcher(
            alerting=alerting, receivers=notifiers, metrics=Metrics(), clock=lambda: self.now, patience_s=5.0
        )

    def is_drowned(self, thing: str, time: datetime) -> bool:
        return thing == self.drowned and time - self._drowned_at <= timedelta(hours=1.5)

    def works(self, now: datetime) -> None:
        self.now = now
        before = len(self._receiver.got)
        self._dispatcher.run(self._city.conn, self._city.term)
        self.messages += [(now, got["receiver"]) for got in self._receiver.got[before:]]
        firing = [alert for alert in alert_log.active(self._city.conn) if alert.firing_since]
        flooded = [alert.thing_id for alert in firing if alert.rule == "flood-15"]
        if self.drowned is None and flooded:
            self.drowned, self._drowned_at = flooded[0], now
        told = {alert["id"] for got in self._receiver.got for alert in got["alerts"]}
        critical = [alert.id for alert in firing if alert.severity == "critical" and alert.id in told]
        if self.acknowledged is None and critical:
            self.acknowledged = critical[0]
            alert_actions.acknowledge(
                self._city.conn,
                critical[0],
                note="Bơm đang chạy",
                actor="lan",
                source="::1",
                now=now + timedelta(minutes=1),
            )


@pytest.fixture
def city(city_url: str) -> Iterator[City]:
    rules = parse_rules(load_catalog(), []).by_key
    with open_city(city_url, RuleBook.of(rules[key] for key in STORM_RULES)) as opened:
        yield opened


def test_a_storm_from_its_first_drop_to_the_last_dry_street(
    city: City, city_url: str, broker: Mosquitto, domains: dict[str, Domain], tmp_path: Path
) -> None:
    with listening() as receiver:
        desk = Desk(city, receiver, tmp_path)
        sky = Sky(
            domains=domains,
            scenario=load_scenario("storm"),
            step=timedelta(minutes=5),
            falls_silent=desk.is_drowned,
        )
        live_through(sky, city, city_url, broker, tmp_path, desk.works)
        for _ in range(6):
            desk.works(desk.now + timedelta(minutes=5))
    fired = [alert for alert in city.alerts() if alert["firing_since"]]
    _rains_then_floods_and_all_of_it_ends(city, fired)
    _is_told_together_and_only_as_an_exercise(desk, receiver)
    _the_drowned_sensor_is_no_news(city, fired, desk.drowned)
    _who_acknowledges_is_not_escalated(city, desk, fired)
    _reads_like_a_report(city, desk)


def _rains_then_floods_and_all_of_it_ends(city: City, fired: list[dict[str, Any]]) -> None:
    by_rule = {rule: {a["thing_id"] for a in fired if a["rule"] == rule} for rule in STORM_RULES}
    assert len(by_rule["rain-very-heavy"]) >= 8, "a storm over the whole city, 16 gauges"
    assert by_rule["rain-very-heavy"] <= by_rule["rain-heavy"]
    assert len(by_rule["flood-15"]) >= 11, (
        "50 to 100 mm in two hours floods 11 points: drainage company, 2022"
    )
    assert by_rule["flood-30"] < by_rule["flood-15"]
    first = {
        rule: min(a["firing_since"] for a in fired if a["rule"] == rule)
        for rule in STORM_RULES - {"flood-silent"}
    }
    assert first["rain-heavy"] < first["rain-very-heavy"] < first["flood-15"] < first["flood-30"]
    assert {alert["state"] for alert in fired} == {"resolved"}
    assert alert_log.active(city.conn) == []


def _is_told_together_and_only_as_an_exercise(desk: Desk, receiver: Receiver) -> None:
    """Alertmanager's idea of quiet: many alerts, few messages; and nothing simulated leaves as a warning."""
    at_desk = [time for time, name in desk.messages if name == "desk"]
    first_ten = [time for time in at_desk if time - at_desk[0] < timedelta(minutes=10)]
    assert len(first_ten) <= 10
    assert len(set(receiver.keys)) == len(receiver.keys)
    assert {(got["status"], got["simulated"]) for got in receiver.got} == {("exercise", True)}
    assert all("[MÔ PHỎNG]" in got["text"]["vi"] for got in receiver.got)
    begun = {alert["id"] for got in receiver.got if got["receiver"] == "desk" for alert in got["alerts"]}
    severities = {alert["severity"] for got in receiver.got for alert in got["alerts"]}
    assert severities == {"warning", "critical"}, "what is only for information is shown, and not told"
    assert begun


def _the_drowned_sensor_is_no_news(city: City, fired: list[dict[str, Any]], drowned: str | None) -> None:
    (silent,) = [a for a in fired if a["rule"] == "flood-silent"]
    assert silent["thing_id"] == drowned
    entries = alert_routing.timeline(city.conn, silent["id"])
    muted = [entry for entry in entries if entry.kind == "suppressed"]
    assert muted[0].reason == "inhibited"
    assert not [entry for entry in entries if entry.source == "notification"]


def _who_acknowledges_is_not_escalated(city: City, desk: Desk, fired: list[dict[str, Any]]) -> None:
    assert desk.acknowledged is not None
    escalated = {
        alert["id"]
        for alert in fired
        if any(e.kind == "escalated" for e in alert_routing.timeline(city.conn, alert["id"]))
    }
    assert escalated
    assert desk.acknowledged not in escalated
    assert "chief" in Counter(name for _, name in desk.messages)


def _reads_like_a_report(city: City, desk: Desk) -> None:
    """What happened to the acknowledged alert, in order: each once, and nothing without its reason."""
    assert desk.acknowledged is not None
    entries = alert_routing.timeline(city.conn, desk.acknowledged)
    kinds = [entry.kind for entry in entries]
    story = ["pending", "firing", "grouped", "sent", "acknowledged", "escalation_skipped", "resolved"]
    places = [kinds.index(kind) for kind in story]
    assert places == sorted(places), kinds
    assert [entry.at for entry in entries] == sorted(entry.at for entry in entries)
    assert all(e.outcome for e in entries if e.source == "transition")
    assert all(e.reason for e in entries if e.kind in ("suppressed", "escalation_skipped"))
    (acknowledged,) = [entry for entry in entries if entry.kind == "acknowledged"]
    assert acknowledged.actor == "lan"


def test_a_dry_day_tells_nobody(
    city: City, city_url: str, broker: Mosquitto, domains: dict[str, Domain], tmp_path: Path
) -> None:
    with listening() as receiver:
        desk = Desk(city, receiver, tmp_path)
        live_through(Sky(domains=domains), city, city_url, broker, tmp_path, desk.works)
    assert stored(city.conn) > 15_000
    assert city.alerts() == []
    assert receiver.got == []
