"""The citizens' page in a real browser: what people see and can do, in both languages, and where it asks for things."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import LiteralString
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # it has no types
from playwright.sync_api import Browser, Page, expect, sync_playwright

from storage import catalog, db, inventory, things
from storage.catalog import load_catalog
from storage.inventory import load_inventory
from storage.model import Provenance, Quality
from tests.browser.chromium import launched
from tests.processes import wait_for
from tests.public_site import METER, NOISE, Served, Writer, now, serving

pytestmark = pytest.mark.browser

WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1920, "height": 1080}
WIDE = 900
"""From here on the map comes by itself (page.css)."""


FIRING: LiteralString = """
INSERT INTO alert (rule, domain, thing_id, datastream_id, property, severity, state, title_vi, title_en, runbook_vi,
                   runbook_en, unit, limit_value, value, value_time, peak, pending_since, firing_since, provenance,
                   for_citizens)
VALUES ('flood_depth', 'flood', 'flood-tong-dan', %(datastream_id)s, 'water_depth', 'critical', 'firing', 'Ngập',
        'Street flooded', '', '', 'cm', 30, 35, now(), 40, now(), now(), 'simulated', true)
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = launched(playwright)
        yield chromium
        chromium.close()


@pytest.fixture
def city(city_url: str) -> Writer:
    """A day of the city in a few strokes: a flooded street, a station, a point with some bays, one old value."""
    writer, at = Writer(city_url), now()
    simulated = Provenance.SIMULATED
    writer.write(
        "flood-tong-dan",
        "water_depth",
        *[(at - timedelta(minutes=5 * n), 35.0 - n % 30) for n in range(280)],
        provenance=simulated,
    )
    writer.write("hoan-kiem", "pm2_5", (at, 61.5), provenance=simulated)
    writer.write(
        "hoan-kiem", "vn_aqi", (at, 120.0), provenance=Provenance.DERIVED, input_provenance=simulated
    )
    writer.write("rain-cau-giay", "rain_interval", (at - timedelta(hours=2), 0.4), provenance=simulated)
    writer.write("ltk-01-b01", "occupied", (at, 1.0), provenance=simulated)
    writer.write("ltk-01-b02", "occupied", (at, 0.0), provenance=simulated)
    writer.write("ltk-01-b03", "occupied", (at, 0.0), provenance=simulated, quality=Quality.FAIL)
    return writer


@pytest.fixture
def served(city_url: str, city: Writer) -> Iterator[Served]:
    with serving(city_url) as site:
        yield site


@contextmanager
def opened(
    browser: Browser, served: Served, path: str = "/", *, size: dict[str, int] = DESK, scheme: str = "light"
) -> Iterator[Page]:
    """A page that may ask only its own site and whose scripts may not fail."""
    context = browser.new_context(
        viewport={"width": size["width"], "height": size["height"]},
        color_scheme="dark" if scheme == "dark" else "light",
        reduced_motion="reduce",
    )
    page = context.new_page()
    faults: list[str] = []
    home = urlsplit(served.url).netloc
    context.on(
        "request", lambda r: None if _is_ours(r.url, home) else faults.append(f"left the site: {r.url}")
    )
    page.on("pageerror", lambda error: faults.append(f"script: {error}"))
    page.on("console", lambda m: faults.append(f"console: {m.text}") if m.type == "error" else None)
    page.goto(served.url + path)
    expect(page.locator("#layers button")).not_to_have_count(0)
    if size["width"] >= WIDE:
        expect(page.locator("#map-asked")).to_be_hidden()  # the map comes when the page is idle
    yield page
    assert faults == []
    assert context.cookies() == []
    context.close()


def _is_ours(url: str, home: str) -> bool:
    return urlsplit(url).netloc == home or url.startswith(("data:", "blob:"))


def choose(page: Page, thing: str) -> None:
    """Opens a Thing's panel through the list, as somebody without a mouse does."""
    button = page.locator(f'button[data-thing="{thing}"]')
    name = button.inner_text()
    button.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#detail-name")).to_have_text(name)


def test_five_domains_can_be_switched_off_and_on(browser: Browser, served: Served) -> None:
    with opened(browser, served) as page:
        layers = page.locator("#layers button")
        expect(layers).to_have_text(["Không khí", "Úng ngập", "Đỗ xe", "Mưa", "Chất lượng nước"])
        expect(page.locator("#tables caption")).to_have_count(5)
        page.get_by_role("button", name="Mưa").click()
        expect(page.get_by_role("button", name="Mưa")).to_have_attribute("aria-pressed", "false")
        expect(page.locator("#tables caption")).to_have_count(4)
        expect(page.locator("#legend-body h3")).to_have_count(4)


def test_the_legend_says_each_level_in_number_and_word(browser: Browser, served: Served) -> None:
    with opened(browser, served, "/en/") as page:
        air = page.locator("#legend-body > div").first
        expect(air.locator("li")).to_have_text(
            ["0–50Good", "51–100Moderate", "101–150Poor", "151–200Bad", "201–300Very bad", "≥ 301Hazardous"]
        )


def test_a_thing_shows_its_values_and_its_last_day(browser: Browser, served: Served) -> None:
    with opened(browser, served, "/en/") as page:
        choose(page, "flood-tong-dan")
        panel = page.locator("#detail")
        expect(panel.locator(".status")).to_contain_text("35 cm Severe: cars should not enter")
        expect(panel.locator(".values .value").first).to_have_text("35 cm")
        expect(panel.locator(".values .note").first).to_contain_text("simulated")
        expect(panel.locator(".trust")).to_have_text("Approximate position, 100–300 m off")
        way = panel.get_by_role("link", name="Directions")
        expect(way).to_have_attribute("href", "geo:21.02600,105.85600?q=21.02600,105.85600(Tong%20Dan)")
        chart = panel.get_by_role("img")
        expect(chart).to_have_attribute(
            "aria-label", re.compile("Water depth, Last 24 hours; lowest 6 cm; highest 35 cm")
        )
        page.keyboard.press("Escape")
        expect(panel).to_be_hidden()


def test_a_chart_of_rollups_with_a_simulated_value_brings_the_banner(browser: Browser, city_url: str) -> None:
    """Its newest value is measured, and so is all that the map shows."""
    at = now()
    writer, of_last_day = Writer(city_url), [(at - timedelta(seconds=50 * n), 5.0) for n in range(1700)]
    writer.write("flood-tong-dan", "water_depth", *of_last_day)  # more than a chart has points
    writer.write(
        "flood-tong-dan",
        "water_depth",
        (at - timedelta(hours=9, seconds=7), 4.0),
        provenance=Provenance.SIMULATED,
    )
    with serving(city_url) as site, opened(browser, site, "/en/") as page:
        banner = page.locator("#simulated")
        expect(page.locator("#freshness")).to_contain_text("Newest")
        expect(banner).to_be_hidden()
        choose(page, "flood-tong-dan")
        expect(page.locator("#detail").get_by_role("img")).to_have_attribute(
            "aria-label", re.compile("lowest 5 cm")
        )
        expect(banner).to_be_visible()


def test_an_address_with_a_thing_opens_it_also_on_an_open_page(browser: Browser, served: Served) -> None:
    with opened(browser, served, "/en/") as page:
        page.evaluate("location.hash = 'flood-tong-dan'")
        expect(page.locator("#detail-name")).to_have_text("Tong Dan")
        page.evaluate("location.hash = 'trung-yen-3'")
        expect(page.locator("#detail-name")).to_have_text("Trung Yen 3")
        page.go_back()
        expect(page.locator("#detail-name")).to_have_text("Tong Dan")


def test_a_mark_on_the_map_can_be_clicked(browser: Browser, served: Served) -> None:
    with opened(browser, served) as page:
        choose(page, "hoan-kiem")  # brings it to the middle of the map
        page.get_by_role("button", name="Đóng").click()
        box = page.locator("#map").bounding_box()
        assert box is not None
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        expect(page.locator("#detail-name")).to_have_text("Hoàn Kiếm")
        expect(page.locator("#detail .status")).to_contain_text("Kém")


def test_a_committed_value_moves_the_open_panel(browser: Browser, served: Served, city: Writer) -> None:
    with opened(browser, served, "/en/") as page:
        choose(page, "flood-tong-dan")
        expect(page.locator("#connection")).to_have_text("Live")
        city.write("flood-tong-dan", "water_depth", (now(), 62.0), provenance=Provenance.SIMULATED)
        expect(page.locator("#detail .values .value").first).to_have_text("62 cm")
        expect(page.locator("#detail .status")).to_contain_text("Impassable")


def test_a_parking_point_shows_its_bays(browser: Browser, served: Served, city: Writer) -> None:
    with opened(browser, served, "/en/") as page:
        choose(page, "ltk-01")
        counts = page.locator("#detail .counts li")
        expect(counts).to_have_text(["1 free", "1 occupied", "11 unknown", "1 out of service", "14 in all"])
        bays = page.locator("#detail .bay")
        expect(bays).to_have_count(14)
        bays.first.click()
        expect(page.locator("#detail .chart-part h3")).to_have_text("Last 24 hours: Bay 1")
        city.write("ltk-01-b05", "occupied", (now(), 0.0), provenance=Provenance.SIMULATED)
        expect(counts.first).to_have_text("2 free")


def test_a_firing_alert_is_shown_in_word_and_sign_and_leads_to_its_place(
    browser: Browser, served: Served, city: Writer, city_url: str
) -> None:
    with db.connect(city_url, name="test") as conn:
        conn.execute(FIRING, {"datastream_id": city.ids["flood-tong-dan", "water_depth"]})
    with opened(browser, served, "/en/") as page:
        alert = page.locator("#alerts button")
        expect(alert).to_contain_text("▲ Critical")
        expect(alert).to_contain_text("Street flooded: Tong Dan")
        expect(alert).to_contain_text("simulated")
        alert.click()
        expect(page.locator("#detail-name")).to_have_text("Tong Dan")
        expect(page.locator("#detail .own-alerts")).to_contain_text("Street flooded")
        assert violations(page) == []


PAINTED = """
colour => {
  const style = getComputedStyle(document.documentElement);
  const wanted = colour.startsWith("--") ? style.getPropertyValue(colour).trim() : colour;
  const [r, g, b] = [1, 3, 5].map((at) => parseInt(wanted.slice(at, at + 2), 16));
  let count = 0;
  for (const canvas of document.querySelectorAll(".leaflet-pane canvas")) {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    for (let i = 0; i < data.length; i += 4) {
      if (data[i] === r && data[i + 1] === g && data[i + 2] === b && data[i + 3] === 255) count += 1;
    }
  }
  return count;
}
"""
"""How many pixels of the map have a colour, also one of the style sheet."""


@pytest.mark.parametrize("severity", ["critical", "warning", "info"])
def test_an_alert_on_the_map_has_the_colour_of_its_severity(
    browser: Browser, served: Served, city: Writer, city_url: str, severity: str
) -> None:
    with db.connect(city_url, name="test") as conn:
        conn.execute(FIRING, {"datastream_id": city.ids["flood-tong-dan", "water_depth"]})
        conn.execute("UPDATE alert SET severity = %s", (severity,))
    with opened(browser, served, "/en/") as page:
        wait_for(lambda: page.evaluate(PAINTED, f"--{severity}") > 20, "the sign is painted")
        for other in {"critical", "warning", "info"} - {severity}:
            assert page.evaluate(PAINTED, f"--{other}") == 0


def test_what_is_old_or_silent_is_said_and_grey(browser: Browser, served: Served) -> None:
    with opened(browser, served, "/en/") as page:
        old = page.locator("tr", has_text="Cau Giay")
        expect(old).to_have_attribute("data-state", "stale")
        expect(old).to_contain_text("Old data")
        expect(page.locator("tr", has_text="Linh Dam").first).to_contain_text("No data yet")


@pytest.mark.parametrize("path", ["/", "/en/"])
def test_simulated_values_raise_the_banner_in_both_languages(
    browser: Browser, served: Served, path: str
) -> None:
    with opened(browser, served, path) as page:
        expect(page.locator("#simulated strong")).to_have_text("Dữ liệu mô phỏng / Simulated data")
        expect(page.locator("#simulated")).to_be_visible()


def test_measured_values_raise_no_banner(browser: Browser, city_url: str) -> None:
    Writer(city_url).write("flood-tong-dan", "water_depth", (now(), 12.0))
    with serving(city_url) as served, opened(browser, served, "/en/") as page:
        expect(page.locator("tr", has_text="Tong Dan")).to_contain_text("12 cm")
        expect(page.locator("#simulated")).to_be_hidden()


def test_a_city_without_things_has_a_page(browser: Browser, database_url: str) -> None:
    with serving(database_url) as served, opened(browser, served, "/en/", size=PHONE) as page:
        expect(page.locator("#tables")).to_have_text("The city has no places yet.")
        expect(page.locator("#newest")).to_have_text("No data yet")
        assert violations(page) == []


def test_two_tabs_of_a_browser_share_one_stream(browser: Browser, served: Served, city: Writer) -> None:
    with opened(browser, served, "/en/") as first:
        second = first.context.new_page()
        second.goto(f"{served.url}/en/")
        for page in (first, second):
            expect(page.locator("#connection")).to_have_text("Live")
        city.write("flood-tong-dan", "water_depth", (now(), 8.0), provenance=Provenance.SIMULATED)
        for page in (first, second):
            expect(page.locator("tr", has_text="Tong Dan")).to_contain_text("8 cm")
        assert len(served.site.hub.listeners) == 1


def test_a_sixth_domain_appears_on_an_open_page(browser: Browser, city_url: str, tmp_path: Path) -> None:
    for folder in ("catalog", "inventory"):
        (tmp_path / folder).mkdir()
    with serving(city_url, catalog_folders=[tmp_path / "catalog"]) as served, opened(browser, served) as page:
        (tmp_path / "catalog" / "noise.toml").write_text(NOISE, "utf-8")
        (tmp_path / "inventory" / "noise.toml").write_text(METER, "utf-8")
        domains = load_catalog([catalog.SHIPPED, tmp_path / "catalog"])
        with db.connect(city_url, name="test") as conn:
            things.sync(conn, domains, load_inventory([inventory.SHIPPED, tmp_path / "inventory"], domains))
        wait_for(lambda: "noise" in served.site.city.view.domains, "the site knows noise")
        Writer(city_url).write("noise-1", "level", (now(), 81.0))
        expect(page.get_by_role("button", name="Tiếng ồn")).to_be_visible()
        expect(page.locator("tr", has_text="Máy đo 1")).to_contain_text("Ồn")


def test_the_server_goes_and_comes_back(browser: Browser, city_url: str, city: Writer) -> None:
    with serving(city_url) as served, opened(browser, served, "/en/") as page:
        expect(page.locator("#connection")).to_have_text("Live")
        expect(page.locator("#here-me")).to_be_enabled()
        wait_for(  # what comes late has come: without a connection it would be asked for in vain
            lambda: page.evaluate("localStorage.getItem('hanoi-known-places') !== null"), "all is loaded"
        )
        page.context.set_offline(True)
        served.site.hub.close()
        expect(page.locator("#connection")).to_have_text("Connection lost, retrying")
        expect(page.locator("tr", has_text="Tong Dan")).to_contain_text("35 cm")
        page.context.set_offline(False)


def hide_the_map(page: Page) -> None:
    """axe takes Leaflet's canvases for lying over the header (they are clipped) and then skips its contrast."""
    page.evaluate("document.getElementById('map').style.display = 'none'")


def violations(page: Page) -> list[str]:
    """What axe finds against WCAG 2.2 A and AA."""
    found = Axe().run(page, options={"runOnly": WCAG}).response["violations"]
    return [f"{one['id']}: {[node['html'][:120] for node in one['nodes']]}" for one in found]


@pytest.mark.parametrize(
    ("path", "size", "scheme"),
    [("/", PHONE, "light"), ("/en/", PHONE, "dark"), ("/", DESK, "dark"), ("/en/", DESK, "light")],
    ids=["vi-phone-light", "en-phone-dark", "vi-desk-dark", "en-desk-light"],
)
def test_the_page_is_accessible(
    browser: Browser, served: Served, path: str, size: dict[str, int], scheme: str
) -> None:
    with opened(browser, served, path, size=size, scheme=scheme) as page:
        assert violations(page) == []
        choose(page, "hoan-kiem")
        expect(page.locator("#detail").get_by_role("img")).to_be_visible()
        assert violations(page) == []
        hide_the_map(page)
        assert violations(page) == []
        page.evaluate("document.querySelector('h1').style.color = 'rgb(128 128 128 / 0.4)'")
        assert [one.split(":")[0] for one in violations(page)] == ["color-contrast"]  # it does look


def test_a_tile_server_that_is_configured_is_the_only_other_site(browser: Browser, city_url: str) -> None:
    with serving(city_url, tiles_url="http://tiles.example/{z}/{x}/{y}.png") as served:
        page = browser.new_page()
        pixel = served.http.get("/assets/leaflet/images/marker-icon.png").content
        page.route(
            "http://tiles.example/**", lambda route: route.fulfill(body=pixel, content_type="image/png")
        )
        asked: set[str] = set()
        page.on("request", lambda request: asked.add(urlsplit(request.url).netloc))
        page.goto(f"{served.url}/")
        expect(page.locator("img.leaflet-tile-loaded").first).to_be_visible()
        assert asked == {"tiles.example", urlsplit(served.url).netloc}
        page.close()


def test_nothing_is_wider_than_a_phone(browser: Browser, served: Served) -> None:
    with opened(browser, served, size={"width": 320, "height": 640}) as page:
        assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_the_documentation_is_served_without_a_cdn(browser: Browser, served: Served) -> None:
    with opened(browser, served) as page:
        page.goto(f"{served.url}/docs")
        expect(page.get_by_text("/api/v1/things", exact=True)).to_be_visible()
