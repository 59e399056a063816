"""SMS as networks count it: 160 characters of the GSM alphabet or 70 of any other, less in a message of several parts.

The alphabet is GSM 7-bit default of 3GPP TS 23.038 (6.2.1) with its extension table (6.2.1.1), whose characters take
two places. Parts of a longer message lose 7 or 3 places to the header that joins them: 153 and 67. Vietnamese has
letters with two marks, so it is sent as UCS-2 unless its marks are dropped.
"""

import unicodedata
from dataclasses import dataclass
from typing import Final, Literal

BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENDED: Final = frozenset("\f^{}\\[~]|€")
GSM_SINGLE, GSM_PART = 160, 153
UCS_SINGLE, UCS_PART = 70, 67

_PLAIN: Final = str.maketrans(
    {
        "đ": "d",
        "Đ": "D",
        "–": "-",
        "—": "-",
        "•": "-",
        "…": "...",
        "“": '"',
        "”": '"',
        "‘": "'",
        "’": "'",
        "`": "'",
        "≥": ">=",
        "≤": "<=",
        "°": "",
        "µ": "u",
        "μ": "u",
        "\u00a0": " ",
    }
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Size:
    encoding: Literal["GSM-7", "UCS-2"]
    segments: int

    def __str__(self) -> str:
        return f"{self.segments} segment{'' if self.segments == 1 else 's'} {self.encoding}"


def size(text: str) -> Size:
    """What is paid for."""
    if all(character in BASIC or character in EXTENDED for character in text):
        places = [2 if character in EXTENDED else 1 for character in text]
        return Size(encoding="GSM-7", segments=_parts(places, GSM_SINGLE, GSM_PART))
    places = [2 if ord(character) > 0xFFFF else 1 for character in text]
    return Size(encoding="UCS-2", segments=_parts(places, UCS_SINGLE, UCS_PART))


def without_marks(text: str) -> str:
    """Vietnamese as it is typed on old phones, in characters that GSM and ASCII share: 'Ngập' → 'Ngap', 'đ' → 'd'."""
    plain = unicodedata.normalize("NFKD", text.translate(_PLAIN))
    letters = (character for character in plain.translate(_PLAIN) if not unicodedata.combining(character))
    return "".join(c if c.isascii() and (c in BASIC or c in EXTENDED) else "?" for c in letters)


def shortened(text: str, most: int, *, ending: str = "") -> str:
    """At most `most` segments, cut after a word and marked with '…'; `ending` (a link) stays whole if it fits."""
    text = text[: most * GSM_SINGLE + 1]
    whole = text + ending
    if size(whole).segments <= most:
        return whole
    if size("…" + ending).segments > most:
        return shortened(text, most)
    dots = "..." if size(text + ending).encoding == "GSM-7" else "…"
    return text[: _cut(text, most, dots + ending)].rstrip(" ,;:–-(") + dots + ending


def _cut(text: str, most: int, ending: str) -> int:
    """Where: at the last space that lets it fit, or inside the first word."""
    fits = [n for n in range(len(text)) if size(text[:n] + ending).segments <= most]
    spaces = [n for n in fits if text[n] == " "]
    return spaces[-1] if spaces else fits[-1] if fits else 0


def _parts(places: list[int], single: int, part: int) -> int:
    """Characters of two places are not torn apart."""
    if sum(places) <= single:
        return 1
    count, used = 1, 0
    for place in places:
        if used + place > part:
            count, used = count + 1, 0
        used += place
    return count
