"""Values as rules see them, and the window of them that a condition looks back on. No I/O."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec

from storage.model import Provenance


class Sample(msgspec.Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """One value as a rule sees it. Times are aware."""

    time: datetime
    """When it happened (phenomenon time)."""
    value: float
    quality: int
    """QARTOD: 1 good, 2 not evaluated, 3 suspect, 4 fail, 9 missing."""
    provenance: Provenance
    """Of a derived value the weakest of its inputs, when known."""
    arrived: datetime
    """When it was stored."""
    operand: int = 0
    """Which of the rule's operands it is of (Rule.operands); 0 is the anchor."""
    stream: int = 0
    """The Datastream, where an operand has several: gauges nearby."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """What a condition must know of an operand before its first sample: from `begin` to before `end`."""

    operand: int
    begin: datetime
    end: datetime


@dataclass(slots=True)
class Window:
    """Samples by operand and Datastream, each rising in time."""

    _times: dict[tuple[int, int], list[datetime]] = field(default_factory=dict)
    _samples: dict[tuple[int, int], list[Sample]] = field(default_factory=dict)

    def add(self, sample: Sample) -> None:
        """Takes samples that rise in time within their Datastream."""
        key = (sample.operand, sample.stream)
        self._times.setdefault(key, []).append(sample.time)
        self._samples.setdefault(key, []).append(sample)

    def fill(self, before: Iterable[Sample]) -> None:
        for sample in before:
            self.add(sample)

    def newest(self, operand: int, at: datetime) -> list[Sample]:
        """Of each of the operand's Datastreams, in their order, the newest sample not after `at`."""
        found = []
        for key in sorted(key for key in self._samples if key[0] == operand):
            place = bisect_right(self._times[key], at)
            if place:
                found.append(self._samples[key][place - 1])
        return found

    def between(self, operand: int, stream: int, begin: datetime, end: datetime) -> Sequence[Sample]:
        """From `begin` to `end`, both inclusive."""
        key = (operand, stream)
        times = self._times.get(key, [])
        return self._samples.get(key, [])[bisect_left(times, begin) : bisect_right(times, end)]


DAY = timedelta(days=1)
