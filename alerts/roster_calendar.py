"""iCalendar files of rosters, as calendar programs write them: what can't tell who is on call is refused by name.

The persons of an event are its ATTENDEEs (CN, or the part of the address before the @) or, without these, its SUMMARY.
Times without a zone, and whole days, are Hanoi's.
"""

import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Final

import icalendar
import recurring_ical_events

from storage.model import HANOI

LARGEST: Final = 1_000_000
"""Bytes of a file."""
TOO_OFTEN: Final = frozenset({"SECONDLY", "MINUTELY", "HOURLY"})
"""Nobody's duty; only counting them would take for ever."""
MOST_OCCURRENCES: Final = 20_000
"""Of all events from their begin to now: so many are gone through to know who is on call."""
AROUND: Final = timedelta(days=1)
_SEPARATORS: Final = re.compile(r"[,;/&+]|\s+và\s+|\s+and\s+")


class RosterError(ValueError):
    """A roster can't tell who is on call; the message says why."""


def read_file(path: Path) -> icalendar.Calendar:
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise RosterError(f"{path.name}: can't be read: {error.strerror}") from None
    return parse(content, path.name)


def parse(content: bytes, name: str) -> icalendar.Calendar:
    """A calendar that can tell who is on call, `name` is what faults call it. Raises RosterError."""
    if len(content) > LARGEST:
        raise RosterError(f"{name}: is larger than {LARGEST} bytes")
    try:
        calendar = icalendar.Calendar.from_ical(content)
        rules = [rule for event in calendar.walk("VEVENT") for rule in _rules(event)]
        often = sorted({str(f) for rule in rules for f in rule.get("FREQ", [])} & TOO_OFTEN)
        never = any(int(interval) < 1 for rule in rules for interval in rule.get("INTERVAL", []))
        within_a_day = any(key in rule for rule in rules for key in ("BYHOUR", "BYMINUTE", "BYSECOND"))
        zones = {one for event in calendar.walk("VEVENT") for one in _unknown_zones(event)}
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError, ArithmeticError) as error:
        raise RosterError(f"{name}: is no iCalendar file: {error}") from None
    if often:
        raise RosterError(f"{name}: no duty comes {', '.join(often).lower()}")
    if never:
        raise RosterError(f"{name}: INTERVAL of a rule is at least 1")
    if within_a_day:
        raise RosterError(
            f"{name}: a rule has BYHOUR, BYMINUTE or BYSECOND: a duty begins when its event does"
        )
    if zones:
        raise RosterError(f"{name}: nobody knows the time zone {', '.join(sorted(zones))}")
    return calendar


def _rules(event: Any) -> list[Any]:
    rules = event.get("RRULE", [])
    return rules if isinstance(rules, list) else [rules]


def _unknown_zones(event: Any) -> Iterator[str]:
    """A time whose zone is not known is read as one without a zone, which would be Hanoi's."""
    for key in ("DTSTART", "DTEND"):
        moment = event.get(key)
        zone = moment.params.get("TZID") if moment is not None else None
        if zone is not None and isinstance(moment.dt, datetime) and moment.dt.tzinfo is None:
            yield str(zone)


def require_few(path: Path, calendar: icalendar.Calendar, now: datetime) -> None:
    """Occurrences are counted from an event's begin, so one from long ago takes long."""
    count = 0.0
    for event in calendar.walk("VEVENT"):
        for rule in _rules(event):
            days = max(0.0, (now - starts_at(event)) / timedelta(days=1))
            interval = max([1, *(int(one) for one in rule.get("INTERVAL", []))])
            count += days / interval
    if count > MOST_OCCURRENCES:
        raise RosterError(
            f"{path.name}: its events have come {count:,.0f} times since they began, more than {MOST_OCCURRENCES:,}:"
            " let them begin later"
        )


def events_between(
    calendar: icalendar.Calendar, start: datetime, end: datetime
) -> Iterator[tuple[datetime, datetime, tuple[str, ...]]]:
    """(begin, end, names) of those of which some time lies between."""
    try:
        for event in recurring_ical_events.of(calendar).between(
            start.astimezone(HANOI) - AROUND, end.astimezone(HANOI) + AROUND
        ):
            if _takes_place(event) and starts_at(event) < end and ends_at(event) > start:
                yield max(start, starts_at(event)), min(end, ends_at(event)), tuple(names_of(event))
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError, ArithmeticError) as error:
        raise RosterError(f"an event can't be understood: {error}") from None


def held_at(calendar: icalendar.Calendar, now: datetime) -> list[Any]:
    """The events that go on then."""
    local = now.astimezone(HANOI)
    try:
        events = recurring_ical_events.of(calendar).between(local - AROUND, local + AROUND)
        return [event for event in events if starts_at(event) <= now < ends_at(event) and _takes_place(event)]
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError, ArithmeticError) as error:
        raise RosterError(f"an event can't be understood: {error}") from None


def _takes_place(event: Any) -> bool:
    return str(event.get("STATUS", "")).upper() != "CANCELLED"


def starts_at(event: Any) -> datetime:
    return _moment(event["DTSTART"].dt)


def ends_at(event: Any) -> datetime:
    if "DTEND" in event:
        return _moment(event["DTEND"].dt)
    if "DURATION" in event:
        lasts: timedelta = event["DURATION"].dt
        return starts_at(event) + lasts
    begin = event["DTSTART"].dt
    return starts_at(event) + (timedelta(0) if isinstance(begin, datetime) else timedelta(days=1))


def _moment(value: date) -> datetime:
    if not isinstance(value, datetime):
        return datetime.combine(value, time(), HANOI)
    return value if value.tzinfo is not None else value.replace(tzinfo=HANOI)


def names_of(event: Any) -> Iterator[str]:
    """Of one event, in the order in which they stand in it."""
    attendees = event.get("ATTENDEE", [])
    for attendee in attendees if isinstance(attendees, list) else [attendees]:
        if str(attendee.params.get("PARTSTAT", "")).upper() == "DECLINED":
            continue
        name = attendee.params.get("CN") or re.sub(r"(?i)^mailto:", "", str(attendee)).partition("@")[0]
        yield str(name).strip()
    if not attendees:
        yield from (name.strip() for name in _SEPARATORS.split(str(event.get("SUMMARY", ""))) if name.strip())
