"""What somebody may have meant by a word that is none. No I/O."""

from collections.abc import Iterable
from difflib import get_close_matches


def meant(word: str, known: Iterable[str]) -> str:
    """A remark such as (did you mean 'above'?), or nothing."""
    near = get_close_matches(word, sorted(known), n=1)
    return f" (did you mean '{near[0]}'?)" if near else ""


def none_of(word: str, known: Iterable[str]) -> str:
    """As in: 'aboe' is none of ['above', 'below'] (did you mean 'above'?)."""
    words = sorted(known)
    return f"'{word}' is none of {words}{meant(word, words)}"
