"""Numbers, times and ages as people in Hanoi read them: what assets/format.js says, word for word. Pure."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from storage.model import HANOI

_NAMED: Final = {"VN_AQI", "WQI", "pH"}
"""The property's name says them already."""
_IN_WORDS: Final[Mapping[str, Mapping[str, str]]] = {"min": {"vi": "phút", "en": "min"}}
_AGE: Final[Mapping[str, tuple[str, str, str, str, str]]] = {
    "vi": ("vừa xong", "giây trước", "phút trước", "giờ trước", "ngày trước"),
    "en": ("just now", "s ago", "min ago", "h ago", "d ago"),
}
_SWAPPED: Final = str.maketrans(",.", ".,")


def number(value: float, decimals: int, language: str) -> str:
    """`1,234.5`, in Vietnamese `1.234,5`; halves away from zero."""
    rounded = Decimal(value).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    return f"{rounded:,}".translate(_SWAPPED) if language == "vi" else f"{rounded:,}"


def unit(symbol: str, language: str) -> str:
    """What stands behind a number: "" where its name says enough."""
    return "" if symbol in _NAMED else _IN_WORDS.get(symbol, {}).get(language, symbol)


def age(seconds: float, language: str) -> str:
    now, s, m, h, d = _AGE[language]
    whole = max(0, int(seconds))
    if whole < 10:
        return now
    if whole < 60:
        return f"{whole} {s}"
    if whole < 3600:
        return f"{whole // 60} {m}"
    if whole < 172800:
        return f"{whole // 3600} {h}"
    return f"{whole // 86400} {d}"


def time(at: datetime, now: datetime) -> str:
    """`10:05` today, `21/11 10:05` otherwise; Hanoi's."""
    local = at.astimezone(HANOI)
    return f"{local:%H:%M}" if local.date() == now.astimezone(HANOI).date() else f"{local:%d/%m %H:%M}"


def moment(at: datetime) -> str:
    """`10:05, 21/11`: of which moment a page is."""
    return f"{at.astimezone(HANOI):%H:%M, %d/%m}"


def plain(text: str) -> str:
    """How names are compared: without diacritics, case and space around (assets/plain.js)."""
    letters = unicodedata.normalize("NFD", text.strip().lower())
    return "".join(one for one in letters if not unicodedata.category(one).startswith("M")).replace("đ", "d")


def place_order(name: str) -> str:
    """Sorts names as people look for them, point 2 before point 10 (citizen/list.js)."""
    return re.sub(r"[0-9]+", lambda found: found[0].zfill(8), plain(name))
