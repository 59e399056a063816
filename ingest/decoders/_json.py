"""JSON as the decoders want it: what is wrong with the text is a Fault, what is odd in it stays visible.

The standard library keeps the last of repeated keys and reads NaN; `parse` marks both, so that a decoder can name them.
"""

import json
import math
import re
from collections import Counter
from datetime import datetime
from typing import Any, Final

import msgspec

from ingest.model import Fault, Reason
from ingest.wire import MAX_DEPTH


class JsonObject(dict[str, Any]):
    """A JSON object that remembers which of its keys stood there twice."""

    repeated: frozenset[str]


class NotFinite:
    """NaN, Infinity and numbers beyond a double: legal in some encoders, refused here."""


def parse(payload: bytes) -> Any:
    """The JSON document (numbers are floats) with repeated keys and non-finite numbers marked, or the Fault."""
    if not payload.strip():
        return Fault(reason=Reason.EMPTY, path="$", message="the payload is empty")
    try:
        text = payload.decode("utf-8")
    except UnicodeDecodeError as error:
        return Fault(reason=Reason.INVALID_UTF8, path="$", message=f"byte {error.start}: {error.reason}")
    if _depth(text) > MAX_DEPTH:
        message = f"nested deeper than {MAX_DEPTH} levels"
        return Fault(reason=Reason.TOO_DEEP, path="$", message=message)
    try:
        return json.loads(
            text,
            object_pairs_hook=_object,
            parse_constant=lambda _: NotFinite(),
            parse_float=_number,
            parse_int=_number,
        )
    except json.JSONDecodeError as error:
        message = f"line {error.lineno}, column {error.colno}: {error.msg}"
        return Fault(reason=Reason.NOT_JSON, path="$", message=message)


def parse_time(path: str, value: Any, faults: list[Fault]) -> datetime | None:
    """An aware time, or None with the fault added."""
    try:
        time = msgspec.convert(value, datetime) if isinstance(value, str) else None
    except msgspec.ValidationError:
        time = None
    if time is None:
        faults.append(wrong_type(path, "an RFC 3339 time such as 2026-11-22T03:04:05Z", value))
        return None
    if time.tzinfo is None:
        message = f"'{value}' has no offset: end it with Z or +07:00"
        faults.append(Fault(reason=Reason.NAIVE_TIME, path=path, message=message))
        return None
    return time


def wrong_type(path: str, expected: str, value: Any) -> Fault:
    """The Fault of a value that is something else than what belongs there."""
    shown = "a number that is not finite" if isinstance(value, NotFinite) else f"{value!r:.60}"
    return Fault(reason=Reason.WRONG_TYPE, path=path, message=f"expected {expected}, got {shown}")


def _object(pairs: list[tuple[str, Any]]) -> JsonObject:
    made = JsonObject(pairs)
    if len(made) == len(pairs):
        made.repeated = frozenset()
    else:
        counts = Counter(key for key, _ in pairs)
        made.repeated = frozenset(key for key, count in counts.items() if count > 1)
    return made


def _number(text: str) -> float | NotFinite:
    value = float(text)
    return value if math.isfinite(value) else NotFinite()


# Possessive, and a string that never closes is taken to its end: anything else goes quadratic on hostile text.
_BRACKETS: Final = re.compile(r'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|[\[{]|[\]}]', re.S)


def _depth(text: str) -> int:
    """How deep arrays and objects nest, brackets inside of strings left out."""
    deepest = depth = 0
    for match in _BRACKETS.finditer(text):
        token = match[0]
        if token in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif token in "]}":
            depth -= 1
    return deepest
