"""Writes prepared messages and commits their positions: the only place where a message may be acknowledged.

- committed → acknowledged. The observations of a message and its rejection are in one transaction.
- a data error → the batch is halved down to the message that caused it, and that one is rejected.
- a lost connection, a full disk, an error we don't know → nothing is acknowledged; back off and try again.
"""

import logging
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Event
from typing import Final

from ingest.clocks import Clocks
from ingest.metrics import Metrics
from ingest.model import Fault, Position, Prepared, Reason
from ingest.rejection import detail, storable, unknown_devices
from storage import batch, db
from storage.batch import Batch
from storage.model import Rejection

log = logging.getLogger(__name__)

BACKOFF_S: Final = (0.1, 0.3, 1.0, 2.0, 5.0)
CAREFUL_BATCHES: Final = 20
"""After a batch that held known keys, so many go straight to the merge: redeliveries come in runs."""
REDELIVERED_WITHIN: Final = timedelta(days=7)
"""As long as the broker keeps our session, it may deliver again."""


@dataclass(kw_only=True)
class Writer:
    """Owns one database connection and is used by one thread."""

    database_url: str
    commit: Callable[[Sequence[Position]], None]
    metrics: Metrics
    stop: Event
    worker: int = 1
    usable: bool = field(default=False, init=False)
    """Whether the last thing we asked of the database worked."""
    _conn: db.Connection | None = field(default=None, init=False)
    _careful: int = field(default=0, init=False)
    _clocks: Clocks = field(default_factory=Clocks, init=False)

    def write(self, messages: Sequence[Prepared]) -> None:
        """Returns when every message is committed and acknowledged, or `stop` is set."""
        attempt = 0
        retried = False
        while not self.stop.is_set():
            try:
                self._write_once(messages, retried)
            except batch.Refused as refused:
                self._divide(messages, refused)
            except Exception as error:  # noqa: BLE001 - an error we don't know is never taken for permanent
                self._back_off(attempt, error)
                attempt, retried = attempt + 1, True
                continue
            return

    def forget_clocks(self, things: Collection[str]) -> None:
        """Of Things that have another device now. May be called by any thread."""
        self._clocks.forget(things)

    def open(self) -> None:
        """Connects before the first message does. Raises db.DatabaseUnreachable."""
        self._connection()

    def close(self) -> None:
        if self._conn is not None:
            self._conn.close()
        self._conn, self.usable = None, False

    def _write_once(self, messages: Sequence[Prepared], retried: bool) -> None:
        started = time.monotonic()
        rejections = [self._rejection(m, retried) for m in messages if m.faults]
        whole = Batch(
            observations=[o for m in messages for o in m.observations],
            extents=[e for m in messages for e in m.extents],
            statuses={s.thing_id: (s.online, s.received_at) for m in messages for s in m.statuses},
            rejections=rejections,
            sequences=_sequences(messages),
            clocks=self._clocks.measured(messages),
            received_at=messages[-1].envelope.received_at,
        )
        counts = batch.write(self._connection(), whole, expect_new=not self._careful)
        self._clocks.written(whole.clocks)
        known_keys = counts.duplicate + counts.corrected + counts.outdated
        self._careful = CAREFUL_BATCHES if known_keys else max(0, self._careful - 1)
        self.commit([m.envelope.position for m in messages])
        self.metrics.written(messages, counts, rejections, time.monotonic() - started)

    def _divide(self, messages: Sequence[Prepared], refused: batch.Refused) -> None:
        """The batch holds a message that the database refuses: halve it, or reject the one."""
        if len(messages) > 1:
            middle = len(messages) // 2
            self.write(messages[:middle])
            self.write(messages[middle:])
            return
        (message,) = messages
        log.error("message_refused_by_database topic=%s error=%r", message.envelope.topic, str(refused))
        fault = Fault(reason=Reason.REFUSED_BY_DATABASE, path="$", message=str(refused))
        self.write([Prepared(envelope=message.envelope, faults=[*message.faults, fault])])

    def _connection(self) -> db.Connection:
        if self._conn is None or self._conn.closed:
            self._conn = db.connect(self.database_url, name="ingest-writer")
            self.usable = True
            log.info("database_connected")
        return self._conn

    def _back_off(self, attempt: int, error: Exception) -> None:
        self.close()
        wait_s = BACKOFF_S[min(attempt, len(BACKOFF_S) - 1)]
        self.metrics.retries.inc()
        log.warning("write_retried attempt=%d wait_s=%s error=%r", attempt + 1, wait_s, str(error))
        self.stop.wait(wait_s)

    def _rejection(self, message: Prepared, retried: bool) -> Rejection:
        """A commit whose answer was lost may have gone through: then the row is there already."""
        envelope = message.envelope
        since = envelope.received_at - REDELIVERED_WITHIN if envelope.redelivered else None
        return Rejection(
            topic=storable(envelope.topic),
            payload=envelope.payload,
            reason=message.faults[0].reason.value,
            detail=detail(message),
            received_at=envelope.received_at,
            source=message.source,
            unknown_devices=unknown_devices(message),
            packet_id=envelope.position.packet_id or None,
            worker=self.worker,
            overlap=envelope.overlap,
            redelivered_since=since or (envelope.received_at if retried else None),
            resent_between=envelope.resent_between,
        )


def _sequences(messages: Sequence[Prepared]) -> Mapping[str, Sequence[int]]:
    """Thing → its numbers, in order of arrival."""
    numbers: dict[str, list[int]] = {}
    for message in messages:
        for thing_id, sent in message.sequences.items():
            numbers.setdefault(thing_id, []).extend(sent)
    return numbers
