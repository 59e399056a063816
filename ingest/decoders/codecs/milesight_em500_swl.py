"""Milesight EM500-SWL: submerged water-level probe. Records of channel, type and value, numbers little-endian.

The battery comes as a percentage, which is no voltage: it is read and left out. What the probe kept while it had no
connection comes in records of its own, each with its time.
"""

import struct
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from ingest.decoders import Meaning
from ingest.decoders.codecs import AS_SHIPPED, Installed, NotDecodable, Values

PROPERTIES: Final = {"water_depth": Meaning("water_depth", "cm")}

_BATTERY: Final = (0x01, 0x75)
_DEPTH: Final = (0x03, 0x77)
_KEPT: Final = (0x20, 0xCE)
_LENGTHS: Final = {
    _BATTERY: 1,
    _DEPTH: 2,
    _KEPT: 6,
    # What the device says of itself after a join: no measurements.
    (0xFF, 0x01): 1,  # protocol version
    (0xFF, 0x09): 2,  # hardware version
    (0xFF, 0x0A): 2,  # firmware version
    (0xFF, 0x0B): 1,  # switched on
    (0xFF, 0x0F): 1,  # LoRaWAN class
    (0xFF, 0x16): 8,  # serial number
    (0xFF, 0xFE): 1,  # reset
    (0xFF, 0xFF): 2,  # version of the product's description
}
_NO_DEPTH: Final = {0xFFFF: "collection failed", 0xFFFD: "out of range"}


def decode(payload: bytes, f_port: int, installed: Installed = AS_SHIPPED) -> dict[str, float | bool]:
    """Depth of the water over the probe in cm, battery in % as `battery_percent`."""
    values: dict[str, float | bool] = {}
    failed = None
    for kind, value in _records(payload):
        if kind == _BATTERY:
            values["battery_percent"] = float(value[0])
        elif kind == _DEPTH:
            (depth,) = struct.unpack("<H", value)
            if depth in _NO_DEPTH:
                failed = f"the probe reports '{_NO_DEPTH[depth]}' ({depth:04x}) instead of a depth"
            else:
                values["water_depth"] = float(depth)
    if failed is not None:
        raise NotDecodable(failed, values)
    return values


def history(payload: bytes) -> list[tuple[datetime, Values]]:
    """The depths that the probe kept; those that it could not measure are left out."""
    kept = (struct.unpack("<IH", value) for kind, value in _records(payload) if kind == _KEPT)
    return [
        (datetime.fromtimestamp(seconds, UTC), {"water_depth": float(depth)})
        for seconds, depth in kept
        if depth not in _NO_DEPTH
    ]


def _records(payload: bytes) -> Iterator[tuple[tuple[int, int], bytes]]:
    at = 0
    while at < len(payload):
        if at + 2 > len(payload):
            raise NotDecodable(f"byte {at}: a channel without a type")
        kind = (payload[at], payload[at + 1])
        if kind not in _LENGTHS:
            raise NotDecodable(f"byte {at}: channel {kind[0]:02x} {kind[1]:02x} is none of this device's")
        end = at + 2 + _LENGTHS[kind]
        if end > len(payload):
            raise NotDecodable(
                f"byte {at}: channel {kind[0]:02x} {kind[1]:02x} has {_LENGTHS[kind]} bytes, the payload ends"
            )
        yield kind, payload[at + 2 : end]
        at = end
