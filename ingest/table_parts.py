"""A long table in parts that each stand for themselves: the lines above the data, then some of the data. Pure.

A part can be decoded, refused and reprocessed alone, and none is larger than a message may be.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ingest.decoders.csv_table import Options


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """`payload` begins with the file's first `head` lines; its line n > head is the file's line n + `skipped`."""

    payload: bytes
    head: int
    skipped: int

    def line(self, number: int) -> int:
        """The file's line for one of the payload's, both counted from 1."""
        return number if number <= self.head else number + self.skipped


def parts(payload: bytes, options: Options, largest: int) -> Iterator[Part]:
    """At least one. A row that is larger than `largest` bytes comes alone, with the head."""
    lines = payload.splitlines(keepends=True)
    head = _head(lines, options.skip_lines)
    above = b"".join(lines[:head])
    held: list[bytes] = []
    size = skipped = 0
    for row in _rows(lines[head:], largest):
        row_size = sum(map(len, row))
        joins = above.endswith(b"\r") and row[0].startswith(b"\n")  # the two would read as one end of a line
        if held and not joins and len(above) + size + row_size > largest:
            yield Part(payload=above + b"".join(held), head=head, skipped=skipped)
            skipped += len(held)
            held, size = [], 0
        held += row
        size += row_size
    yield Part(payload=above + b"".join(held), head=head, skipped=skipped)


def _head(lines: Sequence[bytes], skip: int) -> int:
    """The lines up to the one with the names of the columns, which is the first that is not blank."""
    for number, line in enumerate(lines[skip:], skip + 1):
        if line.strip():
            return number
    return len(lines)


def _rows(lines: Sequence[bytes], largest: int) -> Iterator[list[bytes]]:
    """A quoted cell may hold ends of lines; a quote that nobody closes does not make all that follows one row."""
    row: list[bytes] = []
    size = quotes = 0
    for line in lines:
        row.append(line)
        size += len(line)
        quotes += line.count(b'"')
        if quotes % 2 == 0 or size > largest:
            yield row
            row, size, quotes = [], 0, 0
    if row:
        yield row
