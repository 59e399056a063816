"""What somebody reads who turns pages of history faster than is allowed. Pure."""

import html
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from urllib.parse import quote

from dashboard.citizen.now import Now
from dashboard.citizen.pages import PageSettings
from dashboard.places.addresses import HOMES
from dashboard.places.frame import Around, Page, framed, texts


def asks_for_a_page(accept: str) -> bool:
    """Whether the header names text/html, as browsers do; who takes anything is a program."""
    for taken in accept.lower().split(","):
        kind, *parameters = (part.strip() for part in taken.split(";"))
        if kind == "text/html":
            return not any(
                one.replace(" ", "") in ("q=0", "q=0.0", "q=0.00", "q=0.000") for one in parameters
            )
    return False


@cache
def _texts(language: str) -> Mapping[str, str]:
    """Read once: a refusal costs little."""
    return texts(language)


def too_many_page(
    path: str, query: str, wait_s: int, *, origin: str, settings: PageSettings, at: datetime
) -> bytes:
    """In the language of the page that was asked for: `path` begins with /vi/ or /en/."""
    language = next(code for code in HOMES if path.startswith(f"/{code}/"))
    now = Now(at=at, language=language, texts=_texts(language))
    said = now.texts["place_too_many"].replace("{n}", str(wait_s))
    paths = {code: f"/{code}/{quote(path[len(f'/{language}/') :])}{query and f'?{query}'}" for code in HOMES}
    again = html.escape(paths[language])
    page = Page(
        title=now.texts["place_too_many_title"],
        heading=now.texts["place_too_many_title"],
        description=said,
        paths=paths,
        trail=[],
        body=f'<p>{html.escape(said)}</p><p><a href="{again}">{now.of("place_again")}</a></p>',
        indexed=False,
    )
    around = Around(
        origin=origin,
        assets=settings.assets,
        licence=settings.data_licence,
        publisher=settings.publisher,
    )
    return framed(now, around, page)
