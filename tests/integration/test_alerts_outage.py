"""Database and broker away at the same time while sensors go on: nothing is missed, nothing invented.

HANOI_OUTAGE_S says for how long; `make test` takes ten seconds, docs/reliability.md has the minute.
"""

import json
import os
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread
from typing import Final

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from alerts.model import State
from deploy.embedded import runtime
from deploy.embedded.mosquitto import Mosquitto
from deploy.embedded.postgres import FOR_TESTS, Postgres
from ingest.wire import BrokerAddress, observations_topic
from storage import db
from storage.migrate import migrate
from tests.integration.test_alerts_process import EACH_ALONE, _load_city, everything_told
from tests.integration.webhook_receiver import Receiver, listening
from tests.processes import free_port, ingest_env, running, wait_for

pytestmark = pytest.mark.integration

OUTAGE_S: Final = float(os.environ.get("HANOI_OUTAGE_S", "10"))
RULE: Final = """
[[rule]]
key = "wet"
domain = "flood"
property = "water_depth"
when = { at_least = 3 }
severity = "warning"
labels = { kind = "wet" }
title = { vi = "Ướt", en = "Wet" }
runbook = { vi = "Thử.", en = "Test." }
suggestion = true
basis = { vi = "a test", en = "a test" }

[[rule]]
key = "quiet"
domain = "flood"
property = "water_depth"
when = { absent_for = "2m" }
severity = "warning"
title = { vi = "Lặng", en = "Quiet" }
runbook = { vi = "Thử.", en = "Test." }
suggestion = true
basis = { vi = "a test", en = "a test" }
"""
STORIES: Final = {
    "flood-cao-ba-quat": [(0.3, 1.0)],
    "flood-cu-loc": [(-0.5, 1.5)],
    "flood-tong-dan": [(-0.5, 0.5)],
    "flood-resco": [(0.2, 0.4), (0.6, 0.8)],
    "flood-thai-ha": [(0.9, 1.3)],
    "flood-trieu-khuc": [],
}
"""When each point is wet, in outages: from 0 to 1 the database and the broker are away. Wet is too little for the rules
that ship, which would have their say in a long outage."""


class Sensors:
    """One value a second of every point; what can't be sent waits in the gateway and is sent when it can."""

    def __init__(self, url: str) -> None:
        self.wet: dict[str, list[tuple[str, datetime]]] = defaultdict(list)
        """(firing or resolved, time of the value) of each point, as its values have it."""
        self.began = self.away = time.monotonic()
        self._stop = Event()
        self._url = url
        self._thread = Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(60)

    def _run(self) -> None:
        address = BrokerAddress.parse(self._url)
        client = Client(CallbackAPIVersion.VERSION2, client_id="gateway", protocol=MQTTProtocolVersion.MQTTv5)
        client.username_pw_set(address.user, address.password)
        client.reconnect_delay_set(1, 2)
        client.connect_async(address.host, address.port)
        client.loop_start()
        before = dict.fromkeys(STORIES, False)
        acknowledged: list[int] = []
        client.on_publish = lambda _client, _data, mid, _reason, _properties: acknowledged.append(mid)
        sent = 0
        while not self._stop.wait(1.0):
            for point, spans in STORIES.items():
                at = (time.monotonic() - self.away) / OUTAGE_S
                wet = any(begin <= at < end for begin, end in spans)
                now = datetime.now(UTC)
                if wet is not before[point]:
                    self.wet[point].append((State.FIRING if wet else State.RESOLVED, now))
                before[point] = wet
                value = {"time": now.isoformat(), "results": {"water_depth": 4 if wet else 1}}
                client.publish(observations_topic("flood", point), json.dumps(value), qos=1)
                sent += 1
        wait_for(lambda: len(acknowledged) == sent, "all values acknowledged")
        client.disconnect()
        client.loop_stop()


@contextmanager
def platform(
    installed: runtime.Runtime, folder: Path, tmp_path: Path, receiver: Receiver
) -> Iterator[tuple[Postgres, Mosquitto]]:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "rules.toml").write_text(RULE)
    with (
        Postgres(installed, folder / "outage-database", settings=FOR_TESTS) as postgres,
        Mosquitto(installed, folder / "outage-broker") as broker,
    ):
        url = postgres.url("postgres", "postgres")
        migrate(url)
        _load_city(url)
        ingest = ingest_env(url, broker.url("ingest"))
        alerts = {
            "HANOI_DATABASE_URL": url,
            "HANOI_ALERTS_BIND": f"127.0.0.1:{free_port()}",
            "HANOI_RULES_DIR": str(tmp_path / "rules"),
            "HANOI_ALERTING_FILE": str(EACH_ALONE),
            "HANOI_ALERT_WEBHOOK_URL": receiver.url,
        }
        with (
            running("hanoi-ingest", env=ingest, bind=ingest["HANOI_INGEST_BIND"], folder=tmp_path),
            running("hanoi-alerts", env=alerts, bind=alerts["HANOI_ALERTS_BIND"], folder=tmp_path),
        ):
            yield postgres, broker


def test_database_and_broker_away(servers: tuple[runtime.Runtime, Path], tmp_path: Path) -> None:
    installed, folder = servers
    with listening() as receiver, platform(installed, folder, tmp_path, receiver) as (postgres, broker):
        sensors = Sensors(broker.url("publisher"))
        sensors.away = time.monotonic() + 0.6 * OUTAGE_S
        sensors.start()
        time.sleep(0.6 * OUTAGE_S)
        broker.kill()
        postgres.kill()
        time.sleep(OUTAGE_S)
        postgres.start()
        broker.start()
        time.sleep(0.8 * OUTAGE_S + 5)
        sensors.stop()
        expected = {(point, state, at) for point, changes in sensors.wet.items() for state, at in changes}
        assert len(expected) == 12
        with db.connect(postgres.url("postgres", "postgres"), name="test", autocommit=True) as conn:
            wait_for(
                lambda: _recorded(conn) == expected and everything_told(conn),
                "all of it",
                context=lambda: f"{sorted(_recorded(conn) ^ expected)}, not told: {_not_told(conn)}",
            )
    told = {(a["thing"]["id"], got["reason"]) for got in receiver.got for a in got["alerts"]}
    assert told == {(point, state.value) for point, state, _ in expected}
    assert {alert["rule"] for got in receiver.got for alert in got["alerts"]} == {"wet"}, "none was silent"


def _recorded(conn: db.Connection) -> set[tuple[str, State, datetime]]:
    rows = conn.execute(
        "SELECT a.thing_id, t.to_state, t.at FROM alert_transition t JOIN alert a ON a.id = t.alert_id"
        " WHERE a.rule IN ('wet', 'quiet')"
    )
    return {(row["thing_id"], State(row["to_state"]), row["at"]) for row in rows}


def _not_told(conn: db.Connection) -> list[dict[str, object]]:
    """Rule, Thing and state of what waits in the outbox or in a group."""
    return conn.execute(
        "SELECT a.rule, a.thing_id, a.state, g.next_flush_at, 'group' AS in FROM alert_group_member m"
        " JOIN alert a ON a.id = m.alert_id JOIN alert_group g ON g.id = m.group_id"
        " UNION ALL SELECT a.rule, a.thing_id, t.to_state, t.at, 'outbox' FROM alert_transition t"
        " JOIN alert a ON a.id = t.alert_id WHERE t.processed_at IS NULL"
        " UNION ALL SELECT reason, key, last_error, next_attempt_at, 'message' FROM notification"
        " WHERE sent_at IS NULL"
    ).fetchall()
