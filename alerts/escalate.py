"""Tells the next ones of an alert that nobody acknowledged in time; what is needless is skipped, with its reason."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from alerts.config import Alerting, Step
from alerts.flush import Flusher, escalation_route, member_of
from alerts.grouping import ACKNOWLEDGED, FIRING, RESOLVED, Member
from alerts.mute import INHIBITED, SILENCED, Mute
from alerts.outbox import Router
from alerts.roster import Rosters
from alerts.route import group_labels
from storage import alert_log, alert_routing, db, leader
from storage.alert_routing import NewEvent, StepRow

log = logging.getLogger(__name__)

ESCALATED: Final = "escalated"
MUTED: Final = frozenset({SILENCED, INHIBITED})
LOOKS_AGAIN: Final = timedelta(seconds=30)
NOT_CONFIGURED: Final = "not_configured"
"""The chain, or this step of it, is no longer in the configuration."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Escalator:
    alerting: Alerting
    rosters: Rosters
    flusher: Flusher
    router: Router

    def escalate_due(self, conn: db.Connection, term: int, now: datetime) -> int:
        """Returns how many steps were due."""
        count = 0
        while True:
            with conn.transaction():
                leader.require(conn, term)
                row = alert_routing.due_step(conn, now)
                if row is None:
                    return count
                self._take(conn, row, now)
                alert_log.tell(conn)
            count += 1

    def _take(self, conn: db.Connection, row: StepRow, now: datetime) -> None:
        found = alert_routing.alert(conn, row.alert_id)
        assert found is not None
        alert, step = member_of(found), self._step(row)
        reason, cause = self._needless(conn, alert, step, now)
        if reason in MUTED:
            self._put_off(conn, row, alert, reason, cause, now)
            return
        outcome = reason or ESCALATED
        alert_routing.finish_step(conn, row, outcome, now)
        receivers = list(step.receivers) if step else []
        kind = ESCALATED if reason is None else "escalation_skipped"
        detail = {"chain": row.chain, "step": row.step + 1, "receivers": receivers}
        if reason is not None:
            detail |= {"reason": reason, "cause": cause}
        alert_routing.insert_events(
            conn, [NewEvent(alert_id=alert.alert_id, at=now, kind=kind, detail=detail)]
        )
        if reason is None:
            self._tell(conn, row, alert, receivers, now)
        log.info(
            "escalation alert=%d chain=%s step=%d outcome=%s",
            *(row.alert_id, row.chain, row.step + 1, outcome),
        )

    def _put_off(
        self, conn: db.Connection, row: StepRow, alert: Member, reason: str, cause: str, now: datetime
    ) -> None:
        """While it is muted nobody is called; who is to be called is when that is over. Said once a cause."""
        if alert_routing.put_step_off(conn, row, now + LOOKS_AGAIN, f"{reason}:{cause}"):
            detail = {"chain": row.chain, "step": row.step + 1, "reason": reason, "cause": cause}
            event = NewEvent(alert_id=alert.alert_id, at=now, kind="escalation_skipped", detail=detail)
            alert_routing.insert_events(conn, [event])

    def _step(self, row: StepRow) -> Step | None:
        chain = self.alerting.chains.get(row.chain, ())
        return chain[row.step] if row.step < len(chain) else None

    def _needless(
        self, conn: db.Connection, alert: Member, step: Step | None, now: datetime
    ) -> tuple[str | None, str]:
        """(why it is skipped or None, its cause)"""
        if step is None:
            return NOT_CONFIGURED, ""
        receivers = [
            name for target in step.receivers for name in self.rosters.recipients(target, now).receivers
        ]
        muted = self.flusher.muted_now(conn, [alert], receivers, now)
        return skipped(alert, muted.get(alert.alert_id))

    def _tell(
        self, conn: db.Connection, row: StepRow, alert: Member, receivers: Sequence[str], now: datetime
    ) -> None:
        """In groups of their own, so that those who were called hear of the end too."""
        route = self.flusher.place(row.route).route
        for receiver in receivers:
            self.router.join(
                conn,
                alert,
                receiver=receiver,
                route=escalation_route(row.chain, row.route),
                labels=group_labels(route, alert.labels),
                now=now,
                escalated=True,
            )


def skipped(alert: Member, mute: Mute | None) -> tuple[str | None, str]:
    """Why an alert is not escalated, and the cause of that; None: it is."""
    if alert.state == RESOLVED:
        return RESOLVED, ""
    if alert.state != FIRING:
        return alert.state, ""
    if alert.acknowledged_by is not None:
        return ACKNOWLEDGED, alert.acknowledged_by
    return (mute.reason, mute.cause) if mute is not None else (None, "")
