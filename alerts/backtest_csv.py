"""Samples of a recorded CSV. What can't be read is counted and named, and never guessed."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from alerts.commands import CommandError
from alerts.samples import Sample
from storage.model import Property, Provenance, Quality

ROWS: Final = 100_000
"""Rows of the file in memory as text at a time."""
NAMED: Final = 10
"""Faults that are shown; all are counted."""
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DATE: Final = r"\d{4}-\d{2}-\d{2}"
_OFFSET: Final = re.compile(rf"{_DATE}[T ]\d{{2}}.*(?:[Zz]|[+-]\d{{2}}(?::?\d{{2}})?)$")


@dataclass(frozen=True, kw_only=True, slots=True)
class Columns:
    """Where a file has what."""

    time: str
    value: str
    time_format: str | None = None
    """As of strptime; None: ISO 8601."""
    zone: ZoneInfo | None = None
    """Of times without an offset; None: they are refused."""
    missing: tuple[str, ...] = ()
    """What stands where no value is, besides nothing."""
    where: tuple[tuple[str, str], ...] = ()
    """(column, text): only rows with it."""

    @property
    def all(self) -> list[str]:
        return list(dict.fromkeys([self.time, self.value, *(column for column, _ in self.where)]))


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    row: int
    """The header is row 1."""
    column: str
    text: str
    why: str

    def __str__(self) -> str:
        return f"row {self.row}: {self.column}: '{self.text}' {self.why}"


@dataclass(kw_only=True, slots=True)
class Recording:
    """A series of one property, and what became of the file's rows."""

    path: Path
    times: "np.ndarray[Any, np.dtype[np.int64]]"
    """µs since 1970, rising."""
    values: "np.ndarray[Any, np.dtype[np.float64]]"
    observed: Property
    rows: int = 0
    """Of the file, but for those that `where` left out."""
    missing: int = 0
    repeated: int = 0
    """Rows that say again what another one says."""
    faults: Counter[str] = field(default_factory=Counter)
    """By what is wrong with them."""
    named: list[Fault] = field(default_factory=list)
    """The first of them."""

    @property
    def first(self) -> datetime:
        return _time(self.times[0])

    @property
    def last(self) -> datetime:
        return _time(self.times[-1])

    @property
    def spacing(self) -> timedelta | None:
        """How far apart neighbours mostly are."""
        if len(self.times) < 2:
            return None
        return timedelta(microseconds=int(np.median(np.diff(self.times))))

    def samples(self) -> Iterator[Sample]:
        """Rising; a value that nature does not have here is suspect, as ingest would have it."""
        for number in range(len(self.times)):
            time, value = _time(self.times[number]), float(self.values[number])
            doubtful = value not in self.observed.plausible
            yield Sample(
                time=time,
                value=value,
                quality=Quality.SUSPECT if doubtful else Quality.GOOD,
                provenance=Provenance.REPLAYED,
                arrived=time,
            )


def read(path: Path, columns: Columns, observed: Property) -> Recording:
    """Raises CommandError when the file, a column or whose time it is can't be told."""
    recording = Recording(
        path=path, times=np.empty(0, np.int64), values=np.empty(0, np.float64), observed=observed
    )
    parts: list[pd.DataFrame] = []
    seen: Mapping[str, set[str]] = {column: set() for column, _ in columns.where}
    for page in _pages(path, columns):
        for column, texts in seen.items():
            texts.update(page[column].unique()[:NAMED])
        parts.append(_part(recording, page, columns))
    if not recording.rows:
        raise CommandError(f"{path}: {_nothing(columns, seen)}")
    _put_in_order(recording, pd.concat(parts), columns)
    if not len(recording.times):
        raise CommandError(f"{path}: none of {recording.rows} rows can be used: {_why(recording, columns)}")
    return recording


def _pages(path: Path, columns: Columns) -> Iterator[pd.DataFrame]:
    """The wanted columns as text, stripped; the index is the row, of which the header is 1."""
    try:
        known = [str(name) for name in pd.read_csv(path, nrows=0, encoding="utf-8-sig").columns]
        _require(path, columns, known)
        with pd.read_csv(
            path,
            usecols=columns.all,
            dtype=str,
            keep_default_na=False,
            skip_blank_lines=False,
            encoding="utf-8-sig",
            chunksize=ROWS,
        ) as pages:
            for page in pages:
                page.index = page.index + 2
                yield page.fillna("").apply(lambda texts: texts.str.strip())
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}") from error
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise CommandError(f"{path}: not a CSV in UTF-8: {str(error).strip()}") from error


def _require(path: Path, columns: Columns, known: Sequence[str]) -> None:
    for column in columns.all:
        if column not in known:
            near = get_close_matches(column, known, n=1)
            meant = f" did you mean '{near[0]}'?" if near else ""
            raise CommandError(f"{path}: no column '{column}':{meant} there are {', '.join(known)}")


def _part(recording: Recording, page: pd.DataFrame, columns: Columns) -> pd.DataFrame:
    """The page's rows that can be used, as `time` and `value`."""
    for column, text in columns.where:
        page = page[page[column] == text]
    page = page[(page != "").any(axis=1)]
    recording.rows += len(page)
    texts = page[columns.value]
    numbers = pd.to_numeric(texts, errors="coerce").astype(float)
    is_missing = (texts == "") | texts.isin(columns.missing) | numbers.isin(_numbers(columns.missing))
    recording.missing += int(is_missing.sum())
    page, numbers = page[~is_missing], numbers[~is_missing]
    times = _times(recording.path, page[columns.time], columns)
    possible = recording.observed.possible
    low = -np.inf if possible.low is None else possible.low
    high = np.inf if possible.high is None else possible.high
    is_number = np.isfinite(numbers)
    faults = {
        (columns.time, "is no time"): times.isna(),
        (columns.value, "is no number"): times.notna() & ~is_number,
        (columns.value, f"is not possible: {low:g} to {high:g} {recording.observed.unit} is"): times.notna()
        & is_number
        & ~numbers.between(low, high),
    }
    bad = np.logical_or.reduce(list(faults.values()))
    for (column, why), rows in faults.items():
        _note(recording, page.loc[rows, column], column, why)
    return pd.DataFrame({"time": times[~bad], "value": numbers[~bad]})


def _times(path: Path, texts: "pd.Series[str]", columns: Columns) -> "pd.Series[Any]":
    """In UTC; NaT for what is no time, or one that its zone's clocks had twice or never."""
    given = columns.time_format
    if given is None:
        aware, dated = texts.str.match(_OFFSET), texts.str.match(_DATE)
    else:
        aware, dated = pd.Series("%z" in given, index=texts.index), pd.Series(True, index=texts.index)
    _require_zone(path, texts[dated & ~aware], columns)
    form = given or "ISO8601"
    known = pd.to_datetime(texts[dated & aware], format=form, errors="coerce", utc=True)
    local = pd.to_datetime(texts[dated & ~aware], format=form, errors="coerce")
    if columns.zone is not None:
        local = local.dt.tz_localize(columns.zone, ambiguous="NaT", nonexistent="NaT")
        known = pd.concat([known, local.dt.tz_convert(UTC)])
    return known.reindex(texts.index).astype("datetime64[us, UTC]")


def _require_zone(path: Path, naive: "pd.Series[str]", columns: Columns) -> None:
    if columns.zone is None and len(naive):
        raise CommandError(
            f"{path}: row {naive.index[0]}: {columns.time}: '{naive.iloc[0]}' has no offset:"
            " say whose time it is, such as --timezone Asia/Ho_Chi_Minh"
        )


def _numbers(texts: Sequence[str]) -> list[float]:
    found = pd.to_numeric(pd.Series(texts, dtype=str), errors="coerce")
    return [float(number) for number in found.dropna()]


def _note(recording: Recording, texts: "pd.Series[str]", column: str, why: str) -> None:
    if not len(texts):
        return
    recording.faults[f"{column} {why}"] += len(texts)
    room = max(0, NAMED - len(recording.named))
    recording.named += [
        Fault(row=int(str(row)), column=column, text=text[:80], why=why)
        for row, text in texts.iloc[:room].items()
    ]


def _put_in_order(recording: Recording, rows: pd.DataFrame, columns: Columns) -> None:
    """By time; of several rows of one time the last one counts, as a correction does in the database."""
    is_same = rows.duplicated(["time", "value"], keep="last")
    recording.repeated = int(is_same.sum())
    rows = rows[~is_same]
    is_corrected = rows.duplicated("time", keep="last")
    corrected = rows[is_corrected]["value"].map("{:g}".format)
    _note(recording, corrected, columns.value, "stands beside a later row of the same time, which counts")
    rows = rows[~is_corrected].sort_values("time", kind="stable")
    recording.times = rows["time"].to_numpy("datetime64[us]").astype(np.int64)
    recording.values = rows["value"].to_numpy(np.float64)


def _nothing(columns: Columns, seen: Mapping[str, set[str]]) -> str:
    asked = " and ".join(f"{column}={text}" for column, text in columns.where)
    has = "; ".join(f"{column} has {', '.join(sorted(texts)[:NAMED])}" for column, texts in seen.items())
    return f"no row with {asked}: {has}" if asked else "it has no rows"


def _why(recording: Recording, columns: Columns) -> str:
    if not recording.named:
        return f"all values are missing ({recording.missing})"
    form = "" if columns.time_format else "; times that are not ISO 8601 need --time-format, such as"
    hint = f"{form} '%Y-%m-%d %I:%M %p'" if form and recording.named[0].column == columns.time else ""
    return f"{recording.named[0]}{hint}"


def _time(microseconds: "np.int64") -> datetime:
    return EPOCH + timedelta(microseconds=int(microseconds))
