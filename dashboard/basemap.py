"""The offline basemap: names of Hanoi's wards and communes at their centres, and schematic water."""

from collections.abc import Iterator
from typing import Any

from dashboard import schematic_water
from storage import wards

Feature = dict[str, Any]


def basemap() -> Feature:
    """A GeoJSON FeatureCollection; each feature has `name`, `kind` (ward, commune, water), `rank`, `from_zoom`."""
    return {
        "type": "FeatureCollection",
        "note_vi": "Sơ đồ: mặt nước vẽ phác, tên đặt ở tâm phường, xã. Không dùng để đo.",
        "note_en": "Schematic: water is sketched, names stand at the centres of wards and communes. Not for measuring.",
        "features": [*_water(), *_places()],
    }


def _water() -> Iterator[Feature]:
    for water in schematic_water.ALL:
        ring = [[lon, lat] for lat, lon in (*water.outline, water.outline[0])]
        lat, lon = water.label_at
        yield {
            "type": "Feature",
            "geometry": {"type": "Polygon", "coordinates": [ring]},
            "properties": {
                "name": water.name,
                "kind": "water",
                "schematic": True,
                "label_at": [lon, lat],
                "rank": 0,
                "from_zoom": water.from_zoom,
            },
        }


def _places() -> Iterator[Feature]:
    for unit in wards.units():
        yield {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [unit.lon, unit.lat]},
            "properties": {
                "name": unit.name,
                "kind": "ward" if unit.is_ward else "commune",
                "code": unit.code,
                "rank": 1 if unit.is_ward else 2,
                "from_zoom": 12 if unit.is_ward else 11,
            },
        }
