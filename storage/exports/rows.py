"""The rows of an export as the database sends them, as lines or typed batches: COPY, so that memory is constant."""

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from datetime import datetime
from itertools import islice
from typing import Any, Final, LiteralString

import pyarrow as pa
import pyarrow.csv

from storage import db
from storage.exports.selection import Selection, Step

BLOCK: Final = 8192
"""Rows that are parsed at a time."""
Row = bytes | bytearray | memoryview
Told = Callable[[int, datetime | None], None]
"""Who is told how it goes: rows that were written, and up to when everything is."""
TIME: Final = pa.timestamp("us", tz="UTC")

RAW: Final = pa.schema(
    [
        ("thing", pa.string()),
        ("domain", pa.string()),
        ("property", pa.string()),
        ("unit", pa.string()),
        ("time", TIME),
        ("result_time", TIME),
        ("result", pa.float64()),
        ("quality", pa.int8()),
        ("quality_reason", pa.string()),
        ("provenance", pa.string()),
        ("input_provenance", pa.string()),
        ("parameters", pa.string()),
    ]
)
ROLLUP: Final = pa.schema(
    [
        ("thing", pa.string()),
        ("domain", pa.string()),
        ("property", pa.string()),
        ("unit", pa.string()),
        ("time", TIME),
        ("count", pa.int64()),
        ("mean", pa.float64()),
        ("min", pa.float64()),
        ("max", pa.float64()),
        ("first", pa.float64()),
        ("last", pa.float64()),
        ("good", pa.int64()),
        ("not_evaluated", pa.int64()),
        ("suspect", pa.int64()),
        ("fail", pa.int64()),
        ("missing", pa.int64()),
        ("mean_with_suspect", pa.float64()),
        ("coverage", pa.float64()),
        ("provenance", pa.string()),
    ]
)
SCHEMA: Final[Mapping[Step, pa.Schema]] = {"raw": RAW, "1h": ROLLUP, "1d": ROLLUP}
_BLOCK: Final[Mapping[Step, str]] = {"raw": "raw", "1h": "hourly", "1d": "daily"}


def lines(
    conn: db.Connection, selection: Selection, start: datetime, end: datetime
) -> Generator[Row, None, None]:
    """The chosen rows of a part of the span as lines of CSV, fit for a spreadsheet, by Datastream and time."""
    return copied(conn, *_statement(selection, selection.datastream_ids, start, end, safe=True))


def batches(
    conn: db.Connection, selection: Selection, datastream_ids: Sequence[int], start: datetime, end: datetime
) -> Generator[pa.RecordBatch, None, None]:
    """The chosen rows of some Datastreams and of a part of the span, by Datastream and time."""
    statement, asked = _statement(selection, datastream_ids, start, end, safe=False)
    return typed(conn, statement, asked, SCHEMA[selection.step])


def _statement(
    selection: Selection, datastream_ids: Sequence[int], start: datetime, end: datetime, *, safe: bool
) -> tuple[LiteralString, dict[str, Any]]:
    asked = {
        "datastream_ids": list(datastream_ids),
        "start": start,
        "end": end,
        "qualities": None if selection.qualities is None else list(selection.qualities),
        "safe": safe,
    }
    return db.statements("exports")[_BLOCK[selection.step]], asked


def copied(
    conn: db.Connection, statement: LiteralString, asked: Mapping[str, Any]
) -> Generator[Row, None, None]:
    """What `COPY … TO STDOUT` sends, a row at a time.

    Who does not read to the end, because a disk is full, closes it: until then the connection is of no other use, and
    closing that would wait for ever.
    """
    with conn.cursor() as cursor, cursor.copy(statement, asked) as copy:
        yield from copy


def typed(
    conn: db.Connection, statement: LiteralString, asked: Mapping[str, Any], schema: pa.Schema
) -> Generator[pa.RecordBatch, None, None]:
    """The rows of `COPY … TO STDOUT (FORMAT csv)`, whose columns are those of `schema` in this order; close it."""
    with closing(copied(conn, statement, asked)) as rows:
        while block := b"".join(islice(rows, BLOCK)):
            yield from _parsed(block, schema)


def _parsed(block: bytes, schema: pa.Schema) -> list[pa.RecordBatch]:
    """Whole rows, so that nothing is carried over from one block to the next."""
    table = pyarrow.csv.read_csv(
        pa.BufferReader(block),
        read_options=pyarrow.csv.ReadOptions(column_names=schema.names, use_threads=False),
        parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types=dict(zip(schema.names, schema.types, strict=True)),
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,  # COPY quotes an empty text and leaves NULL bare
        ),
    )
    return list(table.to_batches())
