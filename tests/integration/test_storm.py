"""A simulated storm, by MQTT through ingest into the database: rain and flood rules fire, and all of them clear."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from alerts.dispatch import Dispatcher
from alerts.engine import READER
from alerts.metrics import Metrics
from alerts.notifiers.webhook import Webhook
from deploy.embedded.mosquitto import Mosquitto
from simulators.scenarios import Happening, Scenario, load_scenario
from simulators.streams import Message, streams_of
from simulators.weather import Weather
from storage import alert_log, db, inventory
from storage.inventory import load_inventory
from storage.model import Domain
from tests.integration.alert_city import City, open_city
from tests.integration.webhook_receiver import Receiver, listening
from tests.processes import ingest_env, publish, running, wait_for

pytestmark = pytest.mark.integration

BEGIN = datetime(2025, 7, 20, 8, 0, tzinfo=UTC)
DRY_SEED = 12
"""With it the simulated sky gives no rain of its own around BEGIN."""
STEP = timedelta(minutes=15)


@dataclass(frozen=True)
class Sky:
    """What the rain gauges and flood points of the city publish, with a storm or without."""

    domains: dict[str, Domain]
    scenario: Scenario | None

    def slices(self) -> Iterator[tuple[datetime, list[Message]]]:
        """(end of slice, messages) in the order of time, until the last street is dry."""
        begin = int(BEGIN.timestamp())
        storm = self.scenario.storm_from(begin) if self.scenario else None
        weather = Weather(seed=DRY_SEED, scenario_storms=[storm] if storm else [])
        assert list(weather.storms(begin - 6 * 3600, begin + 9 * 3600)) == ([storm] if storm else [])
        happenings = [Happening(scenario=self.scenario, start=begin)] if self.scenario else []
        things = [
            thing
            for thing in load_inventory([inventory.SHIPPED], self.domains)
            if thing.domain in ("rain", "flood")
        ]
        streams = streams_of(self.domains, things, seed=DRY_SEED, weather=weather, happenings=happenings)
        step = int(STEP.total_seconds())
        for start in range(begin, begin + 27_000, step):
            messages = [one for stream in streams.values() for one in stream.messages(start, start + step)]
            yield datetime.fromtimestamp(start + step, UTC), messages


def observations_in(messages: list[Message]) -> int:
    """How many values they hold."""
    count = 0
    for topic, payload in messages:
        if topic.endswith("/observations"):
            elements = json.loads(payload)
            count += sum(len(e["results"]) for e in (elements if isinstance(elements, list) else [elements]))
    return count


def stored(conn: db.Connection) -> int:
    row = conn.execute("SELECT count(*) AS n FROM observation WHERE provenance <> 'derived'").fetchone()
    assert row is not None
    return int(row["n"])


def evaluated_all(city: City, now: datetime) -> bool:
    """The feed shows nothing beyond a transaction that still runs, and ingest derives and judges meanwhile."""
    city.evaluate(now)
    unread = city.conn.execute(
        "SELECT FROM observation_change WHERE (xid, id) > (SELECT xid, id FROM feed_cursor WHERE reader = %s) LIMIT 1",
        (READER,),
    )
    return unread.fetchone() is None


def live_through(
    sky: Sky, city: City, city_url: str, broker: Mosquitto, receiver: Receiver, folder: Path
) -> None:
    """Publishes slice by slice; after each the engine and the dispatcher work at the simulated time."""
    env = ingest_env(city_url, broker.url("ingest"))
    sent = 0
    with running("hanoi-ingest", env=env, bind=env["HANOI_INGEST_BIND"], folder=folder):
        for now, messages in sky.slices():
            sent += observations_in(messages)
            publish(broker.url("publisher"), messages)
            wait_for(lambda expected=sent: stored(city.conn) == expected, f"{sent} observations stored")
            wait_for(lambda now=now: evaluated_all(city, now), "the engine has read all of it")
            city.engine.let_time_pass(city.conn, now)
            webhook = Webhook(receiver.url)
            Dispatcher(receivers=[webhook], metrics=Metrics(), clock=lambda now=now: now).run(city.conn)


@pytest.fixture
def city(city_url: str) -> Iterator[City]:
    with open_city(city_url) as opened:
        yield opened


def test_a_storm_fires_rain_then_flood_alerts_and_all_of_them_clear(
    city: City, city_url: str, broker: Mosquitto, domains: dict[str, Domain], tmp_path: Path
) -> None:
    with listening() as receiver:
        sky = Sky(domains, load_scenario("storm"))
        live_through(sky, city, city_url, broker, receiver, tmp_path)
    fired = [alert for alert in city.alerts() if alert["firing_since"]]
    by_rule = {
        rule: {a["thing_id"] for a in fired if a["rule"] == rule}
        for rule in ("rain-heavy", "rain-very-heavy", "flood-15", "flood-30")
    }
    assert len(by_rule["rain-very-heavy"]) >= 8, "a storm over the whole city, 16 gauges"
    assert by_rule["rain-very-heavy"] <= by_rule["rain-heavy"]
    assert len(by_rule["flood-15"]) >= 11, (
        "50 to 100 mm in two hours floods 11 points: drainage company, 2022"
    )
    assert by_rule["flood-30"] < by_rule["flood-15"]
    first = {rule: min(a["firing_since"] for a in fired if a["rule"] == rule) for rule in by_rule}
    assert first["rain-heavy"] < first["rain-very-heavy"] < first["flood-15"] < first["flood-30"]
    assert {alert["state"] for alert in fired} == {"resolved"}
    assert alert_log.active(city.conn) == []
    _told_of_each_once_and_only_as_an_exercise(fired, receiver)


def _told_of_each_once_and_only_as_an_exercise(fired: list[dict[str, object]], receiver: Receiver) -> None:
    told = [(got["alert"]["id"], got["transition"]["to"]) for got in receiver.got]
    assert sorted(told) == sorted((alert["id"], to) for alert in fired for to in ("firing", "resolved"))
    assert len(set(receiver.keys)) == len(told)
    assert all(alert["simulated"] for alert in fired)
    assert {(got["status"], got["simulated"]) for got in receiver.got} == {("exercise", True)}
    assert all(got["text"]["vi"].startswith("[MÔ PHỎNG] ") for got in receiver.got)


def test_a_dry_day_fires_nothing(
    city: City, city_url: str, broker: Mosquitto, domains: dict[str, Domain], tmp_path: Path
) -> None:
    with listening() as receiver:
        live_through(Sky(domains, None), city, city_url, broker, receiver, tmp_path)
    assert stored(city.conn) > 15_000
    assert city.alerts() == []
    assert receiver.got == []
