"""What a long outage costs: memory while the database is away, and how far a broker's store keeps up.

1. The database stops, 1,000 messages a second go on for two minutes a repeat (ten by default). Resident memory of
   ingest and of the broker each minute; then the database comes back: how long until everything is stored.
2. Nobody reads, 300 messages a second: the backlog at which the broker no longer acknowledges as fast as it is sent to,
   for the setting of Mosquitto 2.0 (`safe-2.0`, which rewrites its store) beside `safe`, up to a bounded backlog.
"""

import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmarks import ingest_throughput as throughput
from benchmarks.ingest_latency import steady
from deploy.embedded import runtime
from deploy.embedded.mosquitto import Mosquitto
from deploy.embedded.postgres import FOR_TESTS, Postgres
from deploy.embedded.runtime import Runtime
from ingest.transport import MqttTransport, Subscription
from ingest.wire import BrokerAddress
from storage import db, inventory
from storage.catalog import load_catalog
from storage.inventory import load_inventory
from storage.model import Thing
from tests.processes import ingest_env, running, wait_for

RATE: Final = 1_000
MINUTES_A_REPEAT: Final = 2
BACKLOG_RATE: Final = 300
PIECE_S: Final = 5.0
MOST_BACKLOG: Final = 30_000


def run(repeats: int) -> None:
    """Prints a line a minute, then one for each setting of the broker."""
    installed = runtime.ensure(Path(".runtime"), print)
    city = load_inventory([inventory.SHIPPED], load_catalog())
    with installed.temporary_folder("bench") as folder:
        _without_database(installed, folder, city, repeats * MINUTES_A_REPEAT)
        for setting in ("safe-2.0", "safe"):
            _backlog(installed, folder, city, setting)


def _without_database(installed: Runtime, folder: Path, city: Sequence[Thing], minutes: int) -> None:
    print(f"outage: the database stopped for {minutes} min, {RATE} messages/s, setting safe", flush=True)
    with (
        Postgres(installed, folder / "database", settings=FOR_TESTS) as postgres,
        Mosquitto(installed, folder / "broker") as broker,
    ):
        throughput.make_template(postgres, city)
        with throughput.database(postgres) as url:
            env = ingest_env(url, broker.url("ingest"))
            with running("hanoi-ingest", env=env, bind=env["HANOI_INGEST_BIND"], folder=folder) as ingest:
                before = steady(broker, city, RATE, 10)[1]
                wait_for(lambda: _stored(url) >= before, "stored before the outage")
                print(
                    f"  before    ingest {_resident(ingest.pid):4.0f} MB, broker {_resident(broker.pid):4.0f} MB"
                )
                postgres.kill()
                sent = before
                for minute in range(1, minutes + 1):
                    sent += steady(broker, city, RATE, 60)[1]
                    print(
                        f"  {minute:3d} min   ingest {_resident(ingest.pid):4.0f} MB, broker"
                        f" {_resident(broker.pid):4.0f} MB, backlog {sent - before:,}",
                        flush=True,
                    )
                postgres.start()
                back = time.monotonic()
                wait_for(lambda: _stored(url) >= sent, "everything stored", limit_s=600)
                took = time.monotonic() - back
                print(
                    f"  back      ingest {_resident(ingest.pid):4.0f} MB; {sent - before:,} stored after {took:.0f} s"
                    f" = {took / (60 * minutes):.2f} of the outage, {sent - _stored(url)} missing",
                    flush=True,
                )


def _backlog(installed: Runtime, folder: Path, city: Sequence[Thing], setting: str) -> None:
    """Fills the session of an absent reader until acknowledgements take longer than the sending."""
    with Mosquitto(installed, folder / f"backlog-{setting}", setting=setting) as broker:
        _subscribe_and_leave(broker)
        backlog = 0
        while backlog < MOST_BACKLOG:
            started = time.monotonic()
            backlog += steady(broker, city, BACKLOG_RATE, PIECE_S)[1]
            took = time.monotonic() - started
            if took > 1.2 * PIECE_S:
                rate = BACKLOG_RATE * PIECE_S / took
                print(
                    f"  {setting:9} stops keeping up with {BACKLOG_RATE}/s at a backlog of {backlog:,}: {rate:.0f}/s"
                )
                return
        print(
            f"  {setting:9} keeps up with {BACKLOG_RATE}/s at a backlog of {backlog:,}, where this ends",
            flush=True,
        )


def _subscribe_and_leave(broker: Mosquitto) -> None:
    transport = MqttTransport(
        address=BrokerAddress.parse(broker.url("ingest")),
        client_id="hanoi-ingest",
        subscriptions=[Subscription(filter="hanoi/v1/#")],
    )
    transport.start()
    wait_for(lambda: transport.connected, "subscribed")
    transport.stop()
    threading.Event().wait(0.5)


def _stored(url: str) -> int:
    try:
        with db.connect(url, name="bench") as conn:
            row = conn.execute("SELECT count(*) AS n FROM observation").fetchone()
    except db.DatabaseUnreachable:
        return 0
    return int(row["n"]) if row else 0


def _resident(pid: int | None) -> float:
    """Megabytes."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024
