"""Profile kinds: what a property does over a day and a year, as a function of (seed, Thing, time).

A table `[simulator.profile.<property>]` of the catalogue names a kind and its numbers, so that a new domain needs
no code. Numbers without a source are our suggestion [S]; what the domain facts say is named beside them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import cos, exp, floor, pi, sqrt, tau
from typing import Annotated, Any, Final, Protocol

import msgspec
from msgspec import Meta, Struct

from simulators.bays import Bay, OccupancyTarget
from simulators.drainage import Drainage, DrainedStreet
from simulators.hanoi_clock import DAY, HOUR, hours_from, is_weekend, local_hour, year_wave
from simulators.seeded import between, uniform, wave
from simulators.weather import Weather

Positive = Annotated[float, Meta(gt=0)]
Share = Annotated[float, Meta(ge=0, le=1)]
Hour = Annotated[float, Meta(ge=0, le=24)]
DayOfYear = Annotated[float, Meta(ge=0, le=366)]


@dataclass(frozen=True, kw_only=True, slots=True)
class Spot:
    """One property of one Thing, as a profile sees it."""

    key: int
    """The stream of randomness of this seed, Thing and property."""
    lat: float
    lon: float
    weather: Weather
    interval_s: int
    sibling: Callable[[str, int], float]
    """Another property of the same Thing at a time, unrounded. Raises KeyError when it is not simulated."""
    memory: dict[Any, Any] = field(default_factory=dict)
    """What a profile may keep to be fast; never what it needs to be right."""


class Profile(Protocol):
    """A kind of curve."""

    def value(self, spot: Spot, t: int) -> float:
        """In the property's unit, unrounded."""


class _Kind(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    """The TOML table of a profile; its `kind` chooses the class."""


class Peak(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A hump (or, with a negative height, a dip) in the day, in the property's unit."""

    hour: Hour
    height: float
    width_h: Positive = 2.0
    weekend: Share = 1.0
    """How much of it is left on Saturday and Sunday."""


class Season(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A factor that is 1 + amplitude on the peak day of the year (0 = 1 January), 1 - amplitude half a year off."""

    amplitude: Share
    peak_day: DayOfYear


class Noise(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a curve wanders by, as a share of its value, and how fast."""

    share: Share = 0.05
    period_s: Positive = 1800.0

    def factor(self, key: int, t: float) -> float:
        slow = wave(key, t, self.period_s)
        quick = wave(key + 1, t, self.period_s / 6)
        return 1.0 + self.share * (0.7 * slow + 0.3 * quick)


class Diurnal(_Kind, frozen=True, kw_only=True, tag="diurnal"):
    """A level with peaks at hours of the day, a season, and what still, wet or inverted air does to it."""

    base: float
    peaks: tuple[Peak, ...] = ()
    season: Season | None = None
    noise: Noise = Noise()
    spread: Share = 0.0
    """How far stations differ: 0.2 is 80 to 120 %."""
    inversion: float = 0.0
    """What a full winter inversion adds, as a share."""
    haze: float = 0.0
    """What several still days add (and windy ones take), as a share."""
    wet: float = 0.0
    """What a downpour adds, as a share; rain washes particles out with -0.5."""
    low: float | None = None
    high: float | None = None

    def value(self, spot: Spot, t: int) -> float:
        hour, weekend = local_hour(t), is_weekend(t)
        value = self.base
        for peak in self.peaks:
            away = hours_from(hour, peak.hour) / peak.width_h
            value += peak.height * exp(-0.5 * away * away) * (peak.weekend if weekend else 1.0)
        if self.season is not None:
            value *= 1.0 + self.season.amplitude * year_wave(t, self.season.peak_day)
        value *= between(spot.key, 1.0 - self.spread, 1.0 + self.spread) * self.noise.factor(spot.key, t)
        value *= self._air(spot, t)
        if self.low is not None:
            value = max(value, self.low)
        return value if self.high is None else min(value, self.high)

    def _air(self, spot: Spot, t: int) -> float:
        factor = 1.0
        if self.inversion:
            factor += self.inversion * spot.weather.inversion(t)
        if self.haze:
            factor *= exp(self.haze * spot.weather.haze(t))
        if self.wet:
            factor *= 1.0 + self.wet * spot.weather.wetness(spot.lat, spot.lon, t)
        return factor


class Photochemical(_Kind, frozen=True, kw_only=True, tag="photochemical"):
    """Ozone: made by the sun over hours, so its top is in the afternoon; eaten by traffic's NO at night."""

    night: Positive
    afternoon: Positive
    """What a clear summer day adds at its top."""
    hour: Hour = 14.5
    width_h: Positive = 2.8
    season: Season = Season(amplitude=0.3, peak_day=150)
    noise: Noise = Noise(share=0.06, period_s=2400)
    spread: Share = 0.1

    def value(self, spot: Spot, t: int) -> float:
        away = hours_from(local_hour(t), self.hour) / self.width_h
        sun = exp(-0.5 * away * away) * (1.0 + self.season.amplitude * year_wave(t, self.season.peak_day))
        cloud = 1.0 - 0.7 * spot.weather.wetness(spot.lat, spot.lon, t)
        still = exp(0.35 * spot.weather.haze(t))
        site = between(spot.key, 1.0 - self.spread, 1.0 + self.spread)
        return (self.night + self.afternoon * sun * cloud * still) * site * self.noise.factor(spot.key, t)


class Oxygen(_Kind, frozen=True, kw_only=True, tag="oxygen"):
    """A shallow lake breathes: algae make oxygen by day and use it by night.

    Hanoi's lakes are lowest at 4 to 6 h and highest at 15 to 17 h (domain facts, IWA WQRJ 55/1/67 [V]).
    """

    mean: float
    swing: Annotated[float, Meta(ge=0)]
    """Half of the way from the lowest to the highest."""
    lowest_hour: Hour = 5.0
    highest_hour: Hour = 16.0
    noise: Noise = Noise(share=0.01, period_s=1800)
    spread: Share = 0.1
    days: Share = 0.12
    """How far whole days differ: some dawns are worse."""
    low: float = 0.0

    def value(self, spot: Spot, t: int) -> float:
        days = 1.0 + self.days * wave(spot.key + 2, t, 3 * DAY)
        site = between(spot.key, 1.0 - self.spread, 1.0 + self.spread)
        breath = _between_extremes(local_hour(t), self.lowest_hour, self.highest_hour)
        value = (self.mean * days + self.swing * breath) * site * self.noise.factor(spot.key, t)
        return max(value, self.low)


class Follows(_Kind, frozen=True, kw_only=True, tag="follows"):
    """A property that goes with another one of the same Thing: factor · other + offset."""

    of: str
    factor: float = 1.0
    offset: float = 0.0
    noise: Noise = Noise(share=0.03)
    spread: Share = 0.0
    low: float | None = None
    high: float | None = None

    def value(self, spot: Spot, t: int) -> float:
        site = between(spot.key, 1.0 - self.spread, 1.0 + self.spread)
        value = self.offset + self.factor * site * spot.sibling(self.of, t) * self.noise.factor(spot.key, t)
        if self.low is not None:
            value = max(value, self.low)
        return value if self.high is None else min(value, self.high)


class TippingBucket(_Kind, frozen=True, kw_only=True, tag="tipping_bucket"):
    """Rain in whole tips: as a counter that rolls over, or as the difference to one interval before."""

    output: Annotated[str, Meta(pattern="^(counter|interval)$")]
    tip_mm: Positive = 0.2
    bits: Annotated[int, Meta(ge=8, le=64)] = 16

    def value(self, spot: Spot, t: int) -> float:
        if self.output == "counter":
            return (self._tips(spot, t) % (1 << self.bits)) * self.tip_mm
        return (self._tips(spot, t) - self._tips(spot, t - spot.interval_s)) * self.tip_mm

    def _tips(self, spot: Spot, t: int) -> int:
        return floor(spot.weather.fallen_mm(spot.lat, spot.lon, t) / self.tip_mm)


class Drain(_Kind, frozen=True, kw_only=True, tag="drain"):
    """Water on a street: what the drains can't take ponds after a lag, and runs off when the rain is over."""

    drains_mm_h: tuple[Positive, Positive]
    """From the worst point's drains to the best's."""
    cm_per_mm: Positive
    lag_min: Annotated[float, Meta(ge=0, le=120)] = 12.0
    empties_min: Annotated[float, Meta(gt=0, le=120)] = 45.0
    """In this time two thirds of the water are gone."""
    empties_cm_h: Annotated[float, Meta(ge=1)] = 4.0
    """And this much in any case, so that a street becomes dry."""
    base: float = 0.0

    def value(self, spot: Spot, t: int) -> float:
        street: DrainedStreet | None = spot.memory.get("street")
        if street is None:
            low, high = self.drains_mm_h
            drainage = Drainage(
                drains_mm_h=between(spot.key, low, high),
                cm_per_mm=self.cm_per_mm * between(spot.key, 0.8, 1.2, index=1),
                lag_s=self.lag_min * 60 * between(spot.key, 0.7, 1.3, index=2),
                empties_s=self.empties_min * 60,
                empties_cm_h=self.empties_cm_h,
            )
            street = spot.memory["street"] = DrainedStreet(drainage, spot.lat, spot.lon, spot.weather)
        return self.base + street.depth_cm(t)


class Reservoir(_Kind, frozen=True, kw_only=True, tag="reservoir"):
    """A lake's or river's level: a slow wander, raised by the rain of the last hours and days."""

    base: float
    wander: float = 0.05
    per_mm: float = 0.004
    """What a millimetre in the basin adds until it has run off, in the property's unit."""

    def value(self, spot: Spot, t: int) -> float:
        soon, later = (spot.weather.rain_mm(spot.lat, spot.lon, t - hours * HOUR, t) for hours in (6, 36))
        rain = self.per_mm * (0.6 * soon + 0.4 * later)
        return self.base + self.wander * wave(spot.key, t, 5 * DAY) + rain


class Wind(_Kind, frozen=True, kw_only=True, tag="wind_direction"):
    """Where the wind comes from: north-east in winter, south-east in summer, and gusts about it."""

    winter_deg: float = 40.0
    summer_deg: float = 140.0
    gusts_deg: float = 50.0

    def value(self, spot: Spot, t: int) -> float:
        summer = 0.5 - 0.5 * year_wave(t, 15.0)
        steady = self.winter_deg + (self.summer_deg - self.winter_deg) * summer
        gusts = 0.6 * wave(spot.key, t, 6 * HOUR) + 0.4 * wave(spot.key + 1, t, 900)
        return (steady + self.gusts_deg * gusts) % 360.0


class Battery(_Kind, frozen=True, kw_only=True, tag="battery"):
    """A battery that empties over months and is changed, with a little less on cool nights."""

    full: Positive = 3.65
    empty: Positive = 3.05
    lasts_days: Positive = 700.0

    def value(self, spot: Spot, t: int) -> float:
        age = (t / (self.lasts_days * DAY) + uniform(spot.key)) % 1.0
        night = -0.01 * cos(tau * (local_hour(t) - 15.0) / 24.0 + pi)
        return self.full - (self.full - self.empty) * age * sqrt(age) + night


class SignalStrength(_Kind, frozen=True, kw_only=True, tag="rssi"):
    """How well the radio is heard: the place decides, rain takes a little."""

    near: float = -68.0
    far: float = -112.0

    def value(self, spot: Spot, t: int) -> float:
        rain = 4.0 * spot.weather.wetness(spot.lat, spot.lon, t)
        return between(spot.key, self.far, self.near) + 3.0 * wave(spot.key, t, 2 * HOUR) - rain


class Parking(_Kind, frozen=True, kw_only=True, tag="parking"):
    """A bay: cars come and go so that the share of occupied bays goes towards the target of the hour."""

    occupancy: Annotated[tuple[tuple[Hour, Share], ...], Meta(min_length=2)]
    """Target share by hour of the day, rising hours; between them it is a straight line."""
    weekend: Share = 0.8
    dwell_min: Positive = 75.0
    """Half of the cars stay less."""
    overnight: Share = 0.3
    """The share of bays where the evening's last car stays until the morning."""

    def value(self, spot: Spot, t: int) -> float:
        return float(self.bay(spot).occupied(t))

    def next_change(self, spot: Spot, after: int) -> int:
        """The first whole second after `after` at which a car comes or goes."""
        return self.bay(spot).next_change(after)

    def bay(self, spot: Spot) -> Bay:
        bay: Bay | None = spot.memory.get("bay")
        if bay is None:
            target = OccupancyTarget(
                by_hour=self.occupancy,
                weekend=self.weekend,
                dwell_s=self.dwell_min * 60,
                overnight=self.overnight,
            )
            bay = spot.memory["bay"] = Bay(target, spot.key)
        return bay


AnyProfile = (
    Diurnal
    | Photochemical
    | Oxygen
    | Follows
    | TippingBucket
    | Drain
    | Reservoir
    | Wind
    | Battery
    | SignalStrength
    | Parking
)


class Extent(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When and how often the flooded area around a point is published."""

    property: str
    from_depth: Positive = 15.0
    """In the property's unit."""
    every_s: Annotated[int, Meta(ge=60)] = 600


class SimulatorSection(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The catalogue's table `[simulator]`."""

    profile: dict[str, AnyProfile] = {}
    extent: Extent | None = None


class SimulatorSectionError(ValueError):
    """A `[simulator]` table that can't be used; the message names file and key."""


OF_EVERY_DOMAIN: Final[Mapping[str, AnyProfile]] = {"battery": Battery(), "rssi": SignalStrength()}
"""Properties that any Thing may have; a domain may give them a profile of its own."""


def simulator_section(table: Mapping[str, Any], properties: frozenset[str], source: str) -> SimulatorSection:
    """The parsed table. Raises SimulatorSectionError naming file and key."""
    try:
        section = msgspec.convert(table, SimulatorSection, strict=False)
    except msgspec.ValidationError as error:
        raise SimulatorSectionError(f"{source}: simulator: {error}".replace("`$.", "`simulator.")) from error
    for key in section.profile:
        if key not in properties:
            raise SimulatorSectionError(f"{source}: simulator.profile.{key}: no such property in this file")
    for key, of in _references(section):
        if of not in section.profile:
            raise SimulatorSectionError(f"{source}: simulator.{key}: '{of}' has no profile")
    _refuse_circles(section, source)
    return section


def _references(section: SimulatorSection) -> list[tuple[str, str]]:
    follows = [
        (f"profile.{key}.of", profile.of)
        for key, profile in section.profile.items()
        if isinstance(profile, Follows)
    ]
    return follows + ([("extent.property", section.extent.property)] if section.extent else [])


def _refuse_circles(section: SimulatorSection, source: str) -> None:
    for start in section.profile:
        seen, key = {start}, start
        while isinstance(profile := section.profile[key], Follows):
            key = profile.of
            if key in seen:
                raise SimulatorSectionError(f"{source}: simulator.profile.{start}: follows itself")
            seen.add(key)


def _between_extremes(hour: float, lowest: float, highest: float) -> float:
    """-1 at the lowest hour, 1 at the highest, half a cosine on either side."""
    rise = (highest - lowest) % 24.0
    since = (hour - lowest) % 24.0
    if since <= rise:
        return -cos(pi * since / rise)
    return cos(pi * (since - rise) / (24.0 - rise))
