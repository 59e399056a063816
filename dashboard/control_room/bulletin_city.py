"""Water, rain, flooding, parking and completeness in a bulletin. Pure."""

from collections.abc import Sequence
from typing import Final

from dashboard.control_room import bulletin_rows as of
from dashboard.control_room.alert_words import number
from dashboard.control_room.bulletin_rows import BulletinRows
from dashboard.control_room.language import Language
from dashboard.control_room.report_document import Block, Cell, Column, Drawing, Table, Words
from dashboard.control_room.texts import say
from dashboard.data import CityView
from dashboard.figures import bars
from dashboard.figures.bars import Bar
from storage.bulletins import Above, DayValue
from storage.things import ThingRow

LEVEL_MINUTES: Final = 10
"""Of a report of flood_level (storage/catalog/flood.toml)."""
WET: Final = 0.05
"""Millimetres of a day from which it rained: the lowest class above 'no rain'."""
FLOODED: Final = 5.0
"""Centimetres from which a point is flooded: the lowest class above 'not flooded' [S]."""
_WATER: Final = (
    ("dissolved_oxygen", "do", 2),
    ("water_temperature", "temperature", 1),
    ("ph", "ph", 2),
    ("turbidity", "turbidity", 1),
    ("ammonium", "ammonium", 2),
    ("chlorophyll_a", "chlorophyll", 1),
    ("vn_wqi", "wqi", 0),
    ("wqi_indicative", "wqi_indicative", 0),
)
_PARKED: Final = (
    ("parking_turnover", "turnover", 1),
    ("parking_dwell_mean", "dwell", 0),
    ("parking_availability", "availability", 0),
)


def water(rows: BulletinRows, view: CityView, shown: Language) -> list[Block]:
    wanted = of.ROLLED["water_quality"]
    stations = of.things(view, "water_quality", wanted)
    stations = [one for one in stations if any((one.id, key) in rows.rolled for key in wanted)]
    if not stations:
        return _nothing(shown)
    shown_ones = [one for one in _WATER if any((station.id, one[0]) in rows.rolled for station in stations)]
    columns = [Column(key="station", name=say("bulletin_station", shown))]
    for key, text, decimals in shown_ones:
        columns.append(Column(key=f"{key}_mean", name=say(f"bulletin_{text}", shown), decimals=decimals))
        if key == "dissolved_oxygen":
            columns.append(Column(key=f"{key}_min", name=say("bulletin_do_min", shown), decimals=2))
    columns.append(Column(key="provenance", name=say("report_provenance", shown)))
    table = []
    for station in stations:
        cells: list[Cell] = [of.name(station, shown)]
        for key, _, _ in shown_ones:
            cells.append(rows.mean(station.id, key))
            if key == "dissolved_oxygen":
                cells.append(rows.lowest(station.id, key))
        table.append([*cells, rows.source(station.id, wanted, shown)])
    return [
        *_lowest_oxygen(rows, view, stations, shown),
        _table("water", columns, table, shown),
    ]


def _lowest_oxygen(
    rows: BulletinRows, view: CityView, stations: Sequence[ThingRow], shown: Language
) -> list[Block]:
    found = [(rows.lowest(one.id, "dissolved_oxygen"), one) for one in stations]
    known = [(value, one) for value, one in found if value is not None]
    if not known:
        return []
    value, station = min(known, key=lambda one: one[0])
    scale = of.observed(view, "water_quality", "dissolved_oxygen")
    said = say("bulletin_water_said", shown).format(
        station=of.name(station, shown),
        value=number(value, 2, shown),
        class_name=of.class_name(scale, value, shown),
    )
    return [Words(text=said)]


def rain(rows: BulletinRows, view: CityView, shown: Language) -> list[Block]:
    gauges = of.things(view, "rain", ["rain_24h"])
    found = [(gauge, rows.ends.get((gauge.id, "rain_24h"), ())) for gauge in gauges]
    known = [(gauge, days) for gauge, days in found if days]
    if not known:
        return _nothing(shown)
    scale = of.observed(view, "rain", "rain_24h")
    month = rows.kind == "month"
    columns = [Column(key="gauge", name=say("bulletin_gauge", shown))]
    if month:
        columns += [
            Column(key="total_mm", name=say("bulletin_rain_month", shown), decimals=1),
            Column(key="days_with_rain", name=say("bulletin_rain_days", shown), decimals=0),
            Column(key="largest_day_mm", name=say("bulletin_rain_largest", shown), decimals=1),
        ]
    else:
        columns.append(Column(key="rain_24h_mm", name=say("bulletin_rain_day", shown), decimals=1))
    columns += [
        Column(key="class", name=say("bulletin_class", shown)),
        Column(key="largest_hour_mm", name=say("bulletin_rain_hour", shown), decimals=1),
        Column(key="provenance", name=say("report_provenance", shown)),
    ]
    table: list[list[Cell]] = []
    for gauge, days in known:
        largest = max(day.result for day in days)
        sums: list[Cell] = [largest]
        if month:
            wet = sum(day.result >= WET for day in days)
            sums = [sum(day.result for day in days), wet, largest]
        table.append(
            [
                of.name(gauge, shown),
                *sums,
                of.mark(scale, largest, shown),
                rows.highest(gauge.id, "rain_1h"),
                rows.source(gauge.id, ["rain_24h", "rain_1h"], shown),
            ]
        )
    return [
        _rain_said(known, view, shown),
        _table("rain", columns, table, shown),
        *_rain_drawn(rows, known, view, shown),
    ]


def _rain_said(
    known: Sequence[tuple[ThingRow, Sequence[DayValue]]], view: CityView, shown: Language
) -> Words:
    most, gauge = max(((max(day.result for day in days), one) for one, days in known), key=lambda one: one[0])
    if most < WET:
        return Words(text=say("bulletin_rain_dry", shown).format(all=len(known)))
    said = say("bulletin_rain_said", shown).format(
        wet=sum(any(day.result >= WET for day in days) for _, days in known),
        all=len(known),
        station=of.name(gauge, shown),
        value=number(most, 1, shown),
        class_name=of.class_name(of.observed(view, "rain", "rain_24h"), most, shown),
    )
    return Words(text=said)


def _rain_drawn(
    rows: BulletinRows,
    known: Sequence[tuple[ThingRow, Sequence[DayValue]]],
    view: CityView,
    shown: Language,
) -> list[Block]:
    """Nothing of dry days: an empty figure says nothing."""
    scale = of.observed(view, "rain", "rain_24h")
    if all(day.result < WET for _, days in known for day in days):
        return []

    def bar(name: str, value: float | None) -> Bar:
        words = "" if value is None else number(value, 0 if rows.kind == "month" else 1, shown)
        return Bar(name=name, value=value, words=words, color=of.color(scale, value))

    if rows.kind == "day":
        caption = say("bulletin_rain_chart", shown)
        drawn = [bar(of.name(gauge, shown), days[0].result) for gauge, days in known]
        drawn.sort(key=lambda one: -(one.value or 0.0))
        return [Drawing(svg=bars.rows(drawn, title=caption, most=10.0), caption=caption)]
    caption = say("bulletin_rain_chart_month", shown)
    highest = [
        bar(
            f"{day:%d}",
            max((one.result for _, days in known for one in days if one.day == day), default=None),
        )
        for day in rows.span.days
    ]
    return [Drawing(svg=bars.columns(highest, title=caption, most=10.0), caption=caption)]


def flood(rows: BulletinRows, view: CityView, shown: Language) -> list[Block]:
    points = of.things(view, "flood", ["water_depth"])
    deepest = [(rows.highest(point.id, "water_depth"), point) for point in points]
    known = [(depth, point) for depth, point in deepest if depth is not None]
    if not known:
        return _nothing(shown)
    flooded = [(depth, point) for depth, point in known if depth >= FLOODED]
    note = Words(text=say("bulletin_flood_note", shown), tone="quiet")
    if not flooded:
        said = say("bulletin_flood_dry", shown).format(all=len(known))
        sources = {rows.source(point.id, ["water_depth"], shown) for _, point in known}
        source = f"{say('report_provenance', shown)}: {', '.join(sorted(sources))}."
        return [Words(text=said), Words(text=source, tone="quiet"), note]
    scale = of.observed(view, "flood", "water_depth")
    columns = [
        Column(key="point", name=say("bulletin_point", shown)),
        Column(key="greatest_depth_cm", name=say("bulletin_depth", shown), decimals=0),
        Column(key="level", name=say("bulletin_class", shown)),
        Column(key="minutes_5_cm", name=say("bulletin_wet_minutes", shown), decimals=0),
        Column(key="minutes_15_cm", name=say("bulletin_deep_minutes", shown), decimals=0),
        *(
            [Column(key="days_flooded", name=say("bulletin_flood_days", shown), decimals=0)]
            if rows.kind == "month"
            else []
        ),
        Column(key="provenance", name=say("report_provenance", shown)),
    ]
    table: list[list[Cell]] = []
    for depth, point in sorted(flooded, key=lambda one: -one[0]):
        key = (point.id, of.LEVEL[1])
        days = sum(day.max >= FLOODED for day in rows.rolled.get((point.id, "water_depth"), ()))
        table.append(
            [
                of.name(point, shown),
                depth,
                of.mark(scale, depth, shown),
                _minutes(rows.wet.get(key, ())),
                _minutes(rows.deep.get(key, ())),
                *([days] if rows.kind == "month" else []),
                rows.source(point.id, ["water_depth"], shown),
            ]
        )
    worst, where = max(flooded, key=lambda one: one[0])
    said = say("bulletin_flood_said", shown).format(
        count=len(flooded),
        all=len(known),
        station=of.name(where, shown),
        value=number(worst, 0, shown),
        class_name=of.class_name(scale, worst, shown),
    )
    return [Words(text=said), _table("flood", columns, table, shown, ordered=False)]


def _minutes(found: Sequence[Above]) -> int:
    return LEVEL_MINUTES * sum(one.count for one in found)


def parking(rows: BulletinRows, view: CityView, shown: Language) -> list[Block]:
    wanted = ["parking_occupancy", *(key for key, _, _ in _PARKED)]
    points = of.things(view, "parking", wanted)
    points = [one for one in points if any(rows.has(one.id, key) for key in wanted)]
    if not points:
        return _nothing(shown)
    columns = [
        Column(key="car_park", name=say("bulletin_car_park", shown)),
        Column(key="occupancy_mean_percent", name=say("bulletin_occupancy", shown), decimals=0),
        Column(key="occupancy_max_percent", name=say("bulletin_occupancy_max", shown), decimals=0),
        *(
            Column(key=key, name=say(f"bulletin_{text}", shown), decimals=decimals)
            for key, text, decimals in _PARKED
        ),
        Column(key="provenance", name=say("report_provenance", shown)),
    ]
    table: list[list[Cell]] = [
        [
            of.name(point, shown),
            rows.mean(point.id, "parking_occupancy"),
            rows.highest(point.id, "parking_occupancy"),
            *(rows.mean_of_days(point.id, key) for key, _, _ in _PARKED),
            rows.source(point.id, wanted, shown),
        ]
        for point in points
    ]
    means = [one for one in (rows.mean(point.id, "parking_occupancy") for point in points) if one is not None]
    said = say("bulletin_parking_said", shown).format(
        all=len(points), value=number(sum(means) / len(means), 0, shown) if means else "–"
    )
    return [Words(text=said), _table("parking", columns, table, shown)]


def completeness(rows: BulletinRows, view: CityView, shown: Language) -> list[Block]:
    known = [one for one in rows.coverage if one.domain in view.domains]
    if not known:
        return _nothing(shown)
    columns = [
        Column(key="domain", name=say("bulletin_domain", shown)),
        Column(key="datastreams", name=say("bulletin_streams", shown), decimals=0),
        Column(key="received_percent", name=say("bulletin_share", shown), decimals=1),
        Column(key="silent", name=say("bulletin_silent", shown), decimals=0),
    ]
    table: list[list[Cell]] = [
        [view.domains[one.domain].name.in_language(shown), one.datastreams, 100 * one.share, one.silent]
        for one in known
    ]
    return [_table("completeness", columns, table, shown)]


def _table(
    key: str, columns: list[Column], rows: Sequence[list[Cell]], shown: Language, *, ordered: bool = True
) -> Table:
    return Table(
        key=key,
        caption=say(f"bulletin_{key}", shown),
        columns=columns,
        rows=list(of.sorted_rows(rows)) if ordered else list(rows),
        note=say(f"bulletin_{key}_note", shown),
    )


def _nothing(shown: Language) -> list[Block]:
    return [Words(text=say("bulletin_no_data", shown), tone="quiet")]
