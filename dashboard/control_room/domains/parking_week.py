"""Occupancy by hour of the week: a grid of seven days and 24 hours, as figure, words and table."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from dashboard.control_room import csv_text
from dashboard.control_room.alert_words import number, stamp
from dashboard.control_room.domains.model import Ask, Choice, Drawn, Panel, Sheet, Table
from dashboard.control_room.domains.observed import thing_name
from dashboard.control_room.domains.parking_street import points
from dashboard.control_room.language import Language
from dashboard.control_room.texts import TEXTS, say
from dashboard.data import CityView
from dashboard.figures.drawing import INK, LINE, MUTED, SURFACE, Figure, middle
from ingest.indicators.parking import TARGET_PERCENT
from storage import occupancy
from storage.model import Domain
from storage.occupancy import HourOfWeek
from storage.things import ThingRow

ALL: Final = "all"
STREET: Final = "street:"
DAYS: Final = range(1, 8)
HOURS: Final = range(24)
SCALE: Final = (
    (0.0, "#10233F"),
    (0.6, "#23568C"),
    (0.6, "#8FBCE6"),
    (0.85, "#CFE3F5"),
    (0.85, "#F2C14E"),
    (1.0, "#FFE9A8"),
)
"""Dark to light, so that it reads without hues, and every number reads on it; the steps are at the target band."""

Grid = dict[tuple[int, int], HourOfWeek]


def panel(key: str = "parking-week") -> Panel:
    return Panel(
        key=key,
        title=TEXTS["parking_week_title"],
        hint=TEXTS["parking_week_hint"],
        domain="parking",
        watches=frozenset({"parking_occupied", "parking_free"}),
        draw=draw,
        choices=choices,
    )


def choices(view: CityView, domain: Domain, shown: Language) -> Sequence[Choice]:
    """All points, those of a street, or one."""
    every = points(view, domain)
    streets = dict.fromkeys(str(one.properties["street"]) for one in every if one.properties.get("street"))
    offered = [(ALL, say("parking_all_points", shown)), *((f"{STREET}{one}", one) for one in streets)]
    offered += [(one.id, thing_name(one, shown)) for one in every]
    return [Choice(key="where", name=say("parking_where", shown), offered=offered, default=[ALL])]


def draw(ask: Ask) -> Drawn:
    chosen = _chosen(ask.one("where"), points(ask.view, ask.domain))
    occupied, free = (_ids(ask.view, chosen, key) for key in ("parking_occupied", "parking_free"))
    found = occupancy.by_hour_of_week(ask.conn, occupied, free, ask.range.start, ask.range.end)
    return drawn(found, ask.range.start, ask.range.end, ask.shown)


def drawn(found: Sequence[HourOfWeek], start: datetime, end: datetime, shown: Language) -> Drawn:
    return Drawn(
        words=in_words(found, start, end, shown),
        table=table(found, shown),
        sheet=Sheet(plain=lambda: list(_plain(found)), excel=lambda: list(_excel(found))),
        figure=figure(found, shown),
        over_time=False,
        empty=not found,
    )


def _chosen(where: str, every: Sequence[ThingRow]) -> list[ThingRow]:
    if where.startswith(STREET):
        return [one for one in every if one.properties.get("street") == where.removeprefix(STREET)]
    return [one for one in every if where in ("", ALL, one.id)]


def _ids(view: CityView, chosen: Sequence[ThingRow], key: str) -> list[int]:
    streams = (stream for one in chosen for stream in view.streams_of.get(one.id, ()))
    return [stream.id for stream in streams if stream.property == key]


def grid(found: Sequence[HourOfWeek]) -> Grid:
    return {(one.weekday, one.hour): one for one in found}


def figure(found: Sequence[HourOfWeek], shown: Language) -> Figure:
    """An hour that nothing is known of has no colour and no number."""
    known = grid(found)
    rows = [[known.get((day, hour)) for hour in HOURS] for day in DAYS]
    hours = [f"{hour:02d}" for hour in HOURS]
    empty = [middle(say("parking_week_empty", shown))] if not found else []
    axis = {"gridcolor": LINE, "linecolor": LINE, "zeroline": False, "showgrid": False, "type": "category"}
    return {
        "data": [
            {
                "type": "heatmap",
                "x": hours,
                "y": [say(f"weekday_{day - 1}", shown) for day in DAYS],
                "z": [[None if one is None else round(one.percent, 2) for one in row] for row in rows],
                "text": [
                    ["" if one is None else number(one.percent, 0, shown) for one in row] for row in rows
                ],
                "customdata": [[0 if one is None else one.hours for one in row] for row in rows],
                "texttemplate": "%{text}",
                "colorscale": [list(step) for step in SCALE],
                "zmin": 0,
                "zmax": 100,
                "xgap": 1,
                "ygap": 1,
                "hoverongaps": False,
                "hovertemplate": say("parking_week_hover", shown),
                "colorbar": {"ticksuffix": " %", "tickvals": [0, *TARGET_PERCENT, 100], "thickness": 12},
            }
        ],
        "layout": {
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "font": {"color": MUTED, "size": 13, "family": "system-ui, Roboto, Noto Sans, sans-serif"},
            "margin": {"l": 84, "r": 12, "t": 16, "b": 44},
            "hoverlabel": {"bgcolor": SURFACE, "font": {"color": INK}},
            "height": 340,
            "separators": ",." if shown == "vi" else ".,",
            "xaxis": {**axis, "range": [-0.5, 23.5], "title": {"text": say("parking_week_hour", shown)}},
            "yaxis": {**axis, "range": [6.5, -0.5], "tickfont": {"color": INK}},
            "annotations": empty,
            "shapes": [],
        },
    }


def in_words(found: Sequence[HourOfWeek], start: datetime, end: datetime, shown: Language) -> str:
    said = {"start": stamp(start), "end": stamp(end)}
    if not found:
        return say("parking_week_words_empty", shown).format(**said)
    known = sum(one.known for one in found)
    mean = 100 * sum(one.occupied or 0.0 for one in found) / known
    fullest = max(found, key=lambda one: one.percent)
    emptiest = min(found, key=lambda one: one.percent)
    over = [one for one in found if one.percent > TARGET_PERCENT[1]]
    return say("parking_week_words", shown).format(
        **said,
        mean=number(mean, 0, shown),
        fullest=_moment(fullest, shown),
        most=number(fullest.percent, 0, shown),
        emptiest=_moment(emptiest, shown),
        least=number(emptiest.percent, 0, shown),
        over=number(len(over), 0, shown),
        limit=number(TARGET_PERCENT[1], 0, shown),
        known=number(len(found), 0, shown),
    )


def table(found: Sequence[HourOfWeek], shown: Language) -> Table:
    """An hour a row, a day a column; a dash where nothing is known."""
    known = grid(found)
    rows = [[f"{hour:02d}:00", *(_percent(known.get((day, hour)), shown) for day in DAYS)] for hour in HOURS]
    heads = [say("parking_week_hour", shown), *(say(f"weekday_{day - 1}", shown) for day in DAYS)]
    return Table(heads=heads, rows=rows, numbers=range(1, 8))


def _percent(one: HourOfWeek | None, shown: Language) -> str:
    return "–" if one is None else f"{number(one.percent, 0, shown)} %"


def _plain(found: Sequence[HourOfWeek]) -> Iterator[Sequence[csv_text.Cell]]:
    yield ("weekday", "hour", "occupancy_percent", "hours", "provenance")
    for one in found:
        yield (one.weekday, one.hour, round(one.percent, 2), one.hours, one.provenance)


def _excel(found: Sequence[HourOfWeek]) -> Iterator[Sequence[csv_text.Cell]]:
    yield ("Thứ", "Giờ", "Tỷ lệ lấp đầy (%)", "Số giờ có số liệu")
    for one in found:
        yield (say(f"weekday_{one.weekday - 1}", "vi"), one.hour, round(one.percent, 2), one.hours)


def _moment(one: HourOfWeek, shown: Language) -> str:
    return f"{say(f'weekday_{one.weekday - 1}', shown)} {one.hour:02d}:00"
