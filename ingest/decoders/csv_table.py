"""Tables as text: what loggers export and laboratories send. docs/formats/csv_table.md.

Wide: a row is a time, and a column a property. Long: a row is one value, and a column says of which property.
"""

import csv
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from io import StringIO
from typing import Annotated, Final, Literal
from unicodedata import normalize

import msgspec

from ingest.decoders import Context, Meaning, _times
from ingest.decoders._collect import Collector
from ingest.model import Decoded, Fault, Reason

PROPERTIES: Final[Mapping[str, Meaning]] = {}
"""Every table has words of its own."""

NAME_LENGTH: Final = 255

Status = Literal["good", "calibrating", "fault", "estimated", "skip"]


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a source may set."""

    layout: Literal["wide", "long"] = "wide"
    delimiter: Annotated[str, msgspec.Meta(min_length=1, max_length=1)] = ","
    decimal: Literal[".", ","] = "."
    skip_lines: Annotated[int, msgspec.Meta(ge=0, le=1000)] = 0
    """Lines before the one with the names of the columns."""
    time_columns: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)] = ("time",)
    """Their texts are joined by a space."""
    time_format: str | None = None
    """As strptime has it; None: ISO 8601."""
    device: Annotated[str, msgspec.Meta(min_length=1)] | None = None
    """The device of the whole table, instead of a column."""
    device_column: str = "device"
    columns: tuple[str, ...] = ()
    """Wide: the columns with values; empty: all that are nothing else."""
    unit_in_header: bool = True
    """Wide: `PM2.5 (µg/m³)` is the key PM2.5 in µg/m³."""
    property_column: str = "property"
    value_column: str = "value"
    unit_column: str | None = None
    missing: tuple[str, ...] = ("", "NA", "-999")
    """Texts that mean that there is no value."""
    status_column: str | None = None
    statuses: dict[str, Status] = {}
    """What the texts of that column mean; an empty one is good."""

    def __post_init__(self) -> None:
        if self.delimiter == self.decimal:
            raise ValueError(f"'{self.delimiter}' can't be both delimiter and decimal")
        if self.delimiter in '"\r\n\x00':
            raise ValueError("delimiter: a quote, an end of line or NUL can't be one")
        if self.statuses and self.status_column is None:
            raise ValueError("statuses: there is no status_column")
        if self.time_format is not None:
            _check_format(self.time_format)


def _check_format(pattern: str) -> None:
    """Raises ValueError for what is no pattern of strptime, or one without year, month and day."""
    day = datetime(2026, 11, 22, 10, 4, 5, tzinfo=UTC)
    try:
        read = datetime.strptime(day.strftime(pattern), pattern)  # noqa: DTZ007  # only to compare
    except ValueError as error:
        raise ValueError(f"time_format: {error}") from error
    if read.date() != day.date():
        raise ValueError(f"time_format: '{pattern}' has no year, month and day")


@dataclass(frozen=True, kw_only=True)
class _Column:
    at: int
    header: str
    key: str
    unit: str | None = None


@dataclass(frozen=True, kw_only=True)
class _Layout:
    """Where in a row everything stands."""

    width: int
    times: Sequence[int]
    device: int | None
    status: int | None
    values: Sequence[_Column] = ()
    """Wide."""
    key: int = -1
    value: int = -1
    unit: int | None = None
    """Long."""


@dataclass(frozen=True, kw_only=True)
class _Row:
    """A row's cells without the blanks around them, and what holds for all its values."""

    path: str
    cells: Sequence[str]
    device: str
    time: datetime
    flag: str | None


def decode(payload: bytes, context: Context) -> Decoded:
    """Readings and faults, row by row. Never raises for what the payload holds."""
    options: Options = context.options
    try:
        text = payload.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"byte {error.start}: {error.reason}"
        return Decoded(faults=[Fault(reason=Reason.INVALID_UTF8, path="$", message=message)])
    faults: list[Fault] = []
    rows = _rows(text, options, faults)
    header = next(rows, None)
    if header is None:
        faults.append(Fault(reason=Reason.EMPTY, path="$", message="the table has no header"))
        return Decoded(faults=faults)
    layout = _layout(*header, options, faults)
    if layout is None:
        return Decoded(faults=faults)
    collector = Collector(provenance=context.provenance)
    for path, cells in rows:
        row = _row(path, cells, layout, context, faults)
        if row is not None:
            _collect(row, layout, options, collector, faults)
    readings = collector.readings()
    if not readings and not faults:
        faults.append(Fault(reason=Reason.EMPTY, path="$", message="the table has no values"))
    return Decoded(readings=readings, faults=faults)


def _rows(text: str, options: Options, faults: list[Fault]) -> Iterator[tuple[str, list[str]]]:
    """(`line n`, cells) of every row that is not blank. What is no table ends it: quotes shift all that follows."""
    lines = StringIO(text, newline="")
    for _ in range(options.skip_lines):
        lines.readline()
    reader = csv.reader(lines, delimiter=options.delimiter, strict=True)
    while True:
        path = f"line {options.skip_lines + reader.line_num + 1}"
        try:
            cells = next(reader, None)
        except csv.Error as error:
            faults.append(Fault(reason=Reason.NOT_DECODABLE, path=path, message=f"no CSV: {error}"))
            return
        if cells is None:
            return
        stripped = [_composed(cell.strip()) for cell in cells]
        if any(stripped):
            yield path, stripped


def _composed(text: str) -> str:
    """With one character for ờ and not three: Vietnamese is typed both ways. Long text is no name, and slow to sort."""
    return normalize("NFC", text) if len(text) <= NAME_LENGTH else text


def _layout(path: str, names: Sequence[str], options: Options, faults: list[Fault]) -> _Layout | None:
    """Where the columns are; None with the faults of a header that can't be used."""
    before = len(faults)
    at: dict[str, int] = {}
    for n, name in enumerate(names):
        if name in at:
            where = f"{path}, column {name:.60}"
            faults.append(Fault(reason=Reason.DUPLICATE_KEY, path=where, message="stands there twice"))
        if name:
            at[name] = n
    values = _value_columns(at, options) if options.layout == "wide" else []
    keys: set[str] = set()
    for column in values:
        if column.key in keys:
            where, message = (
                f"{path}, column {column.header:.60}",
                f"'{column.key:.60}' is another column too",
            )
            faults.append(Fault(reason=Reason.DUPLICATE_KEY, path=where, message=message))
        keys.add(column.key)
    for name in [*options.time_columns, *_named(options)]:
        if name not in at:
            faults.append(_no_column(path, name))
    for name in options.columns:
        if name not in at and name not in keys:
            faults.append(_no_column(path, name))
    if options.layout == "wide" and not values and len(faults) == before:
        faults.append(Fault(reason=Reason.MISSING_FIELD, path=path, message="no column has values"))
    if len(faults) > before:
        return None
    long = options.layout == "long"
    return _Layout(
        width=len(names),
        times=[at[name] for name in options.time_columns],
        device=at[options.device_column] if options.device is None else None,
        status=at[options.status_column] if options.status_column is not None else None,
        values=values,
        key=at[options.property_column] if long else -1,
        value=at[options.value_column] if long else -1,
        unit=at[options.unit_column] if long and options.unit_column is not None else None,
    )


def _named(options: Options) -> list[str]:
    """The columns that the options name, besides those of time and values."""
    named = [] if options.device is not None else [options.device_column]
    if options.status_column is not None:
        named.append(options.status_column)
    if options.layout == "long":
        named += [options.property_column, options.value_column]
        named += [] if options.unit_column is None else [options.unit_column]
    return named


_UNIT: Final = re.compile(
    r"(?P<key>[^()\[\]]*[^()\[\]\s])\s*(?:\((?P<round>[^()]*)\)|\[(?P<square>[^\[\]]*)\])"
)


def _value_columns(at: Mapping[str, int], options: Options) -> list[_Column]:
    others = {*options.time_columns, *_named(options)}
    found = []
    for header, n in at.items():
        match = _UNIT.fullmatch(header) if options.unit_in_header else None
        key = match["key"] if match else header
        unit = (match["round"] or match["square"] or "").strip() if match else ""
        if header not in others and (not options.columns or not {header, key}.isdisjoint(options.columns)):
            found.append(_Column(at=n, header=header, key=key, unit=unit or None))
    return found


def _row(path: str, cells: list[str], layout: _Layout, context: Context, faults: list[Fault]) -> _Row | None:
    """A row whose time, device and status are good and that is not to be skipped."""
    options: Options = context.options
    if len(cells) != layout.width and (len(cells) < layout.width or any(cells[layout.width :])):
        message = f"expected {layout.width} columns, got {len(cells)}"
        faults.append(Fault(reason=Reason.WRONG_TYPE, path=path, message=message))
        return None
    device = options.device if layout.device is None else cells[layout.device]
    if not device:
        where = f"{path}, column {options.device_column}"
        faults.append(Fault(reason=Reason.MISSING_FIELD, path=where, message="there is no device"))
        return None
    status = _status(path, cells, layout, options)
    if isinstance(status, Fault):
        faults.append(status)
        return None
    if status == "skip":
        return None
    where = f"{path}, column {options.time_columns[0]}"
    text = " ".join(cells[n] for n in layout.times)
    time = _times.parse(where, text, zone=context.zone, pattern=options.time_format)
    if isinstance(time, Fault):
        faults.append(time)
        return None
    return _Row(path=path, cells=cells, device=device, time=time, flag=None if status == "good" else status)


def _status(path: str, cells: Sequence[str], layout: _Layout, options: Options) -> Status | Fault:
    text = "" if layout.status is None else cells[layout.status]
    if not text:
        return options.statuses.get("", "good")
    if text in options.statuses:
        return options.statuses[text]
    message = f"expected one of {', '.join(options.statuses)}, got {text!r:.60}"
    return Fault(reason=Reason.WRONG_TYPE, path=f"{path}, column {options.status_column}", message=message)


def _collect(row: _Row, layout: _Layout, options: Options, collector: Collector, faults: list[Fault]) -> None:
    """The values of a row; a missing one is none, and no fault."""
    for column in layout.values if options.layout == "wide" else _long_column(row, layout, options, faults):
        text = row.cells[column.at]
        if text in options.missing:
            continue
        where = f"{row.path}, column {column.header:.60}"
        value = _value(where, text, options.decimal)
        if isinstance(value, Fault):
            faults.append(value)
            continue
        collector.add(
            path=row.path,
            device=row.device,
            time=row.time,
            key=column.key,
            value=value,
            value_path=where,
            unit=column.unit,
            flag=row.flag,
        )


def _long_column(row: _Row, layout: _Layout, options: Options, faults: list[Fault]) -> list[_Column]:
    """The value of a row in the long layout, as if it were a column."""
    key = row.cells[layout.key]
    if not key:
        where = f"{row.path}, column {options.property_column}"
        faults.append(Fault(reason=Reason.MISSING_FIELD, path=where, message="there is no property"))
        return []
    unit = row.cells[layout.unit] if layout.unit is not None else ""
    return [_Column(at=layout.value, header=options.value_column, key=key, unit=unit or None)]


_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]++\.?[0-9]*+|\.[0-9]++)(?:[eE][+-]?[0-9]++)?")
_WORDS: Final = {"true": True, "false": False}
_NO_NUMBERS: Final = frozenset({"nan", "inf", "infinity"})


def _value(path: str, text: str, decimal: str) -> float | bool | Fault:
    lowered = text.lower()
    if lowered in _WORDS:
        return _WORDS[lowered]
    plain = text if decimal == "." else text.replace(".", "?").replace(",", ".")
    if _NUMBER.fullmatch(plain) and math.isfinite(float(plain)):
        return float(plain)
    if _NUMBER.fullmatch(plain) or lowered.lstrip("+-") in _NO_NUMBERS:
        return Fault(reason=Reason.NOT_FINITE, path=path, message="is not a finite number")
    if text.startswith(("<", ">", "≤", "≥")):
        message = f"{text!r:.60} is a limit of detection, not a value"
        return Fault(reason=Reason.UNSUPPORTED, path=path, message=message)
    message = f"expected a number with decimal '{decimal}', got {text!r:.60}"
    return Fault(reason=Reason.WRONG_TYPE, path=path, message=message)


def _no_column(path: str, name: str) -> Fault:
    return Fault(reason=Reason.MISSING_FIELD, path=path, message=f"there is no column '{name:.60}'")
