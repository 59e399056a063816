"""Whatever the order in which values arrive, and whenever the job runs: the same derived values at the end."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ingest import derivations
from ingest.derive import Deriver
from storage import db, observations, things
from storage.model import Domain, Observation, Property, Provenance, Quality

pytestmark = pytest.mark.integration

START = datetime(2026, 11, 19, 17, 0, tzinfo=UTC)
"""Midnight in Hanoi."""
LENGTH = timedelta(hours=60)
NOW = START + LENGTH + timedelta(minutes=7)
THINGS = ("trung-yen-3", "west-lake-trich-sai")
"""And a flood point, a gauge of each basin, and a car park with two of its bays."""

Stored = list[tuple[Any, ...]]


class City:
    """No dataclass: Hypothesis prints one with all that is in it."""

    def __init__(
        self,
        conn: db.Connection,
        domains: dict[str, Domain],
        streams: Sequence[tuple[things.DatastreamRow, Property]],
    ) -> None:
        self.conn, self.domains, self.streams = conn, domains, streams

    def forget(self) -> None:
        self.conn.execute("TRUNCATE observation, observation_superseded, observation_change, feed_cursor")

    def write(self, batch: Sequence[Observation]) -> None:
        with self.conn.transaction():
            observations.write(self.conn, batch)

    def derived(self) -> Stored:
        rows = self.conn.execute(
            "SELECT d.thing_id, d.property, o.phenomenon_time, o.result, o.quality, o.quality_reason,"
            " o.input_provenance, o.parameters FROM observation o JOIN datastream d ON d.id = o.datastream_id"
            " WHERE o.provenance = 'derived' AND o.quality < 9 ORDER BY 1, 2, 3"
        )
        return [tuple(row.values()) for row in rows]


@pytest.fixture
def city(city_url: str, domains: dict[str, Domain]) -> Iterator[City]:
    with db.connect(city_url, name="test", autocommit=True) as conn:
        rows = {row.id: row for row in things.all_things(conn)}
        streams = [
            (row, domains[rows[row.thing_id].domain].properties[row.property])
            for row in things.all_datastreams(conn)
            if row.thing_id in set(_chosen(rows))
        ]
        measured = [(row, observed) for row, observed in streams if not observed.derived]
        assert {observed.key for _, observed in measured} >= {
            "pm2_5",
            "water_depth",
            "rain_interval",
            "occupied",
        }
        yield City(conn, domains, measured)


def _chosen(rows: dict[str, things.ThingRow]) -> Iterator[str]:
    yield from THINGS
    yield next(id for id, row in rows.items() if row.domain == "flood")
    yield from [id for id, row in rows.items() if row.domain == "rain" and row.kind != "basin"][:3]
    bays = [row for row in rows.values() if row.domain == "parking" and row.parent_id]
    yield from [bay.id for bay in bays if bay.parent_id == bays[0].parent_id][:2]


def observed_values(city: City, random: Random) -> list[Observation]:
    """A stretch of each Datastream now and then, every quality, and for some times two or three results."""
    made = []
    for row, observed in city.streams:
        interval = timedelta(seconds=min(row.interval_s, 600))
        n = 0
        while n < LENGTH // interval:
            for k in range(n, min(n + random.randint(5, 60), LENGTH // interval)):
                at = START + k * interval + timedelta(seconds=random.choice((0, 0, 0, 1, 47)))
                for version in range(random.choice((1, 1, 1, 1, 2, 3))):
                    made.append(_value(random, row.id, observed, at, version))
            n += random.randint(60, 300)
    return made


def _value(random: Random, datastream_id: int, observed: Property, at: datetime, version: int) -> Observation:
    high = observed.plausible.high or 50.0
    return Observation(
        datastream_id=datastream_id,
        phenomenon_time=at,
        result_time=at + timedelta(minutes=version),
        result=float(random.random() < 0.5) if observed.boolean else round(random.uniform(0, high / 3), 2),
        quality=random.choice([Quality.GOOD] * 7 + [Quality.NOT_EVALUATED, Quality.SUSPECT, Quality.FAIL]),
        provenance=random.choice([Provenance.MEASURED] * 8 + [Provenance.SIMULATED, Provenance.MANUAL]),
    )


def in_pieces(random: Random, values: Sequence[Observation]) -> Iterator[list[Observation]]:
    """Every value at least once, in any order, in batches of any size."""
    shuffled = [*values, *random.sample(values, len(values) // 5)]
    if random.random() < 0.7:
        random.shuffle(shuffled)
    else:  # late by stretches, as a gateway sends what it kept
        shuffled.sort(
            key=lambda one: one.phenomenon_time + timedelta(hours=hash((one.datastream_id, 7)) % 30)
        )
    while shuffled:
        size = random.randint(1, max(1, len(values) // 3))
        yield shuffled[:size]
        del shuffled[:size]


@settings(
    max_examples=5,
    phases=[Phase.generate],  # a failure names its seed; there is nothing to shrink in one
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(seed=st.integers(0, 2**32))
def test_any_order_and_any_duplication_end_in_the_same_values(city: City, seed: int) -> None:
    random = Random(seed)
    values = observed_values(city, random)
    city.forget()
    city.write(sorted(values, key=lambda one: one.result_time))
    known = derivations.find()
    Deriver(known=known).run(city.conn, city.domains, NOW)
    expected = city.derived()
    assert len({key for _, key, *_ in expected}) > 15
    city.forget()
    deriver = Deriver(known=known)
    now = START
    for batch in in_pieces(random, values):
        city.write(batch)
        if random.random() < 0.5:  # also before the times of what came, and twice at the same time
            now = min(NOW, now + timedelta(minutes=random.choice((0, 1, 300, 2000))))
            deriver.run(city.conn, city.domains, now)
        if random.random() < 0.1:
            deriver = Deriver(known=known)
    deriver.run(city.conn, city.domains, NOW)
    found = city.derived()
    assert [one for one in found if one not in expected] == []
    assert found == expected
    assert deriver.run(city.conn, city.domains, NOW) == 0
