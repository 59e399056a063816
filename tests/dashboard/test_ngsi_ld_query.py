"""What may be asked of NGSI-LD entities: parameters, areas, and the condition language, each with its refusal."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.ngsi_ld.answer import is_in
from dashboard.ngsi_ld.condition_language import holds, parse
from dashboard.ngsi_ld.query import OF_ONE, Near, Query, Within, is_too_wide, parse_query
from dashboard.ngsi_ld.refusal import Refused
from tests.dashboard.ngsi_city import city, found, models_of, value

MODELS = models_of(city())
NOW = datetime(2026, 11, 22, 3, tzinfo=UTC)
ENTITY: dict[str, Any] = {
    "id": "urn:ngsi-ld:AirQualityObserved:x",
    "type": "AirQualityObserved",
    "pm25": {
        "type": "Property",
        "value": 35.2,
        "observedAt": NOW,
        "quality": {"type": "Property", "value": 1},
    },
    "name": {"type": "Property", "value": 'Hồ "Tây"'},
    "simulated": {"type": "Property", "value": True},
    "category": {"type": "Property", "value": ["onStreet", "a"]},
    "dateObserved": {"type": "Property", "value": {"@type": "DateTime", "@value": NOW}},
    "refParkingSite": {"type": "Relationship", "object": "urn:ngsi-ld:OnStreetParking:ltk-01"},
}


def query(text: str, **more: Any) -> Query:
    return parse_query([tuple(pair.split("=", 1)) for pair in text.split("&")], MODELS, **more)  # type: ignore[misc]  # two parts by the text


@pytest.mark.parametrize(
    ("condition", "holds_"),
    [
        ("pm25", True),
        ("pm10", False),
        ("pm25>35", True),
        ("pm25>35.2", False),
        ("pm25>=35.2", True),
        ("pm25<35.2", False),
        ("pm25<=35.2", True),
        ("pm25==35.2", True),
        ("pm25!=35.2", False),
        ("pm25!=1", True),
        ("pm10!=1", False),
        ("pm25==1,35.2", True),
        ("pm25!=1,2", True),
        ("pm25==30..40", True),
        ("pm25==36..40", False),
        ("pm25!=36..40", True),
        ("pm25!=30..40", False),
        ("pm25>-1e3", True),
        ('name=="Hồ \\"Tây\\""', True),
        ('name=="x","Hồ \\"Tây\\""', True),
        ('name=="x"', False),
        ("name==35.2", False),
        ("name!=35.2", True),
        ("simulated==true", True),
        ("simulated==false", False),
        ("simulated==1", False),
        ('category=="onStreet"', True),
        ('category=="b"', False),
        ("dateObserved>=2026-11-22T03:00:00Z", True),
        ("dateObserved>2026-11-22T10:00:00+07:00", False),
        ("dateObserved==2026-11-22T02:00:00Z..2026-11-22T04:00:00Z", True),
        ("pm25.observedAt<2026-11-22T04:00:00Z", True),
        ("pm25.quality==1", True),
        ("pm25.stale", False),
        ("refParkingSite==urn:ngsi-ld:OnStreetParking:ltk-01", True),
        ('refParkingSite=="urn:ngsi-ld:OnStreetParking:ltk-01"', True),
        ("https://smartdatamodels.org/dataModel.Environment/pm25>35", True),
        ("pm25>35;simulated==true", True),
        ("pm25>36;simulated==true", False),
        ("pm25>36|simulated==true", True),
        ("(pm25>36|pm10);simulated==true", False),
        ("((pm25>36)|(pm25<36));simulated==true", True),
        (" pm25 > 35 ; name ", True),
    ],
)
def test_a_condition_holds_or_not(condition: str, holds_: bool) -> None:
    assert holds(parse(condition, MODELS.short), ENTITY) is holds_


@pytest.mark.parametrize(
    ("condition", "kind", "told"),
    [
        ("", "BadRequestData", "an attribute is expected"),
        ("pm25>", "BadRequestData", "a value is expected"),
        ("pm25>x", "BadRequestData", "'x' is no value"),
        ("pm25=1", "BadRequestData", "at position 5"),
        ("pm25>1;", "BadRequestData", "an attribute is expected"),
        ("(pm25>1", "BadRequestData", "a ')' is missing"),
        ("pm25>1)", "BadRequestData", "is not expected here"),
        ('name=="x', "BadRequestData", "at position 7"),
        ("pm25==1,,2", "BadRequestData", "a value is missing"),
        ("pm25==1,", "BadRequestData", "a value is missing"),
        ('pm25=="a" "b"', "BadRequestData", "a ',' is missing"),
        ("pm25>1,2", "BadRequestData", "a list needs == or !="),
        ("pm25>1..2", "BadRequestData", "a range needs == or !="),
        ("dateObserved>2026-11-22T03:00:00", "BadRequestData", "times need an offset"),
        ("pm25>1;pm10|name", "BadRequestData", "need parentheses"),
        ('name~="x.*"', "OperationNotSupported", "patterns"),
        ("address[city]==1", "OperationNotSupported", "parts of values"),
        ("pm25>1" + ";pm25>1" * 50, "TooComplexQuery", "more than 50 terms"),
        ("(" * 12 + "pm25" + ")" * 12, "TooComplexQuery", "parentheses"),
        ("x" * 2001, "TooComplexQuery", "longer than 2000"),
    ],
)
def test_a_condition_that_can_not_be_read_is_refused_with_the_place(
    condition: str, kind: str, told: str
) -> None:
    with pytest.raises(Refused) as refused:
        parse(condition, MODELS.short)
    assert (refused.value.kind, refused.value.parameter) == (kind, "q")
    assert told in refused.value.detail


@given(st.text(st.sampled_from('abc_.0123456789"\\()[]<>=!~;|,-+:TZ \n\x00é'), max_size=60))
def test_any_text_is_a_condition_or_refused(text: str) -> None:
    try:
        condition = parse(text, MODELS.short)
    except Refused:
        return
    assert holds(condition, ENTITY) in (True, False)


def test_conditions_choose_entities() -> None:
    values = [value("hoan-kiem", "pm2_5", 35.2), value("tong-dan", "water_depth", 57)]
    assert [one["id"] for one in found(values, "q=pm25>35")] == ["urn:ngsi-ld:AirQualityObserved:hoan-kiem"]
    assert [one["id"] for one in found(values, "q=currentLevel>=0.5")] == [
        "urn:ngsi-ld:FloodMonitoring:tong-dan"
    ]
    assert found(values, "q=pm25>36") == []
    spots = found(values, "type=ParkingSpot&q=refParkingSite==urn:ngsi-ld:OnStreetParking:ltk-01&limit=2")
    assert [one["id"] for one in spots] == [f"urn:ngsi-ld:ParkingSpot:ltk-01-b0{n}" for n in (1, 2)]


def test_attributes_choose_entities_and_what_is_shown() -> None:
    values = [value("hoan-kiem", "pm2_5", 35.2), value("tong-dan", "water_depth", 57)]
    (entity,) = found(values, "attrs=pm25,pm10")
    assert set(entity) == {"id", "type", "pm25"}
    (entity,) = found(values, "attrs=https://smartdatamodels.org/dataModel.Environment/currentLevel")
    assert set(entity) == {"id", "type", "currentLevel"}


def test_types_are_named_short_or_written_out() -> None:
    iri = "https://smartdatamodels.org/dataModel.Parking/ParkingSpot"
    assert query(f"type={iri}").types == {"ParkingSpot"}
    assert query("type=ParkingSpot,WeatherObserved").types == {"ParkingSpot", "WeatherObserved"}
    assert query("type=ParkingSpot|WeatherObserved").types == {"ParkingSpot", "WeatherObserved"}
    assert query("type=Vehicle").types == frozenset()
    assert query("type=*").types is None
    assert found([], "type=Vehicle") == []


def test_a_page_is_a_part_of_what_is_found() -> None:
    known = query("type=ParkingSpot&limit=2&offset=4&count=true")
    assert (known.limit, known.offset, known.count) == (2, 4, True)
    assert [one["id"] for one in found([], "type=ParkingSpot&limit=2&offset=4")] == [
        "urn:ngsi-ld:ParkingSpot:ltk-01-b05"
    ]


@pytest.mark.parametrize(
    ("options", "representation", "sys_attrs"),
    [
        ("options=keyValues", "simplified", False),
        ("options=keyValues,sysAttrs", "simplified", True),
        ("options=normalized", "normalized", False),
        ("format=simplified", "simplified", False),
        ("format=normalized&options=sysAttrs", "normalized", True),
    ],
)
def test_representations(options: str, representation: str, sys_attrs: bool) -> None:
    asked = query(options)
    assert (asked.representation, asked.sys_attrs) == (representation, sys_attrs)


def test_an_area_is_a_distance_or_a_polygon() -> None:
    """One degree of latitude is 111.2 km on the mean sphere."""
    near = query("georel=near;maxDistance==2000&geometry=Point&coordinates=[105.85,21.03]").area
    assert near == Near(lat=21.03, lon=105.85, metres=2000, farther=False)
    assert near is not None
    assert is_in(near, 21.04, 105.85)
    assert not is_in(near, 21.05, 105.85)
    far = query("georel=near;minDistance==2000&geometry=Point&coordinates=[105.85,21.03]").area
    assert far is not None
    assert is_in(far, 21.05, 105.85)
    ring = "[[[105.8,21],[105.9,21],[105.9,21.1],[105.8,21.1],[105.8,21]]]"
    within = query(f"georel=within&geometry=Polygon&coordinates={ring}").area
    assert isinstance(within, Within)
    assert is_in(within, 21.03, 105.85)
    assert not is_in(within, 21.2, 105.85)


def test_an_area_chooses_entities_a_bay_by_its_points_place() -> None:
    place = "geometry=Point&coordinates=[105.85,21.03]"
    near = found([], f"type=ParkingSpot,OnStreetParking&georel=near;maxDistance==1&{place}")
    assert len(near) == 6
    assert found([], f"type=ParkingSpot&georel=near;minDistance==1&{place}") == []


@pytest.mark.parametrize(
    ("text", "kind", "parameter"),
    [
        ("limit=-1", "BadRequestData", "limit"),
        ("limit=x", "BadRequestData", "limit"),
        ("limit=0", "BadRequestData", "limit"),
        ("offset=1.5", "BadRequestData", "offset"),
        ("count=1", "BadRequestData", "count"),
        ("options=upsert", "BadRequestData", "options"),
        ("options=concise", "OperationNotSupported", "options"),
        ("format=temporalValues", "BadRequestData", "format"),
        ("id=trung-yen-3", "BadRequestData", "id"),
        ("id=" + ",".join(f"urn:x:{n}" for n in range(101)), "BadRequestData", "id"),
        ("type=A,,B", "BadRequestData", "type"),
        ("type=A;B", "OperationNotSupported", "type"),
        ("attrs=pm25,", "BadRequestData", "attrs"),
        ("idPattern=.*", "OperationNotSupported", "idPattern"),
        ("pick=pm25", "OperationNotSupported", "pick"),
        ("scopeQ=/x", "OperationNotSupported", "scopeQ"),
        ("color=red", "InvalidRequest", "color"),
        ("type=A&type=B", "InvalidRequest", "type"),
        ("georel=near;maxDistance==1", "BadRequestData", "geometry"),
        ("coordinates=[1,2]", "BadRequestData", "georel"),
        ("geoproperty=location", "BadRequestData", "geoproperty"),
        ("georel=near&geometry=Point&coordinates=[1,2]", "BadRequestData", "georel"),
        ("georel=near;maxDistance==1&geometry=Point&coordinates=1,2", "BadRequestData", "coordinates"),
        ("georel=near;maxDistance==1&geometry=Point&coordinates=[NaN,2]", "BadRequestData", "coordinates"),
        (
            f"georel=near;maxDistance==1&geometry=Point&coordinates=[1{'0' * 400},2]",
            "BadRequestData",
            "coordinates",
        ),
        ("georel=near;maxDistance==1&geometry=Point&coordinates=[true,2]", "BadRequestData", "coordinates"),
        ("georel=near;maxDistance==1&geometry=Point&coordinates=[181,2]", "BadRequestData", "coordinates"),
        (
            "georel=near;maxDistance==1&geometry=Polygon&coordinates=[1,2]",
            "OperationNotSupported",
            "geometry",
        ),
        ("georel=within&geometry=Point&coordinates=[1,2]", "OperationNotSupported", "geometry"),
        ("georel=intersects&geometry=Polygon&coordinates=[]", "OperationNotSupported", "georel"),
        ("georel=within&geometry=Polygon&coordinates=[]", "BadRequestData", "coordinates"),
        ("georel=within&geometry=Polygon&coordinates=[[[1,2],[3,4]]]", "BadRequestData", "coordinates"),
        ('georel=within&geometry=Polygon&coordinates=[["x"]]', "BadRequestData", "coordinates"),
        ("georel=within&geometry=Polygon&coordinates=" + "[" * 1500, "BadRequestData", "coordinates"),
    ],
)
def test_a_wrong_parameter_is_refused_by_name(text: str, kind: str, parameter: str) -> None:
    with pytest.raises(Refused) as refused:
        query(text)
    assert (refused.value.kind, refused.value.parameter) == (kind, parameter)


def test_one_entity_is_asked_less() -> None:
    assert query("attrs=pm25", allowed=OF_ONE).attrs == ("pm25",)
    with pytest.raises(Refused) as refused:
        query("limit=1", allowed=OF_ONE)
    assert refused.value.kind == "OperationNotSupported"


def test_everything_is_asked_for_in_words() -> None:
    assert is_too_wide(query("limit=5"))
    assert not is_too_wide(query("type=*"))
    assert not is_too_wide(query("local=true"))
    assert not is_too_wide(query("type=Vehicle"))
