"""One module a payload format: pure functions from bytes to Readings and Faults.

A format that `sources.toml` can name is a module here with

- `decode(payload: bytes, context: Context) -> Decoded`, which never raises for what the payload holds;
- `Options`, a msgspec struct (`forbid_unknown_fields=True`): what a source, or one device of it, may set;
- `PROPERTIES`: what the format's own keys mean in this city, and their unit where the format fixes it.
"""

from collections.abc import Mapping
from datetime import datetime, tzinfo
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, Final, Protocol

import msgspec

from ingest.model import Decoded
from storage.model import Provenance

WITHOUT_SOURCE: Final = frozenset({"native", "status", "extent"})
"""Formats that belong to the topics of ingest.wire: no source names them."""


class Meaning(msgspec.Struct, frozen=True):
    """What a source's key is: a property of the catalogue, and the unit that it comes in (None: the catalogue's)."""

    property: str
    unit: str | None = None
    """"": no format says it, so the payload or the source's file has to."""
    optional: bool = False
    """Left out at a Thing whose domain has no such property, like the air temperature of a rain gauge."""


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """What a decoder may know besides the payload."""

    topic: str
    """The topic, or `file:{name}`."""
    received_at: datetime
    zone: tzinfo | None = None
    """Of times that come without an offset; None: such a time is a naive_time fault."""
    provenance: Provenance = Provenance.MEASURED
    """Of readings whose payload says nothing about it."""
    units: Mapping[str, str] = {}
    """Key → the unit that the source's file gives it, for decoders that calculate."""
    options: Any
    """The decoder's own Options."""
    device_options: Mapping[str, Any] = {}
    """Device → the Options where they differ for it."""

    def options_of(self, device: str) -> Any:
        """The Options for one device."""
        return self.device_options.get(device, self.options)


class Decoder(Protocol):
    """What a decoder module looks like."""

    Options: type[msgspec.Struct]
    PROPERTIES: Mapping[str, Meaning]

    def decode(self, payload: bytes, context: Context) -> Decoded: ...


def names() -> list[str]:
    """Every format that a source can name."""
    modules = (m.name for m in iter_modules(__path__) if not m.ispkg)
    found = {name for name in modules if not name.startswith("_")}
    return sorted(found - WITHOUT_SOURCE)


def find(name: str) -> Decoder:
    """The decoder module of that name. Raises KeyError for a name that is none."""
    if name not in names():
        raise KeyError(name)
    module: Any = import_module(f"{__name__}.{name}")
    decoder: Decoder = module
    return decoder
