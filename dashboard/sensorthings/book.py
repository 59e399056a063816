"""The entities as they are now, kept until Things, Datastreams, forecasts or the catalogue change."""

from collections.abc import Callable, Mapping, Sequence
from threading import Lock
from typing import Any

from dashboard.data import CityView
from dashboard.sensorthings.entities import Entities, build
from storage.things import PlaceLeft

PlacesLeft = Callable[[], Mapping[str, Sequence[PlaceLeft]]]


class EntityBook:
    """Values come every second and change no entity, so that building is rare."""

    def __init__(self, places_left: PlacesLeft) -> None:
        self._places_left = places_left
        self._lock = Lock()
        self._built_of: tuple[Any, ...] = ()
        self._entities: Entities | None = None

    def at(self, view: CityView) -> Entities:
        """Raises DatabaseUnreachable where it has to be built and the places before can't be read."""
        with self._lock:
            parts = (view.things, view.streams, view.domains, view.forecasts)
            same = len(self._built_of) == len(parts) and all(
                one is other for one, other in zip(parts, self._built_of, strict=True)
            )
            if self._entities is None or not same:
                self._entities = build(view, self._places_left())
                self._built_of = parts
            return self._entities
