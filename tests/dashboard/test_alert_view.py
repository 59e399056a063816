"""What the pages of alerts say: pure, so every state of them can be had."""

import json
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from dashboard.control_room import alert_board, alert_story, alert_view, alert_words
from dashboard.control_room.alert_board import Availability, OnDuty
from dashboard.control_room.alert_story import Sources
from dashboard.control_room.alert_texts import ALERT_TEXTS
from dashboard.control_room.alert_words import Scale
from dashboard.control_room.language import LANGUAGES, Language
from dashboard.control_room.watchdog_probe import read
from storage.alert_pages import AlertTitle, EscalationRow, PageAlert
from storage.alert_routing import GroupRow, ReceiverResult, TimelineEntry
from storage.leader import LeaderRow
from storage.silences import SilenceRow
from tests.dashboard.small_city import NOW, view

MINUTE = timedelta(minutes=1)
CM: dict[Language, Scale] = {
    language: Scale(unit="cm", decimals=0, language=language) for language in LANGUAGES
}
ALERT = PageAlert(
    id=7,
    rule="flood-30",
    domain="flood",
    property="water_depth",
    severity="critical",
    condition="threshold",
    title_vi="Ngập từ 30 cm",
    title_en="Flooded 30 cm or more",
    runbook_vi="Cấm đường.",
    runbook_en="Close the street.",
    labels={"rule": "flood-30", "thing": "tong-dan", "kind": "flood", "area": "to-lich", "ward": ""},
    unit="cm",
    limit=30.0,
    value=34.0,
    value_time=NOW - MINUTE,
    peak=41.0,
    state="firing",
    pending_since=NOW - 8 * MINUTE,
    firing_since=NOW - 7 * MINUTE,
    resolved_at=None,
    withdrawn=False,
    provenance="measured",
    suggestion=True,
    basis_vi="theo FEMA",
    basis_en="FEMA",
    flapping=False,
    acknowledged_at=None,
    acknowledged_by=None,
    acknowledgement=None,
    public="approve",
    for_citizens=True,
    approved_at=None,
    approved_by=None,
    refused_at=None,
    thing_id="tong-dan",
    thing_name_vi="Tông Đản",
    thing_name_en="Tong Dan",
    lat=21.03,
    lon=105.85,
)
SAMPLE = {
    "time": (NOW - MINUTE).isoformat(),
    "value": 34.0,
    "quality": 1,
    "provenance": "measured",
    "arrived": NOW.isoformat(),
}
EVIDENCE: dict[str, Any] = {
    "comparison": "at_least",
    "limit": 30.0,
    "clear": 28.0,
    "unit": "cm",
    "for_s": 60.0,
    "keep_firing_for_s": 600.0,
    "first": SAMPLE,
    "peak": {**SAMPLE, "value": 41.0},
    "last": SAMPLE,
    "provenance": "measured",
}


def alert(**changes: Any) -> PageAlert:
    return PageAlert(**{name: getattr(ALERT, name) for name in ALERT.__dataclass_fields__} | changes)


def entry(source: str, kind: str, **values: Any) -> TimelineEntry:
    given: dict[str, Any] = {
        "at": NOW,
        "receiver": None,
        "actor": None,
        "reason": None,
        "outcome": None,
        "happened_at": None,
        "detail": {},
    }
    return TimelineEntry(source=source, kind=kind, **(given | values))


def fired(outcome: str | None = "routed", **values: Any) -> TimelineEntry:
    given: dict[str, Any] = {"reason": "held", "happened_at": NOW, "detail": EVIDENCE}
    return entry("transition", "firing", outcome=outcome, **(given | values))


def message(kind: str, receiver: str = "sms", **values: Any) -> TimelineEntry:
    detail = {"notification": 1} | values.pop("detail", {})
    return entry("notification", kind, receiver=receiver, detail=detail, **({"reason": "firing"} | values))


def muted(reason: str, cause: str, receiver: str = "sms", **values: Any) -> TimelineEntry:
    detail = {"reason": reason, "cause": cause}
    return entry("event", "suppressed", receiver=receiver, reason=reason, detail=detail, **values)


def silence(kind: str = "silence", **changes: Any) -> SilenceRow:
    row: dict[str, Any] = {
        "id": 12,
        "kind": kind,
        "matchers": ["thing = tong-dan"],
        "starts_at": NOW - MINUTE,
        "ends_at": NOW + 60 * MINUTE,
        "author": "lan",
        "reason": "pump test",
        "created_at": NOW - MINUTE,
        "ended_at": None,
        "ended_by": None,
    }
    return SilenceRow(**(row | changes))


def group(receiver: str) -> GroupRow:
    return GroupRow(
        id=1,
        receiver=receiver,
        route="root",
        labels={},
        next_flush_at=NOW + MINUTE,
        flushed_at=None,
        told="{}",
        told_at=None,
    )


def story(*entries: TimelineEntry, language: Language = "en", **more: Any) -> list[str]:
    """The sentences, each with what stands below it."""
    sources = Sources(alert=ALERT, entries=entries, **more)
    lines = alert_story.timeline(sources, CM[language], language)
    return [f"{line.words} ({line.small})" if line.small else line.words for line in lines]


def why(*entries: TimelineEntry, receiver: str = "sms", language: Language = "en", **more: Any) -> str:
    sources = Sources(**({"alert": ALERT, "entries": entries} | more))
    found = alert_story.answers(sources, [receiver], NOW, language)
    return next(one.answer for one in found if one.receiver == receiver)


# Words.


@pytest.mark.parametrize(
    ("value", "decimals", "vi", "en"),
    [
        (70.684, 2, "70,68", "70.68"),
        (1234567.5, 1, "1.234.567,5", "1,234,567.5"),
        (-0.4, 0, "0", "0"),
        (-12.5, 1, "-12,5", "-12.5"),
    ],
)
def test_numbers_are_written_as_each_language_does(value: float, decimals: int, vi: str, en: str) -> None:
    assert alert_words.number(value, decimals, "vi") == vi
    assert alert_words.number(value, decimals, "en") == en


def test_times_are_hanoi_s_day_first() -> None:
    assert alert_words.stamp(NOW) == "22/11/2026 10:00"
    assert alert_words.stamp_s(NOW) == "22/11/2026 10:00:00"
    assert alert_words.near(NOW, NOW + MINUTE) == "10:00:00"
    assert alert_words.near(NOW, NOW + timedelta(days=1)) == "22/11/2026 10:00:00"


@pytest.mark.parametrize(
    ("seconds", "vi", "en"),
    [
        (0, "0 giây", "0 s"),
        (90, "1 phút 30 giây", "1 min 30 s"),
        (7200, "2 giờ", "2 h"),
        (90061, "25 giờ 1 phút", "25 h 1 min"),
        (180061, "2 ngày 2 giờ", "2 days 2 h"),
    ],
)
def test_a_length_of_time_is_said_in_its_two_largest_units(seconds: float, vi: str, en: str) -> None:
    assert (alert_words.lasting(seconds, "vi"), alert_words.lasting(seconds, "en")) == (vi, en)


@pytest.mark.parametrize(
    ("kind", "facts", "vi", "en"),
    [
        ("threshold", {"comparison": "at_least", "limit": 30.0}, "≥ 30 cm", "≥ 30 cm"),
        ("threshold", {"comparison": "below", "limit": 0.5}, "< 0,5 cm", "< 0.5 cm"),
        (
            "outside",
            {"comparison": "outside", "low": 6.5, "high": 8.5},
            "< 6,5 / > 8,5 cm",
            "< 6.5 / > 8.5 cm",
        ),
        ("stuck", {"measure": "stuck", "lasting_s": 7200.0}, "đứng yên ≥ 2 giờ", "stands still ≥ 2 h"),
        ("absent", {"measure": "absent", "absent_for_s": 900.0}, "im lặng ≥ 15 phút", "silent ≥ 15 min"),
        (
            "change",
            {"comparison": "above", "limit": 20.0, "measure": "rises", "within_s": 1800.0},
            "tăng trong 30 phút > 20 cm",
            "rise within 30 min > 20 cm",
        ),
        (
            "all",
            {
                "limit": 1.0,
                "all": [{"comparison": "above", "limit": 1.0}, {"comparison": "below", "limit": 9.0}],
            },
            "mọi điều kiện cùng lúc: > 1 cm; < 9 cm",
            "all of several conditions: > 1 cm; < 9 cm",
        ),
        ("threshold", {}, "vượt ngưỡng", "beyond a limit"),
    ],
)
def test_what_a_rule_holds_against_values_is_said_in_words(
    kind: str, facts: dict[str, Any], vi: str, en: str
) -> None:
    assert alert_words.condition(kind, facts, CM["vi"]) == vi
    assert alert_words.condition(kind, facts, CM["en"]) == en


@pytest.mark.parametrize(
    ("labels", "language", "named"),
    [
        ({"kind": "flood", "area": "to-lich"}, "vi", ("Úng ngập", "Lưu vực Tô Lịch")),
        ({"kind": "sensor", "area": "cau-bay"}, "en", ("Sensors", "Cầu Bây basin")),
        ({"kind": "siren", "area": "Phường Hoàn Kiếm"}, "en", ("siren", "Phường Hoàn Kiếm")),
    ],
)
def test_the_queue_names_kinds_and_areas(
    labels: dict[str, str], language: Language, named: tuple[str, str]
) -> None:
    [row] = alert_board.queue([replace(ALERT, labels=labels)], view(), language)["firing"]
    assert (row["kind_name"], row["area_name"]) == named
    assert (row["kind"], row["area"]) == (labels["kind"], labels["area"])


# The timeline.


def test_the_timeline_reads_like_a_report() -> None:
    group = {"area": "to-lich", "kind": "flood"}
    text = {"vi": "Ngập", "en": "Flooded"}
    told = {"notification": 1, "text": text}
    assert story(
        fired(),
        entry("event", "grouped", receiver="telegram", detail={"group": group}),
        entry("event", "grouped", receiver="sms", detail={"group": group}),
        message("told", "telegram", detail=told),
        message("told", "sms", detail=told),
        message("sent", "telegram", detail={"receipt": "4411"}),
        message("waiting", "sms", detail={"error": "answered 503", "attempts": 2}, at=NOW + MINUTE),
        entry("event", "acknowledged", actor="lan", detail={"note": "On my way"}),
        entry("event", "escalation_skipped", reason="acknowledged", detail={"cause": "lan"}),
    ) == [
        "It held for long enough: it fires (34 cm at 09:59:00)",
        "Goes to telegram, sms, grouped by area = to-lich, kind = flood",
        "Told to telegram, sms: it fires",
        "Delivered to telegram (receipt 4411)",
        "Not delivered to sms yet (attempt 2): answered 503; again at 22/11/2026 10:01:00",
        "lan acknowledged it (On my way)",
        "Not escalated: lan acknowledged it",
    ]


def test_the_timeline_is_in_vietnamese_too() -> None:
    assert story(
        fired(),
        muted("silenced", "12"),
        message("dead", detail={"error": "answered 403"}),
        language="vi",
        silences={12: silence()},
    ) == [
        "Kéo dài đủ lâu: cảnh báo bắt đầu (34 cm lúc 09:59:00)",
        "Không báo cho sms: số 12 tắt thông báo (lan: pump test) đến 11:00:00",
        "Bỏ, không giao cho sms nữa: answered 403",
    ]


def test_a_message_that_was_never_tried_has_one_line() -> None:
    assert story(message("told"), message("waiting", detail={"error": None})) == ["Told to sms: it fires"]


def test_the_message_itself_is_there_in_the_page_s_language() -> None:
    sources = Sources(
        alert=ALERT, entries=[message("told", detail={"text": {"vi": "Ngập", "en": "Flooded"}})]
    )
    (line,) = alert_story.timeline(sources, CM["vi"], "vi")
    assert line.text == "Ngập"


@pytest.mark.parametrize(
    ("entry_", "says"),
    [
        (muted("silenced", "12"), "Not told to sms: silenced by #12 (lan: pump test) until 11:00:00"),
        (muted("silenced", "13"), "Not told to sms: under maintenance, #13 (lan: pump test) until 11:00:00"),
        (
            muted("inhibited", "81"),
            "Not told to sms: inhibited by alert #81 Very heavy rain – Cau Giay",
        ),
        (muted("mute_time", "night"), "Not told to sms: its route is mute at the time 'night'"),
        (muted("acknowledged", "lan"), "Not told to sms: lan acknowledged it"),
        (muted("rerouted", ""), "Not told to sms: the routes were changed: it goes elsewhere now"),
        (
            muted("ended_before_told", ""),
            "Not told to sms: it was over before it was its turn to be told",
        ),
        (muted("a_later_reason", ""), "Not told to sms: a later reason"),
    ],
)
def test_why_nobody_was_told_is_said_with_its_cause(entry_: TimelineEntry, says: str) -> None:
    titles = {
        81: AlertTitle(
            id=81,
            title_vi="Mưa rất to",
            title_en="Very heavy rain",
            thing_name_vi="Cầu Giấy",
            thing_name_en="Cau Giay",
        )
    }
    silences = {12: silence(), 13: silence("maintenance", id=13)}
    assert story(entry_, silences=silences, titles=titles) == [says]


def test_an_inhibited_alert_leads_to_the_one_that_inhibits_it() -> None:
    (line,) = alert_story.timeline(Sources(alert=ALERT, entries=[muted("inhibited", "81")]), CM["en"], "en")
    assert line.link == {"href": "/ops/alerts/81", "text": "See alert 81"}
    assert alert_story.spoken_of([muted("inhibited", "81"), muted("silenced", "12")]) == ([12], [81])


def test_a_late_transition_says_when_it_happened() -> None:
    late = fired("retrospective", happened_at=NOW - 42 * MINUTE)
    assert story(late) == [
        "It held for long enough: it fires (34 cm at 09:59:00 · happened at 09:18:00, seen late by 42 min"
        " · nobody is told: it was too long ago, and is over)"
    ]


def test_an_escalation_names_who_was_on_call() -> None:
    escalated = entry("event", "escalated", detail={"chain": "duty", "step": 1, "receivers": ["roster:duty"]})
    assert story(escalated, named=lambda target, at: "Lan") == ["Escalated (step 1) to on call: Lan"]


def test_what_a_later_version_writes_is_shown_and_breaks_nothing() -> None:
    assert story(entry("event", "carrier_pigeon", receiver="loft")) == ["carrier pigeon loft"]
    assert story(entry("event", "published")) == ["Public message: , "]


# Why did I (not) get this?


def test_who_got_it_hears_when_and_with_which_receipt() -> None:
    sent = message("sent", detail={"receipt": "4411"}, at=NOW + MINUTE)
    assert (
        why(fired(), message("told"), sent)
        == "You did: it fires, delivered at 22/11/2026 10:01:00 (receipt 4411)."
    )


def test_who_did_not_get_it_hears_why() -> None:
    assert (
        why(fired(), muted("silenced", "12"), silences={12: silence()})
        == "You did not: silenced by #12 (lan: pump test) until 11:00:00 (decided at 22/11/2026 10:00:00)."
    )


def test_a_later_reason_counts_more_than_an_earlier_message() -> None:
    before = NOW - 5 * MINUTE
    said = why(fired(), message("told", at=before), message("sent", at=before), muted("acknowledged", "lan"))
    assert said.startswith("You did not: lan acknowledged it")
    assert said.endswith("Before that it was delivered at 22/11/2026 09:55:00.")


def test_a_message_that_fails_says_when_it_is_tried_again() -> None:
    waits = message("waiting", detail={"error": "answered 503"}, at=NOW + timedelta(seconds=4))
    assert why(fired(), message("told"), waits) == "Not yet: answered 503; tried again in 4 s."


def test_a_dead_letter_says_so() -> None:
    dead = message("dead", detail={"error": "answered 403", "attempts": 1})
    assert (
        why(fired(), message("told"), dead)
        == "You did not: given up at 22/11/2026 10:00:00 (attempts 1): answered 403."
    )


def test_a_group_that_waits_says_until_when() -> None:
    assert why(fired(), groups=[group("sms")]) == "Not yet: its group is told next at 22/11/2026 10:01:00."


def test_who_is_on_call_is_answered_for_his_own_receiver() -> None:
    assert why(
        fired(), muted("acknowledged", "lan", "roster:duty"), addressed={"sms": ["roster:duty"]}
    ).startswith("You did not: lan acknowledged it")


def test_where_no_route_leads_there_is_none() -> None:
    assert why(fired()) == "You did not: no route leads to sms."
    step = EscalationRow(chain="duty", step=0, due_at=NOW + MINUTE, done_at=None, outcome=None)
    assert (
        why(fired(), escalations=[step])
        == "Not yet: no route leads to sms; the next escalation is due at 22/11/2026 10:01:00."
    )


def test_what_is_pending_withheld_or_not_routed_yet_is_said() -> None:
    assert why(alert=alert(state="pending", firing_since=None)).startswith("Not yet: it is pending")
    assert why(fired(None)) == "Not yet: hanoi-alerts has not come to it."
    assert why(fired("retrospective")) == "You did not: nobody is told: it was too long ago, and is over."


# One alert.


def page(of: PageAlert = ALERT, language: Language = "en", **more: Any) -> dict[str, Any]:
    sources = Sources(alert=of, entries=[fired()], **more)
    found = alert_view.page(sources, view(), ["sms"], None, NOW, language)
    decoded: dict[str, Any] = json.loads(msgspec.json.encode(found))
    return decoded


def test_an_alert_shows_its_evidence_with_both_times_quality_and_provenance() -> None:
    found = page()
    assert ["Limit", "30 cm (limit suggested by the centre [S])"] in found["evidence"]["numbers"]
    assert ["Clear level", "28 cm"] in found["evidence"]["numbers"]
    assert ["Where the limit comes from", "FEMA"] in found["evidence"]["numbers"]
    assert ["Cơ sở của ngưỡng", "theo FEMA"] in page(language="vi")["evidence"]["numbers"]
    first, worst, newest = found["evidence"]["readings"]
    assert (worst["which"], worst["value"]) == ("worst", "41 cm")
    assert (newest["time"], newest["arrived"]) == ("22/11/2026 09:59:00", "22/11/2026 10:00:00")
    assert (first["quality"], first["provenance"], first["doubtful"]) == ("good", "measured", False)


def test_values_since_the_last_transition_are_the_newest() -> None:
    newer = {**SAMPLE, "value": 52.0, "quality": 3}
    newest = page(seen={"last": newer})["evidence"]["readings"][-1]
    assert (newest["value"], newest["quality"], newest["doubtful"]) == ("52 cm", "suspect", True)


def test_a_value_of_another_thing_says_of_which() -> None:
    beside = {**SAMPLE, "domain": "flood", "property": "water_depth", "datastream_id": 4}
    found = page(seen={"beside": [beside]})["evidence"]["readings"][-1]
    assert (found["which"], found["of"]) == ("beside it", "Water depth, tong-dan (en)")


def test_what_is_not_measured_is_marked() -> None:
    assert page(alert(provenance="simulated", flapping=True))["marks"] == ["simulated", "flapping"]
    assert page()["marks"] == []


def test_an_absent_alert_says_when_something_was_heard_last() -> None:
    assert page(alert(condition="absent"))["value_words"] == "Last heard 22/11/2026 09:59"


def test_a_resolved_alert_says_the_worst_and_when_it_ended() -> None:
    found = page(alert(state="resolved", resolved_at=NOW), "vi")
    assert found["value_words"] == "tệ nhất 41 cm · ngưỡng 30 cm"
    assert found["since"]["words"] == "Hết lúc 22/11/2026 10:00"


@pytest.mark.parametrize(
    ("changes", "words", "approve", "refuse"),
    [
        ({}, "only when an operator approves", True, True),
        ({"public": "never"}, "never put on the public feed", False, False),
        ({"public": "auto"}, "by itself", False, True),
        ({"approved_at": NOW, "approved_by": "lan"}, "Approved by lan, 22/11/2026 10:00.", False, True),
        ({"refused_at": NOW}, "Refused at 22/11/2026 10:00.", True, False),
        ({"state": "resolved", "resolved_at": NOW}, "it is over", False, False),
        ({"withdrawn": True}, "only when an operator approves", False, False),
    ],
)
def test_what_an_operator_may_decide_for_the_public(
    changes: dict[str, Any], words: str, approve: bool, refuse: bool
) -> None:
    found = page(alert(**changes))["public"]
    if "state" not in changes:
        assert words in found["words"]
    assert (found["may_approve"], found["may_refuse"]) == (approve, refuse)


def test_a_silence_of_it_is_prepared() -> None:
    assert page()["silence_matchers"] == ["rule = flood-30", "thing = tong-dan"]


# All alerts.


def test_what_somebody_sees_to_stands_apart() -> None:
    seen = alert(id=8, acknowledged_at=NOW, acknowledged_by="lan", acknowledgement="On my way")
    waiting = alert(id=9, state="pending", firing_since=None)
    found = alert_board.queue([ALERT, seen, waiting], view(), "en")
    assert {state: [one["id"] for one in rows] for state, rows in found.items()} == {
        "firing": [7],
        "acknowledged": [8],
        "pending": [9],
    }
    assert found["acknowledged"][0]["acknowledged"] == "Acknowledged by lan, 22/11/2026 10:00: On my way"


def test_silences_are_active_planned_or_ended_and_say_what_they_mute() -> None:
    planned = silence("maintenance", id=13, starts_at=NOW + MINUTE)
    over = silence(id=14, ended_at=NOW, ended_by="minh")
    past = silence(id=15, ends_at=NOW)
    found = alert_board.silences([silence(), planned, over, past], [ALERT, ALERT], NOW, "en")
    assert {state: [one["id"] for one in rows] for state, rows in found.items()} == {
        "active": [12],
        "planned": [13],
        "ended": [14, 15],
    }
    assert found["active"][0]["mutes"] == "alerts muted now: 2"
    assert found["ended"][0]["words"].endswith("ended by minh, 22/11/2026 10:00")


def test_receivers_show_how_they_do_and_never_their_secrets() -> None:
    configured = {"sms": {"type": "sms", "token": "s3cret"}, "new": {"type": "mqtt"}}
    result = ReceiverResult(
        receiver="sms",
        sent=1,
        dead=1,
        waiting=0,
        last_sent_at=NOW,
        last_dead_at=NOW,
        last_error="answered 403",
    )
    found = alert_board.receivers(configured, [result], "en")
    assert "s3cret" not in json.dumps(found)
    assert [line["text"] for line in found[0]["lines"]] == [
        "last delivery 22/11/2026 10:00",
        "last failure: answered 403",
        "1 given up",
    ]
    assert found[1]["lines"] == [{"kind": "", "text": "nothing delivered yet"}]


def test_an_engine_that_is_silent_is_a_fault() -> None:
    def engine(silent_s: float) -> LeaderRow:
        return LeaderRow(term=3, holder="a", heartbeat_at=NOW, silent_s=silent_s)

    assert alert_board.engine(engine(2), "en") == {
        "words": "a leads, term 3 · last heartbeat 2 s ago",
        "fault": None,
    }
    silent = alert_board.engine(engine(60), "en")["fault"]
    assert silent == "The alert engine has been silent for 1 min: nobody is told anything!"
    assert alert_board.engine(None, "vi")["fault"] == "Bộ máy cảnh báo chưa chạy lần nào."


def test_availability_is_of_today_and_this_month_and_never_rounded_up() -> None:
    periods = {
        "days": [{"period": "2026-11-21", "share": 0.5}, {"period": "2026-11-22", "share": 0.999996}],
        "months": [{"period": "2026-11", "share": None}],
    }
    assert alert_board.availability(read(periods, NOW), "vi") == "hôm nay 99,999 % · tháng này –"
    assert alert_board.availability(Availability(day=1.0, month=1.0), "en") == (
        "today 100.000 % · this month 100.000 %"
    )
    assert alert_board.availability(None, "en") == "hanoi-watchdog does not answer."


def test_a_roster_that_can_not_be_read_is_said() -> None:
    found = alert_board.on_call([OnDuty(roster="duty", people=["Lan"], fault="roster.ics: is empty")], None)
    assert found["rosters"] == [{"roster": "duty", "people": "Lan", "fault": "roster.ics: is empty"}]


# Texts.


def test_every_text_of_alerts_is_in_both_languages_with_the_same_blanks() -> None:
    def blanks(text: str) -> set[str]:
        return set(re.findall(r"\{(\w+)\}", text))

    wrong = [key for key, text in ALERT_TEXTS.items() if blanks(text.vi) != blanks(text.en)]
    assert wrong == []
    assert [key for key, text in ALERT_TEXTS.items() if text.vi == text.en] == []


def test_a_thing_of_the_platform_itself_has_no_page_to_lead_to() -> None:
    own = [ALERT, replace(ALERT, id=8, thing_id="watchdog")]
    assert [row["thing"] for row in alert_board.queue(own, view(), "en")["firing"]] == ["tong-dan", None]
    assert [row["thing"] for row in alert_board.history(own, view(), "en", 5)["alerts"]] == ["tong-dan", None]


def test_an_alert_that_ended_with_its_rule_says_who_changed_the_rule_and_why() -> None:
    edited = entry(
        "transition", "resolved", reason="rule_changed", detail={"by": "an", "why": "bus waves", "version": 3}
    )
    file = entry("transition", "resolved", reason="rule_removed", detail={})
    lines = alert_story.timeline(Sources(alert=ALERT, entries=[edited, file]), CM["en"], "en")
    assert [one.small for one in lines] == ["by an: bus waves", ""]
    assert [one.words for one in lines] == [
        "Its rule was changed: it is resolved, and the rule begins anew",
        "Its rule was removed: it is resolved",
    ]
