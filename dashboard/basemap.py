"""The offline basemap: names of Hanoi's wards and communes at their centres, and schematic water."""

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import msgspec

from dashboard import schematic_water

HANOI: Final = "thanhphohanoi"
WARD: Final = "Phường"

Feature = dict[str, Any]


class _Unit(msgspec.Struct, frozen=True):
    """A commune-level unit; other fields of the file are skipped."""

    name: str = msgspec.field(name="wardShort")
    kind: str = msgspec.field(name="wardType")
    code: str = msgspec.field(name="wardCode")
    lat: float = msgspec.field(name="wardLat")
    lon: float = msgspec.field(name="wardLon")


class _Dataset(msgspec.Struct, frozen=True):
    provinces: dict[str, dict[str, _Unit]] = msgspec.field(name="DICT_PROVINCE_WARD_NO_ACCENTED")


def basemap() -> Feature:
    """A GeoJSON FeatureCollection; each feature has `name`, `kind` (ward, commune, water), `rank`, `from_zoom`."""
    return {
        "type": "FeatureCollection",
        "note_vi": "Sơ đồ: mặt nước vẽ phác, tên đặt ở tâm phường, xã. Không dùng để đo.",
        "note_en": "Schematic: water is sketched, names stand at the centres of wards and communes. Not for measuring.",
        "features": [*_water(), *_places(_dataset())],
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


def _places(dataset: Path) -> Iterator[Feature]:
    """The 126 units since July 2025, from the package vietnamadminunits (MIT)."""
    units = msgspec.json.decode(dataset.read_bytes(), type=_Dataset).provinces[HANOI]
    for unit in sorted(units.values(), key=lambda unit: unit.code):
        ward = unit.kind == WARD
        yield {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [unit.lon, unit.lat]},
            "properties": {
                "name": unit.name,
                "kind": "ward" if ward else "commune",
                "code": unit.code,
                "rank": 1 if ward else 2,
                "from_zoom": 12 if ward else 11,
            },
        }


def _dataset() -> Path:
    """Found without importing the package, which would bring half a geographer's workshop into memory."""
    spec = find_spec("vietnamadminunits")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("vietnamadminunits is not installed: the offline basemap needs its data")
    return Path(spec.submodule_search_locations[0]) / "data" / "parser_from_2025.json"
