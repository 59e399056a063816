"""Interval arithmetic against sets of seconds."""

from collections.abc import Sequence
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from simulators import coverage

intervals = st.tuples(st.integers(0, 60), st.integers(0, 60)).map(lambda pair: (min(pair), max(pair)))
many = st.lists(intervals, max_size=12)


def seconds(found: Sequence[coverage.Interval]) -> set[int]:
    """(after, until] as the seconds in it."""
    return {second for after, until in found for second in range(after + 1, until + 1)}


def union(added: Sequence[coverage.Interval]) -> tuple[coverage.Interval, ...]:
    covered: tuple[coverage.Interval, ...] = ()
    for interval in added:
        covered = coverage.add(covered, interval)
    return covered


@given(many)
def test_adding_is_union_in_any_order(added: list[coverage.Interval]) -> None:
    covered = union(added)
    assert seconds(covered) == seconds(added)
    assert covered == union(added[::-1])
    assert all(a[1] < b[0] for a, b in pairwise(covered))


@given(many, intervals)
def test_gaps_are_what_is_not_covered(added: list[coverage.Interval], asked: coverage.Interval) -> None:
    covered = union(added)
    missing = coverage.gaps(covered, *asked)
    assert seconds(missing) == seconds([asked]) - seconds(covered)
    assert seconds(union([*covered, *missing])) >= seconds([asked])


@given(many, st.integers(0, 60))
def test_until_forgets_what_is_later(added: list[coverage.Interval], time: int) -> None:
    assert seconds(coverage.until(union(added), time)) == {
        second for second in seconds(added) if second <= time
    }
