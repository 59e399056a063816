"""Parking bays: who stood where and when, drawn anew for each day, so that any day can be computed by itself."""

from bisect import bisect_right
from dataclasses import dataclass, field
from math import exp, log
from random import Random
from typing import Final

from simulators.hanoi_clock import DAY, HOUR, UTC_OFFSET_S, is_weekend, local_hour
from simulators.seeded import generator

_MORNING_H: Final = 6
"""A bay's day runs from 6 to 6: the night tariff of the pilot ends then, and so does the last stay."""
_DAY_START_S: Final = UTC_OFFSET_S - _MORNING_H * HOUR
_DWELL_SIGMA: Final = 0.7
"""Spread of the logarithm of the stay: one in twenty is over three times the median."""
_MEAN_PER_MEDIAN: Final = exp(_DWELL_SIGMA**2 / 2)
_SHORTEST_S: Final = 120
_STEP_S: Final = 900
_EVENING_H: Final = 17


@dataclass(frozen=True, kw_only=True, slots=True)
class OccupancyTarget:
    """How full bays of a street are by hour, and how long cars stay."""

    by_hour: tuple[tuple[float, float], ...]
    weekend: float
    dwell_s: float
    overnight: float

    def share(self, t: float) -> float:
        """The target at a time, kept off 0 and 1 where waiting would be endless or nil."""
        hour = local_hour(t)
        n = bisect_right(self.by_hour, (hour, 2.0)) - 1
        (h0, s0), (h1, s1) = self.by_hour[n], self.by_hour[(n + 1) % len(self.by_hour)]
        part = ((hour - h0) % 24.0) / (((h1 - h0) % 24.0) or 24.0)
        share = (s0 + (s1 - s0) * part) * (self.weekend if is_weekend(t) else 1.0)
        return min(max(share, 0.02), 0.97)


@dataclass(slots=True)
class Bay:
    """One bay's comings and goings: times at which it changes, free at the start of each of its days."""

    target: OccupancyTarget
    key: int
    _days: dict[int, tuple[int, ...]] = field(default_factory=dict, init=False)

    def occupied(self, t: int) -> bool:
        """From the second a car comes until the second it goes."""
        changes = self._changes((t + _DAY_START_S) // DAY)
        return bisect_right(changes, t) % 2 == 1

    def next_change(self, after: int) -> int:
        day = (after + _DAY_START_S) // DAY
        while True:
            changes = self._changes(day)
            n = bisect_right(changes, after)
            if n < len(changes):
                return changes[n]
            day += 1

    def _changes(self, day: int) -> tuple[int, ...]:
        if day not in self._days:
            while len(self._days) >= 3:
                del self._days[next(iter(self._days))]
            self._days[day] = _stays(self.target, self.key, day)
        return self._days[day]


def _stays(target: OccupancyTarget, key: int, day: int) -> tuple[int, ...]:
    """Times of arrival and departure in turn, all within the day, the last one a departure.

    A free bay waits so long that in the mean `share` of the time is occupied: dwell · (1 - share) / share.
    The evening's last car may stay until the morning.
    """
    draw = generator(key, day)
    begin = day * DAY - _DAY_START_S
    end = begin + DAY
    changes: list[int] = []
    t = float(begin)
    while True:
        t = _arrival(target, t, end, draw)
        stay = max(_SHORTEST_S, draw.lognormvariate(log(target.dwell_s), _DWELL_SIGMA))
        if t + stay >= end - _SHORTEST_S:
            break
        changes += (int(t), int(t + stay))
        t += stay
    if changes and local_hour(changes[-2]) >= _EVENING_H and draw.random() < target.overnight:
        changes[-1] = end - 1 - int(draw.random() * HOUR)
    return tuple(changes)


def _arrival(target: OccupancyTarget, free_since: float, end: int, draw: Random) -> float:
    """When the next car comes, walking through the hours: at three in the morning nobody waits for noon's rate."""
    patience = draw.expovariate(1.0)
    t = free_since + _SHORTEST_S / 2
    while t < end:
        share = target.share(t)
        rate = share / (_MEAN_PER_MEDIAN * target.dwell_s * (1.0 - share))
        if patience <= rate * _STEP_S:
            return t + patience / rate
        patience -= rate * _STEP_S
        t += _STEP_S
    return float(end)
