"""What the overview says of a city: pure, so every state of it can be had."""

import dataclasses
import importlib
import pkgutil
import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from dashboard import control_room
from dashboard.control_room.alert_board import OnDuty
from dashboard.control_room.duty import DutyNow
from dashboard.control_room.ingest_health import health, read_samples
from dashboard.control_room.language import LANGUAGES, Language, chosen
from dashboard.control_room.overview import Overview, overview
from dashboard.control_room.rejected import printable, shown_rejection
from dashboard.control_room.room import (
    EngineHealth,
    EngineState,
    IngestHealth,
    IngestState,
    RoomView,
    Trend,
    Way,
    engine_health,
    muted_by,
    span_of,
    way_of,
)
from dashboard.control_room.texts import TEXTS
from dashboard.control_room.tiles import Tile, tile
from dashboard.data import CityView
from dashboard.map_snapshot import usable_map_section
from ingest.model import Reason
from storage.alert_log import AlertRow
from storage.alert_pages import Handling
from storage.catalog import load_catalog
from storage.clocks import ClockRow
from storage.leader import LeaderRow
from storage.model import Text
from storage.operators import Role
from storage.rejections import RejectionPreview
from storage.sequences import LossRow
from storage.silences import SilenceRow
from tests.dashboard.small_city import NOW, value, view

MINUTE = timedelta(minutes=1)


def shown(city: CityView, domain: str, trend: Trend | None = None, *, now: datetime = NOW) -> Tile:
    return tile(city, city.domains[domain], trend, now, "en")


def test_a_tile_says_the_worst_place_its_level_and_how_many_send() -> None:
    found = shown(view([value("tong-dan", "water_depth", 34.0)]), "flood")
    assert found.headline is not None
    assert found.level is not None
    assert (found.headline.value, found.headline.unit, found.headline.place) == (34.0, "cm", "tong-dan (en)")
    assert (found.level.step, found.level.steps, found.word) == (3, 5, "Severe: cars should not enter")
    assert found.sensors == {"live": 1, "stale": 0, "never": 0, "fault": 0}
    assert (found.state, found.newest) == ("live", NOW)
    assert [(each.level.step, each.count) for each in found.levels] == [(3, 1)]


def test_a_tile_of_a_silent_domain_says_so_and_shows_no_number() -> None:
    found = shown(view(), "flood")
    assert (found.state, found.word) == ("never", "No data yet")
    assert (found.headline, found.level, found.newest, found.trend, found.levels) == (
        None,
        None,
        None,
        None,
        (),
    )
    assert found.sensors == {"live": 0, "stale": 0, "never": 1, "fault": 0}


def test_a_tile_of_old_values_shows_the_last_one_without_a_level() -> None:
    found = shown(view([value("tong-dan", "water_depth", 34.0)]), "flood", now=NOW + 10 * MINUTE)
    assert (found.state, found.word, found.level) == ("stale", "Old data", None)
    assert found.headline is not None
    assert (found.headline.value, found.headline.caption) == (34.0, "Last known")


def test_a_faulty_sensor_is_no_level_zero() -> None:
    found = shown(view([value("tong-dan", "water_depth", 0.0, quality=4)]), "flood")
    assert (found.state, found.word, found.level) == ("fault", "Sensor fault", None)
    assert found.sensors["fault"] == 1


def test_parking_is_the_free_bays_of_the_city() -> None:
    bays = [value(f"ltk-01-b{n:02d}", "occupied", taken) for n, taken in enumerate((1.0, 1.0, 1.0, 0.0), 1)]
    found = shown(view(bays), "parking")
    assert found.headline is not None
    assert (found.headline.value, found.headline.place) == (1, "of 5 in the city")
    assert found.word == "Filling"  # 3 of 4 known bays, 75 %: from 60 to 85 %
    assert found.sensors == {"live": 4, "stale": 0, "never": 1, "fault": 0}
    few = shown(view(bays[1:]), "parking")  # 3 of 5, below 75 %
    assert few.headline is not None
    assert (few.headline.value, few.word, few.level) == (1, "Too few bays heard", None)


@pytest.mark.parametrize(
    ("domain", "way"),
    [("air_quality", "highest"), ("water_quality", "lowest"), ("parking", "share"), ("rain", "highest")],
)
def test_what_is_worst_follows_from_the_catalogue(domain: str, way: str) -> None:
    found = load_catalog()[domain]
    assert way_of(found, usable_map_section(found)) == way


def test_the_line_of_a_tile_reaches_the_first_level_so_that_a_calm_day_looks_calm() -> None:
    trend = Trend(
        way="highest", step=10 * MINUTE, points=((NOW - 20 * MINUTE, 1.0), (NOW - 10 * MINUTE, 1.0))
    )
    line = shown(view(), "flood", trend).trend
    assert line is not None
    assert line.line.split()[1] == "24.0"  # 1 of 5 cm: four fifths of 30 from the top
    assert (line.lowest, line.highest, line.unit, line.caption) == (1.0, 1.0, "cm", "highest, last 12 hours")


def stood(
    way: Way, now: float | None, before: float | None, *, span: timedelta = timedelta(hours=1)
) -> Trend:
    return Trend(way=way, step=10 * MINUTE, points=(), at=NOW, now=now, span=span, before=before)


@pytest.mark.parametrize(
    ("domain", "trend", "language", "direction", "words"),
    [
        ("flood", stood("highest", 34.0, 30.0), "en", "up", "▲ +4, higher than 1 h ago"),
        ("flood", stood("highest", 30.0, 34.0), "vi", "down", "▼ \u22124, thấp hơn 1 giờ trước"),
        (
            "water_quality",
            stood("lowest", 4.25, 4.26),
            "vi",
            "down",
            "▼ \u22120,01, thấp hơn 1 giờ trước",
        ),
        ("rain", stood("highest", 0.02, 0.0), "en", "same", "= 0.0, as 1 h ago"),
        ("parking", stood("share", 71.4, 66.6), "en", "up", "▲ +4 points, more occupied than 1 h ago"),
        ("flood", stood("highest", 34.0, None), "en", "unknown", "No value of 1 h ago to compare with"),
        ("flood", stood("highest", None, 30.0), "en", "unknown", "No fresh value to compare"),
        (
            "air_quality",
            stood("highest", 120.0, None, span=timedelta(days=1)),
            "en",
            "unknown",
            "No value of this hour yesterday to compare with",
        ),
    ],
)
def test_a_tile_says_how_its_number_changed_or_why_nobody_can_tell(
    domain: str, trend: Trend, language: Language, direction: str, words: str
) -> None:
    city = view()
    found = tile(city, city.domains[domain], trend, NOW, language).change
    assert found is not None
    assert (found.direction, found.words) == (direction, words)
    assert found.at == (None if direction == "unknown" else NOW)


@pytest.mark.parametrize(
    ("domain", "hours"),
    [("air_quality", 24), ("flood", 1), ("parking", 1), ("rain", 1), ("water_quality", 1)],
)
def test_what_has_a_rhythm_of_the_day_is_held_against_yesterday(domain: str, hours: int) -> None:
    found = load_catalog()[domain]
    assert span_of(found.properties[found.headline]) == timedelta(hours=hours)


def test_a_domain_that_is_added_gets_its_tile() -> None:
    city = view()
    noise = dataclasses.replace(city.domains["rain"], key="noise", name=Text(vi="Tiếng ồn", en="Noise"))
    with_noise = dataclasses.replace(city, domains={**city.domains, "noise": noise})
    found = overview(with_noise, RoomView(), connected=True, now=NOW, language="vi")
    assert [each.name for each in found.tiles][-1] == "Tiếng ồn"


@pytest.mark.parametrize(
    ("loaded", "connected", "depth_at", "link"),
    [
        (False, False, None, "loading"),
        (True, False, NOW, "gone"),
        (True, True, None, "empty"),
        (True, True, NOW - timedelta(hours=1), "old"),
        (True, True, NOW, "live"),
    ],
)
def test_the_page_says_whether_it_keeps_up(
    loaded: bool, connected: bool, depth_at: datetime | None, link: str
) -> None:
    city = view([value("tong-dan", "water_depth", 1.0, at=depth_at)] if depth_at else [])
    city = dataclasses.replace(city, loaded_at=NOW if loaded else None)
    assert overview(city, RoomView(), connected=connected, now=NOW, language="en").link == link


@pytest.mark.parametrize(
    ("provenance", "weakest", "simulated"),
    [("measured", None, False), ("simulated", None, True), ("derived", "simulated", True)],
)
def test_the_page_says_that_something_is_simulated(
    provenance: str, weakest: str | None, simulated: bool
) -> None:
    city = view([value("tong-dan", "water_depth", 1.0, provenance=provenance, input_provenance=weakest)])
    assert overview(city, RoomView(), connected=True, now=NOW, language="en").simulated is simulated


def alert(number: int, state: str, minutes_ago: float, **changed: object) -> AlertRow:
    then = NOW - minutes_ago * MINUTE
    row = AlertRow(
        id=number,
        rule="flood_deep",
        domain="flood",
        thing_id="tong-dan",
        thing_name_vi="Tông Đản",
        thing_name_en="Tong Dan",
        property="water_depth",
        severity="critical",
        state=state,
        title_vi="Ngập sâu",
        title_en="Deep water",
        unit="cm",
        limit=30.0,
        value=34.0,
        value_time=then,
        peak=40.0,
        pending_since=then,
        firing_since=None if state == "pending" else then,
        resolved_at=then if state == "resolved" else None,
        provenance="measured",
        simulated=False,
    )
    return dataclasses.replace(row, **changed)  # type: ignore[arg-type]  # the keywords are the test's own


def test_the_queue_has_what_fires_first_and_the_newest_first_in_each_part() -> None:
    rows = (
        alert(1, "resolved", 5),
        alert(2, "firing", 60),
        alert(3, "pending", 1),
        alert(4, "firing", 2),
        alert(5, "resolved", 800),  # more than twelve hours ago
    )
    found = overview(view(), RoomView(alerts=rows), connected=True, now=NOW, language="en")
    assert [each.id for each in found.alerts] == [4, 2, 3, 1]
    assert found.firing == {"critical": 2}


def test_the_worst_comes_first_and_what_somebody_sees_to_after_what_waits() -> None:
    rows = (
        alert(1, "firing", 90),
        alert(2, "firing", 5, severity="warning"),
        alert(3, "firing", 60),
        alert(4, "firing", 2),
        alert(5, "pending", 1),
    )
    seen_to = Handling(
        id=4, labels={}, acknowledged_at=NOW - MINUTE, acknowledged_by="lan", acknowledgement="On my way"
    )
    room = RoomView(alerts=rows, handling={4: seen_to, 1: Handling(id=1, labels={})})
    found = overview(view(), room, connected=True, now=NOW, language="en").alerts
    assert [each.id for each in found] == [3, 1, 2, 4, 5]
    assert [each.acknowledged for each in found if each.acknowledged] == [
        "Acknowledged by lan, 22/11/2026 09:59: On my way"
    ]
    assert found[0].silence_matchers == ("rule = flood_deep", "thing = tong-dan")


def shown_overview(room: RoomView, language: Language = "en", *, connected: bool = True) -> Overview:
    """Of a city whose one station sends."""
    city = view([value("tong-dan", "water_depth", 1.0)])
    city = dataclasses.replace(city, loaded_at=NOW)
    return overview(city, room, connected=connected, now=NOW, language=language)


@pytest.mark.parametrize(
    ("engine", "ingest", "connected", "said"),
    [
        ("leads", "receiving", True, []),
        ("unknown", "unknown", True, []),
        (
            "silent",
            "no_broker",
            True,
            [
                "The alert engine has been silent for 2 min: nobody is told anything!",
                "Ingest has lost its MQTT connection: nothing new is heard from the stations!",
            ],
        ),
        ("never", "receiving", True, ["The alert engine has never run."]),
        ("silent", "silent", False, ["Database lost: what you see is old"]),
    ],
)
def test_what_stands_still_is_said_above_everything_else(
    engine: EngineState, ingest: IngestState, connected: bool, said: list[str]
) -> None:
    room = RoomView(
        engine=EngineHealth(state=engine, heard_at=NOW - timedelta(seconds=125)),
        ingest=IngestHealth(state=ingest),
    )
    assert list(shown_overview(room, connected=connected).standstills) == said


@pytest.mark.parametrize(("silent_s", "state"), [(None, "never"), (15.0, "leads"), (15.1, "silent")])
def test_an_engine_is_silent_when_its_standby_did_not_take_over(silent_s: float | None, state: str) -> None:
    row = LeaderRow(term=3, holder="a", heartbeat_at=NOW, silent_s=silent_s) if silent_s is not None else None
    assert engine_health(row).state == state


def test_a_heartbeat_of_the_engine_is_no_news() -> None:
    beats = [LeaderRow(term=3, holder="a", heartbeat_at=NOW + n * MINUTE, silent_s=1.0) for n in (0, 1)]
    assert engine_health(beats[0]) == engine_health(beats[1])


LAN = OnDuty(roster="duty", people=["Nguyễn Thị Lan"], fault=None, until=NOW + timedelta(hours=9))


@pytest.mark.parametrize(
    ("duty", "kind", "words"),
    [
        (None, "off", "On call now: –"),
        (DutyNow(rosters=(LAN,)), "ok", "On call now: Nguyễn Thị Lan until 19:00"),
        (
            DutyNow(rosters=(dataclasses.replace(LAN, until=NOW + timedelta(hours=20)),)),
            "ok",
            "On call now: Nguyễn Thị Lan until 23/11/2026 06:00",
        ),
        (
            DutyNow(rosters=(LAN, dataclasses.replace(LAN, roster="sms", people=[]))),
            "bad",
            "On call now: duty: Nguyễn Thị Lan until 19:00 · sms: NOBODY IS ON DUTY!",
        ),
        (
            DutyNow(rosters=(dataclasses.replace(LAN, fault="roster.ics: nobody", until=None),)),
            "bad",
            "On call now: NOBODY ON THE ROSTER, fallback: Nguyễn Thị Lan",
        ),
        (DutyNow(), "bad", "NOBODY IS ON DUTY: no roster is configured"),
        (
            DutyNow(fault="alerting.toml: [roster.duty]: no file"),
            "bad",
            "NOBODY KNOWS WHO IS ON DUTY: the file of HANOI_ALERTING_FILE can't be used",
        ),
    ],
)
def test_who_is_on_duty_is_named_and_nobody_is_said_loudly(
    duty: DutyNow | None, kind: str, words: str
) -> None:
    found = shown_overview(RoomView(duty=duty)).duty
    assert (found.kind, found.words) == (kind, words)


def silence(number: int, matcher: str, hours: int) -> SilenceRow:
    return SilenceRow(
        id=number,
        kind="silence",
        matchers=[matcher],
        starts_at=NOW,
        ends_at=NOW + timedelta(hours=hours),
        author="lan",
        reason="pump test",
        created_at=NOW,
        ended_at=None,
        ended_by=None,
    )


def test_an_alert_says_by_whom_and_until_when_it_is_silenced() -> None:
    handling = (
        Handling(id=1, labels={"thing": "tong-dan"}),
        Handling(id=2, labels={"thing": "hoan-kiem"}),
    )
    active = [silence(number, "thing = tong-dan", hours) for number, hours in ((7, 1), (8, 3), (9, 2))]
    muted = muted_by(handling, active)
    assert {number: row.id for number, row in muted.items()} == {1: 8}
    room = RoomView(alerts=(alert(1, "firing", 5), alert(2, "firing", 9)), muted=muted)
    found = overview(view(), room, connected=True, now=NOW, language="vi").alerts
    assert [each.silenced for each in found] == ["lan tắt thông báo đến 22/11/2026 13:00: pump test", None]


def test_an_alert_is_said_in_the_language_of_the_page() -> None:
    room = RoomView(alerts=(alert(1, "firing", 5),))
    texts = {
        language: overview(view(), room, connected=True, now=NOW, language=language).alerts[0]
        for language in LANGUAGES
    }
    assert (texts["vi"].title, texts["vi"].place, texts["vi"].severity_word) == (
        "Ngập sâu",
        "Tông Đản",
        "Nghiêm trọng",
    )
    assert (texts["en"].title, texts["en"].place, texts["en"].state_word) == (
        "Deep water",
        "Tong Dan",
        "Firing",
    )


def test_an_alert_that_corrected_data_took_back_is_not_called_resolved() -> None:
    room = RoomView(alerts=(alert(1, "resolved", 5, withdrawn=True),))
    found = overview(view(), room, connected=True, now=NOW, language="en").alerts[0]
    assert found.state_word == "Withdrawn: the data was corrected"


def rejection(reason: str, payload: bytes = b"{}", **detail: object) -> RejectionPreview:
    return RejectionPreview(
        id=1, received_at=NOW, topic="hanoi/v1/x", payload=payload, size=9, reason=reason, detail=dict(detail)
    )


def test_a_rejection_leads_to_the_first_fault_and_counts_the_others() -> None:
    faults = [{"path": "$.time", "message": "no offset"}, {"path": "$.results.pm10"}]
    found = shown_rejection(rejection("naive_time", faults=faults, more_faults=3), "en")
    assert (found.reason, found.path, found.message, found.more) == (
        "Time without an offset",
        "$.time",
        "no offset",
        4,
    )


def test_a_reason_of_a_later_format_is_shown_as_words() -> None:
    assert shown_rejection(rejection("bad_checksum"), "vi").reason == "bad checksum"


def test_every_reason_of_ingest_has_words() -> None:
    assert {f"reason_{reason.value}" for reason in Reason} <= set(TEXTS)


def test_a_payload_that_is_no_text_can_steer_nothing() -> None:
    assert printable(b'{"a":\x00\x1b[31m\xff\n"\xe1\xba\xa1"}') == '{"a":··[31m\ufffd·"ạ"}'


def script_texts() -> set[str]:
    """What pages hand to their scripts: every tuple of keys that a module of texts calls so."""
    found: set[str] = set()
    for module in pkgutil.walk_packages(control_room.__path__, f"{control_room.__name__}."):
        if module.name.endswith("texts"):
            texts = vars(importlib.import_module(module.name))
            found |= {key for name, keys in texts.items() if name.endswith("SCRIPT_TEXTS") for key in keys}
    return found


def test_every_text_is_in_both_languages_and_the_script_s_are_known() -> None:
    assert [key for key, text in TEXTS.items() if not text.vi.strip() or not text.en.strip()] == []
    assert script_texts() <= set(TEXTS)
    assert {f"role_{role}" for role in Role} <= set(TEXTS)


def test_the_script_says_nothing_that_python_does_not_give_it() -> None:
    folder = Path(__file__).parents[2] / "dashboard" / "control_room" / "assets"
    asked = re.compile(r'(?:say|filled)\("(\w+)"[,)]')
    said = {key for path in folder.glob("*.js") for key in asked.findall(path.read_text("utf-8"))}
    assert said <= script_texts()


@pytest.mark.parametrize(
    ("query", "cookies", "language"),
    [
        ("", {}, ("vi", False)),
        ("lang=en", {}, ("en", True)),
        ("lang=vi", {"hanoi_ops_lang": "en"}, ("vi", True)),
        ("", {"hanoi_ops_lang": "en"}, ("en", False)),
        ("lang=fr", {"hanoi_ops_lang": "<script>"}, ("vi", False)),
    ],
)
def test_vietnamese_unless_somebody_chose(
    query: str, cookies: dict[str, str], language: tuple[str, bool]
) -> None:
    assert chosen(query, cookies) == language


EXPOSED = """\
# TYPE hanoi_ingest_messages_received_total counter
hanoi_ingest_messages_received_total {received}
# TYPE hanoi_ingest_lag_seconds histogram
hanoi_ingest_lag_seconds_bucket{{le="+Inf"}} {batches}
hanoi_ingest_lag_seconds_count {batches}
hanoi_ingest_lag_seconds_sum {lag}
# TYPE hanoi_ingest_broker_connected gauge
hanoi_ingest_broker_connected {connected}
"""


def samples(received: int, batches: int, lag: float, connected: int = 1) -> dict[str, float]:
    return read_samples(EXPOSED.format(received=received, batches=batches, lag=lag, connected=connected))


def test_ingest_tells_its_rate_and_lag_from_two_looks() -> None:
    before = (NOW, samples(100, 10, 1.0))
    assert health(samples(150, 14, 3.0), NOW + timedelta(seconds=10), before) == IngestHealth(
        state="receiving", messages_per_s=5.0, lag_s=0.5
    )


def test_at_the_first_look_there_is_no_rate_yet() -> None:
    assert health(samples(100, 10, 1.0), NOW, None) == IngestHealth(state="receiving")


def test_ingest_without_a_broker_says_so() -> None:
    assert health(samples(100, 10, 1.0, connected=0), NOW, None).state == "no_broker"


def test_ingest_that_started_anew_has_no_negative_rate() -> None:
    before = (NOW, samples(100, 10, 1.0))
    found = health(samples(3, 1, 0.1), NOW + timedelta(seconds=10), before)
    assert (found.messages_per_s, found.lag_s) == (0.0, None)


def test_what_is_no_ingest_is_not_known() -> None:
    assert health({"other_metric": 1.0}, NOW, None).state == "unknown"


def lost(thing_id: str, expected: int, missing: int) -> LossRow:
    return LossRow(thing_id=thing_id, domain="flood", expected=expected, missing=missing, since=NOW)


def test_the_loss_meter_counts_over_all_things_and_names_the_worst() -> None:
    rows = (lost("tong-dan", 100, 6), lost("hoan-kiem", 50, 2), lost("gone", 50, 1), lost("ltk-01", 200, 0))
    found = overview(view(), RoomView(loss=rows), connected=True, now=NOW, language="vi").loss
    assert found is not None
    assert (found.missing, found.expected, found.things, found.share) == (9, 400, 4, 9 / 400)
    assert [(one.place, one.missing, one.expected) for one in found.worst] == [
        ("tong-dan (vi)", 6, 100),
        ("hoan-kiem (vi)", 2, 50),
    ]


@pytest.mark.parametrize(("missing", "state"), [(0, "none"), (9, "some"), (10, "much")])
def test_the_loss_meter_asks_for_attention_from_one_percent_on(missing: int, state: str) -> None:
    room = RoomView(loss=(lost("tong-dan", 1000, missing),))
    found = overview(view(), room, connected=True, now=NOW, language="en").loss
    assert found is not None
    assert found.state == state
    assert len(found.worst) == (1 if missing else 0)


def off(thing_id: str, skew_s: float) -> ClockRow:
    return ClockRow(thing_id=thing_id, skew_s=skew_s, measured_at=NOW)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("vi", "Đồng hồ lệch: tong-dan (vi) chậm 26 ngày · hoan-kiem (vi) nhanh 119 phút · 2 nơi khác"),
        ("en", "Clock off by: tong-dan (en) 26 days behind · hoan-kiem (en) 119 min ahead · 2 more"),
    ],
)
def test_clocks_that_are_off_are_named_the_worst_first(language: Language, words: str) -> None:
    rows = (
        off("tong-dan", 26.9 * 86_400),
        off("hoan-kiem", -7199.0),
        off("gone", 119.0),
        off("ltk-01", 61.0),
    )
    found = overview(view(), RoomView(clocks=rows), connected=True, now=NOW, language=language).clocks
    assert found is not None
    assert (found.count, found.words) == (4, words)


@pytest.mark.parametrize(
    ("skew_s", "said"),
    [
        (-60.0, "60 s ahead"),
        (119.9, "119 s behind"),
        (120.0, "2 min behind"),
        (7200.0, "2 h behind"),
        (-172_800.0, "2 days ahead"),
    ],
)
def test_how_far_a_clock_is_off_is_said_in_a_unit_of_its_size(skew_s: float, said: str) -> None:
    room = RoomView(clocks=(off("gone", skew_s),))
    found = overview(view(), room, connected=True, now=NOW, language="en").clocks
    assert found is not None
    assert found.words == f"Clock off by: gone {said}"


def test_while_every_clock_is_right_nothing_is_said_of_them() -> None:
    assert overview(view(), RoomView(), connected=True, now=NOW, language="en").clocks is None


def test_without_a_thing_that_numbers_its_messages_there_is_no_share() -> None:
    assert overview(view(), RoomView(), connected=True, now=NOW, language="en").loss is None
