"""Ours and others, on the same messages: one value each, waiting in the broker's persistent session, to commit.

Everything stands on the same cores. Each contender connects once, is held by SIGSTOP while the messages are published,
and the clock runs from SIGCONT until the last row is there. They take turns; medians. `same outcome` means:
acknowledged after the commit, a redelivery absorbed, the same rows. A bare COPY of these rows is the upper limit.
"""

import json
import signal
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from benchmarks import ingest_throughput as throughput
from benchmarks._peers import NotHere, Task, mq_bridge, node_red, plain
from deploy.embedded import runtime
from deploy.embedded.mosquitto import Mosquitto
from deploy.embedded.postgres import FOR_TESTS, Postgres
from deploy.embedded.runtime import Runtime
from ingest.wire import BrokerAddress, observations_topic
from storage import db, inventory, things
from storage.catalog import load_catalog
from storage.inventory import load_inventory
from storage.model import Thing
from tests.processes import free_port, publish, ready, start, wait_for

START: Final = datetime(2026, 1, 1, tzinfo=UTC)
MINUTES: Final = 80
"""Messages: so many times 248 bays."""
LIMIT_S: Final = 120.0
OURS: Final = "ours, 1 worker, safe"


@dataclass(kw_only=True)
class Run:
    """One database, one broker, for one contender."""

    url: str
    broker: Mosquitto
    folder: Path
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def spawn(self, command: Sequence[str]) -> None:
        log = (self.folder / "peer.log").open("ab")
        with log:
            self.processes.append(subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT))

    @property
    def task(self) -> Task:
        address = BrokerAddress.parse(self.broker.url("ingest"))
        return Task(
            database_url=self.url,
            broker_host=address.host,
            broker_port=address.port,
            user=address.user or "",
            password=address.password or "",
        )


@dataclass(frozen=True, kw_only=True)
class Contender:
    name: str
    same_outcome: bool
    start: Callable[[Run], None]
    setting: str | None = None


def run(repeats: int) -> None:
    """Prints a line per contender: messages/s, and ours divided by it."""
    installed = runtime.ensure(Path(".runtime"), print)
    city = load_inventory([inventory.SHIPPED], load_catalog())
    rates: dict[str, list[float]] = {}
    with (
        installed.temporary_folder("bench") as folder,
        Postgres(installed, folder / "database", settings=FOR_TESTS) as postgres,
    ):
        throughput.make_template(postgres, city)
        contenders = list(_contenders(Path(".runtime").resolve() / "peers"))
        for _ in range(repeats):
            for contender in contenders:
                with _rig(installed, postgres, folder, contender) as made:
                    messages = _messages(made.url, city)
                    rate = _measure(made, contender, messages)
                if rate is not None:
                    rates.setdefault(contender.name, []).append(rate)
            rates.setdefault("bare COPY", []).append(_bare(postgres, city))
    _report(rates, contenders, len(messages), repeats)


def _report(
    rates: dict[str, list[float]], contenders: Sequence[Contender], messages: int, repeats: int
) -> None:
    print(f"ingest_peers: {messages:,} messages of one value, {repeats} interleaved repeats, medians")
    ours = statistics.median(rates[OURS])
    outcome = {contender.name: contender.same_outcome for contender in contenders}
    for name, found in rates.items():
        rate = statistics.median(found)
        same = "" if name not in outcome else "same outcome" if outcome[name] else "another outcome"
        span = f"{min(found):,.0f} to {max(found):,.0f}"
        print(
            f"  {name:34} {rate:9,.0f}/s ({span:>18})  {OURS} is {ours / rate:5.2f} of it  {same}", flush=True
        )


def _contenders(folder: Path) -> Iterator[Contender]:
    yield Contender(name=OURS, same_outcome=True, start=lambda made: _ours(made, 1))
    yield Contender(name="ours, 2 workers, safe", same_outcome=True, start=lambda made: _ours(made, 2))
    yield Contender(
        name="ours, 1 worker, fast", same_outcome=True, setting="fast", start=lambda made: _ours(made, 1)
    )
    try:
        python = mq_bridge.install(folder)
    except NotHere as missing:
        print(f"  left out: {missing}", flush=True)
    else:
        yield Contender(
            name="mq-bridge, INSERT ON CONFLICT",
            same_outcome=True,
            start=lambda made: made.spawn(mq_bridge.command(python, made.task, bulk=False)),
        )
        yield Contender(
            name="mq-bridge, bulk_copy",
            same_outcome=False,
            start=lambda made: made.spawn(mq_bridge.command(python, made.task, bulk=True)),
        )
    try:
        here = node_red.install(folder)
    except NotHere as missing:
        print(f"  left out: {missing}", flush=True)
    else:
        yield Contender(
            name="Node-RED, function node with pg",
            same_outcome=False,
            start=lambda made: made.spawn(
                node_red.command(here, made.task, made.folder / f"red-{time.time_ns()}", free_port())
            ),
        )
    yield Contender(name="paho and executemany", same_outcome=False, start=_plain)


def _plain(made: Run) -> None:
    task = made.task
    arguments = (task.broker_host, str(task.broker_port), task.user, task.password, task.database_url)
    made.spawn(plain.command([*arguments, str(task.batch)]))


def _ours(made: Run, workers: int) -> None:
    """Our workers, ready; two of them have settled who handles what."""
    bind = f"127.0.0.1:{free_port()}"
    env = {
        "HANOI_DATABASE_URL": made.url,
        "HANOI_MQTT_URL": made.broker.url("ingest"),
        "HANOI_INGEST_BIND": bind,
        "HANOI_INGEST_WORKERS": str(workers),
    }
    with (made.folder / "ingest.log").open("ab") as log:
        for worker in range(1, workers + 1):
            made.processes.append(start("hanoi-ingest", "--worker", str(worker), env=env, log=log))
    wait_for(lambda: ready(bind), "ingest ready")


@contextmanager
def _rig(installed: Runtime, postgres: Postgres, folder: Path, contender: Contender) -> Iterator[Run]:
    with (
        throughput.database(postgres) as url,
        Mosquitto(installed, folder / f"broker-{time.time_ns()}", setting=contender.setting) as broker,
    ):
        made = Run(url=url, broker=broker, folder=folder)
        try:
            yield made
        finally:
            for process in made.processes:
                process.kill()
                process.wait()


def _measure(made: Run, contender: Contender, messages: Sequence[throughput.Message]) -> float | None:
    """Messages per second; None, with a line, when the contender never finished."""
    contender.start(made)
    time.sleep(5.0)  # connected, subscribed, and for two workers the division settled
    for process in made.processes:
        process.send_signal(signal.SIGSTOP)
    publish(made.broker.url("publisher"), messages)
    started = time.monotonic()
    for process in made.processes:
        process.send_signal(signal.SIGCONT)
    with db.connect(made.url, name="bench", autocommit=True) as conn:
        while time.monotonic() - started < LIMIT_S:
            row = conn.execute("SELECT count(*) AS n FROM observation").fetchone()
            if row is not None and row["n"] >= len(messages):
                return len(messages) / (time.monotonic() - started)
            time.sleep(0.05)
    print(f"  {contender.name}: not finished after {LIMIT_S:g} s", flush=True)
    return None


def _messages(url: str, city: Sequence[Thing]) -> list[throughput.Message]:
    """One value each, in our format, with the columns that the peers need beside it."""
    with db.connect(url, name="bench") as conn:
        ids = {(thing, key): number for _, thing, key, number in things.registry(conn)}
    bays = [thing for thing in city if thing.kind == "bay"]
    return [
        (observations_topic(bay.domain, bay.id), _payload(ids[bay.id, "occupied"] or 0, n))
        for n in range(MINUTES)
        for bay in bays
    ]


def _payload(datastream_id: int, n: int) -> bytes:
    message = {
        "time": (START + timedelta(minutes=n)).isoformat(),
        "results": {"occupied": n % 2 == 0},
        "datastream_id": datastream_id,
        "value": 1.0 if n % 2 == 0 else 0.0,
        "quality": 1,
        "measured": "measured",
    }
    return json.dumps(message).encode()


def _bare(postgres: Postgres, city: Sequence[Thing]) -> float:
    elements = throughput.values(city, MINUTES)
    with throughput.database(postgres) as url:
        return throughput.bare_copy(url, elements)
