"""The Things Stack v3: uplinks as JSON from topics `v3/{application}@{tenant}/devices/{device}/up`.

Time of an observation, the first that there is: the device's own (`time_key`); the first of `rx_metadata[].time`, a
gateway's clock, that agrees with the server; `uplink_message.received_at`, the network server's; `received_at`, the
application server's. Its result_time is the network server's: an uplink that comes again with other bytes has the same
key, and the later one stays.
"""

from typing import Any, Final, Literal

from ingest.decoders import Context, _lorawan
from ingest.decoders._lorawan import LoraOptions, Uplink, instants, member, objects
from ingest.model import Decoded, Fault
from storage.model import Provenance

PROPERTIES: Final = _lorawan.PROPERTIES

_ABOUT: Final = frozenset({"end_device_ids", "correlation_ids", "received_at", "simulated"})
"""Keys of every event; the other one is its name."""


class Options(LoraOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a source, or one device of it, may set."""

    device: Literal["dev_eui", "device_id"] = "device_id"


def decode(payload: bytes, context: Context) -> Decoded:
    """The readings of an uplink; other events are unsupported."""
    event = _lorawan.document(payload)
    if isinstance(event, Fault):
        return Decoded(faults=[event])
    message = event.get("uplink_message")
    if not isinstance(message, dict):
        names = sorted(set(event) - _ABOUT)
        return _lorawan.unsupported(f"expected an uplink_message, got {', '.join(names)[:100] or 'nothing'}")
    device = _device(event.get("end_device_ids"), context.options.device)
    if device is None:
        path = f"$.end_device_ids.{context.options.device}"
        return _lorawan.missing(path, "expected the name of the device")
    uplink = _uplink(device, event, message, context)
    return Decoded(faults=[uplink]) if isinstance(uplink, Fault) else _lorawan.read(uplink, context)


def _device(ids: Any, name: str) -> str | None:
    device = member(ids, name)
    if not isinstance(device, str) or not device:
        return None
    return device.lower() if name == "dev_eui" else device


def _uplink(device: str, event: dict[str, Any], message: dict[str, Any], context: Context) -> Uplink | Fault:
    at = "$.uplink_message"
    f_port = _lorawan.port(message.get("f_port"), f"{at}.f_port")
    frame = _lorawan.frame(message.get("frm_payload"), f"{at}.frm_payload")
    if isinstance(f_port, Fault):
        return f_port
    if isinstance(frame, Fault):
        return frame
    received = objects(message.get("rx_metadata"))
    server_times = instants([message.get("received_at"), event.get("received_at")])
    return Uplink(
        device=device,
        f_port=f_port,
        payload=frame,
        payload_path=f"{at}.frm_payload",
        decoded=message.get("decoded_payload"),
        decoded_path=f"{at}.decoded_payload",
        gateway_times=instants([gateway.get("time") for gateway in received]),
        server_time=next(iter(server_times), None),
        rssi=_lorawan.best_rssi(received),
        rssi_path=f"{at}.rx_metadata",
        # A message that somebody made in the network's console must never pass for a measurement.
        provenance=Provenance.SIMULATED if event.get("simulated") is True else context.provenance,
    )
