"""Writes the rain of an interval for gauges that send only a counter.

A durable reader of the change feed: what a new, late or corrected reading touches is computed again, in the
transaction that moves its cursor. Where the gauge itself sent the rain of an interval, nothing is derived; when it
arrives later, the derived value is taken back, so that the same water never counts twice.
"""

import logging
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Final

from ingest.gauges import gauge, sections
from ingest.indicators.rain import CounterReading, Gauge, Interval, intervals
from storage import db, derived, live, observations, rain, revisions, sensors, things
from storage.model import Calibration, Observation, Property, Provenance, Quality, Revision, weakest
from storage.observations import HistoryValue, Key
from storage.rain import CounterRow, Span
from storage.reference import Reference

log = logging.getLogger(__name__)

READER: Final = "derive-rain"
COUNTER: Final = "rain_counter"
INTERVAL: Final = "rain_interval"
SUPERSEDED: Final = "superseded_by_measured"
LEFT_OUT: Final = "counter_left_out"
OUT_OF_RANGE: Final = "out_of_range"
BATCHES: Final = 10
"""Of the feed in one transaction, which holds back the feed's other followers; one may have 100,000 keys."""
BEFORE: Final = 2
BEHIND: Final = 5
AROUND: Final = 8
"""So many readings on either side decide about those that a changed one touches: see `_touched`."""
APART: Final = timedelta(days=1)
"""Changes of one gauge that are farther apart are looked at each for itself."""
ALWAYS: Final = datetime.min.replace(tzinfo=UTC)
NEVER: Final = datetime.max.replace(tzinfo=UTC)
JUST_BEFORE: Final = timedelta(microseconds=1)
"""A derived value's result_time lies so much before its own time: whatever the gauge says of that time is newer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Counter:
    """A gauge with its two Datastreams; `interval_id` is None as long as it has none for the rain of an interval."""

    thing_id: str
    counter_id: int
    interval_id: int | None
    gauge: Gauge
    observed: Property
    """The rain of an interval."""
    calibrations: Sequence[Calibration]

    def gain_at(self, time: datetime) -> float:
        """A counter has no zero to be off: of a calibration only the gain makes rain."""
        return next((found.gain for found in self.calibrations if found.holds_at(time)), 1.0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Stretch:
    """What a change touches of one gauge: the intervals of `[start, end]`, as the counter has them now."""

    counter: Counter
    start: datetime
    end: datetime
    changed_from: datetime
    """The first change; AROUND readings before it are known, where there are so many."""
    found: Sequence[Interval]
    rows: Mapping[datetime, CounterRow]

    def input_provenance(self, interval: Interval) -> Provenance:
        return weakest({Provenance(self.rows[time].provenance) for time in (interval.since, interval.time)})

    def sure_from(self, complete_from: datetime) -> datetime:
        """What is derived of intervals that begin before it stays, if retention deleted all before `complete_from`.

        What the first readings behind it are worth, those decided that are gone.
        """
        if complete_from == ALWAYS:
            return ALWAYS
        known = sorted(time for time in self.rows if time >= complete_from)
        if sum(time < self.changed_from for time in known) == AROUND:
            return complete_from
        return next(iter(known[AROUND - BEFORE - 1 :]), NEVER)


def run(conn: db.Connection, reference: Reference) -> int:
    """Computes what is due; returns how many values were written. Raises db.DatabaseUnreachable."""
    counters = _counters(conn, reference)
    written = 0
    while True:
        with live.next_changes(conn, READER, BATCHES) as changes:
            written += _compute(conn, counters, (key for change in changes for key in change.keys))
        if not changes:
            break
    if written:
        log.info("derived indicator=rain_interval values=%d", written)
    return written


def _counters(conn: db.Connection, reference: Reference) -> dict[int, Counter]:
    """Every gauge that counts, by each of its two Datastreams."""
    defaults = sections(reference.domains)
    known = {thing.id: thing for thing in things.all_things(conn)}
    calibrations = sensors.in_force(sensors.filed(reference.things), sensors.all_sensors(conn))
    streams = {(row.thing_id, row.property): row for row in things.all_datastreams(conn)}
    found = {}
    for (thing_id, key), row in streams.items():
        thing = known[thing_id]
        domain = reference.domains.get(thing.domain)
        if key != COUNTER or domain is None or INTERVAL not in domain.properties:
            continue
        try:
            read = gauge(defaults[thing.domain], thing.properties, row.interval_s)
        except (TypeError, ValueError) as error:
            log.error("gauge_refused thing=%s error=%r", thing_id, str(error))
            continue
        interval = streams.get((thing_id, INTERVAL))
        counter = Counter(
            thing_id=thing_id,
            counter_id=row.id,
            interval_id=interval.id if interval else None,
            gauge=read,
            observed=domain.properties[INTERVAL],
            calibrations=calibrations.get((thing_id, COUNTER), ()),
        )
        found.update({stream.id: counter for stream in (row, interval) if stream is not None})
    return found


def _compute(conn: db.Connection, counters: Mapping[int, Counter], keys: Iterable[Key]) -> int:
    spans = list(_spans(counters, keys))
    if not spans:
        return 0
    around = rain.readings(conn, [span for _, span in spans], AROUND)
    stretches = [_touched(counter, span, rows) for (counter, span), rows in zip(spans, around, strict=True)]
    new: list[Observation] = []
    revised: list[Revision] = []
    held = list(_stored(conn, stretches))
    complete_from = _complete_from(conn, stretches)
    for stretch, stored, start in zip(stretches, held, complete_from, strict=True):
        _decide(conn, stretch, stored, start, new, revised)
    observations.write(conn, new, expect_new=False)
    return len(new) + revisions.revise(conn, revised)


def _spans(counters: Mapping[int, Counter], keys: Iterable[Key]) -> Iterator[tuple[Counter, Span]]:
    """The changed times of each gauge, those close together in one span."""
    times: dict[int, set[datetime]] = defaultdict(set)
    for datastream_id, time in keys:
        counter = counters.get(datastream_id)
        if counter is None:
            continue
        times[counter.counter_id].add(time)
        if datastream_id == counter.interval_id:  # it says what fell since one reporting interval before
            times[counter.counter_id].add(time - counter.gauge.interval)
    for counter_id, found in times.items():
        ordered = sorted(found)
        ends = [a for a, b in pairwise(ordered) if b - a > APART]
        starts = [b for a, b in pairwise(ordered) if b - a > APART]
        for start, end in zip([ordered[0], *starts], [*ends, ordered[-1]], strict=True):
            yield counters[counter_id], Span(datastream_id=counter_id, start=start, end=end)


def _touched(counter: Counter, span: Span, rows: Sequence[CounterRow]) -> Stretch:
    """The intervals whose amount or quality a change within the span can move.

    A reading decides with the two on either side of it whether one is misread, and that one's intervals begin anew,
    with the doubt about the interval behind them. By their end: from BEFORE readings before the span to BEHIND
    readings behind it. AROUND readings decide about these.
    """
    before = [row.phenomenon_time for row in rows if row.phenomenon_time < span.start]
    behind = [row.phenomenon_time for row in rows if row.phenomenon_time > span.end]
    start, end = min(before[-BEFORE:], default=span.start), max(behind[:BEHIND], default=span.end)
    readings = [CounterReading(time=r.phenomenon_time, mm=r.mm, quality=r.quality) for r in rows]
    found = [one for one in intervals(readings, counter.gauge) if start <= one.time <= end]
    return Stretch(
        counter=counter,
        start=start,
        end=end,
        changed_from=span.start,
        found=found,
        rows={row.phenomenon_time: row for row in rows},
    )


def _stored(conn: db.Connection, stretches: Sequence[Stretch]) -> Iterator[list[HistoryValue]]:
    """The rain of intervals that is stored where each stretch reaches to, derived or sent."""
    for stretch in stretches:
        stream = stretch.counter.interval_id
        first = min([stretch.start, *(interval.since for interval in stretch.found)])
        last = stretch.end + stretch.counter.gauge.interval
        yield [] if stream is None else observations.between(conn, [stream], first, last)


def _complete_from(conn: db.Connection, stretches: Sequence[Stretch]) -> list[datetime]:
    """Before it retention deleted readings, or what the gauge itself sent."""
    streams = [(one.counter.counter_id, one.counter.interval_id) for one in stretches]
    known = derived.complete_from(conn, {id for ids in streams for id in ids if id is not None})
    return [max((known[id] for id in ids if id in known), default=ALWAYS) for ids in streams]


def _decide(
    conn: db.Connection,
    stretch: Stretch,
    stored: Sequence[HistoryValue],
    complete_from: datetime,
    new: list[Observation],
    revised: list[Revision],
) -> None:
    """What is to be written so that the water of the stretch counts once.

    1. an interval for which the gauge sent its own: not derived; what was, is taken back
    2. any other: derived, anew where it changed
    3. derived at a time that ends no interval any more, since its reading failed: taken back
    Nothing of it for what begins before `complete_from`; just behind it only what was never derived.
    """
    sent = [value.phenomenon_time for value in stored if value.provenance != Provenance.DERIVED]
    by_time = {value.phenomenon_time: value for value in stored if value.provenance == Provenance.DERIVED}
    sure_from = stretch.sure_from(complete_from)
    ends = set()
    for interval in stretch.found:
        ends.add(interval.time)
        held = by_time.get(interval.time)
        if interval.since < (complete_from if held is None else sure_from):
            continue
        if _is_sent(interval, sent, stretch.counter.gauge):
            revised += _taken_back(held, SUPERSEDED)
        elif held is None:
            new.append(_observation(conn, stretch, interval))
        else:
            revised += _anew(held, stretch, interval)
    for time, held in by_time.items():
        if stretch.start <= time <= stretch.end and time > sure_from and time not in ends:
            revised += _taken_back(held, LEFT_OUT)


def _is_sent(interval: Interval, sent: Sequence[datetime], gauge: Gauge) -> bool:
    """Whether the gauge said itself what fell: at a time within, or soon enough behind to be about most of it.

    A gauge may report its counter at each tip and its totals every five minutes.
    """
    first = bisect_right(sent, interval.since)
    if first == len(sent):
        return False
    middle = interval.since + (interval.time - interval.since) / 2
    return sent[first] <= interval.time or sent[first] < middle + gauge.interval


def _observation(conn: db.Connection, stretch: Stretch, interval: Interval) -> Observation:
    counter = stretch.counter
    quality, reason = _judged(stretch, interval)
    return Observation(
        datastream_id=counter.interval_id
        or things.ensure_datastream(conn, counter.thing_id, counter.observed),
        phenomenon_time=interval.time,
        result_time=interval.time - JUST_BEFORE,
        result=_rain(stretch, interval),
        quality=quality,
        quality_reason=reason,
        provenance=Provenance.DERIVED,
        input_provenance=stretch.input_provenance(interval),
    )


def _judged(stretch: Stretch, interval: Interval) -> tuple[Quality, str | None]:
    """The catalogue's possible range holds for what is derived too: of one report, or of as many as a gap is long."""
    if interval.quality == Quality.FAIL:
        return interval.quality, interval.reason
    counter = stretch.counter
    possible, reports = counter.observed.possible, (interval.time - interval.since) / counter.gauge.interval
    if _rain(stretch, interval) / max(1.0, reports) in possible:
        return interval.quality, interval.reason
    return Quality.FAIL, OUT_OF_RANGE


def _rain(stretch: Stretch, interval: Interval) -> float:
    return round(interval.mm * stretch.counter.gain_at(interval.time), 6)


def _anew(held: HistoryValue, stretch: Stretch, interval: Interval) -> list[Revision]:
    seen = _seen(held)
    quality, reason = _judged(stretch, interval)
    revision = Revision(
        seen=seen,
        result=_rain(stretch, interval),
        quality=quality,
        quality_reason=reason,
        input_provenance=stretch.input_provenance(interval),
    )
    before = (seen.result, seen.quality, seen.quality_reason, seen.input_provenance)
    now = (revision.result, revision.quality, revision.quality_reason, revision.input_provenance)
    return [revision] if before != now else []


def _taken_back(held: HistoryValue | None, reason: str) -> list[Revision]:
    """It stays to be seen, but counts nowhere."""
    if held is None or (held.quality, held.quality_reason) == (Quality.FAIL, reason):
        return []
    seen = _seen(held)
    return [
        Revision(
            seen=seen,
            result=seen.result,
            quality=Quality.FAIL,
            quality_reason=reason,
            input_provenance=seen.input_provenance,
        )
    ]


def _seen(held: HistoryValue) -> Observation:
    return Observation(
        datastream_id=held.datastream_id,
        phenomenon_time=held.phenomenon_time,
        result_time=held.result_time,
        result=held.result,
        quality=Quality(held.quality),
        quality_reason=held.quality_reason,
        provenance=Provenance(held.provenance),
        input_provenance=Provenance(held.input_provenance) if held.input_provenance else None,
    )
