"""How much of the time the platform was available, by day and month of Hanoi. Pure.

Available is a canary that came through within 30 s; the share is of those that were due while somebody watched. Time in
which the watchdog did not run itself counts apart, as unwatched: it says nothing, so it is not taken for available.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from storage.model import HANOI
from storage.watchdog import DayCount, Unwatched


@dataclass(frozen=True, kw_only=True, slots=True)
class Period:
    """A day (2026-11-22) or a month (2026-11)."""

    name: str
    due: int
    in_time: int
    late: int
    lost: int
    unwatched_s: float

    @property
    def share(self) -> float | None:
        """0 to 1; None when no canary was due."""
        return self.in_time / self.due if self.due else None

    def shown(self) -> dict[str, Any]:
        return {
            "period": self.name,
            "share": None if self.share is None else round(self.share, 6),
            "due": self.due,
            "in_time": self.in_time,
            "late": self.late,
            "lost": self.lost,
            "unwatched_s": round(self.unwatched_s),
        }


def by_day(counts: Iterable[DayCount], gaps: Sequence[Unwatched]) -> list[Period]:
    """Every day with a canary or with time that nobody watched, oldest first."""
    counted = {count.day: count for count in counts}
    unwatched = _unwatched_by_day(gaps)
    return [_day(day, counted.get(day), unwatched.get(day, 0.0)) for day in sorted({*counted, *unwatched})]


def by_month(days: Iterable[Period]) -> list[Period]:
    """The days of a month taken together: a share is of canaries, not of days."""
    months: dict[str, list[Period]] = {}
    for day in days:
        months.setdefault(day.name[:7], []).append(day)
    return [
        Period(
            name=name,
            due=sum(day.due for day in each),
            in_time=sum(day.in_time for day in each),
            late=sum(day.late for day in each),
            lost=sum(day.lost for day in each),
            unwatched_s=sum(day.unwatched_s for day in each),
        )
        for name, each in months.items()
    ]


def table(periods: Sequence[Period]) -> str:
    """For a terminal."""
    head = f"{'period':<12}{'available':>11}{'due':>9}{'in time':>9}{'late':>7}{'lost':>7}{'unwatched':>12}"
    return "\n".join([head, *map(_line, periods)])


def _line(period: Period) -> str:
    share = "-" if period.share is None else f"{100 * period.share:.3f} %"
    gap = str(timedelta(seconds=round(period.unwatched_s)))
    counts = f"{period.due:>9}{period.in_time:>9}{period.late:>7}{period.lost:>7}"
    return f"{period.name:<12}{share:>11}{counts}{gap:>12}"


def _day(day: date, count: DayCount | None, unwatched_s: float) -> Period:
    return Period(
        name=day.isoformat(),
        due=count.due if count else 0,
        in_time=count.in_time if count else 0,
        late=count.late if count else 0,
        lost=count.lost if count else 0,
        unwatched_s=unwatched_s,
    )


def _unwatched_by_day(gaps: Iterable[Unwatched]) -> dict[date, float]:
    """Seconds; a gap over midnight is divided."""
    found: dict[date, float] = {}
    for gap in gaps:
        began, ended = gap.began.astimezone(HANOI), gap.ended.astimezone(HANOI)
        while began < ended:
            midnight = datetime.combine(began.date() + timedelta(days=1), time(), HANOI)
            until = min(midnight, ended)
            found[began.date()] = found.get(began.date(), 0.0) + (until - began).total_seconds()
            began = until
    return found
