"""The operators' page in a real browser: what is seen, what is live, what asks where, and who is let in."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from storage import catalog, clocks, db, inventory, operators, rejections, sequences, things
from storage.catalog import load_catalog
from storage.clocks import Skew
from storage.inventory import load_inventory
from storage.model import Provenance, Rejection
from tests.browser.chromium import launched
from tests.dashboard.room import PASSWORD, add, serving
from tests.integration.test_public_api import METER, NOISE
from tests.processes import wait_for
from tests.public_site import Writer, now

pytestmark = pytest.mark.browser

WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1920, "height": 1080}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = launched(playwright)
        yield chromium
        chromium.close()


@pytest.fixture
def city(city_url: str) -> Writer:
    """A flooded street with its day, a station, a few bays, a gauge that fell silent, an alert, a rejection."""
    add(city_url)
    writer, at, simulated = Writer(city_url), now(), Provenance.SIMULATED
    depth = [(at - timedelta(minutes=5 * n), 35.0 - n % 30) for n in range(280)]
    writer.write("flood-tong-dan", "water_depth", *depth, provenance=simulated)
    writer.write("hoan-kiem", "pm2_5", (at, 61.5), provenance=simulated)
    writer.write(
        "hoan-kiem", "vn_aqi", (at, 120.0), provenance=Provenance.DERIVED, input_provenance=simulated
    )
    writer.write("rain-cau-giay", "rain_interval", (at - timedelta(hours=2), 0.4), provenance=simulated)
    writer.write("ltk-01-b01", "occupied", (at, 1.0), provenance=simulated)
    writer.write("ltk-01-b02", "occupied", (at, 0.0), provenance=simulated)
    fire(city_url, writer)
    reject(city_url)
    return writer


def fire(url: str, writer: Writer) -> None:
    """One firing alert, as the engine would have written it."""
    row = {
        "stream": writer.ids["flood-tong-dan", "water_depth"],
        "at": now() - timedelta(minutes=7),
    }
    with db.connect(url, name="test") as conn:
        conn.execute(
            """
            INSERT INTO alert (rule, domain, thing_id, datastream_id, property, severity, state, title_vi, title_en,
                               runbook_vi, runbook_en, unit, limit_value, value, value_time, peak, pending_since,
                               firing_since, provenance, for_citizens)
            VALUES ('flood-deep', 'flood', 'flood-tong-dan', %(stream)s, 'water_depth', 'critical', 'firing',
                    'Ngập từ 30 cm', 'Flooded 30 cm or more', '-', '-', 'cm', 30, 35, %(at)s, 35, %(at)s, %(at)s,
                    'simulated', true)
            """,
            row,
        )


def reject(url: str) -> None:
    with db.connect(url, name="test") as conn:
        rejections.insert(
            conn,
            [
                Rejection(
                    topic="hanoi/v1/rain/rain-cau-giay/observations",
                    payload=b'<img src=x onerror="document.title=1">{"time": "2026-11-22T10:00:00"}',
                    reason="naive_time",
                    detail={"faults": [{"path": "$.time", "reason": "naive_time", "message": "no offset"}]},
                    received_at=now() - timedelta(minutes=3),
                    source="test",
                )
            ],
        )


@pytest.fixture
def url(city_url: str, city: Writer) -> Iterator[str]:
    with serving(city_url) as address:
        yield address


@contextmanager
def opened(
    browser: Browser, url: str, query: str = "?lang=en", *, size: dict[str, int] = DESK
) -> Iterator[Page]:
    """The page after a login. It may ask only its own site, and its scripts may not fail."""
    context = browser.new_context(
        viewport={"width": size["width"], "height": size["height"]}, reduced_motion="reduce"
    )
    page = context.new_page()
    faults: list[str] = []
    context.on(
        "request",
        lambda request: None if is_ours(request.url, url) else faults.append(f"left the site: {request.url}"),
    )
    page.on("pageerror", lambda error: faults.append(f"script: {error}"))
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    enter(page, url, query)
    yield page
    assert faults == []
    context.close()


def enter(page: Page, url: str, query: str) -> None:
    page.goto(f"{url}/ops/{query}")
    page.locator("#username").fill("lan")
    page.locator("#password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("html[data-ready='1']")).to_be_attached()


def is_ours(asked: str, url: str) -> bool:
    return urlsplit(asked).netloc == urlsplit(url).netloc or asked.startswith(("data:", "blob:"))


def tile(page: Page, name: str) -> Locator:
    return page.locator("article.tile", has=page.get_by_role("heading", name=name, exact=True))


def test_every_domain_has_its_tile_with_number_level_and_freshness(browser: Browser, url: str) -> None:
    with opened(browser, url) as page:
        names = ["Air quality", "Flooding", "Parking", "Rain", "Water quality"]
        expect(page.locator("article.tile h2")).to_have_text(names)
        flood = tile(page, "Flooding")
        expect(flood.locator(".value")).to_have_text("35 cm")
        expect(flood.locator(".level")).to_have_text("Severe: cars should not enter")
        expect(flood.locator(".place")).to_have_text("Highest Tong Dan")
        expect(flood.locator(".fresh")).to_have_text("1/33 live · 32 never heard")
        # 60 minutes ago it stood 12 lower than what is written first, which is 35
        expect(flood.locator(".change")).to_contain_text("▲ +12, higher than 1 h ago")
        assert flood.locator(".trend .line").get_attribute("d").startswith("M")
        expect(tile(page, "Parking").locator(".value")).to_have_text("1")
        expect(tile(page, "Parking").locator(".place")).to_contain_text("of 248 in the city")
        rain = tile(page, "Rain")
        expect(rain.locator(".level")).to_have_text("Old data")
        expect(rain.locator(".top time")).to_have_text("2 h ago")
        expect(tile(page, "Water quality").locator(".level")).to_have_text("No data yet")


def test_alerts_and_rejections_say_what_is_wrong_and_since_when(browser: Browser, url: str) -> None:
    with opened(browser, url) as page:
        alert = page.locator("#alerts-list > li")
        expect(alert).to_have_count(1)
        expect(alert).to_contain_text("Critical")
        expect(alert).to_contain_text("Flooded 30 cm or more")
        expect(alert).to_contain_text("value 35 cm · limit 30 cm")
        expect(alert).to_contain_text("7 min ago")
        expect(page.locator("#firing")).to_have_text(re.compile("1 Critical"))
        rejection = page.locator("#rejections-list > li")
        expect(rejection).to_contain_text("Time without an offset")
        expect(rejection).to_contain_text("$.time")
        expect(rejection.locator(".payload")).to_have_text(
            '<img src=x onerror="document.title=1">{"time": "2026-11-22T10:00:00"}'
        )
        expect(page.locator("#simulated")).to_have_text("Simulated data")


def test_what_was_lost_on_the_way_is_said_next_to_ingest(browser: Browser, url: str, city_url: str) -> None:
    with opened(browser, url) as page:
        expect(page.locator("#loss")).to_have_text("Messages lost: no device numbers its messages")
        with db.connect(city_url, name="test") as conn:
            sequences.record(conn, {"flood-tong-dan": [*range(90), 99], "hoan-kiem": range(100)}, now())
        expect(page.locator("#loss")).to_have_text(
            "Messages lost: 4.50 % (9 of 200) · Tong Dan 9 of 100", timeout=30_000
        )
        assert violations(page) == []


def test_a_clock_that_is_off_is_said_next_to_what_was_lost(browser: Browser, url: str, city_url: str) -> None:
    with opened(browser, url) as page:
        expect(page.locator("#loss")).to_be_visible()
        expect(page.locator("#clocks")).to_be_hidden()
        ahead = Skew(skew_s=-1260.0, time=now(), measured_at=now(), repeated=False)
        with db.connect(city_url, name="test") as conn:
            clocks.record(conn, {"flood-tong-dan": ahead})
        expect(page.locator("#clocks")).to_have_text("Clock off by: Tong Dan 21 min ahead")
        assert violations(page) == []


def test_a_committed_value_changes_the_open_page(browser: Browser, url: str, city: Writer) -> None:
    with opened(browser, url) as page:
        expect(page.locator("#link")).to_have_text("Live")
        city.write("flood-tong-dan", "water_depth", (now(), 62.0), provenance=Provenance.SIMULATED)
        expect(tile(page, "Flooding").locator(".value")).to_have_text("62 cm")
        expect(tile(page, "Flooding").locator(".level")).to_have_text("Impassable")


def test_a_thing_chosen_by_keyboard_shows_its_last_day_and_grows(
    browser: Browser, url: str, city: Writer
) -> None:
    with opened(browser, url) as page:
        page.locator("#find-place").select_option("flood-tong-dan")
        expect(page.locator("#thing-name")).to_have_text("Tong Dan")
        expect(page.locator("#thing-figure-words")).to_contain_text("lowest 6 cm")
        expect(page.locator("#thing-figure .js-plotly-plot .scatterlayer path").first).to_be_attached()
        counted = "document.querySelector('#thing-figure .js-plotly-plot').data[0].x.length"
        before = page.evaluate(counted)
        city.write("flood-tong-dan", "water_depth", (now(), 44.0), provenance=Provenance.SIMULATED)
        wait_for(lambda: page.evaluate(counted) > before, "the line has grown")
        page.keyboard.press("Escape")
        expect(page.locator("#thing")).to_be_hidden()


def test_an_alert_s_place_leads_to_its_last_day(browser: Browser, url: str) -> None:
    with opened(browser, url) as page:
        page.locator("#alerts-list").get_by_role("button", name="Tong Dan", exact=True).focus()
        page.keyboard.press("Enter")
        expect(page.locator("#thing-name")).to_have_text("Tong Dan")


def test_another_property_and_a_parking_point_have_their_day_too(browser: Browser, url: str) -> None:
    with opened(browser, url) as page:
        page.locator("#find-place").select_option("hoan-kiem")
        page.locator("#property").select_option("pm2_5")
        expect(page.locator("#thing-figure-words")).to_contain_text("newest 61.5 µg/m³")
        page.locator("#find-place").select_option("ltk-01")
        expect(page.locator("#property")).to_have_value("occupancy")
        expect(page.locator("#thing-figure-words")).to_contain_text("newest 50 %")


def test_layers_can_be_switched_off(browser: Browser, url: str) -> None:
    with opened(browser, url) as page:
        boxes = page.locator("#layers input")
        expect(boxes).to_have_count(5)
        boxes.first.focus()
        page.keyboard.press("Space")
        expect(boxes.first).not_to_be_checked()


def test_the_page_speaks_vietnamese_unless_english_is_chosen_and_remembers(
    browser: Browser, url: str
) -> None:
    with opened(browser, url, "") as page:
        expect(page.locator("html")).to_have_attribute("lang", "vi")
        expect(page.locator("h1")).to_have_text("Trung tâm điều hành Hà Nội")
        page.get_by_role("link", name="English").click()
        expect(page.locator("h1")).to_have_text("Hanoi operations centre")
        page.goto(f"{url}/ops/")
        expect(page.locator("h1")).to_have_text("Hanoi operations centre")


def test_a_wall_screen_has_nothing_to_operate(browser: Browser, url: str) -> None:
    with opened(browser, url, "?wall=1") as page:
        expect(page.locator("article.tile")).to_have_count(5)
        expect(page.locator("#alerts-list > li")).to_have_count(1)
        for name in (".controls", ".tools", ".leaflet-control-zoom"):
            expect(page.locator(name)).to_be_hidden()


def test_a_sixth_domain_appears_on_an_open_page(
    browser: Browser, city_url: str, city: Writer, tmp_path: Path
) -> None:
    for folder in ("catalog", "inventory"):
        (tmp_path / folder).mkdir()
    with (
        serving(city_url, catalog_folders=[tmp_path / "catalog"]) as url,
        opened(browser, url, "?lang=vi") as page,
    ):
        (tmp_path / "catalog" / "noise.toml").write_text(NOISE, "utf-8")
        (tmp_path / "inventory" / "noise.toml").write_text(METER, "utf-8")
        domains = load_catalog([catalog.SHIPPED, tmp_path / "catalog"])
        with db.connect(city_url, name="test") as conn:
            things.sync(conn, domains, load_inventory([inventory.SHIPPED, tmp_path / "inventory"], domains))
        noise = tile(page, "Tiếng ồn")
        expect(noise.locator(".level")).to_have_text("Chưa có dữ liệu")
        Writer(city_url).write("noise-1", "level", (now(), 81.0))
        expect(noise.locator(".value")).to_have_text("81,0 dB")
        expect(noise.locator(".level")).to_have_text("Ồn")
        expect(page.locator("#layers label")).to_have_count(6)
        page.locator("#find-place").select_option("noise-1")
        expect(page.locator("#thing-name")).to_have_text("Máy đo 1")


def test_a_session_that_is_revoked_ends_the_open_page(browser: Browser, url: str, city_url: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    enter(page, url, "")
    with db.connect(city_url, name="test", autocommit=True) as conn:
        operators.revoke_sessions_of(conn, "lan", now())
    expect(page.locator("#username")).to_be_visible()
    context.close()


def test_logging_out_leads_to_the_login_and_back_leads_nowhere(browser: Browser, url: str) -> None:
    with opened(browser, url) as page:
        page.get_by_role("button", name="Log out").click()
        expect(page.locator("#username")).to_be_visible()
        assert {cookie["name"] for cookie in page.context.cookies()} <= {"hanoi_ops_lang", "hanoi_ops_login"}
        page.goto(f"{url}/ops/")
        expect(page.locator("#username")).to_be_visible()


def test_a_city_without_data_has_a_page(browser: Browser, database_url: str) -> None:
    add(database_url)
    with serving(database_url) as url, opened(browser, url, size=PHONE) as page:
        expect(page.locator("#link")).to_have_text("No data yet")
        expect(page.locator("article.tile .level")).to_have_text(["No data yet"] * 5)
        expect(page.locator("#alerts-list")).to_have_text("No alerts.")
        expect(page.locator("#rejections-list")).to_have_text("No message was rejected.")
        assert violations(page) == []


def test_the_server_goes_and_comes_back(browser: Browser, url: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    enter(page, url, "?lang=en")
    context.set_offline(True)
    expect(page.locator("#link")).to_have_text("Server lost: what you see is old")
    expect(tile(page, "Flooding").locator(".value")).to_have_text("35 cm")
    context.set_offline(False)
    expect(page.locator("#link")).to_have_text("Live")
    context.close()


def violations(page: Page) -> list[str]:
    """What axe finds against WCAG 2.2 A and AA."""
    found = Axe().run(page, options={"runOnly": WCAG}).response["violations"]
    return [f"{one['id']}: {[node['html'][:120] for node in one['nodes']]}" for one in found]


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_the_page_is_accessible(browser: Browser, url: str, language: str, size: dict[str, int]) -> None:
    with opened(browser, url, f"?lang={language}", size=size) as page:
        page.locator("#find-place").select_option("flood-tong-dan")
        expect(page.locator("#thing-figure .js-plotly-plot .scatterlayer path").first).to_be_attached()
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]


@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_login_is_accessible(browser: Browser, url: str, language: str) -> None:
    context = browser.new_context(viewport={"width": 320, "height": 640})
    page = context.new_page()
    page.goto(f"{url}/ops/login?lang={language}")
    page.locator("#username").fill("lan")
    page.locator("#password").fill("wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    context.close()
