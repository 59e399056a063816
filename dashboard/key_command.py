"""`hanoi-public key …`: keys to the public API from the command line. A key is shown once; only its hash is kept."""

import getpass
import secrets
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from dashboard.api_keys import HANOI
from storage import api_keys, db
from storage.settings import ConfigurationError, Settings, exit_on_configuration_error

PER_MINUTE: Final = 600
PER_DAY: Final = 100_000


class KeyCommandError(Exception):
    """Refused; says what would be right."""


def add_parser(commands: Any) -> None:
    """The subcommand `key` with add, list and revoke."""
    key: ArgumentParser = commands.add_parser("key", help="keys to the API, with quotas")
    actions = key.add_subparsers(dest="action", required=True)
    add = actions.add_parser("add", help="make a key and show it, once")
    add.add_argument("name", help="what it is called in lists: a-z 0-9 . _ -")
    add.add_argument("--contact", required=True, help="who is told before it is revoked")
    add.add_argument("--per-minute", type=_count, default=PER_MINUTE, metavar="N", help=f"{PER_MINUTE}")
    add.add_argument("--per-day", type=_count, default=PER_DAY, metavar="N", help=f"{PER_DAY}")
    add.add_argument("--days", type=_count, metavar="N", help="valid for so long; without it for ever")
    add.set_defaults(run=_add)
    actions.add_parser("list", help="every key and its use").set_defaults(run=_list)
    revoke = actions.add_parser("revoke", help="a key counts no more within seconds")
    revoke.add_argument("name")
    revoke.set_defaults(run=_revoke)


def run(arguments: Namespace) -> None:
    """Exit 0 done, 1 refused, 2 configuration."""
    try:
        settings = Settings.load()
        with db.connect(settings.required("database_url"), name="key", autocommit=True) as conn:
            print(arguments.run(conn, arguments, datetime.now(UTC)))
    except ConfigurationError as error:
        exit_on_configuration_error(error)
    except (KeyCommandError, db.DatabaseUnreachable) as error:
        raise SystemExit(f"hanoi-public: {error}") from None


def _add(conn: db.Connection, arguments: Namespace, now: datetime) -> str:
    if not api_keys.NAME.fullmatch(arguments.name):
        raise KeyCommandError(f"'{arguments.name}' is no name: a-z 0-9 . _ -, at most 64")
    if not arguments.contact.strip():
        raise KeyCommandError("--contact is empty")
    key = f"hanoi_{secrets.token_urlsafe(32)}"
    made = api_keys.add(
        conn,
        name=arguments.name,
        key_hash=api_keys.hash_of(key),
        contact=arguments.contact,
        per_minute=arguments.per_minute,
        per_day=arguments.per_day,
        expires_at=None if arguments.days is None else now + timedelta(days=arguments.days),
        actor=_who(),
        now=now,
    )
    if not made:
        raise KeyCommandError(f"there is or was a key '{arguments.name}': take another name")
    return key


def _list(conn: db.Connection, arguments: Namespace, now: datetime) -> str:
    found = api_keys.all_keys(conn, now.astimezone(HANOI).date())
    lines = [
        "\t".join(
            (
                key.name,
                key.state(now),
                f"{key.per_minute}/min",
                f"{key.per_day}/day",
                f"today {key.today}",
                f"30 days {key.in_30_days}",
                f"refused {key.refused_in_30_days}",
                f"until {key.expires_at:%Y-%m-%d}" if key.expires_at else "for ever",
                key.contact,
            )
        )
        for key in found
    ]
    return "\n".join(lines) or "no keys yet"


def _revoke(conn: db.Connection, arguments: Namespace, now: datetime) -> str:
    if api_keys.revoke(conn, name=arguments.name, actor=_who(), now=now):
        return f"{arguments.name}: revoked"
    if api_keys.find(conn, arguments.name) is None:
        raise KeyCommandError(f"there is no key '{arguments.name}'")
    return f"{arguments.name}: was revoked already"


def _count(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 2**31:
        raise ArgumentTypeError(f"'{text}' is no number from 1 on")
    return int(text)


def _who() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container without the user in /etc/passwd
        return "-"
