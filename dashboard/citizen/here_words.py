"""What 'Around me' says, one file for each language: its texts, advice by VN_AQI class, who can pass at which depth."""

import tomllib
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from dashboard.citizen.pages import FOLDER, LANGUAGES
from dashboard.static import StaticFile, static_file
from ingest.indicators import flood, vn_aqi

FILE: Final = FOLDER / "here.toml"


def here_texts(language: str) -> dict[str, str]:
    """By key, in one language."""
    return {key: both[language] for key, both in tomllib.loads(FILE.read_text(encoding="utf-8")).items()}


def words(language: str) -> dict[str, Any]:
    """`advice` by level of VN_AQI; `traffic`: from which depth (cm) on who should take care or not pass."""
    return {
        "texts": here_texts(language),
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
    return {
        f"citizen/here-{language}.json": static_file("here.json", msgspec.json.encode(words(language)))
        for language in LANGUAGES
    }
