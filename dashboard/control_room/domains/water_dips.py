"""The lowest dissolved oxygen of each day and the hour of it, at each sonde: lakes are lowest before sunrise."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from dashboard.control_room import csv_text
from dashboard.control_room.alert_words import number
from dashboard.control_room.csv_text import Cell
from dashboard.control_room.domains.calendar import SHORTEST_DAYS, midnight
from dashboard.control_room.domains.model import Ask, Drawn, Panel, Sheet, Table
from dashboard.control_room.domains.observed import bands_in_words, said, streams_of, thing_name
from dashboard.control_room.language import Language
from dashboard.control_room.texts import say
from dashboard.figures.several import Line, lines
from storage import grids
from storage.grids import Lowest
from storage.model import HANOI, Property, Text
from storage.things import ThingRow

OXYGEN: Final = "dissolved_oxygen"
LIMITS: Final = (4.0, 2.0, 1.0)
"""mg/L: 4 is class B1 of QCVN 08-MT:2015, 2 and 1 are our suggestion (the bands of the catalogue)."""
DAWN: Final = range(3, 8)
"""Hours of Hanoi in which a dip is the usual one: lowest at 4 to 6 h in shallow lakes of Hanoi (IWA WQRJ 55/1/67)."""
DAY: Final = timedelta(days=1)
HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Dip:
    thing: ThingRow
    day: date
    hour: datetime
    """When the hour begins."""
    lowest: float
    hours_below: Sequence[int]

    @property
    def at_dawn(self) -> bool:
        return self.hour.astimezone(HANOI).hour in DAWN


def draw(ask: Ask) -> Drawn:
    """Of the days of the range, but a month of them at least."""
    streams = streams_of(ask.view, ask.domain.key, OXYGEN)
    last = (min(ask.range.end, ask.now) - timedelta(microseconds=1)).astimezone(HANOI).date()
    days = max(SHORTEST_DAYS, -(-ask.range.length // DAY))
    start, end = midnight(last - (days - 1) * DAY), midnight(last) + DAY
    found = grids.lowest_of_days(ask.conn, [stream for _, stream in streams], LIMITS, start, end)
    things = {stream.id: thing for thing, stream in streams}
    oxygen = ask.domain.properties[OXYGEN]
    return drawn([thing for thing, _ in streams], dips(found, things), oxygen, start, end, ask.shown)


def dips(found: Sequence[Lowest], things: Mapping[int, ThingRow]) -> list[Dip]:
    return [
        Dip(
            thing=things[one.datastream_id],
            day=one.day.astimezone(HANOI).date(),
            hour=one.hour,
            lowest=one.lowest,
            hours_below=one.hours_below,
        )
        for one in found
    ]


def drawn(
    things: Sequence[ThingRow],
    found: Sequence[Dip],
    oxygen: Property,
    start: datetime,
    end: datetime,
    shown: Language,
) -> Drawn:
    made = [
        Line(
            name=thing_name(thing, shown),
            points=[(dip.hour + HOUR / 2, dip.lowest) for dip in found if dip.thing.id == thing.id],
            gap=2 * DAY,
        )
        for thing in things
    ]
    return Drawn(
        figure=lines(made, oxygen, start, end, language=shown),
        over_time=False,
        words=in_words(found, oxygen, start, end, shown),
        empty=not found,
        scale=list(bands_in_words(oxygen, shown)),
        table=_table(found, oxygen, shown),
        sheet=Sheet(plain=lambda: _plain(found), excel=lambda: _excel(found)),
    )


def in_words(found: Sequence[Dip], oxygen: Property, start: datetime, end: datetime, shown: Language) -> str:
    span = {
        "start": f"{start.astimezone(HANOI):%d/%m/%Y}",
        "end": f"{(end - DAY).astimezone(HANOI):%d/%m/%Y}",
    }
    if not found:
        return say("water_dips_none", shown).format(**span)
    lowest = min(found, key=lambda dip: dip.lowest)
    below = [sum(dip.lowest < limit for dip in found) for limit in LIMITS]
    return say("water_dips_words", shown).format(
        **span,
        count=number(len(found), 0, shown),
        lowest=said(oxygen, lowest.lowest, shown),
        place=thing_name(lowest.thing, shown),
        at=_hour(lowest),
        below_4=below[0],
        below_2=below[1],
        below_1=below[2],
        dawn=number(100 * sum(dip.at_dawn for dip in found) / len(found), 0, shown),
    )


def _hour(dip: Dip) -> str:
    begins = dip.hour.astimezone(HANOI)
    return f"{begins:%d/%m/%Y %H:%M}–{begins + HOUR:%H:%M}"


def _table(found: Sequence[Dip], oxygen: Property, shown: Language) -> Table:
    heads = (
        "column_day",
        "panel_place",
        "column_low",
        "water_hour",
        "water_below_4",
        "water_below_2",
        "water_below_1",
    )
    newest = sorted(found, key=lambda dip: (-dip.day.toordinal(), dip.thing.id))
    rows = [
        [
            f"{dip.day:%d/%m/%Y}",
            thing_name(dip.thing, shown),
            said(oxygen, dip.lowest, shown),
            _hour(dip).split(" ")[1],
            *(number(hours, 0, shown) for hours in dip.hours_below),
        ]
        for dip in newest
    ]
    return Table(heads=[say(head, shown) for head in heads], rows=rows, numbers=[2, 4, 5, 6])


def _plain(found: Sequence[Dip]) -> list[Sequence[Cell]]:
    head = ("thing", "day", "lowest_mg_l", "hour", "hours_below_4", "hours_below_2", "hours_below_1")
    rows: list[Sequence[Cell]] = [
        (dip.thing.id, dip.day.isoformat(), dip.lowest, csv_text.iso(dip.hour), *dip.hours_below)
        for dip in found
    ]
    return [head, *rows]


def _excel(found: Sequence[Dip]) -> list[Sequence[Cell]]:
    heads = ["Ngày", "Trạm", "Ôxy hòa tan thấp nhất (mg/L)", "Giờ bắt đầu"]
    rows: list[Sequence[Cell]] = [[*heads, "Số giờ dưới 4", "Số giờ dưới 2", "Số giờ dưới 1"]]
    for dip in found:
        hour = f"{dip.hour.astimezone(HANOI):%H:%M}"
        rows.append([f"{dip.day:%d/%m/%Y}", dip.thing.name_vi, dip.lowest, hour, *dip.hours_below])
    return rows


PANEL: Final = Panel(
    key="dips",
    title=Text(vi="Ôxy thấp nhất mỗi ngày", en="Lowest oxygen of each day"),
    hint=Text(
        vi="Hồ nông thường thấp nhất từ 4 đến 6 giờ sáng, đó là bình thường; thấp vào giờ khác hoặc thấp dần từng "
        "ngày thì không. "
        "4 mg/L: cột B1 của QCVN 08-MT:2015; 2 và 1 mg/L là đề xuất của chúng tôi.",
        en="A shallow lake is lowest at 4 to 6 in the morning, which is usual; at another hour, or lower from day to "
        "day, it is not. "
        "4 mg/L: class B1 of QCVN 08-MT:2015; 2 and 1 mg/L are our suggestion.",
    ),
    domain="water_quality",
    watches=frozenset({OXYGEN}),
    draw=draw,
)
