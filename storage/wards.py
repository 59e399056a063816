"""Hanoi's 126 commune-level units since July 2025, by their centres: names from the package vietnamadminunits (MIT)."""

import math
import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import msgspec

from storage.model import Text

HANOI: Final = "thanhphohanoi"
WARD: Final = "Phường"
FARTHEST_DEG: Final = 0.2
"""About 20 km: what is farther from every centre is in none of them."""


class Unit(msgspec.Struct, frozen=True):
    """A ward or commune; other fields of the file are skipped."""

    name: str = msgspec.field(name="wardShort")
    kind: str = msgspec.field(name="wardType")
    code: str = msgspec.field(name="wardCode")
    lat: float = msgspec.field(name="wardLat")
    lon: float = msgspec.field(name="wardLon")

    @property
    def is_ward(self) -> bool:
        return self.kind == WARD

    @property
    def full_name(self) -> Text:
        """'Phường Hoàn Kiếm', in English 'Hoan Kiem ward'."""
        return Text(
            vi=f"{self.kind} {self.name}",
            en=f"{without_marks(self.name)} {'ward' if self.is_ward else 'commune'}",
        )


class _Dataset(msgspec.Struct, frozen=True):
    provinces: dict[str, dict[str, Unit]] = msgspec.field(name="DICT_PROVINCE_WARD_NO_ACCENTED")


@cache
def units() -> Sequence[Unit]:
    """All of them, by code."""
    found = msgspec.json.decode(_dataset().read_bytes(), type=_Dataset).provinces[HANOI]
    return tuple(sorted(found.values(), key=lambda unit: unit.code))


def nearest(lat: float, lon: float) -> Unit | None:
    """The unit whose centre is nearest: near a border it may be the neighbour. None: far from all of them."""
    squeeze = math.cos(math.radians(lat))

    def distance(unit: Unit) -> float:
        return math.hypot(unit.lat - lat, (unit.lon - lon) * squeeze)

    unit = min(units(), key=distance)
    return unit if distance(unit) <= FARTHEST_DEG else None


@cache
def by_code() -> Mapping[str, Unit]:
    """All of them."""
    return {unit.code: unit for unit in units()}


def without_marks(name: str) -> str:
    """Without diacritics, as English texts write names of Hanoi."""
    apart = unicodedata.normalize("NFD", name.replace("đ", "d").replace("Đ", "D"))
    return "".join(sign for sign in apart if not unicodedata.combining(sign))


def _dataset() -> Path:
    """Found without importing the package, which would bring half a geographer's workshop into memory."""
    spec = find_spec("vietnamadminunits")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("vietnamadminunits is not installed: names of wards need its data")
    return Path(spec.submodule_search_locations[0]) / "data" / "parser_from_2025.json"
