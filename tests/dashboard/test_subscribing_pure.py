"""What can be asked to be told: the catalogue's offers, addresses that can be used, words in both languages."""

from dataclasses import replace
from typing import Any

import pytest

from dashboard.citizen.here_words import TELL_ME
from dashboard.citizen.pages import FOLDER, texts
from dashboard.citizen_forms.unfit import Unfit
from dashboard.subscribing.asked import Asked, subscription
from dashboard.subscribing.texts import TEXTS
from storage.catalog import ReferenceDataError, load_catalog
from storage.subscription_offers import offer_of, offers
from storage.subscriptions import Channel
from tests.dashboard.small_city import view

DOMAINS = load_catalog()
PUSH = Asked(
    channel="push",
    thing="tong-dan",
    at_least="2",
    endpoint="https://push.example/send/1",
    p256dh="BAAA" + "A" * 83,
    auth="A" * 22,
)
MAIL = Asked(thing="tong-dan", at_least="2", email=" An.Le+hn@Example.VN ")


def test_the_shipped_catalogue_offers_air_flooding_and_parking() -> None:
    found = offers(DOMAINS)
    assert {key: (offer.property, offer.at_least) for key, offer in found.items()} == {
        "air_quality": ("vn_aqi", (1, 2, 3, 4, 5)),
        "flood": ("water_depth", (1, 2, 3, 4)),
        "parking": ("parking_free", (1, 2, 3, 5, 10)),
    }
    air = found["air_quality"].asked(DOMAINS["air_quality"].properties["vn_aqi"], 3)
    assert (air.vi, air.en) == ("VN_AQI từ mức “Xấu” trở lên", "VN_AQI “Bad” or worse")


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"at_least": [9]}, "subscription.at_least"),
        ({"at_least": []}, "subscription.at_least"),
        ({"property": "gossip"}, "subscription.property"),
        ({"property": "water_depth_forecast"}, "subscription.property"),
        ({"pause_min": 0}, "subscription.pause_min"),
        ({"extra": 1}, "subscription.extra"),
    ],
)
def test_a_table_that_can_not_be_used_is_named(change: dict[str, Any], key: str) -> None:
    flood = DOMAINS["flood"]
    table = flood.sections["subscription"] | change
    wrong = replace(flood, sections=flood.sections | {"subscription": table})
    with pytest.raises(ReferenceDataError, match=key):
        offer_of(wrong)
    assert offers({"flood": wrong}) == {}


def test_what_is_asked_is_taken_as_it_is_meant() -> None:
    mail = subscription(MAIL, view(), "vi")
    assert (mail.channel, mail.address, mail.keys) == (Channel.EMAIL, "An.Le+hn@example.vn", None)
    push = subscription(PUSH, view(), "en")
    assert (push.channel, push.thing_id, push.property) == (Channel.PUSH, "tong-dan", "water_depth")
    assert push.keys is not None
    assert (len(push.keys.p256dh), len(push.keys.auth)) == (65, 16)


@pytest.mark.parametrize(
    "email",
    [
        *("", "an", "an@", "@example.vn", "an@localhost", "a b@example.vn", "an@example.vn\nBcc: b@c.de"),
        *("an@example..vn", "an@-example.vn", "<an@example.vn>", "an@exa mple.vn", "ân@example.vn"),
        *(f"{'a' * 65}@example.vn", f"an@{'a.' * 130}vn"),
    ],
)
def test_a_mail_address_that_is_none_is_refused(email: str) -> None:
    with pytest.raises(Unfit) as unfit:
        subscription(replace(MAIL, email=email), view(), "vi")
    assert unfit.value.field == "email"


@pytest.mark.parametrize(
    "endpoint",
    [
        *("", "push.example", "http://push.example/", "ftp://push.example/", "https://", "https://push"),
        *("https://localhost/", "https://a.local/", "https://db.internal/", "https://127.0.0.1/"),
        *("https://[::1]/", "https://10.0.0.1/", "https://169.254.169.254/", "https://push.example:8443/"),
        *("https://user:word@push.example/", "https://push.example:x/", f"https://a.vn/{'a' * 1000}"),
    ],
)
def test_an_endpoint_that_leads_nowhere_public_is_refused(endpoint: str) -> None:
    with pytest.raises(Unfit) as unfit:
        subscription(replace(PUSH, endpoint=endpoint), view(), "vi")
    assert unfit.value.field == "endpoint"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"thing": "nowhere"}, "thing"),
        ({"thing": ""}, "thing"),
        ({"thing": "ltk-01-b01"}, "thing"),  # its point is told of, not one bay
        ({"at_least": "0"}, "at_least"),
        ({"at_least": "2.0"}, "at_least"),
        ({"p256dh": "A" * 87}, "p256dh"),
        ({"p256dh": "!"}, "p256dh"),
        ({"auth": "AA"}, "auth"),
        ({"trap": "x"}, "trap"),
    ],
)
def test_what_can_not_be_is_named(change: dict[str, str], field: str) -> None:
    with pytest.raises(Unfit) as unfit:
        subscription(replace(PUSH, **change), view(), "vi")
    assert unfit.value.field == field


def test_words_are_there_in_both_languages_and_those_that_are_asked_for_exist() -> None:
    script = (FOLDER / "tell_me.js").read_text("utf-8")
    vi, en = texts("vi", TELL_ME), texts("en", TELL_ME)
    assert all(vi[key] != en[key] for key in vi)
    assert [key for key in en if f'"{key}"' not in script] == []
    same = [key for key, text in TEXTS.items() if text.vi == text.en]
    assert same == []
