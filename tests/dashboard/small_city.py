"""A city of a few Things, built by hand, for tests that need no database."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from dashboard.data import CityView
from storage.catalog import load_catalog
from storage.observations import LiveValue
from storage.things import DatastreamRow, ThingRow

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


def stream(
    number: int,
    thing_id: str,
    property_key: str,
    unit: str,
    interval_s: int = 300,
    *,
    derived: bool = False,
) -> DatastreamRow:
    return DatastreamRow(
        id=number,
        thing_id=thing_id,
        property=property_key,
        unit=unit,
        derived=derived,
        interval_s=interval_s,
    )


def by_thing_and_property(streams: Iterable[DatastreamRow]) -> dict[tuple[str, str], DatastreamRow]:
    return {(one.thing_id, one.property): one for one in streams}


STREAMS = by_thing_and_property(
    (
        stream(1, "hoan-kiem", "pm2_5", "ug/m3"),
        stream(2, "hoan-kiem", "vn_aqi", "{AQI}", 3600, derived=True),
        stream(3, "hoan-kiem", "battery", "V", 3600),
        stream(4, "tong-dan", "water_depth", "cm", 60),
        stream(5, "tong-dan", "road_closed", "1", 86400),
        *(stream(10 + n, f"ltk-01-b{n:02d}", "occupied", "1", 1800) for n in range(1, 6)),
    )
)


def thing(
    thing_id: str, domain: str, kind: str, *, parent: str | None = None, placed: bool = True
) -> ThingRow:
    return ThingRow(
        id=thing_id,
        domain=domain,
        kind=kind,
        parent_id=parent,
        name_vi=f"{thing_id} (vi)",
        name_en=f"{thing_id} (en)",
        lat=21.03 if placed else None,
        lon=105.85 if placed else None,
        coordinate_trust="M" if placed else None,
        coordinate_source="test" if placed else None,
        properties={},
    )


THINGS = (
    thing("hoan-kiem", "air_quality", "station"),
    thing("tong-dan", "flood", "flood_point"),
    thing("ltk-01", "parking", "parking_point"),
    *(thing(f"ltk-01-b{n:02d}", "parking", "bay", parent="ltk-01", placed=False) for n in range(1, 6)),
)


def value(
    thing_id: str,
    property_key: str,
    result: float,
    *,
    at: datetime = NOW,
    quality: int = 1,
    reason: str | None = None,
    provenance: str = "measured",
    input_provenance: str | None = None,
    expires_at: datetime | None = None,
    things: Iterable[ThingRow] = THINGS,
    streams: Mapping[tuple[str, str], DatastreamRow] = STREAMS,
) -> LiveValue:
    """Of the small city, or of another one."""
    return LiveValue(
        thing_id=thing_id,
        domain=next(one.domain for one in things if one.id == thing_id),
        property=property_key,
        datastream_id=streams[thing_id, property_key].id,
        phenomenon_time=at,
        result_time=at,
        ingested_at=at,
        result=result,
        quality=quality,
        quality_reason=reason,
        provenance=provenance,
        input_provenance=input_provenance,
        expires_at=expires_at,
    )


def view(values: Iterable[LiveValue] = ()) -> CityView:
    """The small city with these newest values, in the shipped catalogue."""
    empty = CityView(domains=load_catalog()).with_things(THINGS, STREAMS.values())
    return empty.with_values(values)[0]
