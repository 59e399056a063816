"""Things by where they stand. Degrees WGS 84, metres on a sphere of the mean Earth radius (off by at most 0.6 %)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from storage import db
from storage.things import ThingRow

EARTH_RADIUS_M: Final = 6_371_008.8
"""Mean radius R1 of the WGS 84 ellipsoid (IUGG)."""
HALF_ROUND_M: Final = math.pi * EARTH_RADIUS_M
"""Nothing is farther away."""

Point = tuple[float, float]
"""(lat, lon)"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Near:
    """A Thing and how far it is from where was asked."""

    thing: ThingRow
    distance_m: float


def nearest_things(
    conn: db.Connection,
    lat: float,
    lon: float,
    limit: int = 10,
    within_m: float = HALF_ROUND_M,
    domain: str | None = None,
) -> list[Near]:
    """The Things nearest to a place, at most `limit` and none farther than `within_m`, the nearest first.

    Things without a place are nowhere. Raises ValueError naming what can't be.
    """
    _require_point((lat, lon), "lat", "lon")
    if limit < 1:
        raise ValueError(f"limit: {limit} is less than 1")
    if not 0 <= within_m < math.inf:
        raise ValueError(f"within_m: {within_m} is no distance")
    asked = {
        "lat": lat,
        "lon": lon,
        "limit": limit,
        "within_m": within_m,
        "radius_m": EARTH_RADIUS_M,
        "domain": domain,
    }
    rows = conn.execute(db.statements("places")["nearest_things"], asked).fetchall()
    return [Near(distance_m=row.pop("distance_m"), thing=ThingRow(**row)) for row in rows]


def things_in_polygon(
    conn: db.Connection, ring: Sequence[Point], domain: str | None = None
) -> list[ThingRow]:
    """The Things in a polygon or on its edge, by id. `ring` may be closed or not; none crosses the date line.

    Raises ValueError naming what can't be.
    """
    corners = list(ring)
    for number, corner in enumerate(corners):
        _require_point(corner, f"ring[{number}] lat", f"ring[{number}] lon")
    if len(set(corners)) < 3:
        raise ValueError(f"ring: {len(set(corners))} corners make no polygon")
    polygon = "(" + ",".join(f"({lon!r},{lat!r})" for lat, lon in corners) + ")"
    rows = conn.execute(
        db.statements("places")["things_in_polygon"], {"polygon": polygon, "domain": domain}
    ).fetchall()
    return [ThingRow(**row) for row in rows]


def distance_m(a: Point, b: Point) -> float:
    """Along the great circle, by the haversine formula. Pure; the same as the database computes."""
    lat_a, lon_a, lat_b, lon_b = map(math.radians, (*a, *b))
    chord = (
        math.sin((lat_b - lat_a) / 2) ** 2
        + math.cos(lat_a) * math.cos(lat_b) * math.sin((lon_b - lon_a) / 2) ** 2
    )
    return 2 * EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(chord)))


def _require_point(point: Any, lat_name: str, lon_name: str) -> None:
    for value, most, name in zip(point, (90, 180), (lat_name, lon_name), strict=True):
        if not -most <= value <= most:
            raise ValueError(f"{name}: {value} is not within -{most} and {most} degrees")
