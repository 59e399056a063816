"""A million observations that arrive 30 days late, while current ones flow at 200 a second: lag, and right rollups.

Gateways that were offline send what they kept, an hour of a station a message: once as fast as the broker takes it,
once 20,000 values a second. Bays send one value a message. All of it goes through one broker (setting `safe`) and one
`hanoi-ingest`, which derives indicators and rolls up meanwhile, and shares the cores with publishers and the reader. A
current value's lag is the time from when it is sent until a reader of the change feed sees it. The rollups are then
compared with the raw values.
"""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from benchmarks import ingest_throughput as throughput
from benchmarks.ingest_latency import steady
from deploy.embedded import runtime
from deploy.embedded.mosquitto import Mosquitto
from deploy.embedded.postgres import FOR_TESTS, Postgres
from ingest.wire import Element, encode, observations_topic
from storage import db, inventory, live, rollups
from storage.catalog import load_catalog
from storage.inventory import load_inventory
from storage.model import Domain, Thing
from tests.processes import ingest_env, publish, running, wait_for

LATE: Final = 1_000_000
LATE_BY: Final = timedelta(days=30)
RATE: Final = 200
CALM_S: Final = 10.0
"""Of current values alone, before."""
PACES: Final = {None: 60.0, 20_000: 100.0}
"""Late values a second (None: as fast as the broker takes them) → how many seconds current ones are sent in all."""
MINUTE: Final = timedelta(minutes=1)
_DIFFERENT: Final = """
SELECT count(*) AS buckets, count(*) FILTER (WHERE v.count IS DISTINCT FROM r.count OR v.min IS DISTINCT FROM r.min
           OR v.max IS DISTINCT FROM r.max OR abs(v.mean - r.mean) > 1e-9 * greatest(1, abs(r.mean))
           OR v.first IS DISTINCT FROM r.first OR v.last IS DISTINCT FROM r.last OR v.suspect <> r.suspect
           OR v.fail <> r.fail) AS different
FROM (
    SELECT datastream_id, time_bucket('1 hour', phenomenon_time) AS bucket,
           count(*) FILTER (WHERE quality < 3) AS count, avg(result) FILTER (WHERE quality < 3) AS mean,
           min(result) FILTER (WHERE quality < 3) AS min, max(result) FILTER (WHERE quality < 3) AS max,
           first(result, phenomenon_time) FILTER (WHERE quality < 3) AS first,
           last(result, phenomenon_time) FILTER (WHERE quality < 3) AS last,
           count(*) FILTER (WHERE quality = 3) AS suspect, count(*) FILTER (WHERE quality = 4) AS fail
    FROM observation WHERE datastream_id IN (SELECT id FROM datastream WHERE NOT circular) GROUP BY 1, 2
) r
LEFT JOIN observation_1h v USING (datastream_id, bucket)
"""


@dataclass(kw_only=True, slots=True)
class Seen:
    """What the reader of the feed saw: (when it was sent, its lag in seconds) of current values, and how many late."""

    current: list[tuple[datetime, float]] = field(default_factory=list)
    late: int = 0


def run(repeats: int) -> None:
    """Prints the lag before, during and after, and what the rollups are. One run, whatever the repeats."""
    del repeats
    installed = runtime.ensure(Path(".runtime"), print)
    domains = load_catalog()
    city = load_inventory([inventory.SHIPPED], domains)
    with (
        installed.temporary_folder("bench") as folder,
        Postgres(installed, folder / "database", settings=FOR_TESTS) as postgres,
    ):
        throughput.make_template(postgres, city)
        print(f"late_million: {LATE:,} observations {LATE_BY.days} days late beside {RATE}/s")
        for pace, seconds in PACES.items():
            with (
                throughput.database(postgres) as url,
                Mosquitto(installed, folder / f"broker-{pace}") as broker,
            ):
                print(f" late ones {f'{pace:,}/s' if pace else 'as fast as the broker takes them'}")
                _measure(url, broker, city, domains, folder, pace, seconds)


def _measure(
    url: str,
    broker: Mosquitto,
    city: Sequence[Thing],
    domains: dict[str, Domain],
    folder: Path,
    pace: int | None,
    seconds: float,
) -> None:
    messages, expected = late_messages(city, domains, datetime.now(UTC) - LATE_BY)
    env = ingest_env(url, broker.url("ingest"))
    seen, stop, listening = Seen(), threading.Event(), threading.Event()
    with running("hanoi-ingest", env=env, bind=env["HANOI_INGEST_BIND"], folder=folder):
        reader = threading.Thread(target=_read, args=(url, seen, stop, listening))
        reader.start()
        listening.wait(10)
        current = threading.Thread(target=steady, args=(broker, city, RATE, seconds))
        current.start()
        time.sleep(CALM_S)
        begin = datetime.now(UTC)
        _send(
            broker.url("publisher"), messages, len(messages) if pace is None else pace * len(messages) // LATE
        )
        wait_for(lambda: seen.late >= expected, "every late value is stored", limit_s=300)
        stored = datetime.now(UTC)
        with db.connect(url, name="bench", autocommit=True) as conn:
            wait_for(lambda: _all_rolled_up(conn), "the rollups have caught up", limit_s=300)
            rolled_up = datetime.now(UTC)
        current.join()
        time.sleep(2)
        stop.set()
        reader.join()
        with db.connect(url, name="bench", autocommit=True) as conn:
            wait_for(lambda: rollups.caught_up(conn), "the end of the feed", limit_s=60)
            _report_rollups(conn)
    took = (stored - begin).total_seconds(), (rolled_up - begin).total_seconds()
    print(f"  {expected:,} late ones stored after {took[0]:.1f} s, in the rollups after {took[1]:.1f} s")
    _report_lag("before", [lag for sent, lag in seen.current if sent < begin])
    _report_lag("while they are stored", [lag for sent, lag in seen.current if begin <= sent < stored])
    _report_lag("until they are rolled up", [lag for sent, lag in seen.current if stored <= sent < rolled_up])
    _report_lag("after", [lag for sent, lag in seen.current if sent >= rolled_up])


def _send(url: str, messages: Sequence[tuple[str, bytes]], per_second: int) -> None:
    begin = time.monotonic()
    for n, first in enumerate(range(0, len(messages), per_second)):
        time.sleep(max(0.0, begin + n - time.monotonic()))
        publish(url, messages[first : first + per_second], "gateways")


def late_messages(
    city: Sequence[Thing], domains: dict[str, Domain], until: datetime
) -> tuple[list[tuple[str, bytes]], int]:
    """A value a minute of every property of the air stations, an hour a message, oldest first; and how many values."""
    stations = [thing for thing in city if thing.domain == "air_quality" and thing.kind == "station"]
    sent = {
        thing.id: [
            key
            for key in thing.properties
            if not domains[thing.domain].properties[key].derived and key != "pressure"
        ]
        for thing in stations
    }
    hours = -(-LATE // (60 * sum(len(keys) for keys in sent.values())))
    start = until.replace(minute=0, second=0, microsecond=0) - timedelta(hours=hours)
    messages = []
    for hour in range(hours):
        for thing in stations:
            elements = [
                Element(
                    time=start + timedelta(hours=hour) + n * MINUTE,
                    results={key: 10.0 + place + n % 7 for place, key in enumerate(sent[thing.id])},
                )
                for n in range(60)
            ]
            messages.append((observations_topic(thing.domain, thing.id), encode(elements)))
    return messages, hours * 60 * sum(len(keys) for keys in sent.values())


def _read(url: str, seen: Seen, stop: threading.Event, listening: threading.Event) -> None:
    with db.connect(url, name="bench", autocommit=True) as conn:
        bays = {
            row["id"]
            for row in conn.execute("SELECT id FROM datastream WHERE property = 'occupied'").fetchall()
        }
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
                for id, at in change.keys:
                    if id in bays:
                        seen.current.append((at, (now - at).total_seconds()))
                    elif now - at > LATE_BY:
                        seen.late += 1


def _all_rolled_up(conn: db.Connection) -> bool:
    """Every late one: current values come all the time, so the feed's end is never reached for long."""
    row = conn.execute(
        "SELECT NOT EXISTS (SELECT FROM observation_change c, feed_cursor f WHERE f.reader = 'rollup'"
        " AND (c.xid, c.id) > (f.xid, f.id)"
        " AND EXISTS (SELECT FROM unnest(c.phenomenon_time) t WHERE t < now() - INTERVAL '29 days')) AS done"
    ).fetchone()
    return bool(row and row["done"])


def _report_rollups(conn: db.Connection) -> None:
    row = conn.execute(_DIFFERENT).fetchone()
    assert row is not None
    print(
        f"  rollups: {row['buckets']:,} hours compared with raw values, {row['different']} differ", flush=True
    )


def _report_lag(when: str, lags: Sequence[float]) -> None:
    if not lags:
        print(f"  lag {when}: no current value was sent then")
        return
    ordered = sorted(lags)
    p50, p99 = (ordered[min(len(ordered) - 1, int(share * len(ordered)))] for share in (0.5, 0.99))
    print(
        f"  lag of current values {when:24} ({len(ordered):6,}): p50 {p50 * 1e3:8.0f} ms,"
        f" p99 {p99 * 1e3:8.0f} ms, max {ordered[-1] * 1e3:8.0f} ms",
        flush=True,
    )
