"""The alert queue: which alerts, in which order, in which words. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from dashboard.control_room.language import Language
from dashboard.control_room.texts import say
from dashboard.data import CityView
from storage.alert_log import AlertRow
from storage.units import symbol

RESOLVED_SHOWN_FOR: Final = timedelta(hours=12)
RESOLVED_SHOWN: Final = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownAlert:
    id: int
    title: str
    place: str
    thing: str
    domain: str
    severity: str
    severity_word: str
    state: str
    state_word: str
    value: float
    peak: float
    limit: float | None
    decimals: int
    unit: str
    since: datetime
    value_time: datetime
    resolved_at: datetime | None
    simulated: bool


def queue(alerts: Iterable[AlertRow], now: datetime) -> list[AlertRow]:
    """What fires first, then what may soon, then what lately ended; the newest first in each."""
    by_state: dict[str, list[AlertRow]] = {"firing": [], "pending": [], "resolved": []}
    for alert in alerts:
        by_state.setdefault(alert.state, []).append(alert)
    ended = [a for a in by_state["resolved"] if a.resolved_at and now - a.resolved_at < RESOLVED_SHOWN_FOR]
    return [
        *sorted(by_state["firing"], key=since, reverse=True),
        *sorted(by_state["pending"], key=since, reverse=True),
        *sorted(ended, key=lambda a: (a.resolved_at, a.id), reverse=True)[:RESOLVED_SHOWN],
    ]


def since(alert: AlertRow) -> datetime:
    return alert.firing_since or alert.pending_since


def shown_alert(alert: AlertRow, view: CityView, language: Language) -> ShownAlert:
    english = language == "en"
    domain = view.domains.get(alert.domain)
    observed = domain.properties.get(alert.property) if domain else None
    return ShownAlert(
        id=alert.id,
        title=alert.title_en if english else alert.title_vi,
        place=alert.thing_name_en if english else alert.thing_name_vi,
        thing=alert.thing_id,
        domain=alert.domain,
        severity=alert.severity,
        severity_word=say(f"severity_{alert.severity}", language),
        state=alert.state,
        state_word=say("alert_withdrawn" if alert.withdrawn else f"alert_{alert.state}", language),
        value=alert.value,
        peak=alert.peak,
        limit=alert.limit,
        decimals=observed.decimals if observed else 1,
        unit=symbol(alert.unit),
        since=since(alert),
        value_time=alert.value_time,
        resolved_at=alert.resolved_at,
        simulated=alert.simulated,
    )
