"""Reads the change feed, evaluates rules, writes alerts and transitions: one transaction a round, and nothing twice."""

import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, Final

import msgspec

from alerts.evaluate import INACTIVE, due_at, evaluate
from alerts.metrics import Metrics
from alerts.model import Episode, Evaluation, Reason, Rule, Sample, State, Transition
from alerts.revise import Change, Recorded, Withdrawal, begin_at, proceed, revise
from alerts.route import NOT_ANNOUNCED, REVISED, still_holds, withheld
from alerts.rules import RuleBook
from storage import alert_log, db, live, things
from storage.alert_log import (
    AlertFacts,
    AlertStanding,
    EvaluationRow,
    EvaluationUpdate,
    NewTransition,
    OpenRow,
    SampleRow,
)
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


@dataclass(frozen=True, kw_only=True, slots=True)
class Stream:
    """A Datastream that some rule looks at."""

    datastream_id: int
    thing_id: str
    rules: tuple[Rule, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """A rule on a Datastream, as it was remembered when the round began."""

    rule: Rule
    stream: Stream
    evaluation: Evaluation = INACTIVE
    alert_id: int | None = None
    announced: bool = False


@dataclass(kw_only=True, slots=True)
class _Round:
    """What one transaction has decided so far."""

    conn: db.Connection
    now: datetime
    evaluations: list[EvaluationUpdate] = field(default_factory=list)
    standings: list[tuple[int, AlertStanding]] = field(default_factory=list)
    transitions: list[NewTransition] = field(default_factory=list)
    touched_alerts: bool = False

    def flush(self) -> None:
        """Writes what was put together to be written at once."""
        alert_log.update_alerts(self.conn, self.standings)
        alert_log.insert_transitions(self.conn, self.transitions)
        alert_log.write_evaluations(self.conn, self.evaluations)
        self.standings, self.transitions, self.evaluations = [], [], []


@dataclass(kw_only=True, slots=True)
class Engine:
    """Every method takes the connection that holds the leader's lock: who lost it can't write."""

    metrics: Metrics
    book: RuleBook
    _streams: dict[int, Stream | None] = field(default_factory=dict, init=False)
    """None: no rule looks at it."""

    def use(self, conn: db.Connection, book: RuleBook, now: datetime) -> None:
        """Puts these rules in force; alerts of rules that are gone are resolved."""
        self.book = book
        self.metrics.rules.set(len(book.by_key))
        self._load_streams(conn)
        with conn.transaction():
            round_ = _Round(conn=conn, now=now)
            for alert in alert_log.open_alerts(conn):
                if not self._looked_at(alert):
                    _retire(round_, alert)
            in_force = [(rule.key, rule.domain, rule.property) for rule in book.by_key.values()]
            alert_log.forget_evaluations(conn, in_force)
            self._finish(round_)

    def read_changes(self, conn: db.Connection, now: datetime) -> bool:
        """One round over the next batches of the feed; False when there were none."""
        with self.metrics.round_seconds.time(), live.next_changes(conn, READER, BATCHES) as changes:
            if changes:
                round_ = _Round(conn=conn, now=now)
                self._consider(round_, [key for change in changes for key in change.keys])
                self._finish(round_)
        if changes:
            self.metrics.lag_seconds.observe(max(0.0, (now - changes[0].committed_at).total_seconds()))
        return bool(changes)

    def let_time_pass(self, conn: db.Connection, now: datetime) -> int:
        """Changes that come without data; returns how many rules on Datastreams were looked at.

        Time is taken as passed only to before the oldest batch that was written and not read.
        """
        with conn.transaction():
            unread = alert_log.unread_since(conn, READER)
            until = (min(now, unread) if unread else now) - PATIENCE
            due = alert_log.due_evaluations(conn, until, DUE_AT_ONCE)
            round_ = _Round(conn=conn, now=now)
            for row in due:
                with _named(row.rule, row.datastream_id):
                    standing = self._standing(row)
                    if standing is not None:
                        self._proceed(round_, standing, [], until)
            self._finish(round_)
        return len(due)

    def _consider(self, round_: _Round, keys: Sequence[Key]) -> None:
        """Evaluates every rule on every Datastream of which a value is new."""
        watched = self._watched(round_.conn, keys)
        if not watched:
            return
        ids = sorted({key[0] for key in watched})
        remembered = {(row.rule, row.datastream_id): row for row in alert_log.evaluations(round_.conn, ids)}
        samples = alert_log.samples_at(round_.conn, watched)
        self.metrics.samples.inc(len(samples))
        for datastream_id, rows in groupby(samples, key=lambda row: row.datastream_id):
            changed = [_sample(row) for row in rows]
            stream = self._streams[datastream_id]
            for rule in stream.rules if stream else ():
                with _named(rule.key, datastream_id):
                    standing = _remembered(rule, stream, remembered.get((rule.key, datastream_id)))
                    self._evaluate(round_, standing, changed)

    def _evaluate(self, round_: _Round, standing: Standing, changed: Sequence[Sample]) -> None:
        known_to = standing.evaluation.evaluated_to
        if known_to is None or changed[0].time > known_to:
            self._proceed(round_, standing, changed, changed[-1].time)
        else:
            self._revise(round_, standing, changed[0].time, changed[-1].time)

    def _proceed(
        self, round_: _Round, standing: Standing, samples: Sequence[Sample], until: datetime
    ) -> None:
        """Time goes forward."""
        after, transitions = evaluate(standing.rule, samples, standing.evaluation, until)
        changes = proceed(standing.alert_id, transitions, after)
        announced = {standing.alert_id: standing.announced} if standing.alert_id else {}
        _record(round_, standing, changes, after, announced, standing.alert_id)

    def _revise(
        self, round_: _Round, standing: Standing, changed_from: datetime, changed_to: datetime
    ) -> None:
        """Values came late or were corrected."""
        self.metrics.late.inc()
        rule, stream, previous = standing.rule, standing.stream, standing.evaluation
        rows = alert_log.recorded(round_.conn, rule.key, stream.datastream_id, changed_from)
        record = [_recorded(row) for row in rows]
        past = alert_log.samples_from(round_.conn, stream.datastream_id, begin_at(record, changed_from))
        until = (
            previous.evaluated_to or changed_to
        ) + INSTANT  # what time had changed by itself, it changes again
        revision = revise(rule, record, map(_sample, past), previous, changed_to, until)
        announced = {row.id: row.announced for row in rows}
        for withdrawal in revision.withdrawals:
            _withdraw(round_, withdrawal, announced[withdrawal.recorded.alert_id])
        untouched = revision.evaluation is None
        after = previous if revision.evaluation is None else revision.evaluation
        _record(
            round_, standing, revision.changes, after, announced, standing.alert_id if untouched else None
        )

    def _finish(self, round_: _Round) -> None:
        states = Counter(transition.to_state for transition in round_.transitions)
        round_.flush()
        if round_.touched_alerts:
            alert_log.tell(round_.conn)
        for state, count in states.items():
            self.metrics.transitions.labels(state).inc(count)
        if states:
            log.info("alerts_changed %s", " ".join(f"{k}={v}" for k, v in sorted(states.items())))

    def _watched(self, conn: db.Connection, keys: Sequence[Key]) -> list[Key]:
        """The keys that some rule looks at, each once. A Datastream that is not known yet is looked up."""
        if any(key[0] not in self._streams for key in keys):
            self._load_streams(conn)
        return sorted({key for key in keys if self._streams.setdefault(key[0], None) is not None})

    def _load_streams(self, conn: db.Connection) -> None:
        self._streams = {}
        for domain, thing_id, observed, datastream_id in things.registry(conn):
            if observed is not None and datastream_id is not None:
                rules = self.book.by_series.get((domain, observed), ())
                stream = Stream(datastream_id=datastream_id, thing_id=thing_id, rules=rules)
                self._streams[datastream_id] = stream if rules else None

    def _looked_at(self, alert: OpenRow) -> bool:
        rule = self.book.by_key.get(alert.rule)
        return rule is not None and (rule.domain, rule.property) == (alert.domain, alert.property)

    def _standing(self, row: EvaluationRow) -> Standing | None:
        rule, stream = self.book.by_key.get(row.rule), self._streams.get(row.datastream_id)
        return _remembered(rule, stream, row) if rule and stream else None


@contextmanager
def _named(rule: str, datastream_id: int) -> Iterator[None]:
    """Errors say which rule on which Datastream they came from."""
    try:
        yield
    except Exception as error:
        error.add_note(f"rule {rule}, Datastream {datastream_id}")
        raise


def _remembered(rule: Rule, stream: Stream | None, row: EvaluationRow | None) -> Standing:
    assert stream is not None
    if row is None:
        return Standing(rule=rule, stream=stream)
    evaluation = msgspec.json.decode(row.memory, type=Evaluation)
    return Standing(
        rule=rule, stream=stream, evaluation=evaluation, alert_id=row.alert_id, announced=row.announced
    )


def _record(
    round_: _Round,
    standing: Standing,
    changes: Iterable[Change],
    after: Evaluation,
    announced: Mapping[int, bool],
    open_alert: int | None,
) -> None:
    """Writes what the alerts became, and what is remembered of the last one."""
    holds = still_holds(standing.rule, after, round_.now)
    for change in changes:
        told = announced.get(change.alert_id, False) if change.alert_id else False
        alert_id = _write_alert(round_, standing, change)
        is_last = change.episode.open
        now_told = _write_steps(round_, standing.rule, alert_id, change, told, holds and is_last)
        if is_last and holds and not now_told:
            alert_log.release_firing(round_.conn, alert_id)
            now_told = True
        if now_told and not told:
            alert_log.announce_alert(round_.conn, alert_id, round_.now)
        open_alert = alert_id if is_last else (None if open_alert == alert_id else open_alert)
    memory = msgspec.json.encode(after).decode()
    round_.evaluations.append(
        EvaluationUpdate(
            rule=standing.rule.key,
            datastream_id=standing.stream.datastream_id,
            alert_id=open_alert if after.episode else None,
            due_at=due_at(standing.rule, after),
            memory=memory,
        )
    )


def _write_alert(round_: _Round, standing: Standing, change: Change) -> int:
    """A new one is written at once, since its id is needed; there may be only one open, so the old one goes first."""
    round_.touched_alerts = True
    standing_now = _standing_of(change.episode)
    if change.alert_id is not None:
        round_.standings.append((change.alert_id, standing_now))
        return change.alert_id
    if standing.alert_id is not None:
        alert_log.update_alerts(round_.conn, round_.standings)
        round_.standings = []
    return alert_log.insert_alert(round_.conn, _facts(standing.rule, standing.stream), standing_now)


def _write_steps(
    round_: _Round, rule: Rule, alert_id: int, change: Change, announced: bool, holds: bool
) -> bool:
    """Writes its transitions; returns whether the receivers have by now been told that it fires."""
    for step in change.steps:
        transition = step.transition
        outcome = (
            REVISED
            if step.revised
            else withheld(rule, transition, announced=announced, holds=holds, now=round_.now)
        )
        _write_transition(round_, alert_id, transition, outcome, evidence(rule, transition))
        announced = announced or (transition.to_state is State.FIRING and outcome is None)
    return announced


def _write_transition(
    round_: _Round, alert_id: int, transition: Transition, outcome: str | None, facts: Mapping[str, Any]
) -> None:
    round_.transitions.append(
        NewTransition(
            alert_id=alert_id,
            at=transition.at,
            from_state=transition.from_state.value,
            to_state=transition.to_state.value,
            reason=transition.reason.value,
            evidence=msgspec.json.encode(facts).decode(),
            decided_at=round_.now,
            outcome=outcome,
        )
    )


def evidence(rule: Rule, transition: Transition) -> dict[str, Any]:
    """What a transition rests on: the rule's numbers, and the first, the worst and the newest value."""
    condition, episode = rule.condition, transition.episode
    return {
        "comparison": condition.comparison.value,
        "limit": condition.limit,
        "clear": condition.clear,
        "unit": rule.unit,
        "for_s": rule.hold.total_seconds(),
        "keep_firing_for_s": rule.keep_firing_for.total_seconds(),
        "first": episode.first,
        "peak": episode.peak,
        "last": episode.last,
        "provenance": episode.provenance,
    }


def _withdraw(round_: _Round, withdrawal: Withdrawal, announced: bool) -> None:
    """It never was: an open one is resolved, so that whoever was told hears of it; a past one is only marked."""
    was = withdrawal.recorded
    round_.touched_alerts = True
    open_ = was.resolved_at is None
    if open_:
        alert_log.end_alert(round_.conn, was.alert_id, withdrawal.at)
    alert_log.withdraw_alert(round_.conn, was.alert_id, round_.now)
    to_state = State.RESOLVED if open_ and was.fired else State.INACTIVE
    tell = to_state is State.RESOLVED and announced
    _write_ending(round_, was.alert_id, withdrawal.at, was.state, to_state, Reason.CORRECTED, tell)


def _retire(round_: _Round, alert: OpenRow) -> None:
    """Its rule is gone, or looks at something else now."""
    round_.touched_alerts = True
    alert_log.end_alert(round_.conn, alert.id, round_.now)
    state = State(alert.state)
    to_state = State.RESOLVED if state is State.FIRING else State.INACTIVE
    _write_ending(round_, alert.id, round_.now, state, to_state, Reason.RULE_REMOVED, alert.announced)


def _write_ending(
    round_: _Round, alert_id: int, at: datetime, was: State, to_state: State, reason: Reason, tell: bool
) -> None:
    """An ending that no value brought about."""
    round_.transitions.append(
        NewTransition(
            alert_id=alert_id,
            at=at,
            from_state=was.value,
            to_state=to_state.value,
            reason=reason.value,
            evidence="{}",
            decided_at=round_.now,
            outcome=None if tell else NOT_ANNOUNCED,
        )
    )


def _facts(rule: Rule, stream: Stream) -> AlertFacts:
    return AlertFacts(
        rule=rule.key,
        domain=rule.domain,
        thing_id=stream.thing_id,
        datastream_id=stream.datastream_id,
        property=rule.property,
        severity=rule.severity.value,
        title_vi=rule.title.vi,
        title_en=rule.title.en,
        runbook_vi=rule.runbook.vi,
        runbook_en=rule.runbook.en,
        labels=rule.labels,
        unit=rule.unit,
        limit=rule.condition.limit,
        for_citizens=rule.for_citizens,
    )


def _standing_of(episode: Episode) -> AlertStanding:
    return AlertStanding(
        state=episode.state.value,
        value=episode.last.value,
        value_time=episode.last.time,
        peak=episode.peak.value,
        pending_since=episode.pending_since,
        firing_since=episode.firing_since,
        resolved_at=episode.resolved_at,
        provenance=episode.provenance.value,
    )


def _sample(row: SampleRow) -> Sample:
    return Sample(
        time=row.time,
        value=row.value,
        quality=row.quality,
        provenance=Provenance(row.provenance),
        arrived=row.arrived,
    )


def _recorded(row: alert_log.RecordedRow) -> Recorded:
    return Recorded(
        alert_id=row.id,
        state=State(row.state),
        pending_since=row.pending_since,
        firing_since=row.firing_since,
        resolved_at=row.resolved_at,
    )
