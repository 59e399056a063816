"""Who is on call, from an iCalendar file. Whatever is wrong with it, somebody is: then all of its fallback are told.

Calendars that were put over the files in the control room count in place of these, and who covers for whom is on call
in that person's place (storage/roster_edits.py).

Who an event names is a person by key or name (alerts/roster_calendar.py).
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import pairwise

import icalendar

from alerts.config import PERSON, ROSTER, Alerting, Person, RosterFile, persons_of
from alerts.roster_calendar import (
    RosterError,
    ends_at,
    events_between,
    held_at,
    names_of,
    parse,
    read_file,
    require_few,
    starts_at,
)
from storage import db, roster_edits
from storage.model import HANOI
from storage.roster_edits import Cover, RosterEdits

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class OnCall:
    """Keys of the persons on call; with an error they are those of the fallback."""

    persons: tuple[str, ...]
    error: str | None = None
    until: datetime | None = None
    """When the first of their events ends; None with an error."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Duty:
    """A stretch of time in which the same persons are on call."""

    start: datetime
    end: datetime
    persons: tuple[str, ...]
    """Keys; in a gap those of the fallback."""
    planned: tuple[str, ...]
    """Keys, by the calendar alone."""
    unknown: tuple[str, ...]
    """Names of the calendar that are no [person]."""
    covers: tuple[Cover, ...]
    gap: bool
    """Nobody is on call, so that the fallback is told."""
    fault: str | None
    """Why the calendar can't tell."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Recipients:
    """The receivers behind a route's "roster:NAME", "person:NAME" or receiver, at a moment."""

    receivers: tuple[str, ...]
    error: str | None = None
    """What is wrong with the roster, so that its fallback is told."""


@dataclass(kw_only=True, slots=True)
class _Read:
    seen: tuple[object, ...] | None = None
    calendar: icalendar.Calendar | None = None
    error: str | None = None
    asked: datetime | None = None
    """The minute that `names` are of."""
    names: tuple[str, ...] = ()
    until: datetime | None = None
    """When the first of their events ends."""


@dataclass(kw_only=True, slots=True)
class Rosters:
    """All rosters of an alerting.toml. A file is read again when its size or time changed."""

    alerting: Alerting
    edits: RosterEdits = field(default_factory=RosterEdits)
    """What lies over the files."""
    _read: dict[str, _Read] = field(default_factory=dict, init=False)
    _logged: dict[str, str | None] = field(default_factory=dict, init=False)

    def refresh(self, conn: db.Connection, now: datetime) -> None:
        """Takes up what was changed in the control room."""
        if roster_edits.mark(conn) != self.edits.mark:
            self.edits = roster_edits.read(conn, now)

    def recipients(self, target: str, now: datetime) -> Recipients:
        """Never nobody."""
        if not target.startswith(ROSTER):
            return Recipients(receivers=persons_of(self.alerting, target))
        found = self.on_call(target.removeprefix(ROSTER), now)
        receivers = dict.fromkeys(
            name for key in found.persons for name in persons_of(self.alerting, PERSON + key)
        )
        return Recipients(receivers=tuple(receivers), error=found.error)

    def on_call(self, key: str, now: datetime) -> OnCall:
        """What can't be used is logged once, until something else is wrong with it."""
        roster = self.alerting.rosters[key]
        try:
            persons = self._persons(roster, now)
            found = OnCall(persons=persons, until=self._until(roster, now))
        except RosterError as error:
            besides = self._covered(roster, (), now)
            found = OnCall(persons=tuple(dict.fromkeys((*roster.fallback, *besides))), error=str(error))
        if found.error != self._logged.get(key):
            self._logged[key] = found.error
            if found.error is not None:
                log.error(
                    "roster_unusable roster=%s fallback=%s error=%r",
                    key,
                    ",".join(roster.fallback),
                    found.error,
                )
        return found

    def held(self, key: str, now: datetime) -> tuple[datetime, datetime] | None:
        """The time in which the same people are on call; None where the roster can't tell."""
        try:
            roster = self.alerting.rosters[key]
            calendar = self._calendar(roster)
            require_few(roster.file, calendar, now)
            events = held_at(calendar, now)
        except RosterError:
            return None
        if not events:
            return None
        return max(map(starts_at, events)), min(map(ends_at, events))

    def _persons(self, roster: RosterFile, now: datetime) -> tuple[str, ...]:
        calendar = self._calendar(roster)
        persons: dict[str, None] = {}
        unknown: list[str] = []
        for name in self._names(roster, calendar, now):
            key = _key(self.alerting.persons, name)
            if key is None:
                unknown.append(name)
            else:
                persons[key] = None
        covered = self._covered(roster, tuple(persons), now)
        if not covered:
            local = now.astimezone(HANOI)
            who = f"only {', '.join(unknown)}, who is no [person]" if unknown else "nobody"
            raise RosterError(f"{roster.file.name}: {who} is on call at {local:%Y-%m-%d %H:%M} in Hanoi")
        return covered

    def _covered(self, roster: RosterFile, persons: Sequence[str], now: datetime) -> tuple[str, ...]:
        """With those who are covered for replaced. A person whom alerting.toml has no more covers for nobody."""
        found = list(persons)
        for cover in self.edits.covers_of(roster.key):
            if not cover.holds(now) or cover.person not in self.alerting.persons:
                continue
            if cover.absent is None:
                found.append(cover.person)
            elif cover.absent in found:
                found[found.index(cover.absent)] = cover.person
        return tuple(dict.fromkeys(found))

    def _until(self, roster: RosterFile, now: datetime) -> datetime | None:
        """When somebody else may be on call: the first of their events ends, or a cover begins or ends."""
        covers = self.edits.covers_of(roster.key)
        changes = [moment for one in covers for moment in (one.starts_at, one.ends_at) if moment > now]
        ends = self._read[roster.key].until
        return min([*changes, *([ends] if ends else [])], default=None)

    def plan(self, key: str, start: datetime, end: datetime) -> list[Duty]:
        """Who is on call from `start` to `end`, stretch after stretch, rising and without holes."""
        roster = self.alerting.rosters[key]
        moments = {start, end}
        for cover in self.edits.covers_of(key):
            moments |= {cover.starts_at, cover.ends_at}
        events: list[tuple[datetime, datetime, tuple[str, ...]]] = []
        fault: str | None = None
        try:
            calendar = self._calendar(roster)
            require_few(roster.file, calendar, end)
            events = list(events_between(calendar, start, end))
        except RosterError as error:
            fault = str(error)
        moments |= {moment for begin, until, _ in events for moment in (begin, until)}
        edges = sorted(moment for moment in moments if start <= moment <= end)
        return _joined(self._duty(roster, begin, until, events, fault) for begin, until in pairwise(edges))

    def _duty(
        self,
        roster: RosterFile,
        begin: datetime,
        end: datetime,
        events: Sequence[tuple[datetime, datetime, tuple[str, ...]]],
        fault: str | None,
    ) -> Duty:
        """Of a stretch in which nothing changes."""
        names = [name for since, until, held in events if since <= begin < until for name in held]
        keys = {name: _key(self.alerting.persons, name) for name in names}
        planned = tuple(dict.fromkeys(key for key in keys.values() if key is not None))
        persons = self._covered(roster, planned, begin)
        covers = tuple(one for one in self.edits.covers_of(roster.key) if one.holds(begin))
        return Duty(
            start=begin,
            end=end,
            persons=persons or roster.fallback,
            planned=planned,
            unknown=tuple(name for name, key in keys.items() if key is None),
            covers=covers,
            gap=not persons,
            fault=fault,
        )

    def _names(self, roster: RosterFile, calendar: icalendar.Calendar, now: datetime) -> tuple[str, ...]:
        """Looked up once a minute."""
        read, minute = self._read[roster.key], now.replace(second=0, microsecond=0)
        if read.asked != minute:
            require_few(roster.file, calendar, now)
            held = held_at(calendar, now)
            read.names = tuple(name for event in held for name in names_of(event))
            read.until = min(map(ends_at, held), default=None)
            read.asked = minute
        return read.names

    def _calendar(self, roster: RosterFile) -> icalendar.Calendar:
        read = self._read.setdefault(roster.key, _Read())
        edit = self.edits.files.get(roster.key)
        content = edit.content if edit else None
        seen: tuple[object, ...]
        if edit is not None and content is not None:
            seen = ("version", edit.version)
        else:
            try:
                stat = roster.file.stat()
            except OSError as error:
                read.seen = None
                raise RosterError(f"{roster.file.name}: can't be read: {error.strerror}") from None
            seen = (stat.st_mtime_ns, stat.st_size)
        if seen != read.seen:
            read.seen, read.calendar, read.error, read.asked = seen, None, None, None
            try:
                if content is None:
                    read.calendar = read_file(roster.file)
                else:
                    read.calendar = parse(content.encode(), f"{roster.key} ({seen[0]} {seen[1]})")
            except RosterError as error:
                read.error = str(error)
        if read.calendar is None:
            raise RosterError(read.error)
        return read.calendar


def _joined(duties: Iterable[Duty]) -> list[Duty]:
    """Neighbours that differ in nothing but their time are one."""
    found: list[Duty] = []
    for duty in duties:
        if found and replace(found[-1], end=duty.end) == replace(duty, start=found[-1].start):
            found[-1] = replace(found[-1], end=duty.end)
        else:
            found.append(duty)
    return found


def _key(persons: Mapping[str, Person], name: str) -> str | None:
    wanted = name.casefold()
    found: Sequence[str] = [
        key for key, person in persons.items() if wanted in (key.casefold(), person.name.casefold())
    ]
    return found[0] if found else None
