"""A city of a few Things, built by hand, for tests that need no database."""

from collections.abc import Iterable
from datetime import UTC, datetime

from dashboard.data import CityView
from storage.catalog import load_catalog
from storage.observations import LiveValue
from storage.things import DatastreamRow, ThingRow

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)

STREAMS = {
    ("hoan-kiem", "pm2_5"): DatastreamRow(
        id=1, thing_id="hoan-kiem", property="pm2_5", unit="ug/m3", derived=False, interval_s=300
    ),
    ("hoan-kiem", "vn_aqi"): DatastreamRow(
        id=2, thing_id="hoan-kiem", property="vn_aqi", unit="{AQI}", derived=True, interval_s=3600
    ),
    ("hoan-kiem", "battery"): DatastreamRow(
        id=3, thing_id="hoan-kiem", property="battery", unit="V", derived=False, interval_s=3600
    ),
    ("tong-dan", "water_depth"): DatastreamRow(
        id=4, thing_id="tong-dan", property="water_depth", unit="cm", derived=False, interval_s=60
    ),
    ("tong-dan", "road_closed"): DatastreamRow(
        id=5, thing_id="tong-dan", property="road_closed", unit="1", derived=False, interval_s=86400
    ),
    **{
        (f"ltk-01-b{n:02d}", "occupied"): DatastreamRow(
            id=10 + n,
            thing_id=f"ltk-01-b{n:02d}",
            property="occupied",
            unit="1",
            derived=False,
            interval_s=1800,
        )
        for n in range(1, 6)
    },
}


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
    provenance: str = "measured",
    input_provenance: str | None = None,
) -> LiveValue:
    stream = STREAMS[thing_id, property_key]
    return LiveValue(
        thing_id=thing_id,
        domain=next(t.domain for t in THINGS if t.id == thing_id),
        property=property_key,
        datastream_id=stream.id,
        phenomenon_time=at,
        result_time=at,
        ingested_at=at,
        result=result,
        quality=quality,
        quality_reason=None,
        provenance=provenance,
        input_provenance=input_provenance,
    )


def view(values: Iterable[LiveValue] = ()) -> CityView:
    """The small city with these newest values, in the shipped catalogue."""
    empty = CityView(domains=load_catalog()).with_things(THINGS, STREAMS.values())
    return empty.with_values(values)[0]
