"""CSV: UTF-8, a header, RFC 4180 with a line feed, times as ISO 8601 in UTC, the unit beside each value.

A text that a spreadsheet would take for a formula (it begins with = + - @, a tab or a carriage return) has an
apostrophe before it; numbers stay numbers. https://owasp.org/www-community/attacks/CSV_Injection
"""

from collections.abc import Mapping
from contextlib import closing
from itertools import islice
from typing import IO, Final

from storage import db
from storage.exports.rows import SCHEMA, Told, lines
from storage.exports.selection import Selection

LINES_AT_ONCE: Final = 4096


def write(
    conn: db.Connection, selection: Selection, out: IO[bytes], told: Told, metadata: Mapping[str, str]
) -> None:
    """CSV has no place for `metadata`: every row says what it is."""
    out.write((",".join(SCHEMA[selection.step].names) + "\n").encode())
    for start, end in selection.slices:
        with closing(lines(conn, selection, start, end)) as rest:
            while part := list(islice(rest, LINES_AT_ONCE)):
                out.write(b"".join(part))
                told(len(part), None)
        told(0, end)
