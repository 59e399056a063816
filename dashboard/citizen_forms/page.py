"""The page around a form of citizens, and the parts of forms that both write alike. Texts come plain, HTML goes out."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Final

from dashboard.citizen_forms.texts import TEXTS
from dashboard.places.addresses import HOMES, OTHER
from storage.model import HANOI

FOLDER: Final = Path(str(files("dashboard"))) / "citizen_forms"
NOT_INDEXED: Final = '<meta name="robots" content="noindex">'
TRAP: Final = "website"
"""The name of the field that people do not see; who fills it in is a program."""


def page(
    title: str,
    body: str,
    *,
    language: str,
    paths: Mapping[str, str],
    below: str = "",
    head: str = NOT_INDEXED,
) -> str:
    """The whole document. `body` and `head`, which goes before the forms' own style, are HTML.

    `paths` is the form's address by language; `below` is what the page's own has after it.
    """
    other = OTHER[language]
    return _template().substitute(
        language=language,
        title=escape(title),
        head=head,
        home=HOMES[language],
        back=_say("back", language),
        other_path=escape(f"{paths[other]}{below}"),
        other_code=other,
        other_language=_say("other_language", language),
        body=body,
    )


def fault(heading: str, *sentences: str) -> str:
    """What stands above a form that could not be taken."""
    said = " ".join(map(escape, sentences))
    return f'<p class="fault" role="alert"><strong>{escape(heading)}.</strong> {said}</p>'


def options(named: Iterable[tuple[str, str]], chosen: str) -> str:
    """Of (value, text)."""
    return "\n".join(
        f'<option value="{escape(value)}"{" selected" if value == chosen else ""}>{escape(text)}</option>'
        for value, text in named
    )


def trap(language: str) -> str:
    return (
        f'<div class="trap" aria-hidden="true"><label for="{TRAP}">{_say("trap", language)}</label>'
        f'<input id="{TRAP}" name="{TRAP}" tabindex="-1" autocomplete="off"></div>'
    )


def hanoi_time(at: datetime, language: str) -> str:
    """Plain text."""
    return f"{at.astimezone(HANOI):%d/%m/%Y %H:%M} ({TEXTS['hanoi_time'].in_language(language)})"


def _say(key: str, language: str) -> str:
    return escape(TEXTS[key].in_language(language))


@cache
def _template() -> Template:
    return Template((FOLDER / "page.html").read_text("utf-8"))
