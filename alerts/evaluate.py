"""`(rule, samples, previous, now) → (state, transitions)`: what a rule makes of values, in the values' own time.

The result depends on the samples alone, not on how they are split into rounds or when those run. Semantics are
Prometheus' (`for`, `keep_firing_for`) with an evaluation at every moment instead of every N seconds, and with two
differences, both because a sensor is not a scraped process: a value vouches for the time after it only as long
as the property's reporting interval, so nothing fires or resolves on values that are overdue; and a firing alert
whose sensor falls silent keeps firing for `resolve_when_silent`.
"""

from collections.abc import Iterable
from datetime import datetime

import msgspec

from alerts.model import Episode, Evaluation, Reason, Rule, Sample, State, Transition
from storage.model import Provenance, weakest

INACTIVE = Evaluation()


def evaluate(
    rule: Rule, samples: Iterable[Sample], previous: Evaluation, now: datetime
) -> tuple[Evaluation, list[Transition]]:
    """Takes samples that rise in time and are all later than `previous.evaluated_to`, then lets time pass to `now`.

    At the same moment a sample goes before the clock: a value that ends the condition just when `for` elapses ends it.
    """
    transitions: list[Transition] = []
    state = previous
    for sample in samples:
        state = observe(rule, state, sample, transitions)
    return elapse(rule, state, now, transitions), transitions


def observe(rule: Rule, state: Evaluation, sample: Sample, transitions: list[Transition]) -> Evaluation:
    """One more sample; appends what it and the time before it changed. A value of bad quality is not looked at."""
    if sample.quality > rule.worst_quality:
        return state
    state = elapse(rule, state, sample.time, transitions)
    if state.episode is None:
        return _when_inactive(rule, sample, transitions)
    seen = _seen(rule, state.episode, sample)
    if seen.state is State.PENDING:
        return _when_pending(rule, seen, sample, transitions)
    return _when_firing(rule, seen, state.clearing_since, sample, transitions)


def elapse(rule: Rule, state: Evaluation, until: datetime, transitions: list[Transition]) -> Evaluation:
    """What the passing of time alone brought about strictly before `until`."""
    while (episode := state.episode) is not None:
        at, reason = _next_change(rule, episode, state.clearing_since)
        if at >= until:
            break
        held = reason is Reason.HELD
        state = _fire(episode, at, transitions) if held else _end(episode, at, reason, transitions)
    return state


def due_at(rule: Rule, state: Evaluation) -> datetime | None:
    """When something changes although no further sample comes; None while inactive."""
    if state.episode is None:
        return None
    return _next_change(rule, state.episode, state.clearing_since)[0]


def _next_change(rule: Rule, episode: Episode, clearing_since: datetime | None) -> tuple[datetime, Reason]:
    vouched_to = episode.last.time + rule.interval
    if episode.state is State.PENDING:
        held = episode.pending_since + rule.hold
        if held < vouched_to:
            return held, Reason.HELD
        return episode.last.time + rule.stale_after, Reason.SILENT
    if clearing_since is not None:
        cleared = clearing_since + rule.keep_firing_for
        if cleared < vouched_to:
            return cleared, Reason.CLEARED
    return episode.last.time + rule.resolve_when_silent, Reason.SILENT


def _when_inactive(rule: Rule, sample: Sample, transitions: list[Transition]) -> Evaluation:
    if not rule.condition.met(sample.value):
        return Evaluation(evaluated_to=sample.time)
    episode = Episode(
        state=State.PENDING,
        first=sample,
        peak=sample,
        last=sample,
        pending_since=sample.time,
        provenance=sample.provenance,
    )
    if not rule.hold:
        return _fire(episode, sample.time, transitions, Reason.CONDITION_MET)
    transitions.append(_transition(sample.time, State.INACTIVE, Reason.CONDITION_MET, episode))
    return Evaluation(evaluated_to=sample.time, episode=episode)


def _when_pending(rule: Rule, seen: Episode, sample: Sample, transitions: list[Transition]) -> Evaluation:
    if not rule.condition.met(sample.value):
        return _end(seen, sample.time, Reason.CONDITION_ENDED, transitions)
    if sample.time - seen.pending_since >= rule.hold:
        return _fire(seen, sample.time, transitions)
    return Evaluation(evaluated_to=sample.time, episode=seen)


def _when_firing(
    rule: Rule,
    seen: Episode,
    clearing_since: datetime | None,
    sample: Sample,
    transitions: list[Transition],
) -> Evaluation:
    if not rule.condition.cleared(sample.value):
        return Evaluation(evaluated_to=sample.time, episode=seen)
    since = clearing_since or sample.time
    if sample.time - since >= rule.keep_firing_for:
        return _end(seen, sample.time, Reason.CLEARED, transitions)
    return Evaluation(evaluated_to=sample.time, episode=seen, clearing_since=since)


def _seen(rule: Rule, episode: Episode, sample: Sample) -> Episode:
    return msgspec.structs.replace(
        episode,
        last=sample,
        peak=rule.condition.worse(episode.peak, sample),
        provenance=_weaker(episode.provenance, sample.provenance),
    )


def _weaker(one: Provenance, other: Provenance) -> Provenance:
    return one if one is other else weakest({one, other})


def _fire(
    episode: Episode, at: datetime, transitions: list[Transition], reason: Reason = Reason.HELD
) -> Evaluation:
    fired = msgspec.structs.replace(episode, state=State.FIRING, firing_since=at)
    before = State.INACTIVE if reason is Reason.CONDITION_MET else State.PENDING
    transitions.append(_transition(at, before, reason, fired))
    return Evaluation(evaluated_to=max(at, episode.last.time), episode=fired)


def _end(episode: Episode, at: datetime, reason: Reason, transitions: list[Transition]) -> Evaluation:
    ended = msgspec.structs.replace(episode, state=State.RESOLVED, resolved_at=at)
    transitions.append(_transition(at, episode.state, reason, ended))
    return Evaluation(evaluated_to=max(at, episode.last.time))


def _transition(at: datetime, before: State, reason: Reason, episode: Episode) -> Transition:
    """A pending alert that ends without firing becomes inactive: nobody was told, so nothing is resolved."""
    only_pending = episode.state is State.RESOLVED and episode.firing_since is None
    after = State.INACTIVE if only_pending else episode.state
    return Transition(at=at, from_state=before, to_state=after, reason=reason, episode=episode)
