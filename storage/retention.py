"""Deletes what its domain's policy keeps no longer, and compresses old chunks where the licence can.

Raw values go in whole days of Hanoi, and of each Datastream from its oldest day on: never a day that the rollups do
not account for, nor any after it, nor the day of its newest value, which pages show however old it is. In the same
transaction `rollups.freeze` keeps its rollups as they are; what comes late for such a day stays raw. A chunk that
nobody needs a row of is dropped, else rows are deleted some at a time.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from storage import db, rollups
from storage.retention_policy import Policy, Retention

log = logging.getLogger(__name__)

JOB: Final = "retention"
DAY: Final = timedelta(days=1)
WEEK: Final = timedelta(days=7)
AT_ONCE: Final = 50_000
"""Rows deleted in one transaction, about: while one runs the followers of the change feed wait."""
MARGIN: Final = DAY
"""Before the beginning of an open alert: what its rule looks at there."""


class Kept(StrEnum):
    """Why raw values stay although they are old enough to go."""

    NOT_ROLLED_UP = "not_rolled_up"
    LATE = "late"
    """They came when the rollups of their day were frozen."""
    ALERT = "alert"
    """An open alert began before them."""
    NOT_ARCHIVED = "not_archived"
    BUSY = "busy"
    """Somebody was writing there, or something changed while we looked."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Chunk:
    schema: str
    name: str
    start: datetime
    end: datetime
    compressed: bool
    partial: bool
    """It is compressed, and what came late lies beside that."""

    @property
    def identifier(self) -> sql.Identifier:
        return sql.Identifier(self.schema, self.name)


@dataclass(frozen=True, kw_only=True, slots=True)
class Day:
    """The raw values of one Datastream and day of Hanoi, which begins at `day`."""

    datastream_id: int
    day: datetime
    rows: int
    accounted: bool
    """The rollups account for every one of them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """By Datastream: up to when its raw values go (by its policy, never the day of its newest value), what an open
    alert needs, and what is frozen already."""

    until: Mapping[int, datetime]
    held: Mapping[int, datetime]
    horizons: Mapping[int, datetime]


@dataclass(kw_only=True, slots=True)
class DomainOutcome:
    """What was deleted of a domain, or would be."""

    raw_rows: int = 0
    raw_bytes: int = 0
    """About: its share of the chunks."""
    raw_from: datetime | None = None
    raw_to: datetime | None = None
    hourly_rows: int = 0
    daily_rows: int = 0
    extents: int = 0
    kept: dict[str, int] = field(default_factory=dict)
    """Why → raw values that are old enough and stay."""
    kept_from: datetime | None = None

    def gone(self, days: Iterable[Day]) -> None:
        for one in days:
            self.raw_rows += one.rows
            self.raw_from = min(self.raw_from or one.day, one.day)
            self.raw_to = max(self.raw_to or one.day, one.day + DAY)

    def stays(self, why: Kept, days: Iterable[Day]) -> None:
        for one in days:
            self.kept[why] = self.kept.get(why, 0) + one.rows
            self.kept_from = min(self.kept_from or one.day, one.day)


@dataclass(kw_only=True, slots=True)
class Outcome:
    """What one run did, or would do."""

    dry_run: bool
    behind: bool = False
    """The rollups have changes to take in that touch what is old enough: raw values were left alone there."""
    domains: dict[str, DomainOutcome] = field(default_factory=lambda: defaultdict(DomainOutcome))
    chunks_dropped: list[str] = field(default_factory=list)
    chunks_compressed: list[str] = field(default_factory=list)
    rejections: int = 0

    def detail(self) -> dict[str, Any]:
        """For job_run: JSON."""
        return {
            "behind": self.behind,
            "rejections": self.rejections,
            "chunks_dropped": len(self.chunks_dropped),
            "chunks_compressed": len(self.chunks_compressed),
            "domains": {
                key: {
                    "raw": one.raw_rows,
                    "hourly": one.hourly_rows,
                    "daily": one.daily_rows,
                    "extents": one.extents,
                    "kept": one.kept,
                }
                for key, one in self.domains.items()
            },
        }


Archive = Callable[[db.Connection, Path, Collection[int], datetime, datetime], None]
"""(connection, folder, Datastreams, start, end): when it returns, every raw value of that is in verified files."""


class NotArchived(RuntimeError):
    """The archive could not be written or was not what the database holds: the raw values stay."""


def cutoff(now: datetime, kept: timedelta | None) -> datetime | None:
    """What begins before it goes: the start of a day in Hanoi. None: nothing goes."""
    return None if kept is None else rollups.day_of(now - kept)


def decide(
    days: Iterable[Day], limits: Limits, stopped: Collection[int]
) -> tuple[list[Day], dict[Kept, list[Day]]]:
    """The days that may go, and those that are old enough and stay. `days` rise within each Datastream. Pure.

    Of a Datastream that has `stopped` nothing goes any more: its days go in order.
    """
    gone: list[Day] = []
    kept: defaultdict[Kept, list[Day]] = defaultdict(list)
    waiting = set(stopped)
    for one in days:
        id = one.datastream_id
        if id not in limits.until or one.day + DAY > limits.until[id]:
            continue
        if one.day < limits.horizons.get(id, one.day):
            (gone if one.accounted else kept[Kept.LATE]).append(one)
        elif id in limits.held and one.day + DAY > limits.held[id]:
            kept[Kept.ALERT].append(one)
        elif id in waiting or not one.accounted:
            waiting.add(id)
            kept[Kept.NOT_ROLLED_UP].append(one)
        else:
            gone.append(one)
    return gone, dict(kept)


def retain(
    conn: db.Connection,
    retention: Retention,
    now: datetime,
    *,
    dry_run: bool = False,
    archive: Archive | None = None,
) -> Outcome:
    """Does all that is due; `conn` is in autocommit mode. Raises db.DatabaseUnreachable."""
    outcome = Outcome(dry_run=dry_run)
    run = _Run(conn=conn, retention=retention, now=now, outcome=outcome, archive=archive)
    if retention.deletes:
        run.raw()
        run.rolled_up()
        run.rest()
    if retention.compress_after is not None and is_community(conn):
        run.compress(retention.compress_after)
    return outcome


def record(conn: db.Connection, started_at: datetime, *, succeeded: bool, detail: Mapping[str, Any]) -> None:
    """What the last run did, for the control room."""
    asked = {"job": JOB, "started_at": started_at, "succeeded": succeeded, "detail": Jsonb(dict(detail))}
    conn.execute(db.statements("retention")["record_run"], asked)


def is_community(conn: db.Connection) -> bool:
    """Whether the licence has compression."""
    row = conn.execute(db.statements("retention")["license"]).fetchone()
    return bool(row and row["license"] == "timescale")


def chunks(conn: db.Connection, hypertable: str) -> list[Chunk]:
    """The oldest first."""
    rows = conn.execute(db.statements("retention")["chunks"], {"hypertable": hypertable})
    return [Chunk(**row) for row in rows]


def enable_compression(conn: db.Connection) -> None:
    """Once for a database: says how chunks are compressed, and lets late values into them."""
    statements = db.statements("retention")
    row = conn.execute(statements["compression_enabled"]).fetchone()
    if row and not row["compression_enabled"]:
        conn.execute(statements["enable_compression"])
    conn.execute(statements["allow_late_writes"])


@dataclass(kw_only=True, slots=True)
class _Run:
    conn: db.Connection
    retention: Retention
    now: datetime
    outcome: Outcome
    archive: Archive | None
    owners: dict[int, str] = field(init=False)
    """Datastream → domain"""
    cutoffs: dict[int, datetime] = field(init=False)
    """Datastream → what its policy lets go; those of which nothing goes are left out."""
    limits: Limits = field(init=False)
    stopped: set[int] = field(default_factory=set)
    """Datastreams of which a day stays: nothing later of them goes."""
    known: list[Chunk] = field(default_factory=list)
    """Chunks that there are."""
    seen: set[tuple[int, datetime]] = field(default_factory=set)
    """Days that are counted: one may have a part in two chunks."""
    freed: set[int] = field(default_factory=set)
    """Datastreams of which something goes."""

    def __post_init__(self) -> None:
        rows = self._all("owners")
        self.owners = {row["id"]: row["domain"] for row in rows}
        cutoffs = {id: cutoff(self.now, self.retention.of(domain).raw) for id, domain in self.owners.items()}
        self.cutoffs = {id: time for id, time in cutoffs.items() if time is not None}
        newest = {row["datastream_id"]: rollups.day_of(row["newest"]) for row in self._all("newest")}
        self.limits = Limits(
            until={id: min(time, newest.get(id, time)) for id, time in self.cutoffs.items()},
            held={row["datastream_id"]: row["since"] - MARGIN for row in self._all("held")},
            horizons={row["datastream_id"]: row["complete_from"] for row in self._all("horizons")},
        )

    def raw(self) -> None:
        """Chunk by chunk, from the oldest on."""
        newest = max(self.cutoffs.values(), default=None)
        if newest is None:
            return
        self.known = chunks(self.conn, "observation")
        sizes = {row["name"]: row for row in self._all("sizes", hypertable="observation")}
        for chunk in list(self.known):
            if chunk.start < newest:
                size = sizes.get(chunk.name, {"bytes": 0, "rows": 0})
                self._raw_of(chunk, newest, size["bytes"] or 0, size["rows"] or 0)

    def _raw_of(self, chunk: Chunk, newest: datetime, size: int, size_rows: float) -> None:
        start, end = _whole_days(chunk)
        concerned = [id for id, until in self.cutoffs.items() if until > start]
        looked_at = self._days(start, min(end, newest), concerned)
        if not looked_at:
            self._drop_if_empty(chunk)
            return
        if self._is_behind(min(end, newest)):
            self.outcome.behind = True
            due = [one for one in looked_at if self._is_due(one)]
            self._stay(Kept.NOT_ROLLED_UP, due)
            self.stopped |= {one.datastream_id for one in due}
            return
        gone, kept = decide(looked_at, self.limits, self.stopped)
        for why, days in kept.items():
            self._stay(why, days)
        row_bytes = size / max(size_rows, sum(one.rows for one in looked_at))
        is_everyones = len(concerned) == len(self.owners) and min(self.cutoffs.values()) >= end
        if is_everyones and len(gone) == len(looked_at):
            self._drop(chunk, gone, row_bytes)
        else:
            self._delete(chunk, gone, row_bytes)
        self.stopped |= {one.datastream_id for one in kept.get(Kept.NOT_ROLLED_UP, ())}

    def _drop(self, chunk: Chunk, gone: Sequence[Day], row_bytes: float) -> None:
        """The whole chunk, with what its first and last day have in the chunks beside it."""
        start, end = _whole_days(chunk)
        ids = sorted({one.datastream_id for one in gone})
        if self.outcome.dry_run:
            self.outcome.chunks_dropped.append(chunk.name)
            self._gone(gone, row_bytes)
            return

        def work() -> bool:
            if not self._archived(ids, start, end):
                return False
            rollups.freeze(self.conn, ids, end)
            self._delete_rows(ids, start, chunk.start)
            self._delete_rows(ids, chunk.end, end)
            self._do("delete_superseded", start=start, end=end, datastream_ids=ids)
            self._do("drop_chunk", hypertable="observation", start=chunk.start, end=chunk.end)
            return True

        if self._locked(_beside(chunk, self.known), start, end, None, gone, work):
            log.info("chunk_dropped chunk=%s rows=%d", chunk.name, sum(one.rows for one in gone))
            self._dropped(chunk)
            self._gone(gone, row_bytes)

    def _delete(self, chunk: Chunk, gone: Sequence[Day], row_bytes: float) -> None:
        by_day: defaultdict[datetime, list[Day]] = defaultdict(list)
        for one in gone:
            by_day[one.day].append(one)
        for day, found in sorted(by_day.items()):
            for part in _parts([one for one in found if one.datastream_id not in self.stopped]):
                if self.outcome.dry_run or self._delete_part(chunk, day, part):
                    self._gone(part, row_bytes)
        if not self.outcome.dry_run:
            self._drop_if_empty(chunk)

    def _delete_part(self, chunk: Chunk, day: datetime, part: Sequence[Day]) -> bool:
        ids = sorted(one.datastream_id for one in part)

        def work() -> bool:
            if not self._archived(ids, day, day + DAY):
                return False
            rollups.freeze(self.conn, ids, day + DAY)
            self._delete_rows(ids, day, day + DAY)
            self._do("delete_superseded", start=day, end=day + DAY, datastream_ids=ids)
            return True

        done = self._locked(_beside(chunk, self.known), day, day + DAY, ids, part, work)
        if done:
            log.info("raw_deleted day=%s datastreams=%d rows=%d", day, len(ids), sum(d.rows for d in part))
        return done

    def _locked(
        self,
        chunks: Sequence[Chunk],
        start: datetime,
        end: datetime,
        ids: Sequence[int] | None,
        expected: Sequence[Day],
        work: Callable[[], bool],
    ) -> bool:
        """Does the work if, with nobody writing there, the days are still those that were looked at.

        `ids` None: also of a Datastream that has come into being since.
        """
        why = Kept.BUSY
        try:
            with self.conn.transaction():
                self._do("wait_at_most")
                for chunk in chunks:
                    if chunk.start < end and chunk.end > start:
                        lock = sql.SQL(db.statements("retention")["lock"]).format(chunk=chunk.identifier)
                        self.conn.execute(lock)
                if not self._is_behind(end) and set(self._days(start, end, ids)) == set(expected):
                    if work():
                        return True
                    why = Kept.NOT_ARCHIVED
        except (
            psycopg.errors.LockNotAvailable,
            psycopg.errors.DeadlockDetected,
            rollups.NotRolledUp,
        ) as error:
            log.warning("retention_put_off start=%s error=%r", start, str(error).splitlines()[0])
        self._stay(why, expected)
        self.stopped |= {one.datastream_id for one in expected}
        return False

    def _archived(self, ids: Sequence[int], start: datetime, end: datetime) -> bool:
        """Whether everything that has to be archived before it goes is."""
        of: defaultdict[Path, list[int]] = defaultdict(list)
        for id in ids:
            policy = self._policy(id)
            if policy.archive and policy.archive_folder is not None:
                of[policy.archive_folder].append(id)
        try:
            for folder, own in of.items():
                if self.archive is None:
                    raise NotArchived("this process can't archive")
                self.archive(self.conn, folder, own, start, end)
        except (NotArchived, OSError) as error:
            log.error("archive_failed start=%s end=%s error=%r", start, end, str(error))
            return False
        return True

    def _drop_if_empty(self, chunk: Chunk) -> None:
        """Every row of it was deleted before: what is left are empty pages."""
        oldest_kept = cutoff(self.now, self.retention.longest_raw)
        if (
            self.outcome.dry_run
            or oldest_kept is None
            or chunk.end > oldest_kept
            or not self._is_empty(chunk)
        ):
            return
        try:
            with self.conn.transaction():
                self._do("wait_at_most")
                self.conn.execute(sql.SQL(db.statements("retention")["lock"]).format(chunk=chunk.identifier))
                dropped = self._is_empty(chunk)
                if dropped:
                    self._do("drop_chunk", hypertable="observation", start=chunk.start, end=chunk.end)
        except psycopg.errors.LockNotAvailable:
            log.info("chunk_busy chunk=%s", chunk.name)
            return
        if dropped:
            log.info("chunk_dropped chunk=%s rows=0", chunk.name)
            self._dropped(chunk)

    def _dropped(self, chunk: Chunk) -> None:
        self.known.remove(chunk)
        self.outcome.chunks_dropped.append(chunk.name)

    def rolled_up(self) -> None:
        """Hours and days of domains that keep them for a time."""
        for domain, policy in self._policies():
            ids = [id for id, owner in self.owners.items() if owner == domain]
            found = self.outcome.domains[domain]
            hours, days = cutoff(self.now, policy.hourly), cutoff(self.now, policy.daily)
            asked = {"days_before": days, "datastream_ids": ids, "freed": sorted(self.freed - self.stopped)}
            for start, end in self._weeks("rollup_hour", hours):
                found.hourly_rows += self._rows("hours", start=start, before=end, **asked)
            for start, end in self._weeks("rollup_day", days):
                found.daily_rows += self._rows("days", start=start, before=end, **asked)

    def _weeks(self, hypertable: str, before: datetime | None) -> Iterator[tuple[datetime, datetime]]:
        """What there is of it from before a time, in parts for one transaction each."""
        for chunk in chunks(self.conn, hypertable) if before is not None else ():
            start, end = chunk.start, min(chunk.end, before or chunk.end)
            while start < end:
                yield start, min(start + WEEK, end)
                start += WEEK

    def rest(self) -> None:
        """What goes with raw values: flooded areas, and resolved rejections with the longest kept ones.

        No archive holds them, so that they stay where raw values are archived.
        """
        for domain, policy in self._policies():
            before = cutoff(self.now, policy.raw)
            if before is not None and not policy.archive:
                self.outcome.domains[domain].extents = self._rows("extents", domain=domain, before=before)
        before = cutoff(self.now, self.retention.longest_raw)
        if before is not None and not self.retention.archives:
            self.outcome.rejections = self._rejections(before)

    def _rejections(self, before: datetime) -> int:
        if self.outcome.dry_run:
            return int(self._all("old_rejections", before=before)[0]["rows"])
        deleted, limit = 0, 2_000  # a message may have a megabyte
        while (n := self._do("delete_rejections", before=before, limit=limit)) > 0:
            deleted += n
        return deleted

    def compress(self, after: timedelta) -> None:
        """Chunks that are old enough, and those into which something came late since."""
        due = [
            chunk
            for chunk in chunks(self.conn, "observation")
            if chunk.end <= self.now - after and (chunk.partial or not chunk.compressed)
        ]
        if due and not self.outcome.dry_run:
            enable_compression(self.conn)
        for chunk in due:
            if not self.outcome.dry_run:
                self._do("compress", schema=chunk.schema, name=chunk.name)
                log.info("chunk_compressed chunk=%s", chunk.name)
            self.outcome.chunks_compressed.append(chunk.name)

    def _rows(self, what: str, **asked: Any) -> int:
        """How many were deleted, or would be."""
        if self.outcome.dry_run:
            return int(self._all(f"old_{what}", **asked)[0]["rows"])
        deleted = self._do(f"delete_{what}", **asked)
        if deleted:
            log.info("%s_deleted rows=%d before=%s", what, deleted, asked["before"])
        return deleted

    def _delete_rows(self, ids: Sequence[int], start: datetime, end: datetime) -> None:
        if start < end:
            self._do("delete_raw", start=start, end=end, datastream_ids=ids)

    def _gone(self, days: Sequence[Day], row_bytes: float) -> None:
        for one in self._not_seen(days):
            self.freed.add(one.datastream_id)
            found = self.outcome.domains[self.owners[one.datastream_id]]
            found.gone([one])
            found.raw_bytes += round(one.rows * row_bytes)

    def _stay(self, why: Kept, days: Iterable[Day]) -> None:
        for one in self._not_seen(days):
            self.outcome.domains[self.owners[one.datastream_id]].stays(why, [one])

    def _not_seen(self, days: Iterable[Day]) -> list[Day]:
        new = [one for one in days if (one.datastream_id, one.day) not in self.seen]
        self.seen |= {(one.datastream_id, one.day) for one in new}
        return new

    def _is_due(self, one: Day) -> bool:
        return one.day + DAY <= self.limits.until.get(one.datastream_id, one.day)

    def _is_behind(self, before: datetime) -> bool:
        return bool(self._all("behind", before=before, reader=rollups.READER)[0]["behind"])

    def _is_empty(self, chunk: Chunk) -> bool:
        statement = sql.SQL(db.statements("retention")["is_empty"]).format(chunk=chunk.identifier)
        row = self.conn.execute(statement).fetchone()
        return bool(row and row["empty"])

    def _days(self, start: datetime, end: datetime, ids: Sequence[int] | None) -> list[Day]:
        rows = self._all("days", start=start, end=end, datastream_ids=None if ids is None else list(ids))
        return [Day(**{**row, "day": row["day"].astimezone(UTC)}) for row in rows]

    def _policy(self, datastream_id: int) -> Policy:
        return self.retention.of(self.owners[datastream_id])

    def _policies(self) -> list[tuple[str, Policy]]:
        return [(domain, self.retention.of(domain)) for domain in sorted(set(self.owners.values()))]

    def _all(self, block: str, **asked: Any) -> list[dict[str, Any]]:
        return self.conn.execute(db.statements("retention")[block], asked).fetchall()

    def _do(self, block: str, **asked: Any) -> int:
        return self.conn.execute(db.statements("retention")[block], asked).rowcount


def _whole_days(chunk: Chunk) -> tuple[datetime, datetime]:
    """The days of Hanoi that have a part in the chunk."""
    last = rollups.day_of(chunk.end)
    return rollups.day_of(chunk.start), last if last == chunk.end else last + DAY


def _beside(chunk: Chunk, known: Sequence[Chunk]) -> list[Chunk]:
    """The chunk and those that its first and last day reach into."""
    start, end = _whole_days(chunk)
    return [one for one in known if one.start < end and one.end > start]


def _parts(days: Sequence[Day]) -> Iterable[Sequence[Day]]:
    """As many as one transaction takes."""
    part: list[Day] = []
    rows = 0
    for one in days:
        if part and rows + one.rows > AT_ONCE:
            yield part
            part, rows = [], 0
        part.append(one)
        rows += one.rows
    if part:
        yield part
