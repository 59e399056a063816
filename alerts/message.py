"""What a receiver is told: one JSON document for the alerts of a group, in both languages, with what they rest on."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from alerts import wording
from alerts.model import Severity, State
from storage.alert_routing import AlertCard
from storage.model import Provenance

VERSION: Final = 2
REAL: Final = frozenset({Provenance.MEASURED, Provenance.MANUAL})
"""Only what rests on nothing but such values may be taken for a warning; the words are CAP's status."""


def document(
    *,
    key: str,
    receiver: str,
    reason: str,
    group: Mapping[str, str],
    alerts: Sequence[AlertCard],
    now: datetime,
    base_url: str | None,
) -> dict[str, Any]:
    """The JSON that receivers get and that is kept. Times are ISO 8601 in UTC, texts have Hanoi's time.

    `alerts` is not empty; the document has them sorted by what is worst. `base_url` is the control room's, for links.
    """
    told = sorted(alerts, key=_worst_first)
    provenance = wording.weakest_of(told)
    shown: list[dict[str, Any]] = msgspec.to_builtins([_alert(card, base_url) for card in told])
    return {
        "version": VERSION,
        "key": key,
        "receiver": receiver,
        "reason": reason,
        "status": status(provenance),
        "provenance": provenance.value,
        "simulated": provenance is Provenance.SIMULATED,
        "created_at": _iso(now),
        "group": dict(group),
        "url": _page(told, base_url),
        "text": {language: wording.text(told, reason, language) for language in wording.LANGUAGES},
        "alerts": shown,
    }


def test_document(receiver: str, who: str, now: datetime) -> dict[str, Any]:
    """'Send a test': the same form without an alert, that nobody can take for a warning."""
    vi, en = wording.clock(now, "vi"), wording.clock(now, "en")
    return {
        "version": VERSION,
        "key": f"hanoi-test-{receiver}-{int(now.timestamp() * 1000)}",
        "receiver": receiver,
        "reason": "test",
        "status": "exercise",
        "provenance": None,
        "simulated": False,
        "created_at": _iso(now),
        "group": {},
        "url": None,
        "text": {
            "vi": f"{wording.TEST_MARK.vi}Tin thử tới {receiver}, {who} gửi lúc {vi}. Không có sự cố nào.",
            "en": f"{wording.TEST_MARK.en}A test for {receiver}, sent by {who}, {en}. Nothing has happened.",
        },
        "alerts": [],
    }


test_document.__test__ = False  # type: ignore[attr-defined]  # pytest takes the name for a test


def status(provenance: Provenance) -> str:
    """'actual' or 'exercise'."""
    return "actual" if provenance in REAL else "exercise"


def _alert(card: AlertCard, base_url: str | None) -> dict[str, Any]:
    provenance, began = wording.provenance(card), wording.at(card)
    return {
        "id": card.id,
        "fingerprint": card.fingerprint,
        "url": None if base_url is None else _alert_page(card, base_url),
        "status": status(provenance),
        "provenance": provenance.value,
        "simulated": provenance is Provenance.SIMULATED,
        "text": {
            language: wording.mark(provenance, language) + wording.line(card, language)
            for language in wording.LANGUAGES
        },
        "rule": card.rule,
        "domain": card.domain,
        "property": card.property,
        "severity": card.severity,
        "condition": card.condition,
        "title": {"vi": card.title_vi, "en": card.title_en},
        "runbook": {"vi": card.runbook_vi, "en": card.runbook_en},
        "labels": dict(card.labels),
        "unit": card.unit,
        "limit": card.limit,
        "suggestion": card.suggestion,
        "basis": {"vi": card.basis_vi, "en": card.basis_en},
        "value": card.value,
        "value_time": card.value_time,
        "peak": card.peak,
        "state": card.state,
        "pending_since": card.pending_since,
        "firing_since": card.firing_since,
        "resolved_at": card.resolved_at if card.state == State.RESOLVED else None,
        "withdrawn": card.withdrawn,
        "flapping": card.flapping,
        "acknowledged": _acknowledged(card),
        "thing": {
            "id": card.thing_id,
            "name": {"vi": card.thing_name_vi, "en": card.thing_name_en},
            "location": None if card.lat is None else {"lat": card.lat, "lon": card.lon},
        },
        "transition": {
            "to": card.state,
            "at": began,
            "decided_at": card.decided_at,
            "late_s": max(0, round((card.decided_at - began).total_seconds())),
        },
        "evidence": dict(card.evidence),
    }


def _acknowledged(card: AlertCard) -> dict[str, Any] | None:
    if card.acknowledged_at is None:
        return None
    return {"at": card.acknowledged_at, "by": card.acknowledged_by, "note": card.acknowledgement}


def _worst_first(card: AlertCard) -> tuple[bool, int, datetime, int]:
    ended = card.state == State.RESOLVED
    return ended, -list(Severity).index(Severity(card.severity)), wording.at(card), card.id


def _page(told: Sequence[AlertCard], base_url: str | None) -> str | None:
    """Of one alert its page, of several the control room's first."""
    if base_url is None:
        return None
    return _alert_page(told[0], base_url) if len(told) == 1 else f"{base_url.rstrip('/')}/ops/"


def _alert_page(card: AlertCard, base_url: str) -> str:
    return f"{base_url.rstrip('/')}/ops/alerts/{card.id}"


def _iso(time: datetime) -> str:
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")
