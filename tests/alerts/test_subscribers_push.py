"""Web push against its standards: RFC 8291's own example, what a browser can read, a signature that can be checked."""

import json
from datetime import UTC, datetime
from uuid import UUID

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jwt
from joserfc.jwk import ECKey

from alerts.notifiers import DeliveryError
from alerts.subscribers.outside import NotPublic, Outside
from alerts.subscribers.push import AddressGone, KeyFault, Vapid, base64url, encrypted, new_keys, unbase64
from tests.web_push import Browser

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
KEY = UUID("6c1a7c9e-4a5e-4d1f-9d3e-0123456789ab")
RFC_8291_BODY = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27ml"
    "mlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPT"
    "pK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)
"""Section 5."""


def test_the_browser_of_these_tests_reads_the_example_of_rfc_8291() -> None:
    number = int.from_bytes(unbase64("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"), "big")
    browser = Browser(ec.derive_private_key(number, ec.SECP256R1()), unbase64("BTBZMqHH6r4Tts7J_aSIgg"))
    assert browser.read(unbase64(RFC_8291_BODY)) == b"When I grow up, I want to be a watermelon"


def test_what_we_encrypt_the_browser_can_read_and_no_other() -> None:
    browser, content = Browser(), {"title": "Ngập ở Tống Đản", "body": "20 cm"}
    body = encrypted(content, browser.p256dh, browser.auth)
    assert json.loads(browser.read(body)) == content
    assert "Tống" not in body.decode("utf-8", "replace")
    with pytest.raises(InvalidTag):
        Browser().read(body)


def test_a_key_that_is_no_point_is_nobodys() -> None:
    with pytest.raises(AddressGone):
        encrypted({}, b"\x04" + bytes(64), bytes(16))


def test_the_signature_names_the_push_service_and_ends_within_a_day() -> None:
    private, public = new_keys()
    vapid = Vapid.of(private, "mailto:ops@example.vn")
    assert (vapid.public, len(unbase64(public))) == (public, 65)
    scheme, token, key = vapid.authorization("https://push.example/send/abc?x=1", NOW).split(" ")
    assert (scheme, key) == ("vapid", f"k={public}")
    point = unbase64(public)
    checked = jwt.decode(
        token.removeprefix("t=").rstrip(","),
        ECKey.import_key(
            {"kty": "EC", "crv": "P-256", "x": base64url(point[1:33]), "y": base64url(point[33:])}
        ),
    )
    assert checked.header["alg"] == "ES256"
    assert checked.claims["aud"] == "https://push.example"
    assert checked.claims["sub"] == "mailto:ops@example.vn"
    assert 0 < checked.claims["exp"] - NOW.timestamp() <= 24 * 3600
    assert private not in repr(vapid)


@pytest.mark.parametrize("wrong", ["", "AA", "not base64!", "_" * 43])
def test_a_key_that_is_none_is_refused(wrong: str) -> None:
    with pytest.raises(KeyFault):
        Vapid.of(wrong, "mailto:ops@example.vn")


@pytest.mark.parametrize(
    "url",
    [
        "http://push.example/",
        "https://127.0.0.1:9/",
        "https://localhost:9/",
        "https://[::1]:9/",
        "https://10.0.0.7/",
        "https://169.254.169.254/latest",
        "https://[::ffff:127.0.0.1]:9/",
    ],
)
def test_only_public_addresses_are_asked(url: str) -> None:
    with pytest.raises(NotPublic) as refused:
        Outside().post(url, b"", {})
    assert isinstance(refused.value, DeliveryError)
    assert not refused.value.retry
