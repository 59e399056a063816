"""What is said of a moment does not depend on how much more was read: the engine asks in spans of any length."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from ingest.derivation import City, Derivation, Derived, Subject, Value, labels
from ingest.derivations.parking import ParkingCounts, ParkingDay
from ingest.derivations.rain import RainOfGauge
from storage.catalog import load_catalog
from storage.model import Provenance
from storage.things import DatastreamRow, ThingRow

END: Final = datetime(2026, 11, 22, 17, tzinfo=UTC)
"""Midnight in Hanoi."""
DOMAINS: Final = load_catalog()
ORIGINS: Final = (Provenance.MEASURED, Provenance.REPLAYED, Provenance.SIMULATED)
Series = Mapping[int, Sequence[Value]]


def thing(id: str, domain: str, parent: str | None = None) -> ThingRow:
    return ThingRow(
        id=id,
        domain=domain,
        kind="any",
        parent_id=parent,
        name_vi=id,
        name_en=id,
        lat=None,
        lon=None,
        coordinate_trust=None,
        coordinate_source=None,
        properties={"tariff": {"first_min": 120, "first_vnd": 25_000}, "max_stay_min": 240},
    )


def row(id: int, thing_id: str, key: str, unit: str, interval_s: int) -> DatastreamRow:
    return DatastreamRow(
        id=id, thing_id=thing_id, property=key, unit=unit, derived=False, interval_s=interval_s
    )


CITY: Final = City(
    domains=DOMAINS,
    things={
        each.id: each
        for each in (
            thing("g", "rain"),
            thing("p", "parking"),
            thing("b1", "parking", "p"),
            thing("b2", "parking", "p"),
        )
    },
    streams={
        "g": {"rain_interval": row(1, "g", "rain_interval", "mm", 300)},
        "b1": {"occupied": row(1, "b1", "occupied", "1", 1800)},
        "b2": {"occupied": row(2, "b2", "occupied", "1", 1800)},
    },
)


def values(result: st.SearchStrategy[float], hours: int) -> st.SearchStrategy[list[Value]]:
    one = st.tuples(
        st.integers(0, hours * 60), result, st.sampled_from((1, 1, 1, 2, 3, 4)), st.sampled_from(ORIGINS)
    )
    return st.lists(one, max_size=60, unique_by=lambda each: each[0]).map(
        lambda found: [
            Value(time=END - timedelta(minutes=before), result=r, quality=quality, provenance=provenance)
            for before, r, quality, provenance in sorted(found, key=lambda each: -each[0])
        ]
    )


def assert_independent(derivation: Derivation, series: Series, span: timedelta, step: timedelta) -> None:
    (subject,) = derivation.subjects(CITY)
    whole = list(derivation.compute(subject, END - span, END, {id: series[id] for id in subject.inputs}))
    alone: list[Derived] = []
    for label in labels(END - span, END, step):
        alone += derivation.compute(subject, label, label, cut(derivation, subject, series, label))
    assert whole == alone


def cut(derivation: Derivation, subject: Subject, series: Series, label: datetime) -> Series:
    """Exactly what the engine must give for one label."""
    return {
        id: [v for v in series[id] if label - derivation.reach(found.property) <= v.time <= label]
        for id, found in subject.inputs.items()
    }


tips = st.integers(0, 300).map(lambda n: n * 0.2)
yes_or_no = st.sampled_from((0.0, 1.0))


@given(values(tips, 100))
def test_of_rain(found: list[Value]) -> None:
    assert_independent(RainOfGauge(), {1: found}, timedelta(hours=20), timedelta(minutes=10))


@given(values(yes_or_no, 20), values(yes_or_no, 20))
def test_of_parking_counts(one: list[Value], two: list[Value]) -> None:
    assert_independent(ParkingCounts(), {1: one, 2: two}, timedelta(hours=8), timedelta(minutes=5))


@given(values(yes_or_no, 120), values(yes_or_no, 120))
def test_of_parking_days(one: list[Value], two: list[Value]) -> None:
    assert_independent(ParkingDay(), {1: one, 2: two}, timedelta(days=3), timedelta(days=1))
