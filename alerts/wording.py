"""Alerts in words, in Vietnamese and English: one line an alert, a headline for several."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from alerts.model import Severity, State
from storage.alert_routing import AlertCard
from storage.model import HANOI, Provenance, Text, weakest
from storage.units import symbol

LANGUAGES: Final = ("vi", "en")
MARKS: Final = {
    Provenance.SIMULATED: Text(vi="[MÔ PHỎNG] ", en="[SIMULATED] "),
    Provenance.REPLAYED: Text(vi="[PHÁT LẠI] ", en="[REPLAYED] "),
    Provenance.FORECAST: Text(vi="[DỰ BÁO] ", en="[FORECAST] "),
    Provenance.DERIVED: Text(vi="[NGUỒN CHƯA RÕ] ", en="[UNKNOWN INPUTS] "),
}
TEST_MARK: Final = Text(vi="[THỬ] ", en="[TEST] ")
REASONS: Final = {
    "repeat": Text(vi="Nhắc lại: ", en="Reminder: "),
    "escalation": Text(vi="Chuyển cấp: ", en="Escalated: "),
}
SEVERITIES: Final = {
    Severity.INFO: Text(vi="Thông tin", en="Info"),
    Severity.WARNING: Text(vi="Cảnh báo", en="Warning"),
    Severity.CRITICAL: Text(vi="Nghiêm trọng", en="Critical"),
}
CLEAR: Final = Text(vi="Bình thường", en="Clear")
MEASURES: Final = {
    "rises": Text(vi="tăng {}", en="up {}"),
    "falls": Text(vi="giảm {}", en="down {}"),
    "above_usual": Text(vi="cao hơn thường lệ {}", en="{} above usual"),
    "below_usual": Text(vi="thấp hơn thường lệ {}", en="{} below usual"),
    "stuck": Text(vi="đứng yên ở {}", en="stuck at {}"),
}
"""What the value is of a condition that does not look at the value itself (alerts/conditions.py, `facts`)."""
TEMPLATE_FAILED: Final = Text(
    vi="(Mẫu tin riêng bị lỗi ở {place}, đây là mẫu chung.)",
    en="(This receiver's own template failed at {place}: this is the common one.)",
)
LATE_FROM_S: Final = 120
"""A transition is called late when it was seen this much after it took place."""
LINES: Final = 8
"""Alerts that a text lists one by one."""
TITLES: Final = 3
"""Different titles that a headline names."""


def text(told: Sequence[AlertCard], reason: str, language: str) -> str:
    """A line for one alert; for several a headline, a line each, and how many more there are."""
    begin = mark(weakest_of(told), language) + (
        REASONS[reason].in_language(language) if reason in REASONS else ""
    )
    if len(told) == 1:
        return begin + line(told[0], language)
    mixed = len({provenance(card) for card in told}) > 1
    lines = [
        f"• {mark(provenance(card), language) if mixed else ''}{line(card, language)}"
        for card in told[:LINES]
    ]
    more = len(told) - LINES
    rest = [_in(language, f"+{more} cảnh báo nữa", f"+{more} more")] if more > 0 else []
    return "\n".join([begin + _headline(told, language), *lines, *rest])


def line(card: AlertCard, language: str) -> str:
    """One alert in one line that can be read on its own, but for its mark."""
    title = _in(language, card.title_vi, card.title_en)
    place = _in(language, card.thing_name_vi, card.thing_name_en)
    ended = standing(card.state, card.withdrawn, language)
    return f"{ended}{title} – {place}{_value(card, language)}{_when(card, language)}"


def standing(state: str, withdrawn: bool, language: str) -> str:
    """What stands before an alert that is over, or never was."""
    if withdrawn:
        return _in(language, "Rút lại: ", "Withdrawn: ")
    return _in(language, "Đã hết: ", "Resolved: ") if state == State.RESOLVED else ""


def mark(weakest_provenance: Provenance, language: str) -> str:
    """What stands before everything that does not rest on real values."""
    found = MARKS.get(weakest_provenance)
    return found.in_language(language) if found else ""


def mark_of(document: Mapping[str, Any], language: str) -> str:
    """The same for a document."""
    if document["reason"] == "test":
        return TEST_MARK.in_language(language)
    return mark(Provenance(document["provenance"]), language)


def provenance(card: AlertCard) -> Provenance:
    """The weakest of what the alert and its newest evidence rest on."""
    said: Iterable[str] = (card.provenance, card.evidence.get("provenance", card.provenance))
    return weakest({Provenance(one) for one in said})


def weakest_of(told: Sequence[AlertCard]) -> Provenance:
    return weakest({provenance(card) for card in told})


def at(card: AlertCard) -> datetime:
    """When its present state began."""
    if card.state == State.RESOLVED and card.resolved_at is not None:
        return card.resolved_at
    return card.firing_since or card.pending_since


def number(value: float, language: str) -> str:
    """Six significant digits, in Vietnamese with a decimal comma."""
    written = f"{value:.6g}" if abs(value) < 1e6 else f"{value:.0f}"
    return written.replace(".", ",") if language == "vi" else written


def amount(value: float, unit: str, language: str) -> str:
    """A value with the symbol of its UCUM unit."""
    return f"{number(value, language)} {symbol(unit)}".strip()


def clock(time: datetime, language: str) -> str:
    """Hanoi's time: '20/07/2026 16:59' or '20 Jul 2026 16:59'."""
    local = time.astimezone(HANOI)
    return f"{local:%d/%m/%Y %H:%M}" if language == "vi" else f"{local.day} {local:%b %Y %H:%M}"


def part(document: Mapping[str, Any], name: str, language: str) -> str:
    """One word of a document's worst alert: title, place, severity, time or value; '-' where there is none."""
    if not document["alerts"]:
        return str(document["text"][language]) if name == "title" else "-"
    alert = document["alerts"][0]
    match name:
        case "title":
            shown = mark(Provenance(alert["provenance"]), language)
            return (
                shown + standing(alert["state"], alert["withdrawn"], language) + str(alert["title"][language])
            )
        case "place":
            return str(alert["thing"]["name"][language])
        case "severity":
            return SEVERITIES[Severity(alert["severity"])].in_language(language)
        case "time":
            return clock(datetime.fromisoformat(alert["transition"]["at"]), language)
        case _:
            return amount(alert["value"], alert["unit"], language)


def duration(seconds: float, language: str) -> str:
    """In minutes, from two hours on in hours, from two days on in days."""
    minutes = round(seconds / 60)
    if minutes < 120:
        return _in(language, f"{minutes} phút", f"{minutes} min")
    hours = round(minutes / 60, 1)
    if hours < 48:
        return _in(language, f"{number(hours, language)} giờ", f"{number(hours, language)} h")
    days = number(round(hours / 24, 1), language)
    return _in(language, f"{days} ngày", f"{days} days")


def _headline(told: Sequence[AlertCard], language: str) -> str:
    """'12 alerts, 2 of them resolved: Street flooded (9), Heavy rain (3)'."""
    count = len(told)
    ended = sum(card.state == State.RESOLVED for card in told)
    part = _in(language, f", {ended} đã hết", f", {ended} of them resolved")
    whole = _in(language, ", tất cả đã hết", ", all resolved")
    over = "" if ended == 0 else whole if ended == count else part
    titles = Counter(_in(language, card.title_vi, card.title_en) for card in told)
    named = [f"{title} ({times})" for title, times in list(titles.items())[:TITLES]]
    more = ["…"] if len(titles) > TITLES else []
    return f"{count} {_in(language, 'cảnh báo', 'alerts')}{over}: {', '.join([*named, *more])}"


def _value(card: AlertCard, language: str) -> str:
    """': 20 cm (limit 15 cm)'; it says when the limit is a suggestion of ours."""
    if card.condition == "absent":
        return f": {_in(language, 'lần cuối', 'last heard')} {clock(card.value_time, language)}"
    limit = _limit(card, language)
    return f": {_measured(card, language)}{f' ({limit})' if limit else ''}"


def _measured(card: AlertCard, language: str) -> str:
    value = amount(card.value, card.unit, language)
    measure, within_s = card.evidence.get("measure"), card.evidence.get("within_s")
    said = MEASURES[measure].in_language(language).format(value) if measure in MEASURES else value
    return f"{said} {_in(language, 'trong', 'in')} {duration(within_s, language)}" if within_s else said


def _limit(card: AlertCard, language: str) -> str:
    named = _in(language, "ngưỡng", "limit")
    if card.suggestion:
        named = _in(language, "ngưỡng đề xuất", "suggested limit")
    if card.limit is not None:
        return f"{named} {amount(card.limit, card.unit, language)}"
    low, high = card.evidence.get("low"), card.evidence.get("high")
    if low is None or high is None:
        return named if card.suggestion else ""
    bounds = f"{number(low, language)}–{amount(high, card.unit, language)}"
    return f"{named} {bounds}"


def _when(card: AlertCard, language: str) -> str:
    late_s = (card.decided_at - at(card)).total_seconds()
    late_by = duration(late_s, language)
    late = "" if late_s < LATE_FROM_S else _in(language, f", trễ {late_by}", f", late by {late_by}")
    flapping = _in(language, ", chập chờn", ", flapping") if card.flapping else ""
    return f", {clock(at(card), language)}{late}{flapping}"


def _in(language: str, vi: str, en: str) -> str:
    return vi if language == "vi" else en
