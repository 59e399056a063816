"""The marks of a replay around a page: its bar, its frame, the words before its title. Live pages have none. Pure."""

import json
from html import escape
from importlib.resources import files
from string import Template
from typing import Final
from urllib.parse import urlencode

from dashboard.control_room import replay_moment
from dashboard.control_room.language import Language
from dashboard.control_room.replay_moment import Moment
from dashboard.control_room.replay_texts import PAST_BAR_SCRIPT_TEXTS, PAST_TEXTS
from storage.model import HANOI

_BAR: Final = Template((files("dashboard.control_room") / "past_bar.html").read_text("utf-8"))


def attributes(moment: Moment | None) -> str:
    """Of the document's root."""
    if moment is None:
        return ""
    at, now = replay_moment.written(moment.at), replay_moment.written(moment.now)
    return f' data-replay-at="{at}" data-replay-now="{now}"'


def bar(moment: Moment | None, shown: Language) -> str:
    """Over everything else of the page."""
    if moment is None:
        return ""
    at = moment.at
    texts = {key: escape(text.in_language(shown)) for key, text in PAST_TEXTS.items()}
    words = json.dumps(
        {key: PAST_TEXTS[key].in_language(shown) for key in PAST_BAR_SCRIPT_TEXTS}, ensure_ascii=False
    )
    return _BAR.substitute(
        texts,
        words=escape(words),
        at=replay_moment.written(at),
        at_words=f"{at.astimezone(HANOI):%d/%m/%Y %H:%M:%S}",
    )


def title(moment: Moment | None, text: str) -> str:
    """What stands in the browser's tab."""
    return text if moment is None else f"▶ {MARK} {moment.at.astimezone(HANOI):%d/%m/%Y %H:%M} · {text}"


MARK: Final = "PHÁT LẠI · REPLAY"
"""In both languages: who looks up need not know which one the page is in."""


def address(path: str, moment: Moment | None) -> str:
    """The same page at the same moment."""
    if moment is None:
        return path
    marker = urlencode({replay_moment.MARKER: replay_moment.written(moment.at)}, safe=":")
    return f"{path}{'&' if '?' in path else '?'}{marker}"
