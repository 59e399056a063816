"""What receivers would be told of a series of alerts: the dispatcher's decisions without its database. No I/O.

For backtests and for comparing with Alertmanager. Without escalation and rosters: a "roster:duty" is one receiver.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from alerts.grouping import EMPTY, OURS, Group, Member, Quirks, decide, joined
from alerts.model import Calendar, State
from alerts.mute import Inhibition, Inhibitor, Mute, Silence, mute_time, silenced
from alerts.route import Destination, Labels, Route, destinations

AFTER: Final = timedelta(days=1)
"""How long `simulate` looks on after the last change."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """An alert begins to fire or ends."""

    at: datetime
    """When it is decided, which is when it is routed."""
    fingerprint: str
    labels: Labels
    firing: bool
    since: datetime | None = None
    """When it happened out there; None: at the same time."""
    flapping: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Acknowledgement:
    at: datetime
    fingerprint: str
    by: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Sent:
    """One message to one receiver."""

    at: datetime
    receiver: str
    route: str
    group: Labels
    reason: str
    firing: frozenset[str]
    """Fingerprints"""
    resolved: frozenset[str]


@dataclass(kw_only=True, slots=True)
class _Held:
    destination: Destination
    group: Group = EMPTY
    members: set[int] = field(default_factory=set)


_Key = tuple[str, str, tuple[tuple[str, str], ...]]


@dataclass(kw_only=True, slots=True)
class Simulation:
    """Takes what happens in the order of time, and gives what is sent."""

    root: Route
    inhibitions: Sequence[Inhibition] = ()
    times: Mapping[str, Calendar] = field(default_factory=dict)
    silences: Sequence[Silence] = ()
    quirks: Quirks = OURS
    suppressed: list[tuple[datetime, str, str, str]] = field(default_factory=list, init=False)
    """(at, fingerprint, receiver, reason) of every recorded decision not to tell."""
    _alerts: dict[int, Member] = field(default_factory=dict, init=False)
    _newest: dict[str, int] = field(default_factory=dict, init=False)
    _firing: dict[int, Member] = field(default_factory=dict, init=False)
    _inhibitor: Inhibitor = field(default=Inhibitor(()), init=False)
    _groups: dict[_Key, _Held] = field(default_factory=dict, init=False)
    _told: set[tuple[int, str]] = field(default_factory=set, init=False)
    """(alert, receiver) of every firing that was sent."""

    def change(self, change: Change) -> list[Sent]:
        """All that is sent until then, and the alert's groups hear of it."""
        sent = self.advance(change.at, inclusive=not change.firing)
        member, is_new = self._member(change)
        if member is not None:
            self._alerts[member.alert_id] = member
            self._newest[member.fingerprint] = member.alert_id
            self._note_firing(member)
            self._join(member, change.at, is_new)
        return sent

    def acknowledge(self, one: Acknowledgement) -> list[Sent]:
        sent = self.advance(one.at)
        if (alert_id := self._newest.get(one.fingerprint)) is not None:
            self._alerts[alert_id] = replace(self._alerts[alert_id], acknowledged_by=one.by)
        return sent

    def advance(self, to: datetime, *, inclusive: bool = True) -> list[Sent]:
        """What is sent at and before `to`, the earliest first."""
        sent: list[Sent] = []
        while (due := self._next_due()) is not None and due.group.next_flush_at is not None:
            at = due.group.next_flush_at
            if at > to or (at == to and not inclusive):
                break
            sent += self._flush(due, at)
        return sent

    def _member(self, change: Change) -> tuple[Member | None, bool]:
        """The alert as it becomes; None when the end of something unknown changes nothing."""
        known = self._alerts.get(self._newest.get(change.fingerprint, 0))
        since = change.since or change.at
        if known is not None and known.state == State.FIRING:
            if change.firing:
                return known, False
            return replace(known, state=State.RESOLVED.value, resolved_at=since), False
        if not change.firing:
            return None, False
        member = Member(
            alert_id=len(self._alerts) + 1,
            fingerprint=change.fingerprint,
            labels=change.labels,
            state=State.FIRING.value,
            firing_since=since,
            resolved_at=None,
            flapping=change.flapping,
        )
        return member, True

    def _note_firing(self, member: Member) -> None:
        if member.state == State.FIRING:
            self._firing[member.alert_id] = member
        else:
            self._firing.pop(member.alert_id, None)
        self._inhibitor = Inhibitor.of(self.inhibitions, self._firing.values())

    def _join(self, member: Member, now: datetime, is_new: bool) -> None:
        for destination in destinations(self.root, member.labels):
            route, receiver = destination.route, destination.receiver
            key = (route.key, receiver, tuple(destination.labels.items()))
            held = self._groups.setdefault(key, _Held(destination=destination))
            if is_new or member.alert_id in held.members:
                held.members.add(member.alert_id)
                held.group = joined(held.group, member, route.timing, now, is_new=is_new)

    def _next_due(self) -> _Held | None:
        due = [(held.group.next_flush_at, n) for n, held in enumerate(self._groups.values())]
        waiting = [(at, n) for at, n in due if at is not None]
        return list(self._groups.values())[min(waiting)[1]] if waiting else None

    def _flush(self, held: _Held, now: datetime) -> list[Sent]:
        route, receiver = held.destination.route, held.destination.receiver
        members = [self._alerts[alert_id] for alert_id in sorted(held.members)]
        muted = {m.alert_id: mute for m in members if (mute := self._mute(m, route, receiver, now))}
        flush = decide(held.group, route.timing, members, muted, [receiver], now, self.quirks)
        held.group = flush.group
        held.members -= flush.dropped
        for one in flush.suppressions:
            self.suppressed.append((now, self._alerts[one.alert_id].fingerprint, receiver, one.reason))
        for message in flush.messages:
            self._told |= {(member.alert_id, receiver) for member in message.firing}
        return [
            Sent(
                at=now,
                receiver=receiver,
                route=route.key,
                group=held.destination.labels,
                reason=message.reason,
                firing=frozenset(member.fingerprint for member in message.firing),
                resolved=frozenset(member.fingerprint for member in message.resolved),
            )
            for message in flush.messages
        ]

    def _mute(self, member: Member, route: Route, receiver: str, now: datetime) -> Mute | None:
        return (
            mute_time(route, self.times, now)
            or silenced(self.silences, member.labels, now)
            or self._inhibitor.mute(member.labels, lambda source: (source, receiver) in self._told)
        )


def simulate(
    simulation: Simulation, happenings: Iterable[Change | Acknowledgement], after: timedelta = AFTER
) -> Iterator[Sent]:
    """All that is sent of these, which need not be sorted, and so long after the last one."""
    last: datetime | None = None
    for one in sorted(happenings, key=lambda happening: happening.at):
        yield from simulation.change(one) if isinstance(one, Change) else simulation.acknowledge(one)
        last = one.at
    if last is not None:
        yield from simulation.advance(last + after)
