"""What the page of a Thing says and draws: pure, so every state of it can be had."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import plotly.graph_objects as go
import pytest

from alerts.rules import parse_rules
from dashboard.control_room import thing_csv, thing_series, thing_view, time_range
from dashboard.control_room.language import LANGUAGES, Language
from dashboard.control_room.refused import Refused
from dashboard.control_room.texts import TEXTS
from dashboard.control_room.thing_series import Series
from dashboard.control_room.thing_texts import THING_SCRIPT_TEXTS, THING_TEXTS
from dashboard.control_room.thing_view import Facts, Feed
from dashboard.control_room.time_range import Range
from dashboard.figures.series import LIVE_DOUBTS, LIVE_LINE
from storage.catalog import load_catalog
from storage.claims import Claim
from storage.clocks import Clock
from storage.exports.rows import RAW, ROLLUP
from storage.facts import Day
from storage.maintenance import Note
from storage.model import Calibration, Property
from storage.observations import History, HistoryValue, LiveValue, RollupRow
from storage.rejections import RejectionPreview
from storage.sequences import LossRow
from storage.things import Standing
from tests.dashboard.small_city import NOW, STREAMS, view

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
DOMAINS = load_catalog()
PM = DOMAINS["air_quality"].properties["pm2_5"]
DEPTH = DOMAINS["flood"].properties["water_depth"]
RULES = parse_rules(DOMAINS).by_key
LAST_DAY = Range(start=NOW - DAY, end=NOW, span="24h")
STANDING = Standing(is_public=True, online=None, status_at=None)
FACTS = Facts(
    standing=STANDING,
    newest=(),
    alerts=(),
    claims=(),
    feeds=(),
    feeds_fault=None,
    calibrations={},
    rejection=None,
    clock=None,
    loss=None,
    notes=(),
)
NOTE = Note(
    id=4,
    thing_id="hoan-kiem",
    kind="cleaning",
    text="inlet cleaned",
    starts_at=NOW - 3 * HOUR,
    ends_at=NOW - 2 * HOUR,
    author="lan",
    written_at=NOW - HOUR,
    withdrawn_by=None,
    withdrawn_at=None,
)


def value(minutes_ago: float, result: float, quality: int = 1, reason: str | None = None) -> HistoryValue:
    at = NOW - minutes_ago * MINUTE
    return HistoryValue(
        datastream_id=1,
        phenomenon_time=at,
        result_time=at,
        result=result,
        quality=quality,
        quality_reason=reason,
        provenance="measured",
        input_provenance=None,
    )


def bucket(start: datetime, mean: float, *, count: int = 12, suspect: int = 0, fail: int = 0) -> RollupRow:
    return RollupRow(
        bucket=start,
        count=count,
        mean=mean,
        min=mean - 2.5,
        max=mean + 2.5,
        first=mean,
        last=mean,
        good=count,
        not_evaluated=0,
        suspect=suspect,
        fail=fail,
        missing=0,
        mean_with_suspect=mean,
        coverage=count / 12,
        provenance="simulated",
    )


def raw(*rows: HistoryValue, observed: Property = PM, **changed: Any) -> Series:
    history = History(step="raw", rows=rows, next_start=None)
    return replace(
        Series(observed=observed, interval_s=300, range=LAST_DAY, history=history, rules=(), notes=()),
        **changed,
    )


def rolled(*rows: RollupRow, step: Any = "1h", **changed: Any) -> Series:
    return raw(**{"history": History(step=step, rows=rows, next_start=None), **changed})


# The span


@pytest.mark.parametrize(
    ("query", "length"), [({}, DAY), ({"range": "7d"}, 7 * DAY), ({"range": "1y"}, 365 * DAY)]
)
def test_a_named_span_ends_now(query: dict[str, str], length: timedelta) -> None:
    found = time_range.asked(query, NOW)
    assert (found.start, found.end) == (NOW - length, NOW)
    assert found.span is not None


def test_an_own_span_is_in_hanoi_s_time() -> None:
    query = {"from": "2026-11-21T00:00", "to": "2026-11-21T12:30:15"}
    found = time_range.asked(query, NOW)
    assert found.start == datetime(2026, 11, 20, 17, 0, tzinfo=UTC)
    assert found.end == datetime(2026, 11, 21, 5, 30, 15, tzinfo=UTC)
    assert found.span is None
    assert (time_range.written(found.start), time_range.written(found.end)) == (
        "2026-11-21T00:00:00",
        "2026-11-21T12:30:15",
    )


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"range": "3w"}, "range_span"),
        ({"from": "2026-11-21T00:00"}, "range_time"),
        ({"from": "21/11/2026", "to": "2026-11-22T00:00"}, "range_time"),
        ({"from": "2026-02-30T00:00", "to": "2026-11-22T00:00"}, "request"),
        ({"from": "2026-11-22T00:00", "to": "2026-11-21T00:00"}, "range_order"),
        ({"from": "2020-11-22T00:00", "to": "2026-11-21T00:00"}, "range_too_long"),
        ({"from": "1999-01-01T00:00", "to": "1999-01-02T00:00"}, "range_beyond"),
        ({"from": "2046-01-01T00:00", "to": "2046-01-02T00:00"}, "range_beyond"),
    ],
)
def test_a_span_that_can_not_be_is_refused(query: dict[str, str], code: str) -> None:
    with pytest.raises(Refused) as refused:
        time_range.asked(query, NOW)
    assert (refused.value.status, refused.value.code) == (422, code)


def test_earlier_and_later_are_a_whole_length_away() -> None:
    found = thing_series.answer(raw(), NOW, "en")["range"]
    assert found["previous"] == {"from": "2026-11-20T10:00:00", "to": "2026-11-21T10:00:00"}
    assert found["next"] is None
    fixed = replace(LAST_DAY, span=None).moved(-2)
    past = thing_series.answer(raw(range=fixed), NOW, "en")["range"]
    assert past["next"] == {"from": "2026-11-20T10:00:00", "to": "2026-11-21T10:00:00"}
    assert (past["live"], found["live"]) == (False, True)


# Words, figure, table


def test_the_words_tell_the_spread_the_coverage_and_what_was_left_out() -> None:
    rows = [value(n * 5 + 5, 30.0 + n) for n in range(143)]
    doubtful = [value(1000, 500.0, 3, "spike"), value(1005, 500.0, 3, "spike"), value(1010, 7.0, 4, "fault")]
    words = thing_series.in_words(raw(*rows, *doubtful), NOW, "vi")
    assert words == (
        "Bụi mịn PM2.5, 21/11/2026 10:00 đến 22/11/2026 10:00, từng giá trị: thấp nhất 30,0 µg/m³, "
        "cao nhất 172,0 µg/m³, trung bình 101,0 µg/m³; độ phủ 49,7 %. "
        "Đáng ngờ hoặc lỗi: 3 (khác hẳn giá trị trước và sau: 2; thiết bị báo lỗi: 1)."
    )
    assert (
        "lowest 30.0 µg/m³, highest 172.0 µg/m³, mean 101.0 µg/m³; coverage 49.7 %."
        in thing_series.in_words(raw(*rows), NOW, "en")
    )


def test_the_mean_of_buckets_weighs_each_by_its_values() -> None:
    rows = [bucket(NOW - 3 * HOUR, 10.0, count=12), bucket(NOW - 2 * HOUR, 40.0, count=3, suspect=4, fail=1)]
    words = thing_series.in_words(rolled(*rows), NOW, "en")
    assert "by the hour: lowest 7.5 µg/m³, highest 42.5 µg/m³, mean 16.0 µg/m³; coverage 5.2 %." in words
    assert words.endswith("Suspect: 4, failed: 1.")


def test_directions_have_the_mean_of_their_vectors() -> None:
    wind = DOMAINS["air_quality"].properties["wind_direction"]
    words = thing_series.in_words(raw(value(10, 350.0), value(5, 20.0), observed=wind), NOW, "en")
    assert "mean 5 °" in words
    assert "mean –" in thing_series.in_words(raw(value(10, 0.0), value(5, 180.0), observed=wind), NOW, "en")


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_said_to_be_nothing(language: Language) -> None:
    found = thing_series.answer(raw(), NOW, language)
    assert found["words"].endswith(" 0 %.")
    assert found["table"]["rows"] == []
    drawn = go.Figure(found["figure"])
    assert [one.text for one in drawn.layout.annotations] == [
        {"vi": "Không có dữ liệu trong khoảng này", "en": "No data in this span"}[language]
    ]


def test_gaps_stay_gaps_and_doubts_say_why() -> None:
    rows = [value(60, 30.0), value(55, 31.0), value(50, 99.0, 3, "spike"), value(10, 32.0)]
    traces = thing_series.figure(raw(*rows), "en")["data"]
    assert traces[LIVE_LINE]["y"] == [30.0, 31.0, None, 32.0]
    assert traces[LIVE_LINE]["x"][0] == "2026-11-22 09:00:00"
    assert traces[LIVE_LINE]["connectgaps"] is False
    assert (traces[LIVE_DOUBTS]["y"], traces[LIVE_DOUBTS]["text"]) == (
        [99.0],
        ["far off the values beside it"],
    )
    assert traces[LIVE_DOUBTS]["marker"]["symbol"] == "x"


def test_a_ribbon_shows_the_reach_of_buckets_and_stops_at_gaps() -> None:
    rows = [bucket(NOW - n * HOUR, 30.0) for n in (9, 8, 7, 3, 2)]
    found = go.Figure(thing_series.figure(rolled(*rows), "en"))
    ribbons = [one for one in found.data if one.fill == "toself"]
    assert [len(one.x) for one in ribbons] == [6, 4]
    assert set(ribbons[0].y) == {27.5, 32.5}
    [line] = [one for one in found.data if one.mode == "lines+markers"]
    assert list(line.y) == [30.0, 30.0, 30.0, None, 30.0, 30.0]
    assert line.x[0] == "2026-11-22 01:30:00"


def test_a_bucket_with_doubtful_values_is_crossed() -> None:
    traces = thing_series.figure(rolled(bucket(NOW - HOUR, 30.0, suspect=2, fail=1)), "vi")["data"]
    assert (traces[-1]["y"], traces[-1]["text"]) == ([30.0], ["2 đáng ngờ, 1 lỗi"])


def test_bands_limits_and_maintenance_are_drawn_and_named() -> None:
    found = raw(
        value(10, 12.0),
        value(5, 34.0),
        observed=DEPTH,
        rules=[RULES["flood-30"]] if "flood-30" in RULES else [],
    )
    figure = go.Figure(thing_series.figure(replace(found, notes=[NOTE]), "en"))
    said = [one.text for one in figure.layout.annotations]
    assert {"Not flooded", "Minor", "≥ 30 cm", "⚒ cleaning"} <= set(said)
    dashed = [one.y0 for one in figure.layout.shapes if one.line.dash == "dash"]
    assert dashed == [30.0]
    marks = [one for one in figure.layout.shapes if one.yref == "paper"]
    assert [(one.x0, one.x1) for one in marks] == [("2026-11-22 07:00:00", "2026-11-22 08:00:00")]
    scale = [one["text"] for one in thing_series.scale_in_words(found, "en")]
    assert scale[0] == "Not flooded: below 5 cm"
    assert "Impassable: 50 cm or more" in scale
    assert scale[-1].endswith("≥ 30 cm (suggested)")


def test_a_limit_out_of_sight_is_still_told() -> None:
    found = raw(value(5, 3.0), observed=DEPTH, rules=[RULES["flood-30"]])
    figure = thing_series.figure(found, "en")
    assert all(shape["line"].get("dash") is None for shape in figure["layout"]["shapes"])
    assert list(thing_series.scale_in_words(found, "en"))[-1]["text"].endswith("≥ 30 cm (suggested)")


def test_pressure_does_not_begin_at_zero_and_rain_does() -> None:
    pressure = DOMAINS["air_quality"].properties["pressure"]
    high = thing_series.figure(raw(value(10, 1010.0), value(5, 1013.0), observed=pressure), "en")
    assert high["layout"]["yaxis"]["range"][0] > 1000
    low = thing_series.figure(raw(value(10, 3.0), value(5, 30.0)), "en")
    assert low["layout"]["yaxis"]["range"][0] == 0


def test_the_table_says_the_same_the_newest_first() -> None:
    found = raw(value(10, 30.0), value(5, 99.0, 3, "spike"))
    assert thing_series.table(found, "vi")["rows"] == [
        ["22/11/2026 09:55:00", "99,0 µg/m³", "đáng ngờ", "khác hẳn giá trị trước và sau", "đo được"],
        ["22/11/2026 09:50:00", "30,0 µg/m³", "tốt", "", "đo được"],
    ]
    day = rolled(bucket(datetime(2026, 11, 20, 17, 0, tzinfo=UTC), 1030.0, suspect=3), step="1d")
    assert thing_series.table(day, "en")["rows"] == [
        [
            "21/11/2026",
            "1,030.0 µg/m³",
            "1,027.5 µg/m³",
            "1,032.5 µg/m³",
            "12",
            "100.0 %",
            "3",
            "0",
            "simulated",
        ]
    ]


def test_a_bay_is_told_in_words() -> None:
    occupied = DOMAINS["parking"].properties["occupied"]
    rows = thing_series.table(raw(value(5, 1.0), value(1, 0.0), observed=occupied), "en")["rows"]
    labels = [occupied.bands[n].label.en for n in (0, 1)]
    assert [row[1] for row in rows] == labels


# CSV


def test_csv_for_a_vietnamese_excel_byte_for_byte() -> None:
    found = raw(value(65, 1035.25), value(5.5, 7.0, 3, "spike"))
    assert thing_csv.for_excel(found) == (
        b"\xef\xbb\xbf"
        + (
            "Thời điểm;Bụi mịn PM2.5 (µg/m³);Chất lượng;Lý do;Nguồn gốc\r\n"
            "22/11/2026 08:55;1035,25;tốt;;đo được\r\n"
            "22/11/2026 09:54;7;đáng ngờ;khác hẳn giá trị trước và sau;đo được\r\n"
        ).encode()
    )


def test_csv_of_buckets_for_a_vietnamese_excel() -> None:
    midnight = datetime(2026, 11, 20, 17, 0, tzinfo=UTC)
    lines = thing_csv.for_excel(rolled(bucket(midnight, 30.0, count=9, suspect=2), step="1d")).decode(
        "utf-8-sig"
    )
    assert lines.split("\r\n")[1] == "21/11/2026 00:00;30;27,5;32,5;9;75;2;0;0;mô phỏng"


def test_local_time_knows_no_summer() -> None:
    """Hanoi is seven hours ahead all year, whatever zones do elsewhere."""
    rows = [replace_time(datetime(2026, month, 1, 17, 0, tzinfo=UTC)) for month in (1, 3, 4, 7, 10, 11)]
    lines = thing_csv.for_excel(raw(*rows)).decode("utf-8-sig").split("\r\n")[1:-1]
    assert [line.split(";")[0] for line in lines] == [
        f"02/{month:02d}/2026 00:00" for month in (1, 3, 4, 7, 10, 11)
    ]


def replace_time(at: datetime) -> HistoryValue:
    return msgspec.structs.replace(value(0, 1.0), phenomenon_time=at)


def test_plain_csv_is_that_of_the_export() -> None:
    found = raw(value(5, 0.00001), value(0, 1e21, 4, None))
    assert thing_csv.plain(found, "hoan-kiem", "air_quality").decode() == (
        "thing,domain,property,unit,time,result_time,result,quality,quality_reason,provenance,input_provenance\n"
        "hoan-kiem,air_quality,pm2_5,ug/m3,2026-11-22T02:55:00Z,2026-11-22T02:55:00Z,0.00001,1,,measured,\n"
        "hoan-kiem,air_quality,pm2_5,ug/m3,2026-11-22T03:00:00Z,2026-11-22T03:00:00Z,"
        "1000000000000000000000,4,,measured,\n"
    )
    assert list(thing_csv.RAW) == [name for name in RAW.names if name != "parameters"]
    assert list(thing_csv.ROLLUP) == ROLLUP.names
    line = (
        thing_csv.plain(rolled(bucket(NOW - HOUR, 30.0)), "hoan-kiem", "air_quality").decode().split("\n")[1]
    )
    assert line == (
        "hoan-kiem,air_quality,pm2_5,ug/m3,2026-11-22T02:00:00Z,12,30,27.5,32.5,30,30,12,0,0,0,0,30,1,simulated"
    )


def test_no_text_becomes_a_formula() -> None:
    found = raw(value(5, 1.0, 3, "=cmd|' /C calc'!A0"))
    assert ";'=cmd|' /C calc'!A0;" in thing_csv.for_excel(found).decode("utf-8-sig")
    assert ",'=cmd|' /C calc'!A0," in thing_csv.plain(found, "hoan-kiem", "air_quality").decode()


def test_a_file_is_named_after_what_is_in_it() -> None:
    assert thing_csv.file_name("hoan-kiem", raw()) == "hoan-kiem_pm2_5_20261121-20261122.csv"


# The page


def live(
    key: tuple[str, str], result: float, *, minutes_ago: float = 1, stored_s: float = 0, quality: int = 1
) -> LiveValue:
    stream, at = STREAMS[key], NOW - minutes_ago * MINUTE
    return LiveValue(
        thing_id=stream.thing_id,
        domain={"hoan-kiem": "air_quality", "tong-dan": "flood"}.get(stream.thing_id, "parking"),
        property=stream.property,
        datastream_id=stream.id,
        phenomenon_time=at,
        result_time=at,
        ingested_at=at + timedelta(seconds=stored_s),
        result=result,
        quality=quality,
        quality_reason=None,
        provenance="simulated",
        input_provenance=None,
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_of_a_station_is_there(language: Language) -> None:
    values = [live(("hoan-kiem", "pm2_5"), 61.5), live(("hoan-kiem", "battery"), 3.6, minutes_ago=30)]
    city = view(values)
    facts = replace(FACTS, newest=values, notes=[NOTE])
    found = thing_view.page(city.things["hoan-kiem"], city, facts, NOW, language)
    assert msgspec.json.encode(found)
    assert (found["state"], found["simulated"], found["public"]) == ("live", True, True)
    assert [one["property"] for one in found["series"]] == ["vn_aqi", "pm2_5", "battery"]
    assert found["series"][1]["value"] == {"vi": "61,5 µg/m³", "en": "61.5 µg/m³"}[language]
    assert found["series"][0]["value"] is None
    assert found["newest"] == NOW - MINUTE


def test_a_point_has_its_bays_and_a_bay_its_point() -> None:
    city = view([live(("ltk-01-b01", "occupied"), 1.0)])
    point = thing_view.heading(city.things["ltk-01"], city, STANDING, NOW, "en")
    assert len(point["children"]) == len(city.children_of["ltk-01"])
    bay = thing_view.heading(city.things["ltk-01-b01"], city, STANDING, NOW, "en")
    assert bay["parent"] == {"id": "ltk-01", "name": "ltk-01 (en)"}
    assert bay["kind"] == "Parking bay"


def test_a_kind_that_the_catalogue_has_no_word_for_stands_as_it_is() -> None:
    assert thing_view.kind_word(DOMAINS["rain"], "rain_radar", "vi") == "rain radar"
    assert thing_view.kind_word(None, "bay", "en") == "bay"


def test_what_came_last_is_told_apart() -> None:
    city = view([])
    newest = [
        live(("hoan-kiem", "pm2_5"), 61.5, stored_s=2),
        live(("hoan-kiem", "vn_aqi"), 120.0, stored_s=20),
        live(("hoan-kiem", "battery"), 3.6, minutes_ago=50),
    ]
    rejection = RejectionPreview(
        id=1,
        received_at=NOW,
        topic="hanoi/v1/air_quality/hoan-kiem/observations",
        payload=b'{"time": "2026-11-22T10:00:00"}\x1b',
        size=9000,
        reason="naive_time",
        detail={"faults": [{"path": "$.time", "reason": "naive_time", "message": "no offset"}]},
    )
    none = thing_view.message(FACTS, city, "en")
    assert (none["words"], none["accepted"], none["rejected"]) == ("No message has come yet.", [], None)
    accepted = thing_view.message(replace(FACTS, newest=newest), city, "vi")
    assert accepted["words"] == "Thông điệp cuối được nhận."
    assert [row[:3] for row in accepted["accepted"]] == [
        ["Bụi mịn PM2.5", "61,5 µg/m³", "22/11/2026 09:59:00"]
    ]
    assert accepted["accepted"][0][4] == "22/11/2026 09:59:02"
    refused = thing_view.message(replace(FACTS, newest=newest, rejection=rejection), city, "en")
    assert refused["words"] == "The last message was refused."
    assert refused["rejected"]["reason"] == "Time without an offset"
    assert refused["rejected"]["path"] == "$.time"
    assert refused["rejected"]["payload"] == '{"time": "2026-11-22T10:00:00"}·'
    assert refused["rejected"]["size"] == "9,000 bytes; the first 32 are shown"
    older = replace(rejection, received_at=NOW - HOUR)
    last = thing_view.message(replace(FACTS, newest=newest, rejection=older), city, "en")
    assert last["words"] == "The last message was accepted."


@pytest.mark.parametrize(
    ("skew_s", "sure", "words", "bad"),
    [
        (-7200.0, True, "2 h ahead", True),
        (7200.0, True, "2 h behind", True),
        (7200.0, False, "2 h behind, or what it sends comes late", False),
        (59.0, True, "right, less than a minute off", False),
    ],
)
def test_the_clock_in_words(skew_s: float, sure: bool, words: str, bad: bool) -> None:
    clock = Clock(thing_id="hoan-kiem", domain="air_quality", skew_s=skew_s, measured_at=NOW, is_sure=sure)
    found = thing_view.clock(clock, "en")
    assert (found["words"], found["bad"], found["at"]) == (words, bad, NOW)
    assert thing_view.clock(None, "en")["words"] == "not measured yet"


def test_losses_in_words() -> None:
    row = LossRow(thing_id="hoan-kiem", domain="air_quality", expected=2881, missing=3, since=NOW - DAY)
    assert thing_view.loss(row, "vi") == {"words": "3 trên 2.881 (0,10 %), từ 21/11/2026 10:00", "bad": True}
    assert thing_view.loss(None, "en")["words"] == "it does not number its messages"


def test_a_withdrawn_note_says_by_whom() -> None:
    shown = thing_view.note(NOTE, "en")
    assert (shown["kind_word"], shown["when"]) == ("cleaning", "22/11/2026 07:00 to 22/11/2026 08:00")
    assert (shown["by"], shown["withdrawn"]) == ("written by lan, 22/11/2026 09:00", None)
    gone = thing_view.note(replace(NOTE, ends_at=None, withdrawn_by="minh", withdrawn_at=NOW), "vi")
    assert (gone["when"], gone["withdrawn"]) == ("22/11/2026 07:00", "minh rút lại lúc 22/11/2026 10:00")


def test_what_is_known_of_it_in_words() -> None:
    city = view([])
    facts = replace(
        FACTS,
        standing=Standing(is_public=False, online=False, status_at=NOW),
        feeds=[Feed(source="ttn", device="eui-7", decoder="ttn")],
        claims=[Claim(source="chirp", device="a1", thing_id="hoan-kiem", claimed_at=NOW, claimed_by="lan")],
    )
    about = dict(thing_view.about(city.things["hoan-kiem"], city, facts, "en"))
    assert about["Id"] == "hoan-kiem"
    assert about["Place"] == "21.03000; 105.85000 · Approximate position, 100 to 300 m off"
    assert about["Public pages"] == "do not: only operators see it"
    assert about["Connection"] == "disconnected since 22/11/2026 10:00"
    assert about["Other source"] == "ttn, device eui-7, decoder ttn"
    assert about["Claimed device"] == "a1 of source chirp, by lan, 22/11/2026 10:00"
    placeless = dict(thing_view.about(city.things["ltk-01-b01"], city, FACTS, "vi"))
    assert placeless["Vị trí"] == "không có vị trí riêng"


def test_attributes_are_words() -> None:
    found = {
        "capacity": 17,
        "capacity_trust": "S",
        "max_stay_min": 240,
        "max_stay_trust": "M",
        "tariff": {"first_min": 120, "first_vnd": 25000},
        "real_station": True,
        "station_type": "fixed",
        "gauges": ["hoan-kiem", "elsewhere"],
        "made_by_them": 1.5,
    }
    assert list(thing_view.attributes(found, view([]), "vi")) == [
        ("Số chỗ", "17 (giả định)"),
        ("Đỗ lâu nhất (phút)", "240 (chưa kiểm chứng)"),
        ("Giá đỗ", "25.000 đ cho 120 phút đầu"),
        ("Có trạm thật ở đây", "có"),
        ("Loại trạm", "cố định"),
        ("Các trạm đo mưa", "hoan-kiem (vi), elsewhere"),
        ("made by them", "1,5"),
    ]


def test_a_calibration_in_words() -> None:
    city = view([])
    calibrations = {
        "pm2_5": [
            Calibration(
                gain=0.85, offset=-1.5, valid_from=NOW - DAY, valid_to=NOW, note="against the reference"
            )
        ]
    }
    [_, pm, battery] = thing_view.streams(city.things["hoan-kiem"], city, calibrations, "vi")
    assert pm["calibrations"] == [
        "0,85 × giá trị gửi − 1,5, từ 21/11/2026 10:00 đến 22/11/2026 10:00: against the reference"
    ]
    assert (pm["interval"], pm["made"]) == ("5 phút", "thiết bị gửi")
    assert battery["calibrations"] == []


def day(when: date, share: float, received: int = 144, **counts: int) -> Day:
    return Day(
        day=when,
        expected=288,
        received=received,
        share=share,
        **{"suspect": 0, "fail": 0, "missing": 0, **counts},
    )


def test_a_calendar_has_weeks_from_monday_and_says_each_day() -> None:
    last = date(2026, 11, 21)  # a Saturday
    first = date(2026, 11, 12)  # a Thursday
    days = [day(date(2026, 11, 19), 0.5, suspect=3), day(date(2026, 11, 20), 0.9996, 288), day(last, 0.0, 0)]
    found = thing_view.calendar(days, first, last, "vi")
    assert [len(week) for week in found["weeks"]] == [7, 7]
    assert found["weeks"][0][:3] == [None, None, None]
    assert found["weeks"][1][6] is None
    assert found["weeks"][0][3]["label"] == "12/11/2026: trước giá trị đầu tiên"
    labels = [cell["label"] for cell in found["weeks"][1][3:6]]
    assert labels == [
        "19/11/2026: 50,0 % (144 trên 288); đáng ngờ 3, lỗi 0",
        "20/11/2026: 99,9 % (288 trên 288)",
        "21/11/2026: 0,0 % (0 trên 288)",
    ]
    assert found["words"] == ("3 ngày, trung bình 49,9 %; 1 ngày từ 95 % trở lên, 1 ngày im lặng.")
    assert found["rows"][-1] == ["19/11/2026", "50,0 %", "144 / 288", "3", "0", "0"]
    assert thing_view.calendar([], first, last, "en")["words"] is None


@pytest.mark.parametrize(
    ("share", "level"),
    [(0.0, 0), (0.001, 1), (0.49, 1), (0.5, 2), (0.79, 2), (0.8, 3), (0.949, 3), (0.95, 4), (1.0, 4)],
)
def test_a_day_has_its_colour_by_its_share(share: float, level: int) -> None:
    assert thing_view.day_level(share) == level


# Texts


def test_every_text_is_in_two_languages() -> None:
    for key, text in THING_TEXTS.items():
        assert text.vi.strip(), key
        assert text.en.strip(), key
    same = {key for key, text in THING_TEXTS.items() if text.vi == text.en}
    assert same == {"band_all", "chart_csv"}


def test_scripts_ask_for_texts_that_are_sent() -> None:
    assert set(THING_SCRIPT_TEXTS) <= set(TEXTS)


def test_every_kind_of_thing_has_a_word() -> None:
    """But for our own services, which are shown by that name."""
    kinds = {(domain.key, kind) for domain in DOMAINS.values() for kind in domain.map_kinds}
    kinds |= {("parking", "bay"), ("rain", "basin")}
    assert {kind for domain, kind in kinds if kind not in DOMAINS[domain].kinds} <= {"service"}
