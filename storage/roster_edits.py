"""Rosters as far as they were changed in the control room: calendars over the files, and who covers for whom."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, LiteralString

from storage import db, operators
from storage.operators import AuditEvent

REMEMBERED: Final = timedelta(days=90)
"""So long covers that are over still say who was on call."""
LONGEST: Final = timedelta(days=31)
"""Of a cover; what lasts longer is another roster."""
LONGEST_REASON: Final = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class RosterFileEdit:
    """A version of a roster's calendar."""

    id: int
    roster: str
    version: int
    content: str | None
    """An iCalendar file; None: the file that alerting.toml names counts."""
    reason: str
    author: str
    made_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Cover:
    """Somebody is on call in place of another, or besides, in [starts_at, ends_at)."""

    id: int
    roster: str
    absent: str | None
    """Key of the person who is covered for; None: nobody, `person` is on call besides."""
    person: str
    starts_at: datetime
    ends_at: datetime
    reason: str
    author: str
    made_at: datetime

    def holds(self, at: datetime) -> bool:
        return self.starts_at <= at < self.ends_at


Mark = tuple[int, int, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class RosterEdits:
    """All that lies over the files."""

    mark: Mark = (0, 0, 0)
    """Another one when anything was changed."""
    files: Mapping[str, RosterFileEdit] = field(default_factory=dict)
    """By roster the newest version."""
    covers: tuple[Cover, ...] = ()

    def covers_of(self, roster: str) -> tuple[Cover, ...]:
        return tuple(one for one in self.covers if one.roster == roster)


class RosterChangedMeanwhile(Exception):
    """Somebody else changed the roster since it was read."""


def mark(conn: db.Connection) -> Mark:
    row = conn.execute(_sql("mark")).fetchone()
    assert row is not None
    return row["file"], row["cover"], row["removed"]


def read(conn: db.Connection, now: datetime) -> RosterEdits:
    found = mark(conn)
    files = [RosterFileEdit(**row) for row in conn.execute(_sql("newest_files"))]
    rows = conn.execute(_sql("covers"), {"since": now - REMEMBERED})
    return RosterEdits(
        mark=found,
        files={one.roster: one for one in files},
        covers=tuple(Cover(**row) for row in rows),
    )


def save_file(
    conn: db.Connection,
    roster: str,
    *,
    content: str | None,
    reason: str,
    version: int,
    author: str,
    source: str,
    now: datetime,
) -> int:
    """Adds a version; returns its number. `version` is the one that was read. Raises RosterChangedMeanwhile."""
    with conn.transaction():
        conn.execute(_sql("lock_roster"), {"roster": roster})
        held = conn.execute(_sql("version_of"), {"roster": roster}).fetchone()
        assert held is not None
        if held["version"] != version:
            raise RosterChangedMeanwhile
        parameters = {
            "roster": roster,
            "version": version + 1,
            "content": content,
            "reason": reason.strip(),
            "author": author,
            "now": now,
        }
        conn.execute(_sql("insert_file"), parameters)
        detail = {"version": version + 1, "reason": reason.strip(), "to_file": content is None}
        _audit(conn, now, author, "roster_saved", f"roster {roster}", source, detail)
    return version + 1


def add_cover(
    conn: db.Connection,
    *,
    roster: str,
    absent: str | None,
    person: str,
    starts_at: datetime,
    ends_at: datetime,
    reason: str,
    author: str,
    source: str,
    now: datetime,
) -> int:
    """Returns its id."""
    parameters = {
        "roster": roster,
        "absent": absent,
        "person": person,
        "starts_at": starts_at,
        "ends_at": ends_at,
        "reason": reason.strip(),
        "author": author,
    }
    with conn.transaction():
        row = conn.execute(_sql("insert_cover"), {**parameters, "now": now}).fetchone()
        assert row is not None
        detail = {**parameters, "starts_at": starts_at.isoformat(), "ends_at": ends_at.isoformat()}
        _audit(conn, now, author, "cover_added", f"cover {row['id']}", source, detail)
    return int(row["id"])


def remove_cover(conn: db.Connection, cover_id: int, *, actor: str, source: str, now: datetime) -> bool:
    """Whether it was there and not over."""
    with conn.transaction():
        parameters = {"cover_id": cover_id, "actor": actor, "now": now}
        done = conn.execute(_sql("remove_cover"), parameters).rowcount > 0
        if done:
            _audit(conn, now, actor, "cover_removed", f"cover {cover_id}", source, {})
    return done


def _audit(
    conn: db.Connection,
    now: datetime,
    actor: str,
    action: str,
    subject: str,
    source: str,
    detail: dict[str, Any],
) -> None:
    event = AuditEvent(at=now, actor=actor, action=action, subject=subject, source=source, detail=detail)
    operators.record(conn, event)


def _sql(name: str) -> LiteralString:
    return db.statements("roster_edits")[name]
