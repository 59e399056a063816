"""/ngsi-ld/v1: the routes. From memory, in a thread, two requests at a time; never a query of the database."""

import asyncio
from collections.abc import Callable
from threading import Lock
from typing import Any, Final
from urllib.parse import parse_qsl, quote, urlencode

import msgspec
from fastapi import APIRouter, Request
from fastapi.responses import Response

from dashboard.api import problems
from dashboard.api.answers import EncodedAnswer
from dashboard.api.site import Site
from dashboard.data import CityView
from dashboard.encoded import encode
from dashboard.ngsi_ld.answer import (
    Finder,
    feature,
    shown,
    type_details,
    type_information,
    type_list,
)
from dashboard.ngsi_ld.models import Models, models
from dashboard.ngsi_ld.query import MOST, OF_LISTS, OF_ONE, OF_TYPES, Query, is_too_wide, is_uri, parse_query
from dashboard.ngsi_ld.refusal import TITLES, Refused, bad, not_found

PREFIX: Final = "/ngsi-ld/v1"
CONTEXT: Final = "hanoi"
CORE: Final = "https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context-v1.8.jsonld"
JSON, JSON_LD, GEOJSON = "application/json", "application/ld+json", "application/geo+json"
AT_ONCE: Final = 2
WAIT_S: Final = 3.0
"""How long a request waits for its turn."""

_KNOWN_CONTEXTS: Final = (
    "https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context",
    "https://raw.githubusercontent.com/smart-data-models/",
    "https://smart-data-models.github.io/",
    "https://smartdatamodels.org/context.jsonld",
)
"""Whose short names mean what ours mean: given in a request they change nothing. None is ever fetched."""
_LINK_REL: Final = "http://www.w3.org/ns/json-ld#context"


class ModelBook:
    """The entity types as they are now, made anew when the catalogue or the Things change."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._made_of: tuple[Any, Any] | None = None
        self._models: Models | None = None

    def at(self, view: CityView) -> Models:
        with self._lock:
            parts = (view.domains, view.things)
            same = self._made_of is not None and all(
                one is other for one, other in zip(parts, self._made_of, strict=True)
            )
            if self._models is None or not same:
                kinds = ((thing.domain, thing.kind) for thing in view.things.values())
                self._models, self._made_of = models(view.domains, kinds), parts
            return self._models


class _Asked:
    """A request, and what its answer needs of it."""

    def __init__(self, site: Site, book: ModelBook, request: Request) -> None:
        self.view = site.city.view
        self.models = book.at(self.view)
        self.finder = Finder(self.view, self.models, site.clock())
        self.root = (site.public_url or str(request.base_url)).rstrip("/") + PREFIX
        self.pairs = parse_qsl(request.url.query, keep_blank_values=True)
        self.accept = request.headers.get("accept", "")
        _check_headers(request, self.context)

    @property
    def context(self) -> str:
        return f"{self.root}/jsonldContexts/{CONTEXT}"

    def media_type(self, *offered: str) -> str:
        """What the client takes, the first offered where it doesn't mind."""
        taken = [part.split(";")[0].strip().lower() for part in self.accept.split(",")]
        if not self.accept.strip() or "*/*" in taken or "application/*" in taken:
            return next((one for one in taken if one in offered), offered[0])
        found = next((one for one in taken if one in offered), None)
        if found is None:
            raise Refused("InvalidRequest", 406, f"Accept: there are {', '.join(offered)}", "Accept")
        return found

    def answer(self, content: Any, media_type: str, headers: list[tuple[str, str]] | None = None) -> Response:
        """With its @context: in the Link header of plain JSON, in the body of everything else."""
        told = [("vary", "Accept"), *(headers or [])]
        if media_type == JSON:
            told.append(("link", f'<{self.context}>; rel="{_LINK_REL}"; type="{JSON_LD}"'))
        else:
            content = _with_context(content, [self.context, CORE])
        encoded = encode(content, level=1)
        raw = [(name.encode(), value.encode()) for name, value in told]
        return EncodedAnswer(encoded, media_type=media_type, max_age_s=1, headers=raw)


def router(site: Site) -> APIRouter:
    """Mounted at the root: the path has the version in it."""
    routes = APIRouter(include_in_schema=False)
    turns = asyncio.Semaphore(AT_ONCE)
    book = ModelBook()

    async def answered(request: Request, make: Callable[[_Asked], Response]) -> Response:
        try:
            await asyncio.wait_for(turns.acquire(), WAIT_S)
        except TimeoutError:
            return problems.problem(
                503, "too many are asking at once; try again", headers={"Retry-After": "2"}
            )
        try:
            return await asyncio.to_thread(lambda: make(_Asked(site, book, request)))
        except Refused as refused:
            return _refusal(refused)
        finally:
            turns.release()

    @routes.get(PREFIX + "/entities")
    @routes.get(PREFIX + "/entities/")
    async def get_entities(request: Request) -> Response:
        return await answered(request, _entities)

    @routes.get(PREFIX + "/entities/{id:path}")
    async def get_entity(request: Request, id: str) -> Response:
        return await answered(request, lambda asked: _entity(asked, id))

    @routes.get(PREFIX + "/types")
    @routes.get(PREFIX + "/types/")
    async def get_types(request: Request) -> Response:
        return await answered(request, _types)

    @routes.get(PREFIX + "/types/{name:path}")
    async def get_type(request: Request, name: str) -> Response:
        return await answered(request, lambda asked: _type(asked, name))

    @routes.get(PREFIX + "/jsonldContexts/{id}")
    async def get_context(request: Request, id: str) -> Response:
        return await answered(request, lambda asked: _context(asked, id))

    @routes.get(PREFIX + "/{path:path}")
    async def get_nothing(request: Request, path: str) -> Response:
        return _refusal(not_found("there are entities, types and jsonldContexts"))

    return routes


def _entities(asked: _Asked) -> Response:
    media_type = asked.media_type(JSON, JSON_LD, GEOJSON)
    query = parse_query(asked.pairs, asked.models, OF_LISTS)
    if query.limit > MOST:
        raise Refused("TooManyResults", 403, f"limit: {query.limit} is more than {MOST}", "limit")
    if is_too_wide(query):
        raise bad("type", "one of type, attrs, id, q and georel is needed; type=* is everything")
    found = asked.finder.find(query)
    headers = _pages(asked, query, more=found.more)
    if query.count:
        headers.append(("ngsild-results-count", str(found.count)))
    entities = [shown(one, query) for one in found.entities]
    if media_type == GEOJSON:
        features = [feature(one, as_) for one, as_ in zip(found.entities, entities, strict=True)]
        return asked.answer({"type": "FeatureCollection", "features": features}, GEOJSON, headers)
    return asked.answer(entities, media_type, headers)


def _entity(asked: _Asked, id: str) -> Response:
    media_type = asked.media_type(JSON, JSON_LD, GEOJSON)
    query = parse_query(asked.pairs, asked.models, OF_ONE)
    if not is_uri(id):
        raise bad("id", f"'{id:.80}' is no URI, such as urn:ngsi-ld:AirQualityObserved:trung-yen-3")
    found = asked.finder.one(id)
    if found is None or (query.types is not None and found["type"] not in query.types):
        raise not_found(f"there is no entity '{id:.120}'")
    if query.attrs is not None and not any(name in found for name in query.attrs):
        raise not_found(f"'{id:.120}' has none of these attributes now")
    as_ = shown(found, query)
    return asked.answer(feature(found, as_) if media_type == GEOJSON else as_, media_type)


def _types(asked: _Asked) -> Response:
    media_type = asked.media_type(JSON, JSON_LD)
    query = parse_query(asked.pairs, asked.models, OF_TYPES)
    content = type_details(asked.models) if query.details else type_list(asked.models)
    return asked.answer(content, media_type)


def _type(asked: _Asked, name: str) -> Response:
    media_type = asked.media_type(JSON, JSON_LD)
    parse_query(asked.pairs, asked.models, frozenset({"local"}))
    return asked.answer(type_information(asked.models, asked.finder, name), media_type)


def _context(asked: _Asked, id: str) -> Response:
    """Our @context; what brokers do with a list of many has no meaning here."""
    parse_query(asked.pairs, asked.models, frozenset())
    if id != CONTEXT:
        raise not_found(f"there is one @context here: {CONTEXT}")
    encoded = encode({"@context": asked.models.context}, level=1)
    return EncodedAnswer(encoded, media_type=JSON_LD, max_age_s=60)


def _pages(asked: _Asked, query: Query, *, more: bool) -> list[tuple[str, str]]:
    """Links to the pages before and after (6.3.10)."""
    links = []
    if query.limit and query.offset:
        links.append(_page(asked, query, max(0, query.offset - query.limit), "prev"))
    if query.limit and more:
        links.append(_page(asked, query, query.offset + query.limit, "next"))
    return [("link", link) for link in links]


def _page(asked: _Asked, query: Query, offset: int, rel: str) -> str:
    given = {name: text for name, text in query.given if name not in ("limit", "offset")}
    given |= {"limit": str(query.limit), "offset": str(offset)}
    address = f"{asked.root}/entities?{urlencode(given, quote_via=quote)}"
    return f'<{address}>; rel="{rel}"; type="{JSON_LD}"'


def _with_context(content: Any, context: list[str]) -> Any:
    if isinstance(content, list):
        return [one | {"@context": context} for one in content]
    return content | {"@context": context}


def _check_headers(request: Request, context: str) -> None:
    if "ngsild-tenant" in request.headers:
        raise Refused(
            "NoMultiTenantSupport", 501, "NGSILD-Tenant: there are no tenants here", "NGSILD-Tenant"
        )
    link = request.headers.get("link", "")
    if _LINK_REL not in link:
        return
    address = link.partition("<")[2].partition(">")[0]
    if address != context and not address.startswith(_KNOWN_CONTEXTS):
        detail = f"Link: '{address:.120}' is not fetched; the answer's names are those of {context}"
        raise Refused("LdContextNotAvailable", 503, detail, "Link")


def _refusal(refused: Refused) -> Response:
    """ProblemDetails (5.5.3), and which parameter it is about."""
    content: dict[str, Any] = {
        "type": f"https://uri.etsi.org/ngsi-ld/errors/{refused.kind}",
        "title": TITLES[refused.kind],
        "status": refused.status,
        "detail": refused.detail,
    }
    if refused.parameter is not None:
        told = refused.detail.removeprefix(f"{refused.parameter}: ")
        content["errors"] = [{"parameter": refused.parameter, "detail": told}]
    return Response(msgspec.json.encode(content), refused.status, media_type=problems.MEDIA_TYPE)
