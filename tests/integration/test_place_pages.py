"""Pages of places over HTTP, as the role that may see only the public views: the moment, history, files, refusals."""

import csv
import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import httpx
import pyarrow.parquet
import pytest

from dashboard.places import downloads
from dashboard.places.frame import LARGEST
from dashboard.public_site import Allowed
from deploy.embedded.postgres import Postgres
from storage import catalog, db, things
from storage.catalog import load_catalog
from storage.inventory import load_inventory
from storage.model import Provenance, Quality
from tests.conftest import _clone
from tests.processes import wait_for
from tests.public_site import METER, NOISE, Served, Writer, now, serving

pytestmark = pytest.mark.integration

NOON = datetime(2026, 11, 22, 5, tzinfo=UTC)
"""Of a day that is over for long when the pages are asked."""
LATER = NOON + timedelta(days=9)
PLACE = "/vi/khong-khi/trung-yen-3"


@pytest.fixture(scope="module")
def past_url(postgres: Postgres, city_template: str) -> Iterator[str]:
    """For the public's login: a station with an hour of 12 values, one of them suspect, nine days ago."""
    times = [NOON + timedelta(minutes=5 * n) for n in range(11)]
    postgres.create_login("public_login", member_of="hanoi_public")
    for url in _clone(postgres, city_template):
        city = Writer(url)
        city.write("trung-yen-3", "pm2_5", *[(at, 40.0 + n) for n, at in enumerate(times)])
        city.write("trung-yen-3", "pm2_5", (NOON + timedelta(minutes=55), 640.0), quality=Quality.SUSPECT)
        city.write(
            "trung-yen-3",
            "vn_aqi",
            (NOON + timedelta(hours=1), 112.0),
            provenance=Provenance.DERIVED,
            input_provenance=Provenance.SIMULATED,
        )
        yield postgres.url("public_login", url.rsplit("/", 1)[1])


@pytest.fixture(scope="module")
def past(past_url: str) -> Iterator[Served]:
    with serving(past_url, clock=lambda: LATER) as site:
        yield site


def html(answer: httpx.Response, status: int = 200) -> str:
    assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html; charset=utf-8")
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert len(answer.content) <= LARGEST
    assert not re.search(r"<script(?! type=\"application/ld\+json\")", answer.text)
    return answer.text


def test_every_page_of_the_sitemap_is_there(past: Served) -> None:
    root = ET.fromstring(past.http.get("/sitemap.xml").content)
    found = [str(one.text) for one in root.iter("{http://www.sitemaps.org/schemas/sitemap/0.9}loc")]
    assert f"{past.url}/vi/ung-ngap/flood-tong-dan" in found
    pages = [one for one in found if one not in (f"{past.url}/", f"{past.url}/en/")]
    assert len(pages) == 2 * (5 + 329 - 248)  # lists, and every Thing that is no bay
    for address in pages:
        html(past.http.get(address))
    assert "Ô 1" in html(past.http.get("/vi/do-xe/ltk-01-b01"))
    assert past.http.get("/robots.txt").text.endswith(f"Sitemap: {past.url}/sitemap.xml\n")


def test_a_page_follows_the_city_and_is_kept_for_a_moment(city_url: str) -> None:
    writer, path = Writer(city_url), "/vi/ung-ngap/flood-tong-dan"
    writer.write("flood-tong-dan", "water_depth", (now(), 12.0), provenance=Provenance.SIMULATED)
    with serving(city_url) as served:
        first = served.http.get(path)
        assert "12 cm" in html(first)
        assert "Simulated data" in first.text
        assert (first.headers["cache-control"], first.headers["content-language"]) == (
            "public, max-age=1",
            "vi",
        )
        assert first.headers["etag"]
        writer.write("flood-tong-dan", "water_depth", (now(), 61.0))
        wait_for(lambda: "61 cm" in served.http.get(path).text, "the page has the new value")


def test_what_is_not_there_is_said_helpfully(past: Served) -> None:
    for path in ("/vi/khong-khi/trung-yen", "/en/air/%3Cscript%3E", "/vi/khac/", "/vi/khac/nothing/2026-11"):
        html(past.http.get(path), 404)
    assert 'href="/vi/khong-khi/trung-yen-3"' in past.http.get("/vi/khong-khi/trung-yen").text
    for period in ("2026-10", "2026-12-02", "2019-01", "soon", "2026-02-30"):
        assert 'href="/vi/khong-khi/trung-yen-3"' in html(past.http.get(f"{PLACE}/{period}"), 404)
    for path, target in (
        ("/vi/air/trung-yen-3", PLACE),
        ("/vi/mua/trung-yen-3", PLACE),
        ("/en/khong-khi/trung-yen-3/2026-11", "/en/air/trung-yen-3/2026-11"),
    ):
        answer = past.http.get(path)
        assert (answer.status_code, answer.headers["location"]) == (308, target)
    assert past.http.get("/vi/khong-khi", follow_redirects=True).url.path == "/vi/khong-khi/"


def test_history_is_told_by_hours_and_days_and_kept_when_it_is_over(past: Served) -> None:
    day = past.http.get(f"{PLACE}/2026-11-22")
    text = html(day)
    assert "12:00–13:00" in text
    assert "112 <span class=level>" in text  # the index of 12 to 13 o'clock has the time 13:00
    assert "<td>45,0<small>50,0</small>" in text  # the suspect one does not count
    assert "Simulated data" in text  # the index rests on simulated values
    assert day.headers["cache-control"] == "public, max-age=86400"
    assert (
        past.http.get(f"{PLACE}/2026-11-22", headers={"if-none-match": day.headers["etag"]}).status_code
        == 304
    )
    month = past.http.get("/en/air/trung-yen-3/2026-11")
    assert '<a href="/en/air/trung-yen-3/2026-11-22">22/11</a>' in html(month)
    assert month.headers["cache-control"] == "public, max-age=600"  # it ended today
    assert past.http.get(f"{PLACE}/2026-12").headers["cache-control"] == "public, max-age=60"


def test_files_have_every_value_with_what_it_is(past: Served) -> None:
    answer = past.http.get(f"{PLACE}/2026-11-22.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    assert answer.headers["content-disposition"] == 'attachment; filename="trung-yen-3_2026-11-22.csv"'
    assert answer.headers["access-control-allow-origin"] == "*"
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert len(rows) == 13
    assert {(row["property"], row["unit"]) for row in rows} == {("pm2_5", "ug/m3"), ("vn_aqi", "{AQI}")}
    suspect = next(row for row in rows if row["quality"] == "3")
    assert (suspect["time"], suspect["result"], suspect["provenance"]) == (
        "2026-11-22T05:55:00Z",
        "640",
        "measured",
    )
    parquet = past.http.get("/en/air/trung-yen-3/2026-11.parquet")
    table = pyarrow.parquet.read_table(io.BytesIO(parquet.content))
    assert table["result"].to_pylist() == [float(row["result"]) for row in rows]
    told = {key.decode(): text.decode() for key, text in table.schema.metadata.items() if b"ARROW" not in key}
    assert told["licence"].startswith("not stated")
    assert (told["from"], told["step"]) == ("2026-10-31T17:00:00+00:00", "raw")
    assert told["time_zone"].startswith("UTC")
    hours = list(csv.DictReader(io.StringIO(past.http.get(f"{PLACE}/2026-11.csv?step=1h").text)))
    assert [(row["property"], row["mean"], row["count"], row["suspect"]) for row in hours] == [
        ("pm2_5", "45", "11", "1"),
        ("vn_aqi", "112", "1", "0"),
    ]


@pytest.mark.parametrize("step", ["raw", "1h"])
def test_a_csv_is_described_beside_it(past: Served, step: str) -> None:
    """As CSVW finds it: by the answer's link, and without a step by its own rule."""
    address = f"{PLACE}/2026-11-22.csv" + ("" if step == "raw" else f"?step={step}")
    answer = past.http.get(address)
    [link] = re.findall(
        '<([^>]+)>; rel="describedby"; type="application/csvm\\+json"', answer.headers["link"]
    )
    described = past.http.get(str(answer.url.join(link)))
    assert described.headers["content-type"] == "application/csvm+json"
    told = described.json()
    assert described.url.join(told["url"]) == answer.url
    assert [one["name"] for one in told["tableSchema"]["columns"]] == answer.text.splitlines()[0].split(",")
    assert told["dc:rights"].startswith("not stated")
    if step == "raw":
        assert described.url == str(answer.url) + "-metadata.json"


def test_files_that_cannot_be_are_refused(past: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in (
        "2026-11.xlsx",
        "2026-11.parquet-metadata.json",
        "2026-11.csv-metadata.jsonp",
        "2026-13.csv",
        "2027-01.csv",
        ".csv",
    ):
        answer = past.http.get(f"{PLACE}/{path}")
        assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    wrong = past.http.get(f"{PLACE}/2026-11.csv?step=5min")
    assert (wrong.status_code, wrong.json()["errors"][0]["parameter"]) == (422, "step")
    monkeypatch.setattr(downloads, "MOST_ROWS", 12)
    many = past.http.get(f"{PLACE}/2026-11.parquet")
    assert (many.status_code, many.json()["errors"][0]["parameter"]) == (422, "step")


def test_history_counts_as_queries_and_pages_of_the_moment_do_not(past_url: str) -> None:
    allowed = Allowed(api_per_minute=30, queries_per_minute=3, streams=1)
    with serving(past_url, clock=lambda: LATER, allowed=allowed) as served:
        for path in ("2026-11", "2026-11-22", "2026-11.csv"):
            assert served.http.get(f"{PLACE}/{path}").status_code != 429
        refused = served.http.get(f"{PLACE}/2026-11")
        assert refused.status_code == 429
        assert int(refused.headers["retry-after"]) >= 1
        for _ in range(40):  # more than the 30 of the API
            assert served.http.get(PLACE).status_code == 200


BROWSERS = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
"""What Firefox and Chromium send."""


@pytest.mark.parametrize(
    ("path", "said", "other"),
    [
        (PLACE, "Quá nhiều trang trong một lúc", "/en/khong-khi/trung-yen-3/2026-11"),
        ("/en/air/trung-yen-3", "Too many pages at once", "/vi/air/trung-yen-3/2026-11"),
    ],
)
def test_who_asked_for_too_many_pages_reads_so_in_a_page_and_programs_get_a_problem(
    past_url: str, path: str, said: str, other: str
) -> None:
    allowed = Allowed(api_per_minute=30, queries_per_minute=1, streams=1)
    with serving(past_url, clock=lambda: LATER, allowed=allowed) as served:

        def ask(accept: str, period: str = "2026-11", **more: str) -> httpx.Response:
            return served.http.get(f"{path}/{period}", headers={"accept": accept, **more})

        assert ask(BROWSERS).status_code == 200
        for period in ("2026-11", "2026-11.csv"):  # a link to a file is followed by people, too
            refused = ask(BROWSERS, period)
            page = html(refused, 429)
            assert said in page
            wait_s = refused.headers["retry-after"]
            assert 1 <= int(wait_s) <= 61
            assert re.search(rf"(sau {wait_s} giây|in {wait_s} seconds)", page)
            assert refused.headers["content-language"] == path[1:3]
            assert f'<html lang="{path[1:3]}"' in page
            assert (refused.headers["vary"], refused.headers["cache-control"]) == ("Accept", "no-store")
            assert refused.headers["ratelimit"].startswith('"queries";r=0')
            assert 'content="noindex"' in page
        assert f'href="{other}"' in html(ask(BROWSERS), 429)
        assert f'href="{path}/2026-11.csv?step=1d&amp;a=b"' in html(
            ask(BROWSERS, "2026-11.csv?step=1d&a=b"), 429
        )
        hostile = served.http.get(f'{path[:3]}/a/b/"><script>alert(1)', headers={"accept": BROWSERS})
        assert "alert(1)<" not in html(hostile, 429)

        for accept in ("*/*", "application/json", "text/csv", "", "text/html;q=0, */*", "text/htmlx"):
            refused = ask(accept)
            assert refused.status_code == 429
            assert refused.headers["content-type"] == "application/problem+json"
            assert int(refused.headers["retry-after"]) >= 1
        api = served.http.get("/sta/v1.1/Things", headers={"accept": BROWSERS})
        assert (api.status_code, api.headers["content-type"]) == (429, "application/problem+json")


def test_without_the_database_history_says_so_and_the_moment_stays(past_url: str) -> None:
    with serving(past_url, clock=lambda: LATER) as served:
        served.site.pool.close()
        answer = served.http.get(f"{PLACE}/2026-11")
        assert "Lịch sử tạm thời không đọc được" in html(answer, 503)
        assert answer.headers["cache-control"] == "no-store"
        html(served.http.get(PLACE))


def test_a_domain_that_is_added_has_pages_too(city_url: str, tmp_path: Path) -> None:
    (tmp_path / "catalog").mkdir()
    (tmp_path / "catalog" / "noise.toml").write_text(NOISE)
    (tmp_path / "inventory").mkdir()
    (tmp_path / "inventory" / "meters.toml").write_text(METER)
    _load(city_url, tmp_path)
    with serving(city_url, catalog_folders=[tmp_path / "catalog"]) as served:
        wait_for(lambda: served.http.get("/vi/tieng-on/noise-1").status_code == 200, "the meter has its page")
        assert "Meter 1" in html(served.http.get("/en/noise/noise-1"))
        assert "/en/noise/" in served.http.get("/sitemap.xml").text


def _load(url: str, folder: Path) -> None:
    domains = load_catalog([catalog.SHIPPED, folder / "catalog"])
    with db.connect(url, name="test") as conn:
        things.sync(conn, domains, load_inventory([folder / "inventory"], domains))


def test_every_way_of_the_catalogue_leads_somewhere(past: Served) -> None:
    answer = past.http.get("/catalog.jsonld")
    assert answer.headers["content-type"] == "application/ld+json"
    assert answer.headers["access-control-allow-origin"] == "*"
    ways = {
        way["dcat:accessURL"]["@id"]
        for dataset in answer.json()["dcat:dataset"]
        for way in dataset["dcat:distribution"]
    }
    assert len(ways) == 5 * 3 + 1
    for address in ways:
        assert past.http.get(address).status_code == 200, address
