"""The loss meter: Things number what they send, and a number that never arrives is a message that was lost.

A *run* is one count of a Thing, from when we heard it first to when the Thing begins to count anew. What arrived of
it is a set, so order, redelivery and batching change nothing.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from psycopg.types.multirange import Multirange

from storage import db

NEAR: Final = 1_000
"""A number so far from the end of a run still belongs to it: a jump forward is loss, a step back is late."""
FAR: Final = 1_000_000
"""So many messages are not lost in a row: a jump over more is another count, or a number that went wrong."""
RUNS: Final = 3
"""So many runs of a Thing are looked at: late messages of a count before the present one are rare."""
_TICK: Final = timedelta(microseconds=1)

Interval = tuple[int, int]
"""Numbers from the first (inclusive) to the second (exclusive)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LossRow:
    """Of the count that a Thing is in: how many numbers there were, and how many of them never arrived."""

    thing_id: str
    domain: str
    expected: int
    missing: int
    since: datetime


@dataclass(kw_only=True, slots=True)
class Run:
    """One count of a Thing. `received` is what it holds around a batch, in order; `added` is what the batch brings."""

    started_at: datetime
    received: Sequence[Interval]
    first: int
    end: int
    """Behind the highest number."""
    added: set[int] = field(default_factory=set)

    def goes_on_with(self, number: int) -> bool:
        return abs(number - self.end) <= NEAR

    def lacks(self, number: int) -> bool:
        """Whether a number of the batch is in a gap, however far back: then it is late."""
        if not self.first <= number < self.end or number in self.added:
            return False
        before = bisect_right(self.received, number, key=lambda interval: interval[0])
        return not before or number >= self.received[before - 1][1]

    def add(self, number: int) -> None:
        self.added.add(number)
        self.first = min(self.first, number)
        self.end = max(self.end, number + 1)


def record(conn: db.Connection, numbers: Mapping[str, Sequence[int]], received_at: datetime) -> None:
    """Adds the numbers of some Things, in order of arrival, inside the caller's transaction.

    Two writers may add to one run at once. Who begins one looks again with the Thing locked: while a Thing goes from
    one ingest worker to another, both may. Raises psycopg.IntegrityError for an unknown Thing.
    """
    if not numbers:
        return
    added = _added(conn, numbers, received_at)
    if any(begins for *_, begins in added):
        beginning = sorted({thing_id for thing_id, *_, begins in added if begins})
        conn.execute(db.statements("sequences")["lock_things"], {"thing_ids": beginning})
        added = _added(conn, numbers, received_at)
    conn.execute(
        db.statements("sequences")["add"],
        {
            "thing_ids": [thing_id for thing_id, *_ in added],
            "started_ats": [started_at for _, started_at, *_ in added],
            "received": [received for _, _, received, _ in added],
            "received_at": received_at,
        },
    )


def _added(
    conn: db.Connection, numbers: Mapping[str, Sequence[int]], received_at: datetime
) -> list[tuple[str, datetime, str, bool]]:
    """(Thing, start of its run, the numbers that are added to it, whether it begins)."""
    thing_ids = sorted(numbers)
    parameters = {
        "thing_ids": thing_ids,
        "lowest": [min(numbers[thing_id]) for thing_id in thing_ids],
        "highest": [max(numbers[thing_id]) for thing_id in thing_ids],
        "limit": RUNS,
    }
    known: dict[str, list[Run]] = {thing_id: [] for thing_id in thing_ids}
    for row in conn.execute(db.statements("sequences")["runs"], parameters):
        received = _intervals(row["received"])
        run = Run(started_at=row["started_at"], received=received, first=row["first"], end=row["end"])
        known[row["thing_id"]].append(run)
    return [
        (thing_id, run.started_at, _written(ranges(run.added)), run not in runs)
        for thing_id, runs in known.items()
        for run in placed(runs, numbers[thing_id], received_at)
    ]


def loss(conn: db.Connection) -> list[LossRow]:
    """Every Thing that numbers what it sends, the one that lost most first."""
    return [LossRow(**row) for row in conn.execute(db.statements("sequences")["loss"])]


def placed(runs: Iterable[Run], numbers: Sequence[int], received_at: datetime) -> list[Run]:
    """The runs that the numbers belong to, each with what is added to it. Pure.

    `runs` begins with the one heard last. A number goes to the first run that it goes on with, or whose gap it
    fills; ahead of the run heard last it means loss there, up to FAR; anything else is a new count.
    """
    found = list(runs)
    for number in numbers:
        run = _run_of(found, number)
        if run is None:
            started_at = max([received_at, *(known.started_at + _TICK for known in found)])
            run = Run(started_at=started_at, received=(), first=number, end=number)
            found.insert(0, run)
        run.add(number)
    return [run for run in found if run.added]


def _run_of(runs: Sequence[Run], number: int) -> Run | None:
    for run in runs:
        if run.goes_on_with(number):
            return run
    for run in runs:
        if run.lacks(number):
            return run
    return runs[0] if runs and runs[0].end < number <= runs[0].end + FAR else None


def ranges(numbers: Iterable[int]) -> list[Interval]:
    """The same numbers as intervals that don't touch, in order."""
    found: list[Interval] = []
    for number in sorted(set(numbers)):
        if found and found[-1][1] == number:
            found[-1] = (found[-1][0], number + 1)
        else:
            found.append((number, number + 1))
    return found


def _intervals(received: "Multirange[int]") -> list[Interval]:
    """PostgreSQL keeps integer ranges as [first, end)."""
    return [
        (part.lower, part.upper) for part in received if part.lower is not None and part.upper is not None
    ]


def _written(intervals: Iterable[Interval]) -> str:
    return "{" + ",".join(f"[{first},{end})" for first, end in intervals) + "}"
