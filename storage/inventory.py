"""The inventory: a city is one folder of TOML files whose `thing` tables become `Thing`s.

A parking point's `children` stand for its bays. Folders given by HANOI_INVENTORY_DIR are added to the shipped one.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from storage.catalog import Key, ReferenceDataError, Shown, TextTable, explain, read_toml, toml_files
from storage.model import NAME, CoordinateTrust, Domain, Location, Text, Thing

SHIPPED: Final = Path(str(files("storage"))) / "inventory" / "hanoi"
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


class _Thing(_Table):
    id: Key
    kind: Key
    name: TextTable
    properties: tuple[Key, ...] = Field(min_length=0)
    parent: Key | None = None
    location: _Location | None = None
    attributes: dict[str, Any] = Field(default_factory=dict)
    children: _Children | None = None
    public: bool = True

    @field_validator("attributes")
    @classmethod
    def _are_json(cls, value: dict[str, Any]) -> dict[str, Any]:
        """They are stored as jsonb: dates are written as text, and there is no NaN and no NUL."""
        try:
            text = json.dumps(value, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise ValueError(f"{error}: write it as text, number, true or false") from error
        if "\\u0000" in text:
            raise ValueError("NUL can't be stored")
        return value


class _File(_Table):
    domain: Key
    thing: tuple[_Thing, ...]


def load_inventory(folders: Sequence[Path], domains: Mapping[str, Domain]) -> tuple[Thing, ...]:
    """All Things, parents before their children. Raises ReferenceDataError naming file and key."""
    things: dict[str, Thing] = {}
    for path in toml_files(folders):
        for thing in _things(path, domains):
            if thing.id in things:
                raise ReferenceDataError(f"{path}: thing.id: '{thing.id}' stands in two places")
            things[thing.id] = thing
    for thing in things.values():
        if thing.parent_id is not None and thing.parent_id not in things:
            raise ReferenceDataError(f"thing {thing.id}: parent: no Thing '{thing.parent_id}'")
    return tuple(_parents_first(things))


def _parents_first(things: Mapping[str, Thing]) -> Iterator[Thing]:
    """Raises ReferenceDataError when Things are each other's ancestors."""
    parents = {thing.id: {thing.parent_id} - {None} for thing in things.values()}
    try:
        order = tuple(TopologicalSorter(parents).static_order())
    except CycleError as error:
        raise ReferenceDataError(f"thing {error.args[1][0]}: parent: it is its own ancestor") from error
    return (things[thing_id] for thing_id in order if thing_id is not None)


def _things(path: Path, domains: Mapping[str, Domain]) -> Iterator[Thing]:
    try:
        file = _File.model_validate(read_toml(path))
    except ValidationError as error:
        raise explain(path, error) from error
    domain = domains.get(file.domain)
    if domain is None:
        raise ReferenceDataError(f"{path}: domain: '{file.domain}' is none of {sorted(domains)}")
    for table in file.thing:
        for thing in (_thing(file.domain, table), *_bays(path, file.domain, table)):
            unknown = set(thing.properties) - set(domain.properties)
            if unknown:
                raise ReferenceDataError(
                    f"{path}: thing {thing.id}: properties: {sorted(unknown)} not in the catalogue"
                )
            yield thing


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
