"""A rule's `when` table and the condition that it means. Errors say which key and what would be right. No I/O."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from alerts.conditions import (
    Absent,
    All,
    AnyOf,
    Change,
    Comparison,
    Condition,
    Limit,
    Operand,
    Outside,
    Reading,
    Stuck,
    Threshold,
    Usual,
)
from alerts.durations import Duration
from alerts.nearest import none_of
from storage.catalog import Key
from storage.model import Domain, Property

STALE_AFTER_INTERVALS: Final = 3
"""As on the map: a value older than three reporting intervals is stale."""
FARTHEST_KM: Final = 50.0
MOST_PARTS: Final = 8
MOST_DAYS: Final = 31
VERBS: Final = (
    *Comparison,
    "outside",
    "level",
    "rises_by",
    "falls_by",
    "above_usual_by",
    "below_usual_by",
    "stuck_for",
    "absent_for",
    "all",
    "any",
)
_EXTRAS: Final[Mapping[str, frozenset[str]]] = {
    **{verb: frozenset({"clear"}) for verb in (*Comparison, "level")},
    "outside": frozenset({"margin"}),
    **{verb: frozenset({"within", "clear"}) for verb in ("rises_by", "falls_by")},
    **{
        verb: frozenset({"days", "at_least_days", "without_history", "clear"})
        for verb in ("above_usual_by", "below_usual_by")
    },
    "stuck_for": frozenset({"tolerance", "excepted"}),
}
_WHERE: Final = frozenset({"property", "domain", "within_km"})
"""Of a part of `all` or `any`: what it looks at, where that is not what the rule looks at."""

Series = tuple[str, str]
"""(domain, property): what a rule is looked up by."""


class WhenError(ValueError):
    """A condition that can't be so; the message begins with the key."""


Number = Annotated[float, Field(strict=True)]
"""Neither "85" nor true."""


class Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class When(Table):
    """One verb, with the keys that belong to it."""

    above: Number | None = None
    at_least: Number | None = None
    below: Number | None = None
    at_most: Number | None = None
    outside: tuple[Number, Number] | None = None
    margin: Number = Field(default=0.0, ge=0)
    level: int | None = Field(default=None, ge=0, le=9, strict=True)
    rises_by: Number | None = Field(default=None, gt=0)
    falls_by: Number | None = Field(default=None, gt=0)
    within: Duration | None = None
    above_usual_by: Number | None = Field(default=None, gt=0)
    below_usual_by: Number | None = Field(default=None, gt=0)
    days: int = Field(default=7, ge=1, le=MOST_DAYS)
    at_least_days: int = Field(default=3, ge=1, le=MOST_DAYS)
    without_history: Literal["met", "not_met"] = "not_met"
    stuck_for: Duration | None = None
    tolerance: Number = Field(default=0.0, ge=0)
    excepted: tuple[Number, ...] = Field(default=(), alias="except")
    absent_for: Duration | None = None
    all: Annotated[tuple[Self, ...], Field(min_length=2, max_length=MOST_PARTS)] | None = None
    any: Annotated[tuple[Self, ...], Field(min_length=2, max_length=MOST_PARTS)] | None = None
    clear: Number | None = None
    domain: Key | None = None
    property: Key | None = None
    within_km: Number | None = Field(default=None, gt=0, le=FARTHEST_KM)

    @model_validator(mode="after")
    def _one_verb(self) -> Self:
        given = [str(verb) for verb in VERBS if verb in self.model_fields_set]
        if len(given) != 1:
            raise ValueError(f"give exactly one of {', '.join(VERBS)}")
        beside = self.model_fields_set - {given[0]} - _WHERE - _EXTRAS.get(given[0], frozenset())
        if beside:
            keys = sorted(type(self).model_fields[name].alias or name for name in beside)
            raise ValueError(f"{', '.join(keys)}: does not go with {given[0]}")
        if given[0] in ("all", "any") and self.model_fields_set & _WHERE:
            raise ValueError(f"property, domain, within_km: stand in the parts of {given[0]}")
        if given[0] in ("rises_by", "falls_by") and not self.within:
            raise ValueError(f'within: is missing: {given[0]} so much within what time, such as "10m"?')
        if self.outside is not None and not self.outside[0] + 2 * self.margin < self.outside[1]:
            raise ValueError("outside: is [low, high], and a margin leaves room between them")
        if self.at_least_days > self.days:
            raise ValueError(f"at_least_days: is at most days, that is {self.days}")
        return self


def verb_of(when: When) -> str:
    """The key that says what kind of condition it is."""
    return next(str(verb) for verb in VERBS if verb in when.model_fields_set)


@dataclass(slots=True)
class Operands:
    """Collects what a rule's condition looks at; the anchor is the first."""

    domains: Mapping[str, Domain]
    anchor: Series
    found: list[Operand] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.of(None, None, None)

    def of(self, domain: str | None, observed: str | None, within_km: float | None) -> tuple[int, Property]:
        """Number and property. Raises WhenError."""
        domain, key = domain or self.anchor[0], observed or self.anchor[1]
        known = self.domains.get(domain)
        if known is None:
            raise WhenError(f"domain: {none_of(domain, self.domains)}")
        if key not in known.properties:
            raise WhenError(f"property: {none_of(key, known.properties)}")
        if domain != self.anchor[0] and within_km is None:
            raise WhenError(
                f"within_km: is missing: no Thing is of {self.anchor[0]} and of {domain}; how near is it?"
            )
        interval = timedelta(seconds=known.properties[key].interval_s)
        operand = Operand(
            domain=domain,
            property=key,
            interval=interval,
            stale_after=STALE_AFTER_INTERVALS * interval,
            within_m=None if within_km is None else 1000 * within_km,
        )
        if any(_is_looked_at_otherwise(operand, other) for other in self.found[1:]):
            raise WhenError(
                f"within_km: {key} is looked at within another distance too: give the same for both"
            )
        if operand not in self.found:
            self.found.append(operand)
        return self.found.index(operand), known.properties[key]


def _is_looked_at_otherwise(one: Operand, other: Operand) -> bool:
    same = (one.domain, one.property) == (other.domain, other.property)
    return same and one.within_m != other.within_m


def condition(when: When, clear: float | None, operands: Operands) -> Condition:
    """The condition of a rule; `clear` is the rule's own. Raises WhenError."""
    if verb_of(when) not in ("all", "any"):
        _require_history(when)
        if when.model_fields_set & _WHERE:
            raise WhenError(
                "property, domain, within_km: stand beside `when`, or in the parts of all and any"
            )
        return _leaf(when, when.clear if clear is None else clear, operands, together=False)
    if clear is not None:
        raise WhenError(f"clear: stands in the parts of {verb_of(when)}")
    return _several(when, operands, depth=1)


def _several(when: When, operands: Operands, depth: int) -> Condition:
    tables = when.all or when.any or ()
    if depth > 3:
        raise WhenError(f"{verb_of(when)}: nests too deeply")
    if depth == 1 and not _is_anchor(tables[0], operands):
        raise WhenError(
            f"{verb_of(when)}: its first part is about {operands.anchor[1]}: that is what people are shown"
        )
    parts = []
    for number, table in enumerate(tables, start=1):
        try:
            if when.any is not None or number == 1:
                _require_history(table)
            parts.append(_part(table, operands, depth))
        except WhenError as error:
            raise WhenError(f"{verb_of(when)}.{number}.{error}") from error
    return All(parts=tuple(parts)) if when.all is not None else AnyOf(parts=tuple(parts))


def _require_history(when: When) -> None:
    """Where nothing else need be met it would fire on every value of a new sensor."""
    if when.without_history == "met":
        raise WhenError("without_history: is met only in a later part of all: beside something that is met")


def _is_anchor(when: When, operands: Operands) -> bool:
    own = (when.domain or operands.anchor[0], when.property or operands.anchor[1])
    return verb_of(when) not in ("all", "any") and own == operands.anchor and when.within_km is None


def _part(when: When, operands: Operands, depth: int) -> Condition:
    if verb_of(when) in ("all", "any"):
        return _several(when, operands, depth + 1)
    if when.absent_for is not None:
        raise WhenError("absent_for: stands alone: make it a rule of its own")
    return _leaf(when, when.clear, operands, together=True)


def _leaf(when: When, clear: float | None, operands: Operands, *, together: bool) -> Condition:
    number, observed = operands.of(when.domain, when.property, when.within_km)
    fresh = operands.found[number].stale_after if together else timedelta(0)
    interval = operands.found[number].interval
    if observed.circular and verb_of(when) not in ("stuck_for", "absent_for"):
        raise WhenError(f"{verb_of(when)}: {observed.key} is a direction: 359 and 1 degrees are neighbours")
    match verb_of(when):
        case "rises_by" | "falls_by":
            assert when.within is not None
            falls = when.falls_by is not None
            by = _at_least(when.falls_by if falls else when.rises_by, clear)
            if when.within < interval:
                raise WhenError(f"within: is shorter than {observed.key}'s reporting interval, {interval}")
            return Change(held_against=by, within=when.within, falls=falls, operand=number)
        case "above_usual_by" | "below_usual_by":
            below = when.below_usual_by is not None
            return Usual(
                held_against=_at_least(when.below_usual_by if below else when.above_usual_by, clear),
                days=when.days,
                at_least_days=when.at_least_days,
                below=below,
                without_history=when.without_history == "met",
                operand=number,
                fresh_for=fresh,
            )
        case "stuck_for":
            assert when.stuck_for is not None
            if when.stuck_for < 2 * interval:
                raise WhenError(
                    f"stuck_for: is at least two reporting intervals of {observed.key}, {2 * interval}"
                )
            return Stuck(
                lasting=when.stuck_for,
                interval=interval,
                tolerance=when.tolerance,
                excepted=when.excepted,
                operand=number,
                fresh_for=fresh,
            )
        case "absent_for":
            assert when.absent_for is not None
            if when.absent_for < 2 * interval:
                raise WhenError(
                    f"absent_for: is at least two reporting intervals of {observed.key}, {2 * interval}"
                )
            return Absent(lasting=when.absent_for)
    return Reading(held_against=_limit(when, clear, observed), operand=number, fresh_for=fresh)


def _at_least(limit: float | None, clear: float | None) -> Threshold:
    assert limit is not None
    return _checked(Threshold(comparison=Comparison.AT_LEAST, limit=limit, clear=clear))


def _limit(when: When, clear: float | None, observed: Property) -> Limit:
    if when.outside is not None:
        if clear is not None:
            raise WhenError("clear: does not go with outside: use margin")
        for level in when.outside:
            _require_possible("outside", level, observed)
        return Outside(low=when.outside[0], high=when.outside[1], margin=when.margin)
    if when.level is not None:
        threshold = _of_level(when.level, clear, observed)
    else:
        verb = verb_of(when)
        threshold = Threshold(comparison=Comparison(verb), limit=getattr(when, verb), clear=clear)
    _require_possible("when", threshold.limit, observed)
    if clear is not None:
        _require_possible("clear", clear, observed)
    return _checked(threshold)


def _checked(threshold: Threshold) -> Threshold:
    """The clear level lies on the good side."""
    clear, limit, upward = threshold.clear, threshold.limit, threshold.comparison.upward
    if clear is not None and (clear > limit if upward else clear < limit):
        side = "at most" if upward else "at least"
        raise WhenError(
            f"clear: must be {side} the limit {limit:g}, or the alert would end while it begins (got {clear:g})"
        )
    return threshold


def _require_possible(key: str, level: float, observed: Property) -> None:
    possible = observed.possible
    if level not in possible:
        raise WhenError(
            f"{key}: {level:g} {observed.unit} can never be reached: {observed.key} is"
            f" possible from {possible.low:g} to {possible.high:g}"
        )


def _of_level(level: int, clear: float | None, observed: Property) -> Threshold:
    """The limit of a band of the catalogue: levels rise with the value, as depth does, or fall, as oxygen does."""
    bands: Sequence[Any] = observed.bands
    levels = [band.level for band in bands]
    if level not in levels:
        raise WhenError(f"level: {observed.key} has the levels {sorted(set(levels))}, not {level}")
    if levels == sorted(levels):
        place = levels.index(level)
        if place == 0:
            raise WhenError(f"level: {level} is the lowest of {observed.key}: every value reaches it")
        return Threshold(comparison=Comparison.AT_LEAST, limit=bands[place - 1].below, clear=clear)
    if levels == sorted(levels, reverse=True):
        last = max(place for place, one in enumerate(levels) if one >= level)
        if bands[last].below is None:
            raise WhenError(f"level: {level} is the lowest of {observed.key}: every value reaches it")
        return Threshold(comparison=Comparison.BELOW, limit=bands[last].below, clear=clear)
    raise WhenError(f"level: the levels of {observed.key} neither rise nor fall with its value: give a limit")
