"""Looks at the groups that are due, and writes what receivers are to be told, or why not: one transaction each."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from alerts import message
from alerts.config import Alerting
from alerts.grouping import FIRING, RESOLVED, Flush, Group, Member, Message, Told, decide
from alerts.mute import REROUTED, Inhibitor, Mute, Silence, lookups, mute_time, silenced
from alerts.roster import Recipients, Rosters
from alerts.route import Route, destinations
from storage import alert_log, alert_routing, db, leader, silences
from storage.alert_routing import GroupRow, MemberRow, NewEvent, NewNotification

log = logging.getLogger(__name__)

ESCALATION: Final = "escalation"
AFTER_FAULT: Final = timedelta(minutes=1)
"""A group of which a message can't be put together is looked at again after so long."""
_MARK: Final = "escalation "


def escalation_route(chain: str, route: str) -> str:
    """What the groups of an escalation chain have for a route: they keep the times of the alert's own."""
    return f"{_MARK}{chain}: {route}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A group's route as the configuration has it now."""

    route: Route
    chain: str | None
    """Of an escalation."""
    known: bool
    """False: the configuration lost it; its alerts go elsewhere, and only their ends are told here."""


@dataclass(kw_only=True, slots=True)
class Flusher:
    alerting: Alerting
    rosters: Rosters
    base_url: str | None
    """The control room's, for links."""
    _routes: dict[str, Route] = field(init=False)

    def __post_init__(self) -> None:
        self._routes = self.alerting.routes()

    def flush_due(self, conn: db.Connection, term: int, now: datetime) -> int:
        """Returns how many messages there are to be sent."""
        count = 0
        while True:
            with conn.transaction():
                leader.require(conn, term)
                row = alert_routing.due_group(conn, now)
                if row is None:
                    return count
                count += self.flush_or_put_off(conn, row, now)

    def flush_or_put_off(self, conn: db.Connection, row: GroupRow, now: datetime) -> int:
        """Within the caller's transaction: one group's fault must not silence the others."""
        try:
            with conn.transaction():
                return self.flush(conn, row, now)
        except (leader.Deposed, *db.PASSING):
            raise
        except Exception as error:
            log.error(
                "group_failed group=%d route=%r again_s=%d",
                *(row.id, row.route, AFTER_FAULT.total_seconds()),
                exc_info=error,
            )
            alert_routing.put_off(conn, row.id, now + AFTER_FAULT)
            return 0

    def flush(self, conn: db.Connection, row: GroupRow, now: datetime) -> int:
        """Within the caller's transaction."""
        place = self.place(row.route)
        members = [member_of(one) for one in alert_routing.members(conn, row.id)]
        recipients = self._recipients(row, place, now)
        muted = self._muted(conn, row, place, members, recipients.receivers, now)
        flush = decide(group_of(row), place.route.timing, members, muted, recipients.receivers, now)
        self._write(conn, row, place, flush, recipients, now)
        return len(flush.messages)

    def place(self, key: str) -> Place:
        chain, route_key = None, key
        if key.startswith(_MARK):
            chain, _, route_key = key.removeprefix(_MARK).partition(": ")
        route = self._routes.get(route_key)
        known = route is not None and (chain is None or chain in self.alerting.chains)
        return Place(route=route or self.alerting.root, chain=chain, known=known)

    def muted_now(
        self, conn: db.Connection, members: Sequence[Member], receivers: Sequence[str], now: datetime
    ) -> dict[int, Mute]:
        """By number: those that are silenced, or inhibited for these receivers."""
        active = active_silences(conn, now)
        return {
            member.alert_id: mute for member in members if (mute := silenced(active, member.labels, now))
        } | self._inhibited(conn, members, receivers)

    def _recipients(self, row: GroupRow, place: Place, now: datetime) -> Recipients:
        """Nobody is asked for news where the configuration does not send them any more."""
        if place.chain is None:
            still = row.receiver in place.route.receivers
        else:
            steps = self.alerting.chains.get(place.chain, ())
            still = any(row.receiver in step.receivers for step in steps)
        if not (place.known and still):
            return Recipients(receivers=())
        return self.rosters.recipients(row.receiver, now)

    def _muted(
        self,
        conn: db.Connection,
        row: GroupRow,
        place: Place,
        members: Sequence[Member],
        receivers: Sequence[str],
        now: datetime,
    ) -> dict[int, Mute]:
        here = [member for member in members if receivers and self._goes_here(member, row, place)]
        asleep = None if place.chain else mute_time(place.route, self.alerting.times, now)
        if asleep is not None:
            muted = {member.alert_id: asleep for member in here}
        else:
            muted = self.muted_now(conn, here, receivers, now)
        staying = {member.alert_id for member in here}
        elsewhere = Mute(reason=REROUTED, cause="")
        return muted | {m.alert_id: elsewhere for m in members if m.alert_id not in staying}

    def _goes_here(self, member: Member, row: GroupRow, place: Place) -> bool:
        return place.chain is not None or any(
            one.route.key == place.route.key and one.receiver == row.receiver
            for one in destinations(self.alerting.root, member.labels)
        )

    def _inhibited(
        self, conn: db.Connection, members: Sequence[Member], receivers: Sequence[str]
    ) -> dict[int, Mute]:
        rules = self.alerting.inhibitions
        sources = alert_routing.firing_with(conn, lookups(rules, [member.labels for member in members]))
        seen = alert_routing.delivered(conn, [source.alert_id for source in sources])

        def in_sight(source: int) -> bool:
            return all((source, receiver) in seen for receiver in receivers)

        inhibitor = Inhibitor.of(rules, sources)
        found = {member.alert_id: inhibitor.mute(member.labels, in_sight) for member in members}
        return {alert_id: mute for alert_id, mute in found.items() if mute is not None}

    def _write(
        self,
        conn: db.Connection,
        row: GroupRow,
        place: Place,
        flush: Flush,
        recipients: Recipients,
        now: datetime,
    ) -> None:
        for one in flush.messages:
            self._notify(conn, row, place, one, now)
        alert_routing.insert_events(
            conn, [*_suppressed(row, flush, now), *_failed(row, flush, recipients, now)]
        )
        alert_routing.drop_members(conn, row.id, sorted(flush.dropped))
        alert_routing.save_group(conn, row_of(flush.group, row), now)
        if flush.messages or flush.suppressions:
            alert_log.tell(conn)
        if flush.messages:
            log.info(
                "group_told group=%d route=%r reason=%s receivers=%s firing=%d resolved=%d",
                *(row.id, row.route, flush.reason, ",".join(one.receiver for one in flush.messages)),
                *(len(flush.messages[0].firing), len(flush.messages[0].resolved)),
            )

    def _notify(self, conn: db.Connection, row: GroupRow, place: Place, one: Message, now: datetime) -> None:
        """The document is kept as it was put together: every attempt sends the same under the same key."""
        states = [(m.alert_id, FIRING) for m in one.firing] + [(m.alert_id, RESOLVED) for m in one.resolved]
        reason = ESCALATION if place.chain is not None and one.reason == FIRING else one.reason
        key = f"hanoi-{row.id}-{one.number}-{int(now.timestamp())}"
        document = message.document(
            key=key,
            receiver=one.receiver,
            reason=reason,
            group=row.labels,
            alerts=alert_routing.cards(conn, states),
            now=now,
            base_url=self.base_url,
        )
        new = NewNotification(
            key=key,
            receiver=one.receiver,
            group_id=row.id,
            alert_ids=tuple(alert_id for alert_id, _ in states),
            reason=reason,
            document=document,
        )
        alert_routing.insert_notification(conn, new, now)


def active_silences(conn: db.Connection, now: datetime) -> list[Silence]:
    """Those that mute at present, maintenance windows too."""
    return [
        Silence(id=one.id, matchers=one.parsed, starts_at=one.starts_at, ends_at=one.ends_at)
        for one in silences.active(conn, now)
    ]


def member_of(row: MemberRow) -> Member:
    return Member(
        alert_id=row.alert_id,
        fingerprint=row.fingerprint,
        labels=row.labels,
        state=row.state,
        firing_since=row.firing_since,
        resolved_at=row.resolved_at,
        flapping=row.flapping,
        acknowledged_by=row.acknowledged_by,
    )


def group_of(row: GroupRow) -> Group:
    return Group(
        next_flush_at=row.next_flush_at,
        flushed_at=row.flushed_at,
        told=msgspec.json.decode(row.told, type=Told),
        told_at=row.told_at,
    )


def row_of(group: Group, row: GroupRow) -> GroupRow:
    """The row with what the group has become."""
    return GroupRow(
        id=row.id,
        receiver=row.receiver,
        route=row.route,
        labels=row.labels,
        next_flush_at=group.next_flush_at,
        flushed_at=group.flushed_at,
        told=msgspec.json.encode(group.told).decode(),
        told_at=group.told_at,
    )


def _suppressed(row: GroupRow, flush: Flush, now: datetime) -> list[NewEvent]:
    return [
        NewEvent(
            alert_id=one.alert_id,
            at=now,
            kind="suppressed",
            receiver=row.receiver,
            detail={"reason": one.reason, "cause": one.cause, "route": row.route},
        )
        for one in flush.suppressions
    ]


def _failed(row: GroupRow, flush: Flush, recipients: Recipients, now: datetime) -> list[NewEvent]:
    """That a roster could not say who is on call, for each alert of which its fallback is told anew."""
    if recipients.error is None or not flush.messages or flush.reason != FIRING:
        return []
    detail: Mapping[str, Any] = {"reason": recipients.error, "told": list(recipients.receivers)}
    known = set(group_of(row).told.firing)
    return [
        NewEvent(alert_id=member.alert_id, at=now, kind="roster_failed", receiver=row.receiver, detail=detail)
        for member in flush.messages[0].firing
        if member.fingerprint not in known
    ]
