"""Alerts as the engine would write them, and the dispatcher with receivers that keep what they get."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from alerts.config import load
from alerts.dispatch import Dispatcher
from alerts.metrics import Metrics
from alerts.notifiers import Notifier
from storage import alert_log, alert_routing, db, leader, things
from storage.alert_log import AlertFacts, AlertStanding, NewTransition
from storage.alert_routing import NotificationRow, TimelineEntry

NOW = datetime(2026, 7, 20, 10, 0, tzinfo=UTC)
"""17:00 in Hanoi, a Monday."""


class Clock:
    """Stands still until it is put forward."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def forward(self, *, minutes: float = 0, seconds: float = 0) -> None:
        self.now += timedelta(minutes=minutes, seconds=seconds)


@dataclass
class Kept:
    """A receiver that takes everything, or raises what it is told to."""

    name: str
    got: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    trouble: Callable[[], None] | None = None
    receipt: str | None = None

    def send(self, key: str, document: Mapping[str, Any]) -> str | None:
        self.keys.append(key)
        if self.trouble is not None:
            self.trouble()
        self.got.append(dict(document))
        return self.receipt

    def told(self) -> list[tuple[str, list[str], list[str]]]:
        """(reason, rules that fire, rules that ended) of every message."""
        return [
            (
                one["reason"],
                sorted(a["rule"] for a in one["alerts"] if a["state"] == "firing"),
                sorted(a["rule"] for a in one["alerts"] if a["state"] == "resolved"),
            )
            for one in self.got
        ]


@dataclass(kw_only=True)
class Alarms:
    """Writes alerts on the Things of Hanoi and tells of them."""

    conn: db.Connection
    clock: Clock
    folder: Path
    term: int = 0
    receivers: dict[str, Kept] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.term = leader.take_over(self.conn, "test")
        rows = things.all_datastreams(self.conn)
        self._streams = {(row.thing_id, row.property): row.id for row in rows}

    def fire(
        self,
        rule: str,
        thing: str = "flood-cao-ba-quat",
        *,
        observed: str = "water_depth",
        severity: str = "warning",
        late: timedelta = timedelta(0),
        flapping: bool = False,
        **labels: str,
    ) -> int:
        """It begins to fire; returns its id."""
        now = self.clock.now
        kind = labels.pop("kind", "flood")
        own = {"rule": rule, "severity": severity, "thing": thing, "kind": kind, "property": observed}
        facts = AlertFacts(
            rule=rule,
            domain="flood",
            thing_id=thing,
            datastream_id=self._streams[thing, observed],
            property=observed,
            severity=severity,
            title_vi=f"Luật {rule}",
            title_en=f"Rule {rule}",
            runbook_vi="…",
            runbook_en="…",
            labels=own | labels,
            unit="cm",
            limit=15.0,
            for_citizens=True,
            condition="threshold",
            suggestion=False,
            basis_vi="thử",
            basis_en="test",
            public="approve",
        )
        since = now - late
        standing = self._standing(state="firing", at=since)
        alert_id = alert_log.insert_alert(self.conn, facts, standing)
        alert_log.announce_alert(self.conn, alert_id, now)
        if flapping:
            alert_log.mark_flapping(self.conn, alert_id)
        self._transition(alert_id, "pending", "firing", since)
        return alert_id

    def end(self, alert_id: int) -> None:
        alert_log.end_alert(self.conn, alert_id, self.clock.now)
        self._transition(alert_id, "firing", "resolved", self.clock.now)

    def dispatcher(self, text: str, *notifiers: Notifier) -> Dispatcher:
        """With the configuration; receivers that are not given are kept."""
        path = self.folder / "alerting.toml"
        path.write_text(text)
        alerting = load(path)
        given = {one.name: one for one in notifiers}
        for name in alerting.receivers:
            if name not in given:
                self.receivers.setdefault(name, Kept(name))
        kept = [one for name, one in self.receivers.items() if name in alerting.receivers]
        return Dispatcher(
            alerting=alerting,
            receivers=[*kept, *given.values()],
            metrics=Metrics(),
            clock=self.clock,
            base_url="http://127.0.0.1:8050",
            patience_s=30.0,
        )

    def run(self, dispatcher: Dispatcher) -> int:
        return dispatcher.run(self.conn, self.term)

    def run_for(self, dispatcher: Dispatcher, minutes: int) -> None:
        """A run a minute."""
        for _ in range(minutes):
            self.clock.forward(minutes=1)
            self.run(dispatcher)

    def notifications(self) -> list[NotificationRow]:
        """The oldest first."""
        return alert_routing.recent_notifications(self.conn, None, 1_000)[::-1]

    def timeline(self, alert_id: int) -> list[TimelineEntry]:
        return alert_routing.timeline(self.conn, alert_id)

    def story(self, alert_id: int) -> list[tuple[str, str | None]]:
        """(kind, reason) of every entry of its timeline but the transitions."""
        return [(one.kind, one.reason) for one in self.timeline(alert_id) if one.source != "transition"]

    def suppressions(self, alert_id: int) -> list[tuple[str | None, str]]:
        """(reason, cause)"""
        return [
            (one.reason, one.detail["cause"]) for one in self.timeline(alert_id) if one.kind == "suppressed"
        ]

    def outcomes(self, alert_id: int) -> list[str | None]:
        return [one.outcome for one in self.timeline(alert_id) if one.source == "transition"]

    def _standing(self, *, state: str, at: datetime) -> AlertStanding:
        return AlertStanding(
            state=state,
            value=20.0,
            value_time=at,
            peak=20.0,
            pending_since=at,
            firing_since=at,
            resolved_at=None,
            provenance="measured",
        )

    def _transition(self, alert_id: int, before: str, after: str, at: datetime) -> None:
        new = NewTransition(
            term=self.term,
            alert_id=alert_id,
            at=at,
            from_state=before,
            to_state=after,
            reason="held",
            evidence='{"last": {"value": 20.0}}',
            decided_at=self.clock.now,
            outcome=None,
        )
        alert_log.insert_transitions(self.conn, [new])


def receivers(names: Sequence[str]) -> str:
    """Their tables; which type they are is no matter, since others stand in for them."""
    return "\n".join(f'[receiver.{name}]\ntype = "control-room"' for name in names) + "\n"
