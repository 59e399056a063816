"""What a sources file points at, and whether it is there: Things, properties. Pure."""

from collections.abc import Iterator

from ingest.sources import Source
from ingest.validate import Known


def missing(source: Source, known: Known) -> Iterator[str]:
    """One line for each target that nobody has; a Thing may still be made, so none of them is a fault of the file."""
    for device, thing in source.devices.items():
        if known.domain_of(thing) is None:
            yield f"devices.{device}: no Thing '{thing}'"
    for key, meaning in source.properties.items():
        if meaning != source.decoder.PROPERTIES.get(key):
            yield from _property(f"properties.{key}", meaning.property, known)
    for where, options in [("options", source.options), *_of_devices(source)]:
        named = getattr(options, "property", None)
        if isinstance(named, str):
            yield from _property(f"{where}.property", named, known)


def _of_devices(source: Source) -> list[tuple[str, object]]:
    return [(f"devices.{device}.options", options) for device, options in source.device_options.items()]


def _property(where: str, key: str, known: Known) -> Iterator[str]:
    found = [domain.properties[key] for domain in known.domains.values() if key in domain.properties]
    if not found:
        yield f"{where}: no property '{key}' in the catalogue"
    elif all(observed.derived for observed in found):
        yield f"{where}: '{key}' is derived here and not taken"
