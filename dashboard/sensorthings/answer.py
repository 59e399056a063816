"""What an answer says: entities with their links, pages with count and nextLink, expansions in batches."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote, urlencode

import msgspec
from shapely.geometry.base import BaseGeometry

from dashboard.sensorthings.entities import Entities, Entity, EntityId, Range
from dashboard.sensorthings.evaluate import Evaluation
from dashboard.sensorthings.grammar import Order
from dashboard.sensorthings.model import CONFORMANCE, DATASTREAMS, OBSERVATIONS, SETS, EntitySet
from dashboard.sensorthings.observations import ObservationReader, Page, order_keys
from dashboard.sensorthings.query import Query, Token
from dashboard.sensorthings.refusal import too_much
from dashboard.sensorthings.resource_path import Collection
from storage.observation_search import way

MOST_ENTITIES: Final = 20_000
"""Of one answer, with all that is expanded."""


def service_root(root: str) -> dict[str, Any]:
    """What there is, and what of the standard is claimed."""
    return {
        "value": [{"name": name, "url": f"{root}/{name}"} for name in SETS],
        "serverSettings": {"conformance": list(CONFORMANCE)},
    }


class Answers:
    """Makes the answers of one request. `root` is the service's address without a slash at its end."""

    def __init__(
        self, root: str, entities: Entities, evaluation: Evaluation, reader: ObservationReader
    ) -> None:
        self._root = root
        self._entities = entities
        self._evaluation = evaluation
        self._reader = reader
        self._left = MOST_ENTITIES

    def collection(self, asked: Collection, query: Query, address: str) -> dict[str, Any]:
        """`address` is that of the collection, for the nextLink."""
        page = self._pages([asked.of], asked.entity_set, asked.navigation, query)[0]
        content: dict[str, Any] = {} if page.count is None else {"@iot.count": page.count}
        if page.more and query.top:
            content["@iot.nextLink"] = _next(address, query, page)
        if asked.references:
            return content | {"value": [self.reference(one) for one in page.items]}
        if query.data_array:
            return content | {"value": self._data_arrays(page.items, query)}
        return content | {"value": self.entities(page.items, query)}

    def entities(self, found: Sequence[Entity], query: Query) -> list[dict[str, Any]]:
        """Each with what is expanded in it; what many have expanded is read at once."""
        self._left -= len(found)
        if self._left < 0:
            raise too_much(f"the answer would have more than {MOST_ENTITIES} entities", "$expand")
        shown = [self._entity(one, query) for one in found]
        if not found:
            return shown
        for one in query.expand:
            navigation = found[0].entity_set.navigations[one.navigation]
            if navigation.many:
                self._expand_many(found, shown, one.navigation, SETS[navigation.target], one.query)
            else:
                self._expand_one(found, shown, one.navigation, one.query)
        return shown

    def reference(self, entity: Entity) -> dict[str, str]:
        return {"@iot.selfLink": self._address(entity)}

    def _expand_one(
        self, found: Sequence[Entity], shown: Sequence[dict[str, Any]], navigation: str, query: Query
    ) -> None:
        related = [entity.related(navigation)[:1] for entity in found]
        inner = iter(self.entities([one for some in related for one in some], query))
        for some, entry in zip(related, shown, strict=True):
            entry[navigation] = next(inner) if some else None

    def _expand_many(
        self,
        found: Sequence[Entity],
        shown: Sequence[dict[str, Any]],
        navigation: str,
        target: EntitySet,
        query: Query,
    ) -> None:
        pages = self._pages(found, target, navigation, query)
        inner = iter(self.entities([one for page in pages for one in page.items], query))
        for entity, entry, page in zip(found, shown, pages, strict=True):
            entry[navigation] = [next(inner) for _ in page.items]
            if page.count is not None:
                entry[f"{navigation}@iot.count"] = page.count
            if page.more and query.top:
                entry[f"{navigation}@iot.nextLink"] = _next(
                    f"{self._address(entity)}/{navigation}", query, page
                )

    def _pages(
        self, of: Sequence[Entity | None], entity_set: EntitySet, navigation: str, query: Query
    ) -> list[Page]:
        if entity_set.name == OBSERVATIONS:
            return self._reader.pages([self._ranges(entity) for entity in of], query)
        return [
            self._page(
                self._entities.listed(entity_set.name) if entity is None else entity.related(navigation),
                query,
            )
            for entity in of
        ]

    def _ranges(self, of: Entity | None) -> Sequence[Range]:
        if of is None:
            return self._entities.listed_ranges()
        if of.entity_set.name == DATASTREAMS:
            return self._entities.ranges[of.id]
        ranges = self._entities.ranges_of_feature.get(of.id, ())
        return [one for one in ranges if of.retired or not one.datastream.retired]

    def _page(self, found: Sequence[Entity], query: Query) -> Page:
        condition = query.filter
        if condition is not None:
            found = [one for one in found if self._evaluation.holds(condition, one)]
        for order in reversed(query.orderby):
            found = self._sorted(found, order)
        return Page(
            items=found[query.skip : query.skip + query.top],
            count=len(found) if query.count else None,
            more=len(found) > query.skip + query.top,
        )

    def _sorted(self, found: Sequence[Entity], order: Order) -> list[Entity]:
        return sorted(
            found,
            key=lambda one: _rank(self._evaluation.value(order.expression, one)),
            reverse=order.descending,
        )

    def _entity(self, entity: Entity, query: Query) -> dict[str, Any]:
        select = query.select
        shown: dict[str, Any] = {}
        if select is None or "id" in select:
            shown["@iot.id"] = entity.id
        if select is None or "id" in select or "@iot.selfLink" in select:
            shown["@iot.selfLink"] = self._address(entity)
        for name in entity.entity_set.properties:
            value = entity.own.get(name)
            if (select is None and value is not None) or (select is not None and name in select):
                shown[name] = value
        for name in entity.entity_set.navigations:
            if select is None or name in select:
                shown[f"{name}@iot.navigationLink"] = f"{self._address(entity)}/{name}"
        return shown

    def _data_arrays(self, found: Sequence[Entity], query: Query) -> list[dict[str, Any]]:
        """By Datastream, in the order in which each comes first."""
        properties = SETS[OBSERVATIONS].properties
        components = [name for name in query.select or ("id", *properties) if name in ("id", *properties)]
        groups: dict[EntityId, list[Entity]] = {}
        for one in found:
            groups.setdefault(one.linked["Datastream"][0].id, []).append(one)
        return [
            {
                "Datastream@iot.navigationLink": self._address(some[0].linked["Datastream"][0]),
                "components": components,
                "dataArray@iot.count": len(some),
                "dataArray": [
                    [one.id if name == "id" else one.own.get(name) for name in components] for one in some
                ],
            }
            for some in groups.values()
        ]

    def _address(self, entity: Entity) -> str:
        return f"{self._root}/{entity.entity_set.name}({_key(entity.id)})"


def _key(id: EntityId) -> str:
    """As it stands in an address: numbers plain, texts in quotes."""
    return str(id) if isinstance(id, int) else "'" + quote(id.replace("'", "''"), safe=":'") + "'"


def _next(address: str, query: Query, page: Page) -> str:
    """Observations by id or time go on after the last one, whatever was before; anything else skips."""
    given = {name: text for name, text in query.given if name not in ("$skip", "$skiptoken")}
    last = page.items[-1] if page.items else None
    if (
        last is not None
        and last.entity_set.name == OBSERVATIONS
        and way(order_keys(query.orderby)) is not None
    ):
        token = Token(last.own["phenomenonTime"], int(last.linked["Datastream"][0].id))
        given["$skiptoken"] = token.text()
    else:
        given["$skip"] = str(query.skip + query.top)
    return f"{address}?{urlencode(given, safe='$(),/:;', quote_via=quote)}"


def _rank(value: Any) -> tuple[int, Any]:
    """Null first, then by kind, so that any two can be compared."""
    if value is None:
        return 0, 0
    if isinstance(value, bool | int | float):
        return 1, value
    if isinstance(value, str):
        return 2, value
    if isinstance(value, BaseGeometry):
        return 4, value.wkt
    if isinstance(value, Mapping | list):
        return 5, msgspec.json.encode(value, order="sorted")
    return _KINDS.get(type(value).__name__, 9), value


_KINDS: Final = {"datetime": 3, "date": 6, "time": 7, "timedelta": 8}
