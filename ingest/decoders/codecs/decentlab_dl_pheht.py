"""Decentlab DL-PHEHT: pH, redox potential and temperature of water."""

from typing import Final

from ingest.decoders import Meaning
from ingest.decoders.codecs import AS_SHIPPED, Installed
from ingest.decoders.codecs._decentlab import groups

PROPERTIES: Final = {
    "water_temperature": Meaning("water_temperature", "Cel"),
    "ph": Meaning("ph", "[pH]"),
    "orp": Meaning("orp", "mV"),
    "battery": Meaning("battery", "V"),
}
_ZERO: Final = 32768
"""Signed values come with this added."""


def decode(payload: bytes, f_port: int, installed: Installed = AS_SHIPPED) -> dict[str, float | bool]:
    """Temperature in °C, pH, redox potential and the pH electrode's voltage in mV, battery in V."""
    probe, battery = groups(payload, (5, 1))
    values: dict[str, float | bool] = {}
    if probe is not None:
        _, temperature, ph, redox, ph_voltage = probe
        values["water_temperature"] = (temperature - _ZERO) / 100
        values["ph"] = (ph - _ZERO) / 100
        values["orp"] = (redox - _ZERO) / 10
        values["ph_mv"] = (ph_voltage - _ZERO) / 10
    if battery is not None:
        values["battery"] = battery[0] / 1000
    return values
