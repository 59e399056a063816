"""Rain of an interval from a counter that only grows (tipping-bucket gauges). Pure.

The rules are a suggestion [S] of our domain facts, 4.6; no standard gives any. Amounts are in mm.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
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

    Gaps and caps are the caller's.
    """
    delta = new_mm - previous_mm
    if delta < -_NOISE_MM:
        full = 2**counter_bits * resolution_mm
        if previous_mm <= ROLLOVER_FROM * full:
            return new_mm
        delta += full
    return in_tips(delta, resolution_mm)


def in_tips(mm: float, resolution_mm: float) -> float:
    """The nearest whole number of tips, in mm."""
    return round(round(mm / resolution_mm) * resolution_mm, 6)


def intervals(readings: Iterable[CounterReading], gauge: Gauge) -> list[Interval]:
    """The rain between each two readings that count, oldest first.

    1. a time that stands there twice counts once; readings that failed are left out, and so is a misreading
    2. what is left is a chain: each reading gives the rain since the one before it, the first gives none
    Each is put on the grid of whole tips first: a wrong resolution then moves water by a tip, but can't lose any.
    """
    by_time: dict[datetime, CounterReading] = {}
    for reading in readings:
        if reading.quality < Quality.FAIL:
            by_time.setdefault(reading.time, reading)
    good = [by_time[time] for time in sorted(by_time)]
    misread = _misread(good, gauge)
    found = [_interval(a, b, gauge) for a, b in pairwise(r for r in good if r.time not in misread)]
    found += [_interval(a, b, gauge) for a, b in pairwise(good) if b.time in misread]
    return sorted(found, key=lambda interval: interval.time)


def _misread(good: Sequence[CounterReading], gauge: Gauge) -> set[datetime]:
    """Readings far too high whose next one goes on where the one before them was: the water never fell.

    Left in the chain, the fall behind them would pass for a reset and invent all that the counter shows. No two in
    a row can be such, so whether one is depends on its neighbours alone.
    """
    threes = zip(good, good[1:], good[2:], strict=False)
    return {at.time for before, at, after in threes if _is_misread(before, at, after, gauge)}


def _is_misread(before: CounterReading, at: CounterReading, after: CounterReading, gauge: Gauge) -> bool:
    goes_on = before.mm <= after.mm < at.mm
    return goes_on and not _fits(before, at, gauge) and _fits(before, after, gauge)


def _fits(previous: CounterReading, new: CounterReading, gauge: Gauge) -> bool:
    return _mm(previous, new, gauge) <= gauge.most_mm(new.time - previous.time) + _NOISE_MM


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
    full = 2**gauge.counter_bits * gauge.resolution_mm
    if new.mm < previous.mm - _NOISE_MM and previous.mm <= ROLLOVER_FROM * full:
        yield COUNTER_RESET
    if new.time - previous.time > GAP_INTERVALS * gauge.interval:
        yield GAP
    if Quality.SUSPECT in (previous.quality, new.quality):
        yield SUSPECT_COUNTER
