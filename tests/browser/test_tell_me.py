"""Asking to be told in a real browser: from a panel by mail, without a script; and a push message that is shown."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from dashboard.citizen.pages import PageSettings
from dashboard.subscribing.desk import Channels
from deploy.embedded.postgres import Postgres
from storage import db
from tests.browser import test_public_page
from tests.browser.chromium import whole
from tests.browser.test_citizen_reports import SMALL, opened
from tests.browser.test_control_room import browser, violations
from tests.processes import wait_for
from tests.public_site import Served, Writer, now, serving

pytestmark = pytest.mark.browser

__all__ = ["browser"]

SUBSCRIPTIONS = (
    "SELECT channel, address, language, thing_id, property, at_least FROM subscription ORDER BY id"
)


@pytest.fixture
def served(postgres: Postgres, city_url: str) -> Iterator[Served]:
    Writer(city_url).write("flood-tong-dan", "water_depth", (now(), 12.0))
    postgres.create_login("public_login", member_of="hanoi_public")
    page = PageSettings(channels=Channels(email=True, zalo_url="https://zalo.me/1"))
    with serving(postgres.url("public_login", city_url.rsplit("/", 1)[1]), page=page) as site:
        yield site


def asked(url: str) -> list[tuple[Any, ...]]:
    with db.connect(url, name="test") as conn:
        return [tuple(row.values()) for row in conn.execute(SUBSCRIPTIONS).fetchall()]


def test_the_panel_says_why_there_is_no_push_and_takes_a_mail_address(
    browser: Browser, served: Served, city_url: str
) -> None:
    with test_public_page.opened(browser, served, "/#flood-tong-dan", size=SMALL) as page:
        page.get_by_role("link", name="Báo cho tôi").click()
        form = page.locator(".tell-me form")
        expect(form.locator(".why-not")).to_have_text("Trang này chưa gửi được tin qua trình duyệt.")
        expect(form.get_by_role("link", name="Zalo")).to_have_attribute("href", "https://zalo.me/1")
        form.get_by_text("Ngập nặng").click()
        form.get_by_label("Qua thư điện tử").fill("an@example.vn")
        assert violations(page) == []
        form.get_by_role("button").click()
        expect(form.get_by_role("status")).to_contain_text("thư xác nhận đang được gửi")
    assert asked(city_url) == [("email", "an@example.vn", "vi", "flood-tong-dan", "water_depth", 3)]


def test_it_is_asked_without_a_script(browser: Browser, served: Served, city_url: str) -> None:
    with opened(browser, served, "/en/tell-me", size=SMALL, script=False) as page:
        page.get_by_label("Where?").select_option("hoan-kiem")
        page.get_by_role("button", name="Next").click()
        page.get_by_text("“Bad”").click()
        page.get_by_label("E-mail").fill("an@example.vn")
        page.get_by_role("button").click()
        expect(page.get_by_role("heading", name="Look into your mail")).to_be_visible()
    assert asked(city_url) == [("email", "an@example.vn", "en", "hoan-kiem", "vn_aqi", 3)]


def test_the_worker_shows_what_it_is_sent(browser: Browser, served: Served) -> None:
    said = {
        "title": "Tong Dan",
        "body": "Water depth 33 cm",
        "language": "en",
        "tag": "subscription-7",
        "url": f"{served.url}/en/#flood-tong-dan",
        "manage": f"{served.url}/en/tell-me/x",
    }
    shown = (
        "navigator.serviceWorker.ready.then((r) => r.getNotifications())"
        ".then((all) => all.map((one) => ({ title: one.title, body: one.body, tag: one.tag, ...one.data })))"
    )
    with whole(browser) as chromium, test_public_page.opened(chromium, served, "/en/", size=SMALL) as page:
        page.context.grant_permissions(["notifications"], origin=served.url)
        page.evaluate(
            "navigator.serviceWorker.register('/worker.js').then(() => navigator.serviceWorker.ready).then(() => 1)"
        )
        devtools, found = page.context.new_cdp_session(page), []
        devtools.on("ServiceWorker.workerRegistrationUpdated", lambda one: found.extend(one["registrations"]))
        devtools.send("ServiceWorker.enable")
        wait_for(lambda: page.evaluate("1") and found, "the worker")  # events come while it is talked to
        devtools.send(
            "ServiceWorker.deliverPushMessage",
            {
                "origin": served.url,
                "registrationId": found[0]["registrationId"],
                "data": json.dumps(said),
            },
        )
        wait_for(lambda: page.evaluate(shown), "the message is shown")
        assert page.evaluate(shown) == [{key: text for key, text in said.items() if key != "language"}]
