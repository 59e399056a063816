"""The words of alerting, as Prometheus uses them: rule, pending, firing, resolved, `for`, `keep_firing_for`. No I/O."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import msgspec

from alerts.conditions import Condition, Operand
from alerts.samples import Sample
from storage.model import Provenance, Text


class State(StrEnum):
    """Where a rule stands on one Datastream."""

    INACTIVE = "inactive"
    PENDING = "pending"
    FIRING = "firing"
    RESOLVED = "resolved"


class Severity(StrEnum):
    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


class Reason(StrEnum):
    """Why a state changed."""

    CONDITION_MET = "condition_met"
    """A value reached the limit."""
    HELD = "held"
    """The condition held for as long as `for` says."""
    CONDITION_ENDED = "condition_ended"
    """A value left the limit before `for` had elapsed."""
    CLEARED = "cleared"
    """Values stayed beyond the clear level for as long as `keep_firing_for` says."""
    SILENT = "silent"
    """No value came for so long: nothing can be said any more, or, where silence is the condition, it is met."""
    HEARD = "heard"
    """A value came, where silence is the condition."""
    CORRECTED = "corrected"
    """Late or corrected values say that it was otherwise."""
    RULE_CHANGED = "rule_changed"
    """The rule says something else now, and begins anew."""
    RULE_REMOVED = "rule_removed"
    """The rule is no longer in the catalogue."""
    THING_RETIRED = "thing_retired"
    """Its Thing is out of service."""


class Public(StrEnum):
    """How an alert reaches the public feed."""

    NEVER = "never"
    APPROVE = "approve"
    """By an operator, who is recorded."""
    AUTO = "auto"


@dataclass(frozen=True, kw_only=True, slots=True)
class Calendar:
    """When a rule is in force, in Hanoi's time. None: at all months, days, hours."""

    months: frozenset[int] | None = None
    weekdays: frozenset[int] | None = None
    """0 is Monday; of hours that pass midnight it is the day on which they began."""
    begins_min: int | None = None
    """Minutes of the day, inclusive; with `ends_min` before it the hours pass midnight."""
    ends_min: int | None = None
    """Exclusive."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CapWords:
    """What a CAP 1.2 message says of the alert; None: it follows from severity and kind (alerts/cap.py)."""

    event: Text | None = None
    category: tuple[str, ...] = ()
    urgency: str | None = None
    severity: str | None = None
    certainty: str | None = None
    response: tuple[str, ...] = ()
    instruction: Text | None = None
    """For citizens; the runbook is the operators'."""


RESERVED_LABELS: Final = frozenset(
    {"rule", "domain", "property", "severity", "thing", "area", "ward", "basin"}
)
"""What every alert is labelled with by itself; `kind` too, unless its rule says another."""
FLAPPING_WITHIN: Final = timedelta(hours=1)
"""Firings within so long are counted."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """What is watched on every Datastream of one property in one domain, and beside it on others."""

    key: str
    domain: str
    property: str
    unit: str
    condition: Condition
    operands: tuple[Operand, ...]
    """What its samples are of; the first is (domain, property) on the Thing itself, the anchor."""
    hold: timedelta
    """The TOML's `for`: how long the condition must hold, in the samples' own time."""
    keep_firing_for: timedelta
    """How long values must stay beyond the clear level before it is resolved."""
    interval: timedelta
    """The property's reporting interval: how long one value vouches for the time after it."""
    stale_after: timedelta
    """A pending alert is dropped when no value came for this long."""
    resolve_when_silent: timedelta
    """A firing alert is resolved when no value came for this long."""
    late_horizon: timedelta
    """A transition older than this tells nobody, unless the condition still holds."""
    worst_quality: int
    """Values with a higher QARTOD flag are not looked at."""
    flapping: int
    """From so many firings within FLAPPING_WITHIN on it counts as flapping."""
    calendar: Calendar | None
    things: frozenset[str] | None
    """None: every Thing of the domain that has the property."""
    severity: Severity
    title: Text
    runbook: Text
    labels: Mapping[str, str]
    for_citizens: bool
    """Whether the citizens' map shows it; a weak battery is the operators' business."""
    public: Public
    cap: CapWords
    suggestion: bool
    """True while the limit is our suggestion [S] and not an official one."""
    basis: Text
    """Where the limit comes from."""
    source: str
    """The file it stands in, for messages."""


class Episode(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One run of a rule on a Datastream, from its first bad value to its end: what becomes a row of `alert`."""

    state: State
    """PENDING, FIRING or RESOLVED; resolved without firing_since: it was only pending."""
    first: Sample
    peak: Sample
    last: Sample
    pending_since: datetime
    firing_since: datetime | None = None
    resolved_at: datetime | None = None
    provenance: Provenance
    """The weakest of all samples behind it."""
    beside: tuple[Sample, ...] = ()
    """Of a condition that looks at more than one Datastream or at the past: what it last rested on."""

    @property
    def open(self) -> bool:
        return self.state is not State.RESOLVED


class Evaluation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What must be remembered of a rule on a Datastream between two rounds.

    An inactive one remembers no past but, where silence is the condition, its newest sample.
    """

    evaluated_to: datetime | None = None
    """A sample at or before this comes late."""
    episode: Episode | None = None
    """Pending or firing; None: inactive."""
    clearing_since: datetime | None = None
    """While firing: the first of an unbroken run of cleared values."""
    heard: Sample | None = None
    """Where silence is the condition: the newest sample."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Transition:
    """A change of state at a moment out there, with the episode as it then stood."""

    at: datetime
    from_state: State
    to_state: State
    reason: Reason
    episode: Episode
