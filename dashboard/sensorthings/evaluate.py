"""A filter on entities in memory, with a budget of steps instead of a clock.

A path over a navigation to many gives many values, and a condition holds when it holds for any of them:
`Datastreams/ObservedProperty/name eq 'pm2_5'` is true of a Thing with such a Datastream among others.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import product
from typing import Any, Final, Protocol

from dashboard.sensorthings.functions import OutOfRange, call, combine, compare, negate, price
from dashboard.sensorthings.refusal import Refused, too_much
from storage.expression import Call, Expression, Literal, Path

MOST_STEPS: Final = 500_000
"""Of one request; about a second."""
_COMPARED: Final = frozenset({"eq", "ne", "lt", "le", "gt", "ge"})
_COMBINED: Final = frozenset({"add", "sub", "mul", "div", "mod"})

Values = tuple[Any, ...]


class Readable(Protocol):
    """What a filter can be asked of."""

    def values(self, path: tuple[str, ...], spend: Callable[[int], None]) -> Iterator[Any]:
        """What a path leads to: one value, or one for each related entity. `spend` is told of every step."""
        ...


class Evaluation:
    """The steps of one request, over all its filters and orders."""

    def __init__(self, now: datetime, most: int = MOST_STEPS) -> None:
        self._now = now
        self._left = most

    def holds(self, expression: Expression, entity: Readable, option: str = "$filter") -> bool:
        """Whether a filter is true of an entity. Raises Refused when the budget is spent."""
        try:
            return any(value is True for value in self._values(expression, entity))
        except OutOfRange:
            raise Refused("computes a number or a time that is out of range", option=option) from None

    def value(self, expression: Expression, entity: Readable, option: str = "$orderby") -> Any:
        """What to order by: the first value, or None."""
        try:
            return next(iter(self._values(expression, entity)), None)
        except OutOfRange:
            raise Refused("computes a number or a time that is out of range", option=option) from None

    def _values(self, expression: Expression, entity: Readable) -> Values:
        self._spend(1)
        if isinstance(expression, Literal):
            return (expression.value,)
        if isinstance(expression, Path):
            return self._read(expression, entity)
        if expression.name in ("and", "or", "not"):
            return (self._logical(expression, entity),)
        return self._called(expression, entity)

    def _read(self, path: Path, entity: Readable) -> Values:
        return tuple(entity.values(path.steps, self._spend)) or (None,)

    def _logical(self, expression: Call, entity: Readable) -> bool:
        truths = (
            any(value is True for value in self._values(operand, entity)) for operand in expression.operands
        )
        if expression.name == "and":
            return all(truths)
        return any(truths) if expression.name == "or" else not next(truths)

    def _called(self, expression: Call, entity: Readable) -> Values:
        operands = [self._values(operand, entity) for operand in expression.operands]
        return tuple(self._result(expression.name, values) for values in product(*operands))

    def _result(self, name: str, values: Values) -> Any:
        self._spend(price(values))
        if name in _COMPARED:
            return compare(name, *values)
        if name in _COMBINED:
            return combine(name, *values)
        return negate(values[0]) if name == "negate" else call(name, values, self._now)

    def _spend(self, steps: int) -> None:
        self._left -= steps
        if self._left < 0:
            raise too_much("takes too many steps to answer", "$filter")
