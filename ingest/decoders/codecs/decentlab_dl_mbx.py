"""Decentlab DL-MBX: ultrasonic distance. Hung over a street with `reference_mm` it gives the depth of the water."""

from typing import Final

from ingest.decoders import Meaning
from ingest.decoders.codecs import AS_SHIPPED, Installed, NotDecodable
from ingest.decoders.codecs._decentlab import groups

PROPERTIES: Final = {
    "water_depth": Meaning("water_depth", "mm"),
    "distance": Meaning("distance", "mm"),
    "battery": Meaning("battery", "V"),
}
"""No domain has a `distance`: without reference_mm it is refused by that name, which tells what is missing."""


def decode(payload: bytes, f_port: int, installed: Installed = AS_SHIPPED) -> dict[str, float | bool]:
    """Depth in mm where `reference_mm` is known, otherwise the distance in mm; battery in V."""
    echo, battery = groups(payload, (2, 1))
    values: dict[str, float | bool] = {}
    if battery is not None:
        values["battery"] = battery[0] / 1000
    if echo is not None:
        distance, samples = echo
        if samples == 0:
            raise NotDecodable("the sensor heard no echo: 0 valid samples", values)
        if installed.reference_mm is None:
            values["distance"] = float(distance)
        else:
            values["water_depth"] = installed.reference_mm - distance
        values["samples"] = float(samples)
    return values
