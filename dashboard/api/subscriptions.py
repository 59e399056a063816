"""/subscriptions: asking to be told, seeing what is kept and deleting it, without an account (decision 0028)."""

from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Path, Query, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from dashboard.api.answers import json_answer
from dashboard.api.problems import DOCUMENTED, BadParameter, not_found
from dashboard.api.schema import (
    SubscriptionAnswer,
    SubscriptionAsked,
    SubscriptionChannels,
    SubscriptionList,
    SubscriptionsDeleted,
)
from dashboard.api.site import Site
from dashboard.citizen_forms.unfit import Unfit
from dashboard.subscribing.asked import Asked, subscription
from dashboard.subscribing.desk import RETRY_AFTER_S, Desk, Limited
from storage.subscriptions import MOST, Answer, HeldSubscription, SubscriptionRefused

Token = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{43}$", description="of a message, or of a browser")]
_TOKEN: Final = "3q2-7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
_FIELDS: Final = {
    "thing": "thing",
    "at_least": "at_least",
    "email": "email",
    "endpoint": "push.endpoint",
    "p256dh": "push.keys.p256dh",
    "auth": "push.keys.auth",
}
_WRONG: Final = {
    "missing": "is required",
    "unknown": "is not known here",
    "wrong": "is none that can be used",
    "not_offered": "nothing is offered for it",
}
CHANNELS: Final[dict[str, Any]] = {
    "email": True,
    "push_key": "BNcR" + "x" * 83,
    "zalo_url": "https://zalo.me/1234567890",
}
ANSWER: Final[dict[str, Any]] = {"state": "subscribed", "token": _TOKEN}
HELD: Final[dict[str, Any]] = {
    "items": [
        {
            "id": 7,
            "channel": "email",
            "address": "an@example.vn",
            "language": "vi",
            "thing": "hoan-kiem",
            "property": "vn_aqi",
            "at_least": 2,
            "asked_at": "2026-11-22T03:04:05Z",
            "confirmed_at": "2026-11-22T03:06:00Z",
            "told_at": "2026-11-23T10:00:00Z",
            "own": True,
        }
    ]
}
_NO_TOKEN: Final[dict[int | str, dict[str, Any]]] = {
    404: DOCUMENTED[404] | {"description": "Nothing is kept under this token"},
    422: DOCUMENTED[422],
    503: DOCUMENTED[503],
}
_PRIVATE: Final = {"Cache-Control": "no-store"}


def router(site: Site, desk: Desk) -> APIRouter:
    routes = APIRouter(tags=["subscriptions"])
    _asking(routes, site, desk)
    _held(routes, desk)
    return routes


def _asking(routes: APIRouter, site: Site, desk: Desk) -> None:
    @routes.get(
        "/subscriptions",
        response_model=SubscriptionChannels,
        summary="By which citizens can be told; of what, each domain says in /domains",
        responses={200: _example(CHANNELS)},
    )
    async def channels() -> Response:
        told = desk.channels
        return json_answer(
            {"email": told.email, "push_key": told.push_key, "zalo_url": told.zalo_url}, max_age_s=60
        )

    @routes.post(
        "/subscriptions",
        response_model=SubscriptionAnswer,
        summary="Ask to be told when a Thing passes a class or a number",
        responses={200: _example(ANSWER), 422: DOCUMENTED[422], 503: DOCUMENTED[503]},
    )
    async def ask(asked: SubscriptionAsked, request: Request) -> Response:
        """Mail comes once a link in a first mail was followed and the button there pressed; push at once."""
        try:
            new = subscription(_said(asked), site.city.view, asked.language)
        except Unfit as unfit:
            raise BadParameter(_FIELDS[unfit.field], _WRONG[unfit.code]) from None
        if not desk.offers(asked.channel):
            raise BadParameter("channel", "is not offered here")
        try:
            answer, token = await desk.ask(request, new)
        except SubscriptionRefused:
            raise BadParameter(asked.channel, _WRONG["wrong"]) from None
        except Limited:
            raise _too_much() from None
        if answer is Answer.FULL:
            raise HTTPException(503, "too much is asked now; try again later", {"Retry-After": "600"})
        if answer is Answer.MANY:
            raise BadParameter("push", f"this browser has {MOST} already")
        if answer is Answer.UNKNOWN:
            raise BadParameter("thing", _WRONG["unknown"])
        state = "subscribed" if token else "mail_sent_if_possible"
        return _private({"state": state, "token": token})


def _held(routes: APIRouter, desk: Desk) -> None:
    @routes.get(
        "/subscriptions/{token}",
        response_model=SubscriptionList,
        summary="All that is kept for the address that a token was sent to",
        responses={200: _example(HELD), **_NO_TOKEN},
    )
    async def held(token: Token, request: Request) -> Response:
        try:
            found = await desk.held(request, token)
        except Limited:
            raise _too_much() from None
        if not found:
            not_found("nothing is kept under this token")
        return _private({"items": [_item(one) for one in found]})

    @routes.delete(
        "/subscriptions/{token}",
        response_model=SubscriptionsDeleted,
        summary="End what the token was made for, and delete it",
        responses={200: _example({"deleted": 1}), **_NO_TOKEN},
    )
    async def delete(
        token: Token,
        request: Request,
        all: Annotated[bool, Query(description="also all else that is kept for the address")] = False,
    ) -> Response:
        """Nothing of it stays, the token neither."""
        try:
            gone = await (desk.delete(request, token, None) if all else desk.delete_own(request, token))
        except Limited:
            raise _too_much() from None
        if not gone:
            not_found("nothing is kept under this token")
        return _private({"deleted": gone})


def _said(asked: SubscriptionAsked) -> Asked:
    push = asked.push if asked.channel == "push" else None
    return Asked(
        channel=asked.channel,
        thing=asked.thing,
        at_least=str(asked.at_least),
        email=asked.email or "",
        endpoint=push.endpoint if push else "",
        p256dh=push.keys.p256dh if push else "",
        auth=push.keys.auth if push else "",
    )


def _item(one: HeldSubscription) -> dict[str, Any]:
    return {
        "id": one.id,
        "channel": one.channel,
        "address": one.address,
        "language": one.language,
        "thing": one.thing_id,
        "property": one.property,
        "at_least": one.at_least,
        "asked_at": one.asked_at,
        "confirmed_at": one.confirmed_at,
        "told_at": one.told_at,
        "own": one.own,
    }


def _too_much() -> HTTPException:
    wait = {"Retry-After": str(RETRY_AFTER_S)}
    return HTTPException(429, "too much was asked from this network; try again later", wait)


def _private(content: dict[str, Any]) -> Response:
    return Response(msgspec.json.encode(content), media_type="application/json", headers=_PRIVATE)


def _example(example: dict[str, Any]) -> dict[str, Any]:
    return {"content": {"application/json": {"example": example}}}
