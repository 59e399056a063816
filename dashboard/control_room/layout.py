"""The overview page. Python lays it out in the operator's language; the script fills it with live data."""

import json
from typing import Any

from dash import dcc, html

from dashboard import security
from dashboard.components.attributes import aria, data
from dashboard.components.panel import entries, panel
from dashboard.components.top_bar import pill, post_button, top_bar
from dashboard.control_room import ids, language
from dashboard.control_room.texts import SCRIPT_TEXTS, say
from storage.operators import Role


def page() -> html.Div:
    """The whole page for whoever asks. Raises LookupError outside the gate."""
    shown, who = language.current(), security.visitor()
    return html.Div(
        [
            _words(shown),
            _bar(shown, who),
            html.Main(
                [
                    html.Section(id=ids.TILES, className="tiles", **aria(label=say("tiles", shown))),
                    _city(shown),
                    _lists(shown),
                ],
                id="main",
            ),
            dcc.Store(id=ids.SELECTED),
        ],
        className="room",
    )


def _words(shown: language.Language) -> html.Div:
    """What the script says, so that every word of the page comes from one file."""
    words = {key: say(key, shown) for key in SCRIPT_TEXTS}
    return html.Div(id=ids.WORDS, hidden=True, **data(words=json.dumps(words, ensure_ascii=False)))


def _bar(shown: language.Language, who: security.Visitor) -> html.Header:
    other = "vi" if shown == "en" else "en"
    status: list[Any] = [
        html.Time(id=ids.CLOCK),
        pill(ids.LINK, live=True),
        pill(ids.INGEST),
        pill(ids.LOSS),
        pill(ids.CLOCKS),
        html.A(id=ids.FIRING, href=f"#{ids.ALERTS}", className="pill", hidden=True),
        html.Strong(say("simulated", shown), id=ids.SIMULATED, className="badge", hidden=True),
    ]
    devices = html.A(say("devices", shown), href=language.DEVICES)
    controls: list[Any] = [
        *([] if who.role is Role.VIEWER else [devices]),
        html.A(say("data", shown), href=language.DATA),
        html.A(say("wall", shown), href="/ops/?wall=1"),
        html.A(say("other_language", shown), href=f"/ops/?lang={other}", hrefLang=other, lang=other),
        html.Span(f"{who.name} · {say(f'role_{who.role}', shown)}", className="who"),
        post_button("/ops/logout", say("log_out", shown), security.CSRF_FIELD, who.csrf_token),
    ]
    return top_bar(say("product", shown), status, controls)


def _city(shown: language.Language) -> html.Section:
    return html.Section(
        [
            html.H2(say("map", shown), id="city-title", className="unseen"),
            html.Div(
                [
                    html.Div(id=ids.LAYERS, role="group", **aria(label=say("layers", shown))),
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
            panel(ids.ALERTS, say("alerts", shown), entries(ids.ALERTS), count=True),
            panel(ids.REJECTIONS, say("rejections", shown), entries(ids.REJECTIONS), count=True),
        ],
        className="lists",
    )
