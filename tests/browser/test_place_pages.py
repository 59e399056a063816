"""Pages of places in a browser: accessible, without a script, whole on a small phone; and found from the map's page."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, expect

from storage.model import Provenance
from tests.browser.test_public_page import PHONE, choose, opened, violations
from tests.browser.test_public_page import browser as browser  # the fixture
from tests.public_site import Served, Writer, now, serving

pytestmark = pytest.mark.browser

PLACE = "/vi/khong-khi/trung-yen-3"


@pytest.fixture
def served(city_url: str) -> Iterator[Served]:
    city, at = Writer(city_url), now()
    hours = [at.replace(minute=0, second=0, microsecond=0) - timedelta(hours=n) for n in range(30)]
    for key, decimals in (("pm2_5", 0.5), ("no2", 0.1)):
        city.write(
            "trung-yen-3",
            key,
            *[(one, 40 + n + decimals) for n, one in enumerate(hours)],
            provenance=Provenance.SIMULATED,
        )
    city.write(
        "trung-yen-3",
        "vn_aqi",
        *[(one, 90.0 + n) for n, one in enumerate(hours)],
        provenance=Provenance.DERIVED,
    )
    with serving(city_url) as site:
        yield site


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_are_accessible_and_no_wider_than_a_small_phone(
    browser: Browser, served: Served, scheme: str
) -> None:
    month = f"{now():%Y-%m}"
    context = browser.new_context(viewport=PHONE, color_scheme="dark" if scheme == "dark" else "light")
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for path in (
        PLACE,
        f"/en/air/trung-yen-3/{month}",
        "/vi/khong-khi/",
        "/en/parking/ltk-01",
        "/vi/khong-khi/no",
    ):
        page.goto(served.url + path)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        page.locator("details").evaluate_all("all => all.forEach(one => one.open = true)")
        assert violations(page) == [], path
    assert {url.rsplit(".", 1)[-1] for url in asked if "/assets/" in url} <= {"css", "svg"}
    assert context.cookies() == []
    context.close()


def test_the_page_of_a_place_is_found_from_its_panel(browser: Browser, served: Served) -> None:
    with opened(browser, served) as page:
        choose(page, "trung-yen-3")
        page.locator("#detail .page-link a").click()
        page.wait_for_url(f"**{PLACE}")
        expect(page.locator("h1")).to_have_text("Trung Yên 3")
        expect(page.locator(".bars rect").first).to_be_visible()
        page.get_by_role("link", name="Xem trên bản đồ trực tiếp").click()
        page.wait_for_url("**/#trung-yen-3")
        expect(page.locator("#detail-name")).to_have_text("Trung Yên 3")
