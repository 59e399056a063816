"""How a Thing is doing, from its newest values: live, stale, never heard or faulty; its level and colour. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dashboard.data import CityView
from ingest.indicators import parking
from ingest.indicators.parking import BayState, Occupancy
from storage.catalog import BandTable, ReferenceDataError
from storage.model import Band, Domain, Quality, Text
from storage.observations import LiveValue
from storage.things import DatastreamRow, ThingRow

Shape = Literal["circle", "drop", "triangle", "diamond", "square", "hexagon", "pentagon", "star"]
State = Literal["live", "stale", "never", "fault"]

STALE_AFTER_INTERVALS: Final = 3
"""Older than so many reporting intervals is stale (design contract)."""

OUT_OF_SERVICE: Final = "out_of_service"
"""The property by which people say of a bay that it can't be used, whatever its sensor says."""

GREY: Final = "#8A8F98"

NEVER: Final = Text(vi="Chưa có dữ liệu", en="No data yet")
STALE: Final = Text(vi="Dữ liệu cũ", en="Old data")
EXPIRED: Final = Text(vi="Đã hết hiệu lực", en="Expired")
"""Entered by hand, and it holds no more."""
FAULT: Final = Text(vi="Thiết bị lỗi", en="Sensor fault")
SUSPECT: Final = Text(vi="Giá trị đáng ngờ", en="Suspect value")
NO_LEVEL: Final = Text(vi="Chưa phân mức", en="Not classified")
NO_BAY: Final = Text(vi="Không rõ số chỗ", en="No bay known")
FEW_BAYS: Final = Text(vi="Thiếu tin của nhiều chỗ", en="Too few bays heard")


@dataclass(frozen=True, kw_only=True, slots=True)
class Condition:
    """What the map shows of a Thing at one moment."""

    time: datetime | None
    """Phenomenon time of its last report."""
    interval_s: int | None
    """How often it reports; None before the first time."""
    state: State
    level: int | None
    label: Text
    color: str


class MapSection(BaseModel):
    """The catalogue's table `map`: how a Thing that is the sum of its children is shown."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    shape: Shape | None = None
    """Of the marks on the map; None leaves the choice to the page."""
    summary: Literal["occupancy"] | None = None
    closure: str | None = None
    """The boolean property by which a place is closed, whatever its level."""
    band: tuple[BandTable, ...] = Field(default=())

    def band_of(self, value: float) -> Band | None:
        for table in self.band:
            if table.below is None or value < table.below:
                return table.band()
        return None


def map_section(domain: Domain) -> MapSection:
    """Raises ReferenceDataError naming file and key."""
    try:
        section = MapSection.model_validate(domain.sections.get("map", {}))
    except ValidationError as error:
        faults = "; ".join(f"map.{'.'.join(map(str, f['loc']))}: {f['msg']}" for f in error.errors())
        raise ReferenceDataError(f"{domain.source}: {faults}") from error
    closing = domain.properties.get(section.closure or "")
    if section.closure is not None and (closing is None or not closing.boolean):
        raise ReferenceDataError(
            f"{domain.source}: map.closure: {section.closure!r} is no boolean property here"
        )
    return section


def condition(view: CityView, domain: Domain, thing: ThingRow, now: datetime) -> Condition:
    """Of a Thing that reports itself."""
    report = _last_report(view, thing)
    if not report:
        return _without_level("never", NEVER)
    time = report[0].phenomenon_time
    interval_s = min(view.streams[value.datastream_id].interval_s for value in report)
    state = _state(view, domain, report, now)
    if state != "live":
        return _without_level(state, _old(report) if state == "stale" else FAULT, time, interval_s)
    band, label = _headline_band(view, domain, thing, now)
    if band is None:
        return _without_level(state, label, time, interval_s)
    return _with_level(band, time, interval_s)


def summary_condition(
    view: CityView, domain: Domain, section: MapSection, thing: ThingRow, now: datetime
) -> Condition:
    """Of a Thing that is the sum of its children: as live as the best of them, classified when enough are known."""
    children = [condition(view, domain, child, now) for child in view.children_of.get(thing.id, ())]
    state: State = next((s for s in _BEST_FIRST if any(c.state == s for c in children)), "never")
    if state == "never":
        return _without_level("never", NEVER)
    time = max(child.time for child in children if child.time is not None)
    interval_s = min(child.interval_s for child in children if child.interval_s is not None)
    counts = occupancy(view, domain, thing, now)
    band = summary_band(section, counts)
    if state != "live" or band is None:
        label = {"stale": STALE, "fault": FAULT}.get(state, FEW_BAYS if counts.known else NO_BAY)
        return _without_level(state, label, time, interval_s)
    return _with_level(band, time, interval_s)


def summary_band(section: MapSection, counts: Occupancy) -> Band | None:
    """None: too few bays are known."""
    percent = counts.percent if counts.is_covered else None
    return None if percent is None else section.band_of(percent)


def occupancy(view: CityView, domain: Domain, thing: ThingRow, now: datetime) -> Occupancy:
    """Counts a point's bays by their headline property, `occupied`, as the derived counts do."""
    bays = view.children_of.get(thing.id, ())
    states = (bay_state(view, domain, bay, now) for bay in bays)
    return parking.count(states, parking.capacity(thing.properties, len(bays)))


def bay_state(view: CityView, domain: Domain, bay: ThingRow, now: datetime) -> BayState:
    """Of a bay: out of service while it is said to be, otherwise by its newest value, if it has one."""
    if holds(view, bay, OUT_OF_SERVICE, now):
        return "out_of_service"
    value = view.value_of(bay.id, domain.headline)
    if value is None:
        return "unknown"
    heartbeat = timedelta(seconds=view.streams[value.datastream_id].interval_s)
    age = now - value.phenomenon_time
    return parking.bay_state(value.result, value.quality, age=age, heartbeat=heartbeat)


def holds(view: CityView, thing: ThingRow, key: str, now: datetime) -> bool:
    """Whether a boolean property was said of a Thing, and its word is neither old, expired nor marked fail."""
    value = view.value_of(thing.id, key)
    if value is None or value.quality >= Quality.FAIL:
        return False
    return value.result >= 0.5 and not is_older(view, value, STALE_AFTER_INTERVALS, now)


def is_older(view: CityView, value: LiveValue, intervals: int, now: datetime) -> bool:
    """Whether a value is older than so many reporting intervals of its Datastream; by hand, whether it expired."""
    if value.expires_at is not None:
        return now >= value.expires_at
    return now - value.phenomenon_time > timedelta(
        seconds=intervals * view.streams[value.datastream_id].interval_s
    )


def _old(values: Sequence[LiveValue]) -> Text:
    """What is said of values that count no more."""
    return EXPIRED if all(value.expires_at is not None for value in values) else STALE


def _with_level(band: Band, time: datetime, interval_s: int) -> Condition:
    return Condition(
        time=time, interval_s=interval_s, state="live", level=band.level, label=band.label, color=band.color
    )


def _without_level(
    state: State, label: Text, time: datetime | None = None, interval_s: int | None = None
) -> Condition:
    return Condition(time=time, interval_s=interval_s, state=state, level=None, label=label, color=GREY)


_BEST_FIRST: Final[tuple[State, ...]] = ("live", "fault", "stale", "never")


def _last_report(view: CityView, thing: ThingRow) -> list[LiveValue]:
    """The values of the newest time among the Datastreams that the Thing reports most often.

    The rarer ones (battery once an hour) and derived ones do not say whether a station is alive.
    """
    streams = view.streams_of.get(thing.id, ())
    own = [stream for stream in streams if not stream.derived] or streams
    values = [view.newest[stream.id] for stream in _most_frequent(own) if stream.id in view.newest]
    if not values:
        values = [view.newest[stream.id] for stream in streams if stream.id in view.newest]
    newest = max((value.phenomenon_time for value in values), default=None)
    return [value for value in values if value.phenomenon_time == newest]


def _most_frequent(streams: Sequence[DatastreamRow]) -> Iterable[DatastreamRow]:
    shortest = min((stream.interval_s for stream in streams), default=0)
    return (stream for stream in streams if stream.interval_s == shortest)


def _state(view: CityView, domain: Domain, report: Sequence[LiveValue], now: datetime) -> State:
    if all(is_older(view, value, STALE_AFTER_INTERVALS, now) for value in report):
        return "stale"
    telling = [value for value in report if value.property == domain.headline] or report
    return "fault" if all(value.quality >= Quality.FAIL for value in telling) else "live"


def _headline_band(
    view: CityView, domain: Domain, thing: ThingRow, now: datetime
) -> tuple[Band | None, Text]:
    """The band of the headline value, or None and why there is none."""
    value = view.value_of(thing.id, domain.headline)
    if value is None:
        return None, NO_LEVEL
    if is_older(view, value, STALE_AFTER_INTERVALS, now):
        return None, _old([value])
    if value.quality >= Quality.SUSPECT:
        return None, FAULT if value.quality >= Quality.FAIL else SUSPECT
    return domain.properties[domain.headline].band(value.result), NO_LEVEL
