"""One module a LoRaWAN device: pure functions from the bytes of its uplink to values.

A codec that a source can name is a module here with

- `decode(payload, f_port, installed) -> {key: value}`, which raises NotDecodable and nothing else;
- `PROPERTIES`: what its keys mean in this city and in which unit they come; keys that are not in it are left out;
- optionally `history(payload)`: values that the device kept while nobody heard it, each with its own time.

Written from the makers' published payload tables and their test vectors; the device's name in each module says which.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, Final, Protocol

import msgspec

from ingest.decoders import Meaning

Values = Mapping[str, float | bool]
History = Sequence[tuple[datetime, Values]]


class NotDecodable(ValueError):
    """The payload is not what the device sends, or says that it could not measure; the message tells which."""

    def __init__(self, message: str, values: Values | None = None) -> None:
        super().__init__(message)
        self.values: Values = values or {}
        """What is good all the same."""


class Installed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What only the site knows of a device."""

    reference_mm: float | None = None
    """Of a sensor that looks down: from it to the dry ground. Depth = reference_mm − distance."""
    tip_mm: float = 0.1
    """Rain of one tip of a tipping bucket."""

    def __post_init__(self) -> None:
        if self.reference_mm is not None and not 0 < self.reference_mm <= 100_000:
            raise ValueError("`reference_mm` is from 0 to 100000 mm")
        if not 0 < self.tip_mm <= 10:
            raise ValueError("`tip_mm` is more than 0, at most 10 mm")


AS_SHIPPED: Final = Installed()


class Codec(Protocol):
    """What a codec module looks like."""

    PROPERTIES: Mapping[str, Meaning]

    def decode(self, payload: bytes, f_port: int, installed: Installed = AS_SHIPPED) -> Values: ...


def names() -> list[str]:
    """Every device that a source can name."""
    return sorted(module.name for module in iter_modules(__path__) if not module.name.startswith("_"))


def find(name: str) -> Codec:
    """The codec of that device. Raises KeyError for a name that is none."""
    if name not in names():
        raise KeyError(name)
    module: Any = import_module(f"{__name__}.{name}")
    codec: Codec = module
    return codec


def history(codec: Codec, payload: bytes) -> History:
    """What the device kept; most keep nothing. Raises NotDecodable."""
    kept: Callable[[bytes], History] | None = getattr(codec, "history", None)
    return kept(payload) if kept else ()
