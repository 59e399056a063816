"""What a CSV says of itself in a file beside it: W3C's metadata of tabular data (CSVW). Pure.

https://www.w3.org/TR/tabular-data-model/ - a reader that has `<address>` looks for `<address>-metadata.json`.
"""

from collections.abc import Mapping
from typing import Any, Final

import pyarrow as pa

from storage.exports.rows import SCHEMA
from storage.exports.selection import Step

SUFFIX: Final = "-metadata.json"
MEDIA_TYPE: Final = "application/csvm+json"
CONTEXT: Final = "http://www.w3.org/ns/csvw"
MEANT: Final[Mapping[str, str]] = {
    "thing": "id of the place, the same in every interface",
    "domain": "key of the domain",
    "property": "key of what was observed; /api/v1/domains has its names",
    "unit": "UCUM code, of result or of mean, min, max, first and last",
    "time": "when it happened; of an hour or day its start. An index has the end of its hour or day. UTC",
    "result_time": "when it was measured or computed. UTC",
    "result": "the value",
    "quality": "QARTOD flag: 1 good, 2 not evaluated, 3 suspect, 4 fail, 9 missing",
    "quality_reason": "why the flag is not 1",
    "provenance": "measured, manual, derived, replayed, forecast or simulated; of an hour or day the weakest",
    "input_provenance": "the weakest among the inputs of a derived value",
    "parameters": "JSON: what a derived value was made of",
    "count": "good and not evaluated values; mean, min, max, first and last are theirs",
    "mean": "of directions that of the vectors",
    "mean_with_suspect": "the mean with suspect values too",
    "coverage": "share of the expected reports, 0 to 1",
}


def metadata(
    url: str, title: str, notes: Mapping[str, str], step: Step, publisher: str | None
) -> dict[str, Any]:
    """`url` is the CSV's, as seen from this file; `notes` are those of the file in other formats."""
    made: dict[str, Any] = {
        "@context": [CONTEXT, {"@language": "en"}],
        "url": url,
        "dc:title": title,
        "dc:description": notes["provenance_note"],
        "dialect": {"header": True, "encoding": "utf-8", "lineTerminators": ["\n"]},
        "tableSchema": {
            "columns": [_column(field) for field in SCHEMA[step]],
            "primaryKey": ["thing", "property", "time"],
        },
    }
    if notes["licence"].startswith(("https://", "http://")):
        made["dc:license"] = {"@id": notes["licence"]}
    else:
        made["dc:rights"] = notes["licence"]
    if publisher:
        made["dc:publisher"] = publisher
    return made


def _column(field: pa.Field) -> dict[str, Any]:
    column = {"name": field.name, "titles": field.name, "datatype": _datatype(field.type)}
    return column | ({"dc:description": MEANT[field.name]} if field.name in MEANT else {})


def _datatype(of: pa.DataType) -> str:
    if pa.types.is_timestamp(of):
        return "dateTimeStamp"
    if pa.types.is_integer(of):
        return "integer"
    return "double" if pa.types.is_floating(of) else "string"
