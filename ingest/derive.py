"""Writes indicators as ordinary observations of derived Datastreams.

A durable reader of the change feed: it computes anew exactly what new, late or corrected values touch, in the
transaction that moves its cursor, and writes only what differs from what is stored. Beside that, what the clock
closes is computed when it closes.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from ingest import derivations
from ingest.derivation import City, Derivation, Derived, Reads, Series, Subject, Value, floor
from storage import db, hours, live, observations, revisions, things
from storage.model import Domain, Observation, Provenance, Quality, Revision
from storage.observations import HistoryValue, Key

log = logging.getLogger(__name__)

READER: Final = "derive"
APART: Final = timedelta(hours=1)
"""Spans of one Thing that are farther apart are computed each for itself."""
WITHDRAWN: Final = "not_computable"
"""The quality reason of a derived value whose inputs are no longer enough."""
_JUST_AFTER: Final = timedelta(microseconds=1)


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class Span:
    """Outputs from `start` to `end`, both inclusive."""

    start: datetime
    end: datetime


Due = Mapping[str, Sequence[Span]]
"""Thing → the spans that have to be computed."""


@dataclass(kw_only=True, slots=True)
class Deriver:
    """Runs every derivation. It holds only up to where the clock was followed; the rest is in the database."""

    known: Sequence[Derivation] = field(default_factory=derivations.find)
    _closed: dict[str, datetime] = field(default_factory=dict)

    def run(self, conn: db.Connection, domains: Mapping[str, Domain], now: datetime) -> int:
        """Computes what is due; returns how many values were written. Raises db.DatabaseUnreachable."""
        city = load_city(conn, domains)
        written = 0
        while True:
            with live.next_changes(conn, READER) as changes:
                keys = [key for change in changes for key in change.keys]
                for derivation in self.known if keys else ():
                    subjects = list(derivation.subjects(city))
                    due = touched(derivation, subjects, keys, now)
                    written += compute(conn, derivation, subjects, due, now)
            if not changes:
                break
        for derivation in self.known:
            written += self._close(conn, derivation, city, now)
        return written

    def _close(self, conn: db.Connection, derivation: Derivation, city: City, now: datetime) -> int:
        """What the clock has closed since the last time; at first only the newest step."""
        if derivation.step is None:
            return 0
        closed = floor(now, derivation.step)
        before = self._closed.get(derivation.name, closed - derivation.step)
        if closed <= before:
            return 0
        subjects = list(derivation.subjects(city))
        span = Span(start=before + _JUST_AFTER, end=closed)
        with conn.transaction():
            written = compute(conn, derivation, subjects, {s.thing.id: [span] for s in subjects}, now)
        self._closed[derivation.name] = closed
        return written


def load_city(conn: db.Connection, domains: Mapping[str, Domain]) -> City:
    streams: defaultdict[str, dict[str, things.DatastreamRow]] = defaultdict(dict)
    for row in things.all_datastreams(conn):
        streams[row.thing_id][row.property] = row
    return City(domains=domains, things={row.id: row for row in things.all_things(conn)}, streams=streams)


def touched(derivation: Derivation, subjects: Sequence[Subject], keys: Iterable[Key], now: datetime) -> Due:
    """The spans of outputs, up to now, that the given values enter."""
    of: defaultdict[int, list[tuple[str, timedelta]]] = defaultdict(list)
    for subject in subjects:
        for datastream_id, row in subject.inputs.items():
            of[datastream_id].append((subject.thing.id, derivation.reach(row.property)))
    found: defaultdict[str, set[Span]] = defaultdict(set)
    for datastream_id, time in keys:
        for thing_id, reach in of.get(datastream_id, ()) if time <= now else ():
            found[thing_id].add(Span(start=time, end=min(time + reach, now)))
    return {thing_id: list(merged(spans)) for thing_id, spans in found.items()}


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


def compute(
    conn: db.Connection, derivation: Derivation, subjects: Sequence[Subject], due: Due, now: datetime
) -> int:
    """Computes the spans anew and stores what differs, inside the caller's transaction; returns how many."""
    asked = [(subject, span) for subject in subjects for span in due.get(subject.thing.id, ())]
    written = 0
    for group in _groups(asked, derivation):
        written += _compute(conn, derivation, group, now)
    if written:
        log.info("derived derivation=%s values=%d", derivation.name, written)
    return written


def _groups(
    asked: Sequence[tuple[Subject, Span]], derivation: Derivation
) -> Iterator[list[tuple[Subject, Span]]]:
    """What is read together: spans whose inputs overlap, so that no read is mostly of what nobody needs."""
    group: list[tuple[Subject, Span]] = []
    end: datetime | None = None
    for subject, span in sorted(asked, key=lambda one: one[1]):
        if end is not None and span.start - _longest_reach(derivation, [subject]) > end:
            yield group
            group, end = [], None
        group.append((subject, span))
        end = span.end if end is None else max(end, span.end)
    if group:
        yield group


def _longest_reach(derivation: Derivation, subjects: Iterable[Subject]) -> timedelta:
    reaches = (derivation.reach(row.property) for subject in subjects for row in subject.inputs.values())
    return max(reaches, default=timedelta())


def _compute(
    conn: db.Connection, derivation: Derivation, group: Sequence[tuple[Subject, Span]], now: datetime
) -> int:
    subjects = {subject.thing.id: subject for subject, _ in group}
    first, last = min(span.start for _, span in group), max(span.end for _, span in group)
    series = _series(conn, derivation, list(subjects.values()), first, last)
    outputs = _outputs(conn, derivation, list(subjects.values()))
    stored = _stored(conn, outputs, first, last)
    new: list[Observation] = []
    withdrawn: list[Revision] = []
    for subject, span in group:
        mine = {id: series.get(id, ()) for id in subject.inputs}
        made = {
            (outputs[subject.thing.id, derived.property], derived.time): derived
            for derived in derivation.compute(subject, span.start, span.end, mine)
        }
        ids = {outputs[subject.thing.id, key] for key in derivation.outputs}
        new += [_observation(key, d, now) for key, d in made.items() if _differs(d, stored.get(key))]
        withdrawn += [
            _withdrawal(held)
            for (id, time), held in stored.items()
            if id in ids and span.start <= time <= span.end and (id, time) not in made and held.quality < 9
        ]
    observations.write(conn, new, expect_new=False)
    return len(new) + revisions.revise(conn, withdrawn)


def _series(
    conn: db.Connection, derivation: Derivation, subjects: Sequence[Subject], first: datetime, last: datetime
) -> Series:
    ids = sorted({id for subject in subjects for id in subject.inputs})
    start = first - _longest_reach(derivation, subjects)
    found: defaultdict[int, list[Value]] = defaultdict(list)
    if derivation.reads is Reads.HOURS:
        for mean in sorted(hours.means(conn, ids, start, last), key=lambda mean: mean.label):
            found[mean.datastream_id].append(_hour(mean))
    else:
        for row in observations.between(conn, ids, start, last + _JUST_AFTER):
            found[row.datastream_id].append(_value(row))
    return found


def _hour(mean: hours.HourlyMean) -> Value:
    provenance = max((Provenance(p) for p in mean.provenances), key=lambda p: p.weakness)
    return Value(time=mean.label, result=mean.mean, provenance=provenance, count=mean.count)


def _value(row: HistoryValue) -> Value:
    provenance = Provenance(row.input_provenance or row.provenance)
    return Value(time=row.phenomenon_time, result=row.result, quality=row.quality, provenance=provenance)


def _outputs(
    conn: db.Connection, derivation: Derivation, subjects: Sequence[Subject]
) -> dict[tuple[str, str], int]:
    """(Thing, property) → the derived Datastream, made where it is missing."""
    held = {(row.thing_id, row.property): row.id for row in things.all_datastreams(conn)}
    found = {}
    for subject in subjects:
        for key in derivation.outputs:
            at = (subject.thing.id, key)
            known = held.get(at)
            found[at] = known or things.ensure_datastream(conn, at[0], subject.domain.properties[key])
    return found


def _stored(
    conn: db.Connection, outputs: Mapping[tuple[str, str], int], first: datetime, last: datetime
) -> dict[Key, HistoryValue]:
    rows = observations.between(conn, list(outputs.values()), first, last + _JUST_AFTER)
    return {(row.datastream_id, row.phenomenon_time): row for row in rows}


def _differs(derived: Derived, held: HistoryValue | None) -> bool:
    if held is None:
        return True
    now: tuple[Any, ...] = (
        derived.result,
        derived.quality,
        derived.quality_reason,
        derived.input_provenance(),
    )
    before = (held.result, held.quality, held.quality_reason, held.input_provenance)
    return now != before or dict(derived.parameters) != held.parameters


def _observation(key: Key, derived: Derived, now: datetime) -> Observation:
    return Observation(
        datastream_id=key[0],
        phenomenon_time=key[1],
        result_time=now,
        result=derived.result,
        quality=derived.quality,
        quality_reason=derived.quality_reason,
        provenance=Provenance.DERIVED,
        input_provenance=derived.input_provenance(),
        parameters=derived.parameters,
    )


def _withdrawal(held: HistoryValue) -> Revision:
    seen = Observation(
        datastream_id=held.datastream_id,
        phenomenon_time=held.phenomenon_time,
        result_time=held.result_time,
        result=held.result,
        provenance=Provenance(held.provenance),
    )
    inputs = None if held.input_provenance is None else Provenance(held.input_provenance)
    return Revision(
        seen=seen,
        result=held.result,
        quality=Quality.MISSING,
        quality_reason=WITHDRAWN,
        input_provenance=inputs,
        parameters=held.parameters,
    )
