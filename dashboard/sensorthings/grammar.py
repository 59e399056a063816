"""The grammar of `$filter` and `$orderby`: text to a tree, bounded in length, size and depth.

OData 4.0 as far as SensorThings 1.1 uses it (OGC 18-088, 9.3.3.5). Precedence from the weakest: or, and, not, eq ne,
lt le gt ge, add sub, mul div mod, minus.
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from shapely import get_num_coordinates, wkt
from shapely.errors import ShapelyError
from shapely.geometry.base import BaseGeometry

from dashboard.sensorthings.refusal import Refused
from storage.expression import Call, Constant, Expression, Literal, Path

LONGEST: Final = 4000
"""Characters of one option."""
MOST_PARTS: Final = 200
"""Operators, functions, literals and paths of one expression."""
DEEPEST: Final = 30
MOST_CORNERS: Final = 500
"""Of one geometry."""

STRENGTH: Final[Mapping[str, int]] = {
    "or": 1,
    "and": 2,
    "eq": 4,
    "ne": 4,
    "lt": 5,
    "le": 5,
    "gt": 5,
    "ge": 5,
    "add": 6,
    "sub": 6,
    "mul": 7,
    "div": 7,
    "mod": 7,
}
"""How strongly an operator binds; `not` stands at 3, a minus at 8."""
_NOT: Final = 3
_MINUS: Final = 8

OPERANDS: Final[Mapping[str, tuple[int, ...]]] = {
    "substringof": (2,),
    "startswith": (2,),
    "endswith": (2,),
    "length": (1,),
    "indexof": (2,),
    "substring": (2, 3),
    "tolower": (1,),
    "toupper": (1,),
    "trim": (1,),
    "concat": (2,),
    "year": (1,),
    "month": (1,),
    "day": (1,),
    "hour": (1,),
    "minute": (1,),
    "second": (1,),
    "fractionalseconds": (1,),
    "date": (1,),
    "time": (1,),
    "totaloffsetminutes": (1,),
    "now": (0,),
    "mindatetime": (0,),
    "maxdatetime": (0,),
    "round": (1,),
    "floor": (1,),
    "ceiling": (1,),
    "geo.distance": (2,),
    "geo.length": (1,),
    "geo.intersects": (2,),
    "st_distance": (2,),
    "st_equals": (2,),
    "st_disjoint": (2,),
    "st_touches": (2,),
    "st_within": (2,),
    "st_overlaps": (2,),
    "st_crosses": (2,),
    "st_intersects": (2,),
    "st_contains": (2,),
    "st_relate": (3,),
}
"""The functions of the standard's table 23 and st_distance, each with how many operands it takes."""

_TOKEN: Final = re.compile(
    r"""(?P<space>\s+)
    |(?P<geography>geography'(?:[^']|'')*')
    |(?P<duration>duration'[^']*')
    |(?P<text>'(?:[^']|'')*')
    |(?P<instant>\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,12})?)?(?:Z|[+\-\ ]\d\d:?\d\d))
    |(?P<naive>\d{4}-\d\d-\d\dT[\d:.]*)
    |(?P<day>\d{4}-\d\d-\d\d(?![\dT:-]))
    |(?P<clock>\d\d:\d\d(?::\d\d(?:\.\d{1,12})?)?)
    |(?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.]))
    |(?P<minus>-)
    |(?P<word>@?[A-Za-z_][\w.\-]*(?:/@?[A-Za-z_][\w.\-]*)*)
    |(?P<open>\()|(?P<close>\))|(?P<comma>,)""",
    re.VERBOSE | re.ASCII,
)
_DURATION: Final = re.compile(
    r"(?P<sign>-?)P(?=[\dT])(?:(?P<days>\d{1,6})D)?"
    r"(?:T(?=\d)(?:(?P<hours>\d{1,6})H)?(?:(?P<minutes>\d{1,6})M)?(?:(?P<seconds>\d{1,9}(?:\.\d{1,6})?)S)?)?",
    re.ASCII,
)
_SRID: Final = re.compile(r"SRID=(\d+);\s*", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Token:
    kind: str
    text: str
    at: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """One key of `$orderby`."""

    expression: Expression
    descending: bool


def parse_filter(text: str, option: str = "$filter") -> Expression:
    """Raises Refused naming the option and the position."""
    return _Parser(text, option).whole()


def parse_orderby(text: str, option: str = "$orderby") -> tuple[Order, ...]:
    """Keys by commas, each with `asc` or `desc`. Raises Refused."""
    return _Parser(text, option).orders()


def parse_time(text: str) -> datetime | None:
    """An instant with an offset, in UTC; None: it is none, or out of the calendar."""
    try:
        instant = datetime.fromisoformat(text.replace(" ", "+"))
        return instant.astimezone(UTC) if instant.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def parse_geometry(text: str) -> BaseGeometry | str:
    """Well-known text in degrees, longitude first; or what is wrong with it."""
    srid = _SRID.match(text)
    if srid is not None and srid[1] not in ("0", "4326"):
        return f"SRID {srid[1]} is not 4326"
    try:
        shape = wkt.loads(text[srid.end() :] if srid else text)
    except (ShapelyError, ValueError, OverflowError):
        return "is no well-known text such as POINT(105.85 21.03)"
    if get_num_coordinates(shape) > MOST_CORNERS:
        return f"has more than {MOST_CORNERS} corners"
    if not all(map(math.isfinite, shape.bounds)) and not shape.is_empty:
        return "has a coordinate that is no number"
    return shape


def _tokens(text: str, option: str) -> Iterator[Token]:
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None or found.lastgroup is None:
            raise Refused(f"nothing can begin with {text[at]!r} here", option=option, at=at)
        if found.lastgroup != "space":
            yield Token(kind=found.lastgroup, text=found[0], at=at)
        at = found.end()


class _Parser:
    """Operator precedence over tokens; one instance for one text."""

    def __init__(self, text: str, option: str) -> None:
        if len(text) > LONGEST:
            raise Refused(f"is longer than {LONGEST} characters", option=option, at=LONGEST)
        self._option = option
        self._end = len(text)
        self._tokens = list(_tokens(text, option))
        self._next = 0
        self._parts = 0

    def whole(self) -> Expression:
        expression = self._expression(0, 0)
        self._nothing_left()
        return expression

    def orders(self) -> tuple[Order, ...]:
        found = [self._order()]
        while self._take("comma"):
            found.append(self._order())
        self._nothing_left()
        return tuple(found)

    def _order(self) -> Order:
        expression = self._expression(0, 0)
        token = self._peek("word")
        direction = token.text.lower() if token is not None else ""  # there are clients that write DESC
        if direction in ("asc", "desc"):
            self._next += 1
        return Order(expression=expression, descending=direction == "desc")

    def _expression(self, weakest: int, depth: int) -> Expression:
        left = self._operand(depth)
        while True:
            token = self._peek("word")
            strength = STRENGTH.get(token.text, 0) if token is not None else 0
            if token is None or strength <= weakest:
                return left
            self._next += 1
            right = self._expression(strength, depth + 1)
            left = self._call(token.text, (left, right), token.at)

    def _operand(self, depth: int) -> Expression:
        token = self._peek()
        if token is None:
            raise self._refused("ends where a value is missing", self._end)
        if depth > DEEPEST:
            raise self._refused(f"is nested deeper than {DEEPEST}", token.at)
        self._next += 1
        if token.kind == "open":
            inside = self._expression(0, depth + 1)
            self._require("close", "a ')' is missing")
            return inside
        if token.kind == "minus":
            return self._call("negate", (self._expression(_MINUS, depth + 1),), token.at)
        if token.text == "not":
            return self._call("not", (self._expression(_NOT, depth + 1),), token.at)
        if token.kind == "word":
            return self._word(token, depth)
        return self._counted(Literal(value=self._constant(token), at=token.at))

    def _word(self, token: Token, depth: int) -> Expression:
        if token.text in ("true", "false", "null"):
            value = {"true": True, "false": False, "null": None}[token.text]
            return self._counted(Literal(value=value, at=token.at))
        if self._peek("open") is None:
            if token.text in STRENGTH:
                raise self._refused(f"a value is missing before '{token.text}'", token.at)
            return self._counted(Path(steps=tuple(token.text.split("/")), at=token.at))
        if token.text not in OPERANDS:
            raise self._refused(f"there is no function '{token.text}'", token.at)
        operands = self._operands(depth)
        if len(operands) not in OPERANDS[token.text]:
            takes = " or ".join(map(str, OPERANDS[token.text]))
            raise self._refused(f"'{token.text}' takes {takes} values, not {len(operands)}", token.at)
        return self._call(token.text, tuple(operands), token.at)

    def _operands(self, depth: int) -> list[Expression]:
        self._next += 1
        if self._take("close"):
            return []
        found = [self._expression(0, depth + 1)]
        while self._take("comma"):
            found.append(self._expression(0, depth + 1))
        self._require("close", "a ')' is missing")
        return found

    def _constant(self, token: Token) -> Constant:
        value: Constant = None
        if token.kind == "text":
            value = token.text[1:-1].replace("''", "'")
            if "\0" in value:
                raise self._refused("a text can't have the character 0", token.at)
            return value
        if token.kind == "number":
            value = float(token.text)
            if not math.isfinite(value):
                raise self._refused(f"{token.text} is too large", token.at)
            return value
        if token.kind == "geography":
            shape = parse_geometry(token.text[len("geography'") : -1].replace("''", "'"))
            if isinstance(shape, str):
                raise self._refused(f"the geography {shape}", token.at)
            return shape
        if token.kind == "instant":
            value = parse_time(token.text)
        elif token.kind == "day":
            value = _date(token.text)
        elif token.kind == "clock":
            value = _clock(token.text)
        elif token.kind == "duration":
            value = _duration(token.text[len("duration'") : -1])
        elif token.kind == "naive":
            raise self._refused(f"{token.text} has no offset: write {token.text}Z or +07:00", token.at)
        else:
            raise self._refused(f"a value is missing before '{token.text}'", token.at)
        if value is None:
            raise self._refused(f"{token.text} is no {_MEANT[token.kind]}", token.at)
        return value

    def _call(self, name: str, operands: tuple[Expression, ...], at: int) -> Expression:
        return self._counted(Call(name=name, operands=operands, at=at))

    def _counted(self, part: Expression) -> Expression:
        self._parts += 1
        if self._parts > MOST_PARTS:
            raise self._refused(f"has more than {MOST_PARTS} parts", part.at)
        return part

    def _peek(self, kind: str | None = None) -> Token | None:
        if self._next >= len(self._tokens):
            return None
        token = self._tokens[self._next]
        return token if kind in (None, token.kind) else None

    def _take(self, kind: str, text: str | None = None) -> Token | None:
        token = self._peek(kind)
        if token is None or text not in (None, token.text):
            return None
        self._next += 1
        return token

    def _require(self, kind: str, otherwise: str) -> None:
        if self._take(kind) is None:
            token = self._peek()
            raise self._refused(otherwise, token.at if token else self._end)

    def _nothing_left(self) -> None:
        token = self._peek()
        if token is not None:
            raise self._refused(f"'{token.text}' does not belong here", token.at)

    def _refused(self, detail: str, at: int) -> Refused:
        return Refused(detail, option=self._option, at=at)


_MEANT: Final = {
    "instant": "time of the calendar with an offset",
    "day": "date of the calendar",
    "clock": "time of day",
    "duration": "duration such as duration'P1DT2H'",
}


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _clock(text: str) -> time | None:
    try:
        return time.fromisoformat(text)
    except ValueError:
        return None


def _duration(text: str) -> timedelta | None:
    found = _DURATION.fullmatch(text)
    if found is None:
        return None
    parts = {
        name: float(value)
        for name, value in found.groupdict().items()
        if name != "sign" and value is not None
    }
    return timedelta(**parts) * (-1 if found["sign"] else 1)
