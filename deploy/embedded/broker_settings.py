"""The broker's named settings: what each keeps when it is killed, and what that costs.

Numbers: docs/deploy.md, 'Broker settings'.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.embedded import commit_each, secret_files

USERS = ("ingest", "publisher", "health")
MAX_PAYLOAD_BYTES = 2 * 1024 * 1024
# Payload that waits for one absent client; see docs/deploy.md for the arithmetic.
MAX_QUEUED_BYTES = 1024 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class BrokerSetting:
    """How the broker keeps what it has acknowledged, and what that costs."""

    name: str
    lines: tuple[str, ...]
    price: str


def choose(name: str | None, libraries: Path) -> BrokerSetting:
    """Return a setting by name, or the best that the installed broker can do.

    Raises ValueError that lists the names which the installed broker knows.
    """
    settings = {setting.name: setting for setting in available(libraries)}
    if name is None:
        return next(iter(settings.values()))
    if name not in settings:
        raise ValueError(f"HANOI_BROKER_SETTING={name}: the installed Mosquitto has {', '.join(settings)}")
    return settings[name]


def available(libraries: Path) -> list[BrokerSetting]:
    """Return the settings that the installed broker can run with, the best first."""
    copy, original = libraries / commit_each.COPY, libraries / commit_each.ORIGINAL
    settings = [_safe_2_0(), _fast()]
    if original.is_file():
        settings.insert(0, _safe_batched(original))
    if copy.is_file():
        settings.insert(0, _safe(copy))
    return settings


def _safe(plugin: Path) -> BrokerSetting:
    return BrokerSetting(
        name="safe",
        lines=(f"plugin {plugin}", "plugin_opt_sync normal", "plugin_opt_flush_period 60"),
        price=(
            "loses nothing when killed; a power cut may take the last second of what ingest had not fetched"
        ),
    )


def _safe_batched(plugin: Path) -> BrokerSetting:
    return BrokerSetting(
        name="safe-batched",
        lines=(f"plugin {plugin}", "plugin_opt_sync full", "plugin_opt_flush_period 0"),
        price=(
            "about 2 kills of the broker in 100 at 300 messages/s LOSE the message that was "
            "acknowledged in that instant; a power cut takes no more than that"
        ),
    )


def _safe_2_0() -> BrokerSetting:
    return BrokerSetting(
        name="safe-2.0",
        lines=(*_SNAPSHOTS, "autosave_interval 1"),
        price=(
            "loses at most the message of the instant in which the broker is killed; rewrites its "
            "whole store at each message: 760/s when empty, 97/s with 15,000 queued"
        ),
    )


def _fast() -> BrokerSetting:
    return BrokerSetting(
        name="fast",
        lines=(*_SNAPSHOTS, "autosave_interval 100"),
        price="LOSES up to 100 acknowledged messages when the broker is killed",
    )


_SNAPSHOTS = ("persistence true", "persistence_file mosquitto.db", "autosave_on_changes true")


def access_rules() -> str:
    """Return who may do what. Ingest only reads; only publishers write telemetry."""
    rules: Mapping[str, tuple[str, ...]] = {
        "ingest": ("read hanoi/#", "read $SYS/#"),
        "publisher": ("write hanoi/v1/#",),
        "health": ("readwrite hanoi-health/#", "read $SYS/#"),
    }
    return "\n".join(
        f"user {user}\n" + "".join(f"topic {rule}\n" for rule in topics) for user, topics in rules.items()
    )


def password_lines(passwords: Path) -> str:
    """Return Mosquitto's password file for the passwords kept in ours."""
    return "".join(
        f"{user}:{secret_files.mosquitto_hash(secret_files.password(passwords, user))}\n" for user in USERS
    )


def configuration(setting: BrokerSetting, *, folder: Path, port: int, host: str = "127.0.0.1") -> str:
    """Return mosquitto.conf. All limits are explained in docs/deploy.md."""
    return "\n".join(
        (
            f"persistence_location {folder}/",
            *setting.lines,
            "max_queued_messages 0",
            f"max_queued_bytes {MAX_QUEUED_BYTES}",
            "max_inflight_messages 32768",
            f"max_packet_size {MAX_PAYLOAD_BYTES + 128 * 1024}",
            "queue_qos0_messages false",
            "set_tcp_nodelay true",
            "allow_anonymous false",
            f"password_file {folder}/passwords",
            f"acl_file {folder}/access",
            "log_dest stderr",
            "log_type error",
            "log_type warning",
            "log_type notice",
            "log_timestamp_format %Y-%m-%dT%H:%M:%S",
            f"listener {port} {host}",
            "",
        )
    )
