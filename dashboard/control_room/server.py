"""Starts the control room: settings in, one uvicorn server on HANOI_CONTROL_ROOM_BIND out."""

import logging
import socket
from datetime import UTC, datetime
from ipaddress import ip_address

import uvicorn

from alerts.notifiers._mqtt_session import Broker, parse_broker
from alerts.rules import SHIPPED as SHIPPED_RULES
from dashboard.control_room import app, oidc_login
from dashboard.control_room.oidc import OidcSettings
from dashboard.control_room.parts import Parts, wire
from dashboard.live import LiveHub
from storage.catalog import ReferenceDataError
from storage.logs import configure_logging
from storage.operators import Role
from storage.reference import Reference
from storage.settings import ConfigurationError, Settings, exit_on_configuration_error, host_port

log = logging.getLogger(__name__)


class RoomServer(uvicorn.Server):
    """Ends the live streams before it waits for connections to close."""

    def __init__(self, config: uvicorn.Config, hub: LiveHub) -> None:
        super().__init__(config)
        self.failed = False
        self._hub = hub

    def fail(self) -> None:
        """Stops the process, from any thread; its supervisor starts it anew."""
        self.failed = True
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._hub.close()
        await super().shutdown(sockets)


def run() -> None:
    """Until SIGINT or SIGTERM. Exit 1 port taken or the feed failed, 2 configuration."""
    try:
        settings = Settings.load()
        configure_logging(settings.log_level, settings.secrets)
        _serve(settings)
    except (ConfigurationError, ReferenceDataError) as error:
        exit_on_configuration_error(error)


def build_server(parts: Parts) -> RoomServer:
    """For `run(sockets=[…])` or, in a test, a thread of its own."""
    config = uvicorn.Config(
        app.create(parts).asgi,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # who forges X-Forwarded-For may not escape the login limit
        ws="none",  # Dash's WebSocket callbacks are off
        timeout_graceful_shutdown=3,
    )
    return RoomServer(config, parts.hub)


def _serve(settings: Settings) -> None:
    host, port = host_port(settings.control_room_bind, "HANOI_CONTROL_ROOM_BIND")
    ingest_host, ingest_port = host_port(settings.ingest_bind, "HANOI_INGEST_BIND")
    url = settings.required("database_url")
    reference = Reference(
        catalog_folders=settings.catalog_folders, inventory_folders=settings.inventory_folders
    )
    token, https = settings.metrics_token, not _is_loopback(host)
    listening = _listen(host, port)
    parts = wire(
        url,
        reference,
        clock=lambda: datetime.now(UTC),
        ingest_url=f"http://{ingest_host}:{ingest_port}",
        sources_file=settings.sources_file,
        retention_file=settings.retention_file,
        alerting_file=settings.alerting_file,
        added_receivers={"webhook": {"type": "webhook"}} if settings.alert_webhook_url else {},
        rules_folders=(SHIPPED_RULES, *settings.rules_dir),
        shift_starts=settings.shift_starts,
        watchdog_url=settings.watchdog_url or f"http://{settings.watchdog_bind}",
        manual_broker=_manual_broker(settings),
        oidc=oidc_settings(settings),
        https=https,
        tiles_url=settings.tiles_url,
        metrics_token=token.get_secret_value() if token else None,
        on_failure=lambda: server.fail(),
    )
    server = build_server(parts)
    if https:
        log.warning("https_needed bind=%s reason=cookies_are_secure", settings.control_room_bind)
    log.info("control_room_listening url=http://%s:%d/ops/", host, port)
    server.run(sockets=[listening])
    raise SystemExit(1 if server.failed else 0)


def _manual_broker(settings: Settings) -> Broker | None:
    """Raises ConfigurationError."""
    if settings.manual_mqtt_url is None:
        return None
    url = settings.manual_mqtt_url.get_secret_value()
    try:
        return parse_broker(url, settings.mqtt_ca_file if url.startswith("mqtts:") else None)
    except ValueError as error:
        raise ConfigurationError(f"HANOI_MANUAL_MQTT_URL: {error}") from None


def oidc_settings(settings: Settings) -> OidcSettings | None:
    """None: nobody comes in that way. Raises ConfigurationError naming what is missing."""
    if settings.oidc_issuer is None:
        return None
    secret = settings.oidc_client_secret
    if settings.oidc_client_id is None or secret is None:
        missing = "HANOI_OIDC_CLIENT_ID" if settings.oidc_client_id is None else "HANOI_OIDC_CLIENT_SECRET"
        raise ConfigurationError(f"{missing} is not set, and HANOI_OIDC_ISSUER is")
    if not settings.oidc_roles:
        raise ConfigurationError("HANOI_OIDC_ROLES is not set: GROUP=role;… says who may do what")
    return OidcSettings(
        issuer=settings.oidc_issuer,
        client_id=settings.oidc_client_id,
        client_secret=secret.get_secret_value(),
        callback=f"{settings.control_room_base}{oidc_login.CALLBACK}",
        roles={group: Role(role) for group, role in settings.oidc_roles.items()},
        roles_claim=settings.oidc_roles_claim,
        name_claim=settings.oidc_name_claim,
        label=settings.oidc_label,
    )


def _listen(host: str, port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        reason = f"HANOI_CONTROL_ROOM_BIND={host}:{port}: {error.strerror}"
        raise SystemExit(f"hanoi-control-room: {reason}") from None
    return listening


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
