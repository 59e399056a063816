"""A citizen's first visit on a cheap phone and a slow line: what stands there before any script, what it weighs.

And what stays without a connection, on paper and in frames. No time is asserted.
"""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import LiteralString
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser, Page, Route, expect

from dashboard.citizen.first_page import LARGEST
from storage import db, observations
from storage.catalog import load_catalog
from storage.model import Observation, Provenance
from tests.browser.slow_phone import CHEAP_PHONE, FIRST_VISIT_MOST, Counted, slow_down
from tests.browser.test_public_page import DESK, WCAG, violations
from tests.browser.test_public_page import browser as browser  # the fixture
from tests.processes import wait_for
from tests.public_site import Served, Writer, now, serving

pytestmark = pytest.mark.browser

SHIFTS = """() => { window.moved = []; new PerformanceObserver((list) => list.getEntries().forEach((one) =>
  window.moved.push([one.value, one.sources.map(({ node }) => node && (node.id || node.nodeName))])
)).observe({ type: "layout-shift", buffered: true }); }"""

FIRING: LiteralString = """
INSERT INTO alert (rule, domain, thing_id, datastream_id, property, severity, state, title_vi, title_en, runbook_vi,
                   runbook_en, unit, limit_value, value, value_time, peak, pending_since, firing_since, provenance,
                   for_citizens)
VALUES (%(rule)s, 'flood', %(thing)s, %(stream)s, 'water_depth', %(severity)s, 'firing', 'Ngập từ 30 cm', 'Deep water',
        '', '', 'cm', 30, 35, now(), 40, now(), now(), 'simulated', true)
"""
STYLED = "() => [...document.querySelectorAll('link[rel=stylesheet]')].every((link) => link.sheet)"


@pytest.fixture
def city(city_url: str) -> Writer:
    """Every place has a value."""
    writer, at = Writer(city_url), now()
    headlines = {domain.headline for domain in load_catalog().values()}
    rows = [
        Observation(
            datastream_id=id_, phenomenon_time=at, result_time=at, result=1.0, provenance=Provenance.SIMULATED
        )
        for (_, property_key), id_ in writer.ids.items()
        if property_key in headlines or property_key == "pm2_5"
    ]
    with db.connect(city_url, name="test") as conn:
        observations.write(conn, rows)
    return writer


@pytest.fixture
def served(city_url: str, city: Writer) -> Iterator[Served]:
    with serving(city_url) as site:
        yield site


@contextmanager
def visiting(
    browser: Browser,
    *,
    size: dict[str, int] = CHEAP_PHONE,
    script: bool = True,
    slow: bool = False,
    scheme: str = "light",
) -> Iterator[Page]:
    """A page of somebody who was never here."""
    context = browser.new_context(
        viewport={"width": size["width"], "height": size["height"]},
        java_script_enabled=script,
        reduced_motion="reduce",
        has_touch=True,
        color_scheme="dark" if scheme == "dark" else "light",
    )
    page = context.new_page()
    if slow:
        slow_down(page)
    yield page
    context.close()


@pytest.fixture
def counted(served: Served) -> Iterator[Counted]:
    between = Counted(served.url)
    yield between
    between.close()


@pytest.mark.parametrize("path", ["/", "/en/"])
def test_the_first_values_stand_before_any_script_and_scripts_take_them_over(
    browser: Browser, served: Served, path: str
) -> None:
    asked: list[str] = []
    held: list[Route] = []
    with visiting(browser, slow=True) as page:
        page.on("request", lambda request: asked.append(request.url))
        page.route("**/citizen/page.js", lambda route: held.append(route))
        page.goto(served.url + path, wait_until="commit")
        rows = page.locator("#tables tbody tr")
        expect(rows).to_have_count(80)  # the inventory of Hanoi: 10 + 33 + 17 + 16 + 4
        first = page.locator("#trung-yen-3")
        expect(first).to_contain_text("1")
        expect(page.locator("#simulated")).to_be_visible()
        expect(page.locator("#tables button")).to_have_count(0)
        wait_for(lambda: page.evaluate(STYLED), "the style sheets")
        before = first.bounding_box()
        first.evaluate("(row) => { row.stood = true; }")
        page.evaluate(SHIFTS)
        for route in held:
            route.continue_()
        expect(page.locator("#connection")).to_have_text(re.compile("Live|Trực tiếp"))
        expect(page.locator("#tables button")).to_have_count(80)
        assert first.evaluate("(row) => row.stood")
        assert first.bounding_box() == before
        moved = page.evaluate("window.moved")
        assert sum(value for value, _ in moved) < 0.01, moved
        assert not [url for url in asked if "/map/" in url], "the list was asked for again"
        assert not [url for url in asked if "leaflet" in url]
        assert {urlsplit(url).netloc for url in asked} == {urlsplit(served.url).netloc}


def test_a_first_visit_is_light_and_the_map_comes_on_a_tap(
    browser: Browser, served: Served, counted: Counted
) -> None:
    for path in ("/", "/en/"):
        plain = served.http.get(path, headers={"accept-encoding": "identity"}).content
        print(f"{path}: {len(plain)} bytes of HTML")
        assert len(plain) <= LARGEST
    with visiting(browser, slow=True) as page:
        page.goto(f"{counted.url}/en/")
        page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        expect(page.locator("#connection")).to_have_text("Live")
        print(f"first visit: {counted.bytes} bytes on the wire")
        assert counted.bytes < FIRST_VISIT_MOST
        expect(page.locator("#map")).not_to_have_class(re.compile("leaflet-container"))
        page.get_by_role("button", name="Show the map").tap()
        expect(page.locator("#map.leaflet-container")).to_be_visible()
        expect(page.locator("#map-asked")).to_be_hidden()
        print(f"with the map: {counted.bytes} bytes on the wire")
        assert counted.bytes < FIRST_VISIT_MOST
        page.locator('[data-thing="trung-yen-3"]').tap()
        expect(page.locator("#detail-name")).to_have_text("Trung Yen 3")


def flood_everywhere(city_url: str, city: Writer) -> int:
    """One alert at every flood point, critical, and two of other rules; returns how many points."""
    points = [(thing, id_) for (thing, key), id_ in city.ids.items() if key == "water_depth"]
    with db.connect(city_url, name="test") as conn:
        for thing, id_ in points:
            conn.execute(FIRING, {"thing": thing, "stream": id_, "severity": "critical", "rule": "deep"})
        for rule in ("wet", "damp"):
            thing, id_ = points[0]
            conn.execute(FIRING, {"thing": thing, "stream": id_, "severity": "info", "rule": rule})
    return len(points)


@pytest.mark.parametrize("path", ["/", "/en/"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_in_a_storm_the_values_stand_after_a_few_lines(
    browser: Browser, served: Served, city: Writer, city_url: str, path: str, scheme: str
) -> None:
    points = flood_everywhere(city_url, city)
    wait_for(lambda: len(served.site.alerts.active) == points + 2, "alerts")
    held: list[Route] = []
    with visiting(browser, scheme=scheme) as page:
        page.route("**/citizen/page.js", lambda route: held.append(route))
        page.goto(served.url + path, wait_until="commit")
        lines = page.locator("#alerts > li")
        expect(lines).to_have_count(3)
        expect(lines.first).to_contain_text(re.compile(f"▲ (Critical|Nghiêm trọng) {points} (places|nơi)"))
        wait_for(lambda: page.evaluate(STYLED), "the style sheets")
        title, first = page.locator("#alerts-title").bounding_box(), page.locator("#list").bounding_box()
        assert title is not None
        assert first is not None
        assert first["y"] - title["y"] < 360  # within one turn of a thumb; 35 lines would be 2,500 pixels
        before = lines.all_inner_texts()
        group = page.locator("#alerts details").first
        group.locator("summary").tap()
        expect(group).to_have_attribute("open", "")
        for route in held:
            route.continue_()
        expect(page.locator("#connection")).to_have_text(re.compile("Live|Trực tiếp"))
        expect(group.locator("button")).to_have_count(points)  # all of them, whatever had room in the HTML
        expect(group).to_have_attribute("open", "")
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= CHEAP_PHONE["width"]

        group.locator("button").nth(2).focus()
        name = group.locator("button b").nth(2).inner_text()
        with db.connect(city_url, name="test") as conn:
            conn.execute("UPDATE alert SET value = 41 WHERE rule = 'deep'")
        expect(group.locator("button").nth(2)).to_contain_text("41")
        expect(group).to_have_attribute("open", "")
        assert page.evaluate("document.activeElement.querySelector('b').textContent") == name
        page.keyboard.press("Enter")
        expect(page.locator("#detail-name")).to_have_text(name)
        page.keyboard.press("Escape")
        group.locator("summary").focus()
        page.keyboard.press("Enter")
        expect(group).not_to_have_attribute("open", "")
        assert lines.all_inner_texts()[1:] == before[1:]


def test_more_alerts_that_were_opened_stay_open_when_one_of_them_ends(
    browser: Browser, served: Served, city: Writer, city_url: str
) -> None:
    points = [(thing, id_) for (thing, key), id_ in city.ids.items() if key == "water_depth"][:2]
    with db.connect(city_url, name="test") as conn:
        for rule, severity, places in (
            ("a", "critical", 1),
            ("b", "critical", 1),
            ("c", "critical", 1),
            ("d", "info", 2),
        ):
            for thing, id_ in points[:places]:
                conn.execute(FIRING, {"thing": thing, "stream": id_, "severity": severity, "rule": rule})
    wait_for(lambda: len(served.site.alerts.active) == 5, "alerts")
    with visiting(browser) as page:
        page.goto(served.url)
        expect(page.locator("#connection")).to_have_text("Trực tiếp")
        more = page.locator("#alerts .alerts-more")
        more.locator("> summary").tap()
        expect(more.locator("> ul > li")).to_have_count(1)
        expect(more.locator(".alert-group")).to_be_visible()
        more.locator("> summary").focus()
        with db.connect(city_url, name="test") as conn:
            conn.execute(
                "UPDATE alert SET state = 'resolved', resolved_at = now() WHERE rule = 'd' AND thing_id = %s",
                (points[0][0],),
            )
        expect(more.locator(".alert-group")).to_have_count(0)  # the other is alone now
        expect(more).to_have_attribute("open", "")
        assert page.evaluate("document.activeElement.matches('.alerts-more > summary')")


@pytest.mark.parametrize("path", ["/", "/en/"])
def test_without_scripts_everything_can_be_read(browser: Browser, served: Served, path: str) -> None:
    with visiting(browser, script=False) as page:
        page.goto(served.url + path)
        expect(page.locator("#tables caption")).to_have_count(5)
        expect(page.locator("#trung-yen-3")).to_be_visible()
        expect(page.locator("#as-of")).to_be_visible()
        expect(page.locator("#search")).to_be_hidden()
        expect(page.locator("#map-show")).to_be_hidden()
        page.locator("#layers a").last.click()
        expect(page.locator("#west-lake-trich-sai")).to_be_in_viewport()
        assert page.evaluate("document.documentElement.scrollWidth") <= CHEAP_PHONE["width"]
    with visiting(
        browser
    ) as page:  # axe itself is a script: ours are kept away, and what a browser without any loads is loaded
        page.route("**/citizen/page.js", lambda route: route.fulfill(content_type="text/javascript", body=""))
        page.goto(served.url + path)
        page.add_style_tag(url="/assets/citizen/noscript.css")
        expect(page.locator("#search")).to_be_hidden()
        assert violations(page) == []


def test_with_scripts_the_phone_page_is_accessible(browser: Browser, served: Served) -> None:
    with visiting(browser) as page:
        page.goto(f"{served.url}/")
        expect(page.locator("#connection")).to_have_text("Trực tiếp")
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= CHEAP_PHONE["width"]


def test_the_page_can_be_read_without_a_connection_and_says_of_when_it_is(
    browser: Browser, city_url: str
) -> None:
    writer = Writer(city_url)
    writer.write("flood-tong-dan", "water_depth", (now(), 12.0))
    with visiting(browser) as page:
        with serving(city_url) as served:
            page.goto(f"{served.url}/en/")
            page.evaluate("navigator.serviceWorker.ready.then(() => true)")
            page.reload()  # a visit under the worker
            expect(page.locator("#connection")).to_have_text("Live")
        said = now() + timedelta(hours=7)
        page.clock.set_system_time(now() + timedelta(hours=2))
        page.reload()
        expect(page.locator("#connection")).to_have_text("Connection lost, retrying")
        expect(page.locator("#as-of")).to_have_text(re.compile(rf"As of \d\d:\d\d, \d\d/{said:%m}"))
        row = page.locator("#flood-tong-dan")
        expect(row).to_contain_text("12 cm")
        expect(row).to_contain_text("2 h ago")
        expect(row).to_have_attribute("data-state", "stale")
        expect(row.locator(".swatch use")).to_have_attribute("fill", "#8A8F98")
        expect(page.locator("#freshness")).to_have_attribute("data-old", "true")


@contextmanager
def another_site(body: str) -> Iterator[str]:
    """A page of somebody else, at another origin."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=partial(server.serve_forever, poll_interval=0.05), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


def test_a_place_can_be_put_into_any_page_and_the_site_itself_cannot(
    browser: Browser, served: Served, city: Writer
) -> None:
    body = (
        f'<!doctype html><iframe id="one" src="{served.url}/embed/flood-tong-dan?lang=en"></iframe>'
        f'<iframe id="all" src="{served.url}/en/"></iframe>'
    )
    with another_site(body) as url, visiting(browser, size=DESK) as page:
        page.goto(url)
        one = page.frame_locator("#one")
        expect(one.locator("h1")).to_have_text("Tong Dan")
        expect(one.locator(".value")).to_contain_text("1 cm")
        expect(one.locator(".notes")).to_contain_text("simulated")
        style = one.locator("main").evaluate("(main) => getComputedStyle(main).display")
        assert style == "grid"  # the policy lets its own style be
        expect(page.frame_locator("#all").locator("#tables")).to_have_count(
            0
        )  # the browser says so in its own words
        page.clock.install()
        page.goto(f"{served.url}/embed/flood-tong-dan?lang=en")
        assert Axe().run(page, options={"runOnly": WCAG}).response["violations"] == []
        city.write("flood-tong-dan", "water_depth", (now(), 31.0))
        wait_for(lambda: "31" in served.http.get("/embed/flood-tong-dan").text, "the new depth is served")
        page.clock.fast_forward(61_000)
        expect(page.locator(".value")).to_contain_text("31 cm")
        expect(page.locator("main")).to_have_attribute("data-state", "live")
        page.route("**/embed/**", lambda route: route.abort())
        page.clock.fast_forward(61_000)
        expect(page.locator("main")).to_have_attribute("data-state", "stale")


def test_on_paper_there_is_the_list_with_its_time_and_no_map(browser: Browser, served: Served) -> None:
    with visiting(browser, size=DESK) as page:
        page.goto(f"{served.url}/en/")
        expect(page.locator("#map.leaflet-container")).to_be_visible()
        page.emulate_media(media="print")
        for gone in ("#map", "#layers", "#search", "#map-show", ".language"):
            expect(page.locator(gone).first).to_be_hidden()
        expect(page.locator("#as-of")).to_have_text(re.compile(r"As of \d\d:\d\d, \d\d/\d\d"))
        expect(page.locator("#as-of")).to_be_visible()
        expect(page.locator("#trung-yen-3")).to_contain_text("simulated")
        expect(page.locator("#tables .method").first).to_contain_text("Decision 1459")


def test_the_us_index_of_the_same_hour_is_one_tap_away(
    browser: Browser, city_url: str, served: Served
) -> None:
    from tests.browser.test_public_values import derive

    at = now()
    derive(city_url, "air_quality", "hoan-kiem", {"vn_aqi": (at, 120.0), "us_aqi": (at, 152.0)})
    with visiting(browser) as page:
        page.goto(f"{served.url}/en/#hoan-kiem")
        scales = page.locator("#detail .scales")
        scales.locator("summary").tap()
        expect(scales).to_contain_text("152 US AQI – Unhealthy (US)")
        expect(scales).to_contain_text("NowCast")
        assert violations(page) == []
