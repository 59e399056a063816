"""Prepares the containers of compose.yaml: passwords, the broker's configuration, roles.

`setup` writes what the other containers read, once; `migrate` brings the database up to date.
The folders are volumes; their places come from the environment, since each container sees only
its own.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from deploy.embedded import broker_settings, roles, secret_files
from deploy.embedded.apt import make_open
from ingest.accounts import access_file, password_file

# The accounts in the images: Dockerfile.
OUR_UID = 1882
BROKER_UID = 1883
BROKER_LIBRARIES = Path("/opt/broker/lib")
DEVICE_PORT = 1884
PUBLIC_LOGIN = "hanoi_public_login"


def setup(secrets: Path, public_secrets: Path, broker: Path) -> None:
    """Write passwords and URLs for each container, and the broker's folder."""
    store = secrets / "passwords.json"
    secret_files.write_private(secrets / "superuser", secret_files.password(store, "postgres"))
    owner = _database_url(store, roles.OWNER)
    _write_environment(
        secrets / "owner.env",
        {"HANOI_DATABASE_URL": owner, "HANOI_MQTT_URL": _broker_url(store, "ingest")},
    )
    _write_environment(
        secrets / "alerts.env",
        {
            "HANOI_DATABASE_URL": owner,
            "HANOI_MQTT_URL": _broker_url(store, "ingest"),
            "HANOI_ALERTS_MQTT_URL": _broker_url(store, "alerts"),
        },
    )
    _write_environment(
        secrets / "control-room.env",
        {
            "HANOI_DATABASE_URL": owner,
            "HANOI_MQTT_URL": _broker_url(store, "ingest"),
            "HANOI_MANUAL_MQTT_URL": _broker_url(store, "manual"),
        },
    )
    _write_environment(
        secrets / "simulate.env",
        {"HANOI_DATABASE_URL": owner, "HANOI_MQTT_PUBLISH_URL": _broker_url(store, "publisher")},
    )
    _write_environment(
        secrets / "watchdog.env",
        {
            "HANOI_MQTT_PUBLISH_URL": _broker_url(store, "watchdog"),
            "HANOI_WATCHDOG_DATABASE": "database:5432",
        },
    )
    public = {"HANOI_DATABASE_URL": _database_url(store, PUBLIC_LOGIN)}
    _write_environment(public_secrets / "public.env", public)
    _give(secrets, OUR_UID)
    # The database's image reads it as its own account.
    (secrets / "superuser").chmod(0o644)
    _give(public_secrets, OUR_UID)
    write_broker_folder(store, broker, BROKER_LIBRARIES, folder_inside=broker)
    _give(broker, BROKER_UID)


def write_broker_folder(store: Path, broker: Path, libraries: Path, *, folder_inside: Path) -> None:
    """Write configuration, passwords and access rules; the setting is the broker image's best.

    Accounts of devices are in the folder `accounts` beside the store.
    """
    make_open(broker)
    setting = broker_settings.choose(os.environ.get("HANOI_BROKER_SETTING") or None, libraries)
    plugin = libraries / broker_settings.PASSWORD_PLUGIN
    text = broker_settings.configuration(
        setting,
        folder=folder_inside,
        port=1883,
        host="0.0.0.0",
        listeners=[broker_settings.Listener(port=DEVICE_PORT, host="0.0.0.0")],
        password_plugin=plugin if plugin.is_file() else None,
    )
    devices = broker_settings.read_accounts(store.with_name("accounts")).values()
    own, theirs = broker_settings.password_lines(store), password_file(devices)
    rules = f"{broker_settings.access_rules()}\n{access_file(devices)}"
    secret_files.write_private(broker / "mosquitto.conf", text)
    secret_files.write_private(broker / "passwords", own if plugin.is_file() else own + theirs)
    secret_files.write_private(broker / "device-passwords", theirs)
    secret_files.write_private(broker / "access", rules)


def migrate(secrets: Path) -> None:
    """Create owner and database, apply migrations, create the public login and the operator."""
    store = secrets / "passwords.json"
    superuser = _database_url(store, "postgres")
    roles.create_owner(superuser, secret_files.password(store, roles.OWNER))
    environment = {**os.environ, "HANOI_DATABASE_URL": _database_url(store, roles.OWNER)}
    subprocess.run(["hanoi-migrate"], env=environment, check=True)
    password = secret_files.password(store, PUBLIC_LOGIN)
    roles.create_login(superuser, PUBLIC_LOGIN, password, member_of="hanoi_public")
    made = secrets / "operator-created"
    if not made.exists():
        _add_operator(secret_files.password(store, "operator"), environment)
        made.touch()


def _add_operator(password: str, environment: dict[str, str]) -> None:
    command = ["hanoi-control-room", "user", "add", "operator", "--role", "operator"]
    subprocess.run(
        [*command, "--password-stdin"],
        input=f"{password}\n",
        text=True,
        env=environment,
        check=True,
    )


def _database_url(store: Path, user: str) -> str:
    password = quote(secret_files.password(store, user), safe="")
    dbname = "postgres" if user == "postgres" else "hanoi"
    return f"postgresql://{user}:{password}@database:5432/{dbname}"


def _broker_url(store: Path, user: str) -> str:
    password = quote(secret_files.password(store, user), safe="")
    return f"mqtt://{user}:{password}@broker:1883"


def _write_environment(path: Path, values: dict[str, str]) -> None:
    text = "".join(f"export {name}='{value}'\n" for name, value in values.items())
    secret_files.write_private(path, text)


def _give(folder: Path, uid: int) -> None:
    for path in (folder, *folder.iterdir()) if os.geteuid() == 0 else ():
        os.chown(path, uid, uid)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `setup` or `migrate`."""
    parser = argparse.ArgumentParser(prog="python -m deploy.containers", description=__doc__)
    parser.add_argument("command", choices=("setup", "migrate"))
    if parser.parse_args(arguments).command == "setup":
        setup(Path("/secrets"), Path("/public-secrets"), Path("/broker"))
        _give(Path("/watchdog"), OUR_UID)
    else:
        migrate(Path("/secrets"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
