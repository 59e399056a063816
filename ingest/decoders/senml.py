"""SenML packs (RFC 8428) as JSON or CBOR: docs/formats/senml.md.

Steps: the text or bytes become records with JSON's labels; the base fields of a record hold for it and all after it;
each record is resolved (4.6) to name, unit, time and value; records of one device and time become one Reading.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, Literal

import msgspec

from ingest.decoders import Context, Meaning, _senml_cbor
from ingest.decoders._collect import Collector
from ingest.decoders._json import JsonObject, NotFinite, parse, wrong_type
from ingest.model import Decoded, Fault, Reason

PROPERTIES: Final[Mapping[str, Meaning]] = {}
"""Names are the sender's own."""


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a source may set."""

    encoding: Literal["json", "cbor"] = "json"
    split: Literal["base", "last"] = "base"
    """Which part of a name is the device: the base name, or all before the last `:`, `/` or `.`."""
    device_from_topic: Annotated[int, msgspec.Meta(ge=1)] | None = None
    """The level of the topic, from 1, that names the device instead."""


VERSIONS: Final = frozenset({10, 26})
"""10 is RFC 8428; 26 adds the feature 'secondary units' (RFC 9100, 5). Below 10 are the drafts, which read the same."""
RELATIVE_BELOW: Final = 2**28
"""A time below counts from now (RFC 8428, 4.5.3)."""
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9:./_-]*")
_SEPARATORS: Final = ":/.-_"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NUMBERS: Final = ("v", "t", "s", "ut")
_VALUES: Final = ("v", "vb", "vs", "vd")
_BASE: Final = frozenset({"bn", "bt", "bu", "bv", "bs"})
_ONLY_BASE: Final = _BASE | {"bver"}
MAX_TEXT: Final = 255
"""Of a name or a unit. The RFC sets no limit, but a long base name would be read again for each record."""


@dataclass(kw_only=True)
class _Base:
    """The base fields in force."""

    bn: str = ""
    bt: float = 0.0
    bu: str = ""
    bv: float | None = None
    bs: float | None = None


def decode(payload: bytes, context: Context) -> Decoded:
    """Readings and faults of one pack. Never raises for what the payload holds."""
    options: Options = context.options
    pack = parse(payload) if options.encoding == "json" else _senml_cbor.parse(payload)
    if isinstance(pack, Fault):
        return Decoded(faults=[pack])
    if not isinstance(pack, list):
        return Decoded(faults=[wrong_type("$", "an array of SenML records", pack)])
    too_many = _senml_cbor.too_many(pack)
    if too_many is not None:
        return Decoded(faults=[too_many])
    unsupported = _version_faults(pack)
    if unsupported:
        return Decoded(faults=unsupported)
    collector = Collector(provenance=context.provenance)
    faults = _resolve(pack, context, collector)
    readings = collector.readings()
    if not readings and not faults:
        faults = [Fault(reason=Reason.EMPTY, path="$", message="the pack has no values")]
    return Decoded(readings=readings, faults=faults)


def _version_faults(pack: Sequence[Any]) -> list[Fault]:
    """A version that we don't know: such a pack is not used at all (RFC 8428, 4.4)."""
    faults = []
    for n, record in enumerate(pack):
        if not isinstance(record, JsonObject) or "bver" not in record:
            continue
        version, path = record["bver"], f"$[{n}].bver"
        if not isinstance(version, float) or not version.is_integer() or version < 1:
            faults.append(wrong_type(path, "a positive integer", version))
        elif version > min(VERSIONS) and version not in VERSIONS:
            message = f"version {version:g} of SenML; known are {', '.join(map(str, sorted(VERSIONS)))}"
            faults.append(Fault(reason=Reason.UNSUPPORTED, path=path, message=message))
    return faults


def _resolve(pack: Sequence[Any], context: Context, collector: Collector) -> list[Fault]:
    """Collects every record that can be resolved. A wrong base field ends the pack there: it holds for all after it."""
    base = _Base()
    faults: list[Fault] = []
    for n, record in enumerate(pack):
        path = f"$[{n}]"
        if not isinstance(record, JsonObject):
            faults.append(wrong_type(path, "a SenML record (an object)", record))
            continue
        wrong = _base_faults(path, record, base)
        if wrong:
            return faults + wrong
        wrong = _record_faults(path, record)
        if not wrong and not record.keys() <= _ONLY_BASE:
            fault = _resolve_one(path, record, base, context, collector)
            wrong = [] if fault is None else [fault]
        faults += wrong
    return faults


def _base_faults(path: str, record: JsonObject, base: _Base) -> list[Fault]:
    """Takes the record's base fields over into `base`; or says what is wrong with them."""
    faults = []
    for label, value in record.items():
        where = f"{path}.{label}"
        if not label.startswith("b"):
            continue
        if label in record.repeated:
            faults.append(_repeated(where))
        elif label.endswith("_"):
            faults.append(_mandatory(where))
        elif label in ("bn", "bu"):
            faults += _text_faults(where, value)
        elif label in ("bt", "bv", "bs"):
            faults += _number_faults(where, value)
    if not faults:
        for label in _BASE & record.keys():
            setattr(base, label, record[label])
    return faults


def _record_faults(path: str, record: JsonObject) -> list[Fault]:
    """What is wrong with a record's own fields, whatever the base is."""
    faults = []
    for label, value in record.items():
        where = f"{path}.{label}"
        if label in record.repeated:
            faults.append(_repeated(where))
        elif label.endswith("_"):
            faults.append(_mandatory(where))
        elif label in ("n", "u"):
            faults += _text_faults(where, value)
        elif label in _NUMBERS:
            faults += _number_faults(where, value)
        elif label == "vb" and not isinstance(value, bool):
            faults.append(wrong_type(where, "true or false", value))
        elif label in ("vs", "vd"):
            faults.append(wrong_type(where, "a number (v) or a boolean (vb)", value))
    values = [label for label in _VALUES if label in record]
    if len(values) > 1 and not faults:
        faults.append(wrong_type(path, "one value", ", ".join(values)))
    return faults


def _resolve_one(
    path: str, record: JsonObject, base: _Base, context: Context, collector: Collector
) -> Fault | None:
    value = _value(path, record, base)
    if isinstance(value, Fault):
        return value
    time = _time(f"{path}.t", base.bt + record.get("t", 0.0), context.received_at)
    if isinstance(time, Fault):
        return time
    name = record.get("n", "")
    if not _NAME.fullmatch(base.bn + name):
        message = (
            f"'{base.bn + name:.60}' is no SenML name: letters, digits and -:./_ after a letter or digit"
        )
        return Fault(reason=Reason.WRONG_TYPE, path=f"{path}.n", message=message)
    unit = record.get("u") or base.bu
    device, key = _identify(base.bn, name, context)
    if not device:
        message = f"the topic has no level {context.options.device_from_topic} that names the device"
        return Fault(reason=Reason.MISSING_FIELD, path=path, message=message)
    collector.add(
        path=path,
        device=device,
        time=time,
        key=key or unit or "value",
        value=value,
        value_path=f"{path}.{'vb' if isinstance(value, bool) else 'v'}",
        unit=unit,
    )
    return None


def _value(path: str, record: JsonObject, base: _Base) -> float | bool | Fault:
    if "vb" in record:
        return bool(record["vb"])
    if "v" in record or (base.bv is not None and "s" not in record):
        value = float(record.get("v", 0.0) + (base.bv or 0.0))
        return value if math.isfinite(value) else _not_finite(f"{path}.v")
    if "s" in record or base.bs is not None:
        message = "a sum without a value: no property is an integral over time"
        return Fault(reason=Reason.UNSUPPORTED, path=f"{path}.s", message=message)
    return Fault(reason=Reason.MISSING_FIELD, path=f"{path}.v", message="the record has no value")


def _time(path: str, seconds: float, now: datetime) -> datetime | Fault:
    try:
        return (now if seconds < RELATIVE_BELOW else _EPOCH) + timedelta(seconds=seconds)
    except OverflowError:
        message = f"{seconds:g} s is beyond every calendar"
        return Fault(reason=Reason.TIME_OUT_OF_RANGE, path=path, message=message)


def _identify(base_name: str, name: str, context: Context) -> tuple[str, str]:
    """(device, key) of a resolved name; an empty key where the whole name is the device's."""
    options: Options = context.options
    if options.split == "last":
        full = base_name + name
        cut = max(full.rfind(separator) for separator in ":/.")
        device, key = (full[:cut], full[cut:]) if cut > 0 else (full, "")
    elif base_name or options.device_from_topic is not None:
        device, key = base_name, name
    else:
        device, key = name, ""
    device = device.rstrip(_SEPARATORS)
    if options.device_from_topic is not None:
        levels = context.topic.split("/")
        level = options.device_from_topic - 1
        device = levels[level] if level < len(levels) else ""
    return device, key.strip(_SEPARATORS)


def _text_faults(path: str, value: Any) -> list[Fault]:
    good = isinstance(value, str) and len(value) <= MAX_TEXT
    return [] if good else [wrong_type(path, f"text of at most {MAX_TEXT} characters", value)]


def _number_faults(path: str, value: Any) -> list[Fault]:
    if isinstance(value, NotFinite):
        return [_not_finite(path)]
    return [] if isinstance(value, float) else [wrong_type(path, "a number", value)]


def _not_finite(path: str) -> Fault:
    return Fault(reason=Reason.NOT_FINITE, path=path, message="is not a finite number")


def _repeated(path: str) -> Fault:
    return Fault(reason=Reason.DUPLICATE_KEY, path=path, message="stands there twice")


def _mandatory(path: str) -> Fault:
    """'MUST ignore fields they don't recognize unless' the label ends in _: then 'an error' (RFC 8428, 4.4)."""
    message = "a field that a reader must understand, and we don't"
    return Fault(reason=Reason.UNSUPPORTED, path=path, message=message)
