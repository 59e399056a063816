"""A month or a day of Hanoi, as it stands in an address. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Self

from storage.model import EARLIEST, HANOI

_WRITTEN: Final = re.compile(r"(2\d{3})-(0[1-9]|1[0-2])(?:-(0[1-9]|[12]\d|3[01]))?")
_DAY: Final = timedelta(days=1)
_MONTHS: Final = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_TITLES: Final[Mapping[str, tuple[str, str]]] = {
    "vi": ("ngày {d.day}/{d.month}/{d.year}", "tháng {d.month}/{d.year}"),
    "en": ("{d.day} {month} {d.year}", "{month} {d.year}"),
}


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class Period:
    """`first` is its first day; of a month the first of it."""

    first: date
    is_day: bool

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """'2026-11' or '2026-11-23'; None for anything else, a day that no calendar has, and before EARLIEST."""
        found = _WRITTEN.fullmatch(text)
        if found is None:
            return None
        try:
            first = date(int(found[1]), int(found[2]), int(found[3] or 1))
        except ValueError:
            return None
        return None if first < EARLIEST.date() else cls(first=first, is_day=found[3] is not None)

    @classmethod
    def day_of(cls, at: datetime) -> Self:
        return cls(first=at.astimezone(HANOI).date(), is_day=True)

    @classmethod
    def month_of(cls, at: datetime) -> Self:
        return cls(first=at.astimezone(HANOI).date().replace(day=1), is_day=False)

    @property
    def text(self) -> str:
        return f"{self.first:%Y-%m-%d}" if self.is_day else f"{self.first:%Y-%m}"

    @property
    def next(self) -> "Period":
        return Period(first=self._after, is_day=self.is_day)

    @property
    def previous(self) -> "Period":
        before = self.first - _DAY
        return Period(first=before if self.is_day else before.replace(day=1), is_day=self.is_day)

    @property
    def month(self) -> "Period":
        return Period(first=self.first.replace(day=1), is_day=False)

    @property
    def start(self) -> datetime:
        """Hanoi's midnight, in UTC."""
        return _midnight(self.first)

    @property
    def end(self) -> datetime:
        """Exclusive."""
        return _midnight(self._after)

    def title(self, language: str) -> str:
        """'ngày 23/11/2026', 'November 2026'."""
        day, month = _TITLES[language]
        return (day if self.is_day else month).format(d=self.first, month=_MONTHS[self.first.month - 1])

    @property
    def _after(self) -> date:
        if self.is_day:
            return self.first + _DAY
        return (self.first.replace(day=28) + 4 * _DAY).replace(day=1)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), HANOI).astimezone(UTC)
