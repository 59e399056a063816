"""Decentlab DL-PM: particulate matter, air temperature, humidity and pressure."""

from typing import Final

from ingest.decoders import Meaning
from ingest.decoders.codecs import AS_SHIPPED, Installed
from ingest.decoders.codecs._decentlab import groups

PROPERTIES: Final = {
    "pm2_5": Meaning("pm2_5", "ug/m3"),
    "pm10": Meaning("pm10", "ug/m3"),
    "temperature": Meaning("temperature", "Cel"),
    "humidity": Meaning("humidity", "%"),
    "pressure": Meaning("pressure", "Pa"),
    "battery": Meaning("battery", "V"),
}


def decode(payload: bytes, f_port: int, installed: Installed = AS_SHIPPED) -> dict[str, float | bool]:
    """Mass concentrations in µg/m³, temperature in °C, humidity in %, pressure in Pa, battery in V.

    Of the ten words about particles the typical size and the counts by size are left out.
    """
    battery, particles, air, pressure = groups(payload, (1, 10, 2, 1))
    values: dict[str, float | bool] = {}
    if particles is not None:
        for key, word in zip(("pm1", "pm2_5", "pm4", "pm10"), particles, strict=False):
            values[key] = word / 10
    if air is not None:
        values["temperature"] = round(175.72 * air[0] / 65536 - 46.85, 3)
        values["humidity"] = round(125 * air[1] / 65536 - 6, 2)
    if pressure is not None:
        values["pressure"] = float(pressure[0] * 2)
    if battery is not None:
        values["battery"] = battery[0] / 1000
    return values
