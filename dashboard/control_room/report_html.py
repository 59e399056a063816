"""A report as HTML: the article of its page, and the same as a file of its own for PDF. Pure."""

from functools import cache
from importlib.resources import files

from jinja2 import Environment, Template
from markupsafe import Markup

from dashboard.control_room.alert_words import number
from dashboard.control_room.language import Language
from dashboard.control_room.report_document import Cell, Document, Mark


def article(document: Document, *, csv: str = "", csv_words: tuple[str, str] = ("", "")) -> str:
    """`csv`: the address of its tables, to which a table's key is added; empty without."""
    return _template().render(
        document=document,
        cell=lambda value, decimals: _cell(value, decimals, document.language),
        csv=csv,
        csv_words=csv_words,
        is_mark=lambda value: isinstance(value, Mark),
        svg=Markup,
    )


def standalone(document: Document) -> str:
    """A whole file that needs nothing from anywhere."""
    styles = (files("dashboard.control_room") / "assets" / "report.css").read_text("utf-8")
    return _page().render(document=document, styles=Markup(styles), article=Markup(article(document)))


def _cell(value: Cell, decimals: int | None, language: Language) -> str:
    if value is None:
        return "–"
    if isinstance(value, Mark):
        return value.text
    if isinstance(value, str):
        return value
    return number(value, decimals or 0, language)


@cache
def _environment() -> Environment:
    return Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)


@cache
def _template() -> Template:
    return _environment().from_string(_read("report_article.html"))


@cache
def _page() -> Template:
    return _environment().from_string(_read("report_file.html"))


def _read(name: str) -> str:
    return (files("dashboard.control_room") / name).read_text("utf-8")
