"""MQTT over TLS: whoever can't prove to be the broker gets no word from us, and we go on trying."""

import itertools
import logging
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme
from cryptography.hazmat.primitives import serialization as s

from deploy.embedded import process
from deploy.embedded.broker_settings import Certificates, Listener
from deploy.embedded.mosquitto import Mosquitto
from deploy.embedded.runtime import Runtime
from ingest import tls
from ingest.transport import MqttTransport, Subscription
from simulators.outbox import Outbox
from storage.settings import ConfigurationError, Settings
from tests.processes import publish, running, start, wait_for

Servers = tuple[Runtime, Path]
TOPIC = "hanoi/v1/rain/x/observations"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
_numbers = itertools.count(1)
LEFT_TO_THE_COLLECTOR = pytest.mark.filterwarnings(
    "ignore:Exception ignored in. <ssl.SSLSocket:pytest.PytestUnraisableExceptionWarning"
)
"""paho drops the socket of a failed handshake without closing it."""


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


class Files:
    """The broker's certificate and the authority's, as files."""

    def __init__(self, folder: Path, authority: trustme.CA, **options: Any) -> None:
        self.ca = folder / "ca.pem"
        self.certificate = folder / "certificate.pem"
        self.key = folder / "key.pem"
        authority.cert_pem.write_to_path(self.ca)
        self.issue(authority, **options)

    def issue(self, authority: trustme.CA, name: str = "127.0.0.1", **options: Any) -> None:
        made = authority.issue_cert(name, **options)
        made.private_key_pem.write_to_path(self.key)
        self.certificate.write_bytes(b"".join(pem.bytes() for pem in made.cert_chain_pems))

    def settings(self, url: str, **more: Any) -> Settings:
        return Settings(mqtt_url=url, mqtt_ca_file=self.ca, **more)  # type: ignore[arg-type]  # the keywords are the test's own


@contextmanager
def broker_with(servers: Servers, files: Files, client_ca: Path | None = None) -> Iterator[Mosquitto]:
    installed, folder = servers
    shown = Certificates(certificate=files.certificate, key=files.key, client_ca=client_ca)
    listener = Listener(port=process.free_port(), devices=False, tls=shown)
    with Mosquitto(
        installed,
        folder / f"tls-{next(_numbers)}",
        listeners=[listener],
        proves_persistence=False,
        dies_with_parent=True,
    ) as broker:
        yield broker


def secure_url(broker: Mosquitto, user: str = "ingest") -> str:
    url = broker.url(user).replace("mqtt://", "mqtts://")
    return url.replace(f":{broker.port}", f":{broker.listeners[0].port}")


def transport(settings: Settings) -> MqttTransport:
    made = MqttTransport(
        address=tls.broker_address(settings),
        client_id="hanoi-ingest",
        subscriptions=[Subscription(filter="hanoi/v1/#")],
    )
    made.start()
    return made


@pytest.mark.integration
def test_with_the_right_authority_messages_come_and_are_acknowledged(
    servers: Servers, tmp_path: Path, authority: trustme.CA
) -> None:
    """Also with a batch that fills the socket's buffers in both directions."""
    files = Files(tmp_path, authority)
    with broker_with(servers, files) as broker:
        made = transport(files.settings(secure_url(broker)))
        wait_for(lambda: made.connected, "subscribed over TLS")
        publish(broker.url("publisher"), [(TOPIC, b"%d " % n + b"x" * 2000) for n in range(3000)])
        got: list[int] = []
        while len(got) < 3000:
            batch = made.receive(500, 5.0)
            assert batch
            got += [int(envelope.payload.split()[0]) for envelope in batch]
            made.commit([envelope.position for envelope in batch])
        assert got == list(range(3000))
        made.stop()
        again = transport(files.settings(secure_url(broker)))
        wait_for(lambda: again.connected, "subscribed again")
        assert again.receive(10, 0.5) == []
        again.stop()


@pytest.mark.integration
def test_publishers_use_the_same_variables(servers: Servers, tmp_path: Path, authority: trustme.CA) -> None:
    files = Files(tmp_path, authority)
    with broker_with(servers, files) as broker:
        reader = transport(files.settings(secure_url(broker)))
        wait_for(lambda: reader.connected, "subscribed")
        address = tls.broker_address(files.settings(secure_url(broker, "publisher")))
        outbox = Outbox(address=address, client_id="test")
        outbox.start()
        wait_for(lambda: outbox.has_room, "connected")
        outbox.send(TOPIC, b"1", receipt="it")
        wait_for(outbox.receipts, "acknowledged")
        assert reader.receive(1, 5.0)[0].payload == b"1"
        outbox.stop()
        reader.stop()


def refused(caplog: pytest.LogCaptureFixture, logger: str, cause: str) -> bool:
    said = [record.getMessage() for record in caplog.records if record.name == logger]
    return any(line.startswith("broker_unreachable") and cause in line for line in said)


@pytest.mark.integration
@LEFT_TO_THE_COLLECTOR
@pytest.mark.parametrize(
    ("options", "foreign", "cause"),
    [
        ({}, True, "unable to get local issuer certificate"),
        ({"name": "broker.example"}, False, "IP address mismatch"),
        ({"not_before": datetime(2019, 1, 1, tzinfo=UTC), "not_after": LONG_AGO}, False, "certificate has expired"),
    ],
    ids=["wrong authority", "wrong host name", "expired"],
)  # fmt: skip
def test_a_broker_that_proves_nothing_is_refused_with_the_cause_and_tried_again(
    servers: Servers,
    tmp_path: Path,
    authority: trustme.CA,
    caplog: pytest.LogCaptureFixture,
    options: dict[str, Any],
    foreign: bool,
    cause: str,
) -> None:
    """When the certificate is mended, the same process gets in: it never gave up, and never tried without TLS."""
    files = Files(tmp_path, authority, **options)
    if foreign:
        files.issue(trustme.CA())
    with broker_with(servers, files) as broker, caplog.at_level(logging.WARNING):
        made = transport(files.settings(secure_url(broker)))
        outbox = Outbox(
            address=tls.broker_address(files.settings(secure_url(broker, "publisher"))), client_id="test"
        )
        outbox.start()
        for logger in ("ingest.mqtt_client", "simulators.outbox"):
            wait_for(partial(refused, caplog, logger, cause), f"{logger} said '{cause}'")
        assert not made.connected
        assert not outbox.connected
        assert "as hanoi-ingest" not in broker.log.read_text("utf-8")
        files.issue(authority)
        assert broker.reload_if_changed() is not None
        wait_for(lambda: made.connected and outbox.connected, "let in after the certificate was mended")
        outbox.stop()
        made.stop()


@pytest.mark.integration
@LEFT_TO_THE_COLLECTOR
def test_a_port_without_tls_gets_no_password_from_us(
    servers: Servers, tmp_path: Path, authority: trustme.CA, caplog: pytest.LogCaptureFixture
) -> None:
    files = Files(tmp_path, authority)
    with broker_with(servers, files) as broker, caplog.at_level(logging.WARNING):
        made = transport(files.settings(broker.url("ingest").replace("mqtt://", "mqtts://")))
        wait_for(lambda: caplog.text.count("broker_unreachable") >= 2, "refused twice")
        assert not made.connected
        assert "hanoi-ingest" not in broker.log.read_text("utf-8")
        made.stop()


@pytest.mark.integration
def test_a_broker_that_asks_for_our_certificate_gets_it(
    servers: Servers, tmp_path: Path, authority: trustme.CA
) -> None:
    files = Files(tmp_path, authority)
    own = authority.issue_cert("ingest.city.example")
    (tmp_path / "own.pem").write_bytes(own.cert_chain_pems[0].bytes())
    own.private_key_pem.write_to_path(tmp_path / "own.key")
    with broker_with(servers, files, client_ca=files.ca) as broker:
        without = transport(files.settings(secure_url(broker)))
        known = files.settings(
            secure_url(broker), mqtt_cert_file=tmp_path / "own.pem", mqtt_key_file=tmp_path / "own.key"
        )
        made = transport(known)
        wait_for(lambda: made.connected, "let in with a certificate")
        assert not without.connected
        without.stop()
        made.stop()


@pytest.mark.integration
def test_the_process_runs_with_tls_from_its_environment(
    servers: Servers, tmp_path: Path, authority: trustme.CA, city_url: str
) -> None:
    files = Files(tmp_path, authority)
    bind = f"127.0.0.1:{process.free_port()}"
    with broker_with(servers, files) as broker:
        env = {
            "HANOI_DATABASE_URL": city_url,
            "HANOI_MQTT_URL": secure_url(broker),
            "HANOI_MQTT_CA_FILE": str(files.ca),
            "HANOI_INGEST_BIND": bind,
        }
        with running("hanoi-ingest", env=env, bind=bind, folder=tmp_path):
            assert httpx.get(f"http://{bind}/readyz").status_code == 200
        with (tmp_path / "no-ca.log").open("wb") as log:
            del env["HANOI_MQTT_CA_FILE"]
            refused = start("hanoi-ingest", env=env, log=log)
            wait_for(
                lambda: (tmp_path / "no-ca.log").read_text().count("broker_unreachable") >= 2,
                "refused twice without the authority",
                alive=lambda: refused.poll() is None,
            )
            assert httpx.get(f"http://{bind}/readyz").status_code == 503
            refused.terminate()
            refused.wait(20)


def test_files_are_checked_at_the_start_and_named(tmp_path: Path, authority: trustme.CA) -> None:
    files = Files(tmp_path, authority)
    (tmp_path / "empty").touch()
    missing, empty = tmp_path / "missing.pem", tmp_path / "empty"
    for options, message in (
        ({"mqtt_ca_file": missing}, f"HANOI_MQTT_CA_FILE: {missing}: No such file"),
        ({"mqtt_ca_file": tmp_path}, f"HANOI_MQTT_CA_FILE: {tmp_path}: Is a directory"),
        ({"mqtt_ca_file": empty}, f"HANOI_MQTT_CA_FILE: {empty}: holds no PEM certificate"),
        ({"mqtt_cert_file": missing}, f"HANOI_MQTT_CERT_FILE: {missing}: No such file"),
        ({"mqtt_cert_file": files.ca}, f"HANOI_MQTT_CERT_FILE: {files.ca}: no PEM certificate with its key"),
        ({"mqtt_key_file": files.key}, "HANOI_MQTT_CERT_FILE is not"),
        (
            {"mqtt_cert_file": files.certificate, "mqtt_key_file": missing},
            f"HANOI_MQTT_KEY_FILE: {missing}: No such",
        ),
    ):
        with pytest.raises(ConfigurationError) as raised:
            tls.broker_address(Settings(mqtt_url="mqtts://u:hunter2@h", **options))  # type: ignore[arg-type]  # the keywords are the test's own
        assert message in str(raised.value)
        assert "hunter2" not in str(raised.value)


def test_an_encrypted_key_is_no_prompt(tmp_path: Path, authority: trustme.CA) -> None:
    files = Files(tmp_path, authority)
    key = s.load_pem_private_key(files.key.read_bytes(), None)
    files.key.write_bytes(
        key.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, s.BestAvailableEncryption(b"x"))
    )
    with pytest.raises(ConfigurationError, match=r"HANOI_MQTT_KEY_FILE: .*without a passphrase"):
        tls.broker_address(
            files.settings("mqtts://h", mqtt_cert_file=files.certificate, mqtt_key_file=files.key)
        )


def test_an_authority_with_a_plain_url_is_a_mistake_that_would_send_passwords_unencrypted(
    tmp_path: Path, authority: trustme.CA
) -> None:
    files = Files(tmp_path, authority)
    with pytest.raises(ConfigurationError, match="HANOI_MQTT_CA_FILE is set, but HANOI_MQTT_URL is mqtt://"):
        tls.broker_address(files.settings("mqtt://u:p@h"))


def test_names_and_certificates_are_always_checked(tmp_path: Path, authority: trustme.CA) -> None:
    files = Files(tmp_path, authority)
    for settings in (files.settings("mqtts://h"), Settings(mqtt_url="mqtts://h")):  # type: ignore[arg-type]  # pydantic takes plain text for a secret
        context = tls.broker_address(settings).tls
        assert context is not None
        assert context.check_hostname
        assert context.verify_mode is ssl.CERT_REQUIRED
        assert context.minimum_version >= ssl.TLSVersion.TLSv1_2


@pytest.mark.parametrize("url", ["mqtt://u:hunter2/x@h:1", "mqtt://u:p@h:hunter2", "mqtt://u:p@[h:1"])
def test_a_wrong_url_shows_no_part_of_the_password(url: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        tls.broker_address(Settings(mqtt_url=url))  # type: ignore[arg-type]  # pydantic takes plain text for a secret
    assert "HANOI_MQTT_URL: expected mqtt://" in str(raised.value)
    assert "hunter2" not in str(raised.value)
