"""What is around a Thing: for the page of the Thing, and for the page of an alert on it. Pure."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from dashboard.control_room import thing_view
from dashboard.control_room.alert_words import number
from dashboard.control_room.language import Language
from dashboard.control_room.texts import say
from dashboard.data import CityView
from storage.places import distance_m
from storage.things import ThingRow

RADIUS_M: Final = 1_000
SHOWN: Final = 30


def nearby(thing_id: str | None, view: CityView, now: datetime, shown: Language) -> list[dict[str, Any]]:
    """Things within a kilometre, a group a domain: its own first; in a group the worst first, then the nearest.

    Parts of others (bays) are left out. Nothing of a Thing whose place nobody knows.
    """
    thing = view.things.get(thing_id or "")
    if thing is None or thing.lat is None or thing.lon is None:
        return []
    found = sorted(
        ((distance, other) for other, distance in _around(thing, view)),
        key=lambda one: (one[0], one[1].id),
    )
    groups = []
    for key in sorted(view.domains, key=lambda key: (key != thing.domain, list(view.domains).index(key))):
        rows = [_row(other, distance, view, now, shown) for distance, other in found if other.domain == key]
        rows.sort(key=lambda row: -1 if row["level"] is None else row["level"], reverse=True)
        if rows:
            name = view.domains[key].name.in_language(shown)
            groups.append({"domain": name, "things": rows[:SHOWN]})
    return groups


def _around(thing: ThingRow, view: CityView) -> Iterator[tuple[ThingRow, float]]:
    assert thing.lat is not None
    assert thing.lon is not None
    for other in view.things.values():
        if other.id == thing.id or other.parent_id or other.lat is None or other.lon is None:
            continue
        if other.domain not in view.domains:
            continue
        distance = distance_m((thing.lat, thing.lon), (other.lat, other.lon))
        if distance <= RADIUS_M:
            yield other, distance


def _row(other: ThingRow, distance: float, view: CityView, now: datetime, shown: Language) -> dict[str, Any]:
    """`distance` is rounded to ten metres: coordinates are no better."""
    now_is = thing_view.state(other, view, now)
    word = say(f"state_{now_is.state}", shown)
    return {
        "id": other.id,
        "name": thing_view.name(other, shown),
        "distance": f"{number(round(distance, -1), 0, shown)} m",
        "state": now_is.state,
        "level": now_is.level,
        "color": now_is.color if now_is.level is not None else None,
        "words": now_is.label.in_language(shown) if now_is.level is not None else word,
        "time": now_is.time,
    }
