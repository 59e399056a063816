"""What a long series looks like: of each of equal stretches of time the first, lowest, highest and last value. No I/O.

A line drawn through these looks, at that width, like one through all values (M4, Jugel et al., VLDB 2014).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, NamedTuple

STRETCHES: Final = 800
GAP_INTERVALS: Final = 3
"""As on pages: without a value for so many reporting intervals the line breaks."""


class Point(NamedTuple):
    time: datetime
    value: float
    quality: int


@dataclass(slots=True)
class Stretch:
    first: Point
    low: Point
    high: Point
    last: Point

    def add(self, point: Point) -> None:
        self.low = point if point.value < self.low.value else self.low
        self.high = point if point.value > self.high.value else self.high
        self.last = point

    def points(self) -> list[Point]:
        """Each once, rising in time."""
        return sorted({self.first, self.low, self.high, self.last})


@dataclass(kw_only=True, slots=True)
class Outline:
    """Takes points that rise in time from `start` to before `end`; however many they are it keeps a few."""

    start: datetime
    end: datetime
    interval: timedelta
    """How far apart values are meant to be."""
    stretches: int = STRETCHES
    good: dict[int, Stretch] = field(default_factory=dict)
    """By number of stretch: values that were looked at."""
    doubtful: dict[int, Stretch] = field(default_factory=dict)
    """Those of too bad a quality."""
    _breaks: list[tuple[datetime, datetime]] = field(default_factory=list)
    _last: datetime | None = None

    @property
    def width(self) -> timedelta:
        return max((self.end - self.start) / self.stretches, timedelta.resolution)

    def add(self, point: Point, *, good: bool) -> None:
        kept = self.good if good else self.doubtful
        number = min(self.number(point.time), self.stretches - 1)
        if number in kept:
            kept[number].add(point)
        else:
            kept[number] = Stretch(point, point, point, point)
        if good:
            self._note_break(point.time)

    def number(self, time: datetime) -> int:
        """Which stretch a time lies in."""
        return int((time - self.start) / self.width)

    def line(self) -> Iterator[Point | None]:
        """The values that were looked at, rising; None where the line breaks."""
        breaks = iter([*self._breaks, (self.end, self.end)])
        before, _ = next(breaks)
        for number in sorted(self.good):
            for point in self.good[number].points():
                if point.time > before:
                    yield None
                    before, _ = next(breaks)
                yield point

    def marks(self) -> Iterator[Point]:
        """Those of too bad a quality, rising."""
        for number in sorted(self.doubtful):
            yield from self.doubtful[number].points()

    def reach(self) -> tuple[float, float] | None:
        """The lowest and the highest value; None: there is none."""
        both = [*self.good.values(), *self.doubtful.values()]
        if not both:
            return None
        return min(one.low.value for one in both), max(one.high.value for one in both)

    def _note_break(self, time: datetime) -> None:
        """Shorter ones than a stretch can't be seen."""
        before, self._last = self._last, time
        if before is not None and time - before > max(GAP_INTERVALS * self.interval, self.width):
            self._breaks.append((before, time))
