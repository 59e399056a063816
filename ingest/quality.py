"""Whether a value agrees with its neighbours in time: spike, step and stuck, as QARTOD tests them. Pure.

The formulas are those of ioos-qc 3.0: `spike_test` (method average), `rate_of_change_test` and `flat_line_test`. QARTOD
leaves open what a gap does: here two values farther apart than `Checks.neighbour_s` are no neighbours. A result depends
on the values alone, never on the order in which they came.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final

from storage.model import Checks, Provenance, Quality, Stuck

SPIKE: Final = "spike"
STEP: Final = "step"
STUCK: Final = "stuck"
REASONS: Final = frozenset({SPIKE, STEP, STUCK})
"""What only these checks write, and only they may take back."""
IMPLAUSIBLE: Final = "implausible"

Point = tuple[datetime, float]
"""Time (aware) and value."""


def is_neighbour(quality: int, reason: str | None, provenance: str) -> bool:
    """Whether others are held against this value: not one that failed, is implausible already, or was forecast."""
    return quality < Quality.FAIL and reason != IMPLAUSIBLE and provenance != Provenance.FORECAST


def is_open(quality: int, reason: str | None, provenance: str) -> bool:
    """Whether these checks may judge this value: nothing else has, and nobody computes it anew."""
    unjudged = (quality == Quality.GOOD and reason is None) or reason in REASONS
    return unjudged and provenance not in (Provenance.DERIVED, Provenance.FORECAST)


def assess(series: Sequence[Point], checks: Checks) -> list[str | None]:
    """The reason for which each value of a series, in order of time, is suspect; None where it passes.

    Where several checks fail, stuck goes before spike and spike before step.
    """
    times = [time.timestamp() for time, _ in series]
    values = [value for _, value in series]
    reasons: list[str | None] = [None] * len(series)
    if checks.step_per_min is not None:
        _mark(reasons, STEP, _steps(times, values, checks, checks.step_per_min / 60))
    if checks.spike is not None:
        _mark(reasons, SPIKE, _spikes(times, values, checks, checks.spike))
    if checks.stuck is not None:
        starts = _flat_since(times, values, checks, checks.stuck)
        for_s = checks.stuck.for_s
        _mark(reasons, STUCK, (n for n, first in enumerate(starts) if times[n] - times[first] >= for_s))
    return reasons


def flat_since(series: Sequence[Point], checks: Checks) -> list[int]:
    """For each value, where the stretch begins that ends with it, has no gap, and stays within the tolerance.

    Without a stuck check every value is its own stretch, and so is one that may stand still.
    """
    if checks.stuck is None:
        return list(range(len(series)))
    times = [time.timestamp() for time, _ in series]
    return _flat_since(times, [value for _, value in series], checks, checks.stuck)


def _mark(reasons: list[str | None], reason: str, failed: Iterable[int]) -> None:
    for n in failed:
        reasons[n] = reason


def _spikes(
    times: Sequence[float], values: Sequence[float], checks: Checks, threshold: float
) -> Iterator[int]:
    """|v(n) − (v(n−1) + v(n+1)) / 2| > threshold."""
    near = checks.neighbour_s
    for n in range(1, len(values) - 1):
        if (
            abs(values[n] - (values[n - 1] + values[n + 1]) / 2) > threshold
            and times[n] - times[n - 1] <= near
            and times[n + 1] - times[n] <= near
        ):
            yield n


def _steps(times: Sequence[float], values: Sequence[float], checks: Checks, per_s: float) -> Iterator[int]:
    """|v(n) − v(n−1)| / (t(n) − t(n−1)) > threshold.

    Within less than a reporting interval noise would be a rate of change, so it counts as a whole one.
    """
    for n in range(1, len(values)):
        apart = times[n] - times[n - 1]
        rate = abs(values[n] - values[n - 1]) / max(apart, checks.interval_s)
        if rate > per_s and apart <= checks.neighbour_s:
            yield n


def _flat_since(times: Sequence[float], values: Sequence[float], checks: Checks, stuck: Stuck) -> list[int]:
    """The first value of the longest stretch up to each one whose range is within the tolerance."""
    starts: list[int] = []
    lowest: deque[int] = deque()  # of the stretch: rising values, the least first
    highest: deque[int] = deque()
    first = 0
    for n, value in enumerate(values):
        normal = any(abs(value - excepted) <= stuck.tolerance for excepted in stuck.excepted)
        if normal or (n and times[n] - times[n - 1] > checks.neighbour_s):
            lowest.clear()
            highest.clear()
            first = n
        if normal:
            starts.append(n)
            first = n + 1
            continue
        while lowest and values[lowest[-1]] >= value:
            lowest.pop()
        while highest and values[highest[-1]] <= value:
            highest.pop()
        lowest.append(n)
        highest.append(n)
        while values[highest[0]] - values[lowest[0]] > stuck.tolerance:
            first += 1
            if lowest[0] < first:
                lowest.popleft()
            if highest[0] < first:
                highest.popleft()
        starts.append(first)
    return starts
