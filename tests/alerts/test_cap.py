"""CAP messages: valid whatever they are made of, and never a warning that rests on other than real values."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from alerts import cap, cap_document
from alerts.cap import Occasion
from alerts.model import CapWords
from ingest.indicators import vn_aqi
from storage.cap_rows import NewMessage, PublicAlert, SentMessage
from storage.catalog import load_catalog
from storage.model import Domain, Provenance, Text
from storage.settings import Settings
from tests.alerts.cap_reader import read

NOW: Final = datetime(2026, 7, 20, 10, 5, 30, 123456, tzinfo=UTC)
CATALOG: Final = load_catalog()
NO_WORDS: Final = CapWords()
ALERT: Final = PublicAlert(
    id=7,
    rule="flood-15",
    domain="flood",
    property="water_depth",
    severity="warning",
    condition="threshold",
    title_vi="Ngập từ 15 cm",
    title_en="Street flooded 15 cm or more",
    labels={"ward": "Ba Đình", "thing": "flood-cao-ba-quat"},
    unit="cm",
    limit=15.0,
    suggestion=True,
    value=18.0,
    value_time=datetime(2026, 7, 20, 10, 5, tzinfo=UTC),
    peak=20.0,
    state="firing",
    pending_since=datetime(2026, 7, 20, 10, 2, tzinfo=UTC),
    resolved_at=None,
    withdrawn=False,
    provenance="measured",
    allowed=True,
    approved=True,
    announced=True,
    published=False,
    thing_id="flood-cao-ba-quat",
    thing_name_vi="Cao Bá Quát",
    thing_name_en="Cao Ba Quat",
    lat=21.03018,
    lon=105.8395,
    coordinate_trust="V",
    transition_id=41,
    reason="held",
    measure=None,
    within_s=None,
    low=None,
    high=None,
)


def said(alert: PublicAlert, words: CapWords = NO_WORDS, domain: Domain | None = None) -> cap.Said:
    return cap.said(alert, words, domain or CATALOG.get(alert.domain))


def sent(message: NewMessage) -> SentMessage:
    names = SentMessage.__dataclass_fields__
    return SentMessage(**{name: getattr(message, name) for name in names})


def written(
    alert: PublicAlert = ALERT,
    why: Occasion = Occasion.FIRED,
    chain: list[SentMessage] | None = None,
    words: CapWords = NO_WORDS,
    **changed: Any,
) -> NewMessage:
    given: dict[str, Any] = {
        "number": len(chain or []) + 1,
        "now": NOW,
        "sender": "ops.example.vn",
        "site_url": "https://hanoi.example",
    }
    return cap_document.message(alert, said(alert, words), why, chain or [], **given | changed)


def after(alert: PublicAlert = ALERT, **changed: Any) -> list[SentMessage]:
    """The chain when the alert was told once, as it is here."""
    return [sent(written(replace(alert, **changed)))]


def due(
    alert: PublicAlert, chain: list[SentMessage], *, later: timedelta = timedelta(0), withheld: bool = False
) -> Any:
    return cap.occasion(alert, chain, said(alert), NOW + later, withheld=withheld)


# What a message says.


def test_a_measured_flood_is_an_actual_alert_in_both_languages() -> None:
    got = read(written().document)
    assert got.texts["status"] == "Actual"
    assert got.texts["msgType"] == "Alert"
    assert got.texts["sender"] == "ops.example.vn"
    assert got.texts["sent"] == "2026-07-20T17:05:30+07:00"
    assert "note" not in got.texts
    vi, en = got.infos["vi-VN"], got.infos["en-US"]
    assert vi.categories == ["Infra", "Transport"]
    assert (vi.texts["urgency"], vi.texts["severity"], vi.texts["certainty"]) == (
        "Expected",
        "Moderate",
        "Observed",
    )
    assert vi.responses == ["Avoid"]
    assert vi.texts["onset"] == "2026-07-20T17:02:00+07:00"
    assert vi.texts["expires"] == "2026-07-20T20:05:30+07:00"
    assert vi.texts["headline"] == (
        "Ngập từ 15 cm – Cao Bá Quát (Ngập vừa: nguy hiểm cho xe máy, người đi bộ)"
    )
    assert "18 cm lúc 20/07/2026 17:05" in vi.texts["description"]
    assert (
        "Ngưỡng: 15 cm (ngưỡng do trung tâm đề xuất, không phải ngưỡng chính thức)" in vi.texts["description"]
    )
    assert "18 cm at 20 Jul 2026 17:05" in en.texts["description"]
    assert "Limit: 15 cm (limit suggested, not official)" in en.texts["description"]
    assert "knock an adult down" in en.texts["instruction"]
    assert vi.texts["web"] == "https://hanoi.example/#flood-cao-ba-quat"
    assert en.texts["web"] == "https://hanoi.example/en/#flood-cao-ba-quat"
    assert (vi.area, vi.circle) == ("Cao Bá Quát, Ba Đình, Hà Nội", (21.03018, 105.8395, 0.2))
    assert en.parameters == {
        "hanoi:alert": "7",
        "hanoi:rule": "flood-15",
        "hanoi:thing": "flood-cao-ba-quat",
        "hanoi:property": "water_depth",
        "hanoi:value": "18",
        "hanoi:peak": "20",
        "hanoi:limit": "15",
        "hanoi:unit": "cm",
        "hanoi:evidence": "41",
        "hanoi:provenance": "measured",
        "hanoi:reason": "fired",
    }


def test_an_official_limit_is_not_called_a_suggestion() -> None:
    got = read(written(replace(ALERT, suggestion=False)).document)
    assert "suggested" not in got.words
    assert "đề xuất" not in got.words


@pytest.mark.parametrize("provenance", [p for p in Provenance if p not in ("measured", "manual")])
def test_what_is_not_real_is_an_exercise_and_says_so_everywhere(provenance: Provenance) -> None:
    got = read(written(replace(ALERT, provenance=provenance.value)).document)
    assert got.texts["status"] == "Exercise"
    assert "không phải cảnh báo thật" in got.texts["note"]
    assert "no warning" in got.texts["note"]
    for info in got.infos.values():
        for name in ("headline", "description", "instruction"):
            assert info.texts[name].startswith("["), name


def test_simulated_values_are_marked_as_such() -> None:
    got = read(written(replace(ALERT, provenance="simulated")).document)
    assert got.infos["vi-VN"].texts["headline"].startswith("[MÔ PHỎNG] ")
    assert got.infos["en-US"].texts["headline"].startswith("[SIMULATED] ")
    assert "dữ liệu mô phỏng" in got.texts["note"]
    assert "simulated data" in got.texts["note"]


@pytest.mark.parametrize(
    ("trust", "km", "words"),
    [("V", 0.2, ""), ("M", 0.5, "100 to 300 m"), ("S", 1.2, "assumed")],
)
def test_a_place_that_is_not_sure_is_drawn_wider_and_called_so(trust: str, km: float, words: str) -> None:
    info = read(written(replace(ALERT, coordinate_trust=trust)).document).infos["en-US"]
    assert info.circle == (21.03018, 105.8395, km)
    assert words in info.area


def test_a_thing_without_a_place_has_no_circle() -> None:
    got = read(written(replace(ALERT, lat=None, lon=None, coordinate_trust=None)).document)
    assert got.infos["vi-VN"].circle is None


@pytest.mark.parametrize(
    ("domain", "observed", "peak", "severity", "categories"),
    [
        ("air_quality", "vn_aqi", 151, "Moderate", ["Env", "Health"]),
        ("air_quality", "vn_aqi", 200, "Moderate", ["Env", "Health"]),
        ("air_quality", "vn_aqi", 201, "Severe", ["Env", "Health"]),
        ("air_quality", "vn_aqi", 300, "Severe", ["Env", "Health"]),
        ("air_quality", "vn_aqi", 301, "Extreme", ["Env", "Health"]),
        ("flood", "water_depth", 15, "Moderate", ["Infra", "Transport"]),
        ("flood", "water_depth", 30, "Severe", ["Infra", "Transport"]),
        ("flood", "water_depth", 50, "Extreme", ["Infra", "Transport"]),
        ("flood", "flood_level", 3, "Severe", ["Infra", "Transport"]),
        ("water_quality", "dissolved_oxygen", 1.9, "Severe", ["Env"]),
        ("water_quality", "dissolved_oxygen", 0.2, "Severe", ["Env"]),
        ("water_quality", "dissolved_oxygen", 3.9, "Minor", ["Env"]),
    ],
)
def test_severity_follows_the_mapping_of_the_domain_facts(
    domain: str, observed: str, peak: float, severity: str, categories: list[str]
) -> None:
    info = read(written(replace(ALERT, domain=domain, property=observed, peak=peak)).document).infos["en-US"]
    assert (info.texts["severity"], info.categories) == (severity, categories)


def test_where_no_scale_is_known_the_severity_of_the_alert_counts() -> None:
    found = {}
    for severity in ("info", "warning", "critical"):
        alert = replace(ALERT, domain="noise", property="level", severity=severity)
        info = read(written(alert).document).infos["en-US"]
        found[severity] = (info.texts["severity"], info.categories, info.texts["event"])
    assert found == {
        "info": ("Minor", ["Other"], "noise"),
        "warning": ("Moderate", ["Other"], "noise"),
        "critical": ("Severe", ["Other"], "noise"),
    }


def test_a_change_is_not_taken_for_a_depth() -> None:
    """A rise of 60 cm in ten minutes is no depth of 60 cm."""
    alert = replace(ALERT, condition="change", measure="rises", within_s=600.0, value=60.0, peak=60.0)
    info = read(written(alert).document).infos["en-US"]
    assert info.texts["severity"] == "Moderate"
    assert "up 60 cm in 10 min" in info.texts["description"]


def test_a_rule_has_the_last_word() -> None:
    words = CapWords(
        event=Text(vi="Vỡ đê", en="Dyke breach"),
        category=("Safety", "Rescue"),
        urgency="Future",
        severity="Extreme",
        certainty="Possible",
        response=("Evacuate", "Prepare"),
        instruction=Text(vi="Sơ tán theo hướng dẫn.", en="Leave as you are told."),
    )
    info = read(written(words=words).document).infos["en-US"]
    assert info.texts["event"] == "Dyke breach"
    assert (info.texts["urgency"], info.texts["severity"], info.texts["certainty"]) == (
        "Future",
        "Extreme",
        "Possible",
    )
    assert (info.categories, info.responses) == (["Safety", "Rescue"], ["Evacuate", "Prepare"])
    assert info.texts["instruction"] == "Leave as you are told."


@pytest.mark.parametrize(("index", "severity"), [(170, "Moderate"), (250, "Severe"), (400, "Extreme")])
def test_the_advice_on_bad_air_is_that_of_the_decision(index: float, severity: str) -> None:
    alert = replace(ALERT, domain="air_quality", property="vn_aqi", unit="{AQI}", peak=index)
    got = read(written(alert).document)
    assert got.infos["en-US"].texts["severity"] == severity
    advice = vn_aqi.advice(index)
    for language, info in (("vi", got.infos["vi-VN"]), ("en", got.infos["en-US"])):
        for told in (advice.general, advice.sensitive):
            words = told.in_language(language).rstrip(".").split(": ")[-1].lower()
            assert words in info.texts["instruction"].lower()


def test_the_operators_runbook_is_not_for_the_public() -> None:
    assert not hasattr(ALERT, "runbook_vi")


def test_utc_is_written_as_the_schema_wants_it() -> None:
    noon = datetime(2026, 7, 20, 12, 0, 0, 999_999, tzinfo=UTC)
    assert cap_document.stamp(noon) == "2026-07-20T19:00:00+07:00"
    assert cap_document.stamp(noon, UTC) == "2026-07-20T12:00:00-00:00"
    assert cap_document.stamp(noon, timezone(timedelta(hours=-5))) == "2026-07-20T07:00:00-05:00"


@pytest.mark.parametrize("sender", ["", "a b", "a,b", "a<b", "a&b", "a\tb", "trung tâm", "a\n"])
def test_a_sender_that_can_not_be_referred_to_is_refused(sender: str) -> None:
    with pytest.raises(ValueError, match="sender"):
        written(sender=sender)
    with pytest.raises(ValidationError):
        Settings(cap_sender=sender)


# When one is due.


def test_it_is_told_once() -> None:
    assert due(ALERT, []) is Occasion.FIRED
    assert due(ALERT, after()) is None


@pytest.mark.parametrize(
    "changed",
    [
        {"allowed": False},
        {"withdrawn": True},
        {"state": "resolved"},
        {"approved": False, "announced": False},
    ],
)
def test_what_is_not_allowed_not_true_or_over_is_never_told(changed: dict[str, Any]) -> None:
    assert due(replace(ALERT, **changed), []) is None


def test_a_silence_holds_back_what_nobody_approved() -> None:
    by_itself = replace(ALERT, approved=False)
    assert due(by_itself, [], withheld=True) is None
    assert due(by_itself, [], withheld=False) is Occasion.FIRED
    assert due(ALERT, [], withheld=True) is Occasion.FIRED


def test_a_silence_takes_nothing_back() -> None:
    assert due(replace(ALERT, approved=False), after(), withheld=True) is None


def test_another_level_is_an_update_and_a_worse_value_within_it_is_none() -> None:
    assert due(replace(ALERT, peak=29.0), after()) is None
    assert due(replace(ALERT, peak=30.0), after()) is Occasion.CHANGED


def test_it_is_refreshed_before_it_expires() -> None:
    assert due(ALERT, after(), later=timedelta(hours=2, minutes=29)) is None
    assert due(ALERT, after(), later=timedelta(hours=2, minutes=30)) is Occasion.REFRESHED


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"state": "resolved", "reason": "cleared"}, Occasion.ENDED),
        ({"state": "resolved", "reason": "corrected"}, Occasion.ENDED),
        ({"state": "resolved", "reason": "silent"}, Occasion.UNHEARD),
        ({"state": "resolved", "reason": "rule_removed"}, Occasion.RULE_REMOVED),
        ({"state": "resolved", "reason": "corrected", "withdrawn": True}, Occasion.WITHDRAWN),
        ({"allowed": False}, Occasion.REFUSED),
        ({"provenance": "simulated"}, Occasion.NOT_REAL),
        ({"provenance": "simulated", "state": "resolved", "reason": "cleared"}, Occasion.NOT_REAL),
    ],
)
def test_what_ends_is_cancelled_and_the_note_says_why(changed: dict[str, Any], why: Occasion) -> None:
    alert, chain = replace(ALERT, **changed), after()
    assert due(alert, chain) is why
    got = read(written(alert, why, chain).document)
    assert got.texts["msgType"] == "Cancel"
    assert got.references == [(m.sender, m.identifier, cap_document.stamp(m.sent_at)) for m in chain]
    assert got.texts["note"]
    assert got.infos["en-US"].texts["urgency"] == "Past"
    assert (got.infos["en-US"].responses == ["AllClear"]) is (why is Occasion.ENDED)


def test_an_actual_alert_that_simulated_values_got_into_is_cancelled_for_whom_it_reached() -> None:
    chain = after()
    alert = replace(ALERT, provenance="simulated", peak=66.6, value=66.6)
    got = read(written(alert, Occasion.NOT_REAL, chain).document)
    assert got.texts["status"] == "Actual", "who only reads Actual must hear that it does not hold"
    assert "66.6" not in got.words + str(got.infos)
    assert "66,6" not in got.words
    assert got.infos["en-US"].texts["severity"] == "Moderate"


def test_an_exercise_that_becomes_real_ends_as_an_exercise_first() -> None:
    chain = after(provenance="simulated")
    assert due(ALERT, chain) is Occasion.REAL
    got = read(written(ALERT, Occasion.REAL, chain).document)
    assert (got.texts["status"], got.texts["msgType"]) == ("Exercise", "Cancel")
    assert got.infos["en-US"].texts["headline"].startswith("[EXERCISE] ")


def test_references_name_what_has_not_expired_and_at_least_the_last() -> None:
    first = sent(written())
    second = sent(written(why=Occasion.REFRESHED, chain=[first], now=NOW + timedelta(hours=2, minutes=30)))
    soon, late, too_late = (NOW + timedelta(hours=hours) for hours in (2.75, 4, 30))
    told = [(m.sender, m.identifier, cap_document.stamp(m.sent_at)) for m in (first, second)]
    update = {"why": Occasion.CHANGED, "chain": [first, second]}
    assert read(written(**update, now=soon).document).references == told
    assert read(written(**update, now=late).document).references == told[1:]
    assert read(written(**update, now=too_late).document).references == told[1:]


def test_a_reference_keeps_the_sender_that_the_message_had() -> None:
    chain = [sent(written(sender="old.example.vn"))]
    got = read(written(why=Occasion.CHANGED, chain=chain, sender="new.example.vn").document)
    assert [sender for sender, _, _ in got.references] == ["old.example.vn"]


# Whatever they are made of.

TEXTS: Final = st.text(max_size=250) | st.sampled_from(
    ["<&>]]>", "\x00\x1b[31m", "a\r\nb", "\ufffe\uffff", "\ud800"]
)
NUMBERS: Final = st.floats(allow_nan=True, allow_infinity=True)
TIMES: Final = st.integers(946_684_800_000, 7_258_118_400_000).map(
    lambda ms: datetime.fromtimestamp(ms / 1000, UTC)
)
"""From 2000 to 2200."""
ANY_ALERT: Final = st.builds(
    PublicAlert,
    id=st.integers(1, 2**63 - 1),
    rule=st.from_regex(r"[a-z0-9_-]{1,64}", fullmatch=True),
    domain=st.sampled_from([*CATALOG, "noise"]),
    property=st.sampled_from(["water_depth", "vn_aqi", "dissolved_oxygen", "rain_interval", "nothing"]),
    severity=st.sampled_from(["info", "warning", "critical"]),
    condition=st.sampled_from(["threshold", "outside", "change", "usual", "stuck", "absent", "all", "any"]),
    title_vi=TEXTS,
    title_en=TEXTS,
    labels=st.dictionaries(st.sampled_from(["ward", "thing"]), TEXTS),
    unit=TEXTS,
    limit=st.none() | NUMBERS,
    suggestion=st.booleans(),
    value=NUMBERS,
    value_time=TIMES,
    peak=NUMBERS,
    state=st.sampled_from(["firing", "resolved"]),
    pending_since=TIMES,
    resolved_at=st.none() | TIMES,
    withdrawn=st.booleans(),
    provenance=st.sampled_from([p.value for p in Provenance]),
    allowed=st.booleans(),
    approved=st.booleans(),
    announced=st.booleans(),
    published=st.booleans(),
    thing_id=st.from_regex(r"[a-z0-9_-]{1,64}", fullmatch=True),
    thing_name_vi=TEXTS,
    thing_name_en=TEXTS,
    lat=st.floats(-90, 90),
    lon=st.floats(-180, 180),
    coordinate_trust=st.sampled_from(["V", "M", "S"]),
    transition_id=st.none() | st.integers(1, 2**63 - 1),
    reason=st.sampled_from([None, "held", "cleared", "silent", "corrected", "something new"]),
    measure=st.sampled_from([None, "rises", "below_usual", "stuck", "something new"]),
    within_s=st.none() | st.floats(1, 1e6),
    low=st.none() | NUMBERS,
    high=st.none() | NUMBERS,
)


@settings(max_examples=150, deadline=None)
@given(alert=ANY_ALERT, later=ANY_ALERT, now=TIMES, why=st.sampled_from(list(Occasion)))
def test_every_message_is_valid_whatever_it_is_made_of(
    alert: PublicAlert, later: PublicAlert, now: datetime, why: Occasion
) -> None:
    """The first of an alert, and one more about it as it then stands."""
    first = written(alert, now=now)
    got = read(first.document)
    assert (got.texts["status"] == "Actual") is (alert.provenance in ("measured", "manual"))
    if why is Occasion.FIRED:
        return
    second = written(replace(later, id=alert.id), why, [sent(first)], now=now + timedelta(minutes=1))
    told = read(second.document)
    assert told.references == [got.reference]
    if told.texts["msgType"] == "Update":
        assert (told.texts["status"] == "Actual") is (later.provenance in ("measured", "manual"))
    else:
        assert told.texts["status"] == got.texts["status"]


PLAIN: Final = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=60)


@settings(max_examples=200, deadline=None)
@given(title=PLAIN, name=PLAIN, ward=PLAIN)
def test_texts_come_out_as_they_went_in(title: str, name: str, ward: str) -> None:
    alert = replace(ALERT, title_en=title, thing_name_en=name, labels={"ward": ward})
    info = read(written(alert).document).infos["en-US"]
    assert info.texts["description"].startswith(f"{title} – {name}. ")
    assert info.area == f"{name}, {ward}, Hanoi"


@settings(max_examples=200, deadline=None)
@given(first=ANY_ALERT, then=ANY_ALERT, minutes=st.integers(0, 600))
def test_after_a_message_was_written_none_is_due(first: PublicAlert, then: PublicAlert, minutes: int) -> None:
    """So that a round that is repeated writes nothing: a message answers the occasion that it was written for."""
    now = NOW + timedelta(minutes=minutes)
    chain = after(first)
    why = cap.occasion(then, chain, said(then), now, withheld=False)
    if why is None:
        return
    message = written(then, why, chain, now=now)
    chain = [] if message.msg_type == "Cancel" else [*chain, sent(message)]
    again = cap.occasion(then, chain, said(then), now, withheld=False)
    begins_anew = why in (Occasion.NOT_REAL, Occasion.REAL)
    assert again is (Occasion.FIRED if begins_anew and _may_begin(then) else None)


def _may_begin(alert: PublicAlert) -> bool:
    told = alert.approved or alert.announced
    return alert.allowed and told and alert.state == "firing" and not alert.withdrawn


def test_the_reader_notices_what_the_schema_does_not() -> None:
    """The tests' own oracle is tested: a good document with one thing wrong."""
    good = written().document
    read(good)
    for wrong in (
        good.replace("<msgType>Alert", "<msgType>Cancel"),
        good.replace(">ops.example.vn<", ">ops example<"),
        good.replace("21.03018,105.8395 0.2", "105.8395,21.03018 0.2"),
        good.replace("en-US", "vi-VN"),
    ):
        assert wrong != good
        with pytest.raises(AssertionError):
            read(wrong)
