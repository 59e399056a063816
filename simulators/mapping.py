"""Mappings: what the columns of a recorded CSV mean. One TOML file each, `simulators/mappings/*.toml` are shipped."""

import re
from collections.abc import Mapping as Dict
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Meta, Struct

from storage.model import NAME, Domain

SHIPPED: Final = Path(str(files("simulators"))) / "mappings"

Name = Annotated[str, Meta(pattern=f"^{NAME.pattern}$")]


class MappingError(ValueError):
    """A mapping file that can't be used; the message names file and key."""


class _Table(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of a mapping file."""


class TimeTable(_Table, frozen=True, kw_only=True):
    """Where a row's time stands and how it is meant."""

    columns: Annotated[tuple[str, ...], Meta(min_length=1)]
    """Joined by a space when there are several, e.g. a date and an hour."""
    format: str = "ISO8601"
    """As for strptime; ISO8601 reads all its forms."""
    zone: str | None = None
    """IANA name. Needed where labels carry no offset; refused where they do."""
    label: Literal["end", "beginning", "instant"]
    """What a label says of its period. An observation's time is the end of the period."""
    period_s: Annotated[int, Meta(gt=0)] | None = None
    repair: Literal["row_order"] | None = None
    """row_order: rows are one period apart, so a repeated label beside a gap belongs into the gap."""


class RowsTable(_Table, frozen=True, kw_only=True):
    """Only rows whose column holds one of these texts are published."""

    column: str
    valid: Annotated[tuple[str, ...], Meta(min_length=1)]


class PropertyTable(_Table, frozen=True, kw_only=True):
    """A column and how its numbers become the catalogue's unit: value · factor + offset."""

    column: str
    factor: float = 1.0
    offset: float = 0.0


class Mapping(_Table, frozen=True, kw_only=True):
    """What one file says. `source` is set when it is read."""

    domain: Name
    thing: Name
    time: TimeTable
    property: dict[str, PropertyTable]
    rows: RowsTable | None = None
    missing: tuple[float | str, ...] = ()
    """What cells without a value hold, beside nothing: numbers are compared as numbers, texts as they stand."""
    encoding: str = "utf-8-sig"
    separator: str = ","
    source: str = ""


def load_mapping(name_or_path: str, domains: Dict[str, Domain]) -> Mapping:
    """A shipped mapping by its name, or any file. Raises MappingError naming file and key."""
    path = Path(name_or_path) if name_or_path.endswith(".toml") else SHIPPED / f"{name_or_path}.toml"
    if not path.is_file():
        names = ", ".join(sorted(file.stem for file in SHIPPED.glob("*.toml")))
        raise MappingError(
            f"no mapping '{name_or_path}': there are {names}, or give a path that ends in .toml"
        )
    try:
        mapping = msgspec.toml.decode(path.read_bytes(), type=Mapping, strict=False)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MappingError(f"{path}: {error}".replace("`$.", "`")) from error
    for key, fault in _faults(mapping, domains):
        raise MappingError(f"{path}: {key}: {fault}")
    return msgspec.structs.replace(mapping, source=str(path))


def _faults(mapping: Mapping, domains: Dict[str, Domain]) -> list[tuple[str, str]]:
    """Key and what is wrong with it, in the order of the file."""
    faults = []
    domain = domains.get(mapping.domain)
    if domain is None:
        faults.append(("domain", f"'{mapping.domain}' is none of {sorted(domains)}"))
    faults += _time_faults(mapping.time)
    if not mapping.property:
        faults.append(("property", "at least one column must be mapped"))
    for key in mapping.property:
        if domain is not None and key not in domain.properties:
            faults.append((f"property.{key}", f"none of {sorted(domain.properties)} of {mapping.domain}"))
        elif domain is not None and domain.properties[key].derived:
            faults.append((f"property.{key}", "is derived from others and can't be replayed"))
    return faults


def _time_faults(time: TimeTable) -> list[tuple[str, str]]:
    faults = []
    if time.zone is not None:
        try:
            ZoneInfo(time.zone)
        except (ZoneInfoNotFoundError, ValueError):
            faults.append(("time.zone", f"'{time.zone}' is no IANA time zone"))
    if time.zone is not None and re.search("%z", time.format):
        faults.append(("time.zone", "the format has %z, so the labels say their offset themselves"))
    if time.label == "beginning" and time.period_s is None:
        faults.append(
            ("time.period_s", "needed to know when a period ends that is labelled by its beginning")
        )
    if time.repair is not None and time.period_s is None:
        faults.append(("time.period_s", "needed to repair times by row order"))
    return faults
