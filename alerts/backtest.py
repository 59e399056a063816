"""When a rule would have fired on values of the past, whether it is in force or a draft. No I/O.

The same evaluation as the engine's, in the values' own time, as if each value had come when it was due.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise, takewhile
from typing import Final

from alerts.evaluate import Watch, at_rest, elapse, moments
from alerts.model import FLAPPING_WITHIN, Calendar, Episode, Evaluation, Reason, Rule, State, Transition
from alerts.mute import Inhibition
from alerts.outline import Outline, Point
from alerts.route import Labels, Route
from alerts.samples import Sample
from alerts.simulate import Change, Sent, Simulation
from storage.model import HANOI, Provenance

REMEMBERED: Final = 4096
"""Values of the past that are kept although no condition looks back on them any more: forgetting costs a copy."""
NOTHING: Final = timedelta(0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Firing:
    """From when to when a rule would have fired."""

    pending_since: datetime
    since: datetime
    until: datetime | None
    """None: it still fires at the end of the time looked at."""
    reason: Reason | None
    """How it ended: cleared, silent, heard."""
    peak: float
    peak_at: datetime
    provenance: Provenance
    """The weakest of all values behind it."""
    flapping: bool
    """One of as many within FLAPPING_WITHIN as the rule says."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Trial:
    """What became of a rule on one Datastream from `start` to before `end`."""

    rule: Rule
    start: datetime
    end: datetime
    firings: tuple[Firing, ...]
    """Those of which some time lies within, rising."""
    only_pending: int
    """How often the condition was met and did not hold for as long as `for` says."""
    values: int
    """Values within, of the rule's own property."""
    left_out: int
    """Of them, those of too bad a quality to be looked at."""
    beside: Mapping[int, int]
    """Values within of the rule's other operands."""
    first: datetime | None
    last: datetime | None
    outline: Outline
    """For drawing."""

    @property
    def begun(self) -> tuple[Firing, ...]:
        """The firings that began within: one that was going on at the start is not counted as another."""
        return tuple(firing for firing in self.firings if firing.since >= self.start)

    @property
    def firing_for(self) -> timedelta:
        return sum((self.within(firing) for firing in self.firings), NOTHING)

    @property
    def longest(self) -> timedelta:
        return max((self.within(firing) for firing in self.firings), default=NOTHING)

    @property
    def flapping_episodes(self) -> int:
        """Stretches of firings that count as flapping."""
        flags = [False, *(firing.flapping for firing in self.begun)]
        return sum(now and not before for before, now in pairwise(flags))

    def within(self, firing: Firing) -> timedelta:
        """How much of the time looked at it fired."""
        return (firing.until or self.end) - max(firing.since, self.start)


@dataclass(frozen=True, kw_only=True, slots=True)
class Recorded:
    """An alert that the engine wrote."""

    since: datetime
    until: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Agreement:
    """A trial beside what was recorded."""

    same: int
    """The same from beginning to end, as far as it lies within."""
    otherwise: int
    """Recorded, and the trial fires at some of that time too, but not from the same to the same moment."""
    only_recorded: int
    only_here: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Subject:
    """A trial with what messages know its alerts by."""

    fingerprint: str
    labels: Labels
    trial: Trial


@dataclass(frozen=True, kw_only=True, slots=True)
class Messages:
    """What the receivers would have been told."""

    by_receiver: Mapping[str, Mapping[str, int]]
    """Receiver → reason (firing, resolved, repeat) → how many."""
    withheld: Mapping[str, Mapping[str, int]]
    """Receiver → why it was not told → how many decisions."""
    busiest: tuple[datetime, int] | None
    """The hour of Hanoi's clock with the most messages, and how many; the earliest of several."""


def run_up(rule: Rule) -> timedelta:
    """How long before the time looked at evaluation begins, so that what was going on then is known."""
    return rule.hold + rule.keep_firing_for + rule.resolve_when_silent


def wanted_from(rule: Rule, start: datetime) -> datetime:
    """The time from which on `backtest` wants samples."""
    return start - run_up(rule) - rule.condition.reach


def backtest(rule: Rule, samples: Iterable[Sample], start: datetime, end: datetime) -> Trial:
    """`samples` rise in time and begin at `wanted_from` or earlier; they are taken one by one, as far as `end`.

    Where silence is the condition, the newest value before that matters too, however old it is.
    """
    course = _Course(rule, start, end)
    for moment in moments(takewhile(lambda sample: sample.time < end, samples)):
        course.observe(moment)
    return course.finish()


def agreement(trial: Trial, recorded: Iterable[Recorded]) -> Agreement:
    """`recorded` are the alerts that fired at some time within and were not withdrawn."""
    ours = {_clipped(trial, firing.since, firing.until) for firing in trial.firings}
    theirs = {_clipped(trial, one.since, one.until) for one in recorded}
    here, there = ours - theirs, theirs - ours
    touched = {one for one in there if any(_overlap(one, other) for other in ours)}
    return Agreement(
        same=len(ours & theirs),
        otherwise=len(touched),
        only_recorded=len(there) - len(touched),
        only_here=sum(1 for one in here if not any(_overlap(one, other) for other in theirs)),
    )


def messages(
    subjects: Iterable[Subject],
    start: datetime,
    end: datetime,
    *,
    root: Route,
    inhibitions: Sequence[Inhibition] = (),
    times: Mapping[str, Calendar] | None = None,
    receiver: str | None = None,
    reached: Callable[[datetime], None] = lambda _: None,
) -> Messages:
    """What these alerts, and they alone, would have made the receivers be told from `start` to before `end`.

    `receiver`: only this one is counted. `reached` is told how far time has come, since it may take a while.
    """
    simulation = Simulation(root=root, inhibitions=inhibitions, times=times or {})
    sent: list[Sent] = []
    for change in sorted(_changes(subjects), key=lambda change: (change.at, change.firing)):
        sent += simulation.change(change)
        reached(change.at)
    sent += simulation.advance(end, inclusive=False)
    within = [one for one in sent if start <= one.at and receiver in (None, one.receiver)]
    withheld = (
        (whom, why)
        for at, _, whom, why in simulation.suppressed
        if start <= at < end and receiver in (None, whom)
    )
    return Messages(
        by_receiver=_counted((one.receiver, one.reason) for one in within),
        withheld=_counted(withheld),
        busiest=busiest_hour(one.at for one in within),
    )


def busiest_hour(times: Iterable[datetime]) -> tuple[datetime, int] | None:
    """The hour of Hanoi's clock with the most of them, and how many; the earliest of several."""
    hours = Counter(time.astimezone(HANOI).replace(minute=0, second=0, microsecond=0) for time in times)
    return max(hours.items(), key=lambda hour: (hour[1], -hour[0].timestamp())) if hours else None


class _Course:
    """A rule on one Datastream while time goes from before `start` to `end`."""

    def __init__(self, rule: Rule, start: datetime, end: datetime) -> None:
        self._rule, self._start, self._end = rule, start, end
        self._begin, self._wanted = start - run_up(rule), wanted_from(rule, start)
        self._before: list[Sample] = []
        self._watch: _Rolling | None = None
        self._transitions: list[Transition] = []
        self._firings: list[Firing] = []
        self._recent: deque[datetime] = deque()
        self._flapping = False
        self._only_pending = 0
        self._values: Counter[int] = Counter()
        self._left_out = 0
        self._first: datetime | None = None
        self._last: datetime | None = None
        self._outline = Outline(start=start, end=end, interval=rule.interval)

    def observe(self, moment: Sequence[Sample]) -> None:
        if moment[0].time < self._wanted:  # that it was heard is all that may matter
            self._before = [s for s in moment if s.quality <= self._rule.worst_quality] or self._before
            return
        if moment[0].time < self._begin:
            self._before += moment
            return
        if moment[0].time >= self._start:
            self._note(moment)
        self._watching().observe(moment, self._transitions)
        self._settle()

    def finish(self) -> Trial:
        state = elapse(self._rule, self._watching().state, self._end, self._transitions)
        self._settle()
        self._keep_open(state.episode)
        return Trial(
            rule=self._rule,
            start=self._start,
            end=self._end,
            firings=tuple(self._firings),
            only_pending=self._only_pending,
            values=self._values[0],
            left_out=self._left_out,
            beside={n: count for n, count in sorted(self._values.items()) if n},
            first=self._first,
            last=self._last,
            outline=self._outline,
        )

    def _watching(self) -> "_Rolling":
        if self._watch is None:
            self._watch = _Rolling(self._rule, at_rest(self._rule, self._before), self._before)
            self._before = []
        return self._watch

    def _note(self, moment: Sequence[Sample]) -> None:
        for sample in moment:
            self._values[sample.operand] += 1
            if sample.operand:
                continue
            self._first, self._last = self._first or sample.time, sample.time
            is_looked_at = sample.quality <= self._rule.worst_quality
            self._left_out += not is_looked_at
            self._outline.add(Point(sample.time, sample.value, sample.quality), good=is_looked_at)

    def _settle(self) -> None:
        """Makes firings of the transitions so far."""
        for transition in self._transitions:
            if transition.to_state is State.FIRING:
                self._flapping = self._flaps(transition.at)
            elif transition.to_state is State.RESOLVED:
                self._keep(transition)
            elif transition.to_state is State.INACTIVE and transition.at >= self._start:
                self._only_pending += 1
        self._transitions.clear()

    def _flaps(self, fired: datetime) -> bool:
        """As alerts/record.py counts it."""
        self._recent.append(fired)
        while self._recent[0] < fired - FLAPPING_WITHIN:
            self._recent.popleft()
        return len(self._recent) >= self._rule.flapping

    def _keep(self, ended: Transition) -> None:
        if ended.at > self._start:
            self._firings.append(_firing(ended.episode, ended.at, ended.reason, flapping=self._flapping))

    def _keep_open(self, episode: Episode | None) -> None:
        if episode is not None and episode.state is State.FIRING:
            self._firings.append(_firing(episode, None, None, flapping=self._flapping))


def _firing(episode: Episode, until: datetime | None, reason: Reason | None, *, flapping: bool) -> Firing:
    assert episode.firing_since is not None
    return Firing(
        pending_since=episode.pending_since,
        since=episode.firing_since,
        until=until,
        reason=reason,
        peak=episode.peak.value,
        peak_at=episode.peak.time,
        provenance=episode.provenance,
        flapping=flapping,
    )


class _Rolling:
    """A Watch that forgets what no condition looks back on any more, so that years of values fit."""

    def __init__(self, rule: Rule, state: Evaluation, before: Sequence[Sample]) -> None:
        self._rule = rule
        self._tail = deque(before)
        self._watch = Watch(rule, state, before)
        self._room = REMEMBERED

    @property
    def state(self) -> Evaluation:
        return self._watch.state

    def observe(self, moment: Sequence[Sample], transitions: list[Transition]) -> None:
        if self._rule.condition.reach:
            if self._room <= 0:
                self._forget(moment[0].time)
            self._tail += moment
            self._room -= len(moment)
        self._watch.observe(moment, transitions)

    def _forget(self, at: datetime) -> None:
        while self._tail and self._tail[0].time < at - self._rule.condition.reach:
            self._tail.popleft()
        self._watch = Watch(self._rule, self._watch.state, self._tail)
        self._room = max(REMEMBERED, len(self._tail))


_Stretch = tuple[datetime, datetime]


def _clipped(trial: Trial, since: datetime, until: datetime | None) -> _Stretch:
    return max(since, trial.start), min(until or trial.end, trial.end)


def _overlap(one: _Stretch, other: _Stretch) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def _changes(subjects: Iterable[Subject]) -> Iterator[Change]:
    for subject in subjects:
        for firing in subject.trial.firings:
            begun = Change(
                at=firing.since,
                fingerprint=subject.fingerprint,
                labels=subject.labels,
                firing=True,
                flapping=firing.flapping,
            )
            yield begun
            if firing.until is not None:
                yield replace(begun, at=firing.until, firing=False)


def _counted(pairs: Iterable[tuple[str, str]]) -> dict[str, dict[str, int]]:
    counts: dict[str, dict[str, int]] = {}
    for (one, other), count in sorted(Counter(pairs).items()):
        counts.setdefault(one, {})[other] = count
    return counts
