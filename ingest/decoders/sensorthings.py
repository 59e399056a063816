"""OGC SensorThings 1.1: an Observation created over MQTT (part 1, 14). docs/formats/sensorthings.md."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Literal

import msgspec

from ingest.decoders import Context, Meaning, _times
from ingest.decoders._json import JsonObject, NotFinite, parse, wrong_type
from ingest.model import Decoded, Fault, Reading, Reason

PROPERTIES: Final[Mapping[str, Meaning]] = {}
"""A Datastream's id says nothing; the source maps it."""


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a source, or one Datastream of it, may set."""

    property: str | None = None
    """What the Datastream observes; None: the key is the Datastream's id."""
    quality: dict[str, Literal["calibrating", "fault", "estimated"]] = {}
    """A value of resultQuality → our flag. Others are taken as good."""


_TOPIC: Final = re.compile(r"(?:.*/)?Datastreams\((?P<id>[^()]+)\)/Observations", re.S)
_EXACT: Final = 2**53
"""Up to here the number of an id is what was sent: JSON numbers are doubles."""


def decode(payload: bytes, context: Context) -> Decoded:
    """The Reading of one Observation, or every fault. Never raises for what the payload holds."""
    body = parse(payload)
    if isinstance(body, Fault):
        return Decoded(faults=[body])
    if not isinstance(body, JsonObject):
        return Decoded(faults=[wrong_type("$", "an Observation (an object)", body)])
    faults = [
        Fault(reason=Reason.DUPLICATE_KEY, path=f"$.{key}", message="stands there twice")
        for key in sorted(body.repeated)
    ]
    device = _datastream(body, context.topic, faults)
    time = _time("phenomenonTime", body, context, faults) or context.received_at
    result_time = _time("resultTime", body, context, faults) or time
    result = _result(body, faults)
    if faults or device is None or result is None:
        return Decoded(faults=faults)
    options: Options = context.options_of(device)
    key = options.property or device
    flag = _flag(body.get("resultQuality"), options)
    reading = Reading(
        path="$",
        device=device,
        time=time,
        result_time=result_time,
        results={key: result},
        flags={} if flag is None else {key: flag},
        provenance=context.provenance,
        paths={key: "$.result"},
    )
    return Decoded(readings=[reading])


def _datastream(body: JsonObject, topic: str, faults: list[Fault]) -> str | None:
    """The id of the Datastream that the topic or the body names, as text. Where both do, they must agree."""
    match = _TOPIC.fullmatch(topic)
    if "Datastream" not in body and match is None:
        what = "a MultiDatastream: one number a message" if "MultiDatastream" in body else None
        reason = Reason.UNSUPPORTED if what else Reason.MISSING_FIELD
        message = what or "neither the topic nor the body says which Datastream"
        faults.append(Fault(reason=reason, path="$.Datastream", message=message))
        return None
    of_topic = _unquoted(match["id"]) if match is not None else None
    if "Datastream" not in body:
        return of_topic
    linked = _linked(body["Datastream"], faults)
    if linked is not None and of_topic is not None and linked != of_topic:
        faults.append(wrong_type("$.Datastream.@iot.id", f"that of the topic, '{of_topic:.60}'", linked))
    return linked


def _linked(link: Any, faults: list[Fault]) -> str | None:
    path = "$.Datastream.@iot.id"
    if not isinstance(link, JsonObject):
        faults.append(wrong_type("$.Datastream", 'a link such as {"@iot.id": 42}', link))
    elif "@iot.id" in link.repeated:
        faults.append(Fault(reason=Reason.DUPLICATE_KEY, path=path, message="stands there twice"))
    elif "@iot.id" not in link:
        message = "a Datastream can't be made with an Observation here: link one that the source knows"
        faults.append(Fault(reason=Reason.MISSING_FIELD, path=path, message=message))
    else:
        return _id(path, link["@iot.id"], faults)
    return None


def _id(path: str, value: Any, faults: list[Fault]) -> str | None:
    if isinstance(value, str) and value:
        return value
    if isinstance(value, float) and value.is_integer() and abs(value) <= _EXACT:
        return str(int(value))
    faults.append(wrong_type(path, "text or an integer up to 2^53", value))
    return None


def _unquoted(text: str) -> str:
    """42 or 'a name', whose quotes stand twice inside (OData 4.0)."""
    if len(text) > 2 and text[0] == text[-1] == "'":
        return text[1:-1].replace("''", "'")
    return text


def _time(label: str, body: JsonObject, context: Context, faults: list[Fault]) -> datetime | None:
    """The instant, or the end of the interval: a mean over an hour is known when the hour is over. None: not given."""
    value = body.get(label)
    if value is None:
        return None
    path = f"$.{label}"
    if not isinstance(value, str) or value.count("/") > 1:
        faults.append(wrong_type(path, "an ISO 8601 time, or start/end", value))
        return None
    instants = [_times.parse(path, part, zone=context.zone) for part in value.split("/")]
    wrong = [instant for instant in instants if isinstance(instant, Fault)]
    good = [instant for instant in instants if isinstance(instant, datetime)]
    if wrong:
        faults.append(wrong[0])
        return None
    if good[0] > good[-1]:
        faults.append(wrong_type(path, "an interval that ends after its start", value))
        return None
    return good[-1]


def _result(body: JsonObject, faults: list[Fault]) -> float | bool | None:
    if "result" not in body:
        faults.append(Fault(reason=Reason.MISSING_FIELD, path="$.result", message="there is no result"))
        return None
    result = body["result"]
    if isinstance(result, NotFinite):
        faults.append(Fault(reason=Reason.NOT_FINITE, path="$.result", message="is not a finite number"))
        return None
    if isinstance(result, float | bool):
        return result
    faults.append(wrong_type("$.result", "a number, or true or false", result))
    return None


def _flag(quality: Any, options: Options) -> str | None:
    if isinstance(quality, float):
        return options.quality.get(f"{quality:g}")
    return options.quality.get(quality) if isinstance(quality, str) else None
