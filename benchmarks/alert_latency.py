"""From publish to a webhook: p50 and p99 of rules without `for`, while 1,000 other messages a second come in.

Broker (setting `safe`), database, `hanoi-ingest`, `hanoi-alerts`, publisher and receiver share the machine's cores.
Each flood point is its own group and is wet and dry in turn; what is timed is from sending the value to the receiver's
having the notification of it. A firing that is not told in a minute counts as infinitely late. Limit: 3 s.
"""

import json
import math
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from benchmarks import ingest_throughput as throughput
from deploy.embedded import runtime
from deploy.embedded.mosquitto import Mosquitto
from deploy.embedded.postgres import FOR_TESTS, Postgres
from ingest.wire import BrokerAddress, observations_topic
from storage import inventory
from storage.catalog import load_catalog
from storage.inventory import load_inventory
from storage.model import Thing
from tests.integration.webhook_receiver import Receiver, listening
from tests.processes import free_port, ingest_env, running

RATE: Final = 1_000
SECONDS: Final = 30.0
WET_S: Final = 5.0
"""How long a point is wet, then dry: longer than the limit, so that late is late and not over before it is told."""
LIMIT_S: Final = 3.0
WAIT_S: Final = 60.0
RULE: Final = """
[[rule]]
key = "bench-wet"
domain = "flood"
property = "water_depth"
when = { at_least = 5 }
severity = "warning"
flapping = 100
for_citizens = false
labels = { kind = "bench" }
title = { vi = "Ướt", en = "Wet" }
runbook = { vi = "Đo.", en = "Measure." }
suggestion = true
basis = { vi = "a benchmark", en = "a benchmark" }
"""
ROUTES: Final = """
[receiver.nobody]
type = "control-room"

[route]
receivers = []
group_by = ["..."]
group_interval = "1s"
"""


def run(repeats: int) -> None:
    """Prints medians of the percentiles over the repeats."""
    installed = runtime.ensure(Path(".runtime"), print)
    city = load_inventory([inventory.SHIPPED], load_catalog())
    found = []
    with (
        installed.temporary_folder("bench") as folder,
        Postgres(installed, folder / "database", settings=FOR_TESTS) as postgres,
    ):
        throughput.make_template(postgres, city)
        print(f"alert_latency: {RATE:,} messages/s beside, {repeats} repeats of {SECONDS:g} s, medians")
        for number in range(repeats):
            with (
                throughput.database(postgres) as url,
                Mosquitto(installed, folder / f"broker-{number}") as broker,
                listening() as receiver,
            ):
                found.append(_measure(url, broker, city, receiver, folder))
    p50, p99 = (statistics.median(_percentile(times, share) for times in found) for share in (0.50, 0.99))
    print(
        f"  publish to webhook, {sum(map(len, found)):,} firings: p50 {p50:.2f} s, p99 {p99:.2f} s"
        f" = {p99 / LIMIT_S:.2f} of the limit",
        flush=True,
    )


def _percentile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def _measure(
    url: str, broker: Mosquitto, city: Sequence[Thing], receiver: Receiver, folder: Path
) -> list[float]:
    """Seconds of each notification."""
    rules = folder / "rules"
    rules.mkdir(exist_ok=True)
    (rules / "bench.toml").write_text(RULE)
    (folder / "alerting.toml").write_text(ROUTES)
    env = ingest_env(url, broker.url("ingest"))
    bind = f"127.0.0.1:{free_port()}"
    alerts = {
        "HANOI_DATABASE_URL": url,
        "HANOI_ALERTS_BIND": bind,
        "HANOI_RULES_DIR": str(rules),
        "HANOI_ALERTING_FILE": str(folder / "alerting.toml"),
        "HANOI_ALERT_WEBHOOK_URL": receiver.url,
    }
    points = [thing.id for thing in city if thing.kind == "flood_point"]
    with (
        running("hanoi-ingest", env=env, bind=env["HANOI_INGEST_BIND"], folder=folder),
        running("hanoi-alerts", env=alerts, bind=bind, folder=folder),
    ):
        beside = threading.Thread(target=_crowd, args=(broker, city))
        beside.start()
        sent = _wet_and_dry(broker, points, receiver)
        beside.join()
    return sent


def _crowd(broker: Mosquitto, city: Sequence[Thing]) -> None:
    address = BrokerAddress.parse(broker.url("publisher"))
    login = (address.host, str(address.port), address.user or "", address.password or "")
    topics = "\n".join(observations_topic(t.domain, t.id) for t in city if t.kind == "bay")
    subprocess.run(
        [sys.executable, "-m", "benchmarks._steady", *login, "crowd", str(RATE), str(SECONDS)],
        input=topics,
        capture_output=True,
        text=True,
        check=True,
    )


def _wet_and_dry(broker: Mosquitto, points: Sequence[str], receiver: Receiver) -> list[float]:
    """Each point is wet for WET_S and dry for WET_S, one point after the other."""
    sent: set[tuple[str, datetime]] = set()
    ends = time.monotonic() + SECONDS
    with connected(broker.url("publisher")) as client:
        while time.monotonic() < ends:
            for depth in (9, 0):
                for point in points:
                    now = datetime.now(UTC)
                    body = {
                        "time": now.isoformat(),
                        "results": {"water_depth": depth},
                        "provenance": "simulated",
                    }
                    client.publish(observations_topic("flood", point), json.dumps(body), qos=1)
                    if depth:
                        sent.add((point, now))
                    time.sleep(WET_S / len(points))
    gives_up = time.monotonic() + WAIT_S
    while not (arrived := _arrived(receiver)).keys() >= sent and time.monotonic() < gives_up:
        time.sleep(0.1)
    return [(arrived[one] - one[1]).total_seconds() if one in arrived else math.inf for one in sent]


def _arrived(receiver: Receiver) -> dict[tuple[str, datetime], datetime]:
    """When the receiver had each firing, by Thing and the time of the value."""
    return {
        (alert["thing"]["id"], datetime.fromisoformat(alert["firing_since"])): at
        for got, at in zip(receiver.got.copy(), receiver.times.copy(), strict=False)
        if got["reason"] == "firing"
        for alert in got["alerts"]
    }


@contextmanager
def connected(url: str) -> Iterator[Client]:
    address = BrokerAddress.parse(url)
    client = Client(CallbackAPIVersion.VERSION2, client_id="probe", protocol=MQTTProtocolVersion.MQTTv5)
    client.username_pw_set(address.user, address.password)
    client.connect(address.host, address.port)
    client.loop_start()
    try:
        yield client
    finally:
        client.disconnect()
        client.loop_stop()
