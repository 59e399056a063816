"""The environment is read once, and a bad value is named."""

from pathlib import Path

import pytest

from deploy.embedded import settings
from deploy.embedded.settings import SettingError


def test_the_defaults_are_not_the_servers_usual_ports() -> None:
    read = settings.read({})
    assert (read.db_port, read.mqtt_port) == (54320, 18830)
    assert read.public.value == "127.0.0.1:8000"
    assert read.control_room.value == "127.0.0.1:8050"
    assert read.ingest.value == "127.0.0.1:8060"
    assert read.alerts.value == "127.0.0.1:8090"
    assert read.simulate
    assert read.ingest_workers == 1
    assert read.runtime_dir == Path(".runtime").absolute()


def test_simulate_0_is_off() -> None:
    assert not settings.read({"SIMULATE": "0"}).simulate


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HANOI_DB_PORT", "many"),
        ("HANOI_MQTT_PORT", "70000"),
        ("HANOI_PUBLIC_BIND", "8000"),
        ("HANOI_INGEST_WORKERS", "0"),
    ],
)
def test_a_bad_value_names_its_variable(name: str, value: str) -> None:
    with pytest.raises(SettingError, match=f"{name}={value}"):
        settings.read({name: value})


@pytest.mark.parametrize(
    ("bind", "url"),
    [
        ("0.0.0.0:8000", "http://127.0.0.1:8000"),
        ("192.0.2.7:81", "http://192.0.2.7:81"),
        ("[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_a_bind_has_an_address_for_a_browser_here(bind: str, url: str) -> None:
    assert settings.read({"HANOI_PUBLIC_BIND": bind}).public.url == url
