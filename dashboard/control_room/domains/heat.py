"""Things over time: a row each, a square for each part of the range, coloured by the bands or height of its value."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from dashboard.control_room.alert_words import number, stamp
from dashboard.control_room.domains import observed as about_values
from dashboard.control_room.domains.model import Ask, Choice, Drawn, Panel, Sheet, Table
from dashboard.control_room.domains.observed import (
    Observed,
    Statistic,
    as_begun,
    bands_in_words,
    labelled_after,
    property_choice,
    property_of,
    rounded,
    said,
    scale,
    streams_of,
    thing_name,
    when,
)
from dashboard.control_room.language import Language
from dashboard.control_room.texts import say
from dashboard.control_room.time_range import Range
from dashboard.data import CityView
from dashboard.figures import matrix
from dashboard.figures.matrix import Square
from storage import grids
from storage.grids import Cell, Step
from storage.model import HANOI, Domain, Property
from storage.things import DatastreamRow, ThingRow

MOST_COLUMNS: Final = 200
ROWS_SHOWN: Final = 500
_MINUTE: Final = timedelta(minutes=1)
_DAY: Final = timedelta(days=1)
_WIDTHS: Final[Sequence[tuple[timedelta, Step]]] = (
    (10 * _MINUTE, "raw"),
    (30 * _MINUTE, "raw"),
    (60 * _MINUTE, "1h"),
    (180 * _MINUTE, "1h"),
    (_DAY, "1d"),
)
"""Of a square, and what it is made of."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Spot:
    """What fell into one square."""

    value: float
    count: int


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
    return property_choice(domain, about.properties, shown)


def _draw(about: Observed, ask: Ask) -> Drawn:
    observed = property_of(ask, about)
    streams = streams_of(ask.view, about.domain, observed.key)
    width, step = width_of(ask.range, observed.interval_s)
    after = labelled_after(observed)
    rows = [stream for _, stream in streams]
    start, end = floor(ask.range.start, width) + after, ask.range.end + after
    found = grids.grid(ask.conn, rows, start, end, step=step)
    if found.width > width:  # too many raw values: the squares are as wide as what there is instead
        width = found.width
        start = floor(ask.range.start, width) + after
        found = grids.grid(ask.conn, rows, start, end, step=found.step)
    return drawn(streams, as_begun(found.cells, observed), observed, ask.range, width, about, ask.shown)


def width_of(span: Range, interval_s: int) -> tuple[timedelta, Step]:
    """The narrowest square that holds a report and leaves not too many of them."""
    for width, step in _WIDTHS:
        if width >= timedelta(seconds=interval_s) and span.length / width <= MOST_COLUMNS:
            return width, step
    return _WIDTHS[-1]


def floor(time: datetime, width: timedelta) -> datetime:
    """Back to where a square begins; a day is Hanoi's."""
    midnight = time.astimezone(HANOI).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + ((time - midnight) // width) * width


def drawn(
    streams: Sequence[tuple[ThingRow, DatastreamRow]],
    cells: Sequence[Cell],
    observed: Property,
    span: Range,
    width: timedelta,
    about: Observed,
    shown: Language,
) -> Drawn:
    statistic = about.statistic
    starts = columns(span, width)
    spots = gathered(cells, width, statistic)
    names = [thing_name(thing, shown) for thing, _ in streams]
    by_band = bool(observed.bands) and about.colors == "bands"
    squares = [
        [_square(spots.get((stream.id, start)), observed, shown, by_band=by_band) for start in starts]
        for _, stream in streams
    ]
    values = [spot.value for spot in spots.values()]
    colored: Sequence[str] | matrix.Scale = [band.color for band in observed.bands]
    if not by_band:
        low, high = min(values, default=0.0), max(values, default=1.0)
        colored = matrix.Scale(low=low, high=high, unit=scale(observed, shown).unit)
    things = {stream.id: thing for thing, stream in streams}
    domain = streams[0][0].domain if streams else ""
    return Drawn(
        figure=matrix.over_time(names, starts, width, squares, colored, language=shown) if spots else None,
        words=in_words(spots, things, observed, span, width, statistic, shown),
        empty=not spots,
        scale=[
            {**item, "color": item["color"] if by_band else None} for item in bands_in_words(observed, shown)
        ],
        table=_table(spots, things, observed, width, statistic, shown),
        sheet=Sheet(
            plain=lambda: about_values.cell_rows(things, cells, observed, domain),
            excel=lambda: about_values.excel_rows(things, cells, observed),
        ),
    )


def columns(span: Range, width: timedelta) -> list[datetime]:
    """Where squares begin."""
    first = floor(span.start, width)
    count = -(-(span.end - first) // width)
    return [first + n * width for n in range(count)]


def gathered(
    cells: Iterable[Cell], width: timedelta, statistic: Statistic
) -> dict[tuple[int, datetime], Spot]:
    """By Datastream and start of the square; only usable values. A mean counts each bucket by its values."""
    into: defaultdict[tuple[int, datetime], list[Cell]] = defaultdict(list)
    for cell in cells:
        if cell.count and cell.mean is not None:
            into[cell.datastream_id, floor(cell.at, width)].append(cell)
    return {key: _spot(found, statistic) for key, found in into.items()}


def _spot(found: Sequence[Cell], statistic: Statistic) -> Spot:
    count = sum(cell.count for cell in found)
    if statistic == "min":
        return Spot(value=min(cell.min for cell in found), count=count)
    if statistic == "max":
        return Spot(value=max(cell.max for cell in found), count=count)
    total = sum(cell.mean * cell.count for cell in found if cell.mean is not None)
    return Spot(value=total / count, count=count)


def in_words(
    spots: Mapping[tuple[int, datetime], Spot],
    things: Mapping[int, ThingRow],
    observed: Property,
    span: Range,
    width: timedelta,
    statistic: Statistic,
    shown: Language,
) -> str:
    facts = {
        "name": observed.name.in_language(shown),
        "start": stamp(span.start),
        "end": stamp(span.end),
        "width": say(f"panel_width_{width // _MINUTE}", shown),
        "statistic": say(f"panel_statistic_{statistic}", shown),
    }
    if not spots:
        return say("panel_heat_empty", shown).format(**facts)
    (high_of, high_at), high = max(spots.items(), key=lambda item: item[1].value)
    (low_of, low_at), low = min(spots.items(), key=lambda item: item[1].value)
    text = say("panel_heat_words", shown).format(
        **facts,
        highest=said(observed, high.value, shown),
        highest_at=f"{thing_name(things[high_of], shown)}, {when(high_at, width, shown)}",
        lowest=said(observed, low.value, shown),
        lowest_at=f"{thing_name(things[low_of], shown)}, {when(low_at, width, shown)}",
    )
    sent = {stream for stream, _ in spots}
    silent = [thing_name(thing, shown) for key, thing in things.items() if key not in sent]
    return text + (" " + say("panel_silent", shown).format(names=", ".join(silent)) if silent else "")


def _square(spot: Spot | None, observed: Property, shown: Language, *, by_band: bool) -> Square | None:
    if spot is None:
        return None
    value = rounded(observed, spot.value)
    band = observed.band(value)
    short = number(value, observed.decimals, shown)
    at = float(observed.bands.index(band)) if band and by_band else value
    return Square(at=at, text=said(observed, spot.value, shown).replace(" (", "<br>(", 1), short=short)


def _table(
    spots: Mapping[tuple[int, datetime], Spot],
    things: Mapping[int, ThingRow],
    observed: Property,
    width: timedelta,
    statistic: Statistic,
    shown: Language,
) -> Table:
    newest = sorted(spots.items(), key=lambda item: (item[0][1], -item[0][0]), reverse=True)[:ROWS_SHOWN]
    rows = [
        [
            when(at, width, shown),
            thing_name(things[stream], shown),
            said(observed, spot.value, shown),
            number(spot.count, 0, shown),
        ]
        for (stream, at), spot in newest
    ]
    heads = ["column_from", "panel_place", f"panel_column_{statistic}", "column_count"]
    return Table(heads=[say(head, shown) for head in heads], rows=rows, numbers=[2, 3])
