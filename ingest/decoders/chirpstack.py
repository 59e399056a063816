"""ChirpStack v4: uplinks as JSON from topics `application/{application}/device/{devEui}/event/up`.

Time of an observation, the first that there is: the device's own (`time_key`); the first of `rxInfo[].gwTime` (before
4.5 `rxInfo[].time`), a gateway's clock, and `time`, which is the gateway's where it has one, that agrees with the
server's `rxInfo[].nsTime`; `nsTime` itself. Where there is no `nsTime`, the first time that is not years old.
`deduplicationId` names the uplink and is not needed: the same uplink delivered again has the same device and time.
"""

from typing import Any, Final, Literal

from ingest.decoders import Context, _lorawan
from ingest.decoders._lorawan import LoraOptions, Uplink, instants, member, objects
from ingest.model import Decoded, Fault

PROPERTIES: Final = _lorawan.PROPERTIES

_NAMES: Final = {"dev_eui": "devEui", "device_id": "deviceName"}


class Options(LoraOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a source, or one device of it, may set. `device_id` is ChirpStack's device name."""

    device: Literal["dev_eui", "device_id"] = "dev_eui"


def decode(payload: bytes, context: Context) -> Decoded:
    """The readings of an uplink; other events are unsupported."""
    event = _lorawan.document(payload)
    if isinstance(event, Fault):
        return Decoded(faults=[event])
    name = _event(context.topic)
    if name != "up" and (name is not None or "rxInfo" not in event):
        return _lorawan.unsupported(f"expected an up event, got {name or 'one without rxInfo'}")
    device = _device(event.get("deviceInfo"), context.options.device)
    if device is None:
        path = f"$.deviceInfo.{_NAMES[context.options.device]}"
        return _lorawan.missing(path, "expected the name of the device")
    uplink = _uplink(device, event, context)
    return Decoded(faults=[uplink]) if isinstance(uplink, Fault) else _lorawan.read(uplink, context)


def _event(topic: str) -> str | None:
    """The event's name as the topic has it; a bridge may have changed the topic."""
    *_, before, last = ["", *topic.split("/")]
    return last if before == "event" else None


def _device(info: Any, name: str) -> str | None:
    device = member(info, _NAMES[name])
    if not isinstance(device, str) or not device:
        return None
    return device.lower() if name == "dev_eui" else device


def _uplink(device: str, event: dict[str, Any], context: Context) -> Uplink | Fault:
    f_port = _lorawan.port(event.get("fPort"), "$.fPort")
    frame = _lorawan.frame(event.get("data"), "$.data")
    if isinstance(f_port, Fault):
        return f_port
    if isinstance(frame, Fault):
        return frame
    received = objects(event.get("rxInfo"))
    gateways = [gateway.get(key) for gateway in received for key in ("gwTime", "time")]
    return Uplink(
        device=device,
        f_port=f_port,
        payload=frame,
        payload_path="$.data",
        decoded=event.get("object"),
        decoded_path="$.object",
        gateway_times=instants([*gateways, event.get("time")]),
        server_time=next(iter(instants([gateway.get("nsTime") for gateway in received])), None),
        rssi=_lorawan.best_rssi(received),
        rssi_path="$.rxInfo",
        provenance=context.provenance,
    )
