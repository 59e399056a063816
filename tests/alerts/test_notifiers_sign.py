"""What a siren or a sign shows: the worst of a Thing's alerts, in whatever order and however often it is told."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from alerts import message
from alerts.examples import FLOODED, NOW
from alerts.notifiers._sign import REMEMBERED, sign_of
from storage.alert_routing import AlertCard

MINUTE = timedelta(minutes=1)
WARNING = replace(FLOODED, decided_at=NOW)
CRITICAL = replace(FLOODED, id=8, rule="flood-30", severity="critical", decided_at=NOW)


def alerts(*cards: AlertCard) -> list[dict[str, Any]]:
    document = message.document(
        key="k", receiver="signs", reason="firing", group={}, alerts=cards, now=NOW, base_url=None
    )
    return list(document["alerts"])


def over(card: AlertCard, at: datetime) -> AlertCard:
    return replace(card, state="resolved", resolved_at=at, decided_at=at)


def shown(*notifications: AlertCard) -> dict[str, Any]:
    """The sign after one notification an alert."""
    sign: dict[str, Any] = {}
    before: bytes | None = None
    for card in notifications:
        sign = sign_of(before, alerts(card), key="k", at="2026-07-20T10:00:00Z")
        before = json.dumps(sign).encode()
    return sign


def test_a_sign_says_how_bad_in_both_languages_and_since_when() -> None:
    sign = shown(WARNING)
    assert (sign["state"], sign["severity"], sign["status"]) == ("alert", "warning", "actual")
    assert sign["level"] == {"vi": "Cảnh báo", "en": "Warning"}
    assert sign["text"]["vi"].startswith("Ngập từ 15 cm – Cao Bá Quát")
    assert sign["since"] == "2026-07-20T09:57:00Z"
    assert (sign["thing"], sign["domain"], sign["key"]) == ("flood-cao-ba-quat", "flood", "k")


def test_of_several_alerts_the_worst_is_shown_until_it_ends() -> None:
    assert shown(WARNING, CRITICAL)["severity"] == "critical"
    assert shown(CRITICAL, WARNING)["severity"] == "critical"
    assert shown(WARNING, CRITICAL, over(CRITICAL, NOW + MINUTE))["severity"] == "warning"


def test_it_is_clear_when_all_have_ended() -> None:
    sign = shown(WARNING, CRITICAL, over(WARNING, NOW + MINUTE), over(CRITICAL, NOW + MINUTE))
    assert (sign["state"], sign["severity"], sign["alerts"]) == ("clear", None, [])
    assert sign["level"] == {"vi": "Bình thường", "en": "Clear"}


def test_told_twice_is_shown_once() -> None:
    assert shown(WARNING, WARNING) == shown(WARNING)


def test_an_old_firing_that_comes_late_does_not_start_the_siren_again() -> None:
    sign = shown(WARNING, over(WARNING, NOW + MINUTE), WARNING)
    assert sign["state"] == "clear"


def test_an_old_end_that_comes_late_does_not_silence_a_newer_firing() -> None:
    again = replace(WARNING, decided_at=NOW + 2 * MINUTE)
    assert shown(WARNING, again, over(WARNING, NOW + MINUTE))["state"] == "alert"


def test_moments_are_compared_as_times_and_not_as_text() -> None:
    sooner, later = NOW + timedelta(seconds=1), NOW + timedelta(seconds=1.5)
    assert shown(replace(WARNING, decided_at=sooner), over(WARNING, later))["state"] == "clear"


def test_what_is_real_is_shown_before_a_worse_exercise() -> None:
    sign = shown(WARNING, replace(CRITICAL, provenance="simulated"))
    assert (sign["severity"], sign["status"]) == ("warning", "actual")


def test_what_is_no_sign_of_ours_is_not_believed() -> None:
    for before in (b"", b"boo", b"[]", b'{"alerts": [1]}', b"\xff"):
        sign = sign_of(before, alerts(WARNING), key="k", at="t")
        assert [alert["id"] for alert in sign["alerts"]] == [7]


def test_ended_alerts_are_forgotten_after_a_while() -> None:
    many = [over(replace(WARNING, id=number), NOW + number * MINUTE) for number in range(40)]
    sign = shown(*many)
    assert list(sign["ended"]) == [str(number) for number in range(40 - REMEMBERED, 40)]
