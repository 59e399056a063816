"""A titled part of the page, filled by the page's script: the empty list is there before any data is."""

from typing import Any

from dash import html

from dashboard.components.attributes import aria


def panel(id_: str, title: str, *children: Any, count: bool = False) -> html.Section:
    """A section with a heading that names it. With `count`, `<id>-count` stands behind the title."""
    heading: list[Any] = [title]
    if count:
        heading += [" ", html.Span(id=f"{id_}-count", className="count")]
    return html.Section(
        [html.H2(heading, id=f"{id_}-title"), *children],
        id=id_,
        className="panel",
        **aria(labelledby=f"{id_}-title"),
    )


def entries(id_: str) -> html.Ol:
    """The list inside a panel. It can be scrolled, so the keyboard must reach it."""
    return html.Ol(id=f"{id_}-list", className="entries", tabIndex=0, **aria(labelledby=f"{id_}-title"))
