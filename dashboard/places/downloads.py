"""A period of one place as CSV or Parquet, made as `hanoi-export --public` makes them, into a file that is then sent.

The database is done before the first byte leaves: however slowly somebody reads, no connection waits for it.
"""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Final, Literal, get_args

from dashboard.api.problems import BadParameter
from dashboard.places.period import Period
from storage import db
from storage.exports.export import FORMATS, metadata
from storage.exports.selection import Selection, Step
from storage.place_history import within
from storage.things import DatastreamRow, ThingRow

Ending = Literal["csv", "parquet"]
MEDIA_TYPES: Final[dict[str, str]] = {
    "csv": "text/csv; charset=utf-8; header=present",
    "parquet": "application/vnd.apache.parquet",
}
MOST_ROWS: Final = 250_000
"""A month of a station with 25 quantities each five minutes has 223,000."""
TIMEOUT_S: Final = 20.0
"""Of one statement; a month is read day by day."""
CHUNK: Final = 65_536


class TooMany(Exception):
    """More rows than one file may have."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    thing: ThingRow
    streams: Sequence[DatastreamRow]
    period: Period
    ending: Ending
    step: Step

    @property
    def name(self) -> str:
        step = "" if self.step == "raw" else f"_{self.step}"
        return f"{self.thing.id}_{self.period.text}{step}.{self.ending}"


def step_of(text: str | None) -> Step:
    """Raises BadParameter."""
    for step in get_args(Step):
        if text in (step, None):
            found: Step = step
            return found
    raise BadParameter("step", "is none of raw, 1h, 1d")


def selected(asked: Asked, now: datetime) -> Selection:
    return Selection(
        things=[asked.thing],
        streams_of={asked.thing.id: [stream.id for stream in asked.streams]},
        start=asked.period.start,
        end=min(asked.period.end, now),
        step=asked.step,
        qualities=None,
    )


def notes_of(selection: Selection, licence: str | None, now: datetime) -> dict[str, str]:
    """What a file says of itself, where its format has a place for it."""
    return metadata(selection, licence=licence, now=now) | {
        "time_zone": "UTC; days and months are those of Asia/Ho_Chi_Minh",
        "units": "UCUM, in the column unit",
    }


def write(conn: db.Connection, asked: Asked, licence: str | None, now: datetime) -> IO[bytes]:
    """A file without a name, at its beginning; who gets it closes it. Raises TooMany, db.Cancelled."""
    selection = selected(asked, now)
    notes = notes_of(selection, licence, now)
    rows = 0

    def told(more: int, until: datetime | None) -> None:
        nonlocal rows
        rows += more
        if rows > MOST_ROWS:
            raise TooMany

    file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by who sends it
    try:
        with within(conn, TIMEOUT_S):
            FORMATS[asked.ending](conn, selection, file, told, notes)
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return file


def chunks(file: IO[bytes]) -> Iterator[bytes]:
    """All of it; closed at the end, also where nobody reads to it."""
    with file:
        while part := file.read(CHUNK):
            yield part
