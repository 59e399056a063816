"""The same city again, however and whenever it is asked for."""

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.wire import MAX_BYTES, parse_topic
from simulators.scenarios import Happening, load_scenario
from simulators.streams import ObservationStream, streams_of
from simulators.weather import Weather
from storage.model import CoordinateTrust, Domain, Location, Property, Range, Text, Thing
from tests.simulators.city import DAY, HOUR, at, decoded, observations, reference, streams, values

NOON = at("2026-11-20T12:00:00")
ONE_OF_EACH = [
    ("air_quality", "hoan-kiem"),
    ("water_quality", "west-lake-trich-sai"),
    ("rain", "rain-cau-giay"),
    ("flood", "flood-hoa-bang"),
    ("parking", "ltk-01-b07"),
]


def fingerprint(seed: int) -> str:
    """Of everything that is published in two hours."""
    digest = sha256()
    for domain in reference().domains:
        for stream in streams(domain, seed=seed).values():
            for topic, payload in stream.messages(NOON, NOON + 2 * HOUR):
                digest.update(topic.encode() + payload)
    return digest.hexdigest()


def test_another_process_makes_the_same_city() -> None:
    """Not even Python's own hash seed matters."""
    script = "from tests.simulators.test_streams import fingerprint; print(fingerprint(7))"
    run = [
        subprocess.run(
            [sys.executable, "-c", script],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        for seed in ("1", "2")
    ]
    assert run[0].stdout.strip() == run[1].stdout.strip() == fingerprint(7)


def test_another_seed_makes_another_city() -> None:
    assert fingerprint(7) != fingerprint(8)


@pytest.mark.parametrize(("domain", "thing"), ONE_OF_EACH)
@given(cuts=st.lists(st.integers(1, 6 * HOUR - 1), max_size=12))
@settings(max_examples=15, deadline=None)
def test_live_says_what_a_backfill_says(domain: str, thing: str, cuts: list[int]) -> None:
    """However an interval is cut into messages, the same observations come out: none twice, none lost."""
    stream = observations(domain, thing)
    edges = [NOON, *(NOON + cut for cut in sorted(set(cuts))), NOON + 6 * HOUR]
    pieces = [element for after, until in pairwise(edges) for element in stream.elements(after, until)]
    assert pieces == list(observations(domain, thing).elements(NOON, NOON + 6 * HOUR))


@pytest.mark.parametrize(("domain", "thing"), ONE_OF_EACH)
def test_elements_are_numbered_one_by_one_unless_they_come_when_something_changes(
    domain: str, thing: str
) -> None:
    stream = observations(domain, thing)
    cut = NOON + 2 * HOUR
    elements = [*stream.elements(NOON, cut), *observations(domain, thing).elements(cut, NOON + DAY)]
    numbers = [element.sequence for element in elements]
    if domain == "parking":
        assert set(numbers) == {None}
    else:
        first = numbers[0]
        assert first is not None
        assert numbers == list(range(first, first + len(numbers)))


@pytest.mark.parametrize(("domain", "thing"), ONE_OF_EACH)
def test_a_value_does_not_depend_on_what_was_asked_before(domain: str, thing: str) -> None:
    walked = list(observations(domain, thing).elements(NOON, NOON + 2 * DAY))
    fresh = observations(domain, thing)
    for element in reversed(walked[-20:]):
        second = int(element.time.timestamp())
        assert list(fresh.elements(second - 1, second)) == [element]


@pytest.mark.parametrize(("domain", "thing"), ONE_OF_EACH)
def test_an_hour_of_a_thing_is_one_message_that_ingest_reads(domain: str, thing: str) -> None:
    messages = observations(domain, thing).messages(NOON, NOON + HOUR)
    assert len(messages) == 1
    topic, payload = messages[0]
    parsed = parse_topic(topic)
    assert parsed is not None
    assert (parsed.domain, parsed.thing) == (domain, thing)
    assert len(payload) < MAX_BYTES / 10
    for element in decoded(payload):
        assert element.provenance == "simulated"
        assert NOON < element.time.timestamp() <= NOON + HOUR
        assert element.result_time is None


def test_every_property_keeps_its_reporting_interval() -> None:
    for domain, thing in ONE_OF_EACH[:4]:
        stream = observations(domain, thing)
        for series in stream.series:
            times = [time.timestamp() for time, _ in values(stream, series.key, NOON, NOON + 3 * HOUR)]
            steps = {b - a for a, b in pairwise(times)}
            assert steps == {series.of.interval_s}


def test_something_is_said_in_most_seconds() -> None:
    """Stations have their own phases; one that all share would be a burst each minute."""
    said = {
        int(element.time.timestamp())
        for domain in reference().domains
        for stream in streams(domain).values()
        if isinstance(stream, ObservationStream)
        for element in stream.elements(NOON, NOON + 300)
    }
    assert len(said) > 0.6 * 300


def test_bays_say_true_and_false() -> None:
    said = values(observations("parking", "ltk-01-b07"), "occupied", NOON, NOON + DAY)
    assert {value for _, value in said} == {True, False}
    assert all(isinstance(value, bool) for _, value in said)


def noise(profile: dict[str, object] | None) -> tuple[dict[str, Domain], list[Thing]]:
    """A sixth domain, as its TOML files would give it."""
    level = Property(
        key="level",
        name=Text(vi="Mức ồn", en="Sound level"),
        unit="dB[SPL]",
        interval_s=60,
        possible=Range(low=0, high=160),
        plausible=Range(low=20, high=120),
    )
    domain = Domain(
        key="noise",
        name=Text(vi="Tiếng ồn", en="Noise"),
        headline="level",
        properties={"level": level},
        map_kinds=("microphone",),
        sections={} if profile is None else {"simulator": {"profile": {"level": profile}}},
        source="noise.toml",
    )
    thing = Thing(
        id="noise-1",
        domain="noise",
        kind="microphone",
        name=Text(vi="Một", en="One"),
        properties=("level",),
        location=Location(lat=21.03, lon=105.85, trust=CoordinateTrust.SYNTHETIC, source="test"),
        attributes={},
    )
    return {"noise": domain}, [thing]


def test_a_sixth_domain_needs_only_its_table() -> None:
    domains, things = noise(
        {"kind": "diurnal", "base": 50, "peaks": [{"hour": 8, "height": 15}], "noise": {"share": 0.02}}
    )
    made = streams_of(domains, things, seed=1, weather=Weather(seed=1))
    assert list(made) == ["noise/noise-1/observations"]
    (topic, payload), *_ = made["noise/noise-1/observations"].messages(NOON, NOON + HOUR)
    assert topic == "hanoi/v1/noise/noise-1/observations"
    elements = decoded(payload)
    assert len(elements) == 60
    assert all(45 < element.results["level"] < 70 for element in elements)


def test_a_property_without_a_profile_is_left_out_and_so_is_a_thing_without_any() -> None:
    domains, things = noise(None)
    assert streams_of(domains, things, seed=1, weather=Weather(seed=1)) == {}


def test_what_an_instrument_cannot_show_is_not_published() -> None:
    domains, things = noise({"kind": "diurnal", "base": 500})
    stream = streams_of(domains, things, seed=1, weather=Weather(seed=1))["noise/noise-1/observations"]
    (_, payload), *_ = stream.messages(NOON, NOON + HOUR)
    assert {element.results["level"] for element in decoded(payload)} == {160.0}


def test_a_bay_without_a_place_stands_where_its_point_does() -> None:
    bay = observations("parking", "ltk-01-b07")
    point = next(thing for thing in reference().things if thing.id == "ltk-01")
    assert point.location is not None
    assert {(series.spot.lat, series.spot.lon) for series in bay.series} == {
        (point.location.lat, point.location.lon)
    }


def test_the_fish_kill_scenario_takes_the_oxygen_and_gives_it_back() -> None:
    """Trích Sài in September 2022: 3.6, 0.46, 0 mg/L on three days."""
    happening = Happening(scenario=load_scenario("fish-kill"), start=NOON)
    lake = observations("water_quality", "west-lake-trich-sai", happenings=[happening])
    oxygen = dict(values(lake, "dissolved_oxygen", NOON - HOUR, NOON + 3 * DAY))
    usual = dict(
        values(
            observations("water_quality", "west-lake-trich-sai"),
            "dissolved_oxygen",
            NOON - HOUR,
            NOON + 3 * DAY,
        )
    )
    day_after = [value for time, value in oxygen.items() if 0 < time.timestamp() - NOON - DAY < 4 * HOUR]
    assert max(day_after) < 1
    for time, value in oxygen.items():
        if not 0 <= time.timestamp() - NOON <= 2880 * 60:
            assert value == usual[time]


def test_an_effect_reaches_what_follows_it() -> None:
    """Twice the fine particles are more coarse ones too."""
    happening = Happening(scenario=load_scenario("smog"), start=NOON)
    later = NOON + DAY
    with_smog = observations("air_quality", "tay-mo", happenings=[happening]).elements(later, later + HOUR)
    without = observations("air_quality", "tay-mo").elements(later, later + HOUR)
    for thick, thin in zip(with_smog, without, strict=True):
        assert thick.results["pm10"] > 2 * thin.results["pm10"]


def test_times_are_whole_seconds_and_aware() -> None:
    for domain, thing in ONE_OF_EACH:
        for element in observations(domain, thing).elements(NOON, NOON + HOUR):
            assert element.time.microsecond == 0
            assert element.time.utcoffset() == datetime.now(UTC).utcoffset()


def test_a_thing_that_is_added_does_not_change_the_others() -> None:
    before = streams("rain")
    things = [thing for thing in reference().things if thing.domain == "rain"]
    added = replace(things[-1], id="rain-zz-new")
    after = streams_of(reference().domains, [*things, added], seed=1, weather=Weather(seed=1))
    for stream_id, stream in before.items():
        assert after[stream_id].messages(NOON, NOON + HOUR) == stream.messages(NOON, NOON + HOUR)


def test_the_simulator_is_small_enough_to_import_no_pandas() -> None:
    script = "import simulators.publish, sys; print([m for m in ('pandas', 'numpy', 'psycopg') if m in sys.modules])"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
