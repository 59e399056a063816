"""What the environment says about the demo, read once in main()."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

MOST_WORKERS = 64


class SettingError(Exception):
    """An environment variable has a value that can't be used; the message names it."""


@dataclass(frozen=True, kw_only=True)
class Bind:
    """A host and a port that something listens on, and the variable that says so."""

    variable: str
    host: str
    port: int

    @property
    def url(self) -> str:
        """Return the address for a browser on this machine."""
        everywhere = self.host in {"0.0.0.0", "::", ""}
        host = "127.0.0.1" if everywhere else self.host
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    @property
    def value(self) -> str:
        """Return the value as it stands in the environment."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, kw_only=True)
class TlsPort:
    """The broker's encrypted port for devices."""

    host: str
    port: int
    certificate: Path
    key: Path
    client_ca: Path | None


@dataclass(frozen=True, kw_only=True)
class DemoSettings:
    """Everything that the supervisor can be told."""

    runtime_dir: Path
    db_port: int
    mqtt_port: int
    broker_setting: str | None
    public: Bind
    control_room: Bind
    ingest: Bind
    ingest_workers: int
    alerts: Bind
    watchdog: Bind | None
    """None: five above alerts, where free."""
    simulate: bool
    accounts: Path
    device_port: int | None
    """Where devices with an account of their own come in; None: mqtt_port + 1000, where free."""
    tls: TlsPort | None
    sources: Path | None


def read(environment: Mapping[str, str]) -> DemoSettings:
    """Return the settings, or raise SettingError."""
    runtime_dir = Path(environment.get("HANOI_RUNTIME_DIR") or ".runtime").absolute()
    return DemoSettings(
        runtime_dir=runtime_dir,
        db_port=_number(environment, "HANOI_DB_PORT", 54320, 1, 65535),
        mqtt_port=_number(environment, "HANOI_MQTT_PORT", 18830, 1, 65535),
        broker_setting=environment.get("HANOI_BROKER_SETTING") or None,
        public=_bind(environment, "HANOI_PUBLIC_BIND", "127.0.0.1:8000"),
        control_room=_bind(environment, "HANOI_CONTROL_ROOM_BIND", "127.0.0.1:8050"),
        ingest=_bind(environment, "HANOI_INGEST_BIND", "127.0.0.1:8060"),
        ingest_workers=_number(environment, "HANOI_INGEST_WORKERS", 1, 1, MOST_WORKERS),
        alerts=_bind(environment, "HANOI_ALERTS_BIND", "127.0.0.1:8090"),
        watchdog=_optional_bind(environment, "HANOI_WATCHDOG_BIND"),
        simulate=environment.get("SIMULATE", "1") != "0",
        accounts=_path(environment, "HANOI_BROKER_ACCOUNTS_DIR") or runtime_dir / "accounts",
        device_port=_optional_port(environment, "HANOI_MQTT_DEVICE_PORT"),
        tls=_tls(environment),
        sources=_path(environment, "HANOI_SOURCES_FILE"),
    )


def _tls(environment: Mapping[str, str]) -> TlsPort | None:
    """The port and its certificate, or nothing of it."""
    port = _optional_port(environment, "HANOI_MQTT_TLS_PORT")
    certificate = _readable(environment, "HANOI_MQTT_TLS_CERT_FILE")
    key = _readable(environment, "HANOI_MQTT_TLS_KEY_FILE")
    if port is None and certificate is None and key is None:
        return None
    if port is None or certificate is None or key is None:
        raise SettingError(
            "HANOI_MQTT_TLS_PORT, HANOI_MQTT_TLS_CERT_FILE and HANOI_MQTT_TLS_KEY_FILE go together"
        )
    return TlsPort(
        host=environment.get("HANOI_MQTT_TLS_HOST") or "127.0.0.1",
        port=port,
        certificate=certificate,
        key=key,
        client_ca=_readable(environment, "HANOI_MQTT_TLS_CLIENT_CA_FILE"),
    )


def _optional_port(environment: Mapping[str, str], name: str) -> int | None:
    return _number(environment, name, 0, 1, 65535) if environment.get(name) else None


def _path(environment: Mapping[str, str], name: str) -> Path | None:
    return Path(environment[name]).absolute() if environment.get(name) else None


def _readable(environment: Mapping[str, str], name: str) -> Path | None:
    path = _path(environment, name)
    if path is not None:
        try:
            path.open("rb").close()
        except OSError as problem:
            raise SettingError(f"{name}={path}: {problem.strerror}") from None
    return path


def _number(environment: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    text = environment.get(name) or str(default)
    if not text.isdigit() or not low <= int(text) <= high:
        raise SettingError(f"{name}={text}: a whole number from {low} to {high} is needed")
    return int(text)


def _optional_bind(environment: Mapping[str, str], name: str) -> Bind | None:
    return _bind(environment, name, "127.0.0.1:8095") if environment.get(name) else None


def _bind(environment: Mapping[str, str], name: str, default: str) -> Bind:
    text = environment.get(name) or default
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdigit() or not 1 <= int(port) <= 65535:
        raise SettingError(f"{name}={text}: host:port is needed, such as {default}")
    return Bind(variable=name, host=host.strip("[]"), port=int(port))
