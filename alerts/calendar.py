"""Whether a moment lies in a calendar of months, weekdays and hours, in Hanoi's time. No I/O."""

from datetime import datetime, timedelta

from alerts.model import Calendar
from storage.model import HANOI

MINUTES_OF_A_DAY = 24 * 60


def in_force(calendar: Calendar | None, at: datetime) -> bool:
    """Hours that pass midnight belong to the day on which they began, also for its weekday and month."""
    if calendar is None:
        return True
    local = at.astimezone(HANOI)
    begins, ends = calendar.begins_min, calendar.ends_min
    minute = 60 * local.hour + local.minute
    day = local
    if begins is not None and ends is not None:
        if begins <= ends:
            if not begins <= minute < ends:
                return False
        elif minute < ends:
            day = local - timedelta(days=1)
        elif minute < begins:
            return False
    in_months = calendar.months is None or day.month in calendar.months
    return in_months and (calendar.weekdays is None or day.weekday() in calendar.weekdays)
