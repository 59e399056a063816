"""QCVN 05, the national technical regulation on ambient air quality: limits and what exceeds them.

Edition of 2023: Circular 01/2023/TT-BTNMT, in force from 12 September 2023, PM2.5 of 24 h stricter from 1 January
2026. Before that QCVN 05:2013, from memory and therefore marked M. Limits are in ug/m3 at 25 °C and 760 mmHg. There
is none for an hour of particles, so none can be exceeded.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Literal

from storage.model import HANOI

Averaging = Literal["1h", "8h", "24h", "year"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Limit:
    """What a mean may reach at most, for days from `since` (inclusive) to `until` (exclusive)."""

    pollutant: str
    averaging: Averaging
    ug_m3: float
    edition: str
    since: date
    until: date | None
    trust: Literal["V", "M"]
    """V verified in the text, M from memory."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """A mean beside its limit."""

    mean: float
    limit: Limit

    @property
    def ratio(self) -> float:
        """1 at the limit; a mean below zero counts as 0."""
        return max(self.mean, 0.0) / self.limit.ug_m3

    @property
    def exceeded(self) -> bool:
        return self.mean > self.limit.ug_m3


_AVERAGINGS: Final[Sequence[Averaging]] = ("1h", "8h", "24h", "year")
_Rows = Sequence[tuple[str, float | None, float | None, float | None, float | None]]

_ROWS_2023: Final[_Rows] = (
    ("so2", 350, None, 125, 50),
    ("co", 30_000, 10_000, None, None),
    ("no2", 200, None, 100, 40),
    ("o3", 200, 120, None, None),
    ("tsp", 300, None, 200, 100),
    ("pm10", None, None, 100, 50),
    ("pm2_5", None, None, None, 25),
)
_ROWS_2013: Final[_Rows] = (
    ("so2", 350, None, 125, 50),
    ("co", 30_000, 10_000, None, None),
    ("no2", 200, None, 100, 40),
    ("o3", 200, 120, None, None),
    ("tsp", 300, None, 200, 100),
    ("pm10", None, None, 150, 50),
    ("pm2_5", None, None, 50, 25),
)
SINCE_2013: Final = date(2014, 1, 1)
"""From memory, as all of that edition."""
SINCE_2023: Final = date(2023, 9, 12)
STRICTER_PM2_5: Final = date(2026, 1, 1)


def _edition(
    name: str, rows: _Rows, since: date, until: date | None, trust: Literal["V", "M"]
) -> list[Limit]:
    return [
        Limit(
            pollutant=pollutant,
            averaging=averaging,
            ug_m3=value,
            edition=name,
            since=since,
            until=until,
            trust=trust,
        )
        for pollutant, *values in rows
        for averaging, value in zip(_AVERAGINGS, values, strict=True)
        if value is not None
    ]


def _pm2_5_day(ug_m3: float, since: date, until: date | None) -> Limit:
    return Limit(
        pollutant="pm2_5",
        averaging="24h",
        ug_m3=ug_m3,
        edition="QCVN 05:2023/BTNMT",
        since=since,
        until=until,
        trust="V",
    )


LIMITS: Final[Sequence[Limit]] = (
    *_edition("QCVN 05:2013/BTNMT", _ROWS_2013, SINCE_2013, SINCE_2023, "M"),
    *_edition("QCVN 05:2023/BTNMT", _ROWS_2023, SINCE_2023, None, "V"),
    _pm2_5_day(50, SINCE_2023, STRICTER_PM2_5),
    _pm2_5_day(45, STRICTER_PM2_5, None),
)


def limit(pollutant: str, averaging: Averaging, day: date) -> Limit | None:
    """What held on a day of Hanoi; None where nothing is limited, and before 2014."""
    for known in LIMITS:
        if (known.pollutant, known.averaging) != (pollutant, averaging) or day < known.since:
            continue
        if known.until is None or day < known.until:
            return known
    return None


def compare(pollutant: str, averaging: Averaging, mean: float, label: datetime) -> Comparison | None:
    """A mean beside the limit of the day in which its last hour lies; `label` is the end of that hour."""
    found = limit(pollutant, averaging, last_day(label))
    return None if found is None else Comparison(mean=mean, limit=found)


def last_day(label: datetime) -> date:
    """24:00 belongs to the day that it ends."""
    return (label.astimezone(HANOI) - timedelta(microseconds=1)).date()
