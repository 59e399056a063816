"""A message that two workers had is one rejection; two messages are two, however equal they are."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest

from storage import db, rejections
from storage.model import Rejection

pytestmark = pytest.mark.integration

NOW = datetime(2026, 11, 22, tzinfo=UTC)
WEEK_AGO = NOW - timedelta(days=7)


def rejection(worker: int, packet_id: int, second: int = 0, *, overlap: int | None = 8) -> Rejection:
    return Rejection(
        topic="hanoi/v1/rain/x/observations",
        payload=b"ERR",
        reason="not_json",
        detail={},
        received_at=NOW + timedelta(seconds=second),
        source="mqtt",
        packet_id=packet_id,
        worker=worker,
        overlap=overlap,
    )


def again(first: Rejection, second: int) -> Rejection:
    """The broker delivers it once more."""
    return replace(first, received_at=NOW + timedelta(seconds=second), redelivered_since=WEEK_AGO)


def sent_again(first: Rejection, second: int) -> Rejection:
    """Its publisher sends it once more after the broker died."""
    return replace(
        first,
        packet_id=(first.packet_id or 0) + 100,
        received_at=NOW + timedelta(seconds=second),
        resent_between=(NOW - timedelta(seconds=10), NOW + timedelta(seconds=9)),
    )


def stored(url: str, *batches: list[Rejection]) -> int:
    with db.connect(url, name="test") as conn:
        for batch in batches:
            with conn.transaction():
                rejections.insert(conn, batch)
        return len(rejections.newest(conn, 100))


def test_the_copy_of_another_worker_is_the_same_rejection(database_url: str) -> None:
    assert stored(database_url, [rejection(1, 7)], [rejection(2, 7)]) == 1


def test_equal_messages_are_as_many_as_they_are_whoever_comes_first(database_url: str) -> None:
    first = [rejection(1, n, n) for n in (1, 2, 3)]
    second = [rejection(2, n, n) for n in (4, 5, 6)]
    assert stored(database_url, first[:1], second, first[1:]) == 3


def test_what_is_not_shared_is_nobodys_copy(database_url: str) -> None:
    alone = [rejection(1, 1, overlap=None), rejection(2, 2, overlap=None)]
    assert stored(database_url, alone, [rejection(2, 3)], [rejection(1, 4, overlap=None)]) == 4
    assert stored(database_url, [rejection(1, 5, overlap=9)]) == 5, "the end of a tenure is not its beginning"


def test_equal_packet_ids_of_two_sessions_mean_nothing(database_url: str) -> None:
    other = rejection(2, 7, overlap=None)
    assert stored(database_url, [rejection(1, 7, overlap=None)], [again(other, 5)]) == 2


def test_a_copy_that_is_delivered_again_stays_the_copy(database_url: str) -> None:
    first, second = rejection(1, 1), rejection(2, 2)
    assert stored(database_url, [first], [second], [again(second, 5)], [again(first, 6)]) == 1


def test_a_batch_that_is_tried_again_changes_nothing(database_url: str) -> None:
    first, second = rejection(1, 1), rejection(2, 2)
    retried = replace(second, redelivered_since=second.received_at)
    assert stored(database_url, [first], [second], [retried], [rejection(2, 3)]) == 2


def test_both_copies_that_are_sent_again_after_a_lost_broker_are_one(database_url: str) -> None:
    first, second = rejection(1, 1), rejection(2, 2)
    once_more = [[sent_again(first, 20)], [sent_again(second, 20)]]
    assert stored(database_url, [first], [second], *once_more) == 1
    assert (
        stored(database_url, [replace(once_more[1][0], redelivered_since=NOW + timedelta(seconds=20))]) == 1
    )


def test_two_workers_at_the_same_moment_see_each_other(database_url: str) -> None:
    together = Barrier(2)

    def write(worker: int) -> None:
        with db.connect(database_url, name="test") as conn:
            for n in range(20):
                together.wait(20)
                with conn.transaction():
                    rejections.insert(conn, [replace(rejection(worker, n + 1, n), payload=b"%d" % n)])

    with ThreadPoolExecutor() as pool:
        list(pool.map(write, (1, 2)))
    with db.connect(database_url, name="test") as conn:
        assert len(rejections.newest(conn, 100)) == 20
