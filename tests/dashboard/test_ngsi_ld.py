"""Things as NGSI-LD entities: the models' names and units, and nothing lost of what a value says of itself."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from dashboard.ngsi_ld.answer import Finder, feature, shown, type_details, type_information, type_list
from dashboard.ngsi_ld.models import models, section
from dashboard.ngsi_ld.query import Query
from dashboard.ngsi_ld.units import COMMON_CODES, unit_text
from ingest.conversion import canonical, convert
from ingest.decoders import Context, ngsi_ld
from storage.catalog import ReferenceDataError, load_catalog
from storage.model import Provenance
from storage.observations import LiveValue
from tests.dashboard.ngsi_city import STREAMS, THINGS_MORE, city, found, models_of, value
from tests.dashboard.small_city import NOW
from tests.public_site import NOISE

FIWARE = Path(__file__).parents[3] / "shared" / "data" / "fiware"
SILENT = NOW - timedelta(hours=5)
HOUR = timedelta(hours=1)

ENVIRONMENT = "https://smartdatamodels.org/dataModel.Environment/"
PARKING = "https://smartdatamodels.org/dataModel.Parking/"

PUBLISHED = {
    "AirQualityObserved": "airQualityIndex airQualityLevel co no2 o3 pm10 pm25 pressure relativeHumidity so2"
    " temperature typeofLocation windDirection windSpeed dateObserved location name alternateName",
    "WaterQualityObserved": "As Cd Chla Cr-VI Cu Hg NH4 NO2 NO3 O2 P-PO4 PC Pb Zn bod cod conductivity escherichiaColi"
    " orp pH temperature turbidity dateObserved location name alternateName",
    "FloodMonitoring": "currentLevel observationDateTime stationID location name alternateName",
    "WeatherObserved": "precipitation dateObserved location name alternateName",
    "OnStreetParking": "availableSpotNumber occupiedSpotNumber outOfServiceSlotNumber totalSpotNumber parkingSiteId"
    " occupancyDetectionType observationDateTime location name alternateName",
    "ParkingSpot": "category refParkingSite status location name alternateName",
}
"""What we use of the attributes that Smart Data Models publish (as listed by PyPI's pysmartdatamodels 0.8.2.0)."""


def one(values: Iterable[LiveValue], type_name: str, query: str = "") -> dict[str, Any]:
    entities = found(values, f"type={type_name}{query}")
    assert entities
    return entities[0]


def test_an_air_station_is_an_air_quality_observed() -> None:
    entity = one([value("hoan-kiem", "pm2_5", 35.2)], "AirQualityObserved")
    assert entity["id"] == "urn:ngsi-ld:AirQualityObserved:hoan-kiem"
    assert entity["type"] == "AirQualityObserved"
    assert entity["location"]["value"] == {"type": "Point", "coordinates": [105.85, 21.03]}
    assert entity["location"]["coordinateTrust"] == {"type": "Property", "value": "M"}
    assert entity["dateObserved"]["value"] == {"@type": "DateTime", "@value": "2026-11-22T03:00:00Z"}
    assert entity["pm25"] == {
        "type": "Property",
        "value": 35.2,
        "unitCode": "GQ",
        "observedAt": "2026-11-22T03:00:00Z",
        "provenance": {"type": "Property", "value": "measured"},
        "quality": {"type": "Property", "value": 1},
    }


def test_values_are_in_the_models_units() -> None:
    """87 % is 0.87 of 1; 270° is -90°; 57 cm are 0.57 m; the rest as they are."""
    values = [
        value("hoan-kiem", "humidity", 87),
        value("hoan-kiem", "wind_direction", 270),
        value("tong-dan", "water_depth", 57),
        value("west-lake", "conductivity", 412),
        value("lang", "rain_interval", 0.2),
    ]
    air = one(values, "AirQualityObserved")
    assert (air["relativeHumidity"]["value"], air["relativeHumidity"]["unitCode"]) == (0.87, "C62")
    assert (air["windDirection"]["value"], air["windDirection"]["unitCode"]) == (-90, "DD")
    flood = one(values, "FloodMonitoring")
    assert (flood["currentLevel"]["value"], flood["currentLevel"]["unitCode"]) == (0.57, "MTR")
    water = one(values, "WaterQualityObserved")
    assert (water["conductivity"]["value"], water["conductivity"]["unitCode"]) == (412, "G42")
    rain = one(values, "WeatherObserved")
    assert (rain["precipitation"]["value"], rain["precipitation"]["unitCode"]) == (0.2, "MMT")


def test_a_unit_without_a_common_code_is_told_in_words() -> None:
    water = one([value("west-lake", "turbidity", 3.5)], "WaterQualityObserved")
    assert "unitCode" not in water["turbidity"]
    assert water["turbidity"]["unitText"]["value"] == "FNU"
    assert unit_text("ug/m3") is None


@pytest.mark.parametrize(("ucum", "code"), COMMON_CODES.items())
def test_ingest_reads_each_common_code_as_the_unit_that_it_is_here(ucum: str, code: str) -> None:
    assert canonical(code) == ucum


def test_what_the_model_leaves_open_is_said() -> None:
    entity = one([value("west-lake", "ammonium", 0.3)], "WaterQualityObserved")
    assert entity["NH4"]["description"]["value"] == "as nitrogen (NH4-N)"


def test_yes_or_no_has_no_unit_and_what_the_model_lacks_its_own_name() -> None:
    entity = one([value("tong-dan", "road_closed", 1, provenance="manual")], "FloodMonitoring")
    assert entity["road_closed"]["value"] is True
    assert "unitCode" not in entity["road_closed"]


def test_what_is_simulated_says_so_in_every_representation() -> None:
    values = [
        value("hoan-kiem", "pm2_5", 35.2, provenance="simulated"),
        value("hoan-kiem", "vn_aqi", 94, provenance="derived", input_provenance="simulated"),
    ]
    entity = one(values, "AirQualityObserved")
    assert entity["pm25"]["provenance"]["value"] == "simulated"
    assert entity["pm25"]["simulated"]["value"] is True
    assert entity["airQualityIndex"]["inputProvenance"]["value"] == "simulated"
    assert entity["airQualityIndex"]["simulated"]["value"] is True
    assert entity["simulated"]["value"] is True
    assert one(values, "AirQualityObserved", "&options=keyValues")["simulated"] is True
    assert one(values, "AirQualityObserved", "&options=keyValues&attrs=pm25")["simulated"] is True
    assert one([value("hoan-kiem", "pm2_5", 1)], "AirQualityObserved")["simulated"]["value"] is False


def test_what_is_suspect_or_old_says_so_in_every_representation() -> None:
    """A station that reports every five minutes is old after fifteen."""
    values = [
        value("hoan-kiem", "pm2_5", 480, quality=3, reason="spike"),
        value("hoan-kiem", "humidity", 80, at=NOW - HOUR),
    ]
    entity = one(values, "AirQualityObserved")
    assert entity["pm25"]["quality"]["value"] == 3
    assert entity["pm25"]["qualityReason"]["value"] == "spike"
    assert entity["relativeHumidity"]["stale"]["value"] is True
    assert "stale" not in entity["pm25"]
    simple = one(values, "AirQualityObserved", "&format=simplified&attrs=pm25,relativeHumidity")
    assert simple["coordinateTrust"] == "M"
    assert simple["suspectAttributes"] == ["pm25"]
    assert simple["staleAttributes"] == ["relativeHumidity"]


def test_a_value_by_hand_says_until_when_it_holds() -> None:
    until = NOW + HOUR
    held = value("tong-dan", "road_closed", 1, at=SILENT, provenance="manual", expires_at=until)
    told = one([held], "FloodMonitoring")["road_closed"]
    assert told["validUntil"]["value"] == {"@type": "DateTime", "@value": "2026-11-22T04:00:00Z"}
    assert "stale" not in told
    over = one([replace_expiry(held, NOW)], "FloodMonitoring")["road_closed"]
    assert over["stale"]["value"] is True


def replace_expiry(held: LiveValue, until: datetime) -> LiveValue:
    return msgspec.structs.replace(held, expires_at=until)


def test_an_index_has_its_word_only_while_it_can_be_trusted() -> None:
    def level(**more: Any) -> Any:
        entity = one([value("hoan-kiem", "vn_aqi", 94, provenance="derived", **more)], "AirQualityObserved")
        assert entity["airQualityIndex"]["value"] == 94
        return entity.get("airQualityLevel", {}).get("value")

    assert level() == "Moderate"
    assert level(quality=3) is None
    assert level(at=NOW - timedelta(hours=4)) is None


def test_forecasts_and_silent_properties_are_no_attributes() -> None:
    entity = one([value("hoan-kiem", "pm2_5", 1)], "AirQualityObserved")
    assert "pm2_5_forecast" not in entity
    assert "relativeHumidity" not in entity


def test_a_bay_is_a_parking_spot_and_never_free_when_it_is_silent() -> None:
    values = [
        value("ltk-01-b01", "occupied", 1),
        value("ltk-01-b02", "occupied", 0, provenance="simulated"),
        value("ltk-01-b03", "occupied", 0, at=SILENT),
        value("ltk-01-b04", "occupied", 0, quality=4),
    ]
    spots = found(values, "type=ParkingSpot")
    assert [spot["status"]["value"] for spot in spots] == ["occupied", "free", "unknown", "closed", "unknown"]
    assert spots[1]["status"]["provenance"]["value"] == "simulated"
    assert spots[2]["status"]["stale"]["value"] is True
    assert spots[3]["status"]["quality"]["value"] == 4
    assert spots[0]["refParkingSite"] == {
        "type": "Relationship",
        "object": "urn:ngsi-ld:OnStreetParking:ltk-01",
    }
    assert spots[0]["location"]["value"]["coordinates"] == [105.85, 21.03]


def test_a_point_counts_its_bays_and_silent_ones_apart() -> None:
    """One occupied, one free, three not heard for ten heartbeats or never: two of five are known."""
    values = [
        value("ltk-01-b01", "occupied", 1),
        value("ltk-01-b02", "occupied", 0, provenance="simulated"),
        value("ltk-01-b03", "occupied", 0, at=SILENT),
    ]
    point = one(values, "OnStreetParking")
    names = ("totalSpotNumber", "availableSpotNumber", "occupiedSpotNumber", "outOfServiceSlotNumber")
    assert [point[name]["value"] for name in names] == [5, 1, 1, 0]
    assert point["unknownSpotNumber"]["value"] == 3
    free = point["availableSpotNumber"]
    assert free["coverage"]["value"] == 0.4
    assert free["provenance"]["value"] == "derived"
    assert free["inputProvenance"]["value"] == "simulated"
    assert point["simulated"]["value"] is True


def test_while_no_bay_is_known_none_is_said_to_be_free() -> None:
    point = one([value("ltk-01-b03", "occupied", 0, at=SILENT)], "OnStreetParking")
    assert "availableSpotNumber" not in point
    assert "occupiedSpotNumber" not in point
    assert point["unknownSpotNumber"]["value"] == 5


def test_a_kind_that_no_model_fits_is_an_entity_with_names_of_its_own() -> None:
    entity = one([value("to-lich", "rain_1h", 12.5, provenance="derived")], "RainBasin")
    assert entity["id"] == "urn:ngsi-ld:RainBasin:to-lich"
    assert entity["rain_1h"]["value"] == 12.5
    assert models_of(city()).context["RainBasin"] == {
        "@id": "urn:x-hanoi-ops:kind:rain:basin",
        "@context": {"battery": "urn:x-hanoi-ops:rain:battery", "rssi": "urn:x-hanoi-ops:rain:rssi"},
    }


def test_system_attributes_are_there_when_they_are_asked_for() -> None:
    values = [value("hoan-kiem", "pm2_5", 1, at=NOW - HOUR), value("hoan-kiem", "humidity", 80)]
    entity = one(values, "AirQualityObserved", "&options=sysAttrs")
    assert entity["pm25"]["modifiedAt"] == "2026-11-22T02:00:00Z"
    assert entity["modifiedAt"] == "2026-11-22T03:00:00Z"
    assert "modifiedAt" not in json.dumps(one(values, "AirQualityObserved"))


def test_a_feature_has_the_place_beside_the_attributes() -> None:
    view = city([value("hoan-kiem", "pm2_5", 35.2)])
    finder = Finder(view, models_of(view), NOW)
    entity = finder.one("urn:ngsi-ld:AirQualityObserved:hoan-kiem")
    assert entity is not None
    made = feature(entity, shown(entity, Query(representation="simplified")))
    assert (made["type"], made["id"]) == ("Feature", "urn:ngsi-ld:AirQualityObserved:hoan-kiem")
    assert made["geometry"] == {"type": "Point", "coordinates": [105.85, 21.03]}
    assert made["properties"]["pm25"] == 35.2


def test_what_is_out_of_service_is_found_by_its_id_alone() -> None:
    retired = replace(THINGS_MORE[0], retired_from=NOW)
    view = city(things=(retired, *THINGS_MORE[1:]))
    finder = Finder(view, models_of(view), NOW)
    assert finder.find(Query(types=frozenset({"AirQualityObserved"}))).count == 0
    entity = finder.one("urn:ngsi-ld:AirQualityObserved:hoan-kiem")
    assert entity is not None
    assert entity["retiredFrom"]["value"]["@value"] == NOW


@pytest.mark.parametrize(
    "id",
    ["urn:ngsi-ld:ParkingSpot:hoan-kiem", "urn:ngsi-ld:AirQualityObserved:", "urn:x:hoan-kiem", "hoan-kiem"],
)
def test_an_id_of_another_type_is_none(id: str) -> None:
    view = city()
    assert Finder(view, models_of(view), NOW).one(id) is None


# Names


def test_every_name_is_the_models_or_in_our_own_namespace() -> None:
    for type_name, published in PUBLISHED.items():
        model = models_of(city()).by_type[type_name]
        own = {name for name, iri in model.terms().items() if iri.startswith("urn:x-hanoi-ops:")}
        assert set(model.terms()) - own == set(published.split()) - {"location"}
        assert model.type_iri.startswith("https://smartdatamodels.org/dataModel.")


def expanded(context: Mapping[str, Any], type_name: str, name: str) -> str:
    """As JSON-LD 1.1 does it: the type's own @context goes before the outer one."""
    definition = context[type_name]
    scoped = definition.get("@context", {}) if isinstance(definition, dict) else {}
    return str(scoped.get(name) or context[name])


def test_the_context_tells_names_apart_that_several_models_have() -> None:
    context = models_of(city()).context
    assert context["@version"] == 1.1
    assert expanded(context, "AirQualityObserved", "temperature") == f"{ENVIRONMENT}temperature"
    assert (
        expanded(context, "WaterQualityObserved", "temperature")
        == "https://smartdatamodels.org/dataModel.WaterQuality/temperature"
    )
    for type_name, vocabulary in (("FloodMonitoring", ENVIRONMENT), ("OnStreetParking", PARKING)):
        assert expanded(context, type_name, "observationDateTime") == f"{vocabulary}observationDateTime"
    assert context["dateObserved"] == "https://smartdatamodels.org/dateObserved"
    assert context["status"] == "https://uri.etsi.org/ngsi-ld/status"
    assert context["provenance"] == "urn:x-hanoi-ops:provenance"
    assert context["unitText"] == "https://schema.org/unitText"


def test_every_name_in_an_entity_has_a_meaning() -> None:
    """In our @context or in the core one (ETSI GS CIM 009, annex B)."""
    core = {"id", "type", "value", "object", "unitCode", "observedAt", "description", "location"}
    values = [value(s.thing_id, s.property, 0, quality=3, reason="spike", at=SILENT) for s in STREAMS[:11]]
    context = models_of(city()).context
    for entity in found([*values, value("ltk-01-b01", "occupied", 1)], "local=true"):
        for name, attribute in entity.items():
            assert name in core or expanded(context, entity["type"], name), name
            if isinstance(attribute, dict):
                assert all(inner in core or inner in context for inner in attribute), (name, attribute)


def test_a_property_that_is_called_as_every_entitys_mark_gets_its_domains_name() -> None:
    air = load_catalog()["air_quality"]
    renamed = replace(air, properties={"state": replace(air.properties["pm10"], key="state")}, sections={})
    model = models({"air_quality": renamed}, [("air_quality", "station")]).by_type["AirQualityStation"]
    attribute = model.attribute("state")
    assert attribute is not None
    assert attribute.name == "air_quality_state"
    assert model.terms()["air_quality_state"] == "urn:x-hanoi-ops:air_quality:state"


def test_types_are_listed_with_their_attributes() -> None:
    view = city([value("hoan-kiem", "pm2_5", 35.2)])
    known = models_of(view)
    assert type_list(known)["typeList"] == [
        *("AirQualityObserved", "FloodMonitoring", "OnStreetParking", "ParkingSpot"),
        *("RainBasin", "WaterQualityObserved", "WeatherObserved"),
    ]
    details = {one["typeName"]: one for one in type_details(known)}
    assert details["AirQualityObserved"]["id"] == f"{ENVIRONMENT}AirQualityObserved"
    assert "pm25" in details["AirQualityObserved"]["attributeNames"]
    information = type_information(known, Finder(view, known, NOW), "AirQualityObserved")
    assert information["entityCount"] == 1
    named = {one["attributeName"]: one for one in information["attributeDetails"]}
    assert named["pm25"] == {
        "id": f"{ENVIRONMENT}pm25",
        "type": "Attribute",
        "attributeName": "pm25",
        "attributeTypes": ["Property"],
    }
    assert named["location"]["attributeTypes"] == ["GeoProperty"]
    assert "relativeHumidity" not in named


# Others' examples, and our own reader


@pytest.mark.parametrize(
    "type_name", ["AirQualityObserved", "FloodMonitoring", "OnStreetParking", "ParkingSpot"]
)
def test_values_have_the_form_of_the_published_examples(type_name: str) -> None:
    """What the key-values example of a model has too is of the same JSON type in ours."""
    path = FIWARE / f"{type_name}.example.jsonld"
    if not path.exists():
        pytest.skip(f"shared/data/fiware/{path.name} is absent")
    example = json.loads(path.read_text(encoding="utf-8"))
    values = [value(s.thing_id, s.property, 1) for s in STREAMS if s.property != "pm2_5_forecast"]
    entity = one(values, type_name, "&options=keyValues")
    shared = (set(entity) & set(example)) - {"@context"}
    assert {"id", "type", "location"} & set(example) <= shared
    for name in shared:
        numbers = isinstance(example[name], int | float) and isinstance(entity[name], int | float)
        assert numbers or type(entity[name]) is type(example[name]), name


def test_what_leaves_here_is_read_here() -> None:
    """Our decoder of NGSI-LD makes the same values of the same Things of it."""
    values = [
        value("hoan-kiem", "pm2_5", 35.2),
        value("hoan-kiem", "wind_direction", 270),
        value("tong-dan", "water_depth", 57),
        value("west-lake", "conductivity", 412),
        value("lang", "rain_interval", 0.2),
        value("ltk-01-b01", "occupied", 1),
    ]
    payload = json.dumps(found(values, "local=true")).encode()
    context = Context(topic="t", received_at=NOW, provenance=Provenance.MEASURED, options=ngsi_ld.Options())
    decoded = ngsi_ld.decode(payload, context)
    read = {
        (reading.device, key): (result, reading.time)
        for reading in decoded.readings
        for key, result in reading.results.items()
    }
    assert read["hoan-kiem", "pm25"] == (35.2, NOW)
    assert read["hoan-kiem", "windDirection"] == (270, NOW)
    assert read["tong-dan", "currentLevel"] == (0.57, NOW)
    assert read["west-lake", "conductivity"] == (412, NOW)
    assert read["lang", "precipitation"] == (0.2, NOW)
    assert read["ltk-01-b01", "status"] == (True, NOW)


# The catalogue's table


def test_every_shipped_table_can_be_used_and_names_properties_that_there_are() -> None:
    for domain in load_catalog().values():
        for kind, table in section(domain).items():
            named = {*table.attributes, *table.left_out}
            assert named <= set(domain.properties), (domain.key, kind)


def test_the_table_of_the_docs_makes_a_noise_meter_a_noise_level_observed(tmp_path: Path) -> None:
    document = (Path(__file__).parents[2] / "docs" / "ngsi-ld.md").read_text(encoding="utf-8")
    table = document.partition("```toml\n")[2].partition("```")[0]
    (tmp_path / "noise.toml").write_text(f"{NOISE}\n{table}", encoding="utf-8")
    noise = load_catalog([tmp_path])["noise"]
    known = models({"noise": noise}, [("noise", "meter")])
    model = known.by_type["NoiseLevelObserved"]
    attribute = model.attribute("level")
    assert attribute is not None
    assert (attribute.name, attribute.unit) == ("LAeq", "dB")
    assert convert(61.5, noise.properties["level"].unit, "dB") == 61.5
    assert model.terms()["LAeq"] == f"{ENVIRONMENT}LAeq"


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ({"type": "No Type"}, r"station\.type"),
        ({"attributes": {"radon": "radon"}}, r"attributes\.radon: the domain has no such property"),
        ({"attributes": {"pm10": {"name": "pm10", "unit": "m"}}}, r"attributes\.pm10\.unit: .*m"),
        ({"attributes": {"pm10": "pm", "pm2_5": "pm"}}, r"'pm' is taken"),
        ({"attributes": {"pm10": "location"}}, r"'location' is taken"),
    ],
)
def test_a_table_that_can_not_be_used_is_said_and_left_out(table: dict[str, Any], told: str) -> None:
    air = load_catalog()["air_quality"]
    whole = {"type": "AirQualityObserved", "vocabulary": ENVIRONMENT, **table}
    broken = replace(air, sections={"ngsi_ld": {"station": whole}})
    with pytest.raises(ReferenceDataError, match=rf"air_quality\.toml: ngsi_ld\..*{told}"):
        section(broken)
    known = models({"air_quality": broken}, [("air_quality", "station")])
    assert set(known.by_type) == {"AirQualityStation", "urn:x-hanoi-ops:kind:air_quality:station"}
