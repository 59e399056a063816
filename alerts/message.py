"""What a receiver is told: one JSON document a transition, in both languages, with its evidence and provenance."""

from datetime import datetime
from typing import Any, Final

from alerts.model import State
from storage.alert_log import NotificationRow
from storage.model import HANOI, Provenance, Text
from storage.units import symbol

REAL: Final = frozenset({Provenance.MEASURED, Provenance.MANUAL})
"""Only what rests on nothing but such values may be taken for a warning; the words are CAP's status."""

MARKS: Final = {
    Provenance.SIMULATED: Text(vi="[MÔ PHỎNG] ", en="[SIMULATED] "),
    Provenance.REPLAYED: Text(vi="[PHÁT LẠI] ", en="[REPLAYED] "),
    Provenance.FORECAST: Text(vi="[DỰ BÁO] ", en="[FORECAST] "),
    Provenance.DERIVED: Text(vi="[NGUỒN CHƯA RÕ] ", en="[UNKNOWN INPUTS] "),
}
LATE_FROM_S: Final = 120
"""A transition is called late when it was seen this much after it took place."""


def key(row: NotificationRow) -> str:
    """The same for every attempt at the same transition: who honours it sees each once."""
    return f"hanoi-{row.alert_id}-{row.transition_id}-{int(row.at.timestamp())}"


def status(provenance: Provenance) -> str:
    """'actual' or 'exercise'."""
    return "actual" if provenance in REAL else "exercise"


def document(row: NotificationRow) -> dict[str, Any]:
    """The JSON that receivers get. Times are ISO 8601 in UTC, texts have Hanoi's time."""
    provenance = Provenance(row.evidence.get("provenance", row.provenance))
    late_s = max(0, round((row.decided_at - row.at).total_seconds()))
    return {
        "version": 1,
        "key": key(row),
        "status": status(provenance),
        "provenance": provenance.value,
        "simulated": provenance is Provenance.SIMULATED,
        "text": {"vi": text(row, "vi"), "en": text(row, "en")},
        "alert": {
            "id": row.alert_id,
            "rule": row.rule,
            "domain": row.domain,
            "property": row.property,
            "severity": row.severity,
            "title": {"vi": row.title_vi, "en": row.title_en},
            "runbook": {"vi": row.runbook_vi, "en": row.runbook_en},
            "labels": row.labels,
            "unit": row.unit,
            "limit": row.limit,
            "pending_since": row.pending_since,
            "firing_since": row.firing_since,
            "resolved_at": row.resolved_at if row.to_state == State.RESOLVED else None,
        },
        "thing": {
            "id": row.thing_id,
            "name": {"vi": row.thing_name_vi, "en": row.thing_name_en},
            "location": None if row.lat is None else {"lat": row.lat, "lon": row.lon},
        },
        "transition": {
            "from": row.from_state,
            "to": row.to_state,
            "reason": row.reason,
            "at": row.at,
            "decided_at": row.decided_at,
            "late_s": late_s,
        },
        "evidence": row.evidence,
    }


def text(row: NotificationRow, language: str) -> str:
    """One line that can be read on its own."""
    vi = language == "vi"
    provenance = Provenance(row.evidence.get("provenance", row.provenance))
    mark = MARKS[provenance].in_language(language) if provenance in MARKS else ""
    title, place = (row.title_vi, row.thing_name_vi) if vi else (row.title_en, row.thing_name_en)
    ended = row.to_state == State.RESOLVED
    prefix = ("Đã hết: " if vi else "Resolved: ") if ended else ""
    return f"{mark}{prefix}{title} – {place}{_value(row, vi)}{_when(row, vi)}"


def _value(row: NotificationRow, vi: bool) -> str:
    last = row.evidence.get("last")
    if last is None or row.limit is None:
        return ""
    limit, unit = "ngưỡng" if vi else "limit", symbol(row.unit)
    return f": {last['value']:g} {unit} ({limit} {row.limit:g} {unit})"


def _when(row: NotificationRow, vi: bool) -> str:
    local = row.at.astimezone(HANOI)
    late = (row.decided_at - row.at).total_seconds()
    minutes = round(late / 60)
    lateness = "" if late < LATE_FROM_S else f", trễ {minutes} phút" if vi else f", late by {minutes} min"
    return f", {_clock(local)}{lateness}"


def _clock(local: datetime) -> str:
    return f"{local:%H:%M %d/%m/%Y}"
