"""Pages of places: what they say of each place and time, to people and to machines, and what they never say."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from msgspec import structs

from dashboard.citizen.now import Now
from dashboard.citizen.pages import LANGUAGES
from dashboard.data import CityView
from dashboard.places.addresses import domain_called, place_path
from dashboard.places.frame import LARGEST, Around, framed, texts
from dashboard.places.history import asked, history_page
from dashboard.places.lists import domain_page, missing_page
from dashboard.places.period import Period
from dashboard.places.place import place_page
from dashboard.places.sitemap import robots, sitemap
from storage.catalog import load_catalog
from storage.observations import RollupRow
from storage.things import DatastreamRow
from tests.dashboard.small_city import NOW, STREAMS, THINGS, value, view

ORIGIN = "https://hanoi.example"
AROUND = Around(origin=ORIGIN, assets="/assets/1", licence=None, publisher=None)
VN_AQI = STREAMS["hoan-kiem", "vn_aqi"].id
PM2_5 = STREAMS["hoan-kiem", "pm2_5"].id
HOSTILE = '</script><img src=x onerror="alert(1)"> ${body}'


def now(language: str = "vi", at: datetime = NOW) -> Now:
    return Now(at=at, language=language, texts=texts(language))


def page(city: CityView, thing: str, language: str = "vi", around: Around = AROUND, **more: Any) -> str:
    moment, row = now(language), city.things[thing]
    made = place_page(moment, around, city, city.domains[row.domain], row, **{"hours": {}} | more)
    return framed(moment, around, made).decode()


def rollup(
    at: datetime, mean: float, *, count: int = 12, high: float | None = None, **more: Any
) -> RollupRow:
    said: dict[str, Any] = {
        "bucket": at,
        "count": count,
        "mean": mean,
        "min": mean if count == 1 else mean - 1,
        "max": mean if high is None else high,
        "first": mean,
        "last": mean,
        "good": count,
        "not_evaluated": 0,
        "suspect": 0,
        "fail": 0,
        "missing": 0,
        "mean_with_suspect": mean,
        "coverage": 1.0,
        "provenance": "measured",
    }
    return RollupRow(**said | more)


def history(
    city: CityView, period: str, found: Mapping[int, Sequence[RollupRow]], *, language: str = "vi"
) -> str:
    moment, thing = now(language), city.things["hoan-kiem"]
    about = Period.parse(period)
    assert about is not None
    first = datetime(2026, 10, 31, 17, tzinfo=UTC)  # 1 November in Hanoi
    made = history_page(moment, city, city.domains["air_quality"], thing, about, found, first)
    return framed(moment, AROUND, made).decode()


def cells(html: str) -> list[list[str]]:
    """The texts of each row of the first table of rollups."""
    [body] = re.findall(r'class="rollups">.*?<tbody>(.*?)</tbody>', html, re.S)[:1]
    rows = body.split("<tr>")[1:]
    return [[_text(cell) for cell in re.split(r"<t[hd][^>]*>", row)[1:]] for row in rows]


def _text(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


# Periods and addresses


def test_a_period_is_of_hanoi_and_begins_at_its_midnight() -> None:
    day, month = Period.parse("2026-11-23"), Period.parse("2026-12")
    assert day is not None
    assert month is not None
    assert (day.start, day.end) == (
        datetime(2026, 11, 22, 17, tzinfo=UTC),
        datetime(2026, 11, 23, 17, tzinfo=UTC),
    )
    assert (month.start, month.end) == (
        datetime(2026, 11, 30, 17, tzinfo=UTC),
        datetime(2026, 12, 31, 17, tzinfo=UTC),
    )
    assert (month.previous.text, month.next.text, day.month.text) == ("2026-11", "2027-01", "2026-11")
    assert (day.previous.text, day.next.text) == ("2026-11-22", "2026-11-24")
    assert [day.title(code) for code in LANGUAGES] == ["ngày 23/11/2026", "23 November 2026"]
    assert Period.day_of(datetime(2026, 11, 22, 17, tzinfo=UTC)) == day


@pytest.mark.parametrize(
    "text", ["", "2026", "2026-13", "2026-00", "2026-02-30", "1999-12", "2026-1", "2026-11-23T00", "٢٠٢٦-١١"]
)
def test_what_is_no_period_is_none(text: str) -> None:
    assert Period.parse(text) is None


def test_the_address_comes_from_the_catalogue() -> None:
    domains = load_catalog()
    assert {key: place_path(one, "x", "vi") for key, one in domains.items()} == {
        "air_quality": "/vi/khong-khi/x",
        "flood": "/vi/ung-ngap/x",
        "parking": "/vi/do-xe/x",
        "rain": "/vi/mua/x",
        "water_quality": "/vi/chat-luong-nuoc/x",
    }
    city = view()
    assert domain_called(city, "khong-khi", "vi") is city.domains["air_quality"]
    assert domain_called(city, "khong-khi", "en") is None


# The place now


def test_a_page_says_value_word_colour_time_source_and_method() -> None:
    html = page(
        view(
            [
                value("hoan-kiem", "pm2_5", 61.5, at=NOW - timedelta(minutes=5)),
                value("hoan-kiem", "vn_aqi", 120.4, provenance="derived", input_provenance="measured"),
            ]
        ),
        "hoan-kiem",
    )
    assert re.search(r'class="standing">.*fill=#FF7E00.*>120</span> <strong>Kém</strong>', html)
    assert "61,5 µg/m³" in html
    assert "09:55 (5 phút trước) · đã kiểm tra, tốt · đo · cảm biến" in html
    assert "tính toán (từ dữ liệu đo) · Quyết định 1459/QĐ-TCMT" in html
    assert "Trạm quan trắc không khí · Không khí" in html
    assert 'href="/#hoan-kiem"' in html
    assert "mô phỏng" not in html


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_can_be_found_and_shared(language: str) -> None:
    html = page(view([value("hoan-kiem", "vn_aqi", 120.4)]), "hoan-kiem", language)
    own = {"vi": f"{ORIGIN}/vi/khong-khi/hoan-kiem", "en": f"{ORIGIN}/en/air/hoan-kiem"}
    assert f'<link rel="canonical" href="{own[language]}">' in html
    for code in LANGUAGES:
        assert f'<link rel="alternate" hreflang="{code}" href="{own[code]}">' in html
    assert f'<meta property="og:url" content="{own[language]}">' in html
    assert re.search(r"<title>hoan-kiem \(\w\w\) – (Không khí|Air quality) \|", html)
    description = re.findall(r'<meta name="description" content="([^"]*)">', html)[0]
    assert "120" in description
    assert "10:00, 22/11" in description
    place, dataset = map(json.loads, re.findall(r'<script type="application/ld\+json">(.*?)</script>', html))
    assert (place["@type"], place["geo"]["latitude"]) == ("Place", 21.03)
    assert dataset["distribution"][0]["contentUrl"] == f"{own[language]}/2026-11.csv"
    assert "license" not in dataset  # nobody has said so
    assert len(html.encode()) <= LARGEST
    assert not re.search(r"<script(?! type=\"application/ld\+json\")| style=|\$\w", html)


@pytest.mark.parametrize(
    ("values", "word"),
    [
        (
            [value("tong-dan", "water_depth", 35.0, at=NOW - timedelta(minutes=4))],
            "Không tô màu vì: Dữ liệu cũ",
        ),
        ([value("tong-dan", "water_depth", 35.0, quality=3)], "Không tô màu vì: Giá trị đáng ngờ"),
        ([value("tong-dan", "water_depth", 35.0, quality=4)], "Không tô màu vì: Thiết bị lỗi"),
        ([], "Chưa có dữ liệu"),
    ],
)
def test_what_cannot_be_believed_is_grey_and_says_why(values: list[Any], word: str) -> None:
    html = page(view(values), "tong-dan")
    assert f"<strong>{word}</strong>" in html
    assert set(re.findall(r"fill=(#\w+)", html)) == {"#8A8F98"}


def test_one_simulated_value_raises_the_banner_and_is_said_where_the_page_is_shared() -> None:
    html = page(view([value("hoan-kiem", "pm2_5", 61.5, provenance="simulated")]), "hoan-kiem")
    assert '<p class="simulated"><strong>Dữ liệu mô phỏng / Simulated data</strong>' in html
    assert '<meta property="og:description" content="Dữ liệu mô phỏng / Simulated data. ' in html
    hours = {PM2_5: [], VN_AQI: [rollup(NOW - timedelta(hours=1), 80, count=1, provenance="simulated")]}
    assert '<p class="simulated">' in page(view(), "hoan-kiem", hours=hours)
    assert '<p class="simulated">' not in page(view(), "hoan-kiem")


def test_a_point_leads_to_its_bays_and_a_bay_to_its_point() -> None:
    city = view([value("ltk-01-b01", "occupied", 0.0)])
    point, bay = page(city, "ltk-01", "en"), page(city, "ltk-01-b01", "en")
    assert '<a href="/en/parking/ltk-01-b01">ltk-01-b01 (en)</a> <small>free</small>' in point
    assert "1 / 5 free" in point
    assert '<a href="/en/parking/ltk-01">ltk-01 (en)</a>' in bay
    assert 'href="/en/#ltk-01"' in bay  # the map has points, not bays


def test_a_position_that_is_made_up_is_told_to_no_machine() -> None:
    made_up = [replace(one, coordinate_trust="S") for one in THINGS]
    city = view().with_things(made_up, STREAMS.values())
    html = page(city, "hoan-kiem")
    assert "GeoCoordinates" not in html
    assert "geo:" not in html
    assert "Vị trí giả lập" in html


def test_what_is_out_of_use_keeps_its_page_and_is_on_no_map() -> None:
    out = [replace(one, retired_from=NOW - timedelta(days=3)) for one in THINGS]
    html = page(view().with_things(out, STREAMS.values()), "hoan-kiem")
    assert "Ngừng hoạt động từ ngày 19/11/2026" in html
    assert "#hoan-kiem" not in html.partition("</head>")[2]


def test_a_hostile_name_is_only_text() -> None:
    hostile = [replace(one, name_vi=HOSTILE, properties={"street": HOSTILE}) for one in THINGS]
    city = view([value("hoan-kiem", "vn_aqi", 120.4)]).with_things(hostile, STREAMS.values())
    for html in (
        page(city, "hoan-kiem"),
        framed(now(), AROUND, domain_page(now(), city, city.domains["flood"])).decode(),
    ):
        assert "<img" not in html
        assert html.count("</script>") == html.count("<script")


def test_the_licence_is_told_where_somebody_has_set_it() -> None:
    stated = replace(AROUND, licence="https://creativecommons.org/licenses/by/4.0/", publisher="Trung tâm A")
    html = page(view([value("hoan-kiem", "vn_aqi", 120.4)]), "hoan-kiem", around=stated)
    assert '<a rel="license" href="https://creativecommons.org/licenses/by/4.0/">' in html
    assert '"license":"https://creativecommons.org/licenses/by/4.0/"' in html
    assert "Giấy phép: chưa được nêu" in page(view(), "hoan-kiem")


def test_the_last_day_is_drawn_hour_by_hour() -> None:
    """An index of 8 to 9 o'clock has the time 9:00."""
    nine = datetime(2026, 11, 22, 2, tzinfo=UTC)
    html = page(
        view(), "hoan-kiem", hours={VN_AQI: [rollup(nine, 160, count=1), rollup(nine - timedelta(days=2), 1)]}
    )
    assert html.count("<rect") == 1
    assert cells(html) == [["08:00–09:00", "160 Xấu", "đo"]]
    assert 'role="img" aria-label="thấp nhất 160 · cao nhất 160"' in html


# Months and days


def test_a_day_is_told_by_hours_and_a_mean_has_no_class() -> None:
    eight = datetime(2026, 11, 22, 1, tzinfo=UTC)
    html = history(
        view(),
        "2026-11-22",
        {
            VN_AQI: [rollup(eight + timedelta(hours=1), 160, count=1)],
            PM2_5: [rollup(eight, 61.25, high=88.8), rollup(eight - timedelta(days=1), 5)],
        },
    )
    assert cells(html) == [["08:00–09:00", "160 Xấu", "đo"]]
    assert "<td>61,3<small>88,8</small>" in html  # halves away from zero
    assert html.count("#FF0000") == 1
    assert ">5,0<" not in html  # of another day
    assert "Kỳ này chưa hết." in html
    assert 'href="/vi/khong-khi/hoan-kiem/2026-11-21" rel="prev"' in html
    assert 'rel="next"' not in html  # not yet


def test_a_month_is_told_by_days_with_what_did_not_count() -> None:
    first = datetime(2026, 10, 31, 17, tzinfo=UTC)
    html = history(
        view(), "2026-11", {PM2_5: [rollup(first, 40, count=280, high=90, suspect=8)]}, language="en"
    )
    assert cells(html) == [
        ["01/11", "40.0 µg/m³", "39.0 µg/m³", "90.0 µg/m³", "280 +8 suspect, not counted", "measured"]
    ]
    assert 'href="/en/air/hoan-kiem/2026-11-01"' in html
    assert 'rel="prev"' not in html  # nothing is before the first value
    assert 'href="/en/air/hoan-kiem/2026-11.parquet?step=1d"' in html


def test_an_index_of_a_day_stands_at_its_day() -> None:
    """That of 21 November has the time 24:00, which is in the bucket of the 22nd."""
    stream = DatastreamRow(
        id=99, thing_id="hoan-kiem", property="vn_aqi_daily", unit="{AQI}", derived=True, interval_s=86400
    )
    city = view().with_things(THINGS, [*STREAMS.values(), stream])
    thing, month = city.things["hoan-kiem"], Period.parse("2026-11")
    assert month is not None
    read = asked(city, city.domains["air_quality"], thing, month)
    assert 99 in [one.id for _, one in read.told]
    assert read.end == month.end + timedelta(days=1)
    midnight = datetime(2026, 11, 21, 17, tzinfo=UTC)
    hourly = [rollup(midnight - timedelta(days=1), 140, count=24)]
    html = history(city, "2026-11", {99: [rollup(midnight, 157, count=1)], VN_AQI: hourly})
    assert cells(html) == [["21/11", "157 Xấu", "đo"]]
    day = Period.parse("2026-11-21")
    assert day is not None
    assert 99 not in [one.id for _, one in asked(city, city.domains["air_quality"], thing, day).told]


def test_a_time_without_usable_values_says_so() -> None:
    assert "Không có giá trị dùng được." in history(view(), "2026-11-05", {})


def test_a_page_of_very_many_quantities_is_no_larger_and_says_how_many_it_leaves_out() -> None:
    domain = load_catalog()["air_quality"]
    many = {f"p{n:02d}": replace(domain.properties["pm2_5"], key=f"p{n:02d}") for n in range(1, 61)}
    streams = [
        DatastreamRow(id=n, thing_id="hoan-kiem", property=key, unit="1", derived=False, interval_s=300)
        for n, key in enumerate(many, 1)
    ]
    city = view().with_domains({"air_quality": replace(domain, properties=many, headline="p01")})
    city = city.with_things(THINGS, streams)
    first = datetime(2026, 10, 31, 17, tzinfo=UTC)
    days = [first + timedelta(days=n) for n in range(22)]
    html = history(
        city, "2026-11", {one.id: [rollup(d, 123456.7, high=9e9) for d in days] for one in streams}
    )
    assert len(html.encode()) <= LARGEST
    left = re.search(r"Còn (\d+) đại lượng nữa", html)
    assert left is not None
    assert html.count("<th scope=col>Bụi mịn") == 59 - int(left[1])


# Lists, and what is not there


def test_the_list_of_a_domain_has_its_places_and_not_their_bays() -> None:
    city = view([value("ltk-01-b01", "occupied", 0.0)])
    html = framed(now("en"), AROUND, domain_page(now("en"), city, city.domains["parking"])).decode()
    assert '<a href="/en/parking/ltk-01">' in html
    assert "ltk-01-b01" not in html
    assert "1 place, values as of" in html


@pytest.mark.parametrize(
    ("language", "word"),
    [
        ("vi", "Không ngập Đường cấm (Trung tâm báo đến 11:00)"),
        ("en", "Not flooded Road closed (reported by the centre until 11:00)"),
    ],
)
def test_the_list_of_a_domain_says_which_road_is_closed(language: str, word: str) -> None:
    until = NOW + timedelta(hours=1)
    closed = structs.replace(value("tong-dan", "road_closed", 1, provenance="manual"), expires_at=until)
    city = view([value("tong-dan", "water_depth", 0.0), closed])

    def listed(at: datetime) -> str:
        return _text(domain_page(now(language, at), city, city.domains["flood"]).body)

    assert word in listed(NOW)
    assert word.partition(" (")[0] not in listed(until)


def test_an_unknown_place_is_told_of_those_like_it_and_of_the_lists() -> None:
    html = framed(now(), AROUND, missing_page(now(), view(), "tongdan")).decode()
    assert '<a href="/vi/ung-ngap/tong-dan">' in html
    assert '<a href="/vi/khong-khi/">' in html
    assert '<meta name="robots" content="noindex">' in html
    assert "canonical" not in html
    assert "<li><a" in html
    assert "<ul>" not in framed(now(), AROUND, missing_page(now(), view(), "<" * 60)).decode()


def test_the_sitemap_names_each_page_in_both_languages() -> None:
    root = ET.fromstring(sitemap(view(), ORIGIN))
    space = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9", "x": "http://www.w3.org/1999/xhtml"}
    found = {str(one.text) for one in root.findall("s:url/s:loc", space)}
    assert {f"{ORIGIN}/", f"{ORIGIN}/en/", f"{ORIGIN}/vi/khong-khi/hoan-kiem", f"{ORIGIN}/en/rain/"} <= found
    assert not [one for one in found if "b01" in one]
    for url in root.findall("s:url", space):
        told = {one.get("href") for one in url.findall("x:link", space)}
        assert url.findtext("s:loc", namespaces=space) in told
        assert len(told) == 2
    assert f"Sitemap: {ORIGIN}/sitemap.xml" in robots(ORIGIN).decode()


def test_vietnamese_is_not_english() -> None:
    vi, en = texts("vi"), texts("en")
    assert {key for key in vi if key.startswith("place_") and vi[key] == en[key]} == set()
