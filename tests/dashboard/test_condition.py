"""live, stale, never, fault; levels and colours; the sum of the bays. Numbers are those of the contract."""

from collections.abc import Iterable
from datetime import timedelta

import msgspec
import pytest

from dashboard.condition import (
    GREY,
    Condition,
    MapSection,
    bay_state,
    condition,
    holds,
    map_section,
    occupancy,
    summary_condition,
)
from ingest.indicators.parking import Occupancy
from storage.catalog import ReferenceDataError, load_catalog
from storage.model import Domain
from storage.observations import LiveValue
from tests.dashboard.small_city import NOW, value, view

HOUR = timedelta(hours=1)


def of(thing_id: str, values: Iterable[LiveValue]) -> Condition:
    city = view(values)
    thing = city.things[thing_id]
    return condition(city, city.domains[thing.domain], thing, NOW)


def test_a_thing_that_was_never_heard() -> None:
    shown = of("tong-dan", [])
    assert (shown.state, shown.level, shown.color, shown.time) == ("never", None, GREY, None)


@pytest.mark.parametrize(("minutes", "state"), [(2.9, "live"), (3.0, "live"), (3.1, "stale")])
def test_older_than_three_reporting_intervals_is_stale(minutes: float, state: str) -> None:
    shown = of("tong-dan", [value("tong-dan", "water_depth", 20, at=NOW - timedelta(minutes=minutes))])
    assert shown.state == state
    assert (shown.level is None) == (state == "stale")
    assert (shown.color == GREY) == (state == "stale")


@pytest.mark.parametrize(
    ("minutes_left", "state", "label"),
    [(1, "live", "Moderate: motorbikes and pedestrians at risk"), (0, "stale", "Expired")],
)
def test_a_value_by_hand_counts_until_it_expires_however_old_it_is(
    minutes_left: int, state: str, label: str
) -> None:
    said = value("tong-dan", "water_depth", 20, at=NOW - timedelta(minutes=90), provenance="manual")
    until = NOW + timedelta(minutes=minutes_left)
    shown = of("tong-dan", [msgspec.structs.replace(said, expires_at=until)])
    assert (shown.state, shown.label.en) == (state, label)
    assert (shown.level is None) == (state == "stale")


def test_a_depth_of_thirty_centimetres_is_severe() -> None:
    shown = of("tong-dan", [value("tong-dan", "water_depth", 30)])
    assert (shown.level, shown.label.en, shown.label.vi) == (
        3,
        "Severe: cars should not enter",
        "Ngập nặng: ô tô không nên vào",
    )


def test_a_failed_newest_value_is_a_fault_and_has_no_level() -> None:
    shown = of("tong-dan", [value("tong-dan", "water_depth", 30, quality=4)])
    assert (shown.state, shown.level, shown.color) == ("fault", None, GREY)


def test_a_suspect_value_is_live_but_grey() -> None:
    shown = of("tong-dan", [value("tong-dan", "water_depth", 300, quality=3)])
    assert (shown.state, shown.level, shown.color) == ("live", None, GREY)
    assert shown.label.en == "Suspect value"


def test_a_station_lives_by_its_own_reports_and_is_coloured_by_its_derived_index() -> None:
    values = [
        value("hoan-kiem", "pm2_5", 60),
        value("hoan-kiem", "vn_aqi", 119, at=NOW - timedelta(hours=1), provenance="derived"),
    ]
    shown = of("hoan-kiem", values)
    assert (shown.state, shown.level, shown.color) == ("live", 2, "#FF7E00")  # 119 is Kém, Decision 1459
    assert shown.time == NOW


def test_a_station_without_an_index_yet_is_live_without_level() -> None:
    shown = of("hoan-kiem", [value("hoan-kiem", "pm2_5", 60)])
    assert (shown.state, shown.level, shown.color) == ("live", None, GREY)


def test_an_index_of_this_morning_does_not_colour_a_station_that_reports() -> None:
    values = [
        value("hoan-kiem", "pm2_5", 60),
        value("hoan-kiem", "vn_aqi", 119, at=NOW - timedelta(hours=3, minutes=1)),
    ]
    assert of("hoan-kiem", values).level is None


def test_a_battery_that_reports_does_not_make_a_silent_station_live() -> None:
    values = [
        value("hoan-kiem", "pm2_5", 60, at=NOW - timedelta(hours=2)),
        value("hoan-kiem", "battery", 3.6),
    ]
    shown = of("hoan-kiem", values)
    assert shown.state == "stale"
    assert shown.time == NOW - timedelta(hours=2)


def test_a_thing_that_sent_only_a_battery_was_heard() -> None:
    assert of("hoan-kiem", [value("hoan-kiem", "battery", 3.6)]).state == "live"


BAYS = [
    value("ltk-01-b01", "occupied", 1),
    value("ltk-01-b02", "occupied", 0, at=NOW - timedelta(minutes=59)),
    value("ltk-01-b03", "occupied", 1, at=NOW - timedelta(minutes=61)),  # missed two heartbeats of 30 min
    value("ltk-01-b04", "occupied", 1, quality=4),
]  # and b05 was never heard


def test_the_four_counts_of_a_point_add_up_to_its_bays() -> None:
    city = view(BAYS)
    counts = occupancy(city, city.domains["parking"], city.things["ltk-01"], NOW)
    assert counts == Occupancy(free=1, occupied=1, unknown=2, out_of_service=1)
    assert counts.capacity == 5


def test_each_bay_says_why() -> None:
    city = view(BAYS)
    states = [
        bay_state(city, city.domains["parking"], city.things[f"ltk-01-b{n:02d}"], NOW) for n in range(1, 6)
    ]
    assert states == ["occupied", "free", "unknown", "out_of_service", "unknown"]


@pytest.mark.parametrize(
    ("result", "quality", "minutes_left", "is_closed"),
    [(1, 1, 1, True), (1, 1, 0, False), (0, 1, 1, False), (1, 3, 1, True), (1, 4, 1, False)],
)
def test_a_road_is_closed_until_the_word_of_it_expires(
    result: float, quality: int, minutes_left: int, is_closed: bool
) -> None:
    said = value("tong-dan", "road_closed", result, quality=quality, at=NOW - HOUR, provenance="manual")
    city = view([msgspec.structs.replace(said, expires_at=NOW + timedelta(minutes=minutes_left))])
    assert holds(city, city.things["tong-dan"], "road_closed", NOW) is is_closed
    assert not holds(city, city.things["hoan-kiem"], "road_closed", NOW)


def summed(values: Iterable[LiveValue]) -> Condition:
    city = view(values)
    domain = city.domains["parking"]
    return summary_condition(city, domain, map_section(domain), city.things["ltk-01"], NOW)


def test_a_point_has_the_level_of_its_share_of_usable_bays() -> None:
    shown = summed([value(f"ltk-01-b{n:02d}", "occupied", float(n < 5)) for n in range(1, 6)])
    assert (shown.state, shown.level, shown.label.en) == ("live", 1, "Filling")  # 80 %
    full = summed([value(f"ltk-01-b{n:02d}", "occupied", 1) for n in range(1, 6)])
    assert (full.level, full.label.vi) == (3, "Hết chỗ")


def test_a_point_of_which_too_few_bays_are_known_is_grey_and_says_so() -> None:
    """Below 75 % of the usable bays its stored occupancy is suspect: docs/indicators/parking.md."""
    taken = [value(f"ltk-01-b{n:02d}", "occupied", 1) for n in range(1, 4)]
    shown = summed(taken)  # 3 of 5
    assert (shown.state, shown.level, shown.color, shown.label.en) == (
        "live",
        None,
        GREY,
        "Too few bays heard",
    )
    faulty = value("ltk-01-b05", "occupied", 1, quality=4)
    assert summed([*taken, faulty]).label.en == "Full"  # 3 of 4 that can be used


def test_a_point_is_as_live_as_the_best_of_its_bays() -> None:
    old = NOW - timedelta(minutes=91)
    assert summed([]).state == "never"
    assert summed([value("ltk-01-b01", "occupied", 1, at=old)]).state == "stale"
    assert summed([value("ltk-01-b01", "occupied", 1, quality=4)]).state == "fault"
    both = [value("ltk-01-b01", "occupied", 1, at=old), value("ltk-01-b02", "occupied", 0)]
    assert (summed(both).state, summed(both).time) == ("live", NOW)


def test_a_point_whose_live_bays_are_all_out_of_service_has_no_level() -> None:
    shown = summed([value("ltk-01-b01", "occupied", 1, quality=4)])
    assert (shown.level, shown.color) == (None, GREY)


@pytest.mark.parametrize(
    ("table", "fault"),
    [
        ({"summary": "average"}, r"parking\.toml: map\.summary"),
        ({"closure": "shut"}, r"parking\.toml: map\.closure: 'shut' is no boolean property here"),
        ({"closure": "parking_free"}, r"parking\.toml: map\.closure: 'parking_free' is no boolean"),
    ],
)
def test_a_map_table_that_is_wrong_names_file_and_key(table: dict[str, str], fault: str) -> None:
    parking = load_catalog()["parking"]
    broken = Domain(
        key="parking",
        name=parking.name,
        headline=parking.headline,
        properties=parking.properties,
        map_kinds=parking.map_kinds,
        sections={"map": table},
        source="parking.toml",
    )
    with pytest.raises(ReferenceDataError, match=fault):
        map_section(broken)


def test_every_shipped_map_table_is_usable() -> None:
    sections = [map_section(domain) for domain in load_catalog().values()]
    assert all(isinstance(section, MapSection) for section in sections)
