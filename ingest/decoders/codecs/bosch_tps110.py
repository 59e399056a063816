"""Bosch TPS110: parking sensor. Port 1 a change, 2 a heartbeat with the temperature, 3 the start of the device."""

from typing import Final

from ingest.decoders import Meaning
from ingest.decoders.codecs import AS_SHIPPED, Installed, NotDecodable

PROPERTIES: Final = {"occupied": Meaning("occupied")}
_LENGTHS: Final = {1: 1, 2: 2, 3: 17}
"""Port → bytes."""


def decode(payload: bytes, f_port: int, installed: Installed = AS_SHIPPED) -> dict[str, float | bool]:
    """Whether the bay is occupied; at a heartbeat also the temperature in °C."""
    if f_port not in _LENGTHS:
        raise NotDecodable(f"port {f_port}, expected 1, 2 or 3")
    if len(payload) != _LENGTHS[f_port]:
        raise NotDecodable(f"{len(payload)} bytes on port {f_port}, expected {_LENGTHS[f_port]}")
    state = payload[-1] if f_port == 3 else payload[0]
    values: dict[str, float | bool] = {"occupied": bool(state & 1)}
    if f_port == 2:
        values["temperature"] = float(int.from_bytes(payload[1:2], signed=True))
    return values
