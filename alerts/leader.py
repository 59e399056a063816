"""One active engine, others stand by: whoever holds the advisory lock leads, on the connection that holds it.

The lock and every write of the engine share one session, so a leader that lost its session can't write any more; it
connects again and stands in line like the others. A leader that is frozen keeps its session: whoever stands by sees
its heartbeat stop, ends its sessions, and begins a new term, in which nothing of the old one can be written.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from threading import Event, Thread
from typing import Final

from alerts.engine import Engine
from alerts.metrics import Metrics
from alerts.ruling import Ruling
from storage import db, leader, locks

log = logging.getLogger(__name__)

LOCK: Final = "alerts"
STANDBY_S: Final = 1.0
TICK_S: Final = 1.0
"""The feed is looked at this often even when nobody says that it changed."""
BEAT_S: Final = 1.0
FROZEN_AFTER_S: Final = 5.0
"""A heartbeat older than this is a frozen leader's; another takes over within two standby ticks of it."""
LONGEST_ROUND_S: Final = 120.0
"""An engine that is in one round for longer hangs: its heartbeat stops too."""
LONGEST_WAIT_S: Final = 10.0


@dataclass(kw_only=True, slots=True)
class Agenda:
    """What other threads ask of the leading one, done between two rounds."""

    time_passes: Event = field(default_factory=Event)
    look_at_rules: Event = field(default_factory=Event)
    changed: Event = field(default_factory=Event)
    """Set by the leader after each round that may have filled the outbox."""


@dataclass(kw_only=True, slots=True)
class Leader:
    url: str
    holder: str
    """A name of this process that no other has."""
    engine: Engine
    ruling: Ruling
    agenda: Agenda
    metrics: Metrics
    clock: Callable[[], datetime]
    stop: Event
    leading: Event = field(default_factory=Event, init=False)
    term: int = field(default=0, init=False)
    """Of this process, while it leads."""
    connected: bool = field(default=False, init=False)
    _round_began: float | None = field(default=None, init=False)
    """By the monotonic clock; None between two rounds."""

    def run(self) -> None:
        """Until `stop`. A lost database or leadership is waited for; any other error goes to the caller."""
        wait_s = 0.5
        while not self.stop.is_set():
            try:
                with db.connect(self.url, name=leader.session_name(self.holder), autocommit=True) as conn:
                    self.connected, wait_s = True, 0.5
                    self._stand_in_line(conn)
            except db.DatabaseUnreachable as error:
                log.warning("database_lost wait_s=%.1f error=%r", wait_s, str(error))
            except leader.Deposed as error:
                log.warning("deposed error=%r", str(error))
            finally:
                self.connected = False
                self._lead_no_more()
            self.stop.wait(wait_s)
            wait_s = min(2 * wait_s, LONGEST_WAIT_S)

    def _stand_in_line(self, conn: db.Connection) -> None:
        while not self.stop.is_set():
            with locks.only_one(conn, LOCK) as mine:
                if mine:
                    self._lead(conn)
                else:
                    self._watch_leader(conn)
            self._lead_no_more()
            self.stop.wait(STANDBY_S)

    def _watch_leader(self, conn: db.Connection) -> None:
        """A leader without heartbeat loses its sessions, and with them the lock."""
        seen = leader.current(conn)
        if seen is not None and seen.silent_s > FROZEN_AFTER_S:
            ended = leader.depose(conn, seen.holder)
            log.warning(
                "leader_frozen holder=%s term=%d silent_s=%.1f sessions_ended=%d",
                *(seen.holder, seen.term, seen.silent_s, ended),
            )

    def _take_over(self, conn: db.Connection) -> int:
        """The lock is ours, so who led before leads no more; what it left hanging in other sessions ends here."""
        before = leader.current(conn)
        if before is not None and before.holder != self.holder:
            leader.depose(conn, before.holder)
        return leader.take_over(conn, self.holder)

    def _lead(self, conn: db.Connection) -> None:
        self.term = self._take_over(conn)
        log.info("leading term=%d rules=%d", self.term, len(self.engine.book.by_key))
        self.metrics.leading.set(1)
        over = Event()
        heart = Thread(target=self._beat, args=(self.term, over), name="heartbeat", daemon=True)
        heart.start()
        try:
            conn.execute(db.statements("live")["listen"])
            self.ruling.refresh(conn)
            self._timed(lambda: self.engine.use(conn, self.term, self.ruling.book, self.clock()))
            self.leading.set()
            while not self.stop.is_set():
                self._timed(lambda: self._round(conn))
                for _ in conn.notifies(timeout=TICK_S, stop_after=1):
                    pass
        finally:
            over.set()
            heart.join()

    def _timed(self, work: Callable[[], None]) -> None:
        """So that the heartbeat can tell an engine that works from one that hangs."""
        self._round_began = time.monotonic()
        try:
            work()
        finally:
            self._round_began = None

    def _beat(self, term: int, over: Event) -> None:
        """In a session of its own, since the engine's is busy during a round. When it can't beat, others take over."""
        while not over.is_set():
            try:
                with db.connect(self.url, name=leader.session_name(self.holder), autocommit=True) as conn:
                    while not over.is_set():
                        if not self._hangs():
                            leader.beat(conn, term)
                        over.wait(BEAT_S)
            except db.DatabaseUnreachable:
                over.wait(BEAT_S)  # the engine's own session says so in the log
            except leader.Deposed:
                return

    def _hangs(self) -> bool:
        began = self._round_began
        return began is not None and time.monotonic() - began > LONGEST_ROUND_S

    def _round(self, conn: db.Connection) -> None:
        if self.agenda.look_at_rules.is_set():
            self.agenda.look_at_rules.clear()
            if self.ruling.refresh(conn):
                self.engine.use(conn, self.term, self.ruling.book, self.clock())
        while self.engine.read_changes(conn, self.term, self.clock()) and not self.stop.is_set():
            self.agenda.changed.set()
        if self.agenda.time_passes.is_set():
            self.agenda.time_passes.clear()
            if self.engine.follow_things(conn, self.term, self.clock()):
                self.agenda.changed.set()
            if self.engine.let_time_pass(conn, self.term, self.clock()):
                self.agenda.changed.set()

    def _lead_no_more(self) -> None:
        if self.leading.is_set():
            log.info("leading_no_more term=%d", self.term)
        self.leading.clear()
        self.metrics.leading.set(0)
