"""The small city and some more of it, as readers of NGSI-LD see it; for tests that need no database."""

import json
from collections.abc import Iterable
from functools import partial
from typing import Any

import msgspec

from dashboard.data import CityView
from dashboard.ngsi_ld.answer import Finder, shown
from dashboard.ngsi_ld.models import Models, models
from dashboard.ngsi_ld.query import parse_query
from storage.catalog import load_catalog
from storage.observations import LiveValue
from storage.things import ThingRow
from tests.dashboard import small_city
from tests.dashboard.small_city import NOW, THINGS, by_thing_and_property, stream, thing

THINGS_MORE = (
    *THINGS,
    thing("west-lake", "water_quality", "sonde"),
    thing("lang", "rain", "gauge"),
    thing("to-lich", "rain", "basin"),
)


STREAMS = (
    stream(1, "hoan-kiem", "pm2_5", "ug/m3"),
    stream(2, "hoan-kiem", "vn_aqi", "{AQI}", 3600),
    stream(3, "hoan-kiem", "humidity", "%"),
    stream(4, "hoan-kiem", "wind_direction", "deg"),
    stream(5, "hoan-kiem", "battery", "V", 3600),
    stream(6, "tong-dan", "water_depth", "cm", 60),
    stream(7, "tong-dan", "road_closed", "1", 86400),
    stream(8, "west-lake", "ammonium", "mg/L"),
    stream(9, "west-lake", "conductivity", "uS/cm"),
    stream(10, "west-lake", "turbidity", "[FNU]"),
    stream(11, "lang", "rain_interval", "mm", 60),
    stream(12, "hoan-kiem", "pm2_5_forecast", "ug/m3", 3600),
    stream(13, "to-lich", "rain_1h", "mm", 600),
    *(stream(20 + n, f"ltk-01-b{n:02d}", "occupied", "1", 1800) for n in range(1, 6)),
)


value = partial(small_city.value, things=THINGS_MORE, streams=by_thing_and_property(STREAMS))


def city(values: Iterable[LiveValue] = (), things: Iterable[ThingRow] = THINGS_MORE) -> CityView:
    empty = CityView(domains=load_catalog()).with_things(things, STREAMS)
    return empty.with_values(values)[0]


def models_of(view: CityView) -> Models:
    return models(view.domains, ((one.domain, one.kind) for one in view.things.values()))


def found(values: Iterable[LiveValue], query: str = "") -> list[dict[str, Any]]:
    """Entities as a reader gets them."""
    view = city(values)
    known = models_of(view)
    asked = parse_query([tuple(pair.split("=", 1)) for pair in query.split("&") if pair], known)  # type: ignore[misc]  # two parts by the text
    made = Finder(view, known, NOW).find(asked)
    return json.loads(msgspec.json.encode([shown(one, asked) for one in made.entities]))  # type: ignore[no-any-return]  # JSON
