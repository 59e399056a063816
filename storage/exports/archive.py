"""The cold archive: old observations to Parquet, exactly, and back.

What is archived is added to what a file holds already, never taken away: the same span twice is once, and a value
that came after its day was archived and deleted joins it.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from storage import db, rollups, things
from storage.exports.archive_files import (
    SCHEMA,
    TABLES,
    ArchiveError,
    Part,
    Table,
    Wrong,
    as_csv,
    check,
    day_of,
    files,
    path_of,
    read_manifest,
    tables_of,
    verified,
    write_part,
    writing,
)
from storage.exports.rows import typed
from storage.model import HANOI, Domain
from storage.retention import NotArchived

log = logging.getLogger(__name__)

DAY: Final = timedelta(days=1)
SHOWN: Final = 20
_ROWS: Final[Mapping[Table, str]] = {"observation": "rows", "observation_superseded": "superseded_rows"}
_BROUGHT: Final[Mapping[Table, str]] = {
    "observation": "archived",
    "observation_superseded": "archived_superseded",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Manifest:
    """What the archive holds of a domain and span after it was archived."""

    domain: str
    start: datetime
    end: datetime
    parts: Sequence[Part]
    written: int
    """Files that are new or were replaced; the others had these rows already."""

    @property
    def rows(self) -> int:
        """Values; those that were replaced not counted."""
        return sum(part.rows for part in self.parts if part.table == "observation")


@dataclass(frozen=True, kw_only=True, slots=True)
class Restored:
    """What became of the values of an archive."""

    new: int = 0
    corrected: int = 0
    """Were newer than what the database had."""
    superseded: int = 0
    """Replaced values that it did not have."""
    known: int = 0
    """Stayed as the database had them."""

    def __add__(self, other: "Restored") -> "Restored":
        return Restored(
            new=self.new + other.new,
            corrected=self.corrected + other.corrected,
            superseded=self.superseded + other.superseded,
            known=self.known + other.known,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What a restore will bring back."""

    folder: Path
    start: datetime | None
    end: datetime | None
    parts: Sequence[Part]
    """The files of values, by domain and day."""
    left_out: Sequence[Wrong]
    """Files that can't be restored; nor is anything else of their days."""


def archive_span(conn: db.Connection, folder: Path, domain: str, start: datetime, end: datetime) -> Manifest:
    """Brings a domain's values from `start` (inclusive) to `end` (exclusive) into the archive and reads them again.

    It deletes nothing. Who deletes afterwards does both in one transaction in which nothing of the span can change
    (REPEATABLE READ, or a lock on the chunks). Raises ArchiveError and OSError: then the files are as they were.
    """
    parts: list[Part] = []
    written = 0
    for day, first, until in days(start, end):
        with writing(folder), conn.transaction():
            now = _now(conn)
            of_day = _archive_day(conn, folder, domain, day, first, until, now)
        parts += of_day
        written += sum(part.written_at == now for part in of_day)
    return Manifest(domain=domain, start=start, end=end, parts=parts, written=written)


def archive_datastreams(
    conn: db.Connection, folder: Path, datastream_ids: Collection[int], start: datetime, end: datetime
) -> None:
    """When it returns, every value of these Datastreams and of the span is in files that were read again.

    What retention calls before it deletes (`retention.Archive`), inside its transaction. A day is archived for its
    whole domain at once, so that the next call for others of its Datastreams finds them there. Raises
    retention.NotArchived and OSError.
    """
    asked = {"datastream_ids": list(datastream_ids)}
    by_domain: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)
    for row in conn.execute(db.statements("archive")["names"], asked).fetchall():
        by_domain[row["domain"]].append((row["id"], row["thing_id"]))
    try:
        for domain, found in by_domain.items():
            ids, names = [id for id, _ in found], sorted({thing for _, thing in found})
            if _lacks(conn, folder, domain, ids, names, start, end):
                archive_span(conn, folder, domain, start, end)
                if _lacks(conn, folder, domain, ids, names, start, end):
                    raise NotArchived(f"{folder}: what was archived of {domain} is not what the database has")
    except ArchiveError as error:
        raise NotArchived(str(error)) from error


def count(conn: db.Connection, domain: str, start: datetime, end: datetime) -> int:
    """How many values of a domain a span has."""
    asked = {"domain": domain, "start": start, "end": end}
    row = conn.execute(db.statements("archive")["count_rows"], asked).fetchone()
    return int(row["rows"]) if row else 0


def domains_with_values(conn: db.Connection) -> dict[str, datetime]:
    """Domain → the time of its first value."""
    sql = db.statements("archive")
    found = {}
    for row in conn.execute(sql["domains"]).fetchall():
        first = conn.execute(sql["first_of_domain"], {"domain": row["domain"]}).fetchone()
        if first and first["first"]:
            found[row["domain"]] = first["first"]
    return found


def plan(
    folder: Path,
    start: datetime | None = None,
    end: datetime | None = None,
    domains: Collection[str] = (),
    *,
    leave_out_damaged: bool = False,
) -> Plan:
    """What a restore of a span will do, after every file that it needs was read; () is every domain.

    Raises ArchiveError where there is no archive or none of the span, and for files that are not what was written,
    have no manifest or are gone, unless one wants the other days all the same.
    """
    if not (folder / TABLES[0]).is_dir():
        raise ArchiveError(f"{folder}: is no archive: it has no folder '{TABLES[0]}'")
    asked = [name for name in files(folder) if _is_asked(name, start, end, domains)]
    good, wrong = check(folder, asked)
    if wrong and not leave_out_damaged:
        named = [one.what for one in wrong[:SHOWN]] + [f"and {len(wrong) - SHOWN} more"] * (
            len(wrong) > SHOWN
        )
        raise ArchiveError(
            "\n  ".join([f"nothing was restored: {len(wrong)} of {len(asked)} files can't be:", *named])
        )
    damaged = {one.day for one in wrong}
    parts = [
        part
        for part in good
        if part.table == TABLES[0]
        and (part.domain, part.day) not in damaged
        and (start is None or part.last >= start)
        and (end is None or part.first < end)
    ]
    if not parts:
        raise ArchiveError(f"{folder}: has no {'whole ' if wrong else ''}file of what was asked for")
    return Plan(folder=folder, start=start, end=end, parts=parts, left_out=wrong)


def archived_domains(folder: Path) -> set[str]:
    """What there is, or should be, a file of."""
    return {day[0] for day in map(day_of, files(folder)) if day is not None}


def restore(
    conn: db.Connection,
    catalogue: Mapping[str, Domain],
    plan: Plan,
    told: Callable[[Part, Restored], None] = lambda part, restored: None,
) -> Restored:
    """Brings values back, a day in a transaction; again is once, and what the database has newer stays.

    Nobody is told: they are no news to pages and alerts, and their derived values are in the archive themselves. The
    rollups of days that are not frozen are made anew by hanoi-ingest; what ends this half-way leaves no day without.
    Raises ArchiveError naming file or Thing.
    """
    restored = Restored()
    for part in plan.parts:
        with conn.transaction():
            of_day = _restore_day(conn, catalogue, plan, part)
            if of_day.new or of_day.corrected:
                rollups.fill_anew(conn, rollups.day_of(part.first))
        restored += of_day
        told(part, of_day)
    log.info(
        "archive_restored new=%d corrected=%d known=%d", restored.new, restored.corrected, restored.known
    )
    return restored


def days(start: datetime, end: datetime) -> Iterator[tuple[date, datetime, datetime]]:
    """Hanoi's days that a span has a part of, and that part, oldest first."""
    while start < end:
        day = start.astimezone(HANOI).date()
        next_day = datetime.combine(day + DAY, datetime.min.time(), HANOI).astimezone(UTC)
        yield day, start, min(next_day, end)
        start = next_day


def _is_asked(name: str, start: datetime | None, end: datetime | None, domains: Collection[str]) -> bool:
    """By its name; one that says nothing may be of any day."""
    named = day_of(name)
    if named is None:
        return True
    domain, day = named
    begins = datetime.combine(day, datetime.min.time(), HANOI)
    return (
        (not domains or domain in domains)
        and (start is None or begins + DAY > start)
        and (end is None or begins < end)
    )


def _archive_day(
    conn: db.Connection, folder: Path, domain: str, day: date, start: datetime, end: datetime, now: datetime
) -> list[Part]:
    _bring(conn, folder, domain, day)
    asked = {"domain": domain, "start": start, "end": end}
    parts = []
    for table in TABLES:
        with closing(typed(conn, db.statements("archive")[_ROWS[table]], asked, SCHEMA[table])) as rows:
            part = write_part(folder, table, domain, day, rows, now)
        if part is not None:
            parts.append(part)
    if parts:
        log.info("day_archived domain=%s day=%s rows=%d", domain, day, parts[0].rows)
    return parts


def _bring(
    conn: db.Connection, folder: Path, domain: str, day: date, names: Sequence[str] | None = None
) -> None:
    """The rows of the day's files, verified, into temporary tables; of some Things only."""
    sql = db.statements("archive")
    for block in ("create_archived", "create_archived_superseded", "clear_archived"):
        conn.execute(sql[block])
    for table in TABLES:
        path = path_of(folder, table, domain, day)
        if read_manifest(path) is None and not path.exists():
            continue
        verified(folder, path)
        with conn.cursor() as cursor, cursor.copy(sql[f"copy_{_BROUGHT[table]}"]) as copy:
            for rows in tables_of(path, names):
                copy.write(as_csv(rows))
    conn.execute(sql["analyze_archived"])


def _lacks(
    conn: db.Connection,
    folder: Path,
    domain: str,
    ids: Sequence[int],
    names: Sequence[str],
    start: datetime,
    end: datetime,
) -> bool:
    for day, first, until in days(start, end):
        with writing(folder), conn.transaction():
            _bring(conn, folder, domain, day, names)
            asked = {"datastream_ids": ids, "start": first, "end": until}
            row = conn.execute(db.statements("archive")["lacking"], asked).fetchone()
            if row is None or row["lacking"]:
                return True
    return False


def _restore_day(
    conn: db.Connection,
    catalogue: Mapping[str, Domain],
    plan: Plan,
    part: Part,
) -> Restored:
    sql = db.statements("archive")
    _bring(conn, plan.folder, part.domain, part.day)
    bounds = {"start": plan.start or part.first, "end": plan.end or part.last + DAY}
    rows = part.rows
    if part.first < bounds["start"] or part.last >= bounds["end"]:
        rows -= conn.execute(sql["leave_out_of_archived"], bounds).rowcount
        conn.execute(sql["leave_out_of_archived_superseded"], bounds)
    _make_datastreams(conn, catalogue, plan.folder, part)
    new = conn.execute(sql["restore_new"]).rowcount
    corrected = conn.execute(sql["restore_contested"], bounds).rowcount if new < rows else 0
    superseded = conn.execute(sql["restore_superseded"]).rowcount
    return Restored(new=new, corrected=corrected, superseded=superseded, known=rows - new - corrected)


def _make_datastreams(conn: db.Connection, catalogue: Mapping[str, Domain], folder: Path, part: Part) -> None:
    """Derived Datastreams and those a Thing began to send later are in no inventory."""
    for row in conn.execute(db.statements("archive")["unknown_datastreams"]).fetchall():
        where, thing, key = f"{folder / part.file}", row["thing"], row["property"]
        if row["domain"] is None:
            raise ArchiveError(f"{where}: there is no Thing '{thing}' here: load its inventory first")
        if row["held_unit"] is not None:
            raise ArchiveError(f"{where}: {thing}/{key} is in {row['unit']}, here in {row['held_unit']}")
        observed = catalogue[row["domain"]].properties.get(key) if row["domain"] in catalogue else None
        if observed is None or observed.unit != row["unit"]:
            raise ArchiveError(f"{where}: {row['domain']} has no property '{key}' in {row['unit']} here")
        things.ensure_datastream(conn, thing, observed)


def _now(conn: db.Connection) -> datetime:
    """The database's clock, which every other time in the archive is by."""
    row: dict[str, Any] | None = conn.execute(db.statements("archive")["now"]).fetchone()
    return row["now"] if row else datetime.min.replace(tzinfo=UTC)
