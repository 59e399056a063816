"""What has to be computed, and in which pieces."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from ingest.derivation import City, Derivation, Derived, Reads, Series, Subject, labels
from ingest.due import VALUES_AT_ONCE, Span, Task, closed, due, merged, plan, split, whole
from storage.model import HANOI, Domain, Property, Range, Text
from storage.things import DatastreamRow, ThingRow

NAME = Text(vi="Thử", en="Test")
START = datetime(2026, 11, 22, tzinfo=HANOI)
MINUTE = timedelta(minutes=1)
STEPS = (None, timedelta(minutes=5), timedelta(hours=1), timedelta(days=1))


def observed(key: str) -> Property:
    return Property(key=key, name=NAME, unit="mm", interval_s=60, possible=Range(), plausible=Range())


DOMAIN = Domain(
    key="test",
    name=NAME,
    headline="level",
    properties={key: observed(key) for key in ("level", "first", "second", "third")},
    map_kinds=(),
    sections={},
    source="test",
)


@dataclass(frozen=True, kw_only=True)
class Idle:
    """Computes nothing."""

    name: str = "idle"
    of: str = "level"
    outputs: Sequence[str] = ("first",)
    reads: Reads = Reads.VALUES
    step: timedelta | None = None
    reaches: timedelta = timedelta()

    def subjects(self, city: City) -> list[Subject]:
        return city.own((self.of,), self.outputs)

    def reach(self, property_key: str) -> timedelta:
        return self.reaches

    def compute(self, subject: Subject, start: datetime, end: datetime, series: Series) -> Iterator[Derived]:
        yield from ()


def city(*things: str, keys: Sequence[str] = ("level",)) -> City:
    rows = {
        thing: ThingRow(
            id=thing,
            domain="test",
            kind="gauge",
            parent_id=None,
            name_vi="",
            name_en="",
            lat=None,
            lon=None,
            coordinate_trust=None,
            coordinate_source=None,
            properties={},
        )
        for thing in things
    }
    streams = {
        thing: {
            key: DatastreamRow(
                id=10 * n + k, thing_id=thing, property=key, unit="mm", derived=k > 0, interval_s=60
            )
            for k, key in enumerate(keys)
        }
        for n, thing in enumerate(things)
    }
    return City(domains={"test": DOMAIN}, things=rows, streams=streams)


def task(derivation: Derivation, start: datetime, end: datetime) -> Task:
    (subject,) = city("a").own(("level",), derivation.outputs)
    return Task(derivation=derivation, subject=subject, span=Span(start=start, end=end))


spans = st.builds(
    lambda start, length: Span(start=START + start * MINUTE, end=START + (start + length) * MINUTE),
    st.integers(0, 3000),
    st.integers(0, 500),
)


@given(found=st.lists(spans, max_size=8))
def test_merged_spans_hold_the_same_and_lie_apart(found: list[Span]) -> None:
    kept = list(merged(found))
    assert all(any(one.start <= s.start and s.end <= one.end for one in kept) for s in found)
    assert all(b.start - a.end > timedelta(hours=1) for a, b in pairwise(kept))
    ends = {s.start for s in found} | {s.end for s in found}
    assert all(one.start in ends and one.end in ends for one in kept)


@given(
    days=st.floats(0, 60),
    reach=st.sampled_from([timedelta(), timedelta(hours=6), timedelta(days=30)]),
    step=st.sampled_from(STEPS),
)
def test_pieces_hold_each_output_once(days: float, reach: timedelta, step: timedelta | None) -> None:
    asked_for = task(Idle(step=step, reaches=reach), START, START + timedelta(days=days))
    pieces = list(split(asked_for))
    grid = step or timedelta(minutes=7)
    asked = [label for piece in pieces for label in labels(piece.span.start, piece.span.end, grid)]
    assert asked == labels(asked_for.span.start, asked_for.span.end, grid)
    assert all(piece.span.end - piece.span.start <= max(timedelta(days=7), reach) for piece in pieces)


@given(now=st.integers(0, 3 * 24 * 60), passed=st.integers(0, 3000), step=st.sampled_from(STEPS))
def test_each_step_closes_once_however_often_one_looks(now: int, passed: int, step: timedelta | None) -> None:
    derivation = Idle(step=step)
    first, last = START + now * MINUTE, START + (now + passed) * MINUTE
    middle = first + (last - first) / 3
    grid = step or timedelta(minutes=10)

    def closing(since: datetime, until: datetime) -> list[datetime]:
        span = closed(derivation, since, until)
        return labels(span.start, span.end, grid) if span else []

    assert closing(first, middle) + closing(middle, last) == closing(first, last)
    assert closing(first, last) == [label for label in labels(first, last, grid) if label > first]


def test_nothing_is_due_before_a_step_closes() -> None:
    hourly = Idle(step=timedelta(hours=1))
    assert due(hourly, START + MINUTE, START + 59 * MINUTE) is None
    assert due(hourly, START + MINUTE, START + 60 * MINUTE) == Span(
        start=START + 60 * MINUTE, end=START + 60 * MINUTE
    )


def test_a_value_touches_the_steps_that_it_reaches_and_no_later_than_now() -> None:
    found = plan(city("a", "b"), [Idle(step=timedelta(minutes=5), reaches=timedelta(minutes=12))])
    at = START + 2 * MINUTE
    (one,) = found.touched([(10, at)], START + timedelta(days=1))
    assert (one.subject.thing.id, one.span) == ("b", Span(start=START + 5 * MINUTE, end=START + 10 * MINUTE))
    (one,) = found.touched([(10, at)], START + 7 * MINUTE)
    assert one.span == Span(start=START + 5 * MINUTE, end=START + 5 * MINUTE)
    assert found.touched([(10, at)], START + MINUTE) == []
    assert found.touched([(99, at)], START + timedelta(days=1)) == []


def test_a_batch_reads_so_many_values_and_makers_come_before_readers() -> None:
    chain = [
        Idle(name="third", of="second", outputs=("third",)),
        Idle(name="second", of="first", outputs=("second",)),
        Idle(name="first", outputs=("first",)),
    ]
    found = plan(city("a", "b", "c", keys=("level", "first", "second")), chain)
    assert [[derivation.name for derivation in rank] for rank in found.ranks] == [
        ["first"],
        ["second"],
        ["third"],
    ]
    batches = list(found.batches(found.between(START, START + timedelta(days=60))))
    names = [one.derivation.name for batch in batches for one in batch]
    assert sorted(names) == names  # first, second, third
    assert all(sum(one.values() for one in batch) <= VALUES_AT_ONCE for batch in batches)
    assert all(len({one.derivation.name for one in batch}) == 1 for batch in batches)


def test_whoever_reads_a_whole_month_still_gets_a_batch_of_its_own() -> None:
    monthly = Idle(step=timedelta(hours=1), reaches=timedelta(days=60))
    found = plan(city("a", "b"), [monthly])
    batches = list(found.batches(found.between(START, START)))
    assert [len(batch) for batch in batches] == [1, 1]


def test_only_what_has_all_of_its_inputs_is_computed_again() -> None:
    """A sum of two hours to each ten minutes, of a Datastream that is complete from the first hour on."""
    hour, ten = timedelta(hours=1), timedelta(minutes=10)
    asked = task(Idle(step=ten, reaches=2 * hour), START, START + 6 * hour)
    (id,) = asked.subject.inputs
    left = whole(asked, {id: START + hour})
    assert left is not None
    assert left.span == Span(start=START + 3 * hour, end=START + 6 * hour)
    between = whole(asked, {id: START + hour + MINUTE})
    assert between is not None
    assert between.span.start == START + 3 * hour + ten
    assert whole(asked, {id: START + 5 * hour}) is None
    assert whole(asked, {}) is asked
    assert whole(asked, {id: START - 2 * hour, 99: START + 5 * hour}) is asked
    made = whole(asked, {77: START + 5 * hour}, outputs=[77])
    assert made is not None
    assert made.span.start == START + 5 * hour
