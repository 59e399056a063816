"""Takes transitions from the outbox, routes them, and delivers notifications until taken or given up.

A notification is claimed by putting its next attempt off, in a transaction of its own, and then sent without any open:
a crash between sending and recording sends again, with the same key.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from alerts import message
from alerts.metrics import Metrics
from alerts.notifiers import DeliveryError, Notifier
from alerts.route import route
from storage import alert_log, db
from storage.alert_log import NotificationRow

log = logging.getLogger(__name__)

ROUTED_AT_ONCE: Final = 500
LEASE: Final = timedelta(seconds=60)
"""How long a claimed notification is left alone when its sender died; longer than an attempt may take."""
FIRST_WAIT_S: Final = 2.0
LONGEST_WAIT_S: Final = 600.0
ATTEMPTS: Final = 20
"""About two and a half hours of trying."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Dispatcher:
    """Takes a connection in autocommit mode for each call, so that it survives the loss of one."""

    receivers: Sequence[Notifier]
    metrics: Metrics
    clock: Callable[[], datetime]

    def run(self, conn: db.Connection) -> int:
        """Routes and delivers what is due; returns how many attempts were made."""
        self._route(conn)
        attempts = 0
        while (row := self._claim(conn)) is not None:
            self._deliver(conn, row)
            attempts += 1
        return attempts

    def _route(self, conn: db.Connection) -> None:
        names = [receiver.name for receiver in self.receivers]
        now = self.clock()
        while True:
            with conn.transaction():
                waiting = alert_log.outbox(conn, ROUTED_AT_ONCE)
                for transition_id in waiting:
                    chosen, outcome = route(names)
                    for name in chosen:
                        alert_log.insert_notification(conn, transition_id, name, now)
                    alert_log.mark_processed(conn, transition_id, outcome, now)
            if len(waiting) < ROUTED_AT_ONCE:
                return

    def _claim(self, conn: db.Connection) -> NotificationRow | None:
        if not self.receivers:
            return None
        now = self.clock()
        names = [receiver.name for receiver in self.receivers]
        return alert_log.claim_notification(conn, names, now, now + LEASE)

    def _deliver(self, conn: db.Connection, row: NotificationRow) -> None:
        receiver = next(receiver for receiver in self.receivers if receiver.name == row.receiver)
        try:
            receiver.send(message.key(row), message.document(row))
        except DeliveryError as error:
            self._failed(conn, row, error)
        else:
            alert_log.mark_sent(conn, row.transition_id, row.receiver, self.clock())
            self._count(row, "sent")

    def _failed(self, conn: db.Connection, row: NotificationRow, error: DeliveryError) -> None:
        now = self.clock()
        again = error.retry and row.attempts < ATTEMPTS
        wait_s = max(error.after_s or 0.0, wait_before(row.attempts + 1))
        alert_log.mark_failed(
            conn,
            row.transition_id,
            row.receiver,
            error=str(error),
            retry_at=now + timedelta(seconds=min(wait_s, LONGEST_WAIT_S)) if again else None,
            now=now,
        )
        self._count(row, "retry" if again else "dead")
        log.log(
            logging.WARNING if again else logging.ERROR,
            "notification_failed key=%s receiver=%s attempt=%d again=%s error=%r",
            message.key(row),
            row.receiver,
            row.attempts,
            again,
            str(error),
        )

    def _count(self, row: NotificationRow, result: str) -> None:
        self.metrics.notifications.labels(row.receiver, result).inc()


def wait_before(attempt: int) -> float:
    """Seconds before the second, third … attempt: 2, 4, 8 … up to ten minutes."""
    return min(FIRST_WAIT_S * 2.0 ** (attempt - 2), LONGEST_WAIT_S)
