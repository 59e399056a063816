"""Why an alert that fires is not told: it is silenced, inhibited by another, or its route is mute now. No I/O."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol, Self

from alerts.calendar import in_force
from alerts.model import Calendar, Severity
from alerts.route import Labels, Route
from storage.matchers import Matchers, match_all

SILENCED: Final = "silenced"
INHIBITED: Final = "inhibited"
MUTE_TIME: Final = "mute_time"
REROUTED: Final = "rerouted"
"""The routes were changed: it goes elsewhere now, and here only its end is told."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Mute:
    """A reason, and what it is: the silence's number, the inhibiting alert's, the mute time's name."""

    reason: str
    cause: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Silence:
    """Mutes what matches in [starts_at, ends_at)."""

    id: int
    matchers: Matchers
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Inhibition:
    """A firing alert that matches `source` mutes those that match `target` and have the same `equal` labels."""

    source: Matchers
    target: Matchers
    equal: tuple[str, ...]


class Labelled(Protocol):
    """An alert as far as inhibition looks at it."""

    @property
    def alert_id(self) -> int: ...

    @property
    def labels(self) -> Labels: ...


InSight = Callable[[int], bool]
"""Whether all who would be told of the muted alert were told of this one (by its number)."""


def silenced(silences: Iterable[Silence], labels: Labels, now: datetime) -> Mute | None:
    for silence in silences:
        if silence.starts_at <= now < silence.ends_at and match_all(silence.matchers, labels):
            return Mute(reason=SILENCED, cause=str(silence.id))
    return None


@dataclass(frozen=True, slots=True)
class _Sources:
    """What may inhibit by one rule, by its equal labels: (number, whether it matches the target side too)."""

    inhibition: Inhibition
    by_equal: Mapping[tuple[str, ...], Sequence[tuple[int, bool]]]


@dataclass(frozen=True, slots=True)
class Inhibitor:
    """Alerts that fire, sorted so that each alert's inhibitors are found without looking at all."""

    _sources: tuple[_Sources, ...]

    @classmethod
    def of(cls, inhibitions: Iterable[Inhibition], firing: Collection[Labelled]) -> Self:
        return cls(tuple(_Sources(one, _by_equal(one, firing)) for one in inhibitions))

    def mute(self, target: Labels, in_sight: InSight) -> Mute | None:
        """A critical alert is inhibited only by one that is in sight of all who would be told of it."""
        critical = target.get("severity") == Severity.CRITICAL
        for one in self._sources:
            if match_all(one.inhibition.target, target):
                two_sided = match_all(one.inhibition.source, target)
                for number, matches_target in one.by_equal.get(_equal(one.inhibition, target), ()):
                    # as in Alertmanager, of two alerts that match both sides neither inhibits the other
                    if not (two_sided and matches_target) and (not critical or in_sight(number)):
                        return Mute(reason=INHIBITED, cause=str(number))
        return None


def _by_equal(
    inhibition: Inhibition, firing: Collection[Labelled]
) -> dict[tuple[str, ...], list[tuple[int, bool]]]:
    found: dict[tuple[str, ...], list[tuple[int, bool]]] = {}
    for alert in sorted(firing, key=lambda one: one.alert_id):
        if match_all(inhibition.source, alert.labels):
            source = (alert.alert_id, match_all(inhibition.target, alert.labels))
            found.setdefault(_equal(inhibition, alert.labels), []).append(source)
    return found


def _equal(inhibition: Inhibition, labels: Labels) -> tuple[str, ...]:
    return tuple(labels.get(name, "") for name in inhibition.equal)


def mute_time(route: Route, times: Mapping[str, Calendar], now: datetime) -> Mute | None:
    for name in route.mute_times:
        if in_force(times[name], now):
            return Mute(reason=MUTE_TIME, cause=name)
    return None


def exact_labels(inhibition: Inhibition, target: Labels) -> dict[str, str]:
    """What any source that inhibits this alert is labelled with, as far as that is known: to look it up by."""
    exact = {name: target[name] for name in inhibition.equal if target.get(name)}
    return exact | {m.label: m.value for m in inhibition.source if m.operator == "=" and m.value}


def lookups(inhibitions: Sequence[Inhibition], targets: Iterable[Labels]) -> list[dict[str, str]]:
    """The different `exact_labels` of all that may inhibit one of these."""
    found = {
        tuple(sorted(exact_labels(inhibition, target).items()))
        for target in targets
        for inhibition in inhibitions
        if match_all(inhibition.target, target)
    }
    return [dict(one) for one in sorted(found)]
