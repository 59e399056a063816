"""What the receivers of a group of alerts are told when it is looked at, and why. No I/O.

The rules are Alertmanager's. Where we differ (docs/alerts-routing.md): acknowledged and flapping alerts; critical ones
do not wait for the interval; nobody is told of the end of what he was not told of; no end is lost because the alert
was muted when it came.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import msgspec

from alerts.model import Severity, State
from alerts.mute import REROUTED, Mute
from alerts.route import Labels, Timing

CALM: Final = timedelta(minutes=15)
"""A flapping alert ends for its receivers when it stayed resolved for so long."""

FIRING: Final = "firing"
RESOLVED: Final = "resolved"
REPEAT: Final = "repeat"
NOTHING_NEW: Final = "nothing_new"
ACKNOWLEDGED: Final = "acknowledged"
ENDED_BEFORE_TOLD: Final = "ended_before_told"
"""It began and ended between two looks at the group."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Member:
    """An alert of a group, in the state that was routed."""

    alert_id: int
    fingerprint: str
    """The same for all episodes of a rule on a Datastream."""
    labels: Labels
    state: str
    """pending, firing or resolved"""
    firing_since: datetime | None
    resolved_at: datetime | None
    flapping: bool = False
    acknowledged_by: str | None = None

    def stands(self, now: datetime) -> str:
        """Its state for receivers: a flapping one fires on until it stayed calm."""
        ended = self.resolved_at if self.state == State.RESOLVED else None
        return FIRING if self.flapping and ended and now - ended < CALM else self.state


class Told(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was said last. Fingerprints, but for `muted`."""

    firing: frozenset[str] = frozenset()
    resolved: frozenset[str] = frozenset()
    open: Mapping[str, frozenset[str]] = {}
    """By receiver: of whose beginning it was told, and not of their end."""
    muted: Mapping[str, str] = {}
    """By number of alert: the last recorded reason why it was not told, so that each is recorded once."""
    count: int = 0
    """Messages so far."""


NOTHING_TOLD: Final = Told()


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """Alerts that one receiver of a route is told of together."""

    next_flush_at: datetime | None = None
    """None: it is empty, as if it did not exist."""
    flushed_at: datetime | None = None
    told: Told = NOTHING_TOLD
    told_at: datetime | None = None


EMPTY: Final = Group()


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    number: int
    """Within its group, rising."""
    receiver: str
    reason: str
    firing: tuple[Member, ...]
    resolved: tuple[Member, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Suppression:
    """Why an alert is not told."""

    alert_id: int
    reason: str
    cause: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Flush:
    """What came of a look at a group."""

    reason: str
    """firing, resolved, repeat or nothing_new"""
    messages: tuple[Message, ...]
    suppressions: tuple[Suppression, ...]
    """Those that are new."""
    dropped: frozenset[int]
    """Numbers of the alerts that leave the group."""
    group: Group
    """As it is afterwards."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Quirks:
    """What Alertmanager does and we do not: for comparing with it (tests/alerts/test_alertmanager.py)."""

    loses_muted_ends: bool = False
    """An alert that ends while it is muted is forgotten, and what was told of it stays."""
    tells_unknown_ends: bool = False
    """Of the end of an alert that began since the last message, as long as another one fires."""
    empty_groups_stay: bool = False
    """For up to 30 s, and a new alert waits for their interval."""


OURS: Final = Quirks()
ALERTMANAGER: Final = Quirks(loses_muted_ends=True, tells_unknown_ends=True, empty_groups_stay=True)


def joined(
    group: Group, alert: Member, timing: Timing, now: datetime, *, is_new: bool, escalated: bool = False
) -> Group:
    """The group when an alert comes into it, or changes in it. An escalated one is as urgent as a critical one."""
    since = alert.firing_since or now
    overdue = escalated or since + timing.group_wait < now
    if group.next_flush_at is None:
        return Group(
            next_flush_at=now if overdue else now + timing.group_wait, told=Told(count=group.told.count)
        )
    if group.flushed_at is None:
        return _sooner(group, now) if overdue else group
    critical = alert.state == FIRING and alert.labels.get("severity") == Severity.CRITICAL
    urgent = is_new and (critical or escalated)
    return _sooner(group, max(now, group.flushed_at + timing.urgent_interval)) if urgent else group


def _sooner(group: Group, at: datetime) -> Group:
    assert group.next_flush_at is not None
    return Group(
        next_flush_at=min(group.next_flush_at, at),
        flushed_at=group.flushed_at,
        told=group.told,
        told_at=group.told_at,
    )


def decide(
    group: Group,
    timing: Timing,
    members: Iterable[Member],
    muted: Mapping[int, Mute],
    receivers: Sequence[str],
    now: datetime,
    quirks: Quirks = OURS,
) -> Flush:
    """Looks at a group that is due. `muted` by number of alert; `receivers` are those to be told now (on call, say)."""
    view = _View.of(members, muted, now)
    reason = _reason(group, view, receivers, timing, now, quirks)
    messages = _messages(group.told, view, receivers, reason, quirks)
    dropped = _dropped(group.told, view, quirks)
    told = _told(group.told, view, messages, reason, dropped, quirks)
    suppressions, marks = _suppressions(group.told, told, view, dropped)
    stays = quirks.empty_groups_stay or len(dropped) < view.count
    after = Group(
        next_flush_at=now + timing.group_interval if stays else None,
        flushed_at=now if stays else None,
        told=msgspec.structs.replace(told, muted=marks) if stays else Told(count=told.count),
        told_at=(now if reason != NOTHING_NEW else group.told_at) if stays else None,
    )
    return Flush(
        reason=reason if messages else NOTHING_NEW,
        messages=messages,
        suppressions=suppressions,
        dropped=dropped,
        group=after,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _View:
    """The members of a group, sorted out. By fingerprint: of several episodes only the newest counts."""

    firing: Mapping[str, Member]
    ended: Mapping[str, Member]
    muted: Mapping[str, tuple[Member, Mute]]
    """Those of which nothing is told now."""
    superseded: frozenset[int]
    renewed: frozenset[str]
    """Fire unacknowledged after an episode that somebody saw to: that one's word does not hold for the next."""
    count: int
    now: datetime

    @classmethod
    def of(cls, members: Iterable[Member], muted: Mapping[int, Mute], now: datetime) -> "_View":
        everyone = sorted(members, key=lambda member: member.alert_id)
        newest = {member.fingerprint: member for member in everyone}
        quiet = {
            fp: (member, muted[member.alert_id])
            for fp, member in newest.items()
            if member.alert_id in muted and not _end_elsewhere(member, muted[member.alert_id], now)
        }
        heard = {fp: member for fp, member in newest.items() if fp not in quiet}
        current = {member.alert_id for member in newest.values()}
        return cls(
            firing={fp: m for fp, m in heard.items() if m.stands(now) == FIRING},
            ended={fp: m for fp, m in heard.items() if m.stands(now) == RESOLVED},
            muted=quiet,
            superseded=frozenset(m.alert_id for m in everyone if m.alert_id not in current),
            renewed=frozenset(
                m.fingerprint
                for m in everyone
                if m.alert_id not in current
                and m.acknowledged_by is not None
                and newest[m.fingerprint].acknowledged_by is None
            ),
            count=len(everyone),
            now=now,
        )


def _end_elsewhere(member: Member, mute: Mute, now: datetime) -> bool:
    return mute.reason == REROUTED and member.stands(now) == RESOLVED


def _reason(
    group: Group, view: _View, receivers: Sequence[str], timing: Timing, now: datetime, quirks: Quirks
) -> str:
    """Why the receivers are told now. Alertmanager's notify.DedupStage.needsUpdate, without acknowledged alerts."""
    told = group.told
    wanted = {fp for fp, member in view.firing.items() if member.acknowledged_by is None}
    if wanted - told.firing or wanted & view.renewed:
        return FIRING
    if quirks.tells_unknown_ends:
        has_ended = (
            bool(view.ended.keys() - told.resolved) if view.firing else bool(told.firing and view.ended)
        )
    else:
        has_ended = any(view.ended.keys() & told.open.get(receiver, frozenset()) for receiver in receivers)
    if has_ended:
        return RESOLVED
    if wanted and group.told_at is not None and group.told_at + timing.repeat_interval < now:
        return REPEAT
    return NOTHING_NEW


def _messages(
    told: Told, view: _View, receivers: Sequence[str], reason: str, quirks: Quirks
) -> tuple[Message, ...]:
    """One for each receiver that is told; who was told of a beginning and is not on call any more hears of the end."""
    messages: list[Message] = []
    for receiver in (*receivers, *sorted(told.open.keys() - set(receivers))):
        begun = told.open.get(receiver, frozenset())
        ended = [m for fp, m in view.ended.items() if quirks.tells_unknown_ends or fp in begun]
        present = receiver in receivers
        if present and (reason in (FIRING, REPEAT) or (reason == RESOLVED and ended)):
            said, firing = reason, tuple(view.firing.values())
        elif not present and ended:
            said, firing = RESOLVED, ()
        else:
            continue
        number = told.count + len(messages) + 1
        messages.append(
            Message(number=number, receiver=receiver, reason=said, firing=firing, resolved=tuple(ended))
        )
    return tuple(messages)


def _dropped(told: Told, view: _View, quirks: Quirks) -> frozenset[int]:
    """Who leaves the group: what ended, but for a muted one of whose beginning somebody was told."""
    known: frozenset[str] = frozenset().union(*told.open.values())
    gone = {member.alert_id for member in view.ended.values()}
    for fp, (member, mute) in view.muted.items():
        ended = member.stands(view.now) == RESOLVED
        moved = mute.reason == REROUTED
        if (ended and (quirks.loses_muted_ends or fp not in known)) or (moved and fp not in known):
            gone.add(member.alert_id)
    return view.superseded | gone


def _told(
    told: Told,
    view: _View,
    messages: Sequence[Message],
    reason: str,
    dropped: frozenset[int],
    quirks: Quirks,
) -> Told:
    firing, resolved, opened = told.firing, told.resolved, dict(told.open)
    for message in messages:
        begun = opened.get(message.receiver, frozenset()) | {m.fingerprint for m in message.firing}
        opened[message.receiver] = begun - {m.fingerprint for m in message.resolved}
    if reason != NOTHING_NEW:
        firing, resolved = frozenset(view.firing), frozenset(view.ended)
    if not quirks.loses_muted_ends:
        shown = (*view.ended.values(), *(member for member, _ in view.muted.values()))
        left = {member.fingerprint for member in shown if member.alert_id in dropped}
        firing -= left
        opened = {receiver: fps - left for receiver, fps in opened.items()}
    return Told(
        firing=firing,
        resolved=resolved,
        open={receiver: fps for receiver, fps in opened.items() if fps},
        count=told.count + len(messages),
    )


def _suppressions(
    before: Told, after: Told, view: _View, dropped: frozenset[int]
) -> tuple[tuple[Suppression, ...], dict[str, str]]:
    """Why which alert is not told, as far as it is new; and the marks of all that are still in the group."""
    reasons = {member.alert_id: (mute.reason, mute.cause) for member, mute in view.muted.values()}
    for fp, member in view.firing.items():
        if member.acknowledged_by is not None and fp not in after.firing:
            reasons[member.alert_id] = (ACKNOWLEDGED, member.acknowledged_by)
    known: frozenset[str] = frozenset().union(*before.open.values())
    for fp, member in view.ended.items():
        if fp not in known:
            reasons[member.alert_id] = (ENDED_BEFORE_TOLD, "")
    new = [
        Suppression(alert_id=alert_id, reason=reason, cause=cause)
        for alert_id, (reason, cause) in sorted(reasons.items())
        if before.muted.get(str(alert_id)) != f"{reason}:{cause}"
    ]
    marks = {str(i): f"{reason}:{cause}" for i, (reason, cause) in reasons.items() if i not in dropped}
    return tuple(new), marks
