"""What each process of the demo is told: where its servers are, with which password, and nothing it has no use for."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from deploy.embedded import example_roster, secret_files, web_push_keys
from deploy.embedded.layout import Layout
from deploy.embedded.mosquitto import Mosquitto
from deploy.embedded.postgres import Postgres
from deploy.embedded.settings import Bind, DemoSettings

OPERATOR = "operator"
PUBLIC_LOGIN = "hanoi_public_login"
# Each process is given its own; what the caller's environment says is not for the demo.
_URLS = {
    "HANOI_DATABASE_URL",
    "HANOI_PUBLIC_DATABASE_URL",
    "HANOI_MQTT_URL",
    "HANOI_MQTT_PUBLISH_URL",
    "HANOI_ALERTS_MQTT_URL",
    "HANOI_MANUAL_MQTT_URL",
    "HANOI_WATCHDOG_URL",
    "HANOI_WATCHDOG_DATABASE",
}
# What mail and web push to citizens are sent with: for the alerts process alone.
_TO_CITIZENS = ("HANOI_MAIL_URL", "HANOI_VAPID_PRIVATE_KEY")
_TO_CITIZENS_FILES = tuple(f"{name}_FILE" for name in _TO_CITIZENS)
_NOT_FOR_THE_DEMO = {
    *_URLS,
    *(f"{name}_FILE" for name in _URLS),
    *_TO_CITIZENS,
    *_TO_CITIZENS_FILES,
    *("HANOI_MQTT_CA_FILE", "HANOI_MQTT_CERT_FILE", "HANOI_MQTT_KEY_FILE"),
}
_REFERENCE_FILES = (
    "HANOI_CATALOG_DIR",
    "HANOI_INVENTORY_DIR",
    "HANOI_SOURCES_FILE",
    "HANOI_RETENTION_FILE",
    "HANOI_ALERTING_FILE",
    "HANOI_RULES_DIR",
)


class Environments:
    """By process; the names of the methods are theirs, `owner` is for those without one of their own."""

    def __init__(
        self,
        settings: DemoSettings,
        layout: Layout,
        database: Postgres,
        broker: Mosquitto,
        watchdog: Bind,
        base: Mapping[str, str],
    ) -> None:
        self._settings = settings
        self._layout = layout
        self._database = database
        self._broker = broker
        self._watchdog_bind = watchdog
        self._base_environment = {
            "HANOI_ALERTING_FILE": str(example_roster.write(layout.run / "duty")),
            **base,
        }

    def owner(self) -> dict[str, str]:
        """Return what our own processes may know: all but how to publish."""
        return {
            **self._shared(),
            "HANOI_DATABASE_URL": self._database.owner_url(),
            "HANOI_MQTT_URL": self._broker.url("ingest"),
        }

    def alerts(self) -> dict[str, str]:
        """Return how to publish to sirens and signs, and no way to telemetry."""
        known = (*_TO_CITIZENS, *_TO_CITIZENS_FILES)
        return {
            **self.owner(),
            "HANOI_ALERTS_MQTT_URL": self._broker.url("alerts"),
            **{name: self._base_environment[name] for name in known if name in self._base_environment},
            **self._own_vapid_key(),
        }

    def _own_vapid_key(self) -> dict[str, str]:
        """Return the demo's own key, unless the caller brought a pair."""
        if self._has_vapid_keys():
            return {}
        private, _ = web_push_keys.kept(self._layout.secrets / "vapid.json")
        return {"HANOI_VAPID_PRIVATE_KEY": private}

    def _vapid_environment(self) -> dict[str, str]:
        """Return what everybody may know of the demo's own key."""
        if self._has_vapid_keys():
            return {}
        _, public = web_push_keys.kept(self._layout.secrets / "vapid.json")
        subject = self._base_environment.get("HANOI_VAPID_SUBJECT") or "mailto:demo@hanoi-ops.invalid"
        return {"HANOI_VAPID_PUBLIC_KEY": public, "HANOI_VAPID_SUBJECT": subject}

    def _has_vapid_keys(self) -> bool:
        return bool(self._base_environment.get("HANOI_VAPID_PUBLIC_KEY"))

    def control_room(self) -> dict[str, str]:
        """Return how to publish what is entered by hand, and nothing else."""
        return {**self.owner(), "HANOI_MANUAL_MQTT_URL": self._broker.url("manual")}

    def watchdog(self) -> dict[str, str]:
        """Return how to publish canaries and where the database listens, and no way into it."""
        return {
            **self._shared(),
            "HANOI_MQTT_PUBLISH_URL": self._broker.url("watchdog"),
            "HANOI_WATCHDOG_DATABASE": f"127.0.0.1:{self._settings.db_port}",
        }

    def simulate(self) -> dict[str, str]:
        publish = {"HANOI_MQTT_PUBLISH_URL": self._broker.url("publisher")}
        return {**self.owner(), **publish}

    def public(self) -> dict[str, str]:
        """The public process gets the role that reads a few views, and no broker."""
        url = self._public_database_url()
        urls = {"HANOI_DATABASE_URL": url, "HANOI_PUBLIC_DATABASE_URL": url}
        return {**self._shared(), **urls}

    def _shared(self) -> dict[str, str]:
        settings = self._settings
        binds = (
            settings.public,
            settings.control_room,
            settings.ingest,
            settings.alerts,
            self._watchdog_bind,
        )
        return {
            **{k: v for k, v in self._base_environment.items() if k not in _NOT_FOR_THE_DEMO},
            **self._vapid_environment(),
            **{bind.variable: bind.value for bind in binds},
            "HANOI_INGEST_WORKERS": str(settings.ingest_workers),
            "HANOI_RUNTIME_DIR": str(settings.runtime_dir),
            "HANOI_BROKER_ACCOUNTS_DIR": str(settings.accounts),
            "HANOI_BROKER_SETTING": self._broker.setting.name,
            "PYTHONUNBUFFERED": "1",
        }

    def _public_database_url(self) -> str:
        return self._database.url(PUBLIC_LOGIN, "hanoi")

    def operator_password(self) -> str:
        return secret_files.password(self._layout.secrets / "operator.json", OPERATOR)

    def _reference_files(self) -> dict[str, str]:
        """Return what our processes run with and a command in another terminal must run with too."""
        found = {name: self._base_environment.get(name, "") for name in _REFERENCE_FILES}
        return {
            name: os.pathsep.join(str(Path(part).resolve()) for part in value.split(os.pathsep) if part)
            for name, value in found.items()
            if value
        }

    def demo_env(self) -> dict[str, str]:
        """Return what tells others how to reach a running demo."""
        return {
            "HANOI_DATABASE_URL": self._database.owner_url(),
            "HANOI_PUBLIC_DATABASE_URL": self._public_database_url(),
            "HANOI_MQTT_URL": self._broker.url("ingest"),
            "HANOI_MQTT_PUBLISH_URL": self._broker.url("publisher"),
            "HANOI_ALERTS_MQTT_URL": self._broker.url("alerts"),
            "HANOI_PUBLIC_URL": self._settings.public.url,
            "HANOI_CONTROL_ROOM_URL": self._settings.control_room.url,
            "HANOI_WATCHDOG_URL": self._watchdog_bind.url,
            "HANOI_OPERATOR_USER": OPERATOR,
            "HANOI_OPERATOR_PASSWORD": self.operator_password(),
            **self._reference_files(),
        }
