"""What a rule holds against values: thresholds, ranges, change, the usual, standing still, silence, all or any of them.

A verdict at a moment is a function of the samples within the condition's reach before it and of nothing else, so
that values may come in any order and rounds may be cut anywhere. No I/O.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import chain
from statistics import fmean, median
from typing import Any, ClassVar, Final, Protocol

import msgspec

from alerts.samples import DAY, Sample, Span, Window
from storage.model import weakest

SAME_HOUR: Final = timedelta(minutes=30)
"""The same hour of an earlier day is half an hour to either side."""
NOTHING: Final = timedelta(0)


class Comparison(StrEnum):
    ABOVE = "above"
    AT_LEAST = "at_least"
    BELOW = "below"
    AT_MOST = "at_most"

    @property
    def upward(self) -> bool:
        """Whether larger is worse."""
        return self in (Comparison.ABOVE, Comparison.AT_LEAST)


class Limit(Protocol):
    """What a number is held against."""

    @property
    def shown(self) -> float | None:
        """The one number that people are told; None where there are two."""

    def met(self, value: float) -> bool: ...

    def cleared(self, value: float) -> bool:
        """Whether the value is on the good side of the clear level; the level itself is not yet."""

    def worse(self, one: Sample, other: Sample) -> Sample:
        """The sample that lies further beyond the limit; of equals the first."""

    def facts(self) -> dict[str, Any]:
        """For the evidence."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Threshold:
    """A limit that starts an alert, and the clear level (hysteresis) that a value must pass to end it."""

    comparison: Comparison
    limit: float
    clear: float | None = None
    """None: it ends as soon as the condition is no longer met."""

    @property
    def shown(self) -> float | None:
        return self.limit

    def met(self, value: float) -> bool:
        match self.comparison:
            case Comparison.ABOVE:
                return value > self.limit
            case Comparison.AT_LEAST:
                return value >= self.limit
            case Comparison.BELOW:
                return value < self.limit
            case Comparison.AT_MOST:
                return value <= self.limit

    def cleared(self, value: float) -> bool:
        if self.clear is None:
            return not self.met(value)
        return value < self.clear if self.comparison.upward else value > self.clear

    def worse(self, one: Sample, other: Sample) -> Sample:
        beyond = other.value > one.value if self.comparison.upward else other.value < one.value
        return other if beyond else one

    def facts(self) -> dict[str, Any]:
        return {"comparison": self.comparison.value, "limit": self.limit, "clear": self.clear}


@dataclass(frozen=True, kw_only=True, slots=True)
class Outside:
    """Below `low` or above `high`; it ends when a value is inside by more than `margin`."""

    low: float
    high: float
    margin: float = 0.0

    @property
    def shown(self) -> float | None:
        return None

    def met(self, value: float) -> bool:
        return value < self.low or value > self.high

    def cleared(self, value: float) -> bool:
        if not self.margin:
            return not self.met(value)
        return self.low + self.margin < value < self.high - self.margin

    def worse(self, one: Sample, other: Sample) -> Sample:
        return other if self._beyond(other.value) > self._beyond(one.value) else one

    def facts(self) -> dict[str, Any]:
        return {"comparison": "outside", "low": self.low, "high": self.high, "margin": self.margin}

    def _beyond(self, value: float) -> float:
        return max(self.low - value, value - self.high)


@dataclass(frozen=True, kw_only=True, slots=True)
class Operand:
    """A property that a condition looks at: on the Thing itself, or on those near it."""

    domain: str
    property: str
    interval: timedelta
    stale_after: timedelta
    within_m: float | None = None
    """None: on the Thing itself."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What a condition says at a moment. Neither met nor cleared: between the two levels, or nothing is known."""

    met: bool
    cleared: bool
    sample: Sample | None
    """What people are shown: its value is the measure that was held against the limit. None: nothing is known."""
    beside: tuple[Sample, ...] = ()
    """What else it rests on."""


UNKNOWN: Final = Verdict(met=False, cleared=False, sample=None)


class Condition(Protocol):
    kind: ClassVar[str]
    """Its word in records: threshold, outside, change, usual, stuck, absent, all, any."""

    @property
    def silence(self) -> timedelta | None:
        """How long nothing must come where silence is the condition."""

    @property
    def reach(self) -> timedelta:
        """How far back of a moment samples matter, the one at the moment itself aside."""

    @property
    def limit(self) -> float | None:
        """The one number that people are told."""

    def judge(self, window: Window, at: datetime) -> Verdict: ...

    def worse(self, one: Sample, other: Sample) -> Sample: ...

    def spans(self, first: datetime, last: datetime) -> Iterator[Span]:
        """What must be known of the time before `first` to judge moments from `first` to `last`."""

    def facts(self) -> dict[str, Any]:
        """For the evidence: its numbers."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """The newest value, of several Datastreams the worst."""

    kind: ClassVar[str] = "threshold"
    silence: ClassVar[timedelta | None] = None

    held_against: Limit
    operand: int = 0
    fresh_for: timedelta = NOTHING
    """How long a value counts beside others; nothing: it is only looked at when it comes."""

    @property
    def reach(self) -> timedelta:
        return self.fresh_for

    @property
    def limit(self) -> float | None:
        return self.held_against.shown

    def judge(self, window: Window, at: datetime) -> Verdict:
        known = [s for s in window.newest(self.operand, at) if at - s.time <= self.fresh_for]
        if not known:
            return UNKNOWN
        worst = known[0]
        for sample in known[1:]:
            worst = self.worse(worst, sample)
        return self.verdict(worst)

    def verdict(self, sample: Sample) -> Verdict:
        """By this sample alone."""
        limit = self.held_against
        return Verdict(met=limit.met(sample.value), cleared=limit.cleared(sample.value), sample=sample)

    def worse(self, one: Sample, other: Sample) -> Sample:
        return self.held_against.worse(one, other)

    def spans(self, first: datetime, last: datetime) -> Iterator[Span]:
        if self.fresh_for:
            yield Span(operand=self.operand, begin=first - self.fresh_for, end=first)

    def facts(self) -> dict[str, Any]:
        return self.held_against.facts()


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """By how much the value rose (or fell) from its lowest (highest) within a time."""

    kind: ClassVar[str] = "change"
    silence: ClassVar[timedelta | None] = None

    held_against: Threshold
    within: timedelta
    falls: bool = False
    operand: int = 0

    @property
    def reach(self) -> timedelta:
        return self.within

    @property
    def limit(self) -> float | None:
        return self.held_against.limit

    def judge(self, window: Window, at: datetime) -> Verdict:
        known = [
            self._change(window, s, at) for s in window.newest(self.operand, at) if s.time >= at - self.within
        ]
        if not known:
            return UNKNOWN
        change, sample, origin = max(known, key=lambda found: found[0])
        measured = msgspec.structs.replace(sample, value=change)
        limit = self.held_against
        return Verdict(
            met=limit.met(change), cleared=limit.cleared(change), sample=measured, beside=(origin, sample)
        )

    def _change(self, window: Window, sample: Sample, at: datetime) -> tuple[float, Sample, Sample]:
        """(by how much, to what, from what)"""
        past = window.between(self.operand, sample.stream, at - self.within, sample.time)
        origin = (max if self.falls else min)(past, key=lambda s: s.value)
        change = origin.value - sample.value if self.falls else sample.value - origin.value
        return _as_decimal(change), sample, origin

    def worse(self, one: Sample, other: Sample) -> Sample:
        return self.held_against.worse(one, other)

    def spans(self, first: datetime, last: datetime) -> Iterator[Span]:
        yield Span(operand=self.operand, begin=first - self.within, end=first)

    def facts(self) -> dict[str, Any]:
        what = "falls" if self.falls else "rises"
        return {**self.held_against.facts(), "measure": what, "within_s": self.within.total_seconds()}


@dataclass(frozen=True, kw_only=True, slots=True)
class Usual:
    """By how much the value is above (below) the median of the same hour on earlier days."""

    kind: ClassVar[str] = "usual"
    silence: ClassVar[timedelta | None] = None

    held_against: Threshold
    days: int
    at_least_days: int
    """With fewer earlier days known, `without_history` decides."""
    below: bool = False
    without_history: bool = False
    """Whether it counts as met then."""
    operand: int = 0
    fresh_for: timedelta = NOTHING

    @property
    def reach(self) -> timedelta:
        return self.days * DAY + SAME_HOUR + self.fresh_for

    @property
    def limit(self) -> float | None:
        return self.held_against.limit

    def judge(self, window: Window, at: datetime) -> Verdict:
        known = [s for s in window.newest(self.operand, at) if at - s.time <= self.fresh_for]
        if not known:
            return UNKNOWN
        return _worst_of(self._verdict(window, sample) for sample in known)

    def _verdict(self, window: Window, sample: Sample) -> Verdict:
        days = list(self._earlier(window, sample))
        if len(days) < self.at_least_days:  # how far it is from the usual can't be said
            return Verdict(met=self.without_history, cleared=not self.without_history, sample=None)
        usual = median(fmean(s.value for s in day) for day in days)
        difference = usual - sample.value if self.below else sample.value - usual
        measured = msgspec.structs.replace(sample, value=_as_decimal(difference))
        limit = self.held_against
        return Verdict(
            met=limit.met(measured.value),
            cleared=limit.cleared(measured.value),
            sample=measured,
            beside=(sample, _resting_on(msgspec.structs.replace(days[0][-1], value=usual), chain(*days))),
        )

    def _earlier(self, window: Window, sample: Sample) -> Iterator[Sequence[Sample]]:
        for day in range(1, self.days + 1):
            then = sample.time - day * DAY
            samples = window.between(self.operand, sample.stream, then - SAME_HOUR, then + SAME_HOUR)
            if samples:
                yield samples

    def worse(self, one: Sample, other: Sample) -> Sample:
        return self.held_against.worse(one, other)

    def spans(self, first: datetime, last: datetime) -> Iterator[Span]:
        for day in range(1, self.days + 1):
            begin = first - self.fresh_for - day * DAY - SAME_HOUR
            end = min(first, last - day * DAY + SAME_HOUR + timedelta(microseconds=1))
            yield Span(operand=self.operand, begin=begin, end=end)
        if self.fresh_for:
            yield Span(operand=self.operand, begin=first - self.fresh_for, end=first)

    def facts(self) -> dict[str, Any]:
        what = "below_usual" if self.below else "above_usual"
        return {**self.held_against.facts(), "measure": what, "days": self.days}


@dataclass(frozen=True, kw_only=True, slots=True)
class Stuck:
    """The value stands still, but for `tolerance`, as long as `lasting` or longer: what ingest's check calls stuck.

    As there, a stretch ends where values are farther apart than three reporting intervals, and at an excepted value.
    """

    kind: ClassVar[str] = "stuck"
    silence: ClassVar[timedelta | None] = None
    limit: ClassVar[float | None] = None

    lasting: timedelta
    interval: timedelta
    tolerance: float = 0.0
    excepted: tuple[float, ...] = ()
    """Values that may stand still: no rain, a dry street."""
    operand: int = 0
    fresh_for: timedelta = NOTHING

    @property
    def _apart(self) -> timedelta:
        """How far apart neighbours may be, so that the one before the time looked at shows how long it stands still."""
        return 3 * self.interval

    @property
    def reach(self) -> timedelta:
        return self.lasting + self._apart + self.fresh_for

    def judge(self, window: Window, at: datetime) -> Verdict:
        known = [s for s in window.newest(self.operand, at) if at - s.time <= self.fresh_for]
        if not known:
            return UNKNOWN
        return _worst_of(self._verdict(window, sample) for sample in known)

    def _verdict(self, window: Window, sample: Sample) -> Verdict:
        since = sample.time - self.lasting - self._apart
        stretch = self._stretch(window.between(self.operand, sample.stream, since, sample.time))
        met = sample.time - stretch[0].time >= self.lasting
        beside = (_resting_on(stretch[0], stretch),) if met else ()
        return Verdict(met=met, cleared=not met, sample=sample, beside=beside)

    def _stretch(self, past: Sequence[Sample]) -> Sequence[Sample]:
        """The newest samples that lie within the tolerance of each other; at least the newest one."""
        begin, apart = len(past) - 1, self._apart
        low = high = past[begin].value
        if self._may_stand_still(low):
            return past[begin:]
        while begin > 0:
            before, after = past[begin - 1], past[begin]
            if after.time - before.time > apart:
                break
            if before.value != after.value:
                low, high = min(low, before.value), max(high, before.value)
                if _as_decimal(high - low) > self.tolerance or self._may_stand_still(before.value):
                    break
            begin -= 1
        return past[begin:]

    def _may_stand_still(self, value: float) -> bool:
        return any(_as_decimal(abs(value - excepted)) <= self.tolerance for excepted in self.excepted)

    def worse(self, one: Sample, other: Sample) -> Sample:
        return one

    def spans(self, first: datetime, last: datetime) -> Iterator[Span]:
        yield Span(operand=self.operand, begin=first - self.reach, end=first)

    def facts(self) -> dict[str, Any]:
        return {"measure": "stuck", "lasting_s": self.lasting.total_seconds(), "tolerance": self.tolerance}


@dataclass(frozen=True, kw_only=True, slots=True)
class Absent:
    """No value came for so long after the newest one. A Datastream that never had one is not there yet, not absent."""

    kind: ClassVar[str] = "absent"
    limit: ClassVar[float | None] = None

    lasting: timedelta

    @property
    def silence(self) -> timedelta | None:
        return self.lasting

    @property
    def reach(self) -> timedelta:
        return self.lasting

    def judge(self, window: Window, at: datetime) -> Verdict:
        """A value came: that is the end of silence."""
        known = window.newest(0, at)
        return Verdict(met=False, cleared=True, sample=known[0] if known else None)

    def worse(self, one: Sample, other: Sample) -> Sample:
        return one

    def spans(self, first: datetime, last: datetime) -> Iterator[Span]:
        yield from ()

    def facts(self) -> dict[str, Any]:
        return {"measure": "absent", "absent_for_s": self.lasting.total_seconds()}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Several:
    silence: ClassVar[timedelta | None] = None

    parts: tuple[Condition, ...]
    """What people are shown is the first one's."""

    @property
    def reach(self) -> timedelta:
        return max(part.reach for part in self.parts)

    @property
    def limit(self) -> float | None:
        return self.parts[0].limit

    def worse(self, one: Sample, other: Sample) -> Sample:
        """While nothing is known of the first part another one's sample stands in for it: they can't be compared."""
        if one.operand != other.operand:
            return one if one.operand == 0 else other
        return self.parts[0].worse(one, other)

    def spans(self, first: datetime, last: datetime) -> Iterator[Span]:
        for part in self.parts:
            yield from part.spans(first, last)

    def _verdicts(self, window: Window, at: datetime) -> list[Verdict]:
        return [part.judge(window, at) for part in self.parts]


@dataclass(frozen=True, kw_only=True, slots=True)
class All(_Several):
    """Each of its parts; it ends when one of them has ended."""

    kind: ClassVar[str] = "all"

    def judge(self, window: Window, at: datetime) -> Verdict:
        verdicts = self._verdicts(window, at)
        return _joined(
            verdicts,
            met=all(verdict.met for verdict in verdicts),
            cleared=any(verdict.cleared for verdict in verdicts),
        )

    def facts(self) -> dict[str, Any]:
        return {**self.parts[0].facts(), "all": [part.facts() for part in self.parts]}


@dataclass(frozen=True, kw_only=True, slots=True)
class AnyOf(_Several):
    """At least one of its parts; it ends when all that are known have ended."""

    kind: ClassVar[str] = "any"

    def judge(self, window: Window, at: datetime) -> Verdict:
        verdicts = self._verdicts(window, at)
        known = [verdict for verdict in verdicts if verdict.sample is not None]
        return _joined(
            verdicts,
            met=any(verdict.met for verdict in verdicts),
            cleared=bool(known) and all(verdict.cleared for verdict in known),
        )

    def facts(self) -> dict[str, Any]:
        return {**self.parts[0].facts(), "any": [part.facts() for part in self.parts]}


def _joined(verdicts: Sequence[Verdict], *, met: bool, cleared: bool) -> Verdict:
    first = next((verdict.sample for verdict in verdicts if verdict.sample is not None), None)
    others = _each_once(
        sample
        for verdict in verdicts
        for sample in (*verdict.beside, verdict.sample)
        if sample is not None and sample is not first
    )
    return Verdict(met=met, cleared=cleared, sample=first, beside=others)


def _worst_of(verdicts: Iterable[Verdict]) -> Verdict:
    """Of several Datastreams the first that meets the condition, else one that has not ended, else the first."""
    return max(verdicts, key=lambda verdict: (verdict.met, not verdict.cleared))


def _resting_on(sample: Sample, others: Iterable[Sample]) -> Sample:
    """The sample, no more trustworthy than what it stands for."""
    return msgspec.structs.replace(sample, provenance=weakest({one.provenance for one in others}))


def _as_decimal(difference: float) -> float:
    """0.3 − 0.2 is 0.1 to whoever wrote the limit, and in binary it is less."""
    return round(difference, 9)


def _each_once(samples: Iterable[Sample]) -> tuple[Sample, ...]:
    return tuple(dict.fromkeys(samples))
