"""From the outbox to people: routes transitions, tells the groups that are due, escalates, and delivers.

Each step is one transaction that begins with a look at who leads; killed between two of them, the next leader goes on.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from alerts.config import Alerting
from alerts.deliver import ATTEMPTS, LEASE, Deliverer, wait_before
from alerts.escalate import Escalator
from alerts.flush import Flusher
from alerts.metrics import Metrics
from alerts.notifiers import Notifier
from alerts.outbox import Router
from alerts.roster import Rosters
from storage import alert_routing, db, leader

__all__ = ["ATTEMPTS", "LEASE", "Dispatcher", "wait_before"]

PATIENCE_S: Final = 0.05
FORGOTTEN_AFTER: Final = timedelta(days=7)
"""How long an empty group is kept."""


def _nobody_waits() -> None:
    """For a dispatcher that is run again soon anyway."""


@dataclass(kw_only=True, slots=True)
class Dispatcher:
    """Takes a connection in autocommit mode for each run, so that it survives the loss of one."""

    alerting: Alerting
    receivers: Sequence[Notifier]
    """One for each of the configuration's."""
    metrics: Metrics
    clock: Callable[[], datetime]
    base_url: str | None = None
    """Of the control room, for links to alerts."""
    patience_s: float = PATIENCE_S
    wake: Callable[[], None] = _nobody_waits
    """Called, from another thread, when it is worth to run again at once."""
    publish: Callable[[db.Connection, int, datetime], object] | None = None
    """(connection, term, now): writes public messages, in transactions of its own."""
    _rosters: Rosters = field(init=False)
    _flusher: Flusher = field(init=False)
    _router: Router = field(init=False)
    _escalator: Escalator = field(init=False)
    _deliverer: Deliverer = field(init=False)
    _term: int | None = field(default=None, init=False)
    """In which this process has begun to lead."""

    def __post_init__(self) -> None:
        missing = self.alerting.receivers.keys() - {receiver.name for receiver in self.receivers}
        if missing:
            raise ValueError(f"no notifier for the receivers {', '.join(sorted(missing))}")
        self._rosters = rosters = Rosters(alerting=self.alerting)
        self._flusher = Flusher(alerting=self.alerting, rosters=rosters, base_url=self.base_url)
        self._router = Router(alerting=self.alerting, flusher=self._flusher)
        self._escalator = Escalator(
            alerting=self.alerting, rosters=rosters, flusher=self._flusher, router=self._router
        )
        self._deliverer = Deliverer(
            receivers=self.receivers,
            metrics=self.metrics,
            clock=self.clock,
            patience_s=self.patience_s,
            wake=self.wake,
        )

    def run(self, conn: db.Connection, term: int) -> int:
        """Does all that is due; returns how many attempts to send were made. Raises storage.leader.Deposed."""
        self._rosters.refresh(conn, self.clock())
        if term != self._term:
            self._begin(conn, term)
        self._router.route(conn, term, self.clock())
        self._escalator.escalate_due(conn, term, self.clock())
        self._flusher.flush_due(conn, term, self.clock())
        attempts = self._deliverer.deliver(conn, term)
        if self.publish is not None:  # last: what goes wrong with public messages holds up nobody's own
            self.publish(conn, term, self.clock())
        return attempts

    def close(self) -> None:
        self._deliverer.close()

    def _begin(self, conn: db.Connection, term: int) -> None:
        now = self.clock()
        self._router.reroute(conn, term, now)
        with conn.transaction():
            leader.require(conn, term)
            alert_routing.forget_groups(conn, now - FORGOTTEN_AFTER)
            self._deliverer.take_over(conn, term)
        self._term = term
