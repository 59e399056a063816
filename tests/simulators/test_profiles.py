"""Plausible for Hanoi: expectations from outside of the code (domain facts, the embassy's recording)."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import mean

import pytest

from simulators.profiles import SimulatorSectionError, simulator_section
from simulators.streams import ObservationStream
from storage.model import HANOI
from tests.simulators.city import DAY, HOUR, at, observations, reference, streams, values

YEAR_2026 = at("2026-01-01T00:00:00")

SONDES = ["west-lake-trich-sai", "west-lake-nhat-tan", "west-lake-quang-ba", "west-lake-thanh-nien"]


def curve(domain: str, thing: str, key: str, start: int, days: int) -> Iterator[tuple[int, float]]:
    """Hour of the day in Hanoi and value, every ten minutes."""
    series = next(series for series in observations(domain, thing).series if series.key == key)
    for t in range(start, start + days * DAY, 600):
        yield datetime.fromtimestamp(t, HANOI).hour, float(series.result(t))


def by_hour(domain: str, thing: str, key: str, start: int, days: int) -> dict[int, float]:
    """Means by the hour of the day in Hanoi."""
    hours = defaultdict(list)
    for hour, value in curve(domain, thing, key, start, days):
        hours[hour].append(value)
    return {hour: mean(found) for hour, found in hours.items()}


def hour_of(extreme: Callable[..., int], hours: dict[int, float]) -> int:
    return extreme(hours, key=lambda hour: hours[hour])


@pytest.mark.parametrize("thing", SONDES)
def test_the_lake_has_least_oxygen_at_4_to_6_h_and_most_at_15_to_17_h(thing: str) -> None:
    """IWA WQRJ 55/1/67, shallow lakes of Hanoi."""
    hours = by_hour("water_quality", thing, "dissolved_oxygen", YEAR_2026, 20)
    assert hour_of(min, hours) in (4, 5, 6)
    assert hour_of(max, hours) in (15, 16, 17)


@pytest.mark.parametrize("thing", SONDES)
def test_a_dawn_in_the_lake_stays_above_the_lowest_that_was_measured(thing: str) -> None:
    """1.5 mg/L was the lowest of the survey; 180 % saturation (13.9 mg/L at 28 °C) its highest."""
    found = [value for _, value in curve("water_quality", thing, "dissolved_oxygen", YEAR_2026, 60)]
    assert min(found) > 1.5
    assert max(found) < 13.9


def test_chlorophyll_is_that_of_a_shallow_lake_of_hanoi() -> None:
    """10 to 40 ug/L, the same survey; single values may pass it a little."""
    hours = by_hour("water_quality", "west-lake-trich-sai", "chlorophyll_a", YEAR_2026, 20)
    assert all(10 <= value <= 40 for value in hours.values())


@pytest.mark.parametrize("thing", ["trung-yen-3", "minh-khai"])
def test_ozone_is_highest_in_the_afternoon(thing: str) -> None:
    hours = by_hour("air_quality", thing, "o3", YEAR_2026 + 120 * DAY, 10)
    assert hour_of(max, hours) in (13, 14, 15, 16)
    assert mean(hours[hour] for hour in range(6)) < 0.5 * max(hours.values())


def test_fine_particles_are_highest_in_the_traffic_hours_and_low_in_the_afternoon() -> None:
    hours = by_hour("air_quality", "hoan-kiem", "pm2_5", YEAR_2026, 28)
    morning, afternoon, evening = (
        mean(hours[h] for h in hs) for hs in ((7, 8, 9), (14, 15, 16), (19, 20, 21))
    )
    assert morning > 1.2 * afternoon
    assert evening > 1.2 * afternoon


def test_winter_months_are_near_those_of_the_embassys_recording() -> None:
    """Means of its valid hours of 2017: January 66, February 53, March 45, April 38 ug/m3; ours within a third."""
    for month, embassy in ((1, 66.1), (2, 52.7), (3, 44.7), (4, 37.7)):
        start = at(f"2027-{month:02d}-01T00:00:00")
        simulated = mean(by_hour("air_quality", "trung-yen-3", "pm2_5", start, 28).values())
        assert simulated == pytest.approx(embassy, rel=0.34)


def test_winter_nights_trap_what_summer_nights_do_not() -> None:
    winter = by_hour("air_quality", "kim-lien", "pm2_5", at("2027-01-01T00:00:00"), 28)
    summer = by_hour("air_quality", "kim-lien", "pm2_5", at("2027-07-01T00:00:00"), 28)
    assert mean(winter.values()) > 1.7 * mean(summer.values())
    dawn_winter, dawn_summer = (hours[5] / mean(hours.values()) for hours in (winter, summer))
    assert dawn_winter > dawn_summer


def test_coarse_particles_contain_the_fine_ones() -> None:
    stream = observations("air_quality", "tay-mo")
    for element in stream.elements(YEAR_2026, YEAR_2026 + 3 * DAY):
        assert element.results["pm10"] > element.results["pm2_5"]


def test_bays_are_fullest_at_lunch_and_emptiest_before_morning() -> None:
    monday = at("2026-11-16T00:00:00")
    bays = [thing.id for thing in reference().things if thing.kind == "bay"]
    assert len(bays) == 248
    made = streams("parking")
    taken = dict.fromkeys(range(24), 0)
    for bay in bays:
        stream = made[f"parking/{bay}/observations"]
        assert isinstance(stream, ObservationStream)
        series = stream.series[0]
        for hour in taken:
            taken[hour] += sum(
                bool(series.result(monday + day * DAY + hour * HOUR + 1800)) for day in range(5)
            )
    occupancy = {hour: count / (5 * 248) for hour, count in taken.items()}
    assert hour_of(max, occupancy) in (11, 12, 13)
    assert occupancy[12] > 0.8
    assert hour_of(min, occupancy) in (3, 4, 5, 6)
    assert occupancy[4] < 0.5


def test_a_bay_alternates_and_its_last_word_is_never_older_than_half_an_hour() -> None:
    start, end = at("2026-11-16T00:00:00"), at("2026-11-18T00:00:00")
    for bay in ("ltk-01-b01", "thd-09-b15"):
        said = values(observations("parking", bay), "occupied", start, end)
        gaps = [b[0] - a[0] for a, b in pairwise(said)]
        assert max(gaps) <= timedelta(minutes=30)
        beats = {time for time, _ in said if (time - said[0][0]) % timedelta(minutes=30) == timedelta(0)}
        changes = [
            value for (time, value), (_, before) in zip(said[1:], said, strict=False) if value != before
        ]
        assert all(a != b for a, b in pairwise(changes))
        assert len(changes) > 10
        assert len(said) > len(beats)


@pytest.mark.parametrize("day", range(0, 365, 61))
def test_every_value_of_every_thing_is_plausible_by_its_catalogue(day: int) -> None:
    """A day of each, in all seasons: nothing that ingest would reject or doubt."""
    start = YEAR_2026 + day * DAY
    domains = reference().domains
    one_of_each = {(thing.domain, thing.kind, thing.properties): thing for thing in reference().things}
    for thing in one_of_each.values():
        if not thing.properties:
            continue
        for element in observations(thing.domain, thing.id).elements(start, start + DAY):
            for key, result in element.results.items():
                assert float(result) in domains[thing.domain].properties[key].plausible, (
                    thing.id,
                    key,
                    element,
                )


def test_every_property_of_the_inventory_is_simulated() -> None:
    made = {key: stream for domain in reference().domains for key, stream in streams(domain).items()}
    for thing in reference().things:
        wanted = {
            key for key in thing.properties if not reference().domains[thing.domain].properties[key].derived
        }
        stream = made.get(f"{thing.domain}/{thing.id}/observations")
        simulated = (
            {series.key for series in stream.series} if isinstance(stream, ObservationStream) else set()
        )
        assert simulated == wanted


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"profile": {"pm2_5": {"kind": "diurnal"}}}, "base"),
        ({"profile": {"pm2_5": {"kind": "diurnal", "base": "much"}}}, "simulator.profile"),
        ({"profile": {"pm2_5": {"kind": "sinus", "base": 1}}}, "sinus"),
        ({"profile": {"pm2_5": {"kind": "diurnal", "base": 1, "peeks": []}}}, "peeks"),
        ({"profile": {"pm25": {"kind": "diurnal", "base": 1}}}, "simulator.profile.pm25"),
        ({"profile": {"pm2_5": {"kind": "follows", "of": "pm10"}}}, "simulator.profile.pm2_5.of"),
        ({"profile": {"pm2_5": {"kind": "follows", "of": "pm2_5"}}}, "follows itself"),
        ({"extent": {"property": "pm2_5"}}, "simulator.extent.property"),
        ({"prophile": {}}, "prophile"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused_by_file_and_key(
    table: dict[str, object], message: str
) -> None:
    with pytest.raises(SimulatorSectionError) as error:
        simulator_section(table, frozenset({"pm2_5", "pm10"}), "catalog/air_quality.toml")
    assert "catalog/air_quality.toml" in str(error.value)
    assert message in str(error.value)
