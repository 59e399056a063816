"""The query language of NGSI-LD (`q`; ETSI GS CIM 009, 4.9): text to a tree, and whether an entity fulfils it. Pure.

Read are: an attribute alone (it is there), `== != > >= < <=`, lists `1,2` and ranges `1..2` after `==` and `!=`, a
property of an attribute (`pm25.quality`), `;` for and, `|` for or, and parentheses. Refused by name: patterns (`~=`,
`!~=`) and parts of values (`address[city]`). `;` and `|` side by side need parentheses, since readers differ on which
binds more. An attribute that an entity lacks fulfils nothing, `!=` included.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from dashboard.ngsi_ld.refusal import bad, not_supported, too_complex

LONGEST: Final = 2000
"""Characters."""
MOST_TERMS: Final = 50
DEEPEST: Final = 10

Scalar = float | bool | str | datetime
Short = Callable[[str], str]

_TOKEN: Final = re.compile(
    r"""(?P<space>[ \t]+)
      | (?P<string>"(?:[^"\\]|\\.)*")
      | (?P<operator>!~=|~=|==|!=|>=|<=|>|<)
      | (?P<mark>[();|])
      | (?P<word>[^\s"();|=!<>~]+)""",
    re.VERBOSE,
)
_NUMBER: Final = re.compile(r"-?\d{1,15}(?:\.\d{1,15})?(?:[eE][+-]?\d{1,2})?", re.ASCII)
_PATH: Final = re.compile(r"[A-Za-z][\w-]*(?:\.[A-Za-z][\w-]*)?", re.ASCII)
_IRI: Final = re.compile(r"(?:https?://|urn:)[^\s]+", re.ASCII)


@dataclass(frozen=True, kw_only=True, slots=True)
class Term:
    """One attribute, or a property of it, against values; no operator: whether it is there."""

    attribute: str
    inner: str | None = None
    operator: str = ""
    values: tuple[Scalar, ...] = ()
    """Any of these; one for all operators but == and !=."""
    bounds: tuple[Scalar, Scalar] | None = None
    """From and to, both included."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    every: bool
    """All of the parts, otherwise any."""
    parts: tuple["Condition", ...]


Condition = Term | Group


def parse(text: str, short: Short) -> Condition:
    """`short` gives an attribute's short name. Raises Refused, naming `q`."""
    if len(text) > LONGEST:
        raise too_complex("q", f"is longer than {LONGEST} characters")
    return _Parser(_tokens(text), short).whole()


def holds(condition: Condition, entity: Mapping[str, Any]) -> bool:
    """Whether an entity (normalized) fulfils it."""
    if isinstance(condition, Group):
        found = (holds(part, entity) for part in condition.parts)
        return all(found) if condition.every else any(found)
    value = _value(entity.get(condition.attribute), condition.inner)
    if value is None:
        return False
    if condition.bounds is not None:
        low, high = condition.bounds
        inside = _compares(value, ">=", low) and _compares(value, "<=", high)
        return inside if condition.operator == "==" else _alike(value, low) and not inside
    if condition.operator == "!=":
        return not any(_compares(value, "==", one) for one in condition.values)
    if not condition.operator:
        return True
    return any(_compares(value, condition.operator, one) for one in condition.values)


class _Parser:
    def __init__(self, tokens: list[tuple[str, str, int]], short: Short) -> None:
        self._tokens = tokens
        self._at = 0
        self._terms = 0
        self._short = short

    def whole(self) -> Condition:
        found = self._group(0)
        if self._at < len(self._tokens):
            raise self._wrong("is not expected here")
        return found

    def _group(self, depth: int) -> Condition:
        if depth > DEEPEST:
            raise too_complex("q", f"has more than {DEEPEST} parentheses in each other")
        parts, joints = [self._part(depth)], set()
        while self._peek() in (";", "|"):
            joints.add(self._next())
            if len(joints) > 1:
                raise bad("q", "';' and '|' side by side need parentheses")
            parts.append(self._part(depth))
        return parts[0] if len(parts) == 1 else Group(every=joints == {";"}, parts=tuple(parts))

    def _part(self, depth: int) -> Condition:
        if self._peek() != "(":
            return self._term()
        self._next()
        found = self._group(depth + 1)
        if self._peek() != ")":
            raise self._wrong("a ')' is missing")
        self._next()
        return found

    def _term(self) -> Term:
        self._terms += 1
        if self._terms > MOST_TERMS:
            raise too_complex("q", f"has more than {MOST_TERMS} terms")
        if self._at >= len(self._tokens) or self._tokens[self._at][0] != "word":
            raise self._wrong("an attribute is expected")
        attribute, inner = self._path(self._next())
        if self._at >= len(self._tokens) or self._tokens[self._at][0] != "operator":
            return Term(attribute=attribute, inner=inner)
        operator = self._next()
        if "~" in operator:
            raise not_supported("q", f"patterns ('{operator}') are not supported here")
        values, bounds = self._values(operator)
        return Term(attribute=attribute, inner=inner, operator=operator, values=values, bounds=bounds)

    def _path(self, text: str) -> tuple[str, str | None]:
        if "[" in text:
            raise not_supported("q", f"parts of values ('{text:.60}') are not supported here")
        if _IRI.fullmatch(text):
            return self._short(text), None
        if not _PATH.fullmatch(text):
            raise bad("q", f"'{text:.60}' is no attribute")
        attribute, _, inner = text.partition(".")
        return attribute, inner or None

    def _values(self, operator: str) -> tuple[tuple[Scalar, ...], tuple[Scalar, Scalar] | None]:
        """What stands after an operator: strings are tokens of their own, commas between them are words."""
        texts = []
        while self._at < len(self._tokens) and self._tokens[self._at][0] in ("word", "string"):
            texts.append(self._next())
        if not texts:
            raise self._wrong("a value is expected")
        listed = _split(texts)
        if len(listed) == 1 and not listed[0].startswith('"') and ".." in listed[0]:
            low, _, high = listed[0].partition("..")
            if operator not in ("==", "!="):
                raise bad("q", f"a range needs == or !=, not {operator}")
            return (), (_scalar(low), _scalar(high))
        if len(listed) > 1 and operator not in ("==", "!="):
            raise bad("q", f"a list needs == or !=, not {operator}")
        return tuple(map(_scalar, listed)), None

    def _peek(self) -> str | None:
        return self._tokens[self._at][1] if self._at < len(self._tokens) else None

    def _next(self) -> str:
        self._at += 1
        return self._tokens[self._at - 1][1]

    def _wrong(self, message: str) -> Exception:
        if self._at >= len(self._tokens):
            return bad("q", f"at its end: {message}")
        return bad("q", f"at position {self._tokens[self._at][2] + 1}: {message}")


def _tokens(text: str) -> list[tuple[str, str, int]]:
    found, at = [], 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise bad("q", f"at position {at + 1}: can't be read")
        kind = str(match.lastgroup)
        if kind != "space":
            found.append((kind, match[0], at))
        at = match.end()
    return found


def _split(texts: list[str]) -> list[str]:
    """`"a"`, `,`, `"b"` and `1,2` alike: the values of a list."""
    listed: list[str] = []
    expected = True
    for text in texts:
        if text.startswith('"'):
            if not expected:
                raise bad("q", "a ',' is missing between two values")
            listed.append(text)
            expected = False
            continue
        for number, piece in enumerate(text.split(",")):
            if number and expected:
                raise bad("q", "a value is missing beside a ','")
            if number:
                expected = True
            if piece:
                if not expected:
                    raise bad("q", "a ',' is missing between two values")
                listed.append(piece)
                expected = False
    if expected:
        raise bad("q", "a value is missing beside a ','")
    return listed


def _scalar(text: str) -> Scalar:
    if text.startswith('"'):
        return re.sub(r"\\(.)", r"\1", text[1:-1])
    if text in ("true", "false"):
        return text == "true"
    if _NUMBER.fullmatch(text):
        return float(text)
    if _IRI.fullmatch(text):
        return text
    moment = _moment(text)
    if moment is not None:
        return moment
    raise bad("q", f"'{text:.60}' is no value: texts stand in quotes, times need an offset")


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else None


def _value(attribute: Any, inner: str | None) -> Scalar | list[Any] | None:
    """What is compared: the value of a property, the object of a relationship, or of a property of it."""
    if not isinstance(attribute, dict):
        return None
    if inner is not None:
        below = attribute.get(inner)
        return _value(below, None) if isinstance(below, dict) else below
    value = attribute.get("value", attribute.get("object"))
    if isinstance(value, dict):
        value = value.get("@value", value)
    return value


def _compares(value: Any, operator: str, with_: Scalar) -> bool:
    if isinstance(value, list):
        return any(_compares(one, operator, with_) for one in value)
    if not _alike(value, with_):
        return False
    match operator:
        case "==":
            return bool(value == with_)
        case ">":
            return bool(value > with_)
        case ">=":
            return bool(value >= with_)
        case "<":
            return bool(value < with_)
        case _:
            return bool(value <= with_)


def _alike(value: Any, with_: Scalar) -> bool:
    """Of the same kind; yes and no is no number, and a day no moment."""
    if isinstance(value, bool) or isinstance(with_, bool):
        return isinstance(value, bool) and isinstance(with_, bool)
    if isinstance(value, int | float):
        return isinstance(with_, float)
    if isinstance(value, datetime):
        return isinstance(with_, datetime)
    return isinstance(value, str) and isinstance(with_, str)
