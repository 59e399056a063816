"""receive → prepare → write: two threads, so that one batch is decoded while another is written."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from queue import Empty, Full, Queue
from threading import Event
from typing import Final, Protocol

import msgspec

from ingest.handover import LEFT, OWN, Share
from ingest.limits import Limits, thing_of
from ingest.metrics import Metrics
from ingest.model import Envelope, Fault, Position, Prepared, Reason
from ingest.prepare import prepare
from ingest.registry import Registry
from ingest.sources import Sources
from ingest.writer import BACKOFF_S, Writer
from storage import db
from storage.model import Property

log = logging.getLogger(__name__)

BATCH_MESSAGES: Final = 1000
LINGER_S: Final = 0.01
"""How long a batch waits for company: bounds the delay of a single message and the number of commits."""
TICK_S: Final = 0.5


class Transport(Protocol):
    """Where messages come from: MQTT acks and Kafka offsets are two adapters of this."""

    def receive(self, most: int, wait_s: float) -> list[Envelope]: ...

    def commit(self, positions: Sequence[Position]) -> None: ...


@dataclass(kw_only=True)
class Pipeline:
    """Runs until `stop` is set. What was received but not committed then comes again at the next start."""

    transport: Transport
    registry: Registry
    sources: Sources
    writer: Writer
    metrics: Metrics
    stop: Event
    share: Callable[[Envelope], Share] = lambda _: OWN
    """Whose message it is, where several workers share the work."""
    limits: Limits = field(default_factory=Limits)
    _prepared: "Queue[list[Prepared]]" = field(default_factory=lambda: Queue(maxsize=1), init=False)
    _threads: list[threading.Thread] = field(default_factory=list, init=False)

    def start(self) -> None:
        for name, run in (("prepare", self._prepare_batches), ("write", self._write_batches)):
            thread = threading.Thread(target=run, name=f"ingest-{name}", daemon=True)
            thread.start()
            self._threads.append(thread)

    @property
    def alive(self) -> bool:
        return all(thread.is_alive() for thread in self._threads)

    def join(self, timeout_s: float) -> None:
        """After `stop`: waits for the batch in hand."""
        for thread in self._threads:
            thread.join(timeout_s)
        self.writer.close()

    def _prepare_batches(self) -> None:
        while not self.stop.is_set():
            batch = self._receive()
            if batch:
                self.metrics.received.inc(len(batch))
                self._hand_over(self._prepare(batch))

    def _receive(self) -> list[Envelope]:
        batch = self.transport.receive(BATCH_MESSAGES, TICK_S)
        if batch and len(batch) < BATCH_MESSAGES:
            time.sleep(LINGER_S)
            batch += self.transport.receive(BATCH_MESSAGES - len(batch), 0.0001)
        return batch

    def _prepare(self, batch: Sequence[Envelope]) -> list[Prepared]:
        now = time.monotonic()
        prepared = [self._prepare_one(envelope, now) for envelope in batch]
        self._tell_of_limits(now)
        return prepared

    def _prepare_one(self, envelope: Envelope, now: float) -> Prepared:
        """Decodes and validates; what fails for want of a Thing or a Datastream is tried again with both.

        What another worker has is nothing to write, and is acknowledged in its turn.
        """
        share = self.share(envelope)
        if share == LEFT:
            self.metrics.left.inc()
            return Prepared(envelope=envelope)
        if share != OWN:
            envelope = msgspec.structs.replace(envelope, overlap=share)
        if not self.limits.take(envelope.topic, now):
            self.metrics.limited(thing_of(envelope.topic))
            return Prepared(envelope=envelope, faults=[self._over_limit])
        message, wanted = prepare(envelope, self.registry.known, self.sources)
        if self._patiently(lambda: self._learn(message, wanted)):
            message, _ = prepare(envelope, self.registry.known, self.sources)
        return message

    @cached_property
    def _over_limit(self) -> Fault:
        rate, burst = self.limits.rate, self.limits.burst
        message = f"its Thing sent more than {burst} messages at once and then {rate:g} a second"
        return Fault(reason=Reason.RATE_LIMITED, path="$", message=message)

    def _tell_of_limits(self, now: float) -> None:
        refused = self.limits.report(now)
        if refused is not None:
            most = sorted(refused.items(), key=lambda one: -one[1])
            log.warning("things_rate_limited %s", " ".join(f"{thing}={count}" for thing, count in most))

    def _learn(self, message: Prepared, wanted: Sequence[tuple[str, Property]]) -> bool:
        """Whether we know more now than when the message was prepared."""
        if wanted:
            self.registry.make(wanted)
            return True
        if any(fault.reason is Reason.UNKNOWN_THING for fault in message.faults):
            return self.registry.refresh_for_unknown()
        return False

    def _patiently(self, ask: Callable[[], bool]) -> bool:
        """An answer of the database, however long it is away: a lost database is not bad data."""
        attempt = 0
        while not self.stop.is_set():
            try:
                return ask()
            except db.PASSING as error:
                wait_s = BACKOFF_S[min(attempt, len(BACKOFF_S) - 1)]
                log.warning("registry_retried wait_s=%s error=%r", wait_s, str(error))
                attempt += 1
                self.stop.wait(wait_s)
        return False

    def _hand_over(self, prepared: list[Prepared]) -> None:
        while not self.stop.is_set():
            try:
                self._prepared.put(prepared, timeout=TICK_S)
            except Full:
                continue
            return

    def _write_batches(self) -> None:
        while not self.stop.is_set():
            try:
                batch = self._prepared.get(timeout=TICK_S)
            except Empty:
                continue
            self.writer.write(batch)
