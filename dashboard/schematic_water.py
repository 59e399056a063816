"""Rivers and lakes of Hanoi as a sketch: decoration that helps to find one's way, never for measuring.

No polygon of any of them could be had under a free licence. West Lake's outline is the one of the domain facts
(±200 to 300 m, encloses too much); everything else is drawn from memory, ±300 m or worse. (lat, lon), WGS 84.
"""

import itertools
from dataclasses import dataclass
from math import cos, hypot, pi, radians, sin
from typing import Final

Point = tuple[float, float]

METRES_PER_DEGREE: Final = 111_320.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Water:
    """A closed outline with its name and where the name stands."""

    name: str
    outline: tuple[Point, ...]
    label_at: Point
    from_zoom: int
    """The name is shown from this zoom on."""


def ellipse(
    centre: Point, *, north_south_m: float, east_west_m: float, corners: int = 24
) -> tuple[Point, ...]:
    """An outline around a centre, the two full axes in metres."""
    lat, lon = centre
    south, east = (
        north_south_m / 2 / METRES_PER_DEGREE,
        east_west_m / 2 / METRES_PER_DEGREE / cos(radians(lat)),
    )
    angles = [2 * pi * n / corners for n in range(corners)]
    return tuple((round(lat + south * sin(a), 5), round(lon + east * cos(a), 5)) for a in angles)


def ribbon(course: tuple[Point, ...], *, width_m: float) -> tuple[Point, ...]:
    """An outline of that width along a course of two or more points."""
    half = width_m / 2 / METRES_PER_DEGREE
    left, right = [], []
    for n, (lat, lon) in enumerate(course):
        before, after = course[max(n - 1, 0)], course[min(n + 1, len(course) - 1)]
        shrink = cos(radians(lat))
        north, east = after[0] - before[0], (after[1] - before[1]) * shrink
        length = hypot(north, east)
        across_north, across_east = east / length * half, -north / length * half / shrink
        left.append((round(lat + across_north, 5), round(lon + across_east, 5)))
        right.append((round(lat - across_north, 5), round(lon - across_east, 5)))
    return (*left, *reversed(right))


def rounded(line: tuple[Point, ...], *, closed: bool, times: int = 2) -> tuple[Point, ...]:
    """Cuts the corners (Chaikin), so that a sketch does not look surveyed with a ruler."""
    for _ in range(times):
        pairs = list(itertools.pairwise(line)) + ([(line[-1], line[0])] if closed else [])
        cut = [_between(a, b, share) for a, b in pairs for share in (0.25, 0.75)]
        line = tuple(cut) if closed else (line[0], *cut, line[-1])
    return line


def _between(a: Point, b: Point, share: float) -> Point:
    return round(a[0] + (b[0] - a[0]) * share, 5), round(a[1] + (b[1] - a[1]) * share, 5)


WEST_LAKE: Final = (
    (21.0480, 105.8370),
    (21.0435, 105.8365),
    (21.0420, 105.8300),
    (21.0415, 105.8235),
    (21.0430, 105.8165),
    (21.0455, 105.8130),
    (21.0510, 105.8100),
    (21.0560, 105.8085),
    (21.0620, 105.8075),
    (21.0675, 105.8085),
    (21.0720, 105.8110),
    (21.0755, 105.8150),
    (21.0745, 105.8195),
    (21.0690, 105.8215),
    (21.0630, 105.8205),
    (21.0570, 105.8190),
    (21.0560, 105.8225),
    (21.0590, 105.8265),
    (21.0615, 105.8300),
    (21.0585, 105.8335),
    (21.0530, 105.8365),
)

RED_RIVER: Final = (
    (21.300, 105.345),
    (21.255, 105.385),
    (21.235, 105.425),
    (21.180, 105.440),
    (21.158, 105.480),
    (21.155, 105.530),
    (21.162, 105.580),
    (21.150, 105.625),
    (21.136, 105.665),
    (21.118, 105.705),
    (21.105, 105.745),
    (21.100, 105.785),
    (21.095, 105.820),
    (21.080, 105.838),
    (21.062, 105.850),
    (21.044, 105.859),
    (21.033, 105.863),
    (21.018, 105.869),
    (21.006, 105.880),
    (20.996, 105.896),
    (20.980, 105.906),
    (20.955, 105.906),
    (20.930, 105.898),
    (20.905, 105.905),
    (20.880, 105.922),
    (20.850, 105.930),
    (20.815, 105.920),
    (20.780, 105.945),
    (20.730, 105.985),
    (20.680, 105.995),
)

DUONG_RIVER: Final = (
    (21.073, 105.845),
    (21.083, 105.862),
    (21.082, 105.885),
    (21.076, 105.905),
    (21.060, 105.920),
    (21.048, 105.945),
    (21.052, 105.975),
    (21.066, 106.000),
    (21.075, 106.040),
)

ALL: Final = (
    Water(
        name="Sông Hồng",
        outline=ribbon(rounded(RED_RIVER, closed=False), width_m=850),
        label_at=(21.0255, 105.8665),
        from_zoom=10,
    ),
    Water(
        name="Sông Đuống",
        outline=ribbon(rounded(DUONG_RIVER, closed=False), width_m=300),
        label_at=(21.0765, 105.9045),
        from_zoom=12,
    ),
    Water(
        name="Hồ Tây",
        outline=rounded(WEST_LAKE, closed=True, times=1),
        label_at=(21.0505, 105.8230),
        from_zoom=11,
    ),
    Water(
        name="Hồ Hoàn Kiếm",
        outline=ellipse((21.0288, 105.8522), north_south_m=620, east_west_m=220),
        label_at=(21.0288, 105.8522),
        from_zoom=14,
    ),
    Water(
        name="Hồ Trúc Bạch",
        outline=ellipse((21.0462, 105.8393), north_south_m=620, east_west_m=330),
        label_at=(21.0462, 105.8393),
        from_zoom=14,
    ),
    Water(
        name="Hồ Bảy Mẫu",
        outline=ellipse((21.0130, 105.8433), north_south_m=720, east_west_m=280),
        label_at=(21.0130, 105.8433),
        from_zoom=14,
    ),
    Water(
        name="Hồ Linh Đàm",
        outline=ellipse((20.9668, 105.8330), north_south_m=900, east_west_m=520),
        label_at=(20.9668, 105.8330),
        from_zoom=13,
    ),
    Water(
        name="Hồ Yên Sở",
        outline=ellipse((20.9640, 105.8540), north_south_m=1100, east_west_m=900),
        label_at=(20.9640, 105.8540),
        from_zoom=13,
    ),
)
