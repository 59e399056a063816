"""The one Dash app of this process, on a FastAPI that already has our own routes' gate around it."""

from collections.abc import Callable
from datetime import datetime
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, cast

from dash import Dash
from fastapi import FastAPI

from dashboard import security
from dashboard.control_room import callbacks, language, layout
from dashboard.control_room.answering import not_started
from dashboard.control_room.login import HOME
from dashboard.control_room.texts import say
from dashboard.data import City
from storage import db

ASSETS: Final = Path(str(files("dashboard.control_room"))) / "assets"


class Room(Dash):
    """Dash with a page of ours around it: its language, its style sheets, its one script."""

    def interpolate_index(self, *_: Any, **parts: Any) -> str:
        """Dash calls it with the keywords metas, css, config, scripts, renderer and others."""
        shown = language.current()
        return (
            (ASSETS.parent / "index.html")
            .read_text("utf-8")
            .format(
                lang=shown,
                title=escape(say("product", shown)),
                skip=escape(say("skip", shown)),
                loading=escape(say("link_loading", shown)),
                not_started=not_started(shown),
                **{name: parts[name] for name in ("metas", "css", "config", "scripts", "renderer")},
            )
        )


def register(server: FastAPI, *, city: City, pool: db.Connections, clock: Callable[[], datetime]) -> Dash:
    """Puts the overview page below /ops/. Exactly once a process: Dash's registries are process-wide."""
    app = Room(
        __name__,
        server=cast(Any, server),  # Dash's types know Flask only
        url_base_pathname=HOME,
        assets_folder=str(ASSETS),
        include_assets_files=False,
        update_title="",
        csrf_token_name=security.CSRF_COOKIE,
        csrf_header_name=security.CSRF_HEADER,
        add_log_handler=False,
        suppress_callback_exceptions=True,  # the layout needs an operator, so Dash can't look at it beforehand
    )
    app.backend.websocket_capability = False  # else every page opens a socket that nothing is sent over
    app.layout = layout.page
    callbacks.register(app, city=city, pool=pool, clock=clock)
    return app
