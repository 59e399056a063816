"""What a backtest reads: the past, page by page, and the alerts that were recorded then. It writes nothing."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, LiteralString

from storage import db
from storage.alert_log import SampleRow

PAGE: Final = 5_000


@dataclass(frozen=True, kw_only=True, slots=True)
class FiredRow:
    firing_since: datetime
    resolved_at: datetime | None
    withdrawn: bool
    """Later values said that it never was."""


def read_only(conn: db.Connection) -> None:
    """The session can't write any more."""
    conn.execute(_sql("read_only"))


def samples_within(
    conn: db.Connection, datastream_id: int, begin: datetime, end: datetime, page: int = PAGE
) -> Iterator[SampleRow]:
    """A Datastream's values from `begin` to before `end`, rising, read as far as they are taken."""
    while True:
        parameters = {"datastream_id": datastream_id, "begin": begin, "end": end, "limit": page}
        rows = conn.execute(_sql("samples_within"), parameters).fetchall()
        yield from (SampleRow(**row) for row in rows)
        if len(rows) < page:
            return
        begin = rows[-1]["time"] + timedelta.resolution


def fired_within(
    conn: db.Connection, rule: str, datastream_id: int, start: datetime, end: datetime
) -> list[FiredRow]:
    """The alerts that fired at some time from `start` to before `end`, rising."""
    parameters = {"rule": rule, "datastream_id": datastream_id, "start": start, "end": end}
    return [FiredRow(**row) for row in conn.execute(_sql("fired_within"), parameters).fetchall()]


def _sql(name: str) -> LiteralString:
    return db.statements("backtest")[name]
