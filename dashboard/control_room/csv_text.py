"""Tables as CSV: for programs, or for a Vietnamese Excel that opens it by a double click. Pure.

A text that a spreadsheet would take for a formula has an apostrophe before it, as in storage/exports/csv_file.py.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from storage.model import HANOI

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")

Cell = str | int | float | None
Rows = Iterable[Sequence[Cell]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Download:
    """A file for the browser."""

    name: str
    content: bytes


def plain(rows: Rows) -> bytes:
    """UTF-8, commas, decimal points."""
    return _lines(rows, delimiter=",", decimal=".", end="\n").encode()


def for_excel(rows: Rows) -> bytes:
    """A byte order mark, semicolons, decimal commas."""
    return b"\xef\xbb\xbf" + _lines(rows, delimiter=";", decimal=",", end="\r\n").encode()


def iso(time: datetime) -> str:
    """In UTC."""
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")


def local(time: datetime) -> str:
    """Hanoi's time as 22/11/2026 10:05."""
    return f"{time.astimezone(HANOI):%d/%m/%Y %H:%M}"


def days(start: datetime, end: datetime) -> str:
    """20261121-20261122, by days of Hanoi: the end of a file's name."""
    return "-".join(f"{at.astimezone(HANOI):%Y%m%d}" for at in (start, end))


def _lines(rows: Rows, *, delimiter: str, decimal: str, end: str) -> str:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator=end)
    writer.writerows([_cell(cell, decimal) for cell in row] for row in rows)
    return out.getvalue()


def _cell(cell: Cell, decimal: str) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float):
        return _number(cell).replace(".", decimal)
    text = str(cell)
    return f"'{text}" if isinstance(cell, str) and text.startswith(_FORMULA) else text


def _number(value: float) -> str:
    """Every digit, no exponent, no needless zero."""
    text = format(Decimal(repr(value)), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
