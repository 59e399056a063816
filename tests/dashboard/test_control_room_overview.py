"""What the overview says of a city: pure, so every state of it can be had."""

import dataclasses
import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from dashboard.control_room.data_texts import DATA_SCRIPT_TEXTS
from dashboard.control_room.device_texts import DEVICE_SCRIPT_TEXTS
from dashboard.control_room.ingest_health import health, read_samples
from dashboard.control_room.language import LANGUAGES, Language, chosen
from dashboard.control_room.overview import overview
from dashboard.control_room.rejected import printable, shown_rejection
from dashboard.control_room.room import IngestHealth, RoomView, Trend, way_of
from dashboard.control_room.texts import SCRIPT_TEXTS, TEXTS
from dashboard.control_room.tiles import Tile, tile
from dashboard.data import CityView
from dashboard.map_snapshot import usable_map_section
from ingest.model import Reason
from storage.alert_log import AlertRow
from storage.catalog import load_catalog
from storage.clocks import ClockRow
from storage.model import Text
from storage.operators import Role
from storage.rejections import RejectionPreview
from storage.sequences import LossRow
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
    bays = [value(f"ltk-01-b{n:02d}", "occupied", taken) for n, taken in ((1, 1.0), (2, 1.0), (3, 0.0))]
    found = shown(view(bays), "parking")
    assert found.headline is not None
    assert (found.headline.value, found.headline.place) == (1, "of 5 in the city")
    assert found.word == "Filling"  # 2 of 3 known bays, 67 %: from 60 to 85 %
    assert found.sensors == {"live": 3, "stale": 0, "never": 2, "fault": 0}


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
    return dataclasses.replace(row, **changed)  # type: ignore[arg-type]


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


def test_every_text_is_in_both_languages_and_the_script_s_are_known() -> None:
    assert [key for key, text in TEXTS.items() if not text.vi.strip() or not text.en.strip()] == []
    assert {*SCRIPT_TEXTS, *DEVICE_SCRIPT_TEXTS, *DATA_SCRIPT_TEXTS} <= set(TEXTS)
    assert {f"role_{role}" for role in Role} <= set(TEXTS)


def test_the_script_says_nothing_that_python_does_not_give_it() -> None:
    folder = Path(__file__).parents[2] / "dashboard" / "control_room" / "assets"
    said = {
        key for path in folder.glob("*.js") for key in re.findall(r'say\("(\w+)"\)', path.read_text("utf-8"))
    }
    assert said <= {*SCRIPT_TEXTS, *DEVICE_SCRIPT_TEXTS, *DATA_SCRIPT_TEXTS}


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
