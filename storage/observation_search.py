"""Observations by a condition that a visitor wrote: a tree (storage/expression.py) to SQL with parameters.

What a visitor wrote never becomes text of a query: columns and operators come from the tables below, every constant is
a parameter, and a name that is in no table is refused. The time of a query is bounded by the server.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import Enum
from typing import Any, Final, LiteralString
from typing import Literal as Literal_

import psycopg
from psycopg import sql

from storage import db
from storage.expression import Call, Expression, Literal, Path
from storage.observations import HistoryValue

TIMEOUT_S: Final = 2.0
"""Of one query."""
Way = Literal_["id", "asc", "desc"]


class Kind(Enum):
    """What a part of a condition is."""

    NUMBER = "number"
    TEXT = "text"
    TIME = "time"
    DATE = "date"
    CLOCK = "time of day"
    DURATION = "duration"
    TRUTH = "true or false"
    NULL = "null"


class ConditionError(ValueError):
    """A condition that no query can be made of; `at` is the place in the text, from 0."""

    def __init__(self, detail: str, at: int) -> None:
        super().__init__(detail)
        self.at = at


class TooSlow(Exception):
    """The server stopped the query: it would look through too much."""


class OutOfRange(Exception):
    """The condition computes a number or a time that the server can't keep."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """A piece of SQL, of known kind."""

    text: sql.Composable
    kind: Kind
    nullable: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """A stretch of a Datastream, from `start` (inclusive) to `end` (exclusive), in one of several lists."""

    group: int
    datastream_id: int
    start: datetime
    end: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Key:
    """One key of an order."""

    expression: Expression
    descending: bool


class Compiled:
    """A condition and an order as SQL with their parameters."""

    def __init__(self, condition: Expression | None, order: Sequence[Key], now: datetime) -> None:
        """Raises ConditionError."""
        self.parameters: dict[str, Any] = {}
        self._now = now
        self.condition = sql.SQL("true") if condition is None else self._condition(condition)
        keys = [self._key(key) for key in order]
        self.order = sql.SQL(", ").join([*keys, *_TIES])
        if way(order) is not None:
            self.order = sql.SQL(", ").join(_ORDERS[way(order)])

    def _condition(self, expression: Expression) -> sql.Composable:
        part = self._part(expression)
        if part.kind is not Kind.TRUTH:
            raise ConditionError(f"is {_called(part)}, not true or false", expression.at)
        return _total(part)

    def _key(self, key: Key) -> sql.Composable:
        part = self._part(key.expression)
        direction: LiteralString = " DESC" if key.descending else " ASC"
        nulls: LiteralString = " NULLS LAST" if key.descending else " NULLS FIRST"
        return sql.Composed([_by_code(part), sql.SQL(direction), sql.SQL(nulls if part.nullable else "")])

    def _part(self, expression: Expression) -> Part:
        if isinstance(expression, Literal):
            return self._literal(expression)
        if isinstance(expression, Path):
            column = COLUMNS.get(expression.steps)
            if column is None:
                raise ConditionError(f"Observations have no '{expression}' to search by", expression.at)
            return column
        return self._call(expression)

    def _literal(self, literal: Literal) -> Part:
        value = literal.value
        if value is None:
            return Part(text=sql.SQL("NULL"), kind=Kind.NULL, nullable=True)
        for kind, (of, cast_to) in _CONSTANTS.items():
            if type(value) is of:
                return Part(text=self._parameter(value, cast_to), kind=kind)
        raise ConditionError("places are asked of FeatureOfInterest/feature only", literal.at)

    def _parameter(self, value: Any, cast_to: LiteralString) -> sql.Composable:
        name = f"value_{len(self.parameters)}"
        self.parameters[name] = value
        return sql.Composed([sql.Placeholder(name), sql.SQL("::"), sql.SQL(cast_to)])

    def _call(self, call: Call) -> Part:
        if call.name in ("and", "or"):
            joined = sql.SQL(" AND " if call.name == "and" else " OR ")
            return _truth(sql.Composed([_OPEN, joined.join(map(self._condition, call.operands)), _CLOSE]))
        if call.name == "not":
            return _truth(sql.Composed([sql.SQL("(NOT "), self._condition(call.operands[0]), _CLOSE]))
        if call.name in _MOMENTS:
            return Part(text=self._parameter(_MOMENTS[call.name](self._now), "timestamptz"), kind=Kind.TIME)
        parts = [self._part(operand) for operand in call.operands]
        if call.name in COMPARED:
            return self._compared(call, parts)
        if call.name in ARITHMETIC and len(parts) == 2:
            parts = _alike(parts)
        return _applied(call, parts)

    def _compared(self, call: Call, parts: list[Part]) -> Part:
        left, right = (
            self._as_time(part, operand, parts[1 - number])
            for number, (part, operand) in enumerate(zip(parts, call.operands, strict=True))
        )
        if Kind.NULL in (left.kind, right.kind):
            return _against_null(call.name, left, right)
        left, right = _alike([left, right])
        if left.kind is not right.kind:
            raise ConditionError(f"{_called(left)} can't be compared with {_called(right)}", call.at)
        whole = sql.Composed([_OPEN, _by_code(left), sql.SQL(COMPARED[call.name]), right.text, _CLOSE])
        if not (left.nullable or right.nullable):
            return _truth(whole)
        if call.name in ("eq", "ne"):
            distinct = sql.SQL(" IS NOT DISTINCT FROM " if call.name == "eq" else " IS DISTINCT FROM ")
            return _truth(sql.Composed([_OPEN, left.text, distinct, right.text, _CLOSE]))
        return _truth(sql.Composed([sql.SQL("coalesce("), whole, sql.SQL(", false)")]))

    def _as_time(self, part: Part, operand: Expression, other: Part) -> Part:
        """A text beside a time is read as one: clients write both '2026-…Z' and 2026-…Z."""
        if part.kind is not Kind.TEXT or other.kind is not Kind.TIME or not isinstance(operand, Literal):
            return part
        try:
            instant = datetime.fromisoformat(str(operand.value).replace(" ", "+"))
        except ValueError:
            instant = None
        if instant is None or instant.tzinfo is None:
            raise ConditionError(f"'{operand.value}' is no time with an offset", operand.at)
        return Part(text=self._parameter(instant, "timestamptz"), kind=Kind.TIME)


def way(order: Sequence[Key]) -> Way | None:
    """How Observations are ordered where a page can go on after its last one: by id, that is Datastream and time,
    without an order; or by time and nothing else. None: in another order.
    """
    if not order:
        return "id"
    first = order[0].expression
    if len(order) > 1 or not isinstance(first, Path) or first.steps != ("phenomenonTime",):
        return None
    return "desc" if order[0].descending else "asc"


def search(
    conn: db.Connection,
    asked: Sequence[Asked],
    compiled: Compiled,
    *,
    skip: int,
    limit: int,
    not_before: datetime | None = None,
    timeout_s: float = TIMEOUT_S,
) -> dict[int, list[HistoryValue]]:
    """At most `limit` Observations of each list after its first `skip`, by group, none before a time.

    Raises TooSlow, OutOfRange.
    """
    bounds = {"skip": skip, "last": skip + limit, "not_before": not_before or "-infinity"}
    rows = _run(conn, "found", asked, compiled, bounds, timeout_s)
    found: dict[int, list[HistoryValue]] = {}
    for row in rows:
        found.setdefault(row.pop("group_no"), []).append(HistoryValue(**row))
    return found


def count(
    conn: db.Connection, asked: Sequence[Asked], compiled: Compiled, *, timeout_s: float = TIMEOUT_S
) -> dict[int, int]:
    """How many each list has, by group. Raises TooSlow, OutOfRange."""
    rows = _run(conn, "counted", asked, compiled, {}, timeout_s)
    return {row["group_no"]: row["n"] for row in rows}


def _run(
    conn: db.Connection,
    block: str,
    asked: Sequence[Asked],
    compiled: Compiled,
    more: Mapping[str, Any],
    timeout_s: float,
) -> list[dict[str, Any]]:
    statements = db.statements("observation_search")
    query = sql.SQL(statements[block]).format(condition=compiled.condition, order=compiled.order)
    parameters = {
        **compiled.parameters,
        **more,
        "groups": [one.group for one in asked],
        "datastream_ids": [one.datastream_id for one in asked],
        "starts": [one.start for one in asked],
        "ends": [one.end for one in asked],
    }
    try:
        with conn.transaction():
            conn.execute(statements["limit_time"], {"milliseconds": str(max(1, int(timeout_s * 1000)))})
            return conn.execute(query, parameters, prepare=False).fetchall()
    except psycopg.errors.QueryCanceled as error:
        raise TooSlow from error
    except psycopg.DataError as error:
        raise OutOfRange from error


def _column(text: LiteralString, kind: Kind, *, nullable: bool = False) -> Part:
    return Part(text=sql.SQL(text), kind=kind, nullable=nullable)


_ID: Final = (
    "(o.datastream_id::text || ':' || to_char(o.phenomenon_time, 'YYYY-MM-DD\"T\"HH24:MI:SS')"
    " || CASE WHEN date_trunc('second', o.phenomenon_time) <> o.phenomenon_time"
    " THEN to_char(o.phenomenon_time, '.US') ELSE '' END || 'Z')"
)
"""As `Observations` are called in answers; sessions are in UTC."""
COLUMNS: Final[Mapping[tuple[str, ...], Part]] = {
    ("id",): _column(_ID, Kind.TEXT),
    ("@iot.id",): _column(_ID, Kind.TEXT),
    ("result",): _column("o.result", Kind.NUMBER),
    ("phenomenonTime",): _column("o.phenomenon_time", Kind.TIME),
    ("resultTime",): _column("o.result_time", Kind.TIME),
    ("validTime",): _column("NULL::timestamptz", Kind.TIME, nullable=True),
    ("resultQuality", "code"): _column("o.quality::double precision", Kind.NUMBER),
    ("resultQuality", "reason"): _column("o.quality_reason", Kind.TEXT, nullable=True),
    ("parameters", "provenance"): _column("o.provenance::text", Kind.TEXT),
    ("parameters", "input_provenance"): _column("o.input_provenance::text", Kind.TEXT, nullable=True),
    ("parameters", "simulated"): _column(
        "(o.provenance = 'simulated' OR coalesce(o.input_provenance = 'simulated', false))", Kind.TRUTH
    ),
}
"""What a condition may name, and what it is called here."""
COMPARED: Final[Mapping[str, LiteralString]] = {
    "eq": " = ",
    "ne": " <> ",
    "lt": " < ",
    "le": " <= ",
    "gt": " > ",
    "ge": " >= ",
}
ARITHMETIC: Final = frozenset({"add", "sub", "mul", "div", "mod"})
_TIES: Final = (sql.SQL("o.phenomenon_time"), sql.SQL("o.datastream_id"))
_ORDERS: Final[Mapping[Way | None, tuple[sql.SQL, ...]]] = {
    "id": (sql.SQL("o.datastream_id"), sql.SQL("o.phenomenon_time")),
    "asc": _TIES,
    "desc": (sql.SQL("o.phenomenon_time DESC"), sql.SQL("o.datastream_id DESC")),
}
_OPEN: Final = sql.SQL("(")
_CLOSE: Final = sql.SQL(")")
_CONSTANTS: Final[Mapping[Kind, tuple[type, LiteralString]]] = {
    Kind.TRUTH: (bool, "boolean"),
    Kind.NUMBER: (float, "double precision"),
    Kind.TEXT: (str, "text"),
    Kind.TIME: (datetime, "timestamptz"),
    Kind.DATE: (date, "date"),
    Kind.CLOCK: (time, "time"),
    Kind.DURATION: (timedelta, "interval"),
}
_MOMENTS: Final[Mapping[str, Callable[[datetime], datetime]]] = {
    "now": lambda now: now,
    "mindatetime": lambda now: datetime.min.replace(tzinfo=now.tzinfo),
    "maxdatetime": lambda now: datetime.max.replace(tzinfo=now.tzinfo),
}

_N, _T, _AT, _D, _I = Kind.NUMBER, Kind.TEXT, Kind.TIME, Kind.DATE, Kind.DURATION


@dataclass(frozen=True, kw_only=True, slots=True)
class _Meaning:
    """One form of an operator or a function. `{0}` and so on are its operands."""

    takes: tuple[Kind, ...]
    gives: Kind
    text: LiteralString
    nullable: bool = False
    """Also where no operand is null: a division by zero."""


def _means(
    takes: Iterable[Kind], gives: Kind, text: LiteralString, *, nullable: bool = False
) -> tuple[_Meaning, ...]:
    return (_Meaning(takes=tuple(takes), gives=gives, text=text, nullable=nullable),)


_START: Final = "least(greatest(floor({1}), 0), 1000000)::int + 1"
FUNCTIONS: Final[Mapping[str, tuple[_Meaning, ...]]] = {
    "add": _means((_N, _N), _N, "({0} + {1})")
    + _means((_AT, _I), _AT, "({0} + {1})")
    + _means((_I, _I), _I, "({0} + {1})"),
    "sub": _means((_N, _N), _N, "({0} - {1})")
    + _means((_AT, _I), _AT, "({0} - {1})")
    + _means((_AT, _AT), _I, "({0} - {1})")
    + _means((_I, _I), _I, "({0} - {1})"),
    "mul": _means((_N, _N), _N, "({0} * {1})"),
    "div": _means((_N, _N), _N, "({0} / nullif({1}, 0))", nullable=True),
    "mod": _means((_N, _N), _N, "({0} - trunc({0} / nullif({1}, 0)) * {1})", nullable=True),
    "negate": _means((_N,), _N, "(- {0})") + _means((_I,), _I, "(- {0})"),
    "substringof": _means((_T, _T), Kind.TRUTH, "(strpos({1}, {0}) > 0)"),
    "startswith": _means((_T, _T), Kind.TRUTH, "starts_with({0}, {1})"),
    "endswith": _means((_T, _T), Kind.TRUTH, "(right({0}, length({1})) = {1})"),
    "length": _means((_T,), _N, "length({0})::double precision"),
    "indexof": _means((_T, _T), _N, "strpos({0}, {1})::double precision"),
    "substring": _means((_T, _N), _T, "substr({0}, " + _START + ")")
    + _means(
        (_T, _N, _N),
        _T,
        "substr({0}, " + _START + ", least(greatest(floor({2}), 0), 1000000)::int)",
    ),
    "tolower": _means((_T,), _T, "lower({0})"),
    "toupper": _means((_T,), _T, "upper({0})"),
    "trim": _means((_T,), _T, "btrim({0})"),
    "concat": _means((_T, _T), _T, "({0} || {1})"),
    "year": _means((_AT,), _N, "extract(year FROM {0})::double precision"),
    "month": _means((_AT,), _N, "extract(month FROM {0})::double precision"),
    "day": _means((_AT,), _N, "extract(day FROM {0})::double precision"),
    "hour": _means((_AT,), _N, "extract(hour FROM {0})::double precision"),
    "minute": _means((_AT,), _N, "extract(minute FROM {0})::double precision"),
    "second": _means((_AT,), _N, "floor(extract(second FROM {0}))::double precision"),
    "fractionalseconds": _means(
        (_AT,), _N, "(mod(extract(microseconds FROM {0}), 1000000) / 1000000)::double precision"
    ),
    "date": _means((_AT,), _D, "({0})::date"),
    "time": _means((_AT,), Kind.CLOCK, "({0})::time"),
    "totaloffsetminutes": _means((_AT,), _N, "(0 * extract(year FROM {0}))::double precision"),
    "round": _means((_N,), _N, "(sign({0}) * floor(abs({0}) + 0.5))"),
    "floor": _means((_N,), _N, "floor({0})"),
    "ceiling": _means((_N,), _N, "ceil({0})"),
}
"""The same meanings as in memory (dashboard/sensorthings/functions.py), on columns in UTC."""


def _applied(call: Call, parts: Sequence[Part]) -> Part:
    if any(part.kind is Kind.NULL for part in parts):
        raise ConditionError(f"'{call.name}' takes no null", call.at)
    for meaning in FUNCTIONS.get(call.name, ()):
        if meaning.takes == tuple(part.kind for part in parts):
            nullable = meaning.nullable or any(part.nullable for part in parts)
            text = sql.SQL(meaning.text).format(*(part.text for part in parts))
            return Part(text=text, kind=meaning.gives, nullable=nullable)
    given = " and ".join(map(_called, parts))
    raise ConditionError(f"'{call.name}' takes no {given}", call.at)


def _alike(parts: list[Part]) -> list[Part]:
    """True and false are 1 and 0 beside a number: so is stored what is yes or no."""
    if {part.kind for part in parts} != {Kind.NUMBER, Kind.TRUTH}:
        return parts
    return [
        part
        if part.kind is Kind.NUMBER
        else Part(
            text=sql.Composed([_OPEN, part.text, sql.SQL(")::int::double precision")]),
            kind=Kind.NUMBER,
            nullable=part.nullable,
        )
        for part in parts
    ]


def _by_code(part: Part) -> sql.Composable:
    """Texts are ordered by their characters' codes, as in memory, whatever the server's collation."""
    return part.text if part.kind is not Kind.TEXT else sql.Composed([part.text, sql.SQL(' COLLATE "C"')])


def _against_null(name: str, left: Part, right: Part) -> Part:
    """Null equals only null and is neither less nor more than anything."""
    if name not in ("eq", "ne"):
        return _truth(sql.SQL("false"))
    if left.kind is right.kind:
        return _truth(sql.SQL("true" if name == "eq" else "false"))
    other = left if right.kind is Kind.NULL else right
    ending = sql.SQL(" IS NULL)" if name == "eq" else " IS NOT NULL)")
    return _truth(sql.Composed([_OPEN, other.text, ending]))


def _truth(text: sql.Composable) -> Part:
    return Part(text=text, kind=Kind.TRUTH)


def _total(part: Part) -> sql.Composable:
    """Null is not true."""
    if not part.nullable:
        return part.text
    return sql.Composed([sql.SQL("coalesce("), part.text, sql.SQL(", false)")])


def _called(part: Part) -> str:
    """For messages."""
    return f"a {part.kind.value}" if part.kind not in (Kind.NULL, Kind.TRUTH) else part.kind.value
