"""The bar over the overview: what this is, where else to go, how fresh it is, who looks at it."""

from typing import Any

from dash import dcc, html


def top_bar(title: str, menu: html.Nav, status: list[Any], controls: list[Any]) -> html.Header:
    return html.Header(
        [
            html.H1(title),
            html.Div(controls, className="controls"),
            menu,
            html.Div(status, className="status"),
        ],
        className="bar",
    )


def pill(id_: str, *, live: bool = False) -> html.Span:
    """A short statement with a sign before it, filled by the script; with `live`, changes are read aloud."""
    return html.Span(id=id_, className="pill", hidden=True, role="status" if live else "note")


def post_button(action: str, label: str, csrf_field: str, csrf_token: str) -> html.Form:
    """A button that changes something: a form, so that it works by POST and carries the CSRF token."""
    return html.Form(
        [
            dcc.Input(type="hidden", name=csrf_field, value=csrf_token),
            html.Button(label, type="submit"),
        ],
        action=action,
        method="post",
    )
