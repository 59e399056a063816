"""/notices: what the centre tells citizens in its own words, from memory."""

from typing import Any, Final

from fastapi import APIRouter
from fastapi.responses import Response

from dashboard.api.answers import json_answer
from dashboard.api.schema import NoticeList
from dashboard.api.site import Site
from dashboard.notices import public_item

EXAMPLE: Final[dict[str, Any]] = {
    "items": [
        {
            "id": 12,
            "kind": "works",
            "kind_name": {"vi": "Thi công", "en": "Works"},
            "text": {
                "vi": "Bơm thử trạm Yên Sở: nước sông Tô Lịch dâng nhẹ.",
                "en": "Test of the Yen So pumps: the To Lich rises slightly.",
            },
            "wards": [{"code": "00070", "name": {"vi": "Phường Hoàn Kiếm", "en": "Hoan Kiem ward"}}],
            "starts_at": "2026-11-22T01:00:00Z",
            "ends_at": "2026-11-22T10:00:00Z",
            "published_at": "2026-11-21T09:30:00Z",
        }
    ]
}


def router(site: Site) -> APIRouter:
    routes = APIRouter(tags=["notices"])

    @routes.get(
        "/notices",
        response_model=NoticeList,
        summary="Notices of the operations centre that hold now, the newest first",
        responses={200: {"content": {"application/json": {"example": EXAMPLE}}}},
    )
    async def list_notices() -> Response:
        """Gone once their end passes or they are withdrawn. No `wards`: the whole city. Texts are plain, never HTML."""
        return json_answer(
            {"items": [public_item(one) for one in site.notices.at(site.clock())]}, max_age_s=1
        )

    return routes
