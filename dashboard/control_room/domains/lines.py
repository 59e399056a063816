"""Several Things on one axis: which of them, and which property, can be chosen."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Final

from dashboard.control_room.alert_words import number, stamp
from dashboard.control_room.domains import observed as about_values
from dashboard.control_room.domains.model import Ask, Choice, Drawn, Panel, Sheet, Table
from dashboard.control_room.domains.observed import (
    Observed,
    bands_in_words,
    property_choice,
    property_of,
    said,
    streams_of,
    thing_name,
    when,
)
from dashboard.control_room.language import Language
from dashboard.control_room.texts import say
from dashboard.control_room.thing_view import interval_s
from dashboard.control_room.time_range import Range
from dashboard.data import CityView
from dashboard.figures.drawing import GAP_INTERVALS
from dashboard.figures.several import MOST, Line, lines
from storage import grids
from storage.grids import Cell, Grid
from storage.model import Domain, Property
from storage.things import DatastreamRow, ThingRow

ROWS_SHOWN: Final = 500
"""In the table of the page; a CSV has all."""
AT_FIRST: Final = 6
"""So many Things are drawn unless others are chosen."""


def panel(about: Observed) -> Panel:
    return Panel(
        key=about.key,
        title=about.title,
        hint=about.hint,
        domain=about.domain,
        watches=frozenset(about.properties),
        choices=partial(_choices, about),
        draw=partial(_draw, about),
    )


def _choices(about: Observed, view: CityView, domain: Domain, shown: Language) -> list[Choice]:
    things = {t.id: t for key in about.properties for t, _ in streams_of(view, domain.key, key)}
    offered = [(thing.id, thing_name(thing, shown)) for thing in things.values()]
    first = [key for key, _ in offered[:AT_FIRST]]
    choices = property_choice(domain, about.properties, shown)
    if len(offered) > 1:
        choices.append(
            Choice(key="things", name=say("panel_things", shown), offered=offered, default=first, most=MOST)
        )
    return choices


def _draw(about: Observed, ask: Ask) -> Drawn:
    observed = property_of(ask, about)
    streams = streams_of(ask.view, about.domain, observed.key)
    chosen = ask.chosen.get("things")
    if chosen is not None:
        streams = [(thing, stream) for thing, stream in streams if thing.id in chosen]
    found = grids.grid(ask.conn, [stream for _, stream in streams], ask.range.start, ask.range.end)
    return drawn(streams, found, observed, ask.range, ask.shown)


def drawn(
    streams: Sequence[tuple[ThingRow, DatastreamRow]],
    found: Grid,
    observed: Property,
    span: Range,
    shown: Language,
) -> Drawn:
    things = {stream.id: thing for thing, stream in streams}
    usable = [cell for cell in found.cells if cell.count]
    by_stream: dict[int, list[Cell]] = {stream.id: [] for _, stream in streams}
    for cell in usable:
        by_stream[cell.datastream_id].append(cell)
    drawn_lines = [
        Line(
            name=thing_name(thing, shown),
            points=[(cell.at + found.width / 2, cell.mean) for cell in by_stream[stream.id]],
            gap=1.5 * found.width or GAP_INTERVALS * timedelta(seconds=interval_s(stream, thing)),
        )
        for thing, stream in streams
    ]
    domain = streams[0][0].domain if streams else ""
    return Drawn(
        figure=lines(drawn_lines, observed, span.start, span.end, language=shown),
        words=in_words(by_stream, things, found, observed, span, shown),
        empty=not usable,
        scale=list(bands_in_words(observed, shown)),
        table=table(things, usable, found, observed, shown),
        sheet=Sheet(
            plain=lambda: about_values.cell_rows(things, found.cells, observed, domain),
            excel=lambda: about_values.excel_rows(things, found.cells, observed),
        ),
    )


def in_words(
    by_stream: Mapping[int, Sequence[Cell]],
    things: Mapping[int, ThingRow],
    found: Grid,
    observed: Property,
    span: Range,
    shown: Language,
) -> str:
    """Which Thing has the highest and which the lowest value of all, and who sent nothing."""
    facts = {
        "name": observed.name.in_language(shown),
        "start": stamp(span.start),
        "end": stamp(span.end),
        "step": say(f"step_{found.step}", shown),
        "count": number(sum(len(cells) for cells in by_stream.values()), 0, shown),
        "things": len(things),
    }
    cells = [cell for of_one in by_stream.values() for cell in of_one]
    if not cells:
        return say("panel_lines_empty", shown).format(**facts)
    high, low = max(cells, key=lambda cell: cell.max), min(cells, key=lambda cell: cell.min)
    text = say("panel_lines_words", shown).format(
        **facts,
        highest=said(observed, high.max, shown),
        highest_at=f"{thing_name(things[high.datastream_id], shown)}, {when(high.at, found.width, shown)}",
        lowest=said(observed, low.min, shown),
        lowest_at=f"{thing_name(things[low.datastream_id], shown)}, {when(low.at, found.width, shown)}",
    )
    silent = [thing_name(things[key], shown) for key, of_one in by_stream.items() if not of_one]
    doubtful = sum(cell.suspect + cell.fail for cell in found.cells)
    if silent:
        text += " " + say("panel_silent", shown).format(names=", ".join(silent))
    if doubtful:
        text += " " + say("panel_doubtful", shown).format(count=number(doubtful, 0, shown))
    return text


def table(
    things: Mapping[int, ThingRow], cells: Sequence[Cell], found: Grid, observed: Property, shown: Language
) -> Table:
    newest = sorted(cells, key=lambda cell: cell.at, reverse=True)[:ROWS_SHOWN]
    buckets = found.step != "raw"
    heads = ["column_time", "panel_place", "column_mean" if buckets else "column_value"]
    heads += ["column_low", "column_high", "column_count"] if buckets else []
    rows = []
    for cell in newest:
        row = [when(cell.at, found.width, shown), thing_name(things[cell.datastream_id], shown)]
        row.append(said(observed, cell.mean, shown))
        if buckets:
            row += [said(observed, value, shown) for value in (cell.min, cell.max)]
            row.append(number(cell.count, 0, shown))
        rows.append(row)
    return Table(heads=[say(head, shown) for head in heads], rows=rows, numbers=list(range(2, len(heads))))
