"""Receivers, routes and who is on call: HANOI_ALERTING_FILE as it is now, read again when it has changed.

What was changed in the control room lies over it, as it was when the database was last asked (`refresh`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Any

from alerts import config
from alerts.config import PERSON, ROSTER, Alerting
from alerts.roster import Rosters
from dashboard.control_room.alert_board import OnDuty
from storage import db, roster_edits
from storage.catalog import ReferenceDataError
from storage.roster_edits import RosterEdits


@dataclass(frozen=True, kw_only=True, slots=True)
class DutyNow:
    """Who is on call at a moment."""

    rosters: tuple[OnDuty, ...] = ()
    fault: str | None = None
    """Why the file that names them can't be used."""


@dataclass(kw_only=True, slots=True)
class Duty:
    path: Path | None
    """None: the file that is shipped."""
    added: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Receivers besides those of the file."""
    _seen: tuple[int, int] | None = field(default=None, init=False)
    _rosters: Rosters | None = field(default=None, init=False)
    _edits: RosterEdits = field(default_factory=RosterEdits, init=False)
    _lock: Lock = field(default_factory=Lock, init=False)

    def refresh(self, conn: db.Connection, now: datetime) -> None:
        """Takes up what was changed in the control room."""
        if roster_edits.mark(conn) == self._edits.mark:
            return
        found = roster_edits.read(conn, now)
        with self._lock:
            self._edits = found
            if self._rosters is not None:
                self._rosters.edits = found

    def rosters(self) -> Rosters:
        """Raises ReferenceDataError naming file, key and what would be right."""
        with self._lock:
            seen = _look(self.path or config.SHIPPED)
            if self._rosters is None or seen != self._seen:
                alerting = config.load(self.path, added=self.added)
                self._rosters = Rosters(alerting=alerting, edits=self._edits)
                self._seen = seen
            return self._rosters

    def receivers(self) -> Mapping[str, Mapping[str, Any]]:
        """By name. Raises ReferenceDataError."""
        return self.rosters().alerting.receivers

    def on_call(self, now: datetime) -> list[OnDuty]:
        """Raises ReferenceDataError."""
        rosters = self.rosters()
        persons = rosters.alerting.persons
        found = []
        for key in rosters.alerting.rosters:
            now_on = rosters.on_call(key, now)
            names = [persons[one].name for one in now_on.persons]
            found.append(OnDuty(roster=key, people=names, fault=now_on.error, until=now_on.until))
        return found

    def held(self, now: datetime) -> tuple[datetime, datetime] | None:
        """The shift by the first roster that can tell; None without one."""
        try:
            rosters = self.rosters()
        except ReferenceDataError:
            return None
        found = (rosters.held(key, now) for key in rosters.alerting.rosters)
        return next((one for one in found if one is not None), None)

    def look(self, now: datetime) -> DutyNow:
        """As `on_call`, with what is wrong as a value."""
        try:
            return DutyNow(rosters=tuple(self.on_call(now)))
        except ReferenceDataError as error:
            return DutyNow(fault=str(error))

    def names(self, target: str, at: datetime) -> list[str]:
        """The persons behind "roster:duty" then, or "person:lan"; none of a receiver. Raises ReferenceDataError."""
        rosters = self.rosters()
        persons = rosters.alerting.persons
        if target.startswith(ROSTER) and target.removeprefix(ROSTER) in rosters.alerting.rosters:
            keys = rosters.on_call(target.removeprefix(ROSTER), at).persons
        else:
            keys = (target.removeprefix(PERSON),) if target.startswith(PERSON) else ()
        return [persons[key].name for key in keys if key in persons]

    def addressed(self, now: datetime) -> dict[str, list[str]]:
        """By receiver as what routes may name it at present: "person:lan", "roster:duty". Raises ReferenceDataError."""
        rosters = self.rosters()
        found: dict[str, list[str]] = {}
        for target in _targets(rosters.alerting):
            for receiver in rosters.recipients(target, now).receivers:
                found.setdefault(receiver, []).append(target)
        return found


def _targets(alerting: Alerting) -> list[str]:
    return [*(PERSON + key for key in alerting.persons), *(ROSTER + key for key in alerting.rosters)]


def _look(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError as error:
        raise ReferenceDataError(f"{path}: {error.strerror}") from None
    return found.st_mtime_ns, found.st_size
