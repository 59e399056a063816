"""A source's words in the city's: devices to Things, keys to properties, units to those of the catalogue. Pure."""

import math
from collections.abc import Mapping, Sequence

import msgspec

from ingest.conversion import UnknownUnit, convert
from ingest.model import Fault, Reading, Reason
from ingest.sources import Source
from ingest.validate import Known
from ingest.wire import MessageKind, Topic
from storage.model import Property


def translate(
    readings: Sequence[Reading], source: Source, known: Known
) -> tuple[list[tuple[Topic, Reading]], list[Fault]]:
    """Each reading with the Thing it belongs to, in the city's words; and what could not be translated."""
    translated = []
    faults: list[Fault] = []
    for reading in readings:
        topic = _topic(reading, source, known, faults)
        if topic is not None:
            properties = known.domains[topic.domain].properties
            translated.append((topic, _in_our_words(reading, source, properties, faults)))
    return translated, faults


def _topic(reading: Reading, source: Source, known: Known, faults: list[Fault]) -> Topic | None:
    device = reading.device or ""
    thing = source.devices.get(device) or known.claims.get((source.name, device)) or device
    domain = known.domain_of(thing)
    if domain is not None:
        return Topic(domain, thing, MessageKind.OBSERVATIONS)
    message = f"device '{device:.64}' of source '{source.name}' is no Thing of the inventory"
    if thing != device:
        message = f"{message}: it stands for '{thing}', which is none"
    faults.append(Fault(reason=Reason.UNKNOWN_THING, path=reading.path, message=message, device=device[:128]))
    return None


def _in_our_words(
    reading: Reading, source: Source, properties: Mapping[str, Property], faults: list[Fault]
) -> Reading:
    results: dict[str, float | bool] = {}
    flags: dict[str, str] = {}
    paths: dict[str, str] = {}
    left_out: list[Fault] = []
    for key, value in reading.results.items():
        if key in source.ignored:
            continue
        path = reading.paths.get(key) or f"{reading.path}.{key}"
        meaning = source.properties.get(key)
        ours = meaning.property if meaning else key
        if meaning is not None and meaning.optional and ours not in properties:
            message = f"the domain has no property '{ours}', and there is nothing else"
            left_out.append(Fault(reason=Reason.UNKNOWN_PROPERTY, path=path, message=message))
            continue
        if ours in results:
            message = f"'{ours}' stands there twice, also as another key"
            faults.append(Fault(reason=Reason.DUPLICATE_KEY, path=path, message=message))
            continue
        paths[ours] = path
        unit = source.units.get(key) or reading.units.get(key) or (meaning.unit if meaning else None)
        observed = properties.get(ours)
        if unit is not None and observed is not None and not isinstance(value, bool):
            try:
                value = convert(value, unit, observed.unit, substance=ours)
            except UnknownUnit as error:
                faults.append(Fault(reason=Reason.UNKNOWN_UNIT, path=path, message=str(error)))
                continue
            if not math.isfinite(value):
                message = f"is not a finite number in {observed.unit}"
                faults.append(Fault(reason=Reason.NOT_FINITE, path=path, message=message))
                continue
        results[ours] = value
        if key in reading.flags:
            flags[ours] = reading.flags[key]
    if not paths:
        faults += left_out
    return msgspec.structs.replace(reading, results=results, flags=flags, paths=paths, units={})
