"""/things: what stands where, what it observes and the newest value of each."""

import base64
import binascii
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from fastapi.responses import Response

from dashboard.api import problems
from dashboard.api.answers import json_answer
from dashboard.api.schema import ThingItem, ThingPage
from dashboard.api.site import Site
from dashboard.data import CityView
from storage.model import NAME
from storage.observations import LiveValue
from storage.things import DatastreamRow, ThingRow

PATTERN = f"^{NAME.pattern}$"
ThingId = Annotated[str, Path(pattern=PATTERN, examples=["trung-yen-3"])]


def router(site: Site) -> APIRouter:
    routes = APIRouter(tags=["things"], responses={422: problems.DOCUMENTED[422]})

    @routes.get("/things", response_model=ThingPage, summary="Things by id, a page at a time")
    async def list_things(
        domain: Annotated[str | None, Query(pattern=PATTERN, examples=["parking"])] = None,
        parent_id: Annotated[str | None, Query(pattern=PATTERN, examples=["ltk-01"])] = None,
        limit: Annotated[int, Query(ge=1, le=1000)] = 500,
        cursor: Annotated[str | None, Query(max_length=100)] = None,
    ) -> Response:
        view = site.city.view
        if domain is not None and domain not in view.domains:
            raise problems.BadParameter("domain", f"no such domain; there are {', '.join(view.domains)}")
        after = "" if cursor is None else _read_cursor(cursor)
        chosen = [
            thing
            for thing in view.things.values()
            if thing.id > after and domain in (None, thing.domain) and parent_id in (None, thing.parent_id)
        ]
        chosen.sort(key=lambda thing: thing.id)
        page, more = chosen[:limit], len(chosen) > limit
        items = [thing_item(view, thing) for thing in page]
        return json_answer({"items": items, "next": _cursor(page[-1].id) if more else None}, max_age_s=1)

    @routes.get(
        "/things/{id}",
        response_model=ThingItem,
        summary="One Thing",
        responses={404: problems.DOCUMENTED[404]},
    )
    async def get_thing(id: ThingId) -> Response:
        view = site.city.view
        thing = view.things.get(id)
        if thing is None:
            problems.not_found(f"there is no Thing '{id}'")
        return json_answer(thing_item(view, thing), max_age_s=1)

    return routes


def thing_item(view: CityView, thing: ThingRow) -> dict[str, Any]:
    location = {
        "lat": thing.lat,
        "lon": thing.lon,
        "trust": thing.coordinate_trust,
        "source": thing.coordinate_source,
    }
    return {
        "id": thing.id,
        "domain": thing.domain,
        "kind": thing.kind,
        "parent_id": thing.parent_id,
        "name": {"vi": thing.name_vi, "en": thing.name_en},
        "location": None if thing.lat is None else location,
        "properties": thing.properties,
        "datastreams": [_stream_item(view, stream) for stream in view.streams_of.get(thing.id, ())],
    }


def _stream_item(view: CityView, stream: DatastreamRow) -> dict[str, Any]:
    value = view.newest.get(stream.id)
    return {
        "id": stream.id,
        "property": stream.property,
        "unit": stream.unit,
        "latest": None if value is None else _latest(value),
    }


def _latest(value: LiveValue) -> dict[str, Any]:
    latest = {
        "time": value.phenomenon_time,
        "result": value.result,
        "quality": value.quality,
        "provenance": value.provenance,
    }
    if value.input_provenance is not None:
        latest["input_provenance"] = value.input_provenance
    return latest


def _cursor(thing_id: str) -> str:
    return base64.urlsafe_b64encode(thing_id.encode()).decode()


def _read_cursor(cursor: str) -> str:
    try:
        thing_id = base64.urlsafe_b64decode(cursor.encode()).decode()
    except (binascii.Error, ValueError):
        thing_id = ""
    if not NAME.fullmatch(thing_id):
        raise problems.BadParameter("cursor", "not one that `next` gave")
    return thing_id
