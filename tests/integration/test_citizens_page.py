"""The citizens' page over HTTP: the values of the moment from memory, versions that never mix, frames, installing."""

import base64
import hashlib
import io
import json
import re
from collections.abc import Iterator

import httpx
import pytest
from PIL import Image

from storage.model import Provenance
from tests.processes import wait_for
from tests.public_site import Served, Writer, now, serving

pytestmark = pytest.mark.integration

EMBED_MOST = 10_000


@pytest.fixture
def served(city_url: str) -> Iterator[Served]:
    Writer(city_url).write("flood-tong-dan", "water_depth", (now(), 12.0), provenance=Provenance.SIMULATED)
    with serving(city_url) as site:
        yield site


def version_of(page: httpx.Response) -> str:
    found = re.search(r'src="(/assets/[0-9a-f]{16})/citizen/page\.js"', page.text)
    assert found is not None
    return found[1]


def test_the_page_has_the_newest_value_and_is_cached_for_a_moment(served: Served, city_url: str) -> None:
    first = served.http.get("/en/")
    assert "12 cm" in first.text
    assert first.headers["cache-control"] == "public, max-age=1"
    assert first.headers["content-language"] == "en"
    again = served.http.get("/en/", headers={"if-none-match": first.headers["etag"]})
    assert again.status_code in (200, 304)  # its ages are a second older, or they are not
    Writer(city_url).write("flood-tong-dan", "water_depth", (now(), 61.0))
    wait_for(lambda: "61 cm" in served.http.get("/en/").text, "the page has the new value")
    assert "61 cm" in served.http.get("/").text
    assert served.http.head("/vi/").status_code == 200


def test_scripts_of_one_version_lie_in_a_folder_of_their_own(served: Served) -> None:
    page = served.http.get("/")
    folder = version_of(page)
    assert page.headers["x-version"] == folder.rsplit("/", 1)[1]
    for name in set(re.findall(rf'"{folder}/([^"]+)"', page.text)):
        answer = served.http.get(f"{folder}/{name}")
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
    assert served.http.get("/assets/0123456789abcdef/citizen/page.js").status_code == 404
    assert served.http.get("/assets/map.js").headers["cache-control"] == "public, max-age=0, must-revalidate"


def test_the_worker_knows_its_version_and_only_files_that_there_are(served: Served) -> None:
    worker = served.http.get("/worker.js")
    assert worker.headers["content-type"].startswith("text/javascript")
    told = dict(re.findall(r"^const (VERSION|ASSETS|FILES) = (.*);$", worker.text, re.M))
    folder = version_of(served.http.get("/"))
    assert json.loads(told["ASSETS"]) == folder
    names = json.loads(told["FILES"])
    assert {"citizen/page.js", "citizen/page.css", "tokens.css", "city.js"} <= set(names)
    assert not [name for name in names if "leaflet" in name or name == "map.js"]
    assert all(served.http.get(f"{folder}/{name}").status_code == 200 for name in names)


@pytest.mark.parametrize(("language", "start"), [("vi", "/"), ("en", "/en/")])
def test_the_page_can_be_installed(served: Served, language: str, start: str) -> None:
    assert f'href="/manifest.{language}.json"' in served.http.get(start).text
    manifest = served.http.get(f"/manifest.{language}.json").json()
    assert (manifest["start_url"], manifest["scope"], manifest["display"]) == (start, "/", "standalone")
    pictures = {icon["sizes"]: icon["src"] for icon in manifest["icons"] if icon["type"] == "image/png"}
    assert set(pictures) == {"192x192", "512x512"}
    for size, src in pictures.items():
        picture = Image.open(io.BytesIO(served.http.get(src).content))
        assert f"{picture.width}x{picture.height}" == size
        assert picture.convert("RGB").getpixel((0, 0)) == (0x0B, 0x5C, 0xAD)  # the ground of icon.svg
        assert picture.convert("RGB").getpixel((picture.width // 2 - 1, picture.height // 2)) != (0, 0, 0)


@pytest.mark.parametrize(("query", "word"), [("", "Ngập nhẹ"), ("?lang=en", "Minor")])
def test_one_place_can_be_framed_by_anybody_and_nothing_else(served: Served, query: str, word: str) -> None:
    answer = served.http.get(f"/embed/flood-tong-dan{query}")
    assert answer.status_code == 200
    assert len(answer.content) <= EMBED_MOST
    assert "12 cm" in answer.text
    assert word in answer.text
    assert "Simulated data" in answer.text
    assert '<noscript><meta http-equiv="refresh"' in answer.text
    [script] = re.findall(r"<script[^>]*>(.*?)</script>", answer.text, re.DOTALL)
    assert not re.search(r'(?:src|href)="(?!/)', answer.text)
    policy = answer.headers["content-security-policy"]
    assert "frame-ancestors *" in policy
    assert "unsafe" not in policy
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}';" in policy
    for path in ("/", "/en/", "/docs", "/api/v1/alerts", "/assets/map.js"):
        assert "frame-ancestors 'self'" in served.http.get(path).headers["content-security-policy"]


def test_what_is_no_place_of_the_map_cannot_be_framed(served: Served) -> None:
    for thing in ("no-such", "ltk-01-b01", "%3Cscript%3E"):
        assert served.http.get(f"/embed/{thing}").status_code == 404
