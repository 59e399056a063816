"""Flooded areas: a GeoJSON FeatureCollection (RFC 7946) with a top-level `time` and `depth_cm` in each feature."""

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Any, Final

from ingest.decoders._json import NotFinite, parse, parse_time
from ingest.decoders.native import too_large
from ingest.model import Fault, Reason
from storage.model import Provenance, Range

DEPTH_CM: Final = Range(low=0, high=2000)
MOST_FAULTS: Final = 100
"""Of one feature: numbers that are none."""
_POLYGONS: Final = {"Polygon": 2, "MultiPolygon": 3}
"""Geometry → how many arrays stand around a position."""

Decoded = tuple[datetime, Provenance, list[dict[str, Any]]]


def decode(payload: bytes) -> Decoded | list[Fault]:
    """Time, provenance and features; or every fault. An extent is stored whole or not at all."""
    document = too_large(payload) or parse(payload)
    if isinstance(document, Fault):
        return [document]
    if not isinstance(document, dict) or document.get("type") != "FeatureCollection":
        return [_wrong("$.type", "a GeoJSON FeatureCollection")]
    faults: list[Fault] = []
    time = None
    if "time" in document:
        time = parse_time("$.time", document["time"], faults)
    else:
        faults.append(Fault(reason=Reason.MISSING_FIELD, path="$.time", message="there is no time"))
    provenance = document.get("provenance", "measured")
    if provenance not in list(Provenance):
        faults.append(_wrong("$.provenance", f"one of {', '.join(Provenance)}"))
    features = document.get("features")
    if not isinstance(features, list):
        faults.append(_wrong("$.features", "an array"))
        features = []
    for n, feature in enumerate(features):
        where = f"$.features[{n}]"
        faults += list(islice(_not_finite(where, feature), MOST_FAULTS)) or _feature_faults(where, feature)
    if faults or time is None:
        return faults
    return time, Provenance(provenance), features


def _not_finite(path: str, value: Any) -> Iterator[Fault]:
    """Wherever a number is none: the database stores a feature whole. Keys are cut: each path has all above it."""
    if isinstance(value, NotFinite):
        yield Fault(reason=Reason.NOT_FINITE, path=path, message="is not a finite number")
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from _not_finite(f"{path}.{key:.64}", part)
    elif isinstance(value, list):
        for n, part in enumerate(value):
            yield from _not_finite(f"{path}[{n}]", part)


def _feature_faults(path: str, feature: Any) -> list[Fault]:
    if not isinstance(feature, dict) or feature.get("type") != "Feature":
        return [_wrong(path, "a GeoJSON Feature")]
    faults = []
    geometry = feature.get("geometry")
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    if not isinstance(geometry, dict) or not isinstance(kind, str) or kind not in _POLYGONS:
        faults.append(_wrong(f"{path}.geometry", "a Polygon or MultiPolygon"))
    elif not _positions(geometry.get("coordinates"), _POLYGONS[kind]):
        faults.append(_wrong(f"{path}.geometry.coordinates", "rings of [lon, lat] in degrees"))
    properties = feature.get("properties")
    depth = properties.get("depth_cm") if isinstance(properties, dict) else None
    if not isinstance(depth, float):
        faults.append(_wrong(f"{path}.properties.depth_cm", "a number"))
    elif depth not in DEPTH_CM:
        message = f"{depth:g} is not from {DEPTH_CM.low:g} to {DEPTH_CM.high:g} cm"
        where = f"{path}.properties.depth_cm"
        faults.append(Fault(reason=Reason.OUT_OF_RANGE, path=where, message=message))
    return faults


def _positions(value: Any, depth: int) -> bool:
    if not isinstance(value, list) or not value:
        return False
    if depth > 0:
        return all(_positions(part, depth - 1) for part in value)
    lon, lat = [*value, None, None][:2]
    return isinstance(lon, float) and isinstance(lat, float) and -180 <= lon <= 180 and -90 <= lat <= 90


def _wrong(path: str, expected: str) -> Fault:
    return Fault(reason=Reason.WRONG_TYPE, path=path, message=f"expected {expected}")
