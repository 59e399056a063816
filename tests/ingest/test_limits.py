"""What one Thing may send. Expected values: the arithmetic of a token bucket, not a clock."""

import pytest

from ingest import limits
from ingest.limits import Limits

TOPIC = "hanoi/v1/rain/{}/observations"


def taken(bucket: Limits, thing: str, count: int, now: float) -> int:
    return sum(bucket.take(TOPIC.format(thing), now) for _ in range(count))


def test_a_burst_passes_and_what_is_beyond_it_does_not() -> None:
    bucket = Limits(rate=10, burst=100)
    assert taken(bucket, "a", 150, 0.0) == 100


def test_a_bucket_fills_at_its_rate_and_not_above_its_brim() -> None:
    bucket = Limits(rate=10, burst=100)
    assert taken(bucket, "a", 100, 0.0) == 100
    assert taken(bucket, "a", 50, 2.5) == 25
    assert taken(bucket, "a", 500, 1000.0) == 100


def test_being_refused_does_not_empty_a_bucket_further() -> None:
    bucket = Limits(rate=1, burst=1)
    assert [bucket.take(TOPIC.format("a"), now) for now in (0.0, 0.3, 0.6, 0.9, 1.1)] == [
        True, False, False, False, True,
    ]  # fmt: skip


def test_a_flooding_thing_takes_nothing_from_the_others() -> None:
    bucket = Limits(rate=1, burst=5)
    taken(bucket, "wild", 10_000, 0.0)
    assert taken(bucket, "calm", 5, 0.0) == 5


def test_all_messages_of_a_thing_share_one_bucket() -> None:
    bucket = Limits(rate=1, burst=1)
    assert bucket.take("hanoi/v1/rain/a/status", 0.0)
    assert not bucket.take("hanoi/v1/rain/a/observations", 0.0)


@pytest.mark.parametrize(
    "topic", ["v3/app/devices/d/up", "file:a.csv", "application/1/device/2/event/up", ""]
)
def test_who_speaks_for_many_things_has_no_limit_here(topic: str) -> None:
    bucket = Limits(rate=0.001, burst=1)
    assert all(bucket.take(topic, 0.0) for _ in range(100))


def test_a_rate_of_zero_is_no_limit() -> None:
    assert taken(Limits(rate=0, burst=1), "a", 1000, 0.0) == 1000


def test_a_report_comes_at_once_and_then_once_a_minute() -> None:
    bucket = Limits(rate=1, burst=1)
    assert bucket.report(0.0) is None
    taken(bucket, "a", 4, 0.0)
    assert bucket.report(0.0) == {"a": 3}
    taken(bucket, "a", 4, 0.5)
    assert bucket.report(59.0) is None
    assert bucket.report(60.0) == {"a": 4}
    assert bucket.report(200.0) is None


def test_a_report_names_twenty_things_and_adds_up_the_rest() -> None:
    bucket = Limits(rate=1, burst=1)
    for number in range(30):
        taken(bucket, f"t{number}", 3, 0.0)
    said = bucket.report(0.0)
    assert said is not None
    assert len(said) == limits.NAMED + 1
    assert said[limits.OTHERS] == 10 * 2


def test_invented_topics_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST_BUCKETS", 100)
    bucket = Limits(rate=1, burst=10)
    for number in range(5000):
        assert bucket.take(TOPIC.format(f"t{number}"), number * 0.001)
    assert len(bucket._buckets) <= 100


def test_making_room_forgets_no_thing_that_is_at_its_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST_BUCKETS", 100)
    bucket = Limits(rate=1, burst=10)
    taken(bucket, "wild", 10, 100.0)
    for number in range(99):
        bucket.take(TOPIC.format(f"t{number}"), 0.0)
    assert bucket.take(TOPIC.format("one-more"), 100.0)
    assert not bucket.take(TOPIC.format("wild"), 100.0)
