"""What 'Around me' says, one file for each language: its texts, advice by VN_AQI class, who can pass at which depth."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from dashboard.citizen.pages import LANGUAGES, texts
from dashboard.static import StaticFile, static_file
from ingest.indicators import flood, vn_aqi

FILE: Final = "here.toml"
TELL_ME: Final = "tell_me.toml"
"""Of the form to be told (citizen/tell_me.js); also loaded only when it is wanted."""


def words(language: str) -> dict[str, Any]:
    """`advice` by level of VN_AQI; `traffic`: from which depth (cm) on who should take care or not pass."""
    return {
        "texts": texts(language, FILE),
        "advice": [
            {
                "general": getattr(one.advice.general, language),
                "sensitive": getattr(one.advice.sensitive, language),
            }
            for one in vn_aqi.CATEGORIES
        ],
        "traffic": [
            {
                "name": getattr(traffic.name, language),
                "passable": getattr(flood.Passable.PASSABLE.text, language),
                "limits": [
                    [limit.depth_cm, getattr(limit.passable.text, language)] for limit in traffic.limits
                ],
            }
            for traffic in flood.TRAFFIC.values()
        ],
    }


def word_files() -> Mapping[str, StaticFile]:
    """Served beside the page's scripts."""
    here = {
        f"citizen/here-{language}.json": static_file("here.json", msgspec.json.encode(words(language)))
        for language in LANGUAGES
    }
    told = {
        f"citizen/tell-me-{language}.json": static_file(
            "t.json", msgspec.json.encode(texts(language, TELL_ME))
        )
        for language in LANGUAGES
    }
    return here | told
