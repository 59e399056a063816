"""/search and /places: streets, wards and Things by name, from memory; no query, and nobody is asked where they are."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from fastapi.responses import Response

from dashboard.api import problems
from dashboard.api.answers import EncodedAnswer, json_answer
from dashboard.api.schema import FoundList, PlaceList
from dashboard.api.site import Site
from dashboard.encoded import Encoded, encode
from dashboard.gazetteer import Entry, Gazetteer, found, typed_words

LONGEST: Final = 80
"""Characters that somebody may type."""
MOST: Final = 50
MAX_AGE_S: Final = 60
"""Streets and wards seldom change."""
EXAMPLE: Final[dict[str, Any]] = {
    "items": [
        {
            "kind": "street",
            "id": "tran-hung-dao",
            "name": {"vi": "Trần Hưng Đạo", "en": "Tran Hung Dao"},
            "location": {
                "lat": 21.0216,
                "lon": 105.85025,
                "trust": "S",
                "source": "the middle of 9 places on it",
            },
            "domains": ["parking"],
        }
    ]
}


def router(site: Site) -> APIRouter:
    routes = APIRouter(tags=["places"], responses={422: problems.DOCUMENTED[422]})
    gazetteer = Gazetteer()
    kept: dict[str, tuple[tuple[Entry, ...], Encoded]] = {}

    def entries() -> tuple[Entry, ...]:
        view = site.city.view
        return gazetteer.of(view.things, view.domains)

    @routes.get(
        "/search",
        response_model=FoundList,
        summary="Streets, wards and Things by name, the best first",
        responses={200: {"content": {"application/json": {"example": EXAMPLE}}}},
    )
    async def search(
        q: Annotated[
            str,
            Query(
                min_length=1,
                max_length=LONGEST,
                description="with or without diacritics, words in any order, begun words; 'P.' and 'Đ.' too",
                examples=["tran hung dao"],
            ),
        ],
        limit: Annotated[int, Query(ge=1, le=MOST)] = 10,
    ) -> Response:
        if not typed_words(q):
            raise problems.BadParameter("q", "has no letter or figure to look for")
        items = [entry.item() for entry in found(entries(), q, limit)]
        return json_answer({"items": items}, max_age_s=MAX_AGE_S)

    @routes.get("/places", response_model=PlaceList, summary="Every place that /search finds")
    async def list_places() -> Response:
        """For who looks by themselves, without a connection or without telling us what for."""
        now = entries()
        if "places" not in kept or kept["places"][0] is not now:
            kept["places"] = (now, encode({"items": [entry.brief() for entry in now]}))
        return EncodedAnswer(kept["places"][1], media_type="application/json", max_age_s=MAX_AGE_S)

    return routes
