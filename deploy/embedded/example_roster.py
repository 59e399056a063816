"""Who is on duty in the demo: three shifts that nobody works, so that the control room has somebody to name."""

from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Final

from icalendar import Calendar, Event

from alerts.config import SHIPPED
from storage.model import HANOI

SHIFTS: Final = (time(6), time(14), time(22))
"""When they begin, in Hanoi; each lasts until the next."""
LENGTH: Final = timedelta(hours=8)
SINCE: Final = datetime(2026, 1, 1, tzinfo=HANOI)


def write(folder: Path) -> Path:
    """The shipped routing with a roster added; returns the path of an alerting.toml (docs/alerts-routing.md)."""
    keys = [f"shift-{number}" for number in range(1, len(SHIFTS) + 1)]
    names = [f"Kíp {number} (ví dụ)" for number in range(1, len(SHIFTS) + 1)]
    persons = "".join(
        f'\n[person.{key}]\nname = "{name}"\nreceivers = ["control-room"]\n'
        for key, name in zip(keys, names, strict=True)
    )
    roster = f'\n[roster.duty]\nfile = "roster.ics"\nfallback = ["{keys[0]}"]\n'
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "roster.ics").write_bytes(_calendar(keys).to_ical())
    path = folder / "alerting.toml"
    path.write_text(f"{SHIPPED.read_text('utf-8')}{persons}{roster}", "utf-8")
    return path


def _calendar(keys: list[str]) -> Calendar:
    calendar = Calendar()
    calendar.add("prodid", "-//hanoi operations centre//example roster//")
    calendar.add("version", "2.0")
    for key, begin in zip(keys, SHIFTS, strict=True):
        event = Event()
        event.add("uid", f"{key}@example")
        event.add("summary", key)
        event.add("dtstamp", SINCE.astimezone(UTC))
        event.add("dtstart", datetime.combine(SINCE, begin, HANOI))
        event.add("dtend", datetime.combine(SINCE, begin, HANOI) + LENGTH)
        event.add("rrule", {"freq": "daily"})
        calendar.add_component(event)
    return calendar
