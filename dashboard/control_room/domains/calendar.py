"""Days of a property: every Thing over the last weeks, or one Thing over a year by weeks and weekdays."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Final

from dashboard.control_room import csv_text
from dashboard.control_room.alert_words import number
from dashboard.control_room.csv_text import Cell
from dashboard.control_room.domains.model import Ask, Choice, Drawn, Panel, Sheet, Table
from dashboard.control_room.domains.observed import (
    Observed,
    Statistic,
    bands_in_words,
    labelled_after,
    property_choice,
    property_of,
    rounded,
    said,
    scale,
    streams_of,
    thing_name,
)
from dashboard.control_room.language import Language
from dashboard.control_room.texts import say
from dashboard.data import CityView
from dashboard.figures import matrix
from dashboard.figures.drawing import Figure
from dashboard.figures.matrix import Square
from storage import grids
from storage.model import HANOI, Domain, Property
from storage.things import ThingRow
from storage.units import symbol

DAY: Final = timedelta(days=1)
SHORTEST_DAYS: Final = 30
LONGEST_DAYS: Final = 366
EVERY: Final = "all"
_WEEK: Final = 7


@dataclass(frozen=True, kw_only=True, slots=True)
class DayValue:
    thing: ThingRow
    day: date
    """Hanoi's."""
    value: float


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
    offered = [(EVERY, say("panel_every_place", shown))]
    offered += [(thing.id, thing_name(thing, shown)) for thing in things.values()]
    which = Choice(key="place", name=say("panel_place", shown), offered=offered, default=[EVERY])
    return [*property_choice(domain, about.properties, shown), which]


def _draw(about: Observed, ask: Ask) -> Drawn:
    observed = property_of(ask, about)
    place = ask.one("place")
    first, last = days_of(ask, year=place != EVERY)
    streams = streams_of(ask.view, about.domain, observed.key)
    chosen = [(thing, stream) for thing, stream in streams if place in (EVERY, thing.id)]
    shift = labelled_after(observed)
    start, end = midnight(first) + shift, midnight(last) + DAY + shift
    found = grids.grid(ask.conn, [stream for _, stream in chosen], start, end, step="1d")
    things = {stream.id: thing for thing, stream in chosen}
    values = [
        DayValue(
            thing=things[cell.datastream_id],
            day=(cell.at - shift).astimezone(HANOI).date(),
            value={"mean": cell.mean, "min": cell.min, "max": cell.max}[about.statistic] or 0.0,
        )
        for cell in found.cells
        if cell.mean is not None
    ]
    listed = [thing for thing, _ in chosen]
    return drawn(listed, values, observed, first, last, about.statistic, ask.shown, year=place != EVERY)


def days_of(ask: Ask, *, year: bool) -> tuple[date, date]:
    """First and last day: the range, but a month at least, and a year of one place. It ends with a day that began."""
    last = (min(ask.range.end, ask.now) - timedelta(microseconds=1)).astimezone(HANOI).date()
    days = LONGEST_DAYS - 1 if year else min(LONGEST_DAYS, max(SHORTEST_DAYS, -(-ask.range.length // DAY)))
    return last - (days - 1) * DAY, last


def midnight(day: date) -> datetime:
    return datetime.combine(day, time(), HANOI)


def drawn(
    things: Sequence[ThingRow],
    values: Sequence[DayValue],
    observed: Property,
    first: date,
    last: date,
    statistic: Statistic,
    shown: Language,
    *,
    year: bool,
) -> Drawn:
    found = {(one.thing.id, one.day): one.value for one in values}
    days = [first + n * DAY for n in range((last - first).days + 1)]
    figure = None
    if things and year:
        figure = _weeks(things[0], found, days, observed, shown)
    elif things:
        figure = _days(things, found, days, observed, shown)
    return Drawn(
        figure=figure,
        over_time=False,
        words=in_words(values, observed, first, last, shown),
        empty=not values,
        scale=list(bands_in_words(observed, shown)),
        table=_table(values, observed, shown),
        sheet=Sheet(
            plain=lambda: _plain(values, observed, statistic), excel=lambda: _excel(values, observed)
        ),
    )


def in_words(values: Sequence[DayValue], observed: Property, first: date, last: date, shown: Language) -> str:
    """The worst day, and how many days there are of each band."""
    span = {"start": f"{first:%d/%m/%Y}", "end": f"{last:%d/%m/%Y}", "name": observed.name.in_language(shown)}
    if not values:
        return say("panel_calendar_empty", shown).format(**span)
    worst = max(values, key=lambda one: one.value)
    text = say("panel_calendar_words", shown).format(
        **span,
        count=number(len(values), 0, shown),
        highest=said(observed, worst.value, shown),
        place=thing_name(worst.thing, shown),
        day=f"{worst.day:%d/%m/%Y}",
    )
    bands = [observed.band(rounded(observed, one.value)) for one in values]
    counts = [
        f"{band.label.in_language(shown)} {number(bands.count(band), 0, shown)}"
        for band in observed.bands
        if band in bands
    ]
    return f"{text} {say('panel_calendar_days', shown)} {'; '.join(counts)}." if counts else text


def _days(
    things: Sequence[ThingRow],
    found: dict[tuple[str, date], float],
    days: Sequence[date],
    observed: Property,
    shown: Language,
) -> Figure:
    squares = [
        [_square(found.get((thing.id, day)), observed, day, shown) for day in days] for thing in things
    ]
    names = [thing_name(thing, shown) for thing in things]
    starts = [midnight(day) for day in days]
    figure = matrix.over_time(names, starts, DAY, squares, _colored(found, observed, shown), language=shown)
    figure["layout"]["xaxis"]["fixedrange"] = True
    return figure


def _weeks(
    thing: ThingRow,
    found: dict[tuple[str, date], float],
    days: Sequence[date],
    observed: Property,
    shown: Language,
) -> Figure:
    """A column a week, from Monday at the top to Sunday."""
    monday = days[0] - timedelta(days=days[0].weekday())
    weeks = [monday + n * _WEEK * DAY for n in range((days[-1] - monday).days // _WEEK + 1)]
    inside = set(days)
    squares = [
        [
            _square(found.get((thing.id, day)), observed, day, shown) if day in inside else None
            for day in (week + n * DAY for week in weeks)
        ]
        for n in range(_WEEK)
    ]
    names = [say(f"weekday_{n}", shown) for n in range(_WEEK)]
    starts = [midnight(week) for week in weeks]
    figure = matrix.over_time(
        names, starts, _WEEK * DAY, squares, _colored(found, observed, shown), language=shown
    )
    trace = figure["data"][0]
    trace["customdata"] = [
        [f"{week + n * DAY:%d/%m/%Y}" for week in weeks] for n in range(_WEEK)
    ]  # of the day, not the week
    figure["layout"]["xaxis"] |= {"fixedrange": True, "tickformat": "%m/%Y", "dtick": "M1"}
    return figure


def _colored(
    found: dict[tuple[str, date], float], observed: Property, shown: Language
) -> Sequence[str] | matrix.Scale:
    if observed.bands:
        return [band.color for band in observed.bands]
    values = found.values()
    return matrix.Scale(
        low=min(values, default=0.0), high=max(values, default=1.0), unit=scale(observed, shown).unit
    )


def _square(value: float | None, observed: Property, day: date, shown: Language) -> Square | None:
    if value is None:
        return None
    number_shown = rounded(observed, value)
    band = observed.band(number_shown)
    return Square(
        at=float(observed.bands.index(band)) if band else number_shown,
        text=said(observed, value, shown).replace(" (", "<br>(", 1),
        short=number(number_shown, observed.decimals, shown),
    )


def _table(values: Sequence[DayValue], observed: Property, shown: Language) -> Table:
    newest = sorted(values, key=lambda one: (-one.day.toordinal(), one.thing.id))
    rows = [
        [f"{one.day:%d/%m/%Y}", thing_name(one.thing, shown), said(observed, one.value, shown)]
        for one in newest
    ]
    heads = ["column_day", "panel_place", "column_value"]
    return Table(heads=[say(head, shown) for head in heads], rows=rows, numbers=[2])


def _plain(values: Sequence[DayValue], observed: Property, statistic: Statistic) -> list[Sequence[Cell]]:
    head = ("thing", "domain", "property", "unit", "day", "result")
    rows = [
        (one.thing.id, one.thing.domain, observed.key, observed.unit, one.day.isoformat(), one.value)
        for one in values
    ]
    return [head, *rows]


def _excel(values: Sequence[DayValue], observed: Property) -> list[Sequence[csv_text.Cell]]:
    unit = symbol(observed.unit)
    rows: list[Sequence[csv_text.Cell]] = [
        ["Ngày", "Điểm đo", f"{observed.name.vi} ({unit})" if unit else observed.name.vi, "Mức"]
    ]
    for one in values:
        band = observed.band(rounded(observed, one.value))
        label = band.label.vi if band else ""
        rows.append([f"{one.day:%d/%m/%Y}", one.thing.name_vi, one.value, label])
    return rows
