"""The alert queue: which alerts, in which order, in which words. Pure."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from dashboard.control_room.alert_view import acknowledged, silence_matchers
from dashboard.control_room.alert_words import stamp
from dashboard.control_room.language import Language
from dashboard.control_room.room import RoomView
from dashboard.control_room.texts import say
from dashboard.data import CityView
from storage.alert_log import AlertRow
from storage.silences import SilenceRow
from storage.units import symbol

RESOLVED_SHOWN_FOR: Final = timedelta(hours=12)
RESOLVED_SHOWN: Final = 10
SEVERITIES: Final = ("critical", "warning", "info")
"""The worst first."""


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
    acknowledged: str | None
    """Who sees to it and since when; None while it waits for somebody."""
    silenced: str | None
    """By whom and until when nobody is told; None while people are."""
    silence_matchers: tuple[str, ...]
    """What a silence of this alert alone would match."""


def queue(alerts: Iterable[AlertRow], seen_to: Collection[int], now: datetime) -> list[AlertRow]:
    """What fires and waits, what somebody sees to, what may fire soon, what lately ended; worst and newest first.

    `seen_to`: numbers of the alerts that are acknowledged.
    """
    by_state: dict[str, list[AlertRow]] = {"firing": [], "pending": [], "resolved": []}
    for alert in alerts:
        by_state.setdefault(alert.state, []).append(alert)
    ended = [a for a in by_state["resolved"] if a.resolved_at and now - a.resolved_at < RESOLVED_SHOWN_FOR]
    return [
        *_worst_first(alert for alert in by_state["firing"] if alert.id not in seen_to),
        *_worst_first(alert for alert in by_state["firing"] if alert.id in seen_to),
        *_worst_first(by_state["pending"]),
        *sorted(ended, key=lambda a: (a.resolved_at, a.id), reverse=True)[:RESOLVED_SHOWN],
    ]


def _worst_first(alerts: Iterable[AlertRow]) -> list[AlertRow]:
    newest_first = sorted(alerts, key=since, reverse=True)
    return sorted(newest_first, key=lambda alert: SEVERITIES.index(alert.severity))


def since(alert: AlertRow) -> datetime:
    return alert.firing_since or alert.pending_since


def shown_queue(room: RoomView, view: CityView, now: datetime, language: Language) -> tuple[ShownAlert, ...]:
    """The queue in words."""
    seen_to = {row.id for row in room.handling.values() if row.acknowledged_at is not None}
    return tuple(_shown(alert, room, view, language) for alert in queue(room.alerts, seen_to, now))


def _shown(alert: AlertRow, room: RoomView, view: CityView, language: Language) -> ShownAlert:
    english = language == "en"
    handling, silence = room.handling.get(alert.id), room.muted.get(alert.id)
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
        acknowledged=acknowledged(handling, language) if handling else None,
        silenced=_silenced(silence, language) if silence else None,
        silence_matchers=silence_matchers(alert.rule, alert.thing_id),
    )


def _silenced(row: SilenceRow, language: Language) -> str:
    said = say(f"silenced_{row.kind}", language)
    return said.format(who=row.author, until=stamp(row.ends_at), why=row.reason)
