"""One export: a selection, a format, a place to write to; nothing is left of one that fails."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import IO, Final, Literal

from storage import db
from storage.exports import csv_file, geojson_file, parquet_file
from storage.exports.rows import Told
from storage.exports.selection import Selection

Format = Literal["csv", "parquet", "geojson"]
Write = Callable[[db.Connection, Selection, IO[bytes], Told, Mapping[str, str]], None]
FORMATS: Final[Mapping[Format, Write]] = {
    "csv": csv_file.write,
    "parquet": parquet_file.write,
    "geojson": geojson_file.write,
}
NO_LICENCE: Final = "not stated; ask whoever runs this installation before you pass it on"
PROVENANCE: Final = (
    "Each value says where it comes from: measured, manual, derived, replayed, forecast or simulated;"
    " input_provenance is the weakest among a derived value's inputs."
    " That of an hour or a day is the weakest among its values."
    " Values that are simulated, or derived from simulated ones, are not of the real city."
)


def metadata(selection: Selection, *, licence: str | None, now: datetime) -> dict[str, str]:
    """What a file says of itself, where its format has a place for it."""
    return {
        "title": "Observations of Hanoi's open operations centre",
        "licence": licence or NO_LICENCE,
        "provenance_note": PROVENANCE,
        "step": selection.step,
        "from": selection.start.isoformat(),
        "to": selection.end.isoformat(),
        "exported_at": now.isoformat(timespec="seconds"),
    }
