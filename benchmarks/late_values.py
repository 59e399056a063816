"""A million values that come 30 days late: how long current values take meanwhile, and until all is derived.

Current values come by MQTT at a steady rate, each with the time at which it is sent. Noted is when its batch is about
to be committed, and when a reader of the change feed has it, as pages do. Then somebody else writes a month of the air
stations in batches, as `hanoi-ingest load` does. The limit that the figures are set against is one tick of the pages.
"""

import math
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from benchmarks import ingest_throughput as throughput
from benchmarks.ingest_latency import steady
from deploy.embedded import runtime
from deploy.embedded.mosquitto import Mosquitto
from deploy.embedded.postgres import FOR_TESTS, Postgres
from storage import db, derived, inventory, live, observations, things
from storage.catalog import load_catalog
from storage.inventory import load_inventory
from storage.model import Observation, Thing
from tests.processes import ingest_env, running, wait_for

LATE: Final = 1_000_000
AGE: Final = timedelta(days=30)
INTERVAL: Final = timedelta(minutes=5)
AT_ONCE: Final = 10_000
RATE: Final = 100
QUIET_S: Final = 10.0
LIMIT_S: Final = 900.0
KEYS: Final = frozenset({"pm2_5", "pm10", "no2", "so2", "co", "o3", "temperature", "humidity"})


@dataclass(kw_only=True, slots=True)
class Reader:
    """How late current values were: (second of the run, until stored, until seen in the feed)."""

    begun: datetime
    seen: list[tuple[float, float, float]] = field(default_factory=list)

    def read(self, url: str, stop: threading.Event) -> None:
        with db.connect(url, name="bench", autocommit=True) as conn:
            conn.execute("LISTEN observation_change")
            position = live.here(conn)
            while not stop.is_set():
                for _ in conn.notifies(timeout=0.2, stop_after=1):
                    pass
                for change in live.changes_after(conn, position):
                    position = change.position
                    now = datetime.now(UTC)
                    since = (now - self.begun).total_seconds()
                    for time_ in (time_ for _, time_ in change.keys[:RATE] if time_ > self.begun):
                        stored = (change.committed_at - time_).total_seconds()
                        self.seen.append((since, stored, (now - time_).total_seconds()))

    def report(self, when: str, start: float, end: float) -> None:
        seen = [one for one in self.seen if start <= one[0] < end]
        print(f"  {when}, {end - start:.1f} s", flush=True)
        for what, column in (("stored", 1), ("seen in the feed", 2)):
            late = sorted(one[column] for one in seen) or [math.inf]
            p50, p99 = late[len(late) // 2], late[int(0.99 * (len(late) - 1))]
            print(
                f"    {what:18} p50 {1000 * p50:7.1f} ms, p99 {1000 * p99:7.1f} ms = {p99:.2f} of a tick,"
                f" at most {1000 * late[-1]:,.0f} ms",
                flush=True,
            )


def run(repeats: int) -> None:
    """Once: it takes minutes."""
    installed = runtime.ensure(Path(".runtime"), print)
    city = load_inventory([inventory.SHIPPED], load_catalog())
    with (
        installed.temporary_folder("bench") as folder,
        Postgres(installed, folder / "database", settings=FOR_TESTS) as postgres,
    ):
        throughput.make_template(postgres, city)
        with throughput.database(postgres) as url, Mosquitto(installed, folder / "broker") as broker:
            _measure(url, broker, city, folder)


def _measure(url: str, broker: Mosquitto, city: Sequence[Thing], folder: Path) -> None:
    env = ingest_env(url, broker.url("ingest"))
    reader = Reader(begun=datetime.now(UTC))
    print(f"late_values: {RATE} current values/s, and {LATE:,} of {AGE.days} days ago")
    with (
        running("hanoi-ingest", env=env, bind=env["HANOI_INGEST_BIND"], folder=folder),
        _beside(reader, url, broker, city),
        db.connect(url, name="bench", autocommit=True) as conn,
    ):
        time.sleep(QUIET_S)
        quiet = _passed(reader)
        reader.report("before", 2.0, quiet)
        for first in range(0, len(rows := list(_late(conn))), AT_ONCE):
            with conn.transaction():
                observations.write(conn, rows[first : first + AT_ONCE])
        end, written = live.here(conn), _passed(reader)
        reader.report("while they are written", quiet, written)
        wait_for(lambda: derived.progress(conn).feed > end, "all is derived", limit_s=LIMIT_S)
        done = _passed(reader)
        reader.report("until all is derived", written, done)
        print(f"  {_derived(conn):,} derived values of that time", flush=True)


def _late(conn: db.Connection) -> Iterator[Observation]:
    streams = [row.id for row in things.all_datastreams(conn) if row.property in KEYS]
    steps = LATE // len(streams)
    start = datetime.now(UTC) - AGE - steps * INTERVAL
    for n in range(steps):
        at = start + n * INTERVAL
        for id in streams:
            value = round(20.0 + 10.0 * math.sin(n / 46 + id) + math.sin(n * 7 + id), 1)
            yield Observation(datastream_id=id, phenomenon_time=at, result_time=at, result=value)


def _derived(conn: db.Connection) -> int:
    row = conn.execute("SELECT count(*) FROM observation WHERE provenance = 'derived'").fetchone()
    return int(row["count"]) if row else 0


def _passed(reader: Reader) -> float:
    return (datetime.now(UTC) - reader.begun).total_seconds()


@contextmanager
def _beside(reader: Reader, url: str, broker: Mosquitto, city: Sequence[Thing]) -> Iterator[None]:
    stop = threading.Event()

    def publish() -> None:
        while not stop.is_set():
            steady(broker, city, RATE, 5.0)

    threads = [threading.Thread(target=reader.read, args=(url, stop)), threading.Thread(target=publish)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()
