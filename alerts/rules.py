"""Rules from the `[[rule]]` tables of the catalogue's files. Errors name file, key and what would be right."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, Final, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from alerts.model import Comparison, Rule, Severity, Threshold
from storage.catalog import Key, ReferenceDataError, TextTable, in_plain_words
from storage.model import Domain, Property

STALE_AFTER_INTERVALS: Final = 3
"""As on the map: a value older than three reporting intervals is stale."""

_DURATION: Final = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")

Series = tuple[str, str]
"""(domain, property): what a rule is looked up by."""


def parse_duration(text: object) -> timedelta:
    """Prometheus' way of writing it: "30s", "10m", "1h30m", "2d". Raises ValueError saying so."""
    match = _DURATION.fullmatch(text) if isinstance(text, str) and text else None
    if match is None:
        raise ValueError('a duration is written like "30s", "10m", "1h30m" or "2d"')
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


Duration = Annotated[timedelta, BeforeValidator(parse_duration)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class _When(_Table):
    above: float | None = None
    at_least: float | None = None
    below: float | None = None
    at_most: float | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if len(self.model_fields_set) != 1:
            raise ValueError(f"give exactly one of {', '.join(Comparison)}")
        return self

    def threshold(self, clear: float | None) -> Threshold:
        name = next(iter(self.model_fields_set))
        return Threshold(comparison=Comparison(name), limit=getattr(self, name), clear=clear)


class _RuleTable(_Table):
    key: Key
    property: Key
    when: _When
    clear: float | None = None
    hold: Duration = Field(default=timedelta(0), alias="for")
    keep_firing_for: Duration = timedelta(0)
    resolve_when_silent: Duration = timedelta(days=1)
    late_horizon: Duration = timedelta(minutes=30)
    worst_quality: int = Field(default=2, ge=1, le=4)
    severity: Severity
    title: TextTable
    runbook: TextTable
    labels: dict[Key, str] = Field(default_factory=dict)
    for_citizens: bool = True
    suggestion: bool
    basis: str = Field(min_length=1)

    @field_validator("clear")
    @classmethod
    def _on_the_good_side(cls, clear: float | None, others: ValidationInfo) -> float | None:
        if clear is None or "when" not in others.data:
            return clear
        threshold = others.data["when"].threshold(clear)
        upward, limit = threshold.comparison.upward, threshold.limit
        if clear > limit if upward else clear < limit:
            side = "at most" if upward else "at least"
            raise ValueError(f"must be {side} the limit {limit:g}, or the alert would end while it begins")
        return clear

    def build(self, domain: Domain, observed: Property) -> Rule:
        interval = timedelta(seconds=observed.interval_s)
        return Rule(
            key=self.key,
            domain=domain.key,
            property=observed.key,
            unit=observed.unit,
            condition=self.when.threshold(self.clear),
            hold=self.hold,
            keep_firing_for=self.keep_firing_for,
            interval=interval,
            stale_after=STALE_AFTER_INTERVALS * interval,
            resolve_when_silent=self.resolve_when_silent,
            late_horizon=self.late_horizon,
            worst_quality=self.worst_quality,
            severity=self.severity,
            title=self.title.text(),
            runbook=self.runbook.text(),
            labels=self.labels,
            for_citizens=self.for_citizens,
            suggestion=self.suggestion,
            basis=self.basis,
            source=domain.source,
        )


@dataclass(frozen=True, slots=True)
class RuleBook:
    """All rules, and which of them look at a property of a domain."""

    by_key: Mapping[str, Rule]
    by_series: Mapping[Series, tuple[Rule, ...]]

    @classmethod
    def of(cls, rules: Iterable[Rule]) -> Self:
        by_key: dict[str, Rule] = {}
        by_series: dict[Series, tuple[Rule, ...]] = {}
        for rule in rules:
            by_key[rule.key] = rule
            series = (rule.domain, rule.property)
            by_series[series] = (*by_series.get(series, ()), rule)
        return cls(by_key=by_key, by_series=by_series)


def parse_rules(domains: Mapping[str, Domain]) -> RuleBook:
    """The rules of all domains. Raises ReferenceDataError naming file, key and what would be right."""
    rules: dict[str, Rule] = {}
    for domain in domains.values():
        for rule in _of_domain(domain):
            if rule.key in rules:
                raise ReferenceDataError(
                    f"{domain.source}: rule {rule.key}: key: already used in {rules[rule.key].source}"
                )
            rules[rule.key] = rule
    return RuleBook.of(rules.values())


def _of_domain(domain: Domain) -> Iterator[Rule]:
    section = domain.sections.get("rule", [])
    if not isinstance(section, list):
        raise ReferenceDataError(f"{domain.source}: rule: is a list of tables, each under [[rule]]")
    for number, table in enumerate(section, start=1):
        key = table.get("key", f"number {number}") if isinstance(table, dict) else f"number {number}"
        try:
            yield _rule(domain, _RuleTable.model_validate(table))
        except ValidationError as error:
            raise _explain(f"{domain.source}: rule {key}", error) from error


def _explain(where: str, error: ValidationError) -> ReferenceDataError:
    """One line a fault: file, rule, key, what would be right and what was there."""
    lines = []
    for fault in error.errors(include_url=False, include_context=False):
        path = ".".join(str(part) for part in fault["loc"])
        got = (
            ""
            if fault["type"] == "missing" or isinstance(fault["input"], dict)
            else f" (got {fault['input']!r:.80})"
        )
        lines.append(f"{where}: {path}: {in_plain_words(fault['msg'])}{got}")
    return ReferenceDataError("\n".join(lines))


def _rule(domain: Domain, table: _RuleTable) -> Rule:
    where = f"{domain.source}: rule {table.key}"
    observed = domain.properties.get(table.property)
    if observed is None:
        raise ReferenceDataError(
            f"{where}: property: '{table.property}' is none of {sorted(domain.properties)}"
        )
    levels: dict[str, Any] = {"when": table.when.threshold(None).limit, "clear": table.clear}
    for key, level in levels.items():
        if level is not None and level not in observed.possible:
            possible = observed.possible
            raise ReferenceDataError(
                f"{where}: {key}: {level:g} {observed.unit} can never be reached: {table.property} is"
                f" possible from {possible.low:g} to {possible.high:g}"
            )
    rule = table.build(domain, observed)
    if rule.resolve_when_silent < rule.stale_after:
        raise ReferenceDataError(
            f"{where}: resolve_when_silent: must be at least three reporting intervals of"
            f" {table.property}, that is {3 * observed.interval_s} s"
        )
    return rule
