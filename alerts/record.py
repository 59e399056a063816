"""Writes what a round decided: alerts, their transitions with evidence, and what is remembered of each rule."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from alerts.evaluate import INACTIVE, due_at
from alerts.model import FLAPPING_WITHIN, Episode, Evaluation, Reason, Rule, State, Transition
from alerts.revise import Change, Recorded, Withdrawal
from alerts.route import NOT_ANNOUNCED, REVISED, still_holds, withheld
from alerts.samples import Sample
from alerts.watched import Instance
from storage import alert_log, db
from storage.alert_log import (
    AlertFacts,
    AlertStanding,
    EvaluationUpdate,
    NewTransition,
    OpenRow,
    RecordedRow,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """A rule on a Datastream, as it was remembered when the round began."""

    instance: Instance
    evaluation: Evaluation = INACTIVE
    alert_id: int | None = None
    announced: bool = False

    @property
    def rule(self) -> Rule:
        return self.instance.rule


@dataclass(kw_only=True, slots=True)
class Round:
    """What one transaction has decided so far."""

    conn: db.Connection
    term: int
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


def record(
    round_: Round,
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
        _mark_flapping(round_, standing, alert_id, change)
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
            datastream_id=standing.instance.anchor.datastream_id,
            alert_id=open_alert if after.episode else None,
            due_at=due_at(standing.rule, after),
            memory=memory,
        )
    )


def _write_alert(round_: Round, standing: Standing, change: Change) -> int:
    """A new one is written at once, since its id is needed; there may be only one open, so the old one goes first."""
    round_.touched_alerts = True
    standing_now = _standing_of(change.episode)
    if change.alert_id is not None:
        round_.standings.append((change.alert_id, standing_now))
        return change.alert_id
    if standing.alert_id is not None:
        alert_log.update_alerts(round_.conn, round_.standings)
        round_.standings = []
    return alert_log.insert_alert(round_.conn, _facts(standing.instance), standing_now)


def _write_steps(
    round_: Round, rule: Rule, alert_id: int, change: Change, announced: bool, holds: bool
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


def _mark_flapping(round_: Round, standing: Standing, alert_id: int, change: Change) -> None:
    """A firing that is one of many within a time: the receivers are not to hear of each."""
    fired = [step.transition.at for step in change.steps if step.transition.to_state is State.FIRING]
    if not fired:
        return
    alert_log.update_alerts(round_.conn, round_.standings)
    round_.standings = []
    since = max(fired) - FLAPPING_WITHIN
    count = alert_log.firings(round_.conn, standing.rule.key, standing.instance.anchor.datastream_id, since)
    if count >= standing.rule.flapping:
        alert_log.mark_flapping(round_.conn, alert_id)


def _write_transition(
    round_: Round, alert_id: int, transition: Transition, outcome: str | None, facts: Mapping[str, Any]
) -> None:
    round_.transitions.append(
        NewTransition(
            term=round_.term,
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
    """What a transition rests on: the rule's numbers, the first, worst and newest value, and those beside them."""
    episode = transition.episode
    facts = {
        **rule.condition.facts(),
        "unit": rule.unit,
        "for_s": rule.hold.total_seconds(),
        "keep_firing_for_s": rule.keep_firing_for.total_seconds(),
        "first": _shown(rule, episode.first),
        "peak": _shown(rule, episode.peak),
        "last": _shown(rule, episode.last),
        "provenance": episode.provenance,
    }
    return facts if not episode.beside else {**facts, "beside": [_shown(rule, one) for one in episode.beside]}


def _shown(rule: Rule, sample: Sample) -> dict[str, Any]:
    """A value with what is known of it; which property it is of where that is not the rule's own."""
    facts: dict[str, Any] = {
        "time": sample.time,
        "value": sample.value,
        "quality": sample.quality,
        "provenance": sample.provenance,
        "arrived": sample.arrived,
    }
    if sample.operand:
        operand = rule.operands[sample.operand]
        facts |= {"domain": operand.domain, "property": operand.property, "datastream_id": sample.stream}
    return facts


def withdraw(round_: Round, withdrawal: Withdrawal, announced: bool) -> None:
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


def retire(round_: Round, alert: OpenRow, reason: Reason, evidence: str = "{}") -> None:
    """Its rule is gone, looks at something else now, or says something else; `evidence` says who made it so."""
    round_.touched_alerts = True
    alert_log.end_alert(round_.conn, alert.id, round_.now)
    state = State(alert.state)
    to_state = State.RESOLVED if state is State.FIRING else State.INACTIVE
    _write_ending(round_, alert.id, round_.now, state, to_state, reason, alert.announced, evidence)


def _write_ending(
    round_: Round,
    alert_id: int,
    at: datetime,
    was: State,
    to_state: State,
    reason: Reason,
    tell: bool,
    evidence: str = "{}",
) -> None:
    """An ending that no value brought about."""
    round_.transitions.append(
        NewTransition(
            term=round_.term,
            alert_id=alert_id,
            at=at,
            from_state=was.value,
            to_state=to_state.value,
            reason=reason.value,
            evidence=evidence,
            decided_at=round_.now,
            outcome=None if tell else NOT_ANNOUNCED,
        )
    )


def _facts(instance: Instance) -> AlertFacts:
    rule, anchor = instance.rule, instance.anchor
    return AlertFacts(
        rule=rule.key,
        domain=rule.domain,
        thing_id=anchor.thing_id,
        datastream_id=anchor.datastream_id,
        property=rule.property,
        severity=rule.severity.value,
        title_vi=rule.title.vi,
        title_en=rule.title.en,
        runbook_vi=rule.runbook.vi,
        runbook_en=rule.runbook.en,
        labels=instance.labels,
        unit=rule.unit,
        limit=rule.condition.limit,
        for_citizens=rule.for_citizens,
        condition=rule.condition.kind,
        suggestion=rule.suggestion,
        basis_vi=rule.basis.vi,
        basis_en=rule.basis.en,
        public=rule.public.value,
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


def recorded(row: RecordedRow) -> Recorded:
    return Recorded(
        alert_id=row.id,
        state=State(row.state),
        pending_since=row.pending_since,
        firing_since=row.firing_since,
        resolved_at=row.resolved_at,
    )
