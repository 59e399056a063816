"""Parking: counts of each point every five minutes, and what the day was like."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from ingest.derivation import COVERAGE, City, Derivation, Derived, Reads, Series, Subject, Value, labels
from ingest.indicators import parking
from ingest.indicators.parking import BayState, Occupancy, Session, Stays, Usage
from storage.model import Provenance, Quality
from storage.things import DatastreamRow

STEP: Final = timedelta(minutes=5)
DAY: Final = timedelta(days=1)
OCCUPIED: Final = "occupied"
CAPACITY: Final = "capacity"
HEARD_WITHIN: Final = timedelta(hours=6)
"""Of a point whose bays were all silent for longer nothing is said any more. Heartbeats are at most half as long."""
BEFORE: Final = DAY
"""How long before a day the sessions of that day may have begun; of longer ones the beginning counts as unseen."""


def points(city: City) -> Iterator[Subject]:
    """Every Thing whose children are bays, with their Datastreams; its capacity is at least as many as they are."""
    bays: dict[str, list[DatastreamRow]] = {}
    children: dict[str, int] = {}
    for thing in city.things.values():
        domain = city.domains.get(thing.domain)
        if thing.parent_id is None or domain is None or OCCUPIED not in domain.properties:
            continue
        children[thing.parent_id] = children.get(thing.parent_id, 0) + 1
        row = city.streams.get(thing.id, {}).get(OCCUPIED)
        if row is not None:
            bays.setdefault(thing.parent_id, []).append(row)
    for thing_id, rows in bays.items():
        point = city.things.get(thing_id)
        domain = city.domains.get(point.domain) if point else None
        if point is None or domain is None or not set(COUNTS) | set(DAILY) <= set(domain.properties):
            continue
        capacity = parking.capacity(point.properties, children[thing_id])
        point = replace(point, properties={**point.properties, CAPACITY: capacity})
        yield Subject(thing=point, domain=domain, inputs={row.id: row for row in rows})


COUNTS: Final = (
    "parking_free",
    "parking_occupied",
    "parking_unknown",
    "parking_out_of_service",
    "parking_occupancy",
)
DAILY: Final = (
    "parking_turnover",
    "parking_dwell_mean",
    "parking_overstay_rate",
    "parking_availability",
    "parking_amount_estimated",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class ParkingCounts:
    """How many bays are free, occupied, unknown and out of service at each fifth minute."""

    name: str = "parking_counts"
    outputs: Sequence[str] = COUNTS
    reads: Reads = Reads.VALUES
    step: timedelta = STEP

    def subjects(self, city: City) -> Iterator[Subject]:
        return points(city)

    def reach(self, property_key: str) -> timedelta:
        return HEARD_WITHIN

    def compute(self, subject: Subject, start: datetime, end: datetime, series: Series) -> Iterator[Derived]:
        bays = [_Bay(series[id], _heartbeat(row)) for id, row in subject.inputs.items()]
        capacity = subject.thing.properties[CAPACITY]
        for label in labels(start, end, STEP):
            heard = [bay.newest(label) for bay in bays]
            if any(heard):
                counts = parking.count((bay.state(label) for bay in bays), capacity)
                provenances = frozenset(value.provenance for value in heard if value)
                yield from _counted(counts, label, provenances)


class _Bay:
    """What one bay said."""

    def __init__(self, values: Sequence[Value], heartbeat: timedelta) -> None:
        self._values = values
        self._times = [value.time for value in values]
        self._heartbeat = heartbeat

    def newest(self, at: datetime) -> Value | None:
        """What it said last up to a time; None when that is too long ago to tell anything."""
        n = bisect_right(self._times, at)
        return self._values[n - 1] if n and at - self._times[n - 1] <= HEARD_WITHIN else None

    def state(self, at: datetime) -> BayState:
        value = self.newest(at)
        if value is None:
            return "unknown"
        age = at - value.time
        return parking.bay_state(value.result, value.quality, age=age, heartbeat=self._heartbeat)


def _heartbeat(row: DatastreamRow) -> timedelta:
    return timedelta(seconds=row.interval_s)


def _counted(counts: Occupancy, label: datetime, provenances: frozenset[Provenance]) -> Iterator[Derived]:
    numbers = (counts.free, counts.occupied, counts.unknown, counts.out_of_service)
    for key, number in zip(COUNTS, numbers, strict=False):
        yield Derived(
            property=key,
            time=label,
            result=float(number),
            provenances=provenances,
            parameters={"capacity": counts.capacity},
        )
    percent, between = counts.percent, counts.percent_between
    if percent is not None and between is not None:
        lowest, highest = between
        yield Derived(
            property="parking_occupancy",
            time=label,
            result=round(percent, 2),
            provenances=provenances,
            **_judged(counts.coverage),
            parameters={
                "coverage": round(counts.coverage, 3),
                "lowest": round(lowest, 2),
                "highest": round(highest, 2),
            },
        )


def _judged(coverage: float) -> dict[str, Any]:
    if coverage >= parking.LEAST_COVERAGE:
        return {"quality": Quality.GOOD}
    return {"quality": Quality.SUSPECT, "quality_reason": COVERAGE}


@dataclass(frozen=True, kw_only=True, slots=True)
class ParkingDay:
    """Turnover, stays, availability and the estimated amount of each day of Hanoi, labelled by its end."""

    name: str = "parking_day"
    outputs: Sequence[str] = DAILY
    reads: Reads = Reads.VALUES
    step: timedelta = DAY

    def subjects(self, city: City) -> Iterator[Subject]:
        return points(city)

    def reach(self, property_key: str) -> timedelta:
        return BEFORE + DAY

    def compute(self, subject: Subject, start: datetime, end: datetime, series: Series) -> Iterator[Derived]:
        for label in labels(start, end, DAY):
            day = _day(subject, label, series)
            if day is not None:
                yield from _of_day(day, subject.thing.properties)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Day:
    """A day of a point."""

    label: datetime
    stays: Stays
    usage: Usage
    provenances: frozenset[Provenance]

    def derived(self, key: str, result: float, **parameters: Any) -> Derived:
        return Derived(
            property=key,
            time=self.label,
            result=result,
            provenances=self.provenances,
            **_judged(self.usage.coverage),
            parameters={**parameters, "coverage": round(self.usage.coverage, 3)},
        )


def _day(subject: Subject, label: datetime, series: Series) -> _Day | None:
    """None when no bay was heard."""
    first, start = label - DAY - BEFORE, label - DAY
    bays, found, provenances = [], list[Session](), set[Provenance]()
    for id, row in subject.inputs.items():
        values = _between(series[id], first, label)
        provenances |= {value.provenance for value in values}
        reports = [(value.time, parking.told(value.result, value.quality)) for value in values]
        bay = parking.spells(reports, first, label, _heartbeat(row))
        bays.append(bay)
        found += parking.sessions(bay)
    usage = parking.usage(bays, start, label, subject.thing.properties[CAPACITY])
    if not provenances or not usage.coverage:
        return None
    stays = parking.stays(found, start, label)
    return _Day(label=label, stays=stays, usage=usage, provenances=frozenset(provenances))


def _between(values: Sequence[Value], after: datetime, until: datetime) -> Sequence[Value]:
    """(after, until]: the same values however many were read."""
    first = bisect_right(values, after, key=lambda value: value.time)
    behind = bisect_right(values, until, key=lambda value: value.time)
    return values[first:behind]


def _of_day(day: _Day, attributes: Mapping[str, Any]) -> Iterator[Derived]:
    stays, usage = day.stays, day.usage
    apart = {"sessions": len(stays.dwells), "closed_in_part": stays.closed_in_part, "open": stays.open}
    turnover = stays.turnover(attributes[CAPACITY])
    yield day.derived("parking_turnover", round(turnover, 3), arrivals=stays.arrivals, open=stays.open)
    mean = stays.mean_dwell()
    if mean is not None:
        yield day.derived("parking_dwell_mean", round(mean / timedelta(minutes=1), 2), **apart)
    limit_min = attributes.get("max_stay_min")
    rate = stays.overstay_rate(timedelta(minutes=limit_min)) if limit_min else None
    if rate is not None:
        yield day.derived("parking_overstay_rate", round(rate, 2), max_stay_min=limit_min, **apart)
    if usage.availability is not None:
        shares = {"occupancy": _rounded(usage.occupancy), "in_target": _rounded(usage.in_target)}
        yield day.derived("parking_availability", round(usage.availability, 2), **shares)
    by = parking.tariff(attributes)
    if by is not None and (by.valid_from is None or by.valid_from < day.label):
        amount = sum(parking.amount(by, session.start, session.end) for session in stays.ended)
        said = {"vi": parking.ESTIMATED.vi, "en": parking.ESTIMATED.en}
        yield day.derived("parking_amount_estimated", float(amount), estimated=said, **apart)


def _rounded(percent: float | None) -> float | None:
    return None if percent is None else round(percent, 2)


DERIVATIONS: Final[Sequence[Derivation]] = (ParkingCounts(), ParkingDay())
