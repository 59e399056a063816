"""What bulletins of days and months are made of: rollups and what is derived for each day. Days are Hanoi's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, LiteralString

from storage import db
from storage.model import HANOI


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """Days, both included."""

    first: date
    last: date

    @property
    def start(self) -> datetime:
        return datetime.combine(self.first, datetime.min.time(), HANOI)

    @property
    def end(self) -> datetime:
        return datetime.combine(self.last + timedelta(days=1), datetime.min.time(), HANOI)

    @property
    def days(self) -> list[date]:
        return [self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1)]


@dataclass(frozen=True, kw_only=True, slots=True)
class RolledDay:
    """Good and not evaluated values of a day, in the Datastream's unit."""

    datastream_id: int
    day: date
    count: int
    mean: float | None
    min: float
    max: float
    coverage: float
    provenance: str
    """The weakest; a derived one counts as its inputs."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DayValue:
    """A value of a whole day, stored at its end; quality may be suspect."""

    datastream_id: int
    day: date
    result: float
    quality: int
    provenance: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Above:
    """How many reports of a day reached a limit."""

    datastream_id: int
    day: date
    count: int
    max: float


@dataclass(frozen=True, kw_only=True, slots=True)
class DomainCoverage:
    """`share`: 0 to 1, the mean over Datastreams of reports that came of those expected."""

    domain: str
    datastreams: int
    share: float
    silent: int


def rolled(conn: db.Connection, datastream_ids: Sequence[int], span: Span) -> list[RolledDay]:
    return [RolledDay(**row) for row in _rows(conn, "rolled", datastream_ids, span)]


def at_ends(conn: db.Connection, datastream_ids: Sequence[int], span: Span) -> list[DayValue]:
    ends = [datetime.combine(day + timedelta(days=1), datetime.min.time(), HANOI) for day in span.days]
    return [DayValue(**row) for row in _rows(conn, "at_ends", datastream_ids, span, day_ends=ends)]


def above(conn: db.Connection, datastream_ids: Sequence[int], span: Span, limit: float) -> list[Above]:
    """Days without any are left out."""
    return [Above(**row) for row in _rows(conn, "above", datastream_ids, span, limit=limit)]


def coverage(conn: db.Connection, datastream_ids: Sequence[int], span: Span) -> list[DomainCoverage]:
    """By domain; of the given Datastreams those that are measured."""
    found = _rows(conn, "coverage", datastream_ids, span, days=len(span.days))
    return [DomainCoverage(**row) for row in found]


def _rows(
    conn: db.Connection, name: str, datastream_ids: Sequence[int], span: Span, **asked: Any
) -> list[dict[str, Any]]:
    if not datastream_ids:
        return []
    known = {"datastream_ids": list(datastream_ids), "start": span.start, "end": span.end}
    return conn.execute(_sql(name), known | asked).fetchall()


def _sql(name: str) -> LiteralString:
    return db.statements("bulletins")[name]
