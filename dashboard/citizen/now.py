"""The moment of a page, in one language."""

import html
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Now:
    at: datetime
    language: str
    texts: Mapping[str, str]

    def text(self, both: Any) -> str:
        return html.escape(str(both.in_language(self.language)))

    def of(self, key: str) -> str:
        return html.escape(self.texts[key])


def iso(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
