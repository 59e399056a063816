"""What operators and functions of a filter mean for values in memory. Storage means the same in SQL
(storage/observation_search.py); a test holds the two against each other.

`None` is null: it equals only itself, is neither less nor more than anything, and makes null of what is computed with
it. Values that can't be compared are unequal.
"""

import math
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from shapely import get_num_coordinates, relate_pattern
from shapely.errors import ShapelyError
from shapely.geometry.base import BaseGeometry

from dashboard.sensorthings.grammar import parse_time

Value = Any
MINIMUM: Final = datetime.min.replace(tzinfo=UTC)
MAXIMUM: Final = datetime.max.replace(tzinfo=UTC)


class OutOfRange(ArithmeticError):
    """A number or a time that can't be kept."""


def compare(name: str, left: Value, right: Value) -> bool:
    """eq, ne, lt, le, gt, ge."""
    left, right = _alike(left, right)
    if name in ("eq", "ne"):
        return _same(left, right) == (name == "eq")
    if _kind(left) is None or _kind(left) is not _kind(right) or isinstance(left, BaseGeometry):
        return False
    if name == "lt":
        return bool(left < right)
    if name == "le":
        return bool(left <= right)
    return bool(left > right) if name == "gt" else bool(left >= right)


def combine(name: str, left: Value, right: Value) -> Value:
    """add, sub, mul, div, mod of numbers; of times and durations add and sub. Raises OutOfRange."""
    left, right = _alike(left, right)
    try:
        if _is_number(left) and _is_number(right):
            return _finite(_NUMBERS[name](float(left), float(right)))
        if isinstance(left, datetime) and isinstance(right, timedelta) and name in ("add", "sub"):
            return left + right if name == "add" else left - right
        if isinstance(left, datetime) and isinstance(right, datetime) and name == "sub":
            return left - right
        if isinstance(left, timedelta) and isinstance(right, timedelta) and name in ("add", "sub"):
            return left + right if name == "add" else left - right
    except OverflowError as error:
        raise OutOfRange(name) from error
    return None


def negate(value: Value) -> Value:
    if _is_number(value):
        return -float(value)
    return -value if isinstance(value, timedelta) else None


def call(name: str, values: tuple[Value, ...], now: datetime) -> Value:
    """A function of the standard's table 23; None where a value is not of the kind that it takes."""
    if name in _MOMENTS:
        return _MOMENTS[name](now)
    for table, fits in _TABLES:
        if name in table:
            return table[name](*values) if all(map(fits, values)) else None
    return _mixed(name, values)


def price(values: tuple[Value, ...]) -> int:
    """What a call costs, in steps: one, and more for long texts and geometries."""
    return 1 + sum(
        20 + int(get_num_coordinates(value)) if isinstance(value, BaseGeometry) else len(value) // 100
        for value in values
        if isinstance(value, str | BaseGeometry)
    )


def round_half_away(value: float) -> float:
    return math.copysign(float(math.floor(abs(value) + 0.5)), value)


def _alike(left: Value, right: Value) -> tuple[Value, Value]:
    """A text beside a time is read as a time: clients write both '2026-…Z' and 2026-…Z."""
    if isinstance(left, datetime) and isinstance(right, str):
        return left, parse_time(right)
    if isinstance(right, datetime) and isinstance(left, str):
        return parse_time(left), right
    if isinstance(left, bool) and _is_number(right):
        return float(left), right
    if isinstance(right, bool) and _is_number(left):
        return left, float(right)
    return left, right


def _same(left: Value, right: Value) -> bool:
    if left is None or right is None:
        return left is right
    if _kind(left) is not _kind(right):
        return False
    if isinstance(left, BaseGeometry):
        return bool(left.equals(right))
    return bool(left == right)


def _kind(value: Value) -> type | None:
    """What may be compared with what; None: with nothing of another value."""
    if _is_number(value):
        return float
    for kind in (bool, str, datetime, date, time, timedelta, BaseGeometry, dict, list):
        if isinstance(value, kind):
            return kind if kind not in (dict, list) else None
    return None


def _is_number(value: Value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _finite(value: float | None) -> float | None:
    if value is not None and not math.isfinite(value):
        raise OutOfRange(str(value))
    return value


def _divided(left: float, right: float) -> float | None:
    return left / right if right else None


def _rest(left: float, right: float) -> float | None:
    """Of a division that is cut off, with the sign of `left`."""
    return left - float(math.trunc(left / right)) * right if right else None


_NUMBERS: Final[Mapping[str, Callable[[float, float], float | None]]] = {
    "add": lambda left, right: left + right,
    "sub": lambda left, right: left - right,
    "mul": lambda left, right: left * right,
    "div": _divided,
    "mod": _rest,
}


def _is_text(value: Value) -> bool:
    return isinstance(value, str)


def _is_time(value: Value) -> bool:
    return isinstance(value, datetime)


def _is_shape(value: Value) -> bool:
    return isinstance(value, BaseGeometry)


_TEXTS: Final[Mapping[str, Callable[..., Value]]] = {
    "substringof": lambda part, whole: part in whole,
    "startswith": lambda whole, part: whole.startswith(part),
    "endswith": lambda whole, part: whole.endswith(part),
    "length": lambda text: float(len(text)),
    "indexof": lambda whole, part: float(whole.find(part) + 1),  # from 1, as in the example of the standard
    "tolower": lambda text: text.lower(),
    "toupper": lambda text: text.upper(),
    "trim": lambda text: text.strip(" "),
    "concat": lambda left, right: left + right,
}
_TIMES: Final[Mapping[str, Callable[[datetime], Value]]] = {
    "year": lambda at: float(at.year),
    "month": lambda at: float(at.month),
    "day": lambda at: float(at.day),
    "hour": lambda at: float(at.hour),
    "minute": lambda at: float(at.minute),
    "second": lambda at: float(at.second),
    "fractionalseconds": lambda at: at.microsecond / 1e6,
    "date": lambda at: at.date(),
    "time": lambda at: at.time(),
    "totaloffsetminutes": lambda at: 0.0,  # every time here is in UTC
}
_ROUNDED: Final[Mapping[str, Callable[[float], float]]] = {
    "round": round_half_away,
    "floor": lambda value: float(math.floor(value)),
    "ceiling": lambda value: float(math.ceil(value)),
}
_SHAPES: Final[Mapping[str, Callable[..., Value]]] = {
    "geo.distance": lambda left, right: _distance(left, right),
    "st_distance": lambda left, right: _distance(left, right),
    "geo.length": lambda shape: float(shape.length) if "Line" in shape.geom_type else 0.0,
    "geo.intersects": lambda left, right: bool(left.intersects(right)),
    "st_equals": lambda left, right: bool(left.equals(right)),
    "st_disjoint": lambda left, right: bool(left.disjoint(right)),
    "st_touches": lambda left, right: bool(left.touches(right)),
    "st_within": lambda left, right: bool(left.within(right)),
    "st_overlaps": lambda left, right: bool(left.overlaps(right)),
    "st_crosses": lambda left, right: bool(left.crosses(right)),
    "st_intersects": lambda left, right: bool(left.intersects(right)),
    "st_contains": lambda left, right: bool(left.contains(right)),
}
"""On the plane of degrees, as the standard's example data want it (a distance of 1 is a degree)."""
_TABLES: Final[tuple[tuple[Mapping[str, Callable[..., Value]], Callable[[Value], bool]], ...]] = (
    (_TEXTS, _is_text),
    (_TIMES, _is_time),
    (_ROUNDED, _is_number),
    (_SHAPES, _is_shape),
)
_MOMENTS: Final[Mapping[str, Callable[[datetime], datetime]]] = {
    "now": lambda now: now,
    "mindatetime": lambda now: MINIMUM,
    "maxdatetime": lambda now: MAXIMUM,
}


def _distance(left: BaseGeometry, right: BaseGeometry) -> float | None:
    return None if left.is_empty or right.is_empty else float(left.distance(right))


def _mixed(name: str, values: tuple[Value, ...]) -> Value:
    """The two whose operands are of several kinds."""
    if name == "substring" and _is_text(values[0]) and all(map(_is_number, values[1:])):
        start = max(0, math.floor(values[1]))
        return values[0][start:] if len(values) == 2 else values[0][start:][: max(0, math.floor(values[2]))]
    if name == "st_relate" and _is_shape(values[0]) and _is_shape(values[1]) and _is_text(values[2]):
        try:
            return bool(relate_pattern(values[0], values[1], values[2]))
        except (ShapelyError, ValueError):
            return None
    return None
