"""Secrets from files: HANOI_X_FILE for every secret HANOI_X."""

from pathlib import Path

import pytest

from storage.settings import ConfigurationError, Settings

SECRETS = (
    "database_url",
    "public_database_url",
    "mqtt_url",
    "mqtt_publish_url",
    "metrics_token",
    "alert_webhook_url",
)


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in SECRETS:
        monkeypatch.delenv(f"HANOI_{name.upper()}", raising=False)
    monkeypatch.setenv("HANOI_RUNTIME_DIR", str(tmp_path / "none"))


@pytest.mark.parametrize("name", SECRETS)
@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_a_secret_may_stand_in_a_file(
    name: str, ending: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_bytes(f" s3cret with space {ending}".encode())
    monkeypatch.setenv(f"HANOI_{name.upper()}_FILE", str(tmp_path / "secret"))
    settings = Settings.load()
    assert getattr(settings, name).get_secret_value() == " s3cret with space "
    assert settings.secrets == [" s3cret with space "]
    assert "s3cret" not in repr(settings)


@pytest.mark.parametrize("name", SECRETS)
def test_both_at_once_is_an_error(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    variable = f"HANOI_{name.upper()}"
    (tmp_path / "secret").write_text("one")
    monkeypatch.setenv(variable, "other")
    monkeypatch.setenv(f"{variable}_FILE", str(tmp_path / "secret"))
    with pytest.raises(ConfigurationError, match=f"{variable} and {variable}_FILE are both set"):
        Settings.load()


@pytest.mark.parametrize(
    ("content", "why"), [(None, "No such file"), (b"\n", "is empty"), (b"\xff\xfe", "not UTF-8")]
)
def test_a_file_that_gives_no_secret_is_named(
    content: bytes | None, why: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "secret"
    if content is not None:
        path.write_bytes(content)
    monkeypatch.setenv("HANOI_MQTT_URL_FILE", str(path))
    with pytest.raises(ConfigurationError, match=f"HANOI_MQTT_URL_FILE: {path}: .*{why}"):
        Settings.load()


def test_a_file_comes_before_the_demo(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "demo.env").write_text("HANOI_DATABASE_URL=demo\nHANOI_PUBLIC_DATABASE_URL=demo\n")
    (tmp_path / "secret").write_text("postgresql://mine\n")
    monkeypatch.setenv("HANOI_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("HANOI_DATABASE_URL_FILE", str(tmp_path / "secret"))
    settings = Settings.load()
    assert settings.required("database_url") == "postgresql://mine"
    assert settings.public_database_url is None
