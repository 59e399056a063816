"""Several Datastreams over one span, for charts that show them side by side: raw values, hours or days."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

import msgspec

from storage import db
from storage.observations import HistoryValue
from storage.things import DatastreamRow

Step = Literal["raw", "1h", "1d"]
MOST_RAW: Final = 600
"""Reports of one Datastream in the span; more are shown by the hour."""
MOST_ROWS: Final = 20_000
MOST_ABOVE: Final = 2_000
"""Values of one Datastream above a limit."""
MOST_HOURS: Final = timedelta(days=62)
WIDTHS: Final = {"1h": timedelta(hours=1), "1d": timedelta(days=1)}


class Cell(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A value, or an hour or day of them, in the Datastream's unit; mean, min and max are of usable values."""

    datastream_id: int
    at: datetime
    """Of a bucket its start."""
    count: int
    """Usable values. 0: a raw value that is suspect or failed."""
    mean: float | None
    """None: directions that cancel out."""
    min: float
    max: float
    suspect: int
    fail: int
    provenance: str
    """The weakest of them; a derived one counts as its inputs."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Grid:
    """By Datastream, each oldest first. Where nothing was observed there is no cell."""

    step: Step
    cells: Sequence[Cell]

    @property
    def width(self) -> timedelta:
        """Of a bucket; nothing of a raw value."""
        return WIDTHS.get(self.step, timedelta())


def grid(
    conn: db.Connection,
    streams: Collection[DatastreamRow],
    start: datetime,
    end: datetime,
    *,
    step: Step | Literal["auto"] = "auto",
) -> Grid:
    """From `start` (inclusive) to `end` (exclusive), by the finest step that a chart can be drawn from.

    A bucket that begins before `start` is left out. Raw is given only of spans that have few enough values.
    """
    if not streams:
        return Grid(step="raw" if step == "auto" else step, cells=())
    reports = (end - start) / timedelta(seconds=min(stream.interval_s for stream in streams))
    if step == "raw" or (step == "auto" and reports <= MOST_RAW):
        cells = _cells(conn, "raw", streams, start, end)
        if len(cells) <= MOST_ROWS:
            return Grid(step="raw", cells=cells)
    if step == "1d" or (step == "auto" and end - start > MOST_HOURS):
        return Grid(step="1d", cells=_cells(conn, "days", streams, start, end))
    return Grid(step="1h", cells=_cells(conn, "hours", streams, start, end))


def _cells(
    conn: db.Connection,
    block: Literal["raw", "hours", "days"],
    streams: Collection[DatastreamRow],
    start: datetime,
    end: datetime,
) -> list[Cell]:
    asked = {
        "datastream_ids": [stream.id for stream in streams],
        "start": start,
        "end": end,
        "limit": MOST_ROWS + 1,
    }
    return [Cell(**row) for row in conn.execute(db.statements("grids")[block], asked)]


def above(
    conn: db.Connection, streams: Collection[DatastreamRow], limit: float, start: datetime, end: datetime
) -> list[HistoryValue]:
    """Usable values above a limit from `start` (inclusive) to `end` (exclusive), of each Datastream the newest."""
    asked = {"start": start, "end": end, "limit": limit, "most": MOST_ABOVE}
    return _history(conn, "above", streams, asked)


def newest_before(
    conn: db.Connection, streams: Collection[DatastreamRow], after: datetime, before: datetime
) -> dict[int, HistoryValue]:
    """The newest usable value of each Datastream in a span, by Datastream."""
    found = _history(conn, "newest_before", streams, {"after": after, "before": before})
    return {one.datastream_id: one for one in found}


class Lowest(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The lowest usable value of a day of Hanoi."""

    datastream_id: int
    day: datetime
    """Its first moment."""
    lowest: float
    hour: datetime
    """When the hour begins that had it; of several the first."""
    hours_below: list[int]
    """For each limit: in how many hours a value was below it."""


def lowest_of_days(
    conn: db.Connection,
    streams: Collection[DatastreamRow],
    limits: Sequence[float],
    start: datetime,
    end: datetime,
) -> list[Lowest]:
    """By Datastream, each oldest first."""
    asked = {
        "datastream_ids": [one.id for one in streams],
        "limits": list(limits),
        "start": start,
        "end": end,
    }
    return [Lowest(**row) for row in conn.execute(db.statements("grids")["lowest_of_days"], asked)]


def _history(
    conn: db.Connection,
    block: Literal["above", "newest_before"],
    streams: Collection[DatastreamRow],
    asked: dict[str, Any],
) -> list[HistoryValue]:
    known = {"datastream_ids": [stream.id for stream in streams], **asked}
    return [HistoryValue(**row) for row in conn.execute(db.statements("grids")[block], known)]
