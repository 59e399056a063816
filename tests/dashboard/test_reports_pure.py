"""Shifts, documents, their HTML, CSV and PDF, and the sums of a bulletin: no database."""

import io
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from threading import BoundedSemaphore
from typing import Any

import pytest
from pypdf import PageObject, PdfReader

from dashboard.control_room import (
    bulletin,
    pdf,
    print_pdf,
    report_csv,
    report_document,
    report_html,
)
from dashboard.control_room.bulletin_rows import BulletinRows
from dashboard.control_room.language import Language
from dashboard.control_room.pdf import PdfUnavailable, Reached
from dashboard.control_room.report_document import (
    Column,
    Document,
    Drawing,
    Mark,
    Points,
    Section,
    Table,
    Words,
)
from dashboard.control_room.shifts import shift_at
from dashboard.data import CityView
from dashboard.figures import bars
from dashboard.figures.bars import Bar
from storage.bulletins import Above, DayValue, DomainCoverage, RolledDay, Span
from storage.catalog import load_catalog
from storage.model import HANOI
from storage.things import DatastreamRow, ThingRow
from tests.dashboard.rendering import rendering

STARTS = (time(6), time(14), time(22))
TITLE = "Ngập từ 50 cm ở đường Phùng Khoang – ậ ế ữ ỡ"


def nobody(moment: datetime) -> None:
    return None


def local(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=HANOI)


@pytest.mark.parametrize(
    ("moment", "start", "end"),
    [
        (local(22, 6), local(22, 6), local(22, 14)),
        (local(22, 13, 59), local(22, 6), local(22, 14)),
        (local(22, 23), local(22, 22), local(23, 6)),
        (local(23, 3), local(22, 22), local(23, 6)),
    ],
)
def test_a_shift_is_the_block_of_hours_around_a_moment(
    moment: datetime, start: datetime, end: datetime
) -> None:
    found = shift_at(moment.astimezone(UTC), STARTS, nobody)
    assert (found.start, found.end, found.by_roster) == (start, end, False)


def test_a_roster_says_when_a_shift_is_unless_it_says_a_week() -> None:
    day = (local(22, 7), local(22, 19))
    found = shift_at(local(22, 8), STARTS, lambda moment: day)
    assert (found.start, found.end, found.by_roster) == (*day, True)
    week = (local(16, 7), local(23, 7))
    assert shift_at(local(22, 8), STARTS, lambda moment: week).start == local(22, 6)


def test_one_start_a_day_makes_shifts_of_a_day() -> None:
    found = shift_at(local(22, 5), (time(7),), nobody)
    assert (found.start, found.end) == (local(21, 7), local(22, 7))


def document(text: str = TITLE, cell: str = "=1+1") -> Document:
    drawing = bars.rows([Bar(name=text, value=50, words="50 cm", color="#AF3E1E")], title=text, most=60)
    table = Table(
        key="flood",
        caption="Úng ngập",
        columns=[
            Column(key="point", name="Điểm"),
            Column(key="depth_cm", name="Sâu nhất (cm)", decimals=1),
            Column(key="level", name="Mức"),
        ],
        rows=[[cell, 1234.56, Mark(text="Ngập nặng", color="#AF3E1E")], ["Tống Đản", None, None]],
    )
    blocks = [Words(text=text), table, Points(items=[text]), Drawing(svg=drawing, caption="Sâu nhất")]
    return Document(
        language="vi",
        title=text,
        period="Ngày 22/11/2026",
        banner="DỮ LIỆU MÔ PHỎNG",
        facts=[("Bàn giao", "lan")],
        sections=[Section(title="Úng ngập", blocks=blocks)],
        foot="Lập lúc 22/11/2026",
    )


def test_a_document_is_kept_and_read_again_as_it_was() -> None:
    assert report_document.decoded(report_document.encoded(document())) == document()


def test_html_writes_numbers_as_people_here_do_and_takes_no_text_for_a_tag() -> None:
    html = report_html.article(document(text="<script>alert(1)</script>"))
    assert "<script>" not in html
    assert html.count("&lt;script&gt;") >= 4
    assert "1.234,6" in html
    assert "–" in html


def test_csv_is_for_programs_or_for_a_vietnamese_excel() -> None:
    [table] = document().tables()
    assert report_csv.plain(table).decode() == ("point,depth_cm,level\n'=1+1,1234.56,Ngập nặng\nTống Đản,,\n")
    assert report_csv.for_excel(table).decode("utf-8-sig") == (
        "Điểm;Sâu nhất (cm);Mức\r\n'=1+1;1234,56;Ngập nặng\r\nTống Đản;;\r\n"
    )
    assert report_csv.for_excel(table).startswith(b"\xef\xbb\xbf")


def test_a_pdf_has_the_text_with_its_marks() -> None:
    made = pdf.made(report_html.standalone(document()))
    assert made.startswith(b"%PDF")
    reader = PdfReader(io.BytesIO(made))
    text = " ".join(page.extract_text() for page in reader.pages)
    assert TITLE in " ".join(text.split())
    assert "DỮ LIỆU MÔ PHỎNG" in text
    fonts = {str(font["/BaseFont"]) for page in reader.pages for font in _fonts(page)}
    assert fonts


def _fonts(page: PageObject) -> list[Any]:
    return [font.get_object() for font in page["/Resources"]["/Font"].values()]


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/x.png", "file:///etc/hostname"])
def test_a_pdf_that_would_ask_for_something_is_not_made(address: str) -> None:
    html = report_html.standalone(document()).replace("</body>", f'<img src="{address}"></body>')
    with pytest.raises(PdfUnavailable) as refused:
        pdf.made(html)
    assert refused.value.code == "failed"


def test_a_report_that_is_too_long_is_no_pdf() -> None:
    with pytest.raises(PdfUnavailable) as refused:
        pdf.made("x" * (pdf.LARGEST_HTML + 1))
    assert refused.value.code == "too_large"


def test_a_pdf_says_at_which_step_and_page_it_is() -> None:
    assert pdf.reached(b"") == Reached(stage="start")
    assert pdf.reached(b"@step 1 0\n(process:1): warning\n") == Reached(stage="parse")
    assert pdf.reached(b"@step 4 0\n@step 5 1\n@step 5 12\n") == Reached(stage="layout", page=12)
    assert pdf.reached(b"@step 6 0\n@step 7 0\n") == Reached(stage="write")


def test_the_process_says_the_steps_that_weasyprint_documents() -> None:
    """Its seven steps: https://doc.courtbouillon.org/weasyprint/stable/api_reference.html#logging"""
    command = [sys.executable, "-I", "-m", print_pdf.__name__]
    html = report_html.standalone(document()).encode()
    done = subprocess.run(command, input=html, capture_output=True, check=True)
    steps = [line.split()[1:] for line in done.stderr.splitlines() if line.startswith(print_pdf.STEP)]
    assert {int(step) for step, _ in steps} == {1, 2, 3, 4, 5, 6, 7}
    assert [b"5", b"1"] in steps


def test_who_no_longer_waits_for_a_pdf_ends_its_process() -> None:
    class Enough(Exception):
        pass

    seen: list[set[int]] = []

    def told(_: Reached) -> None:
        seen.append(rendering())
        raise Enough

    with pytest.raises(Enough):
        pdf.made(report_html.standalone(document()), told)
    assert [len(one) for one in seen] == [1]
    assert rendering() == set()


def test_a_pdf_that_lasts_too_long_is_ended_and_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "LONGEST_S", 0.0)
    with pytest.raises(PdfUnavailable) as refused:
        pdf.made(report_html.standalone(document()))
    assert refused.value.code == "over_bound"
    assert rendering() == set()


def test_who_waits_for_a_turn_may_leave_and_the_turns_stay_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    class Enough(Exception):
        pass

    turns = BoundedSemaphore(1)
    monkeypatch.setattr(pdf, "_turns", turns)
    told: list[Reached] = []

    def leave(reached: Reached) -> None:
        told.append(reached)
        raise Enough

    with turns, pytest.raises(Enough):
        pdf.made("<p>x", leave)
    assert told == [Reached(stage="turn")]
    assert turns.acquire(blocking=False)


def test_without_pango_it_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    class Gone:
        def find_spec(self, name: str, *rest: object) -> None:
            if name == "weasyprint":
                raise OSError("cannot load library 'libpango-1.0-0'")

    monkeypatch.setattr("sys.meta_path", [Gone()])
    monkeypatch.setattr("resource.setrlimit", lambda *limit: None)
    monkeypatch.delitem(__import__("sys").modules, "weasyprint", raising=False)
    with pytest.raises(SystemExit) as ended:
        print_pdf.main()
    assert ended.value.code == print_pdf.NO_PANGO


# Bulletins

DAY = date(2026, 11, 22)


def thing(key: str, domain: str, name: str) -> ThingRow:
    return replace(_thing(), id=key, domain=domain, name_vi=name, name_en=f"{name} (en)")


def _thing() -> ThingRow:
    return ThingRow(
        id="-",
        domain="-",
        kind="station",
        parent_id=None,
        name_vi="-",
        name_en="-",
        lat=21.0,
        lon=105.8,
        coordinate_trust="M",
        coordinate_source="test",
        properties={},
    )


STREAMS = [
    *(("hoan-kiem", "vn_aqi_daily"), ("hoan-kiem", "qcvn_05_ratio_daily"), ("ho-tay", "vn_aqi_daily")),
    *(("gauge", "rain_24h"), ("street", "water_depth"), ("lake", "dissolved_oxygen")),
]


def view() -> CityView:
    things = [
        thing("hoan-kiem", "air_quality", "Hoàn Kiếm"),
        thing("ho-tay", "air_quality", "Hồ Tây"),
        thing("gauge", "rain", "Cầu Giấy"),
        thing("street", "flood", "Tống Đản"),
        thing("lake", "water_quality", "Trích Sài"),
    ]
    streams = [
        DatastreamRow(id=n, thing_id=key, property=observed, unit="1", derived=True, interval_s=86400)
        for n, (key, observed) in enumerate(STREAMS, 1)
    ]
    return CityView(domains=load_catalog()).with_things(things, streams)


def day_value(result: float, day: date = DAY, source: str = "measured", **parameters: object) -> DayValue:
    return DayValue(
        datastream_id=1, day=day, result=result, quality=1, provenance=source, parameters=parameters
    )


def rolled(count: int, mean: float, low: float, high: float, day: date = DAY) -> RolledDay:
    return RolledDay(
        datastream_id=1, day=day, count=count, mean=mean, min=low, max=high, coverage=1, provenance="measured"
    )


def rows(**given: object) -> BulletinRows:
    empty = BulletinRows(
        kind="day",
        span=Span(first=DAY, last=DAY),
        rolled={},
        ends={},
        gas_hours={},
        wet={},
        deep={},
        coverage=[],
    )
    return replace(empty, **given)  # type: ignore[arg-type]  # the keywords are the test's own


def made(found: BulletinRows, shown: Language = "en") -> Document:
    return bulletin.document(found, view(), datetime(2026, 11, 23, 1, tzinfo=UTC), shown)


def words(found: Document) -> str:
    return " ".join(b.text for section in found.sections for b in section.blocks if isinstance(b, Words))


def test_a_day_of_air_says_class_pollutant_and_limits() -> None:
    ends = {
        ("hoan-kiem", "vn_aqi_daily"): [day_value(132, dominant="pm2_5", concentrations={"pm2_5": 66.25})],
        ("hoan-kiem", "qcvn_05_ratio_daily"): [day_value(147.23, exceeded=["pm2_5_24h"])],
        ("ho-tay", "vn_aqi_daily"): [day_value(48, source="simulated", dominant="pm10")],
    }
    found = made(rows(ends=ends))
    [air] = [table for table in found.tables() if table.key == "air"]
    # Decision 1459: 101 to 150 is Kém (Poor), 0 to 50 Tốt (Good)
    assert air.rows == [
        [
            "Hoàn Kiếm (en)",
            132,
            Mark(text="Poor", color="#FF7E00"),
            "PM2.5",
            66.25,
            147.23,
            "PM2.5 24\N{NO-BREAK SPACE}h",
            0,
            "measured",
        ],
        ["Hồ Tây (en)", 48, Mark(text="Good", color="#00E400"), "PM10", None, None, None, 0, "simulated"],
    ]
    assert (
        "2 of 2 stations have a VN_AQI of the day. Highest: Hoàn Kiếm (en), 132 (Poor). 1 stations"
        in words(found)
    )
    assert found.banner.startswith("SIMULATED DATA")


def test_nothing_simulated_has_no_banner_and_nothing_at_all_says_so() -> None:
    found = made(rows())
    assert found.banner == ""
    assert words(found).count("There is no data.") == 6
    assert list(found.tables()) == []


def test_a_month_of_air_counts_days() -> None:
    days = [date(2026, 11, n) for n in (1, 2, 3)]
    values = [
        day_value(result, day, concentrations={"pm2_5": dust})
        for day, result, dust in zip(days, (90, 110, 160), (40, 50, 75), strict=True)
    ]
    ends = {
        ("hoan-kiem", "vn_aqi_daily"): values,
        ("hoan-kiem", "qcvn_05_ratio_daily"): [day_value(100.0, days[0]), day_value(100.01, days[1])],
    }
    gas = {("hoan-kiem", "qcvn_05_ratio"): [Above(datastream_id=1, day=days[0], count=3, max=120)]}
    found = made(rows(kind="month", span=Span(first=days[0], last=days[2]), ends=ends, gas_hours=gas))
    [air] = [table for table in found.tables() if table.key == "air"]
    row = next(row for row in air.rows if row[0] == "Hoàn Kiếm (en)")
    # mean (90+110+160)/3 = 120; two of three days are 101 or more; dust (40+50+75)/3 = 55; only above 100 % exceeds
    assert row[1:4] == [3, 120, 160]
    assert row[5:9] == [2, 55, 1, 3]


def test_means_of_days_count_each_day_by_its_values_and_floods_last_ten_minutes_a_report() -> None:
    found = made(
        rows(
            rolled={
                ("lake", "dissolved_oxygen"): [rolled(1, 2.0, 2.0, 2.0), rolled(3, 6.0, 5.0, 7.0)],
                ("street", "water_depth"): [rolled(1440, 3.0, 0.0, 36.0)],
            },
            ends={("gauge", "rain_24h"): [day_value(62.4)]},
            wet={("street", "flood_level"): [Above(datastream_id=1, day=DAY, count=9, max=3)]},
            deep={("street", "flood_level"): [Above(datastream_id=1, day=DAY, count=4, max=3)]},
            coverage=[DomainCoverage(domain="flood", datastreams=33, share=0.9738, silent=2)],
        )
    )
    tables = {table.key: table.rows for table in found.tables()}
    assert tables["water"] == [["Trích Sài (en)", 5.0, 2.0, "measured"]]  # (1·2 + 3·6)/4, lowest 2
    assert tables["flood"][0][1:5] == [
        36.0,
        Mark(text="Severe: cars should not enter", color="#AF3E1E"),
        90,
        40,
    ]
    assert tables["rain"][0][1:3] == [62.4, Mark(text="Heavy rain", color="#AF3E1E")]
    assert tables["completeness"] == [["Flooding", 33, pytest.approx(97.38), 2]]


def test_a_day_that_is_not_over_says_so() -> None:
    early = bulletin.document(rows(), view(), datetime(2026, 11, 22, 5, tzinfo=UTC), "vi")
    assert "Ngày này chưa kết thúc" in words(early)


def test_every_bar_has_its_name_and_number_and_a_hostile_name_is_text() -> None:
    svg = bars.columns([Bar(name="<b>", value=3, words="3 mm", color="#2C98E8")], title='"a"', most=10)
    assert "<b>" not in svg
    assert "&lt;b&gt;" in svg
    assert "3 mm" in svg
    assert 'aria-label="&quot;a&quot;"' in svg


def test_a_span_is_whole_days_of_hanoi() -> None:
    span = Span(first=DAY, last=DAY + timedelta(days=1))
    assert (span.start, span.end) == (local(22, 0), local(24, 0))
    assert span.days == [DAY, DAY + timedelta(days=1)]
