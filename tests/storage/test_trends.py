"""Trends of many Datastreams, and previews of rejected payloads, in the real database."""

from datetime import UTC, datetime, timedelta

import pytest

from storage import db, observations, rejections, trends
from storage.model import Observation, Quality, Rejection

pytestmark = pytest.mark.integration

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
STEP = 10 * MINUTE


def write(conn: db.Connection, *values: tuple[int, float, float, Quality]) -> None:
    """(datastream, minutes after noon, result, quality)"""
    observations.write(
        conn,
        [
            Observation(
                datastream_id=datastream,
                phenomenon_time=NOON + minutes * MINUTE,
                result_time=NOON + minutes * MINUTE,
                result=result,
                quality=quality,
            )
            for datastream, minutes, result, quality in values
        ],
    )
    conn.commit()


def test_extremes_are_of_all_datastreams_and_of_good_values_only(database_url: str) -> None:
    good, suspect = Quality.GOOD, Quality.SUSPECT
    with db.connect(database_url, name="test") as conn:
        write(
            conn,
            (1, 0, 5.0, good),
            (2, 9, 7.0, good),
            (2, 9.5, 99.0, suspect),
            (3, 1, 1000.0, good),
            (1, 25, -1.0, good),
            (1, 60, 3.0, good),
        )
        found = trends.extremes(conn, [1, 2], start=NOON, end=NOON + 60 * MINUTE, step=STEP)
    assert [(row.step, row.low, row.high) for row in found] == [
        (NOON, 5.0, 7.0),
        (NOON + 20 * MINUTE, -1.0, -1.0),
    ]


def test_what_is_held_at_a_moment_is_the_last_good_value_of_each_that_is_not_too_old(
    database_url: str,
) -> None:
    good, failed = Quality.GOOD, Quality.FAIL
    with db.connect(database_url, name="test") as conn:
        write(
            conn,
            (1, 0, 5.0, good),
            (1, 8, 9.0, good),
            (2, 1, 7.0, good),
            (2, 9, 99.0, failed),
            (3, 3, 2.0, good),
            (4, 3, 1000.0, good),
        )
        moments = [NOON + minutes * MINUTE for minutes in (-1, 4, 10, 60)]
        found = trends.held(conn, [1, 2, 3], moments=moments, holds=5 * MINUTE)
    assert [(row.at, row.low, row.high) for row in found] == [
        (NOON + 4 * MINUTE, 2.0, 7.0),
        (NOON + 10 * MINUTE, 9.0, 9.0),  # the second's newest failed, the third's is seven minutes old
    ]


def test_a_share_counts_what_did_not_change_and_forgets_what_was_not_heard(database_url: str) -> None:
    good = Quality.GOOD
    with db.connect(database_url, name="test") as conn:
        write(conn, (1, 0, 1.0, good), (2, 0, 0.0, good), (2, 15, 1.0, good), (3, 5, 0.0, good))
        found = trends.share(
            conn, [1, 2, 3], start=NOON, end=NOON + 40 * MINUTE, step=STEP, holds=30 * MINUTE
        )
    assert [((row.step - NOON) // MINUTE, round(row.share, 3)) for row in found] == [
        (0, 0.5),  # 1 of 2, the third not heard yet
        (10, 0.333),
        (20, 0.667),
        (30, 0.5),  # the first one is 30 minutes old
        (40, 1.0),  # only the second one is left
    ]


def test_no_datastreams_have_no_trend(database_url: str) -> None:
    with db.connect(database_url, name="test") as conn:
        assert trends.extremes(conn, [], start=NOON, end=NOON + STEP, step=STEP) == []
        assert trends.share(conn, [], start=NOON, end=NOON + STEP, step=STEP, holds=STEP) == []


def test_a_preview_has_the_beginning_of_the_payload_and_its_size(database_url: str) -> None:
    with db.connect(database_url, name="test") as conn:
        rejections.insert(
            conn,
            [
                Rejection(
                    topic=f"hanoi/v1/{number}",
                    payload=b"\x00" + b"x" * 999_999,
                    reason="too_large",
                    detail={"faults": []},
                    received_at=NOON + number * MINUTE,
                    source="test",
                )
                for number in (1, 2, 3)
            ],
        )
        found = rejections.previews(conn, 2, 4)
    assert [(row.topic, row.payload, row.size) for row in found] == [
        ("hanoi/v1/3", b"\x00xxx", 1_000_000),
        ("hanoi/v1/2", b"\x00xxx", 1_000_000),
    ]
