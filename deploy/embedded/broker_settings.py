"""The broker's named settings: what each keeps when it is killed, and what that costs.

Numbers: docs/deploy.md, 'Broker settings'.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.embedded import commit_each, secret_files
from ingest.accounts import ACCESS, PASSWORDS, Account, mosquitto_hash, parse

USERS = ("ingest", "publisher", "health", "alerts", "signs", "watchdog", "manual")
MAX_PAYLOAD_BYTES = 2 * 1024 * 1024
# Payload that waits for one absent client; see docs/deploy.md for the arithmetic.
MAX_QUEUED_BYTES = 1024 * 1024 * 1024


# Connections at a time on a listener for devices; ours has no limit, so that a crowd of devices
# can't keep ingest out.
MAX_DEVICES = 10_000
PASSWORD_PLUGIN = "mosquitto/mosquitto_password_file.so"


@dataclass(frozen=True, kw_only=True)
class Certificates:
    """What a TLS listener shows, and with `client_ca` whose certificates its clients must show."""

    certificate: Path
    key: Path
    client_ca: Path | None = None


@dataclass(frozen=True, kw_only=True)
class Listener:
    """A port beside the first one.

    One for devices lets in the accounts of devices and nobody else, and a client's id there is
    its account's name: otherwise whoever has an account could take over the session of ingest.
    """

    port: int
    host: str = "127.0.0.1"
    devices: bool = True
    tls: Certificates | None = None


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


def access_rules(extra_topics: Sequence[str] = ()) -> str:
    """Return who may do what. Ingest only reads; only publishers write telemetry, only alerts signs.

    `extra_topics` are the filters of other formats: publishers write them. Ingest reads everything: its
    session keeps the subscriptions of a source that was removed, and what it may not read then would
    be acknowledged and be nobody's.
    """
    rules: Mapping[str, tuple[str, ...]] = {
        "ingest": ("read #", "read $SYS/#"),
        "publisher": ("write hanoi/v1/#", *(f"write {topic}" for topic in extra_topics)),
        "health": ("readwrite hanoi-health/#", "read $SYS/#"),
        # A sign's state is read back before it is changed.
        "alerts": ("readwrite hanoi/alerts/#",),
        "signs": ("read hanoi/alerts/#",),
        "watchdog": ("write hanoi/v1/operations/#",),
        "manual": ("write hanoi/v1/+/+/observations",),
    }
    return "\n".join(
        f"user {user}\n" + "".join(f"topic {rule}\n" for rule in topics) for user, topics in rules.items()
    )


def password_lines(passwords: Path) -> str:
    """Return Mosquitto's password file for the passwords kept in ours."""
    return "".join(
        f"{user}:{mosquitto_hash(secret_files.password(passwords, user), os.urandom(12))}\n" for user in USERS
    )


def read_accounts(folder: Path | None) -> Mapping[str, Account]:
    """Return the accounts of devices, none without a folder. Raises AccountError or OSError."""
    if folder is None or not (folder / PASSWORDS).is_file():
        return {}
    return parse((folder / PASSWORDS).read_text("utf-8"), (folder / ACCESS).read_text("utf-8"))


def configuration(
    setting: BrokerSetting,
    *,
    folder: Path,
    port: int,
    host: str = "127.0.0.1",
    listeners: Sequence[Listener] = (),
    password_plugin: Path | None = None,
) -> str:
    """Return mosquitto.conf. All limits are explained in docs/deploy.md.

    With listeners for devices it wants the plugin: Mosquitto 2.0 has none and keeps all accounts
    in one file, so that there a device could come in at any listener.
    """
    all_listeners = (Listener(port=port, host=host, devices=False), *listeners)
    plugin = password_plugin if listeners else None
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
            f"acl_file {folder}/access",
            *_passwords(all_listeners, folder, plugin),
            "log_dest stderr",
            "log_type error",
            "log_type warning",
            "log_type notice",
            "log_timestamp_format %Y-%m-%dT%H:%M:%S",
            *(line for one in all_listeners for line in _listener(one, folder, apart=plugin is not None)),
            "",
        )
    )


def _passwords(listeners: Sequence[Listener], folder: Path, plugin: Path | None) -> list[str]:
    """Return one plugin a listener: Mosquitto 2.1.2 ends when two listeners use the same one."""
    if plugin is None:
        return [f"password_file {folder}/passwords"]
    return [
        line
        for one in listeners
        for line in (
            f"plugin_load passwords-{one.port} {plugin}",
            f"plugin_opt_password_file {folder}/{'device-' if one.devices else ''}passwords",
        )
    ]


def _listener(listener: Listener, folder: Path, *, apart: bool) -> list[str]:
    lines = [f"listener {listener.port} {listener.host}"]
    if apart:
        lines.append(f"plugin_use passwords-{listener.port}")
    if listener.devices:
        lines += ["use_username_as_clientid true", f"max_connections {MAX_DEVICES}"]
    if listener.tls is not None:
        lines += [f"certfile {folder}/certificate-{listener.port}", f"keyfile {folder}/key-{listener.port}"]
        lines.append("tls_version tlsv1.2")
        if listener.tls.client_ca is not None:
            lines += [f"cafile {folder}/client-ca-{listener.port}", "require_certificate true"]
    return lines
