"""What The Things Stack and ChirpStack have in common: an uplink, when it happened, and what it measured. Pure.

Both write protobuf as JSON: a field that is 0, false or empty is not there. So a missing port is port 0 and a missing
payload is an empty one. A missing rssi is left out, and so is a written 0: no receiver on the air reads 0 dBm, and
networks may withhold it. Objects that a payload formatter made are not protobuf messages: in them a 0 is written and
means 0.
"""

import base64
import binascii
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

import msgspec

from ingest.decoders import Context, Meaning, codecs
from ingest.decoders._json import JsonObject, NotFinite, parse, wrong_type
from ingest.decoders.codecs import Codec, Installed, NotDecodable, Values
from ingest.model import Decoded, Fault, Reading, Reason
from storage.model import Provenance

GATEWAY_BEHIND: Final = timedelta(hours=1)
GATEWAY_AHEAD: Final = timedelta(minutes=1)
"""A gateway's clock is believed when it is at most so far behind or ahead of the network server's [S]: one without a
GPS fix says 1970, 1980, 2000 or 1024 weeks ago, and none can hear an uplink after the server has it."""
OLDEST: Final = timedelta(days=5 * 365)
"""With no server time to compare to, a gateway's time is refused when it is so long before we got the message [S]."""

LONGEST_KEY: Final = 255
"""Characters of a key with all keys above it. Each value keeps its own: one long key above many would fill memory."""
MOST_VALUES: Final = 2000
"""Of a decoded object [S]. An uplink has 242 bytes at most: no device measures more in them."""

PROPERTIES: Final[Mapping[str, Meaning]] = {"rssi": Meaning("rssi", "dBm")}


class LoraOptions(Installed, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of both network servers; `reference_mm` and `tip_mm` are of the device's installation."""

    device: Literal["dev_eui", "device_id"]
    """Which of its names a device goes by in `devices`."""
    codec: str | None = None
    """The device, one of ingest/decoders/codecs. None: the network server decodes."""
    time_key: str | None = None
    """Where the decoded object holds the device's own time."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.codec is not None and self.codec not in codecs.names():
            raise ValueError(f"`codec`: '{self.codec}' is none of {', '.join(codecs.names())}")


class Uplink(msgspec.Struct, frozen=True, kw_only=True):
    """What both network servers tell of one uplink, and where in their JSON it stands."""

    device: str
    f_port: int
    payload: bytes
    payload_path: str
    decoded: Any
    """The object that the network server's formatter made, or None."""
    decoded_path: str
    gateway_times: Sequence[datetime]
    """In the order in which they are to be believed."""
    server_time: datetime | None
    rssi: float | None
    """Of the gateway that heard it best, dBm."""
    rssi_path: str
    provenance: Provenance


class _Measured(msgspec.Struct, frozen=True):
    """The results of one uplink while they are collected."""

    results: dict[str, float | bool]
    units: dict[str, str]
    paths: dict[str, str]
    faults: list[Fault]


def document(payload: bytes) -> dict[str, Any] | Fault:
    """The JSON object of an event, or what is wrong with it."""
    parsed = parse(payload)
    if isinstance(parsed, Fault):
        return parsed
    if not isinstance(parsed, JsonObject):
        return wrong_type("$", "an object", parsed)
    repeated = _repeated(parsed)
    if repeated is not None:
        return Fault(reason=Reason.DUPLICATE_KEY, path=f"${repeated}", message="stands there twice")
    return parsed


def member(parent: Any, key: str) -> Any:
    """The value below a key, None where there is none or nothing to look into."""
    return parent.get(key) if isinstance(parent, dict) else None


def objects(value: Any) -> list[dict[str, Any]]:
    """The objects of an array."""
    return [element for element in value if isinstance(element, dict)] if isinstance(value, list) else []


def instant(value: Any) -> datetime | None:
    """A time with an offset; fractions finer than a microsecond are rounded. None for anything else."""
    try:
        time = msgspec.convert(value, datetime) if isinstance(value, str) else None
    except msgspec.ValidationError:
        return None
    return time if time is not None and time.tzinfo is not None else None


def instants(values: Sequence[Any]) -> list[datetime]:
    """Those that are times."""
    return [time for value in values if (time := instant(value)) is not None]


def best_rssi(received: Sequence[Mapping[str, Any]]) -> float | None:
    """Of the gateway that heard the uplink best. A written 0 is as good as none, and would be the best of all."""
    heard = (value for gateway in received if isinstance(value := gateway.get("rssi"), float))
    return max((value for value in heard if value != 0), default=None)


def port(value: Any, path: str) -> int | Fault:
    """The LoRaWAN port; a missing one is 0."""
    if value is None:
        return 0
    if isinstance(value, float) and value.is_integer() and 0 <= value <= 255:
        return int(value)
    return wrong_type(path, "a port from 0 to 255", value)


def frame(value: Any, path: str) -> bytes | Fault:
    """The bytes that the device sent; missing ones are none."""
    if value is None:
        return b""
    try:
        if isinstance(value, str):
            return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        pass
    return Fault(reason=Reason.NOT_DECODABLE, path=path, message="expected base64")


def unsupported(message: str) -> Decoded:
    """For what holds no measurement."""
    return Decoded(faults=[Fault(reason=Reason.UNSUPPORTED, path="$", message=message)])


def missing(path: str, message: str) -> Decoded:
    return Decoded(faults=[Fault(reason=Reason.MISSING_FIELD, path=path, message=message)])


def read(uplink: Uplink, context: Context) -> Decoded:
    """The readings of an uplink: what it measured now, and what the device kept from before."""
    options: LoraOptions = context.options_of(uplink.device)
    network_time = _network_time(uplink, context.received_at)
    if isinstance(network_time, Fault):
        return Decoded(faults=[network_time])
    time, result_time = network_time
    measured = _Measured({}, {}, {}, [])
    codec = codecs.find(options.codec) if options.codec is not None else None
    kept: list[Reading] = []
    if not uplink.payload and not uplink.decoded:
        pass  # a frame for the network alone: it tells how well the device is heard
    elif codec is not None:
        kept = _of_codec(codec, uplink, options, result_time, measured)
    elif isinstance(uplink.decoded, dict) and uplink.decoded:
        own_time = _of_formatter(uplink, options, context, measured)
        if isinstance(own_time, Fault):
            return Decoded(faults=[*measured.faults, own_time])
        time = own_time or time
    else:
        message = f"neither a decoded object from the network server nor a `codec` for '{uplink.device:.64}'"
        measured.faults.append(Fault(reason=Reason.UNSUPPORTED, path=uplink.decoded_path, message=message))
    _add_rssi(uplink, measured)
    now = _reading(uplink, time, result_time, measured.results, measured.units, measured.paths)
    readings = [*kept, now] if measured.results else kept
    if not readings and not measured.faults:
        return unsupported("the uplink measures nothing")
    return Decoded(readings=readings, faults=measured.faults)


def _network_time(uplink: Uplink, received_at: datetime) -> tuple[datetime, datetime] | Fault:
    """When the uplink was heard, and when the network server had it.

    Never our own time of arrival: the same message delivered twice must give the same key.
    """
    server = uplink.server_time
    if server is not None:
        heard = (t for t in uplink.gateway_times if -GATEWAY_BEHIND <= t - server <= GATEWAY_AHEAD)
        return next(heard, server), server
    if not uplink.gateway_times:
        return Fault(reason=Reason.MISSING_FIELD, path="$", message="there is no time in it")
    oldest = received_at - OLDEST
    for time in uplink.gateway_times:
        if time >= oldest:
            return time, time
    message = f"the gateway says {uplink.gateway_times[0].isoformat()}, and the network server gives no time"
    return Fault(reason=Reason.TIME_OUT_OF_RANGE, path="$", message=message)


def _of_codec(
    codec: Codec, uplink: Uplink, options: LoraOptions, result_time: datetime, measured: _Measured
) -> list[Reading]:
    """Fills in what the uplink measured; returns what the device kept from before."""
    values: Values = {}
    earlier: codecs.History = ()
    wrong: dict[str, None] = {}
    try:
        values = codec.decode(uplink.payload, uplink.f_port, options)
    except NotDecodable as error:
        values = error.values
        wrong[str(error)] = None
    try:
        earlier = codecs.history(codec, uplink.payload)
    except NotDecodable as error:
        wrong[str(error)] = None  # of a payload that is cut off, the same as above
    for message in wrong:
        fault = Fault(
            reason=Reason.NOT_DECODABLE, path=uplink.payload_path, message=f"{options.codec}: {message}"
        )
        measured.faults.append(fault)
    results, units, paths = _known(codec, values, uplink)
    measured.results.update(results)
    measured.units.update(units)
    measured.paths.update(paths)
    return [
        _reading(uplink, time, result_time, *known)
        for time, values in earlier
        if (known := _known(codec, values, uplink))[0]
    ]


def _known(
    codec: Codec, values: Values, uplink: Uplink
) -> tuple[dict[str, float | bool], dict[str, str], dict[str, str]]:
    """What the city has a property for, with its units and where it stands."""
    results = {key: value for key, value in values.items() if key in codec.PROPERTIES}
    units = {key: unit for key in results if (unit := codec.PROPERTIES[key].unit) is not None}
    return results, units, dict.fromkeys(results, uplink.payload_path)


def _of_formatter(
    uplink: Uplink, options: LoraOptions, context: Context, measured: _Measured
) -> datetime | Fault | None:
    """Fills in the numbers and truth values of the decoded object; returns the device's own time if it has one."""
    own_time: datetime | Fault | None = None
    leaves = _leaves("", uplink.decoded, uplink.decoded_path)
    for n, (key, value) in enumerate(leaves):
        path = f"{uplink.decoded_path}.{key}"
        if n == MOST_VALUES:
            message = f"more than {MOST_VALUES} values; what follows is left out"
            measured.faults.append(Fault(reason=Reason.TOO_LARGE, path=path, message=message))
            break
        if isinstance(value, Fault):
            measured.faults.append(value)
        elif key == options.time_key:
            own_time = _own_time(path, value, context)
        elif isinstance(value, NotFinite):
            fault = Fault(reason=Reason.NOT_FINITE, path=path, message="is not a finite number")
            measured.faults.append(fault)
        elif key in measured.results:
            fault = Fault(reason=Reason.DUPLICATE_KEY, path=path, message=f"'{key:.64}' stands there twice")
            measured.faults.append(fault)
        elif isinstance(value, float | bool):
            measured.results[key] = value
            measured.paths[key] = path
    return own_time


def _leaves(key: str, value: Any, root: str) -> Iterator[tuple[str, Any]]:
    """Every value that is neither object nor array, with its keys joined by dots; a Fault where they get too long."""
    parts: Iterable[tuple[str, Any]]
    if isinstance(value, dict):
        parts = value.items()
    elif isinstance(value, list):
        parts = ((str(n), part) for n, part in enumerate(value))
    else:
        yield key, value
        return
    for name, part in parts:
        if len(key) + 1 + len(name) > LONGEST_KEY:
            message = f"a key of {len(key) + 1 + len(name)} characters, at most {LONGEST_KEY} are taken"
            cut = f"{key}.{name[:LONGEST_KEY]}"[:LONGEST_KEY]
            yield cut, Fault(reason=Reason.WRONG_TYPE, path=f"{root}.{cut}…", message=message)
        else:
            yield from _leaves(f"{key}.{name}" if key else name, part, root)


def _own_time(path: str, value: Any, context: Context) -> datetime | Fault | None:
    """A device's clock: RFC 3339, or seconds or milliseconds since 1970. None for null: it does not know."""
    if value is None:
        return None
    try:
        if isinstance(value, float):
            return datetime.fromtimestamp(value / 1000 if value >= 1e11 else value, UTC)
        time = msgspec.convert(value, datetime) if isinstance(value, str) else None
    except (msgspec.ValidationError, OverflowError, ValueError, OSError):
        time = None
    if time is None:
        return wrong_type(path, "a time such as 2026-11-22T03:04:05Z, or seconds since 1970", value)
    if time.tzinfo is not None:
        return time
    if context.zone is None:
        message = "has no offset, and the source has no zone"
        return Fault(reason=Reason.NAIVE_TIME, path=path, message=message)
    return time.replace(tzinfo=context.zone).astimezone(UTC)


def _add_rssi(uplink: Uplink, measured: _Measured) -> None:
    """The radio's word on the signal, unless the device itself reports an `rssi`."""
    if uplink.rssi is not None and "rssi" not in measured.results:
        measured.results["rssi"] = uplink.rssi
        measured.paths["rssi"] = uplink.rssi_path


def _reading(
    uplink: Uplink,
    time: datetime,
    result_time: datetime,
    results: Mapping[str, float | bool],
    units: Mapping[str, str],
    paths: Mapping[str, str],
) -> Reading:
    return Reading(
        path="$",
        time=time,
        result_time=result_time,
        results=results,
        flags={},
        provenance=uplink.provenance,
        device=uplink.device,
        units=units,
        paths=paths,
    )


def _repeated(value: Any) -> str | None:
    """Where a key stands twice: no network server writes that, and nobody knows which one is meant.

    The path is put together on the way back only: made on the way down, a long key would be copied for each element.
    """
    if isinstance(value, JsonObject):
        if value.repeated:
            return f".{min(value.repeated)}"
        parts = ((f".{key}", part) for key, part in value.items())
    elif isinstance(value, list):
        parts = ((f"[{n}]", part) for n, part in enumerate(value))
    else:
        return None
    for name, part in parts:
        below = _repeated(part)
        if below is not None:
            return f"{name}{below}"
    return None
