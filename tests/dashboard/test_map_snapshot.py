"""GeoJSON of a domain: what a feature says, extents, bays, and when it is encoded anew."""

import gzip
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import msgspec
from msgspec import structs

from dashboard.api.schema import MapCollection
from dashboard.data import City, CityView, Extent
from dashboard.map_snapshot import MapSnapshots, feature_collection
from storage.things import DatastreamRow
from tests.dashboard.small_city import NOW, STREAMS, THINGS, value, view


def collection(city: CityView, domain: str, *, bays: bool = False) -> dict[str, Any]:
    """As it goes over the wire, and valid by its own schema."""
    encoded = msgspec.json.encode(feature_collection(city, city.domains[domain], NOW, bays=bays))
    MapCollection.model_validate_json(encoded)
    decoded: dict[str, Any] = msgspec.json.decode(encoded)
    return decoded


def test_a_feature_says_everything_about_its_thing() -> None:
    at = NOW - timedelta(seconds=30)
    found = collection(view([value("tong-dan", "water_depth", 12.4, at=at, provenance="simulated")]), "flood")
    assert found["generated_at"] == "2026-11-22T03:00:00Z"
    assert found["simulated"] is True
    [feature] = found["features"]
    assert feature["id"] == "tong-dan"
    assert feature["geometry"] == {"type": "Point", "coordinates": [105.85, 21.03]}
    assert feature["properties"] == {
        "name_vi": "tong-dan (vi)",
        "name_en": "tong-dan (en)",
        "kind": "flood_point",
        "time": "2026-11-22T02:59:30Z",
        "age_s": 30,
        "interval_s": 60,
        "state": "live",
        "values": {
            "water_depth": {
                "result": 12.4,
                "unit": "cm",
                "quality": 1,
                "time": "2026-11-22T02:59:30Z",
                "provenance": "simulated",
            }
        },
        "level": 1,
        "label_vi": "Ngập nhẹ",
        "label_en": "Minor",
        "color": "#2C98E8",
        "coordinate_trust": "M",
        "simulated": True,
        "closed": False,
    }


def test_a_thing_that_was_never_heard_is_on_the_map() -> None:
    [feature] = collection(view(), "flood")["features"]
    assert (feature["properties"]["state"], feature["properties"]["age_s"]) == ("never", None)


def test_measured_values_need_no_banner() -> None:
    assert collection(view([value("tong-dan", "water_depth", 1)]), "flood")["simulated"] is False


def test_a_parking_point_counts_its_bays_and_shows_them_when_asked() -> None:
    city = view(
        [value("ltk-01-b01", "occupied", 1, provenance="simulated"), value("ltk-01-b02", "occupied", 0)]
    )
    [point] = collection(city, "parking")["features"]
    counts = {
        key: point["properties"][key] for key in ("free", "occupied", "unknown", "out_of_service", "capacity")
    }
    assert counts == {"free": 1, "occupied": 1, "unknown": 3, "out_of_service": 0, "capacity": 5}
    assert point["properties"]["simulated"] is True
    with_bays = collection(city, "parking", bays=True)["features"]
    assert len(with_bays) == 6
    bay = next(feature for feature in with_bays if feature["id"] == "ltk-01-b01")
    assert (bay["properties"]["parent_id"], bay["properties"]["bay_state"]) == ("ltk-01", "occupied")
    assert bay["geometry"]["coordinates"] == [105.85, 21.03]  # its point's: no bay has a place of its own


SQUARE = [[[105.85, 21.02], [105.86, 21.02], [105.86, 21.03], [105.85, 21.02]]]


def extent(at: datetime, depth_cm: float = 35, geometry: dict[str, Any] | None = None) -> Extent:
    shape = geometry or {"type": "Polygon", "coordinates": SQUARE}
    feature = {"type": "Feature", "geometry": shape, "properties": {"depth_cm": depth_cm}}
    return Extent(thing_id="tong-dan", phenomenon_time=at, features=[feature], provenance="simulated")


def areas(*extents: Extent) -> list[dict[str, Any]]:
    found = collection(replace(view(), extents=extents), "flood")["features"]
    return [feature for feature in found if feature["properties"]["kind"] == "extent"]


def test_what_is_the_sum_of_its_parts_can_be_closed_too() -> None:
    city = view([value("ltk-01-b01", "occupied", 0.0)])
    parking, point = city.domains["parking"], city.things["ltk-01"]
    closing = DatastreamRow(
        id=99, thing_id=point.id, property="out_of_service", unit="1", derived=False, interval_s=86400
    )
    city = city.with_things(THINGS, [*STREAMS.values(), closing])
    told = structs.replace(
        value("ltk-01-b01", "occupied", 1.0), thing_id=point.id, property="out_of_service", datastream_id=99
    )
    city = city.with_values([told])[0]
    closable = replace(
        parking,
        sections={**parking.sections, "map": {**parking.sections["map"], "closure": "out_of_service"}},
    )
    [feature] = feature_collection(city, closable, NOW, bays=False)["features"]
    assert (feature["properties"]["capacity"], feature["properties"]["closed"]) == (5, True)
    [feature] = feature_collection(city, parking, NOW, bays=False)["features"]
    assert "closed" not in feature["properties"]


def test_a_flooded_area_is_a_polygon_with_its_depth() -> None:
    [area] = areas(extent(NOW - timedelta(minutes=10)))
    assert area["geometry"] == {"type": "Polygon", "coordinates": SQUARE}
    shown = area["properties"]
    assert (shown["depth_cm"], shown["level"], shown["thing"], shown["age_s"]) == (35, 3, "tong-dan", 600)


def test_several_polygons_of_one_extent_are_several_features() -> None:
    found = areas(extent(NOW, geometry={"type": "MultiPolygon", "coordinates": [SQUARE, SQUARE]}))
    assert [area["geometry"]["type"] for area in found] == ["Polygon", "Polygon"]
    assert len({area["id"] for area in found}) == 2


def test_an_area_that_nobody_confirms_turns_grey_and_then_goes() -> None:
    [old] = areas(extent(NOW - timedelta(hours=2)))
    assert (old["properties"]["state"], old["properties"]["level"]) == ("stale", None)
    assert areas(extent(NOW - timedelta(hours=24))) == []


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


def snapshots() -> tuple[City, Clock, MapSnapshots]:
    city, clock = City(view().domains), Clock()
    city.set_things(THINGS, STREAMS.values())
    return city, clock, MapSnapshots(city, clock)


def test_a_change_is_in_the_map_before_half_a_second_is_over() -> None:
    city, clock, maps = snapshots()
    before = maps.get("flood")
    city.take([value("tong-dan", "water_depth", 40)])
    clock.now += timedelta(seconds=0.5)
    after = maps.get("flood")
    assert before is not None
    assert after is not None
    assert b'"level":3' not in before.body
    assert b'"level":3' in after.body


def test_many_requests_in_one_moment_are_one_encoding_and_ages_still_grow() -> None:
    city, clock, maps = snapshots()
    city.take([value("tong-dan", "water_depth", 40)])
    first = maps.get("flood")
    clock.now += timedelta(seconds=0.9)
    assert maps.get("flood") is first
    clock.now += timedelta(seconds=0.1)
    second = maps.get("flood")
    assert second is not None
    assert msgspec.json.decode(second.body)["features"][0]["properties"]["age_s"] == 1


def test_both_encodings_are_the_same_document() -> None:
    encoded = snapshots()[2].get("parking", bays=True)
    assert encoded is not None
    assert gzip.decompress(encoded.gzipped) == encoded.body


def test_an_unknown_domain_has_no_map() -> None:
    assert snapshots()[2].get("noise") is None
