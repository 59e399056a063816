"""Panels of the page of rain and flood: sums of rain, and rain above water. Expected numbers are worked out by hand."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from dashboard.control_room.domains import hyetograph, rain_sums
from dashboard.control_room.domains.hyetograph import Pair
from storage.catalog import load_catalog
from storage.model import Quality
from storage.observations import History, HistoryValue, RollupRow
from storage.rain_totals import RainTotal
from tests.dashboard.small_city import thing

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
CATALOG = load_catalog()
RAIN = CATALOG["rain"]
GAUGES = [thing(one, "rain", "gauge") for one in ("wet", "wetter", "silent", "old")]


def total(
    gauge: str, key: str, mm: float, *, coverage: float | None = 1.0, age: timedelta = timedelta()
) -> RainTotal:
    return RainTotal(
        thing_id=gauge,
        property=key,
        phenomenon_time=NOW - age,
        result=mm,
        quality=1,
        coverage=coverage,
        provenance="simulated",
        before_result=None,
        before_coverage=None,
        before_provenance=None,
    )


TOTALS = [
    total("wet", "rain_1h", 12.34),
    total("wet", "rain_24h", 60.0),
    replace(total("wet", "rain_3h", 20.0, coverage=0.9), before_result=7.5, before_coverage=0.7),
    total("wetter", "rain_1h", 51.0, coverage=0.5),
    total("wetter", "rain_3h", 55.0),
    total("old", "rain_1h", 80.0, age=31 * MINUTE),
]


def test_two_sums_of_three_hours_join_to_one_of_six() -> None:
    found = rain_sums.windows(TOTALS)
    assert (found["wet"]["6h"].mm, found["wet"]["6h"].coverage) == (27.5, 0.8)


def test_without_its_earlier_half_a_sum_of_six_hours_is_a_lower_bound() -> None:
    found = rain_sums.windows(TOTALS)["wetter"]["6h"]
    assert (found.mm, found.coverage, found.is_lower_bound) == (55.0, 0.5, True)


def test_bars_have_class_and_lower_bound_and_old_sums_have_none() -> None:
    drawn = rain_sums.drawn(GAUGES, rain_sums.windows(TOTALS), ["1h"], RAIN, NOW, "vi")
    assert drawn.figure is not None
    [bars] = drawn.figure["data"]
    assert bars["y"] == ["wetter (vi)", "wet (vi)", "old (vi)", "silent (vi)"]
    assert bars["x"] == [51.0, 12.34, None, None]
    assert bars["text"] == ["≥ 51,0", "12,3", "", ""]
    assert bars["marker"]["pattern"]["shape"] == ["/", "", "", ""]
    assert "Mưa rất to" in bars["customdata"][0]
    assert "50 %" in bars["customdata"][0]


def test_words_name_the_wettest_and_who_is_silent() -> None:
    words = rain_sums.drawn(GAUGES, rain_sums.windows(TOTALS), ["1h"], RAIN, NOW, "en").words
    assert "1 hour up to 22/11/2026 10:00: most at wetter (en), ≥ 51.0 mm (Very heavy rain)." in words
    assert "24 hours up to 22/11/2026 10:00: most at wet (en), 60.0 mm (Heavy rain)." in words
    assert "2 gauges without a fresh sum: old (en), silent (en)" in words


def test_the_table_has_every_gauge_with_coverage_and_says_what_is_old() -> None:
    table = rain_sums.drawn(GAUGES, rain_sums.windows(TOTALS), ["1h"], RAIN, NOW, "en").table
    rows = {row[0]: row for row in table.rows}
    assert rows["wet (en)"][1:5] == [
        "12.3 mm, Heavy rain; 100 % reported",
        "20.0 mm; 90 % reported",
        "27.5 mm; 80 % reported",
        "60.0 mm, Heavy rain; 100 % reported",
    ]
    assert rows["silent (en)"] == ["silent (en)", "–", "–", "–", "–", "No data yet"]
    assert rows["old (en)"][-1] == "22/11/2026 09:29 (Old data)"


def test_without_any_sum_it_is_said() -> None:
    drawn = rain_sums.drawn(GAUGES, {}, ["1h"], RAIN, NOW, "vi")
    assert drawn.empty
    assert drawn.words == "Chưa có tổng lượng mưa nào được tính."


def value(minutes: float, result: float, quality: int = 1) -> HistoryValue:
    at = NOW + minutes * MINUTE
    return HistoryValue(
        datastream_id=1,
        phenomenon_time=at,
        result_time=at,
        result=result,
        quality=quality,
        quality_reason=None,
        provenance="measured",
        input_provenance=None,
    )


def bucket(hours: float, mean: float, count: int, highest: float) -> RollupRow:
    numbers = {"good": count, "not_evaluated": 0, "suspect": 0, "fail": 0, "missing": 0}
    return RollupRow(
        bucket=NOW + hours * HOUR,
        count=count,
        mean=mean,
        min=0.0,
        max=highest,
        first=0.0,
        last=0.0,
        mean_with_suspect=mean,
        coverage=1.0,
        provenance="measured",
        **numbers,
    )


def pair(rain: History, depth: History) -> Pair:
    return Pair(
        gauge=thing("gauge", "rain", "gauge"),
        point=replace(thing("point", "flood", "flood_point"), lat=21.04),
        rain=rain,
        rain_interval=5 * MINUTE,
        depth=depth,
        depth_interval=MINUTE,
        observed=CATALOG["flood"].properties["water_depth"],
        start=NOW,
        end=NOW + 6 * HOUR,
    )


RAW = pair(
    History(
        step="raw", rows=[value(5, 1.0), value(10, 5.0), value(15, 99.0, 3), value(65, 0.5)], next_start=None
    ),
    History(step="raw", rows=[value(20, 31.0), value(30, 4.0), value(70, 180.0, 3)], next_start=None),
)


def test_a_report_is_the_rain_of_its_interval_as_an_intensity() -> None:
    bars = hyetograph.bars(RAW.rain, RAW.rain_interval)
    assert [(bar.start - NOW, bar.end - NOW) for bar in bars[:2]] == [
        (timedelta(), 5 * MINUTE),
        (5 * MINUTE, 10 * MINUTE),
    ]
    assert [bar.mm_h for bar in bars[:2]] == pytest.approx([12.0, 60.0])
    assert [bar.doubtful for bar in bars] == [False, False, True, False]


def test_an_hour_of_a_rollup_is_what_its_reports_add_up_to() -> None:
    history = History(step="1h", rows=[bucket(0, 0.5, 12, 3.0)], next_start=None)
    [bar] = hyetograph.bars(history, 5 * MINUTE)
    [depth] = hyetograph.depths(history)
    assert (bar.mm_h, bar.end - bar.start) == (6.0, HOUR)
    assert (depth.cm, depth.time - NOW) == (3.0, HOUR / 2)


def test_rain_hangs_above_the_water_on_one_axis_of_time() -> None:
    figure = hyetograph.figure(RAW, "vi")
    rain = figure["layout"]["yaxis2"]
    assert rain["range"][0] > rain["range"][1] == 0
    assert rain["domain"][0] > figure["layout"]["yaxis"]["domain"][1]
    assert {trace.get("xaxis", "x") for trace in figure["data"]} == {"x"}


def test_each_half_has_a_point_to_draw_its_axis_by_though_there_is_nothing_of_it() -> None:
    """Plotly wrote `M55.5,NaNVNaN` into the path of an axis of which no trace had one."""
    nothing = History(step="raw", rows=[], next_start=None)
    doubtful = History(step="raw", rows=[value(20, 31.0, int(Quality.SUSPECT))], next_start=None)
    for rain, depth in ((nothing, RAW.depth), (RAW.rain, nothing), (nothing, doubtful), (nothing, nothing)):
        traces = hyetograph.figure(pair(rain, depth), "en")["data"]
        assert {trace.get("yaxis", "y") for trace in traces} == {"y", "y2"}
        assert all(trace["x"] for trace in traces)
        named = [trace["name"] for trace in traces if trace["showlegend"]]
        assert len(named) == len(traces) - (not rain.rows) - (not depth.rows)


def test_words_say_sum_peak_and_depth_without_what_is_suspect() -> None:
    """From 21.03 to 21.04 north it is a hundredth of a degree of a great circle: 1.11 km."""
    words = hyetograph.in_words(RAW, "en")
    assert "1.1 km apart" in words
    assert "It rained 6.5 mm, hardest 60.0 mm/h up to 22/11/2026 10:10." in words
    assert "deepest at 22/11/2026 10:20: 31 cm (Severe: cars should not enter)" in words


def test_the_table_is_by_the_hour_and_a_gap_is_no_zero() -> None:
    rows = hyetograph.table(RAW, "vi").rows
    assert rows == [["22/11/2026 11:00", "0,5", "–"], ["22/11/2026 10:00", "6,0", "31"]]


def test_without_data_both_halves_say_so() -> None:
    nothing = History(step="raw", rows=[], next_start=None)
    empty = pair(nothing, nothing)
    figure = hyetograph.figure(empty, "en")
    assert len([note for note in figure["layout"]["annotations"] if "no data" in note["text"]]) == 2
    assert hyetograph.drawn(empty, "en").empty


def test_the_nearest_gauge_is_the_one_at_the_shortest_distance() -> None:
    here = thing("point", "flood", "flood_point")
    near = replace(thing("near", "rain", "gauge"), lat=21.031)
    far = replace(thing("far", "rain", "gauge"), lon=105.95)
    unplaced = thing("unplaced", "rain", "gauge", placed=False)
    assert hyetograph.nearest(here, [far, unplaced, near]) == near
    assert hyetograph.nearest(here, [unplaced]) is None
