"""Times in a query string, and the coverage of a bucket."""

from datetime import UTC, datetime, timedelta

import pytest

from dashboard.api.observations import coverage, parse_time

TEN_IN_HANOI = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-22T10:00:00+07:00",
        "2026-11-22T10:00:00 07:00",  # a '+' that nobody escaped
        "2026-11-22 10:00:00 07:00",
        "2026-11-22T10:00 0700",
        "2026-11-22T03:00:00Z",
        "2026-11-22T03:00:00.000Z",
        "2026-11-21T22:00:00-05:00",
    ],
)
def test_times_with_an_offset(text: str) -> None:
    assert parse_time(text) == TEN_IN_HANOI


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("2026-11-22T10:00:00", "offset"),
        ("2026-11-22 10:00", "offset"),
        ("2026-11-22", "offset"),
        ("1795318800", "ISO 8601"),
        ("yesterday", "ISO 8601"),
        ("", "ISO 8601"),
        ("0001-01-01T00:00:00+07:00", "calendar"),
    ],
)
def test_times_that_are_refused_say_why(text: str, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        parse_time(text)


HOUR = timedelta(hours=1)
LONG_AGO = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("count", "now", "share"),
    [
        (12, LONG_AGO + HOUR, 1.0),  # an hour at 5 min is 12 reports
        (9, LONG_AGO + timedelta(days=9), 0.75),
        (50, LONG_AGO + timedelta(days=9), 1.0),  # sent on change: never more than all
        (3, LONG_AGO + timedelta(minutes=30), 0.5),  # half an hour has passed: 6 expected
        (1, LONG_AGO + timedelta(minutes=1), 1.0),
        (1, LONG_AGO - timedelta(minutes=1), 1.0),  # a clock that is ahead
    ],
)
def test_coverage_of_an_hour(count: int, now: datetime, share: float) -> None:
    assert coverage(count, LONG_AGO, HOUR, 300, now) == share
