"""The shipped reference data against what is known outside of it: the city's lists, the Decision, the recordings.

The expectations are written out here from their sources on purpose: none is computed from the files under test.
"""

import csv
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest

from storage import catalog, inventory, units
from storage.model import CoordinateTrust, Domain, Thing

SHARED = Path(__file__).resolve().parents[2] / ".." / "shared"

SOUTH, NORTH, WEST, EAST = 20.53, 21.39, 105.28, 106.03
"""A box around Hanoi's outline (the city since 2008)."""

AIR_STATIONS = {
    "trung-yen-3": "Trung Yên 3",
    "minh-khai": "Minh Khai",
    "hoan-kiem": "Hoàn Kiếm",
    "hang-dau": "Hàng Đậu",
    "kim-lien": "Kim Liên",
    "thanh-cong": "Thành Công",
    "tan-mai": "Tân Mai",
    "my-dinh": "Mỹ Đình",
    "pham-van-dong": "Phạm Văn Đồng",
    "tay-mo": "Tây Mỗ",
}
"""VOV, 14 July 2018."""

RAIN_OF_2016_MM = {
    "Cầu Giấy": 118.2,
    "Mễ Trì": 127.3,
    "Xuân Đỉnh": 117.4,
    "Ngã Tư Sở": 118.8,
    "Hồ Tây": 101.5,
    "Lương Đình Của": 123.5,
    "Long Biên": 92.9,
    "Nam Từ Liêm": 121.9,
    "Hoàng Quốc Việt": 106.3,
    "Linh Đàm": 86.9,
    "Yên Sở": 131.8,
    "Nguyễn Khuyến": 136.4,
    "Hoàng Mai": 125.4,
    "Gia Thụy": 113.4,
    "Hoàn Kiếm": 128.4,
    "Vân Hồ": 120.1,
}
"""docnhanh.vn, 19 August 2016: the 16 gauges and their totals of the event."""

FLOOD_POINTS = (
    "Phan Bội Châu – Lý Thường Kiệt",
    "Nguyễn Khuyến (trường Lý Thường Kiệt)",
    "Cao Bá Quát",
    "Điện Biên Phủ – Nguyễn Tri Phương",
    "Phùng Hưng – Bát Đàn (Đường Thành)",
    "Tông Đản",
    "Liên Trì – Nguyễn Gia Thiều",
    "Ngã năm Bà Triệu",
    "Minh Khai – chân cầu Vĩnh Tuy",
    "Hoa Bằng (91–97)",
    "Phan Văn Trường",
    "Trần Bình – BV 19/8",
    "Thụy Khuê – dốc La Pho",
    "Võ Chí Công (UDIC)",
    "Kẻ Vẽ",
    "Đội Cấn (Bát Tháp)",
    "Thái Hà – Tây Sơn",
    "Trường Chinh – BV Phòng không KQ",
    "Bùi Xương Trạch",
    "Cự Lộc",
    "Vương Thừa Vũ",
    "Vũ Trọng Phụng – Quan Nhân",
    "Nguyễn Trãi – ĐH KHXH&NV",
    "Ngọc Lâm – Long Biên 1",
    "Cổ Linh – Aeon",
    "Giải Phóng – bến xe phía Nam",
    "Thanh Đàm",
    "Phạm Văn Đồng – Xuân Đỉnh",
    "RESCO",
    "Đại lộ Thăng Long – Lê Trọng Tấn",
    "Đỗ Đức Dục",
    "Phùng Khoang",
    "Triều Khúc",
)
"""Press and drainage company; the product's list of recurring points."""

CAPACITY = {
    **{f"ltk-{n:02d}": cars for n, cars in enumerate((14, 16, 12, 15, 18, 14, 13, 12), start=1)},
    **{f"thd-{n:02d}": c for n, c in enumerate((15, 14, 16, 15, 13, 17, 15, 14, 15), start=1)},
}
"""The split is synthetic; 17 points and 248 cars are the pilot of May 2017."""

DISTRICTS_2017 = {
    "Ba Đình",
    "Bắc Từ Liêm",
    "Cầu Giấy",
    "Đống Đa",
    "Hà Đông",
    "Hai Bà Trưng",
    "Hoàn Kiếm",
    "Hoàng Mai",
    "Long Biên",
    "Nam Từ Liêm",
    "Tây Hồ",
    "Thanh Xuân",
}
"""The twelve urban districts of Hanoi before July 2025."""

CONTRACT_PROPERTIES = {
    "air_quality": "pm2_5 pm10 no2 so2 co o3 temperature humidity pressure wind_speed wind_direction",
    "water_quality": "water_temperature ph dissolved_oxygen turbidity conductivity ammonium orp"
    " chlorophyll_a phycocyanin",
    "rain": "rain_counter rain_interval",
    "flood": "water_depth water_level",
    "parking": "occupied",
}
"""The design's contract; in every domain also battery and rssi."""


@pytest.fixture(scope="module")
def domains() -> Mapping[str, Domain]:
    return catalog.load_catalog((catalog.SHIPPED,))


@pytest.fixture(scope="module")
def city(domains: Mapping[str, Domain]) -> tuple[Thing, ...]:
    return inventory.load_inventory((inventory.SHIPPED,), domains)


@pytest.fixture(scope="module")
def recorded(domains: Mapping[str, Domain]) -> tuple[Thing, ...]:
    return inventory.load_inventory((inventory.RECORDED,), domains)


def of_kind(things: tuple[Thing, ...], kind: str) -> list[Thing]:
    return [thing for thing in things if thing.kind == kind]


def test_five_domains_ship(domains: Mapping[str, Domain]) -> None:
    assert set(domains) == {"air_quality", "water_quality", "rain", "flood", "parking"}


@pytest.mark.parametrize("key", sorted(CONTRACT_PROPERTIES))
def test_a_domain_has_every_property_of_the_contract(domains: Mapping[str, Domain], key: str) -> None:
    assert set(CONTRACT_PROPERTIES[key].split()) | {"battery", "rssi"} <= set(domains[key].properties)


def test_units_are_those_of_the_contract_and_all_have_a_symbol(
    domains: Mapping[str, Domain],
) -> None:
    air = domains["air_quality"].properties
    assert {air[key].unit for key in ("pm2_5", "pm10", "no2", "so2", "co", "o3")} == {"ug/m3"}
    assert {domains["rain"].properties[key].unit for key in ("rain_counter", "rain_interval")} == {"mm"}
    assert domains["flood"].properties["water_depth"].unit == "cm"
    used = {item.unit for domain in domains.values() for item in domain.properties.values()}
    assert used <= set(units.SYMBOLS)


@pytest.mark.parametrize(
    ("value", "level", "name", "color"),
    [
        (0, 0, "Tốt", "#00E400"),
        (50, 0, "Tốt", "#00E400"),
        (51, 1, "Trung bình", "#FFFF00"),
        (100, 1, "Trung bình", "#FFFF00"),
        (101, 2, "Kém", "#FF7E00"),
        (150, 2, "Kém", "#FF7E00"),
        (151, 3, "Xấu", "#FF0000"),
        (200, 3, "Xấu", "#FF0000"),
        (201, 4, "Rất xấu", "#8F3F97"),
        (300, 4, "Rất xấu", "#8F3F97"),
        (301, 5, "Nguy hại", "#7E0023"),
        (500, 5, "Nguy hại", "#7E0023"),
    ],
)
def test_vn_aqi_has_the_classes_of_decision_1459(
    domains: Mapping[str, Domain], value: int, level: int, name: str, color: str
) -> None:
    band = domains["air_quality"].properties["vn_aqi"].band(value)
    assert band is not None
    assert (band.level, band.label.vi, band.color.upper()) == (level, name, color)


@pytest.mark.parametrize(
    ("domain", "key", "value", "level"),
    [
        # Trích Sài, 25, 26 and 28 September 2022, and a healthy day.
        ("water_quality", "dissolved_oxygen", 3.6, 1),
        ("water_quality", "dissolved_oxygen", 0.46, 3),
        ("water_quality", "dissolved_oxygen", 0, 3),
        ("water_quality", "dissolved_oxygen", 1.5, 2),
        ("water_quality", "dissolved_oxygen", 4, 0),
        # The product's flood levels.
        ("flood", "water_depth", -0.4, 0),
        ("flood", "water_depth", 4.9, 0),
        ("flood", "water_depth", 5, 1),
        ("flood", "water_depth", 15, 2),
        ("flood", "water_depth", 30, 3),
        ("flood", "water_depth", 50, 4),
        # 2.4, 9.6, 12 and 54 mm/h as reports of five minutes.
        ("rain", "rain_interval", 0, 0),
        ("rain", "rain_interval", 0.2, 1),
        ("rain", "rain_interval", 0.8, 2),
        ("rain", "rain_interval", 1.0, 3),
        ("rain", "rain_interval", 4.5, 4),
        ("parking", "occupied", 0, 0),
        ("parking", "occupied", 1, 1),
    ],
)
def test_a_headline_value_has_its_level(
    domains: Mapping[str, Domain], domain: str, key: str, value: float, level: int
) -> None:
    assert domains[domain].headline == key
    band = domains[domain].properties[key].band(value)
    assert band is not None
    assert band.level == level


def test_every_scale_reaches_every_value_with_distinct_levels_and_colours(
    domains: Mapping[str, Domain],
) -> None:
    for domain in domains.values():
        for item in domain.properties.values():
            if not item.bands:
                continue
            where = f"{domain.key}.{item.key}"
            assert item.bands[-1].below is None, where
            assert len({band.level for band in item.bands}) == len(item.bands), where
            assert len({band.color for band in item.bands}) == len(item.bands), where


def test_parking_points_are_coloured_by_occupancy(domains: Mapping[str, Domain]) -> None:
    shown = domains["parking"].sections["map"]
    assert shown["summary"] == "occupancy"
    bands = [(band["level"], band.get("below")) for band in shown["band"]]
    assert bands == [(0, 60), (1, 85), (2, 100), (3, None)]


def test_only_the_first_reference_station_has_a_verified_place(city: tuple[Thing, ...]) -> None:
    trust = {thing.id: thing.location.trust for thing in of_kind(city, "station") if thing.location}
    assert trust.pop("trung-yen-3") is CoordinateTrust.VERIFIED
    assert CoordinateTrust.VERIFIED not in trust.values()


def test_the_ten_air_stations_of_2017_have_their_names(city: tuple[Thing, ...]) -> None:
    stations = of_kind(city, "station")
    assert {thing.id: thing.name.vi for thing in stations} == AIR_STATIONS


def test_two_air_stations_are_fixed_and_eight_are_sensors(city: tuple[Thing, ...]) -> None:
    fixed = {thing.id for thing in of_kind(city, "station") if {"so2", "o3"} <= {*thing.properties}}
    assert fixed == {"trung-yen-3", "minh-khai"}
    for thing in of_kind(city, "station"):
        assert {"pm2_5", "pm10", "co", "no2", "vn_aqi"} <= {*thing.properties}, thing.id
        assert ("temperature" in thing.properties) is (thing.id not in fixed), thing.id


def test_west_lake_has_trich_sai_and_at_least_three_more_places(city: tuple[Thing, ...]) -> None:
    sondes = of_kind(city, "sonde")
    assert len(sondes) >= 4
    assert "west-lake-trich-sai" in {thing.id for thing in sondes}
    made_up = [thing for thing in sondes if not thing.attributes["real_station"]]
    assert len(made_up) == len(sondes) - 1
    for thing in made_up:
        assert thing.location is not None
        assert thing.location.trust is CoordinateTrust.SYNTHETIC, thing.id


def test_the_sixteen_rain_gauges_carry_their_event_of_2016(city: tuple[Thing, ...]) -> None:
    gauges = of_kind(city, "gauge")
    assert len(gauges) == 16
    assert {thing.name.vi: thing.attributes["event_2016_mm"] for thing in gauges} == RAIN_OF_2016_MM


def test_the_33_flood_points_have_their_names(city: tuple[Thing, ...]) -> None:
    points = of_kind(city, "flood_point")
    assert len(points) == 33
    assert {thing.name.vi for thing in points} == set(FLOOD_POINTS)


def test_only_cao_ba_quat_has_a_verified_place_among_flood_points(city: tuple[Thing, ...]) -> None:
    verified = [
        thing.id
        for thing in of_kind(city, "flood_point")
        if thing.location and thing.location.trust is CoordinateTrust.VERIFIED
    ]
    assert verified == ["flood-cao-ba-quat"]


def test_doubtful_flood_points_say_so(city: tuple[Thing, ...]) -> None:
    doubtful = {thing.id for thing in of_kind(city, "flood_point") if "doubtful" in thing.attributes}
    assert doubtful == {
        "flood-ke-ve",
        "flood-truong-chinh",
        "flood-co-linh",
        "flood-thanh-dam",
        "flood-trieu-khuc",
    }


def test_seventeen_parking_points_hold_248_bays(city: tuple[Thing, ...]) -> None:
    points = of_kind(city, "parking_point")
    bays = of_kind(city, "bay")
    assert (len(points), len(bays)) == (17, 248)
    assert {thing.id: thing.attributes["capacity"] for thing in points} == CAPACITY
    assert Counter(bay.parent_id for bay in bays) == CAPACITY
    assert {point.location.trust for point in points if point.location} == {CoordinateTrust.SYNTHETIC}


def test_a_bay_is_called_after_its_point(city: tuple[Thing, ...]) -> None:
    bays = {bay.id: bay for bay in of_kind(city, "bay")}
    assert bays["ltk-01-b07"].parent_id == "ltk-01"
    assert {"ltk-01-b01", "ltk-01-b14", "thd-06-b17"} <= set(bays)
    assert "ltk-01-b15" not in bays
    assert all({*bay.properties} == {"occupied", "battery", "rssi"} for bay in bays.values())


def test_ids_are_unique_over_city_and_recordings(
    city: tuple[Thing, ...], recorded: tuple[Thing, ...]
) -> None:
    twice = [key for key, n in Counter(thing.id for thing in (*city, *recorded)).items() if n > 1]
    assert not twice


def test_every_property_of_a_thing_is_in_its_domain(
    city: tuple[Thing, ...], recorded: tuple[Thing, ...], domains: Mapping[str, Domain]
) -> None:
    for thing in (*city, *recorded):
        assert {*thing.properties} <= set(domains[thing.domain].properties), thing.id


def test_every_thing_but_a_bay_or_a_basin_has_a_place_in_hanoi_with_trust_and_source(
    city: tuple[Thing, ...],
) -> None:
    for thing in city:
        if thing.kind in ("bay", "basin"):
            continue
        assert thing.location is not None, thing.id
        assert SOUTH <= thing.location.lat <= NORTH, thing.id
        assert WEST <= thing.location.lon <= EAST, thing.id
        assert thing.location.trust in set(CoordinateTrust), thing.id
        assert len(thing.location.source) > 3, thing.id


def test_every_thing_on_the_map_has_a_kind_that_its_domain_shows(
    city: tuple[Thing, ...], domains: Mapping[str, Domain]
) -> None:
    for thing in city:
        if thing.location is not None:
            assert thing.kind in domains[thing.domain].map_kinds, thing.id


def test_old_districts_are_those_of_2017(city: tuple[Thing, ...]) -> None:
    for thing in city:
        for key in ("district_2017", "district_by_polygon"):
            assert thing.attributes.get(key, "Tây Hồ") in DISTRICTS_2017, thing.id


def test_english_names_need_no_vietnamese_keyboard(
    city: tuple[Thing, ...], recorded: tuple[Thing, ...]
) -> None:
    assert not [thing.id for thing in (*city, *recorded) if not thing.name.en.isascii()]


def test_recordings_are_three_and_never_public(city: tuple[Thing, ...], recorded: tuple[Thing, ...]) -> None:
    assert {thing.id for thing in recorded} == {
        "us-embassy-hanoi",
        "recorded-lake-sonde",
        "ea-305111",
    }
    assert not any(thing.public for thing in recorded)
    assert all(thing.public for thing in city)


EMBASSY = "data/air/hanoi_pm25_embassy_2017.csv"
SONDE = "data/water/lake_sonde_exo3_2019.csv"
GAUGE = "data/rain/ea_rain_305111_2024.csv"


@pytest.mark.parametrize(
    ("file", "column", "cells", "domain", "key"),
    [
        (EMBASSY, "Raw Conc.", 2773, "air_quality", "pm2_5"),
        (SONDE, "temp", 4035, "water_quality", "water_temperature"),
        (SONDE, "ODO_conc", 4035, "water_quality", "dissolved_oxygen"),
        (SONDE, "cond", 4035, "water_quality", "conductivity"),
        (SONDE, "sp_cond", 4035, "water_quality", "conductivity"),
        (SONDE, "turb_FNU", 4035, "water_quality", "turbidity"),
        (SONDE, "chl_conc", 4035, "water_quality", "chlorophyll_a"),
        (SONDE, "BGA_PC_conc", 4035, "water_quality", "phycocyanin"),
        (GAUGE, "value", 1016, "rain", "rain_interval"),
    ],
)
def test_a_recorded_column_lies_in_what_is_possible(
    domains: Mapping[str, Domain], file: str, column: str, cells: int, domain: str, key: str
) -> None:
    path = SHARED / file
    if not path.exists():
        pytest.skip(f"the recording {path} is absent")
    with path.open(encoding="utf-8", newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if row.get("QC Name", "Valid") == "Valid"]
    values = [float(row[column]) for row in rows if row[column]]
    assert len(values) == cells
    possible = domains[domain].properties[key].possible
    assert not [value for value in values if value not in possible]
