"""A report's table as CSV: for programs, or for a Vietnamese Excel. Pure."""

from collections.abc import Iterable, Sequence

from dashboard.control_room import csv_text
from dashboard.control_room.csv_text import Cell
from dashboard.control_room.report_document import Mark, Table


def plain(table: Table) -> bytes:
    """UTF-8, commas, English heads with units; what is not known is empty."""
    rows = [_heads(column.key for column in table.columns), *_rows(table)]
    return csv_text.plain(rows)


def for_excel(table: Table) -> bytes:
    """A byte order mark, semicolons, decimal commas, the report's own heads: it opens by a double click."""
    rows = [_heads(column.name for column in table.columns), *_rows(table)]
    return csv_text.for_excel(rows)


def _heads(names: Iterable[str]) -> Sequence[Cell]:
    return list(names)


def _rows(table: Table) -> list[Sequence[Cell]]:
    return [[one.text if isinstance(one, Mark) else one for one in row] for row in table.rows]
