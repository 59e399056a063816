"""Observations per second from MQTT (QoS 1) to commit, as a share of a bare binary COPY of the same rows.

Everything stands on the same cores: broker (setting `safe`), database (fsync on), hanoi-ingest. Messages wait in the
broker's persistent session while hanoi-ingest is held by SIGSTOP; the clock runs from SIGCONT to the last commit. The
bare COPY has its rows encoded beforehand, one transaction, the same hypertable and primary key. The two alternate.
"""

import re
import signal
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import httpx
import psycopg
from psycopg import sql

from deploy.embedded import runtime
from deploy.embedded.mosquitto import Mosquitto
from deploy.embedded.postgres import FOR_TESTS, Postgres
from ingest.wire import Element, encode, observations_topic
from storage import db, inventory, observations, things
from storage.catalog import load_catalog
from storage.inventory import load_inventory
from storage.migrate import migrate
from storage.model import Observation, Thing
from tests.processes import free_port, publish, ready, start, wait_for

START: Final = datetime(2026, 1, 1, tzinfo=UTC)
AIM: Final = 0.5
"""The figure to reach: half of what a bare COPY does."""

Message = tuple[str, bytes]
Elements = list[tuple[Thing, list[Element]]]


@dataclass(frozen=True, kw_only=True)
class Profile:
    """How the same kind of readings is cut into messages."""

    name: str
    make: Callable[[Sequence[Thing]], Elements]


def _hours(city: Sequence[Thing]) -> Elements:
    """What a gateway that was offline sends: an hour of a station a message."""
    stations = [thing for thing in city if thing.kind == "station"]
    return [
        (station, [_element(station, START + timedelta(hours=hour, minutes=5 * n)) for n in range(12)])
        for hour in range(250)
        for station in stations
    ]


def _times(city: Sequence[Thing]) -> Elements:
    """The ordinary message: all properties of a station at one time."""
    stations = [thing for thing in city if thing.kind == "station"]
    return [
        (station, [_element(station, START + timedelta(minutes=5 * n))])
        for n in range(1500)
        for station in stations
    ]


def values(city: Sequence[Thing], minutes: int = 60) -> Elements:
    """The worst: one value a message, as bays send."""
    bays = [thing for thing in city if thing.kind == "bay"]
    return [
        (bay, [Element(time=START + timedelta(minutes=n), results={"occupied": n % 2 == 0})])
        for n in range(minutes)
        for bay in bays
    ]


def _element(station: Thing, time: datetime) -> Element:
    sent = [key for key in station.properties if key not in ("vn_aqi", "pressure")]
    return Element(time=time, results={key: 10.0 + n for n, key in enumerate(sent)})


PROFILES: Final = (
    Profile(name="an hour of a station a message", make=_hours),
    Profile(name="one time of a station a message", make=_times),
    Profile(name="one value a message", make=values),
)


def run(repeats: int) -> None:
    """Prints a line per profile: medians, and the ratio with its range."""
    installed = runtime.ensure(Path(".runtime"), print)
    domains = load_catalog()
    city = load_inventory([inventory.SHIPPED], domains)
    with (
        installed.temporary_folder("bench") as folder,
        Postgres(installed, folder / "database", settings=FOR_TESTS) as postgres,
    ):
        make_template(postgres, city)
        print(f"ingest_throughput: {repeats} interleaved repeats, medians; aim {AIM} of a bare COPY")
        for profile in PROFILES:
            pairs = []
            for n in range(repeats):
                with Mosquitto(installed, folder / f"broker-{n}-{time.time_ns()}") as broker:
                    pairs.append(_measure(postgres, broker, profile, city, folder))
            _report(profile, pairs)


def _report(profile: Profile, pairs: Sequence[tuple[float, float, int]]) -> None:
    ours = statistics.median(pair[0] for pair in pairs)
    bare = statistics.median(pair[1] for pair in pairs)
    ratios = sorted(pair[0] / pair[1] for pair in pairs)
    print(
        f"  {profile.name:32} {ours:9,.0f} obs/s of {bare:9,.0f} bare: ratio {statistics.median(ratios):.2f}"
        f" ({ratios[0]:.2f} to {ratios[-1]:.2f}); {pairs[0][2]:,} messages",
        flush=True,
    )


def _measure(
    postgres: Postgres, broker: Mosquitto, profile: Profile, city: Sequence[Thing], folder: Path
) -> tuple[float, float, int]:
    """Observations per second of ours and of the bare COPY, and how many messages it took."""
    elements = profile.make(city)
    messages = [(observations_topic(thing.domain, thing.id), encode(e)) for thing, e in elements]
    with database(postgres) as url:
        bare = bare_copy(url, elements)
    with database(postgres) as url:
        ours = _through_mqtt(
            url, broker, messages, sum(len(e.results) for _, es in elements for e in es), folder
        )
    return ours, bare, len(messages)


def bare_copy(url: str, elements: Elements) -> float:
    with db.connect(url, name="bench") as conn:
        ids = {(thing, key): number for _, thing, key, number in things.registry(conn)}
        rows = [
            Observation(
                datastream_id=ids[thing.id, key] or 0,
                phenomenon_time=element.time,
                result_time=element.time,
                result=float(value),
            )
            for thing, many in elements
            for element in many
            for key, value in element.results.items()
        ]
        encoded = observations.binary(rows)
        conn.commit()
        started = time.perf_counter()
        with conn.cursor() as cursor, cursor.copy(db.statements("incoming")["copy_observation"]) as copy:
            copy.write(encoded)
        conn.commit()
        return len(rows) / (time.perf_counter() - started)


def _through_mqtt(
    url: str, broker: Mosquitto, messages: Sequence[Message], expected: int, folder: Path
) -> float:
    bind = f"127.0.0.1:{free_port()}"
    env = {"HANOI_DATABASE_URL": url, "HANOI_MQTT_URL": broker.url("ingest"), "HANOI_INGEST_BIND": bind}
    with (folder / "ingest.log").open("ab") as log:
        process = start("hanoi-ingest", env=env, log=log)
        try:
            wait_for(lambda: ready(bind), "ingest ready")
            return expected / _drain(process, bind, broker, messages, expected)
        finally:
            process.terminate()
            process.wait()


def _drain(
    process: subprocess.Popen[bytes], bind: str, broker: Mosquitto, messages: Sequence[Message], expected: int
) -> float:
    process.send_signal(signal.SIGSTOP)
    publish(broker.url("publisher"), messages)
    started = time.time()
    process.send_signal(signal.SIGCONT)
    wait_for(lambda: _metric(bind, 'observations_total{outcome="written"}') >= expected, "all observations")
    return _metric(bind, "last_commit_timestamp_seconds") - started


def _metric(bind: str, name: str) -> float:
    text = httpx.get(f"http://{bind}/metrics", timeout=30).text
    match = re.search(rf"^hanoi_ingest_{re.escape(name)} (\S+)$", text, re.M)
    return float(match[1]) if match else 0.0


def make_template(postgres: Postgres, city: Sequence[Thing]) -> None:
    _execute(postgres, sql.SQL("CREATE DATABASE bench_template"))
    url = postgres.url("postgres", "bench_template")
    migrate(url)
    with db.connect(url, name="bench") as conn:
        things.sync(conn, load_catalog(), city)
    _execute(postgres, sql.SQL("ALTER DATABASE bench_template ALLOW_CONNECTIONS false"))


@contextmanager
def database(postgres: Postgres) -> Iterator[str]:
    """A database of its own for each measurement."""
    _execute(postgres, sql.SQL("CREATE DATABASE bench TEMPLATE bench_template"))
    _execute(postgres, sql.SQL("CHECKPOINT"))
    yield postgres.url("postgres", "bench")
    _execute(postgres, sql.SQL("DROP DATABASE bench WITH (FORCE)"))


def _execute(postgres: Postgres, statement: sql.SQL) -> None:
    with psycopg.connect(postgres.superuser_url, autocommit=True) as conn:
        conn.execute(statement)
