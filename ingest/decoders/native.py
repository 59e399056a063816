"""The native format (ingest.wire): observations as JSON, one object or an array of them.

Two paths give the same answer. `_decode_fast` is msgspec's typed decoder and takes a payload only when nothing in it
can be wrong; everything else goes to `_decode_carefully`, which names each fault with its JSON path. msgspec keeps
the last of duplicate keys silently, so the fast path also counts the keys that stand in the text, and looks closer when
there are more.
"""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any, Final

import msgspec

from ingest.decoders._json import JsonObject, NotFinite, parse, parse_time, wrong_type
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
    parameters: Any = None
    """Of forecasts, which are few: they are read carefully."""


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
    if not readings or (payload.count(b'":') != keys and not _keys_stand_once(payload)):
        return None
    return Decoded(readings=readings, sequences=sequences)


def _keys_stand_once(payload: bytes) -> bool:
    """Whether what made the count of keys differ are only fields that we don't read; False when in doubt."""
    if payload.count(b"{") + payload.count(b"[") > MAX_DEPTH:
        return False
    try:
        _STRICT.decode(payload.decode())
    except ValueError:
        return False
    return True


def _once(pairs: list[tuple[str, Any]]) -> None:
    if len({key for key, _ in pairs}) != len(pairs):
        raise ValueError("a key stands twice")


_STRICT: Final = json.JSONDecoder(object_pairs_hook=_once)


def _fast_reading(path: str, element: _Element) -> Reading | None:
    result_time = element.time if element.result_time is None else element.result_time
    if not element.results or element.time.tzinfo is None or result_time.tzinfo is None:
        return None
    if element.parameters is not None:
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


def too_large(payload: bytes) -> Fault | None:
    """The Fault of a payload that is larger than the native format allows."""
    if len(payload) <= MAX_BYTES:
        return None
    message = f"{len(payload)} bytes, at most {MAX_BYTES} are taken"
    return Fault(reason=Reason.TOO_LARGE, path="$", message=message)


def _decode_carefully(payload: bytes) -> Decoded:
    document = too_large(payload) or parse(payload)
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
        if isinstance(element, JsonObject):
            sequences += _sequence(path, element, found)
        faults += found
        if reading is not None:
            readings.append(reading)
    return Decoded(readings=readings, faults=faults, sequences=sequences)


def _reading(path: str, element: Any) -> tuple[Reading | None, list[Fault]]:
    """One element: what can be used of it, and all that is wrong with it."""
    if isinstance(element, NotFinite):
        return None, [Fault(reason=Reason.NOT_FINITE, path=path, message="is not a finite number")]
    if not isinstance(element, JsonObject):
        return None, [wrong_type(path, "an object", element)]
    faults = list(_element_faults(path, element))
    time = parse_time(f"{path}.time", element.get("time"), faults) if "time" in element else None
    result_time = time
    if element.get("result_time") is not None:
        result_time = parse_time(f"{path}.result_time", element["result_time"], faults)
    provenance = _provenance(path, element, faults)
    flags = _flags(path, element, faults)
    results = _results(path, element, flags, faults)
    parameters = _parameters(path, element, faults) if provenance is Provenance.FORECAST else {}
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
        parameters=parameters,
    )
    return reading, faults


def _parameters(path: str, element: JsonObject, faults: list[Fault]) -> dict[str, Mapping[str, float | str]]:
    """What a forecast says of itself, by property. What is wrong in it is left out and said; the value counts."""
    given = element.get("parameters")
    if given is None:
        return {}
    if not isinstance(given, JsonObject):
        faults.append(wrong_type(f"{path}.parameters", "an object of property: parameters", given))
        return {}
    found: dict[str, Mapping[str, float | str]] = {}
    for key, said in given.items():
        where = f"{path}.parameters.{key:.64}"
        if not isinstance(said, JsonObject):
            faults.append(wrong_type(where, f"an object with {', '.join(PARAMETERS)}", said))
            continue
        good = {name: said[name] for name in PARAMETERS if name in said and name not in said.repeated}
        wrong = {name for name, value in good.items() if not _fits(name, value)}
        faults += [wrong_type(f"{where}.{name}", PARAMETERS[name], good[name]) for name in sorted(wrong)]
        found[key] = {name: value for name, value in good.items() if name not in wrong}
    return found


PARAMETERS: Final = {
    "low": "a number",
    "high": "a number",
    "level": "the share of cases in the interval, above 0 and below 1",
    "model": "a name of up to 64 printable characters",
}


def _fits(name: str, value: Any) -> bool:
    if name == "model":
        return isinstance(value, str) and 0 < len(value) <= 64 and value.isprintable()
    return isinstance(value, float) and (name != "level" or 0 < value < 1)


def _element_faults(path: str, element: JsonObject) -> Iterator[Fault]:
    for key in sorted(element.repeated):
        yield Fault(reason=Reason.DUPLICATE_KEY, path=f"{path}.{key}", message="stands there twice")
    for key in ("time", "results"):
        if key not in element:
            message = f"the element has no {key}"
            yield Fault(reason=Reason.MISSING_FIELD, path=f"{path}.{key}", message=message)


def _provenance(path: str, element: JsonObject, faults: list[Fault]) -> Provenance | None:
    value = element.get("provenance", Provenance.MEASURED.value)
    if isinstance(value, str) and value in _PROVENANCES:
        return _PROVENANCES[value]
    faults.append(wrong_type(f"{path}.provenance", f"one of {', '.join(_PROVENANCES)}", value))
    return None


def _sequence(path: str, element: JsonObject, faults: list[Fault]) -> list[int]:
    """The element's number, if it has one. A wrong one spoils only the counting, not the results."""
    value = element.get("sequence")
    if value is None or "sequence" in element.repeated:
        return []
    if isinstance(value, float) and value.is_integer() and 0 <= value <= MAX_SEQUENCE:
        return [int(value)]
    faults.append(wrong_type(f"{path}.sequence", f"an integer from 0 to {MAX_SEQUENCE}", value))
    return []


def _flags(path: str, element: JsonObject, faults: list[Fault]) -> Mapping[str, str]:
    """The flags as they were sent; a property whose flag is unknown is dropped by `_results`."""
    value = element.get("flags")
    if value is None:
        return _NO_FLAGS
    if not isinstance(value, JsonObject):
        faults.append(wrong_type(f"{path}.flags", "an object of property: flag", value))
        return _NO_FLAGS
    for key, flag in value.items():
        where = f"{path}.flags.{key}"
        if key in value.repeated:
            faults.append(Fault(reason=Reason.DUPLICATE_KEY, path=where, message="stands there twice"))
        if not isinstance(flag, str) or flag not in FLAGS:
            faults.append(wrong_type(where, f"one of {', '.join(sorted(FLAGS))}", flag))
    return {key: "" if key in value.repeated else str(flag) for key, flag in value.items()}


def _results(
    path: str, element: JsonObject, flags: Mapping[str, str], faults: list[Fault]
) -> dict[str, float | bool]:
    value = element.get("results")
    if "results" not in element:
        return {}
    if not isinstance(value, JsonObject):
        faults.append(wrong_type(f"{path}.results", "an object of property: number", value))
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
        return wrong_type(path, "a number, or true or false", result)
    return None
