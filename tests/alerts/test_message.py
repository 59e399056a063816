"""What receivers are told, in both languages. Expected texts are written by hand."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from alerts import message, wording
from alerts.examples import FLOODED, NOW, documents
from storage.alert_routing import AlertCard

REAL = replace(FLOODED, suggestion=False)
RAIN = replace(
    REAL,
    id=3,
    rule="rain-50",
    domain="rain",
    title_vi="Mưa rất to",
    title_en="Very heavy rain",
    thing_id="rain-hadong",
    thing_name_vi="Hà Đông",
    thing_name_en="Ha Dong",
    severity="critical",
    unit="mm",
    limit=50.0,
    value=62.5,
)


def told(
    *cards: AlertCard, reason: str = "firing", base_url: str | None = "http://127.0.0.1:8050"
) -> dict[str, Any]:
    return message.document(
        key="k-1",
        receiver="duty",
        reason=reason,
        group={"kind": "flood"},
        alerts=cards,
        now=NOW,
        base_url=base_url,
    )


def test_one_alert_is_one_line_in_the_style_of_each_language() -> None:
    assert told(REAL)["text"] == {
        "vi": "Ngập từ 15 cm – Cao Bá Quát: 20,5 cm (ngưỡng 15 cm), 20/07/2026 16:57",
        "en": "Street flooded 15 cm or more – Cao Ba Quat: 20.5 cm (limit 15 cm), 20 Jul 2026 16:57",
    }


def test_a_suggested_limit_is_called_a_suggestion() -> None:
    text = told(FLOODED)["text"]
    assert "(ngưỡng đề xuất 15 cm)" in text["vi"]
    assert "(suggested limit 15 cm)" in text["en"]


@pytest.mark.parametrize(
    ("provenance", "vi", "en"),
    [
        ("simulated", "[MÔ PHỎNG] ", "[SIMULATED] "),
        ("replayed", "[PHÁT LẠI] ", "[REPLAYED] "),
        ("forecast", "[DỰ BÁO] ", "[FORECAST] "),
        ("derived", "[NGUỒN CHƯA RÕ] ", "[UNKNOWN INPUTS] "),
    ],
)
def test_what_is_not_real_begins_with_what_it_is_and_is_an_exercise(
    provenance: str, vi: str, en: str
) -> None:
    document = told(replace(REAL, provenance=provenance))
    assert (document["status"], document["provenance"]) == ("exercise", provenance)
    assert document["simulated"] is (provenance == "simulated")
    assert document["text"]["vi"].startswith(f"{vi}Ngập")
    assert document["text"]["en"].startswith(f"{en}Street")
    assert document["alerts"][0]["text"]["en"].startswith(en)


@pytest.mark.parametrize("provenance", ["measured", "manual"])
def test_what_rests_on_measured_values_is_actual(provenance: str) -> None:
    document = told(replace(REAL, provenance=provenance))
    assert (document["status"], document["simulated"]) == ("actual", False)


def test_the_weakest_of_several_alerts_decides_the_status() -> None:
    document = told(REAL, replace(RAIN, provenance="simulated"))
    assert (document["status"], document["provenance"]) == ("exercise", "simulated")
    assert [alert["status"] for alert in document["alerts"]] == ["exercise", "actual"]
    assert document["text"]["en"].splitlines() == [
        "[SIMULATED] 2 alerts: Very heavy rain (1), Street flooded 15 cm or more (1)",
        "• [SIMULATED] Very heavy rain – Ha Dong: 62.5 mm (limit 50 mm), 20 Jul 2026 16:57",
        "• Street flooded 15 cm or more – Cao Ba Quat: 20.5 cm (limit 15 cm), 20 Jul 2026 16:57",
    ]


def test_evidence_of_weaker_values_counts_too() -> None:
    document = told(replace(REAL, evidence={"provenance": "replayed"}))
    assert document["provenance"] == "replayed"


def test_what_was_seen_late_says_by_how_much() -> None:
    late = replace(REAL, decided_at=NOW + timedelta(minutes=14))
    text = told(late)["text"]
    assert text["vi"].endswith(", 20/07/2026 16:57, trễ 17 phút")
    assert text["en"].endswith(", 20 Jul 2026 16:57, late by 17 min")
    assert told(late)["alerts"][0]["transition"]["late_s"] == 1020


@pytest.mark.parametrize(
    ("minutes", "vi", "en"),
    [
        (119, "trễ 119 phút", "late by 119 min"),
        (150, "trễ 2,5 giờ", "late by 2.5 h"),
        (2840, "trễ 47,3 giờ", "late by 47.3 h"),
        (4320, "trễ 3 ngày", "late by 3 days"),
    ],
)
def test_what_was_seen_very_late_says_it_in_hours_and_days(minutes: int, vi: str, en: str) -> None:
    text = told(replace(REAL, decided_at=NOW + timedelta(minutes=minutes - 3)))["text"]
    assert text["vi"].endswith(vi)
    assert text["en"].endswith(en)


def test_a_minute_is_not_late() -> None:
    assert "late" not in told(replace(REAL, decided_at=NOW - timedelta(minutes=2)))["text"]["en"]


def test_the_end_says_so_and_when() -> None:
    over = replace(REAL, state="resolved", resolved_at=NOW, decided_at=NOW, value=2.0)
    text = told(over)["text"]
    assert text["vi"] == "Đã hết: Ngập từ 15 cm – Cao Bá Quát: 2 cm (ngưỡng 15 cm), 20/07/2026 17:00"
    assert text["en"].startswith("Resolved: Street flooded")


def test_what_never_was_is_withdrawn() -> None:
    never = replace(REAL, state="resolved", resolved_at=NOW, decided_at=NOW, withdrawn=True)
    assert told(never)["text"]["vi"].startswith("Rút lại: ")
    assert told(never)["text"]["en"].startswith("Withdrawn: ")


@pytest.mark.parametrize(
    ("reason", "vi", "en"),
    [("repeat", "Nhắc lại: ", "Reminder: "), ("escalation", "Chuyển cấp: ", "Escalated: ")],
)
def test_a_reminder_and_an_escalation_say_so_after_the_mark(reason: str, vi: str, en: str) -> None:
    text = told(replace(REAL, provenance="simulated"), reason=reason)["text"]
    assert text["vi"].startswith(f"[MÔ PHỎNG] {vi}Ngập")
    assert text["en"].startswith(f"[SIMULATED] {en}Street")


def test_flapping_is_said() -> None:
    text = told(replace(REAL, flapping=True))["text"]
    assert text["vi"].endswith(", chập chờn")
    assert text["en"].endswith(", flapping")


def test_twelve_alerts_are_a_headline_eight_lines_and_how_many_more() -> None:
    many = [replace(REAL, id=number) for number in range(10, 20)]
    over = [replace(REAL, id=number, state="resolved", resolved_at=NOW) for number in (20, 21)]
    vi, en = (told(*over, *many)["text"][language].splitlines() for language in ("vi", "en"))
    assert len(vi) == len(en) == 10
    assert vi[0] == "12 cảnh báo, 2 đã hết: Ngập từ 15 cm (12)"
    assert en[0] == "12 alerts, 2 of them resolved: Street flooded 15 cm or more (12)"
    assert (vi[-1], en[-1]) == ("+4 cảnh báo nữa", "+4 more")
    assert all(line.startswith("• ") for line in vi[1:-1])


def test_a_headline_names_three_titles_at_most() -> None:
    cards = [replace(REAL, id=n, title_en=f"T{n}") for n in range(5)]
    assert told(*cards)["text"]["en"].splitlines()[0] == "5 alerts: T0 (1), T1 (1), T2 (1), …"


def test_all_over_is_said_once() -> None:
    cards = [replace(REAL, id=n, state="resolved", resolved_at=NOW) for n in range(2)]
    assert told(*cards)["text"]["en"].splitlines()[0].startswith("2 alerts, all resolved: ")


def test_the_worst_comes_first_and_what_is_over_last() -> None:
    over = replace(RAIN, id=1, state="resolved", resolved_at=NOW)
    info = replace(REAL, id=2, severity="info")
    assert [alert["id"] for alert in told(over, info, REAL, RAIN)["alerts"]] == [3, 7, 2, 1]


def test_silence_says_when_it_was_last_heard_and_no_value() -> None:
    silent = replace(REAL, condition="absent", limit=None)
    assert ": last heard 20 Jul 2026 16:59, " in told(silent)["text"]["en"]
    assert ": lần cuối 20/07/2026 16:59, " in told(silent)["text"]["vi"]


@pytest.mark.parametrize(
    ("evidence", "vi", "en"),
    [
        ({"measure": "rises", "within_s": 1800}, "tăng 20,5 cm trong 30 phút", "up 20.5 cm in 30 min"),
        ({"measure": "falls", "within_s": 9000}, "giảm 20,5 cm trong 2,5 giờ", "down 20.5 cm in 2.5 h"),
        ({"measure": "above_usual"}, "cao hơn thường lệ 20,5 cm", "20.5 cm above usual"),
        ({"measure": "below_usual"}, "thấp hơn thường lệ 20,5 cm", "20.5 cm below usual"),
        ({"measure": "stuck"}, "đứng yên ở 20,5 cm", "stuck at 20.5 cm"),
    ],
)
def test_a_measure_that_is_not_the_value_itself_is_named(evidence: dict[str, Any], vi: str, en: str) -> None:
    text = told(replace(REAL, evidence=evidence))["text"]
    assert f": {vi} (" in text["vi"]
    assert f": {en} (" in text["en"]


def test_a_range_is_shown_with_both_ends() -> None:
    text = told(replace(REAL, limit=None, unit="[pH]", value=9.3, evidence={"low": 6.0, "high": 8.5}))["text"]
    assert ": 9,3 pH (ngưỡng 6–8,5 pH)" in text["vi"]
    assert ": 9.3 pH (limit 6–8.5 pH)" in text["en"]


@pytest.mark.parametrize(
    ("value", "vi", "en"),
    [
        (0.0, "0", "0"),
        (-0.8, "-0,8", "-0.8"),
        (1234.5, "1234,5", "1234.5"),
        (2_500_000.0, "2500000", "2500000"),
    ],
)
def test_numbers_have_a_decimal_comma_in_vietnamese(value: float, vi: str, en: str) -> None:
    assert (wording.number(value, "vi"), wording.number(value, "en")) == (vi, en)


def test_times_in_texts_are_hanois_and_elsewhere_utc() -> None:
    late_evening = replace(REAL, firing_since=datetime(2026, 7, 20, 18, 30, tzinfo=UTC))
    document = told(late_evening)
    assert "21/07/2026 01:30" in document["text"]["vi"]
    assert document["alerts"][0]["firing_since"] == "2026-07-20T18:30:00Z"


def test_everything_can_be_kept_as_json() -> None:
    for document in documents():
        assert json.loads(json.dumps(document)) == document


def test_the_facts_of_an_alert_are_in_the_document() -> None:
    (alert,) = told(replace(REAL, evidence={"last": {"value": 20.5, "quality": 1}}))["alerts"]
    assert alert["evidence"] == {"last": {"value": 20.5, "quality": 1}}
    assert alert["thing"] == {
        "id": "flood-cao-ba-quat",
        "name": {"vi": "Cao Bá Quát", "en": "Cao Ba Quat"},
        "location": {"lat": 21.03018, "lon": 105.8395},
    }
    assert alert["transition"] == {
        "to": "firing",
        "at": "2026-07-20T09:57:00Z",
        "decided_at": "2026-07-20T09:57:00Z",
        "late_s": 0,
    }
    shown = {key: alert[key] for key in ("id", "rule", "severity", "unit", "limit", "value", "peak", "state")}
    assert shown == {
        "id": 7,
        "rule": "flood-15",
        "severity": "warning",
        "unit": "cm",
        "limit": 15.0,
        "value": 20.5,
        "peak": 22.0,
        "state": "firing",
    }


def test_a_thing_without_a_place_has_none() -> None:
    assert told(replace(REAL, lat=None, lon=None))["alerts"][0]["thing"]["location"] is None


@pytest.mark.parametrize("base_url", ["http://127.0.0.1:8050", "http://127.0.0.1:8050/"])
def test_links_lead_to_the_alerts_pages(base_url: str) -> None:
    one, two = told(REAL, base_url=base_url), told(REAL, RAIN, base_url=base_url)
    assert one["url"] == one["alerts"][0]["url"] == "http://127.0.0.1:8050/ops/alerts/7"
    assert two["url"] == "http://127.0.0.1:8050/ops/"
    assert [alert["url"] for alert in two["alerts"]] == [
        f"http://127.0.0.1:8050/ops/alerts/{n}" for n in (3, 7)
    ]


def test_without_a_control_room_there_are_no_links() -> None:
    document = told(REAL, base_url=None)
    assert (document["url"], document["alerts"][0]["url"]) == (None, None)


def test_who_has_acknowledged_is_told() -> None:
    seen = replace(REAL, acknowledged_at=NOW, acknowledged_by="lan", acknowledgement="đang đến")
    assert told(seen)["alerts"][0]["acknowledged"] == {
        "at": "2026-07-20T10:00:00Z",
        "by": "lan",
        "note": "đang đến",
    }


def test_a_test_can_not_be_taken_for_a_warning() -> None:
    document = message.test_document("duty", "lan", NOW)
    assert (document["status"], document["reason"], document["alerts"]) == ("exercise", "test", [])
    assert (
        document["text"]["vi"] == "[THỬ] Tin thử tới duty, lan gửi lúc 20/07/2026 17:00. Không có sự cố nào."
    )
    assert document["text"]["en"].startswith("[TEST] A test for duty, sent by lan, 20 Jul 2026 17:00.")
    assert document.keys() == told(REAL).keys()


def test_two_tests_have_two_keys() -> None:
    keys = {message.test_document("duty", "lan", NOW + timedelta(seconds=n))["key"] for n in range(2)}
    assert len(keys) == 2
