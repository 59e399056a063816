"""Oxygen in the lake: saturation by temperature, and the risk of a fish kill.

The formula of saturation is the one that VN_WQI uses (domain facts 3.2, from four programs that agree; the Decision's
own PDF was not read). It holds for fresh water at sea level; West Lake lies at 6 m.

Every number of the fish-kill risk is our own suggestion [S], nothing of it is official: the limits 4, 2 and 1 mg/L (4
is class B1 of QCVN 08-MT:2015, in force in 2017), the half hour of persistence, what counts as a usual dip at dawn.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import Final

Reading = tuple[datetime, float]
"""Time and dissolved oxygen in mg/L."""

WARMEST: Final = 60.0
"""°C; the polynomial is a fit for natural waters and falls to nothing at about 66 °C."""

LIMITS: Final = ((1, 4.0), (2, 2.0), (3, 1.0))
"""[S] Level → mg/L that the water has to be below of."""
PERSISTENCE: Final = timedelta(minutes=30)
"""[S] So long below a limit before it counts; readings farther apart than this do not show that it lasted."""
DAYS_BEFORE: Final = 7
LEAST_DAYS: Final = 3
SAME_HOUR: Final = timedelta(minutes=30)
"""[S] The same hour of a day before: so much around the same time of day."""
NO_LOWER: Final = 0.5
"""[S] mg/L: a dip that is lower than usual by more is not the usual one."""
RECOVERED: Final = 4.0
"""[S] mg/L: a dip ends. Water that did not come back to this within a day is in no dip."""

_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class FishKillRisk:
    """Level 0 to 3 at one moment and what it rests on."""

    level: int
    dissolved_oxygen: float
    """mg/L, the median of the last half hour."""
    usual: float | None
    """mg/L, the median of the same hour of the days before; None where fewer than three days are known."""
    days: int
    """How many of the seven days before have that hour."""
    usual_dip: bool
    """The water is as low as it usually is at this hour and recovers every day: level 1 instead of 2."""


def saturation_mg_l(water_temperature: float) -> float:
    """Oxygen that fresh water holds in equilibrium with air, mg/L, from °C (0 to 60).

    14.652 − 0.41022·T + 0.0079910·T² − 0.000077774·T³. Raises ValueError outside, and for NaN.
    """
    t = water_temperature
    if not 0 <= t <= WARMEST:
        raise ValueError(f"water_temperature: {t} is not from 0 to {WARMEST:g} °C")
    return 14.652 - 0.41022 * t + 0.0079910 * t**2 - 0.000077774 * t**3


def saturation_percent(dissolved_oxygen: float, water_temperature: float) -> float:
    """Dissolved oxygen (mg/L) as % of saturation. Raises ValueError naming the parameter."""
    if not 0 <= dissolved_oxygen < math.inf:
        raise ValueError(f"dissolved_oxygen: {dissolved_oxygen} is no concentration in mg/L")
    return 100 * dissolved_oxygen / saturation_mg_l(water_temperature)


def fish_kill_risk(readings: Sequence[Reading], at: datetime) -> FishKillRisk | None:
    """The risk from the readings up to `at` (oldest first, seven and a half days of them); None when none is recent.

    1. the highest level whose limit the water has been below for half an hour without a break
    2. level 2 counts as 1 when it is this hour's usual dip: three or more of the seven days before were as low at
       this hour, and the water was back at 4 mg/L within the last day. Below 1 mg/L no dip is usual: the lowest that
       a study of Hanoi's shallow lakes found at dawn is 1.5 mg/L (IWA WQRJ 55/1/67).
    """
    recent = _within(readings, at - PERSISTENCE, at)
    if not recent:
        return None
    now = median(value for _, value in recent)
    medians = _same_hour_of_days_before(readings, at)
    usual = median(medians) if len(medians) >= LEAST_DAYS else None
    level = max((n for n, limit in LIMITS if _persists_below(limit, readings, recent[-1][0])), default=0)
    usual_dip = (
        level == 2
        and usual is not None
        and now >= usual - NO_LOWER
        and max(value for _, value in _within(readings, at - _DAY, at)) >= RECOVERED
    )
    return FishKillRisk(
        level=1 if usual_dip else level,
        dissolved_oxygen=now,
        usual=usual,
        days=len(medians),
        usual_dip=usual_dip,
    )


def _persists_below(limit: float, readings: Sequence[Reading], newest: datetime) -> bool:
    """Whether the readings up to the newest show half an hour below the limit, none of them far from the next."""
    window = _within(readings, newest - 2 * PERSISTENCE, newest)
    below = [window[-1]] if window[-1][1] < limit else []
    for later, earlier in pairwise(reversed(window)):
        if not below or earlier[1] >= limit or later[0] - earlier[0] > PERSISTENCE:
            break
        below.append(earlier)
    return bool(below) and newest - below[-1][0] >= PERSISTENCE


def _same_hour_of_days_before(readings: Sequence[Reading], at: datetime) -> list[float]:
    """One median for each of the days before that has this hour."""
    moments = [at - n * _DAY for n in range(1, DAYS_BEFORE + 1)]
    hours = (_within(readings, moment - SAME_HOUR, moment + SAME_HOUR) for moment in moments)
    return [median(value for _, value in hour) for hour in hours if hour]


def _within(readings: Sequence[Reading], start: datetime, end: datetime) -> Sequence[Reading]:
    first = bisect_left(readings, start, key=_time)
    return readings[first : bisect_right(readings, end, key=_time)]


def _time(reading: Reading) -> datetime:
    return reading[0]
