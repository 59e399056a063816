"""'Around me' and the search in a real browser: what they say and keep, and that no request says where one is."""

import json
import math
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, LiteralString
from urllib.parse import unquote, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from dashboard.citizen.pages import PageSettings
from storage import db
from storage.catalog import load_catalog
from storage.model import Provenance, Quality
from tests.browser.test_public_page import DESK, WCAG, browser
from tests.dashboard.finding_cases import CASES
from tests.processes import wait_for
from tests.public_site import Served, Writer, now, serving

pytestmark = pytest.mark.browser

__all__ = ["browser"]

SMALL = {"width": 360, "height": 640}
HERE = {"latitude": 21.02563, "longitude": 105.85561}
"""50 m from the flood point Tông Đản (21.0260, 105.8560), which the inventory has; no station stands there."""
TIME = re.compile(r"T\d\d:\d\d:\d\d\.\d{3}Z")
"""Of a question for a history: 21.025 s are no latitude."""
KNOWN = ("places", "domains", *(f"map/{domain.key}.geojson" for domain in load_catalog().values()))
"""What the search and 'Around me' have to have before the connection goes."""
WARD = "Cua Nam ward"
"""Whose centre is the nearest of the 126."""
VINH_HUNG = (20.9885, 105.8815)
"""281 m from the centre of Vĩnh Hưng (20.9906, 105.883), 1.9 km from the nearest mark."""
HONG_HA = (21.0655, 105.8540)
"""1.35 km from the centre of Hồng Hà, 2.9 km from the nearest mark."""
FIRST_VIEW = (21.027, 105.832, 12)
"""Centre and zoom of the map on phones (assets/map.js)."""
STREAM: LiteralString = """
INSERT INTO datastream (thing_id, property, unit, derived, circular, interval_s)
VALUES ('rain-hoan-kiem', %(property)s, 'mm', true, false, 600)
"""
PAY = "https://pay.example/hanoi?point={point}&bay={bay}"
PICTURES = os.environ.get("PICTURES")
"""A folder for screenshots, for who wants to look."""


@pytest.fixture
def city(city_url: str) -> Writer:
    """Wet for 40 minutes at Tông Đản, bad air at Hoàn Kiếm that was better an hour ago, a storm, free bays."""
    with db.connect(city_url, name="test") as conn:
        for key in ("rain_1h", "rain_24h"):  # as the derivation makes them at its first value
            conn.execute(STREAM, {"property": key})
    writer, at = Writer(city_url), now()
    simulated, derived = Provenance.SIMULATED, Provenance.DERIVED
    minutes = [(at - timedelta(minutes=n), 20.0 if n <= 40 else 0.0) for n in range(60)]
    writer.write("flood-tong-dan", "water_depth", *minutes, provenance=simulated)
    hours = [(at - timedelta(hours=n), 120.0 if n == 0 else 100.0) for n in range(6)]
    writer.write("hoan-kiem", "vn_aqi", *hours, provenance=derived, input_provenance=simulated)
    writer.write("hoan-kiem", "pm2_5", (at, 61.5), provenance=simulated)
    writer.write("hang-dau", "pm2_5", (at, 40.0))
    writer.write("hang-dau", "vn_aqi", (at, 80.0), provenance=derived, quality=Quality.SUSPECT)
    writer.write("rain-hoan-kiem", "rain_interval", (at, 2.0), provenance=simulated)
    for key, sum_mm in (("rain_1h", 24.5), ("rain_24h", 61.0)):
        writer.write("rain-hoan-kiem", key, (at, sum_mm), provenance=derived, input_provenance=simulated)
    writer.write("west-lake-trich-sai", "dissolved_oxygen", (at, 1.5), provenance=simulated)
    for bay in ("thd-09-b01", "thd-09-b02", "thd-09-b03"):
        writer.write(bay, "occupied", (at, 0.0), provenance=simulated)
    return writer


@pytest.fixture
def served(city_url: str, city: Writer) -> Iterator[Served]:
    with serving(city_url) as site:
        yield site


@contextmanager
def visiting(
    browser: Browser,
    served: Served,
    path: str = "/",
    *,
    size: dict[str, int] = DESK,
    route: tuple[str, Callable[[Route], None]] | None = None,
    **more: Any,
) -> Iterator[tuple[Page, list[str]]]:
    """A page and everything that it asks for, headers and bodies too; its scripts may not fail."""
    context = browser.new_context(
        viewport={"width": size["width"], "height": size["height"]}, reduced_motion="reduce", **more
    )
    page = context.new_page()
    if route:
        page.route(*route)
    faults: list[str] = []
    asked: list[str] = []
    home = urlsplit(served.url).netloc
    context.on("request", lambda r: asked.append(f"{r.url} {r.post_data or ''} {json.dumps(r.headers)}"))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(served.url + path)
    expect(page.locator("#here-me")).to_be_visible()
    expect(page.locator("#tables caption")).to_have_count(5)
    yield page, asked
    assert faults == []
    assert context.cookies() == []
    assert [line for line in asked if urlsplit(line.split(" ")[0]).netloc not in (home, "")] == []
    context.close()


def granted(context: BrowserContext) -> None:
    context.grant_permissions(["geolocation"])
    context.set_geolocation({"latitude": HERE["latitude"], "longitude": HERE["longitude"]})


def card(page: Page, key: str) -> Any:
    return page.locator(f'[data-card="{key}"]')


def violations(page: Page) -> list[str]:
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": WCAG}}).response["violations"]
    return [f"{one['id']}: {[node['target'] for node in one['nodes']]}" for one in found]


def picture(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/{name}.png")


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def test_around_me_says_what_is_there_and_tells_nobody_where_that_is(
    browser: Browser, served: Served
) -> None:
    with visiting(browser, served, "/en/", size=SMALL) as (page, asked):
        granted(page.context)
        page.locator("#here-me").click()
        expect(page.locator("#here-name")).to_have_text("Around where you are")
        expect(page.locator("#here-view")).to_contain_text(f"near {WARD}")

        air = card(page, "air")
        expect(air.locator(".big")).to_contain_text("Hoan Kiem – Poor")
        expect(air.locator(".big .badge")).to_contain_text("120")
        expect(air.locator(".trend")).to_have_text("▲ up 20 against an hour ago")
        expect(air.locator(".advice")).to_contain_text("cough or sore throat")
        air.get_by_role("checkbox").check()
        expect(air.locator(".advice")).to_contain_text("asthmatics")
        expect(air.get_by_role("img")).to_have_count(1)
        suspect = air.locator('[data-station="hang-dau"]')
        expect(suspect.locator(".grey")).to_have_text("Suspect value")

        flood = card(page, "flood")
        wet = flood.locator('[data-station="flood-tong-dan"]')
        expect(wet).to_contain_text("Moderate: motorbikes and pedestrians at risk")
        expect(wet).to_contain_text("simulated")
        expect(wet.locator(".wet")).to_contain_text("flooded since")
        expect(wet).to_contain_text(
            "Pedestrians: with caution · Motorbikes: with caution · Cars: with caution"
        )
        rain = card(page, "rain").locator('[data-station="rain-hoan-kiem"]')
        expect(rain).to_contain_text("Last hour: 24.5 mm – Heavy rain")  # 10 to 50 mm/h, WMO-like
        expect(rain).to_contain_text(
            "Last 24 hours: 61.0 mm – Heavy rain"
        )  # above 50 to 100 mm, the service's class
        expect(card(page, "lake").locator(".station").first).to_contain_text("West Lake - Trich Sai")
        parking = card(page, "parking")
        expect(parking.locator('[data-station="thd-09"]')).to_contain_text("3 free of")
        expect(parking).to_contain_text("min on foot")
        expect(parking).to_contain_text("The state of some bays is not known, so there may be more.")
        expect(parking.locator('[data-station="thd-09"]')).to_contain_text("Too few bays heard")
        expect(page.locator("#simulated")).to_be_visible()
        assert fits(page)
        assert violations(page) == []
        picture(page, "around-me-en")

        page.get_by_role("button", name="Home").click()
        chip = page.locator(".chips li").first
        expect(chip).to_contain_text("Home")
        expect(chip).to_contain_text("120")
        expect(chip).to_contain_text("▲ Moderate")
        page.reload()
        expect(chip).to_contain_text("120")
        chip.get_by_role("button", name="Home").first.click()
        expect(page.locator("#here-name")).to_have_text("Around the saved place")
        expect(card(page, "air").get_by_role("checkbox")).to_be_checked()
        assert violations(page) == []
        chip.get_by_role("button", name="Delete Home from this browser").click()
        expect(page.locator(".chips")).to_be_hidden()
        assert page.evaluate("localStorage.getItem('hanoi-saved-places')") is None

        sent = [TIME.sub("", unquote(line)) for line in asked]
        assert any("/observations" in line for line in sent)
        assert [line for line in sent if "21.02" in line or "105.8" in line] == []


def test_the_trend_is_that_of_the_value_above_it_though_the_history_is_older(
    browser: Browser, served: Served
) -> None:
    def an_hour_old(route: Route) -> None:
        answer = route.fetch()
        found = answer.json()
        route.fulfill(response=answer, json=found | {"items": found["items"][:-1]})

    with visiting(browser, served, "/en/", route=("**/observations?*", an_hour_old)) as (page, _):
        granted(page.context)
        page.locator("#here-me").click()
        air = card(page, "air")
        expect(air.locator(".big .badge")).to_contain_text("120")
        expect(air.locator(".trend")).to_have_text("▲ up 20 against an hour ago")


def test_a_browser_that_may_not_tell_offers_search_and_wards(browser: Browser, served: Served) -> None:
    with visiting(browser, served, "/", size=SMALL) as (page, asked):
        page.locator("#here-me").click()
        expect(page.locator("#here-said")).to_contain_text("không được phép biết vị trí")
        page.get_by_label("Hoặc chọn phường, xã").select_option(label="Phường Hoàn Kiếm")
        expect(page.locator("#here-name")).to_have_text("Quanh Phường Hoàn Kiếm")
        expect(page.locator("#here-view")).to_contain_text("Tính từ tâm phường, xã")
        expect(card(page, "air").locator(".big")).to_contain_text("Hoàn Kiếm – Kém")
        assert fits(page)
        assert violations(page) == []
        picture(page, "around-ward-vi")
        page.get_by_role("button", name="Đóng phần quanh tôi").click()
        expect(page.locator("#here-view")).to_be_hidden()
        expect(page.locator("#here-me")).to_be_focused()
        assert [line for line in asked if "00070" in line] == []


def tap_map(page: Page, at: tuple[float, float]) -> None:
    """At latitude and longitude of the first view, by the spherical Mercator of EPSG:3857."""

    def world(lat: float, lon: float, zoom: int) -> tuple[float, float]:
        turned = math.asinh(math.tan(math.radians(lat)))
        return (lon + 180) / 360 * 256 * 2**zoom, (1 - turned / math.pi) / 2 * 256 * 2**zoom

    lat, lon, zoom = FIRST_VIEW
    box = page.locator("#map").bounding_box()
    assert box is not None
    middle, wanted = world(lat, lon, zoom), world(*at, zoom)
    page.locator("#map").click(
        position={
            "x": box["width"] / 2 + wanted[0] - middle[0],
            "y": box["height"] / 2 + wanted[1] - middle[1],
        }
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("path", "name", "around", "note"),
    [
        ("/", "Phường Vĩnh Hưng", "Quanh Phường Vĩnh Hưng", "không có dữ liệu ranh giới"),
        ("/en/", "Vinh Hung ward", "Around Vinh Hung ward", "we have no boundaries"),
    ],
)
def test_a_tap_beside_all_marks_tells_the_ward_and_leads_to_what_its_search_does(
    browser: Browser, served: Served, path: str, name: str, around: str, note: str, scheme: str
) -> None:
    with visiting(browser, served, path, size=SMALL, color_scheme=scheme) as (page, asked):
        page.locator("#map-show").click()
        expect(page.locator("#map-asked")).to_be_hidden()
        strip = page.locator(".ward")
        tap_map(page, HONG_HA)
        expect(strip).to_be_visible()
        strip.get_by_role("button", name="Đóng" if path == "/" else "Close").focus()
        page.keyboard.press("Escape")
        expect(strip).to_be_hidden()
        expect(page.locator(".ward-spot")).to_have_count(0)
        expect(page.locator("#map")).to_be_focused()

        tap_map(page, VINH_HUNG)
        expect(strip.locator("strong")).to_have_text(name)
        expect(strip).to_contain_text(note)
        expect(page.locator("#map-frame [role=status]").last).to_contain_text(name)
        expect(strip).to_be_in_viewport(ratio=0.99)
        expect(page.locator(".ward-spot")).to_be_visible()
        expect(page.locator("#map")).to_be_focused()  # as after any tap of it
        assert fits(page)
        assert violations(page) == []
        picture(page, f"ward-{'en' if path == '/en/' else 'vi'}-{scheme}")

        strip.get_by_role("button", name=around).click()
        expect(page.locator("#here-name")).to_have_text(around)
        expect(page.locator("#here-view")).to_be_focused()
        expect(strip).to_be_hidden()
        by_tap = page.locator("#here-view").inner_text()
        page.get_by_role("combobox", name=re.compile("phường|ward")).fill("vinh hung")
        page.keyboard.press("Enter")
        expect(page.locator("#here-view")).to_be_focused()
        assert page.locator("#here-name").inner_text() == by_tap.splitlines()[0]
        assert [line for line in asked if "20.98" in line or "105.88" in line or "00301" in line] == []


def test_a_tap_far_from_every_ward_and_one_before_their_list_came_say_so(
    browser: Browser, served: Served
) -> None:
    def only_far(route: Route) -> None:
        far = {"kind": "ward", "id": "x", "name": {"vi": "Xa", "en": "Far"}, "domains": []}
        told = {**far, "location": {"lat": 22.5, "lon": 105.8, "trust": "M"}, "core": "xa", "sought": "xa"}
        route.fulfill(json={"items": [told]})

    with visiting(
        browser,
        served,
        "/en/",
        size=SMALL,
        route=("**/api/v1/places", lambda r: r.abort()),
        service_workers="block",
    ) as (page, _):
        page.locator("#map-show").click()
        expect(page.locator("#map-asked")).to_be_hidden()
        tap_map(page, HONG_HA)
        expect(page.locator(".ward")).to_contain_text("Data could not be loaded")
        expect(page.locator(".ward .way-there")).to_have_count(0)
        page.unroute("**/api/v1/places")
        page.route("**/api/v1/places", only_far)
        tap_map(page, HONG_HA)
        expect(page.locator(".ward")).to_contain_text("far from every ward")
        expect(page.locator(".ward .way-there")).to_have_count(0)
        assert violations(page) == []


def test_a_place_that_is_opened_before_the_ward_is_known_is_not_covered_by_it(
    browser: Browser, served: Served
) -> None:
    held: list[Route] = []
    with visiting(
        browser,
        served,
        "/en/",
        size=SMALL,
        route=("**/citizen/ward.js", lambda r: held.append(r)),
        service_workers="block",
    ) as (page, _):
        page.locator("#map-show").click()
        expect(page.locator("#map-asked")).to_be_hidden()
        tap_map(page, HONG_HA)
        wait_for(lambda: page.evaluate("true") and len(held) == 1, "the tap")
        page.locator("#list button.name").first.click()
        expect(page.locator("#detail-name")).to_be_visible()
        with page.expect_response("**/citizen/ward.js"):
            held[0].continue_()
        page.evaluate(
            "import(document.querySelector('script[src$=\"/citizen/page.js\"]').src.replace('page.js', 'ward.js'))"
        )
        page.evaluate("new Promise((done) => setTimeout(done))")
        expect(page.locator(".ward-spot")).to_have_count(0)
        expect(page.locator(".ward:visible")).to_have_count(0)


def test_a_mark_that_is_tapped_is_a_place_and_no_ward(browser: Browser, served: Served) -> None:
    with visiting(browser, served, "/en/", size=SMALL) as (page, _):
        page.locator("#map-show").click()
        expect(page.locator("#map-asked")).to_be_hidden()
        tap_map(page, HONG_HA)
        expect(page.locator(".ward")).to_be_visible()
        tap_map(page, (21.0368, 105.7998))  # a flood point of the inventory
        expect(page.locator("#detail")).to_be_visible()
        expect(page.locator(".ward")).to_be_hidden()


def test_a_page_that_is_not_secure_says_so(browser: Browser, served: Served) -> None:
    with visiting(browser, served, "/en/") as (page, _):
        page.evaluate("Object.defineProperty(window, 'isSecureContext', { value: false })")
        page.locator("#here-me").click()
        expect(page.locator("#here-said")).to_contain_text("no https")
        expect(page.locator("#find-ward option")).to_have_count(127)


FAINT = """() => {
  const rgb = (color) => color.match(/[\\d.]+/g).map(Number);
  const linear = (c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
  const light = (color) => {
    const [r, g, b] = rgb(color).map((c) => linear(c / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (a, b) => {
    const [more, less] = [light(a), light(b)].sort((m, n) => n - m);
    return (more + 0.05) / (less + 0.05);
  };
  const behind = (node) => {
    const color = getComputedStyle(node).backgroundColor;
    return rgb(color)[3] === 0 && node.parentElement ? behind(node.parentElement) : color;
  };
  const told = (node) => {
    const around = behind(node.parentElement);
    return Math.max(contrast(getComputedStyle(node).borderTopColor, around), contrast(behind(node), around));
  };
  const controls = "button:not(.link, .chip, .forget), .chips li, input, select, a.act, .badge";
  return [...document.querySelectorAll("#here")]
    .flatMap((here) => [...here.querySelectorAll(controls)])
    .filter((node) => node.offsetWidth && told(node) < 3)
    .map((node) => node.outerHTML.slice(0, 80));
}"""
"""What can be pressed or filled in and is told apart by less than 3:1 (WCAG 1.4.11), which axe does not look at."""


def faint_controls(page: Page) -> list[str]:
    return list(page.evaluate(FAINT))


@pytest.mark.parametrize(("path", "size"), [("/", SMALL), ("/en/", DESK)], ids=["vi-phone", "en-desk"])
def test_around_me_can_be_read_in_the_dark(
    browser: Browser, served: Served, path: str, size: dict[str, int]
) -> None:
    name = f"dark-{'en' if path == '/en/' else 'vi'}-{'phone' if size is SMALL else 'desk'}"
    with visiting(browser, served, path, size=size, color_scheme="dark") as (page, _):
        page.locator("#here-me").click()
        expect(page.locator("#find-ward")).to_be_visible()  # the browser may not tell
        assert violations(page) == []
        assert faint_controls(page) == []

        granted(page.context)
        page.locator("#here-me").click()
        expect(card(page, "flood").locator('[data-station="flood-tong-dan"] .wet')).to_contain_text(
            re.compile("flooded since|ngập từ")
        )
        expect(card(page, "air").locator('[data-station="hang-dau"] .grey')).to_be_visible()
        for slot in ("home", "school", "work"):
            page.locator(f'[data-slot="{slot}"]').click()
        expect(page.locator(".chips li")).to_have_count(3)
        card(page, "air").get_by_role("checkbox").check()
        card(page, "parking").locator("button[data-key^=tariff]").first.click()
        expect(card(page, "parking").locator(".tariff li").first).to_be_visible()
        assert violations(page) == []
        assert faint_controls(page) == []
        picture(page, name)

        page.get_by_role("combobox").fill("tran")
        expect(page.locator("#find-found li").first).to_be_visible()
        assert violations(page) == []
        assert faint_controls(page) == []
        picture(page, f"{name}-search")
        page.evaluate("document.querySelector('#here-me').style.background = 'transparent'")
        page.evaluate("document.querySelector('#here-me').style.borderColor = '#222222'")
        assert len(faint_controls(page)) == 1  # it does look


def has_come(page: Page, path: str) -> bool:
    address = f"location.origin + '/api/v1/{path}'"
    return bool(page.evaluate(f"performance.getEntriesByName({address}).length > 0"))


def test_a_street_is_found_without_diacritics_by_keyboard_and_without_a_connection(
    browser: Browser, served: Served
) -> None:
    with visiting(browser, served, "/", size=SMALL) as (page, asked):
        field = page.get_by_role("combobox", name="Tìm phố, phường, trạm đo")
        field.focus()
        wait_for(
            lambda: page.evaluate("localStorage.getItem('hanoi-known-places') !== null"), "places are known"
        )
        wait_for(lambda: all(has_come(page, path) for path in KNOWN), "the city has come")
        page.context.set_offline(True)
        before = len(asked)
        page.keyboard.type("tran hung dao")
        chosen = page.locator("#find-found [aria-selected='true']")
        expect(chosen).to_contain_text("Trần Hưng Đạo")
        expect(chosen).to_contain_text("phố · Đỗ xe")
        assert field.get_attribute("aria-activedescendant") == chosen.get_attribute("id")
        assert violations(page) == []
        picture(page, "search-vi")
        page.keyboard.press("Enter")
        expect(page.locator("#here-name")).to_have_text("Quanh Trần Hưng Đạo")
        expect(page.locator("#here-view")).to_be_focused()
        expect(page.locator("#here-view")).to_contain_text("giữa các điểm đo trên phố")
        expect(card(page, "parking").locator(".station").first).to_contain_text("Trần Hưng Đạo")
        assert [line for line in asked[before:] if "hung" in line.lower()] == []
        page.context.set_offline(False)

        field.fill("trung yen")
        page.keyboard.press("Enter")
        expect(page.locator("#detail-name")).to_have_text("Trung Yên 3")
        field.fill("nowhere at all")
        expect(page.locator("#find-found li")).to_have_text("Không tìm thấy nơi nào tên như vậy.")
        field.press("Escape")
        expect(page.locator("#find-found")).to_be_hidden()


def test_who_is_faster_than_the_list_of_places_gets_what_was_typed(browser: Browser, served: Served) -> None:
    held: list[Route] = []
    with visiting(browser, served, route=("**/api/v1/places", lambda route: held.append(route))) as (page, _):
        page.get_by_role("combobox").fill("Trần Hưng Đạo")
        page.keyboard.press("Enter")
        wait_for(
            lambda: page.evaluate("true") and held, "the question for the places"
        )  # evaluate hands events on
        for route in held:
            route.continue_()
        expect(card(page, "parking").locator('[data-station="thd-09"]')).to_be_visible()
        expect(page.locator("#detail")).to_be_hidden()


def test_parking_has_a_way_a_price_and_where_to_pay(browser: Browser, city_url: str, city: Writer) -> None:
    with db.connect(city_url, name="test") as conn:  # the inventory's parking points are all made up
        conn.execute("UPDATE thing SET coordinate_trust = 'M' WHERE id = 'thd-09'")
    with (
        serving(city_url, page=PageSettings(parking_pay_url=PAY)) as site,
        visiting(browser, site) as (page, _),
    ):
        page.get_by_role("combobox").fill("Trần Hưng Đạo")
        page.keyboard.press("Enter")
        point = card(page, "parking").locator('[data-station="thd-09"]')
        way = point.get_by_role("link", name="Chỉ đường đến Trần Hưng Đạo – điểm 9")
        assert unquote(way.get_attribute("href") or "") == (
            "geo:21.01947,105.85714?q=21.01947,105.85714(Trần Hưng Đạo – điểm 9)"
        )
        way.click()
        expect(point).to_contain_text("Tọa độ: 21.01947, 105.85714")
        point.get_by_role("button", name="Giá vé ở Trần Hưng Đạo – điểm 9").click()
        expect(point.locator(".tariff li").first).to_have_text("25.000 đ một lượt 120 phút đầu")
        expect(point.locator(".tariff li").nth(1)).to_have_text(
            "sau 120 phút: 35.000 đ mỗi giờ (tham khảo, chưa kiểm chứng)"
        )
        expect(point.locator(".tariff")).to_contain_text("44/2017/QĐ-UBND")
        pay = point.get_by_role("link", name="Trả tiền đỗ xe")
        expect(pay).to_have_attribute("href", "https://pay.example/hanoi?point=thd-09&bay=thd-09-b01")
        point.get_by_label("Ô đỗ").select_option("thd-09-b02")
        expect(pay).to_have_attribute("href", "https://pay.example/hanoi?point=thd-09&bay=thd-09-b02")
        assert violations(page) == []
        picture(page, "parking-vi")


@pytest.mark.parametrize(
    ("path", "why", "made_up"),
    [
        ("/", "Không chỉ đường: vị trí giả lập", "Vị trí giả lập, không có thật"),
        ("/en/", "No directions: the position is made up", "Made-up position, nothing real stands there"),
    ],
)
def test_nobody_is_sent_to_a_position_that_is_made_up(
    browser: Browser, served: Served, path: str, why: str, made_up: str
) -> None:
    with visiting(browser, served, path, size=SMALL) as (page, _):
        page.get_by_role("combobox").fill("Trần Hưng Đạo")
        page.keyboard.press("Enter")
        point = card(page, "parking").locator('[data-station="thd-09"]')  # S in the inventory
        expect(point).to_contain_text(why)
        expect(point.locator("button[data-key^=tariff]")).to_be_visible()
        expect(page.locator('#here a[href^="geo:"]')).to_have_count(0)
        assert violations(page) == []

        page.evaluate("location.hash = '#thd-09'")
        expect(page.locator("#detail .trust")).to_have_text(made_up)
        expect(page.locator("#detail .way")).to_contain_text("21.01947, 105.85714")
        expect(page.locator('#detail a[href^="geo:"]')).to_have_count(0)
        for documented in ("flood-tong-dan", "hoan-kiem", "trung-yen-3"):  # M, M and V
            page.evaluate(f"location.hash = '#{documented}'")
            expect(page.locator('#detail a[href^="geo:"]')).to_have_count(1)


SINCE = """async ([points, now]) => {
  const { floodedSince } = await import('/assets/citizen/around.js');
  return floodedSince(points, [{level: 0, below: 5}, {level: 1, below: null}], now);
}"""


def test_browsers_rank_and_reckon_as_the_server_and_the_docs_do(browser: Browser, served: Served) -> None:
    with visiting(browser, served) as (page, _):
        best = page.evaluate(
            """async (cases) => {
              const { found, core } = await import('/assets/finding.js');
              const { items } = await (await fetch('/api/v1/places')).json();
              return {
                first: cases.first.map(([typed]) => found(items, typed, 1).map((one) => [one.kind, one.id])),
                folded: cases.folded.map(([typed]) => core(typed)),
              };
            }""",
            CASES,
        )
        assert best["first"] == [[] if first is None else [first] for _, first in CASES["first"]]
        assert best["folded"] == [folded for _, folded in CASES["folded"]]

        at = "2026-11-22T03:{:02d}:00Z".format
        now_ms = page.evaluate("Date.parse('2026-11-22T03:50:00Z')")

        def since(*readings: tuple[int, float, int]) -> Any:
            points = [
                {"time": at(minute), "result": cm, "quality": quality} for minute, cm, quality in readings
            ]
            return page.evaluate(SINCE, [points, now_ms])

        assert since((10, 0, 1), (11, 6, 1), (12, 8, 1)) == {"time": at(11), "how": "exact"}
        assert since((10, 0, 1), (30, 6, 1), (31, 8, 1)) == {"time": at(30), "how": "least"}  # silent before
        assert since((10, 9, 1), (11, 9, 1)) == {"time": at(10), "how": "least"}
        assert since((10, 0, 1), (11, 9, 1), (12, 0, 4), (13, 9, 1)) == {"time": at(11), "how": "exact"}
        assert since((10, 9, 1), (11, 0, 1)) is None
        assert since() is None
        metres = page.evaluate(
            """async () => {
              const { distance } = await import('/assets/citizen/places.js');
              return distance({lat: 21, lon: 105}, {lat: 22, lon: 105});
            }"""
        )
        assert metres == pytest.approx(111_195, abs=1)  # a degree of a meridian on the mean sphere
