"""Parking: states, counts, stays, use and the estimated amount, by domain facts 7.1 and 7.3."""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from typing import Final, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.indicators import parking
from ingest.indicators.parking import (
    BayState,
    Night,
    Occupancy,
    PriceStep,
    Session,
    Spell,
    Tariff,
    amount,
    bay_state,
    count,
    sessions,
    spells,
    stays,
    tariff,
    usage,
)
from storage import catalog, inventory
from storage.model import HANOI, Quality

T0: Final = datetime(2026, 11, 22, tzinfo=UTC)
BEAT: Final = timedelta(minutes=30)
STATES: Final[tuple[BayState, ...]] = get_args(BayState)


def at(minute: float) -> datetime:
    return T0 + timedelta(minutes=minute)


def reports(*told: tuple[int, BayState]) -> list[tuple[datetime, BayState]]:
    return [(at(minute), state) for minute, state in told]


def over(told: Sequence[tuple[datetime, BayState]], until: float, since: float = 0) -> list[Spell]:
    return spells(told, at(since), at(until), BEAT)


def shown(found: Sequence[Spell]) -> list[tuple[float, float, BayState]]:
    minute = timedelta(minutes=1)
    return [((one.start - T0) / minute, (one.end - T0) / minute, one.state) for one in found]


# The state of a bay and the counts of a point


@pytest.mark.parametrize(
    ("result", "quality", "minutes", "state"),
    [
        (1.0, Quality.GOOD, 0, "occupied"),
        (0.0, Quality.NOT_EVALUATED, 59, "free"),
        (1.0, Quality.SUSPECT, 5, "occupied"),
        (1.0, Quality.GOOD, 60, "occupied"),
        (1.0, Quality.GOOD, 60.1, "unknown"),  # two heartbeats of 30 min
        (1.0, Quality.FAIL, 5, "out_of_service"),
        (1.0, Quality.FAIL, 61, "unknown"),
        (1.0, Quality.MISSING, 5, "unknown"),
    ],
)
def test_the_state_of_a_bay(result: float, quality: Quality, minutes: float, state: BayState) -> None:
    assert bay_state(result, quality, age=timedelta(minutes=minutes), heartbeat=BEAT) == state


@given(st.lists(st.sampled_from(STATES), max_size=30), st.integers(0, 40))
def test_the_four_counts_always_add_up_to_the_capacity(states: list[BayState], capacity: int) -> None:
    counts = count(states, capacity)
    assert counts.free + counts.occupied + counts.unknown + counts.out_of_service == counts.capacity
    assert counts.capacity == max(capacity, len(states))
    if counts.percent is not None and counts.percent_between is not None:
        lowest, highest = counts.percent_between
        assert 0 <= lowest <= counts.percent <= highest <= 100


def test_occupancy_is_of_the_usable_bays() -> None:
    """occupied / (capacity − out of service), domain facts 7.3."""
    all_known = Occupancy(free=3, occupied=9, out_of_service=2)
    assert (all_known.percent, all_known.coverage) == (75.0, 1.0)
    assert all_known.percent_between == (75.0, 75.0)


def test_unknown_bays_leave_the_share_open_and_the_bounds_say_how_far() -> None:
    some = Occupancy(free=2, occupied=6, unknown=2, out_of_service=4)
    assert some.percent == 75.0
    assert some.percent_between == (60.0, 80.0)
    assert some.coverage == 0.8
    assert Occupancy(unknown=5).percent is None
    assert Occupancy(out_of_service=5).percent_between is None


# Spells and sessions


def test_a_bay_that_is_silent_for_two_heartbeats_is_unknown_until_it_speaks() -> None:
    found = over(reports((10, "free"), (40, "free"), (120, "occupied")), until=150)
    assert shown(found) == [
        (0, 10, "unknown"),
        (10, 100, "free"),
        (100, 120, "unknown"),
        (120, 150, "occupied"),
    ]


def test_what_was_said_before_holds_into_the_period() -> None:
    found = over(reports((-50, "occupied"), (20, "free")), until=30)
    assert shown(found) == [(0, 10, "occupied"), (10, 20, "unknown"), (20, 30, "free")]


told = st.lists(st.tuples(st.integers(-200, 400), st.sampled_from(STATES)), unique_by=lambda each: each[0])


@given(told, st.integers(0, 300))
def test_spells_cover_the_period_without_gap_or_overlap(found: list[tuple[int, BayState]], end: int) -> None:
    made = over(reports(*sorted(found)), until=end)
    assert sum((one.end - one.start for one in made), timedelta()) == timedelta(minutes=end)
    assert all(a.end == b.start and a.state != b.state for a, b in pairwise(made))


@given(told, st.integers(0, 300))
def test_a_spell_says_what_the_counts_say_at_that_minute(
    found: list[tuple[int, BayState]], minute: int
) -> None:
    made = over(reports(*sorted(found)), until=400)
    newest = max((each for each in found if each[0] <= minute), default=None)
    spell = next(one for one in made if one.start <= at(minute) < one.end)
    if newest is None or minute - newest[0] >= 60:
        assert spell.state == "unknown"
    else:
        assert spell.state == newest[1]


def test_a_session_is_from_the_change_to_occupied_to_the_change_to_free() -> None:
    (one,) = sessions(over(reports((0, "free"), (10, "occupied"), (40, "occupied"), (55, "free")), until=60))
    assert (one.start, one.end) == (at(10), at(55))
    assert (one.seen_arriving, one.seen_leaving, one.open) == (True, True, False)
    assert one.dwell == timedelta(minutes=45)


@pytest.mark.parametrize(
    ("told", "arriving", "leaving", "is_open"),
    [
        (reports((0, "occupied"), (20, "free")), False, True, False),  # came before anybody looked
        (reports((0, "free"), (20, "occupied")), True, False, True),
        (reports((0, "free"), (20, "occupied"), (30, "out_of_service")), True, False, False),
        (reports((0, "out_of_service"), (20, "occupied"), (30, "free")), False, True, False),
        (reports((-60, "free"), (20, "occupied"), (30, "free")), False, True, False),  # a silence before
    ],
)
def test_what_nobody_saw_is_not_made_up(
    told: list[tuple[datetime, BayState]], arriving: bool, leaving: bool, is_open: bool
) -> None:
    (one,) = sessions(over(told, until=60))
    assert (one.seen_arriving, one.seen_leaving, one.open) == (arriving, leaving, is_open)


def session(start: float, end: float, *, seen: bool = True, is_open: bool = False) -> Session:
    return Session(
        start=at(start), end=at(end), seen_arriving=seen, seen_leaving=seen and not is_open, open=is_open
    )


def test_turnover_dwell_and_overstay_of_a_period() -> None:
    found = stays(
        [
            session(-30, 30),  # came the day before, left today
            session(10, 100),
            session(20, 320),  # 300 min: longer than the 240 that are allowed
            session(400, 500, is_open=True),
            session(50, 60, seen=False),
        ],
        at(0),
        at(500),
    )
    assert found.arrivals == 3
    assert found.turnover(2) == 1.5
    assert (found.open, found.closed_in_part) == (1, 1)
    assert found.mean_dwell() == timedelta(minutes=150)  # (60 + 90 + 300) / 3
    assert found.overstay_rate(timedelta(minutes=240)) == pytest.approx(100 / 3)


def test_without_a_closed_session_there_is_no_mean_and_no_rate() -> None:
    found = stays([session(10, 60, is_open=True)], at(0), at(60))
    assert (found.mean_dwell(), found.overstay_rate(timedelta(minutes=1))) == (None, None)


@given(told)
def test_an_arrival_belongs_to_exactly_one_of_two_neighbouring_periods(
    found: list[tuple[int, BayState]],
) -> None:
    whole = sessions(over(reports(*sorted(found)), until=400, since=-200))
    for middle in {100, *(minute for minute, _ in found if 0 < minute < 300)}:
        parts = [stays(whole, at(a), at(b)) for a, b in ((0, middle), (middle, 300))]
        both = stays(whole, at(0), at(300))
        assert sum(part.arrivals for part in parts) == both.arrivals
        assert sum(len(part.ended) for part in parts) == len(both.ended)


# How full it was


def test_occupancy_of_a_period_is_weighted_by_time() -> None:
    one = over(reports((0, "occupied"), (30, "free"), (60, "free"), (90, "free")), until=120)
    two = over(reports((0, "occupied"), (50, "occupied"), (90, "occupied")), until=120)
    found = usage([one, two], at(0), at(120))
    assert found.occupancy == pytest.approx(100 * (30 + 120) / 240)
    assert found.availability == pytest.approx(100 * 90 / 120)
    assert found.in_target == 0.0  # 100 % for 30 min, 50 % for 90
    assert found.coverage == 1.0


def test_the_target_band_is_60_to_85_percent() -> None:
    free = over(reports((0, "free")), until=60)
    busy = over(reports((0, "occupied")), until=60)
    assert usage([busy, busy, free], at(0), at(60)).in_target == 100.0  # 67 %
    assert usage([busy, free], at(0), at(60)).in_target == 0.0


def test_with_nothing_free_among_the_known_an_unknown_bay_leaves_availability_open() -> None:
    silent: list[Spell] = over([], until=60)
    busy = over(reports((0, "occupied"), (30, "free")), until=60)
    found = usage([busy, silent], at(0), at(60))
    assert found.availability == 100.0  # of the half hour of which anything can be said
    assert found.occupancy == 50.0
    assert found.coverage == 0.5
    assert usage([silent], at(0), at(60)).availability is None


def test_a_bay_out_of_service_is_neither_free_nor_usable() -> None:
    broken = over(reports((0, "out_of_service")), until=60)
    busy = over(reports((0, "occupied")), until=60)
    found = usage([busy, broken], at(0), at(60))
    assert (found.availability, found.occupancy, found.coverage) == (0.0, 100.0, 1.0)


# What it would have cost

PILOT: Final = Tariff(
    first=timedelta(hours=2),
    first_vnd=25_000,
    steps=(
        PriceStep(after=timedelta(hours=2), hour_vnd=35_000),
        PriceStep(after=timedelta(hours=4), hour_vnd=45_000),
    ),
    night=Night(start=time(18), end=time(6), vnd=150_000),
)


def hanoi(hour: float, day: int = 22) -> datetime:
    return datetime(2026, 11, day, tzinfo=HANOI) + timedelta(hours=hour)


@pytest.mark.parametrize(
    ("start", "end", "vnd"),
    [
        (8, 8.1, 25_000),  # [V]: a turn
        (8, 10, 25_000),  # [V]: of the first two hours
        (18, 30, 150_000),  # [V]: a night from 18:00 to 06:00
        (8, 10.5, 60_000),  # steps [S]: an hour begun is an hour
        (8, 12, 95_000),
        (8, 13, 140_000),
        (19, 20, 25_000),  # an hour of the night is an hour
        (16, 30, 175_000),  # two hours before it, and the night
        (16, 31, 210_000),  # three hours beside it
        (-6, 30, 2 * 150_000 + 25_000 + 2 * 35_000 + 8 * 45_000),  # two nights and the twelve hours between
        (8, 8, 0),
    ],
)
def test_the_amount_of_a_stay(start: float, end: float, vnd: int) -> None:
    assert amount(PILOT, hanoi(start), hanoi(end)) == vnd


def test_a_night_is_hanoi_s_whatever_the_zone_of_the_times() -> None:
    start, end = hanoi(18).astimezone(UTC), hanoi(30).astimezone(UTC)
    assert amount(PILOT, start, end) == 150_000


def test_without_steps_each_turn_costs_the_same_so_that_a_night_is_six() -> None:
    """150 000 đ = 6 turns of 25 000 đ [V]."""
    plain = Tariff(first=timedelta(hours=2), first_vnd=25_000)
    assert amount(plain, hanoi(18), hanoi(30)) == 150_000
    assert amount(plain, hanoi(8), hanoi(12.5)) == 75_000


@given(st.integers(0, 48 * 60), st.integers(0, 48 * 60), st.integers(0, 120))
def test_a_longer_stay_never_costs_less(start: int, length: int, more: int) -> None:
    begin = hanoi(start / 60)
    short, long = timedelta(minutes=length), timedelta(minutes=length + more)
    assert amount(PILOT, begin, begin + short) <= amount(PILOT, begin, begin + long)


def test_the_shipped_points_have_the_tariff_of_the_decision() -> None:
    city = inventory.load_inventory([inventory.SHIPPED], catalog.load_catalog())
    for point in (thing for thing in city if thing.kind == "parking_point"):
        by = tariff(point.attributes)
        assert by is not None
        assert (amount(by, hanoi(8), hanoi(10)), amount(by, hanoi(18), hanoi(30))) == (25_000, 150_000)
        assert by.valid_from == datetime(2018, 1, 1, tzinfo=HANOI)
        assert point.attributes["tariff"]["steps_trust"] == "S"


def test_an_amount_says_that_it_is_estimated() -> None:
    name = catalog.load_catalog()["parking"].properties["parking_amount_estimated"].name
    assert parking.ESTIMATED.vi == "ước tính từ mức sử dụng"
    assert parking.ESTIMATED.en == "estimated from occupancy"
    assert parking.ESTIMATED.vi in name.vi
    assert parking.ESTIMATED.en in name.en


def test_a_point_without_a_tariff_has_no_price() -> None:
    assert tariff({}) is None
    assert tariff({"tariff": {"decision": "unknown"}}) is None
