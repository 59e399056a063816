"""The entity types of FIWARE's Smart Data Models that are read here, and what their attributes mean in this city.

Sources: schemas and specifications in smart-data-models/dataModel.{Environment,WaterQuality,Weather,Parking}. Units are
those that a model declares, today or (water) in its older specification. Where it declares none, or two are in use that
differ a thousandfold, the unit here is "": without a word in the payload or in the source's file it is unknown_unit.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

import msgspec

from ingest.decoders import Meaning


class Kind(StrEnum):
    """How the value of an attribute is read."""

    NUMBER = "number"
    DIRECTION = "direction"
    """Degrees from −180 to 180 as well as from 0 to 360."""
    SPOT = "spot"
    """The words of a parking spot's status."""


class Attribute(msgspec.Struct, frozen=True):
    """An attribute that is read: its key in results, which `PROPERTIES` and a source's file translate."""

    key: str
    kind: Kind = Kind.NUMBER


class EntityType(msgspec.Struct, frozen=True, kw_only=True):
    """One data model."""

    attributes: Mapping[str, Attribute]
    times: tuple[str, ...]
    """Where the time of the observation stands, the best first."""
    is_state: bool = False
    """It says how things are, so that the time of its last change, or of the notification, will do."""


_OBSERVED: Final = ("dateObserved", "TimeInstant")
_REPORTED: Final = ("observationDateTime", "dateObserved", "TimeInstant")
_CHANGED: Final = (*_REPORTED, "dateModified", "modifiedAt")

_WEATHER: Final[Mapping[str, Attribute]] = {
    "temperature": Attribute("temperature"),
    "relativeHumidity": Attribute("relativeHumidity"),
    "atmosphericPressure": Attribute("atmosphericPressure"),
    "windSpeed": Attribute("windSpeed"),
    "windDirection": Attribute("windDirection", Kind.DIRECTION),
    "precipitation": Attribute("precipitation"),
}

# Older versions of the models write pollutants in capitals.
_POLLUTANTS: Final = ("pm25", "pm10", "no2", "so2", "co", "o3")

TYPES: Final[Mapping[str, EntityType]] = {
    "AirQualityObserved": EntityType(
        attributes={
            **{name: Attribute(name) for name in _POLLUTANTS},
            **{name.upper(): Attribute(name) for name in _POLLUTANTS},
            **_WEATHER,
            "pressure": Attribute("pressure"),
        },
        times=_OBSERVED,
    ),
    "WeatherObserved": EntityType(attributes=_WEATHER, times=_OBSERVED),
    "WaterQualityObserved": EntityType(
        attributes={
            "temperature": Attribute("water_temperature"),
            **{
                name: Attribute(name)
                for name in ("pH", "conductivity", "turbidity", "O2", "orp", "NH4", "Chla", "PC")
            },
        },
        times=_OBSERVED,
    ),
    "FloodMonitoring": EntityType(attributes={"currentLevel": Attribute("currentLevel")}, times=_REPORTED),
    "ParkingSpot": EntityType(
        attributes={"status": Attribute("status", Kind.SPOT)}, times=_CHANGED, is_state=True
    ),
    "OnStreetParking": EntityType(
        attributes={
            name: Attribute(name)
            for name in ("availableSpotNumber", "occupiedSpotNumber", "outOfServiceSlotNumber")
        },
        times=_CHANGED,
        is_state=True,
    ),
}

SPOT_STATUS: Final[Mapping[str, bool]] = {"free": False, "occupied": True}

LEVEL: Final = "currentLevel"
REFERENCE: Final = "referenceLevel"
DISTANCE: Final = "measuredDistance"
"""FloodMonitoring: currentLevel = referenceLevel − measuredDistance, all in metres."""

PROPERTIES: Final[Mapping[str, Meaning]] = {
    # The specification makes unitCode mandatory. Without one, ug/m3 as in its examples [M]; but CO is there in mg/m3.
    "pm25": Meaning("pm2_5", "ug/m3"),
    "pm10": Meaning("pm10", "ug/m3"),
    "no2": Meaning("no2", "ug/m3"),
    "so2": Meaning("so2", "ug/m3"),
    "o3": Meaning("o3", "ug/m3"),
    "co": Meaning("co", ""),
    "temperature": Meaning("temperature", "Cel", optional=True),
    "relativeHumidity": Meaning("humidity", "1", optional=True),
    "atmosphericPressure": Meaning("pressure", "hPa", optional=True),
    "pressure": Meaning("pressure", "", optional=True),  # of no schema; the example's 1.1 is no hPa
    "windSpeed": Meaning("wind_speed", "m/s", optional=True),
    "windDirection": Meaning("wind_direction", "deg", optional=True),
    "precipitation": Meaning("rain_interval", "mm", optional=True),  # litres per square metre
    # Defaults of the older specification; the schema declares none.
    "water_temperature": Meaning("water_temperature", "Cel"),
    "pH": Meaning("ph", "[pH]"),
    "turbidity": Meaning("turbidity", "[FNU]"),  # "formazin", which FNU are counted in too [M]
    "O2": Meaning("dissolved_oxygen", "mg/L"),
    "orp": Meaning("orp", "mV"),
    "NH4": Meaning("ammonium", "mg/L"),
    "Chla": Meaning("chlorophyll_a", "ug/L"),
    "PC": Meaning("phycocyanin", "ug/L"),
    "conductivity": Meaning("conductivity", ""),  # S/m there, but many send µS/cm or mS/cm
    LEVEL: Meaning("water_depth", "m"),
    "status": Meaning("occupied"),
}
"""OnStreetParking counts spots, which the catalogue has no property for: they keep their names."""
