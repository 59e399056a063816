"""The citizens' page in both languages: one template, one table of texts. What changes is filled in by `first_page`."""

import html
import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Final

from dashboard.static import StaticFile, static_file
from dashboard.subscribing.desk import Channels

FOLDER: Final = Path(str(files("dashboard"))) / "citizen"
LANGUAGES: Final = ("vi", "en")
PATHS: Final[Mapping[str, str]] = {"/": "vi", "/vi/": "vi", "/en/": "en"}
"""The language of each; Vietnamese is the city's and so the one without a prefix."""


FILLED: Final = (
    "symbols",
    "generated_at",
    "as_of",
    "is_old",
    "newest_now",
    "simulated_hidden",
    "notices_hidden",
    "notices_now",
    "layers_now",
    "alerts_now",
    "tables",
    "pages_now",
)
"""What the template leaves open for the moment."""
HERE: Final = ("me", "me_hint", "find")
"""Of 'Around me': what stands there, still without use, before its script has come (citizen/here.js)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PageSettings:
    tiles_url: str | None = None
    parking_pay_url: str | None = None
    """Where parking is paid for; a template with {point} and {bay}."""
    data_licence: str | None = None
    """What the data may be used under, a URL or a name; None: nobody has said."""
    publisher: str | None = None
    """Who publishes the data."""
    channels: Channels = field(default_factory=Channels)
    """By which citizens can be told; beside the page, not in it."""
    assets: str = "/assets"
    """Where the page's scripts and styles lie: a folder whose name changes with any of them."""


def texts(language: str, file: str = "texts.toml") -> dict[str, str]:
    """Every text of the file by key, in one language."""
    table = tomllib.loads((FOLDER / file).read_text(encoding="utf-8"))
    return {key: both[language] for key, both in table.items()}


def page(language: str, settings: PageSettings) -> bytes:
    """The page as HTML, of no moment: nothing of the city is in it."""
    return template(language, settings).substitute(dict.fromkeys(FILLED, "")).encode()


def template(language: str, settings: PageSettings) -> Template:
    """The page with its words; `FILLED` is open. Its script reads texts and settings from a data block that no
    policy has to allow."""
    words = texts(language)
    text = (FOLDER / "index.html").read_text(encoding="utf-8")
    data = {
        "language": language,
        "texts": _for_scripts(words, text),
        "tilesUrl": settings.tiles_url,
        "parkingPayUrl": settings.parking_pay_url,
        "assets": settings.assets,
    }
    other = next(code for code in LANGUAGES if code != language)
    around = {f"here_{key}": text for key, text in texts(language, "here.toml").items() if key in HERE}
    made = {key: html.escape(text) for key, text in (words | around).items()} | {
        "language": language,
        "other_language_code": other,
        "assets": settings.assets,
        "page_data": _script_data(data),
    }
    open_ = {key: f"${{{key}}}" for key in FILLED}
    kept = {key: text.replace("$", "$$") for key, text in made.items()}
    return Template(Template(text).substitute(kept | open_))


def scripts() -> dict[str, StaticFile]:
    """The page's own scripts and style, served beside the shared assets."""
    return {
        f"citizen/{path.name}": static_file(path.name, path.read_bytes())
        for path in sorted(FOLDER.iterdir())
        if path.suffix in (".js", ".css")
    }


def _for_scripts(words: Mapping[str, str], template: str) -> dict[str, str]:
    """Without what stands in the template and in no script: the page is small (citizen/first_page.py)."""
    written = "".join(path.read_text(encoding="utf-8") for path in FOLDER.glob("*.js"))
    in_template = set(re.findall(r"\$([a-z_0-9]+)", template))
    return {key: text for key, text in words.items() if key not in in_template or f'"{key}"' in written}


def _script_data(data: object) -> str:
    """JSON that can't end the element it stands in."""
    return json.dumps(data, ensure_ascii=False).replace("<", "\\u003c")
