"""The inventory: a city is one folder of TOML files whose `thing` tables become `Thing`s.

A parking point's `children` stand for its bays. Folders given by HANOI_INVENTORY_DIR are added to the shipped one.
Top-level `calibration` tables are those of a Thing that another file names.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date
from graphlib import CycleError, TopologicalSorter
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from storage.catalog import Key, ReferenceDataError, Shown, TextTable, explain, read_toml, toml_files
from storage.model import NAME, Calibration, CoordinateTrust, Domain, Location, Text, Thing

SHIPPED: Final = Path(str(files("storage"))) / "inventory" / "hanoi"
OPERATIONS: Final = Path(str(files("storage"))) / "operations" / "inventory"
"""The Things of the platform itself: they stand in no city."""
CLOCK: Final = r"^([01]\d|2[0-3]):[0-5]\d$"
RECORDED: Final = Path(str(files("storage"))) / "inventory" / "recorded"


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Location(_Table):
    lat: float = Field(ge=-90, le=90)
    lon: float = Field(ge=-180, le=180)
    trust: CoordinateTrust
    source: Shown


class _Children(_Table):
    kind: Key
    count: int = Field(ge=1, le=999)
    id: str
    name: TextTable
    properties: tuple[Key, ...]


class _Calibration(_Table):
    """result = gain · what the Thing sent + offset, from `from` (inclusive) to `to` (exclusive)."""

    property: Key
    gain: float = Field(default=1.0, ge=-1e6, le=1e6, allow_inf_nan=False)
    offset: float = Field(default=0.0, ge=-1e9, le=1e9, allow_inf_nan=False)
    valid_from: AwareDatetime = Field(alias="from", strict=True)
    valid_to: AwareDatetime | None = Field(default=None, alias="to", strict=True)
    note: str = ""

    @model_validator(mode="after")
    def _can_be_undone(self) -> "_Calibration":
        if self.gain == 0:
            raise ValueError("a gain of 0 makes every value the same")
        if self.valid_to is not None and self.valid_to <= self.valid_from:
            raise ValueError("`to` must be later than `from`")
        return self

    def calibration(self) -> Calibration:
        return Calibration(
            gain=self.gain,
            offset=self.offset,
            valid_from=self.valid_from.astimezone(UTC),
            valid_to=None if self.valid_to is None else self.valid_to.astimezone(UTC),
            note=self.note,
        )


class _CalibrationOf(_Calibration):
    """The same at the top level: of a Thing of any file."""

    thing: Key


class _PriceStep(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    after_min: int = Field(gt=0)
    hour_vnd: int = Field(ge=0)
    """For each hour begun."""


class _Night(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    begins: str = Field(alias="from", pattern=CLOCK)
    ends: str = Field(alias="to", pattern=CLOCK)
    vnd: int = Field(ge=0)


class _Tariff(BaseModel):
    """What parking costs, for estimates; words about it (decision, trust) are free."""

    model_config = ConfigDict(extra="allow", frozen=True, strict=True)

    first_min: int = Field(gt=0)
    first_vnd: int = Field(ge=0)
    steps: list[_PriceStep] = []
    overnight: _Night | None = None
    begins: str | None = Field(default=None, alias="from", pattern=r"^\d{4}-\d{2}-\d{2}$")

    @model_validator(mode="after")
    def _can_be_counted(self) -> "_Tariff":
        limits = [self.first_min, *(step.after_min for step in self.steps)]
        if limits[1:] and (limits[1] != limits[0] or limits[1:] != sorted(set(limits[1:]))):
            raise ValueError("steps: the first begins after first_min, each other one later")
        if self.begins is not None:
            date.fromisoformat(self.begins)
        return self


class _Known(BaseModel):
    """Attributes that something is computed from; every other one is free."""

    model_config = ConfigDict(extra="allow", frozen=True, allow_inf_nan=False, strict=True)

    interval_s: int | None = Field(default=None, gt=0)
    """How often this Thing reports, where that is not what the catalogue says."""
    resolution_mm: float | None = Field(default=None, gt=0, le=100)
    """Rain of one tip."""
    counter_bits: int | None = Field(default=None, ge=4, le=64)
    gauges: list[Key] | None = None
    """Of a drainage basin: the rain gauges whose sums are averaged."""
    basin: Key | None = None
    """The drainage basin that it stands in, by which alerts are grouped."""
    capacity: int | None = Field(default=None, ge=0, le=10_000)
    max_stay_min: float | None = Field(default=None, gt=0)
    tariff: _Tariff | None = None


class _Thing(_Table):
    id: Key
    kind: Key
    name: TextTable
    properties: tuple[Key, ...] = Field(min_length=0)
    parent: Key | None = None
    location: _Location | None = None
    attributes: dict[str, Any] = Field(default_factory=dict)
    calibration: tuple[_Calibration, ...] = ()
    children: _Children | None = None
    public: bool = True

    @field_validator("attributes")
    @classmethod
    def _are_json(cls, value: dict[str, Any]) -> dict[str, Any]:
        """They are stored as jsonb: dates are written as text, and there is no NaN and no NUL."""
        _Known.model_validate(value)
        try:
            text = json.dumps(value, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise ValueError(f"{error}: write it as text, number, true or false") from error
        if "\\u0000" in text:
            raise ValueError("NUL can't be stored")
        return value


class _File(_Table):
    domain: Key | None = None
    thing: tuple[_Thing, ...] = ()
    calibration: tuple[_CalibrationOf, ...] = ()

    @model_validator(mode="after")
    def _has_a_domain(self) -> "_File":
        if self.thing and self.domain is None:
            raise ValueError("domain: is missing: which domain are the Things of?")
        if not self.model_fields_set & {"thing", "calibration"}:
            raise ValueError("has neither [[thing]] nor [[calibration]]")
        return self


@dataclass(frozen=True, kw_only=True)
class _Placed:
    """Something, and the file that it stands in."""

    path: Path
    one: _Calibration


def attributes_fault(attributes: Mapping[str, Any]) -> str | None:
    """Why these can't be a Thing's attributes, as for a file; None: they can."""
    try:
        _Thing(id="a", kind="a", name=TextTable(vi="a", en="a"), properties=(), attributes=dict(attributes))
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        return ": ".join([*(str(part) for part in fault["loc"][1:]), fault["msg"]])
    return None


def load_inventory(folders: Sequence[Path], domains: Mapping[str, Domain]) -> tuple[Thing, ...]:
    """All Things, parents before their children. Raises ReferenceDataError naming file and key."""
    parsed = {path: _parse(path) for path in toml_files(folders)}
    things: dict[str, Thing] = {}
    paths: dict[str, Path] = {}
    for path, file in parsed.items():
        for thing in _things(path, file, domains):
            if thing.id in things:
                places = f"{paths[thing.id]} and {path}" if paths[thing.id] != path else "this file"
                raise ReferenceDataError(f"{path}: thing.id: '{thing.id}' stands in two places: {places}")
            things[thing.id], paths[thing.id] = thing, path
    for thing in things.values():
        if thing.parent_id is not None and thing.parent_id not in things:
            raise ReferenceDataError(f"thing {thing.id}: parent: no Thing '{thing.parent_id}'")
    for thing_id, placed in _calibrations_by_thing(parsed, things).items():
        calibrations = _calibrations(things[thing_id], placed, domains[things[thing_id].domain])
        things[thing_id] = replace(things[thing_id], calibrations=calibrations)
    return tuple(_parents_first(things))


def _parents_first(things: Mapping[str, Thing]) -> Iterator[Thing]:
    """Raises ReferenceDataError when Things are each other's ancestors."""
    parents = {thing.id: {thing.parent_id} - {None} for thing in things.values()}
    try:
        order = tuple(TopologicalSorter(parents).static_order())
    except CycleError as error:
        raise ReferenceDataError(f"thing {error.args[1][0]}: parent: it is its own ancestor") from error
    return (things[thing_id] for thing_id in order if thing_id is not None)


def _parse(path: Path) -> _File:
    document = read_toml(path)
    try:
        return _File.model_validate(document)
    except ValidationError as error:
        raise explain(path, error, document) from error


def _things(path: Path, file: _File, domains: Mapping[str, Domain]) -> Iterator[Thing]:
    if file.domain is None:
        return
    domain = domains.get(file.domain)
    if domain is None:
        raise ReferenceDataError(f"{path}: domain: '{file.domain}' is none of {sorted(domains)}")
    for table in file.thing:
        for thing in (_thing(file.domain, table), *_bays(path, file.domain, table)):
            if domain.internal and thing.public:
                thing = replace(thing, public=False)
            unknown = set(thing.properties) - set(domain.properties)
            if unknown:
                raise ReferenceDataError(
                    f"{path}: thing {thing.id}: properties: {sorted(unknown)} not in the catalogue"
                )
            yield thing


def _calibrations_by_thing(
    parsed: Mapping[Path, _File], things: Mapping[str, Thing]
) -> dict[str, list[_Placed]]:
    """Those below their Thing and those at the top level, of all files."""
    found: dict[str, list[_Placed]] = {}
    for path, file in parsed.items():
        for table in file.thing:
            if table.calibration:
                placed = [_Placed(path=path, one=one) for one in table.calibration]
                found.setdefault(table.id, []).extend(placed)
        for one in file.calibration:
            if one.thing not in things:
                raise ReferenceDataError(
                    f"{path}: calibration: thing: no file of the inventory has a Thing '{one.thing}'"
                )
            found.setdefault(one.thing, []).append(_Placed(path=path, one=one))
    return found


def _calibrations(
    thing: Thing, placed: Sequence[_Placed], domain: Domain
) -> dict[str, tuple[Calibration, ...]]:
    """By property, each in order of time.

    Raises ReferenceDataError for one that nothing can be done with, or where two hold at a time.
    """
    by_key: dict[str, list[_Placed]] = {}
    for found in sorted(placed, key=lambda found: found.one.valid_from):
        key = found.one.property
        where = f"{found.path}: thing {thing.id}: calibration: property '{key}'"
        if key not in thing.properties:
            raise ReferenceDataError(f"{where} is none of {sorted(thing.properties)}")
        if domain.properties[key].boolean or domain.properties[key].derived:
            raise ReferenceDataError(f"{where} is yes or no, or derived: such are not calibrated")
        by_key.setdefault(key, []).append(found)
    for key, each in by_key.items():
        for before, after in pairwise(each):
            if before.one.valid_to is None or before.one.valid_to > after.one.valid_from:
                where = f"{after.path}: thing {thing.id}: calibration: property '{key}'"
                raise ReferenceDataError(f"{where}: {_times(before, after)} hold at the same time: set `to`")
    return {key: tuple(found.one.calibration() for found in each) for key, each in by_key.items()}


def _times(before: _Placed, after: _Placed) -> str:
    beside = "" if before.path == after.path else f" ({before.path})"
    return f"those from {before.one.valid_from.isoformat()}{beside} and {after.one.valid_from.isoformat()}"


def _thing(domain: str, table: _Thing) -> Thing:
    place = table.location
    return Thing(
        id=table.id,
        domain=domain,
        kind=table.kind,
        name=table.name.text(),
        properties=table.properties,
        parent_id=table.parent,
        location=Location(lat=place.lat, lon=place.lon, trust=place.trust, source=place.source)
        if place
        else None,
        attributes=table.attributes,
        public=table.public,
    )


def _bays(path: Path, domain: str, parent: _Thing) -> Iterator[Thing]:
    children = parent.children
    if children is None:
        return
    for n in range(1, children.count + 1):
        thing_id = _filled(path, parent, "id", children.id, n)
        if not NAME.fullmatch(thing_id):
            raise ReferenceDataError(f"{path}: thing {parent.id}: children.id gives '{thing_id}'")
        yield Thing(
            id=thing_id,
            domain=domain,
            kind=children.kind,
            name=Text(
                vi=_filled(path, parent, "name.vi", children.name.vi, n),
                en=_filled(path, parent, "name.en", children.name.en, n),
            ),
            properties=children.properties,
            parent_id=parent.id,
            attributes={},
            public=parent.public,
        )


def _filled(path: Path, parent: _Thing, key: str, pattern: str, n: int) -> str:
    try:
        return pattern.format(parent=parent.id, n=n)
    except (KeyError, IndexError, ValueError, AttributeError) as error:
        raise ReferenceDataError(
            f"{path}: thing {parent.id}: children.{key}: '{pattern}' takes only {{parent}} and {{n}}"
        ) from error
