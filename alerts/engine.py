"""Reads the change feed, evaluates rules, writes alerts and transitions: one transaction a round, and nothing twice."""

import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from heapq import merge
from typing import Final

import msgspec

from alerts.evaluate import due_at, evaluate
from alerts.metrics import Metrics
from alerts.model import Evaluation, Reason, Rule
from alerts.pulse import Pulse
from alerts.record import Round, Standing, record, recorded, retire, withdraw
from alerts.revise import begin_at, proceed, revise
from alerts.rules import Edited, RuleBook, digest, shape
from alerts.samples import Sample, Span
from alerts.watched import Instance, InstanceKey, Watched, watched
from storage import alert_log, db, leader, live, operators, things
from storage.alert_log import EvaluationRow, EvaluationUpdate, OpenRow, RuleChange, RuleRow, SampleRow
from storage.model import Provenance
from storage.observations import Key

log = logging.getLogger(__name__)

READER: Final = "alerts"
BATCHES: Final = 20
"""Batches of the feed in one round: bounds how long its transaction holds back the feed's other followers."""
DUE_AT_ONCE: Final = 500
PATIENCE: Final = timedelta(seconds=15)
"""How long a value may take from the sensor to the database before time is taken to have passed without it."""
INSTANT: Final = timedelta(microseconds=1)
PLATFORM: Final = "operations"
"""The domain of the platform itself: its silence is always judged, for it is the way to here."""
CANARY: Final = ("canary", "heartbeat")
FILE: Final = "file"
LATEST: Final = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(kw_only=True, slots=True)
class Engine:
    """Methods take the connection that holds the leader's lock, and the leader's term: who lost it can't write."""

    metrics: Metrics
    book: RuleBook
    canary: tuple[float, datetime] | None = field(default=None, init=False)
    """Number and time of the newest canary whose evaluation is committed."""
    _watched: Watched = field(default_factory=Watched, init=False)
    _canary_stream: int | None = field(default=None, init=False)
    _pulse: Pulse = field(default_factory=Pulse, init=False)
    _things_seen: str = field(default="", init=False)

    def use(self, conn: db.Connection, term: int, book: RuleBook, now: datetime) -> None:
        """Puts these rules in force; alerts of rules that are gone are resolved."""
        self.book = book
        self.metrics.rules.set(len(book.by_key))
        self._look_around(conn)
        with conn.transaction():
            leader.require(conn, term)
            round_ = Round(conn=conn, term=term, now=now)
            changes = _put_in_force(round_, book)
            reshaped = {change.key for change in changes if change.reshaped}
            made = {change.key: _made_by(change, book) for change in changes}
            for alert in alert_log.open_alerts(conn):
                if alert.rule in reshaped and alert.rule in book.by_key:
                    retire(round_, alert, Reason.RULE_CHANGED, _evidence(made.get(alert.rule)))
                elif not self._looked_at(alert):
                    retire(round_, alert, self._why_not(alert), _evidence(made.get(alert.rule)))
            alert_log.forget_evaluations(conn, list(self._watched.by_key), sorted(reshaped))
            self._begin_to_listen(round_)
            self._finish(round_)

    def follow_things(self, conn: db.Connection, term: int, now: datetime) -> bool:
        """Whether Things changed since this was asked before; then the rules look at those that are there now, and
        alerts of one that is retired are resolved."""
        if things.version(conn) == self._things_seen:
            return False
        self.use(conn, term, self.book, now)
        return True

    def read_changes(self, conn: db.Connection, term: int, now: datetime) -> bool:
        """One round over the next batches of the feed; False when there were none."""
        canary = None
        with self.metrics.round_seconds.time(), live.next_changes(conn, READER, BATCHES) as changes:
            if changes:
                leader.require(conn, term)
                round_ = Round(conn=conn, term=term, now=now)
                canary = self._consider(round_, [key for change in changes for key in change.keys])
                self._finish(round_)
        for change in changes:
            self._pulse.arrived(change.committed_at)
        self.canary = canary or self.canary
        if changes:
            self.metrics.lag_seconds.observe(max(0.0, (now - changes[0].committed_at).total_seconds()))
        return bool(changes)

    def let_time_pass(self, conn: db.Connection, term: int, now: datetime) -> int:
        """Changes that come without data; returns how many rules on Datastreams were looked at.

        Time is taken as passed only to before the oldest batch that was written and not read. That a sensor is silent
        is said only while the way from it to here is alive.
        """
        with conn.transaction():
            leader.require(conn, term)
            unread = alert_log.unread_since(conn, READER)
            until = (min(now, unread) if unread else now) - PATIENCE
            rules = [rule.key for rule in self.book.by_key.values() if self._may_say(rule, now)]
            due = alert_log.due_evaluations(conn, until, DUE_AT_ONCE, rules)
            round_ = Round(conn=conn, term=term, now=now)
            for row in due:
                with _named(row.rule, row.datastream_id):
                    instance = self._watched.by_key.get((row.rule, row.datastream_id))
                    if instance is not None:
                        self._proceed(round_, _remembered(instance, row), [], until)
            self._finish(round_)
        return len(due)

    def _may_say(self, rule: Rule, now: datetime) -> bool:
        return rule.condition.silence is None or rule.domain == PLATFORM or self._pulse.alive(now)

    def _consider(self, round_: Round, keys: Sequence[Key]) -> tuple[float, datetime] | None:
        """Evaluates every rule that looks at a Datastream of which a value is new. Returns the newest canary."""
        rows = alert_log.samples_at(round_.conn, self._looked_at_keys(round_.conn, keys))
        self.metrics.samples.inc(len(rows))
        changed = self._by_instance(rows, round_.now)
        anchors = sorted({anchor for _, anchor in changed})
        known = {(row.rule, row.datastream_id): row for row in alert_log.evaluations(round_.conn, anchors)}
        forward: list[tuple[Standing, list[Sample]]] = []
        for key, samples in changed.items():
            with _named(*key):
                standing = _remembered(self._watched.by_key[key], known.get(key))
                known_to = standing.evaluation.evaluated_to
                if known_to is None or samples[0].time > known_to:
                    forward.append((standing, samples))
                else:
                    self._revise(round_, standing, samples[0].time, samples[-1].time)
        for (standing, samples), before in zip(
            forward, self._before(round_.conn, forward, round_.now), strict=True
        ):
            with _named(*standing.instance.key):
                self._proceed(round_, standing, samples, samples[-1].time, before)
        canaries = [row for row in rows if row.datastream_id == self._canary_stream]
        return (canaries[-1].value, canaries[-1].time) if canaries else None

    def _by_instance(self, rows: Iterable[SampleRow], now: datetime) -> dict[InstanceKey, list[Sample]]:
        """What changed of each rule on a Datastream, rising in time."""
        changed: dict[InstanceKey, list[Sample]] = {}
        for row in rows:
            for instance in self._watched.by_stream.get(row.datastream_id, ()):
                sample = sample_of(row, instance.inputs[row.datastream_id], now)
                changed.setdefault(instance.key, []).append(sample)
        for key, samples in changed.items():
            if len(self._watched.by_key[key].inputs) > 1:
                samples.sort(key=_in_order)
        return changed

    def _before(
        self, conn: db.Connection, forward: Sequence[tuple[Standing, list[Sample]]], now: datetime
    ) -> Iterator[list[Sample]]:
        """What each condition looks back on, read for all of them at once."""
        asked = [list(_asked(standing.instance, samples)) for standing, samples in forward]
        spans = [(stream, span.begin, span.end) for spans in asked for span, stream in spans]
        found = iter(alert_log.samples_between(conn, spans))
        for spans_ in asked:
            yield _in_time(sample_of(row, span.operand, now) for span, _ in spans_ for row in next(found))

    def _proceed(
        self,
        round_: Round,
        standing: Standing,
        samples: Sequence[Sample],
        until: datetime,
        before: Sequence[Sample] = (),
    ) -> None:
        """Time goes forward."""
        after, transitions = evaluate(standing.rule, samples, standing.evaluation, until, before)
        changes = proceed(standing.alert_id, transitions, after)
        announced = {standing.alert_id: standing.announced} if standing.alert_id else {}
        record(round_, standing, changes, after, announced, standing.alert_id)

    def _revise(
        self, round_: Round, standing: Standing, changed_from: datetime, changed_to: datetime
    ) -> None:
        """Values came late or were corrected."""
        self.metrics.late.inc()
        conn, rule, previous = round_.conn, standing.rule, standing.evaluation
        rows = alert_log.recorded(conn, rule.key, standing.instance.anchor.datastream_id, changed_from)
        known = [recorded(row) for row in rows]
        begin = begin_at(known, changed_from)
        until = (
            previous.evaluated_to or changed_to
        ) + INSTANT  # what time had changed by itself, it changes again
        before = _looked_back_on(conn, standing.instance, begin, round_.now)
        past = _past(conn, standing.instance, begin, round_.now)
        revision = revise(rule, known, past, previous, changed_to, until, before)
        announced = {row.id: row.announced for row in rows}
        for withdrawal in revision.withdrawals:
            withdraw(round_, withdrawal, announced[withdrawal.recorded.alert_id])
        untouched = revision.evaluation is None
        after = previous if revision.evaluation is None else revision.evaluation
        record(round_, standing, revision.changes, after, announced, standing.alert_id if untouched else None)

    def _begin_to_listen(self, round_: Round) -> None:
        """Where silence is the condition, a Datastream that was heard before the rule came is listened to."""
        known = alert_log.evaluated(round_.conn)
        for key, instance in self._watched.by_key.items():
            if instance.rule.condition.silence is None or key in known:
                continue
            row = alert_log.sample_before(
                round_.conn, key[1], round_.now + PATIENCE, instance.rule.worst_quality
            )
            if row is not None:
                heard = Evaluation(evaluated_to=row.time, heard=sample_of(row, 0, round_.now))
                round_.evaluations.append(
                    EvaluationUpdate(
                        rule=key[0],
                        datastream_id=key[1],
                        alert_id=None,
                        due_at=due_at(instance.rule, heard),
                        memory=msgspec.json.encode(heard).decode(),
                    )
                )

    def _finish(self, round_: Round) -> None:
        states = Counter(transition.to_state for transition in round_.transitions)
        round_.flush()
        if round_.touched_alerts:
            alert_log.tell(round_.conn)
        for state, count in states.items():
            self.metrics.transitions.labels(state).inc(count)
        if states:
            log.info("alerts_changed %s", " ".join(f"{k}={v}" for k, v in sorted(states.items())))

    def _looked_at_keys(self, conn: db.Connection, keys: Sequence[Key]) -> list[Key]:
        """The keys that some rule looks at, each once. A Datastream that is not known yet is looked up."""
        if any(key[0] not in self._watched.streams for key in keys):
            self._look_around(conn)
        by_stream = self._watched.by_stream
        return sorted({key for key in keys if key[0] in by_stream or key[0] == self._canary_stream})

    def _look_around(self, conn: db.Connection) -> None:
        self._things_seen = things.version(conn)
        rows = alert_log.streams(conn)
        self._watched = watched(self.book, rows)
        canaries = (row.datastream_id for row in rows if (row.thing_id, row.property) == CANARY)
        self._canary_stream = next(canaries, None)
        self._pulse.known = self._canary_stream is not None and (
            alert_log.sample_before(conn, self._canary_stream, LATEST, worst_quality=9) is not None
        )

    def _why_not(self, alert: OpenRow) -> Reason:
        """Why a rule does not look at a Datastream any more."""
        retired = alert.rule in self.book.by_key and alert.datastream_id not in self._watched.streams
        return Reason.THING_RETIRED if retired else Reason.RULE_REMOVED

    def _looked_at(self, alert: OpenRow) -> bool:
        rule = self.book.by_key.get(alert.rule)
        return rule is not None and (rule.key, alert.datastream_id) in self._watched.by_key


def _put_in_force(round_: Round, book: RuleBook) -> list[RuleChange]:
    """What changed in the rules since they were last read, also while nothing ran: it is on the record.

    A rule's file says that it was edited, and not by whom; of an edit in the control room it is known.
    """
    rules = book.by_key
    rows = [
        RuleRow(
            key=rule.key,
            digest=digest(rule),
            shape=shape(rule),
            source=rule.source,
            version=book.edited[rule.key].version if rule.key in book.edited else 0,
        )
        for rule in rules.values()
    ]
    changes = alert_log.put_in_force(round_.conn, rows, round_.now)
    for one in changes:
        source = rules[one.key].source if one.key in rules else ""
        made = _made_by(one, book)
        event = operators.AuditEvent(
            at=round_.now,
            actor=made.author if made else FILE,
            action=f"rule.{one.change}",
            subject=one.key,
            source=source,
            detail={"version": made.version} if made else {},
        )
        operators.record(round_.conn, event)
    return changes


def _made_by(change: RuleChange, book: RuleBook) -> Edited | None:
    """The edit that brought a change about; None: a file did."""
    edited = book.edited.get(change.key)
    return edited if edited is not None and edited.version > change.version_before else None


def _evidence(made: Edited | None) -> str:
    """Who changed the rule and why, where that is known."""
    if made is None:
        return "{}"
    said = {"by": made.author, "why": made.reason, "version": made.version}
    return msgspec.json.encode(said).decode()


def _asked(instance: Instance, samples: Sequence[Sample]) -> Iterator[tuple[Span, int]]:
    """Each span that the condition needs before these samples, and each Datastream that it is of."""
    for span in instance.rule.condition.spans(samples[0].time, samples[-1].time):
        for stream, operand in instance.inputs.items():
            if operand == span.operand and span.begin < span.end:
                yield span, stream


def _looked_back_on(conn: db.Connection, instance: Instance, begin: datetime, now: datetime) -> list[Sample]:
    """What a condition knows when evaluation begins again."""
    rule = instance.rule
    if rule.condition.silence is not None:
        row = alert_log.sample_before(conn, instance.anchor.datastream_id, begin, rule.worst_quality)
        return [sample_of(row, 0, now)] if row else []
    if not rule.condition.reach:
        return []
    spans = [(stream, begin - rule.condition.reach, begin) for stream in instance.inputs]
    found = alert_log.samples_between(conn, spans)
    operands = instance.inputs.values()
    return _in_time(
        sample_of(row, operand, now) for operand, rows in zip(operands, found, strict=True) for row in rows
    )


def _past(conn: db.Connection, instance: Instance, begin: datetime, now: datetime) -> Iterator[Sample]:
    """All samples from `begin` on, rising, read as far as they are taken."""
    streams = [_from(conn, stream, operand, begin, now) for stream, operand in instance.inputs.items()]
    return merge(*streams, key=_in_order)


def _from(conn: db.Connection, stream: int, operand: int, begin: datetime, now: datetime) -> Iterator[Sample]:
    for row in alert_log.samples_from(conn, stream, begin):
        yield sample_of(row, operand, now)


def _in_time(samples: Iterable[Sample]) -> list[Sample]:
    """Each once, rising."""
    return sorted(dict.fromkeys(samples), key=_in_order)


def _in_order(sample: Sample) -> tuple[datetime, int, int]:
    return sample.time, sample.operand, sample.stream


@contextmanager
def _named(rule: str, datastream_id: int) -> Iterator[None]:
    """Errors say which rule on which Datastream they came from."""
    try:
        yield
    except Exception as error:
        error.add_note(f"rule {rule}, Datastream {datastream_id}")
        raise


def _remembered(instance: Instance, row: EvaluationRow | None) -> Standing:
    if row is None:
        return Standing(instance=instance)
    evaluation = msgspec.json.decode(row.memory, type=Evaluation)
    return Standing(instance=instance, evaluation=evaluation, alert_id=row.alert_id, announced=row.announced)


def sample_of(row: SampleRow, operand: int, now: datetime) -> Sample:
    """Where time is replayed, nothing arrives after `now`."""
    return Sample(
        time=row.time,
        value=row.value,
        quality=row.quality,
        provenance=Provenance(row.provenance),
        arrived=min(row.arrived, now),
        operand=operand,
        stream=row.datastream_id,
    )
