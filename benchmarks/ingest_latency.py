"""From publish to commit, as a reader sees it: p50 and p99 at 100, 1,000 and 5,000 messages a second.

A message's time is the moment it is sent; a reader of the change feed notes when each key is there. Broker (setting
`safe`), database and `hanoi-ingest` share the machine's cores with the publisher and the reader. The limit that the
figures are set against is one tick of the pages, a second.
"""

import statistics
import subprocess
import sys
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from benchmarks import ingest_throughput as throughput
from deploy.embedded import runtime
from deploy.embedded.mosquitto import Mosquitto
from deploy.embedded.postgres import FOR_TESTS, Postgres
from ingest.wire import BrokerAddress, observations_topic
from storage import db, inventory, live
from storage.catalog import load_catalog
from storage.inventory import load_inventory
from storage.model import Thing
from tests.processes import ingest_env, running, wait_for

RATES: Final = (100, 1_000, 5_000)
SECONDS: Final = 10.0
TICK_MS: Final = 1000.0


def run(repeats: int) -> None:
    """Prints a line per rate: medians of the percentiles over the repeats."""
    installed = runtime.ensure(Path(".runtime"), print)
    city = load_inventory([inventory.SHIPPED], load_catalog())
    with (
        installed.temporary_folder("bench") as folder,
        Postgres(installed, folder / "database", settings=FOR_TESTS) as postgres,
    ):
        throughput.make_template(postgres, city)
        print(f"ingest_latency: publish to commit, {repeats} repeats of {SECONDS:g} s, medians")
        for rate in RATES:
            found = []
            for n in range(repeats):
                with (
                    throughput.database(postgres) as url,
                    Mosquitto(installed, folder / f"broker-{rate}-{n}") as broker,
                ):
                    found.append(_measure(url, broker, city, rate, folder))
            _report(rate, found)


def _report(rate: int, found: Sequence[Sequence[float]]) -> None:
    p50 = statistics.median(_percentile(latencies, 0.50) for latencies in found)
    p99 = statistics.median(_percentile(latencies, 0.99) for latencies in found)
    reached = statistics.median(len(latencies) for latencies in found) / SECONDS
    print(
        f"  {rate:6,} messages/s ({reached:,.0f} published): p50 {p50:7.1f} ms, p99 {p99:7.1f} ms"
        f" = {p99 / TICK_MS:.2f} of a tick",
        flush=True,
    )


def _percentile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def _measure(url: str, broker: Mosquitto, city: Sequence[Thing], rate: int, folder: Path) -> list[float]:
    """Milliseconds of every message."""
    latencies: list[float] = []
    env = ingest_env(url, broker.url("ingest"))
    with running("hanoi-ingest", env=env, bind=env["HANOI_INGEST_BIND"], folder=folder):
        stop, listening = threading.Event(), threading.Event()
        reader = threading.Thread(target=_read, args=(url, latencies, stop, listening))
        reader.start()
        listening.wait(10)
        sent = _publish(broker, city, rate)
        wait_for(lambda: len(latencies) >= sent, "every message seen by the reader")
        stop.set()
        reader.join()
    return latencies


def _read(url: str, latencies: list[float], stop: threading.Event, listening: threading.Event) -> None:
    with db.connect(url, name="bench", autocommit=True) as conn:
        conn.execute("LISTEN observation_change")
        position = live.here(conn)
        listening.set()
        while not stop.is_set():
            for _ in conn.notifies(timeout=0.5, stop_after=1):
                pass
            changes = live.changes_after(conn, position)
            now = datetime.now(UTC)
            for change in changes:
                position = change.position
                latencies += [(now - time).total_seconds() * 1000 for _, time in change.keys]


def _publish(broker: Mosquitto, city: Sequence[Thing], rate: int) -> int:
    sent, acknowledged = steady(broker, city, rate, SECONDS)
    if sent != acknowledged:
        print(f"  the broker acknowledged {acknowledged} of {sent}", flush=True)
    return acknowledged


def steady(broker: Mosquitto, city: Sequence[Thing], rate: int, seconds: float) -> tuple[int, int]:
    """Publishes values of bays at a steady rate; how many were sent, and how many of them acknowledged."""
    address = BrokerAddress.parse(broker.url("publisher"))
    login = (address.host, str(address.port), address.user or "", address.password or "")
    topics = "\n".join(observations_topic(t.domain, t.id) for t in city if t.kind == "bay")
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks._steady", *login, "steady", str(rate), str(seconds)],
        input=topics,
        capture_output=True,
        text=True,
        check=True,
    )
    first, second = map(int, done.stdout.split())
    return first, second
