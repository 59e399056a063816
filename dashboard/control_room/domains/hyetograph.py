"""The rain of a gauge above the water at a flood point over one span."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import asin, cos, radians, sin, sqrt
from typing import Final

from dashboard.control_room import csv_text
from dashboard.control_room.alert_words import number, stamp
from dashboard.control_room.domains.model import Ask, Choice, Drawn, Panel, Sheet, Table
from dashboard.control_room.domains.observed import bands_in_words, thing_name
from dashboard.control_room.language import Language
from dashboard.control_room.texts import TEXTS, say
from dashboard.data import CityView
from dashboard.figures.drawing import Figure
from dashboard.figures.hyetograph import Bar, Depth, Words, hyetograph
from storage import observations
from storage.model import HANOI, Domain, Property, Quality
from storage.observations import History, HistoryValue, RollupRow
from storage.things import DatastreamRow, ThingRow

RAIN: Final = "rain"
INTERVAL: Final = "rain_interval"
NEAREST: Final = "nearest"
HOUR: Final = timedelta(hours=1)
WIDTHS: Final = {"1h": HOUR, "1d": timedelta(days=1)}
EARTH_M: Final = 6_371_000.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Pair:
    """A gauge and a flood point, and what each reported over a span."""

    gauge: ThingRow
    point: ThingRow
    rain: History
    rain_interval: timedelta
    """How often the gauge reports: a report is the rain of the interval that ends at its time."""
    depth: History
    depth_interval: timedelta
    observed: Property
    """The property of the depth, with its levels."""
    start: datetime
    end: datetime


def panel(key: str = "hyetograph") -> Panel:
    return Panel(
        key=key,
        title=TEXTS["hyetograph_title"],
        hint=TEXTS["hyetograph_hint"],
        domain="flood",
        watches=frozenset({"water_depth"}),
        draw=draw,
        choices=choices,
    )


def choices(view: CityView, domain: Domain, shown: Language) -> Sequence[Choice]:
    """The deepest point comes first; its nearest gauge unless another one is chosen."""
    points = sorted(_having(view, domain.key, domain.headline), key=lambda one: -_depth(view, domain, one))
    gauges = _by_name(_having(view, RAIN, INTERVAL), shown)
    if not points:
        return ()
    offered = [(one.id, thing_name(one, shown)) for one in _by_name(points, shown)]
    of_gauge = [(NEAREST, say("hyetograph_nearest", shown)), *((g.id, thing_name(g, shown)) for g in gauges)]
    return [
        Choice(key="point", name=say("hyetograph_point", shown), offered=offered, default=[points[0].id]),
        Choice(key="gauge", name=say("hyetograph_gauge", shown), offered=of_gauge, default=[NEAREST]),
    ]


def draw(ask: Ask) -> Drawn:
    """Without a point or a gauge there is nothing to draw."""
    point = ask.view.things.get(ask.one("point"))
    gauges = _having(ask.view, RAIN, INTERVAL)
    chosen = ask.one("gauge")
    gauge = next((one for one in gauges if one.id == chosen), None)
    if gauge is None and point is not None:
        gauge = nearest(point, gauges)
    if point is None or gauge is None:
        return Drawn(
            words=say("hyetograph_nothing", ask.shown),
            table=Table(heads=_heads(ask.shown), rows=()),
            sheet=Sheet(plain=lambda: [PLAIN_HEAD], excel=lambda: [_EXCEL_HEAD]),
            empty=True,
        )
    rain, depth = _stream(ask.view, gauge, INTERVAL), _stream(ask.view, point, ask.domain.headline)
    pair = Pair(
        gauge=gauge,
        point=point,
        rain=observations.series(ask.conn, rain, ask.range.start, ask.range.end),
        rain_interval=timedelta(seconds=gauge.properties.get("interval_s") or rain.interval_s),
        depth=observations.series(ask.conn, depth, ask.range.start, ask.range.end),
        depth_interval=timedelta(seconds=depth.interval_s),
        observed=ask.domain.properties[ask.domain.headline],
        start=ask.range.start,
        end=ask.range.end,
    )
    return drawn(pair, ask.shown)


def drawn(pair: Pair, shown: Language) -> Drawn:
    return Drawn(
        words=in_words(pair, shown),
        table=table(pair, shown),
        sheet=Sheet(plain=lambda: list(_plain(pair)), excel=lambda: list(_excel(pair))),
        figure=figure(pair, shown),
        empty=not pair.rain.rows and not pair.depth.rows,
        scale=list(bands_in_words(pair.observed, shown)),
    )


def _having(view: CityView, domain_key: str, property_key: str) -> list[ThingRow]:
    """The Things of a domain that have a property and stand on the map."""
    domain = view.domains.get(domain_key)
    if domain is None:
        return []
    return [
        thing
        for thing in view.things_of.get(domain_key, ())
        if thing.kind in domain.map_kinds
        and any(stream.property == property_key for stream in view.streams_of.get(thing.id, ()))
    ]


def _stream(view: CityView, thing: ThingRow, key: str) -> DatastreamRow:
    return next(stream for stream in view.streams_of[thing.id] if stream.property == key)


def _depth(view: CityView, domain: Domain, thing: ThingRow) -> float:
    value = view.value_of(thing.id, domain.headline)
    return value.result if value is not None and value.quality < Quality.SUSPECT else float("-inf")


def _by_name(things: Iterable[ThingRow], shown: Language) -> list[ThingRow]:
    return sorted(things, key=lambda one: thing_name(one, shown))


def nearest(to: ThingRow, among: Iterable[ThingRow]) -> ThingRow | None:
    """By the great circle; None where nothing has a place."""
    placed = [one for one in among if one.lat is not None and one.lon is not None]
    return (
        min(placed, key=lambda one: (distance_m(to, one), one.id)) if to.lat is not None and placed else None
    )


def distance_m(a: ThingRow, b: ThingRow) -> float:
    """Haversine; both have a place."""
    lat_a, lon_a, lat_b, lon_b = (radians(n or 0.0) for n in (a.lat, a.lon, b.lat, b.lon))
    half = sin((lat_b - lat_a) / 2) ** 2 + cos(lat_a) * cos(lat_b) * sin((lon_b - lon_a) / 2) ** 2
    return 2 * EARTH_M * asin(sqrt(half))


def bars(history: History, interval: timedelta) -> list[Bar]:
    """Rain as mean intensity: of each report, or of each hour or day from what its reports add up to."""
    return list(_bars(history, interval))


def _bars(history: History, interval: timedelta) -> Iterator[Bar]:
    for row in history.rows:
        if isinstance(row, HistoryValue):
            if row.quality < Quality.FAIL:
                yield Bar(
                    start=row.phenomenon_time - interval,
                    end=row.phenomenon_time,
                    mm_h=row.result / (interval / HOUR),
                    doubtful=row.quality == Quality.SUSPECT,
                )
        elif row.mean is not None:
            width = WIDTHS[history.step]
            yield Bar(start=row.bucket, end=row.bucket + width, mm_h=row.mean * row.count / (width / HOUR))


def depths(history: History) -> list[Depth]:
    """Every report, or the highest of each hour or day."""
    return [
        Depth(time=row.phenomenon_time, cm=row.result, doubtful=row.quality == Quality.SUSPECT)
        if isinstance(row, HistoryValue)
        else Depth(time=row.bucket + WIDTHS[history.step] / 2, cm=row.max)
        for row in history.rows
        if isinstance(row, RollupRow) or row.quality < Quality.FAIL
    ]


def figure(pair: Pair, shown: Language) -> Figure:
    words = Words(
        rain=say(f"hyetograph_rain_{pair.rain.step}", shown),
        rain_axis="mm/h",
        depth=say(f"hyetograph_depth_{pair.depth.step}", shown),
        depth_axis="cm",
        doubtful=say("hyetograph_doubtful", shown),
        empty_rain=say("hyetograph_no_rain_data", shown),
        empty_depth=say("hyetograph_no_depth_data", shown),
        language=shown,
    )
    return hyetograph(
        bars(pair.rain, pair.rain_interval),
        depths(pair.depth),
        pair.observed.bands,
        (pair.start, pair.end),
        words,
        gap=WIDTHS.get(pair.depth.step, pair.depth_interval),
    )


def total_mm(history: History) -> float:
    """Of what counts: good and not evaluated reports."""
    return sum(
        (row.result if row.quality < Quality.SUSPECT else 0.0)
        if isinstance(row, HistoryValue)
        else (row.mean or 0.0) * row.count
        for row in history.rows
    )


def in_words(pair: Pair, shown: Language) -> str:
    """How much it rained, when most, and how deep the water came to stand and when."""
    rain = [bar for bar in bars(pair.rain, pair.rain_interval) if not bar.doubtful]
    water = [one for one in depths(pair.depth) if not one.doubtful]
    said = [
        say("hyetograph_words_span", shown).format(
            gauge=thing_name(pair.gauge, shown),
            point=thing_name(pair.point, shown),
            distance=number(distance_m(pair.gauge, pair.point) / 1000, 1, shown),
            start=stamp(pair.start),
            end=stamp(pair.end),
        )
    ]
    if rain:
        most = max(rain, key=lambda bar: bar.mm_h)
        said.append(
            say("hyetograph_words_rain", shown).format(
                total=number(total_mm(pair.rain), 1, shown),
                most=number(most.mm_h, 1, shown),
                at=stamp(most.end),
            )
        )
    else:
        said.append(f"{say('hyetograph_no_rain_data', shown)}.")
    if water:
        deepest = max(water, key=lambda one: one.cm)
        band = pair.observed.band(deepest.cm)
        said.append(
            say("hyetograph_words_depth", shown).format(
                most=number(deepest.cm, 0, shown),
                at=stamp(deepest.time),
                level=band.label.in_language(shown) if band else say("no_level", shown),
            )
        )
    else:
        said.append(f"{say('hyetograph_no_depth_data', shown)}.")
    return " ".join(said)


def table(pair: Pair, shown: Language) -> Table:
    """By the hour, the newest first: rain in mm, the highest depth in cm. A gap is a dash, not a zero."""
    rows = [
        [
            f"{hour.astimezone(HANOI):%d/%m/%Y %H:%M}",
            "–" if mm is None else number(mm, 1, shown),
            "–" if cm is None else number(cm, 0, shown),
        ]
        for hour, mm, cm in reversed(hourly(pair))
    ]
    return Table(heads=_heads(shown), rows=rows, numbers=[1, 2])


def _heads(shown: Language) -> list[str]:
    return [say(f"hyetograph_column_{one}", shown) for one in ("from", "rain", "depth")]


PLAIN_HEAD: Final = ("from", "gauge", "rain_mm", "flood_point", "highest_depth_cm")
_EXCEL_HEAD: Final = ("Từ lúc", "Trạm mưa", "Lượng mưa (mm)", "Điểm ngập", "Độ sâu cao nhất (cm)")


def _plain(pair: Pair) -> Iterator[Sequence[csv_text.Cell]]:
    yield PLAIN_HEAD
    for hour, mm, cm in hourly(pair):
        yield (csv_text.iso(hour), pair.gauge.id, _exact(mm), pair.point.id, cm)


def _excel(pair: Pair) -> Iterator[Sequence[csv_text.Cell]]:
    yield _EXCEL_HEAD
    for hour, mm, cm in hourly(pair):
        yield (csv_text.local(hour), pair.gauge.name_vi, _exact(mm), pair.point.name_vi, cm)


def _exact(mm: float | None) -> float | None:
    """To 0.000001 mm, as sums are: intensities of parts of an hour have no exact binary form."""
    return None if mm is None else round(mm, 6)


def hourly(pair: Pair) -> list[tuple[datetime, float | None, float | None]]:
    """(start, mm, highest cm) of every hour, or day where that is all there is, that anything is known of."""
    width = max(WIDTHS.get(history.step, HOUR) for history in (pair.rain, pair.depth))
    mm: dict[datetime, float] = {}
    cm: dict[datetime, float] = {}
    for bar in bars(pair.rain, pair.rain_interval):
        if not bar.doubtful:
            key = _floor(bar.end - timedelta(microseconds=1), width)
            mm[key] = mm.get(key, 0.0) + bar.mm_h * ((bar.end - bar.start) / HOUR)
    for one in depths(pair.depth):
        if not one.doubtful:
            key = _floor(one.time, width)
            cm[key] = max(cm.get(key, one.cm), one.cm)
    return [(key, mm.get(key), cm.get(key)) for key in sorted(mm.keys() | cm.keys())]


def _floor(time: datetime, width: timedelta) -> datetime:
    """The start of the hour or of the day of Hanoi."""
    local = time.astimezone(HANOI)
    hour = 0 if width > HOUR else local.hour
    return local.replace(hour=hour, minute=0, second=0, microsecond=0)
