"""The webhook as a receiver of alerting.toml; how it treats hostile answers is in test_alerts_dispatch.py."""

from pathlib import Path
from typing import Final

import pytest

from alerts import message
from alerts.examples import NOW, documents
from alerts.notifiers import DeliveryError, Notifier, build
from alerts.notifiers.webhook import Webhook
from alerts.secrets import SecretReader
from tests.integration.webhook_receiver import hostile, listening

pytestmark = pytest.mark.integration

FLOODED: Final = documents()[0]


def webhook(url: str, **table: object) -> Notifier:
    reader = SecretReader(folder=Path(), environment={"DUTY_URL": url})
    return build("duty", {"type": "webhook", "url": {"env": "DUTY_URL"}, **table}, "alerting.toml", reader)


def test_the_whole_document_is_posted_with_its_key() -> None:
    with listening() as receiver:
        webhook(receiver.url).send("k-1", FLOODED)
    assert receiver.got == [FLOODED]
    assert receiver.keys == ["k-1"]


def test_a_test_really_arrives() -> None:
    document = message.test_document("duty", "lan", NOW)
    with listening() as receiver:
        webhook(receiver.url).send(document["key"], document)
    assert receiver.got == [document]


@pytest.mark.parametrize(
    ("status", "headers", "retry", "after_s"),
    [
        (500, {}, True, None),
        (408, {}, True, None),
        (429, {"Retry-After": "90"}, True, 90.0),
        (400, {}, False, None),
        (301, {"Location": "http://127.0.0.1:1/"}, False, None),
    ],
)
def test_an_answer_says_whether_trying_again_can_help(
    status: int, headers: dict[str, str], retry: bool, after_s: float | None
) -> None:
    with listening() as receiver:
        receiver.answers.append((status, headers))
        with pytest.raises(DeliveryError) as refused:
            webhook(receiver.url).send("k", FLOODED)
    assert str(refused.value) == f"webhook: answered {status}"
    assert (refused.value.retry, refused.value.after_s) == (retry, after_s)


def test_nobody_there_is_tried_again_and_the_address_stays_secret(caplog: pytest.LogCaptureFixture) -> None:
    with listening() as gone:
        receiver = webhook(gone.url)
    with caplog.at_level("DEBUG"), pytest.raises(DeliveryError) as refused:
        receiver.send("k", FLOODED)
    assert (str(refused.value), refused.value.retry) == ("webhook: ConnectError", True)
    assert "s3cret-token" not in repr(refused.value) + repr(receiver) + caplog.text


@pytest.mark.parametrize("piece", [b"x", b"x" * 65_536])
def test_the_body_of_an_answer_is_not_read(piece: bytes) -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {600 * len(piece)}\r\n\r\n".encode()
    with hostile(head, [piece] * 600, wait_s=0.1 if len(piece) == 1 else 0) as receiver:
        webhook(receiver.url).send("k", FLOODED)
    assert (receiver.requests, receiver.said_all) == (1, 0)


def test_headers_without_end_are_given_up_and_tried_again() -> None:
    with (
        hostile(b"HTTP/1.1 200 OK\r\nX-Slow: ", [b"x"] * 600, wait_s=0.1) as receiver,
        pytest.raises(DeliveryError, match="webhook: TimeoutError") as refused,
    ):
        webhook(receiver.url, timeout_s=1.0).send("k", FLOODED)
    assert refused.value.retry


def test_the_variable_of_the_environment_is_named_where_the_address_came_from_it() -> None:
    with pytest.raises(
        ValueError, match=r"^HANOI_ALERT_WEBHOOK_URL: must be an http:// or https:// address$"
    ):
        Webhook("ftp://example.org/s3cret")
