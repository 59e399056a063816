"""Facts about the data itself: how complete it is, what stands still or drifts, whose clock is off, what is kept."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from storage import db, retention, rollups
from storage.model import HANOI, Domain

DRIFT_DAYS: Final = 5
"""Of the last 14: fewer say nothing of a trend [S]."""
DRIFT_NEIGHBOURS: Final = 2
"""With one neighbour nobody can say which of the two drifts."""
WHOLE: Final = 0.95
"""A day of which so much came is complete enough not to be named [S]."""
_READERS: Final = ("derive", "quality", rollups.READER)


@dataclass(frozen=True, kw_only=True, slots=True)
class Completeness:
    """One Datastream and day of Hanoi. `received` are good and not evaluated values; `share` is 0 to 1."""

    datastream_id: int
    thing_id: str
    domain: str
    property: str
    day: date
    expected: int
    received: int
    suspect: int
    fail: int
    missing: int
    share: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Day:
    """One day of Hanoi of a Datastream that the caller already knows, as Completeness."""

    day: date
    expected: int
    received: int
    suspect: int
    fail: int
    missing: int
    share: float


@dataclass(frozen=True, kw_only=True, slots=True)
class DomainCompleteness:
    domain: str
    datastreams: int
    share: float
    silent: int
    """Datastreams that sent nothing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Stuck:
    datastream_id: int
    thing_id: str
    domain: str
    property: str
    unit: str
    result: float
    newest_at: datetime
    since: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Drift:
    """How a Datastream's daily means leave those of its neighbours; all in the property's unit."""

    datastream_id: int
    thing_id: str
    domain: str
    property: str
    unit: str
    day: date
    """The newest day that there is."""
    difference: float
    mean_difference: float
    per_day: float
    """The slope over the last 14 days."""
    days: int
    neighbours: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Skewed:
    """Arrival minus time; negative: the clock is ahead of ours."""

    thing_id: str
    domain: str
    skew_s: float
    measured_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """What there is of a domain."""

    domain: str
    raw: int
    """Raw values, as far as they are in the rollups."""
    oldest_raw: datetime | None
    oldest_hour: datetime | None
    oldest_day: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Disk:
    hypertable: str
    bytes: int
    chunks: int
    compressed: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """When a job last ran, or up to when a reader of the change feed has read."""

    job: str
    at: datetime
    succeeded: bool
    detail: dict[str, Any]


def yesterday(now: datetime) -> date:
    """The last day in Hanoi that is over."""
    return now.astimezone(HANOI).date() - timedelta(days=1)


def incomplete(
    conn: db.Connection, day: date, *, below: float = WHOLE, limit: int = 20
) -> list[Completeness]:
    """The least complete Datastreams of a day."""
    return [Completeness(**row) for row in _rows(conn, "incomplete", day=day, below=below, limit=limit)]


def completeness(conn: db.Connection, day: date) -> list[DomainCompleteness]:
    return [DomainCompleteness(**row) for row in _rows(conn, "completeness", day=day)]


def calendar(conn: db.Connection, datastream_id: int, first: date, last: date) -> list[Day]:
    """The days from `first` to `last`, both included, that are after the one of its first value; in order."""
    return [
        Day(**row) for row in _rows(conn, "calendar", datastream_id=datastream_id, first=first, last=last)
    ]


def stuck(conn: db.Connection, *, limit: int = 20) -> list[Stuck]:
    """What stands still now, the longest first."""
    return [Stuck(**row) for row in _rows(conn, "stuck", limit=limit)]


def drifting(conn: db.Connection, domains: Iterable[Domain], *, limit: int = 20) -> list[Drift]:
    """Of the properties that are measured (they have checks): what leaves its neighbours fastest.

    Each is held against the step that the catalogue calls plausible, so that hPa and ug/m3 can stand in one list.
    """
    widths = {
        (domain.key, key): (observed.plausible.high or 0.0) - (observed.plausible.low or 0.0)
        for domain in domains
        for key, observed in domain.properties.items()
        if observed.checks is not None and not observed.circular
    }
    rows = _rows(
        conn,
        "drifting",
        domains=[domain for domain, _ in widths],
        properties=[key for _, key in widths],
        days=DRIFT_DAYS,
        neighbours=DRIFT_NEIGHBOURS,
    )
    found = [Drift(**row) for row in rows]
    found.sort(key=lambda one: (-abs(one.per_day) / (widths[one.domain, one.property] or 1.0), one.thing_id))
    return found[:limit]


def skewed(conn: db.Connection, *, at_least_s: float, since: datetime, limit: int = 20) -> list[Skewed]:
    """The clocks that are off most, of Things heard since a time."""
    return [Skewed(**row) for row in _rows(conn, "skewed", at_least_s=at_least_s, since=since, limit=limit)]


def kept(conn: db.Connection) -> list[Kept]:
    """By domain."""
    return [Kept(**row) for row in _rows(conn, "kept")]


def disk(conn: db.Connection) -> list[Disk]:
    """Raw values, hours, days."""
    names = ("observation", "rollup_hour", "rollup_day")
    return [Disk(hypertable=name, **_rows(conn, "disk", hypertable=name)[0]) for name in names]


def edition(conn: db.Connection) -> str:
    """Of TimescaleDB: community, or apache."""
    return "community" if retention.is_community(conn) else "apache"


def jobs(conn: db.Connection) -> list[Job]:
    return [Job(**row) for row in _rows(conn, "jobs", readers=list(_READERS))]


def _rows(conn: db.Connection, block: str, **asked: Any) -> list[dict[str, Any]]:
    return conn.execute(db.statements("facts")[block], asked).fetchall()
