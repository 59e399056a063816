"""Parquet: row groups of bounded size, dictionaries for texts, times in UTC, what the file is in its metadata."""

from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from typing import IO, Final

import pyarrow as pa
import pyarrow.parquet

from storage import db
from storage.exports.rows import SCHEMA, Told, batches
from storage.exports.selection import Selection

ROW_GROUP: Final = 131_072
"""Rows of a group; as many are held in memory."""


class Grouped:
    """A Parquet file that is written a row group at a time, from batches of any size."""

    def __init__(
        self,
        out: IO[bytes],
        schema: pa.Schema,
        metadata: Mapping[str, str],
        seen: Callable[[pa.Table], None] = lambda group: None,
    ) -> None:
        """`seen` gets each row group as it is written."""
        texts = [field.name for field in schema if pa.types.is_string(field.type)]
        self._schema = schema.with_metadata(dict(metadata))
        self._writer = pyarrow.parquet.ParquetWriter(
            out, self._schema, compression="zstd", use_dictionary=texts, write_statistics=True
        )
        self._seen = seen
        self._held: list[pa.RecordBatch] = []
        self._rows = 0

    def add(self, batch: pa.RecordBatch) -> None:
        self._held.append(batch)
        self._rows += batch.num_rows
        if self._rows >= ROW_GROUP:
            self._flush()

    def close(self) -> None:
        self._flush()
        self._writer.close()

    def abandon(self) -> None:
        """Lets go of the file after a failure: what is in it is of no use."""
        self._held, self._rows = [], 0
        with suppress(OSError, ValueError, pa.ArrowException):
            self._writer.close()

    def _flush(self) -> None:
        if self._rows:
            group = pa.Table.from_batches(self._held).replace_schema_metadata(self._schema.metadata)
            self._writer.write_table(group, row_group_size=self._rows)
            self._seen(group)
        self._held, self._rows = [], 0


def write(
    conn: db.Connection, selection: Selection, out: IO[bytes], told: Told, metadata: Mapping[str, str]
) -> None:
    file = Grouped(out, SCHEMA[selection.step], metadata)
    ids = selection.datastream_ids
    try:
        for start, end in selection.slices:
            with closing(batches(conn, selection, ids, start, end)) as found:
                for batch in found:
                    file.add(batch)
                    told(batch.num_rows, None)
            told(0, end)
    except BaseException:
        file.abandon()
        raise
    file.close()
