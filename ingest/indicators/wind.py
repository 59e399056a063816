"""Mean wind direction: the direction of the sum of unit vectors, not the mean of degrees (350 and 10 give 0, not 180).

Circular statistics as in Mardia and Jupp, Directional Statistics (2000), 2.2. The two thresholds are our suggestion.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

CALM_M_S: Final = 0.5
"""A slower wind does not turn a vane."""
LEAST_RESULTANT: Final = 0.1
"""With a shorter mean vector the directions say nothing together: opposite, or from all round."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MeanDirection:
    degrees: float
    """Where the wind comes from, clockwise from north, 0 ≤ degrees < 360."""
    resultant: float
    """Length of the mean unit vector: 1 when all are the same, 0 when they cancel out."""


def mean_direction(
    degrees: Iterable[float], least_resultant: float = LEAST_RESULTANT
) -> MeanDirection | None:
    """Of directions in degrees, in any order; None of none, or where they cancel out."""
    angles = [math.radians(value) for value in degrees]
    if not angles:
        return None
    east = math.fsum(map(math.sin, angles)) / len(angles)
    north = math.fsum(map(math.cos, angles)) / len(angles)
    resultant = math.hypot(east, north)
    if resultant < least_resultant:
        return None
    turned = math.degrees(math.atan2(east, north)) % 360.0
    return MeanDirection(degrees=turned % 360.0, resultant=min(resultant, 1.0))


def blowing(winds: Sequence[tuple[float, float | None]], calm_m_s: float = CALM_M_S) -> list[float]:
    """Of (direction, speed) the directions of those that are no calm; an unknown speed is taken for wind."""
    return [direction for direction, speed in winds if speed is None or speed >= calm_m_s]
