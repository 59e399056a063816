"""What is around a Thing: within a kilometre, worst first, and nothing that has no place."""

from dataclasses import replace

from dashboard.control_room.nearby import nearby
from dashboard.data import CityView
from storage.things import ThingRow
from tests.dashboard.small_city import NOW, thing, value, view

METRE = 1 / 111_195
"""Degrees of latitude: 40,030 km around the poles."""


def placed(city: CityView, **metres_north: float | None) -> CityView:
    """The city with its Things on one meridian, so far north of Hoan Kiem Lake; None: nobody knows where."""

    def at(row: ThingRow, metres: float | None) -> ThingRow:
        lat = None if metres is None else 21.0287 + metres * METRE
        return replace(row, lat=lat, lon=None if metres is None else 105.8523)

    by_id = {name.replace("_", "-"): metres for name, metres in metres_north.items()}
    rows = [at(row, by_id.get(row.id)) for row in city.things.values()]
    return city.with_things(rows, city.streams.values())


def test_the_flooded_come_first_then_the_nearest_and_none_beyond_a_kilometre() -> None:
    city = view([value("tong-dan", "water_depth", 34.0)])
    city = city.with_things(
        [*city.things.values(), thing("resco", "flood", "flood_point")], city.streams.values()
    )
    city = placed(city, hoan_kiem=0.0, resco=120.0, tong_dan=995.0, ltk_01=500.0)
    flood, parking = nearby("hoan-kiem", city, NOW, "en")
    assert (flood["domain"], parking["domain"]) == ("Flooding", "Parking")
    found = [(one["id"], one["distance"], one["words"]) for one in flood["things"]]
    assert found == [
        ("tong-dan", "1,000 m", "Severe: cars should not enter"),
        ("resco", "120 m", "No data yet"),
    ]
    city = placed(city, hoan_kiem=0.0, resco=120.0, tong_dan=1_005.0)
    (flood,) = nearby("hoan-kiem", city, NOW, "vi")
    assert [one["id"] for one in flood["things"]] == ["resco"]


def test_where_it_is_nobody_knows_there_is_nothing_around() -> None:
    city = placed(view([]))
    assert nearby("tong-dan", city, NOW, "en") == []
    assert nearby("no-such-thing", city, NOW, "en") == []
    assert nearby(None, city, NOW, "en") == []
