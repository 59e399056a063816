"""/parking/datex2: where one can park now, as DATEX II publications, from memory."""

from typing import Any, Final

from fastapi import APIRouter
from fastapi.responses import Response

from dashboard.api import problems
from dashboard.api.answers import EncodedAnswer
from dashboard.api.site import Site
from dashboard.datex2 import MEDIA_TYPE
from dashboard.encoded import Encoded

_DOCUMENTED: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "DATEX II 3.6", "content": {MEDIA_TYPE: {"schema": {"type": "string"}}}},
    404: problems.DOCUMENTED[404],
}


def router(site: Site) -> APIRouter:
    routes = APIRouter(tags=["map"])

    @routes.get(
        "/parking/datex2/table.xml",
        status_code=200,
        response_class=EncodedAnswer,
        summary="Parking points with names, places and capacities: DATEX II ParkingTablePublication",
        responses=_DOCUMENTED,
    )
    async def get_table() -> Response:
        return _answer(site.parking.table(), max_age_s=60)

    @routes.get(
        "/parking/datex2/status.xml",
        status_code=200,
        response_class=EncodedAnswer,
        summary="How full each point is, at most a second old: DATEX II ParkingStatusPublication",
        responses=_DOCUMENTED,
    )
    async def get_status() -> Response:
        """Silent bays are neither vacant nor occupied. `informationStatus` is `test` when anything is simulated."""
        return _answer(site.parking.status(), max_age_s=1)

    return routes


def _answer(encoded: Encoded | None, max_age_s: int) -> Response:
    if encoded is None:
        problems.not_found("no parking point is known")
    return EncodedAnswer(encoded, media_type=MEDIA_TYPE, max_age_s=max_age_s)
