"""The native format (ingest.wire): observations as JSON, one object or an array of them.

Two paths give the same answer. `_decode_fast` is msgspec's typed decoder and takes a payload only when nothing in it
can be wrong; everything else goes to `_decode_carefully`, which names each fault with its JSON path. msgspec keeps
the last of duplicate keys silently, so the fast path also counts the keys that stand in the text.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any, Final

import msgspec

from ingest.model import Decoded, Fault, Reading, Reason
from ingest.wire import MAX_BYTES, MAX_DEPTH, MAX_SEQUENCE
from storage.model import Provenance

FLAGS: Final = frozenset({"calibrating", "fault", "estimated"})
_PROVENANCES: Final = {provenance.value: provenance for provenance in Provenance}
_NO_FLAGS: Final[Mapping[str, str]] = {}


class _Element(msgspec.Struct, gc=False):
    time: datetime
    results: dict[str, float | bool]
    flags: dict[str, str] | None = None
    result_time: datetime | None = None
    provenance: Provenance | None = None
    sequence: Annotated[int, msgspec.Meta(ge=0, le=MAX_SEQUENCE)] | None = None


_FAST: Final = msgspec.json.Decoder(_Element | list[_Element])
_SPACE_AFTER_STRING: Final = re.compile(rb'"[ \t\r\n]')


def decode(payload: bytes) -> Decoded:
    """Readings and faults of one payload. Never raises for what the payload holds."""
    return _decode_fast(payload) or _decode_carefully(payload)


def _decode_fast(payload: bytes) -> Decoded | None:
    if len(payload) > MAX_BYTES or _SPACE_AFTER_STRING.search(payload):
        return None
    try:
        document = _FAST.decode(payload)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return None
    single = isinstance(document, _Element)
    elements = [document] if isinstance(document, _Element) else document
    keys = 0
    readings = []
    sequences: list[int] = []
    for n, element in enumerate(elements):
        reading = _fast_reading("$" if single else f"$[{n}]", element)
        if reading is None:
            return None
        readings.append(reading)
        keys += 2 + len(element.results)
        keys += (element.result_time is not None) + (element.provenance is not None)
        keys += 0 if element.flags is None else 1 + len(element.flags)
        if element.sequence is not None:
            keys += 1
            sequences.append(element.sequence)
    if not readings or payload.count(b'":') != keys:
        return None
    return Decoded(readings=readings, sequences=sequences)


def _fast_reading(path: str, element: _Element) -> Reading | None:
    result_time = element.time if element.result_time is None else element.result_time
    if not element.results or element.time.tzinfo is None or result_time.tzinfo is None:
        return None
    if element.flags and not FLAGS.issuperset(element.flags.values()):
        return None
    return Reading(
        path=path,
        time=element.time,
        result_time=result_time,
        results=element.results,
        flags=element.flags or _NO_FLAGS,
        provenance=element.provenance or Provenance.MEASURED,
    )


class _Object(dict[str, Any]):
    """A JSON object that remembers which of its keys stood there twice."""

    repeated: frozenset[str]


class NotFinite:
    """NaN, Infinity and numbers beyond a double: legal in some encoders, refused here."""


def parse(payload: bytes) -> Any:
    """The JSON document with repeated keys and non-finite numbers marked; or the Fault that stopped it."""
    if len(payload) > MAX_BYTES:
        message = f"{len(payload)} bytes, at most {MAX_BYTES} are taken"
        return Fault(reason=Reason.TOO_LARGE, path="$", message=message)
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


def _decode_carefully(payload: bytes) -> Decoded:
    document = parse(payload)
    if isinstance(document, Fault):
        return Decoded(faults=[document])
    if isinstance(document, list):
        elements = [(f"$[{n}]", element) for n, element in enumerate(document)]
    else:
        elements = [("$", document)]
    if not elements:
        return Decoded(faults=[Fault(reason=Reason.EMPTY, path="$", message="the array is empty")])
    readings: list[Reading] = []
    faults: list[Fault] = []
    sequences: list[int] = []
    for path, element in elements:
        reading, found = _reading(path, element)
        if isinstance(element, _Object):
            sequences += _sequence(path, element, found)
        faults += found
        if reading is not None:
            readings.append(reading)
    return Decoded(readings=readings, faults=faults, sequences=sequences)


def _reading(path: str, element: Any) -> tuple[Reading | None, list[Fault]]:
    """One element: what can be used of it, and all that is wrong with it."""
    if isinstance(element, NotFinite):
        return None, [Fault(reason=Reason.NOT_FINITE, path=path, message="is not a finite number")]
    if not isinstance(element, _Object):
        return None, [_wrong(path, "an object", element)]
    faults = list(_element_faults(path, element))
    time = parse_time(f"{path}.time", element.get("time"), faults) if "time" in element else None
    result_time = time
    if element.get("result_time") is not None:
        result_time = parse_time(f"{path}.result_time", element["result_time"], faults)
    provenance = _provenance(path, element, faults)
    flags = _flags(path, element, faults)
    results = _results(path, element, flags, faults)
    if time is None or result_time is None or provenance is None or not results or element.repeated:
        return None, faults
    flagged = {key: flag for key, flag in flags.items() if flag in FLAGS}
    reading = Reading(
        path=path,
        time=time,
        result_time=result_time,
        results=results,
        flags=flagged,
        provenance=provenance,
    )
    return reading, faults


def _element_faults(path: str, element: _Object) -> Iterator[Fault]:
    for key in sorted(element.repeated):
        yield Fault(reason=Reason.DUPLICATE_KEY, path=f"{path}.{key}", message="stands there twice")
    for key in ("time", "results"):
        if key not in element:
            message = f"the element has no {key}"
            yield Fault(reason=Reason.MISSING_FIELD, path=f"{path}.{key}", message=message)


def parse_time(path: str, value: Any, faults: list[Fault]) -> datetime | None:
    """An aware time, or None with the fault added."""
    try:
        time = msgspec.convert(value, datetime) if isinstance(value, str) else None
    except msgspec.ValidationError:
        time = None
    if time is None:
        faults.append(_wrong(path, "an RFC 3339 time such as 2026-11-22T03:04:05Z", value))
        return None
    if time.tzinfo is None:
        message = f"'{value}' has no offset: end it with Z or +07:00"
        faults.append(Fault(reason=Reason.NAIVE_TIME, path=path, message=message))
        return None
    return time


def _provenance(path: str, element: _Object, faults: list[Fault]) -> Provenance | None:
    value = element.get("provenance", Provenance.MEASURED.value)
    if isinstance(value, str) and value in _PROVENANCES:
        return _PROVENANCES[value]
    faults.append(_wrong(f"{path}.provenance", f"one of {', '.join(_PROVENANCES)}", value))
    return None


def _sequence(path: str, element: _Object, faults: list[Fault]) -> list[int]:
    """The element's number, if it has one. A wrong one spoils only the counting, not the results."""
    value = element.get("sequence")
    if value is None or "sequence" in element.repeated:
        return []
    if isinstance(value, float) and value.is_integer() and 0 <= value <= MAX_SEQUENCE:
        return [int(value)]
    faults.append(_wrong(f"{path}.sequence", f"an integer from 0 to {MAX_SEQUENCE}", value))
    return []


def _flags(path: str, element: _Object, faults: list[Fault]) -> Mapping[str, str]:
    """The flags as they were sent; a property whose flag is unknown is dropped by `_results`."""
    value = element.get("flags")
    if value is None:
        return _NO_FLAGS
    if not isinstance(value, _Object):
        faults.append(_wrong(f"{path}.flags", "an object of property: flag", value))
        return _NO_FLAGS
    for key, flag in value.items():
        where = f"{path}.flags.{key}"
        if key in value.repeated:
            faults.append(Fault(reason=Reason.DUPLICATE_KEY, path=where, message="stands there twice"))
        if not isinstance(flag, str) or flag not in FLAGS:
            faults.append(_wrong(where, f"one of {', '.join(sorted(FLAGS))}", flag))
    return {key: "" if key in value.repeated else str(flag) for key, flag in value.items()}


def _results(
    path: str, element: _Object, flags: Mapping[str, str], faults: list[Fault]
) -> dict[str, float | bool]:
    value = element.get("results")
    if "results" not in element:
        return {}
    if not isinstance(value, _Object):
        faults.append(_wrong(f"{path}.results", "an object of property: number", value))
        return {}
    if not value:
        fault = Fault(reason=Reason.EMPTY, path=f"{path}.results", message="there are no results")
        faults.append(fault)
    good: dict[str, float | bool] = {}
    for key, result in value.items():
        fault_or_none = _result_fault(f"{path}.results.{key}", result, key in value.repeated)
        if fault_or_none is not None:
            faults.append(fault_or_none)
        elif flags.get(key, "fault") in FLAGS:
            good[key] = result
    return good


def _result_fault(path: str, result: Any, repeated: bool) -> Fault | None:
    if repeated:
        return Fault(reason=Reason.DUPLICATE_KEY, path=path, message="stands there twice")
    if isinstance(result, NotFinite):
        return Fault(reason=Reason.NOT_FINITE, path=path, message="is not a finite number")
    if not isinstance(result, float | bool):
        return _wrong(path, "a number, or true or false", result)
    return None


def _wrong(path: str, expected: str, value: Any) -> Fault:
    shown = "a number that is not finite" if isinstance(value, NotFinite) else f"{value!r:.60}"
    return Fault(reason=Reason.WRONG_TYPE, path=path, message=f"expected {expected}, got {shown}")


def _object(pairs: list[tuple[str, Any]]) -> _Object:
    made = _Object(pairs)
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
