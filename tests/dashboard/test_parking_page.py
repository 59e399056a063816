"""Panels of the page of parking: bays along the street, the week, the days. Expected numbers are worked out by hand."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from dashboard.control_room.domains import parking_days, parking_street, parking_week
from dashboard.control_room.domains.parking_street import Stay
from storage.catalog import load_catalog
from storage.observations import HistoryValue
from storage.occupancy import HourOfWeek
from storage.things import DatastreamRow
from tests.dashboard.small_city import NOW, STREAMS, thing, value, view

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
HEARTBEAT = 30 * MINUTE
POINT = thing("point", "parking", "parking_point")
PARKING = load_catalog()["parking"]


def reports(*told: tuple[float, float]) -> list[HistoryValue]:
    """(minutes before now, 1 occupied or 0 free) of one bay, oldest first."""
    return [history(1, NOW - minutes * MINUTE, occupied) for minutes, occupied in sorted(told, reverse=True)]


def history(stream: int, at: datetime, result: float, **parameters: object) -> HistoryValue:
    return HistoryValue(
        datastream_id=stream,
        phenomenon_time=at,
        result_time=at,
        result=result,
        quality=1,
        quality_reason=None,
        provenance="derived",
        input_provenance="simulated",
        parameters=dict(parameters),
    )


def stays(*told: tuple[float, float]) -> dict[int, Stay]:
    return parking_street.stays(reports(*told), {1: HEARTBEAT}, NOW)


def test_a_stay_begins_with_the_change_to_occupied() -> None:
    assert stays((90, 0), (61, 1), (31, 1), (1, 1)) == {1: Stay(since=NOW - 61 * MINUTE, exact=True)}


def test_behind_a_silence_a_stay_is_only_known_from_then_on() -> None:
    """Two heartbeats without a word: another car may have come meanwhile."""
    assert stays((400, 0), (390, 1), (200, 1), (150, 1), (95, 1), (40, 1), (1, 1)) == {
        1: Stay(since=NOW - 200 * MINUTE, exact=False)
    }


def test_a_bay_that_is_free_or_silent_has_no_stay() -> None:
    assert stays((60, 1), (1, 0)) == {}
    assert (
        stays(
            (200, 1),
        )
        == {}
    )


def test_points_come_in_the_order_in_which_the_street_runs() -> None:
    west, east = (replace(POINT, id=name, lon=lon) for name, lon in (("w", 105.84), ("e", 105.86)))
    north, south = (replace(POINT, id=name, lat=lat) for name, lat in (("n", 21.04), ("s", 21.02)))
    nowhere = thing("x", "parking", "parking_point", placed=False)
    assert [one.id for one in parking_street.along([nowhere, east, west])] == ["w", "e", "x"]
    assert [one.id for one in parking_street.along([south, north])] == ["n", "s"]


def test_each_bay_says_how_it_is_and_the_longest_overstay_comes_first() -> None:
    city = view(
        [
            value("ltk-01-b01", "occupied", 1.0, at=NOW - MINUTE),
            value("ltk-01-b02", "occupied", 0.0, at=NOW - MINUTE),
            value("ltk-01-b03", "occupied", 1.0, at=NOW - 61 * MINUTE),
            value("ltk-01-b04", "occupied", 1.0, at=NOW - MINUTE, quality=4),
        ]
    )
    point = replace(
        city.things["ltk-01"], properties={"street": "Phố", "max_stay_min": 240, "max_stay_trust": "S"}
    )
    rows = [point if row.id == point.id else row for row in city.things.values()]
    city = city.with_things(rows, city.streams.values())
    stay = Stay(since=NOW - 5 * HOUR, exact=True)
    answer = parking_street.answer(city, PARKING, {STREAMS["ltk-01-b01", "occupied"].id: stay}, NOW, "en")
    [street] = answer["streets"]
    [found] = street["points"]
    assert street["name"] == "Phố"
    assert [bay["state"] for bay in found["bays"]] == [
        "occupied",
        "free",
        "unknown",
        "out_of_service",
        "unknown",
    ]
    [over] = answer["overstays"]
    assert (over["bay"], over["length"], over["limit"], over["limit_trust"]) == (
        "ltk-01-b01",
        "5 h",
        "4 h",
        "S",
    )
    assert parking_street.occupied_streams(city, PARKING, NOW) == {11: HEARTBEAT}


WEEK = [
    HourOfWeek(weekday=1, hour=8, hours=4, occupied=360.0, known=400.0, provenance="derived"),
    HourOfWeek(weekday=7, hour=3, hours=2, occupied=None, known=100.0, provenance="derived"),
]


def test_a_week_is_a_grid_whose_unknown_hours_are_empty() -> None:
    [heat] = parking_week.figure(WEEK, "vi")["data"]
    assert (len(heat["z"]), {len(row) for row in heat["z"]}) == (7, {24})
    assert (heat["z"][0][8], heat["text"][0][8], heat["customdata"][0][8]) == (90.0, "90", 4)
    assert heat["z"][6][3] == 0.0
    assert sum(cell is not None for row in heat["z"] for cell in row) == 2


def test_the_week_in_words_weighs_hours_by_what_is_known_of_them() -> None:
    words = parking_week.in_words(WEEK, NOW - 14 * 24 * HOUR, NOW, "en")
    assert "72 % on average" in words
    assert "Fullest Mon 08:00: 90 %; emptiest Sun 03:00: 0 %" in words
    assert "1 of 2 hours of the week are above 85 %" in words


def test_the_week_as_a_table_has_a_dash_where_nothing_is_known() -> None:
    table = parking_week.table(WEEK, "vi")
    assert len(table.rows) == 24
    assert table.rows[8] == ["08:00", "90 %", *["–"] * 6]


DAY_END = datetime(2026, 11, 21, 17, 0, tzinfo=UTC)
"""Midnight in Hanoi: what is derived of 21 November."""
KEYS = ("parking_turnover", "parking_dwell_mean", "parking_overstay_rate", "parking_amount_estimated")
DAILY = {
    n: DatastreamRow(id=n, thing_id=point, property=key, unit="1", derived=True, interval_s=86400)
    for n, (point, key) in enumerate((point, key) for point in ("a", "b") for key in KEYS)
}


@pytest.fixture
def days() -> parking_days.Found:
    """Point a, 10 bays: 30 cars, 20 stays of 60 min, 10 % too long; b, 30 bays: 10 cars, 5 of 120 min, 60 %."""
    values = [
        history(0, DAY_END, 3.0, arrivals=30),
        history(1, DAY_END, 60.0, sessions=20),
        history(2, DAY_END, 10.0, sessions=20),
        history(3, DAY_END, 750_000.0),
        history(4, DAY_END, 0.333, arrivals=10),
        history(5, DAY_END, 120.0, sessions=5),
        history(6, DAY_END, 60.0, sessions=5),
        history(7, DAY_END, 250_000.0),
    ]
    return parking_days.sums(values, DAILY, {"a": 10, "b": 30})


def test_days_of_several_points_add_up_by_their_cars_stays_and_bays(days: parking_days.Found) -> None:
    whole = days.all
    assert (whole.turnover, whole.mean_stay_min, whole.overstay_percent) == (1.0, 72.0, 20.0)
    assert whole.amount_vnd == 1_000_000.0
    assert days.by_day.keys() == {date(2026, 11, 21)}


def test_the_amount_is_said_to_be_an_estimate_wherever_it_stands(days: parking_days.Found) -> None:
    points = [thing("a", "parking", "parking_point"), thing("c", "parking", "parking_point")]
    drawn = parking_days.drawn(days, points, NOW - 7 * 24 * HOUR, NOW, "vi")
    assert "1.000.000 đ (ước tính từ mức sử dụng)" in drawn.words
    assert drawn.table.heads[-1] == "Số tiền (ước tính)"
    assert [row[0] for row in drawn.table.rows] == ["a (vi)", "c (vi)", "Tất cả các điểm"]
    assert drawn.table.rows[1][1:] == ["0", *["–"] * 5]


def test_bars_of_a_day_stand_in_its_middle(days: parking_days.Found) -> None:
    figure = parking_days.figure(days, NOW - 7 * 24 * HOUR, NOW, "en")
    assert [trace["x"] for trace in figure["data"]] == [["2026-11-21 12:00:00"]] * 2
    assert [trace["y"] for trace in figure["data"]] == [[1.0], [20.0]]
