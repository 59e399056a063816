"""The citizens' form to be told, and the page of what is kept, in both languages; plain forms that need no script.

Nothing happens by looking at an address: mail scanners follow links. Buttons do, and the one-click end of RFC 8058.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Final
from urllib.parse import quote, urlsplit

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from alerts.subscribers.wording import PAGES
from dashboard.api.headers import content_security_policy
from dashboard.api.site import Site
from dashboard.citizen_forms import uploads
from dashboard.citizen_forms.page import TRAP, fault, hanoi_time, options, page, trap
from dashboard.citizen_forms.unfit import Unfit
from dashboard.citizen_forms.uploads import UploadRefused
from dashboard.subscribing.asked import Asked, offered, subscription
from dashboard.subscribing.desk import RETRY_AFTER_S, Desk, Limited
from dashboard.subscribing.texts import TEXTS
from storage.db import DatabaseUnreachable
from storage.model import Domain
from storage.subscription_offers import Offer, offers
from storage.subscriptions import Answer, Channel, HeldSubscription, SubscriptionRefused
from storage.things import ThingRow

log = logging.getLogger(__name__)

PATHS: Final = PAGES
ONE_CLICK: Final = ("List-Unsubscribe", "One-Click")
"""The body of a POST by which a mail program ends it (RFC 8058)."""
ASKED: Final = "asked"
"""The address below the form after something was asked; no token is so short."""
_HEADERS: Final = {
    "Content-Security-Policy": content_security_policy(None, forms=True),
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",  # addresses hold tokens
}


def router(site: Site, desk: Desk) -> APIRouter:
    routes = APIRouter(include_in_schema=False)
    for language in PATHS:
        _routes(routes, _Pages(site=site, desk=desk, language=language))
    return routes


def _routes(routes: APIRouter, pages: "_Pages") -> None:
    path = PATHS[pages.language]

    @routes.get(path)
    async def get_form(request: Request) -> Response:
        return pages.form(Asked(thing=request.query_params.get("thing", "")))

    @routes.post(path)
    async def post_form(request: Request) -> Response:
        return await pages.post(request)

    @routes.get(f"{path}/{ASKED}")
    async def get_asked(request: Request) -> Response:
        return pages.asked()

    @routes.get(f"{path}/{{token}}")
    async def get_held(token: str, request: Request) -> Response:
        return await pages.guarded(lambda: pages.held(request, token))

    @routes.post(f"{path}/{{token}}")
    async def post_held(token: str, request: Request) -> Response:
        return await pages.guarded(lambda: pages.act(request, token))


@dataclass(frozen=True, kw_only=True, slots=True)
class _Pages:
    """All of them in one language."""

    site: Site
    desk: Desk
    language: str

    # Asking

    def form(self, asked: Asked, *, fault: str = "", status: int = 200) -> Response:
        view = self.site.city.view
        try:
            chosen = offered(asked.thing, view) if asked.thing else None
        except Unfit:
            chosen, fault, status = None, fault or "wrong_thing", status if status != 200 else 404
        step = self._which(asked.thing) if chosen is None else self._when(asked, *chosen)
        parts = [
            f"<p>{self._say('lead')}</p>",
            f'<p class="urgent"><strong>{self._say("urgent")}</strong></p>',
            self._fault(fault),
            step,
            self._others(),
            self._kept(),
        ]
        below = f"?thing={quote(asked.thing)}" if chosen else ""
        return self._page("title", parts, below=below, status=status)

    async def post(self, request: Request) -> Response:
        """The same answer whether or not an address is known."""
        if request.headers.get("sec-fetch-site") == "cross-site":
            return self.form(Asked(), fault="wrong_elsewhere", status=403)
        said = Asked()
        try:
            said = _asked((await uploads.read(request)).fields)
            new = subscription(said, self.site.city.view, self.language)
            if not self.desk.offers(Channel.EMAIL):
                return self.form(said, fault="no_email", status=503)
            answer, _ = await self.desk.ask(request, new)
        except Unfit as unfit:
            return self.form(said, fault=f"wrong_{unfit.field}", status=422)
        except (UploadRefused, SubscriptionRefused):
            return self.form(said, fault="wrong_malformed", status=400)
        except Limited:
            return self._with_wait(self.form(said, fault="wrong_limited", status=429))
        except DatabaseUnreachable as error:
            return self._unreachable(error, lambda: self.form(said, fault="wrong_database", status=503))
        if answer is Answer.FULL:
            return self.form(said, fault="wrong_full", status=503)
        if answer is Answer.UNKNOWN:
            return self.form(Asked(), fault="wrong_thing", status=422)
        return RedirectResponse(f"{PATHS[self.language]}/{ASKED}", 303)

    def asked(self) -> Response:
        return self._page("asked_title", [f"<p>{self._say('asked')}</p>", self._another()], below=f"/{ASKED}")

    def _which(self, chosen: str) -> str:
        view = self.site.city.view
        groups = []
        for key in offers(view.domains):
            domain = view.domains[key]
            things = (one for one in view.things_of.get(key, ()) if one.kind in domain.map_kinds)
            named = sorted((self._name(one), one.id) for one in things)
            found = options(((id_, name) for name, id_ in named), chosen)
            label = escape(domain.name.in_language(self.language))
            groups.append(f'<optgroup label="{label}">\n{found}\n</optgroup>')
        return (
            f'<form method="get" action="{PATHS[self.language]}">'
            f'<label for="thing">{self._say("where")}</label><p class="hint">{self._say("where_hint")}</p>'
            f'<select id="thing" name="thing" required><option value="">{self._say("none")}</option>\n'
            + "\n".join(groups)
            + f'</select><button type="submit" class="primary">{self._say("next")}</button></form>'
        )

    def _when(self, asked: Asked, thing: ThingRow, domain: Domain, offer: Offer) -> str:
        path, observed = PATHS[self.language], domain.properties[offer.property]
        choices = "\n".join(
            f'<label class="choice"><input type="radio" name="at_least" value="{n}" required'
            f"{' checked' if str(n) == asked.at_least else ''}>"
            f"<span>{escape(offer.asked(observed, n).in_language(self.language))}</span></label>"
            for n in offer.at_least
        )
        head = (
            f"<h2>{escape(domain.name.in_language(self.language))}: {escape(self._name(thing))}</h2>"
            f'<p><a href="{path}">{self._say("other_place")}</a></p>'
        )
        if not self.desk.offers(Channel.EMAIL):
            return f"{head}<p>{self._say('no_email')}</p>"
        return (
            f'{head}<form method="post" action="{path}">'
            f'<input type="hidden" name="thing" value="{escape(thing.id)}">'
            f"<fieldset><legend>{self._say('when')}</legend>\n{choices}\n</fieldset>"
            f'<label for="email">{self._say("email")}</label>'
            f'<p class="hint" id="email-hint">{self._say("email_hint")}</p>'
            '<input id="email" name="email" type="email" maxlength="254" autocomplete="email" required'
            f' aria-describedby="email-hint" value="{escape(asked.email)}">'
            f"{trap(self.language)}"
            f'<button type="submit" class="primary">{self._say("send")}</button></form>'
        )

    def _others(self) -> str:
        channels = self.desk.channels
        parts = [f"<p>{self._say('by_browser')}</p>" if channels.push_key else ""]
        if channels.zalo_url:
            parts.append(
                f'<p><a href="{escape(channels.zalo_url)}" rel="noopener">{self._say("by_zalo")}</a></p>'
            )
        return "".join(parts)

    def _kept(self) -> str:
        items = "".join(f"<li>{self._say(key)}</li>" for key in ("data_kept", "data_end", "data_mail"))
        return f'<section aria-labelledby="data"><h2 id="data">{self._say("data")}</h2><ul>{items}</ul></section>'

    # What is kept

    async def held(self, request: Request, token: str, said: str = "") -> Response:
        kept = await self.desk.held(request, token)
        if not kept:
            return self._page("held_title", [f"<p>{self._say('held_none')}</p>", self._another()], status=404)
        path = f"{PATHS[self.language]}/{quote(token)}"
        waits = any(one.own and one.confirmed_at is None for one in kept)
        parts = [
            f'<p class="keep" role="status">{self._say(said)}</p>' if said else "",
            self._confirm(path) if waits else "",
            f"<p>{self._say('held_address')}: <strong>{escape(self._address(kept[0]))}</strong></p>",
            *(self._item(one, path) for one in kept),
            self._button(path, "delete_all", act="delete_all") if len(kept) > 1 else "",
            self._another(),
        ]
        return self._page("held_title", parts, below=f"/{quote(token)}")

    async def act(self, request: Request, token: str) -> Response:
        fields = (await uploads.read(request)).fields
        if fields.get(ONE_CLICK[0]) == ONE_CLICK[1]:
            await self.desk.delete_own(request, token)
            return PlainTextResponse("Đã xoá. / Deleted.\n", headers=_HEADERS)
        act, one = fields.get("act", ""), fields.get("one", "")
        if act == "confirm":
            await self.desk.confirm(request, token)
            return await self.held(request, token, "confirmed")
        if act == "delete_all":
            return await self._deleted(request, token, None)
        if act == "delete" and one.isascii() and one.isdigit() and len(one) < 19:
            return await self._deleted(request, token, int(one))
        return self._plain("wrong_malformed", 400)

    async def guarded(self, answer: Callable[[], Awaitable[Response]]) -> Response:
        try:
            return await answer()
        except UploadRefused as refused:
            return self._plain("wrong_malformed", refused.status)
        except Limited:
            return self._with_wait(self._plain("wrong_limited", 429))
        except DatabaseUnreachable as error:
            return self._unreachable(error, lambda: self._plain("wrong_database", 503))

    async def _deleted(self, request: Request, token: str, one: int | None) -> Response:
        """A token goes with what it was made for; while that is kept, its page stays."""
        kept = await self.desk.held(request, token)
        gone = await self.desk.delete(request, token, one)
        left = [other for other in kept if one is not None and other.id != one]
        if gone and any(other.own for other in left):
            return await self.held(request, token, "deleted")
        parts = [f"<p>{self._say('deleted' if gone else 'held_none')}</p>"]
        if gone and left:
            parts.append(f"<p>{self._say('deleted_others')}</p>")
        return self._page("deleted_title", [*parts, self._another()])

    def _confirm(self, path: str) -> str:
        button = self._button(path, "confirm", act="confirm")
        return f'<div class="keep"><p>{self._say("confirm_lead")}</p>{button}</div>'

    def _item(self, one: HeldSubscription, path: str) -> str:
        rows = [
            ("held_asked", self._time(one.asked_at)),
            ("held_confirmed", self._time(one.confirmed_at)),
            ("held_told", self._time(one.told_at)),
            ("held_language", {"vi": "Tiếng Việt", "en": "English"}[one.language]),
        ]
        listed = "".join(f"<div><dt>{self._say(key)}</dt><dd>{escape(text)}</dd></div>" for key, text in rows)
        return (
            f"<section><h2>{escape(self._what(one))}</h2><dl>{listed}</dl>"
            f"{self._button(path, 'delete', act='delete', one=str(one.id))}</section>"
        )

    def _what(self, one: HeldSubscription) -> str:
        """Also of a Thing that is there no more."""
        view = self.site.city.view
        thing = view.things.get(one.thing_id)
        domain = view.domains.get(thing.domain) if thing else None
        offer = offers({domain.key: domain}).get(domain.key) if domain else None
        if thing is None or domain is None or offer is None or offer.property != one.property:
            return f"{one.thing_id}: {one.property} ≥ {one.at_least}"
        words = offer.asked(domain.properties[one.property], one.at_least).in_language(self.language)
        return f"{self._name(thing)}: {words}"

    def _address(self, one: HeldSubscription) -> str:
        if one.channel == Channel.EMAIL:
            return one.address
        return self._text("held_browser").format(host=urlsplit(one.address).hostname)

    # Parts of pages

    def _button(self, path: str, key: str, **fields: str) -> str:
        hidden = "".join(
            f'<input type="hidden" name="{name}" value="{escape(value)}">' for name, value in fields.items()
        )
        look = ' class="primary"' if key == "confirm" else ""
        button = f'<button type="submit"{look}>{self._say(key)}</button>'
        return f'<form method="post" action="{path}">{hidden}{button}</form>'

    def _another(self) -> str:
        return f'<p><a href="{PATHS[self.language]}">{self._say("another")}</a></p>'

    def _fault(self, key: str) -> str:
        return fault(self._text("wrong"), self._text(key)) if key else ""

    def _plain(self, key: str, status: int) -> Response:
        return self._page("held_title", [self._fault(key), self._another()], status=status)

    def _page(self, title: str, parts: Sequence[str], *, below: str = "", status: int = 200) -> Response:
        body = "\n".join(part for part in parts if part)
        made = page(self._text(title), body, language=self.language, paths=PATHS, below=below)
        return HTMLResponse(made, status, headers=_HEADERS)

    def _with_wait(self, response: Response) -> Response:
        response.headers["Retry-After"] = str(RETRY_AFTER_S)
        return response

    def _unreachable(self, error: Exception, answer: Callable[[], Response]) -> Response:
        log.warning("subscription_without_database error=%r", str(error).strip())
        return answer()

    def _name(self, thing: ThingRow) -> str:
        return thing.name_en if self.language == "en" else thing.name_vi

    def _time(self, at: datetime | None) -> str:
        return self._text("held_never") if at is None else hanoi_time(at, self.language)

    def _say(self, key: str) -> str:
        """As HTML."""
        return escape(self._text(key))

    def _text(self, key: str) -> str:
        return TEXTS[key].in_language(self.language)


def _asked(fields: Mapping[str, str]) -> Asked:
    return Asked(
        thing=fields.get("thing", ""),
        at_least=fields.get("at_least", ""),
        email=fields.get("email", ""),
        trap=fields.get(TRAP, ""),
    )
