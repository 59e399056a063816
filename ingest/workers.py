"""The two parts of the handover: worker 1, which has everything and leaves some, and every other one.

Each looks at the tenures in the database once a second and does what ingest/handover.py says is next. A database or a
broker that is away stops the handover where it is; messages go on being handled by who handled them before.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Event
from typing import Final, Protocol

from ingest import handover
from ingest.handover import Share, Tenures
from ingest.model import Envelope
from ingest.partition import Partition
from ingest.registry import Registry
from ingest.sources import Sources
from ingest.transport import SESSION_EXPIRY, MqttTransport, Subscription
from ingest.validate import Known
from ingest.wire import SUBSCRIPTION
from storage import db, tenures
from storage.tenures import Settlement, Tenure

log = logging.getLogger(__name__)

TICK_S: Final = 1.0
SHORT_TICK_S: Final = 0.1
"""While the broker's answer is awaited."""
SEEN_EVERY_S: Final = 10.0
ABSENT: Final = timedelta(minutes=1)
GIVEN_UP: Final = SESSION_EXPIRY - timedelta(days=1)
"""A worker that was away so long soon has no session; what it would miss is handled by worker 1 from then on."""
FORGOTTEN: Final = SESSION_EXPIRY + timedelta(days=1)
QUIET_S: Final = 3.0
"""A session is empty when the broker, asked something, answers and sends nothing for so long."""


class Part(Protocol):
    """What a worker does beside handling messages."""

    def share(self, envelope: Envelope) -> Share:
        """Whose message it is. Called for every message, by another thread than `tick`."""
        ...

    def tick(self) -> float:
        """One step; seconds until the next. Raises db.DatabaseUnreachable."""
        ...

    def load(self) -> None:
        """What it needs before the transport starts. Raises db.DatabaseUnreachable."""
        ...

    finished: bool
    """Whether a worker that is to be drained is empty."""
    absent: int
    """Other workers that are away, as far as this one looks."""


@dataclass(kw_only=True)
class First:
    """Worker 1: subscribed to everything."""

    pool: db.Pool
    transport: MqttTransport
    sources: Sources
    clock: Callable[[], datetime]
    finished: bool = field(default=False, init=False)
    absent: int = field(default=0, init=False)
    _tenures: Tenures = field(default_factory=Tenures, init=False)
    """Replaced as a whole. Still true when the database is away: nobody but us can end one."""
    _identifier: int | None = field(default=None, init=False)
    _pending: tuple[Settlement, Sequence[Tenure]] | None = field(default=None, init=False)
    _looked: float = field(default=float("-inf"), init=False)

    def load(self) -> None:
        with self.pool.connection() as conn:
            self._tenures = Tenures.of(tenures.all_tenures(conn))
            self._identifier = tenures.last_identifier(conn)
        self.transport.want(self._subscriptions())

    def share(self, envelope: Envelope) -> Share:
        return self._tenures.share_of_first(envelope.topic, envelope.identifier, envelope.retained)

    def tick(self) -> float:
        if not self.transport.connected or not self.transport.identifiers:
            return TICK_S  # who can't mark its messages leaves none
        if self._pending is not None:
            return self._settle(*self._pending)
        with self.pool.connection() as conn:
            rows = tenures.all_tenures(conn)
            self._tenures = Tenures.of(rows)
            self._look_after(conn)
            if not any(handover.waits_for(row) for row in rows):
                return TICK_S
            identifier = tenures.next_identifier(conn, handover.least_identifier(self.clock()))
        self._identifier, self._pending = identifier, (handover.settlement(rows, identifier), rows)
        self.transport.want(self._subscriptions())
        return SHORT_TICK_S

    def _settle(self, answers: Settlement, rows: Sequence[Tenure]) -> float:
        """When every subscription has the new identifier. In our memory first: what others read must be true."""
        granted = self.transport.granted
        if any(granted.get(wanted.filter) != wanted for wanted in self._subscriptions()):
            return SHORT_TICK_S
        self._tenures = Tenures.of(handover.settled(rows, answers))
        self._pending = None
        with self.pool.connection() as conn:
            tenures.settle(conn, answers, self.clock())
        log.info(
            "handover identifier=%d offered=%d left=%d taken_back=%d closed=%d",
            *(answers.identifier, len(answers.offered), len(answers.since)),
            *(len(answers.until), len(answers.closed)),
        )
        return TICK_S

    def _look_after(self, conn: db.Connection) -> None:
        """Workers that are away are said once a minute, and given up in the end; what is long over is forgotten."""
        now = self.clock()
        away = tenures.unseen(conn, now - ABSENT)
        self.absent = len(away)
        if time.monotonic() - self._looked < ABSENT.total_seconds():
            return
        self._looked = time.monotonic()
        tenures.forget(conn, now - FORGOTTEN)
        for worker, seen_at in away:
            log.warning("worker_absent worker=%d since=%s", worker, seen_at.isoformat(timespec="seconds"))
            if seen_at < now - GIVEN_UP:
                tenures.void(conn, worker)
                tenures.gone(conn, worker)
                log.error("worker_given_up worker=%d", worker)

    def _subscriptions(self) -> list[Subscription]:
        others = [(f, source.qos) for source in self.sources.all for f in source.topics]
        return [
            Subscription(filter=f, qos=qos, identifier=self._identifier)
            for f, qos in [(SUBSCRIPTION, 1), *others]
        ]


@dataclass(kw_only=True)
class Other:
    """A worker beside the first: subscribed to what it owns, once worker 1 agrees."""

    pool: db.Pool
    transport: MqttTransport
    partition: Partition
    registry: Registry
    sources: Sources
    clock: Callable[[], datetime]
    finished: bool = field(default=False, init=False)
    absent: int = field(default=0, init=False)
    _owned: tuple[Known, dict[str, int]] | None = field(default=None, init=False)
    """What we own of the registry's last state."""
    _seen: float = field(default=float("-inf"), init=False)
    _sessions: int = field(default=0, init=False)
    """New sessions that don't surprise us: the very first, and those of the looks before."""
    _quiet: tuple[int, float] | None = field(default=None, init=False)
    """Messages received, and the time, when the last one was done with."""

    @property
    def worker(self) -> int:
        return self.partition.worker

    def load(self) -> None:
        """From here on we may have a session."""
        with self.pool.connection() as conn:
            self._sessions = 0 if tenures.seen(conn, self.worker, self.clock()) else 1

    def share(self, envelope: Envelope) -> Share:
        return handover.share_of_other(envelope.identifier)

    def tick(self) -> float:
        if not self.transport.connected:
            return SHORT_TICK_S
        with self.pool.connection() as conn:
            self._say_seen(conn)
            if self._session_was_lost():
                voided = tenures.void(conn, self.worker)
                log.log(logging.WARNING if voided else logging.INFO, "session_new voided=%d", voided)
            rows = tenures.tenures_of(conn, self.worker)
            waiting = self._step(conn, rows, self._filters())
        if self.partition.draining and not rows:
            self.finished = self._is_empty()
            return SHORT_TICK_S
        return SHORT_TICK_S if waiting else TICK_S

    def _filters(self) -> dict[str, int]:
        known = self.registry.known
        if self._owned is None or self._owned[0] is not known:
            self._owned = known, self.partition.filters(known.things, self.sources)
        return self._owned[1]

    def _step(self, conn: db.Connection, rows: Sequence[Tenure], owned: dict[str, int]) -> bool:
        """Whether the broker is to answer something."""
        wishes = handover.wishes(rows, owned)
        subscribed = [
            Subscription(filter=f, qos=owned.get(f, 1), identifier=identifier, retained=False)
            for f, identifier in wishes.subscribed.items()
        ]
        self.transport.want(subscribed, wishes.unsubscribed)
        granted = {f: each.identifier for f, each in self.transport.granted.items()}
        done = handover.confirmed(rows, owned, granted, self.transport.gone)
        for change, ids in (
            (tenures.withdraw, wishes.withdraw),
            (tenures.hold, done.held),
            (tenures.release, done.released),
            (tenures.drop, done.dropped),
        ):
            if ids:
                change(conn, ids)
        if wishes.ask:
            tenures.ask(conn, self.worker, wishes.ask)
        if done.held or done.dropped:
            log.info("tenures worker=%d held=%d dropped=%d", self.worker, len(done.held), len(done.dropped))
        return granted != wishes.subscribed or len(done.dropped) < len(wishes.unsubscribed)

    def _say_seen(self, conn: db.Connection) -> None:
        if time.monotonic() - self._seen >= SEEN_EVERY_S:
            tenures.seen(conn, self.worker, self.clock())
            self._seen = time.monotonic()

    def _session_was_lost(self) -> bool:
        """Whether the broker began a new session for us since the last look."""
        before, self._sessions = self._sessions, max(self._sessions, self.transport.sessions)
        return self._sessions > before

    def _is_empty(self) -> bool:
        """Whether the broker has nothing left for us. Without subscriptions nothing is added."""
        transport, now = self.transport, time.monotonic()
        asked = f"drained/{transport.received}"
        if transport.received != transport.committed:
            self._quiet = None
        elif self._quiet is None or self._quiet[0] != transport.received:
            self._quiet = (transport.received, now)
        transport.want((), [asked])  # no such subscription: an answer is all that we want
        return self._quiet is not None and now - self._quiet[1] >= QUIET_S and asked in transport.gone


@dataclass(kw_only=True)
class Handover:
    """Runs a worker's part in a thread, until `stop` is set."""

    part: Part
    stop: Event
    _thread: threading.Thread = field(init=False)

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="ingest-handover", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def _run(self) -> None:
        wait_s = 0.0
        while not self.stop.wait(wait_s):
            try:
                wait_s = self.part.tick()
            except db.PASSING as error:
                log.warning("handover_retried error=%r", str(error))
                wait_s = TICK_S
