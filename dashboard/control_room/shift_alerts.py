"""Alerts of a shift as rows of a table; many of one rule are one row with their places. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final

from dashboard.control_room import alert_view
from dashboard.control_room.alert_words import lasting, stamp
from dashboard.control_room.language import Language
from dashboard.control_room.report_document import Cell
from dashboard.control_room.texts import say
from dashboard.data import CityView
from storage.alert_pages import PageAlert

COLUMNS: Final = ("severity", "alert", "since", "until", "lasted", "worst", "seen_to")
TOGETHER: Final = 4
"""From so many of one rule on they are one row."""
DAY: Final = len("22/11/2026 ")


def rows(alerts: Iterable[PageAlert], end: datetime, view: CityView, shown: Language) -> Iterator[list[Cell]]:
    """As they were at the shift's end: what ended later went on. In the order in which each kind comes first."""
    kinds: dict[tuple[str, str], list[PageAlert]] = {}
    for alert in alerts:
        kinds.setdefault((alert.severity, alert.rule), []).append(alert)
    for kind in kinds.values():
        for together in [kind] if len(kind) >= TOGETHER else [[alert] for alert in kind]:
            yield _row(together, end, view, shown)


def _row(alerts: Sequence[PageAlert], end: datetime, view: CityView, shown: Language) -> list[Cell]:
    over = [
        alert.resolved_at for alert in alerts if alert.resolved_at is not None and alert.resolved_at < end
    ]
    return [
        say(f"severity_{alerts[0].severity}", shown),
        _title(alerts, shown),
        _between([_since(alert) for alert in alerts]),
        _until(over, len(alerts) - len(over), shown),
        _longest(alerts, end, shown),
        _worst(alerts, view, shown),
        _seen_to(alerts, end),
    ]


def _title(alerts: Sequence[PageAlert], shown: Language) -> str:
    places = ", ".join(dict.fromkeys(alert_view.place(alert, shown) for alert in alerts))
    many = f" ×{len(alerts)}" if len(alerts) > 1 else ""
    marks = list(dict.fromkeys(mark for alert in alerts for mark in alert_view.marks(alert, shown)))
    if any(alert.withdrawn for alert in alerts):
        marks.append(say("alert_withdrawn", shown))
    said = f"{alert_view.title(alerts[0], shown)}{many} – {places}"
    return f"{said} ({', '.join(marks)})" if marks else said


def _since(alert: PageAlert) -> datetime:
    assert alert.firing_since is not None
    return alert.firing_since


def _between(times: Sequence[datetime]) -> str:
    """'22/11/2026 14:02 – 14:31': of one day the second is a clock's time alone."""
    first, last = stamp(min(times)), stamp(max(times))
    if first == last:
        return first
    return f"{first} – {last.removeprefix(first[:DAY])}"


def _until(over: Sequence[datetime], still: int, shown: Language) -> str:
    if not over:
        return say("still", shown)
    if not still:
        return _between(over)
    return f"{_between(over)}; {say('shift_some_go_on', shown).format(count=still)}"


def _longest(alerts: Sequence[PageAlert], end: datetime, shown: Language) -> str:
    seconds = max(
        ((min(alert.resolved_at, end) if alert.resolved_at else end) - _since(alert)).total_seconds()
        for alert in alerts
    )
    return lasting(seconds if seconds < 60 else seconds // 60 * 60, shown)


def _worst(alerts: Sequence[PageAlert], view: CityView, shown: Language) -> str:
    """The value farthest from its limit; of what fell silent there is none."""
    measured = [alert for alert in alerts if alert.condition != "absent"]
    if not measured:
        return "–"
    worst = max(measured, key=lambda alert: abs(alert.peak - (alert.limit or 0.0)))
    return alert_view.scale(worst, view, shown).value(worst.peak)


def _seen_to(alerts: Sequence[PageAlert], end: datetime) -> str:
    names = [
        alert.acknowledged_by
        for alert in alerts
        if alert.acknowledged_by is not None
        and alert.acknowledged_at is not None
        and alert.acknowledged_at < end
    ]
    if not names:
        return "–"
    share = f" ({len(names)}/{len(alerts)})" if len(alerts) > 1 else ""
    return f"{', '.join(dict.fromkeys(names))}{share}"
