"""The citizens' page in both languages: one template, one table of texts, rendered once at start."""

import html
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Final

from dashboard.static import StaticFile, static_file

FOLDER: Final = Path(str(files("dashboard"))) / "citizen"
LANGUAGES: Final = ("vi", "en")


@dataclass(frozen=True, kw_only=True, slots=True)
class PageSettings:
    tiles_url: str | None = None
    parking_pay_url: str | None = None
    """Where parking is paid for; a template with {point} and {bay}."""


def texts(language: str) -> dict[str, str]:
    """Every text of the page by key, in one language."""
    table = tomllib.loads((FOLDER / "texts.toml").read_text(encoding="utf-8"))
    return {key: both[language] for key, both in table.items()}


def page(language: str, settings: PageSettings) -> bytes:
    """The page as HTML. Its script reads texts and settings from a data block that no policy has to allow."""
    words = texts(language)
    data = {
        "language": language,
        "texts": words,
        "tilesUrl": settings.tiles_url,
        "parkingPayUrl": settings.parking_pay_url,
    }
    template = Template((FOLDER / "index.html").read_text(encoding="utf-8"))
    escaped = {key: html.escape(text) for key, text in words.items()}
    other = next(code for code in LANGUAGES if code != language)
    return template.substitute(
        escaped, language=language, other_language_code=other, page_data=_script_data(data)
    ).encode()


def pages(settings: PageSettings) -> Mapping[str, StaticFile]:
    """By path; Vietnamese is the city's language and so the one without a prefix."""
    made = {language: static_file("page.html", page(language, settings)) for language in LANGUAGES}
    return {"/": made["vi"], "/vi/": made["vi"], "/en/": made["en"]}


def scripts() -> dict[str, StaticFile]:
    """The page's own scripts and style, served beside the shared assets."""
    return {
        f"citizen/{path.name}": static_file(path.name, path.read_bytes())
        for path in sorted(FOLDER.iterdir())
        if path.suffix in (".js", ".css")
    }


def _script_data(data: object) -> str:
    """JSON that can't end the element it stands in."""
    return json.dumps(data, ensure_ascii=False).replace("<", "\\u003c")
