"""Rules from `[[rule]]` tables of the catalogue's files and of `rules.d/`. Errors name file, key and what is right."""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    Field,
    StrictBool,
    ValidationError,
    field_validator,
    model_validator,
)

from alerts.conditions import Condition
from alerts.durations import Duration
from alerts.model import RESERVED_LABELS, Calendar, CapWords, Public, Rule, Severity
from alerts.nearest import meant, none_of
from alerts.whens import STALE_AFTER_INTERVALS, Number, Operands, Series, Table, When, WhenError, condition
from storage.catalog import (
    Key,
    ReferenceDataError,
    TextTable,
    in_plain_words,
    parse_toml,
    read_toml,
    toml_files,
)
from storage.model import Domain, Property

SHIPPED: Final = Path(str(files("alerts"))) / "rules.d"
SENSOR: Final = "sensor"
"""The kind of alerts that are about a sensor and not about what it measures."""
DECENT_QUALITY: Final = 2
ANY_QUALITY: Final = 4
"""Where silence is the condition: also a bad value is a sign of life."""

_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CLOCK: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)|24:00")


def _minutes(text: object) -> int:
    match = _CLOCK.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise ValueError('a time of day is written like "06:00"; the day ends at "24:00"')
    return 24 * 60 if match[1] is None else 60 * int(match[1]) + int(match[2])


Clock = Annotated[int, BeforeValidator(_minutes)]
Category = Literal[
    "Geo",
    "Met",
    "Safety",
    "Security",
    "Rescue",
    "Fire",
    "Health",
    "Env",
    "Transport",
    "Infra",
    "CBRNE",
    "Other",
]
Response = Literal[
    "Shelter", "Evacuate", "Prepare", "Execute", "Avoid", "Monitor", "Assess", "AllClear", "None"
]


class CalendarTable(Table):
    """When a rule, or a mute time, is in force: in Hanoi's time."""

    months: tuple[Annotated[int, Field(ge=1, le=12)], ...] | None = None
    weekdays: tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...] | None = None
    hours: tuple[Clock, Clock] | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("give months, weekdays or hours")
        if self.hours is not None and self.hours[0] == self.hours[1]:
            raise ValueError("hours: begin and end are the same: leave them out for the whole day")
        if self.hours is not None and self.hours[0] == 24 * 60:
            raise ValueError('hours: the day begins at "00:00"')
        return self

    def build(self) -> Calendar:
        return Calendar(
            months=None if self.months is None else frozenset(self.months),
            weekdays=None if self.weekdays is None else frozenset(map(_DAYS.index, self.weekdays)),
            begins_min=None if self.hours is None else self.hours[0],
            ends_min=None if self.hours is None else self.hours[1],
        )


class _CapTable(Table):
    """The words of CAP 1.2 for the public feed."""

    event: TextTable | None = None
    category: tuple[Category, ...] = ()
    urgency: Literal["Immediate", "Expected", "Future", "Past", "Unknown"] | None = None
    severity: Literal["Extreme", "Severe", "Moderate", "Minor", "Unknown"] | None = None
    certainty: Literal["Observed", "Likely", "Possible", "Unlikely", "Unknown"] | None = None
    response: tuple[Response, ...] = ()
    instruction: TextTable | None = None

    def build(self) -> CapWords:
        return CapWords(
            event=self.event.text() if self.event else None,
            category=self.category,
            urgency=self.urgency,
            severity=self.severity,
            certainty=self.certainty,
            response=self.response,
            instruction=self.instruction.text() if self.instruction else None,
        )


class _RuleTable(Table):
    key: Key
    domain: Key | None = None
    property: Key
    things: Annotated[tuple[Key, ...], Field(min_length=1)] | None = None
    when: When
    clear: Number | None = None
    hold: Duration = Field(default=timedelta(0), alias="for")
    keep_firing_for: Duration = timedelta(0)
    resolve_when_silent: Duration = timedelta(days=1)
    late_horizon: Duration = timedelta(minutes=30)
    worst_quality: int | None = Field(default=None, ge=1, le=4)
    flapping: int = Field(default=4, ge=2, le=100)
    valid: CalendarTable | None = None
    severity: Severity
    title: TextTable
    runbook: TextTable
    labels: dict[Key, Annotated[str, Field(min_length=1, max_length=200)]] = Field(default_factory=dict)
    for_citizens: StrictBool = True
    public: Public | None = None
    cap: _CapTable | None = None
    suggestion: StrictBool
    basis: TextTable

    @field_validator("labels")
    @classmethod
    def _are_its_own(cls, labels: dict[str, str]) -> dict[str, str]:
        taken = sorted(labels.keys() & RESERVED_LABELS)
        if taken:
            raise ValueError(f"{', '.join(taken)}: every alert has that label by itself: choose another name")
        return labels

    @model_validator(mode="after")
    def _reaches_whom_it_may(self) -> Self:
        if not self.for_citizens and self.public not in (None, Public.NEVER):
            raise ValueError("public: must be never where for_citizens is false")
        return self

    def build(
        self, domain: Domain, observed: Property, what: Condition, operands: Operands, source: str
    ) -> Rule:
        interval = timedelta(seconds=observed.interval_s)
        about_sensor = what.kind in ("absent", "stuck")
        return Rule(
            key=self.key,
            domain=domain.key,
            property=observed.key,
            unit=observed.unit,
            condition=what,
            operands=tuple(operands.found),
            hold=self.hold,
            keep_firing_for=self.keep_firing_for,
            interval=interval,
            stale_after=STALE_AFTER_INTERVALS * interval,
            resolve_when_silent=self.resolve_when_silent,
            late_horizon=self.late_horizon,
            worst_quality=self.worst_quality or (ANY_QUALITY if what.silence else DECENT_QUALITY),
            flapping=self.flapping,
            calendar=self.valid.build() if self.valid else None,
            things=None if self.things is None else frozenset(self.things),
            severity=self.severity,
            title=self.title.text(),
            runbook=self.runbook.text(),
            labels={"kind": SENSOR if about_sensor else domain.key, **self.labels},
            for_citizens=self.for_citizens,
            public=self.public or (Public.APPROVE if self.for_citizens else Public.NEVER),
            cap=(self.cap or _CapTable()).build(),
            suggestion=self.suggestion,
            basis=self.basis.text(),
            source=source,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Edited:
    """The newest version of a rule that was edited in the control room, whether or not it is in force."""

    version: int
    author: str
    reason: str
    fault: str | None = None
    """Why it does not load: then the version before it, or the files' rule, is in force."""


@dataclass(frozen=True, slots=True)
class RuleBook:
    """All rules, and which of them look at a property of a domain."""

    by_key: Mapping[str, Rule]
    by_series: Mapping[Series, tuple[Rule, ...]]
    """By anchor."""
    edited: Mapping[str, Edited] = field(default_factory=dict)
    """By key, of rules that are gone or switched off too."""

    @classmethod
    def of(cls, rules: Iterable[Rule], edited: Mapping[str, Edited] | None = None) -> Self:
        by_key: dict[str, Rule] = {}
        by_series: dict[Series, tuple[Rule, ...]] = {}
        for rule in rules:
            by_key[rule.key] = rule
            series = (rule.domain, rule.property)
            by_series[series] = (*by_series.get(series, ()), rule)
        return cls(by_key=by_key, by_series=by_series, edited=edited or {})


WORDS: Final = frozenset(
    {"title", "runbook", "basis", "suggestion", "cap", "source", "for_citizens", "public"}
)
"""What may change of a rule without its alerts' being others."""


def digest(rule: Rule) -> str:
    """Another text when anything that the rule says is another; where it stands does not count."""
    return _digest(rule, frozenset({"source"}))


def shape(rule: Rule) -> str:
    """Another text when the rule would come to other alerts: its words do not count."""
    return _digest(rule, WORDS)


def _digest(rule: Rule, without: frozenset[str]) -> str:
    said = {name: getattr(rule, name) for name in rule.__dataclass_fields__ if name not in without}
    texts = [f"{name}={sorted(v) if isinstance(v, frozenset) else v!r}" for name, v in sorted(said.items())]
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()


def parse_rules(domains: Mapping[str, Domain], folders: Sequence[Path] = (SHIPPED,)) -> RuleBook:
    """The rules beside the domains and those in the folders' files.

    Raises ReferenceDataError naming file, rule, key and what would be right.
    """
    return _book(domains, _tables(domains, folders))


def parse_file(domains: Mapping[str, Domain], path: Path) -> RuleBook:
    """The rules of one file alone, written as in rules.d, whether they are in force or a draft. Raises alike."""
    return _book(domains, _in_file(path))


def parse_text(domains: Mapping[str, Domain], text: str, source: str) -> RuleBook:
    """The rules of a text written as a file of rules.d. Raises alike, naming the source."""
    return _book(domains, _in_document(source, parse_toml(text, source)))


def _book(domains: Mapping[str, Domain], tables: Iterable[tuple[str, int, dict[str, Any]]]) -> RuleBook:
    """Says the faults of all rules at once."""
    rules: dict[str, Rule] = {}
    faults: list[str] = []
    for source, number, table in tables:
        try:
            rule = _rule(domains, source, number, table)
            if rule.key in rules:
                raise ReferenceDataError(
                    f"{source}: rule {rule.key}: key: already used in {rules[rule.key].source}"
                )
        except ReferenceDataError as error:
            faults.append(str(error))
        else:
            rules[rule.key] = rule
    if faults:
        raise ReferenceDataError("\n".join(faults))
    return RuleBook.of(rules.values())


def _tables(
    domains: Mapping[str, Domain], folders: Sequence[Path]
) -> Iterator[tuple[str, int, dict[str, Any]]]:
    """(file, number, table); beside a domain `domain` goes without saying."""
    for domain in domains.values():
        for number, table in _list(domain.source, domain.sections.get("rule", [])):
            if table.get("domain", domain.key) != domain.key:
                raise ReferenceDataError(
                    f"{domain.source}: rule {_called(number, table)}: domain: is {domain.key} here; rules that stand"
                    " apart from a domain's file go to rules.d"
                )
            yield domain.source, number, {"domain": domain.key, **table}
    for path in toml_files(folders):
        yield from _in_file(path)


def _in_file(path: Path) -> Iterator[tuple[str, int, dict[str, Any]]]:
    yield from _in_document(str(path), read_toml(path))


def _in_document(source: str, document: Mapping[str, Any]) -> Iterator[tuple[str, int, dict[str, Any]]]:
    unknown = sorted(document.keys() - {"rule", "test"})
    if unknown:
        raise ReferenceDataError(
            f"{source}: {unknown[0]}: only [[rule]] and [[test]] tables stand in rules.d"
        )
    for number, table in _list(source, document.get("rule", [])):
        yield source, number, table


def written_tables(
    domains: Mapping[str, Domain], folders: Sequence[Path] = (SHIPPED,)
) -> dict[str, tuple[str, dict[str, Any]]]:
    """By key the source of each rule of the files and its table as written, with its domain. Raises alike."""
    return {str(table.get("key")): (source, table) for source, _, table in _tables(domains, folders)}


def _list(source: str, section: object) -> Iterator[tuple[int, dict[str, Any]]]:
    if not isinstance(section, list) or not all(isinstance(table, dict) for table in section):
        raise ReferenceDataError(f"{source}: rule: is a list of tables, each under [[rule]]")
    yield from enumerate(section, start=1)


def _called(number: int, table: Mapping[str, Any]) -> str:
    return str(table.get("key", f"number {number}"))


def _rule(domains: Mapping[str, Domain], source: str, number: int, written: dict[str, Any]) -> Rule:
    where = f"{source}: rule {_called(number, written)}"
    try:
        table = _RuleTable.model_validate(written)
    except ValidationError as error:
        raise _explain(where, error) from error
    domain = domains.get(table.domain or "")
    if domain is None:
        problem = "is missing" if table.domain is None else none_of(table.domain, domains)
        raise ReferenceDataError(f"{where}: domain: {problem}")
    observed = domain.properties.get(table.property)
    if observed is None:
        raise ReferenceDataError(f"{where}: property: {none_of(table.property, domain.properties)}")
    try:
        operands = Operands(domains, (domain.key, observed.key))
        what = condition(table.when, table.clear, operands)
    except WhenError as error:
        raise ReferenceDataError(f"{where}: {error}") from error
    _require_sense(where, table, what, observed)
    return table.build(domain, observed, what, operands, source)


def _require_sense(where: str, table: _RuleTable, what: Condition, observed: Property) -> None:
    """What goes together. Raises ReferenceDataError."""
    if what.silence is not None:
        if table.valid is not None:
            raise ReferenceDataError(f"{where}: valid: does not go with absent_for: silence has no hours")
        if table.keep_firing_for >= what.silence:
            raise ReferenceDataError(f"{where}: keep_firing_for: must be shorter than absent_for")
    elif table.resolve_when_silent < STALE_AFTER_INTERVALS * timedelta(seconds=observed.interval_s):
        raise ReferenceDataError(
            f"{where}: resolve_when_silent: must be at least three reporting intervals of"
            f" {table.property}, that is {3 * observed.interval_s} s"
        )


_TABLES: Final[Mapping[str, type[BaseModel]]] = {
    **dict.fromkeys(("when", "all", "any"), When),
    **dict.fromkeys(("title", "runbook", "event"), TextTable),
    "valid": CalendarTable,
    "cap": _CapTable,
}


def _explain(where: str, error: ValidationError) -> ReferenceDataError:
    """One line a fault: file, rule, key, what would be right and what was there."""
    lines = []
    for fault in error.errors(include_url=False, include_context=False):
        loc = fault["loc"]
        path = ".".join(str(part + 1) if isinstance(part, int) else part for part in loc) or "(rule)"
        if fault["type"] == "extra_forbidden":
            lines.append(f"{where}: {path}: {_is_no_key(loc)}")
            continue
        is_plain = fault["type"] != "missing" and not isinstance(fault["input"], dict)
        got = f" (got {fault['input']!r:.80})" if is_plain else ""
        lines.append(f"{where}: {path}: {in_plain_words(fault['msg'])}{got}")
    return ReferenceDataError("\n".join(lines))


def _is_no_key(loc: Sequence[int | str]) -> str:
    """Which keys there are where this one stands."""
    model: type[BaseModel] = _RuleTable
    for part in loc[:-1]:
        model = _TABLES.get(str(part), model)
    known = [field.alias or name for name, field in model.model_fields.items()]
    near = meant(str(loc[-1]), known)
    return f"is no key here{near}" if near else f"is no key here: there are {', '.join(known)}"
