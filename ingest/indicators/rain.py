"""Rain of an interval from a counter that only grows (tipping-bucket gauges). Pure.

The rules are a suggestion [S] of our domain facts, 4.6; no standard gives any. Amounts are in mm.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from storage.model import Quality

ROLLOVER_FROM: Final = 0.9
"""A counter that falls from above this share of its range has rolled over, from below it was reset."""
GAP_INTERVALS: Final = 2
"""After more reporting intervals than this nobody knows when within the gap it rained."""
_NOISE_MM: Final = 1e-6
"""Decimal tips have no exact binary form; no bucket is so small."""

COUNTER_RESET: Final = "counter_reset"
GAP: Final = "gap"
ABOVE_CAP: Final = "above_cap"
SUSPECT_COUNTER: Final = "suspect_counter"
COUNTER_BEYOND_RANGE: Final = "counter_beyond_range"
MISREAD: Final = "counter_misread"


@dataclass(frozen=True, kw_only=True, slots=True)
class Gauge:
    """What has to be known of a gauge to read its counter."""

    resolution_mm: float
    """One tip."""
    counter_bits: int
    """The counter counts tips and holds so many bits."""
    interval: timedelta
    """How often it reports."""
    cap_mm: float
    """More than this within `cap_time` is no rain."""
    cap_time: timedelta

    def __post_init__(self) -> None:
        """Raises ValueError for what no gauge can be."""
        if self.resolution_mm <= 0 or self.counter_bits < 1 or self.interval <= timedelta():
            raise ValueError(f"{self}: each must be more than 0")

    @property
    def range_mm(self) -> float:
        """Where it rolls over: the counter itself never shows so much."""
        return 2.0**self.counter_bits * self.resolution_mm

    def counts(self, mm: float) -> bool:
        """Whether its counter can show that; half a tip of binary noise is none."""
        return -self.resolution_mm / 2 < mm < self.range_mm - self.resolution_mm / 2

    def most_mm(self, elapsed: timedelta) -> float:
        """What can fall at most; one tip always can."""
        return max(self.resolution_mm, self.cap_mm * (elapsed / self.cap_time))


@dataclass(frozen=True, kw_only=True, slots=True)
class CounterReading:
    time: datetime
    mm: float
    quality: int = Quality.GOOD


@dataclass(frozen=True, kw_only=True, slots=True)
class Interval:
    """The rain of (since, time], and how far it can be believed."""

    since: datetime
    time: datetime
    mm: float
    quality: Quality
    reason: str | None


def increment(previous_mm: float, new_mm: float, resolution_mm: float, counter_bits: int) -> float:
    """The rain between two readings of a counter, as a number of tips; after a reset all that the new one shows.

    Never negative: what stood beyond the range that it should have can't have rolled over there, so it was reset.
    Gaps and caps are the caller's.
    """
    delta = new_mm - previous_mm
    if delta < -_NOISE_MM:
        full = 2**counter_bits * resolution_mm
        if not ROLLOVER_FROM * full < previous_mm < full:
            return max(new_mm, 0.0)
        delta += full
    return in_tips(delta, resolution_mm)


def in_tips(mm: float, resolution_mm: float) -> float:
    """The nearest whole number of tips, in mm."""
    return round(round(mm / resolution_mm) * resolution_mm, 6)


def intervals(readings: Iterable[CounterReading], gauge: Gauge) -> list[Interval]:
    """The rain between each two readings that count, oldest first.

    1. a time that stands there twice counts once; readings that failed are left out, and so is a misreading
    2. what is left is a chain: each reading gives the rain since the one before it, the first gives none
    3. what goes on from a jump that can't be rain may be no rain either
    Each is put on the grid of whole tips first: a wrong resolution then moves water by a tip, but can't lose any.
    """
    by_time: dict[datetime, CounterReading] = {}
    for reading in readings:
        if reading.quality < Quality.FAIL:
            by_time.setdefault(reading.time, reading)
    good = [by_time[time] for time in sorted(by_time)]
    misread = _misread(good, gauge)
    found = _doubted([_interval(a, b, gauge) for a, b in pairwise(r for r in good if r.time not in misread)])
    found += [_failed(_interval(a, b, gauge)) for a, b in pairwise(good) if b.time in misread]
    return sorted(found, key=lambda interval: interval.time)


def _doubted(chain: Sequence[Interval]) -> list[Interval]:
    """Behind a jump nobody knows yet whether the counter stands there now or was misread twice in a row."""
    behind = [b.time for a, b in pairwise(chain) if a.reason == ABOVE_CAP and b.quality < Quality.SUSPECT]
    return [
        replace(one, quality=Quality.SUSPECT, reason=SUSPECT_COUNTER) if one.time in behind else one
        for one in chain
    ]


def _failed(interval: Interval) -> Interval:
    if interval.quality == Quality.FAIL:
        return interval
    return replace(interval, quality=Quality.FAIL, reason=MISREAD)


def _misread(good: Sequence[CounterReading], gauge: Gauge) -> set[datetime]:
    """Readings far too high or too low whose next one goes on where the one before them was: no such water fell.

    Left in the chain, a fall would pass for a reset and invent all that the counter shows. One beside a reading far
    too high is not called too low: of a counter that jumps to and fro nobody knows which half is right. So no two in
    a row are misread, and whether one is depends on the two on either side of it.
    """
    threes = list(zip(good, good[1:], good[2:], strict=False))
    high = {at.time for before, at, after in threes if _is_too_high(before, at, after, gauge)}
    low = {
        at.time
        for before, at, after in threes
        if high.isdisjoint((before.time, after.time)) and _is_too_low(before, at, after, gauge)
    }
    return high | low


def _is_too_high(before: CounterReading, at: CounterReading, after: CounterReading, gauge: Gauge) -> bool:
    goes_on = before.mm <= after.mm < at.mm
    return goes_on and not _fits(before, at, gauge) and _fits(before, after, gauge)


def _is_too_low(before: CounterReading, at: CounterReading, after: CounterReading, gauge: Gauge) -> bool:
    """Only when the fall or the rise can't be rain: after a reset it may rain to where the counter was before."""
    goes_on = at.mm < before.mm <= after.mm
    by_itself = _fits(before, at, gauge) and _fits(at, after, gauge)
    return goes_on and not by_itself and _fits(before, after, gauge)


def _fits(previous: CounterReading, new: CounterReading, gauge: Gauge) -> bool:
    return 0 <= _mm(previous, new, gauge) <= gauge.most_mm(new.time - previous.time) + _NOISE_MM


def _mm(previous: CounterReading, new: CounterReading, gauge: Gauge) -> float:
    tips_before, tips = in_tips(previous.mm, gauge.resolution_mm), in_tips(new.mm, gauge.resolution_mm)
    return increment(tips_before, tips, gauge.resolution_mm, gauge.counter_bits)


def _interval(previous: CounterReading, new: CounterReading, gauge: Gauge) -> Interval:
    quality, reason = _judged(previous, new, gauge)
    mm = _mm(previous, new, gauge)
    return Interval(since=previous.time, time=new.time, mm=mm, quality=quality, reason=reason)


def _judged(previous: CounterReading, new: CounterReading, gauge: Gauge) -> tuple[Quality, str | None]:
    """The worst that can be said of it; after a reset nobody knows what was counted before."""
    if not _fits(previous, new, gauge):
        return Quality.FAIL, ABOVE_CAP
    reasons = _doubts(previous, new, gauge)
    reason = next(reasons, None)
    return (Quality.GOOD, None) if reason is None else (Quality.SUSPECT, reason)


def _doubts(previous: CounterReading, new: CounterReading, gauge: Gauge) -> Iterator[str]:
    if not (gauge.counts(previous.mm) and gauge.counts(new.mm)):
        yield COUNTER_BEYOND_RANGE
    if new.mm < previous.mm - _NOISE_MM and previous.mm <= ROLLOVER_FROM * gauge.range_mm:
        yield COUNTER_RESET
    if new.time - previous.time > GAP_INTERVALS * gauge.interval:
        yield GAP
    if Quality.SUSPECT in (previous.quality, new.quality):
        yield SUSPECT_COUNTER
