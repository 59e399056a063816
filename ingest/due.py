"""What has to be computed: from changed values and the clock to spans of outputs, in pieces of bounded size. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from ingest.derivation import City, Derivation, Subject, ceil, floor, on_steps
from storage.observations import Key

APART: Final = timedelta(hours=1)
"""Spans of one Thing that are farther apart are computed each for itself."""
WITHOUT_STEP: Final = timedelta(minutes=10)
"""How often a derivation that waits for no clock looks all the same: for values that lay ahead of our clock."""
LONGEST_PIECE: Final = timedelta(days=7)
SHORTEST_PIECE: Final = timedelta(days=1)
"""A piece is no shorter than this or its reach: else most of what is read would be read again for the next."""
VALUES_AT_ONCE: Final = 50_000
"""Values that are read, by the intervals of the catalogue, for what one transaction computes: well below a second."""
_JUST_AFTER: Final = timedelta.resolution


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class Span:
    """Outputs from `start` to `end`, both inclusive."""

    start: datetime
    end: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """One span of one Thing's outputs."""

    derivation: Derivation
    subject: Subject
    span: Span

    @property
    def name(self) -> tuple[str, str]:
        return self.derivation.name, self.subject.thing.id

    def window(self, property_key: str) -> Span:
        """The inputs of a property that enter the outputs."""
        start = self.span.start - self.derivation.reach(property_key)
        return Span(start=start, end=self.span.end)

    def values(self) -> float:
        """How many are to be read, if each Datastream reports as the catalogue says."""
        windows = ((row, self.window(row.property)) for row in self.subject.inputs.values())
        return sum(
            1 + (window.end - window.start).total_seconds() / row.interval_s for row, window in windows
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """A derivation, or one Thing of it, that can't be computed as it is."""

    derivation: str
    thing: str | None
    error: Exception


class Unusable(ValueError):
    """Two derivations that make the same output, or that wait for each other's."""


Use = tuple[Derivation, Subject, timedelta]
"""Who reads a Datastream, and how far its values reach."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """Who computes what from which Datastream, for a city as it is now."""

    city: City
    ranks: Sequence[Sequence[Derivation]]
    """Whoever reads another's outputs is in a later one."""
    subjects: Mapping[str, Sequence[Subject]]
    """By the derivation's name."""
    uses: Mapping[int, Sequence[Use]]
    faults: Sequence[Fault]

    @property
    def order(self) -> Iterator[Derivation]:
        return (derivation for rank in self.ranks for derivation in rank)

    def touched(self, keys: Iterable[Key], now: datetime) -> list[Task]:
        """The outputs up to now that the given values enter."""
        times: defaultdict[int, set[datetime]] = defaultdict(set)
        for datastream_id, time in keys:
            if datastream_id in self.uses and time <= now:
                times[datastream_id].add(time)
        tasks = []
        for datastream_id, found in times.items():
            stretches = list(_stretches(found))
            for derivation, subject, reach in self.uses[datastream_id]:
                for first, last in stretches:
                    span = due(derivation, first, min(last + reach, now))
                    if span is not None:
                        tasks.append(Task(derivation=derivation, subject=subject, span=span))
        return tasks

    def closed(self, since: datetime | None, now: datetime, newest: datetime | None = None) -> list[Task]:
        """What the clock closed after `since`; never asked before: the newest step of each.

        Nothing is asked that no input up to `newest` reaches: a clock may leap by years.
        """
        tasks: list[Task] = []
        for derivation in self.order:
            span = closed(derivation, since, now)
            if span is not None:
                tasks += (_reached(task, newest) for task in self._of_all(derivation, span))
        return tasks

    def between(self, start: datetime, end: datetime) -> list[Task]:
        """Every output from `start` to `end`, both inclusive."""
        tasks: list[Task] = []
        for derivation in self.order:
            span = due(derivation, start, end)
            if span is not None:
                tasks += self._of_all(derivation, span)
        return tasks

    def _of_all(self, derivation: Derivation, span: Span) -> Iterator[Task]:
        subjects = self.subjects[derivation.name]
        return (Task(derivation=derivation, subject=subject, span=span) for subject in subjects)

    def batches(self, tasks: Iterable[Task]) -> Iterator[list[Task]]:
        """Pieces that are computed together: whoever is read by others first, then by time, then by Thing."""
        ranks = {derivation.name: n for n, rank in enumerate(self.ranks) for derivation in rank}
        pieces = [piece for task in joined(tasks) for piece in split(task)]
        pieces.sort(key=lambda one: (ranks[one.derivation.name], one.span.start, one.subject.thing.id))
        batch: list[Task] = []
        size = 0.0
        for piece in pieces:
            values = piece.values()
            follows = batch and ranks[piece.derivation.name] == ranks[batch[-1].derivation.name]
            if batch and not (follows and size + values <= VALUES_AT_ONCE):
                yield batch
                batch, size = [], 0.0
            batch.append(piece)
            size += values
        if batch:
            yield batch


def plan(city: City, known: Sequence[Derivation]) -> Plan:
    """What fails here is left out, and is among the faults."""
    faults: list[Fault] = []
    subjects: dict[str, list[Subject]] = {}
    uses: defaultdict[int, list[Use]] = defaultdict(list)
    makers: dict[tuple[str, str], str] = {}
    usable = []
    for derivation in known:
        try:
            found = list(derivation.subjects(city))
            reaches = [
                (id, (derivation, subject, derivation.reach(row.property)))
                for subject in found
                for id, row in subject.inputs.items()
            ]
            _make(derivation, found, makers)
        except Exception as error:  # noqa: BLE001 - its own code, pure: a fault of it, or of a Thing's attributes
            faults.append(Fault(derivation=derivation.name, thing=None, error=error))
            continue
        usable.append(derivation)
        subjects[derivation.name] = found
        for id, use in reaches:
            uses[id].append(use)
    ranks = _ranks(usable, subjects, makers, faults)
    ranked = {derivation.name for rank in ranks for derivation in rank}
    used = {id: [use for use in found if use[0].name in ranked] for id, found in uses.items()}
    return Plan(city=city, ranks=ranks, subjects=subjects, uses=used, faults=faults)


def closed(derivation: Derivation, since: datetime | None, now: datetime) -> Span | None:
    """What the clock closed of a derivation after `since`; None: nothing."""
    step = derivation.step or WITHOUT_STEP
    last = floor(now, step)
    first = last - step if since is None else floor(since, step)
    return due(derivation, first + _JUST_AFTER, last) if first < last else None


def due(derivation: Derivation, start: datetime, end: datetime) -> Span | None:
    """The outputs from `start` to `end`, where there can be any."""
    if derivation.step is not None and on_steps(derivation):
        start, end = ceil(start, derivation.step), floor(end, derivation.step)
    return Span(start=start, end=end) if start <= end else None


def whole(task: Task, complete_from: Mapping[int, datetime], outputs: Iterable[int] = ()) -> Task | None:
    """The part whose outputs can be computed from all that they are made of; None: there is none.

    Where retention deleted values that an output was made of, computing it again would withdraw or falsify it. Nor is
    one made again that it deleted itself.
    """
    starts = [
        complete_from[id] + task.derivation.reach(row.property)
        for id, row in task.subject.inputs.items()
        if id in complete_from
    ]
    starts += (complete_from[id] for id in outputs if id in complete_from)
    if all(start <= task.span.start for start in starts):
        return task
    span = due(task.derivation, max(starts), task.span.end)
    return None if span is None else Task(derivation=task.derivation, subject=task.subject, span=span)


def _reached(task: Task, newest: datetime | None) -> Task:
    if newest is None:
        return task
    reaches = [task.derivation.reach(row.property) for row in task.subject.inputs.values()]
    last = newest + max(reaches, default=timedelta()) + (task.derivation.step or WITHOUT_STEP)
    end = max(task.span.start, min(task.span.end, last))
    span = due(task.derivation, task.span.start, end) or task.span
    return Task(derivation=task.derivation, subject=task.subject, span=span)


def merged(spans: Iterable[Span]) -> Iterator[Span]:
    """The same outputs in as few spans as that takes, oldest first; what lies close together becomes one."""
    held: Span | None = None
    for span in sorted(spans):
        if held is not None and span.start - held.end <= APART:
            held = Span(start=held.start, end=max(held.end, span.end))
            continue
        if held is not None:
            yield held
        held = span
    if held is not None:
        yield held


def joined(tasks: Iterable[Task]) -> Iterator[Task]:
    """Each output once."""
    spans: defaultdict[tuple[str, str], list[Span]] = defaultdict(list)
    last: dict[tuple[str, str], Task] = {}
    for task in tasks:
        spans[task.name].append(task.span)
        last[task.name] = task
    for name, task in last.items():
        for span in merged(spans[name]):
            yield Task(derivation=task.derivation, subject=task.subject, span=span)


def split(task: Task) -> Iterator[Task]:
    """Pieces that are no longer than what fits in memory, or than their reach where that is longer."""
    derivation, subject, span = task.derivation, task.subject, task.span
    reaches = [derivation.reach(row.property) for row in subject.inputs.values()]
    shortest, length = max([SHORTEST_PIECE, *reaches]), max([LONGEST_PIECE, *reaches])
    rate = sum(1 / row.interval_s for row in subject.inputs.values())
    while length > shortest and length.total_seconds() * rate > VALUES_AT_ONCE / 2:
        length = max(length / 2, shortest)
    start = span.start
    while start <= span.end:
        end = min(start + length, span.end)
        piece = due(derivation, start, end)
        if piece is not None:
            yield Task(derivation=derivation, subject=subject, span=piece)
        start = end + _JUST_AFTER


def _stretches(times: Iterable[datetime]) -> Iterator[tuple[datetime, datetime]]:
    """Times that are close together, as one stretch."""
    ordered = sorted(times)
    gaps = [n for n, (a, b) in enumerate(pairwise(ordered), start=1) if b - a > APART]
    return ((ordered[a], ordered[b - 1]) for a, b in pairwise([0, *gaps, len(ordered)]))


def _make(derivation: Derivation, subjects: Iterable[Subject], makers: dict[tuple[str, str], str]) -> None:
    """Raises Unusable, and notes nothing, where another makes one of its outputs: each would undo the other's."""
    made = {(subject.thing.id, key) for subject in subjects for key in derivation.outputs}
    for at in sorted(made & makers.keys()):
        raise Unusable(f"{at[0]} {at[1]} is made by {makers[at]}")
    makers.update(dict.fromkeys(made, derivation.name))


def _ranks(
    known: Sequence[Derivation],
    subjects: Mapping[str, Sequence[Subject]],
    makers: Mapping[tuple[str, str], str],
    faults: list[Fault],
) -> list[list[Derivation]]:
    """Derivations whose inputs no other of the rank makes; those that wait for each other are left out."""
    waits = {
        derivation.name: {
            makers[row.thing_id, row.property]
            for subject in subjects[derivation.name]
            for row in subject.inputs.values()
            if (row.thing_id, row.property) in makers
        }
        for derivation in known
    }
    ranks = []
    while ready := [derivation for derivation in known if waits.get(derivation.name) == set()]:
        ranks.append(ready)
        done = {derivation.name for derivation in ready}
        waits = {name: of - done for name, of in waits.items() if name not in done}
    for name, of in waits.items():
        faults.append(
            Fault(derivation=name, thing=None, error=Unusable(f"waits for {', '.join(sorted(of))}"))
        )
    return ranks
