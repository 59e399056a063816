"""The overview page. Python lays it out in the operator's language; the script fills it with live data."""

import json
from typing import Any

from dash import dcc, html

from dashboard import security
from dashboard.components.attributes import aria, data
from dashboard.components.panel import entries, panel
from dashboard.components.top_bar import pill, post_button, top_bar
from dashboard.control_room import ids, language
from dashboard.control_room.menu import menu
from dashboard.control_room.texts import SCRIPT_TEXTS, say
from storage.operators import Role


def page() -> html.Div:
    """The whole page for whoever asks. Raises LookupError outside the gate."""
    shown, who = language.current(), security.visitor()
    return html.Div(
        [
            _words(shown, who),
            _bar(shown, who),
            html.Div(
                [
                    html.Div(id=ids.STANDSTILLS, role="alert"),
                    html.P(id=ids.SOUND_BLOCKED, className="notice", role="status", hidden=True),
                ],
                className="notices",
            ),
            html.Main(
                [
                    html.Section(id=ids.TILES, className="tiles", **aria(label=say("tiles", shown))),
                    _city(shown),
                    _lists(shown),
                ],
                id="main",
            ),
            html.P(id=ids.WALL_LINE, hidden=True),
            dcc.Store(id=ids.SELECTED),
        ],
        className="room",
    )


def _words(shown: language.Language, who: security.Visitor) -> html.Div:
    """What the script says, so that every word of the page comes from one file."""
    words = {key: say(key, shown) for key in SCRIPT_TEXTS}
    may_act = "0" if who.role is Role.VIEWER else "1"
    return html.Div(
        id=ids.WORDS,
        hidden=True,
        **data(words=json.dumps(words, ensure_ascii=False), **{"may-act": may_act}),
    )


def _bar(shown: language.Language, who: security.Visitor) -> html.Header:
    other = "vi" if shown == "en" else "en"
    status: list[Any] = [
        html.Time(id=ids.CLOCK),
        pill(ids.LINK, live=True),
        pill(ids.INGEST),
        pill(ids.LOSS),
        pill(ids.CLOCKS),
        pill(ids.DUTY, live=True),
        html.A(id=ids.FIRING, href=f"#{ids.ALERTS}", className="pill", hidden=True),
        html.Strong(say("simulated", shown), id=ids.SIMULATED, className="badge", hidden=True),
    ]
    pages = html.Nav(
        [
            html.A(
                say(entry.text, shown),
                href=entry.path,
                **(aria(current="page") if entry.is_at(language.OVERVIEW) else {}),
            )
            for entry in menu(who.role)
        ],
        className="menu",
        **aria(label=say("menu_label", shown)),
    )
    controls: list[Any] = [
        html.Button(say("sound_on", shown), id=ids.SOUND, type="button", title=say("sound_title", shown)),
        html.Button(say("keys", shown), id=ids.KEYS, type="button"),
        html.A(say("past_enter", shown), href=language.REPLAY),
        html.A(say("wall", shown), href="/ops/?wall=1"),
        html.A(say("other_language", shown), href=f"/ops/?lang={other}", hrefLang=other, lang=other),
        html.A(f"{who.name} · {say(f'role_{who.role}', shown)}", href=language.ACCOUNT, className="who"),
        post_button("/ops/logout", say("log_out", shown), security.CSRF_FIELD, who.csrf_token),
    ]
    return top_bar(say("product", shown), pages, status, controls)


def _city(shown: language.Language) -> html.Section:
    return html.Section(
        [
            html.H2(say("map", shown), id="city-title", className="unseen"),
            html.Div(
                [
                    html.Div(id=ids.LAYERS, role="group", **aria(label=say("layers", shown))),
                    html.Button(id=ids.ONLY, type="button", hidden=True),
                    html.Div(id=ids.FIND),
                ],
                className="tools",
            ),
            html.Div(id=ids.MAP, role="application", **aria(label=say("map_long", shown))),
            _thing(shown),
        ],
        id="city",
        **aria(labelledby="city-title"),
    )


def _thing(shown: language.Language) -> html.Section:
    """The last 24 hours of what is selected; not there as long as nothing is."""
    return html.Section(
        [
            html.Div(
                [
                    html.H2(id=ids.THING_NAME),
                    html.P(id=ids.THING_PLACE),
                    html.Div(id=ids.PROPERTY),
                    html.Button("✕", id=ids.THING_CLOSE, title=say("close", shown), type="button"),
                ],
                className="heading",
            ),
            html.Div(id=ids.FIGURE, className="figure"),
            html.P(id=ids.FIGURE_WORDS),
        ],
        id=ids.THING,
        hidden=True,
        **aria(labelledby=ids.THING_NAME),
    )


def _lists(shown: language.Language) -> html.Div:
    return html.Div(
        [
            panel(
                ids.ALERTS,
                say("alerts", shown),
                html.P(id=ids.ALERTS_RESULT, className="result", role="status"),
                entries(ids.ALERTS),
                count=True,
            ),
            panel(ids.REJECTIONS, say("rejections", shown), entries(ids.REJECTIONS), count=True),
        ],
        className="lists",
    )
