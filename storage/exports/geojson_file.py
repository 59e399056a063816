"""GeoJSON (RFC 7946): a FeatureCollection of the Things, each a Point with its values, written as they are read."""

from collections.abc import Iterator, Mapping
from contextlib import closing
from itertools import chain
from typing import IO, Any, Final

import msgspec
import pyarrow as pa
import pyarrow.compute

from storage import db
from storage.exports.rows import TIME, Told, batches
from storage.exports.selection import Selection
from storage.things import ThingRow

TIME_FORMAT: Final = "%Y-%m-%dT%H:%M:%SZ"
_OF_THE_THING: Final = ("thing", "domain")


def write(
    conn: db.Connection, selection: Selection, out: IO[bytes], told: Told, metadata: Mapping[str, str]
) -> None:
    """Things without a value in the span are left out; one without a place has no geometry."""
    head = msgspec.json.encode({"type": "FeatureCollection", **metadata})
    out.write(head[:-1] + b',"features":[\n')
    comma = b""
    width = (selection.end - selection.start) / max(1, len(selection.things))
    for number, thing in enumerate(selection.things, 1):
        ids = selection.streams_of[thing.id]
        with closing(batches(conn, selection, ids, selection.start, selection.end)) as found:
            first = next(found, None)
            if first is not None:
                out.write(comma + _opening(thing)[:-2] + b',"values":[')
                comma = b",\n"
                _write_values(chain([first], found), out, told)
                out.write(b"]}}")
        told(0, selection.start + number * width)
    out.write(b"\n]}\n")


def _opening(thing: ThingRow) -> bytes:
    place = None if thing.lat is None else {"type": "Point", "coordinates": [thing.lon, thing.lat]}
    return msgspec.json.encode(
        {
            "type": "Feature",
            "id": thing.id,
            "geometry": place,
            "properties": {
                "thing": thing.id,
                "domain": thing.domain,
                "kind": thing.kind,
                "name_vi": thing.name_vi,
                "name_en": thing.name_en,
                "coordinate_trust": thing.coordinate_trust,
                "coordinate_source": thing.coordinate_source,
            },
        }
    )


def _write_values(found: "chain[pa.RecordBatch]", out: IO[bytes], told: Told) -> None:
    comma = b""
    for batch in found:
        values = [_value(row) for row in _rows(batch)]
        out.write(comma + msgspec.json.encode(values)[1:-1])
        comma = b","
        told(len(values), None)


def _rows(batch: pa.RecordBatch) -> Iterator[dict[str, Any]]:
    """Column by column and times as text: twice as fast as value by value."""
    columns = {
        field.name: (
            pyarrow.compute.strftime(found, TIME_FORMAT) if field.type == TIME else found
        ).to_pylist()
        for field, found in zip(batch.schema, batch.columns, strict=True)
        if field.name not in _OF_THE_THING
    }
    for row in zip(*columns.values(), strict=True):
        yield dict(zip(columns, row, strict=True))


def _value(row: dict[str, Any]) -> dict[str, Any]:
    """Without what is not there; `parameters` is JSON already."""
    made_of = row.pop("parameters", None)
    value = {key: found for key, found in row.items() if found is not None}
    return value if made_of is None else {**value, "parameters": msgspec.Raw(made_of.encode())}
