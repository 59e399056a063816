"""Durations, speeds and times on the command line."""

import argparse
from datetime import UTC, datetime

import pytest

from simulators.arguments import aware_time, duration_s, speed


def test_what_people_write_is_understood() -> None:
    assert [duration_s(text) for text in ("48h", "90m", "30s", "2d")] == [172800, 5400, 30, 172800]
    assert [speed(text) for text in ("original", "60x", "60", "0.5x", "max")] == [
        1,
        60,
        60,
        0.5,
        float("inf"),
    ]
    assert aware_time("2026-11-22T10:04:05+07:00") == datetime(2026, 11, 22, 3, 4, 5, tzinfo=UTC)
    assert aware_time("2026-11-22T03:04:05Z") == datetime(2026, 11, 22, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (duration_s, "48"),
        (duration_s, "-1h"),
        (speed, "0x"),
        (speed, "fast"),
        (aware_time, "yesterday"),
        (aware_time, "2026-11-22T10:04:05"),
    ],
)
def test_what_is_wrong_is_said_with_an_example(kind: object, text: str) -> None:
    assert callable(kind)
    with pytest.raises(argparse.ArgumentTypeError, match=text):
        kind(text)
