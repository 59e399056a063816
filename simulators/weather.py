"""The simulated sky over Hanoi: storms, showers and winter inversions, the same for every station.

Rain is given as what has fallen up to a time, in closed form. So a gauge's counter, its 5-minute sums and the
flood that follows all come from one curve and can't contradict each other.

A storm comes every 15 to 45 hours, so that 48 hours of history always hold one. The real Hanoi, with 1,782 mm in a
year, has far fewer: the demonstration's yearly sum is several times too high, and that is meant.
"""

from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from math import cos, exp, radians, sin
from typing import Final

from simulators.hanoi_clock import HOUR, hours_from, local_hour, year_wave
from simulators.seeded import generator, stream, uniform, wave

CENTRE: Final = (21.03, 105.83)
"""Where a Thing without a place is taken to be, and what storms aim at."""
EPOCH: Final = 1704067200
"""2024-01-01Z: rain counters start there, and it never rained before."""
_KM_PER_DEG_LAT: Final = 110.6
_KM_PER_DEG_LON: Final = 103.9
_REACH_KM: Final = 15.0
"""Storms begin and end at this distance from the centre; places beyond count as at the edge."""
_STORM_SLOT_S: Final = 30 * HOUR
_SHOWER_SLOT_S: Final = 8 * HOUR
_COLDEST_DAY: Final = 15.0
_WETTEST_DAY: Final = 205.0


@dataclass(frozen=True, kw_only=True, slots=True)
class RainCurve:
    """Intensity over time as straight lines between knots (seconds from the start, mm/h), zero outside."""

    knots: tuple[tuple[float, float], ...]
    _times: tuple[float, ...] = field(init=False, repr=False, compare=False)
    _fallen_mm: tuple[float, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        areas = ((b[0] - a[0]) * (a[1] + b[1]) / 2 / HOUR for a, b in pairwise(self.knots))
        object.__setattr__(self, "_times", tuple(time for time, _ in self.knots))
        object.__setattr__(self, "_fallen_mm", (0.0, *accumulate(areas)))

    @property
    def duration_s(self) -> float:
        return self._times[-1]

    def fallen_mm(self, elapsed_s: float) -> float:
        """Rain from the start until `elapsed_s`: never falls, and exactly the total from the end on."""
        if elapsed_s <= self._times[0]:
            return 0.0
        if elapsed_s >= self._times[-1]:
            return self._fallen_mm[-1]
        n = bisect_right(self._times, elapsed_s) - 1
        (t0, i0), (t1, i1) = self.knots[n], self.knots[n + 1]
        since = elapsed_s - t0
        slope = (i1 - i0) / (t1 - t0)
        return self._fallen_mm[n] + since * (i0 + slope * since / 2) / HOUR

    def scaled(self, factor: float) -> "RainCurve":
        return RainCurve(knots=tuple((time, mm_h * factor) for time, mm_h in self.knots))


@dataclass(frozen=True, kw_only=True, slots=True)
class Storm:
    """Rain that crosses the city: strongest on its track, later at places further along it."""

    start: int
    curve: RainCurve
    lat: float = CENTRE[0]
    lon: float = CENTRE[1]
    radius_km: float
    bearing_deg: float
    """Where it moves to, clockwise from north."""
    speed_km_h: float
    floor: float = 0.25
    """The share of the rain that falls far off the track."""

    @property
    def end(self) -> float:
        """When the last drop has fallen at the last place."""
        return self.start + 2 * _REACH_KM / self.speed_km_h * HOUR + self.curve.duration_s

    def arrival(self, lat: float, lon: float) -> tuple[float, float]:
        """When it begins to rain there (epoch seconds), and the share of the curve that falls there."""
        east = (lon - self.lon) * _KM_PER_DEG_LON
        north = (lat - self.lat) * _KM_PER_DEG_LAT
        towards = radians(self.bearing_deg)
        along = min(max(east * sin(towards) + north * cos(towards), -_REACH_KM), _REACH_KM)
        across = (east * cos(towards) - north * sin(towards)) / self.radius_km
        share = self.floor + (1.0 - self.floor) * exp(-0.5 * across * across)
        return self.start + (along + _REACH_KM) / self.speed_km_h * HOUR, share

    def fallen_mm(self, lat: float, lon: float, t: float) -> float:
        if t <= self.start:
            return 0.0
        begin, share = self.arrival(lat, lon)
        return share * self.curve.fallen_mm(t - begin)


@dataclass(kw_only=True)
class Weather:
    """All rain and air of one seed. Times are epoch seconds.

    `scenario_storms` are added to the natural ones. What it keeps is only memory of what it computed before.
    """

    seed: int
    scenario_storms: Sequence[Storm] = ()
    _storms: dict[int, Storm] = field(default_factory=dict, init=False, repr=False)
    _showers: dict[int, Storm | None] = field(default_factory=dict, init=False, repr=False)
    _sums: dict[tuple[float, float], "_SlotSums"] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        self._storm_key = stream(self.seed, "storm")
        self._shower_key = stream(self.seed, "shower")
        self._haze_key = stream(self.seed, "haze")

    def storms(self, start: float, end: float) -> Iterator[Storm]:
        """Everything that rains somewhere in the city between the two times."""
        for slot in range(int(start // _STORM_SLOT_S), int(end // _STORM_SLOT_S) + 1):
            storm = self._storm(slot)
            if storm.start < end and storm.end > start:
                yield storm
        for slot in range(int(start // _SHOWER_SLOT_S), int(end // _SHOWER_SLOT_S) + 1):
            shower = self._shower(slot)
            if shower is not None and shower.start < end and shower.end > start:
                yield shower
        for storm in self.scenario_storms:
            if storm.start < end and storm.end > start:
                yield storm

    def rain_mm(self, lat: float, lon: float, start: float, end: float) -> float:
        """What falls there between the two times."""
        return sum(
            storm.fallen_mm(lat, lon, end) - storm.fallen_mm(lat, lon, start)
            for storm in self.storms(start, end)
        )

    def fallen_mm(self, lat: float, lon: float, t: float) -> float:
        """All rain there since EPOCH: it never falls."""
        if t <= EPOCH:
            return 0.0
        sums = self._sums.setdefault((lat, lon), _SlotSums())
        natural = _slots_mm(sums.storms, self._storm, _STORM_SLOT_S, lat, lon, t)
        drizzle = _slots_mm(sums.showers, self._shower, _SHOWER_SLOT_S, lat, lon, t)
        return natural + drizzle + sum(storm.fallen_mm(lat, lon, t) for storm in self.scenario_storms)

    def wetness(self, lat: float, lon: float, t: float) -> float:
        """0 when it did not rain in the last hour, towards 1 in a downpour."""
        return 1.0 - exp(-self.rain_mm(lat, lon, t - HOUR, t) / 5.0)

    def haze(self, t: float) -> float:
        """How still the air over the city is, -1 (windy) to 1; it wanders over days."""
        return 0.7 * wave(self._haze_key, t, 72 * HOUR) + 0.3 * wave(self._haze_key + 1, t, 11 * HOUR)

    def inversion(self, t: float) -> float:
        """0 to 1: warm air over cold on still winter nights, strongest towards the morning."""
        winter = 0.5 + 0.5 * year_wave(t, _COLDEST_DAY)
        still = 0.5 + 0.5 * self.haze(t)
        night = exp(-0.5 * (hours_from(local_hour(t), 5.0) / 4.0) ** 2)
        return winter * still * night

    def _storm(self, slot: int) -> Storm:
        if slot not in self._storms:
            self._storms[slot] = _natural_storm(self._storm_key, slot)
        return self._storms[slot]

    def _shower(self, slot: int) -> Storm | None:
        if slot not in self._showers:
            self._showers[slot] = _natural_shower(self._shower_key, slot)
        return self._showers[slot]


@dataclass(frozen=True, slots=True)
class _SlotSums:
    """Rain of one place since EPOCH at the beginning of each slot, extended as time goes on."""

    storms: "array[float]" = field(default_factory=lambda: array("d", [0.0]))
    showers: "array[float]" = field(default_factory=lambda: array("d", [0.0]))


def _slots_mm(
    sums: "array[float]",
    of_slot: Callable[[int], Storm | None],
    slot_s: int,
    lat: float,
    lon: float,
    t: float,
) -> float:
    """Whole slots and the part of the last one. The additions are always made in the same order."""
    first, last = EPOCH // slot_s, int(t // slot_s)
    for slot in range(first + len(sums) - 1, last):
        storm = of_slot(slot)
        sums.append(sums[-1] + (storm.fallen_mm(lat, lon, storm.end) if storm else 0.0))
    storm = of_slot(last)
    return sums[last - first] + (storm.fallen_mm(lat, lon, t) if storm else 0.0)


def _natural_storm(key: int, slot: int) -> Storm:
    """One a slot, begun in its first half and over before its end, so that slots never share a storm."""
    draw = generator(key, slot)
    start = int(slot * _STORM_SLOT_S + draw.random() * _STORM_SLOT_S / 2)
    season = 0.92 + 0.08 * year_wave(start, _WETTEST_DAY)
    return _crossing(
        start,
        _burst(draw.uniform(1.2, 2.2) * HOUR, draw.uniform(78, 115) * season, draw.uniform(0.25, 0.5)),
        bearing_deg=draw.uniform(0, 360),
        offset=(draw.uniform(-0.04, 0.04), draw.uniform(-0.04, 0.04)),
        radius_km=draw.uniform(5.0, 9.0),
        speed_km_h=draw.uniform(22.0, 40.0),
    )


def _natural_shower(key: int, slot: int) -> Storm | None:
    if uniform(key, slot) > 0.3:
        return None
    draw = generator(key, slot)
    return _crossing(
        int(slot * _SHOWER_SLOT_S + draw.random() * _SHOWER_SLOT_S / 2),
        _burst(draw.uniform(0.3, 1.5) * HOUR, draw.uniform(0.4, 4.0), draw.uniform(0.2, 0.6)),
        bearing_deg=draw.uniform(0, 360),
        offset=(draw.uniform(-0.08, 0.08), draw.uniform(-0.08, 0.08)),
        radius_km=draw.uniform(3.0, 8.0),
        speed_km_h=draw.uniform(20.0, 40.0),
    )


def _crossing(
    start: int,
    curve: RainCurve,
    *,
    bearing_deg: float,
    offset: tuple[float, float],
    radius_km: float,
    speed_km_h: float,
) -> Storm:
    return Storm(
        start=start,
        curve=curve,
        lat=CENTRE[0] + offset[0],
        lon=CENTRE[1] + offset[1],
        radius_km=radius_km,
        bearing_deg=bearing_deg,
        speed_km_h=speed_km_h,
    )


def _burst(duration_s: float, total_mm: float, peak_at: float) -> RainCurve:
    """A fast rise, a peak, and a tail with a second, weaker burst."""
    shape = (
        (0.0, 0.0),
        (0.5 * peak_at, 0.35),
        (peak_at, 1.0),
        (peak_at + 0.15, 0.4),
        (0.8, 0.45),
        (1.0, 0.0),
    )
    curve = RainCurve(knots=tuple((part * duration_s, part_mm) for part, part_mm in sorted(shape)))
    return curve.scaled(total_mm / curve.fallen_mm(duration_s))
