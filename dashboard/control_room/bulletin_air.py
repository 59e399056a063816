"""Air in a bulletin: the index of each day, its class and main pollutant, what was above QCVN 05. Pure."""

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
from storage.bulletins import DayValue
from storage.things import ThingRow

DOMAIN: Final = "air_quality"
INDEX: Final = "vn_aqi_daily"
RATIO: Final = "qcvn_05_ratio_daily"
DUST: Final = ("pm2_5", "pm10")
"""Without either there is no index."""
POOR: Final = 101
"""From here on the class is Kém or worse (Decision 1459)."""
CHART_TO: Final = 200.0


def blocks(rows: BulletinRows, view: CityView, shown: Language) -> list[Block]:
    stations = of.things(view, DOMAIN, [INDEX, *DUST])
    found = [(station, day) for station in stations for day in rows.ends.get((station.id, INDEX), ())]
    if not found:
        return [Words(text=say("bulletin_no_data", shown), tone="quiet")]
    if rows.kind == "day":
        return _of_day(rows, view, stations, found, shown)
    return _of_month(rows, view, stations, found, shown)


def _of_day(
    rows: BulletinRows,
    view: CityView,
    stations: list[ThingRow],
    found: list[tuple[ThingRow, DayValue]],
    shown: Language,
) -> list[Block]:
    scale = of.observed(view, DOMAIN, INDEX)
    worst, value = max(found, key=lambda one: one[1].result)
    exceeded = sum(bool(_exceeded(rows, station)) or _gas_hours(rows, station) > 0 for station in stations)
    said = say("bulletin_air_said", shown).format(
        count=len(found),
        all=len(stations),
        station=of.name(worst, shown),
        value=number(value.result, 0, shown),
        class_name=of.class_name(scale, value.result, shown),
        exceeded=exceeded,
    )
    drawn = [
        Bar(
            name=of.name(station, shown),
            value=day.result,
            words=f"{number(day.result, 0, shown)} {of.class_name(scale, day.result, shown)}",
            color=of.color(scale, day.result),
        )
        for station, day in sorted(found, key=lambda one: -one[1].result)
    ]
    caption = say("bulletin_air_chart", shown)
    columns = [
        Column(key="station", name=say("bulletin_station", shown)),
        Column(key="vn_aqi_daily", name=say("bulletin_vn_aqi", shown), decimals=0),
        Column(key="class", name=say("bulletin_class", shown)),
        Column(key="dominant", name=say("bulletin_pollutant", shown)),
        Column(key="pm2_5_24h_ug_m3", name=say("bulletin_pm2_5", shown), decimals=1),
        Column(key="qcvn_05_24h_percent", name=say("bulletin_qcvn", shown), decimals=1),
        Column(key="qcvn_05_exceeded", name=say("bulletin_exceeded", shown)),
        Column(key="gas_hours_exceeded", name=say("bulletin_gas_hours", shown), decimals=0),
        Column(key="provenance", name=say("report_provenance", shown)),
    ]
    table = [_station_day(rows, view, station, shown) for station in stations]
    return [
        Words(text=said),
        _table(columns, table, shown),
        Drawing(svg=bars.rows(drawn, title=caption, most=CHART_TO), caption=caption),
    ]


def _station_day(rows: BulletinRows, view: CityView, station: ThingRow, shown: Language) -> list[Cell]:
    scale = of.observed(view, DOMAIN, INDEX)
    day = next(iter(rows.ends.get((station.id, INDEX), ())), None)
    ratio = next(iter(rows.ends.get((station.id, RATIO), ())), None)
    return [
        of.name(station, shown),
        day.result if day else None,
        of.mark(scale, day.result if day else None, shown),
        _pollutant(view, str(day.parameters.get("dominant", "")), shown) if day else None,
        _pm2_5(day) if day else None,
        ratio.result if ratio else None,
        ", ".join(_limit_name(view, one, shown) for one in _exceeded(rows, station)) or None,
        _gas_hours(rows, station) if day else None,
        rows.source(station.id, [INDEX, RATIO], shown),
    ]


def _of_month(
    rows: BulletinRows,
    view: CityView,
    stations: list[ThingRow],
    found: list[tuple[ThingRow, DayValue]],
    shown: Language,
) -> list[Block]:
    scale = of.observed(view, DOMAIN, INDEX)
    worst, value = max(found, key=lambda one: one[1].result)
    said = say("bulletin_air_said_month", shown).format(
        station=of.name(worst, shown),
        value=number(value.result, 0, shown),
        class_name=of.class_name(scale, value.result, shown),
        day=f"{value.day:%d/%m}",
        bad=sum(day.result >= POOR for _, day in found),
        days=len(found),
    )
    highest = {
        day: max((one.result for _, one in found if one.day == day), default=None) for day in rows.span.days
    }
    drawn = [
        Bar(
            name=f"{day:%d}",
            value=result,
            words="" if result is None else number(result, 0, shown),
            color=of.color(scale, result),
        )
        for day, result in highest.items()
    ]
    caption = say("bulletin_air_chart_month", shown)
    columns = [
        Column(key="station", name=say("bulletin_station", shown)),
        Column(key="days", name=say("bulletin_days", shown), decimals=0),
        Column(key="vn_aqi_daily_mean", name=say("bulletin_vn_aqi_mean", shown), decimals=0),
        Column(key="vn_aqi_daily_max", name=say("bulletin_vn_aqi_max", shown), decimals=0),
        Column(key="class_of_max", name=say("bulletin_class", shown)),
        Column(key="days_poor_or_worse", name=say("bulletin_bad_days", shown), decimals=0),
        Column(key="pm2_5_24h_mean_ug_m3", name=say("bulletin_pm2_5_mean", shown), decimals=1),
        Column(key="days_above_qcvn_05_24h", name=say("bulletin_exceeded_days", shown), decimals=0),
        Column(key="gas_hours_exceeded", name=say("bulletin_gas_hours", shown), decimals=0),
        Column(key="provenance", name=say("report_provenance", shown)),
    ]
    table = [_station_month(rows, view, station, shown) for station in stations]
    return [
        Words(text=said),
        _table(columns, table, shown),
        Drawing(svg=bars.columns(drawn, title=caption, most=CHART_TO), caption=caption),
    ]


def _station_month(rows: BulletinRows, view: CityView, station: ThingRow, shown: Language) -> list[Cell]:
    days = rows.ends.get((station.id, INDEX), ())
    results = [day.result for day in days]
    dust = [one for one in map(_pm2_5, days) if one is not None]
    ratios = rows.ends.get((station.id, RATIO), ())
    highest = max(results, default=None)
    return [
        of.name(station, shown),
        len(results),
        sum(results) / len(results) if results else None,
        highest,
        of.mark(of.observed(view, DOMAIN, INDEX), highest, shown),
        sum(result >= POOR for result in results),
        sum(dust) / len(dust) if dust else None,
        sum(one.result >= of.ABOVE_LIMIT for one in ratios) if ratios else None,
        _gas_hours(rows, station),
        rows.source(station.id, [INDEX, RATIO], shown),
    ]


def _table(columns: list[Column], rows: list[list[Cell]], shown: Language) -> Table:
    return Table(
        key="air",
        caption=say("bulletin_air", shown),
        columns=columns,
        rows=list(of.sorted_rows(rows)),
        note=say("bulletin_air_note", shown),
    )


def _pm2_5(day: DayValue) -> float | None:
    """The 24 h mean that the index rests on."""
    found = day.parameters.get("concentrations", {}).get("pm2_5")
    return float(found) if found is not None else None


def _exceeded(rows: BulletinRows, station: ThingRow) -> list[str]:
    """Pollutant and averaging, as 'pm2_5_24h', of every 24 h limit that was exceeded."""
    found = rows.ends.get((station.id, RATIO), ())
    return [str(key) for one in found for key in one.parameters.get("exceeded", ())]


def _gas_hours(rows: BulletinRows, station: ThingRow) -> int:
    return sum(one.count for one in rows.gas_hours.get((station.id, of.GASES[1]), ()))


def _limit_name(view: CityView, key: str, shown: Language) -> str:
    pollutant, _, averaging = key.rpartition("_")
    hours = averaging.replace("h", "\N{NO-BREAK SPACE}h")
    return f"{_pollutant(view, pollutant, shown)} {hours}"


def _pollutant(view: CityView, key: str, shown: Language) -> str:
    """'PM2.5' of 'Bụi mịn PM2.5': a table has little room."""
    observed = of.observed(view, DOMAIN, key)
    return observed.name.in_language(shown).split()[-1] if observed else key or "–"
