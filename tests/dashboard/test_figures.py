"""Figures as data: Plotly itself says whether a figure is one."""

from datetime import UTC, datetime, timedelta

import plotly.graph_objects as go
import pytest

from dashboard.control_room.language import Language
from dashboard.control_room.thing_day import in_words
from dashboard.figures.last_day import Value, last_day
from dashboard.figures.reasons import REASONS
from dashboard.figures.sparkline import sparkline
from ingest import derivation, derive, derive_rain, quality
from ingest.decoders import native
from ingest.indicators import rain
from storage.catalog import load_catalog

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DOMAINS = load_catalog()
DEPTH = DOMAINS["flood"].properties["water_depth"]
AQI = DOMAINS["air_quality"].properties["vn_aqi"]


def at(hours_ago: float, value: float, quality: int = 1, reason: str | None = None) -> Value:
    return Value(NOW - hours_ago * HOUR, value, quality, reason)


def test_a_sparkline_goes_from_zero_to_what_it_must_reach() -> None:
    drawn = sparkline(
        [(NOW - 2 * HOUR, 5.0), (NOW, 10.0)], start=NOW - 4 * HOUR, end=NOW, gap=3 * HOUR, reaches=20.0
    )
    assert drawn is not None
    assert drawn.line == "M50.0 22.5 L100.0 15.0"
    assert drawn.area == "M50.0 22.5 L100.0 15.0 L100.0 30.0 L50.0 30.0 Z"
    assert (drawn.lowest, drawn.highest) == (5.0, 10.0)


def test_a_sparkline_breaks_where_nothing_was_measured() -> None:
    points = [(NOW - 4 * HOUR, 1.0), (NOW - 3 * HOUR, 1.0), (NOW, 1.0)]
    drawn = sparkline(points, start=NOW - 4 * HOUR, end=NOW, gap=HOUR, reaches=0.0)
    assert drawn is not None
    assert drawn.line == "M0.0 0.0 L25.0 0.0 M100.0 0.0 L100.0 0.0"
    assert drawn.area.count("M") == 1


def test_values_below_zero_stay_inside_the_box() -> None:
    drawn = sparkline([(NOW, -1.0), (NOW, 1.0)], start=NOW - HOUR, end=NOW, gap=HOUR, reaches=0.0)
    assert drawn is not None
    assert drawn.line == "M100.0 30.0 L100.0 0.0"


def test_a_flat_line_at_zero_lies_on_the_floor() -> None:
    drawn = sparkline([(NOW, 0.0)], start=NOW - HOUR, end=NOW, gap=HOUR, reaches=0.0)
    assert drawn is not None
    assert drawn.line == "M100.0 30.0 L100.0 30.0"


def test_there_is_no_sparkline_of_nothing_or_of_what_is_too_old() -> None:
    old = [(NOW - 5 * HOUR, 1.0)]
    assert sparkline([], start=NOW - HOUR, end=NOW, gap=HOUR, reaches=1.0) is None
    assert sparkline(old, start=NOW - HOUR, end=NOW, gap=HOUR, reaches=1.0) is None


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize(
    "values",
    [[], [at(2, 40.0), at(1, 120.0)], [at(2, 40.0, 3), at(1, 120.0, 4)]],
    ids=["none", "good", "bad"],
)
def test_a_day_is_a_figure_of_plotly(values: list[Value], language: str) -> None:
    go.Figure(last_day(values, AQI, bands=AQI.bands, now=NOW, language=language))


def test_times_on_the_axis_are_hanoi_s() -> None:
    figure = last_day([at(0, 1.0)], AQI, bands=(), now=NOW, language="vi")
    assert figure["data"][0]["x"] == ["2026-11-22 10:00:00"]
    assert figure["layout"]["xaxis"]["range"] == ["2026-11-21 10:00:00", "2026-11-22 10:00:00"]


def test_a_silence_of_more_than_three_intervals_breaks_the_line() -> None:
    quiet = last_day([at(2, 1.0), at(1, 2.0)], DEPTH, bands=(), now=NOW, language="vi")
    assert quiet["data"][0]["y"] == [1.0, None, 2.0]
    busy = last_day([at(2 / 60, 1.0), at(1 / 60, 2.0)], DEPTH, bands=(), now=NOW, language="vi")
    assert busy["data"][0]["y"] == [1.0, 2.0]


def test_suspect_and_failed_values_are_marks_of_their_own_and_not_part_of_the_line() -> None:
    figure = last_day([at(3, 1.0), at(2, 99.0, 3), at(1, 98.0, 4)], AQI, bands=(), now=NOW, language="en")
    line, marks = figure["data"]
    assert line["y"] == [1.0]
    assert (marks["y"], marks["name"]) == ([99.0, 98.0], "Suspect or failed value")


def test_a_mark_says_why_when_it_is_pointed_at() -> None:
    doubtful = [at(3, 99.0, 3, "spike"), at(2, 98.0, 4, "fault"), at(1, 97.0, 3, "their_own"), at(0, 1.0, 4)]
    for language, words in {
        "vi": ["khác hẳn giá trị trước và sau", "thiết bị báo lỗi", "their_own", "không rõ lý do"],
        "en": ["far off the values beside it", "device reports a fault", "their_own", "no reason given"],
    }.items():
        _, marks = last_day(doubtful, AQI, bands=(), now=NOW, language=language)["data"]
        assert marks["text"] == words
        assert "%{text}" in marks["hovertemplate"]


def test_every_reason_that_ingest_writes_has_words() -> None:
    written = {*quality.REASONS, quality.IMPLAUSIBLE, *native.FLAGS}
    written |= {rain.COUNTER_RESET, rain.GAP, rain.ABOVE_CAP, rain.SUSPECT_COUNTER}
    written |= {rain.COUNTER_BEYOND_RANGE, rain.MISREAD}
    written |= {derive_rain.SUPERSEDED, derive_rain.LEFT_OUT, derive_rain.OUT_OF_RANGE}
    written |= {derive.WITHDRAWN, derivation.COVERAGE}
    assert written == set(REASONS)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("vi", "Đáng ngờ hoặc lỗi: đứng yên quá lâu (2); thiết bị báo lỗi (1)."),
        ("en", "Suspect or failed: stands still too long (2); device reports a fault (1)."),
    ],
)
def test_the_sentence_below_a_day_says_what_was_left_out_and_why(language: Language, words: str) -> None:
    values = [at(4, 9.0, 4, "fault"), at(3, 5.0, 3, "stuck"), at(2, 5.0, 3, "stuck"), at(1, 7.0)]
    assert in_words(values, AQI, language).endswith(words)
    assert words.partition(":")[0] not in in_words(values[-1:], AQI, language)
    assert in_words(values[:1], AQI, language).startswith({"vi": "Không có", "en": "No usable"}[language])


def test_bands_in_sight_have_a_stripe_and_their_word() -> None:
    figure = last_day([at(1, 120.0)], AQI, bands=AQI.bands, now=NOW, language="vi")
    assert [word["text"] for word in figure["layout"]["annotations"]] == ["Tốt", "Trung bình", "Kém"]
    assert [stripe["fillcolor"] for stripe in figure["layout"]["shapes"]] == ["#00E400", "#FFFF00", "#FF7E00"]


def test_a_day_without_values_says_so() -> None:
    figure = last_day([], AQI, bands=AQI.bands, now=NOW, language="en")
    assert [word["text"] for word in figure["layout"]["annotations"]] == ["No data in the last 24 hours"]
