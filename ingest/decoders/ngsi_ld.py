"""FIWARE NGSI-LD entities, normalized, concise, simplified, or in a notification: docs/formats/ngsi.md.

JSON-LD is not expanded: names count by their last part, whatever the @context says of them.
"""

from typing import Any, Final

from ingest.decoders import Context, _ngsi, _smart_data_models
from ingest.decoders._json import JsonObject
from ingest.decoders._ngsi import Raw
from ingest.model import Decoded, Fault, Reason

Options = _ngsi.Options
PROPERTIES = _smart_data_models.PROPERTIES

_VALUES: Final = ("value", "object")
"""Of a Property and of a Relationship."""
_NULL: Final = "urn:ngsi-ld:null"
"""An attribute that was deleted (ETSI GS CIM 009, 4.5.0)."""


def decode(payload: bytes, context: Context) -> Decoded:
    """Readings and faults of one payload. Never raises for what the payload holds."""
    return _ngsi.decode(payload, context, _unwrap)


def _unwrap(path: str, attribute: Any) -> Raw:
    """Normalized or concise where it is an object with a value, otherwise simplified: the value itself."""
    if isinstance(attribute, list) and any(_wrapped(one) for one in attribute):
        return _of_many(path, attribute)
    wrapped = _wrapped(attribute)
    if wrapped is None:
        return Raw(path=path, value=_plain(attribute))
    if wrapped.repeated:
        fault = _fault(Reason.DUPLICATE_KEY, f"{path}.{min(wrapped.repeated)}", "stands there twice")
        return Raw(path=path, value=None, fault=fault)
    name = next(name for name in _VALUES if name in wrapped)
    return Raw(
        path=f"{path}.{name}",
        value=_plain(wrapped[name]),
        unit=_plain(wrapped.get("unitCode")),
        time=_plain(wrapped.get("observedAt")),
    )


def _of_many(path: str, instances: list[Any]) -> Raw:
    """Of an attribute with several values the one without datasetId, which is the default."""
    default = [n for n, one in enumerate(instances) if (found := _wrapped(one)) and "datasetId" not in found]
    if len(default) == 1:
        return _unwrap(f"{path}[{default[0]}]", instances[default[0]])
    message = f"{len(instances)} values, and not one of them is the default (without datasetId)"
    return Raw(path=path, value=None, fault=_fault(Reason.UNSUPPORTED, path, message))


def _wrapped(attribute: Any) -> JsonObject | None:
    if isinstance(attribute, JsonObject) and any(name in attribute for name in _VALUES):
        return attribute
    return None


def _plain(value: Any) -> Any:
    """The value of a typed JSON-LD value; None for one that was deleted."""
    if isinstance(value, dict) and "@value" in value:
        value = value["@value"]
    return None if isinstance(value, str) and value == _NULL else value


def _fault(reason: Reason, path: str, message: str) -> Fault:
    return Fault(reason=reason, path=path, message=message)
