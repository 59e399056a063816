"""Configuration enters here, once per process, from HANOI_* variables; nothing else reads the environment."""

import os
import sys
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from storage import catalog, inventory


class ConfigurationError(ValueError):
    """A variable that is missing or wrong; the message names it and what would be right."""


class Settings(BaseSettings):
    """Every variable of the product (design contract). Unset URLs come from `<runtime_dir>/demo.env`."""

    model_config = SettingsConfigDict(env_prefix="HANOI_", env_ignore_empty=True, extra="ignore")

    database_url: SecretStr | None = None
    public_database_url: SecretStr | None = None
    """The public process's own role; when unset it uses database_url."""
    mqtt_url: SecretStr | None = None
    mqtt_publish_url: SecretStr | None = None
    public_bind: str = "127.0.0.1:8000"
    control_room_bind: str = "127.0.0.1:8050"
    ingest_bind: str = "127.0.0.1:8060"
    alerts_bind: str = "127.0.0.1:8090"
    runtime_dir: Path = Path(".runtime")
    catalog_dir: Annotated[tuple[Path, ...], NoDecode] = ()
    inventory_dir: Annotated[tuple[Path, ...], NoDecode] = ()
    sources_file: Path | None = None
    """sources.toml: which topics and folders hold which other format (ingest/sources.py)."""
    tiles_url: str | None = None
    basemap_file: Path | None = None
    metrics_token: SecretStr | None = None
    broker_setting: str | None = None
    """The broker's persistence setting (safe, safe-2.0, fast), shown on /metrics; the supervisor sets it."""
    alert_webhook_url: SecretStr | None = None
    """Where alert notifications are POSTed as JSON; unset sends none."""
    log_level: str = Field(default="INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$")

    @field_validator("catalog_dir", "inventory_dir", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(Path(part) for part in value.split(os.pathsep) if part)
        return value

    @classmethod
    def load(cls) -> Self:
        """From the environment, then the running demo. Raises ConfigurationError naming the variable."""
        try:
            settings = cls()
            written = _demo_env(settings.runtime_dir)
            missing: dict[str, Any] = {
                name: written[f"HANOI_{name.upper()}"]
                for name in ("database_url", "public_database_url", "mqtt_url", "mqtt_publish_url")
                if getattr(settings, name) is None and f"HANOI_{name.upper()}" in written
            }
            if settings.database_url is not None:  # the demo's public role is of another server
                missing.pop("public_database_url", None)
            return cls(**missing) if missing else settings
        except ValidationError as error:
            lines = [
                f"HANOI_{'.'.join(str(part) for part in fault['loc']).upper()}: {fault['msg']}"
                for fault in error.errors(include_url=False, include_input=False)
            ]
            raise ConfigurationError("\n".join(lines)) from None

    def required(self, name: str) -> str:
        """A URL that this process can't do without."""
        value = getattr(self, name)
        if value is None:
            raise ConfigurationError(
                f"HANOI_{name.upper()} is not set and {self.runtime_dir.absolute()}/demo.env has none:"
                " set it, or start `make demo` beside this"
            )
        return str(value.get_secret_value())

    @property
    def catalog_folders(self) -> tuple[Path, ...]:
        return (catalog.SHIPPED, *self.catalog_dir)

    @property
    def inventory_folders(self) -> tuple[Path, ...]:
        return (inventory.SHIPPED, *self.inventory_dir)


def host_port(bind: str, variable: str, *, offset: int = 0) -> tuple[str, int]:
    """'127.0.0.1:8000' → ('127.0.0.1', 8000 + offset). Raises ConfigurationError naming `variable`."""
    host, _, port = bind.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) + offset < 65536:
        raise ConfigurationError(f"{variable}: '{bind}' is not host:port")
    return host.strip("[]"), int(port) + offset


def exit_on_configuration_error(error: Exception) -> None:
    """What every `main()` does with a configuration that can't be used: says it and stops with 2."""
    print(error, file=sys.stderr)
    raise SystemExit(2) from None


def _demo_env(runtime_dir: Path) -> dict[str, str]:
    path = runtime_dir / "demo.env"
    if not path.is_file():
        return {}
    pairs = (line.split("=", 1) for line in path.read_text().splitlines() if "=" in line)
    return {key.strip(): value.strip() for key, value in pairs}
