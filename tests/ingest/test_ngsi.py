"""FIWARE entities all the way to observations: units, sources that know better, what has no place here."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ingest.model import Envelope, Position, Prepared
from ingest.prepare import prepare
from ingest.sources import Sources, load_sources
from ingest.validate import Known
from storage.model import Domain

NOW = datetime(2026, 11, 22, 3, 10, tzinfo=UTC)
OBSERVED = "2026-11-22T03:00:00Z"
THINGS = {
    ("air_quality", "hoan-kiem"): [
        "pm2_5",
        "no2",
        "co",
        "temperature",
        "humidity",
        "pressure",
        "wind_direction",
    ],
    ("water_quality", "trich-sai"): [
        "dissolved_oxygen",
        "water_temperature",
        "conductivity",
        "ph",
        "turbidity",
    ],
    ("flood", "cao-ba-quat"): ["water_depth", "water_level"],
    ("rain", "lang"): ["rain_interval"],
    ("parking", "ltk-01-b01"): ["occupied"],
    ("parking", "ltk-01"): [],
}


@pytest.fixture
def known(domains: dict[str, Domain]) -> Known:
    number = iter(range(1000))
    return Known(
        domains=domains,
        things={key: {name: next(number) for name in names} for key, names in THINGS.items()},
        domain_by_thing={thing: domain for domain, thing in THINGS},
    )


def sources(tmp_path: Path, more: str = "", decoder: str = "ngsi_v2") -> Sources:
    path = tmp_path / "sources.toml"
    path.write_text(
        f'[[source]]\nname = "fiware"\ndecoder = "{decoder}"\ntopics = ["fiware/#"]\n{more}', "utf-8"
    )
    return load_sources(path)


def entity(type_name: str, device: str, **attributes: Any) -> dict[str, Any]:
    return {
        "id": f"urn:ngsi-ld:{type_name}:{device}",
        "type": type_name,
        "dateObserved": OBSERVED,
        **attributes,
    }


def prepared(payload: Any, known: Known, from_sources: Sources) -> Prepared:
    envelope = Envelope(
        topic="fiware/notifications",
        payload=json.dumps(payload).encode(),
        received_at=NOW,
        position=Position(generation=1, packet_id=1),
    )
    done, wanted = prepare(envelope, known, from_sources)
    assert not wanted
    return done


def stored(done: Prepared, known: Known) -> dict[str, float]:
    names = {number: name for streams in known.things.values() for name, number in streams.items()}
    return {names[row.datastream_id]: row.result for row in done.observations}


def refused(done: Prepared) -> list[tuple[str, str]]:
    return [(fault.reason.value, fault.path) for fault in done.faults]


def test_an_air_station_comes_in_the_units_of_the_catalogue(known: Known, tmp_path: Path) -> None:
    sent = entity(
        "AirQualityObserved",
        "hoan-kiem",
        pm25=35.2,
        no2={"value": 53, "metadata": {"unitCode": {"value": "61"}}},
        co={"value": 0.9, "metadata": {"unitCode": {"value": "GP"}}},
        relativeHumidity=0.54,
        temperature={"value": 77, "metadata": {"unitCode": {"value": "FAH"}}},
        windDirection=-45,
        airQualityIndex=65,
    )
    done = prepared(sent, known, sources(tmp_path))
    assert not done.faults
    assert stored(done, known) == pytest.approx(
        {"pm2_5": 35.2, "no2": 99.735, "co": 900, "humidity": 54, "temperature": 25, "wind_direction": 315},
        rel=1e-4,
    )


def test_carbon_monoxide_without_a_unit_is_refused_until_the_source_says_it(
    known: Known, tmp_path: Path
) -> None:
    sent = entity("AirQualityObserved", "hoan-kiem", pm25=35.2, co=0.9)
    done = prepared(sent, known, sources(tmp_path))
    assert stored(done, known) == {"pm2_5": 35.2}
    assert refused(done) == [("unknown_unit", "$.co")]
    said = sources(tmp_path, 'properties.co = { property = "co", unit = "mg/m3" }')
    assert stored(prepared(sent, known, said), known) == {"pm2_5": 35.2, "co": 900}


def test_the_published_500_mg_of_carbon_monoxide_is_out_of_range(known: Known, tmp_path: Path) -> None:
    sent = entity(
        "AirQualityObserved", "hoan-kiem", co={"value": 500, "metadata": {"unitCode": {"value": "GP"}}}
    )
    assert refused(prepared(sent, known, sources(tmp_path))) == [("out_of_range", "$.co.value")]


def test_a_source_knows_the_unit_better_than_the_payload(known: Known, tmp_path: Path) -> None:
    sent = entity(
        "AirQualityObserved", "hoan-kiem", co={"value": 500, "metadata": {"unitCode": {"value": "GP"}}}
    )
    said = sources(tmp_path, 'properties.co = { property = "co", unit = "GQ" }')
    assert stored(prepared(sent, known, said), known) == {"co": 500}


def test_conductivity_needs_a_unit(known: Known, tmp_path: Path) -> None:
    plain = entity("WaterQualityObserved", "trich-sai", pH=7.4, conductivity=0.005)
    done = prepared(plain, known, sources(tmp_path))
    assert stored(done, known) == {"ph": 7.4}
    assert refused(done) == [("unknown_unit", "$.conductivity")]
    assert "no unit is given" in done.faults[0].message
    said = sources(tmp_path, 'properties.conductivity = { property = "conductivity", unit = "S/m" }')
    assert stored(prepared(plain, known, said), known) == {"ph": 7.4, "conductivity": 50}
    with_code = {"value": 0.05, "metadata": {"unitCode": {"value": "H61"}}}
    sent = entity("WaterQualityObserved", "trich-sai", conductivity=with_code)
    assert stored(prepared(sent, known, sources(tmp_path)), known) == {"conductivity": 50}


def test_temperature_of_water_is_not_that_of_the_air(known: Known, tmp_path: Path) -> None:
    sent = entity("WaterQualityObserved", "trich-sai", temperature=24.4, O2=6.1, turbidity=12)
    done = prepared(sent, known, sources(tmp_path))
    assert not done.faults
    assert stored(done, known) == {"water_temperature": 24.4, "dissolved_oxygen": 6.1, "turbidity": 12}


@pytest.mark.parametrize(
    ("attributes", "depth_cm"),
    [
        ({"currentLevel": 0.98}, 98),
        ({"currentLevel": {"value": 31, "metadata": {"unitCode": {"value": "CMT"}}}}, 31),
        ({"referenceLevel": 4.2, "measuredDistance": 3.22}, 98),
        ({"referenceLevel": 4.2, "measuredDistance": 4.22}, -2),
    ],
)
def test_a_flood_level_becomes_a_depth(
    attributes: dict[str, Any], depth_cm: float, known: Known, tmp_path: Path
) -> None:
    done = prepared(entity("FloodMonitoring", "cao-ba-quat", **attributes), known, sources(tmp_path))
    assert not done.faults
    assert stored(done, known) == pytest.approx({"water_depth": depth_cm})


def test_a_distance_beyond_the_bed_is_for_the_range_to_refuse(known: Known, tmp_path: Path) -> None:
    sent = entity("FloodMonitoring", "cao-ba-quat", referenceLevel=4.2, measuredDistance=9.9)
    done = prepared(sent, known, sources(tmp_path))
    assert refused(done) == [("out_of_range", "$.measuredDistance")]


def test_a_river_gauge_is_a_line_in_the_file_and_stays_in_metres(known: Known, tmp_path: Path) -> None:
    said = sources(tmp_path, 'properties.currentLevel = "water_level"')
    sent = entity("FloodMonitoring", "cao-ba-quat", currentLevel=6.25)
    assert stored(prepared(sent, known, said), known) == {"water_level": 6.25}


def test_a_rain_gauge_takes_the_rain_of_a_weather_station_and_a_station_the_rest(
    known: Known, tmp_path: Path
) -> None:
    weather = {
        "precipitation": 3.4,
        "temperature": 24.1,
        "relativeHumidity": 1,
        "atmosphericPressure": 1016.2,
    }
    done = prepared(entity("WeatherObserved", "lang", **weather), known, sources(tmp_path))
    assert (stored(done, known), refused(done)) == ({"rain_interval": 3.4}, [])
    done = prepared(entity("WeatherObserved", "hoan-kiem", **weather), known, sources(tmp_path))
    assert stored(done, known) == {"temperature": 24.1, "humidity": 100, "pressure": 1016.2}
    assert refused(done) == []


def test_a_thing_that_has_a_place_for_nothing_of_it_is_told(known: Known, tmp_path: Path) -> None:
    done = prepared(entity("WeatherObserved", "cao-ba-quat", temperature=24.1), known, sources(tmp_path))
    assert refused(done) == [("unknown_property", "$.temperature")]


def test_what_the_file_maps_is_never_left_out_in_silence(known: Known, tmp_path: Path) -> None:
    said = sources(tmp_path, 'properties.temperature = "temperature"')
    sent = entity("WeatherObserved", "lang", precipitation=3.4, temperature=24.1)
    done = prepared(sent, known, said)
    assert (stored(done, known), refused(done)) == (
        {"rain_interval": 3.4},
        [("unknown_property", "$.temperature")],
    )


@pytest.mark.parametrize(("status", "occupied"), [("free", 0), ("occupied", 1)])
def test_a_spot_is_a_bay(status: str, occupied: float, known: Known, tmp_path: Path) -> None:
    done = prepared(entity("ParkingSpot", "ltk-01-b01", status=status), known, sources(tmp_path))
    assert stored(done, known) == {"occupied": occupied}


def test_counts_of_a_street_wait_for_a_property_of_the_catalogue(known: Known, tmp_path: Path) -> None:
    sent = entity(
        "OnStreetParking", "ltk-01", availableSpotNumber=3, occupiedSpotNumber=9, totalSpotNumber=12
    )
    assert refused(prepared(sent, known, sources(tmp_path))) == [
        ("unknown_property", "$.availableSpotNumber"),
        ("unknown_property", "$.occupiedSpotNumber"),
    ]
    quiet = sources(tmp_path, 'ignore = ["availableSpotNumber", "occupiedSpotNumber"]')
    assert refused(prepared(sent, known, quiet)) == []


def test_an_unknown_entity_names_itself_to_be_claimed(known: Known, tmp_path: Path) -> None:
    sent = [
        entity("WeatherObserved", "lang", precipitation=1),
        entity("WeatherObserved", "somewhere:else", precipitation=2),
    ]
    done = prepared(sent, known, sources(tmp_path))
    assert stored(done, known) == {"rain_interval": 1}
    assert [(fault.reason.value, fault.device) for fault in done.faults] == [
        ("unknown_thing", "somewhere:else")
    ]
    said = sources(tmp_path, 'devices."somewhere:else" = "lang"')
    assert refused(prepared(sent, known, said)) == []


def test_ld_says_the_same_as_v2(known: Known, tmp_path: Path) -> None:
    sent = entity(
        "WaterQualityObserved",
        "trich-sai",
        conductivity={"type": "Property", "value": 0.05, "unitCode": "H61"},
        temperature={"type": "Property", "value": 24.4, "observedAt": "2026-11-22T02:59:00Z"},
        **{"@context": ["https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context.jsonld"]},
    )
    done = prepared(sent, known, sources(tmp_path, decoder="ngsi_ld"))
    assert stored(done, known) == {"conductivity": 50, "water_temperature": 24.4}
    assert len({row.phenomenon_time for row in done.observations}) == 2


def test_a_value_that_a_conversion_makes_infinite_is_refused(known: Known, tmp_path: Path) -> None:
    sent = entity(
        "AirQualityObserved", "hoan-kiem", no2={"value": 1e308, "metadata": {"unitCode": {"value": "GP"}}}
    )
    assert refused(prepared(sent, known, sources(tmp_path))) == [("not_finite", "$.no2.value")]


@pytest.mark.parametrize(
    ("said", "sent"),
    [
        ('currentLevel = { property = "water_depth", unit = "cm" }', {"measuredDistance": 3.22}),
        ('measuredDistance = { property = "water_depth", unit = "cm" }', {"measuredDistance": 322}),
        ('referenceLevel = { property = "water_depth", unit = "mm" }', {"referenceLevel": 4200}),
    ],
)
def test_the_level_from_a_distance_has_the_units_that_the_file_gives_its_parts(
    said: str, sent: dict[str, float], known: Known, tmp_path: Path
) -> None:
    """4.2 m − 3.22 m is 98 cm, whatever unit the same source's levels come in."""
    attributes = {"referenceLevel": 4.2, "measuredDistance": 3.22, **sent}
    from_sources = sources(tmp_path, f"[source.properties]\n{said}\n")
    done = prepared(entity("FloodMonitoring", "cao-ba-quat", **attributes), known, from_sources)
    assert not done.faults
    assert stored(done, known) == pytest.approx({"water_depth": 98})


def test_a_level_in_no_unit_of_length_is_told(known: Known, tmp_path: Path) -> None:
    said = 'properties.currentLevel = { property = "water_depth", unit = "Cel" }'
    sent = entity("FloodMonitoring", "cao-ba-quat", referenceLevel=4.2, measuredDistance=3.22)
    done = prepared(sent, known, sources(tmp_path, said))
    assert refused(done) == [("unknown_unit", "$.measuredDistance")]
    assert not done.observations


def test_two_expanded_names_with_the_same_last_part_are_a_fault(known: Known, tmp_path: Path) -> None:
    sent = entity(
        "AirQualityObserved",
        "hoan-kiem",
        **{
            "https://a.org/pm25": {"type": "Property", "value": 10, "unitCode": "GQ"},
            "https://b.org/x#pm25": {"type": "Property", "value": 99, "unitCode": "GQ"},
            "https://a.org/note": "what is not read",
            "https://b.org/note": "may stand there as often as it likes",
            "no2": {"type": "Property", "value": 30, "unitCode": "GQ"},
        },
    )
    done = prepared(sent, known, sources(tmp_path, decoder="ngsi_ld"))
    assert refused(done) == [("duplicate_key", "$.pm25")]
    assert stored(done, known) == {"no2": 30}


@pytest.mark.parametrize("name", ["dateObserved", "refDevice"])
def test_two_times_or_names_of_a_device_are_a_fault(name: str, known: Known, tmp_path: Path) -> None:
    sent = entity("AirQualityObserved", "hoan-kiem", pm25=10)
    sent |= {f"https://a.org/{name}": OBSERVED, f"https://b.org/{name}": OBSERVED}
    said = sources(tmp_path, 'options.device_from = "refDevice"' if name == "refDevice" else "", "ngsi_ld")
    done = prepared(sent, known, said)
    assert ("duplicate_key", f"$.{name}") in refused(done)
    assert not done.observations


@pytest.mark.parametrize(
    ("sent", "unit_code", "degrees"),
    [(-90, "DD", 270), (-1.5707963267948966, "C81", 270), (1.5707963267948966, "C81", 90), (-10, None, 350)],
)
def test_a_negative_direction_is_turned_in_its_own_unit(
    sent: float, unit_code: str | None, degrees: float, known: Known, tmp_path: Path
) -> None:
    direction = {"value": sent, **({"unitCode": unit_code} if unit_code else {})}
    done = prepared(
        entity("AirQualityObserved", "hoan-kiem", windDirection=direction),
        known,
        sources(tmp_path, decoder="ngsi_ld"),
    )
    assert stored(done, known) == pytest.approx({"wind_direction": degrees})
