"""Database, broker, ingest workers and a publisher that belong to one run, so that each can be killed."""

import random
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final, Literal

from deploy.embedded.mosquitto import Mosquitto
from deploy.embedded.postgres import FOR_TESTS, Postgres
from deploy.embedded.runtime import Runtime
from ingest.partition import owner_of_thing, thing_filter
from ingest.wire import ROOT
from storage import db, inventory, things
from storage.catalog import load_catalog
from storage.inventory import load_inventory
from storage.migrate import migrate
from tests.faults.publisher import ERROR_TEXT, Publisher, Sent
from tests.processes import end, ready, start, wait_for

Target = Literal["ingest", "broker", "database"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """Another number of workers: how long until the new order held, and what came out."""

    before: int
    after: int
    killed: int | Target
    """The worker, or the server, that got a SIGKILL in the middle."""
    settled_s: float
    acked: int
    lost: list[Sent]
    twice: list[bytes]


BELOW_EPHEMERAL: Final = (15_000, 32_000)
"""Linux gives connections ports from 32768 on (ip_local_port_range): a port that is to stay free is none of those."""
MOST_WORKERS: Final = 8
DRAINED_WITHIN_S: Final = 300
"""No promise, only an end to waiting: seven seconds when nothing else runs."""


@dataclass(kw_only=True)
class Rig:
    postgres: Postgres
    broker: Mosquitto
    log: IO[bytes]
    publisher: Publisher = field(init=False)
    workers: dict[int, subprocess.Popen[bytes]] = field(default_factory=dict, init=False)
    """Every ingest worker that runs, by its number; one that is being drained too."""
    count: int = field(default=1, init=False)
    """How many they are meant to be."""
    _port: int = field(init=False)
    _checked: int = field(default=0, init=False)

    def start(self) -> None:
        self.postgres.create_owner("hanoi")
        migrate(self.url)
        domains = load_catalog()
        city = load_inventory([inventory.SHIPPED], domains)
        with db.connect(self.url, name="faults") as conn:
            things.sync(conn, domains, city)
        self._port = free_ports(MOST_WORKERS + 1)
        self.start_ingest()
        bays = [thing.id for thing in city if thing.kind == "bay"]
        self.publisher = Publisher(url=self.broker.url("publisher"), bays=bays)
        self.publisher.start()

    def stop(self) -> None:
        self.publisher.stop()
        self.kill_ingest()

    @property
    def url(self) -> str:
        return self.postgres.owner_url("hanoi")

    def start_ingest(self) -> None:
        """Every worker that is meant to run and does not, until they are ready."""
        for worker in range(1, self.count + 1):
            if worker not in self.workers:
                self.start_worker(worker)
        wait_for(
            lambda: all(ready(self.bind(w)) for w in range(1, self.count + 1)),
            "every worker ready",
            alive=lambda: all(self.workers[w].poll() is None for w in range(1, self.count + 1)),
            context=lambda: Path(self.log.name).read_text()[-3000:],
        )

    def start_worker(self, worker: int) -> None:
        """One that is left over is drained."""
        env = {
            "HANOI_DATABASE_URL": self.url,
            "HANOI_MQTT_URL": self.broker.url("ingest"),
            "HANOI_INGEST_BIND": f"127.0.0.1:{self._port}",
            "HANOI_INGEST_WORKERS": str(self.count),
        }
        drain = ["--drain"] if worker > self.count else []
        arguments = ["--worker", str(worker), *drain] if worker > 1 else []
        self.workers[worker] = start("hanoi-ingest", *arguments, env=env, log=self.log)

    def bind(self, worker: int) -> str:
        """Where a worker answers /readyz."""
        return f"127.0.0.1:{self._port + (worker if worker > 1 else 0)}"

    def kill_worker(self, worker: int) -> None:
        """SIGKILL; nothing starts it again."""
        process = self.workers.pop(worker)
        process.kill()
        process.wait()

    def kill_ingest(self) -> None:
        """SIGKILL to every worker."""
        for worker in list(self.workers):
            self.kill_worker(worker)

    def change_workers(self, count: int, killed: int | Target, after_s: float) -> Change:
        """Starts every worker anew with another number of them while messages flow, and kills in the middle."""
        before, self.count = self.count, count
        self.publisher.resume()
        began = time.monotonic()
        for worker in list(self.workers):
            self._end_worker(worker)
        for worker in range(1, max(before, count) + 1):
            self.start_worker(worker)
        time.sleep(after_s)
        self._kill_and_start(killed)
        self.start_ingest()
        for worker in range(count + 1, before + 1):
            status = self.workers[worker].wait(DRAINED_WITHIN_S)
            del self.workers[worker]  # not before: `stop` ends what is left
            assert status == 0, f"worker {worker} was to be drained and ended with {status}"
        wait_for(self.settled, f"{count} workers in order")
        settled_s = time.monotonic() - began
        wait_for(self._caught_up, "backlog at 0")
        acked, lost, twice = self._count()
        return Change(
            before=before,
            after=count,
            killed=killed,
            settled_s=settled_s,
            acked=acked,
            lost=lost,
            twice=twice,
        )

    def settled(self) -> bool:
        return settled(self.url, self.count)

    def _kill_and_start(self, killed: int | Target) -> None:
        if isinstance(killed, int):
            self.kill_worker(killed)
            time.sleep(0.5)
            self.start_worker(killed)
        else:
            kill, start_again = self._parts()[killed]
            kill()
            time.sleep(0.5)
            start_again()

    def _end_worker(self, worker: int) -> None:
        end(self.workers[worker], lambda: Path(self.log.name).read_text()[-20_000:])
        del self.workers[worker]

    def _parts(self) -> dict[Target, tuple[Callable[[], None], Callable[[], None]]]:
        return {
            "ingest": (self.kill_ingest, self.start_ingest),
            "broker": (self.broker.kill, self.broker.start),
            "database": (self.postgres.kill, self.postgres.start),
        }

    def _caught_up(self) -> bool:
        """While the flow goes on: all but the last second's messages are in the database."""
        acked = len(self.publisher.acked)
        return self.publisher.unacked < 300 and self._stored() >= acked - self.publisher.rate_hz

    def _stored(self) -> int:
        with db.connect(self.url, name="faults") as conn:
            row = conn.execute(
                "SELECT (SELECT count(*) FROM observation) + (SELECT count(*) FROM rejected_message) AS n"
            ).fetchone()
        return int(row["n"]) if row else 0

    def _count(self) -> tuple[int, list[Sent], list[bytes]]:
        """Lets everything come to rest, then compares what was acknowledged with what is stored."""
        self.publisher.pause()
        wait_for(lambda: self.publisher.unacked == 0, "every message acknowledged")
        acked = self.publisher.acked[self._checked :]
        limit = time.monotonic() + 30
        while (lost := self._missing(acked)) and time.monotonic() < limit:
            time.sleep(0.2)
        self._checked += len(acked)
        return len(acked), lost, self._twice()

    def _missing(self, acked: list[Sent]) -> list[Sent]:
        with db.connect(self.url, name="faults") as conn:
            stored = {
                (row["thing_id"], row["phenomenon_time"])
                for row in conn.execute(
                    "SELECT d.thing_id, o.phenomenon_time FROM observation o"
                    " JOIN datastream d ON d.id = o.datastream_id WHERE d.property = 'occupied'"
                )
            }
            rejected = {bytes(r["payload"]) for r in conn.execute("SELECT payload FROM rejected_message")}
        missing = [
            sent
            for sent in acked
            if (sent.payload not in rejected if sent.refused else (sent.bay, sent.time) not in stored)
        ]
        return missing + [sent for sent in acked if sent.error and self._errors()[sent.topic] < 0]

    def _errors(self) -> Counter[str]:
        """By topic, how many more rows with the same error text there are than messages."""
        with db.connect(self.url, name="faults") as conn:
            rows = conn.execute(
                "SELECT topic FROM rejected_message WHERE payload = %s", (ERROR_TEXT,)
            ).fetchall()
        surplus = Counter(row["topic"] for row in rows)
        surplus.subtract(sent.topic for sent in self.publisher.acked if sent.error)
        return surplus

    def _twice(self) -> list[bytes]:
        """Rejections stored more than once; the primary key speaks for observations."""
        with db.connect(self.url, name="faults") as conn:
            rows = conn.execute(
                "SELECT payload FROM rejected_message WHERE payload <> %s GROUP BY payload HAVING count(*) > 1",
                (ERROR_TEXT,),
            ).fetchall()
        errors = [f"{ERROR_TEXT.decode()}: {topic}".encode() for topic, n in self._errors().items() if n > 0]
        return [bytes(row["payload"]) for row in rows] + errors


def settled(url: str, count: int) -> bool:
    """Whether every Thing is with that one of `count` workers that owns it and no handover is under way."""
    with db.connect(url, name="faults") as conn:
        rows = conn.execute("SELECT filter, worker, since, dropped, closed FROM ingest_tenure").fetchall()
        known = conn.execute("SELECT domain, id FROM thing").fetchall()
    owners = {thing_filter(row["domain"], row["id"]): owner_of_thing(row["id"], count) for row in known}
    held = {row["filter"]: row["worker"] for row in rows if not row["dropped"] and row["since"] is not None}
    under_way = [row for row in rows if (row["closed"] if row["dropped"] else row["since"]) is None]
    native = {f: worker for f, worker in held.items() if f.startswith(f"{ROOT}/")}
    return not under_way and native == {f: worker for f, worker in owners.items() if worker > 1}


def free_ports(count: int) -> int:
    """The first of so many free ports in a row, none of which the system gives to a connection meanwhile."""
    while True:
        first = random.randrange(*BELOW_EPHEMERAL)
        try:
            for port in range(first, first + count):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
        except OSError:
            continue
        return first


@contextmanager
def rig(runtime: Runtime, folder: Path) -> Iterator[Rig]:
    """A running rig with the broker's `safe` setting (or what the installed Mosquitto has instead)."""
    with (
        Postgres(runtime, folder / "database", settings=FOR_TESTS) as postgres,
        Mosquitto(runtime, folder / "broker", proves_persistence=False) as broker,
        (folder / "ingest.log").open("ab") as log,
    ):
        made = Rig(postgres=postgres, broker=broker, log=log)
        made.start()
        try:
            yield made
        finally:
            made.stop()
