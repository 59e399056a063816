"""Observations: what is asked of them in memory (their Datastream, their feature) and what in the database.

A filter is split at its top `and`s. Conditions on the Datastream or the FeatureOfInterest choose, in memory, which
stretches of which Datastreams are looked at; the others go to the database as parameters (storage.observation_search).
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from dashboard.sensorthings.entities import Entities, Entity, Range, Spend, observed_at
from dashboard.sensorthings.evaluate import Evaluation
from dashboard.sensorthings.grammar import Order, parse_time
from dashboard.sensorthings.model import OBSERVATIONS, SETS
from dashboard.sensorthings.query import Query, Token
from dashboard.sensorthings.refusal import Refused
from storage import db, observation_search
from storage.expression import Call, Expression, conjuncts, paths
from storage.model import Provenance
from storage.observation_search import Asked, Compiled, ConditionError, Key
from storage.observations import HistoryValue

INSTANT: Final = timedelta(microseconds=1)
"""What times differ by at least."""
LONGEST_S: Final = 4.0
"""Of all queries of one request."""
BATCH: Final = 16
"""Datastreams that are looked at together where a page is filled by one after another."""
WINDOWS: Final = (timedelta(hours=6), timedelta(days=3))
"""How far back the newest are looked for, before it is all there is."""
QUALITY: Final = {1: "good", 2: "not evaluated", 3: "suspect", 4: "fail", 9: "missing"}
SCHEME: Final = "QARTOD"
_ID: Final = re.compile(r"([1-9]\d{0,18}):(.{20,27})", re.ASCII)
_RELATED: Final = frozenset({"Datastream", "FeatureOfInterest"})
_NARROW: Final = "takes too long to answer: narrow it, best by phenomenonTime and one Datastream"

Connect = Callable[[], AbstractContextManager[db.Connection]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """A page of a list: `count` where it was asked for, `more` when there are later ones."""

    items: Sequence[Entity]
    count: int | None
    more: bool


class ObservationReader:
    """Reads Observations for one request, so that all its pages are bounded together."""

    def __init__(
        self,
        entities: Entities,
        evaluation: Evaluation,
        now: datetime,
        connect: Connect,
        has_values: Callable[[int], bool],
        seconds: Callable[[], float],
    ) -> None:
        """`has_values` says of a Datastream whether it was ever heard, `seconds` how much time has passed."""
        self._seconds = seconds
        self._until = seconds() + LONGEST_S
        self._has_values = has_values
        self._entities = entities
        self._evaluation = evaluation
        self._now = now
        self._connect = connect

    def pages(self, lists: Sequence[Sequence[Range]], query: Query) -> list[Page]:
        """A page of each list, in two queries at most. Raises Refused."""
        chosen, condition = self._split(query.filter)
        asked = [
            Asked(group=number, datastream_id=int(one.datastream.id), start=one.start, end=one.end)
            for number, ranges in enumerate(lists)
            for one in ranges
            if self._has_values(int(one.datastream.id)) and chosen(one)
        ]
        if not asked:
            return [Page(items=(), count=0 if query.count else None, more=False) for _ in lists]
        order = order_keys(query.orderby)
        compiled = self._compiled(condition, order)
        beyond = _beyond(asked, query, order)
        with self._connect() as conn:
            found = (
                self._found(conn, beyond, compiled, query, observation_search.way(order)) if beyond else {}
            )
            counts = self._counts(conn, asked, compiled) if query.count else {}
        return [
            Page(
                items=[self._entity(row) for row in found.get(number, ())[: query.top]],
                count=counts.get(number, 0) if query.count else None,
                more=len(found.get(number, ())) > query.top,
            )
            for number in range(len(lists))
        ]

    def find(self, id: str) -> Entity | None:
        """The Observation of an id, or None."""
        named = _ID.fullmatch(id)
        time = parse_time(named[2]) if named else None
        if named is None or time is None or observation_id(int(named[1]), time) != id:
            return None
        ranges = self._entities.ranges.get(int(named[1]))
        if not ranges:
            return None
        asked = Asked(group=0, datastream_id=int(named[1]), start=time, end=time + INSTANT)
        with self._connect() as conn:
            found = self._rows(conn, [asked], self._compiled(None, ()), Query(top=1))
        return self._entity(found[0][0]) if found else None

    def _split(self, condition: Expression | None) -> tuple[Callable[[Range], bool], Expression | None]:
        """What a stretch has to fulfil, and what is left for the database."""
        of_range: list[Expression] = []
        of_row: list[Expression] = []
        for part in conjuncts(condition) if condition is not None else ():
            related = {path.steps[0] in _RELATED for path in paths(part)}
            if related == {True, False}:
                raise Refused(
                    "what is asked of an Observation and of its Datastream or feature can be joined by 'and' only",
                    option="$filter",
                    at=part.at,
                )
            (of_range if related == {True} else of_row).append(part)

        def chosen(one: Range) -> bool:
            return all(self._evaluation.holds(part, _Stretch(one)) for part in of_range)

        return chosen, _joined(of_row)

    def _compiled(self, condition: Expression | None, order: Sequence[Key]) -> Compiled:
        try:
            return Compiled(condition, (), self._now) if not order else Compiled(condition, order, self._now)
        except ConditionError as error:
            option = "$filter" if condition is not None and _is_faulty(condition, self._now) else "$orderby"
            raise Refused(str(error), option=option, at=error.at) from None

    def _found(
        self,
        conn: db.Connection,
        asked: Sequence[Asked],
        compiled: Compiled,
        query: Query,
        way: observation_search.Way | None,
    ) -> Mapping[int, list[HistoryValue]]:
        """One more of each list than its page, so that it is known whether there are more."""
        if way == "id" and len({one.group for one in asked}) == 1:
            return self._one_after_another(conn, asked, compiled, query)
        if way == "desc":
            return self._from_the_newest(conn, asked, compiled, query)
        return self._rows(conn, asked, compiled, query)

    def _one_after_another(
        self, conn: db.Connection, asked: Sequence[Asked], compiled: Compiled, query: Query
    ) -> Mapping[int, list[HistoryValue]]:
        """By Datastream: those that come after a full page are not looked at."""
        found: list[HistoryValue] = []
        wanted = query.skip + query.top + 1
        in_order = sorted(asked, key=lambda one: (one.datastream_id, one.start))
        for first in range(0, len(in_order), BATCH):
            rest = replace(query, skip=0, top=wanted - len(found) - 1)
            for rows in self._rows(conn, in_order[first : first + BATCH], compiled, rest).values():
                found += rows
            if len(found) >= wanted:
                break
        return {asked[0].group: found[query.skip :]}

    def _from_the_newest(
        self, conn: db.Connection, asked: Sequence[Asked], compiled: Compiled, query: Query
    ) -> Mapping[int, list[HistoryValue]]:
        """First in the last hours, then farther back for the lists that are not full: few chunks hold what is new."""
        found: dict[int, list[HistoryValue]] = {}
        rest = list(asked)
        for back in (*WINDOWS, None):
            if not rest:
                break
            newest = min(self._now, max(one.end for one in rest))
            found |= self._rows(conn, rest, compiled, query, None if back is None else newest - back)
            rest = [one for one in rest if len(found.get(one.group, ())) <= query.top]
        return found

    def _rows(
        self,
        conn: db.Connection,
        asked: Sequence[Asked],
        compiled: Compiled,
        query: Query,
        not_before: datetime | None = None,
    ) -> Mapping[int, list[HistoryValue]]:
        try:
            return observation_search.search(
                conn,
                asked,
                compiled,
                skip=query.skip,
                limit=query.top + 1,
                not_before=not_before,
                timeout_s=self._time_left(),
            )
        except observation_search.TooSlow:
            raise Refused(_NARROW, option="$filter" if query.filter is not None else None) from None
        except observation_search.OutOfRange:
            raise Refused("computes a number or a time that is out of range", option="$filter") from None

    def _counts(self, conn: db.Connection, asked: Sequence[Asked], compiled: Compiled) -> Mapping[int, int]:
        try:
            return observation_search.count(conn, asked, compiled, timeout_s=self._time_left())
        except observation_search.TooSlow:
            raise Refused(_NARROW, option="$count") from None
        except observation_search.OutOfRange:
            raise Refused("computes a number or a time that is out of range", option="$filter") from None

    def _time_left(self) -> float:
        """Of the next query: its own time, or what is left of the request's. Raises TooSlow."""
        left = self._until - self._seconds()
        if left <= 0:
            raise observation_search.TooSlow
        return min(observation_search.TIMEOUT_S, left)

    def _entity(self, row: HistoryValue) -> Entity:
        ranges = self._entities.ranges[row.datastream_id]
        where = observed_at(ranges, row.phenomenon_time)
        own = _own(row, where, is_truth=row.datastream_id in self._entities.booleans)
        return Entity(
            entity_set=SETS[OBSERVATIONS],
            id=observation_id(row.datastream_id, row.phenomenon_time),
            own=own,
            retired=where.datastream.retired,
            linked={"Datastream": [where.datastream], "FeatureOfInterest": [where.feature]},
        )


def observation_id(datastream_id: int, time: datetime) -> str:
    """`12:2026-11-22T03:04:05Z`: the key of an Observation, so that it never changes."""
    return f"{datastream_id}:{time.replace(tzinfo=None).isoformat()}Z"


class _Stretch:
    """A range as a filter on Observations sees it."""

    def __init__(self, of: Range) -> None:
        self._of = of

    def values(self, path: tuple[str, ...], spend: Spend) -> Iterator[Any]:
        entity = self._of.datastream if path[0] == "Datastream" else self._of.feature
        return entity.values(path[1:], spend)


def _own(row: HistoryValue, where: Range, *, is_truth: bool) -> dict[str, Any]:
    quality: dict[str, Any] = {"scheme": SCHEME, "code": row.quality, "name": QUALITY[row.quality]}
    if row.quality_reason is not None:
        quality["reason"] = row.quality_reason
    parameters: dict[str, Any] = {
        "provenance": row.provenance,
        "simulated": Provenance.SIMULATED in (row.provenance, row.input_provenance),
        "coordinate_trust": where.feature.own["properties"]["coordinate_trust"],
    }
    if row.input_provenance is not None:
        parameters["input_provenance"] = row.input_provenance
    if row.parameters is not None:
        parameters["computed_from"] = row.parameters
    return {
        "phenomenonTime": row.phenomenon_time,
        "resultTime": row.result_time,
        "result": bool(row.result) if is_truth else row.result,
        "resultQuality": quality,
        "validTime": None,
        "parameters": parameters,
    }


def _joined(parts: Sequence[Expression]) -> Expression | None:
    if not parts:
        return None
    whole = parts[0]
    for part in parts[1:]:
        whole = Call(name="and", operands=(whole, part), at=part.at)
    return whole


def order_keys(orders: Iterable[Order]) -> tuple[Key, ...]:
    keys = []
    for order in orders:
        for path in paths(order.expression):
            if path.steps[0] in _RELATED:
                raise Refused(
                    "Observations are ordered by what they have themselves", option="$orderby", at=path.at
                )
        keys.append(Key(expression=order.expression, descending=order.descending))
    return tuple(keys)


def _beyond(asked: Sequence[Asked], query: Query, order: Sequence[Key]) -> list[Asked]:
    """The stretches without what a token says was on the pages before: no condition, only narrower bounds."""
    token = query.after
    if token is None:
        return list(asked)
    way = observation_search.way(order)
    if way is None:
        raise Refused("goes with an order by phenomenonTime, or none", option="$skiptoken")
    narrowed = []
    for one in asked:
        start, end = _bounds(one, token, way)
        if start < end:
            narrowed.append(Asked(group=one.group, datastream_id=one.datastream_id, start=start, end=end))
    return narrowed


def _bounds(one: Asked, token: Token, way: observation_search.Way) -> tuple[datetime, datetime]:
    """What of a stretch is after the token's Observation."""
    if way == "id":
        if one.datastream_id != token.datastream_id:
            return one.start, one.end if one.datastream_id > token.datastream_id else one.start
        return max(one.start, token.time + INSTANT), one.end
    if way == "asc":
        start = token.time if one.datastream_id > token.datastream_id else token.time + INSTANT
        return max(one.start, start), one.end
    end = token.time + INSTANT if one.datastream_id < token.datastream_id else token.time
    return one.start, min(one.end, end)


def _is_faulty(condition: Expression, now: datetime) -> bool:
    try:
        Compiled(condition, (), now)
    except ConditionError:
        return True
    return False
