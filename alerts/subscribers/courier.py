"""Looks at what citizens asked about, writes down what to tell them, sends it, and forgets what is kept no longer.

A decision and its message are one transaction; a message is claimed in another and sent without any open, so that a
crash between sending and recording sends once more, with the same key.
"""

import logging
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from alerts.deliver import LEASE, LONGEST_WAIT_S, wait_before
from alerts.metrics import Metrics
from alerts.notifiers import DeliveryError
from alerts.subscribers import decide
from alerts.subscribers.decide import Standing
from alerts.subscribers.mail import Mailer
from alerts.subscribers.outside import NotPublic
from alerts.subscribers.push import AddressGone, Pusher
from alerts.subscribers.wording import facts, letter
from storage import db, leader, subscription_outbox
from storage.model import Domain
from storage.subscription_offers import Offer, offers
from storage.subscription_rows import MarkRow, MessageRow, ReadingRow, WatchedRow
from storage.subscriptions import Channel, new_token

log = logging.getLogger(__name__)

LOOKED_AT_EVERY: Final = timedelta(seconds=10)
FORGOTTEN_EVERY: Final = timedelta(minutes=10)
UNCONFIRMED_KEPT: Final = timedelta(hours=48)
NEWS_KEPT: Final = timedelta(hours=2)
"""Older ones that nobody could send are no news."""
ASKED_KEPT: Final = timedelta(days=1)
TOKENS_KEPT: Final = timedelta(days=183)
AT_ONCE: Final = 8
"""Messages of a channel that are under way."""
PATIENCE_S: Final = 0.5
WRITTEN_AT_ONCE: Final = 1000
"""While a transaction is open, nobody else can begin to lead."""


@dataclass(kw_only=True, slots=True)
class Courier:
    """Takes a connection in autocommit mode for each run, so that it survives the loss of one."""

    domains: Callable[[], Mapping[str, Domain]]
    """The catalogue as it is now."""
    site: str | None
    """Where the public page is; None: nobody could follow a link, so nothing is sent."""
    mailer: Mailer | None
    pusher: Pusher | None
    clock: Callable[[], datetime]
    metrics: Metrics
    _pool: ThreadPoolExecutor = field(init=False)
    _under_way: dict[Future[DeliveryError | None], MessageRow] = field(default_factory=dict, init=False)
    _term: int | None = field(default=None, init=False)
    _looked_at: datetime | None = field(default=None, init=False)
    _forgot_at: datetime | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self._pool = ThreadPoolExecutor(max_workers=2 * AT_ONCE, thread_name_prefix="citizens")

    @property
    def channels(self) -> list[str]:
        """By which somebody can be told."""
        if self.site is None:
            return []
        said = {Channel.EMAIL: self.mailer, Channel.PUSH: self.pusher}
        return [channel.value for channel, sender in said.items() if sender is not None]

    def run(self, conn: db.Connection, term: int) -> int:
        """Does all that is due; returns how many attempts to send have ended. Raises storage.leader.Deposed."""
        now = self.clock()
        if term != self._term:
            with conn.transaction():
                leader.require(conn, term)
                subscription_outbox.take_over(conn, term, now)
            self._term = term
        if _is_due(self._forgot_at, FORGOTTEN_EVERY, now):
            self.forget(conn, term, now)
        if _is_due(self._looked_at, LOOKED_AT_EVERY, now):
            self.look(conn, term, now)
        return self.send(conn, term)

    def look(self, conn: db.Connection, term: int, now: datetime) -> int:
        """Writes down who is to be told of what; returns how many."""
        self._looked_at = now
        domains = self.domains()
        offered = offers(domains)
        readings = subscription_outbox.readings(conn)
        marks = [
            mark
            for row in (subscription_outbox.watched(conn) if readings else ())
            if (mark := _marked(row, readings.get((row.thing_id, row.property)), domains, offered, now))
        ]
        for first in range(0, len(marks), WRITTEN_AT_ONCE):
            with conn.transaction():
                leader.require(conn, term)
                subscription_outbox.mark(conn, marks[first : first + WRITTEN_AT_ONCE], now)
        told = sum(mark.facts is not None for mark in marks)
        if told:
            log.info("citizens_to_tell count=%d", told)
        return told

    def forget(self, conn: db.Connection, term: int, now: datetime) -> None:
        with conn.transaction():
            leader.require(conn, term)
            gone = subscription_outbox.forget(
                conn,
                unconfirmed_before=now - UNCONFIRMED_KEPT,
                news_before=now - NEWS_KEPT,
                asked_before=now - ASKED_KEPT,
                tokens_before=now - TOKENS_KEPT,
            )
        self._forgot_at = now
        for channel, count in gone.messages.items():
            self._counted(channel, "expired", count)
        if gone.unconfirmed:
            log.info("subscriptions_forgotten unconfirmed=%d", gone.unconfirmed)

    def send(self, conn: db.Connection, term: int) -> int:
        """Until nothing is due, or what is under way takes long: that is recorded by a later call."""
        attempts = 0
        while True:
            self._claim(conn, term)
            if not self._under_way:
                return attempts
            done, _ = wait(self._under_way, timeout=PATIENCE_S, return_when=FIRST_COMPLETED)
            for future in done:
                message = self._under_way[future]
                with conn.transaction():
                    leader.require(conn, term)
                    result = self._record(conn, message, future.result())
                self._counted(message.channel, result)
                del self._under_way[future]
            attempts += len(done)
            if not done:
                return attempts

    @property
    def under_way(self) -> int:
        """Messages whose end is not known yet."""
        return len(self._under_way)

    def close(self) -> None:
        """Without waiting: what is not recorded is sent again."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _claim(self, conn: db.Connection, term: int) -> None:
        """Fills each channel's places: one that is slow holds up no other.

        Each message has a new token for its links, which is known by its hash from before it leaves.
        """
        now, sending = self.clock(), list(self._under_way.values())
        for channel in self.channels:
            free = AT_ONCE - sum(one.channel == channel for one in sending)
            if free <= 0:
                continue
            with conn.transaction():
                leader.require(conn, term)
                keys = [one.key for one in sending]
                rows = subscription_outbox.claim(conn, channel, keys, now, now + LEASE, term, free)
                claimed = [(row, new_token()) for row in rows]
                for row, token in claimed:
                    subscription_outbox.add_token(conn, row.subscription_id, token, now)
            for row, token in claimed:
                self._under_way[self._pool.submit(self._attempt, row, token)] = row

    def _attempt(self, message: MessageRow, token: str) -> DeliveryError | None:
        try:
            self._deliver(message, token)
        except DeliveryError as error:
            return error
        except Exception as error:  # one address's fault holds up no other's message
            log.error("courier_broken key=%s channel=%s", message.key, message.channel, exc_info=error)
            return DeliveryError(type(error).__name__, retry=True)
        return None

    def _deliver(self, message: MessageRow, token: str) -> None:
        domains = self.domains()
        assert self.site is not None
        said = letter(message, domains, offers(domains), site=self.site, token=token)
        now = self.clock()
        if message.channel == Channel.EMAIL:
            assert self.mailer is not None
            self.mailer.send(message.address, message.key, said, message.language, now)
            return
        assert self.pusher is not None
        assert message.p256dh is not None
        assert message.auth is not None
        content = {
            "title": said.title,
            "body": said.body,
            "url": said.page,
            "manage": said.manage,
            "language": message.language,
            "tag": f"subscription-{message.subscription_id}",
        }
        self.pusher.send(message.address, message.p256dh, message.auth, message.key, content, now)

    def _record(self, conn: db.Connection, message: MessageRow, error: DeliveryError | None) -> str:
        """Returns what the metrics call it."""
        if error is None:
            subscription_outbox.finish(conn, message.key)
            return "sent"
        if _is_end(message, error):
            result = "gone"
            subscription_outbox.end(conn, message.subscription_id)
        elif error.retry:
            result = "retry"
            wait_s = min(max(error.after_s or 0.0, wait_before(message.attempts + 1)), LONGEST_WAIT_S)
            subscription_outbox.put_off(conn, message.key, self.clock() + timedelta(seconds=wait_s))
        else:
            result = "dead"
            subscription_outbox.finish(conn, message.key)
        log.warning(
            "citizen_not_told key=%s channel=%s kind=%s attempt=%d again=%s error=%r",
            *(message.key, message.channel, message.kind, message.attempts, error.retry, str(error)),
        )
        return result

    def _counted(self, channel: str, result: str, count: int = 1) -> None:
        self.metrics.citizen_messages.labels(channel, result).inc(count)


def _is_end(message: MessageRow, error: DeliveryError) -> bool:
    """Whether the address is no more, or never was one: a browser that could not even be welcomed."""
    unwelcome = message.channel == Channel.PUSH and message.kind == "welcome" and not error.retry
    return unwelcome or isinstance(error, AddressGone | NotPublic)


def _marked(
    row: WatchedRow,
    reading: ReadingRow | None,
    domains: Mapping[str, Domain],
    offered: Mapping[str, Offer],
    now: datetime,
) -> MarkRow | None:
    """What is another now; None: nothing."""
    offer = offered.get(reading.domain) if reading else None
    if reading is None or offer is None or offer.property != row.property:
        return None
    observed = domains[reading.domain].properties[row.property]
    before = Standing(holds=row.holds, told_at=row.told_at)
    after, tell = decide.step(before, decide.holds(reading, observed, row.at_least, now), now, offer.pause())
    if after == before:
        return None
    assert after.holds is not None
    said = facts(reading, observed, decide.made_up(reading)) if tell else None
    return MarkRow(id=row.id, holds=after.holds, told_at=after.told_at, facts=said)


def _is_due(done_at: datetime | None, every: timedelta, now: datetime) -> bool:
    return done_at is None or now - done_at >= every
