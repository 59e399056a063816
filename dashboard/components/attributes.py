"""HTML attributes with a dash in their name, which Python's keywords can't write and Dash's types don't know."""

from typing import Any


def aria(**attributes: str) -> Any:
    """`html.Div(**aria(label="Map"))` → aria-label="Map"."""
    return {f"aria-{name}": value for name, value in attributes.items()}


def data(**attributes: str) -> Any:
    """`html.Div(**data(words="…"))` → data-words="…"."""
    return {f"data-{name}": value for name, value in attributes.items()}
