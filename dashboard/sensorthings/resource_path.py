"""Where a path leads: `Things('trung-yen-3')/Datastreams(12)/ObservedProperty/name/$value` (OGC 18-088, 9.2)."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from dashboard.sensorthings.entities import Entities, Entity, EntityId
from dashboard.sensorthings.model import DATASTREAMS, IDS, OBSERVATIONS, SETS, EntitySet
from dashboard.sensorthings.refusal import Refused, not_found

LONGEST: Final = 1000
MOST_SEGMENTS: Final = 12
_SEGMENT: Final = re.compile(
    r"(?P<name>\$?@?[A-Za-z0-9_.\-]+)(?:\((?:'(?P<text>(?:[^']|'')*)'|(?P<number>\d{1,19}))\))?(?:/|$)",
    re.ASCII,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Collection:
    """Entities of a set: all that are in service, or those that an entity is related to."""

    entity_set: EntitySet
    of: Entity | None = None
    navigation: str = ""
    references: bool = False
    """Only their addresses: /$ref."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Single:
    entity: Entity
    references: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Value:
    """A property of an entity, or what is inside it."""

    entity: Entity
    steps: tuple[str, ...]
    raw: bool
    """/$value: without its name."""


Target = Collection | Single | Value
FindObservation = Callable[[str], Entity | None]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Segment:
    name: str
    key: EntityId | None


def walk(path: str, entities: Entities, find_observation: FindObservation) -> Target:
    """Raises Refused: 404 where nothing is, 400 where it is no path."""
    if len(path) > LONGEST:
        raise Refused("the path is too long", status=404)
    segments = list(_segments(path))
    if len(segments) > MOST_SEGMENTS:
        raise Refused("the path has too many parts", status=404)
    first = SETS.get(segments[0].name)
    if first is None:
        raise not_found(f"there is no '{segments[0].name}'; there are {', '.join(SETS)}")
    walker = _Walker(entities, find_observation)
    here: Target = walker.entered(Collection(entity_set=first), segments[0].key)
    for segment in segments[1:]:
        here = walker.step(here, segment)
    return here


class _Walker:
    def __init__(self, entities: Entities, find_observation: FindObservation) -> None:
        self._entities = entities
        self._find_observation = find_observation

    def step(self, here: Target, segment: _Segment) -> Target:
        if segment.name == "$ref" and isinstance(here, Collection | Single) and not here.references:
            if isinstance(here, Single):
                return Single(entity=here.entity, references=True)
            return Collection(
                entity_set=here.entity_set, of=here.of, navigation=here.navigation, references=True
            )
        if isinstance(here, Single) and not here.references:
            return self._from_entity(here.entity, segment)
        if isinstance(here, Value) and not here.raw and segment.key is None:
            if segment.name == "$value":
                return Value(entity=here.entity, steps=here.steps, raw=True)
            return Value(entity=here.entity, steps=(*here.steps, segment.name), raw=False)
        raise not_found(f"nothing is below '{segment.name}' here")

    def _from_entity(self, entity: Entity, segment: _Segment) -> Target:
        entity_set = entity.entity_set
        navigation = entity_set.navigations.get(segment.name)
        if navigation is None:
            if segment.key is not None or (
                segment.name not in entity_set.properties and segment.name not in IDS
            ):
                raise not_found(f"{entity_set.name} have no '{segment.name}'")
            return Value(entity=entity, steps=(segment.name,), raw=False)
        if navigation.many:
            collection = Collection(entity_set=SETS[navigation.target], of=entity, navigation=segment.name)
            return self.entered(collection, segment.key)
        related = entity.related(segment.name)
        if not related or segment.key is not None:
            raise not_found(f"there is no '{segment.name}' here")
        return Single(entity=related[0])

    def entered(self, collection: Collection, key: EntityId | None) -> Target:
        """The collection, or the one of it that is named."""
        if key is None:
            return collection
        name = collection.entity_set.name
        if name == OBSERVATIONS:
            found = self._find_observation(key) if isinstance(key, str) else None
        else:
            found = self._entities.by_set[name].get(key)
        if found is None or not _belongs(found, collection):
            raise not_found(f"{name} have none with the id {key!r}")
        return Single(entity=found)


def _belongs(found: Entity, collection: Collection) -> bool:
    if collection.of is None:
        return True
    if collection.entity_set.name == OBSERVATIONS:
        back = "Datastream" if collection.of.entity_set.name == DATASTREAMS else "FeatureOfInterest"
        return collection.of in found.linked[back]
    return found in collection.of.linked.get(collection.navigation, ())


def _segments(path: str) -> Iterator[_Segment]:
    at = 0
    path = path.strip("/")
    while at < len(path) or at == 0:
        found = _SEGMENT.match(path, at)
        if found is None:
            raise Refused(f"the path can't be read from '{path[at : at + 40]}' on", status=404)
        key: EntityId | None = None
        if found["text"] is not None:
            key = found["text"].replace("''", "'")
        elif found["number"] is not None:
            key = int(found["number"])
        yield _Segment(name=found["name"], key=key)
        at = found.end()
