"""A domain's tile: its worst place or the sum of all, how the others are, the last hours, how fresh it is. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from dashboard.condition import (
    FEW_BAYS,
    Condition,
    MapSection,
    State,
    condition,
    occupancy,
    summary_band,
    summary_condition,
)
from dashboard.control_room.change import Change, change
from dashboard.control_room.language import Language
from dashboard.control_room.room import TREND_SPAN, Trend, Way, way_of
from dashboard.control_room.texts import TEXTS, say
from dashboard.data import CityView, is_simulated
from dashboard.figures.sparkline import Sparkline, sparkline
from dashboard.map_snapshot import usable_map_section
from ingest.indicators.parking import Occupancy
from storage.model import Band, Domain, Property, Text
from storage.things import ThingRow
from storage.units import symbol

TREND_GAP_STEPS: Final = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Level:
    """Said three ways: by number of `steps`, by word, by colour."""

    step: int
    """0 is the best."""
    steps: int
    word: str
    color: str


@dataclass(frozen=True, kw_only=True, slots=True)
class LevelCount:
    level: Level
    count: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Headline:
    """The number of a tile."""

    value: float
    decimals: int
    unit: str
    caption: str
    thing: str | None
    """The Thing it is of; None for the whole city."""
    place: str
    time: datetime | None
    """When it was so."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TrendLine:
    line: str
    area: str
    lowest: float
    highest: float
    decimals: int
    unit: str
    caption: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Tile:
    """One domain."""

    domain: str
    name: str
    state: State
    word: str
    """The level's word, or why there is none."""
    level: Level | None
    headline: Headline | None
    levels: tuple[LevelCount, ...]
    """How many places stand at each level, the worst first."""
    sensors: Mapping[State, int]
    newest: datetime | None
    trend: TrendLine | None
    change: Change | None
    simulated: bool


def tile(view: CityView, domain: Domain, trend: Trend | None, now: datetime, language: Language) -> Tile:
    """One domain: the worst place, how the others are, how fresh all of it is."""
    section = usable_map_section(domain)
    things = view.things_of.get(domain.key, ())
    own = {thing.id: condition(view, domain, thing, now) for thing in things if _reports(view, thing)}
    places = [thing for thing in things if thing.kind in domain.map_kinds]
    shown = [(thing, _of_place(view, domain, section, thing, own, now)) for thing in places]
    sensors = Counter(found.state for found in own.values())
    bands = _bands(domain, section)
    summary = section.summary is not None
    worst = _whole(view, domain, section, places, now) if summary else _worst(view, domain, section, shown)
    state = _best(sensors)
    headline = worst[0] if worst else None
    band = worst[1] if worst else None
    return Tile(
        domain=domain.key,
        name=domain.name.in_language(language),
        state=state,
        word=_word(state, band, FEW_BAYS if summary and worst else None).in_language(language),
        level=_level(band, bands, language) if band else None,
        headline=headline.in_language(language) if headline else None,
        levels=_level_counts((found for _, found in shown), bands, language),
        sensors={each: sensors.get(each, 0) for each in _STATES},
        newest=max((found.time for found in own.values() if found.time), default=None),
        trend=_trend(domain, section, trend, now, language),
        change=change(trend, domain.properties[domain.headline], language),
        simulated=any(is_simulated(value) for thing in things for value in view.values_of(thing.id).values()),
    )


_STATES: Final[tuple[State, ...]] = ("live", "stale", "never", "fault")
_BEST_FIRST: Final[tuple[State, ...]] = ("live", "fault", "stale", "never")
_CAPTIONS: Final[Mapping[Way, str]] = {"highest": "highest", "lowest": "lowest", "share": "occupied"}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Number:
    """A headline before it is put into words."""

    value: float
    decimals: int
    unit: str
    caption: str
    thing: str | None
    place: Text
    time: datetime | None

    def in_language(self, language: Language) -> Headline:
        return Headline(
            value=self.value,
            decimals=self.decimals,
            unit=symbol(self.unit),
            caption=say(self.caption, language),
            thing=self.thing,
            place=self.place.in_language(language),
            time=self.time,
        )


def _reports(view: CityView, thing: ThingRow) -> bool:
    """A basin or a parking point, of which everything is derived, is no sensor."""
    return any(not stream.derived for stream in view.streams_of.get(thing.id, ()))


def _of_place(
    view: CityView,
    domain: Domain,
    section: MapSection,
    thing: ThingRow,
    own: Mapping[str, Condition],
    now: datetime,
) -> Condition:
    if section.summary is not None:
        return summary_condition(view, domain, section, thing, now)
    return own.get(thing.id) or condition(view, domain, thing, now)


def _worst(
    view: CityView, domain: Domain, section: MapSection, places: Sequence[tuple[ThingRow, Condition]]
) -> tuple[_Number, Band | None] | None:
    """The place at the highest level, or without levels with the extreme value; else the newest old value."""
    observed = domain.properties[domain.headline]
    way = way_of(domain, section)
    values = [(thing, found, view.value_of(thing.id, domain.headline)) for thing, found in places]
    known = [(thing, found, value) for thing, found, value in values if value is not None]
    live = [
        each
        for each in known
        if each[1].state == "live" and (each[1].level is not None or not observed.bands)
    ]
    if live:
        sign = -1 if way == "lowest" else 1
        thing, found, value = max(live, key=lambda each: (each[1].level or 0, sign * each[2].result))
        band = observed.band(value.result) if found.level is not None else None
        caption = _CAPTIONS[way] if len(places) > 1 else "value_at"
    elif known:
        thing, found, value = max(known, key=lambda each: each[2].phenomenon_time)
        band, caption = None, "last_known"
    else:
        return None
    number = _Number(
        value=value.result,
        decimals=observed.decimals,
        unit=observed.unit,
        caption=caption,
        thing=thing.id,
        place=Text(vi=thing.name_vi, en=thing.name_en),
        time=value.phenomenon_time,
    )
    return number, band


def _whole(
    view: CityView, domain: Domain, section: MapSection, places: Sequence[ThingRow], now: datetime
) -> tuple[_Number, Band | None] | None:
    """The free bays of the whole city."""
    counts = [occupancy(view, domain, point, now) for point in places]
    city = Occupancy(
        free=sum(c.free for c in counts),
        occupied=sum(c.occupied for c in counts),
        unknown=sum(c.unknown for c in counts),
        out_of_service=sum(c.out_of_service for c in counts),
    )
    if not city.known:
        return None
    of = city.capacity
    bays = [bay for point in places for bay in view.children_of.get(point.id, ())]
    times = [v.phenomenon_time for bay in bays if (v := view.value_of(bay.id, domain.headline))]
    number = _Number(
        value=city.free,
        decimals=0,
        unit="1",
        caption="free_bays",
        thing=None,
        place=Text(vi=f"trên {of} chỗ của thành phố", en=f"of {of} in the city"),
        time=max(times, default=None),
    )
    return number, summary_band(section, city)


def _bands(domain: Domain, section: MapSection) -> tuple[Band, ...]:
    if section.summary is not None:
        return tuple(table.band() for table in section.band)
    return domain.properties[domain.headline].bands


def _level(band: Band, bands: Sequence[Band], language: Language) -> Level:
    return Level(
        step=band.level,
        steps=max(each.level for each in bands) + 1,
        word=band.label.in_language(language),
        color=band.color,
    )


def _level_counts(
    found: Iterable[Condition], bands: Sequence[Band], language: Language
) -> tuple[LevelCount, ...]:
    counts = Counter(each.level for each in found if each.state == "live" and each.level is not None)
    worst_first = sorted(bands, key=lambda band: band.level, reverse=True)
    return tuple(
        LevelCount(level=_level(band, bands, language), count=counts[band.level])
        for band in worst_first
        if counts[band.level]
    )


def _best(sensors: Mapping[State, int]) -> State:
    return next((state for state in _BEST_FIRST if sensors.get(state)), "never")


def _word(state: State, band: Band | None, why_none: Text | None) -> Text:
    if band is not None:
        return band.label
    return (why_none or TEXTS["no_level"]) if state == "live" else TEXTS[f"state_{state}"]


def _trend(
    domain: Domain, section: MapSection, trend: Trend | None, now: datetime, language: Language
) -> TrendLine | None:
    if trend is None:
        return None
    observed = domain.properties[domain.headline]
    share = trend.way == "share"
    step = max(trend.step, timedelta(seconds=observed.interval_s))
    drawn = sparkline(
        trend.points,
        start=now - TREND_SPAN,
        end=now,
        gap=TREND_GAP_STEPS * step,
        reaches=100.0 if share else _first_limit(observed),
    )
    return _captioned(drawn, trend.way, observed, language) if drawn else None


def _captioned(drawn: Sparkline, way: Way, observed: Property, language: Language) -> TrendLine:
    return TrendLine(
        line=drawn.line,
        area=drawn.area,
        lowest=drawn.lowest,
        highest=drawn.highest,
        decimals=0 if way == "share" else observed.decimals,
        unit="%" if way == "share" else symbol(observed.unit),
        caption=say(f"trend_{way}", language),
    )


def _first_limit(observed: Property) -> float:
    """What the scale reaches at least, so that a calm day looks calm."""
    limits = [band.below for band in observed.bands if band.below is not None]
    return min(limits, default=0.0) if limits else 0.0
