"""Decentlab DL-TBRG: tipping-bucket rain gauge. The counter is of 32 bits and never goes back by itself."""

from typing import Final

from ingest.decoders import Meaning
from ingest.decoders.codecs import AS_SHIPPED, Installed
from ingest.decoders.codecs._decentlab import groups

PROPERTIES: Final = {
    "rain_interval": Meaning("rain_interval", "mm"),
    "rain_counter": Meaning("rain_counter", "mm"),
    "battery": Meaning("battery", "V"),
}


def decode(payload: bytes, f_port: int, installed: Installed = AS_SHIPPED) -> dict[str, float | bool]:
    """Rain since the last report and since the start in mm, `interval_s` that the first one covers, battery in V."""
    rain, battery = groups(payload, (4, 1))
    values: dict[str, float | bool] = {}
    if rain is not None:
        tips, interval_s, low, high = rain
        values["rain_interval"] = round(tips * installed.tip_mm, 4)
        values["interval_s"] = float(interval_s)
        values["rain_counter"] = round((low + 65536 * high) * installed.tip_mm, 4)
    if battery is not None:
        values["battery"] = battery[0] / 1000
    return values
