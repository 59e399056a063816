"""A report as data: titles, words, tables, small figures, in one language; as which a handover is kept. Pure.

Numbers stay numbers until they are drawn, so that a table can be a CSV file too.
"""

from collections.abc import Iterator
from typing import Final, Literal

import msgspec

from dashboard.control_room.language import Language

Tone = Literal["", "good", "bad", "quiet"]


class Mark(msgspec.Struct, frozen=True, tag="mark"):
    """A class of a scale: its name, and its colour beside it."""

    text: str
    color: str


Cell = str | int | float | None | Mark


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """`decimals` None: texts; otherwise numbers are written with so many."""

    key: str
    """For programs: English, with the unit in it."""
    name: str
    decimals: int | None = None


class Table(msgspec.Struct, frozen=True, kw_only=True, tag="table"):
    key: str
    """The name of its CSV file."""
    caption: str
    columns: list[Column]
    rows: list[list[Cell]]
    note: str = ""
    """On what it rests, or what it leaves out."""


class Words(msgspec.Struct, frozen=True, kw_only=True, tag="words"):
    text: str
    tone: Tone = ""


class Points(msgspec.Struct, frozen=True, kw_only=True, tag="points"):
    items: list[str]


class Drawing(msgspec.Struct, frozen=True, kw_only=True, tag="drawing"):
    svg: str
    """Ours; its texts are escaped."""
    caption: str


Block = Table | Words | Points | Drawing


class Section(msgspec.Struct, frozen=True, kw_only=True):
    title: str
    blocks: list[Block]


class Document(msgspec.Struct, frozen=True, kw_only=True):
    language: Language
    title: str
    period: str
    banner: str
    """Loudly, at the top of each page: that data is simulated. Empty: nothing to say."""
    facts: list[tuple[str, str]]
    sections: list[Section]
    foot: str

    def tables(self) -> Iterator[Table]:
        for section in self.sections:
            for block in section.blocks:
                if isinstance(block, Table):
                    yield block


_decoder: Final = msgspec.json.Decoder(Document)


def encoded(document: Document) -> str:
    """As it is kept."""
    return msgspec.json.encode(document).decode()


def decoded(kept: str) -> Document:
    """Raises msgspec.ValidationError."""
    return _decoder.decode(kept)
