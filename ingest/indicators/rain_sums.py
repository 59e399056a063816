"""Sums of rain over the last minutes, hours and days, and what they mean. Pure; amounts in mm.

A report is the rain of (its time − interval, its time]; a window of the length w that ends at t takes the reports of
(t − w, t]. What was not reported is not guessed: the sum is then a lower bound and its coverage says how far.

Sources: classes of the hydrometeorological service, Decision 18/2021/QĐ-TTg Art. 44, the design of the Tô Lịch basin;
domain facts, 4.1 to 4.3. [V] verified, [M] from memory, [S] our suggestion.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate, pairwise
from typing import Final

from storage.model import Text

HOUR: Final = timedelta(hours=1)
HALF_DAY: Final = timedelta(hours=12)
DAY: Final = timedelta(days=1)
TWO_DAYS: Final = timedelta(days=2)

LEAST_COVERAGE: Final = 0.75
"""A sum of less is suspect [S]."""
TO_LICH_DESIGN_MM: Final = 310.0
"""What the drainage of the Tô Lịch basin is built for, in two days [V: vietnamnet 8-2025, vnexpress 10-2025]."""
DRY_BELOW_MM: Final = 0.05
"""Half a tip of the finest usual bucket, 0.1 mm."""

_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_PER_MM: Final = 1_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Sum:
    """Rain of a window."""

    mm: float
    """At least so much fell; all of it when the coverage is 1."""
    coverage: float
    """Share of the window that reports cover, 0 to 1."""


class Reports:
    """What a gauge reported, ready for the sum of any window.

    Sums are whole numbers inside, so that a window's is the same whatever else was read before it.
    """

    def __init__(self, reports: Iterable[tuple[datetime, float]], interval: timedelta) -> None:
        """`reports` are (end of the interval, mm), oldest first; `interval` is how often the gauge reports."""
        held = list(reports)
        self.interval = interval
        self._times = [_microseconds(time) for time, _ in held]
        self._rain = [0, *accumulate(round(mm * _PER_MM) for _, mm in held)]
        each = interval // _MICROSECOND
        gaps = (min(each, b - a) for a, b in pairwise(self._times))
        self._covered = [0, *accumulate(gaps)] if held else []

    def within(self, end: datetime, window: timedelta) -> tuple[int, int]:
        """The reports of (end − window, end], by position: from the first one up to before the second one."""
        last = _microseconds(end)
        first = last - window // _MICROSECOND
        return bisect_right(self._times, first), bisect_right(self._times, last)

    def sum(self, end: datetime, window: timedelta) -> Sum | None:
        """None without a report, and where the window is shorter than what one report tells of."""
        first, behind = self.within(end, window)
        if first == behind or window < self.interval:
            return None
        covered = self.interval // _MICROSECOND + self._covered[behind - 1] - self._covered[first]
        return Sum(
            mm=(self._rain[behind] - self._rain[first]) / _PER_MM,
            coverage=round(min(1.0, covered / (window // _MICROSECOND)), 3),
        )


def _microseconds(time: datetime) -> int:
    return (time - _EPOCH) // _MICROSECOND


@dataclass(frozen=True, kw_only=True, slots=True)
class Intensity:
    """A class of rain."""

    level: int
    above: float
    """mm from which on it holds, or above which, see `inclusive`."""
    inclusive: bool = True
    label: Text

    def holds(self, mm: float) -> bool:
        return mm >= self.above if self.inclusive else mm > self.above


_DRY: Final = Text(vi="Không mưa", en="No rain")
_SMALL: Final = Text(vi="Mưa nhỏ", en="Light rain")
_RAIN: Final = Text(vi="Mưa", en="Rain")
_MODERATE: Final = Text(vi="Mưa vừa", en="Moderate rain")
_HEAVY: Final = Text(vi="Mưa to", en="Heavy rain")
_VERY_HEAVY: Final = Text(vi="Mưa rất to", en="Very heavy rain")

OF_24_H: Final[Sequence[Intensity]] = (
    Intensity(level=0, above=float("-inf"), label=_DRY),
    Intensity(level=1, above=DRY_BELOW_MM, label=_SMALL),
    Intensity(level=2, above=6, label=_RAIN),
    Intensity(level=3, above=15, inclusive=False, label=_MODERATE),
    Intensity(level=4, above=50, inclusive=False, label=_HEAVY),
    Intensity(level=5, above=100, inclusive=False, label=_VERY_HEAVY),
)
"""Classes of the hydrometeorological service [V], written there for whole mm (16–50, 51–100); between them [S]."""

OF_12_H: Final[Sequence[Intensity]] = (
    Intensity(level=0, above=float("-inf"), label=_DRY),
    Intensity(level=0, above=DRY_BELOW_MM, label=Text(vi="Mưa nhỏ, không đáng kể", en="Trace of rain")),
    Intensity(level=1, above=0.3, label=_SMALL),
    Intensity(level=2, above=3, label=_RAIN),
    Intensity(level=3, above=8, inclusive=False, label=_MODERATE),
    Intensity(level=4, above=25, inclusive=False, label=_HEAVY),
    Intensity(level=5, above=50, inclusive=False, label=_VERY_HEAVY),
)
"""The same for 12 hours [V]; that 8, 25 and 50 mm themselves belong to the lower class is [S], as above."""

OF_AN_HOUR: Final[Sequence[Intensity]] = (
    Intensity(level=0, above=float("-inf"), label=_DRY),
    Intensity(level=1, above=DRY_BELOW_MM, label=_SMALL),
    Intensity(level=2, above=2.5, label=_MODERATE),
    Intensity(level=3, above=10, label=_HEAVY),
    Intensity(level=4, above=50, label=_VERY_HEAVY),
)
"""Vietnam has no class of an hour: these are ours [S], after the WMO's [M]."""


def intensity(mm: float, classes: Sequence[Intensity]) -> Intensity:
    """The class of a sum, by the table for its window."""
    return next(each for each in reversed(classes) if each.holds(mm))


@dataclass(frozen=True, kw_only=True, slots=True)
class RainDay:
    """24 hours, and the last 12 of them."""

    mm_12h: float
    mm_24h: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Risk:
    """Indicative, never a bulletin: the article also looks at the terrain, and two hazards raise each other."""

    level: int
    """0 to 4; the Decision's fifth level is not for rain."""
    days: int
    """For how many days it has rained so much, as far as was looked."""


RISK: Final[Sequence[Text]] = (
    Text(vi="Dưới cấp 1", en="Below level 1"),
    Text(vi="Cấp 1 (tham khảo)", en="Level 1 (indicative)"),
    Text(vi="Cấp 2 (tham khảo)", en="Level 2 (indicative)"),
    Text(vi="Cấp 3 (tham khảo)", en="Level 3 (indicative)"),
    Text(vi="Cấp 4 (tham khảo)", en="Level 4 (indicative)"),
)
DAYS_LOOKED_AT: Final = 3
SHORT_DAYS: Final = 2
"""What lasts longer is a level more."""


def risk(days: Sequence[RainDay | None]) -> Risk:
    """Level of disaster risk of rain, Decision 18/2021/QĐ-TTg Art. 44, from days newest first, None = not known.

    Level 1 [V]: 100–200 mm in 24 h or 50–100 mm in 12 h, for 1–2 days. Levels 2 to 4 [M]: more than 200 or 400 mm in
    24 h, or for more than 2 days. How long it lasted is in whole windows of 24 h back from the newest [S].
    """
    found = Risk(level=0, days=0)
    for amount, reached in enumerate(_AMOUNTS, start=1):
        lasted = _lasted([day is not None and reached(day) for day in days])
        level = amount + (1 if lasted > SHORT_DAYS else 0)
        if lasted and level > found.level:
            found = Risk(level=level, days=lasted)
    return found


_AMOUNTS: Final[Sequence[Callable[[RainDay], bool]]] = (
    lambda day: day.mm_24h >= 100 or day.mm_12h >= 50,
    lambda day: day.mm_24h > 200,
    lambda day: day.mm_24h > 400,
)


def _lasted(reached: Sequence[bool]) -> int:
    """How many from the newest on."""
    return next((n for n, each in enumerate(reached) if not each), len(reached))


def design_share(mm_48h: float) -> float:
    """Percent of the rain that the Tô Lịch basin's drainage is built for."""
    return round(100 * mm_48h / TO_LICH_DESIGN_MM, 1)


def mean_of_basin(mm: Sequence[float | None]) -> Sum | None:
    """Each gauge counts the same [S]; the coverage is the share of gauges that report. None when none does."""
    known = [each for each in mm if each is not None]
    if not known:
        return None
    return Sum(mm=round(sum(sorted(known)) / len(known), 6), coverage=round(len(known) / len(mm), 3))
