"""What one Thing publishes and when: the bridge from profiles to messages of `ingest.wire`. No I/O, no clock."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import cos, radians, sin
from typing import Any, Final, Protocol

from ingest.wire import Element, encode, encode_extent, extent_topic, observations_topic
from simulators.profiles import (
    OF_EVERY_DOMAIN,
    AnyProfile,
    Extent,
    Parking,
    SimulatorSection,
    Spot,
    simulator_section,
)
from simulators.scenarios import Effect, Happening, effects_of
from simulators.seeded import between, stream, uniform
from simulators.weather import CENTRE, Weather
from storage.model import Domain, Property, Provenance, Thing

Message = tuple[str, bytes]
"""Topic and payload."""

_CORNERS: Final = 12
_GOLDEN: Final = 0.6180339887498949
_DEG_PER_M_LAT: Final = 1 / 110_600
_DEG_PER_M_LON: Final = 1 / 103_900


class Stream(Protocol):
    """A source of messages in time. Intervals are (after, until]: open at the left, closed at the right."""

    @property
    def id(self) -> str:
        """Unique and stable: what the state file calls it."""

    @property
    def longest_interval_s(self) -> int:
        """Within this time every property of it is published at least once."""

    def next_time(self, after: int) -> int:
        """The first time later than `after` at which there may be something to say."""

    def messages(self, after: int, until: int) -> list[Message]:
        """Everything of the interval; asked for at most an hour at once."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Series:
    """One property of a Thing, ready to be computed."""

    key: str
    profile: AnyProfile
    spot: Spot
    of: Property
    effects: tuple[tuple[int, Effect], ...]

    def exact(self, t: int) -> float:
        value = self.profile.value(self.spot, t)
        for start, effect in self.effects:
            value = effect.on(value, t - start)
        return value

    def result(self, t: int) -> float | bool:
        """As a sensor would say it: rounded, inside what the instrument can show."""
        value = self.exact(t)
        if self.of.boolean:
            return value >= 0.5
        low, high = self.of.possible.low, self.of.possible.high
        value = value if low is None else max(value, low)
        value = value if high is None else min(value, high)
        return round(value, self.of.decimals) + 0.0  # never -0.0


@dataclass(kw_only=True, slots=True)
class ObservationStream:
    """A Thing's observations: periodic properties at multiples of their interval, shifted by the Thing's own
    phase so that stations don't all speak at once; a bay also whenever a car comes or goes.
    """

    domain: str
    thing: str
    series: Sequence[_Series]
    turn: float
    """Where in its interval it speaks, 0 to 1."""
    phase: int = field(init=False)
    id: str = field(init=False)
    _grid_s: int | None = field(init=False)

    def __post_init__(self) -> None:
        self.id = f"{self.domain}/{self.thing}/observations"
        self.phase = int(self.turn * min(series.of.interval_s for series in self.series))
        self._grid_s = self._grid()

    @property
    def longest_interval_s(self) -> int:
        return max(series.of.interval_s for series in self.series)

    def next_time(self, after: int) -> int:
        periodic = min(self._next_periodic(series, after) for series in self.series)
        return min([periodic, *(parking.next_change(spot, after) for parking, spot in self._bays())])

    def messages(self, after: int, until: int) -> list[Message]:
        elements = list(self.elements(after, until))
        return [(observations_topic(self.domain, self.thing), encode(elements))] if elements else []

    def elements(self, after: int, until: int) -> Iterator[Element]:
        """One for each time in (after, until] at which a property is due."""
        while (after := self.next_time(after)) <= until:
            due = [series for series in self.series if self._is_due(series, after)]
            yield Element(
                time=datetime.fromtimestamp(after, UTC),
                results={series.key: series.result(after) for series in due},
                provenance=Provenance.SIMULATED,
                sequence=after // self._grid_s if self._grid_s else None,
            )

    def _is_due(self, series: _Series, t: int) -> bool:
        if (t - self.phase) % series.of.interval_s == 0:
            return True
        profile = series.profile
        return isinstance(profile, Parking) and profile.next_change(series.spot, t - 1) == t

    def _next_periodic(self, series: _Series, after: int) -> int:
        return after + series.of.interval_s - (after - self.phase) % series.of.interval_s

    def _grid(self) -> int | None:
        """Seconds between any two elements where that is one number: then they are numbered by it, counted from
        the epoch, so that a restart or a backfill goes on with the same count. None: they come irregularly.
        """
        shortest = min(series.of.interval_s for series in self.series)
        irregular = any(series.of.interval_s % shortest for series in self.series) or any(self._bays())
        return None if irregular else shortest

    def _bays(self) -> Iterator[tuple[Parking, Spot]]:
        for series in self.series:
            if isinstance(series.profile, Parking):
                yield series.profile, series.spot


@dataclass(kw_only=True, slots=True)
class ExtentStream:
    """The flooded area around a point while the water is deep, and once empty when it no longer is."""

    domain: str
    thing: str
    lat: float
    lon: float
    depth: _Series
    extent: Extent
    turn: float
    key: int
    phase: int = field(init=False)
    id: str = field(init=False)

    def __post_init__(self) -> None:
        self.id = f"{self.domain}/{self.thing}/extent"
        self.phase = int(self.turn * self.extent.every_s)

    @property
    def longest_interval_s(self) -> int:
        return self.extent.every_s

    def next_time(self, after: int) -> int:
        return after + self.extent.every_s - (after - self.phase) % self.extent.every_s

    def messages(self, after: int, until: int) -> list[Message]:
        topic = extent_topic(self.domain, self.thing)
        return [(topic, payload) for payload in self._payloads(after, until)]

    def _payloads(self, after: int, until: int) -> Iterator[bytes]:
        while (after := self.next_time(after)) <= until:
            depth = self.depth.result(after)
            deep = depth >= self.extent.from_depth
            if deep or self.depth.result(after - self.extent.every_s) >= self.extent.from_depth:
                features = [self._feature(depth)] if deep else []
                yield encode_extent(datetime.fromtimestamp(after, UTC), features, Provenance.SIMULATED)

    def _feature(self, depth_cm: float) -> Mapping[str, Any]:
        return {
            "type": "Feature",
            "geometry": {"type": "Polygon", "coordinates": [self._outline(depth_cm)]},
            "properties": {"depth_cm": depth_cm},
        }

    def _outline(self, depth_cm: float) -> list[tuple[float, float]]:
        """A closed ring of (lon, lat): an ellipse along some street, larger when the water is deeper."""
        along_m = 40.0 + 2.0 * min(depth_cm, 60.0)
        turn = uniform(self.key) * 360.0
        ring = [self._corner(n, along_m, radians(turn)) for n in range(_CORNERS)]
        return [*ring, ring[0]]

    def _corner(self, n: int, along_m: float, turn: float) -> tuple[float, float]:
        angle = radians(n * 360.0 / _CORNERS)
        ragged = between(self.key, 0.85, 1.15, index=n + 1)
        x, y = along_m * ragged * cos(angle), 0.4 * along_m * ragged * sin(angle)
        east, north = x * cos(turn) - y * sin(turn), x * sin(turn) + y * cos(turn)
        return round(self.lon + east * _DEG_PER_M_LON, 6), round(self.lat + north * _DEG_PER_M_LAT, 6)


def streams_of(
    domains: Mapping[str, Domain],
    things: Sequence[Thing],
    *,
    seed: int,
    weather: Weather,
    happenings: Sequence[Happening] = (),
) -> dict[str, Stream]:
    """Every stream by its id. Raises SimulatorSectionError naming file and key.

    A property that is derived or has no profile is not simulated; a Thing without any is left out.
    """
    sections = {key: section_of(domain) for key, domain in domains.items()}
    places = {thing.id: thing.location for thing in things}
    streams: dict[str, Stream] = {}
    turns = _turns(things)
    for thing in things:
        place = thing.location or places.get(thing.parent_id or "")
        lat, lon = (place.lat, place.lon) if place else CENTRE
        series = _series(
            domains[thing.domain], sections[thing.domain], thing, lat, lon, seed, weather, happenings
        )
        for made in _streams(thing, lat, lon, series, sections[thing.domain], seed, turns[thing.id]):
            streams[made.id] = made
    return streams


def section_of(domain: Domain) -> SimulatorSection:
    """The domain's `[simulator]` table; an empty one where there is none."""
    table = domain.sections.get("simulator", {})
    return simulator_section(table, frozenset(domain.properties), domain.source)


def _series(
    domain: Domain,
    section: SimulatorSection,
    thing: Thing,
    lat: float,
    lon: float,
    seed: int,
    weather: Weather,
    happenings: Sequence[Happening],
) -> dict[str, _Series]:
    series: dict[str, _Series] = {}
    profiles = {**OF_EVERY_DOMAIN, **section.profile}

    def sibling(key: str, t: int) -> float:
        if key not in series:  # the Thing itself lacks it; what follows it is simulated all the same
            series[key] = build(key)
        return series[key].exact(t)

    def build(key: str) -> _Series:
        of = domain.properties[key]
        spot = Spot(
            key=stream(seed, thing.id, key),
            lat=lat,
            lon=lon,
            weather=weather,
            interval_s=of.interval_s,
            sibling=sibling,
        )
        effects = effects_of(happenings, domain.key, thing.id, key)
        return _Series(key=key, profile=profiles[key], spot=spot, of=of, effects=effects)

    own = [key for key in thing.properties if key in profiles and not domain.properties[key].derived]
    series.update({key: build(key) for key in own})
    return {key: series[key] for key in own}


def _turns(things: Sequence[Thing]) -> dict[str, float]:
    """Who speaks when, as a part of the interval: steps of the golden ratio keep any number of Things of a domain
    evenly apart, so that in the city something arrives nearly every second.
    """
    ranks: Counter[str] = Counter()
    turns = {}
    for thing in things:
        turns[thing.id] = (uniform(stream("turn", thing.domain)) + ranks[thing.domain] * _GOLDEN) % 1.0
        ranks[thing.domain] += 1 if thing.properties else 0
    return turns


def _streams(
    thing: Thing,
    lat: float,
    lon: float,
    series: Mapping[str, _Series],
    section: SimulatorSection,
    seed: int,
    turn: float,
) -> Iterator[Stream]:
    if series:
        yield ObservationStream(domain=thing.domain, thing=thing.id, series=tuple(series.values()), turn=turn)
    if section.extent is not None and section.extent.property in series:
        yield ExtentStream(
            domain=thing.domain,
            thing=thing.id,
            lat=lat,
            lon=lon,
            depth=series[section.extent.property],
            extent=section.extent,
            turn=turn,
            key=stream(seed, thing.id, "extent"),
        )
