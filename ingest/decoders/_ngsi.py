"""What NGSI-v2 and NGSI-LD have in common: entities with attributes, alone or in a notification (docs/formats/ngsi.md).

Steps: find the entities; of each find type, device and the attributes that its type is read for; give each its value,
unit and time; attributes of one time become one Reading. `Unwrap` is where the two differ.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import cache
from typing import Any, Final, Literal

import msgspec

from ingest.conversion import UnknownUnit, convert
from ingest.decoders import Context, _times
from ingest.decoders._collect import Collector
from ingest.decoders._json import JsonObject, NotFinite, parse, wrong_type
from ingest.decoders._smart_data_models import (
    DISTANCE,
    LEVEL,
    REFERENCE,
    SPOT_STATUS,
    TYPES,
    Attribute,
    EntityType,
    Kind,
)
from ingest.model import Decoded, Fault, Reason

_URN: Final = "urn:ngsi-ld:"


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a source may set."""

    device_from: str = "id"
    """The attribute that names the device: id, refDevice, refPointOfInterest, stationID …"""
    short_ids: bool = True
    """`urn:ngsi-ld:{type}:` is left out of the device's name."""
    without_time: Literal["reject", "received"] = "reject"
    """What becomes of an entity that has no time. A message that arrives twice then counts twice."""


class Raw(msgspec.Struct, frozen=True, kw_only=True):
    """An attribute as it was sent, out of its wrapping."""

    path: str
    value: Any
    unit: Any = None
    time: Any = None
    fault: Fault | None = None
    """Why it can't be used."""


Unwrap = Callable[[str, Any], Raw]
"""(path, attribute) → the attribute without its wrapping. The value None means that there is none."""


class Entity(msgspec.Struct, frozen=True, kw_only=True):
    """An entity with the names of its attributes in their short form."""

    path: str
    type_name: str
    model: EntityType
    attributes: Mapping[str, Any]
    repeated: frozenset[str]
    """Short forms that two names have."""
    unwrap: Unwrap
    notified: Raw | None

    def raw(self, name: str) -> Raw | None:
        """The attribute, or None where there is none."""
        path = f"{self.path}.{name}"
        if name in self.repeated:
            return Raw(path=path, value=None, fault=_twice(path, f"two names of attributes end in '{name}'"))
        if name not in self.attributes:
            return None
        found = self.unwrap(path, self.attributes[name])
        return None if found.value is None and found.fault is None else found


def decode(payload: bytes, context: Context, unwrap: Unwrap) -> Decoded:
    """Readings and faults of one payload. Never raises for what the payload holds."""
    document = parse(payload)
    if isinstance(document, Fault):
        return Decoded(faults=[document])
    collector = Collector(provenance=context.provenance)
    faults: list[Fault] = []
    notified, found = _entities("$", document)
    if not found:
        faults.append(Fault(reason=Reason.EMPTY, path="$", message="there is no entity"))
    for path, element in found:
        own: list[Fault] = []
        entity = _entity(path, element, unwrap, notified, own)
        if entity is not None:
            _collect(entity, context, collector, own)
        faults += own
    return Decoded(readings=collector.readings(), faults=faults)


def _entities(path: str, document: Any) -> tuple[Raw | None, list[tuple[str, Any]]]:
    """When a notification says it was made, and the entities: one, an array, or those of the notification."""
    if isinstance(document, list):
        return None, [(f"{path}[{n}]", element) for n, element in enumerate(document)]
    if isinstance(document, dict) and "id" not in document and isinstance(document.get("body"), dict):
        return _entities(f"{path}.body", document["body"])  # ETSI GS CIM 009, 7.2: over MQTT
    if _is_notification(document):
        at = document.get("notifiedAt")
        notified = None if at is None else Raw(path=f"{path}.notifiedAt", value=at)
        return notified, _entities(f"{path}.data", document["data"])[1]
    return None, [(path, document)]


def _is_notification(document: Any) -> bool:
    if not isinstance(document, dict) or not isinstance(document.get("data"), list):
        return False
    return "subscriptionId" in document or document.get("type") == "Notification"


def _entity(
    path: str, element: Any, unwrap: Unwrap, notified: Raw | None, faults: list[Fault]
) -> Entity | None:
    if not isinstance(element, JsonObject):
        faults.append(wrong_type(path, "an entity", element))
        return None
    if element.repeated:
        faults += [_twice(f"{path}.{key}") for key in sorted(element.repeated)]
        return None
    if "type" not in element:
        faults.append(_missing(f"{path}.type", "the entity has no type"))
        return None
    names = element["type"] if isinstance(element["type"], list) else [element["type"]]
    known = [short for name in names if isinstance(name, str) and (short := _last(name)) in TYPES]
    if not known:
        message = f"entity type {names[0] if names else ''!r:.60} is none of {', '.join(TYPES)}"
        faults.append(Fault(reason=Reason.UNSUPPORTED, path=f"{path}.type", message=message))
        return None
    names_of = Counter(_last(name) for name in element)
    attributes = {_last(name): value for name, value in element.items()} | element
    return Entity(
        path=path,
        type_name=known[0],
        model=TYPES[known[0]],
        attributes=attributes,
        repeated=frozenset(name for name, count in names_of.items() if count > 1),
        unwrap=unwrap,
        notified=notified,
    )


def _last(name: str) -> str:
    """The short form of a name that a JSON-LD context has expanded to an address."""
    return name.rpartition("/")[2].rpartition("#")[2] if "://" in name else name


def _collect(entity: Entity, context: Context, collector: Collector, faults: list[Fault]) -> None:
    device = _device(entity, context.options, faults)
    if device is None:
        return
    own_time = cache(lambda: _time(entity, device, context, faults))
    taken: set[str] = set()
    for attribute, raw in _attributes(entity, context, faults):
        value = _value(attribute, raw, context, faults)
        time = None
        if value is not None:
            time = own_time() if raw.time is None else _parsed(raw.path, raw.time, context, faults)
        if attribute.key in taken:
            faults.append(_twice(raw.path))
        elif value is not None and time is not None:
            collector.add(
                path=entity.path,
                device=device,
                time=time,
                key=attribute.key,
                value=value,
                value_path=raw.path,
                unit=raw.unit,
            )
        taken.add(attribute.key)
    if not taken and not faults:
        wanted = ", ".join(entity.model.attributes)
        message = f"{entity.type_name} has none of the attributes that are read here: {wanted}"
        faults.append(_missing(entity.path, message))


def _device(entity: Entity, options: Options, faults: list[Fault]) -> str | None:
    raw = entity.raw(options.device_from)
    path = f"{entity.path}.{options.device_from}"
    if raw is not None and raw.fault is not None:
        faults.append(raw.fault)
        return None
    if raw is None:
        faults.append(_missing(path, f"the entity has no {options.device_from}, which names the device"))
        return None
    value = raw.value[0] if isinstance(raw.value, list) and len(raw.value) == 1 else raw.value
    if not isinstance(value, str) or not value:
        faults.append(wrong_type(path, "the name of one device", value))
        return None
    if options.short_ids and value.startswith(_URN):
        return value.split(":", 3)[-1] or value
    return value


def _attributes(entity: Entity, context: Context, faults: list[Fault]) -> Iterator[tuple[Attribute, Raw]]:
    """The attributes that are read and that have a value."""
    for name, attribute in entity.model.attributes.items():
        raw = entity.raw(name)
        if raw is None and name == LEVEL:
            raw = _measured_level(entity, context, faults)
        if raw is not None:
            yield attribute, raw


def _measured_level(entity: Entity, context: Context, faults: list[Fault]) -> Raw | None:
    """The level from the sensor's height over the bed and its distance to the water.

    In the unit that the source's file gives the level, if any: translation takes the value to be in it.
    """
    reference, distance = entity.raw(REFERENCE), entity.raw(DISTANCE)
    if reference is None and distance is None:
        return None
    if reference is None or distance is None:
        missing = REFERENCE if reference is None else DISTANCE
        faults.append(
            _missing(f"{entity.path}.{missing}", f"without {LEVEL}, {REFERENCE} and {DISTANCE} are needed")
        )
        return None
    above = _metres(Attribute(REFERENCE), reference, context, faults)
    below = _metres(Attribute(DISTANCE), distance, context, faults)
    if above is None or below is None:
        return None
    # To the micrometre: 4.2 − 3.22 is 0.98, not 0.9800000000000004.
    level, unit = round(above - below, 6), context.units.get(LEVEL, "m")
    try:
        value = convert(level, "m", unit)
    except UnknownUnit as error:
        faults.append(Fault(reason=Reason.UNKNOWN_UNIT, path=distance.path, message=str(error)))
        return None
    return Raw(path=distance.path, value=value, unit=unit, time=distance.time or reference.time)


def _metres(attribute: Attribute, raw: Raw, context: Context, faults: list[Fault]) -> float | None:
    value = _value(attribute, raw, context, faults)
    if value is None:
        return None
    try:
        return convert(float(value), context.units.get(attribute.key) or raw.unit or "m", "m")
    except UnknownUnit as error:
        faults.append(Fault(reason=Reason.UNKNOWN_UNIT, path=raw.path, message=str(error)))
        return None


def _value(attribute: Attribute, raw: Raw, context: Context, faults: list[Fault]) -> float | bool | None:
    """The value, or None with the fault added."""
    value = raw.value
    if raw.fault is not None:
        faults.append(raw.fault)
    elif isinstance(value, NotFinite):
        faults.append(Fault(reason=Reason.NOT_FINITE, path=raw.path, message="is not a finite number"))
    elif raw.unit is not None and not isinstance(raw.unit, str):
        faults.append(wrong_type(raw.path, "a text as unitCode", raw.unit))
    elif attribute.kind is Kind.SPOT:
        return _spot(raw, faults)
    elif isinstance(value, float) and attribute.kind is Kind.DIRECTION:
        return _direction(value, context.units.get(attribute.key) or raw.unit or "deg")
    elif isinstance(value, float | bool):
        return value
    else:
        faults.append(wrong_type(raw.path, "a number", value))
    return None


def _direction(value: float, unit: str) -> float:
    """Half a circle to either side of north, as a whole one to the right; in its own unit, which may be radians."""
    try:
        circle = convert(360, "deg", unit)
    except UnknownUnit:
        return value  # translation says so
    return value + circle if -circle / 2 <= value < 0 else value


def _spot(raw: Raw, faults: list[Fault]) -> bool | None:
    """Whether the spot is taken. What is neither has no value to store: the bay is silent until it knows again."""
    value = raw.value
    if isinstance(value, str) and value in SPOT_STATUS:
        return SPOT_STATUS[value]
    if value == "unknown":
        faults.append(_missing(raw.path, "the status is unknown: there is no value to store"))
    elif value == "closed":
        message = "a spot is free or occupied here: closed has no place"
        faults.append(Fault(reason=Reason.UNSUPPORTED, path=raw.path, message=message))
    else:
        faults.append(wrong_type(raw.path, "free, occupied, unknown or closed", value))
    return None


def _time(entity: Entity, device: str, context: Context, faults: list[Fault]) -> datetime | None:
    """The entity's time, or for what holds until it changes that of the notification."""
    for name in entity.model.times:
        found = entity.raw(name)
        if found is not None and found.fault is not None:
            faults.append(found.fault)
            return None
        if found is not None:
            return _parsed(found.path, found.value, context, faults)
    if entity.model.is_state and entity.notified is not None:
        return _parsed(entity.notified.path, entity.notified.value, context, faults)
    if context.options_of(device).without_time == "received":
        return context.received_at
    faults.append(_missing(f"{entity.path}.{entity.model.times[0]}", "the entity has no time"))
    return None


def _parsed(path: str, value: Any, context: Context, faults: list[Fault]) -> datetime | None:
    """A time, or the end of an interval `start/end`: what was measured up to then."""
    found: datetime | Fault = wrong_type(path, "a time, or two with / between", value)
    if isinstance(value, str) and "T" in value:
        found = _times.parse(path, value.rpartition("/")[2], zone=context.zone)
    if isinstance(found, datetime):
        return found
    faults.append(found)
    return None


def _missing(path: str, message: str) -> Fault:
    return Fault(reason=Reason.MISSING_FIELD, path=path, message=message)


def _twice(path: str, message: str = "stands there twice") -> Fault:
    return Fault(reason=Reason.DUPLICATE_KEY, path=path, message=message)
