"""Receivers' tables: what is refused says file, receiver, key and what would be right, and shows no secret."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from alerts.notifiers import build, channels
from alerts.secrets import SecretReader
from storage.catalog import ReferenceDataError
from storage.logs import redacted

SECRET: Final = "S3cr3t-5f2a77c1d9"
WEBHOOK: Final = {"type": "webhook", "url": f"https://hooks.example/{SECRET}"}
MAIL: Final = {"type": "apprise", "urls": [f"mailtos://lan:{SECRET}@mail.example.org"]}
MQTT: Final = {"type": "mqtt", "url": f"mqtt://alerts:{SECRET}@127.0.0.1:1"}
SMS: Final = {
    "type": "sms",
    "url": f"https://sms.example/send?key={SECRET}",
    "headers": {"Authorization": f"Bearer {SECRET}"},
    "body": {"ApiKey": SECRET, "Phone": "{to}", "Content": "{text}"},
    "to": ["0912345678"],
}
ZALO: Final = {
    "type": "zalo",
    "app_id": "3608465248940903967",
    "secret_key": SECRET,
    "refresh_token": f"refresh-{SECRET}",
    "users": ["2468458835297922"],
}
ROOM: Final = {"type": "control-room"}
TABLES: Final[Mapping[str, Mapping[str, Any]]] = {
    "apprise": MAIL,
    "control-room": ROOM,
    "mqtt": MQTT,
    "sms": SMS,
    "webhook": WEBHOOK,
    "zalo": ZALO,
}


def reader(tmp_path: Path, **environment: str) -> SecretReader:
    return SecretReader(folder=tmp_path, environment={"HANOI_RUNTIME_DIR": str(tmp_path), **environment})


def refused(tmp_path: Path, table: Mapping[str, Any]) -> str:
    with pytest.raises(ReferenceDataError) as error:
        build("duty", table, "alerting.toml", reader(tmp_path))
    assert SECRET not in str(error.value)
    return str(error.value)


def test_each_channel_is_a_module_and_has_an_example_here() -> None:
    assert channels().keys() == TABLES.keys()


@pytest.mark.parametrize("kind", TABLES)
def test_a_receiver_has_its_name_and_shows_no_secret(kind: str, tmp_path: Path) -> None:
    built = build("duty", TABLES[kind], "alerting.toml", reader(tmp_path))
    assert built.name == "duty"
    assert SECRET not in repr(built)


@pytest.mark.parametrize("kind", TABLES)
def test_a_key_that_is_none_is_refused_with_those_that_are(kind: str, tmp_path: Path) -> None:
    said = refused(tmp_path, {**TABLES[kind], "tokn": SECRET})
    assert said.startswith("alerting.toml: receiver.duty.tokn: is no key of this type; it has")


@pytest.mark.parametrize("table", [{}, {"type": "pigeon"}, {"type": ["webhook"]}, {"type": "_http"}])
def test_a_type_that_is_none_is_refused_with_those_that_are(table: Mapping[str, Any], tmp_path: Path) -> None:
    assert refused(tmp_path, table) == (
        "alerting.toml: receiver.duty.type: is one of apprise, control-room, mqtt, sms, webhook, zalo"
    )


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({**WEBHOOK, "url": f"ftp://{SECRET}"}, ".url: must be an http:// or https:// address"),
        ({**WEBHOOK, "url": f"http://[::bad/{SECRET}"}, ".url: must be an http:// or https:// address"),
        ({**WEBHOOK, "url": ""}, '.url: is a text, { env = "NAME" } or { file = "path" }'),
        ({**WEBHOOK, "url": {"env": "A", "file": "b"}}, ".url: is a text, {"),
        ({**WEBHOOK, "url": {"env": "NOT_SET"}}, ".url: the environment variable NOT_SET is not set"),
        ({**WEBHOOK, "url": {"file": "no/such"}}, ".url: the file no/such: No such file or directory"),
        ({**WEBHOOK, "timeout_s": SECRET}, ".timeout_s: Input should be a valid number"),
        ({**MAIL, "urls": []}, ".urls: "),
        ({**MAIL, "urls": [f"nosuch://{SECRET}"]}, ".urls[0]: is no address that Apprise takes"),
        (
            {**MAIL, "urls": [*MAIL["urls"], f"tgram://{SECRET}"]},
            ".urls[1]: is no address that Apprise takes",
        ),
        ({**MAIL, "language": "fr"}, ".language: Input should be 'vi', 'en' or 'both'"),
        ({**MAIL, "template": "no.j2"}, ".template: no.j2: No such file or directory"),
        ({**MQTT, "url": f"http://{SECRET}"}, ".url: must be mqtt://user:password@host:port"),
        ({**MQTT, "url": f"mqtt://u:{SECRET}/x@h:port"}, ".url: must be mqtt://user:password@host:port"),
        ({"type": "mqtt"}, ".url: the environment variable HANOI_ALERTS_MQTT_URL is not set"),
        ({**MQTT, "prefix": "hanoi/v1"}, ".prefix: must not be under hanoi/v1/"),
        ({**MQTT, "prefix": "hanoi/v1/flood"}, ".prefix: must not be under hanoi/v1/"),
        ({**MQTT, "prefix": "a/#"}, ".prefix: must be a topic such as 'hanoi/alerts'"),
        ({**MQTT, "ca_file": "x.pem"}, ".ca_file: is for mqtts://"),
        ({**SMS, "to": ["lan"]}, ".to[0]: String should match pattern"),
        ({**SMS, "body": {"Phone": "{to}"}}, ".body: must hold {to} and {text}"),
        (
            {**SMS, "format": "form", "body": {"a": ["{to}", "{text}"]}},
            ".body: must be flat with format 'form'",
        ),
        ({**SMS, "method": "GET"}, ".format: must be 'query' with method 'GET'"),
        ({**SMS, "taken": {"path": "x"}}, ".taken: give equals or matches"),
        ({**SMS, "taken": {"matches": "("}}, ".taken.matches: "),
        ({**SMS, "max_segments": 0}, ".max_segments: Input should be greater than or equal to 1"),
        ({**ZALO, "users": []}, ": give users (followers' ids) or phones (84…), or both"),
        ({**ZALO, "phones": ["84912345678"]}, ": phones and template_id go together"),
        ({**ZALO, "phones": ["0912345678"]}, ".phones[0]: String should match pattern"),
        (
            {**ZALO, "phones": ["84912345678"], "template_id": "1", "template_data": {"noi": "{place}"}},
            ": template_data: must hold {title}, {subject} or {text}",
        ),
        ({**ZALO, "api_url": "zalo"}, ": api_url: must be an http:// or https:// address"),
    ],
)
def test_what_can_not_be_right_says_what_would_be(
    table: Mapping[str, Any], said: str, tmp_path: Path
) -> None:
    assert refused(tmp_path, table).startswith(f"alerting.toml: receiver.duty{said}")


def test_all_faults_of_a_table_are_told_at_once(tmp_path: Path) -> None:
    assert len(refused(tmp_path, {**WEBHOOK, "url": {"env": "NOT_SET"}, "timeout_s": 0}).splitlines()) == 2


def test_a_broken_template_is_refused_with_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "duty.j2").write_text("one\n{{ nobody }}")
    said = refused(tmp_path, {**MAIL, "template": "duty.j2"})
    assert said == "alerting.toml: receiver.duty.template: duty.j2:2: 'nobody' is undefined"


@pytest.mark.parametrize("source", ["text", "env", "file"])
def test_a_secret_is_hidden_in_the_log_wherever_it_was_read(source: str, tmp_path: Path) -> None:
    url = f"https://hooks.example/{source}/Tok3n-{source}-88"
    (tmp_path / "url").write_text(f"{url}\n")
    table = {"text": url, "env": {"env": "DUTY_URL"}, "file": {"file": "url"}}
    build("duty", {"type": "webhook", "url": table[source]}, "alerting.toml", reader(tmp_path, DUTY_URL=url))
    assert redacted(f"asked {url} and /Tok3n-{source}-88") == "asked *** and /***"


def test_words_of_an_address_that_are_no_token_are_not_hidden(tmp_path: Path) -> None:
    reader(tmp_path).read("https://hooks.example/notifications/incoming")
    assert redacted("notifications incoming hooks.example") == "notifications incoming hooks.example"


def test_a_reader_shows_no_environment(tmp_path: Path) -> None:
    assert SECRET not in repr(reader(tmp_path, TOKEN=SECRET))


def test_secrets_inside_a_body_are_read_at_any_depth(tmp_path: Path) -> None:
    table = {**SMS, "body": {"a": [{"key": {"env": "NO_KEY"}}], "p": "{to}", "t": "{text}"}}
    assert "body: the environment variable NO_KEY is not set" in refused(tmp_path, table)


def test_importing_apprise_opens_no_connection_and_starts_no_thread() -> None:
    import subprocess
    import sys

    code = (
        "import socket, threading\n"
        "def no(*_, **__): raise SystemExit('opened a socket')\n"
        "socket.socket.connect = no\n"
        "import alerts.notifiers.apprise\n"
        "assert threading.active_count() == 1, threading.enumerate()\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_what_apprise_logs_does_not_reach_our_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        refused(tmp_path, {**MAIL, "urls": [f"tgram://{SECRET}"]})
    assert SECRET not in caplog.text
