"""/sta/v1.1: the routes. Whatever is asked is answered in a thread, two requests at a time, each bounded."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

import msgspec
from fastapi import APIRouter, Request
from fastapi.responses import Response

from dashboard.api import problems
from dashboard.api.answers import json_answer
from dashboard.api.site import Site
from dashboard.sensorthings.answer import Answers, service_root
from dashboard.sensorthings.book import EntityBook
from dashboard.sensorthings.evaluate import Evaluation
from dashboard.sensorthings.observations import ObservationReader
from dashboard.sensorthings.query import Query, parse_query
from dashboard.sensorthings.refusal import Refused
from dashboard.sensorthings.resource_path import Collection, Single, Value, walk
from storage import things
from storage.things import PlaceLeft

PREFIX: Final = "/sta/v1.1"
AT_ONCE: Final = 2
"""Requests that are worked on at the same time; they leave connections to the other routes."""
WAIT_S: Final = 3.0
"""How long a request waits for its turn, and for a connection."""


def router(site: Site) -> APIRouter:
    """Mounted at the root: the path has the version in it."""
    routes = APIRouter(include_in_schema=False)
    turns = asyncio.Semaphore(AT_ONCE)

    def places_left() -> Mapping[str, Sequence[PlaceLeft]]:
        with site.pool.connection(timeout=WAIT_S) as conn:
            return things.places_left(conn)

    book = EntityBook(places_left)

    @routes.get(PREFIX)
    @routes.get(PREFIX + "/")
    async def get_root(request: Request) -> Response:
        return json_answer(service_root(_root(site, request)), max_age_s=60)

    @routes.get(PREFIX + "/{path:path}")
    async def get_resource(request: Request, path: str) -> Response:
        try:
            await asyncio.wait_for(turns.acquire(), WAIT_S)
        except TimeoutError:
            return problems.problem(
                503, "too many are asking at once; try again", headers={"Retry-After": "2"}
            )
        try:
            return await asyncio.to_thread(_answer, site, book, _root(site, request), path, request.url.query)
        except Refused as refused:
            return _refusal(refused)
        finally:
            turns.release()

    return routes


def _answer(site: Site, book: EntityBook, root: str, path: str, query_text: str) -> Response:
    now, view = site.clock(), site.city.view
    entities = book.at(view)
    evaluation = Evaluation(now)

    def has_values(id: int) -> bool:
        return id in view.newest or view.forecast_of(view.streams[id]) is not None

    reader = ObservationReader(
        entities, evaluation, now, lambda: site.pool.connection(timeout=WAIT_S), has_values, time.monotonic
    )
    answers = Answers(root, entities, evaluation, reader)
    target = walk(path, entities, reader.find)
    if isinstance(target, Value):
        _nothing_asked(query_text)
        return _value(target)
    entity_set = target.entity_set if isinstance(target, Collection) else target.entity.entity_set
    query = parse_query(query_text, entity_set)
    if isinstance(target, Collection):
        address = f"{root}/{path.strip('/')}"
        return json_answer(answers.collection(target, query, address), max_age_s=1)
    return json_answer(_single(target, query, answers), max_age_s=1)


def _single(target: Single, query: Query, answers: Answers) -> dict[str, Any]:
    for name, _ in query.given:
        if name not in ("$select", "$expand"):
            raise Refused("is for lists", option=name)
    if target.references:
        return answers.reference(target.entity)
    return answers.entities([target.entity], query)[0]


def _value(target: Value) -> Response:
    """204 where there is nothing, as the standard wants for null."""
    entity, steps = target.entity, target.steps
    name = "@iot.id" if steps[0] in ("id", "@iot.id") else steps[-1]
    found: Any = entity.id if name == "@iot.id" else entity.own.get(steps[0])
    for step in steps[1:]:
        if not isinstance(found, Mapping) or step not in found:
            raise Refused(f"there is no '{step}' in it", status=404)
        found = found[step]
    if found is None:
        return Response(status_code=204)
    if not target.raw:
        return json_answer({name: found}, max_age_s=1)
    if isinstance(found, Mapping | list):
        return json_answer(found, max_age_s=1)
    text = found if isinstance(found, str) else msgspec.json.encode(found).decode().strip('"')
    return Response(
        text, media_type="text/plain; charset=utf-8", headers={"Cache-Control": "public, max-age=1"}
    )


def _nothing_asked(query_text: str) -> None:
    if query_text:
        raise Refused("a property takes no query options", option=query_text.partition("=")[0][:40])


def _root(site: Site, request: Request) -> str:
    """The service's address: the city's own where it is set, else as it was called."""
    base = site.public_url or str(request.base_url)
    return base.rstrip("/") + PREFIX


def _refusal(refused: Refused) -> Response:
    """A problem (RFC 9457) that names the option and, from 1, the position in its text."""
    where = "" if refused.option is None else f"{refused.option}: "
    place = "" if refused.at is None else f"at position {refused.at + 1}: "
    content: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(refused.status).phrase,
        "status": refused.status,
        "detail": f"{where}{place}{refused.detail}",
    }
    if refused.option is not None:
        fault: dict[str, Any] = {"parameter": refused.option, "detail": refused.detail}
        content["errors"] = [fault if refused.at is None else fault | {"position": refused.at + 1}]
    return Response(msgspec.json.encode(content), refused.status, media_type=problems.MEDIA_TYPE)
