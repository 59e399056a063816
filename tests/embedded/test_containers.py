"""What can be said of the containers without a Docker engine."""

import os
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # it has no types

from deploy import containers
from deploy.embedded.runtime import Runtime
from ingest.accounts import Account, access_file, mosquitto_hash, password_file

ROOT = Path(__file__).parents[2]
Servers = tuple[Runtime, Path]


@pytest.fixture
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "deploy/compose.yaml").read_text("utf-8"))
    return loaded


def test_every_program_that_compose_starts_is_one_of_ours(compose: dict[str, Any]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    commands = " ".join(str(service.get("command", "")) for service in compose["services"].values())
    called = set(re.findall(r"exec (hanoi-[a-z-]+)", commands))
    assert called <= set(project["scripts"])
    assert called == {
        "hanoi-ingest",
        "hanoi-alerts",
        "hanoi-public",
        "hanoi-control-room",
        "hanoi-simulate",
        "hanoi-watchdog",
    }


def test_every_volume_is_declared_and_every_dependency_exists(compose: dict[str, Any]) -> None:
    services = compose["services"]
    for service in services.values():
        assert {one.split(":")[0] for one in service.get("volumes", [])} <= set(compose["volumes"])
        assert set(service.get("depends_on", {})) <= set(services)


def test_the_public_container_cannot_see_the_other_containers_secrets(
    compose: dict[str, Any],
) -> None:
    assert compose["services"]["public"]["volumes"] == ["public-secrets:/public-secrets:ro"]


def test_nothing_is_published_beyond_this_machine(compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))


def test_setup_gives_each_container_its_own_urls_and_keeps_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(containers, "BROKER_LIBRARIES", tmp_path)
    folders = [tmp_path / name for name in ("secrets", "public", "broker")]
    for folder in folders:
        folder.mkdir()
    containers.setup(*folders)
    owner = (folders[0] / "owner.env").read_text("utf-8")
    public = (folders[1] / "public.env").read_text("utf-8")
    assert "postgresql://hanoi:" in owner
    assert "mqtt://ingest:" in owner
    assert "postgresql://hanoi_public_login:" in public
    assert "mqtt" not in public
    watchdog = (folders[0] / "watchdog.env").read_text("utf-8")
    assert "mqtt://watchdog:" in watchdog
    assert "postgresql" not in watchdog
    containers.setup(*folders)
    assert (folders[0] / "owner.env").read_text("utf-8") == owner


@pytest.mark.integration
def test_the_broker_accepts_the_configuration_that_setup_writes(servers: Servers) -> None:
    installed, folder = servers
    broker = installed.folder_for_server(folder / "embedded-containers" / "broker")
    libraries = next((installed.broker / "usr/lib").glob("*-linux-gnu"))
    store = folder / "embedded-containers" / "passwords.json"
    (store.with_name("accounts")).mkdir()
    known = Account(
        name="trung-yen-3", hash=mosquitto_hash("x", b"0" * 12), topics=("hanoi/v1/rain/x/status",)
    )
    (store.with_name("accounts") / "passwords").write_text(password_file([known]))
    (store.with_name("accounts") / "access").write_text(access_file([known]))
    containers.write_broker_folder(store, broker, libraries, folder_inside=broker)
    assert "trung-yen-3:" in (broker / "device-passwords").read_text("utf-8")
    assert "trung-yen-3:" not in (broker / "passwords").read_text("utf-8")
    assert "user trung-yen-3\ntopic write hanoi/v1/rain/x/status\n" in (broker / "access").read_text("utf-8")
    for path in broker.iterdir():
        installed.own(path, 0o600)
    user = installed.user
    checked = subprocess.run(
        [installed.broker / "usr/sbin/mosquitto", "--test-config", "-c", broker / "mosquitto.conf"],
        user=user.uid if user else os.getuid(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stderr
    text = (broker / "mosquitto.conf").read_text("utf-8")
    assert "persist_sqlite_commit_each.so" in text
