"""VN_AQI, the Vietnamese air quality index: Decision 1459/QĐ-TCMT of 12 November 2019.

All concentrations are in ug/m3, CO too. An hour is labelled by its end. Where the Decision is silent this module
rounds halves up, always normalises NowCast (`NowCast` below) and takes an hour with at least 75 % of its values.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

Breakpoints = tuple[float, ...]

INDEX: Final = (0, 50, 100, 150, 200, 300, 400, 500)
"""I_i of table 2."""

BREAKPOINTS: Final[Mapping[str, Breakpoints]] = {
    "o3_1h": (0, 160, 200, 300, 400, 800, 1_000, 1_200),
    "o3_8h": (0, 100, 120, 170, 210, 400),
    "co": (0, 10_000, 30_000, 45_000, 60_000, 90_000, 120_000, 150_000),
    "so2": (0, 125, 350, 550, 800, 1_600, 2_100, 2_630),
    "no2": (0, 100, 200, 700, 1_200, 2_350, 3_100, 3_850),
    "pm10": (0, 50, 150, 250, 350, 420, 500, 600),
    "pm2_5": (0, 25, 50, 80, 150, 250, 350, 500),
}
"""BP_i of table 2; PM columns are NowCast values in the hourly index and 24 h means in the daily one."""

NOWCAST_HOURS: Final = 12
LEAST_WEIGHT: Final = 0.5


@dataclass(frozen=True, kw_only=True, slots=True)
class HourlyIndex:
    """VN_AQI of one hour: the value, the pollutant that gives it, and every sub-index."""

    value: int
    dominant: str
    sub_indices: Mapping[str, int]


def nowcast(hours: Sequence[float | None]) -> float | None:
    """NowCast concentration of PM from 12 hourly means, newest first, None = missing.

    Decision 1459, section on NowCast: w = Cmin/Cmax, at least ½; weights w^(i−1); None unless at least two of the
    three newest hours exist. The Decision writes the case w = ½ without its normalisation, which under-reads where
    hours are missing; here the sum is always divided by the weights that were used. Raises ValueError unless 12.
    """
    if len(hours) != NOWCAST_HOURS:
        raise ValueError(f"NowCast takes {NOWCAST_HOURS} hours, got {len(hours)}")
    if sum(value is not None for value in hours[:3]) < 2:
        return None
    present = [(n, value) for n, value in enumerate(hours) if value is not None]
    highest = max(value for _, value in present)
    lowest = min(value for _, value in present)
    if highest <= 0:
        return 0.0
    weight = max(lowest / highest, LEAST_WEIGHT)
    total = sum(weight**n * value for n, value in present)
    return total / sum(weight**n for n, _ in present)


def sub_index(pollutant: str, value: float) -> int | None:
    """AQI_x of one concentration (ug/m3), rounded half up; 500 from the last breakpoint on.

    None for o3_8h above 400, where the Decision says to use o3_1h. A negative concentration, which instruments
    report near zero, counts as 0. Raises KeyError for an unknown pollutant, ValueError for NaN.
    """
    points = BREAKPOINTS[pollutant]
    if math.isnan(value):
        raise ValueError(f"{pollutant}: the concentration is not a number")
    if value <= points[0]:
        return 0
    for n, (low, high) in enumerate(pairwise(points)):
        if value <= high:
            slope = (INDEX[n + 1] - INDEX[n]) / (high - low)
            return half_up(slope * (value - low) + INDEX[n])
    return None if pollutant == "o3_8h" else INDEX[-1]


def hourly(means: Mapping[str, Sequence[float | None]]) -> HourlyIndex | None:
    """VN_AQI of an hour from hourly means per pollutant (pm2_5 pm10 no2 so2 co o3), 12 values newest first.

    PM enter by NowCast, the gases by the hour's own mean. None without a PM value: the Decision publishes no index
    then.
    """
    sub_indices: dict[str, int] = {}
    for pollutant in ("pm2_5", "pm10"):
        concentration = nowcast(means[pollutant]) if pollutant in means else None
        if concentration is not None:
            sub_indices[pollutant] = _required(pollutant, concentration)
    if not sub_indices:
        return None
    for pollutant, table in (("no2", "no2"), ("so2", "so2"), ("co", "co"), ("o3", "o3_1h")):
        newest = means[pollutant][0] if pollutant in means else None
        if newest is not None:
            sub_indices[pollutant] = _required(table, newest)
    dominant = max(sub_indices, key=lambda pollutant: sub_indices[pollutant])
    return HourlyIndex(value=sub_indices[dominant], dominant=dominant, sub_indices=sub_indices)


def half_up(value: float) -> int:
    """To the nearest integer, halves up: 62.5 → 63 (Python's round gives 62).

    Ten decimals are looked at, so that 0.5 that binary arithmetic missed by a hair still counts as a half.
    """
    return math.floor(round(value, 10) + 0.5)


def _required(table: str, concentration: float) -> int:
    index = sub_index(table, concentration)
    assert index is not None, f"{table} has an index for every concentration"
    return index
