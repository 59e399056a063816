"""/things: what stands where, what it observes and the newest value of each."""

import base64
import binascii
from collections.abc import Iterable
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query
from fastapi.responses import Response

from dashboard.api import problems
from dashboard.api.answers import json_answer, next_page
from dashboard.api.schema import ThingItem, ThingPage
from dashboard.api.site import Site
from dashboard.data import CityView
from storage.model import NAME
from storage.observations import LiveValue
from storage.places import Point, distance_m
from storage.things import DatastreamRow, ThingRow

PATTERN = f"^{NAME.pattern}$"
DEGREES = r"-?[0-9]{1,3}(\.[0-9]{1,20})?"
CORNERS: Final = ("west", "south", "east", "north")
ThingId = Annotated[str, Path(pattern=PATTERN, examples=["trung-yen-3"])]


def router(site: Site) -> APIRouter:
    routes = APIRouter(tags=["things"], responses={422: problems.DOCUMENTED[422]})

    @routes.get("/things", response_model=ThingPage, summary="Things by id, a page at a time")
    async def list_things(
        domain: Annotated[str | None, Query(pattern=PATTERN, examples=["parking"])] = None,
        parent_id: Annotated[str | None, Query(pattern=PATTERN, examples=["ltk-01"])] = None,
        near: Annotated[
            str | None,
            Query(
                pattern=f"^{DEGREES},{DEGREES}$",
                description="lat,lon: the nearest first, with `distance_m`, on one page",
                examples=["21.0285,105.8542"],
            ),
        ] = None,
        radius_m: Annotated[
            float | None, Query(ge=0, le=30_000_000, description="how far from `near` at most")
        ] = None,
        bbox: Annotated[
            str | None,
            Query(
                pattern=f"^{DEGREES}(,{DEGREES}){{3}}$",
                description="west,south,east,north: Things that stand in it",
                examples=["105.80,21.00,105.86,21.06"],
            ),
        ] = None,
        limit: Annotated[int, Query(ge=1, le=1000)] = 500,
        cursor: Annotated[str | None, Query(max_length=100)] = None,
    ) -> Response:
        view = site.city.view
        if domain is not None and domain not in view.domains:
            raise problems.BadParameter("domain", f"no such domain; there are {', '.join(view.domains)}")
        chosen = [
            thing
            for thing in view.things.values()
            if domain in (None, thing.domain)
            and parent_id in (None, thing.parent_id)
            and thing.retired_from is None
        ]
        if bbox is not None:
            chosen = _within(chosen, bbox)
        if near is not None:
            return json_answer(_nearest(view, chosen, near, radius_m, limit, cursor), max_age_s=1)
        if radius_m is not None:
            raise problems.BadParameter("radius_m", "goes with `near`")
        after = "" if cursor is None else _read_cursor(cursor)
        rest = sorted((thing for thing in chosen if thing.id > after), key=lambda thing: thing.id)
        page, more = rest[:limit], len(rest) > limit
        items = [thing_item(view, thing) for thing in page]
        following = _cursor(page[-1].id) if more else None
        link = next_page(following, domain=domain, parent_id=parent_id, bbox=bbox, limit=limit)
        return json_answer({"items": items, "next": following}, max_age_s=1, headers=link)

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


def _nearest(
    view: CityView,
    chosen: Iterable[ThingRow],
    near: str,
    radius_m: float | None,
    limit: int,
    cursor: str | None,
) -> dict[str, Any]:
    """In memory like everything of this route, so that it goes on while the database is away."""
    if cursor is not None:
        raise problems.BadParameter("cursor", "the nearest are on one page")
    lat, lon = map(float, near.split(","))
    if abs(lat) > 90 or abs(lon) > 180:
        raise problems.BadParameter("near", "is no lat,lon in degrees")
    found = sorted(
        (distance_m((lat, lon), place), thing.id) for thing in chosen if (place := _place(thing)) is not None
    )
    items = [
        {**thing_item(view, view.things[id]), "distance_m": round(metres, 1)}
        for metres, id in found[:limit]
        if radius_m is None or metres <= radius_m
    ]
    return {"items": items, "next": None}


def _within(chosen: Iterable[ThingRow], bbox: str) -> list[ThingRow]:
    west, south, east, north = map(float, bbox.split(","))
    for value, most, name in zip((west, south, east, north), (180, 90, 180, 90), CORNERS, strict=True):
        if abs(value) > most:
            raise problems.BadParameter("bbox", f"{name} is not within -{most} and {most} degrees")
    if west > east or south > north:
        raise problems.BadParameter("bbox", "is west,south,east,north, each no more than its opposite")
    return [
        thing
        for thing in chosen
        if (place := _place(thing)) and south <= place[0] <= north and west <= place[1] <= east
    ]


def _place(thing: ThingRow) -> Point | None:
    return None if thing.lat is None or thing.lon is None else (thing.lat, thing.lon)


def thing_item(view: CityView, thing: ThingRow) -> dict[str, Any]:
    location = {
        "lat": thing.lat,
        "lon": thing.lon,
        "trust": thing.coordinate_trust,
        "source": thing.coordinate_source,
    }
    item = {
        "id": thing.id,
        "domain": thing.domain,
        "kind": thing.kind,
        "parent_id": thing.parent_id,
        "name": {"vi": thing.name_vi, "en": thing.name_en},
        "location": None if thing.lat is None else location,
        "properties": thing.properties,
        "datastreams": [_stream_item(view, stream) for stream in view.streams_of.get(thing.id, ())],
    }
    return item if thing.retired_from is None else {**item, "retired_from": thing.retired_from}


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
    if value.expires_at is not None:
        latest["expires_at"] = value.expires_at
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
