"""The catalogue: one TOML file per telemetry domain (`catalog/*.toml`), read into `Domain`s.

Only the tables `domain` and `property` are understood here; `rule`, `panel`, `simulator` and others stay in
`Domain.sections` for the package that they belong to. Files whose name starts with `_` hold properties
that every domain has. Folders given by HANOI_CATALOG_DIR are added to the shipped one.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from storage.folding import folded
from storage.model import NAME, Band, Checks, Domain, Property, Range, Stuck, Text

SHIPPED: Final = Path(str(files("storage"))) / "catalog"
OPERATIONS: Final = Path(str(files("storage"))) / "operations" / "catalog"
"""The platform's own domain, which every running process knows beside the city's (docs/watchdog.md)."""

NEIGHBOUR_INTERVALS: Final = 3
"""Farther than so many reporting intervals a value has no neighbour, where `checks` does not say it in minutes."""

SLUG: Final = "^[a-z0-9]+(-[a-z0-9]+)*$"
"""A domain in an address: 'khong-khi'."""

Bounds = tuple[float, float]
Key = Annotated[str, Field(pattern=f"^{NAME.pattern}$")]


class ReferenceDataError(ValueError):
    """A catalogue or inventory file that can't be used; the message names file, key and what is wrong."""


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


Shown = Annotated[str, Field(min_length=1, pattern=r"^[^\x00-\x1f]*$")]
"""Text that people see: no control characters, which the database refuses too."""


class TextTable(_Table):
    vi: Shown
    en: Shown

    def text(self) -> Text:
        return Text(vi=self.vi, en=self.en)


class BandTable(_Table):
    level: int = Field(ge=0, le=9)
    below: float | None = None
    label: TextTable
    color: str = Field(pattern=r"^#[0-9A-Fa-f]{6}$")

    def band(self) -> Band:
        return Band(level=self.level, below=self.below, label=self.label.text(), color=self.color)


class StuckTable(_Table):
    for_min: float = Field(gt=0, allow_inf_nan=False)
    tolerance: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    excepted: tuple[float, ...] = Field(default=(), alias="except")

    def stuck(self) -> Stuck:
        return Stuck(for_s=self.for_min * 60, tolerance=self.tolerance, excepted=self.excepted)


class ChecksTable(_Table):
    spike: float | None = Field(default=None, gt=0)
    step_per_min: float | None = Field(default=None, gt=0)
    stuck: StuckTable | None = None
    neighbours_within_min: float | None = Field(default=None, gt=0, allow_inf_nan=False)

    def checks(self, interval_s: int) -> Checks:
        near_min = self.neighbours_within_min
        return Checks(
            interval_s=interval_s,
            neighbour_s=NEIGHBOUR_INTERVALS * interval_s if near_min is None else near_min * 60,
            spike=self.spike,
            step_per_min=self.step_per_min,
            stuck=self.stuck.stuck() if self.stuck else None,
        )


class _PropertyTable(_Table):
    name: TextTable
    unit: str = Field(min_length=1)
    interval_s: int = Field(gt=0)
    possible: Bounds
    plausible: Bounds
    boolean: bool = False
    derived: bool = False
    circular: bool = False
    forecast_of: Key | None = None
    decimals: int = Field(default=1, ge=0, le=6)
    bands: tuple[BandTable, ...] = ()
    checks: ChecksTable | None = None
    method: TextTable | None = None

    @model_validator(mode="after")
    def _ranges_nest(self) -> "_PropertyTable":
        (low, high), (inner_low, inner_high) = self.possible, self.plausible
        if not low <= inner_low <= inner_high <= high:
            raise ValueError("plausible must lie within possible, each as [low, high]")
        limits = [band.below for band in self.bands[:-1]]
        if None in limits or limits != sorted(limits, key=lambda limit: limit or 0.0):
            raise ValueError("bands must rise by `below`; only the last may leave it out")
        return self

    @model_validator(mode="after")
    def _checks_can_be_made(self) -> "_PropertyTable":
        if self.checks and self.boolean:
            raise ValueError("checks are for numbers: a yes/no value may stand still and jump")
        if self.checks and self.checks.stuck and self.checks.stuck.for_min * 60 <= self.interval_s:
            raise ValueError("checks.stuck.for_min must be longer than interval_s")
        return self

    @model_validator(mode="after")
    def _is_a_plain_forecast(self) -> "_PropertyTable":
        if self.forecast_of and (self.derived or self.boolean or self.checks):
            raise ValueError("a property with forecast_of is neither derived nor boolean, and has no checks")
        return self

    def build(self, key: str) -> Property:
        return Property(
            key=key,
            name=self.name.text(),
            unit=self.unit,
            interval_s=self.interval_s,
            possible=Range(low=self.possible[0], high=self.possible[1]),
            plausible=Range(low=self.plausible[0], high=self.plausible[1]),
            boolean=self.boolean,
            derived=self.derived,
            circular=self.circular,
            forecast_of=self.forecast_of,
            decimals=self.decimals,
            bands=tuple(band.band() for band in self.bands),
            checks=self.checks.checks(self.interval_s) if self.checks else None,
            method=self.method.text() if self.method else None,
        )


class _SlugTable(_Table):
    vi: Annotated[str, Field(pattern=SLUG)]
    en: Annotated[str, Field(pattern=SLUG)]


class _DomainTable(_Table):
    key: Key
    name: TextTable
    slug: _SlugTable | None = None
    headline: Key
    map_kinds: tuple[Key, ...]
    kinds: dict[Key, TextTable] = Field(default_factory=dict)
    internal: bool = False

    def called(self) -> Text:
        """In addresses: as the file says, otherwise as the domain's name."""
        if self.slug is not None:
            return Text(vi=self.slug.vi, en=self.slug.en)
        return Text(vi=_slug(self.name.vi, self.key), en=_slug(self.name.en, self.key))


class _File(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True)
    domain: _DomainTable | None = None
    property: dict[Key, _PropertyTable] = Field(default_factory=dict)


def load_catalog(folders: Sequence[Path] = (SHIPPED,)) -> dict[str, Domain]:
    """Domains by key, in the order of their files; a later folder may not redefine a domain.

    Raises ReferenceDataError naming file and key.
    """
    parsed = {path: _parse(path) for path in toml_files(folders)}
    shared = {
        key: table.build(key)
        for path, file in parsed.items()
        if path.name.startswith("_")
        for key, table in file.property.items()
    }
    domains: dict[str, Domain] = {}
    for path, file in parsed.items():
        if path.name.startswith("_"):
            continue
        domain = _domain(path, file, shared)
        if domain.key in domains:
            raise ReferenceDataError(
                f"{path}: domain.key: '{domain.key}' is already in {domains[domain.key].source}"
            )
        _require_own_addresses(path, domain, domains.values())
        domains[domain.key] = domain
    return domains


def toml_files(folders: Iterable[Path]) -> list[Path]:
    """Every TOML file in or below the folders, in a stable order. A missing folder is empty.

    Hidden files are left out: editors leave locks and half-written copies under such names.
    """
    found = (path for folder in folders for path in sorted(folder.glob("**/*.toml")))
    return [path for path in found if path.is_file() and not path.name.startswith(".")]


def read_toml(path: Path) -> Mapping[str, Any]:
    """The file's tables, or ReferenceDataError naming file, line and column."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ReferenceDataError(f"{path}: not TOML: {error}") from error
    except OSError as error:
        raise ReferenceDataError(f"{path}: can't be read: {error.strerror}") from error
    return parse_toml(text, str(path))


def parse_toml(text: str, source: str) -> Mapping[str, Any]:
    """The text's tables, or ReferenceDataError naming source, line and column."""
    try:
        document = tomllib.loads(text)
    except RecursionError as error:
        raise ReferenceDataError(f"{source}: nested too deeply") from error
    except tomllib.TOMLDecodeError as error:
        raise ReferenceDataError(f"{source}: not TOML: {error}") from error
    if _is_deep(document):
        raise ReferenceDataError(f"{source}: nested too deeply: at most {_DEEPEST} levels")
    return document


_DEEPEST: Final = 50
"""Levels of tables and arrays. A dotted key nests without brackets, and what is said of it later goes as deep."""


def _is_deep(document: Mapping[str, Any]) -> bool:
    level: list[Any] = [document]
    for _ in range(_DEEPEST):
        parts = (part.values() if isinstance(part, dict) else part for part in level)
        level = [below for part in parts for below in part if isinstance(below, dict | list)]
        if not level:
            return False
    return True


def explain(path: Path, error: ValidationError, document: object = None) -> ReferenceDataError:
    """One line a fault: file, key, what is wrong and what was there.

    With the document, a table of an array is called by its `id` or `name` where it has one, else by its number.
    """
    lines = []
    for fault in error.errors(include_url=False, include_context=False):
        loc, given = fault["loc"], fault["input"]
        shown = list(loc) if document is None else _as_written(loc, fault["type"], document)
        is_alternative = len(shown) < len(loc)
        if is_alternative and fault["type"] == ("string_type" if isinstance(given, dict) else "model_type"):
            continue  # a key that may be text or a table: what it was not meant as is no help
        where = ".".join(str(part) for part in shown) or "(file)"
        got = (
            "" if fault["type"] == "extra_forbidden" else f" (got {given!r:.80})"
        )  # maybe a misplaced secret
        lines.append(f"{path}: {where}: {in_plain_words(fault['msg'])}{got}")
    return ReferenceDataError("\n".join(lines))


def in_plain_words(message: str) -> str:
    """What a check of ours says, without what pydantic puts before it."""
    return message.removeprefix("Value error, ")


def _as_written(loc: Sequence[int | str], kind: str, document: object) -> list[int | str]:
    """The place without what stands only in our models: which alternative of a type was tried."""
    shown: list[int | str] = []
    node = document
    for number, part in enumerate(loc):
        if isinstance(part, int):
            node = node[part] if isinstance(node, list) else None
            shown.append(_called(node) or part)
        elif isinstance(node, dict) and part in node:
            node = node[part]
            shown.append(part)
        elif part == "[key]" or (kind == "missing" and number == len(loc) - 1):
            shown.append(part)
    return shown


def _called(node: object) -> str | None:
    names = [node.get("id"), node.get("name")] if isinstance(node, dict) else []
    return next((name for name in names if isinstance(name, str) and NAME.fullmatch(name)), None)


def _parse(path: Path) -> _File:
    document = read_toml(path)
    try:
        return _File.model_validate(document)
    except ValidationError as error:
        raise explain(path, error, document) from error


def _domain(path: Path, file: _File, shared: Mapping[str, Property]) -> Domain:
    if file.domain is None:
        raise ReferenceDataError(f"{path}: domain: the table is missing")
    own = {key: table.build(key) for key, table in file.property.items()}
    properties = {**shared, **own}
    if file.domain.headline not in own:
        raise ReferenceDataError(
            f"{path}: domain.headline: '{file.domain.headline}' is none of {sorted(own)}"
        )
    if own[file.domain.headline].forecast_of is not None:
        raise ReferenceDataError(
            f"{path}: domain.headline: '{file.domain.headline}' is a forecast, and no forecast says how things are now"
        )
    return Domain(
        key=file.domain.key,
        name=file.domain.name.text(),
        headline=file.domain.headline,
        properties={key: _forecast(path, one, properties) for key, one in properties.items()},
        map_kinds=file.domain.map_kinds,
        sections=dict(file.model_extra or {}),
        source=str(path),
        internal=file.domain.internal,
        slug=None if file.domain.internal else file.domain.called(),
        kinds={kind: name.text() for kind, name in file.domain.kinds.items()},
    )


def _slug(name: str, key: str) -> str:
    return re.sub("[^a-z0-9]+", "-", folded(name)).strip("-") or key.strip("_-").replace("_", "-")


def _require_own_addresses(path: Path, domain: Domain, others: Iterable[Domain]) -> None:
    for other in others:
        if domain.slug is None or other.slug is None:
            continue
        for language in ("vi", "en"):
            called = domain.slug.in_language(language)
            if called == other.slug.in_language(language):
                raise ReferenceDataError(
                    f"{path}: domain.slug.{language}: '{called}' is that of {other.source} already"
                )


def _forecast(path: Path, observed: Property, properties: Mapping[str, Property]) -> Property:
    """The property; a forecast on the scale of what it foretells, where it has none of its own."""
    if observed.forecast_of is None:
        return observed
    where = f"{path}: property.{observed.key}.forecast_of"
    foretold = properties.get(observed.forecast_of)
    if foretold is None:
        raise ReferenceDataError(f"{where}: the domain has no property '{observed.forecast_of}'")
    if foretold.forecast_of is not None:
        raise ReferenceDataError(f"{where}: '{foretold.key}' is a forecast itself")
    if foretold.boolean:
        raise ReferenceDataError(f"{where}: '{foretold.key}' is yes or no: forecast a share of it")
    if foretold.unit != observed.unit:
        raise ReferenceDataError(f"{where}: '{foretold.key}' is in {foretold.unit}, not in {observed.unit}")
    return replace(observed, bands=observed.bands or foretold.bands)
