"""Streets, wards and stations are found as people type them. Expected places are those of the inventory files."""

import re
import unicodedata
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashboard.citizen.here_words import FILE, words
from dashboard.citizen.pages import FOLDER, LANGUAGES, texts
from dashboard.gazetteer import Entry, Gazetteer, found, gazetteer, streets_named, typed_words
from storage.catalog import load_catalog
from storage.model import Domain
from tests.dashboard.finding_cases import CASES, hanoi, rows
from tests.dashboard.small_city import thing

DOMAINS = load_catalog()
HANOI = hanoi(DOMAINS)
TRIED = settings(max_examples=60, deadline=None, database=None, suppress_health_check=list(HealthCheck))
VIETNAMESE = st.text(
    alphabet="aăâbcdđeêghiklmnoôơpqrstuưvxyáàảãạắằẳẵặấầẩẫậéèếềệíìịóòốồộớờợúùứừựýỳ ABĐƠƯÊÔ", max_size=30
)


@pytest.mark.parametrize(("typed", "folded"), CASES["folded"])
def test_a_name_is_compared_without_marks_case_and_signs(typed: str, folded: str) -> None:
    assert " ".join(typed_words(typed)) == folded


@TRIED
@given(st.text(max_size=60))
def test_comparing_is_settled_by_the_first_folding(text: str) -> None:
    once = " ".join(typed_words(text))
    assert " ".join(typed_words(once)) == once


@TRIED
@given(VIETNAMESE)
def test_case_and_the_way_marks_are_encoded_make_no_difference(text: str) -> None:
    expected = typed_words(text)
    assert typed_words(text.upper()) == expected
    assert typed_words(unicodedata.normalize("NFD", text)) == expected
    assert typed_words(unicodedata.normalize("NFC", text)) == expected
    assert all(word.isascii() for word in expected)


@pytest.mark.parametrize(("typed", "first"), CASES["first"])
def test_what_is_meant_comes_first(typed: str, first: list[str] | None) -> None:
    best = found(HANOI, typed, 1)
    assert [[entry.kind, entry.id] for entry in best] == ([] if first is None else [first])


@TRIED
@given(st.sampled_from(HANOI), st.randoms())
def test_every_place_is_found_by_its_words_in_any_order(entry: Entry, random: Any) -> None:
    said = typed_words(entry.name_vi)
    random.shuffle(said)
    assert entry in found(HANOI, " ".join(said), len(HANOI))


@TRIED
@given(st.text(max_size=80), st.integers(min_value=1, max_value=50))
def test_whatever_is_typed_has_an_answer_of_at_most_so_many(typed: str, limit: int) -> None:
    answer = found(HANOI, typed, limit)
    assert len(answer) <= limit
    assert len(set(answer)) == len(answer)


def test_the_city_has_its_wards_its_stations_and_their_streets() -> None:
    kinds = [entry.kind for entry in HANOI]
    # 126 units since July 2025; 10 stations, 4 sondes, 16 gauges and the basin, 33 flood points, 17 parking points
    assert (kinds.count("ward"), kinds.count("thing")) == (126, 10 + 4 + 17 + 33 + 17)
    assert len({(entry.kind, entry.id) for entry in HANOI}) == len(HANOI)


def test_a_street_stands_in_the_middle_of_what_stands_on_it_and_is_no_surer_than_that() -> None:
    (street,) = found(HANOI, "trần hưng đạo", 1)
    points = [row for row in rows(DOMAINS) if row.properties.get("street") == "Trần Hưng Đạo"]
    assert street.lat == pytest.approx(sum(row.lat or 0 for row in points) / len(points), abs=1e-6)
    assert (street.name_en, street.domains, street.trust) == ("Tran Hung Dao", ("parking",), "S")
    assert f"{len(points)} places" in (street.source or "")


def test_a_street_of_flood_points_and_of_parking_is_one() -> None:
    (street,) = found(HANOI, "Lý Thường Kiệt", 1)
    assert street.domains == ("flood", "parking")
    assert [entry.kind for entry in HANOI if entry.id == "ly-thuong-kiet"] == ["street"]


@pytest.mark.parametrize(
    ("name", "streets"),
    [
        ("Phan Bội Châu – Lý Thường Kiệt", ["Phan Bội Châu", "Lý Thường Kiệt"]),
        ("Nguyễn Khuyến (trường Lý Thường Kiệt)", ["Nguyễn Khuyến"]),
        ("Ngã năm Bà Triệu", ["Bà Triệu"]),
        ("Minh Khai – chân cầu Vĩnh Tuy", ["Minh Khai"]),
        ("Trần Bình – BV 19/8", ["Trần Bình"]),
        ("Trường Chinh – BV Phòng không KQ", ["Trường Chinh"]),
        ("Hoa Bằng (91–97)", ["Hoa Bằng"]),
        ("RESCO", []),
    ],
)
def test_the_streets_in_the_name_of_a_flood_point(name: str, streets: list[str]) -> None:
    assert streets_named(replace(thing("x", "flood", "flood_point"), name_vi=name)) == streets


@pytest.mark.parametrize(
    ("told", "streets"), [("Hàng Bài", ["Hàng Bài"]), (["Hàng Bài", " "], ["Hàng Bài"]), (7, []), ("", [])]
)
def test_a_station_says_its_street_in_an_attribute(told: object, streets: list[str]) -> None:
    assert streets_named(replace(thing("x", "rain", "gauge"), properties={"street": told})) == streets


def test_bays_and_what_is_retired_are_not_found() -> None:
    bay = thing("ltk-01-b01", "parking", "bay", parent="ltk-01")
    old = replace(thing("old", "rain", "gauge"), retired_from=datetime(2026, 1, 1, tzinfo=UTC))
    entries = gazetteer([bay, old, thing("new", "rain", "gauge")], DOMAINS)
    assert [entry.id for entry in entries if entry.kind == "thing"] == ["new"]


def test_a_station_without_a_place_is_found_and_is_nowhere() -> None:
    entries = gazetteer([thing("lost", "rain", "gauge", placed=False)], DOMAINS)
    (entry,) = found(entries, "lost", 5)
    assert entry.item()["location"] is None


def test_it_is_made_anew_only_when_the_city_is_another() -> None:
    city, things = Gazetteer(), {"a": thing("a", "rain", "gauge")}
    first = city.of(things, DOMAINS)
    assert city.of(things, DOMAINS) is first
    assert city.of({**things, "b": thing("b", "rain", "gauge")}, DOMAINS) is not first
    fewer: dict[str, Domain] = {}
    assert city.of(things, fewer) is not first


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_around_a_place_is_there_and_asked_for(language: str) -> None:
    known = texts(language, FILE)
    assert all(text.strip() for text in known.values())
    scripts = "".join(
        (FOLDER / name).read_text("utf-8") for name in ("here.js", "find.js", "places.js", "ward.js")
    )
    assert set(re.findall(r'\bsay\(\s*"([a-z_]+)"', scripts)) - known.keys() == set()
    assert [
        key for key in known if f'"{key}"' not in scripts and not key.startswith(("kind_", "no_", "from_"))
    ] == []
    same = {key for key in known if known[key] == texts("en" if language == "vi" else "vi", FILE)[key]}
    assert same == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_advice_and_passability_are_those_of_the_indicators(language: str) -> None:
    said = words(language)
    assert len(said["advice"]) == 6  # table 5 of Decision 1459/QĐ-TCMT has six classes
    assert [one["limits"][-1][0] for one in said["traffic"]] == [50, 25, 25]  # docs/indicators/flood.md
