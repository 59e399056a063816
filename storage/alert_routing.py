"""From transitions to people, in the database: groups, notifications, escalation steps, and why each was decided."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, LiteralString

import msgspec
from psycopg.types.json import Jsonb

from storage import db

LONGEST_SAID: Final = 2_000
"""Characters of what a receiver answered."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AlertCard:
    """Everything a message or a decision may want of one alert, as it stood when read."""

    id: int
    fingerprint: str
    """The same for all episodes of a rule on a Datastream."""
    rule: str
    domain: str
    property: str
    severity: str
    condition: str
    title_vi: str
    title_en: str
    runbook_vi: str
    runbook_en: str
    labels: Mapping[str, str]
    unit: str
    limit: float | None
    value: float
    value_time: datetime
    peak: float
    state: str
    """pending, firing or resolved, as it is told: the alert itself may be ahead of that"""
    pending_since: datetime
    firing_since: datetime | None
    resolved_at: datetime | None
    withdrawn: bool
    decided_at: datetime
    """Of its newest transition to this state, as is the evidence."""
    evidence: Mapping[str, Any]
    provenance: str
    suggestion: bool
    basis_vi: str
    basis_en: str
    flapping: bool
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    acknowledgement: str | None
    thing_id: str
    thing_name_vi: str
    thing_name_en: str
    lat: float | None
    lon: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class MemberRow:
    """An alert as far as routing looks at it, in the state that was routed."""

    alert_id: int
    fingerprint: str
    labels: Mapping[str, str]
    state: str
    firing_since: datetime | None
    resolved_at: datetime | None
    flapping: bool
    acknowledged_by: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class OutboxRow:
    """A transition that nobody has routed yet."""

    transition_id: int
    decided_at: datetime
    alert: MemberRow
    """In the transition's new state."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceRow:
    """An alert that fires and may inhibit others."""

    alert_id: int
    labels: Mapping[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class GroupRow:
    id: int
    """0: not written yet."""
    receiver: str
    route: str
    labels: Mapping[str, str]
    next_flush_at: datetime | None
    flushed_at: datetime | None
    told: str
    """JSON of the alerts package's own."""
    told_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class StepRow:
    """A step of an alert's escalation chain that is due."""

    alert_id: int
    chain: str
    step: int
    route: str
    due_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class NewEvent:
    """An entry of an alert's timeline."""

    alert_id: int
    at: datetime
    kind: str
    receiver: str | None = None
    actor: str | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class NewNotification:
    key: str
    receiver: str
    group_id: int | None
    alert_ids: tuple[int, ...]
    reason: str
    """firing, resolved, repeat, escalation or test"""
    document: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class ClaimedRow:
    """A message that is to be sent now."""

    id: int
    key: str
    receiver: str
    group_id: int | None
    reason: str
    alert_ids: list[int]
    document: dict[str, Any]
    attempts: int
    """This one included."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NotificationRow:
    """A message to a receiver, and what became of it."""

    id: int
    key: str
    receiver: str
    group_id: int | None
    alert_ids: list[int]
    reason: str
    document: dict[str, Any]
    created_at: datetime
    attempts: int
    next_attempt_at: datetime
    last_error: str | None
    receipt: str | None
    sent_at: datetime | None
    dead_at: datetime | None

    @property
    def result(self) -> str:
        """sent, dead, failed (it will be tried again) or waiting"""
        if self.sent_at is not None:
            return "sent"
        if self.dead_at is not None:
            return "dead"
        return "failed" if self.last_error is not None else "waiting"


@dataclass(frozen=True, kw_only=True, slots=True)
class ReceiverResult:
    """How sending to a receiver went since a time."""

    receiver: str
    sent: int
    dead: int
    waiting: int
    last_sent_at: datetime | None
    last_dead_at: datetime | None
    last_error: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class NoisyRule:
    rule: str
    title_vi: str
    title_en: str
    notifications: int
    """Messages that named an alert of it."""
    firings: int
    places: int
    """Datastreams that it fired on."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TimelineEntry:
    at: datetime
    """When it was decided or done."""
    source: str
    """transition, event or notification"""
    kind: str
    """The new state; the event's kind; told, sent, dead or waiting."""
    receiver: str | None
    actor: str | None
    reason: str | None
    outcome: str | None
    """Of a transition: routed, or why nobody is told."""
    happened_at: datetime | None
    """Of a transition: when it happened out there."""
    detail: dict[str, Any]


# Transitions into groups.


def outbox(conn: db.Connection, limit: int) -> list[OutboxRow]:
    """Transitions that nobody has routed yet, oldest first, locked until the transaction ends."""
    rows = conn.execute(_sql("outbox"), {"limit": limit}).fetchall()
    return [
        OutboxRow(
            transition_id=row.pop("id"),
            decided_at=row.pop("decided_at"),
            alert=MemberRow(state=row.pop("to_state"), **row),
        )
        for row in rows
    ]


def mark_processed(conn: db.Connection, transition_id: int, outcome: str, now: datetime) -> None:
    conn.execute(_sql("mark_processed"), {"transition_id": transition_id, "outcome": outcome, "now": now})


def routed_before(conn: db.Connection) -> list[MemberRow]:
    """Alerts that fire and whose firing was routed."""
    return [MemberRow(**row) for row in conn.execute(_sql("routed_before")).fetchall()]


def find_group(conn: db.Connection, receiver: str, route: str, labels: Mapping[str, str]) -> GroupRow | None:
    parameters = {"receiver": receiver, "route": route, "labels": Jsonb(dict(labels))}
    row = conn.execute(_sql("find_group"), parameters).fetchone()
    return GroupRow(**row) if row else None


def groups_of(conn: db.Connection, alert_id: int) -> list[GroupRow]:
    """The groups that an alert is in."""
    return [GroupRow(**row) for row in conn.execute(_sql("groups_of"), {"alert_id": alert_id}).fetchall()]


def due_group(conn: db.Connection, now: datetime) -> GroupRow | None:
    """The group that is due for longest, locked until the transaction ends."""
    row = conn.execute(_sql("due_group"), {"now": now}).fetchone()
    return GroupRow(**row) if row else None


def save_group(conn: db.Connection, group: GroupRow, now: datetime) -> int:
    """Returns its id."""
    parameters = {
        "receiver": group.receiver,
        "route": group.route,
        "labels": Jsonb(dict(group.labels)),
        "next_flush_at": group.next_flush_at,
        "flushed_at": group.flushed_at,
        "told": group.told,
        "told_at": group.told_at,
        "now": now,
    }
    row = conn.execute(_sql("save_group"), parameters).fetchone()
    assert row is not None
    return int(row["id"])


def lock_group(conn: db.Connection, group_id: int) -> GroupRow | None:
    """Until the transaction ends."""
    row = conn.execute(_sql("lock_group"), {"group_id": group_id}).fetchone()
    return GroupRow(**row) if row else None


def put_off(conn: db.Connection, group_id: int, until: datetime) -> None:
    """The group is looked at then."""
    conn.execute(_sql("put_off"), {"group_id": group_id, "until": until})


def forget_groups(conn: db.Connection, before: datetime) -> int:
    """Drops groups that were empty and without message since a time; returns how many."""
    return conn.execute(_sql("forget_groups"), {"before": before}).rowcount


def add_member(conn: db.Connection, group_id: int, alert_id: int) -> bool:
    """Whether it was not in it before."""
    parameters = {"group_id": group_id, "alert_id": alert_id}
    return conn.execute(_sql("add_member"), parameters).rowcount > 0


def drop_members(conn: db.Connection, group_id: int, alert_ids: Sequence[int]) -> None:
    if alert_ids:
        conn.execute(_sql("drop_members"), {"group_id": group_id, "alert_ids": list(alert_ids)})


def members(conn: db.Connection, group_id: int) -> list[MemberRow]:
    """By id. One whose end is not routed yet still fires."""
    return [MemberRow(**row) for row in conn.execute(_sql("members"), {"group_id": group_id}).fetchall()]


def alert(conn: db.Connection, alert_id: int) -> MemberRow | None:
    row = conn.execute(_sql("alert"), {"alert_id": alert_id}).fetchone()
    return MemberRow(**row) if row else None


# What a look at a group needs, and writes.


def firing_with(conn: db.Connection, lookups: Sequence[Mapping[str, str]]) -> list[SourceRow]:
    """Alerts that fire and bear all labels of at least one of these."""
    if not lookups:
        return []
    parameters = {"lookups": [Jsonb(dict(one)) for one in lookups]}
    return [SourceRow(**row) for row in conn.execute(_sql("firing_with"), parameters).fetchall()]


def delivered(conn: db.Connection, alert_ids: Sequence[int]) -> set[tuple[int, str]]:
    """(alert, receiver) of all that was taken."""
    if not alert_ids:
        return set()
    rows = conn.execute(_sql("delivered"), {"alert_ids": list(alert_ids)})
    return {(row["alert_id"], row["receiver"]) for row in rows}


def cards(conn: db.Connection, states: Sequence[tuple[int, str]]) -> list[AlertCard]:
    """For each (alert, state to be told) its card, in the same order."""
    if not states:
        return []
    parameters = {"alert_ids": [one[0] for one in states], "states": [one[1] for one in states]}
    return [AlertCard(**row) for row in conn.execute(_sql("cards"), parameters).fetchall()]


def insert_notification(conn: db.Connection, new: NewNotification, now: datetime) -> int:
    """To be sent from now on; returns its id."""
    parameters = {
        "key": new.key,
        "receiver": new.receiver,
        "group_id": new.group_id,
        "alert_ids": list(new.alert_ids),
        "reason": new.reason,
        "document": msgspec.json.encode(new.document).decode(),
        "now": now,
    }
    row = conn.execute(_sql("insert_notification"), parameters).fetchone()
    assert row is not None
    return int(row["id"])


def insert_test(conn: db.Connection, receiver: str, document: Mapping[str, Any], now: datetime) -> int:
    """'Send a test': the id, by which `notification` tells what became of it."""
    new = NewNotification(
        key=document["key"],
        receiver=receiver,
        group_id=None,
        alert_ids=(),
        reason="test",
        document=document,
    )
    return insert_notification(conn, new, now)


def insert_events(conn: db.Connection, events: Sequence[NewEvent]) -> None:
    if events:
        parameters = [
            {
                "alert_id": event.alert_id,
                "at": event.at,
                "kind": event.kind,
                "receiver": event.receiver,
                "actor": event.actor,
                "detail": Jsonb(dict(event.detail)),
            }
            for event in events
        ]
        conn.cursor().executemany(_sql("insert_event"), parameters)


# Escalation.


def insert_step(
    conn: db.Connection, *, alert_id: int, chain: str, step: int, route: str, due_at: datetime
) -> None:
    """Unless the alert has it already."""
    parameters = {"alert_id": alert_id, "chain": chain, "step": step, "route": route, "due_at": due_at}
    conn.execute(_sql("insert_step"), parameters)


def due_step(conn: db.Connection, now: datetime) -> StepRow | None:
    """The step that is due for longest, locked until the transaction ends."""
    row = conn.execute(_sql("due_step"), {"now": now}).fetchone()
    return StepRow(**row) if row else None


def put_step_off(conn: db.Connection, step: StepRow, due_at: datetime, cause: str) -> bool:
    """Whether it did not wait for this already."""
    parameters = {
        "alert_id": step.alert_id,
        "chain": step.chain,
        "step": step.step,
        "due_at": due_at,
        "cause": cause,
    }
    row = conn.execute(_sql("put_step_off"), parameters).fetchone()
    return bool(row and row["is_new"])


def finish_step(conn: db.Connection, step: StepRow, outcome: str, now: datetime) -> None:
    parameters = {
        "alert_id": step.alert_id,
        "chain": step.chain,
        "step": step.step,
        "outcome": outcome,
        "now": now,
    }
    conn.execute(_sql("finish_step"), parameters)


def next_due(conn: db.Connection) -> datetime | None:
    """When the next group or escalation step is due."""
    row = conn.execute(_sql("next_due")).fetchone()
    return row["at"] if row else None


# Delivery.


def claim(
    conn: db.Connection, receivers: Sequence[str], now: datetime, retry_at: datetime, term: int
) -> ClaimedRow | None:
    """The next due message to one of these, counted as attempted; in this term nobody gets it before `retry_at`."""
    parameters = {"receivers": list(receivers), "now": now, "retry_at": retry_at, "term": term}
    row = conn.execute(_sql("claim"), parameters).fetchone()
    return ClaimedRow(**row) if row else None


def take_over(conn: db.Connection, term: int, now: datetime) -> None:
    """What leaders of earlier terms were sending is due at once."""
    conn.execute(_sql("take_over"), {"term": term, "now": now})


def mark_sent(conn: db.Connection, notification_id: int, receipt: str | None, now: datetime) -> None:
    said = None if receipt is None else _storable(receipt)
    parameters = {"notification_id": notification_id, "receipt": said, "now": now}
    conn.execute(_sql("mark_sent"), parameters)


def mark_failed(
    conn: db.Connection, notification_id: int, *, error: str, retry_at: datetime | None, now: datetime
) -> None:
    """No `retry_at` makes it a dead letter."""
    said = _storable(error)
    parameters = {"notification_id": notification_id, "error": said, "retry_at": retry_at, "now": now}
    conn.execute(_sql("mark_failed"), parameters)


def _storable(text: str) -> str:
    """What a receiver said, as far as it can be stored: no NUL, no half of a surrogate pair, and not for ever."""
    return text[:LONGEST_SAID].replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def bury_unknown(conn: db.Connection, receivers: Sequence[str], now: datetime) -> list[ClaimedRow]:
    """What waits for a receiver that is none of these becomes a dead letter."""
    rows = conn.execute(_sql("bury_unknown"), {"receivers": list(receivers), "now": now}).fetchall()
    return [ClaimedRow(**row) for row in rows]


def fingerprints(conn: db.Connection, alert_ids: Sequence[int]) -> set[str]:
    rows = conn.execute(_sql("fingerprints"), {"alert_ids": list(alert_ids)})
    return {row["fingerprint"] for row in rows}


# What screens read.


def notification(conn: db.Connection, notification_id: int) -> NotificationRow | None:
    row = conn.execute(_sql("notification"), {"notification_id": notification_id}).fetchone()
    return NotificationRow(**row) if row else None


def recent_notifications(conn: db.Connection, receiver: str | None, limit: int) -> list[NotificationRow]:
    """The newest first; of one receiver, or of all."""
    rows = conn.execute(_sql("recent_notifications"), {"receiver": receiver, "limit": limit}).fetchall()
    return [NotificationRow(**row) for row in rows]


def dead_letters(conn: db.Connection, limit: int) -> list[NotificationRow]:
    """What could not be delivered, the newest first."""
    return [NotificationRow(**row) for row in conn.execute(_sql("dead_letters"), {"limit": limit}).fetchall()]


def receiver_results(conn: db.Connection, since: datetime) -> list[ReceiverResult]:
    """Of every receiver to which a message was made since."""
    return [
        ReceiverResult(**row) for row in conn.execute(_sql("receiver_results"), {"since": since}).fetchall()
    ]


def noisiest_rules(conn: db.Connection, since: datetime, limit: int) -> list[NoisyRule]:
    """By the messages that named their alerts."""
    rows = conn.execute(_sql("noisiest_rules"), {"since": since, "limit": limit}).fetchall()
    return [NoisyRule(**row) for row in rows]


def timeline(conn: db.Connection, alert_id: int) -> list[TimelineEntry]:
    """All that happened to an alert, and why somebody was told of it or not, oldest first."""
    rows = conn.execute(_sql("timeline"), {"alert_id": alert_id}).fetchall()
    unsaid = ("rank", "number")
    return [
        TimelineEntry(**{name: value for name, value in row.items() if name not in unsaid}) for row in rows
    ]


def _sql(name: str) -> LiteralString:
    return db.statements("alert_routing")[name]
