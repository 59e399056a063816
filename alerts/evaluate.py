"""`(rule, samples, previous, now) → (state, transitions)`: what a rule makes of values, in the values' own time.

The result depends on the samples alone, not on how they are split into rounds or when those run. Semantics are
Prometheus' (`for`, `keep_firing_for`) with an evaluation at every moment instead of every N seconds, and with two
differences, both because a sensor is not a scraped process: a value vouches for the time after it only as long
as the property's reporting interval, so nothing fires or resolves on values that are overdue; and a firing alert
whose sensor falls silent keeps firing for `resolve_when_silent`.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import groupby

import msgspec

from alerts.calendar import in_force
from alerts.conditions import Reading, Verdict
from alerts.model import Episode, Evaluation, Reason, Rule, State, Transition
from alerts.samples import Sample, Window
from storage.model import Provenance, weakest

INACTIVE = Evaluation()


def evaluate(
    rule: Rule, samples: Iterable[Sample], previous: Evaluation, now: datetime, before: Iterable[Sample] = ()
) -> tuple[Evaluation, list[Transition]]:
    """Takes samples that rise in time and are all later than `previous.evaluated_to`, then lets time pass to `now`.

    `before` are the samples that the rule's condition looks back on (`Condition.spans`), rising in each Datastream.
    What happened at the same moment, on several Datastreams, is judged together.
    At the same moment a sample goes before the clock: a value that ends the condition just when `for` elapses ends it.
    """
    transitions: list[Transition] = []
    watch = Watch(rule, previous, before)
    for moment in moments(samples):
        watch.observe(moment, transitions)
    return elapse(rule, watch.state, now, transitions), transitions


def moments(samples: Iterable[Sample]) -> Iterator[Sequence[Sample]]:
    """Rising samples by their time."""
    for _, moment in groupby(samples, key=lambda sample: sample.time):
        yield tuple(moment)


class Watch:
    """A rule on a Datastream while samples come: its state, and what its condition looks back on."""

    def __init__(self, rule: Rule, state: Evaluation, before: Iterable[Sample] = ()) -> None:
        self.state = state
        self._rule = rule
        self._window = Window()
        self._alone = isinstance(rule.condition, Reading) and not rule.condition.fresh_for
        self._window.fill(sample for sample in before if sample.quality <= rule.worst_quality)

    def observe(self, moment: Sequence[Sample], transitions: list[Transition]) -> None:
        """The samples of one moment; appends what they and the time before them changed.

        Those of bad quality are not looked at.
        """
        rule = self._rule
        samples = [sample for sample in moment if sample.quality <= rule.worst_quality]
        if not samples:
            return
        at = samples[0].time
        state = elapse(rule, self.state, at, transitions)
        verdict = self._judge(samples)
        if state.episode is None:
            after = _when_inactive(rule, at, verdict, transitions)
        else:
            seen = _seen(rule, state.episode, samples, verdict)
            if seen.state is State.PENDING:
                after = _when_pending(rule, seen, at, verdict, transitions)
            else:
                after = _when_firing(rule, seen, state.clearing_since, at, verdict, transitions)
        self.state = (
            after if rule.condition.silence is None else msgspec.structs.replace(after, heard=samples[-1])
        )

    def _judge(self, samples: Sequence[Sample]) -> Verdict:
        rule, at = self._rule, samples[0].time
        if self._alone:
            assert isinstance(rule.condition, Reading)
            verdict = rule.condition.verdict(samples[0])
        else:
            self._window.fill(samples)
            verdict = rule.condition.judge(self._window, at)
        return verdict if in_force(rule.calendar, at) else replace(verdict, met=False, cleared=True)


def at_rest(rule: Rule, before: Sequence[Sample]) -> Evaluation:
    """Inactive, knowing what an inactive one of this rule knows: evaluation may begin with it."""
    if rule.condition.silence is None:
        return INACTIVE
    looked_at = (sample for sample in reversed(before) if sample.quality <= rule.worst_quality)
    return Evaluation(heard=next(looked_at, None))


def elapse(rule: Rule, state: Evaluation, until: datetime, transitions: list[Transition]) -> Evaluation:
    """What the passing of time alone brought about strictly before `until`."""
    while (change := _next_change(rule, state)) is not None:
        at, reason = change
        if at >= until:
            break
        if state.episode is None:
            after = _fall_silent(rule, state, at, transitions)
        elif reason is Reason.HELD:
            after = _fire(state.episode, at, transitions)
        else:
            after = _end(state.episode, at, reason, transitions)
        state = msgspec.structs.replace(after, heard=state.heard)
    return state


def due_at(rule: Rule, state: Evaluation) -> datetime | None:
    """When something changes although no further sample comes; None: never.

    Of a Datastream whose newest value has only just come, however old it is, nobody says that it is silent: it is
    delivering what was kept, and more may be on its way.
    """
    change = _next_change(rule, state)
    if change is None:
        return None
    if state.episode is None and state.heard is not None and rule.condition.silence is not None:
        return max(change[0], state.heard.arrived + rule.condition.silence)
    return change[0]


def _next_change(rule: Rule, state: Evaluation) -> tuple[datetime, Reason] | None:
    if state.episode is None:
        return _next_silence(rule, state)
    return _next_of_episode(rule, state.episode, state.clearing_since)


def _next_silence(rule: Rule, state: Evaluation) -> tuple[datetime, Reason] | None:
    if rule.condition.silence is None or state.heard is None:
        return None
    return state.heard.time + rule.condition.silence, Reason.SILENT


def _next_of_episode(
    rule: Rule, episode: Episode, clearing_since: datetime | None
) -> tuple[datetime, Reason] | None:
    silent = rule.condition.silence is not None
    vouched_to = episode.last.time + rule.interval
    if episode.state is State.PENDING:
        held = episode.pending_since + rule.hold
        if silent or (held < vouched_to and in_force(rule.calendar, held)):
            return held, Reason.HELD
        return episode.last.time + rule.stale_after, Reason.SILENT
    if clearing_since is not None:
        cleared = clearing_since + rule.keep_firing_for
        if silent or cleared < vouched_to:
            return cleared, Reason.CLEARED
    if silent:  # it ends when something is heard, and not by itself
        return None
    return episode.last.time + rule.resolve_when_silent, Reason.SILENT


def _fall_silent(rule: Rule, state: Evaluation, at: datetime, transitions: list[Transition]) -> Evaluation:
    assert state.heard is not None
    return _begin(rule, at, Verdict(met=True, cleared=False, sample=state.heard), transitions, Reason.SILENT)


def _when_inactive(rule: Rule, at: datetime, verdict: Verdict, transitions: list[Transition]) -> Evaluation:
    if not verdict.met:
        return Evaluation(evaluated_to=at)
    return _begin(rule, at, verdict, transitions, Reason.CONDITION_MET)


def _begin(
    rule: Rule, at: datetime, verdict: Verdict, transitions: list[Transition], reason: Reason
) -> Evaluation:
    sample = verdict.sample
    assert sample is not None
    episode = Episode(
        state=State.PENDING,
        first=sample,
        peak=sample,
        last=sample,
        pending_since=at,
        provenance=_weakest_of(sample.provenance, verdict.beside),
        beside=verdict.beside,
    )
    if not rule.hold:
        return _fire(episode, at, transitions, reason)
    transitions.append(_transition(at, State.INACTIVE, reason, episode))
    return Evaluation(evaluated_to=at, episode=episode)


def _when_pending(
    rule: Rule, seen: Episode, at: datetime, verdict: Verdict, transitions: list[Transition]
) -> Evaluation:
    if not verdict.met:
        return _end(seen, at, Reason.CONDITION_ENDED, transitions)
    if at - seen.pending_since >= rule.hold:
        return _fire(seen, at, transitions)
    return Evaluation(evaluated_to=at, episode=seen)


def _when_firing(
    rule: Rule,
    seen: Episode,
    clearing_since: datetime | None,
    at: datetime,
    verdict: Verdict,
    transitions: list[Transition],
) -> Evaluation:
    if not verdict.cleared:
        return Evaluation(evaluated_to=at, episode=seen)
    since = clearing_since or at
    if at - since >= rule.keep_firing_for:
        reason = Reason.CLEARED if rule.condition.silence is None else Reason.HEARD
        return _end(seen, at, reason, transitions)
    return Evaluation(evaluated_to=at, episode=seen, clearing_since=since)


def _seen(rule: Rule, episode: Episode, samples: Sequence[Sample], verdict: Verdict) -> Episode:
    shown = verdict.sample or _later(episode.last, samples)
    is_measured = verdict.sample is not None and not verdict.cleared
    return msgspec.structs.replace(
        episode,
        last=shown,
        peak=rule.condition.worse(episode.peak, shown) if is_measured else episode.peak,
        provenance=_weakest_of(episode.provenance, (*samples, *verdict.beside)),
        beside=verdict.beside or episode.beside,
    )


def _later(last: Sample, samples: Sequence[Sample]) -> Sample:
    """Something came and its measure can't be said: the last one stands, but its sensor is not silent."""
    anchors = [sample for sample in samples if sample.operand == 0]
    return (
        msgspec.structs.replace(last, time=anchors[0].time, arrived=anchors[0].arrived) if anchors else last
    )


def _weakest_of(one: Provenance, others: Iterable[Sample]) -> Provenance:
    for sample in others:
        one = _weaker(one, sample.provenance)
    return one


def _weaker(one: Provenance, other: Provenance) -> Provenance:
    return one if one is other else weakest({one, other})


def _fire(
    episode: Episode, at: datetime, transitions: list[Transition], reason: Reason = Reason.HELD
) -> Evaluation:
    fired = msgspec.structs.replace(episode, state=State.FIRING, firing_since=at)
    before = State.PENDING if reason is Reason.HELD else State.INACTIVE
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
