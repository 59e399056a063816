"""FIWARE NGSI-v2 entities, normalized, as key-values, or in a notification: docs/formats/ngsi.md."""

from typing import Any, Final

from ingest.decoders import Context, _ngsi, _smart_data_models
from ingest.decoders._json import JsonObject
from ingest.decoders._ngsi import Raw
from ingest.model import Decoded, Fault, Reason

Options = _ngsi.Options
PROPERTIES = _smart_data_models.PROPERTIES

_TIMES: Final = ("timestamp", "TimeInstant")
"""Metadata that say when an attribute was measured; the second is the IoT Agents'."""


def decode(payload: bytes, context: Context) -> Decoded:
    """Readings and faults of one payload. Never raises for what the payload holds."""
    return _ngsi.decode(payload, context, _unwrap)


def _unwrap(path: str, attribute: Any) -> Raw:
    """Normalized where it is an object with a value, otherwise the value itself."""
    if not isinstance(attribute, JsonObject) or "value" not in attribute:
        return Raw(path=path, value=attribute)
    metadata = attribute.get("metadata")
    if not isinstance(metadata, JsonObject):
        metadata = JsonObject()
        metadata.repeated = frozenset()
    repeated = [*attribute.repeated, *metadata.repeated]
    if repeated:
        where = f"{path}.{min(repeated)}"
        fault = Fault(reason=Reason.DUPLICATE_KEY, path=where, message="stands there twice")
        return Raw(path=path, value=None, fault=fault)
    times = (_metadata(metadata, name) for name in _TIMES)
    return Raw(
        path=f"{path}.value",
        value=attribute["value"],
        unit=_metadata(metadata, "unitCode"),
        time=next((time for time in times if time is not None), None),
    )


def _metadata(metadata: JsonObject, name: str) -> Any:
    """The value of a metadata element; the plain value is what some senders write."""
    found = metadata.get(name)
    return found.get("value") if isinstance(found, dict) else found
