"""Texts, pages, assets and the basemap: everything is there in both languages and nothing is fetched elsewhere."""

import json
import re

import pytest

from dashboard import schematic_water
from dashboard.api.headers import content_security_policy
from dashboard.basemap import basemap
from dashboard.citizen.pages import FOLDER, LANGUAGES, PageSettings, page, texts
from dashboard.static import ASSETS, shared_assets

SCRIPTS = {path.name: path.read_text("utf-8") for folder in (FOLDER, ASSETS) for path in folder.glob("*.js")}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_has_both_languages(language: str) -> None:
    assert all(text.strip() for text in texts(language).values())


def test_vietnamese_is_not_english() -> None:
    vi, en = texts("vi"), texts("en")
    same = {key for key in vi if vi[key] == en[key]}
    assert same == {"simulated"}  # the banner is in both languages on both pages


def literally_asked() -> set[str]:
    """Keys of texts that scripts name."""
    return {key for script in SCRIPTS.values() for key in re.findall(r'\bt\(\s*"([a-z_0-9]+)"', script)}


def test_every_text_that_a_script_asks_for_exists() -> None:
    assert literally_asked() - texts("en").keys() == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_carries_its_texts_and_no_script_of_its_own(language: str) -> None:
    html = page(language, PageSettings()).decode()
    assert f'<html lang="{language}">' in html
    assert "$" not in html
    data = re.search(r'id="page-data">(.*?)</script>', html, re.S)
    assert data is not None
    told = json.loads(data[1])["texts"]
    assert told.items() <= texts(language).items()
    assert literally_asked() <= told.keys()  # what only the template says is not sent twice: a page has 40 KB
    assert re.findall(r"<script(?![^>]*\bsrc=)[^>]*>", html) == [
        '<script type="application/json" id="page-data">'
    ]


def test_data_in_the_page_cannot_end_its_element() -> None:
    html = page("en", PageSettings(tiles_url="https://t/</script><script>alert(1)</script>")).decode()
    assert "alert(1)</script>" not in html


@pytest.mark.parametrize("name", sorted(SCRIPTS))
def test_scripts_and_styles_name_no_other_site(name: str) -> None:
    assert set(re.findall(r"https?://[^\s\"'`]+", SCRIPTS[name])) <= {"http://www.w3.org/2000/svg"}


def test_leaflet_is_served_by_us() -> None:
    assert {"leaflet/leaflet.js", "leaflet/leaflet.css", "map.js", "tokens.css"} <= shared_assets().keys()


def test_the_policy_allows_nothing_but_us_and_the_tiles_that_are_configured() -> None:
    policy = content_security_policy(None)
    assert "unsafe" not in policy
    assert "http" not in policy
    assert "img-src 'self' data: https://*.tiles.example" in content_security_policy(
        "https://{s}.tiles.example/{z}/{x}/{y}.png"
    )


def test_the_basemap_has_the_126_units_of_2025_and_says_that_water_is_schematic() -> None:
    features = basemap()["features"]
    kinds = [feature["properties"]["kind"] for feature in features]
    assert (kinds.count("ward"), kinds.count("commune")) == (51, 75)
    water = [feature["properties"] for feature in features if feature["properties"]["kind"] == "water"]
    assert {"Hồ Tây", "Sông Hồng", "Hồ Hoàn Kiếm"} <= {one["name"] for one in water}
    assert all(one["schematic"] for one in water)


def test_west_lake_lies_around_its_centre() -> None:
    lats = [lat for lat, _ in schematic_water.WEST_LAKE]
    lons = [lon for _, lon in schematic_water.WEST_LAKE]
    assert min(lats) < 21.052 < max(lats)  # ILEC
    assert min(lons) < 105.824 < max(lons)
