"""The citizens' form and the page of one report, in both languages; plain forms that need no script."""

import asyncio
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from dashboard.api.headers import content_security_policy
from dashboard.api.open311 import PHOTO
from dashboard.api.site import Site
from dashboard.citizen_forms import uploads
from dashboard.citizen_forms.page import TRAP, fault, hanoi_time, options, page, trap
from dashboard.citizen_forms.unfit import Unfit
from dashboard.citizen_forms.uploads import UploadRefused
from dashboard.data import CityView
from dashboard.photos import PhotoRefused
from dashboard.places.addresses import OTHER
from dashboard.reporting.intake import RETRY_AFTER_S, Intake
from dashboard.reporting.said import Said, where
from dashboard.reporting.texts import SCRIPT_TEXTS, SERVICE_ABOUT, STATUS_NOTES, TEXTS, answer_of
from dashboard.static import StaticFile, static_file
from storage import citizen_reports, wards
from storage.citizen_reports import SERVICE_NAMES, Asked, Service, ShownReport, ToldReport
from storage.db import DatabaseUnreachable

log = logging.getLogger(__name__)

FOLDER: Final = Path(str(files("dashboard"))) / "reporting"
PATHS: Final[Mapping[str, str]] = {"vi": "/vi/phan-anh", "en": "/en/report"}
_CONNECT_S: Final = 5.0


def router(site: Site, intake: Intake, *, tiles_url: str | None) -> APIRouter:
    routes = APIRouter(include_in_schema=False)
    for language in PATHS:
        _pages(routes, _Pages(site=site, intake=intake, tiles_url=tiles_url, language=language))
    return routes


def scripts() -> dict[str, StaticFile]:
    """Script and style, served beside the shared assets."""
    names = ("report.css", "report.js")
    return {f"reporting/{name}": static_file(name, (FOLDER / name).read_bytes()) for name in names}


def _pages(routes: APIRouter, pages: "_Pages") -> None:
    path = PATHS[pages.language]

    @routes.get(path)
    async def get_form(request: Request) -> Response:
        asked = request.query_params
        if "number" in asked:
            known = citizen_reports.written_number(asked["number"])
            if known is None:
                return pages.form(Said(), fault=("follow_unknown",), status=404)
            return RedirectResponse(f"{path}/{known}", 303)
        return pages.form(Said(service=asked.get("service", ""), thing=asked.get("thing", "")))

    @routes.post(path)
    async def post_form(request: Request) -> Response:
        return await pages.post(request)

    @routes.get(f"{path}/{{number}}")
    async def get_told(number: str) -> Response:
        return await pages.told(number)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Pages:
    """Both pages in one language."""

    site: Site
    intake: Intake
    tiles_url: str | None
    language: str

    def form(
        self,
        said: Said,
        *,
        fault: tuple[str, ...] = (),
        status: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        view = self.site.city.view
        data = {"texts": {key: self._say(key) for key in SCRIPT_TEXTS}, "tilesUrl": self.tiles_url}
        body = _template("form.html").substitute(
            {key: escape(text.in_language(self.language)) for key, text in TEXTS.items()},
            path=PATHS[self.language],
            fault=self._fault(fault),
            services="\n".join(self._service(one, said.service) for one in Service),
            things=self._things(view, said.thing),
            wards=self._wards(said.ward),
            degrees_open=" open" if said.lat or said.lon else "",
            said_lat=escape(said.lat),
            said_lon=escape(said.lon),
            said_description=escape(said.description),
            said_contact=escape(said.contact),
            trap=trap(self.language),
        )
        head = _template("form_head.html").substitute(
            other_code=OTHER[self.language],
            other_path=PATHS[OTHER[self.language]],
            page_data=json.dumps(data, ensure_ascii=False).replace("<", "\\u003c"),
        )
        made = page(self._say("title"), body, language=self.language, paths=PATHS, head=head)
        return self._answer(made, status, headers)

    async def post(self, request: Request) -> Response:
        said = Said()
        try:
            async with self.intake.turn(request):
                sent = await uploads.read(request)
                said = _said(sent.fields)
                number = await self.intake.take(
                    request, sent, said, self.site.city.view, language=self.language, channel="page"
                )
        except Unfit as unfit:
            return self.form(said, fault=(_wrong(unfit), "photo_again"), status=422)
        except PhotoRefused:
            return self.form(said, fault=("wrong_photo",), status=422)
        except UploadRefused as refused:
            return self._refused(refused, said, uploads.parting(request, refused))
        except DatabaseUnreachable as error:
            log.warning("report_without_database error=%r", str(error).strip())
            return self.form(said, fault=("wrong_database", "photo_again"), status=503)
        return RedirectResponse(f"{PATHS[self.language]}/{number}", 303)

    async def told(self, asked: str) -> Response:
        known = citizen_reports.written_number(asked)
        try:
            found = await asyncio.to_thread(self._found, known) if known else None
        except DatabaseUnreachable:
            return self._plain(
                self._say("title"), f"<p>{escape(self._say('wrong_database'))}</p>", asked, 503
            )
        if found is None:
            return self.form(Said(), fault=("follow_unknown",), status=404)
        told, shown = found
        title = self._say("told_title").format(number=told.number)
        return self._plain(title, self._told(told, shown), told.number, 200)

    def _refused(self, refused: UploadRefused, said: Said, more: Mapping[str, str]) -> Response:
        key = {"full": "busy", "slow": "malformed", "type": "malformed"}.get(refused.code, refused.code)
        headers = dict(more) | ({"Retry-After": str(RETRY_AFTER_S)} if refused.status == 429 else {})
        return self.form(said, fault=(f"wrong_{key}", "photo_again"), status=refused.status, headers=headers)

    def _found(self, number: str) -> tuple[ToldReport, ShownReport | None] | None:
        with self.site.pool.connection(timeout=_CONNECT_S) as conn:
            told = citizen_reports.told(conn, number)
            if told is None:
                return None
            shown = citizen_reports.shown(conn, Asked(numbers=[told.main_number or number]), 1)
        return told, shown[0] if shown else None

    def _told(self, told: ToldReport, shown: ShownReport | None) -> str:
        """What who has the number may know: how it stands; and what is published of it."""
        place = where(
            told.place,
            told.place_id,
            shown.lat if shown else None,
            shown.lon if shown else None,
            self.site.city.view,
        )
        note = STATUS_NOTES["closed" if told.state == "confirmed" and told.status == "closed" else told.state]
        answer = answer_of(told.answer_vi, told.answer_en, self.language)
        rows = [
            ("told_what", SERVICE_NAMES[told.service].in_language(self.language)),
            ("told_where", place.get(self.language)),
            ("told_sent", self._time(told.requested_at)),
            ("told_changed", self._time(told.updated_at) if told.updated_at != told.requested_at else None),
            ("told_status", note.in_language(self.language)),
            ("told_reason", told.reason),
            ("told_answer", answer),
            ("told_text", shown.description if shown else None),
        ]
        parts = [
            f'<p class="keep">{self._keep(told.number)}</p>',
            f"<p>{escape(self._say('told_merged'))}</p>" if told.merged else "",
            "<dl>",
            *(
                f"<div><dt>{escape(self._say(key))}</dt><dd>{escape(text)}</dd></div>"
                for key, text in rows
                if text
            ),
            "</dl>",
            self._main(told.main_number),
            self._photo(shown),
        ]
        return "\n".join(part for part in parts if part)

    def _keep(self, number: str) -> str:
        strong = f'<strong class="number">{escape(number)}</strong>'
        return escape(self._say("told_keep")).format(number=strong)

    def _main(self, number: str | None) -> str:
        if number is None:
            return ""
        words = escape(self._say("told_main").format(number=number))
        return f'<p><a href="{PATHS[self.language]}/{escape(number)}">{words}</a></p>'

    def _photo(self, shown: ShownReport | None) -> str:
        if shown is None or not shown.has_photo:
            return ""
        return (
            f'<p><img src="{PHOTO}/{escape(shown.number)}.jpg" alt="{escape(self._say("told_photo"))}"></p>'
        )

    def _plain(self, title: str, body: str, number: str, status: int) -> Response:
        another = f'<p><a href="{PATHS[self.language]}">{escape(self._say("told_another"))}</a></p>'
        made = page(title, f"{body}\n{another}", language=self.language, paths=PATHS, below=f"/{number}")
        return self._answer(made, status)

    def _answer(self, made: str, status: int, headers: Mapping[str, str] | None = None) -> Response:
        own = {
            "Content-Security-Policy": content_security_policy(self.tiles_url, forms=True),
            "Permissions-Policy": "camera=(), microphone=(), geolocation=(self)",
            "Cache-Control": "no-store",
        }
        return HTMLResponse(made, status, headers=own | dict(headers or {}))

    def _fault(self, keys: tuple[str, ...]) -> str:
        return fault(self._say("wrong"), *map(self._say, keys)) if keys else ""

    def _service(self, service: Service, chosen: str) -> str:
        checked = " checked" if service.value == chosen else ""
        name, about = SERVICE_NAMES[service], SERVICE_ABOUT[service]
        return (
            f'<label class="choice"><input type="radio" name="service" value="{service.value}" required{checked}>'
            f"<span>{escape(name.in_language(self.language))}"
            f"<small>{escape(about.in_language(self.language))}</small></span></label>"
        )

    def _things(self, view: CityView, chosen: str) -> str:
        """Those that stand on a map, by domain; bays are said in words."""
        groups = []
        for key, domain in view.domains.items():
            placed = [one for one in view.things_of.get(key, ()) if one.lat is not None and not one.parent_id]
            names = sorted((one.name_vi if self.language == "vi" else one.name_en, one.id) for one in placed)
            found = options(((id_, name) for name, id_ in names), chosen)
            if found:
                label = escape(domain.name.in_language(self.language))
                groups.append(f'<optgroup label="{label}">\n{found}\n</optgroup>')
        return "\n".join(groups)

    def _wards(self, chosen: str) -> str:
        named = sorted((unit.full_name.in_language(self.language), unit.code) for unit in wards.units())
        return options(((code, name) for name, code in named), chosen)

    def _time(self, at: datetime) -> str:
        return hanoi_time(at, self.language)

    def _say(self, key: str) -> str:
        return TEXTS[key].in_language(self.language)


def _said(fields: Mapping[str, str]) -> Said:
    names = ("service", "lat", "lon", "thing", "ward", "description", "contact")
    return Said(**{name: fields.get(name, "") for name in names}, trap=fields.get(TRAP, ""))


def _wrong(unfit: Unfit) -> str:
    """The key of the text that says it."""
    exact = f"wrong_{unfit.field}_{unfit.code}"
    if exact in TEXTS:
        return exact
    return "wrong_long" if unfit.code == "long" else f"wrong_{unfit.field}"


@cache
def _template(name: str) -> Template:
    return Template((FOLDER / name).read_text("utf-8"))
