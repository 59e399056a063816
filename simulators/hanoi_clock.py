"""Hanoi's day, week and year for a time in epoch seconds. UTC+7 without daylight saving, so this is arithmetic.

The simulated curves are computed from whole epoch seconds: a datetime per value would cost more than the value.
"""

from math import cos, tau
from typing import Final

HOUR: Final = 3600
DAY: Final = 86400
UTC_OFFSET_S: Final = 7 * HOUR
_YEAR_S: Final = 365.2425 * DAY
_MONDAY: Final = 3
"""1 January 1970 was a Thursday: day 4 of the epoch is a Monday."""


def local_day(t: float) -> int:
    """Days since 1970-01-01 in Hanoi."""
    return int((t + UTC_OFFSET_S) // DAY)


def local_hour(t: float) -> float:
    """Hour of the day in Hanoi, 0 to 24, with fraction."""
    return ((t + UTC_OFFSET_S) % DAY) / HOUR


def is_weekend(t: float) -> bool:
    return (local_day(t) + _MONDAY) % 7 >= 5


def year_wave(t: float, peak_day: float) -> float:
    """1 on the peak day of the year (0 = 1 January), -1 half a year later."""
    return cos(tau * ((t + UTC_OFFSET_S) / _YEAR_S - peak_day / 365.2425))


def hours_from(hour: float, at: float) -> float:
    """Distance in hours on the clock, 0 to 12: from 23 to 1 it is 2."""
    distance = abs(hour - at) % 24.0
    return min(distance, 24.0 - distance)
