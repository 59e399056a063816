"""/open311/v2: citizens' reports by Open311 GeoReport v2, JSON only (decision 0024)."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, Final

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import Response

from dashboard.api.answers import json_answer
from dashboard.api.site import Site
from dashboard.citizen_forms import uploads
from dashboard.citizen_forms.unfit import Unfit
from dashboard.citizen_forms.uploads import UploadRefused
from dashboard.photos import PhotoRefused
from dashboard.reporting import said as saying
from dashboard.reporting.intake import RETRY_AFTER_S, Intake
from dashboard.reporting.said import Said
from dashboard.reporting.texts import SERVICE_ABOUT, STATUS_NOTES, answer_of
from storage import citizen_reports
from storage.citizen_reports import SERVICE_NAMES, Asked, Service, ShownReport, ToldReport
from storage.db import DatabaseUnreachable

log = logging.getLogger(__name__)

ROOT: Final = "/open311/v2"
PHOTO: Final = "/open311/v2/photos"
MOST: Final = 1000
LONGEST_SPAN: Final = timedelta(days=90)
MOST_NAMED: Final = 50
_CONNECT_S: Final = 5.0
_STATUSES: Final = ("open", "closed")
_WRONG: Final[Mapping[str, str]] = {
    "missing": "is required",
    "unknown": "is not known here",
    "outside": "is not in Hanoi",
    "long": "is too long",
    "trap": "must be empty",
}
_FIELDS: Final[Mapping[str, str]] = {
    "service": "service_code",
    "place": "lat and long (degrees), or address_id (a Thing or the code of a ward)",
    "contact": "email, phone, first_name and last_name together",
    "trap": "website",
}
"""What our words are called there."""
_UPLOADS: Final[Mapping[str, str]] = {
    "too_large": "the body is too large: a picture may have 10 MB",
    "slow": "the body did not come in time",
    "malformed": "the form can't be read",
    "type": "send application/x-www-form-urlencoded or multipart/form-data",
    "busy": "too many reports at once; try again",
    "limited": "too many reports from this address; try again later",
    "full": "the centre takes no more reports for now; try again later",
}


class Wrong(Exception):
    """An answer in Open311's form of errors."""

    def __init__(self, status: int, description: str) -> None:
        super().__init__(description)
        self.status = status
        self.description = description


Handler = Callable[..., Awaitable[Response]]


def router(site: Site, intake: Intake) -> APIRouter:
    routes = APIRouter(include_in_schema=False, prefix=ROOT)
    _services(routes)
    _reads(routes, site)
    _write(routes, site, intake)

    @routes.api_route("/{rest:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
    async def nothing(rest: str) -> Response:
        if rest.endswith(".xml"):
            return _errors(404, "only json is spoken here: ask for .json")
        return _errors(404, "there is no such resource")

    return routes


def _answered(handler: Handler) -> Handler:
    """Every refusal as a list of errors."""

    @wraps(handler)
    async def guarded(*args: Any, **keywords: Any) -> Response:
        try:
            return await handler(*args, **keywords)
        except Wrong as wrong:
            return _errors(wrong.status, wrong.description)
        except Unfit as unfit:
            name = _FIELDS.get(unfit.field, unfit.field)
            return _errors(400, f"{name}: {_WRONG[unfit.code]}")
        except PhotoRefused as refused:
            return _errors(400, f"media: {refused}: send JPEG, PNG or WebP")
        except UploadRefused as refused:
            more = uploads.parting(keywords["request"], refused)
            return _errors(refused.status, _UPLOADS[refused.code], more)
        except DatabaseUnreachable as error:
            log.warning("request_without_database path=open311 error=%r", str(error).strip())
            return _errors(503, "the database can't be reached; try again")

    return guarded


def _errors(status: int, description: str, more: Mapping[str, str] | None = None) -> Response:
    headers = {429: {"Retry-After": str(RETRY_AFTER_S)}, 503: {"Retry-After": "30"}}.get(status, {}) | dict(
        more or {}
    )
    body = msgspec.json.encode([{"code": status, "description": description}])
    return Response(body, status, media_type="application/json", headers=headers)


def _services(routes: APIRouter) -> None:
    @routes.get("/services.json")
    @_answered
    async def get_services(request: Request) -> Response:
        language = _locale(request.query_params)
        return json_answer([_service(one, language) for one in Service], max_age_s=60)

    @routes.get("/services/{code}.json")
    @_answered
    async def get_service(code: str, request: Request) -> Response:
        if code not in list(Service):
            raise Wrong(404, f"service_code: there is no '{code[:64]}'")
        return json_answer({"service_code": code, "attributes": []}, max_age_s=60)


def _service(service: Service, language: str) -> dict[str, Any]:
    return {
        "service_code": service.value,
        "service_name": SERVICE_NAMES[service].in_language(language),
        "description": SERVICE_ABOUT[service].in_language(language),
        "metadata": False,
        "type": "realtime",
        "keywords": "",
        "group": "",
    }


def _reads(routes: APIRouter, site: Site) -> None:
    @routes.get("/requests.json")
    @_answered
    async def get_requests(request: Request) -> Response:
        asked = _asked(request.query_params, site.clock())
        found = await asyncio.to_thread(_shown, site, asked)
        language = _locale(request.query_params)
        return json_answer([_item(one, site, language) for one in found], max_age_s=1)

    @routes.get("/requests/{number}.json")
    @_answered
    async def get_request(number: str, request: Request) -> Response:
        """Of one that is not confirmed, who has the number learns how it stands and no more."""
        language, known = _locale(request.query_params), citizen_reports.written_number(number)
        if known is None:
            raise Wrong(404, "service_request_id: there is no such report")
        found = await asyncio.to_thread(_shown, site, Asked(numbers=[known]))
        if found:
            return json_answer([_item(found[0], site, language)], max_age_s=1)
        told = await asyncio.to_thread(_told, site, known)
        if told is None:
            raise Wrong(404, "service_request_id: there is no such report")
        return json_answer([_told_item(told, language)], max_age_s=1)

    @routes.get("/photos/{number}.jpg")
    @_answered
    async def get_photo(number: str) -> Response:
        known = citizen_reports.written_number(number)
        content = await asyncio.to_thread(_photo, site, known) if known else None
        if content is None:
            raise Wrong(404, "there is no such picture")
        return Response(content, media_type="image/jpeg", headers=PHOTO_HEADERS)


PHOTO_HEADERS: Final = {
    "Cache-Control": "public, max-age=60",
    "Content-Disposition": "inline",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Content-Security-Policy": "default-src 'none'; sandbox",
}


def _write(routes: APIRouter, site: Site, intake: Intake) -> None:
    @routes.post("/requests.json")
    @_answered
    async def post_request(request: Request) -> Response:
        async with intake.turn(request):
            sent = await uploads.read(request)
            if sent.fields.get("media_url"):
                raise Wrong(400, "media_url: nothing is fetched from elsewhere; send the picture as `media`")
            language = _locale({**dict(request.query_params), **sent.fields})
            number = await intake.take(
                request, sent, _said(sent.fields), site.city.view, language=language, channel="api"
            )
        made = {
            "service_request_id": number,
            "service_notice": STATUS_NOTES["new"].in_language(language),
            "account_id": None,
        }
        return Response(msgspec.json.encode([made]), 201, media_type="application/json")


def _said(fields: Mapping[str, str]) -> Said:
    """In our words. Of who it is all parts are one line."""
    address = fields.get("address_id", "").strip()
    person = ("first_name", "last_name", "email", "phone")
    return Said(
        service=fields.get("service_code", "").strip(),
        lat=fields.get("lat", ""),
        lon=fields.get("long", ""),
        thing="" if address.isdigit() else address,
        ward=address if address.isdigit() else "",
        description=fields.get("description", ""),
        contact=" ".join(fields[name].strip() for name in person if fields.get(name, "").strip()),
        trap=fields.get("website", ""),
    )


def _shown(site: Site, asked: Asked) -> list[ShownReport]:
    with site.pool.connection(timeout=_CONNECT_S) as conn:
        return citizen_reports.shown(conn, asked, MOST)


def _told(site: Site, number: str) -> ToldReport | None:
    with site.pool.connection(timeout=_CONNECT_S) as conn:
        return citizen_reports.told(conn, number)


def _photo(site: Site, number: str) -> bytes | None:
    with site.pool.connection(timeout=_CONNECT_S) as conn:
        return citizen_reports.shown_photo(conn, number)


def _item(report: ShownReport, site: Site, language: str) -> dict[str, Any]:
    """As everybody may read it. The place is rounded to about 100 m."""
    address = saying.where(report.place, report.place_id, report.lat, report.lon, site.city.view)
    photo = f"{site.public_url or ''}{PHOTO}/{report.number}.jpg" if report.has_photo else None
    notes = answer_of(report.answer_vi, report.answer_en, language)
    default = "closed" if report.status == "closed" else "confirmed"
    return _base(report, language) | {
        "status": report.status,
        "status_notes": notes or STATUS_NOTES[default].in_language(language),
        "description": report.description,
        "address": address.get(language),
        "address_id": report.place_id,
        "lat": report.lat,
        "long": report.lon,
        "media_url": photo,
    }


def _told_item(report: ToldReport, language: str) -> dict[str, Any]:
    notes = report.reason or answer_of(report.answer_vi, report.answer_en, language)
    return _base(report, language) | {
        "status": report.status,
        "status_notes": notes or STATUS_NOTES[report.state].in_language(language),
    }


def _base(report: ShownReport | ToldReport, language: str) -> dict[str, Any]:
    return {
        "service_request_id": report.number,
        "status": "open",
        "status_notes": None,
        "service_name": SERVICE_NAMES[report.service].in_language(language),
        "service_code": report.service,
        "description": None,
        "agency_responsible": None,
        "service_notice": None,
        "requested_datetime": report.requested_at,
        "updated_datetime": report.updated_at,
        "expected_datetime": None,
        "address": None,
        "address_id": None,
        "zipcode": None,
        "lat": None,
        "long": None,
        "media_url": None,
    }


def _asked(query: Mapping[str, str], now: datetime) -> Asked:
    """Raises Wrong. A list of numbers overrides everything else, as the specification says."""
    numbers = _listed(query, "service_request_id")
    if numbers is not None:
        known = [citizen_reports.written_number(one) for one in numbers]
        return Asked(numbers=[one for one in known if one])
    since, until = _moment(query, "start_date"), _moment(query, "end_date")
    if since and until and not timedelta(0) <= until - since <= LONGEST_SPAN:
        raise Wrong(400, "start_date, end_date: a span of 90 days at most, the start first")
    if since is None:
        since = (until or now) - LONGEST_SPAN
    return Asked(
        services=_listed(query, "service_code", list(Service)),
        statuses=_listed(query, "status", _STATUSES),
        since=since,
        until=until or since + LONGEST_SPAN,
    )


def _listed(query: Mapping[str, str], name: str, known: Sequence[str] = ()) -> list[str] | None:
    text = query.get(name, "").strip()
    if not text:
        return None
    parts = [part.strip() for part in text.split(",")]
    if len(parts) > MOST_NAMED or (known and not set(parts) <= set(known)):
        raise Wrong(
            400, f"{name}: want one or more of {', '.join(known) or 'our numbers'}, with commas between"
        )
    return parts


def _moment(query: Mapping[str, str], name: str) -> datetime | None:
    """A + that nobody escaped arrives as a space."""
    text = query.get(name, "").strip()
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or not 2000 <= moment.year <= 2100:
        raise Wrong(400, f"{name}: want a time with an offset, such as 2026-11-22T10:00:00+07:00")
    return moment


def _locale(fields: Mapping[str, str]) -> str:
    """`vi` or `en`, also as en-GB. Raises Wrong."""
    asked = fields.get("locale", "vi").strip().lower().replace("_", "-").partition("-")[0]
    if asked not in ("vi", "en"):
        raise Wrong(400, "locale: want vi or en")
    return asked
