"""/alerts/cap: what was published of alerts, as an Atom feed of CAP 1.2 messages, from memory."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Path
from fastapi.responses import Response

from dashboard.api import problems
from dashboard.api.answers import EncodedAnswer
from dashboard.api.site import Site
from dashboard.cap_feed import CAP_TYPE

FEED_TYPE: Final = "application/atom+xml"
DOCUMENT_MAX_AGE_S: Final = 3600
"""A message never changes."""
_TEXT: Final[dict[str, Any]] = {"schema": {"type": "string"}}


def router(site: Site) -> APIRouter:
    routes = APIRouter(tags=["alerts"])

    @routes.get(
        "/alerts/cap",
        status_code=200,
        response_class=EncodedAnswer,
        summary="Public messages of the last 7 days: an Atom feed of CAP 1.2, the newest 100 first",
        responses={200: {"description": "Atom 1.0", "content": {FEED_TYPE: _TEXT}}},
    )
    async def get_feed() -> Response:
        """Only a message whose status is Actual is a warning."""
        return EncodedAnswer(site.cap.feed, media_type=FEED_TYPE, max_age_s=1)

    @routes.get(
        "/alerts/cap/{identifier}.xml",
        status_code=200,
        response_class=EncodedAnswer,
        summary="One public message: CAP 1.2",
        responses={
            200: {"description": "CAP 1.2", "content": {CAP_TYPE: _TEXT}},
            404: problems.DOCUMENTED[404],
            422: problems.DOCUMENTED[422],
        },
    )
    async def get_message(
        identifier: Annotated[
            str, Path(pattern=r"^[A-Za-z0-9._-]{1,100}$", examples=["hanoi-20260720T170530-7-1"])
        ],
    ) -> Response:
        encoded = site.cap.documents.get(identifier)
        if encoded is None:
            problems.not_found(f"there is no message '{identifier}' of the last 7 days")
        return EncodedAnswer(encoded, media_type=CAP_TYPE, max_age_s=DOCUMENT_MAX_AGE_S)

    return routes
