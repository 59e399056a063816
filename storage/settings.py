"""Configuration enters here, once per process, from HANOI_* variables; nothing else reads the environment."""

import os
import re
import sys
from collections.abc import Mapping
from datetime import time
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Final, Self, get_args
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from storage import catalog, inventory
from storage.logs import redacted


class ConfigurationError(ValueError):
    """A variable that is missing or wrong; the message names it and what would be right."""


class Settings(BaseSettings):
    """Every variable of the product (design contract). Unset URLs come from `<runtime_dir>/demo.env`.

    A secret HANOI_X may also be in a file that HANOI_X_FILE names, as systemd and containers hand them over.
    """

    model_config = SettingsConfigDict(env_prefix="HANOI_", env_ignore_empty=True, extra="ignore")

    database_url: SecretStr | None = None
    public_database_url: SecretStr | None = None
    """The public process's own role; when unset it uses database_url."""
    mqtt_url: SecretStr | None = None
    mqtt_publish_url: SecretStr | None = None
    manual_mqtt_url: SecretStr | None = None
    """How the control room publishes what is entered by hand; unset: nothing can be."""
    mqtt_ca_file: Path | None = None
    """Who signs the broker's certificate, where that is not an authority that the system knows."""
    mqtt_cert_file: Path | None = None
    """Our own certificate, for a broker that wants to see one."""
    mqtt_key_file: Path | None = None
    broker_accounts_dir: Path | None = None
    """The accounts of devices, made by `hanoi-ingest accounts`; unset: those of the demo."""
    public_bind: str = "127.0.0.1:8000"
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = ()
    """Addresses and networks of proxies whose X-Forwarded-For the public process believes; unset: nobody's."""
    public_rate_per_minute: int = Field(default=3000, ge=0)
    """Requests to the public API a minute of one network without a key; 0 sets no limit."""
    public_queries_per_minute: int = Field(default=600, ge=0)
    """The same of history and of lists of Things, which cost most."""
    public_streams_per_network: int = Field(default=200, ge=0)
    """Live streams that one network may have open; 0 sets no limit."""
    control_room_bind: str = "127.0.0.1:8050"
    ingest_bind: str = "127.0.0.1:8060"
    ingest_workers: int = Field(default=1, ge=1, le=64)
    """How many ingest workers share the Things and sources; the same for all of them."""
    alerts_bind: str = "127.0.0.1:8090"
    watchdog_bind: str = "127.0.0.1:8095"
    watchdog_url: str | None = None
    """Where the alert engine says that a canary came through; unset: at watchdog_bind."""
    watchdog_receivers: Path | None = None
    """TOML with the watchdog's own [receiver.*] tables: those of the alert engine need the platform."""
    watchdog_webhook_url: SecretStr | None = None
    watchdog_ping_url: SecretStr | None = None
    """An address outside that is asked each minute while all is well."""
    watchdog_database: str | None = None
    """host:port of the database, so that the watchdog needs no password; unset: from database_url."""
    watchdog_watches: Annotated[tuple[str, ...], NoDecode] = (
        "broker",
        "database",
        "ingest",
        "alerts",
        "public",
        "control-room",
    )
    """What it asks for signs of life, beside the canary."""
    watchdog_every_s: float = Field(default=10.0, ge=0.2, le=600, allow_inf_nan=False)
    watchdog_silence_s: float = Field(default=45.0, gt=0, le=86_400, allow_inf_nan=False)
    watchdog_probe_s: float = Field(default=30.0, gt=0, le=86_400, allow_inf_nan=False)
    watchdog_repeat_s: float = Field(default=3600.0, gt=0, allow_inf_nan=False)
    runtime_dir: Path = Path(".runtime")
    catalog_dir: Annotated[tuple[Path, ...], NoDecode] = ()
    inventory_dir: Annotated[tuple[Path, ...], NoDecode] = ()
    sources_file: Path | None = None
    """sources.toml: which topics and folders hold which other format (ingest/sources.py)."""
    retention_file: Path | None = None
    """retention.toml: how long what is kept (storage/retention_policy.py); unset: for ever."""
    ingest_rate_per_thing: float = Field(default=100.0, ge=0, allow_inf_nan=False)
    """Messages a second that one Thing may send for long; 0 sets no limit."""
    ingest_burst_per_thing: int = Field(default=50_000, ge=1)
    """Messages that it may send at once, as after an outage."""
    tiles_url: str | None = None
    basemap_file: Path | None = None
    parking_pay_url: str | None = Field(default=None, pattern=r"^https://[^\s<>\"]+$")
    """Where a driver pays, a template with {point} and {bay}; unset: the page links to none."""
    publisher: str | None = Field(default=None, min_length=1, max_length=200)
    """Who publishes the open data; unset: the catalogue says that nobody has said so."""
    data_licence: str | None = Field(default=None, min_length=1, max_length=500)
    """What the open data may be used under, best the URL of a licence; unset: not stated."""
    metrics_token: SecretStr | None = None
    broker_setting: str | None = None
    """The broker's persistence setting (safe, safe-2.0, fast), shown on /metrics; the supervisor sets it."""
    rules_dir: Annotated[tuple[Path, ...], NoDecode] = ()
    """Folders of alert rules that stand in no domain's file, beside the shipped ones."""
    alerting_file: Path | None = None
    """alerting.toml: receivers, routes, inhibitions, rosters (alerts/config.py); unset: the shipped one."""
    shift_starts: Annotated[tuple[time, ...], NoDecode] = (time(6), time(14), time(22))
    """When shifts begin, Hanoi's time, for reports where no roster says it."""
    control_room_url: str | None = None
    """Where browsers find the control room, for links in notifications; unset: at control_room_bind."""
    alert_webhook_url: SecretStr | None = None
    """Where alert notifications are POSTed as JSON; unset sends none."""
    public_url: str | None = Field(default=None, pattern=r"^https?://[^\s<>\"]+$")
    """Where people reach the public page, for links in messages; unset: HANOI_PUBLIC_BIND."""
    cap_sender: str = Field(default="hanoi-ops.invalid", pattern=r"^[!-~]+$")
    """Who CAP messages are from; the default is nobody on purpose."""
    mail_url: SecretStr | None = None
    """The server that takes mail to citizens, smtp://user:password@host:587; the alerts process needs it."""
    mail_from: str | None = Field(
        default=None, pattern=r"^([^<>\r\n@]+ <[!-;=?-~]+@[!-;=?-~]+>|[!-;=?-~]+@[!-;=?-~]+)$"
    )
    """Who it is from; unset: the page offers no mail."""
    vapid_public_key: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_-]{87}$")
    """Of web push (RFC 8292), made by `hanoi-alerts vapid-keys`; unset: the page offers none."""
    vapid_private_key: SecretStr | None = None
    """The other half; the alerts process needs it, and no other."""
    vapid_subject: str | None = Field(default=None, pattern=r"^(mailto:[!-~]+@[!-~]+|https://[!-~]+)$")
    """Whom a push service can write to when something is wrong; unset: HANOI_MAIL_FROM."""
    zalo_url: str | None = Field(default=None, pattern=r"^https://[^\s<>\"]+$")
    """The city's Official Account on Zalo, a link for those who want to follow it; unset: none."""
    oidc_issuer: str | None = Field(default=None, pattern=r"^https?://[^\s<>\"?#]+$")
    """The identity provider at which operators may log in too; its discovery document names it so."""
    oidc_client_id: str | None = None
    oidc_client_secret: SecretStr | None = None
    oidc_roles: Annotated[dict[str, str], NoDecode] = Field(default_factory=dict)
    """GROUP=role;…: what a group of the provider may do here."""
    oidc_roles_claim: str = "groups"
    oidc_name_claim: str = "preferred_username"
    oidc_label: str = Field(default="", max_length=64)
    """What the login page calls the provider; its host when empty."""
    log_level: str = Field(default="INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$")

    @field_validator("catalog_dir", "inventory_dir", "rules_dir", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(Path(part) for part in value.split(os.pathsep) if part)
        return value

    @field_validator("watchdog_watches", "shift_starts", "trusted_proxies", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        return (
            tuple(part.strip() for part in value.split(",") if part.strip())
            if isinstance(value, str)
            else value
        )

    @field_validator("oidc_roles", mode="before")
    @classmethod
    def _groups(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        pairs = [part.strip().rpartition("=") for part in value.split(";") if part.strip()]
        wrong = [f"{group}={role}" for group, _, role in pairs if not group or role not in _ROLES]
        if wrong:
            raise ValueError(f"'{wrong[0]}': want GROUP=role;GROUP=role, role one of {', '.join(_ROLES)}")
        return {group: role for group, _, role in pairs}

    @field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        """Raises ValueError, which names what is no network, also where an address has bits beyond its mask."""
        return tuple(str(ip_network(one)) for one in value)

    @field_validator("oidc_issuer")
    @classmethod
    def _safe_issuer(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith("https://") and not _is_here(value):
            raise ValueError("https://… : only a provider on this machine may do without")
        return value

    @field_validator("parking_pay_url")
    @classmethod
    def _says_where_one_stands(cls, value: str | None) -> str | None:
        if value is not None and set(re.findall(r"\{(\w*)\}", value)) not in _OF_A_BAY:
            raise ValueError("want {point}, {bay} or both in it, and nothing else in braces")
        return value

    @field_validator("shift_starts")
    @classmethod
    def _begin_some_time(cls, value: tuple[time, ...]) -> tuple[time, ...]:
        if not value or any(one.tzinfo is not None for one in value):
            raise ValueError("write times such as 06:00,14:00,22:00, Hanoi's")
        return value

    @field_validator("cap_sender")
    @classmethod
    def _can_be_referred_to(cls, value: str) -> str:
        if set(",<&") & set(value):
            raise ValueError("no ',', '<' or '&': it is a name of ours, such as ops.example.vn")
        return value

    @field_validator("database_url", "public_database_url")
    @classmethod
    def _says_what_is_password(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and _is_ambiguous(value.get_secret_value()):
            raise ValueError(
                "not postgresql://user:password@host:port/database; in a password"
                " % / ? # @ : are written as %25 %2F %3F %23 %40 %3A"
            )
        return value

    @classmethod
    def load(cls) -> Self:
        """From the environment, then the running demo. Raises ConfigurationError naming the variable."""
        try:
            files = _secret_files(cls, os.environ)
            settings = cls(**files)
            written = demo_environment(settings.runtime_dir)
            missing: dict[str, Any] = {
                name: written[f"HANOI_{name.upper()}"]
                for name in ("database_url", "public_database_url", "mqtt_url", "mqtt_publish_url")
                if getattr(settings, name) is None and f"HANOI_{name.upper()}" in written
            }
            if settings.database_url is not None:  # the demo's public role is of another server
                missing.pop("public_database_url", None)
            else:  # what the demo runs with, or a command beside it would judge by other Things and sources
                missing |= {
                    name: written[f"HANOI_{name.upper()}"]
                    for name in _REFERENCE_FILES
                    if not getattr(settings, name) and f"HANOI_{name.upper()}" in written
                }
            return cls(**files, **missing) if missing else settings
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
    def secrets(self) -> list[str]:
        """Every secret that is set, for the log to hide."""
        values = [getattr(self, name) for name in _secret_names(type(self))]
        return [value.get_secret_value() for value in values if value is not None]

    @property
    def control_room_base(self) -> str:
        """Base of links to the control room."""
        return (self.control_room_url or f"http://{self.control_room_bind}").rstrip("/")

    @property
    def public_link(self) -> str | None:
        """Base of links to the public page; None where nobody could follow one."""
        if self.public_url is not None:
            return self.public_url.rstrip("/")
        anywhere = self.public_bind.startswith(("0.0.0.0:", "[::]:"))
        return None if anywhere else f"http://{self.public_bind}"

    @property
    def accounts_folder(self) -> Path:
        return self.broker_accounts_dir or self.runtime_dir / "accounts"

    @property
    def catalog_folders(self) -> tuple[Path, ...]:
        return (catalog.SHIPPED, catalog.OPERATIONS, *self.catalog_dir)

    @property
    def inventory_folders(self) -> tuple[Path, ...]:
        return (inventory.SHIPPED, inventory.OPERATIONS, *self.inventory_dir)


_OF_A_BAY: Final = ({"point"}, {"bay"}, {"point", "bay"})
_ROLES: Final = ("viewer", "operator", "admin")
_REFERENCE_FILES: Final = (
    *("catalog_dir", "inventory_dir", "sources_file"),
    *("retention_file", "rules_dir", "alerting_file"),
)
"""What the demo runs with, and a command beside it must run with too."""


def _is_here(url: str) -> bool:
    return urlsplit(url).hostname in ("127.0.0.1", "::1", "localhost")


def host_port(bind: str, variable: str, *, offset: int = 0) -> tuple[str, int]:
    """'127.0.0.1:8000' → ('127.0.0.1', 8000 + offset). Raises ConfigurationError naming `variable`."""
    host, _, port = bind.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) + offset < 65536:
        raise ConfigurationError(f"{variable}: '{bind}' is not host:port")
    return host.strip("[]"), int(port) + offset


def exit_on_configuration_error(error: Exception) -> None:
    """What every `main()` does with a configuration that can't be used: says it and stops with 2."""
    print(redacted(str(error)), file=sys.stderr)
    raise SystemExit(2) from None


def demo_environment(runtime_dir: Path) -> dict[str, str]:
    """What a running demo says of itself; {} without one."""
    path = runtime_dir / "demo.env"
    if not path.is_file():
        return {}
    pairs = (line.split("=", 1) for line in path.read_text().splitlines() if "=" in line)
    return {key.strip(): value.strip() for key, value in pairs}


def _is_ambiguous(url: str) -> bool:
    """Whether libpq would take a part of the password for a host or a port, and then say it in its error."""
    _, _, rest = url.partition("://")
    if not rest:
        return False
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    user, at, hosts = authority.rpartition("@")
    ports = [
        host.rpartition("]")[2].rpartition(":")[2]
        for host in hosts.split(",")
        if ":" in host.rpartition("]")[2]
    ]
    return (
        "@" in user
        or (not at and "@" in rest)
        or not all(port.isdecimal() for port in ports if port)
        or re.search(r"%(?![0-9A-Fa-f]{2})", url) is not None
    )


def _secret_names(model: type[BaseSettings]) -> list[str]:
    return [name for name, field in model.model_fields.items() if SecretStr in get_args(field.annotation)]


def _secret_files(model: type[BaseSettings], environment: Mapping[str, str]) -> dict[str, Any]:
    """The secrets that stand in files. Raises ConfigurationError naming the variable."""
    found: dict[str, Any] = {}
    for name in _secret_names(model):
        variable = f"HANOI_{name.upper()}"
        path = environment.get(f"{variable}_FILE")
        if path:
            if environment.get(variable):
                raise ConfigurationError(f"{variable} and {variable}_FILE are both set: give one of them")
            found[name] = _read_secret(Path(path), f"{variable}_FILE")
    return found


def _read_secret(path: Path, variable: str) -> str:
    try:
        secret = path.read_text(encoding="utf-8").rstrip("\r\n")
    except OSError as error:
        raise ConfigurationError(f"{variable}: {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"{variable}: {path}: is not UTF-8 text") from None
    if not secret:
        raise ConfigurationError(f"{variable}: {path}: is empty")
    return secret
