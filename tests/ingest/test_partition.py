"""Each Thing and each source has one owner, and as few as possible move when the number of workers changes."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.partition import (
    Partition,
    owner_of_source,
    owner_of_thing,
    require_divisible,
    thing_filter,
)
from ingest.sources import Sources, load_sources, matches, overlap
from storage.catalog import ReferenceDataError

THINGS = [("parking", f"ltk-{block:02}-b{bay:02}") for block in range(40) for bay in range(25)]
levels = st.lists(st.sampled_from(["a", "b", "+"]), min_size=1, max_size=4)
filters = st.builds(lambda parts, rest: parts + ["#"] * rest, levels, st.booleans())


def sources(folder: Path, **topics_and_partitions: tuple[str, int]) -> Sources:
    text = "".join(
        f'[[source]]\nname = "{name}"\ndecoder = "senml"\ntopics = ["{topic}"]\npartition = {partition}\n'
        for name, (topic, partition) in topics_and_partitions.items()
    )
    file = folder / "sources.toml"
    file.write_text(text)
    return load_sources(file)


@given(st.text(min_size=1, max_size=64), st.integers(1, 64))
def test_every_thing_has_one_owner_whoever_asks(thing: str, workers: int) -> None:
    owners = [w for w in range(1, workers + 1) if Partition(worker=w, workers=workers).owns_thing(thing)]
    assert owners == [owner_of_thing(thing, workers)]


@given(st.text(min_size=1, max_size=64), st.integers(1, 63))
def test_a_thing_moves_to_the_new_worker_or_stays(thing: str, workers: int) -> None:
    assert owner_of_thing(thing, workers + 1) in (owner_of_thing(thing, workers), workers + 1)


def test_owners_do_not_change_between_versions_of_the_program() -> None:
    """Another answer would move Things at an update. From the paper's code run in C's integers, with zlib's crc32."""
    assert [owner_of_thing("trung-yen-3", n) for n in (1, 2, 3, 4)] == [1, 2, 3, 3]
    assert [owner_of_thing("ltk-01-b07", n) for n in (1, 2, 3, 4)] == [1, 2, 2, 2]


@pytest.mark.parametrize("workers", [2, 3, 4])
def test_workers_own_about_the_same_number_and_worker_1_half_as_many(workers: int) -> None:
    owned = Counter(owner_of_thing(thing, workers) for _, thing in THINGS)
    half = len(THINGS) / (2 * workers - 1)
    assert set(owned) == set(range(1, workers + 1))
    assert abs(owned.pop(1) - half) < 0.2 * half
    assert all(abs(count - 2 * half) < 0.2 * 2 * half for count in owned.values())


def test_one_worker_owns_all_and_one_that_is_drained_nothing() -> None:
    assert len(Partition().filters(THINGS, Sources())) == len(THINGS)
    assert Partition(worker=2, workers=1, draining=True).filters(THINGS, Sources()) == {}


def test_a_filter_is_for_every_topic_of_its_thing_and_no_other() -> None:
    own = thing_filter("rain", "rain-hoan-kiem")
    assert matches(own, "hanoi/v1/rain/rain-hoan-kiem/observations")
    assert matches(own, "hanoi/v1/rain/rain-hoan-kiem/status")
    assert not matches(own, "hanoi/v1/rain/rain-hoan-kiem/a/b")
    assert not matches(own, "hanoi/v1/rain/rain-hoan/observations")


def test_the_partition_of_a_source_chooses_its_worker(tmp_path: Path) -> None:
    found = sources(tmp_path, one=("a/#", 1), two=("b/#", 2), three=("c/#", 3))
    assert [owner_of_source(source, 2) for source in found.all] == [1, 2, 1]
    assert set(Partition(worker=2, workers=2).filters([], found)) == {"b/#"}
    assert [s.name for s in found.all if Partition(worker=2, workers=2).owns(s)] == ["two"]


def test_two_workers_may_not_get_the_same_message(tmp_path: Path) -> None:
    found = sources(tmp_path, uplinks=("v3/+/up", 1), all_of_v3=("v3/#", 2))
    require_divisible(found, 1)
    with pytest.raises(
        ReferenceDataError, match=r"uplinks and all_of_v3: .*'v3/\+/up' and 'v3/#'.*partition"
    ):
        require_divisible(found, 2)


@given(filters, filters, st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=5))
def test_filters_that_match_one_topic_overlap(one: list[str], other: list[str], topic: list[str]) -> None:
    both = all(matches("/".join(parts), "/".join(topic)) for parts in (one, other))
    assert overlap(one, other) or not both


@given(filters, filters)
def test_filters_that_overlap_match_one_topic(one: list[str], other: list[str]) -> None:
    if overlap(one, other):
        length = max(len([p for p in parts if p != "#"]) for parts in (one, other))
        padded = [
            [*parts[: parts.index("#")], *["+"] * length] if "#" in parts else parts for parts in (one, other)
        ]
        topic = "/".join(a if a != "+" else b.replace("+", "x") for a, b in zip(*padded, strict=False))
        assert matches("/".join(one), topic)
        assert matches("/".join(other), topic)
