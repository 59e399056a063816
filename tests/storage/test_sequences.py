"""The loss meter: order, redelivery and batching change nothing; a count that begins anew does."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage import db, sequences
from storage.sequences import FAR, NEAR, Interval, LossRow, Run, placed, ranges
from tests.processes import wait_for

T0 = datetime(2026, 11, 22, 3, tzinfo=UTC)
STATION = "hoan-kiem"


class Memory:
    """What the table holds of one Thing, heard last first; the union that SQL makes is a set's here."""

    def __init__(self) -> None:
        self.runs: dict[datetime, set[int]] = {}
        self.at = T0

    def record(self, numbers: Sequence[int]) -> None:
        self.at += timedelta(seconds=1)
        known = [run_of(started_at, held) for started_at, held in self.runs.items()]
        changed = placed(known, numbers, self.at)
        for run in reversed(changed):
            held = self.runs.pop(run.started_at, set()) | run.added
            self.runs = {run.started_at: held, **self.runs}

    @property
    def held(self) -> list[list[Interval]]:
        return [ranges(held) for held in self.runs.values()]


def run_of(started_at: datetime, held: set[int]) -> Run:
    return Run(started_at=started_at, received=ranges(held), first=min(held), end=max(held) + 1)


def after(*batches: Sequence[int]) -> list[list[Interval]]:
    memory = Memory()
    for batch in batches:
        memory.record(batch)
    return memory.held


@given(st.sets(st.integers(0, NEAR - 1), min_size=1), st.integers(0, 2**40), st.data())
def test_any_order_redelivery_and_batching_is_the_same_set(
    offsets: set[int], base: int, data: st.DataObject
) -> None:
    numbers = sorted(base + offset for offset in offsets)
    again = data.draw(st.lists(st.sampled_from(numbers), max_size=20))
    delivered = data.draw(st.permutations([*numbers, *again]))
    cuts = sorted(data.draw(st.sets(st.integers(1, len(delivered)), max_size=5)))
    batches = [delivered[a:b] for a, b in zip([0, *cuts], [*cuts, len(delivered)], strict=True) if a < b]
    assert after(*batches) == [ranges(numbers)]


@given(st.sets(st.integers(0, 60)))
def test_ranges_are_the_same_numbers(numbers: set[int]) -> None:
    found = ranges(numbers)
    assert {n for first, end in found for n in range(first, end)} == numbers
    assert all(end < first for (_, end), (first, _) in pairwise(found))


def test_late_numbers_fill_their_gap_however_old_it_is() -> None:
    assert after([0], [5000], range(1, 5000)) == [[(0, 5001)]]
    assert after([0, 5000, 2500]) == [[(0, 1), (2500, 2501), (5000, 5001)]]


def test_a_device_that_starts_again_has_another_count() -> None:
    assert after(range(3000), range(20)) == [[(0, 20)], [(0, 3000)]]
    assert after([2999, 3000, 0, 1]) in ([[(0, 2)], [(2999, 3001)]], [[(2999, 3001)], [(0, 2)]])


def test_one_number_that_is_far_off_does_not_spoil_the_count() -> None:
    assert after(range(10), [10 + 2 * FAR], [10, 11])[0] == [(0, 12)]


def test_a_late_number_of_the_count_before_is_no_gap_in_the_new_one() -> None:
    before = [n for n in range(5000) if n != 2500]
    assert after(before, range(5), [2500], [5])[0] == [(0, 6)]


def record(url: str, numbers: Sequence[int], minute: int = 0, thing: str = STATION) -> None:
    with db.connect(url, name="test") as conn:
        sequences.record(conn, {thing: numbers}, T0 + timedelta(minutes=minute))


def loss(url: str) -> list[LossRow]:
    with db.connect(url, name="test") as conn:
        return sequences.loss(conn)


def row(expected: int, missing: int, minute: int = 0, thing: str = STATION) -> LossRow:
    return LossRow(
        thing_id=thing,
        domain="air_quality",
        expected=expected,
        missing=missing,
        since=T0 + timedelta(minutes=minute),
    )


@pytest.mark.integration
def test_without_numbers_there_is_no_loss_and_no_statement(city_url: str) -> None:
    assert loss(city_url) == []
    with db.connect(city_url, name="test") as conn:
        conn.close()
        sequences.record(conn, {}, T0)  # a closed connection would say so


@pytest.mark.integration
def test_what_did_not_arrive_is_missing_until_it_does(city_url: str) -> None:
    record(city_url, [10, 11, 15])
    assert loss(city_url) == [row(6, 3)]
    record(city_url, [12, 15, 10], minute=1)
    assert loss(city_url) == [row(6, 2)]
    record(city_url, [14, 13], minute=2)
    assert loss(city_url) == [row(6, 0)]


@pytest.mark.integration
def test_a_number_far_back_is_late_in_a_gap_and_a_new_count_elsewhere(city_url: str) -> None:
    record(city_url, [0, 1, 5000])
    record(city_url, [2500], minute=1)
    assert loss(city_url) == [row(5001, 4997)]
    record(city_url, [1], minute=2)
    assert loss(city_url) == [row(1, 0, minute=2)]
    record(city_url, [5001], minute=3)
    assert loss(city_url) == [row(5002, 4997)]


@pytest.mark.integration
def test_the_largest_number_can_be_stored(city_url: str) -> None:
    record(city_url, [2**53 - 3, 2**53 - 1])
    assert loss(city_url) == [row(3, 1)]


@pytest.mark.integration
def test_the_thing_that_lost_most_is_first(city_url: str) -> None:
    record(city_url, [1, 3], thing="tay-mo")
    record(city_url, [1, 9])
    assert loss(city_url) == [row(9, 7), row(3, 1, thing="tay-mo")]


@pytest.mark.integration
def test_a_restart_of_the_device_begins_another_row(city_url: str) -> None:
    record(city_url, [5000, 5009])
    record(city_url, [0, 1, 3], minute=1)
    assert loss(city_url) == [row(4, 1, minute=1)]
    record(city_url, [2], minute=2)
    assert loss(city_url) == [row(4, 0, minute=1)]
    with db.connect(city_url, name="test") as conn:
        kept = conn.execute("SELECT received::text AS r FROM thing_sequence ORDER BY started_at").fetchall()
    assert [each["r"] for each in kept] == ["{[5000,5001),[5009,5010)}", "{[0,4)}"]


@pytest.mark.integration
def test_two_writers_at_once_lose_nothing_of_each_other(city_url: str) -> None:
    record(city_url, [0])
    with (
        db.connect(city_url, name="one") as one,
        db.connect(city_url, name="watch", autocommit=True) as watch,
    ):
        sequences.record(one, {STATION: [1, 2], "tay-mo": [7]}, T0)
        other = Thread(target=record, args=(city_url, [3, 5]))
        other.start()
        wait_for(lambda: waiting(watch), "the other writer waits for the row")
        one.commit()
        other.join()
    assert loss(city_url) == [row(6, 1), row(1, 0, thing="tay-mo")]


def waiting(conn: db.Connection) -> bool:
    statement = (
        "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    return bool(conn.execute(statement).fetchall())
