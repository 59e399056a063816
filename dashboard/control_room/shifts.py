"""Which shift a moment is in: by the roster, else by the hours at which shifts begin. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final

from storage.model import HANOI

LONGEST: Final = timedelta(hours=24)
"""What a roster has for longer is somebody's week, not a shift."""
LONGEST_ASKED: Final = timedelta(days=7)

FromRoster = Callable[[datetime], tuple[datetime, datetime] | None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Shift:
    """From `start` to `end`, in Hanoi's time."""

    start: datetime
    end: datetime
    by_roster: bool


def shift_at(moment: datetime, starts: Sequence[time], from_roster: FromRoster) -> Shift:
    """`starts`: Hanoi's, at least one. `from_roster`: from when to when somebody is on call then."""
    found = from_roster(moment)
    if found is not None and found[0] <= moment < found[1] and found[1] - found[0] <= LONGEST:
        return Shift(start=found[0].astimezone(HANOI), end=found[1].astimezone(HANOI), by_roster=True)
    local = moment.astimezone(HANOI)
    days = (local.date() - timedelta(days=1), local.date(), local.date() + timedelta(days=1))
    begins = sorted(datetime.combine(day, start, HANOI) for day in days for start in set(starts))
    start = max(begin for begin in begins if begin <= local)
    return Shift(start=start, end=min(begin for begin in begins if begin > local), by_roster=False)
