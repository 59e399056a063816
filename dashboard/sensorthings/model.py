"""The eight entity sets of SensorThings 1.1, part 1: their properties and where each leads (OGC 18-088, clause 8)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from dashboard.sensorthings.refusal import Refused
from storage.expression import Expression, Path, paths

IDS: Final = frozenset({"id", "@iot.id"})
"""How a filter, an order or a selection names an entity's id."""
LONGEST_PATH: Final = 6
"""Steps of a path in a filter."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Navigation:
    target: str
    """Name of the entity set."""
    many: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class EntitySet:
    name: str
    properties: tuple[str, ...]
    """In the order in which an answer has them; those of Observations are what a dataArray has."""
    navigations: Mapping[str, Navigation] = field(default_factory=dict)


def _one(target: str) -> Navigation:
    return Navigation(target=target, many=False)


def _many(target: str) -> Navigation:
    return Navigation(target=target, many=True)


THINGS: Final = "Things"
LOCATIONS: Final = "Locations"
HISTORICAL: Final = "HistoricalLocations"
DATASTREAMS: Final = "Datastreams"
SENSORS: Final = "Sensors"
PROPERTIES: Final = "ObservedProperties"
OBSERVATIONS: Final = "Observations"
FEATURES: Final = "FeaturesOfInterest"

SETS: Final[Mapping[str, EntitySet]] = {
    one.name: one
    for one in (
        EntitySet(
            name=THINGS,
            properties=("name", "description", "properties"),
            navigations={
                DATASTREAMS: _many(DATASTREAMS),
                LOCATIONS: _many(LOCATIONS),
                HISTORICAL: _many(HISTORICAL),
            },
        ),
        EntitySet(
            name=LOCATIONS,
            properties=("name", "description", "encodingType", "location", "properties"),
            navigations={THINGS: _many(THINGS), HISTORICAL: _many(HISTORICAL)},
        ),
        EntitySet(
            name=HISTORICAL,
            properties=("time",),
            navigations={"Thing": _one(THINGS), LOCATIONS: _many(LOCATIONS)},
        ),
        EntitySet(
            name=DATASTREAMS,
            properties=(
                "name",
                "description",
                "observationType",
                "unitOfMeasurement",
                "observedArea",
                "properties",
            ),
            navigations={
                "Thing": _one(THINGS),
                "Sensor": _one(SENSORS),
                "ObservedProperty": _one(PROPERTIES),
                OBSERVATIONS: _many(OBSERVATIONS),
            },
        ),
        EntitySet(
            name=SENSORS,
            properties=("name", "description", "encodingType", "metadata", "properties"),
            navigations={DATASTREAMS: _many(DATASTREAMS)},
        ),
        EntitySet(
            name=PROPERTIES,
            properties=("name", "definition", "description", "properties"),
            navigations={DATASTREAMS: _many(DATASTREAMS)},
        ),
        EntitySet(
            name=OBSERVATIONS,
            properties=(
                "phenomenonTime",
                "resultTime",
                "result",
                "resultQuality",
                "validTime",
                "parameters",
            ),
            navigations={"Datastream": _one(DATASTREAMS), "FeatureOfInterest": _one(FEATURES)},
        ),
        EntitySet(
            name=FEATURES,
            properties=("name", "description", "encodingType", "feature", "properties"),
            navigations={OBSERVATIONS: _many(OBSERVATIONS)},
        ),
    )
}
CONFORMANCE: Final = tuple(
    f"http://www.opengis.net/spec/iot_sensing/1.1/req/{name}"
    for name in (
        "datamodel/thing/properties",
        "datamodel/thing/relations",
        "datamodel/location/properties",
        "datamodel/location/relations",
        "datamodel/historical-location/properties",
        "datamodel/historical-location/relations",
        "datamodel/datastream/properties",
        "datamodel/datastream/relations",
        "datamodel/sensor/properties",
        "datamodel/sensor/relations",
        "datamodel/observed-property/properties",
        "datamodel/observed-property/relations",
        "datamodel/observation/properties",
        "datamodel/observation/relations",
        "datamodel/feature-of-interest/properties",
        "datamodel/feature-of-interest/relations",
        "datamodel/entity-control-information/common-control-information",
        "resource-path/resource-path-to-entities",
        "request-data/status-code",
        "request-data/query-status-code",
        "request-data/order",
        "request-data/expand",
        "request-data/select",
        "request-data/orderby",
        "request-data/top",
        "request-data/skip",
        "request-data/count",
        "request-data/filter",
        "request-data/built-in-filter-operations",
        "request-data/built-in-query-functions",
        "request-data/pagination",
    )
)
"""What is claimed, and no more (decision 0022); each has its test in tests/integration/test_sensorthings_*.py. The
requirement data-array is not claimed: it asks for creating Observations too. `resultFormat=dataArray` reads them."""


def require_known(expression: Expression, entity_set: EntitySet, option: str) -> None:
    """Every path of a filter or an order leads somewhere. Raises Refused at the path that does not."""
    for path in paths(expression):
        _require(path, entity_set, option)


def _require(path: Path, entity_set: EntitySet, option: str) -> None:
    if len(path.steps) > LONGEST_PATH:
        raise Refused(f"a path has more than {LONGEST_PATH} steps", option=option, at=path.at)
    here = entity_set
    for number, step in enumerate(path.steps):
        last = number == len(path.steps) - 1
        if step in here.navigations:
            if last:
                raise Refused(
                    f"'{path}' is an entity: name a property of it, such as {path}/id",
                    option=option,
                    at=path.at,
                )
            here = SETS[here.navigations[step].target]
            if here.name == OBSERVATIONS:
                raise Refused(
                    "what is observed is asked of Observations, not of what has them",
                    option=option,
                    at=path.at,
                )
        elif step in here.properties or (step in IDS and last):
            return
        else:
            raise Refused(f"{here.name} have no '{step}'", option=option, at=path.at)
