"""A forecast on the citizens' page: beside what is there now, with its time and interval, and never instead of it."""

from datetime import timedelta

import pytest
from playwright.sync_api import Browser, expect

from storage import db, forecasts, observations, things
from storage.catalog import load_catalog
from storage.model import Observation, Provenance
from tests.browser.test_public_page import browser as browser  # the fixture
from tests.browser.test_public_page import choose, opened
from tests.integration.test_forecasts import proved
from tests.processes import wait_for
from tests.public_site import Writer, now, serving

pytestmark = pytest.mark.browser

STATION = "hoan-kiem"


def foretell(city_url: str) -> None:
    """50 in three hours and 90 in five, by a model that was proved at four to six hours from its issue."""
    at = now()
    with db.connect(city_url, name="test") as conn:
        property_ = load_catalog()["air_quality"].properties["pm2_5_forecast"]
        id = things.ensure_datastream(conn, STATION, property_)
        batch = [
            Observation(
                datastream_id=id,
                phenomenon_time=at + timedelta(hours=lead - 1),
                result_time=at - timedelta(hours=1),
                result=result,
                provenance=Provenance.FORECAST,
                parameters={
                    "model": "agency",
                    "lead_h": float(lead),
                    "low": 30.0,
                    "high": 120.0,
                    "level": 0.8,
                },
            )
            for lead, result in ((4, 50.0), (6, 90.0))
        ]
        observations.write(conn, batch)
        forecasts.write_scores(conn, [proved(at)])


@pytest.mark.parametrize(("path", "caption"), [("/en/", "Forecast, the highest to come"), ("/vi/", "Dự báo")])
def test_what_may_come_stands_beside_what_is_there(
    browser: Browser, city_url: str, path: str, caption: str
) -> None:
    city = Writer(city_url)
    city.write(STATION, "pm2_5", (now(), 21.0))
    foretell(city_url)
    with serving(city_url) as served:
        wait_for(lambda: served.site.city.view.forecasts, "the forecast is read")
        with opened(browser, served, path) as page:
            choose(page, STATION)
            ahead = page.locator("table.forecasts")
            expect(ahead).to_be_visible()
            expect(ahead.locator("caption")).to_contain_text(caption)
            expect(ahead.locator("td .value")).to_contain_text("90")
            expect(ahead.locator("td .note")).to_contain_text("80 %")
            now_ = page.locator("table.values:not(.forecasts)")
            expect(now_.locator("td .value")).to_have_count(1)
            expect(now_.locator("td .value")).to_contain_text("21")


def test_without_a_forecast_that_may_be_shown_nothing_is_said_of_one(browser: Browser, city_url: str) -> None:
    Writer(city_url).write(STATION, "pm2_5", (now(), 21.0))
    with serving(city_url) as served, opened(browser, served, "/en/") as page:
        choose(page, STATION)
        expect(page.locator("table.values:not(.forecasts) td .value")).to_contain_text("21")
        expect(page.locator("table.forecasts")).to_be_hidden()
