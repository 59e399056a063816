"""Decentlab payloads, protocol version 2: version, device id, a bit for each group of sensors, words of 16 bits."""

import struct
from collections.abc import Sequence
from typing import Final

from ingest.decoders.codecs import NotDecodable

VERSION: Final = 2
_HEAD: Final = struct.Struct(">BHH")


def groups(payload: bytes, lengths: Sequence[int]) -> list[Sequence[int] | None]:
    """The words of each group, None for one that is not in this payload. `lengths` are words per group, bit 0 first."""
    if len(payload) < _HEAD.size:
        raise NotDecodable(f"{len(payload)} bytes, at least {_HEAD.size} are expected")
    version, _, present = _HEAD.unpack_from(payload)
    if version != VERSION:
        raise NotDecodable(f"protocol version {version}, expected {VERSION}")
    if present >> len(lengths):
        raise NotDecodable(f"sensor groups {present:#06x}, this device has {len(lengths)}")
    there = [present >> bit & 1 for bit in range(len(lengths))]
    words = sum(length for length, is_there in zip(lengths, there, strict=True) if is_there)
    if len(payload) != _HEAD.size + 2 * words:
        message = f"{len(payload)} bytes, expected {_HEAD.size + 2 * words} for sensor groups {present:#06x}"
        raise NotDecodable(message)
    left = iter(struct.unpack_from(f">{words}H", payload, _HEAD.size))
    return [
        [next(left) for _ in range(length)] if is_there else None
        for length, is_there in zip(lengths, there, strict=True)
    ]
