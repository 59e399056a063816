"""What every page of a place has around its content: title, addresses in both languages, metadata, banner. Pure."""

import html
import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any, Final

from dashboard.citizen import pages
from dashboard.citizen.marks import symbols
from dashboard.citizen.now import Now
from dashboard.places.addresses import HOMES, OTHER
from dashboard.static import StaticFile, static_file

FOLDER: Final = Path(str(files("dashboard"))) / "places"
LARGEST: Final = 40_000
"""Bytes of a page at most, before compression."""
_LOCALES: Final[Mapping[str, str]] = {"vi": "vi_VN", "en": "en_GB"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Around:
    """What is the same for all pages of an answer."""

    origin: str
    """Where the site is: `https://host`."""
    assets: str
    licence: str | None
    """What the data may be used under, a URL or a name; None: nobody has said."""
    publisher: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """The content of one page and what is said of it; texts are plain, `body` is HTML."""

    title: str
    heading: str
    description: str
    paths: Mapping[str, str]
    """Its own address by language."""
    trail: Sequence[tuple[str, str]]
    """(text, path) from the home page to the page above."""
    body: str
    simulated: bool = False
    indexed: bool = True
    structured: Sequence[Mapping[str, Any]] = field(default_factory=tuple)
    """JSON-LD."""


def texts(language: str) -> dict[str, str]:
    table = tomllib.loads((FOLDER / "texts.toml").read_text(encoding="utf-8"))
    return pages.texts(language) | {key: both[language] for key, both in table.items()}


def styles() -> dict[str, StaticFile]:
    """Served beside the shared assets."""
    return {"places/place.css": static_file("place.css", (FOLDER / "place.css").read_bytes())}


def framed(now: Now, around: Around, page: Page) -> bytes:
    """The whole document."""
    language, other = now.language, OTHER[now.language]
    said = f"{now.texts['simulated']}. {page.description}" if page.simulated else page.description
    return (
        _template()
        .substitute(
            language=language,
            title=html.escape(f"{page.title} | {now.texts['title']}"),
            site_name=now.of("title"),
            description=html.escape(said),
            links=_links(around, page, language),
            canonical=html.escape(around.origin + page.paths[language]),
            origin=html.escape(around.origin),
            locale=_LOCALES[language],
            assets=around.assets,
            structured="".join(map(_structured, page.structured)),
            symbols=symbols(),
            skip=now.of("place_skip"),
            trail_label=now.of("place_trail"),
            trail=_trail(now, page),
            other_path=html.escape(page.paths[other]),
            other_code=other,
            other_language=now.of("other_language"),
            banner=_banner(now) if page.simulated else "",
            heading=html.escape(page.heading),
            body=page.body,
            licence_line=licence_line(now, around),
            footer_aqi=now.of("footer_aqi"),
            footer_open_data=now.of("footer_open_data"),
        )
        .encode()
    )


def licence_line(now: Now, around: Around) -> str:
    told = around.licence
    if told is None:
        said = now.of("place_licence_none")
    elif told.startswith(("https://", "http://")):
        said = f'<a rel="license" href="{html.escape(told)}">{html.escape(told)}</a>'
    else:
        said = html.escape(told)
    by = f" · {html.escape(around.publisher)}" if around.publisher else ""
    return f"{now.of('place_licence')}: {said}{by}"


def link(path: str | None, text: str, **more: str) -> str:
    """An `a` element; only the text where there is no address. `text` is plain."""
    if path is None:
        return html.escape(text)
    said = "".join(f' {key}="{html.escape(value)}"' for key, value in more.items())
    return f'<a href="{html.escape(path)}"{said}>{html.escape(text)}</a>'


def _links(around: Around, page: Page, language: str) -> str:
    if not page.indexed:
        return '<meta name="robots" content="noindex">\n'
    found = {**page.paths, "x-default": page.paths["vi"]}
    canonical = f'<link rel="canonical" href="{html.escape(around.origin + page.paths[language])}">\n'
    return canonical + "".join(
        f'<link rel="alternate" hreflang="{code}" href="{html.escape(around.origin + path)}">\n'
        for code, path in found.items()
    )


def _trail(now: Now, page: Page) -> str:
    steps = [(now.texts["title"], HOMES[now.language]), *page.trail]
    return "".join(f"<li>{link(path, text)}" for text, path in steps)


def _banner(now: Now) -> str:
    return f'<p class="simulated"><strong>{now.of("simulated")}</strong> {now.of("simulated_more")}</p>\n'


def _structured(content: Mapping[str, Any]) -> str:
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    return f'<script type="application/ld+json">{text}</script>\n'


@cache
def _template() -> Template:
    return Template((FOLDER / "page.html").read_text(encoding="utf-8"))
