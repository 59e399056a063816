"""alerting.toml: receivers, persons, rosters, routes, inhibitions, escalation chains.

Errors name file, key and what would be right. Receivers' own tables are read by alerts/notifiers. Without a file,
`alerts/routing.toml` is used.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
)

from alerts.durations import Duration
from alerts.model import Calendar
from alerts.mute import Inhibition
from alerts.route import EVERY_LABEL, Route, Timing, every_route
from alerts.rules import CalendarTable
from storage.catalog import Key, ReferenceDataError, explain, read_toml
from storage.matchers import Matcher, match_anything
from storage.model import NAME

SHIPPED: Final = Path(str(files("alerts"))) / "routing.toml"
ROOT: Final = "root"
"""The key of the root route."""
PERSON: Final = "person:"
ROSTER: Final = "roster:"


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    key: str
    name: str
    receivers: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class RosterFile:
    """Who is on call, by an iCalendar file; when it can't tell, everybody of `fallback` is."""

    key: str
    file: Path
    fallback: tuple[str, ...]
    """Keys of persons."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """Who is told of an alert that nobody acknowledged so long after it began to fire."""

    after: timedelta
    receivers: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Alerting:
    """The whole file."""

    source: Path
    receivers: Mapping[str, Mapping[str, Any]]
    """By name, as written: alerts.notifiers.build makes a Notifier of each."""
    persons: Mapping[str, Person]
    rosters: Mapping[str, RosterFile]
    times: Mapping[str, Calendar]
    root: Route
    inhibitions: tuple[Inhibition, ...]
    chains: Mapping[str, tuple[Step, ...]]

    def routes(self) -> dict[str, Route]:
        """By key."""
        return {route.key: route for route in every_route(self.root)}


def _matcher(text: object) -> Matcher:
    if not isinstance(text, str):
        raise ValueError('is a text such as "severity = critical"')
    return Matcher.parse(text)


def _positive(duration: timedelta) -> timedelta:
    if duration <= timedelta(0):
        raise ValueError("must be longer than nothing")
    return duration


def _distinct(names: tuple[str, ...]) -> tuple[str, ...]:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"names {', '.join(twice)} twice")
    return names


MatcherText = Annotated[Matcher, BeforeValidator(_matcher)]
Interval = Annotated[Duration, AfterValidator(_positive)]
Label = Annotated[str, Field(pattern=r"^([a-z_][a-z0-9_]*|\.\.\.)$")]
Names = Annotated[tuple[str, ...], AfterValidator(_distinct)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class _PersonTable(_Table):
    name: str = Field(min_length=1)
    receivers: Names = Field(min_length=1)


class _RosterTable(_Table):
    file: str = Field(min_length=1)
    fallback: Names = Field(min_length=1)


class _RouteTable(_Table):
    matchers: tuple[MatcherText, ...] = ()
    receivers: Names | None = None
    group_by: Annotated[tuple[Label, ...], AfterValidator(_distinct)] | None = None
    group_wait: Duration | None = None
    group_interval: Interval | None = None
    repeat_interval: Interval | None = None
    urgent_interval: Interval | None = None
    escalation: str | None = None
    mute_times: Names = ()
    goes_on: bool = Field(default=False, alias="continue")
    routes: tuple["_RouteTable", ...] = ()

    @field_validator("group_by")
    @classmethod
    def _all_or_some(cls, labels: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if labels and EVERY_LABEL in labels and len(labels) > 1:
            raise ValueError(f'"{EVERY_LABEL}" means every label: it stands alone')
        return labels

    def build(self, key: str, above: Route) -> Route:
        """With what it does not say taken from the route above; mute times and `continue` are its own."""
        given = {name: getattr(self, name) for name in Timing.__dataclass_fields__}
        timing = replace(above.timing, **{name: value for name, value in given.items() if value is not None})
        route = Route(
            key=key,
            matchers=self.matchers,
            receivers=above.receivers if self.receivers is None else self.receivers,
            group_by=above.group_by if self.group_by is None else self.group_by,
            timing=timing,
            escalation=above.escalation if self.escalation is None else self.escalation or None,
            mute_times=self.mute_times,
            goes_on=self.goes_on,
        )
        return replace(route, routes=tuple(_children(self, route)))


class _RootTable(_RouteTable):
    @field_validator("matchers", "mute_times")
    @classmethod
    def _takes_all(cls, value: tuple[object, ...]) -> tuple[object, ...]:
        if value:
            raise ValueError("the root route takes every alert at every time: put it into a route below")
        return value

    @field_validator("goes_on")
    @classmethod
    def _has_no_sibling(cls, value: bool) -> bool:
        if value:
            raise ValueError("the root route has nothing to continue with")
        return value


class _InhibitTable(_Table):
    source: tuple[MatcherText, ...] = Field(min_length=1)
    target: tuple[MatcherText, ...] = Field(min_length=1)
    equal: tuple[Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_]*$")], ...] = ()

    @field_validator("source", "target")
    @classmethod
    def _says_what(cls, matchers: tuple[Matcher, ...]) -> tuple[Matcher, ...]:
        if match_anything(matchers):
            raise ValueError("must say of at least one label what it has to be")
        return matchers


class _StepTable(_Table):
    after: Duration
    receivers: Names = Field(min_length=1)


class _File(_Table):
    person: dict[Key, _PersonTable] = Field(default_factory=dict)
    roster: dict[Key, _RosterTable] = Field(default_factory=dict)
    time: dict[Key, CalendarTable] = Field(default_factory=dict)
    route: _RootTable
    inhibit: tuple[_InhibitTable, ...] = ()
    escalation: dict[Key, tuple[_StepTable, ...]] = Field(default_factory=dict)


def load(path: Path | None = None, *, added: Mapping[str, Mapping[str, Any]] | None = None) -> Alerting:
    """Raises ReferenceDataError. `added` are receivers besides those of the file; the root route tells them too."""
    source = path or SHIPPED
    document = dict(read_toml(source))
    receivers = _receivers(source, document.pop("receiver", {}))
    try:
        file = _File.model_validate(document)
    except ValidationError as error:
        raise explain(source, error, document) from None
    alerting = _build(source, file, receivers, added or {})
    faults = list(_faults(file, alerting))
    if faults:
        raise ReferenceDataError("\n".join(f"{source}: {fault}" for fault in faults))
    return alerting


def persons_of(alerting: Alerting, target: str) -> tuple[str, ...]:
    """The receivers of "person:NAME", or the receiver itself. Rosters are asked when something is sent."""
    if target.startswith(PERSON):
        return alerting.persons[target.removeprefix(PERSON)].receivers
    return (target,)


def _receivers(source: Path, section: object) -> dict[str, Mapping[str, Any]]:
    """As written. What stands in the wrong place is not repeated: it might be a secret."""
    tables: Mapping[str, Any] = section if isinstance(section, dict) else {"NAME": section}
    for name, table in tables.items():
        if not isinstance(table, dict):
            raise ReferenceDataError(f"{source}: receiver.{name}: is a table, under [receiver.{name}]")
        if not NAME.fullmatch(name):
            raise ReferenceDataError(f"{source}: receiver.{name}: a name is written in a-z 0-9 _ -")
    return dict(tables)


def _build(
    source: Path,
    file: _File,
    receivers: Mapping[str, Mapping[str, Any]],
    added: Mapping[str, Mapping[str, Any]],
) -> Alerting:
    new = {name: table for name, table in added.items() if name not in receivers}
    above = Route(key=ROOT)
    root = file.route
    named = (*(root.receivers or ()), *new)
    return Alerting(
        source=source,
        receivers={**receivers, **new},
        persons={
            key: Person(key=key, name=one.name, receivers=one.receivers) for key, one in file.person.items()
        },
        rosters={
            key: RosterFile(key=key, file=source.parent / one.file, fallback=one.fallback)
            for key, one in file.roster.items()
        },
        times={key: one.build() for key, one in file.time.items()},
        root=root.model_copy(update={"receivers": named}).build(ROOT, above),
        inhibitions=tuple(
            Inhibition(source=one.source, target=one.target, equal=one.equal) for one in file.inhibit
        ),
        chains={
            key: tuple(
                sorted(
                    (Step(after=one.after, receivers=one.receivers) for one in steps),
                    key=lambda step: step.after,
                )
            )
            for key, steps in file.escalation.items()
        },
    )


def _children(table: _RouteTable, above: Route) -> Iterator[Route]:
    """Each with a key of its own: siblings with the same matchers are numbered."""
    seen: dict[str, int] = {}
    for child in table.routes:
        said = ", ".join(map(str, child.matchers)) or "*"
        seen[said] = seen.get(said, 0) + 1
        number = f" #{seen[said]}" if seen[said] > 1 else ""
        yield child.build(f"{above.key} / {said}{number}", above)


def _faults(file: _File, alerting: Alerting) -> Iterator[str]:
    """Names that nothing is called by."""
    for key, person in file.person.items():
        yield from _unknown(f"person.{key}.receivers", person.receivers, alerting.receivers)
    for key, roster in file.roster.items():
        yield from _unknown(f"roster.{key}.fallback", roster.fallback, alerting.persons)
    for place, route in _tables("route", file.route):
        yield from _targets(f"{place}.receivers", route.receivers or (), alerting)
        yield from _unknown(f"{place}.mute_times", route.mute_times, alerting.times)
        if route.escalation:
            yield from _unknown(f"{place}.escalation", [route.escalation], alerting.chains)
    for key, steps in file.escalation.items():
        if not steps:
            yield f"escalation.{key}: has no steps"
        for number, step in enumerate(steps):
            yield from _targets(f"escalation.{key}.{number}.receivers", step.receivers, alerting)


def _tables(place: str, table: _RouteTable) -> Iterator[tuple[str, _RouteTable]]:
    yield place, table
    for number, child in enumerate(table.routes):
        yield from _tables(f"{place}.routes.{number}", child)


def _targets(place: str, targets: Iterable[str], alerting: Alerting) -> Iterator[str]:
    for target in targets:
        if target.startswith(PERSON):
            yield from _unknown(place, [target.removeprefix(PERSON)], alerting.persons, PERSON)
        elif target.startswith(ROSTER):
            yield from _unknown(place, [target.removeprefix(ROSTER)], alerting.rosters, ROSTER)
        else:
            yield from _unknown(place, [target], alerting.receivers)


def _unknown(place: str, names: Iterable[str], known: Mapping[str, object], kind: str = "") -> Iterator[str]:
    for name in names:
        if name not in known:
            right = ", ".join(f"{kind}{one}" for one in sorted(known)) or "none is defined"
            yield f"{place}: '{kind}{name}' is unknown; known: {right}"
