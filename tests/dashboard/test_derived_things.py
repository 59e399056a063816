"""A basin and a parking point have no sensor of their own; what is derived for them does not make them one."""

from dataclasses import replace
from datetime import timedelta

from dashboard.condition import condition
from dashboard.control_room.tiles import tile
from dashboard.data import CityView
from dashboard.map_snapshot import feature_collection
from storage.catalog import load_catalog
from storage.observations import LiveValue
from storage.things import DatastreamRow
from tests.dashboard.small_city import NOW, STREAMS, THINGS, thing, value

BASIN = thing("to-lich-basin", "rain", "basin", placed=False)
GAUGE = thing("rain-cau-giay", "rain", "gauge")
POINT = replace(next(t for t in THINGS if t.id == "ltk-01"), properties={"capacity": 14})


def stream(number: int, thing_id: str, key: str, *, derived: bool, interval_s: int) -> DatastreamRow:
    unit = load_catalog()["parking" if thing_id.startswith("ltk") else "rain"].properties[key].unit
    return DatastreamRow(
        id=number, thing_id=thing_id, property=key, unit=unit, derived=derived, interval_s=interval_s
    )


OWN = (
    stream(101, "rain-cau-giay", "rain_interval", derived=False, interval_s=300),
    stream(102, "rain-cau-giay", "rain_1h", derived=True, interval_s=600),
    stream(103, "to-lich-basin", "rain_48h", derived=True, interval_s=600),
    stream(104, "ltk-01", "parking_free", derived=True, interval_s=300),
)


def said(stream_id: int, result: float, minutes: float = 0) -> LiveValue:
    row = next(each for each in OWN if each.id == stream_id)
    at = NOW - timedelta(minutes=minutes)
    return LiveValue(
        thing_id=row.thing_id,
        domain="parking" if row.thing_id.startswith("ltk") else "rain",
        property=row.property,
        datastream_id=row.id,
        phenomenon_time=at,
        result_time=at,
        ingested_at=at,
        result=result,
        quality=1,
        quality_reason=None,
        provenance="derived",
        input_provenance="measured",
    )


def city(*values: LiveValue) -> CityView:
    others = [each for each in THINGS if each.id != "ltk-01"]
    empty = CityView(domains=load_catalog())
    view = empty.with_things([*others, BASIN, GAUGE, POINT], [*STREAMS.values(), *OWN])
    return view.with_values(values)[0]


def test_a_basin_is_counted_among_no_sensors_heard_or_not() -> None:
    for values in ([], [said(103, 48.0)], [said(103, 48.0, minutes=90)]):
        view = city(said(101, 0.2), *values)
        shown = tile(view, view.domains["rain"], None, NOW, "en")
        assert shown.sensors == {"live": 1, "stale": 0, "never": 0, "fault": 0}
        assert shown.state == "live"


def test_a_basin_is_not_on_the_map() -> None:
    view = city(said(101, 0.2), said(103, 48.0))
    features = feature_collection(view, view.domains["rain"], NOW, bays=False)["features"]
    assert [feature["id"] for feature in features] == ["rain-cau-giay"]


def test_a_basin_by_itself_lives_by_what_is_derived_for_it() -> None:
    view = city(said(103, 48.0))
    assert condition(view, view.domains["rain"], BASIN, NOW).state == "live"


def test_sums_derived_of_a_silent_gauge_do_not_make_it_live() -> None:
    view = city(said(101, 0.2, minutes=30), said(102, 2.4))
    assert condition(view, view.domains["rain"], GAUGE, NOW).state == "stale"


def test_a_parking_point_is_no_sensor_and_places_without_a_bay_are_unknown() -> None:
    view = city(value("ltk-01-b01", "occupied", 1), value("ltk-01-b02", "occupied", 0), said(104, 1))
    shown = tile(view, view.domains["parking"], None, NOW, "en")
    assert shown.sensors == {"live": 2, "stale": 0, "never": 3, "fault": 0}
    (point,) = feature_collection(view, view.domains["parking"], NOW, bays=False)["features"]
    counts = [
        point["properties"][key] for key in ("free", "occupied", "unknown", "out_of_service", "capacity")
    ]
    assert counts == [1, 1, 12, 0, 14]
