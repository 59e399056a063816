"""Panels of domains without a database: squares, lines, days, episodes, and what a catalogue file may declare."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from dashboard.control_room import csv_text
from dashboard.control_room.domains import (
    air_exceedances,
    air_matrix,
    calendar,
    catalogue,
    heat,
    lines,
    pages,
    water_dips,
    water_samples,
)
from dashboard.control_room.domains.air_matrix import Station
from dashboard.control_room.domains.calendar import DayValue
from dashboard.control_room.domains.desk import chosen_of
from dashboard.control_room.domains.model import Choice
from dashboard.control_room.domains.observed import Observed, as_begun
from dashboard.control_room.domains.water_dips import Dip
from dashboard.control_room.refused import Refused
from dashboard.control_room.time_range import Range
from dashboard.figures import matrix, notes
from dashboard.figures.notes import Noted
from storage.catalog import ReferenceDataError, load_catalog
from storage.grids import Cell, Grid
from storage.model import HANOI, Domain, Text
from storage.observations import HistoryValue
from storage.things import DatastreamRow, ThingRow

DOMAINS = load_catalog()
AIR, WATER = DOMAINS["air_quality"], DOMAINS["water_quality"]
T0 = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)  # 10:00 in Hanoi
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
LAST_DAY = Range(start=T0 - DAY, end=T0, span="24h")


def thing(id_: str, name_vi: str, name_en: str, domain: str = "air_quality") -> ThingRow:
    return ThingRow(
        id=id_,
        domain=domain,
        kind="station",
        parent_id=None,
        name_vi=name_vi,
        name_en=name_en,
        lat=21.0,
        lon=105.8,
        coordinate_trust="S",
        coordinate_source="test",
        properties={},
    )


KIM_LIEN, TAY_MO = thing("kim-lien", "Kim Liên", "Kim Lien"), thing("tay-mo", "Tây Mỗ", "Tay Mo")
THINGS = {1: KIM_LIEN, 2: TAY_MO}


def stream(number: int, key: str, interval_s: int = 300) -> DatastreamRow:
    return DatastreamRow(
        id=number,
        thing_id=THINGS[number].id,
        property=key,
        unit="ug/m3",
        derived=False,
        interval_s=interval_s,
    )


def cell(at: datetime, mean: float, number: int = 1, count: int = 1, **changed: Any) -> Cell:
    values = {"min": mean, "max": mean, "suspect": 0, "fail": 0, "provenance": "measured", **changed}
    return Cell(datastream_id=number, at=at, count=count, mean=mean, **values)


def history(at: datetime, result: float, number: int = 1, **parameters: Any) -> HistoryValue:
    return HistoryValue(
        datastream_id=number,
        phenomenon_time=at,
        result_time=at,
        result=result,
        quality=1,
        quality_reason=None,
        provenance="derived",
        input_provenance="simulated",
        parameters=parameters,
    )


# Heat maps


@pytest.mark.parametrize(
    ("length", "interval_s", "minutes", "step"),
    [
        (DAY, 300, 10, "raw"),
        (3 * DAY, 300, 30, "raw"),
        (DAY, 3600, 60, "1h"),
        (7 * DAY, 300, 60, "1h"),
        (20 * DAY, 300, 180, "1h"),
        (30 * DAY, 300, 1440, "1d"),
        (DAY, 86400, 1440, "1d"),
    ],
)
def test_a_square_holds_a_report_and_there_are_not_too_many(
    length: timedelta, interval_s: int, minutes: int, step: str
) -> None:
    width, found = heat.width_of(Range(start=T0 - length, end=T0, span=None), interval_s)
    assert (width, found) == (timedelta(minutes=minutes), step)


def test_squares_begin_by_the_clock_of_hanoi() -> None:
    at = datetime(2026, 11, 22, 18, 47, tzinfo=UTC)  # 01:47 on the 23rd in Hanoi
    assert heat.floor(at, 180 * timedelta(minutes=1)) == datetime(2026, 11, 23, 0, 0, tzinfo=HANOI)
    assert heat.floor(at, DAY) == datetime(2026, 11, 23, 0, 0, tzinfo=HANOI)
    assert heat.floor(at, timedelta(minutes=10)) == datetime(2026, 11, 23, 1, 40, tzinfo=HANOI)


@pytest.mark.parametrize(("statistic", "value"), [("mean", 25.0), ("min", 5.0), ("max", 90.0)])
def test_what_falls_into_a_square_counts_by_its_values(statistic: Any, value: float) -> None:
    three = [
        cell(T0, 10, count=3, min=5.0, max=20.0),
        cell(T0 + HOUR, 70, count=1, max=90.0),
        cell(T0 + HOUR / 2, 1000, count=0),
    ]
    [(key, spot)] = heat.gathered(three, 3 * HOUR, statistic).items()
    assert key == (1, datetime(2026, 11, 22, 9, 0, tzinfo=HANOI))
    assert (spot.value, spot.count) == (value, 4)


@pytest.mark.parametrize("key", ["vn_aqi", "vn_aqi_daily", "pm2_5"])
def test_what_is_derived_of_an_hour_or_a_day_stands_where_that_begins(key: str) -> None:
    after = {"vn_aqi": HOUR, "vn_aqi_daily": DAY, "pm2_5": timedelta()}[key]
    [found] = as_begun([cell(T0, 50)], AIR.properties[key])
    assert found.at == T0 - after


def test_the_index_has_its_official_colours_and_every_square_number_and_word() -> None:
    about = Observed(key="hours", domain="air_quality", title=Text(vi="", en=""), properties=("vn_aqi",))
    streams = [(KIM_LIEN, stream(1, "vn_aqi", 3600)), (TAY_MO, stream(2, "vn_aqi", 3600))]
    cells = [cell(T0 - 2 * HOUR, 100.4), cell(T0 - HOUR, 100.5), cell(T0 - HOUR, 301, 2)]
    drawn = heat.drawn(streams, cells, AIR.properties["vn_aqi"], LAST_DAY, HOUR, about, "vi")
    assert drawn.figure is not None
    squares, texts = drawn.figure["data"]
    assert squares["y"] == ["Kim Liên", "Tây Mỗ"]
    assert squares["z"][0][-2:] == [1.0, 2.0]  # 100.4 is Trung bình, 100.5 Kém (docs/indicators/air.md)
    assert squares["z"][1][-1] == 5.0
    assert squares["text"][0][-2:] == ["100 VN_AQI<br>(Trung bình)", "101 VN_AQI<br>(Kém)"]
    assert texts["meta"]["short"] == ["100", "101", "301"]
    official = ["#00E400", "#FFFF00", "#FF7E00", "#FF0000", "#8F3F97", "#7E0023"]
    assert [color for _, color in squares["colorscale"][::2]] == official
    assert "cao nhất 301 VN_AQI (Nguy hại) (Tây Mỗ, 22/11/2026 09:00)" in drawn.words
    assert drawn.table.rows[0] == ["22/11/2026 09:00", "Kim Liên", "101 VN_AQI (Kém)", "1"]


def test_letters_have_contrast_on_every_official_colour() -> None:
    """At least 4.5 : 1 (WCAG 2.2, 1.4.3)."""
    for band in AIR.properties["vn_aqi"].bands:
        scale = {"zmin": -0.5, "zmax": 0.5, "colorscale": [[0, band.color], [1, band.color]]}
        paper, ink = matrix.luminance(band.color), matrix.luminance(matrix._ink(0, scale))
        light, dark = max(paper, ink), min(paper, ink)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, band.color


def test_who_sent_nothing_is_named() -> None:
    streams = [(KIM_LIEN, stream(1, "pm2_5")), (TAY_MO, stream(2, "pm2_5"))]
    found = Grid(step="raw", cells=[cell(T0 - HOUR, 61.54), cell(T0 - 2 * HOUR, 9, suspect=1, count=0)])
    drawn = lines.drawn(streams, found, AIR.properties["pm2_5"], LAST_DAY, "vi")
    assert "cao nhất 61,5 µg/m³ (Kim Liên, 22/11/2026 09:00)" in drawn.words
    assert drawn.words.endswith("Không có số liệu: Tây Mỗ. Đáng ngờ hoặc lỗi, không vẽ: 1.")
    assert drawn.figure is not None
    assert [trace["y"] for trace in drawn.figure["data"]] == [[61.54], []]
    assert len(drawn.sheet.plain()) == 3  # the head, the value, the doubted one
    assert b"61,54" in csv_text.for_excel(drawn.sheet.excel())


# The calendar


def test_a_year_of_one_place_has_weeks_from_monday() -> None:
    first, last = date(2025, 11, 23), date(2026, 11, 22)  # Sundays
    values = [DayValue(thing=KIM_LIEN, day=date(2026, 2, 17), value=160.0)]  # a Tuesday
    daily = AIR.properties["vn_aqi_daily"]
    drawn = calendar.drawn([KIM_LIEN], values, daily, first, last, "mean", "vi", year=True)
    assert drawn.figure is not None
    squares = drawn.figure["data"][0]
    assert squares["y"] == ["Thứ 2", "Thứ 3", "Thứ 4", "Thứ 5", "Thứ 6", "Thứ 7", "CN"]
    assert len(squares["x"]) == 53
    [(row, column)] = [
        (r, c) for r, z in enumerate(squares["z"]) for c, one in enumerate(z) if one is not None
    ]
    assert row == 1
    assert squares["customdata"][row][column] == "17/02/2026"
    assert "cao nhất 160 VN_AQI (Xấu), Kim Liên, 17/02/2026. Số ngày theo mức: Xấu 1." in drawn.words


# QCVN 05


def ratio(at: datetime, exceeded: Sequence[str], percent: float, *, edition: str = "V") -> HistoryValue:
    return history(
        at,
        percent,
        exceeded=list(exceeded),
        percent=dict.fromkeys(exceeded, percent),
        means=dict.fromkeys(exceeded, percent * 2),
        limits=dict.fromkeys(exceeded, 200),
        edition="QCVN 05:2023/BTNMT",
        edition_trust=edition,
    )


def test_hours_in_a_row_are_one_exceedance_and_a_gap_parts_them() -> None:
    """A label is the end of its hour: two in a row last two hours."""
    values = [
        ratio(T0 + HOUR, ["no2_1h"], 120),
        ratio(T0, ["no2_1h", "o3_8h"], 110),
        ratio(T0 + 3 * HOUR, ["no2_1h"], 105, edition="M"),
    ]
    found = air_exceedances.exceedances(values, THINGS, HOUR)
    spans = [(one.pollutant, one.averaging, one.start, one.end, one.percent) for one in found]
    assert spans == [
        ("no2", "1h", T0 - HOUR, T0 + HOUR, 120),
        ("no2", "1h", T0 + 2 * HOUR, T0 + 3 * HOUR, 105),
        ("o3", "8h", T0 - HOUR, T0, 110),
    ]
    assert [one.verified for one in found] == [True, False, True]
    drawn = air_exceedances.drawn(found, AIR.properties, LAST_DAY, "vi")
    assert "NO₂ trung bình 1 giờ bằng 120,00 % giới hạn, Kim Liên" in drawn.words
    assert drawn.table.rows[1][6:8] == ["1 giờ", "QCVN 05:2023/BTNMT (chưa kiểm chứng)"]
    assert drawn.table.rows[0][3:7] == ["120,00 %", "240,0 µg/m³", "200 µg/m³", "2 giờ"]


def test_a_station_of_which_not_all_was_read_is_named() -> None:
    """2,000 values of a station are read at most, the newest."""
    many = [ratio(T0 - n * HOUR, ["no2_1h"], 120) for n in range(2000)]
    assert air_exceedances.cut_short(many[:1999], THINGS) == []
    cut = air_exceedances.cut_short(many, THINGS)
    assert cut == [KIM_LIEN]
    found = air_exceedances.exceedances(many, THINGS, HOUR)
    words = air_exceedances.drawn(found, AIR.properties, LAST_DAY, "vi", cut=cut).words
    assert "Mỗi trạm chỉ đọc 2.000 giá trị mới nhất" in words
    assert "(cả trong CSV): Kim Liên." in words
    assert "2.000 giá trị" not in air_exceedances.drawn(found, AIR.properties, LAST_DAY, "vi").words


def test_no_exceedance_is_an_answer_and_no_lack_of_data() -> None:
    assert not air_exceedances.drawn([], AIR.properties, LAST_DAY, "vi").empty
    assert air_exceedances.drawn([], AIR.properties, LAST_DAY, "vi", empty=True).empty


def test_the_highest_sub_index_is_marked_and_an_old_hour_has_no_class() -> None:
    """By the hour that the Decision's second example is of: NO₂ 118.7 gives 59 (docs/indicators/air.md)."""
    made = {
        "dominant": "pm2_5",
        "sub_indices": {"pm2_5": 104, "no2": 59},
        "concentrations": {"pm2_5": 51.6, "no2": 118.7},
    }
    fresh = Station(thing=KIM_LIEN, index=history(T0, 104, **made), old=False)
    old = Station(thing=TAY_MO, index=history(T0 - 9 * HOUR, 320, **made), old=True)
    drawn = air_matrix.drawn([fresh, old], AIR, "vi")
    assert drawn.figure is not None
    squares = drawn.figure["data"][0]
    assert squares["x"][:2] == ["VN_AQI", "PM2.5"]
    assert squares["text"][0][:2] == ["104 Kém", "▲ 104 Kém<br>51,6 µg/m³"]
    assert squares["text"][0][3] == "59 Trung bình<br>118,7 µg/m³"
    assert squares["text"][1][0] == "320<br>số liệu cũ: 22/11/2026 01:00"
    assert squares["z"][1][0] == 6.0  # grey, beyond the six official ones
    assert "1/2 trạm có VN_AQI mới; cao nhất Kim Liên: 104 VN_AQI (Kém) lúc 10:00, do PM2.5." in drawn.words
    assert drawn.words.endswith("Không có hoặc đã cũ: Tây Mỗ.")


# West Lake


def test_dips_are_counted_below_each_limit_and_at_dawn() -> None:
    """The days of the fish kill of 2022 at Trích Sài: 3.6, 0.46 and 0 mg/L ; their hours are made up."""
    sonde = thing("west-lake-trich-sai", "Hồ Tây – Trích Sài", "West Lake - Trich Sai", "water_quality")
    found = [
        Dip(
            thing=sonde,
            day=date(2022, 9, day),
            hour=datetime(2022, 9, day, hour, tzinfo=HANOI),
            lowest=lowest,
            hours_below=(3, 1, 0),
        )
        for day, hour, lowest in ((25, 5, 3.6), (26, 4, 0.46), (28, 14, 0.0))
    ]
    start, end = datetime(2022, 9, 1, tzinfo=HANOI), datetime(2022, 10, 1, tzinfo=HANOI)
    drawn = water_dips.drawn([sonde], found, WATER.properties["dissolved_oxygen"], start, end, "vi")
    assert drawn.words == (
        "01/09/2022 đến 30/09/2022: 3 ngày-trạm; thấp nhất 0,00 mg/L (Khẩn cấp: nguy cơ cá chết hàng loạt), "
        "Hồ Tây – Trích Sài, 28/09/2022 14:00–15:00. Số ngày-trạm dưới 4 mg/L: 3, dưới 2: 2, dưới 1: 2. "
        "Thấp nhất lúc 3–8 giờ sáng: 67 %."
    )
    assert drawn.table.rows[-1][2:4] == ["3,60 mg/L (Cảnh báo)", "05:00–06:00"]


def test_an_indicative_index_is_never_called_official() -> None:
    indicative = water_samples.Found(
        thing=KIM_LIEN,
        observed=WATER.properties["wqi_indicative"],
        value=history(T0, 71, missing_groups=["II", "III", "V"]),
    )
    drawn = water_samples.drawn([indicative], [], "vi")
    assert drawn.words.startswith("Chỉ có chỉ số tham khảo, không phải VN_WQI: thiếu nhóm II, III, V.")
    older = replace(indicative, observed=WATER.properties["vn_wqi"], value=history(T0 - HOUR, 55))
    assert water_samples.best([older, indicative]) == [indicative]
    assert water_samples.best([replace(older, value=history(T0, 55)), indicative])[0].observed.key == "vn_wqi"


# Notes


def test_a_note_is_drawn_where_it_is_about_and_can_not_be_markup() -> None:
    figure = {"data": [], "layout": {"shapes": [], "annotations": []}}
    noted = [Noted(T0 - HOUR, None, "<b>x</b> & y"), Noted(T0 + HOUR, None, "later")]
    layout = notes.with_notes(figure, noted, T0 - DAY, T0)["layout"]
    assert [one["text"] for one in layout["annotations"]] == ["✎ &lt;b&gt;x&lt;/b&gt; &amp; y"]
    assert [(one["x0"], one["x1"]) for one in layout["shapes"]] == [
        ("2026-11-22 09:00:00", "2026-11-22 09:00:00")
    ]
    assert figure["layout"]["shapes"] == []


# What may be chosen, and what a catalogue may declare


def test_only_what_is_offered_can_be_chosen() -> None:
    choice = Choice(
        key="things", name="Places", offered=[("a", "A"), ("b", "B"), ("c", "C")], default=["a"], most=2
    )
    assert chosen_of(choice, None) == ["a"]
    assert chosen_of(choice, "b,a,b") == ["b", "a"]
    for asked, code in (("x", "panel_choice"), ("a,b,c", "panel_choice_many")):
        with pytest.raises(Refused) as refused:
            chosen_of(choice, asked)
        assert refused.value.code == code


@pytest.mark.parametrize("domain", DOMAINS.values(), ids=DOMAINS)
def test_every_shipped_file_s_panels_can_be_used(domain: Domain) -> None:
    assert len(catalogue.tables(domain)) == len(domain.sections.get("panel", []))
    assert catalogue.panels(domain)


PANEL = {"key": "a", "kind": "heat", "title": {"vi": "A", "en": "A"}, "properties": ["pm2_5"]}


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        ([{**PANEL, "properties": ["pm99"]}], "panel.a.properties: the domain has no property 'pm99'"),
        ([PANEL, PANEL], "panel.a: there are two of this key"),
        ([{**PANEL, "properties": ["wind_direction"]}], "a direction has no mean that a colour can show"),
        ([{**PANEL, "kind": "pie"}], "panel.0.kind"),
        ([{**PANEL, "properties": []}], "panel.0.properties"),
        ([{**PANEL, "colour": "red"}], "panel.0.colour"),
    ],
)
def test_a_panel_that_can_not_be_is_said_and_the_page_has_those_that_follow(
    tables: list[dict[str, Any]], said: str
) -> None:
    domain = replace(AIR, sections={"panel": tables})
    with pytest.raises(ReferenceDataError) as error:
        catalogue.tables(domain)
    assert said in str(error.value)
    assert [panel.key for panel in catalogue.panels(domain)] == ["newest", "heat", "lines"]


def test_every_domain_is_on_a_page_and_one_that_nobody_knows_has_its_own() -> None:
    noise = replace(AIR, key="noise", name=Text(vi="Tiếng ồn", en="Noise"), sections={})
    made = pages.pages({**DOMAINS, "noise": noise})
    assert [page.key for page in made] == ["air", "water", "rain-flood", "parking", "noise"]
    assert {key for page in made for key in page.domains} == {*DOMAINS, "noise"}
    found = pages.page_of(DOMAINS, "flood")
    assert found is not None
    assert found.key == "rain-flood"
    assert pages.page_of(DOMAINS, "nowhere") is None
    for page in made:
        keys = [panel.key for panel in pages.panels_of(page, {**DOMAINS, "noise": noise})]
        assert len(keys) == len(set(keys)) >= 1
