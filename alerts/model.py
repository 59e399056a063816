"""The words of alerting, as Prometheus uses them: rule, pending, firing, resolved, `for`, `keep_firing_for`. No I/O."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

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
    """No value came for so long that nothing can be said any more."""
    CORRECTED = "corrected"
    """Late or corrected values say that it was otherwise."""
    RULE_REMOVED = "rule_removed"
    """The rule is no longer in the catalogue."""


class Sample(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One value as a rule sees it. Times are aware."""

    time: datetime
    """When it happened (phenomenon time)."""
    value: float
    quality: int
    """QARTOD: 1 good, 2 not evaluated, 3 suspect, 4 fail, 9 missing."""
    provenance: Provenance
    """Of a derived value the weakest of its inputs, when known."""
    arrived: datetime
    """When it was stored."""


class Comparison(StrEnum):
    ABOVE = "above"
    AT_LEAST = "at_least"
    BELOW = "below"
    AT_MOST = "at_most"

    @property
    def upward(self) -> bool:
        """Whether larger is worse."""
        return self in (Comparison.ABOVE, Comparison.AT_LEAST)


@dataclass(frozen=True, kw_only=True, slots=True)
class Threshold:
    """A limit that starts an alert, and the clear level (hysteresis) that a value must pass to end it."""

    comparison: Comparison
    limit: float
    clear: float | None = None
    """None: it ends as soon as the condition is no longer met."""

    def met(self, value: float) -> bool:
        match self.comparison:
            case Comparison.ABOVE:
                return value > self.limit
            case Comparison.AT_LEAST:
                return value >= self.limit
            case Comparison.BELOW:
                return value < self.limit
            case Comparison.AT_MOST:
                return value <= self.limit

    def cleared(self, value: float) -> bool:
        """Whether the value is on the good side of the clear level; the level itself is not yet."""
        if self.clear is None:
            return not self.met(value)
        return value < self.clear if self.comparison.upward else value > self.clear

    def worse(self, one: Sample, other: Sample) -> Sample:
        """The sample that lies further beyond the limit; of equals the first."""
        beyond = other.value > one.value if self.comparison.upward else other.value < one.value
        return other if beyond else one


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """What is watched on every Datastream of one property in one domain."""

    key: str
    domain: str
    property: str
    unit: str
    condition: Threshold
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
    severity: Severity
    title: Text
    runbook: Text
    labels: Mapping[str, str]
    for_citizens: bool
    """Whether the citizens' map shows it; a weak battery is the operators' business."""
    suggestion: bool
    """True while the limit is our suggestion [S] and not an official one."""
    basis: str
    """Where the limit comes from."""
    source: str
    """The file it stands in, for messages."""


class Episode(msgspec.Struct, frozen=True, kw_only=True):
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

    @property
    def open(self) -> bool:
        return self.state is not State.RESOLVED


class Evaluation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What must be remembered of a rule on a Datastream between two rounds. An inactive one remembers no past."""

    evaluated_to: datetime | None = None
    """A sample at or before this comes late."""
    episode: Episode | None = None
    """Pending or firing; None: inactive."""
    clearing_since: datetime | None = None
    """While firing: the first of an unbroken run of cleared values."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Transition:
    """A change of state at a moment out there, with the episode as it then stood."""

    at: datetime
    from_state: State
    to_state: State
    reason: Reason
    episode: Episode
