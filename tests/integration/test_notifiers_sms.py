"""SMS against gateways that really listen on loopback."""

from pathlib import Path
from typing import Any, Final

import pytest

from alerts import message
from alerts.examples import NOW, documents
from alerts.notifiers import DeliveryError, Notifier, build
from alerts.notifiers._segments import size
from alerts.secrets import SecretReader
from tests.integration.recorded_http import Answer, Server, answering

pytestmark = pytest.mark.integration

SECRET: Final = "S3cr3t-5f2a77c1d9"
FLOODED, SEVERAL, SIMULATED, _ = documents()
TEST: Final = message.test_document("duty", "lan", NOW)
TAKEN: Final[Answer] = (200, b'{"CodeResult": "100", "SMSID": "a1b2"}', {})
BODY: Final = {"ApiKey": {"env": "SMS_KEY"}, "Phone": "{to}", "Content": "{text}", "RequestId": "{key}"}


def sms(server: Server, tmp_path: Path, **table: Any) -> Notifier:
    whole = {"type": "sms", "url": f"{server.url}/send", "body": BODY, "to": ["0912345678"], **table}
    reader = SecretReader(folder=tmp_path, environment={"SMS_KEY": SECRET})
    return build("duty", whole, "alerting.toml", reader)


def test_json_is_filled_in_and_the_receipt_has_id_and_price(tmp_path: Path) -> None:
    with answering([TAKEN]) as server:
        receipt = sms(server, tmp_path, receipt="SMSID", link=False).send("k-1", FLOODED)
    (asked,) = server.asked
    assert (asked.method, asked.path, asked.headers["content-type"]) == ("POST", "/send", "application/json")
    assert asked.json == {
        "ApiKey": SECRET,
        "Phone": "0912345678",
        "Content": "Ngập từ 15 cm – Cao Bá Quát: 20,5 cm (ngưỡng đề xuất 15 cm), 20/07/2026 16:57",
        "RequestId": "k-1",
    }
    assert receipt == "2 segments UCS-2, a1b2"


def test_without_marks_it_is_one_segment(tmp_path: Path) -> None:
    with answering() as server:
        receipt = sms(server, tmp_path, ascii=True, link=False).send("k", FLOODED)
    text = server.asked[0].json["Content"]
    assert text == "Ngap tu 15 cm - Cao Ba Quat: 20,5 cm (nguong de xuat 15 cm), 20/07/2026 16:57"
    assert receipt == "1 segment GSM-7"


def test_the_link_to_the_alerts_page_comes_last_and_whole(tmp_path: Path) -> None:
    with answering() as server:
        sms(server, tmp_path, max_segments=2, language="both").send("k", FLOODED)
    text = server.asked[0].json["Content"]
    assert text.endswith("… https://centre.example/ops/alerts/7")
    assert size(text).segments == 2


def test_a_simulated_alert_says_so_also_without_marks(tmp_path: Path) -> None:
    with answering() as server:
        sms(server, tmp_path, ascii=True).send("k", SIMULATED)
    assert server.asked[0].json["Content"].startswith("[MO PHONG] Ngap")


def test_a_test_is_sent_as_one(tmp_path: Path) -> None:
    with answering() as server:
        sms(server, tmp_path).send("k", TEST)
    assert server.asked[0].json["Content"].startswith("[THỬ] ")


def test_a_form_is_encoded(tmp_path: Path) -> None:
    with answering() as server:
        sms(server, tmp_path, format="form", headers={"Authorization": {"env": "SMS_KEY"}}).send("k", FLOODED)
    (asked,) = server.asked
    assert asked.headers["content-type"] == "application/x-www-form-urlencoded"
    assert asked.headers["authorization"] == SECRET
    assert asked.form["Content"].startswith("Ngập từ 15 cm – Cao Bá Quát")


def test_a_query_is_added_to_the_address(tmp_path: Path) -> None:
    with answering() as server:
        sms(server, tmp_path, url=f"{server.url}/send?user=hanoi", method="GET", format="query").send(
            "k", FLOODED
        )
    (asked,) = server.asked
    assert (asked.method, asked.query["user"], asked.query["Phone"]) == ("GET", "hanoi", "0912345678")
    assert asked.query["Content"].startswith("Ngập từ 15 cm – Cao Bá Quát")


def test_what_stands_in_a_text_is_not_filled_in_again(tmp_path: Path) -> None:
    odd = {**TEST, "text": {"vi": "{to} & {key}", "en": ""}}
    with answering() as server:
        sms(server, tmp_path).send("k", odd)
    assert server.asked[0].json["Content"] == "{to} & {key}"


@pytest.mark.parametrize(
    ("taken", "answer", "said", "retry"),
    [
        ({"path": "CodeResult", "equals": "100"}, b'{"CodeResult": 101}', "did not take it (101)", False),
        (
            {"path": "CodeResult", "equals": "100", "retry": ["99"]},
            b'{"CodeResult": "99"}',
            "did not take it (99)",
            True,
        ),
        ({"path": "data.0.ok", "equals": "True"}, b'{"data": []}', "did not take it", False),
        ({"path": "CodeResult", "equals": 100}, b"<html>down</html>", "did not take it", False),
        ({"matches": "^OK"}, b"ERR: no such key " + SECRET.encode(), "did not take it", False),
    ],
)
def test_a_gateway_that_says_no_with_200_is_understood(
    taken: dict[str, Any], answer: bytes, said: str, retry: bool, tmp_path: Path
) -> None:
    with answering([(200, answer, {})]) as server, pytest.raises(DeliveryError) as refused:
        sms(server, tmp_path, taken=taken).send("k", FLOODED)
    assert said in str(refused.value)
    assert refused.value.retry is retry
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize(
    ("taken", "answer"),
    [
        ({"path": "CodeResult", "equals": "100"}, TAKEN[1]),
        ({"matches": "^OK"}, b"OK 17"),
        (None, b"whatever"),
    ],
)
def test_a_gateway_that_says_yes_is_understood(
    taken: dict[str, Any] | None, answer: bytes, tmp_path: Path
) -> None:
    with answering([(200, answer, {})]) as server:
        assert sms(server, tmp_path, taken=taken).send("k", FLOODED) == "2 segments UCS-2"


@pytest.mark.parametrize(
    ("status", "headers", "retry", "after_s"),
    [
        (503, {}, True, None),
        (429, {"Retry-After": "30"}, True, 30.0),
        (401, {}, False, None),
        (302, {}, False, None),
    ],
)
def test_a_status_says_whether_trying_again_can_help(
    status: int, headers: dict[str, str], retry: bool, after_s: float | None, tmp_path: Path
) -> None:
    with answering([(status, b"", headers)]) as server, pytest.raises(DeliveryError) as refused:
        sms(server, tmp_path).send("k", FLOODED)
    assert str(refused.value) == f"sms: answered {status}"
    assert (refused.value.retry, refused.value.after_s) == (retry, after_s)


def test_nobody_there_is_tried_again_and_nothing_secret_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with answering() as server:
        receiver = sms(server, tmp_path, url=f"{server.url}/send?key={SECRET}")
    with caplog.at_level("DEBUG"), pytest.raises(DeliveryError) as refused:
        receiver.send("k", FLOODED)
    assert (str(refused.value), refused.value.retry) == ("sms: ConnectError", True)
    assert SECRET not in repr(refused.value) + caplog.text + repr(receiver)


def test_who_has_it_already_is_not_told_again(tmp_path: Path) -> None:
    with answering([TAKEN, (503, b"", {}), TAKEN]) as server:
        receiver = sms(server, tmp_path, to=["0911111111", "0922222222"], receipt="SMSID")
        with pytest.raises(DeliveryError, match=r"answered 503 \(1 of 2 recipients\)"):
            receiver.send("k", FLOODED)
        assert receiver.send("k", FLOODED) == "2 segments UCS-2 each, a1b2, a1b2"
    assert [one.json["Phone"] for one in server.asked] == ["0911111111", "0922222222", "0922222222"]


def test_one_number_that_is_refused_for_good_does_not_keep_the_others_from_being_tried_again(
    tmp_path: Path,
) -> None:
    with answering([(400, b"", {}), (503, b"", {})]) as server, pytest.raises(DeliveryError) as refused:
        sms(server, tmp_path, to=["0911111111", "0922222222"]).send("k", FLOODED)
    assert (str(refused.value), refused.value.retry) == ("sms: answered 503 (2 of 2 recipients)", True)


def test_an_answer_without_end_is_read_to_a_limit(tmp_path: Path) -> None:
    with answering([(200, b"OK" + b"x" * 5_000_000, {})]) as server:
        assert sms(server, tmp_path, taken={"matches": "^OK"}).send("k", FLOODED) == "2 segments UCS-2"
