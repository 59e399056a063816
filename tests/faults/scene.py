"""A rig with a fault in it: messages flow, something breaks, it heals, everything is counted."""

import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg.rows import dict_row

from deploy.embedded.mosquitto import Mosquitto
from deploy.embedded.postgres import FOR_TESTS, Postgres
from deploy.embedded.runtime import Runtime
from tests.faults.count import Mark, Tally, mark, tally, wanted
from tests.faults.proxy import Proxy
from tests.faults.publisher import EPOCH, Publisher, Sent
from tests.faults.rig import Rig
from tests.processes import ready, start, wait_for

Flow = Callable[[int, Sequence[str]], Sent]

RATE_HZ: Final = 250.0
BEFORE_S: Final = 1.0
"""Messages flow so long before something breaks."""
LATE_S: Final = 0.5
"""How long a message that comes twice has to appear."""
STILL_S: Final = 15.0
"""What is not stored when nothing was for so long is lost."""
POLL_S: Final = 0.2


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """One row of the table."""

    group: str
    name: str
    """What is done, for readers of the table."""
    inject: "Callable[[Scene, float], str | None]"
    """Breaks, waits so many seconds, heals; what it has to say for the table."""
    prepare: "Callable[[Scene], None] | None" = None
    """Before messages flow."""
    seconds: float = 5.0
    short_s: float | None = None
    """In `make test`; None: not there."""
    flow: Flow | None = None
    """What the publisher sends meanwhile; None: good values with some broken ones among them."""
    rate_hz: float = RATE_HZ
    workers: int = 1
    may_refuse: bool = False
    """Whether good messages may end as rejections."""
    limit: bool = False
    """A known limit: it is shown what is lost, and it has to be."""
    needs: Callable[[], str | None] = lambda: None
    """What is missing for it here; None: nothing."""
    on_small_disk: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    fault: Fault
    outage_s: float = 0.0
    """From the fault until it was healed."""
    catch_up_s: float = 0.0
    """From then until what was acknowledged was stored, but for a second's flow."""
    tally: Tally | None = None
    note: str = ""
    not_run: str = ""
    failed: str = ""
    """What never happened."""

    @property
    def passed(self) -> bool:
        if self.failed:
            return False
        if self.tally is None:
            return True
        if self.fault.limit:
            return bool(self.tally.lost) and not self.tally.doubled and not self.tally.wrong
        return self.tally.clean


@dataclass(kw_only=True)
class Scene(Rig):
    """Ingest reaches broker and database through proxies if there are any, and is started again when it ends."""

    folder: Path
    to_broker: Proxy | None = None
    to_database: Proxy | None = None
    extra: dict[str, str] = field(default_factory=dict, init=False)
    """Variables that ingest gets besides."""
    exits: list[int] = field(default_factory=list, init=False)
    """Of workers that ended by themselves."""
    sent: list[Sent] = field(default_factory=list, init=False)
    """Acknowledged messages that do not come from `publisher`."""
    counted: list[Sent] = field(default_factory=list, init=False)
    """What earlier faults left behind, all of it stored."""
    _begin: Mark = field(init=False)

    def start(self) -> None:
        super().start()
        self._pause()
        self.counted += self.publisher.acked
        with self.superuser() as conn:
            wait_for(lambda: mark(conn).rows >= wanted(self.counted), "the first messages stored")

    def start_ingest(self) -> None:
        for worker in range(1, self.count + 1):
            if worker not in self.workers:
                self.start_worker(worker)
        self.until(self.all_ready, "every worker ready")

    def start_worker(self, worker: int) -> None:
        self.workers[worker] = self.spawn(worker)

    @property
    def environment(self) -> dict[str, str]:
        return {
            "HANOI_DATABASE_URL": _through(self.to_database, self.url, self.postgres.port),
            "HANOI_MQTT_URL": _through(self.to_broker, self.broker.url("ingest"), self.broker.port),
            "HANOI_INGEST_WORKERS": str(self.count),
            **self.extra,
        }

    def spawn(
        self, worker: int, sabotage: Sequence[str] = (), port: int | None = None
    ) -> "subprocess.Popen[bytes]":
        """A process of ours that is not looked after; on a port of its own where it is a second one."""
        environment = {**self.environment, "HANOI_INGEST_BIND": f"127.0.0.1:{port or self._port}"}
        drain = ["--drain"] if worker > self.count else []
        arguments = ["--worker", str(worker), *drain] if worker > 1 else []
        if sabotage:
            return start(
                "python", "-m", "tests.faults.sabotage", *sabotage, *arguments, env=environment, log=self.log
            )
        return start("hanoi-ingest", *arguments, env=environment, log=self.log)

    def scale(self, workers: int) -> None:
        """Another number of workers, without a fault."""
        if workers == self.count:
            return
        before, self.count = self.count, workers
        for worker in list(self.workers):
            self._end_worker(worker)
        for worker in range(1, max(before, workers) + 1):
            self.start_worker(worker)
        self.start_ingest()
        for worker in range(workers + 1, before + 1):
            assert self.workers.pop(worker).wait(60) == 0
        wait_for(self.settled, f"{workers} workers in order")

    def revive(self) -> bool:
        """Starts workers that ended by themselves, as a supervisor would."""
        for worker, process in list(self.workers.items()):
            drained = worker > self.count and process.poll() == 0
            if process.poll() is not None and not drained:
                self.exits.append(process.returncode)
                self.start_worker(worker)
        return True

    def rest(self, seconds: float) -> None:
        """Waits, and looks after the workers meanwhile."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.revive()
            time.sleep(min(POLL_S, max(0.0, end - time.monotonic())))

    def until(self, happened: Callable[[], object], what: str, limit_s: float = 60.0) -> None:
        """Like wait_for, and looks after the workers meanwhile."""
        end = time.monotonic() + limit_s
        while not happened():
            if time.monotonic() > end:
                raise AssertionError(f"never happened: {what}\n{self.log_end()}")
            self.revive()
            time.sleep(POLL_S)

    def all_ready(self) -> bool:
        return all(ready(self.bind(worker)) for worker in range(1, self.count + 1))

    def log_end(self) -> str:
        return (self.folder / "ingest.log").read_text(errors="replace")[-4000:]

    def log_count(self, word: str) -> int:
        return (self.folder / "ingest.log").read_text(errors="replace").count(word)

    def superuser(self, dbname: str = "hanoi") -> "psycopg.Connection[dict[str, Any]]":
        """A connection that none of our faults concerns."""
        return psycopg.connect(
            self.postgres.url("postgres", dbname),
            autocommit=True,
            row_factory=dict_row,
            options="-c default_transaction_read_only=off -c statement_timeout=0 -c lock_timeout=0 -c timezone=UTC",
        )

    def execute(self, *statements: str) -> None:
        """As superuser."""
        with self.superuser() as conn:
            for statement in statements:
                conn.execute(statement.encode())

    def run(self, fault: Fault, seconds: float) -> Result:
        """Raises AssertionError when something never comes back."""
        self.scale(fault.workers)
        if fault.prepare is not None:
            fault.prepare(self)
        self._begin_counting(fault)
        first = len(self.publisher.acked)
        exits_before = len(self.exits)
        self.publisher.resume()
        self.rest(BEFORE_S)
        broken = time.monotonic()
        note = fault.inject(self, seconds) or ""
        healed = time.monotonic()
        limit_s = 90 + 4 * (healed - broken)
        self.until(lambda: self._all_but_a_second(first, fault.limit), f"backlog at 0: {fault.name}", limit_s)
        caught_up = time.monotonic()
        counted = self._tally(fault, first)
        lost = {id(sent) for sent in counted.lost}
        self.counted += [sent for sent in self.publisher.acked[first:] + self.sent if id(sent) not in lost]
        exits = [code for code in self.exits[exits_before:] if code != -9]
        said = [note] if note else []
        said += [f"{counted.folded} equal error texts counted with an earlier one"] if counted.folded else []
        said += [f"ended {len(exits)} times with {', '.join(map(str, sorted(set(exits))))}"] if exits else []
        return Result(
            fault=fault,
            outage_s=healed - broken,
            catch_up_s=caught_up - healed,
            tally=counted,
            note="; ".join(said),
        )

    def stored_since_begin(self) -> int:
        """Rows of this fault."""
        with self.superuser() as conn:
            return mark(conn).rows - self._begin.rows

    def count_all(self, fault: Fault) -> Result:
        """Everything that was sent since the beginning, once more: what came twice late is seen here."""
        nothing = Mark(at=EPOCH, observations=0, rejections=0, last_rejection=0, superseded=0)
        with self.superuser() as conn:
            counted = tally(conn, self.counted, nothing, frozenset(), may_refuse=fault.may_refuse)
        return Result(fault=fault, tally=counted)

    def _begin_counting(self, fault: Fault) -> None:
        self.sent.clear()
        self.publisher.make, self.publisher.rate_hz = fault.flow, fault.rate_hz
        with self.superuser() as conn:
            self._begin = mark(conn)

    def _all_but_a_second(self, first: int, limited: bool) -> bool:
        acked = self.publisher.acked[first:] + self.sent
        if limited:
            return self.all_ready() and self.publisher.unacked < self.publisher.rate_hz
        try:
            stored = self.stored_since_begin()
        except psycopg.OperationalError:
            return False
        return (
            self.publisher.unacked < self.publisher.rate_hz
            and stored >= wanted(acked) - self.publisher.rate_hz
        )

    def _tally(self, fault: Fault, first: int) -> Tally:
        """When everything has come to rest."""
        self._pause()
        acked = self.publisher.acked[first:] + self.sent
        stored, since = 0, time.monotonic()
        while stored < wanted(acked) and time.monotonic() - since < STILL_S:
            before, stored = stored, self.stored_since_begin()
            since = time.monotonic() if stored != before else since
            self.rest(POLL_S)
        self.rest(LATE_S)
        known = frozenset(sent.key for sent in self.counted if not sent.refused)
        with self.superuser() as conn:
            return tally(conn, acked, self._begin, known, may_refuse=fault.may_refuse)

    def _pause(self) -> None:
        """Until the broker has acknowledged the last message."""
        self.publisher.pause()
        self.rest(POLL_S)  # the one that is about to be sent
        self.until(lambda: self.publisher.unacked == 0, "every message acknowledged")


def _through(proxy: Proxy | None, url: str, port: int) -> str:
    return url if proxy is None else url.replace(f":{port}", f":{proxy.port}")


@contextmanager
def scene(
    runtime: Runtime, folder: Path, *, proxies: bool = False, database: Path | None = None
) -> Iterator[Scene]:
    """A running scene with the broker's `safe` setting (or what the installed Mosquitto has instead)."""
    with ExitStack() as stack:
        postgres = stack.enter_context(
            Postgres(
                runtime, database or folder / "database", settings=FOR_TESTS, log=folder / "database.log"
            )
        )
        broker = stack.enter_context(Mosquitto(runtime, folder / "broker", proves_persistence=False))
        log = stack.enter_context((folder / "ingest.log").open("ab"))
        through = [
            stack.enter_context(Proxy(target=port)) for port in (broker.port, postgres.port) if proxies
        ]
        to_broker, to_database = through or (None, None)
        made = Scene(
            postgres=postgres,
            broker=broker,
            log=log,
            folder=folder,
            to_broker=to_broker,
            to_database=to_database,
        )
        made.start()
        stack.callback(made.stop)
        yield made


def another_publisher(of: Scene, name: str, make: Flow, rate_hz: float) -> Publisher:
    """A second one, with its own client id; `Scene.sent` gets what is counted of it."""
    made = Publisher(
        url=of.broker.url("publisher"), bays=of.publisher.bays, rate_hz=rate_hz, client_id=name, make=make
    )
    made.start()
    return made
