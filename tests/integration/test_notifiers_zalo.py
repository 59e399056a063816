"""Zalo against a recorded double: request and answer pairs in tests/golden/notifiers/zalo."""

import json
import stat
from pathlib import Path
from typing import Any, Final

import pytest

from alerts import message
from alerts.examples import NOW, documents
from alerts.notifiers import DeliveryError, Notifier, build
from alerts.secrets import SecretReader
from tests.integration.recorded_http import Answer, answering, replaying

pytestmark = pytest.mark.integration

GOLDEN: Final = Path(__file__).parents[1] / "golden" / "notifiers" / "zalo"
TEST: Final = message.test_document("duty", "lan", NOW)
FLOODED: Final = documents()[0]
SECRETS: Final = ("app-S3cr3t", "refresh-1", "refresh-2", "access-1", "access-2")
TEMPLATE: Final = {
    "users": [],
    "phones": ["84912345678"],
    "template_id": "331977",
    "template_data": {
        "su_kien": "{title}",
        "noi": "{place}",
        "muc": "{severity}",
        "gia_tri": "{value}",
        "luc": "{time}",
    },
}


def recorded(case: str) -> list[dict[str, Any]]:
    exchanges: list[dict[str, Any]] = json.loads((GOLDEN / f"{case}.json").read_text("utf-8"))
    return exchanges


def zalo(url: str, folder: Path, **table: Any) -> Notifier:
    whole = {
        "type": "zalo",
        "app_id": "3608465248940903967",
        "secret_key": "app-S3cr3t",
        "refresh_token": "refresh-1",
        "users": ["2468458835297922"],
        "api_url": url,
        "template_url": url,
        "oauth_url": url,
        **table,
    }
    reader = SecretReader(folder=folder, environment={"HANOI_RUNTIME_DIR": str(folder)})
    return build("duty", whole, "alerting.toml", reader)


def tokens(folder: Path) -> dict[str, str]:
    kept: dict[str, str] = json.loads((folder / "receivers" / "zalo-duty.json").read_bytes())
    return kept


def test_a_text_goes_out_with_a_fresh_token_and_the_receipt_is_zalos_id(tmp_path: Path) -> None:
    with replaying(recorded("text_first_time")) as server:
        assert zalo(server.url, tmp_path).send("k", TEST) == "96c5ae2b3b6e5d4f"


def test_the_next_refresh_token_is_kept_in_a_file_that_only_its_owner_reads(tmp_path: Path) -> None:
    with replaying(recorded("text_first_time")) as server:
        zalo(server.url, tmp_path).send("k", TEST)
    path = tmp_path / "receivers" / "zalo-duty.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert (tokens(tmp_path)["access_token"], tokens(tmp_path)["refresh_token"]) == ("access-1", "refresh-2")
    assert "refresh-1" not in path.read_text()


def test_an_expired_token_is_renewed_with_the_newest_refresh_token(tmp_path: Path) -> None:
    with replaying(recorded("token_expired")) as server:
        assert zalo(server.url, tmp_path).send("k", TEST) == "96c5ae2b3b6e5d4f"
    assert (tokens(tmp_path)["access_token"], tokens(tmp_path)["refresh_token"]) == ("access-2", "refresh-3")


def test_another_process_takes_the_kept_token(tmp_path: Path) -> None:
    exchanges = recorded("text_first_time")
    with replaying([*exchanges, exchanges[1]]) as server:
        zalo(server.url, tmp_path).send("k", TEST)
        zalo(server.url, tmp_path).send("k2", TEST)


def test_a_new_authorisation_replaces_what_was_kept(tmp_path: Path) -> None:
    with replaying(recorded("text_first_time")) as server:
        zalo(server.url, tmp_path).send("k", TEST)
    again = recorded("text_first_time")
    again[0]["request"]["form"]["refresh_token"] = "refresh-new"
    with replaying(again) as server:
        zalo(server.url, tmp_path, refresh_token="refresh-new").send("k", TEST)


def test_a_template_message_is_filled_from_the_worst_alert(tmp_path: Path) -> None:
    with replaying(recorded("template")) as server:
        assert zalo(server.url, tmp_path, **TEMPLATE).send("k", FLOODED) == "15a0cc0bbb13bd4ce403"


def test_every_attempt_has_the_same_tracking_id(tmp_path: Path) -> None:
    token: Answer = (200, b'{"access_token": "access-1", "refresh_token": "refresh-2"}', {})
    with answering([token, (500, b"", {}), (200, b'{"error": 0, "data": {"msg_id": "1"}}', {})]) as server:
        receiver = zalo(server.url, tmp_path, **TEMPLATE)
        with pytest.raises(DeliveryError):
            receiver.send("k", FLOODED)
        receiver.send("k", FLOODED)
    assert len({one.json["tracking_id"] for one in server.asked[1:]}) == 1


@pytest.mark.parametrize(
    ("case", "document", "said", "retry", "after_s"),
    [
        ("refresh_refused", TEST, "no new access token (error -14014)", False, None),
        ("refresh_unavailable", TEST, "zalo: answered 503", True, None),
        ("not_interacted", TEST, "zalo: refused (error -230)", False, None),
        ("rate_limit", TEST, "zalo: refused (error -32)", True, 60.0),
        ("not_json", TEST, "zalo: answered no JSON object", True, None),
        ("template_at_night", FLOODED, "zalo: refused (error -133)", False, None),
    ],
)
def test_a_refusal_says_whether_trying_again_can_help_and_no_secret(
    case: str,
    document: dict[str, Any],
    said: str,
    retry: bool,
    after_s: float | None,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    table = TEMPLATE if case.startswith("template") else {}
    with (
        caplog.at_level("DEBUG"),
        replaying(recorded(case)) as server,
        pytest.raises(DeliveryError) as refused,
    ):
        zalo(server.url, tmp_path, **table).send("k", document)
    assert said in str(refused.value)
    assert (refused.value.retry, refused.value.after_s) == (retry, after_s)
    shown = str(refused.value) + repr(refused.value) + caplog.text
    assert not [secret for secret in SECRETS if secret in shown]


def test_who_has_it_already_is_not_told_again(tmp_path: Path) -> None:
    token: Answer = (200, b'{"access_token": "access-1", "refresh_token": "refresh-2"}', {})
    taken: list[Answer] = [(200, b'{"error": 0, "data": {"message_id": "m%d"}}' % n, {}) for n in (1, 2)]
    with answering([token, (503, b"", {}), *taken]) as server:
        receiver = zalo(server.url, tmp_path, users=["1", "2"])
        with pytest.raises(DeliveryError, match=r"answered 503 \(1 of 2 recipients\)"):
            receiver.send("k", TEST)
        assert receiver.send("k", TEST) == "m1, m2"
    assert [one.json["recipient"]["user_id"] for one in server.asked[1:]] == ["1", "2", "1"]


def test_the_proof_is_an_hmac_of_the_token(tmp_path: Path) -> None:
    with replaying(recorded("text_first_time")) as server:
        zalo(server.url, tmp_path, proof=True).send("k", TEST)
    # printf access-1 | openssl dgst -sha256 -hmac app-S3cr3t
    proof = "1d088c83ca90f74bb72769e8eb74efddfce61a72860f7eab0f54dd1c64033f86"
    assert server.asked[1].headers["appsecret_proof"] == proof
