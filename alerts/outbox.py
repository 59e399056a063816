"""Takes transitions from the outbox into the groups of those who are to be told, and says what became of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from alerts.config import Alerting
from alerts.flush import Flusher, group_of, member_of, row_of
from alerts.grouping import Member, joined
from alerts.model import State
from alerts.route import ROUTED, SHOWN_ONLY, Destination, Labels, destinations
from storage import alert_log, alert_routing, db, leader
from storage.alert_routing import GroupRow, NewEvent, OutboxRow

ROUTED_AT_ONCE: Final = 200
NOBODY_TOLD: Final = "nobody_was_told"
"""The end of an alert that is in no group any more."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Router:
    alerting: Alerting
    flusher: Flusher

    def route(self, conn: db.Connection, term: int, now: datetime) -> int:
        """Empties the outbox; returns how many transitions there were."""
        count = 0
        while True:
            with conn.transaction():
                leader.require(conn, term)
                waiting = alert_routing.outbox(conn, ROUTED_AT_ONCE)
                for row in waiting:
                    outcome = self._take(conn, row, now)
                    alert_routing.mark_processed(conn, row.transition_id, outcome, now)
                if waiting:
                    alert_log.tell(conn)
            count += len(waiting)
            if len(waiting) < ROUTED_AT_ONCE:
                return count

    def reroute(self, conn: db.Connection, term: int, now: datetime) -> None:
        """Alerts that fire go where the routes send them now: who leads may be configured differently from who did."""
        with conn.transaction():
            leader.require(conn, term)
            for row in alert_routing.routed_before(conn):
                self._begin(conn, member_of(row), now)

    def join(
        self,
        conn: db.Connection,
        alert: Member,
        *,
        receiver: str,
        route: str,
        labels: Labels,
        now: datetime,
        escalated: bool = False,
    ) -> bool:
        """Whether the alert is new in the group."""
        group = alert_routing.find_group(conn, receiver, route, labels) or _new(receiver, route, labels)
        group_id = group.id or alert_routing.save_group(conn, group, now)
        if not alert_routing.add_member(conn, group_id, alert.alert_id):
            return False
        timing = self.flusher.place(route).route.timing
        after = joined(group_of(group), alert, timing, now, is_new=True, escalated=escalated)
        alert_routing.save_group(conn, row_of(after, group), now)
        due = after.next_flush_at
        detail = {"route": route, "group": dict(labels), "looked_at": due.isoformat() if due else None}
        event = NewEvent(alert_id=alert.alert_id, at=now, kind="grouped", receiver=receiver, detail=detail)
        alert_routing.insert_events(conn, [event])
        return True

    def _take(self, conn: db.Connection, row: OutboxRow, now: datetime) -> str:
        alert = member_of(row.alert)
        if alert.state == State.RESOLVED:
            return self._end(conn, alert, now)
        found = self._begin(conn, alert, now)
        self._schedule(conn, row, found)
        return ROUTED if found else SHOWN_ONLY

    def _begin(self, conn: db.Connection, alert: Member, now: datetime) -> Sequence[Destination]:
        found = list(destinations(self.alerting.root, alert.labels))
        for one in found:
            self.join(conn, alert, receiver=one.receiver, route=one.route.key, labels=one.labels, now=now)
        return found

    def _end(self, conn: db.Connection, alert: Member, now: datetime) -> str:
        """What is due is told before: then also a beginning is told whose end is known by now."""
        groups = alert_routing.groups_of(conn, alert.alert_id)
        for group in groups:
            if group.next_flush_at is not None and group.next_flush_at <= now:
                self.flusher.flush_or_put_off(conn, group, now)
            else:
                timing = self.flusher.place(group.route).route.timing
                after = joined(group_of(group), alert, timing, now, is_new=False)
                alert_routing.save_group(conn, row_of(after, group), now)
        if groups:
            return ROUTED
        shown = not any(destinations(self.alerting.root, alert.labels))
        return SHOWN_ONLY if shown else NOBODY_TOLD

    def _schedule(self, conn: db.Connection, row: OutboxRow, found: Sequence[Destination]) -> None:
        """The steps of the chains of its routes, counted from when its firing was decided."""
        for route in {one.route.key: one.route for one in found}.values():
            if route.escalation is not None:
                for number, step in enumerate(self.alerting.chains[route.escalation]):
                    alert_routing.insert_step(
                        conn,
                        alert_id=row.alert.alert_id,
                        chain=route.escalation,
                        step=number,
                        route=route.key,
                        due_at=row.decided_at + step.after,
                    )


def _new(receiver: str, route: str, labels: Labels) -> GroupRow:
    return GroupRow(
        id=0,
        receiver=receiver,
        route=route,
        labels=labels,
        next_flush_at=None,
        flushed_at=None,
        told="{}",
        told_at=None,
    )
