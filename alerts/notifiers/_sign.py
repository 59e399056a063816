"""What a sign or a siren at a Thing shows: the worst of the Thing's alerts, and all that it stands for. Pure.

Notifications may come twice and, after a failure, late: for each alert the newest decision counts, also of those
that have ended, which are remembered for a while.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from alerts import wording
from alerts.model import Severity, State

VERSION: Final = 1
REMEMBERED: Final = 32
"""Ended alerts of a Thing."""


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """An alert that is active."""

    id: int
    rule: str
    severity: str
    status: str
    provenance: str
    since: str
    decided_at: str
    text: dict[str, str]


class Sign(msgspec.Struct, frozen=True, kw_only=True):
    """The retained message, as far as it is read back."""

    alerts: list[Shown]
    ended: dict[str, str]
    """Alert id → when its end was decided."""


def sign_of(before: bytes | None, told: Sequence[Mapping[str, Any]], *, key: str, at: str) -> dict[str, Any]:
    """The new state of a Thing. `told`: its alerts in a notification (alerts.message), not empty."""
    kept = _read(before)
    alerts = {alert.id: alert for alert in kept.alerts}
    ended = dict(kept.ended)
    for alert in told:
        number, decided_at = alert["id"], alert["transition"]["decided_at"]
        known = alerts[number].decided_at if number in alerts else ended.get(str(number))
        if known is not None and _time(decided_at) < _time(known):
            continue
        if alert["state"] == State.RESOLVED:
            alerts.pop(number, None)
            ended[str(number)] = decided_at
        else:
            ended.pop(str(number), None)
            alerts[number] = _shown(alert)
    newest = dict(sorted(ended.items(), key=lambda item: _time(item[1]))[-REMEMBERED:])
    return _sign(sorted(alerts.values(), key=_worst_first), newest, told[0], key, at)


def test_sign(document: Mapping[str, Any]) -> dict[str, Any]:
    """For {prefix}/test: proves the way and moves nothing."""
    return {
        "version": VERSION,
        "state": "test",
        "status": document["status"],
        "text": document["text"],
        "key": document["key"],
        "updated_at": document["created_at"],
    }


test_sign.__test__ = False  # type: ignore[attr-defined]  # pytest takes the name for a test


def _sign(
    alerts: Sequence[Shown], ended: Mapping[str, str], told: Mapping[str, Any], key: str, at: str
) -> dict[str, Any]:
    worst = alerts[0] if alerts else None
    level = wording.SEVERITIES[Severity(worst.severity)] if worst else wording.CLEAR
    return {
        "version": VERSION,
        "thing": told["thing"]["id"],
        "domain": told["domain"],
        "state": "alert" if worst else "clear",
        "severity": worst.severity if worst else None,
        "level": {"vi": level.vi, "en": level.en},
        "text": worst.text if worst else told["text"],
        "since": worst.since if worst else told["transition"]["at"],
        "status": worst.status if worst else told["status"],
        "provenance": worst.provenance if worst else told["provenance"],
        "key": key,
        "updated_at": at,
        "alerts": msgspec.to_builtins(alerts),
        "ended": dict(ended),
    }


def _read(before: bytes | None) -> Sign:
    """Nothing that is no sign of ours is trusted."""
    try:
        return msgspec.json.decode(before or b"", type=Sign)
    except msgspec.DecodeError:
        return Sign(alerts=[], ended={})


def _shown(alert: Mapping[str, Any]) -> Shown:
    return Shown(
        id=alert["id"],
        rule=alert["rule"],
        severity=alert["severity"],
        status=alert["status"],
        provenance=alert["provenance"],
        since=alert["firing_since"] or alert["pending_since"],
        decided_at=alert["transition"]["decided_at"],
        text=dict(alert["text"]),
    )


def _worst_first(alert: Shown) -> tuple[bool, int, datetime, int]:
    """What is real comes before an exercise, whatever its severity."""
    return (
        alert.status != "actual",
        -list(Severity).index(Severity(alert.severity)),
        _time(alert.since),
        alert.id,
    )


def _time(written: str) -> datetime:
    return datetime.fromisoformat(written)
