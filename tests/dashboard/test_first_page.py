"""The city as HTML before any script ran: what is said of each place, in which words, and in how many bytes."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from msgspec import structs

from dashboard.citizen import alert_lines, words
from dashboard.citizen.first_page import LARGEST, fill
from dashboard.citizen.now import Now
from dashboard.citizen.pages import LANGUAGES, PageSettings, template, texts
from dashboard.citizen.until import until
from dashboard.data import CityView
from dashboard.map_snapshot import feature_collection
from storage.alert_log import AlertRow
from storage.catalog import load_catalog
from storage.notices import Kind, Notice
from tests.dashboard.small_city import NOW, thing, value, view

HOSTILE = '<img src=x onerror="alert(1)"> $tables ${tables} <!--alerts-->'


class Rows(HTMLParser):
    """The rows of all tables of a page, by place: the cells' texts, the colour and what is said of the row."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.rows: dict[str, dict[str, Any]] = {}
        self._row: dict[str, Any] | None = None
        self.feed(page.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        if tag == "tr":
            self._row = None
            if "id" in said:
                self._row = self.rows[str(said["id"])] = {"cells": [], "color": None, **said}
        elif self._row is not None and tag in ("th", "td"):
            self._row["cells"].append("")
        elif self._row is not None and tag == "use":
            self._row["color"] = said.get("fill")
        elif self._row is not None and tag == "small":
            self._row["cells"][-1] += " | "

    def handle_endtag(self, tag: str) -> None:
        if tag == "table":
            self._row = None

    def handle_data(self, data: str) -> None:
        if self._row is not None and self._row["cells"]:
            self._row["cells"][-1] += data


def page(
    city: CityView,
    *,
    language: str = "vi",
    alerts: list[AlertRow] | None = None,
    notices: list[Notice] | None = None,
    at: datetime = NOW,
) -> bytes:
    now = Now(at=at, language=language, texts=texts(language))
    return fill(template(language, PageSettings()), now, city, alerts or [], notices or [])


def alert(n: int = 1, **more: Any) -> AlertRow:
    said: dict[str, Any] = {
        "id": n,
        "rule": "flood_depth",
        "domain": "flood",
        "thing_id": "tong-dan",
        "thing_name_vi": "Tông Đản",
        "thing_name_en": "Tong Dan",
        "property": "water_depth",
        "severity": "critical",
        "state": "firing",
        "title_vi": "Ngập nặng",
        "title_en": "Severe flooding",
        "unit": "cm",
        "limit": 30.0,
        "value": 35.0,
        "value_time": NOW,
        "peak": 40.0,
        "pending_since": NOW - timedelta(minutes=70),
        "firing_since": NOW - timedelta(minutes=65),
        "resolved_at": None,
        "provenance": "simulated",
        "simulated": True,
    }
    return AlertRow(**(said | more))


def notice(text: str = "Bơm thử trạm Yên Sở") -> Notice:
    return Notice(
        id=7,
        kind=Kind.WORKS,
        text_vi=text,
        text_en=text,
        wards=[],
        starts_at=NOW - timedelta(hours=1),
        ends_at=NOW + timedelta(hours=3),
        published_at=NOW - timedelta(hours=2),
    )


def test_each_place_says_value_word_colour_age_and_source() -> None:
    city = view(
        [
            value("hoan-kiem", "pm2_5", 61.5, at=NOW - timedelta(minutes=5)),
            value("hoan-kiem", "vn_aqi", 120.4, provenance="derived", input_provenance="measured"),
            value("tong-dan", "water_depth", 7.25),
            value("ltk-01-b01", "occupied", 0.0),
        ]
    )
    rows = Rows(page(city)).rows
    assert rows["hoan-kiem"]["cells"] == ["hoan-kiem (vi)", "120", "Kém", "5 phút trước | tính toán · đo"]
    assert rows["hoan-kiem"]["color"] == "#FF7E00"  # Decision 1459/QĐ-TCMT: 101 to 150
    assert rows["tong-dan"]["cells"][1] == "7 cm"
    assert rows["ltk-01"]["cells"][1] == "1 / 5 trống"
    english = Rows(page(city, language="en")).rows
    assert english["hoan-kiem"]["cells"] == [
        "hoan-kiem (en)",
        "120",
        "Poor",
        "5 min ago | derived · measured",
    ]
    assert "ltk-01-b01" not in english  # a bay is not in the list


@pytest.mark.parametrize(
    ("language", "word"),
    [
        ("vi", "Đường cấm (Trung tâm báo đến 11:00)"),
        ("en", "Road closed (reported by the centre until 11:00)"),
    ],
)
def test_a_closed_road_is_said_beside_its_level(language: str, word: str) -> None:
    until = NOW + timedelta(hours=1)
    closed = structs.replace(value("tong-dan", "road_closed", 1, provenance="manual"), expires_at=until)
    city = view([value("tong-dan", "water_depth", 0.0), closed])
    level = Rows(page(city, language=language)).rows["tong-dan"]["cells"][2]
    assert level == f"{'Không ngập' if language == 'vi' else 'Not flooded'} | {word}"
    later = Rows(page(city, language=language, at=until)).rows["tong-dan"]["cells"][2]
    assert "|" not in later


def test_a_map_table_that_is_wrong_is_said_as_often_whatever_the_number_of_places(
    caplog: pytest.LogCaptureFixture,
) -> None:
    city = view()
    flood = city.domains["flood"]
    wrong = replace(flood, sections={**flood.sections, "map": {"closure": "water_depth"}})
    points = [thing(f"p-{n}", "flood", "flood_point") for n in range(20)]
    said = []
    for places in (points[:1], points):
        caplog.clear()
        few = CityView(domains={**city.domains, "flood": wrong}).with_things(places, [])
        assert f"p-{len(places) - 1} (vi)" in page(few).decode()
        said.append(sum("map_section_refused" in record.message for record in caplog.records))
    assert said[0] == said[1] > 0


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ([value("tong-dan", "water_depth", 35.0, at=NOW - timedelta(minutes=4))], "Dữ liệu cũ"),
        ([value("tong-dan", "water_depth", 35.0, quality=3)], "Giá trị đáng ngờ"),
        ([value("tong-dan", "water_depth", 35.0, quality=4)], "Thiết bị lỗi"),
        ([], "Chưa có dữ liệu"),
    ],
)
def test_what_cannot_be_believed_is_grey_and_says_why(values: list[Any], word: str) -> None:
    row = Rows(page(view(values))).rows["tong-dan"]
    assert row["cells"][2] == word
    assert row["color"] == "#8A8F98"
    assert "data-until" not in row
    assert row.get("data-state") in ("stale", "fault", "never") or row["data-quality"] == "3"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_of_the_moment_is_whole(language: str) -> None:
    html = page(view([value("tong-dan", "water_depth", 3.0)]), language=language).decode()
    assert "$" not in html
    assert 'id="simulated" hidden' in html
    assert 'data-generated-at="2026-11-22T03:00:00Z"' in html
    assert "10:00, 22/11" in html  # Hanoi's
    assert not re.search(r"<script(?![^>]*(\bsrc=|application/json))", html)
    assert " style=" not in html  # the policy would refuse it


def test_one_simulated_value_raises_the_banner() -> None:
    assert b'id="simulated">' in page(view([value("ltk-01-b01", "occupied", 1.0, provenance="simulated")]))


def test_alerts_and_notices_stand_in_the_page() -> None:
    html = page(view(), language="en", alerts=[alert()], notices=[notice()]).decode()
    assert "Severe flooding: Tong Dan" in html
    assert "35 cm · since 08:55 · simulated" in html
    assert "Bơm thử trạm Yên Sở" in html
    assert "from 09:00 until 13:00 · published" in html
    assert "<li class=quiet>No alert." not in html
    assert "<li class=quiet>No alert." in page(view(), language="en").decode()


def test_a_hostile_text_is_only_text() -> None:
    html = page(
        view(), alerts=[alert(title_vi=HOSTILE, thing_name_vi=HOSTILE)], notices=[notice(HOSTILE)]
    ).decode()
    assert "<img" not in html
    assert html.count("&lt;img") == 3
    assert html.count("<table") == 3


class Lines(HTMLParser):
    """The texts of #alerts: of the list, and of each list in it, as (depth, text of one line)."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.lines: list[tuple[int, str]] = []
        self._depth = 0
        self.feed(page.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "ul" and (("id", "alerts") in attrs or self._depth):
            self._depth += 1
        elif tag == "li" and self._depth:
            self.lines.append((self._depth, ""))

    def handle_endtag(self, tag: str) -> None:
        self._depth -= tag == "ul" and self._depth > 0

    def handle_data(self, data: str) -> None:
        if self._depth:
            depth, text = self.lines.pop()
            self.lines.append((depth, text + data))


def storm(n: int, **more: Any) -> list[AlertRow]:
    return [alert(k, thing_id=f"point-{k}", thing_name_en=f"Point {k}", **more) for k in range(n)]


def test_equal_alerts_are_one_line_that_opens_and_the_worst_stands_first() -> None:
    heavy = {"rule": "heavy", "severity": "info", "title_en": "Heavy rain"}
    alerts = [*storm(2, **heavy), alert(9, rule="deep", severity="warning", title_en="Deep"), *storm(3)]
    assert Lines(page(view(), language="en", alerts=alerts)).lines == [
        (1, "▲ Critical 3 places · simulatedSevere flooding"),
        (2, "Point 0 35 cm · since 08:55 · simulated"),
        (2, "Point 1 35 cm · since 08:55 · simulated"),
        (2, "Point 2 35 cm · since 08:55 · simulated"),
        (1, "◆ WarningDeep: Tong Dan35 cm · since 08:55 · simulated"),
        (1, "● Information 2 places · simulatedHeavy rain"),
        (2, "Point 0 35 cm · since 08:55 · simulated"),
        (2, "Point 1 35 cm · since 08:55 · simulated"),
    ]


def test_only_a_group_that_is_simulated_throughout_says_so_of_all() -> None:
    mixed = [*storm(1), *storm(1, provenance="measured", simulated=False)]
    assert Lines(page(view(), language="en", alerts=mixed)).lines == [
        (1, "▲ Critical 2 placesSevere flooding"),
        (2, "Point 0 35 cm · since 08:55 · simulated"),
        (2, "Point 0 35 cm · since 08:55"),
    ]


def test_more_than_three_kinds_stand_behind_a_line_that_counts_them() -> None:
    kinds = [alert(n, rule=f"rule_{n}", title_en=f"Rule {n}") for n in range(4)]
    lines = Lines(page(view(), language="en", alerts=[*kinds, *storm(5, rule="x", severity="info")])).lines
    assert [text.split("35")[0] for depth, text in lines if depth == 1] == [
        "▲ CriticalRule 0: Tong Dan",
        "▲ CriticalRule 1: Tong Dan",
        "▲ CriticalRule 2: Tong Dan",
        "+ 6 more alerts",
    ]
    assert [text for depth, text in lines if depth == 2][
        1
    ] == "● Information 5 places · simulatedSevere flooding"
    assert len([text for depth, text in lines if depth == 3]) == 5


def counted(lines: list[tuple[int, str]]) -> int:
    """How many alerts the lines stand for; a line that opens holds as many as it says, or has no room for any."""
    depth, total = lines[0][0], 0
    for n, (own, text) in enumerate(lines):
        if own < depth:
            break
        if own > depth:
            continue
        said = re.match(r"\+ (\d+)", text) or re.search(r" (\d+) places", text)
        stands_for = int(said[1]) if said else 1
        if lines[n + 1 :] and lines[n + 1][0] > own:
            assert counted(lines[n + 1 :]) == stands_for
        total += stands_for
    return total


@pytest.mark.parametrize("rules", [1, 7, 200])
def test_a_page_of_a_storm_is_never_larger_and_counts_what_it_leaves_out(rules: int) -> None:
    """However long the notices are; what is free is less than the next line would take."""
    alerts = [
        alert(
            n, rule=f"rule_{n % rules}", title_en=f"Rule {n % rules}", thing_name_en=f"Point {n % rules}-{n}"
        )
        for n in range(400)
    ]
    for more in range(0, 300, 13):
        notices = [notice("Ngập. " * 100), notice("Mưa. " * 20 + "x" * more)]
        made = page(view(), language="en", alerts=alerts, notices=notices)
        assert LARGEST - 350 < len(made) <= LARGEST
        lines = Lines(made).lines
        shown = [text for _, text in lines if "since" in text]
        assert len(shown) == len(set(shown))
        assert shown or rules == 200
        assert counted(lines) == 400
        assert len([text for depth, text in lines if depth == 1]) <= 4


@pytest.mark.parametrize("rules", [1, 70, 5000])
def test_thousands_of_alerts_are_counted_and_only_those_written_that_may_have_room(rules: int) -> None:
    alerts = [alert(n, rule=f"rule_{n % rules}", thing_name_en=f"Point {n}") for n in range(5000)]
    made = page(view(), language="en", alerts=alerts)
    assert LARGEST - 350 < len(made) <= LARGEST
    assert counted(Lines(made).lines) == 5000
    now = Now(at=NOW, language="en", texts=texts("en"))
    written = alert_lines.groups(now, view(), alerts)
    assert sum(len("".join((one.head, *one.places))) for one in written) < 10 * LARGEST


def test_notices_of_any_length_leave_room_for_the_worst_alert() -> None:
    for more in range(0, 4000, 97):
        notices = [notice("x" * 8000)] * 3 + [notice("y" * more)]
        made = page(view(), language="en", alerts=storm(200), notices=notices)
        assert len(made) <= LARGEST
        assert "▲ Critical 200 places" in Lines(made).lines[0][1]


def test_a_place_says_until_when_it_may_be_believed() -> None:
    """Three reporting intervals after the last report, and of an index after its own hour."""
    city = view(
        [
            value("hoan-kiem", "pm2_5", 61.5),
            value("hoan-kiem", "vn_aqi", 120.0, at=NOW - timedelta(hours=2, minutes=55)),
            value("tong-dan", "water_depth", 3.0),
        ]
    )
    domains = load_catalog()
    ends = {
        feature["id"]: until(domains[key], feature["properties"])
        for key in ("air_quality", "flood")
        for feature in feature_collection(city, domains[key], NOW, bays=False)["features"]
    }
    assert ends["tong-dan"] == NOW + timedelta(minutes=3)
    assert ends["hoan-kiem"] == NOW + timedelta(minutes=5)
    for id_, domain in (("tong-dan", "flood"), ("hoan-kiem", "air_quality")):
        for moment, is_grey in ((ends[id_], False), (ends[id_] + timedelta(seconds=1), True)):
            features = feature_collection(city, domains[domain], moment, bays=False)["features"]
            assert (features[0]["properties"]["level"] is None) is is_grey


@pytest.mark.parametrize(
    ("number", "decimals", "vi", "en"),
    [
        (1234.5, 1, "1.234,5", "1,234.5"),
        (0.5, 0, "1", "1"),  # as Intl.NumberFormat: halves away from zero
        (2.5, 0, "3", "3"),
        (-0.8, 1, "-0,8", "-0.8"),
        (1e6, 0, "1.000.000", "1,000,000"),
    ],
)
def test_numbers_are_written_as_in_either_language(number: float, decimals: int, vi: str, en: str) -> None:
    assert words.number(number, decimals, "vi") == vi
    assert words.number(number, decimals, "en") == en


def test_places_stand_in_the_order_in_which_people_look_for_them() -> None:
    names = ["Trần Hưng Đạo – điểm 10", "Trần Hưng Đạo – điểm 2", "Đại Mỗ", "Ao Sen", "Dịch Vọng"]
    assert sorted(names, key=words.place_order) == [
        "Ao Sen",
        "Đại Mỗ",
        "Dịch Vọng",
        "Trần Hưng Đạo – điểm 2",
        "Trần Hưng Đạo – điểm 10",
    ]


def test_a_time_of_another_day_says_which() -> None:
    late = datetime(2026, 11, 21, 16, 59, tzinfo=UTC)
    assert words.time(late, NOW) == "21/11 23:59"
    assert words.time(late + timedelta(minutes=1), NOW) == "00:00"
