"""Water on a street after rain: a pond that fills when the drains are over their limit, and empties afterwards."""

from array import array
from dataclasses import dataclass, field
from math import exp
from typing import Final

from simulators.hanoi_clock import HOUR
from simulators.weather import Storm, Weather

STEP_S: Final = 60
_EMPTY_AFTER_S: Final = 10 * HOUR
"""No street stays wet longer after the rain: Hanoi's floods of this size last 1 to 3 h (domain facts)."""

Curve = tuple[int, "array[float]"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Drainage:
    """What one street's drains can do."""

    drains_mm_h: float
    cm_per_mm: float
    """Depth that a millimetre of rain beyond the drains gives: the street collects from around it."""
    lag_s: float
    empties_s: float
    empties_cm_h: float

    def pond(self, depth_cm: float, rain_mm: float) -> float:
        """The depth one step later, after `rain_mm` in that step."""
        beyond = max(0.0, rain_mm - self.drains_mm_h * STEP_S / HOUR)
        left = depth_cm * exp(-STEP_S / self.empties_s) - self.empties_cm_h * STEP_S / HOUR
        return max(0.0, left) + self.cm_per_mm * beyond


@dataclass(kw_only=False, slots=True)
class DrainedStreet:
    """Depths of one place. It computes a spell of rain once and remembers the last few."""

    drainage: Drainage
    lat: float
    lon: float
    weather: Weather
    _spells: dict[tuple[int, ...], Curve] = field(default_factory=dict, init=False)

    def depth_cm(self, t: int) -> float:
        storms = tuple(self.weather.storms(t - _EMPTY_AFTER_S, t))
        if not storms:
            return 0.0
        start, depths = self._spell(storms)
        n, into = divmod(t - start, STEP_S)
        if not 0 <= n < len(depths) - 1:
            return 0.0
        return depths[n] + (depths[n + 1] - depths[n]) * into / STEP_S

    def _spell(self, storms: tuple[Storm, ...]) -> Curve:
        key = tuple(storm.start for storm in storms)
        if key not in self._spells:
            while len(self._spells) >= 4:
                del self._spells[next(iter(self._spells))]
            self._spells[key] = _pond_curve(self.drainage, self.lat, self.lon, storms)
        return self._spells[key]


def _pond_curve(drainage: Drainage, lat: float, lon: float, storms: tuple[Storm, ...]) -> Curve:
    """Depth at each step from the first storm until the street is dry for good."""
    arrivals = [(storm.curve, *storm.arrival(lat, lon)) for storm in storms]
    start = min(storm.start for storm in storms) // STEP_S * STEP_S
    rain_ends = max(begin + curve.duration_s for curve, begin, _ in arrivals) + drainage.lag_s
    depths, depth, fallen, t = array("d", [0.0]), 0.0, 0.0, start
    while t < rain_ends or depth > 0.0:
        t += STEP_S
        at = t - drainage.lag_s
        now = sum(share * curve.fallen_mm(at - begin) for curve, begin, share in arrivals)
        depth = drainage.pond(depth, now - fallen)
        depths.append(depth)
        fallen = now
    depths.append(0.0)
    return start, depths
