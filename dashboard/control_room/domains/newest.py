"""Things against properties as they are now: a square each with number, word and colour; what is old says so."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from textwrap import wrap
from typing import Final

from dashboard.control_room import alert_words, csv_text
from dashboard.control_room.alert_words import stamp, word
from dashboard.control_room.csv_text import Cell
from dashboard.control_room.domains.model import Ask, Drawn, Panel, Sheet, Table
from dashboard.control_room.domains.observed import (
    Observed,
    bands_in_words,
    is_old,
    rounded,
    said,
    scale,
    thing_name,
)
from dashboard.control_room.language import Language
from dashboard.control_room.texts import say
from dashboard.control_room.thing_view import interval_s
from dashboard.figures import matrix
from dashboard.figures.matrix import Square
from storage.model import Property, Quality
from storage.observations import LiveValue
from storage.things import ThingRow

HEAD_WIDTH: Final = 13
"""Letters of a line above a column."""
PLAIN: Final = "#2B4468"
"""Of a value without a scale."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Now:
    """One value as it is now."""

    thing: ThingRow
    observed: Property
    value: LiveValue
    old: bool

    @property
    def doubtful(self) -> bool:
        return self.value.quality >= Quality.SUSPECT


def panel(about: Observed) -> Panel:
    return Panel(
        key=about.key,
        title=about.title,
        hint=about.hint,
        domain=about.domain,
        watches=frozenset(about.properties),
        draw=partial(_draw, about),
    )


def _draw(about: Observed, ask: Ask) -> Drawn:
    return drawn(found(about, ask), [ask.domain.properties[key] for key in about.properties], ask.shown)


def found(about: Observed, ask: Ask) -> list[Now]:
    """Every value that there is, by Thing."""
    made = []
    for thing in ask.view.things_of.get(about.domain, ()):
        values = ask.view.values_of(thing.id)
        for stream in ask.view.streams_of.get(thing.id, ()):
            if stream.property not in about.properties or stream.property not in values:
                continue
            value = values[stream.property]
            old = is_old(value.phenomenon_time, interval_s(stream, thing), ask.now)
            observed = ask.domain.properties[stream.property]
            made.append(Now(thing=thing, observed=observed, value=value, old=old))
    return made


def drawn(values: Sequence[Now], properties: Sequence[Property], shown: Language) -> Drawn:
    """Columns in the order of the properties, without those that nobody has."""
    columns = [one for one in properties if any(now.observed.key == one.key for now in values)]
    things = list({now.thing.id: now.thing for now in values}.values())
    by_place = {(now.thing.id, now.observed.key): now for now in values}
    colors = _colors(columns)
    squares = [
        [_square(by_place.get((thing.id, column.key)), colors, shown) for column in columns]
        for thing in things
    ]
    figure = matrix.of_classes(
        [thing_name(thing, shown) for thing in things],
        [_head(column, shown) for column in columns],
        squares,
        colors,
    )
    scales = [item for column in columns for item in bands_in_words(column, shown)]
    legend = {item["text"]: item for item in scales}
    return Drawn(
        figure=figure if values else None,
        words=in_words(values, shown),
        over_time=False,
        empty=not values,
        scale=[*legend.values(), {"text": say("panel_old", shown), "color": matrix.OLD}],
        table=table(values, shown),
        sheet=Sheet(plain=lambda: _plain(values), excel=lambda: _excel(values)),
    )


def in_words(values: Sequence[Now], shown: Language) -> str:
    """How many are fresh, and when the newest one was read."""
    if not values:
        return say("panel_newest_empty", shown)
    newest: datetime = max(now.value.phenomenon_time for now in values)
    fresh, old = sum(not now.old for now in values), sum(now.old for now in values)
    doubtful = sum(now.doubtful and not now.old for now in values)
    text = say("panel_newest_words", shown).format(
        fresh=fresh, count=len(values), newest=stamp(newest), old=old
    )
    return text + (" " + say("panel_newest_doubt", shown).format(count=doubtful) if doubtful else "")


def table(values: Sequence[Now], shown: Language) -> Table:
    heads = ["panel_place", "property", "column_value", "column_time", "series_quality", "series_provenance"]
    rows = [
        [
            thing_name(now.thing, shown),
            now.observed.name.in_language(shown),
            said(now.observed, now.value.result, shown),
            stamp(now.value.phenomenon_time) + (f" · {say('panel_old', shown)}" if now.old else ""),
            word("quality", str(now.value.quality), shown),
            word("provenance", now.value.input_provenance or now.value.provenance, shown),
        ]
        for now in values
    ]
    return Table(heads=[say(head, shown) for head in heads], rows=rows, numbers=[2])


def _head(observed: Property, shown: Language) -> str:
    """Name and unit in short lines: columns are narrow."""
    lines = wrap(observed.name.in_language(shown), HEAD_WIDTH, break_long_words=False)
    return "<br>".join(line for line in (*lines, scale(observed, shown).unit) if line)


def _colors(columns: Sequence[Property]) -> list[str]:
    """Those of every band, that of values without one, and that of old ones, which is the last."""
    banded = dict.fromkeys(band.color for column in columns for band in column.bands)
    return [*banded, PLAIN, matrix.OLD]


def _square(now: Now | None, colors: Sequence[str], shown: Language) -> Square | None:
    if now is None:
        return None
    observed, result = now.observed, now.value.result
    band = observed.band(rounded(observed, result))
    number = alert_words.number(rounded(observed, result), observed.decimals, shown)
    label = band.label.in_language(shown) if band else ""
    if observed.boolean and band:
        number, label = label, ""
    if now.old:
        label, color = f"{say('panel_old', shown)}: {stamp(now.value.phenomenon_time)}", matrix.OLD
    elif now.doubtful:
        label, color = word("quality", str(now.value.quality), shown), matrix.OLD
    else:
        color = band.color if band else PLAIN
    text = f"{number}<br>{label}" if label else number
    return Square(at=colors.index(color), text=text, short=number)


def _plain(values: Sequence[Now]) -> list[Sequence[Cell]]:
    head = (
        "thing",
        "domain",
        "property",
        "unit",
        "time",
        "result",
        "quality",
        "quality_reason",
        "provenance",
    )
    rows = [
        (
            *(now.thing.id, now.thing.domain, now.observed.key, now.observed.unit),
            *(csv_text.iso(now.value.phenomenon_time), now.value.result, now.value.quality),
            *(now.value.quality_reason, now.value.input_provenance or now.value.provenance),
        )
        for now in values
    ]
    return [head, *rows]


def _excel(values: Sequence[Now]) -> list[Sequence[Cell]]:
    rows: list[Sequence[Cell]] = [
        ["Điểm đo", "Đại lượng", "Giá trị", "Đơn vị", "Mức", "Thời điểm", "Chất lượng", "Nguồn gốc"]
    ]
    for now in values:
        band = now.observed.band(rounded(now.observed, now.value.result))
        rows.append(
            [
                *(now.thing.name_vi, now.observed.name.vi, now.value.result, scale(now.observed, "vi").unit),
                *(band.label.vi if band else "", csv_text.local(now.value.phenomenon_time)),
                word("quality", str(now.value.quality), "vi"),
                word("provenance", now.value.input_provenance or now.value.provenance, "vi"),
            ]
        )
    return rows
