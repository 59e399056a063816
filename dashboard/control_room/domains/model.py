"""What the page of a domain is made of: panels, each a question that is answered with figure, words, table and CSV."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from dashboard.control_room.csv_text import Cell
from dashboard.control_room.language import Language
from dashboard.control_room.time_range import Range
from dashboard.data import CityView
from dashboard.figures.drawing import Figure
from storage import db
from storage.model import Domain, Text

Rows = list[Sequence[Cell]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """Something to choose in a panel, by a list. `name` and what is offered are in the reader's language."""

    key: str
    name: str
    offered: Sequence[tuple[str, str]]
    """(value, name)"""
    default: Sequence[str]
    most: int = 1
    """So many can be chosen at once."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ask:
    """What is asked of a panel."""

    view: CityView
    domain: Domain
    range: Range
    chosen: Mapping[str, Sequence[str]]
    """By the key of a choice: what was chosen, each one of those offered."""
    now: datetime
    shown: Language
    conn: db.Connection

    def one(self, key: str) -> str:
        """Of a choice of one; "" where nothing is offered."""
        return next(iter(self.chosen.get(key, ())), "")


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """Heads and rows of text; `numbers` are the columns of numbers."""

    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    numbers: Sequence[int] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Sheet:
    """The same for a file, the first row its head. `plain`: for programs, ISO 8601 in UTC; `excel`: in Vietnamese."""

    plain: Callable[[], Rows]
    excel: Callable[[], Rows]


@dataclass(frozen=True, kw_only=True, slots=True)
class Drawn:
    """A panel's answer."""

    words: str
    """One or two sentences that say what the figure shows."""
    table: Table
    sheet: Sheet
    figure: Figure | None = None
    """None: the table is the panel."""
    over_time: bool = True
    """The horizontal axis is the range that was asked for: it can be dragged to zoom, and has annotations."""
    empty: bool = False
    """Nothing was found; the words say so."""
    scale: Sequence[Mapping[str, Any]] = ()
    """{text, color} of bands and limits."""


def nothing_to_choose(view: CityView, domain: Domain, shown: Language) -> Sequence[Choice]:
    return ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Panel:
    """`draw` may wait for the database, raises Refused, and gets nothing that the choices do not offer."""

    key: str
    title: Text
    domain: str
    watches: frozenset[str]
    """Properties of the domain whose new values change it."""
    draw: Callable[[Ask], Drawn]
    choices: Callable[[CityView, Domain, Language], Sequence[Choice]] = nothing_to_choose
    hint: Text | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """A part of a page above its panels that draws itself, because it is no chart."""

    template: str
    """An HTML file of the control room's package; every text is there by its key."""
    script: str
    style: str
    texts: Sequence[str]
    """Keys of what its script says."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DomainPage:
    """`key` is its name in the address."""

    key: str
    domains: Sequence[str]
    title: Text
    panels: Sequence[Panel] = ()
    """Those that no catalogue file declares."""
    section: Section | None = None
    order: Sequence[str] = field(default=())
    """Keys of panels in the order of the page; others come after them."""

    def arranged(self, panels: Iterable[Panel]) -> list[Panel]:
        place = {key: n for n, key in enumerate(self.order)}
        return sorted(panels, key=lambda panel: place.get(panel.key, len(place)))
