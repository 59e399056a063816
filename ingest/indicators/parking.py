"""Parking: the state of a bay, counts of a point, who stayed how long, and what that would have cost. Pure.

Formulas: domain facts, 7.3, our suggestion [S] after standard practice [M]. Nobody tells a bay sensor who paid: amounts
are estimated from occupancy, and always say so.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from itertools import pairwise
from typing import Any, Final, Literal

from storage.model import HANOI, Quality, Text

BayState = Literal["free", "occupied", "unknown", "out_of_service"]

HEARTBEATS: Final = 2
"""A bay that was not heard for so many heartbeats is unknown."""
LEAST_COVERAGE: Final = 0.75
"""Of the usable bays so many must be known before anything is said of how full their point is [S]."""
TARGET_PERCENT: Final = (60.0, 85.0)
"""The target band of occupancy: the 85 % rule of parking management [M]."""
ESTIMATED: Final = Text(vi="ước tính từ mức sử dụng", en="estimated from occupancy")
"""Stands beside every amount."""

_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)


# The state of a bay, and what the bays of a point add up to


def told(result: float, quality: int) -> BayState:
    """What a value says of its bay: out of service when it failed or says that it is faulty."""
    if quality == Quality.MISSING:
        return "unknown"
    if quality >= Quality.FAIL:
        return "out_of_service"
    return "occupied" if result >= 0.5 else "free"


def bay_state(result: float, quality: int, *, age: timedelta, heartbeat: timedelta) -> BayState:
    """By the newest value of a bay; one that was never heard is unknown too."""
    return "unknown" if age > HEARTBEATS * heartbeat else told(result, quality)


@dataclass(frozen=True, kw_only=True, slots=True)
class Occupancy:
    """The bays of a parking point; the four add up to its capacity."""

    free: int = 0
    occupied: int = 0
    unknown: int = 0
    out_of_service: int = 0

    @property
    def capacity(self) -> int:
        return self.free + self.occupied + self.unknown + self.out_of_service

    @property
    def usable(self) -> int:
        """Capacity less what is out of service."""
        return self.capacity - self.out_of_service

    @property
    def known(self) -> int:
        return self.free + self.occupied

    @property
    def percent(self) -> float | None:
        """Occupied of the usable bays; the unknown ones are taken to be as full as the known. None: none is known."""
        return 100 * self.occupied / self.known if self.known else None

    @property
    def percent_between(self) -> tuple[float, float] | None:
        """The same if all the unknown bays were free, and if all were occupied."""
        if not self.usable:
            return None
        return 100 * self.occupied / self.usable, 100 * (self.occupied + self.unknown) / self.usable

    @property
    def coverage(self) -> float:
        """Share of the usable bays whose state is known, 0 to 1."""
        return self.known / self.usable if self.usable else 0.0

    @property
    def is_covered(self) -> bool:
        """Whether enough bays are known to say how full the point is."""
        return self.coverage >= LEAST_COVERAGE


def capacity(attributes: Mapping[str, Any], bays: int) -> int:
    """Of a point: what the inventory says, but never less than its bays."""
    return max(int(attributes.get("capacity") or 0), bays)


def count(states: Iterable[BayState], capacity: int = 0) -> Occupancy:
    """A point's bays; places of its capacity without a bay of their own are unknown."""
    counts = Counter(states)
    return Occupancy(
        free=counts["free"],
        occupied=counts["occupied"],
        unknown=counts["unknown"] + max(0, capacity - counts.total()),
        out_of_service=counts["out_of_service"],
    )


# Over time


@dataclass(frozen=True, kw_only=True, slots=True)
class Spell:
    """A bay is in one state from `start` to `end`."""

    start: datetime
    end: datetime
    state: BayState

    def within(self, start: datetime, end: datetime) -> timedelta:
        return max(timedelta(), min(self.end, end) - max(self.start, start))


def spells(
    reports: Sequence[tuple[datetime, BayState]], start: datetime, end: datetime, heartbeat: timedelta
) -> list[Spell]:
    """What a bay did from `start` to `end`, without a gap: where it was silent too long it is unknown.

    `reports` are what its values told, oldest first; a state holds until the next one, or two heartbeats.
    """
    found: list[Spell] = []
    heard_until = start
    following = [*(at for at, _ in reports[1:]), end]
    for (at, state), next_at in zip(reports, following, strict=False):
        _add(found, heard_until, at, "unknown", start, end)
        heard_until = min(next_at, at + HEARTBEATS * heartbeat)
        _add(found, at, heard_until, state, start, end)
    _add(found, max(heard_until, start), end, "unknown", start, end)
    return found


def _add(
    found: list[Spell], begin: datetime, until: datetime, state: BayState, start: datetime, end: datetime
) -> None:
    """Another stretch behind the others, as far as it lies between `start` and `end`."""
    begin, until = max(begin, start), min(until, end)
    if begin >= until:
        return
    if found and found[-1].state == state:
        begin = found.pop().start
    found.append(Spell(start=begin, end=until, state=state))


@dataclass(frozen=True, kw_only=True, slots=True)
class Session:
    """A bay was occupied without a break, as far as it was heard."""

    start: datetime
    end: datetime
    seen_arriving: bool
    """It was known to be free before. Otherwise the car may have come earlier."""
    seen_leaving: bool
    """It was known to be free behind. Otherwise the car may have stayed longer."""
    open: bool
    """It still is."""

    @property
    def is_complete(self) -> bool:
        return self.seen_arriving and self.seen_leaving

    @property
    def dwell(self) -> timedelta:
        return self.end - self.start


def sessions(of_bay: Sequence[Spell]) -> list[Session]:
    """Each stay of one bay, oldest first: from the change to occupied to the change to free."""
    found = []
    for n, spell in enumerate(of_bay):
        if spell.state != "occupied":
            continue
        last = n + 1 == len(of_bay)
        found.append(
            Session(
                start=spell.start,
                end=spell.end,
                seen_arriving=n > 0 and of_bay[n - 1].state == "free",
                seen_leaving=not last and of_bay[n + 1].state == "free",
                open=last,
            )
        )
    return found


@dataclass(frozen=True, kw_only=True, slots=True)
class Stays:
    """The sessions of a point over a period [start, end)."""

    arrivals: int
    """Cars that were seen to come."""
    dwells: Sequence[timedelta]
    """Of the sessions that closed in the period and were seen from their beginning to their end."""
    closed_in_part: int
    """Those that ended in the period, but whose beginning or end nobody saw."""
    open: int
    """Not over at its end."""
    ended: Sequence[Session]
    """Every one that ended in the period."""

    def turnover(self, bays: int) -> float:
        """Cars a bay, at least: who came unseen is not counted."""
        return self.arrivals / bays

    def mean_dwell(self) -> timedelta | None:
        return sum(self.dwells, timedelta()) / len(self.dwells) if self.dwells else None

    def overstay_rate(self, max_stay: timedelta) -> float | None:
        """Percent of the sessions that took longer than is allowed."""
        if not self.dwells:
            return None
        return 100 * sum(dwell > max_stay for dwell in self.dwells) / len(self.dwells)


def stays(found: Iterable[Session], start: datetime, end: datetime) -> Stays:
    """Sorts the sessions of all bays by what happened in the period."""
    every = list(found)
    ended = [s for s in every if not s.open and start <= s.end < end]
    return Stays(
        arrivals=sum(s.seen_arriving and start <= s.start < end for s in every),
        dwells=[s.dwell for s in ended if s.is_complete],
        closed_in_part=sum(not s.is_complete for s in ended),
        open=sum(s.open or s.end >= end for s in every if s.start < end),
        ended=ended,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Usage:
    """How full a point was over a period, weighted by time; shares in percent."""

    occupancy: float | None
    """Of the time of usable bays whose state was known; None when none was."""
    availability: float | None
    """Share of the time with at least one free bay, of the time in which that was known."""
    in_target: float | None
    """Share of the time within TARGET_PERCENT, of the time in which any bay was known."""
    coverage: float
    """Share of the bays' time in which their state was known, out of service included; 0 to 1."""


def usage(bays: Sequence[Sequence[Spell]], start: datetime, end: datetime, capacity: int = 0) -> Usage:
    """Of a point from the spells of its bays, which cover the period."""
    time_in: Counter[BayState] = Counter()
    available = known = in_target = counted = 0
    for length, at in _counts_over(bays, start, end, capacity):
        us = length // timedelta(microseconds=1)
        time_in.update({state: us * n for state, n in _numbers(at).items()})
        if at.free or not at.unknown:
            known += us
            available += us if at.free else 0
        if at.percent is not None:
            counted += us
            in_target += us if TARGET_PERCENT[0] <= at.percent <= TARGET_PERCENT[1] else 0
    usable = time_in["free"] + time_in["occupied"]
    return Usage(
        occupancy=_percent(time_in["occupied"], usable),
        availability=_percent(available, known),
        in_target=_percent(in_target, counted),
        coverage=1 - time_in["unknown"] / time_in.total() if time_in.total() else 0.0,
    )


def _counts_over(
    bays: Sequence[Sequence[Spell]], start: datetime, end: datetime, capacity: int
) -> Iterator[tuple[timedelta, Occupancy]]:
    """The counts between each two changes of any bay."""
    changes = sorted(
        (max(spell.start, start), n, spell.state)
        for n, bay in enumerate(bays)
        for spell in bay
        if spell.within(start, end)
    )
    states: list[BayState] = ["unknown"] * len(bays)
    for (at, n, state), (next_at, *_) in pairwise([*changes, (end, 0, "unknown")]):
        states[n] = state
        if next_at > at:
            yield next_at - at, count(states, capacity)


def _numbers(at: Occupancy) -> dict[BayState, int]:
    return {
        "free": at.free,
        "occupied": at.occupied,
        "unknown": at.unknown,
        "out_of_service": at.out_of_service,
    }


def _percent(part: int, whole: int) -> float | None:
    return 100 * part / whole if whole else None


# What it would have cost


@dataclass(frozen=True, kw_only=True, slots=True)
class PriceStep:
    """From `after` on, each hour begun costs so much."""

    after: timedelta
    hour_vnd: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Night:
    """From one time of Hanoi's clock to another on the next morning, at one price."""

    start: time
    end: time
    vnd: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Tariff:
    """QĐ 44/2017/QĐ-UBND: a turn of two hours 25 000 đ and the night 150 000 đ [V]; the steps between are not [S]."""

    first: timedelta
    first_vnd: int
    steps: Sequence[PriceStep] = ()
    """Without any, each further turn costs what the first does."""
    night: Night | None = None
    valid_from: datetime | None = None


def tariff(attributes: Mapping[str, Any]) -> Tariff | None:
    """Of a point, from the inventory's `attributes.tariff`; None where there is none."""
    table = attributes.get("tariff") or {}
    if not {"first_min", "first_vnd"} <= set(table):
        return None
    night, begins = table.get("overnight"), table.get("from")
    return Tariff(
        first=timedelta(minutes=table["first_min"]),
        first_vnd=table["first_vnd"],
        steps=[
            PriceStep(after=timedelta(minutes=step["after_min"]), hour_vnd=step["hour_vnd"])
            for step in sorted(table.get("steps", ()), key=lambda step: int(step["after_min"]))
        ],
        night=None
        if night is None
        else Night(
            start=time.fromisoformat(night["from"]),
            end=time.fromisoformat(night["to"]),
            vnd=night["vnd"],
        ),
        valid_from=None if begins is None else datetime.fromisoformat(begins).replace(tzinfo=HANOI),
    )


def amount(by: Tariff, start: datetime, end: datetime) -> int:
    """VND of one stay. Hours of a night cost as others do, but never more than its flat price [S]."""
    nights = sorted(_nights(by.night, start, end), reverse=True) if by.night else []
    flat = by.night.vnd if by.night else 0
    return min(
        _by_the_hour(by, end - start - sum(nights[:n], timedelta())) + n * flat
        for n in range(len(nights) + 1)
    )


def _nights(night: Night, start: datetime, end: datetime) -> Iterator[timedelta]:
    """How much of each night lies in the stay."""
    day = start.astimezone(HANOI).date() - _DAY
    while day <= end.astimezone(HANOI).date():
        begins = datetime.combine(day, night.start, HANOI)
        ends = datetime.combine(day if night.start < night.end else day + _DAY, night.end, HANOI)
        within = min(end, ends) - max(start, begins)
        if within > timedelta():
            yield within
        day += _DAY


def _by_the_hour(by: Tariff, stay: timedelta) -> int:
    if stay <= timedelta():
        return 0
    if not by.steps:
        return _begun(stay, by.first) * by.first_vnd
    total = by.first_vnd
    ends = [*(step.after for step in by.steps[1:]), stay]
    for step, until in zip(by.steps, ends, strict=True):
        total += _begun(min(stay, max(until, step.after)) - step.after, _HOUR) * step.hour_vnd
    return total


def _begun(length: timedelta, unit: timedelta) -> int:
    """How many units have begun."""
    return max(0, -(-length // unit))
