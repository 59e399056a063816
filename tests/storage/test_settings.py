"""Configuration enters once, and what is wrong with it is said by the variable's name."""

from pathlib import Path

import pytest

from storage.settings import ConfigurationError, Settings, host_port


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    names = (
        "DATABASE_URL",
        "MQTT_URL",
        "PUBLIC_BIND",
        "LOG_LEVEL",
        "CATALOG_DIR",
        "INVENTORY_DIR",
        "SOURCES_FILE",
    )
    for name in names:
        monkeypatch.delenv(f"HANOI_{name}", raising=False)
    monkeypatch.setenv("HANOI_RUNTIME_DIR", str(tmp_path))


def test_unset_urls_are_those_of_the_running_demo(tmp_path: Path) -> None:
    (tmp_path / "demo.env").write_text("HANOI_DATABASE_URL=postgresql://demo\nHANOI_MQTT_URL=mqtt://demo\n")
    settings = Settings.load()
    assert settings.required("database_url") == "postgresql://demo"
    assert settings.required("mqtt_url") == "mqtt://demo"


def test_the_environment_comes_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "demo.env").write_text("HANOI_DATABASE_URL=postgresql://demo\nHANOI_PUBLIC_DATABASE_URL=x\n")
    monkeypatch.setenv("HANOI_DATABASE_URL", "postgresql://mine")
    settings = Settings.load()
    assert settings.required("database_url") == "postgresql://mine"
    assert settings.public_database_url is None


def test_beside_a_demo_a_command_has_its_things_and_sources(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "demo.env").write_text(
        "HANOI_DATABASE_URL=postgresql://demo\nHANOI_INVENTORY_DIR=/a:/b\nHANOI_SOURCES_FILE=/s.toml\n"
    )
    settings = Settings.load()
    assert settings.inventory_dir == (Path("/a"), Path("/b"))
    assert settings.sources_file == Path("/s.toml")
    monkeypatch.setenv("HANOI_SOURCES_FILE", "/mine.toml")
    assert Settings.load().sources_file == Path("/mine.toml")
    monkeypatch.setenv("HANOI_DATABASE_URL", "postgresql://mine")
    assert Settings.load().inventory_dir == (), "another database has other Things"


def test_a_missing_url_is_named() -> None:
    with pytest.raises(ConfigurationError, match="HANOI_MQTT_URL is not set"):
        Settings.load().required("mqtt_url")


def test_a_wrong_value_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HANOI_LOG_LEVEL", "LOUD")
    with pytest.raises(ConfigurationError, match="HANOI_LOG_LEVEL"):
        Settings.load()


def test_folders_are_added_to_the_shipped_ones(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HANOI_CATALOG_DIR", f"{tmp_path}/a:{tmp_path}/b")
    assert Settings.load().catalog_folders[-2:] == (tmp_path / "a", tmp_path / "b")


@pytest.mark.parametrize("bind", ["8000", "host:", "host:0", "host:port", ":80"])
def test_a_bind_without_host_or_port_is_refused(bind: str) -> None:
    with pytest.raises(ConfigurationError, match="HANOI_PUBLIC_BIND"):
        host_port(bind, "HANOI_PUBLIC_BIND")


def test_secrets_do_not_show() -> None:
    assert "pass" not in repr(Settings(database_url="postgresql://u:pass@h/d"))


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://hanoi:pa/hunter2@h:5432/d",
        "postgresql://hanoi:pa?hunter2@h/d",
        "postgresql://hanoi:12#hunter2@h/d",
        "postgresql://hanoi:pa@hunter2@h/d",
        "postgresql://hanoi:p@h:hunter2/d",
        "postgresql://hanoi:hunter2%zz@h/d",
    ],
)
def test_a_password_that_libpq_would_misread_is_refused_and_not_shown(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HANOI_DATABASE_URL", url)
    with pytest.raises(ConfigurationError, match=r"HANOI_DATABASE_URL: .*written as %25") as raised:
        Settings.load()
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://hanoi:p%40%2F%25@h:5432/d?sslmode=require",
        "postgres://h1:5432,h2:5433/d",
        "postgresql://u:p@[::1]:5432/d",
        "postgresql://u:p@[::1]/d",
        "postgresql:///d?host=/run/postgresql",
        "postgresql://hanoi@h/d",
        "host=h password='a/b@c' dbname=d",
    ],
)
def test_every_other_way_to_name_a_database_is_libpqs_business(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HANOI_DATABASE_URL", url)
    assert Settings.load().required("database_url") == url


def test_proxies_are_addresses_and_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings.load().trusted_proxies == ()
    monkeypatch.setenv("HANOI_TRUSTED_PROXIES", "127.0.0.1, 10.0.0.0/8,2001:db8::/32")
    assert Settings.load().trusted_proxies == ("127.0.0.1/32", "10.0.0.0/8", "2001:db8::/32")
    for wrong in ("*", "proxy.example", "10.0.0.1/8"):
        monkeypatch.setenv("HANOI_TRUSTED_PROXIES", wrong)
        with pytest.raises(ConfigurationError, match="HANOI_TRUSTED_PROXIES"):
            Settings.load()


@pytest.mark.parametrize(
    "template",
    ["https://pay.example/p/{point}", "https://pay.example/?b={bay}", "https://p.example/{point}/{bay}"],
)
def test_where_to_pay_says_where_the_car_stands(monkeypatch: pytest.MonkeyPatch, template: str) -> None:
    monkeypatch.setenv("HANOI_PARKING_PAY_URL", template)
    assert Settings.load().parking_pay_url == template


@pytest.mark.parametrize(
    "template",
    [
        "http://pay.example/{point}",
        "https://pay.example/",
        "https://pay.example/{zone}",
        "javascript:{point}",
    ],
)
def test_a_link_to_pay_that_leads_nowhere_in_particular_is_refused(
    monkeypatch: pytest.MonkeyPatch, template: str
) -> None:
    monkeypatch.setenv("HANOI_PARKING_PAY_URL", template)
    with pytest.raises(ConfigurationError, match="HANOI_PARKING_PAY_URL"):
        Settings.load()
