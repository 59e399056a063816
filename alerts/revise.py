"""Late and corrected values: the past is evaluated again, and the record is changed where it was otherwise.

Since an inactive rule remembers nothing, evaluation may begin at any moment at which it was inactive, and ends as
soon as both the record and the new result are inactive after the last value that changed, and farther from it than
the condition looks back. So whatever order values arrive in, the record ends up as if they had come in order.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from alerts.evaluate import Watch, at_rest, elapse, moments
from alerts.model import Episode, Evaluation, Reason, Rule, State, Transition
from alerts.samples import Sample


@dataclass(frozen=True, kw_only=True, slots=True)
class Recorded:
    """An alert as the record has it."""

    alert_id: int
    state: State
    pending_since: datetime
    firing_since: datetime | None
    resolved_at: datetime | None

    @property
    def fired(self) -> bool:
        return self.firing_since is not None

    def active_at(self, time: datetime) -> bool:
        """Whether it lasted beyond `time`."""
        return self.pending_since <= time and (self.resolved_at is None or time < self.resolved_at)

    def touches(self, time: datetime) -> bool:
        """Whether a value at `time` had a part in it; the one that ended it had."""
        return self.pending_since <= time and (self.resolved_at is None or time <= self.resolved_at)


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """A transition to be recorded. Of a revised one nobody is told: the receivers know the state already."""

    transition: Transition
    revised: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """What an alert now is, and the steps that led there since it was last recorded. No id: it is new."""

    alert_id: int | None
    episode: Episode
    steps: tuple[Step, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Withdrawal:
    """A recorded alert that, by the values as they now stand, never was."""

    recorded: Recorded
    at: datetime
    """When it ends if it is still open."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Revision:
    evaluation: Evaluation | None
    """None: what is remembered stays as it is, the past alone was changed."""
    changes: tuple[Change, ...]
    withdrawals: tuple[Withdrawal, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Found:
    """An episode that evaluation came to, with all of its transitions."""

    episode: Episode
    transitions: tuple[Transition, ...]

    @property
    def fired(self) -> bool:
        return self.episode.firing_since is not None


def proceed(open_alert: int | None, transitions: Sequence[Transition], after: Evaluation) -> list[Change]:
    """The changes of an ordinary round, in which time only went forward."""
    found = _episodes(transitions, after.episode)
    changes = []
    for number, each in enumerate(found):
        begun_before = number == 0 and (
            not each.transitions or each.transitions[0].from_state is not State.INACTIVE
        )
        steps = tuple(Step(transition=transition) for transition in each.transitions)
        changes.append(
            Change(alert_id=open_alert if begun_before else None, episode=each.episode, steps=steps)
        )
    return changes


def begin_at(recorded: Iterable[Recorded], changed_from: datetime) -> datetime:
    """Where to begin again for a value that changed at `changed_from`: the rule was inactive just before."""
    return min([changed_from, *(r.pending_since for r in recorded if r.touches(changed_from))])


def revise(
    rule: Rule,
    recorded: Sequence[Recorded],
    samples: Iterable[Sample],
    previous: Evaluation,
    changed_to: datetime,
    now: datetime,
    before: Sequence[Sample] = (),
) -> Revision:
    """Evaluates `samples` (all from `begin_at` on, rising) and compares with the record.

    `changed_to` is the newest time at which a value changed, `before` what the condition looks back on from the first
    sample. Samples are taken only as far as they matter.
    """
    transitions: list[Transition] = []
    watch = Watch(rule, at_rest(rule, before), before)
    reached, settled = changed_to, changed_to + rule.condition.reach
    for moment in moments(samples):
        watch.observe(moment, transitions)
        time = moment[0].time
        reached = max(reached, time)
        if time >= settled and _agree_from(time, watch.state, recorded):
            concerned = [r for r in recorded if r.pending_since <= time]
            ahead = previous.evaluated_to is None or previous.evaluated_to < reached
            heard = watch.state.heard
            after = Evaluation(evaluated_to=reached, heard=heard) if ahead else None
            return _compare(concerned, _episodes(transitions, None), after, reached)
    state = elapse(rule, watch.state, now, transitions)
    state = state if state.evaluated_to else msgspec.structs.replace(state, evaluated_to=reached)
    return _compare(recorded, _episodes(transitions, state.episode), state, reached)


def _agree_from(time: datetime, state: Evaluation, recorded: Sequence[Recorded]) -> bool:
    return state.episode is None and not any(r.active_at(time) for r in recorded)


def _episodes(transitions: Sequence[Transition], still_open: Episode | None) -> list[_Found]:
    """Transitions by episode; an open one comes last, as it stands now, and may have had none."""
    groups: list[list[Transition]] = []
    for transition in transitions:
        if transition.from_state is State.INACTIVE or not groups:
            groups.append([])
        groups[-1].append(transition)
    found = [_Found(episode=group[-1].episode, transitions=tuple(group)) for group in groups]
    if still_open is None:
        return found
    if found and found[-1].episode.open:
        last = found.pop()
        return [*found, _Found(episode=still_open, transitions=last.transitions)]
    return [*found, _Found(episode=still_open, transitions=())]


def _compare(
    recorded: Sequence[Recorded], found: Sequence[_Found], evaluation: Evaluation | None, reached: datetime
) -> Revision:
    """Pairs what was found with what is recorded; the rest of one is new, the rest of the other withdrawn."""
    free = list(recorded)
    changes = []
    for each in sorted(found, key=lambda one: not one.episode.open):  # the one that people see chooses first
        match = _best_match(each, free)
        if match is not None:
            free.remove(match)
        changes.append(_change(each, match))
    changes.sort(key=lambda change: (change.episode.open, change.episode.pending_since))
    withdrawals = tuple(
        Withdrawal(recorded=r, at=max(reached, r.firing_since or r.pending_since)) for r in free
    )
    return Revision(evaluation=evaluation, changes=tuple(changes), withdrawals=withdrawals)


def _best_match(found: _Found, free: Sequence[Recorded]) -> Recorded | None:
    """The recorded alert that this episode is: one that people were told of may not become a pending one."""
    candidates = [r for r in free if _overlap(found.episode, r) and (found.fired or not r.fired)]
    if not candidates:
        return None
    episode = found.episode

    def nearness(r: Recorded) -> tuple[bool, bool, bool]:
        both_open = episode.open and r.resolved_at is None
        return r.fired is found.fired, both_open, r.pending_since == episode.pending_since

    return max(candidates, key=nearness)


def _overlap(episode: Episode, r: Recorded) -> bool:
    starts_in_time = r.resolved_at is None or episode.pending_since <= r.resolved_at
    return starts_in_time and (episode.resolved_at is None or r.pending_since <= episode.resolved_at)


def _change(found: _Found, match: Recorded | None) -> Change:
    if match is None:
        steps = [Step(transition=transition) for transition in found.transitions]
        return Change(alert_id=None, episode=found.episode, steps=tuple(steps))
    steps = [
        Step(transition=transition, revised=_known(transition, match))
        for transition in found.transitions
        if not _same(transition, match)
    ]
    if match.fired and match.state is State.RESOLVED and found.episode.open:
        steps.append(Step(transition=_reopened(found.episode)))
    return Change(alert_id=match.alert_id, episode=found.episode, steps=tuple(steps))


def _recorded_time(transition: Transition, r: Recorded) -> datetime | None:
    """When the record says that this kind of transition took place; None: it did not."""
    match transition.to_state:
        case State.PENDING:
            return r.pending_since
        case State.FIRING:
            return r.firing_since
        case State.RESOLVED:
            return r.resolved_at if r.fired else None
        case State.INACTIVE:
            return None if r.fired else r.resolved_at


def _same(transition: Transition, r: Recorded) -> bool:
    return _recorded_time(transition, r) == transition.at


def _known(transition: Transition, r: Recorded) -> bool:
    return _recorded_time(transition, r) is not None


def _reopened(episode: Episode) -> Transition:
    return Transition(
        at=episode.last.time,
        from_state=State.RESOLVED,
        to_state=episode.state,
        reason=Reason.CORRECTED,
        episode=episode,
    )
