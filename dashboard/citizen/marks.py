"""The shapes of assets/map.js as SVG, so that a page has them before any script ran."""

import math
from typing import Final, get_args

from dashboard.condition import Shape

SIZE: Final = 22
_RADIUS: Final = 7.0
_CORNERS: Final = {"triangle": 3, "diamond": 4, "square": 4, "pentagon": 5, "hexagon": 6}
_TURN: Final = {"square": math.pi / 4, "hexagon": math.pi / 6}


def symbols() -> str:
    """Every shape once, as `#s-<shape>`; colour and outline are those of who uses it."""
    return "".join(
        f'<symbol id="s-{shape}" viewBox="0 0 {SIZE} {SIZE}"><path d="{path(shape)}"/></symbol>'
        for shape in get_args(Shape)
    )


def path(shape: str) -> str:
    """The outline around the middle of the square."""
    middle = SIZE / 2
    down = middle + (1.5 if shape in ("drop", "triangle") else 0)
    if shape == "circle":
        return f"M{middle - _RADIUS:g} {middle:g}a7 7 0 1 0 14 0a7 7 0 1 0-14 0z"
    if shape == "drop":
        return f"M{middle:g} {down - 10.15:g}c3.5 4.55 7 8.05 7 11.55a7 7 0 0 1-14 0c0-3.5 3.5-7 7-11.55z"
    if shape == "star":
        corners = [_corner(i, 10, _RADIUS * (0.6 if i % 2 else 1.3), 0) for i in range(10)]
    else:
        count, reach = _CORNERS[shape], _RADIUS * (1.35 if shape == "triangle" else 1.15)
        corners = [_corner(i, count, reach, _TURN.get(shape, 0)) for i in range(count)]
    return "M" + "L".join(f"{middle + x:.1f} {down + y:.1f}" for x, y in corners) + "z"


def swatch(shape: str, color: str | None = None) -> str:
    """A small mark beside a word (citizen/swatch.js makes the same)."""
    fill = f" fill={color}" if color else ""
    return f"<svg class=swatch aria-hidden=true><use href=#s-{shape}{fill} /></svg>"


def _corner(i: int, count: int, reach: float, turn: float) -> tuple[float, float]:
    angle = turn - math.pi / 2 + 2 * math.pi * i / count
    return math.cos(angle) * reach, math.sin(angle) * reach
