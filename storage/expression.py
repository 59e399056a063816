"""A condition that a visitor wrote, as a tree: what it says is data from here on, never text of a language. No I/O."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TypeAlias

from shapely.geometry.base import BaseGeometry

Constant: TypeAlias = str | float | bool | datetime | date | time | timedelta | BaseGeometry | None
"""Numbers are floats; times are aware, in UTC."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Literal:
    value: Constant
    at: int
    """Where it stands in the text, from 0."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Path:
    steps: tuple[str, ...]
    """A property, or navigations and then a property: ("Datastream", "Thing", "name")."""
    at: int

    def __str__(self) -> str:
        return "/".join(self.steps)


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    name: str
    """An operator (`and`, `eq`, `add` …) or a function (`startswith`, `geo.distance` …)."""
    operands: tuple["Expression", ...]
    at: int


Expression = Literal | Path | Call


def paths(expression: Expression) -> Iterator[Path]:
    """Every path in it, from the left."""
    if isinstance(expression, Path):
        yield expression
    elif isinstance(expression, Call):
        for operand in expression.operands:
            yield from paths(operand)


def conjuncts(expression: Expression) -> Iterator[Expression]:
    """The conditions that all have to hold: what `and` joins at the top."""
    if isinstance(expression, Call) and expression.name == "and":
        for operand in expression.operands:
            yield from conjuncts(operand)
    else:
        yield expression
