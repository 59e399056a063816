"""Which hours enter which values of the air, and what the values say they were made of. No database."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.derivation import Derivation, Derived, Reads, Subject, Value
from ingest.derivations import air
from storage.catalog import load_catalog
from storage.model import HANOI, Domain, Provenance, Quality
from storage.things import DatastreamRow, ThingRow

HOUR = timedelta(hours=1)
MIDNIGHT = datetime(2026, 11, 22, tzinfo=HANOI)
AIR = load_catalog()["air_quality"]
BY_NAME: Mapping[str, Derivation] = {derivation.name: derivation for derivation in air.DERIVATIONS}
KEYS = ("pm2_5", "pm10", "no2", "so2", "co", "o3", "wind_direction", "wind_speed")


def subject(
    derivation: Derivation, keys: Sequence[str], attributes: Mapping[str, Any] | None = None
) -> Subject:
    """A station with these Datastreams, numbered as in KEYS, as far as the derivation reads them."""
    thing = ThingRow(
        id="s",
        domain="air_quality",
        kind="station",
        parent_id=None,
        name_vi="s",
        name_en="s",
        lat=None,
        lon=None,
        coordinate_trust=None,
        coordinate_source=None,
        properties=dict(attributes or {}),
    )
    inputs = {KEYS.index(key): stream(key) for key in keys if reads(derivation, key)}
    return Subject(thing=thing, domain=AIR, inputs=inputs)


def reads(derivation: Derivation, key: str) -> bool:
    try:
        return derivation.reach(key) > timedelta() and (
            (derivation.reads is Reads.VALUES) == key.startswith("wind")
        )
    except KeyError:
        return False


def stream(key: str) -> DatastreamRow:
    number = KEYS.index(key)
    return DatastreamRow(id=number, thing_id="s", property=key, unit="", derived=False, interval_s=300)


def mean(
    label: datetime, result: float, count: int = 12, provenance: Provenance = Provenance.MEASURED
) -> Value:
    return Value(time=label, result=result, provenance=provenance, count=count)


def hours(newest_first: Sequence[float | None], label: datetime = MIDNIGHT) -> list[Value]:
    """Oldest first, as the engine gives them."""
    found = [mean(label - n * HOUR, v) for n, v in enumerate(newest_first) if v is not None]
    return found[::-1]


def at(
    name: str,
    series: Mapping[str, Sequence[Value]],
    label: datetime = MIDNIGHT,
    attributes: Mapping[str, Any] | None = None,
) -> Derived | None:
    """The one output of a derivation at a label."""
    derivation = BY_NAME[name]
    of = subject(derivation, list(series), attributes)
    numbered = {KEYS.index(key): values for key, values in series.items()}
    made = list(derivation.compute(of, label, label, numbered))
    assert len(made) <= 1
    return made[0] if made else None


def test_an_hour_says_what_it_was_computed_from() -> None:
    made = at(
        "vn_aqi", {"pm2_5": hours([20.0, None, 20.0]), "no2": hours([118.7, 500.0]), "o3": hours([136.1])}
    )
    assert made is not None
    assert made.result == 59
    assert made.parameters == {
        "dominant": "no2",
        "sub_indices": {"pm2_5": 40, "no2": 59, "o3": 43},
        "concentrations": {"pm2_5": 20.0, "no2": 118.7, "o3_1h": 136.1},
        "hours": {"pm2_5": 2, "no2": 1, "o3": 1},
    }


def test_the_weakest_input_of_the_window_is_the_provenance() -> None:
    pm = [mean(MIDNIGHT - 11 * HOUR, 20.0, provenance=Provenance.SIMULATED), *hours([20.0] * 11)]
    made = at("pm2_5_nowcast", {"pm2_5": pm})
    assert made is not None
    assert made.input_provenance() is Provenance.SIMULATED


@pytest.mark.parametrize(
    ("count", "attributes", "counts"),
    [
        (9, {}, True),
        (8, {}, False),
        (1, {}, False),
        (1, {"interval_s": 3600}, True),
        (1, {"interval_s": 7200}, True),
    ],
)
def test_an_hour_needs_three_quarters_of_what_its_thing_sends(
    count: int, attributes: Mapping[str, Any], counts: bool
) -> None:
    pm = [mean(MIDNIGHT - n * HOUR, 20.0, count) for n in range(3)][::-1]
    assert (at("pm2_5_nowcast", {"pm2_5": pm}, attributes=attributes) is not None) is counts


def test_the_day_ends_at_midnight_in_hanoi_and_its_ozone_begins_the_evening_before() -> None:
    pm = hours([20.0] * 24)
    night: list[float | None] = [10.0] * 23
    made = at("vn_aqi_daily", {"pm2_5": pm, "o3": hours([*night, *[150.0] * 8])})
    assert made is not None
    # The 8 h mean at 01:00 is of 18:00 to 01:00; the highest hour of the day itself is that at 01:00.
    assert made.parameters["concentrations"]["o3_8h"] == 150.0
    assert made.parameters["concentrations"]["o3_1h"] == 150.0
    assert made.parameters["hours"] == {"pm2_5": 24, "o3": 31}
    assert at("vn_aqi_daily", {"pm2_5": pm}, label=MIDNIGHT - HOUR) is None


def test_the_largest_share_of_a_limit_names_what_it_is_of() -> None:
    made = at(
        "qcvn_05_ratio",
        {"no2": hours([118.7]), "co": hours([4_000.0] + [11_000.0] * 7), "o3": hours([90.0] * 5)},
    )
    assert made is not None
    # CO: 8 h (4000 + 77000) / 8 = 10125 of 10000; O3 has too few hours for 8 h; an hour of CO is far below 30000.
    assert made.result == 101.25
    assert made.parameters["largest"] == "co_8h"
    assert made.parameters["exceeded"] == ["co_8h"]
    assert made.parameters["means"] == {"no2_1h": 118.7, "co_1h": 4_000.0, "co_8h": 10_125.0, "o3_1h": 90.0}
    assert made.parameters["limits"] == {"no2_1h": 200, "co_1h": 30_000, "co_8h": 10_000, "o3_1h": 200}
    assert (made.parameters["edition"], made.parameters["edition_trust"]) == ("QCVN 05:2023/BTNMT", "V")


def test_an_hour_of_particles_is_held_against_no_limit() -> None:
    with pytest.raises(KeyError):
        BY_NAME["qcvn_05_ratio"].reach("pm2_5")
    made = at("qcvn_05_ratio_daily", {"pm2_5": hours([90.0] * 24), "pm10": hours([90.0] * 24)})
    assert made is not None
    assert made.parameters["percent"] == {"pm2_5_24h": 200.0, "pm10_24h": 90.0}


@pytest.mark.parametrize(
    ("mean_ug_m3", "percent", "level"),
    [(45.0, 100.0, 0), (45.001, 100.01, 1), (44.9999, 100.0, 0), (-1.0, 0.0, 0)],
)
def test_a_day_at_the_limit_keeps_it(
    domains: dict[str, Domain], mean_ug_m3: float, percent: float, level: int
) -> None:
    made = at("qcvn_05_ratio_daily", {"pm2_5": hours([mean_ug_m3] * 24)})
    assert made is not None
    assert made.result == percent
    band = domains["air_quality"].properties["qcvn_05_ratio_daily"].band(made.result)
    assert band is not None
    assert band.level == level


def wind(pairs: Sequence[tuple[float, float]], *, quality: Quality = Quality.GOOD) -> dict[str, list[Value]]:
    """Every five minutes up to midnight: direction and speed."""
    times = [MIDNIGHT - n * timedelta(minutes=5) for n in reversed(range(len(pairs)))]
    return {
        key: [
            Value(time=t, result=p[n], quality=quality, provenance=Provenance.MEASURED)
            for t, p in zip(times, pairs, strict=True)
        ]
        for n, key in enumerate(("wind_direction", "wind_speed"))
    }


def test_wind_about_north_has_a_mean_in_the_north() -> None:
    made = at("wind_direction_mean", wind([(350, 2.0), (10, 2.0)] * 5 + [(90, 0.0)] * 2))
    assert made is not None
    assert made.result == 0.0
    assert made.parameters == {"resultant": 0.985, "values": 12, "calm": 2}


@pytest.mark.parametrize(
    "pairs",
    [
        [(90, 0.1)] * 12,  # a calm
        [(0, 2.0), (180, 2.0)] * 6,  # opposite
        [(90, 2.0)] * 8,  # too few
    ],
)
def test_where_no_direction_can_be_said_there_is_none(pairs: list[tuple[float, float]]) -> None:
    assert at("wind_direction_mean", wind(pairs)) is None


def test_suspect_directions_do_not_count() -> None:
    assert at("wind_direction_mean", wind([(90, 2.0)] * 12, quality=Quality.SUSPECT)) is None


@st.composite
def results(draw: st.DrawFn) -> list[float | None]:
    """Three days of an hour's means, a few of them missing: a day keeps its 18 hours."""
    values = draw(st.lists(st.floats(min_value=-5, max_value=500), min_size=60, max_size=60))
    missing = draw(st.sets(st.integers(min_value=0, max_value=59), max_size=6))
    return [None if n in missing else round(value, 1) for n, value in enumerate(values)]


@pytest.mark.parametrize("name", [name for name, one in BY_NAME.items() if one.reads is Reads.HOURS])
@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_an_output_depends_on_nothing_beyond_the_reach_of_its_inputs(name: str, data: st.DataObject) -> None:
    """Computed alone from exactly its inputs it is what it is within three days at once."""
    derivation = BY_NAME[name]
    of = subject(derivation, KEYS)
    end = MIDNIGHT + 3 * HOUR
    series = {number: hours(data.draw(results()), end) for number in of.inputs}
    together = {one.time: one for one in derivation.compute(of, end - 28 * HOUR, end, series)}
    assert together
    for n in range(29):
        label = end - n * HOUR
        within = {
            number: [v for v in series[number] if label - derivation.reach(row.property) <= v.time <= label]
            for number, row in of.inputs.items()
        }
        alone = list(derivation.compute(of, label, label, within))
        assert alone == ([together[label]] if label in together else [])


def test_every_output_is_a_derived_property_with_a_scale_or_a_unit(domains: dict[str, Domain]) -> None:
    properties = domains["air_quality"].properties
    made = [key for derivation in air.DERIVATIONS for key in derivation.outputs]
    assert len(made) == len(set(made))
    assert all(properties[key].derived for key in made)
    assert properties["wind_direction_mean"].circular
