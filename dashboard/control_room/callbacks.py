"""Dash callbacks: only what an operator asks for. Live data never comes through here (design, web).

Each is async and hops to a thread for the database: a sync one would stop every other operator's page. Each
asks who it works for, which fails outside the gate.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from dash import Dash, Input, Output, dcc, html, no_update

from dashboard import security
from dashboard.control_room import ids, language, thing_day
from dashboard.data import City
from storage import db

_WAIT_S: Final = 5.0


def register(app: Dash, *, city: City, pool: db.Connections, clock: Callable[[], datetime]) -> None:
    """Adds the callbacks of the overview page to the app."""

    @app.callback(
        Output(ids.THING, "hidden"),
        Output(ids.THING_NAME, "children"),
        Output(ids.THING_PLACE, "children"),
        Output(ids.FIGURE, "children"),
        Output(ids.FIGURE_WORDS, "children"),
        Input(ids.SELECTED, "data"),
    )
    async def show_thing(selected: object) -> tuple[Any, ...]:
        security.visitor()
        return await asyncio.to_thread(_thing, city, pool, selected, clock())


def _thing(city: City, pool: db.Connections, selected: object, now: datetime) -> tuple[Any, ...]:
    """What is asked for comes from a browser: nothing is drawn that the Thing does not offer."""
    view, shown = city.view, language.current()
    asked = selected if isinstance(selected, dict) else {}
    thing = view.things.get(str(asked.get("thing")))
    if thing is None or asked.get("property") not in thing_day.offers(view, thing):
        return True, "", "", no_update, ""
    with pool.connection(timeout=_WAIT_S) as conn:
        figure, words = thing_day.day(conn, view, thing, asked["property"], now=now, language=shown)
    name = thing.name_en if shown == "en" else thing.name_vi
    graph = dcc.Graph(figure=figure, config={"displayModeBar": False, "responsive": True})
    title = html.A(name, href=f"{language.THINGS}/{thing.id}")
    return False, title, thing_day.place(thing, shown), graph, words
