"""Apprise against a mail server and an HTTP receiver that really listen on loopback."""

import re
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Final

import pytest

from alerts import message
from alerts.examples import NOW, documents
from alerts.notifiers import DeliveryError, Notifier, build
from alerts.notifiers.apprise import Services
from alerts.secrets import SecretReader
from tests.integration.mail_server import SECRET, MailServer, mail_server
from tests.integration.recorded_http import answering
from tests.integration.webhook_receiver import hostile

pytestmark = pytest.mark.integration

FLOODED, SEVERAL, SIMULATED, _ = documents()
TEST: Final = message.test_document("duty", "lan", NOW)


def mail_url(server: MailServer, to: str = "truc@example.org", password: str = SECRET) -> str:
    return f"mailto://lan:{password}@127.0.0.1:{server.port}?from=ops@example.org&to={to}&mode=insecure"


def ask_instead(notifier: Notifier, url: str) -> None:
    """Telegram's plugin has its provider's address built in."""
    assert isinstance(notifier, Services)
    for service in notifier._services.values():
        vars(service)["notify_url"] = f"{url}/bot"


def receiver(tmp_path: Path, *urls: str, **table: Any) -> Notifier:
    whole = {"type": "apprise", "urls": list(urls), **table}
    return build("duty", whole, "alerting.toml", SecretReader(folder=tmp_path, environment={}))


def refusal(notifier: Notifier, caplog: pytest.LogCaptureFixture) -> DeliveryError:
    with caplog.at_level("DEBUG"), pytest.raises(DeliveryError) as refused:
        notifier.send("k", FLOODED)
    assert refused.value.retry
    shown = str(refused.value) + repr(refused.value) + repr(notifier) + caplog.text
    assert SECRET not in shown
    return refused.value


def body_of(mail: EmailMessage) -> str:
    part = mail.get_body(("plain", "html"))
    assert part is not None
    return str(part.get_content())


def test_a_mail_arrives_with_subject_and_text_in_both_languages(tmp_path: Path) -> None:
    with mail_server() as server:
        receiver(tmp_path, mail_url(server)).send("k", FLOODED)
    (mail,) = server.mails
    assert mail["subject"] == (
        "Cảnh báo: Ngập từ 15 cm – Cao Bá Quát / Warning: Street flooded 15 cm or more – Cao Ba Quat"
    )
    assert "truc@example.org" in mail["to"]
    assert "Việc cần làm: Cử người đến xem, đặt biển cảnh báo." in body_of(mail)
    assert "https://centre.example/ops/alerts/7" in body_of(mail)


def test_a_simulated_alert_says_so_in_the_subject(tmp_path: Path) -> None:
    with mail_server() as server:
        receiver(tmp_path, mail_url(server), language="vi").send("k", SIMULATED)
    assert server.mails[0]["subject"].startswith("[MÔ PHỎNG] ")


def test_a_template_of_its_own_may_be_html(tmp_path: Path) -> None:
    (tmp_path / "duty.html.j2").write_text("<p class=ours>{{ text | say }}</p>")
    with mail_server() as server:
        receiver(tmp_path, mail_url(server), language="vi", template="duty.html.j2").send("k", FLOODED)
    html = server.mails[0].get_body(("html",))
    assert html is not None
    assert "<p class=ours>Ngập từ 15 cm" in html.get_content()


def test_any_other_service_is_an_address(tmp_path: Path) -> None:
    with answering() as server:
        receiver(tmp_path, f"json://{server.url.removeprefix('http://')}/hook", language="en").send(
            "k", FLOODED
        )
    (asked,) = server.asked
    assert asked.path == "/hook"
    assert asked.json["title"] == "Warning: Street flooded 15 cm or more – Cao Ba Quat"
    assert asked.json["message"].startswith("Street flooded 15 cm or more – Cao Ba Quat: 20.5 cm")
    assert asked.json["type"] == "warning"


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"severity": "critical"}, "failure"),
        ({"severity": "info"}, "info"),
        ({"state": "resolved"}, "success"),
    ],
)
def test_services_are_told_how_bad_it_is(changes: dict[str, str], kind: str, tmp_path: Path) -> None:
    document = {**FLOODED, "alerts": [{**FLOODED["alerts"][0], **changes}]}
    with answering() as server:
        receiver(tmp_path, f"json://{server.url.removeprefix('http://')}").send("k", document)
    assert server.asked[0].json["type"] == kind


def test_a_test_really_arrives(tmp_path: Path) -> None:
    with mail_server() as server:
        receiver(tmp_path, mail_url(server)).send("k", TEST)
    assert server.mails[0]["subject"].startswith("[THỬ] ")
    assert "[TEST] A test for duty, sent by lan" in body_of(server.mails[0])


def test_a_wrong_password_is_a_failure_that_says_why_and_not_which(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with mail_server() as server:
        server.password = "another"
        error = refusal(receiver(tmp_path, mail_url(server)), caplog)
    assert server.mails == []
    assert str(error).startswith("apprise: ")
    assert len(str(error)) > len("apprise: E-Mail: ")


def test_a_service_that_answers_401_is_a_failure(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with answering([(401, b"", {})]) as server:
        address = server.url.removeprefix("http://")
        error = refusal(receiver(tmp_path, f"json://lan:{SECRET}@{address}/{SECRET}"), caplog)
    assert re.search(r"401|Unauthorized", str(error))


def test_nobody_there_is_tried_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with answering() as server:
        address = server.url.removeprefix("http://")
    error = refusal(receiver(tmp_path, f"json://{address}/{SECRET}"), caplog)
    assert "127.0.0.1" not in str(error), "a piece of the address"


def test_a_service_that_never_answers_is_given_up(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with hostile(b"", [b""] * 600, wait_s=0.1) as silent:
        address = silent.url.removeprefix("http://").split("/")[0]
        error = refusal(receiver(tmp_path, f"json://{address}/{SECRET}", timeout_s=1.0), caplog)
    assert str(error) == "apprise: JSON: no answer within 1 s"


def test_who_has_it_already_is_not_told_again(tmp_path: Path) -> None:
    with answering() as taken, answering([(503, b"", {})]) as flaky:
        addresses = [f"json://{one.url.removeprefix('http://')}" for one in (taken, flaky)]
        notifier = receiver(tmp_path, *addresses)
        with pytest.raises(DeliveryError):
            notifier.send("k", FLOODED)
        notifier.send("k", FLOODED)
        notifier.send("another", FLOODED)
    assert (len(taken.asked), len(flaky.asked)) == (2, 3)


def test_what_is_too_long_for_a_service_is_split_and_not_lost(tmp_path: Path) -> None:
    long = {**FLOODED, "text": {"vi": "ngập " * 1000 + "HẾT", "en": ""}, "alerts": []}
    with answering([(200, b'{"ok": true, "result": {"message_id": 1}}', {})] * 9) as server:
        notifier = receiver(tmp_path, f"tgram://123456789:{SECRET}abcdefghijklmnop/12345", language="vi")
        ask_instead(notifier, server.url)
        notifier.send("k", long)
    assert len(server.asked) > 1
    assert all(len(one.json["text"]) <= 4096 for one in server.asked)
    assert "HẾT" in server.asked[-1].json["text"]
