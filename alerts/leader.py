"""One active engine, others stand by: whoever holds the advisory lock leads, on the connection that holds it.

The lock and every write of the engine share one session, so a leader that lost its session can't write any more; it
connects again and stands in line like the others.
"""

import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from threading import Event
from typing import Final

from alerts.engine import Engine
from alerts.metrics import Metrics
from alerts.rules import RuleBook
from storage import db, locks

log = logging.getLogger(__name__)

LOCK: Final = "alerts"
STANDBY_S: Final = 1.0
TICK_S: Final = 1.0
"""The feed is looked at this often even when nobody says that it changed."""
LONGEST_WAIT_S: Final = 10.0


@dataclass(kw_only=True, slots=True)
class Agenda:
    """What other threads ask of the leading one, done between two rounds."""

    time_passes: Event = field(default_factory=Event)
    new_rules: deque[RuleBook] = field(default_factory=lambda: deque(maxlen=1))
    """The last one set counts."""
    changed: Event = field(default_factory=Event)
    """Set by the leader after each round that may have filled the outbox."""


@dataclass(kw_only=True, slots=True)
class Leader:
    url: str
    engine: Engine
    agenda: Agenda
    metrics: Metrics
    clock: Callable[[], datetime]
    stop: Event
    leading: Event = field(default_factory=Event, init=False)
    connected: bool = field(default=False, init=False)

    def run(self) -> None:
        """Until `stop`. A lost database is waited for; any other error goes to the caller."""
        wait_s = 0.5
        while not self.stop.is_set():
            try:
                with db.connect(self.url, name="alerts", autocommit=True) as conn:
                    self.connected, wait_s = True, 0.5
                    self._stand_in_line(conn)
            except db.DatabaseUnreachable as error:
                log.warning("database_lost wait_s=%.1f error=%r", wait_s, str(error))
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
            self._lead_no_more()
            self.stop.wait(STANDBY_S)

    def _lead(self, conn: db.Connection) -> None:
        log.info("leading rules=%d", len(self.engine.book.by_key))
        self.metrics.leading.set(1)
        conn.execute(db.statements("live")["listen"])
        self.engine.use(conn, self.engine.book, self.clock())
        self.leading.set()
        while not self.stop.is_set():
            self._round(conn)
            for _ in conn.notifies(timeout=TICK_S, stop_after=1):
                pass

    def _round(self, conn: db.Connection) -> None:
        if self.agenda.new_rules:
            self.engine.use(conn, self.agenda.new_rules.popleft(), self.clock())
        while self.engine.read_changes(conn, self.clock()) and not self.stop.is_set():
            self.agenda.changed.set()
        if self.agenda.time_passes.is_set():
            self.agenda.time_passes.clear()
            if self.engine.let_time_pass(conn, self.clock()):
                self.agenda.changed.set()

    def _lead_no_more(self) -> None:
        if self.leading.is_set():
            log.info("leading_no_more")
        self.leading.clear()
        self.metrics.leading.set(0)
