"""Alerts in the database: what pages read, and what the engine writes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, LiteralString

import msgspec
from psycopg.types.json import Jsonb

from storage import db
from storage.observations import Key

CHANNEL: Final = "alert_changed"
"""NOTIFY channel: told, without payload, when alerts changed; read them again."""

PAGE: Final = 200
"""Values of the past read at a time."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AlertRow:
    """One alert as a page shows it. Times are aware UTC and the observations' own, not the engine's."""

    id: int
    rule: str
    domain: str
    thing_id: str
    thing_name_vi: str
    thing_name_en: str
    property: str
    severity: str
    """info, warning or critical"""
    state: str
    """pending, firing or resolved"""
    title_vi: str
    title_en: str
    unit: str
    limit: float | None
    """What the value is held against; None for a rule that has no single one."""
    value: float
    """The newest value that the rule looked at (of a resolved alert: the one that resolved it)."""
    value_time: datetime
    peak: float
    """The worst value since pending_since."""
    pending_since: datetime
    firing_since: datetime | None
    resolved_at: datetime | None
    provenance: str
    """The weakest among the values behind it; a derived value counts as its inputs."""
    simulated: bool
    """True when any value behind it was simulated: the page must say so."""
    withdrawn: bool = False
    """True when late or corrected values say that it never was; citizens do not see these."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StreamRow:
    """A Datastream as rules find it. A Thing without a place stands where its parent does."""

    datastream_id: int
    thing_id: str
    domain: str
    property: str
    lat: float | None
    lon: float | None
    basin: str | None
    """The drainage basin, where the inventory names one."""


class SampleRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One observation as rules see it."""

    datastream_id: int
    time: datetime
    value: float
    quality: int
    arrived: datetime
    provenance: str


@dataclass(frozen=True, kw_only=True, slots=True)
class EvaluationRow:
    """What is remembered of a rule on a Datastream, and its open alert."""

    rule: str
    datastream_id: int
    alert_id: int | None
    memory: str
    """JSON of the alerts package's own."""
    announced: bool
    """Whether the open alert's firing was handed to the receivers."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EvaluationUpdate:
    rule: str
    datastream_id: int
    alert_id: int | None
    due_at: datetime | None
    memory: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordedRow:
    """An alert as far as the evaluation of its past needs it."""

    id: int
    state: str
    pending_since: datetime
    firing_since: datetime | None
    resolved_at: datetime | None
    announced: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenRow:
    """A pending or firing alert and what its rule looked at."""

    id: int
    rule: str
    domain: str
    property: str
    datastream_id: int
    state: str
    announced: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class RuleRow:
    """A rule in force, and the file that it stands in."""

    key: str
    digest: str
    """Of all that it says."""
    shape: str
    """Of what its alerts depend on."""
    source: str
    version: int
    """The newest in which it was edited in the control room; 0: it never was."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RuleChange:
    key: str
    change: str
    """added, changed or removed"""
    reshaped: bool
    """It would come to other alerts than before."""
    version_before: int
    """Of what was in force until now; 0: it was never edited, or was not there."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AlertFacts:
    """What stays the same about an alert: its rule, as it was then, and what it looks at."""

    rule: str
    domain: str
    thing_id: str
    datastream_id: int
    property: str
    severity: str
    title_vi: str
    title_en: str
    runbook_vi: str
    runbook_en: str
    labels: Mapping[str, str]
    unit: str
    limit: float | None
    for_citizens: bool
    condition: str
    suggestion: bool
    basis_vi: str
    basis_en: str
    public: str


@dataclass(frozen=True, kw_only=True, slots=True)
class AlertStanding:
    """What changes about an alert."""

    state: str
    value: float
    value_time: datetime
    peak: float
    pending_since: datetime
    firing_since: datetime | None
    resolved_at: datetime | None
    provenance: str


@dataclass(frozen=True, kw_only=True, slots=True)
class NewTransition:
    term: int
    """Of the leader that decided it."""
    alert_id: int
    at: datetime
    from_state: str
    to_state: str
    reason: str
    evidence: str
    """JSON"""
    decided_at: datetime
    outcome: str | None
    """Why nobody is to be told; None puts it into the outbox."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TransitionRow:
    """One entry of an alert's history."""

    id: int
    alert_id: int
    at: datetime
    from_state: str
    to_state: str
    reason: str
    evidence: dict[str, Any]
    decided_at: datetime
    processed_at: datetime | None
    outcome: str | None


# What pages read.


def active(conn: db.Connection) -> list[AlertRow]:
    """Pending and firing alerts that this role may see, worst first. The public role sees no pending ones."""
    return [AlertRow(**row) for row in conn.execute(_sql("active")).fetchall()]


def recent(conn: db.Connection, limit: int) -> list[AlertRow]:
    """Alerts that fire or have fired, the newest first."""
    return [AlertRow(**row) for row in conn.execute(_sql("recent"), {"limit": limit}).fetchall()]


def transitions(conn: db.Connection, alert_id: int) -> list[TransitionRow]:
    """The history of one alert, oldest first. Operators only: the public role can't read it."""
    rows = conn.execute(_sql("transitions"), {"alert_id": alert_id}).fetchall()
    return [TransitionRow(**row) for row in rows]


# What the engine reads and writes, inside its own transaction.


def samples_at(conn: db.Connection, keys: Sequence[Key]) -> list[SampleRow]:
    """The current values behind keys, by Datastream and time."""
    if not keys:
        return []
    times = [key[1] for key in keys]
    parameters = {
        "datastream_ids": [key[0] for key in keys],
        "times": times,
        "first": min(times),
        "last": max(times),
    }
    return [SampleRow(**row) for row in conn.execute(_sql("samples_at"), parameters).fetchall()]


def samples_from(
    conn: db.Connection, datastream_id: int, start: datetime, page: int = PAGE
) -> Iterator[SampleRow]:
    """A Datastream's values from `start` (inclusive) on, rising, read as far as they are taken."""
    after, including = start, True
    while True:
        parameters = {"datastream_id": datastream_id, "after": after, "including": including, "limit": page}
        rows = conn.execute(_sql("samples_from"), parameters).fetchall()
        yield from (SampleRow(**row) for row in rows)
        if len(rows) < page:
            return
        after, including = rows[-1]["time"], False


def streams(conn: db.Connection) -> list[StreamRow]:
    """Every Datastream."""
    return [StreamRow(**row) for row in conn.execute(_sql("streams")).fetchall()]


def samples_between(
    conn: db.Connection, spans: Sequence[tuple[int, datetime, datetime]]
) -> list[list[SampleRow]]:
    """For each (Datastream, begin, end) its values from `begin` to before `end`, rising."""
    found: list[list[SampleRow]] = [[] for _ in spans]
    if not spans:
        return found
    parameters = {
        "datastream_ids": [span[0] for span in spans],
        "begins": [span[1] for span in spans],
        "ends": [span[2] for span in spans],
        "first": min(span[1] for span in spans),
        "last": max(span[2] for span in spans),
    }
    for row in conn.execute(_sql("samples_between"), parameters):
        found[row.pop("number") - 1].append(SampleRow(**row))
    return found


def sample_before(
    conn: db.Connection, datastream_id: int, before: datetime, worst_quality: int
) -> SampleRow | None:
    """The newest value before a time that is at least so good."""
    parameters = {"datastream_id": datastream_id, "before": before, "worst_quality": worst_quality}
    row = conn.execute(_sql("sample_before"), parameters).fetchone()
    return SampleRow(**row) if row else None


def firings(conn: db.Connection, rule: str, datastream_id: int, since: datetime) -> int:
    """How often the rule began to fire on the Datastream since a time, by what is known now."""
    parameters = {"rule": rule, "datastream_id": datastream_id, "since": since}
    row = conn.execute(_sql("firings"), parameters).fetchone()
    return int(row["count"]) if row else 0


def mark_flapping(conn: db.Connection, alert_id: int) -> None:
    conn.execute(_sql("mark_flapping"), {"alert_id": alert_id})


def evaluations(conn: db.Connection, datastream_ids: Sequence[int]) -> list[EvaluationRow]:
    rows = conn.execute(_sql("evaluations"), {"datastream_ids": list(datastream_ids)}).fetchall()
    return [EvaluationRow(**row) for row in rows]


def due_evaluations(
    conn: db.Connection, until: datetime, limit: int, rules: Sequence[str]
) -> list[EvaluationRow]:
    """Those of these rules in which the mere passing of time to `until` changes something, the longest due first."""
    parameters = {"until": until, "limit": limit, "rules": list(rules)}
    rows = conn.execute(_sql("due_evaluations"), parameters).fetchall()
    return [EvaluationRow(**row) for row in rows]


def write_evaluations(conn: db.Connection, updates: Sequence[EvaluationUpdate]) -> None:
    if updates:
        conn.execute(
            _sql("write_evaluations"),
            {
                "rules": [u.rule for u in updates],
                "datastream_ids": [u.datastream_id for u in updates],
                "alert_ids": [u.alert_id for u in updates],
                "due_at": [u.due_at for u in updates],
                "memories": [u.memory for u in updates],
            },
        )


def evaluated(conn: db.Connection) -> set[tuple[str, int]]:
    """(rule, Datastream) of which something is remembered."""
    return {(row["rule"], row["datastream_id"]) for row in conn.execute(_sql("evaluated"))}


def forget_evaluations(
    conn: db.Connection, kept: Sequence[tuple[str, int]], reshaped: Sequence[str] = ()
) -> int:
    """Drops what is remembered of others than these (rule, Datastream), and of rules that begin anew."""
    parameters = {
        "rules": [rule for rule, _ in kept],
        "datastream_ids": [datastream_id for _, datastream_id in kept],
        "reshaped": list(reshaped),
    }
    return conn.execute(_sql("forget_evaluations"), parameters).rowcount


def recorded(conn: db.Connection, rule: str, datastream_id: int, since: datetime) -> list[RecordedRow]:
    """The alerts that lasted to `since` or later, oldest first, without withdrawn ones."""
    parameters = {"rule": rule, "datastream_id": datastream_id, "since": since}
    return [RecordedRow(**row) for row in conn.execute(_sql("recorded"), parameters).fetchall()]


def open_alerts(conn: db.Connection) -> list[OpenRow]:
    return [OpenRow(**row) for row in conn.execute(_sql("open_alerts")).fetchall()]


def put_in_force(conn: db.Connection, rules: Sequence[RuleRow], now: datetime) -> list[RuleChange]:
    """Keeps which rules are in force; returns what changed since."""
    parameters = {
        "keys": [rule.key for rule in rules],
        "digests": [rule.digest for rule in rules],
        "shapes": [rule.shape for rule in rules],
        "sources": [rule.source for rule in rules],
        "versions": [rule.version for rule in rules],
        "now": now,
    }
    return [RuleChange(**row) for row in conn.execute(_sql("put_in_force"), parameters).fetchall()]


def insert_alert(conn: db.Connection, facts: AlertFacts, standing: AlertStanding) -> int:
    """Returns its id."""
    parameters = {**_fields(facts), **_fields(standing), "labels": Jsonb(dict(facts.labels))}
    row = conn.execute(_sql("insert_alert"), parameters).fetchone()
    assert row is not None
    return int(row["id"])


def update_alerts(conn: db.Connection, standings: Sequence[tuple[int, AlertStanding]]) -> None:
    """What these alerts have become, in this order."""
    if standings:
        parameters = [{"alert_id": alert_id, **_fields(standing)} for alert_id, standing in standings]
        conn.cursor().executemany(_sql("update_alert"), parameters)


def end_alert(conn: db.Connection, alert_id: int, at: datetime) -> None:
    """Resolves it if it is open, whatever it was."""
    conn.execute(_sql("end_alert"), {"alert_id": alert_id, "at": at})


def withdraw_alert(conn: db.Connection, alert_id: int, now: datetime) -> None:
    conn.execute(_sql("withdraw_alert"), {"alert_id": alert_id, "now": now})


def announce_alert(conn: db.Connection, alert_id: int, now: datetime) -> None:
    """Its firing is handed to the receivers."""
    conn.execute(_sql("announce_alert"), {"alert_id": alert_id, "now": now})


def insert_transitions(conn: db.Connection, new: Sequence[NewTransition]) -> None:
    """In the order in which receivers are to hear of them."""
    if new:
        conn.cursor().executemany(_sql("insert_transition"), [_fields(transition) for transition in new])


def release_firing(conn: db.Connection, alert_id: int) -> None:
    """Puts its last firing, of which nobody was told, into the outbox."""
    conn.execute(_sql("release_firing"), {"alert_id": alert_id})


def tell(conn: db.Connection) -> None:
    """Tells the pages, at commit."""
    conn.execute(_sql("tell"))


def unread_since(conn: db.Connection, reader: str) -> datetime | None:
    """When the oldest batch was committed that a durable reader of the change feed has not had; None: it had all."""
    row = conn.execute(_sql("unread_since"), {"reader": reader}).fetchone()
    return row["committed_at"] if row else None


def _fields(row: AlertFacts | AlertStanding | NewTransition) -> dict[str, Any]:
    """Without the deep copies of dataclasses.asdict, which cost more than the statement."""
    return {name: getattr(row, name) for name in row.__dataclass_fields__}


def _sql(name: str) -> LiteralString:
    return db.statements("alert_log")[name]
