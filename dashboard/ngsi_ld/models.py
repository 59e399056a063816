"""What a Thing of a kind is in NGSI-LD: the catalogue's table `ngsi_ld`, names and their addresses (IRIs). Pure.

A kind that no table names is an entity all the same, of a type of its own and with the catalogue's names.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from ingest.conversion import UnknownUnit, convert
from ingest.indicators.parking import BayState
from storage.catalog import ReferenceDataError
from storage.model import Domain

log = logging.getLogger(__name__)

OWN: Final = "urn:x-hanoi-ops:"
"""Before names that no published model has. As in SensorThings: names, no addresses."""
PUBLISHED: Final = "https://smartdatamodels.org/"
NGSI_LD: Final = "https://uri.etsi.org/ngsi-ld/"

SHARED: Final[Mapping[str, str]] = {
    **{name: PUBLISHED + name for name in ("name", "alternateName", "dateObserved")},
    "status": NGSI_LD + "status",
}
"""Names that mean the same in every published model, whatever its vocabulary (smart-data-models, context.jsonld)."""

MARKS: Final = ("simulated", "state", "suspectAttributes", "staleAttributes", "coordinateTrust")
"""Of an entity: what its attributes say of themselves, once more for the representations that leave that out."""
RESERVED: Final = frozenset({"id", "type", "name", "alternateName", "location", "retiredFrom", *MARKS})
"""What every entity may have, so that nothing else can be called so."""
SUBPROPERTIES: Final = (
    "provenance",
    "inputProvenance",
    "quality",
    "qualityReason",
    "stale",
    "validUntil",
    "coverage",
    "retiredFrom",
)
UNIT_TEXT: Final = "unitText"

_TERM: Final = r"^[A-Za-z][A-Za-z0-9_-]{0,63}$"
_Iri = r"^(https?://|urn:)[^\s<>\"{}|\\^`]+$"
Count = Literal["free", "occupied", "unknown", "out_of_service", "capacity"]


class AttributeTable(BaseModel):
    """One observed property as an attribute of the model."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str = Field(pattern=_TERM)
    unit: str | None = None
    """UCUM: what the model wants it in, where that is not the catalogue's."""
    signed: bool = False
    """A direction from −180 to 180."""
    level: str | None = Field(default=None, pattern=_TERM)
    """The attribute that has the word of its band, in English."""
    note: str | None = None


class KindTable(BaseModel):
    """Things of one kind as entities of a published model."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    type: str = Field(pattern=_TERM)
    vocabulary: str = Field(pattern=_Iri)
    """What the model's names begin with when they are written out."""
    time: str | None = Field(default=None, pattern=_TERM)
    """The attribute that says when the entity was observed."""
    id_as: str | None = Field(default=None, pattern=_TERM)
    parent: str | None = Field(default=None, pattern=_TERM)
    """The relationship to the Thing above."""
    constants: dict[str, str | list[str]] = Field(default_factory=dict)
    attributes: dict[str, str | AttributeTable] = Field(default_factory=dict)
    """By property of the catalogue."""
    left_out: tuple[str, ...] = ()
    """Properties that another attribute tells already."""
    status_words: dict[BayState, str] = Field(default_factory=dict)
    """Of a bay: the attribute `status`."""
    counts: dict[Count, str] = Field(default_factory=dict)
    """Of a Thing that is the sum of its bays."""
    own_names: tuple[str, ...] = ()
    """Names above that are not the model's."""


_SECTION: Final = TypeAdapter(dict[str, KindTable])


def section(domain: Domain) -> dict[str, KindTable]:
    """The catalogue's table `ngsi_ld`, by kind. Raises ReferenceDataError naming file and key."""
    try:
        tables = _SECTION.validate_python(domain.sections.get("ngsi_ld", {}))
    except ValidationError as error:
        faults = "; ".join(f"ngsi_ld.{'.'.join(map(str, f['loc']))}: {f['msg']}" for f in error.errors())
        raise ReferenceDataError(f"{domain.source}: {faults}") from error
    for kind, table in tables.items():
        fault = next(_faults(domain, table), None)
        if fault is not None:
            raise ReferenceDataError(f"{domain.source}: ngsi_ld.{kind}.{fault}")
    return tables


def _faults(domain: Domain, table: KindTable) -> Iterator[str]:
    """What can only be seen beside the domain's properties."""
    for key in {*table.attributes, *table.left_out}:
        if key not in domain.properties:
            yield f"attributes.{key}: the domain has no such property"
    names = [one if isinstance(one, str) else one.name for one in table.attributes.values()]
    for name in names:
        if name in RESERVED or names.count(name) > 1:
            yield f"attributes: '{name}' is taken"
    for key, one in table.attributes.items():
        if isinstance(one, AttributeTable) and one.unit is not None:
            try:
                convert(1.0, domain.properties[key].unit, one.unit)
            except UnknownUnit as error:
                yield f"attributes.{key}.unit: {error}"


def usable_section(domain: Domain) -> dict[str, KindTable]:
    """The same; one that can't be used is said and left out."""
    try:
        return section(domain)
    except ReferenceDataError as error:
        log.error("ngsi_ld_section_refused error=%r", str(error))
        return {}


@dataclass(frozen=True, kw_only=True, slots=True)
class Model:
    """The entity type of the Things of a kind in a domain."""

    domain: Domain
    kind: str
    type: str
    type_iri: str
    table: KindTable | None
    """None: the type is our own."""
    named: Mapping[str, AttributeTable | None]

    def attribute(self, property_key: str) -> AttributeTable | None:
        """How a property is called here; None: it is left out, as is one that the catalogue does not know."""
        return self.named.get(property_key)

    def terms(self) -> dict[str, str]:
        """Every name that its entities may use and the core @context lacks, with what it stands for."""
        found = {}
        for key, observed in self.domain.properties.items():
            named = self.attribute(key)
            if named is None or observed.forecast_of is not None:
                continue
            is_own = self.table is None or key not in self.table.attributes
            found[named.name] = f"{OWN}{self.domain.key}:{key}" if is_own else self._iri(named.name)
            if named.level is not None:
                found[named.level] = self._iri(named.level)
        for name in self._other_names():
            found[name] = self._iri(name)
        return found | {name: SHARED[name] for name in ("name", "alternateName")}

    def _other_names(self) -> Iterable[str]:
        table = self.table
        if table is None:
            return
        yield from (name for name in (table.time, table.id_as, table.parent) if name is not None)
        yield from table.constants
        yield from table.counts.values()
        if table.status_words:
            yield "status"

    def _iri(self, name: str) -> str:
        assert self.table is not None
        if name in self.table.own_names:
            return f"{OWN}{self.domain.key}:{name}"
        return SHARED.get(name, self.table.vocabulary + name)


@dataclass(frozen=True, kw_only=True, slots=True)
class Models:
    """Every entity type that there is, by (domain, kind)."""

    by_kind: Mapping[tuple[str, str], Model]
    by_type: Mapping[str, Model]
    """By short name and by the name written out."""
    names: Mapping[str, str]
    """Short names of attributes, by the name written out."""
    context: Mapping[str, Any] = field(repr=False)
    """The value of our @context."""

    def short(self, attribute: str) -> str:
        """An attribute's name as answers have it."""
        return self.names.get(attribute, attribute)

    def types(self) -> list[Model]:
        return sorted({id(one): one for one in self.by_type.values()}.values(), key=lambda one: one.type)


def models(domains: Mapping[str, Domain], kinds: Iterable[tuple[str, str]]) -> Models:
    """`kinds` are the (domain, kind) of the Things that there are."""
    tables = {key: usable_section(domain) for key, domain in domains.items()}
    found = {
        (key, kind): _model(domains[key], kind, tables[key].get(kind))
        for key, kind in sorted(set(kinds))
        if key in domains
    }
    by_type: dict[str, Model] = {}
    for one in found.values():
        by_type.setdefault(one.type, one)
        by_type.setdefault(one.type_iri, one)
    names = {iri: name for one in found.values() for name, iri in one.terms().items()}
    names |= {OWN + name: name for name in MARKS} | {NGSI_LD + "location": "location"}
    return Models(by_kind=found, by_type=by_type, names=names, context=_context(found.values()))


def _model(domain: Domain, kind: str, table: KindTable | None) -> Model:
    words = "_".join((domain.key, kind)).replace("-", "_").split("_")
    return Model(
        domain=domain,
        kind=kind,
        type=table.type if table else "".join(word.capitalize() for word in words),
        type_iri=table.vocabulary + table.type if table else f"{OWN}kind:{domain.key}:{kind}",
        table=table,
        named={key: _named(domain, table, key) for key in domain.properties},
    )


def _named(domain: Domain, table: KindTable | None, key: str) -> AttributeTable | None:
    if table is not None and key in table.left_out:
        return None
    own = f"{domain.key}_{key}" if key in RESERVED else key
    found = own if table is None else table.attributes.get(key, own)
    return AttributeTable.model_construct(name=found) if isinstance(found, str) else found


def _context(found: Iterable[Model]) -> dict[str, Any]:
    """One @context for all types: a name that means different things in two types is defined inside each of them
    (type-scoped, JSON-LD 1.1), every other one at the top, where older readers find it too."""
    terms: dict[tuple[str, str], dict[str, str]] = {}
    meanings: dict[str, set[str]] = {}
    for one in found:
        terms.setdefault((one.type, one.type_iri), {}).update(one.terms())
        for name, iri in one.terms().items():
            meanings.setdefault(name, set()).add(iri)
    context: dict[str, Any] = {"@version": 1.1}
    context |= {name: OWN + name for name in (*MARKS, *SUBPROPERTIES)}
    context[UNIT_TEXT] = "https://schema.org/unitText"
    context |= {name: next(iter(iris)) for name, iris in sorted(meanings.items()) if len(iris) == 1}
    for (type_name, type_iri), names in terms.items():
        scoped = {name: iri for name, iri in sorted(names.items()) if len(meanings[name]) > 1}
        context[type_name] = {"@id": type_iri, "@context": scoped} if scoped else type_iri
    return context
