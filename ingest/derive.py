"""Writes indicators as ordinary observations of derived Datastreams.

A durable reader of the change feed and of the clock: it computes anew, from what is stored, what new, late or corrected
values touch and what the clock has closed, and writes only what differs. Since that comes out the same however often it
is done, its place in the feed moves behind its writes, which are many short transactions (decision 0010).
"""

import logging
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import isfinite
from typing import Any, Final

import msgspec
from msgspec import structs

from ingest import derivations
from ingest.derivation import City, Derivation, Derived, Reads, Value, ceil, floor
from ingest.due import Plan, Span, Task, Unusable, closed, plan, whole
from storage import db, derived, hours, live, things
from storage.batch import Refused
from storage.hours import HOUR, Stretch
from storage.model import Domain, Observation, Provenance, Quality, Revision
from storage.observations import HistoryValue, Key

log = logging.getLogger(__name__)

BATCHES: Final = 50
KEYS: Final = 100_000
"""Of the feed in one round: bounds the memory, together with the 100,000 keys that one batch may have."""
ROUNDS: Final = 100
"""In one run, so that it ends while values come in faster than they can be computed."""
FAR: Final = timedelta(hours=6)
"""When what closed since the last run is more than this, the inputs say how much of it can matter."""
WITHDRAWN: Final = "not_computable"
"""The quality reason of a derived value whose inputs are no longer enough."""
_JUST_AFTER: Final = timedelta.resolution

Counts = Counter[tuple[str, str]]
"""(derivation, new | changed | withdrawn) → values."""
Failed = Callable[[str, str | None, Span | None, Exception], None]
"""Told of a derivation that failed: its name, the Thing and the span where it is about one."""


@dataclass(kw_only=True, slots=True)
class Deriver:
    """Runs every derivation. What it holds is the city as it was last read; how far it has come is in the database."""

    known: Sequence[Derivation] = field(default_factory=derivations.find)
    count_failure: Callable[[str], None] = lambda name: None
    """Called with the derivation's name at each failure."""
    count_left: Callable[[str, int], None] = lambda name, values: None
    """Called with the derivation's name, and how many values were left as they are, where retention deleted inputs."""
    _plan: Plan | None = None
    _seen: tuple[str, Mapping[str, Domain]] | None = None
    _ahead: set[Key] = field(default_factory=set)
    """Values whose time had not come. Should they be forgotten, the next closing step finds them."""
    _traced: set[tuple[str, str | None, str]] = field(default_factory=set)

    def run(self, conn: db.Connection, domains: Mapping[str, Domain], now: datetime) -> int:
        """Computes what is due; returns how many values were written. Raises db.DatabaseUnreachable.

        `conn` commits by itself: each piece is a transaction.
        """
        counts: Counts = Counter()
        for _ in range(ROUNDS):
            come = derived.progress(conn)
            changes = live.changes_after(conn, come.feed, BATCHES, KEYS)
            keys = [key for change in changes for key in change.keys]
            is_full = len(changes) == BATCHES or len(keys) >= KEYS
            closes = not is_full and self._has_closed(come.clock, now)
            keys += self._due_by_now(now)
            if not keys and not closes:
                break
            plan = self.plan(conn, domains)
            self._ahead.update(key for key in keys if key[1] > now and key[0] in plan.uses)
            tasks = plan.touched(keys, now)
            if closes:
                tasks += plan.closed(come.clock, now, _newest(conn, plan, come.clock, now))
            for batch in plan.batches(tasks):
                counts += self.compute(conn, plan, batch, now)
            if changes:
                derived.read_up_to(conn, changes[-1].position)
            if closes:
                derived.followed_to(conn, now)
        if counts:
            log.info("derived %s", _told(counts))
        return counts.total()

    def plan(self, conn: db.Connection, domains: Mapping[str, Domain]) -> Plan:
        """For the city as it is now; made anew only when a Thing, a Datastream or the catalogue changed."""
        seen = things.version(conn), domains
        if (
            self._plan is None
            or self._seen is None
            or seen[0] != self._seen[0]
            or domains is not self._seen[1]
        ):
            self._plan = plan(load_city(conn, domains), self.known)
            self._seen = seen
            for fault in self._plan.faults:
                self._fail(fault.derivation, fault.thing, None, fault.error)
        return self._plan

    def compute(
        self, conn: db.Connection, plan: Plan, batch: Sequence[Task], now: datetime, *, dry_run: bool = False
    ) -> Counts:
        """One transaction. What the database refuses is sought out Thing by Thing, and left out."""
        try:
            with conn.transaction():
                derived.take_turn(conn)
                outcome = decide(conn, plan.city, batch, self._fail)
                if not dry_run:
                    store(conn, plan.city, outcome, now)
            for name, values in outcome.left.items():
                self.count_left(name, values)
            return outcome.counts()
        except Refused as error:
            if len(batch) == 1:
                self._fail(*batch[0].name, batch[0].span, error)
                return Counter()
            return sum((self.compute(conn, plan, [task], now) for task in batch), Counts())

    def _has_closed(self, clock: datetime | None, now: datetime) -> bool:
        """Whether a step closed, or the clock was set back: then the same steps close again."""
        if clock is None or clock > now:
            return True
        return any(closed(derivation, clock, now) for derivation in self.known)

    def _due_by_now(self, now: datetime) -> set[Key]:
        come = {key for key in self._ahead if key[1] <= now}
        self._ahead -= come
        return come

    def _fail(self, name: str, thing: str | None, span: Span | None, error: Exception) -> None:
        """A line each time, the traceback the first time."""
        self.count_failure(name)
        seen = (name, thing, type(error).__name__)
        log.error(
            "derivation_failed derivation=%s thing=%s from=%s to=%s error=%r",
            *(name, thing, span.start.isoformat() if span else None, span.end.isoformat() if span else None),
            error,
            exc_info=error if seen not in self._traced else None,
        )
        self._traced.add(seen)


@dataclass(kw_only=True, slots=True)
class Outcome:
    """What differs from what is stored."""

    new: list[tuple[Task, Derived]] = field(default_factory=list)
    changed: list[tuple[Task, Derived, HistoryValue]] = field(default_factory=list)
    withdrawn: list[tuple[Task, HistoryValue]] = field(default_factory=list)
    left: Counter[str] = field(default_factory=Counter)
    """Derivation → stored values that stay as they are, since retention deleted what they were made of. May be 0."""

    def counts(self) -> Counts:
        counts: Counts = Counter((one[0].derivation.name, "new") for one in self.new)
        counts.update((one[0].derivation.name, "changed") for one in self.changed)
        counts.update((one[0].derivation.name, "withdrawn") for one in self.withdrawn)
        return counts


def load_city(conn: db.Connection, domains: Mapping[str, Domain]) -> City:
    streams: defaultdict[str, dict[str, things.DatastreamRow]] = defaultdict(dict)
    for row in things.all_datastreams(conn):
        streams[row.thing_id][row.property] = row
    return City(domains=domains, things={row.id: row for row in things.all_things(conn)}, streams=streams)


def _newest(conn: db.Connection, plan: Plan, clock: datetime | None, now: datetime) -> datetime | None:
    """The newest input, where the clock has gone far enough for that to matter."""
    if clock is None or now - clock < FAR:
        return None
    return derived.newest(conn, list(plan.uses), now) or clock


def decide(conn: db.Connection, city: City, batch: Sequence[Task], failed: Failed) -> Outcome:
    """Computes the batch anew and holds it against what is stored."""
    inputs = _Inputs(conn, batch)
    stored = _stored(conn, city, batch)
    outcome = Outcome()
    for task in _whole(conn, city, batch, stored, outcome.left):
        try:
            made = _made(task, inputs)
        except Exception as error:  # noqa: BLE001 - pure: a fault of the derivation, or of the Thing's attributes
            failed(*task.name, task.span, error)
            continue
        held = stored[task.name]
        for key, one in made.items():
            before = held.get(key)
            if before is None:
                outcome.new.append((task, one))
            elif _differs(one, before):
                outcome.changed.append((task, one, before))
        outcome.withdrawn += [
            (task, before)
            for key, before in held.items()
            if key not in made
            and before.quality < Quality.MISSING
            and task.span.start <= before.phenomenon_time <= task.span.end
        ]
    return outcome


def _whole(
    conn: db.Connection,
    city: City,
    batch: Iterable[Task],
    stored: Mapping[tuple[str, str], "Outputs"],
    left: Counter[str],
) -> Iterator[Task]:
    """What of the batch retention deleted nothing of that it is made of; counts what is left as it stands."""
    outputs = {task.name: _output_ids(city, task) for task in batch}
    asked = {id for ids in outputs.values() for id in ids}
    asked.update(id for task in batch for id in task.subject.inputs)
    complete_from = derived.complete_from(conn, asked)
    for task in batch:
        part = whole(task, complete_from, outputs[task.name])
        if part is not task:
            last = task.span.end if part is None else part.span.start - _JUST_AFTER
            held = stored[task.name]
            left[task.name[0]] += sum(task.span.start <= time <= last for _, time in held)
        if part is not None:
            yield part


def _output_ids(city: City, task: Task) -> list[int]:
    rows = city.streams.get(task.subject.thing.id, {})
    return [rows[key].id for key in task.derivation.outputs if key in rows]


def store(conn: db.Connection, city: City, outcome: Outcome, now: datetime) -> None:
    """Inside the caller's transaction. Raises Refused for a value that can't be stored."""
    ids: dict[tuple[str, str], int] = {}
    new = [_observation(_output(conn, city, task, one.property, ids), one, now) for task, one in outcome.new]
    changed = [_revision(before, one, now) for _, one, before in outcome.changed]
    derived.write(conn, new, changed + [_withdrawal(before, now) for _, before in outcome.withdrawn])


class _Inputs:
    """The inputs of a batch, each value read once whoever uses it."""

    def __init__(self, conn: db.Connection, batch: Iterable[Task]) -> None:
        asked: defaultdict[tuple[Reads, int], list[Span]] = defaultdict(list)
        for task in batch:
            for id, row in task.subject.inputs.items():
                asked[task.derivation.reads, id].append(_readable(task, row.property))
        self._series: defaultdict[tuple[Reads, int], list[Value]] = defaultdict(list)
        for value in hours.values(conn, list(_stretches(asked, Reads.VALUES))):
            self._series[Reads.VALUES, value.datastream_id].append(
                Value(
                    time=value.time, result=value.result, quality=value.quality, provenance=value.provenance
                )
            )
        for mean in hours.means(conn, list(_stretches(asked, Reads.HOURS))):
            self._series[Reads.HOURS, mean.datastream_id].append(
                Value(time=mean.label, result=mean.mean, provenance=mean.provenance, count=mean.count)
            )

    def of(self, task: Task) -> dict[int, list[Value]]:
        """Exactly what enters the task's outputs, whatever else was read."""
        found = {}
        for id, row in task.subject.inputs.items():
            series, window = self._series[task.derivation.reads, id], _readable(task, row.property)
            first = bisect_left(series, window.start, key=_time)
            found[id] = series[first : bisect_right(series, window.end, key=_time)]
        return found


def _time(value: Value) -> datetime:
    return value.time


def _readable(task: Task, property_key: str) -> Span:
    """Of hours those that have begun within the window, and are over."""
    window = task.window(property_key)
    if task.derivation.reads is Reads.VALUES:
        return window
    return Span(start=ceil(window.start, HOUR), end=floor(window.end, HOUR))


def _stretches(asked: Mapping[tuple[Reads, int], Sequence[Span]], reads: Reads) -> Iterator[Stretch]:
    """No two of a Datastream overlap."""
    for (how, datastream_id), spans in asked.items():
        for span in _disjoint(spans) if how is reads else ():
            yield Stretch(datastream_id=datastream_id, start=span.start, end=span.end)


def _disjoint(spans: Iterable[Span]) -> list[Span]:
    found: list[Span] = []
    for span in sorted(spans):
        if found and span.start <= found[-1].end:
            found[-1] = Span(start=found[-1].start, end=max(found[-1].end, span.end))
        elif span.start <= span.end:
            found.append(span)
    return found


Outputs = dict[tuple[str, datetime], HistoryValue]
"""(property, time) → what is stored."""


def _stored(conn: db.Connection, city: City, batch: Iterable[Task]) -> Mapping[tuple[str, str], Outputs]:
    """By derivation and Thing: every value that a task of theirs may have made."""
    asked: defaultdict[int, list[Span]] = defaultdict(list)
    owners: dict[int, tuple[tuple[str, str], str]] = {}
    for task in batch:
        for key in task.derivation.outputs:
            row = city.streams.get(task.subject.thing.id, {}).get(key)
            if row is not None:
                asked[row.id].append(task.span)
                owners[row.id] = task.name, key
    stretches = [
        Stretch(datastream_id=id, start=span.start, end=span.end)
        for id, spans in asked.items()
        for span in _disjoint(spans)
    ]
    found: defaultdict[tuple[str, str], Outputs] = defaultdict(dict)
    for value in derived.stored(conn, stretches):
        name, key = owners[value.datastream_id]
        found[name][key, value.phenomenon_time] = value
    return found


def _made(task: Task, inputs: _Inputs) -> dict[tuple[str, datetime], Derived]:
    """Raises whatever a derivation may get wrong."""
    span = task.span
    made = {}
    for one in task.derivation.compute(task.subject, span.start, span.end, inputs.of(task)):
        if one.property not in task.derivation.outputs:
            raise Unusable(f"{one.property} is none of its outputs")
        if not isfinite(one.result) or not one.provenances:
            raise Unusable(f"{one.property} of {one.time.isoformat()}: {one.result} from {one.provenances}")
        if span.start <= one.time <= span.end:
            made[one.property, one.time] = structs.replace(one, parameters=_json(one.parameters))
    return made


def _differs(one: Derived, held: HistoryValue) -> bool:
    now = (float(one.result), int(one.quality), one.quality_reason, one.input_provenance().value)
    before = (held.result, held.quality, held.quality_reason, held.input_provenance)
    return now != before or one.parameters != held.parameters


def _json(parameters: Mapping[str, Any]) -> Any:
    """As it is read again: tuples as lists, times as text."""
    return msgspec.json.decode(msgspec.json.encode(parameters))


def _output(conn: db.Connection, city: City, task: Task, key: str, made: dict[tuple[str, str], int]) -> int:
    """The derived Datastream, made with its first value; it is in the city the next time that is loaded."""
    at = task.subject.thing.id, key
    row = city.streams.get(at[0], {}).get(key)
    if row is not None:
        return row.id
    if at not in made:
        made[at] = things.ensure_datastream(conn, at[0], task.subject.domain.properties[key])
    return made[at]


def _observation(datastream_id: int, one: Derived, now: datetime) -> Observation:
    return Observation(
        datastream_id=datastream_id,
        phenomenon_time=one.time,
        result_time=now,
        result=float(one.result),
        quality=one.quality,
        quality_reason=one.quality_reason,
        provenance=Provenance.DERIVED,
        input_provenance=one.input_provenance(),
        parameters=one.parameters,
    )


def _revision(held: HistoryValue, one: Derived, now: datetime) -> Revision:
    return Revision(
        seen=_seen(held),
        result=float(one.result),
        quality=one.quality,
        quality_reason=one.quality_reason,
        input_provenance=one.input_provenance(),
        parameters=one.parameters,
        result_time=_later(held, now),
    )


def _withdrawal(held: HistoryValue, now: datetime) -> Revision:
    """The value stays to be seen, with what it was made of, but counts nowhere."""
    return Revision(
        seen=_seen(held),
        result=held.result,
        quality=Quality.MISSING,
        quality_reason=WITHDRAWN,
        input_provenance=None if held.input_provenance is None else Provenance(held.input_provenance),
        parameters=held.parameters,
        result_time=_later(held, now),
    )


def _later(held: HistoryValue, now: datetime) -> datetime:
    """Each answer is newer than the one before it, even if the clock was set back: so every one is kept apart."""
    return max(now, held.result_time + _JUST_AFTER)


def _seen(held: HistoryValue) -> Observation:
    return Observation(
        datastream_id=held.datastream_id,
        phenomenon_time=held.phenomenon_time,
        result_time=held.result_time,
        result=held.result,
        provenance=Provenance(held.provenance),
    )


def _told(counts: Counts) -> str:
    """'vn_aqi=12 rain=4', and of what is no longer computable how many."""
    written: Counter[str] = Counter()
    for (name, _), count in counts.items():
        written[name] += count
    gone = sum(count for (_, how), count in counts.items() if how == "withdrawn")
    return " ".join(f"{name}={n}" for name, n in sorted(written.items())) + (
        f" withdrawn={gone}" if gone else ""
    )
