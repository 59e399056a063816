"""What is asked of entities: the query parameters of NGSI-LD, checked. Pure.

A parameter that is unknown is refused, as is one that NGSI-LD has and this reading has not: an answer that ignores half
of a question is wrong.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import shapely
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from dashboard.ngsi_ld.condition_language import Condition, parse
from dashboard.ngsi_ld.models import Models
from dashboard.ngsi_ld.refusal import bad, invalid, not_supported

PAGE: Final = 20
MOST: Final = 1000
"""Entities of one answer."""
FARTHEST: Final = 1_000_000
MOST_IDS: Final = 100

Representation = Literal["normalized", "simplified"]

OF_LISTS: Final = frozenset(
    {
        "type",
        "id",
        "attrs",
        "q",
        "georel",
        "geometry",
        "coordinates",
        "geoproperty",
        "limit",
        "offset",
        "count",
        "options",
        "format",
        "local",
    }
)
OF_ONE: Final = frozenset({"attrs", "options", "format", "local", "type"})
OF_TYPES: Final = frozenset({"details", "local"})
ELSEWHERE: Final = frozenset(
    {
        "idPattern",
        "scopeQ",
        "csf",
        "lang",
        "datasetId",
        "pick",
        "omit",
        "join",
        "joinLevel",
        "containedBy",
        "geometryProperty",
        "orderBy",
        "collation",
        "expandValues",
        "jsonKeys",
        "entityMap",
        "via",
        "splitEntities",
    }
)
"""Of the standard, and not here."""

_URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]+", re.ASCII)
_DISTANCE: Final = re.compile(r"near;(maxDistance|minDistance)==(\d{1,9}(?:\.\d{1,6})?)", re.ASCII)


@dataclass(frozen=True, kw_only=True, slots=True)
class Near:
    lat: float
    lon: float
    metres: float
    farther: bool
    """minDistance: what is at least so far away."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Within:
    area: BaseGeometry


Area = Near | Within


@dataclass(frozen=True, kw_only=True, slots=True)
class Query:
    types: frozenset[str] | None = None
    """Short names; None: all."""
    ids: tuple[str, ...] | None = None
    attrs: tuple[str, ...] | None = None
    """Short names."""
    condition: Condition | None = None
    area: Area | None = None
    limit: int = PAGE
    offset: int = 0
    count: bool = False
    representation: Representation = "normalized"
    sys_attrs: bool = False
    details: bool = False
    given: tuple[tuple[str, str], ...] = ()


def parse_query(
    given: Iterable[tuple[str, str]], models: Models, allowed: frozenset[str] = OF_LISTS
) -> Query:
    """Raises Refused naming the parameter. `given` are the pairs of the query string, decoded."""
    pairs = tuple(given)
    asked = _once(pairs, allowed)
    representation, sys_attrs = _options(asked)
    limit, count = _number(asked, "limit", PAGE), _truth(asked, "count")
    if limit == 0 and not count:
        raise bad("limit", "is 0, which is for count=true")
    return Query(
        types=_types(asked.get("type"), models),
        ids=_ids(asked.get("id")),
        attrs=_attrs(asked.get("attrs"), models),
        condition=parse(asked["q"], models.short) if "q" in asked else None,
        area=_area(asked),
        limit=limit,
        offset=_number(asked, "offset", 0),
        count=count,
        representation=representation,
        sys_attrs=sys_attrs,
        details=_truth(asked, "details"),
        given=pairs,
    )


def is_uri(text: str) -> bool:
    return _URI.fullmatch(text) is not None


def is_too_wide(query: Query) -> bool:
    """The standard wants a question to narrow down something, unless it says that all is meant (5.7.2.4)."""
    narrowed = (query.types, query.ids, query.attrs, query.condition, query.area)
    meant = {("local", "true"), ("type", "*")} & set(query.given)
    return all(one is None for one in narrowed) and not meant


def _once(pairs: Iterable[tuple[str, str]], allowed: frozenset[str]) -> Mapping[str, str]:
    asked: dict[str, str] = {}
    for name, text in pairs:
        if name in ELSEWHERE or (name not in allowed and name in OF_LISTS):
            raise not_supported(name[:40], "is a parameter of NGSI-LD that is not supported here")
        if name not in allowed:
            raise invalid(name[:40], "is no parameter here; there are " + ", ".join(sorted(allowed)))
        if name in asked:
            raise invalid(name, "stands there twice")
        asked[name] = text
    return asked


def _options(asked: Mapping[str, str]) -> tuple[Representation, bool]:
    """`options=keyValues,sysAttrs` of old, `format=simplified` of now."""
    representation: Representation = "normalized"
    options = asked.get("options", "")
    words = options.split(",") if options else []
    for word in words:
        if word in ("keyValues", "simplified"):
            representation = "simplified"
        elif word == "concise":
            raise not_supported(
                "options", "concise is not supported here; there are normalized and keyValues"
            )
        elif word not in ("normalized", "sysAttrs", "count"):
            raise bad("options", f"'{word:.40}' is none of normalized, keyValues, simplified, sysAttrs")
    format = asked.get("format")
    if format in ("simplified", "keyValues"):
        representation = "simplified"
    elif format == "concise":
        raise not_supported("format", "concise is not supported here; there are normalized and simplified")
    elif format not in (None, "normalized"):
        raise bad("format", f"'{format:.40}' is neither normalized nor simplified")
    return representation, "sysAttrs" in words


def _types(text: str | None, models: Models) -> frozenset[str] | None:
    """Any of some, by short name or written out. One that there is nothing of is no error: nothing is found."""
    if text is None or text == "*":
        return None
    if ";" in text or "(" in text:
        raise not_supported("type", "types are joined by ',' or '|': an entity has one type here")
    names = [part.strip() for part in re.split(r"[,|]", text)]
    if not all(names):
        raise bad("type", "has an empty name")
    found = (models.by_type.get(name) for name in names)
    return frozenset(one.type for one in found if one is not None)


def _ids(text: str | None) -> tuple[str, ...] | None:
    if text is None:
        return None
    ids = tuple(part.strip() for part in text.split(","))
    wrong = next((one for one in ids if not is_uri(one)), None)
    if wrong is not None:
        raise bad("id", f"'{wrong:.80}' is no URI, such as urn:ngsi-ld:AirQualityObserved:trung-yen-3")
    if len(ids) > MOST_IDS:
        raise bad("id", f"more than {MOST_IDS}")
    return ids


def _attrs(text: str | None, models: Models) -> tuple[str, ...] | None:
    if text is None:
        return None
    names = tuple(models.short(part.strip()) for part in text.split(","))
    if not all(names):
        raise bad("attrs", "has an empty name")
    return names


def _number(asked: Mapping[str, str], name: str, otherwise: int) -> int:
    text = asked.get(name)
    if text is None:
        return otherwise
    if not re.fullmatch(r"\d{1,9}", text, re.ASCII):
        raise bad(name, "is no whole number from 0 on")
    return int(text)


def _truth(asked: Mapping[str, str], name: str) -> bool:
    text = asked.get(name, "false")
    if text not in ("true", "false"):
        raise bad(name, "is neither true nor false")
    return text == "true"


def _area(asked: Mapping[str, str]) -> Area | None:
    given = [name for name in ("georel", "geometry", "coordinates") if name in asked]
    if not given:
        if "geoproperty" in asked:
            raise bad("geoproperty", "needs georel, geometry and coordinates")
        return None
    missing = next((n for n in ("georel", "geometry", "coordinates") if n not in asked), None)
    if missing is not None:
        raise bad(missing, f"is missing beside {given[0]}")
    if asked.get("geoproperty", "location") not in ("location", "https://uri.etsi.org/ngsi-ld/location"):
        raise bad("geoproperty", "location is the only one here")
    georel, geometry = asked["georel"], asked["geometry"]
    coordinates = _coordinates(asked["coordinates"])
    if georel.startswith("near"):
        return _near(georel, geometry, coordinates)
    if georel != "within":
        raise not_supported("georel", "there are near;maxDistance==…, near;minDistance==… and within")
    return Within(area=_polygon(geometry, coordinates))


def _coordinates(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        raise bad("coordinates", "is no JSON array, such as [105.85,21.03]") from None


def _near(georel: str, geometry: str, coordinates: Any) -> Near:
    distance = _DISTANCE.fullmatch(georel)
    if distance is None:
        raise bad("georel", "near needs a distance in metres: near;maxDistance==2000")
    if geometry != "Point":
        raise not_supported("geometry", "near is asked of a Point here")
    lon, lat = _position(coordinates)
    return Near(lat=lat, lon=lon, metres=float(distance[2]), farther=distance[1] == "minDistance")


def _position(coordinates: Any) -> tuple[float, float]:
    """Longitude first, in degrees."""
    is_pair = isinstance(coordinates, list) and len(coordinates) in (2, 3)
    numbers = is_pair and all(type(one) in (int, float) for one in coordinates)
    if not numbers or not (abs(coordinates[0]) <= 180 and abs(coordinates[1]) <= 90):
        raise bad("coordinates", "is no [longitude,latitude] in degrees, such as [105.85,21.03]")
    return float(coordinates[0]), float(coordinates[1])


def _polygon(geometry: str, coordinates: Any) -> BaseGeometry:
    if geometry not in ("Polygon", "MultiPolygon"):
        raise not_supported("geometry", "within is asked of a Polygon or a MultiPolygon here")
    try:
        area = shape({"type": geometry, "coordinates": coordinates})
        usable = area.is_valid and not area.is_empty
    except (ArithmeticError, AttributeError, IndexError, TypeError, ValueError, shapely.errors.ShapelyError):
        usable = False
    if not usable:
        raise bad("coordinates", f"is no {geometry}: rings of [longitude,latitude], closed, crossing nothing")
    return area
