"""Holds what was stored against its neighbours and writes the quality that comes of it.

A durable reader of the change feed: whatever is new, late or corrected is looked at with all that it can touch, and a
value gets another quality where the check's answer is another. That is a change too and comes back through the feed;
it moves no check's answer, so it is passed over, and where another process made it, found to be as it should be.
"""

import logging
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from ingest.quality import assess, flat_since, is_neighbour, is_open
from storage import db, live, quality, things
from storage.live import Position
from storage.model import Checks, Domain, Quality
from storage.observations import Key
from storage.quality import StoredValue, Stretch, Verdict
from storage.reference import Reference

log = logging.getLogger(__name__)

READER: Final = "quality"
BATCHES: Final = 20
"""Batches of the feed in one round: bounds how long its transaction holds back the feed's other followers."""
ROUNDS: Final = 100
"""In one run, so that it ends while values come in faster than they can be looked at."""
NEAR_AT_ONCE: Final = 2000
FAR_AT_ONCE: Final = 200
"""Stretches read at a time: bounds the memory. A far one may hold days."""
PASSED: Final = "passed"
"""What is counted for a value that was suspect and no longer is."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Touched:
    """Values of one Datastream that changed, from the first to the last of some that are close together."""

    datastream_id: int
    checks: Checks
    first: datetime
    last: datetime

    @property
    def apart(self) -> timedelta:
        """How far neighbours may be from each other."""
        return timedelta(seconds=self.checks.neighbour_s)

    @property
    def stuck_for(self) -> timedelta:
        return timedelta(seconds=self.checks.stuck.for_s if self.checks.stuck else 0)

    def near(self) -> Stretch:
        """What spike and step need to judge the changed values and their neighbours."""
        return self._stretch(2 * self.apart)

    def far(self) -> Stretch:
        """What the stuck check needs to judge every value that may stand still together with a changed one."""
        return self._stretch(2 * self.apart + self.stuck_for)

    def _stretch(self, margin: timedelta) -> Stretch:
        return Stretch(datastream_id=self.datastream_id, start=self.first - margin, end=self.last + margin)


@dataclass(kw_only=True, slots=True)
class Assessor:
    """Remembers which Datastreams have checks: most runs have a few changes and nothing to look up."""

    reference: Reference
    _domains: Mapping[str, Domain] = field(default_factory=dict, init=False)
    _checks: dict[int, Checks | None] = field(default_factory=dict, init=False)
    _own: set[Position] = field(default_factory=set, init=False)
    """Changes that are this assessor's own and not yet seen in the feed."""

    def run(self, conn: db.Connection) -> Counter[str]:
        """Looks at what changed; returns how many values got which reason. Raises db.DatabaseUnreachable.

        Limits that change in the catalogue hold for what comes from then on, and for the values around it.
        """
        counts: Counter[str] = Counter()
        for _ in range(ROUNDS):
            with live.next_changes(conn, READER, BATCHES) as changes:
                others = [change for change in changes if change.position not in self._own]
                touched = self._touched(conn, {key for change in others for key in change.keys})
                for part in _parts(touched, NEAR_AT_ONCE):
                    counts += self._judge(conn, part)
            if not changes:
                break
            self._own = {position for position in self._own if position > changes[-1].position}
        if counts:
            log.info("assessed %s", " ".join(f"{reason}={n}" for reason, n in sorted(counts.items())))
        return counts

    def _judge(self, conn: db.Connection, touched: Sequence[Touched]) -> Counter[str]:
        """Reads a little around each change, and more only where the values stand still."""
        verdicts: list[Verdict] = []
        still: list[Touched] = []
        near = quality.stretches(conn, [one.near() for one in touched])
        for one, values in zip(touched, near, strict=True):
            if one.checks.stuck is not None and _stands_still(one, values):
                still.append(one)
            else:
                verdicts += _verdicts(one, values, until=one.last + one.apart)
        for part in _parts(still, FAR_AT_ONCE):
            far = quality.stretches(conn, [one.far() for one in part])
            for one, values in zip(part, far, strict=True):
                verdicts += _verdicts(one, values, until=one.last + one.apart + one.stuck_for)
        told = quality.judge(conn, verdicts)
        if told is not None:
            self._own.add(told)
        return Counter(verdict.quality_reason or PASSED for verdict in verdicts)

    def _touched(self, conn: db.Connection, keys: Iterable[Key]) -> list[Touched]:
        times: dict[int, list[datetime]] = defaultdict(list)
        for datastream_id, time in keys:
            times[datastream_id].append(time)
        self._learn(conn, times)
        return [
            touched
            for datastream_id, changed in times.items()
            if (checks := self._checks[datastream_id]) is not None
            for touched in _close_together(datastream_id, checks, sorted(changed))
        ]

    def _learn(self, conn: db.Connection, wanted: Iterable[int]) -> None:
        if self._domains is not self.reference.domains:
            self._domains = self.reference.domains
            self._checks.clear()
        if all(datastream_id in self._checks for datastream_id in wanted):
            return
        self._checks.update(dict.fromkeys(wanted))
        for domain, _, key, datastream_id in things.registry(conn):
            if datastream_id is not None and key is not None:
                self._checks[datastream_id] = _checks_of(self._domains.get(domain), key)


def _parts(touched: Sequence[Touched], size: int) -> Iterator[Sequence[Touched]]:
    return (touched[first : first + size] for first in range(0, len(touched), size))


def _checks_of(domain: Domain | None, key: str) -> Checks | None:
    observed = domain.properties.get(key) if domain else None
    return observed.checks if observed else None


def _close_together(datastream_id: int, checks: Checks, times: Sequence[datetime]) -> Iterator[Touched]:
    """Changed times whose surroundings overlap, as one."""
    overlap = timedelta(seconds=4 * checks.neighbour_s)
    first = last = times[0]
    for time in times:
        if time - last > overlap:
            yield Touched(datastream_id=datastream_id, checks=checks, first=first, last=last)
            first = time
        last = time
    yield Touched(datastream_id=datastream_id, checks=checks, first=first, last=last)


def _verdicts(touched: Touched, values: Iterable[StoredValue], until: datetime) -> Iterator[Verdict]:
    """What changes, among the values that the change can touch: from a neighbour before it to `until`."""
    neighbours = _neighbours(values)
    since = touched.first - touched.apart
    reasons = assess([(value.phenomenon_time, value.result) for value in neighbours], touched.checks)
    for value, reason in zip(neighbours, reasons, strict=True):
        if (
            reason != value.quality_reason
            and since <= value.phenomenon_time <= until
            and is_open(value.quality, value.quality_reason, value.provenance)
        ):
            yield Verdict(
                datastream_id=touched.datastream_id,
                seen=value,
                quality=Quality.SUSPECT if reason else Quality.GOOD,
                quality_reason=reason,
            )


def _stands_still(touched: Touched, values: Iterable[StoredValue]) -> bool:
    """Whether the values near a change are flat to either end of what was read, so that the stuck check needs more.

    Where they are not, no stretch that the change can touch goes beyond.
    """
    series = [(value.phenomenon_time, value.result) for value in _neighbours(values)]
    if not series:
        return False
    times = [time for time, _ in series]
    starts = flat_since(series, touched.checks)
    goes_on_before = times[0] < touched.first - touched.apart
    judged = starts[
        bisect_left(times, touched.first - touched.apart) : bisect_right(times, touched.last + touched.apart)
    ]
    if goes_on_before and 0 in judged:
        return True
    after = bisect_right(times, touched.last)
    goes_on_behind = times[-1] > touched.last + touched.apart
    return goes_on_behind and starts[-1] <= after


def _neighbours(values: Iterable[StoredValue]) -> list[StoredValue]:
    return [v for v in values if is_neighbour(v.quality, v.quality_reason, v.provenance)]
