"""A domain of two gauges and derivations that are easy to compute by hand, for tests of the engine that runs them."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from ingest.derivation import City, Derived, Reads, Series, Subject, Value, labels
from storage import db, observations, things
from storage.model import Domain, Observation, Property, Provenance, Quality, Range, Text, Thing

MINUTE = timedelta(minutes=1)
TEN = timedelta(minutes=10)
HOUR = timedelta(hours=1)
START = datetime(2026, 11, 21, 0, tzinfo=UTC)
"""A full hour in Hanoi too."""


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def observed(key: str, **more: Any) -> Property:
    name = Text(vi=key, en=key)
    return Property(key=key, name=name, unit="mm", interval_s=60, possible=Range(), plausible=Range(), **more)


KEYS = ("level", "heading")
DERIVED = ("twice", "sum", "hourly", "whole")
DOMAIN = Domain(
    key="test",
    name=Text(vi="Thử", en="Test"),
    headline="level",
    properties={
        **{key: observed(key, circular=key == "heading") for key in KEYS},
        **{key: observed(key, derived=True) for key in DERIVED},
    },
    map_kinds=(),
    sections={},
    source="test",
)
DOMAINS: Mapping[str, Domain] = {"test": DOMAIN}
GAUGES = ("a", "b")


@dataclass(frozen=True, kw_only=True, slots=True)
class Twice:
    """Each good level, doubled, at its own time."""

    name: str = "twice"
    outputs: Sequence[str] = ("twice",)
    reads: Reads = Reads.VALUES
    step: timedelta | None = None

    def subjects(self, city: City) -> Iterable[Subject]:
        return city.own(("level",), self.outputs)

    def reach(self, property_key: str) -> timedelta:
        return timedelta()

    def compute(self, subject: Subject, start: datetime, end: datetime, series: Series) -> Iterator[Derived]:
        (values,) = series.values()
        yield from (_derived("twice", v.time, 2 * v.result, [v]) for v in values if v.usable)


@dataclass(frozen=True, kw_only=True, slots=True)
class Sum:
    """Every ten minutes the good ones of an hour, where there are two. `before` is called first, with the Thing."""

    name: str = "sum"
    outputs: Sequence[str] = ("sum",)
    reads: Reads = Reads.VALUES
    step: timedelta = TEN
    of: str = "level"
    before: Callable[[str, datetime], object] = field(default=lambda thing, start: None)

    def subjects(self, city: City) -> Iterable[Subject]:
        return city.own((self.of,), self.outputs)

    def reach(self, property_key: str) -> timedelta:
        return HOUR

    def compute(self, subject: Subject, start: datetime, end: datetime, series: Series) -> Iterator[Derived]:
        self.before(subject.thing.id, start)
        (values,) = series.values()
        for label in labels(start, end, TEN):
            hour = [v for v in values if label - HOUR <= v.time <= label and v.usable]
            if len(hour) > 1:
                yield _derived(self.outputs[0], label, sum(v.result for v in hour), hour)


@dataclass(frozen=True, kw_only=True, slots=True)
class Hourly:
    """The mean of each hour."""

    name: str = "hourly"
    of: str = "level"
    outputs: Sequence[str] = ("hourly",)
    reads: Reads = Reads.HOURS
    step: timedelta | None = HOUR
    given: list[Value] = field(default_factory=list)
    """Every mean that it was ever given."""

    def subjects(self, city: City) -> Iterable[Subject]:
        return city.own((self.of,), self.outputs)

    def reach(self, property_key: str) -> timedelta:
        return HOUR

    def compute(self, subject: Subject, start: datetime, end: datetime, series: Series) -> Iterator[Derived]:
        (means,) = series.values()
        self.given.extend(means)
        yield from (_derived("hourly", v.time, v.result, [v]) for v in means)


@dataclass(frozen=True, kw_only=True, slots=True)
class Whole:
    """The sums of all gauges at each of their times, at gauge a: made of what another derivation makes."""

    name: str = "whole"
    outputs: Sequence[str] = ("whole",)
    reads: Reads = Reads.VALUES
    step: timedelta = TEN

    def subjects(self, city: City) -> Iterator[Subject]:
        rows = [city.streams[gauge]["sum"] for gauge in GAUGES if "sum" in city.streams.get(gauge, {})]
        if rows:
            thing = city.things["a"]
            yield Subject(thing=thing, domain=DOMAIN, inputs={row.id: row for row in rows})

    def reach(self, property_key: str) -> timedelta:
        return timedelta()

    def compute(self, subject: Subject, start: datetime, end: datetime, series: Series) -> Iterator[Derived]:
        for label in labels(start, end, TEN):
            found = [v for values in series.values() for v in values if v.time == label and v.usable]
            if found:
                yield _derived("whole", label, sum(v.result for v in found), found)


def _derived(key: str, time: datetime, result: float, of: Sequence[Value]) -> Derived:
    return Derived(
        property=key,
        time=time,
        result=result,
        provenances=frozenset(v.provenance for v in of),
        parameters={"of": sorted(v.result for v in of)},
    )


@dataclass(kw_only=True)
class Gauges:
    """The database with the two, and what is written of them."""

    conn: db.Connection

    def __post_init__(self) -> None:
        self.add(*GAUGES)

    def add(self, *gauges: str) -> None:
        made = [
            Thing(
                id=gauge,
                domain="test",
                kind="gauge",
                name=Text(vi=gauge, en=gauge),
                properties=KEYS,
                attributes={},
            )
            for gauge in gauges
        ]
        things.sync(self.conn, DOMAINS, made)

    def stream(self, key: str, gauge: str = "a") -> int:
        rows = things.all_datastreams(self.conn)
        return next((row.id for row in rows if (row.thing_id, row.property) == (gauge, key)), -1)

    def write(
        self,
        values: Mapping[float, float],
        *,
        gauge: str = "a",
        key: str = "level",
        quality: Quality = Quality.GOOD,
        result_time: datetime | None = None,
        provenance: Provenance = Provenance.MEASURED,
    ) -> None:
        """Minutes after the start → value, in one batch."""
        batch = [
            Observation(
                datastream_id=self.stream(key, gauge),
                phenomenon_time=at(minutes),
                result_time=result_time or at(minutes),
                result=value,
                quality=quality,
                provenance=provenance,
            )
            for minutes, value in values.items()
        ]
        with self.conn.transaction():
            observations.write(self.conn, batch)

    def delete_before(self, minutes: float, *, gauge: str = "a", key: str = "level") -> None:
        """As retention does."""
        stream = self.stream(key, gauge)
        with self.conn.transaction():
            self.conn.execute(
                "DELETE FROM observation WHERE datastream_id = %s AND phenomenon_time < %s",
                (stream, at(minutes)),
            )
            self.conn.execute(
                "INSERT INTO rollup_horizon (datastream_id, complete_from) VALUES (%s, %s)",
                (stream, at(minutes)),
            )

    def stored(self, key: str, gauge: str = "a") -> dict[float, float]:
        """Minutes after the start → what was derived and counts."""
        rows = self.conn.execute(
            "SELECT phenomenon_time, result FROM observation WHERE datastream_id = %s AND quality < 9 ORDER BY 1",
            (self.stream(key, gauge),),
        )
        return {(row["phenomenon_time"] - START) / MINUTE: row["result"] for row in rows}
