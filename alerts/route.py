"""Who is told of a transition, or why nobody is. Decisions come with their reason."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from alerts.model import Evaluation, Rule, State, Transition

RETROSPECTIVE: Final = "retrospective"
"""It happened too long ago and does not hold any more."""
NOT_ANNOUNCED: Final = "firing_was_not_announced"
"""The end of something that nobody was told of."""
ONLY_PENDING: Final = "only_pending"
"""Pending is the operators' screen's business, not the receivers'."""
REVISED: Final = "revised"
"""The receivers know this state already, only its time is another."""
NO_RECEIVER: Final = "no_receiver"
"""Nobody is configured to be told."""
ROUTED: Final = "routed"


def still_holds(rule: Rule, after: Evaluation, now: datetime) -> bool:
    """Whether it is firing at present: on a value that is not older than history begins."""
    episode = after.episode
    if episode is None or episode.state is not State.FIRING:
        return False
    return now - episode.last.time <= max(rule.late_horizon, rule.stale_after)


def withheld(
    rule: Rule, transition: Transition, *, announced: bool, holds: bool, now: datetime
) -> str | None:
    """Why the receivers are not to be told; None: they are. `announced`: they were told of its firing."""
    if transition.to_state in (State.PENDING, State.INACTIVE):
        return ONLY_PENDING
    if transition.to_state is State.RESOLVED:
        return None if announced else NOT_ANNOUNCED
    return None if announced or holds or now - transition.at <= rule.late_horizon else RETROSPECTIVE


def route(receivers: Sequence[str]) -> tuple[Sequence[str], str]:
    """Which receivers get a transition from the outbox, and what is recorded as its outcome."""
    return receivers, ROUTED if receivers else NO_RECEIVER
