"""A recorded CSV as elements of the native format. pandas reads; nothing here knows a broker."""

import re
from collections.abc import Mapping as Dict
from dataclasses import dataclass
from datetime import timedelta
from math import isfinite
from pathlib import Path
from typing import Final

import pandas as pd

from ingest.wire import Element
from simulators.mapping import Mapping, TimeTable
from storage.model import Provenance

_OFFSET: Final = re.compile(r"(Z|[+-]\d\d:?\d\d)$")
_FIRST_LINE: Final = 2
"""Line numbers are as an editor shows them: the header is line 1."""


class RecordingError(ValueError):
    """A file that its mapping does not fit; the message names file, line and column."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Recording:
    """What a file holds, oldest first, and what was left out."""

    elements: tuple[Element, ...]
    rows: int
    invalid_rows: int
    """Left out by the quality column."""
    missing_cells: int
    """Mapped cells of valid rows that hold a missing marker."""
    repeated_rows: int
    """Said twice with the same values."""

    @property
    def observations(self) -> int:
        return sum(len(element.results) for element in self.elements)


def read(path: Path, mapping: Mapping) -> Recording:
    """Raises RecordingError naming file, line and column.

    1. all cells as text; 2. times, repaired where the mapping says so; 3. rows that the quality column accepts;
    4. numbers, without the missing ones; 5. one element a time, oldest first.
    """
    frame = _frame(path, mapping)
    times = _times(path, frame, mapping.time)
    valid = _valid(frame, mapping)
    rows = [(n, times.iloc[n], _results(path, frame, mapping, n)) for n in range(len(frame)) if valid.iloc[n]]
    elements, repeated = _elements(path, [row for row in rows if row[2]])
    cells = len(rows) * len(mapping.property)
    return Recording(
        elements=elements,
        rows=len(frame),
        invalid_rows=int((~valid).sum()),
        missing_cells=cells - sum(len(results) for _, _, results in rows),
        repeated_rows=repeated,
    )


def _frame(path: Path, mapping: Mapping) -> pd.DataFrame:
    try:
        frame = pd.read_csv(
            path, dtype=str, keep_default_na=False, encoding=mapping.encoding, sep=mapping.separator
        )
    except (OSError, UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise RecordingError(f"{path}: {error}") from error
    wanted = [("time.columns", column) for column in mapping.time.columns]
    wanted += [(f"property.{key}.column", table.column) for key, table in mapping.property.items()]
    wanted += [("rows.column", mapping.rows.column)] if mapping.rows else []
    for key, column in wanted:
        if column not in frame.columns:
            raise RecordingError(
                f"{path}: no column '{column}' ({mapping.source}: {key}); there are {list(frame.columns)}"
            )
    return frame


def _times(path: Path, frame: pd.DataFrame, time: TimeTable) -> "pd.Series[pd.Timestamp]":
    """The end of each row's period, in UTC."""
    labels = frame[list(time.columns)].agg(" ".join, axis=1)
    if time.zone is None and time.format == "ISO8601":
        for n, label in enumerate(labels):
            if not _OFFSET.search(label):
                raise _fault(path, n, time, f"'{label}' has no offset and the mapping no time.zone")
    try:
        parsed = pd.to_datetime(labels, format=time.format, utc=time.zone is None)
    except ValueError as error:
        raise RecordingError(f"{path}: {' '.join(time.columns)}: {error}") from error
    if time.repair == "row_order":
        parsed = _in_row_order(path, parsed, time)
    if time.zone is not None:
        try:
            parsed = parsed.dt.tz_localize(time.zone).dt.tz_convert("UTC")
        except (TypeError, ValueError) as error:
            raise RecordingError(f"{path}: {' '.join(time.columns)}: {time.zone}: {error}") from error
    if time.label == "beginning":
        parsed = parsed + timedelta(seconds=time.period_s or 0)
    return parsed


def _in_row_order(
    path: Path, labels: "pd.Series[pd.Timestamp]", time: TimeTable
) -> "pd.Series[pd.Timestamp]":
    """Of two equal labels, the one beside a gap of one period is moved into it."""
    period = pd.Timedelta(seconds=time.period_s or 0)
    times = list(labels)
    for n in range(1, len(times)):
        if times[n] != times[n - 1]:
            continue
        if n >= 2 and times[n - 1] - times[n - 2] == 2 * period:
            times[n - 1] -= period
        elif n + 1 < len(times) and times[n + 1] - times[n] == 2 * period:
            times[n] += period
        else:
            raise _fault(path, n, time, f"'{times[n]}' stands twice and there is no gap beside it")
    return pd.Series(times, index=labels.index)


def _valid(frame: pd.DataFrame, mapping: Mapping) -> "pd.Series[bool]":
    if mapping.rows is None:
        return pd.Series(True, index=frame.index)
    return frame[mapping.rows.column].isin(mapping.rows.valid)


def _results(path: Path, frame: pd.DataFrame, mapping: Mapping, n: int) -> dict[str, float]:
    results = {}
    for key, table in mapping.property.items():
        text = str(frame[table.column].iloc[n]).strip()
        value = _number(path, mapping, table.column, n, text)
        if value is not None:
            results[key] = value * table.factor + table.offset
    return results


def _number(path: Path, mapping: Mapping, column: str, n: int, text: str) -> float | None:
    """None where the cell is empty or holds a missing marker."""
    if not text or text in mapping.missing:
        return None
    try:
        value = float(text)
    except ValueError as error:
        raise RecordingError(
            f"{path}: line {n + _FIRST_LINE}: {column}: '{text}' is no number and not in `missing`"
        ) from error
    if value in mapping.missing:
        return None
    if not isfinite(value):
        raise RecordingError(f"{path}: line {n + _FIRST_LINE}: {column}: '{text}' is not in `missing`")
    return value


def _elements(
    path: Path, rows: list[tuple[int, pd.Timestamp, dict[str, float]]]
) -> tuple[tuple[Element, ...], int]:
    """One element a time. Different values for one time would overwrite each other: that is a fault."""
    held: dict[pd.Timestamp, tuple[int, Dict[str, float]]] = {}
    for n, time, results in rows:
        line, before = held.setdefault(time, (n + _FIRST_LINE, results))
        if before != results:
            raise RecordingError(
                f"{path}: lines {line} and {n + _FIRST_LINE} give different values for {time};"
                ' time.repair = "row_order" in the mapping may mend it'
            )
    elements = tuple(
        Element(time=time.to_pydatetime(), results=held[time][1], provenance=Provenance.REPLAYED)
        for time in sorted(held)
    )
    return elements, len(rows) - len(elements)


def _fault(path: Path, n: int, time: TimeTable, what: str) -> RecordingError:
    return RecordingError(f"{path}: line {n + _FIRST_LINE}: {' '.join(time.columns)}: {what}")
