"""What the database knows of CAP messages and of the alerts behind them, as rows. No I/O."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class PublicAlert:
    """An alert that the public feed holds, or that may come into it, as it stands. Times are aware UTC."""

    id: int
    rule: str
    domain: str
    property: str
    severity: str
    """info, warning or critical"""
    condition: str
    title_vi: str
    title_en: str
    labels: Mapping[str, str]
    unit: str
    limit: float | None
    suggestion: bool
    """True while the limit is our own [S]."""
    value: float
    value_time: datetime
    peak: float
    state: str
    """firing or resolved; pending only where a published one was changed by hand"""
    pending_since: datetime
    resolved_at: datetime | None
    withdrawn: bool
    """By late or corrected values it never was."""
    provenance: str
    """The weakest among all values behind it, in any phase."""
    allowed: bool
    """By its rule's `public`, an operator's approval or refusal, and because citizens may see the Thing."""
    approved: bool
    announced: bool
    """Whether the receivers were told of it; false for what is only history."""
    published: bool
    """The feed holds a message of it that was not cancelled."""
    thing_id: str
    thing_name_vi: str
    thing_name_en: str
    lat: float | None
    lon: float | None
    coordinate_trust: str | None
    """V, M or S; None without a place."""
    transition_id: int | None
    """Of the newest transition: where the evidence is."""
    reason: str | None
    """Why it came to its present state (alerts.model.Reason)."""
    measure: str | None
    """What `value` is, where the condition does not look at the property's own value (alerts/conditions.py)."""
    within_s: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class SentMessage:
    """A message that was sent, as far as later ones refer to it."""

    alert_id: int
    number: int
    sender: str
    identifier: str
    msg_type: str
    status: str
    sent_at: datetime
    expires_at: datetime
    headline_vi: str
    headline_en: str
    severity: str
    """CAP's."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NewMessage:
    """A message to be sent, and why."""

    alert_id: int
    number: int
    sender: str
    identifier: str
    msg_type: str
    status: str
    sent_at: datetime
    expires_at: datetime
    headline_vi: str
    headline_en: str
    severity: str
    provenance: str
    peak: float | None
    document: str
    """XML"""
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class FeedMessage:
    """A message as the public feed shows it."""

    id: int
    identifier: str
    msg_type: str
    status: str
    sent_at: datetime
    expires_at: datetime
    headline_vi: str
    headline_en: str
    provenance: str
    document: str
    """XML"""
