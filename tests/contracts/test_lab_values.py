"""What a lab finds once a month in a sonde's water: nobody takes the sonde for stale, and nobody simulates it."""

from datetime import UTC, datetime, timedelta

import pytest

from dashboard.condition import Condition, condition
from dashboard.data import CityView
from ingest.derivations.water import LAB, SONDE
from ingest.indicators import vn_wqi
from storage.catalog import load_catalog
from storage.model import Domain
from storage.observations import LiveValue
from storage.things import DatastreamRow, ThingRow

NOW = datetime(2026, 11, 22, 3, tzinfo=UTC)


@pytest.fixture(scope="module")
def water() -> Domain:
    return load_catalog()["water_quality"]


def shown(water: Domain, ages: dict[str, timedelta]) -> Condition:
    """A sonde with the newest value of each property so old; every property has a Datastream."""
    thing = ThingRow(
        id="sonde",
        domain="water_quality",
        kind="sonde",
        parent_id=None,
        name_vi="Trạm",
        name_en="Sonde",
        lat=21.05,
        lon=105.82,
        coordinate_trust="S",
        coordinate_source="test",
        properties={},
    )
    streams = {
        key: DatastreamRow(
            id=n,
            thing_id="sonde",
            property=key,
            unit=observed.unit,
            derived=observed.derived,
            interval_s=observed.interval_s,
        )
        for n, (key, observed) in enumerate(water.properties.items(), start=1)
    }
    values = [
        LiveValue(
            thing_id="sonde",
            domain="water_quality",
            property=key,
            datastream_id=streams[key].id,
            phenomenon_time=NOW - age,
            result_time=NOW - age,
            ingested_at=NOW,
            result=6.0,
            quality=1,
            quality_reason=None,
            provenance="manual" if key in LAB else "measured",
            input_provenance=None,
        )
        for key, age in ages.items()
    ]
    view = CityView(domains={"water_quality": water}).with_things([thing], streams.values())
    return condition(view.with_values(values)[0], water, thing, NOW)


def test_an_old_sample_makes_no_sonde_stale(water: Domain) -> None:
    fresh = dict.fromkeys(SONDE, timedelta(minutes=2))
    found = shown(water, {**fresh, **dict.fromkeys(LAB, timedelta(days=200))})
    assert (found.state, found.level, found.interval_s) == ("live", 0, 300)


def test_a_fresh_sample_makes_no_silent_sonde_live(water: Domain) -> None:
    silent = dict.fromkeys(SONDE, timedelta(hours=2))
    found = shown(water, {**silent, **dict.fromkeys(LAB, timedelta(minutes=1))})
    assert found.state == "stale"


def test_every_parameter_of_the_index_that_a_lab_or_a_sonde_sends_has_a_property(water: Domain) -> None:
    assert {*LAB, *SONDE} == {*vn_wqi.TABLES, "water_temperature"} - {*vn_wqi.GROUPS["II"]}
    assert {*LAB, *SONDE} <= water.properties.keys()


@pytest.mark.parametrize("key", LAB)
def test_a_lab_s_value_is_neither_simulated_nor_checked_and_comes_about_once_a_month(
    water: Domain, key: str
) -> None:
    assert key not in water.sections["simulator"]["profile"]
    assert water.properties[key].checks is None
    assert timedelta(seconds=water.properties[key].interval_s) == timedelta(days=30)
    assert water.properties[key].unit == ("{MPN}/dL" if key in ("coliform", "e_coli") else "mg/L")
