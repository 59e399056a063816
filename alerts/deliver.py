"""Sends messages, each receiver in a thread of its own: a slow one holds up nobody else.

A message is claimed by putting its next attempt off, in a transaction of its own, and then sent without any open:
a crash between sending and recording sends again, with the same key.
"""

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import msgspec

from alerts.flush import group_of, row_of
from alerts.grouping import Group
from alerts.metrics import Metrics
from alerts.notifiers import DeliveryError, Notifier
from storage import alert_log, alert_routing, db, leader
from storage.alert_routing import ClaimedRow

log = logging.getLogger(__name__)

LEASE: Final = timedelta(seconds=60)
"""How long a claimed message is left alone; longer than an attempt may take. The next term takes it over at once."""
FIRST_WAIT_S: Final = 2.0
LONGEST_WAIT_S: Final = 600.0
ATTEMPTS: Final = 20
"""About two and a half hours of trying."""


@dataclass(kw_only=True, slots=True)
class Deliverer:
    receivers: Sequence[Notifier]
    metrics: Metrics
    clock: Callable[[], datetime]
    patience_s: float
    """How long a round waits for receivers; what takes longer is recorded in a later one."""
    wake: Callable[[], None]
    """Called, from another thread, when a receiver has answered."""
    _pool: ThreadPoolExecutor = field(init=False)
    _by_name: dict[str, Notifier] = field(init=False)
    _sending: dict[Future[str | None], ClaimedRow] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self._by_name = {receiver.name: receiver for receiver in self.receivers}
        self._pool = ThreadPoolExecutor(max_workers=max(1, len(self._by_name)), thread_name_prefix="notify")

    def deliver(self, conn: db.Connection, term: int) -> int:
        """Sends what is due; returns how many attempts were recorded."""
        self._bury_unknown(conn, term)
        attempts = 0
        while True:
            self._claim(conn, term)
            if not self._sending:
                return attempts
            wait(self._sending, timeout=self.patience_s, return_when=FIRST_COMPLETED)
            done = self._record(conn, term)
            if not done:
                return attempts
            attempts += done

    def take_over(self, conn: db.Connection, term: int) -> None:
        """At the beginning of a term, in a transaction. What we are sending ourselves keeps its receiver busy."""
        alert_routing.take_over(conn, term, self.clock())

    def close(self) -> None:
        """Without waiting for receivers: what they answer is not recorded, and sent again."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _claim(self, conn: db.Connection, term: int) -> None:
        """Gives each receiver that has nothing to do its next message."""
        busy = {row.receiver for row in self._sending.values()}
        idle = [name for name in self._by_name if name not in busy]
        while idle:
            now = self.clock()
            with conn.transaction():
                leader.require(conn, term)
                row = alert_routing.claim(conn, idle, now, now + LEASE, term)
            if row is None:
                return
            idle.remove(row.receiver)
            future = self._pool.submit(self._by_name[row.receiver].send, row.key, row.document)
            self._sending[future] = row
            future.add_done_callback(lambda _: self.wake())

    def _record(self, conn: db.Connection, term: int) -> int:
        """Writes what became of the attempts that are over. One that can't be recorded stays with us."""
        done = [future for future in self._sending if future.done()]
        for future in done:
            row = self._sending[future]
            error = future.exception()
            with conn.transaction():
                leader.require(conn, term)
                if error is None:
                    alert_routing.mark_sent(conn, row.id, future.result(), self.clock())
                else:
                    result = self._failed(conn, row, _as_failure(row, error))
                alert_log.tell(conn)
            self.metrics.notifications.labels(row.receiver, "sent" if error is None else result).inc()
            del self._sending[future]
        return len(done)

    def _failed(self, conn: db.Connection, row: ClaimedRow, error: DeliveryError) -> str:
        now = self.clock()
        again = error.retry and row.attempts < ATTEMPTS
        wait_s = min(max(error.after_s or 0.0, wait_before(row.attempts + 1)), LONGEST_WAIT_S)
        retry_at = now + timedelta(seconds=wait_s) if again else None
        alert_routing.mark_failed(conn, row.id, error=str(error), retry_at=retry_at, now=now)
        if not again:
            _was_not_told(conn, row, now)
        log.log(
            logging.WARNING if again else logging.ERROR,
            "notification_failed key=%s receiver=%s attempt=%d again=%s error=%r",
            *(row.key, row.receiver, row.attempts, again, str(error)),
        )
        return "retry" if again else "dead"

    def _bury_unknown(self, conn: db.Connection, term: int) -> None:
        with conn.transaction():
            leader.require(conn, term)
            now = self.clock()
            for row in alert_routing.bury_unknown(conn, list(self._by_name), now):
                _was_not_told(conn, row, now)
                log.error("receiver_unknown key=%s receiver=%s", row.key, row.receiver)


def _as_failure(row: ClaimedRow, error: BaseException) -> DeliveryError:
    """What a notifier did not foresee is its fault, not that of the other receivers; it may pass."""
    if isinstance(error, DeliveryError):
        return error
    log.error("notifier_broken key=%s receiver=%s", row.key, row.receiver, exc_info=error)
    return DeliveryError(f"{row.receiver}: {type(error).__name__}", retry=True)


def _was_not_told(conn: db.Connection, row: ClaimedRow, now: datetime) -> None:
    """Who could not be told of a beginning is not told of the end, and has no alert in sight that inhibits others."""
    found = alert_routing.lock_group(conn, row.group_id) if row.group_id is not None else None
    if found is None or row.reason == "resolved":
        return
    group = group_of(found)
    known = alert_routing.delivered(conn, row.alert_ids)
    new = [alert_id for alert_id in row.alert_ids if (alert_id, row.receiver) not in known]
    missed = alert_routing.fingerprints(conn, new)
    left = group.told.open.get(row.receiver, frozenset()) - missed
    opened = {name: fps for name, fps in group.told.open.items() if name != row.receiver}
    told = msgspec.structs.replace(group.told, open=opened | ({row.receiver: left} if left else {}))
    after = Group(
        next_flush_at=group.next_flush_at, flushed_at=group.flushed_at, told=told, told_at=group.told_at
    )
    alert_routing.save_group(conn, row_of(after, found), now)


def wait_before(attempt: int) -> float:
    """Seconds before the second, third … attempt: 2, 4, 8 … up to ten minutes."""
    return min(FIRST_WAIT_S * 2.0 ** (attempt - 2), LONGEST_WAIT_S)
