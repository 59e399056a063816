"""Who is told of a transition, or why nobody is. Decisions come with their reason.

The tree of routes is Alertmanager's: the first child that matches takes the alert, unless it says `continue`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from alerts.model import Evaluation, Rule, State, Transition
from storage.matchers import Matchers, match_all

RETROSPECTIVE: Final = "retrospective"
"""It happened too long ago and does not hold any more."""
NOT_ANNOUNCED: Final = "firing_was_not_announced"
"""The end of something that nobody was told of."""
ONLY_PENDING: Final = "only_pending"
"""Pending is the operators' screen's business, not the receivers'."""
REVISED: Final = "revised"
"""The receivers know this state already, only its time is another."""
SHOWN_ONLY: Final = "shown_only"
"""Its route names no receivers: pages show it, nobody is told."""
ROUTED: Final = "routed"

EVERY_LABEL: Final = "..."
"""In group_by: alerts with equal labels only, so mostly each by itself."""
Labels = Mapping[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Timing:
    """When a group of alerts is told."""

    group_wait: timedelta = timedelta(0)
    """From the first alert of a group to its first message."""
    group_interval: timedelta = timedelta(minutes=5)
    """Between two looks at what changed in it."""
    repeat_interval: timedelta = timedelta(hours=4)
    """Until the same is told again while something fires."""
    urgent_interval: timedelta = timedelta(minutes=2)
    """A new critical alert is told so soon after the last look, instead of at the next one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Route:
    """A node of the tree with all that it inherited."""

    key: str
    """The matchers from the root to here: what groups and records call it."""
    matchers: Matchers = ()
    receivers: tuple[str, ...] = ()
    """Names of receivers, or "roster:NAME", "person:NAME"."""
    group_by: tuple[str, ...] = ()
    timing: Timing = Timing()
    escalation: str | None = None
    """Name of a chain."""
    mute_times: tuple[str, ...] = ()
    goes_on: bool = False
    """The TOML's `continue`: its later siblings are asked too."""
    routes: tuple["Route", ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Destination:
    """Where an alert goes: it joins the group of `labels` that `receiver` has on `route`."""

    route: Route
    receiver: str
    labels: Labels


def still_holds(rule: Rule, after: Evaluation, now: datetime) -> bool:
    """Whether it is firing at present: on a value that is not older than history begins, or on silence."""
    episode = after.episode
    if episode is None or episode.state is not State.FIRING:
        return False
    if rule.condition.silence is not None:
        return True
    return now - episode.last.time <= max(rule.late_horizon, rule.stale_after)


def withheld(
    rule: Rule, transition: Transition, *, announced: bool, holds: bool, now: datetime
) -> str | None:
    """Why the receivers are not to be told; None: they are. `announced`: they were told of its firing."""
    if transition.to_state in (State.PENDING, State.INACTIVE):
        return ONLY_PENDING
    if transition.to_state is State.RESOLVED:
        return None if announced else NOT_ANNOUNCED
    return None if announced or holds or now - transition.at <= rule.late_horizon else RETROSPECTIVE


def find(route: Route, labels: Labels) -> tuple[Route, ...]:
    """The routes that an alert takes; none when the route itself does not match."""
    if not match_all(route.matchers, labels):
        return ()
    found: list[Route] = []
    for child in route.routes:
        below = find(child, labels)
        found += below
        if below and not child.goes_on:
            break
    return tuple(found) or (route,)


def destinations(root: Route, labels: Labels) -> Iterator[Destination]:
    """Every receiver of every route that an alert takes."""
    for route in find(root, labels):
        for receiver in route.receivers:
            yield Destination(route=route, receiver=receiver, labels=group_labels(route, labels))


def group_labels(route: Route, labels: Labels) -> dict[str, str]:
    """What alerts of one group have in common. A label that is '' is absent."""
    everything = EVERY_LABEL in route.group_by
    return {
        name: value
        for name, value in sorted(labels.items())
        if value and (everything or name in route.group_by)
    }


def every_route(route: Route) -> Iterator[Route]:
    """It and those below it."""
    yield route
    for child in route.routes:
        yield from every_route(child)
