"""`hanoi-control-room user …`: accounts of operators from the command line. Every change is audited."""

import getpass
import sys
from argparse import ArgumentParser, Namespace
from datetime import UTC, datetime
from typing import Any, Final

from dashboard.control_room.accounts import AccountError, disable_account, set_account
from storage import db, operators
from storage.operators import Role
from storage.settings import ConfigurationError, Settings, exit_on_configuration_error

SOURCE: Final = "command line"


def add_parser(commands: Any) -> None:
    """The subcommand `user` with add, list and disable."""
    user: ArgumentParser = commands.add_parser("user", help="accounts of operators")
    actions = user.add_subparsers(dest="action", required=True)
    add = actions.add_parser("add", help="add an account, or set its password and role anew")
    add.add_argument("name")
    add.add_argument("--role", choices=[role.value for role in Role], required=True)
    add.add_argument("--password-stdin", action="store_true", required=True, help="the password is line 1")
    add.set_defaults(run=_add)
    actions.add_parser("list", help="every account").set_defaults(run=_list)
    disable = actions.add_parser("disable", help="shut an account and end its sessions")
    disable.add_argument("name")
    disable.set_defaults(run=_disable)


def run(arguments: Namespace) -> None:
    """Exit 0 done (also when nothing was left to do), 1 refused, 2 configuration."""
    try:
        settings = Settings.load()
        with db.connect(settings.required("database_url"), name="user", autocommit=True) as conn:
            print(arguments.run(conn, arguments, datetime.now(UTC)))
    except ConfigurationError as error:
        exit_on_configuration_error(error)
    except (AccountError, db.DatabaseUnreachable) as error:
        raise SystemExit(f"hanoi-control-room: {error}") from None


def _add(conn: db.Connection, arguments: Namespace, now: datetime) -> str:
    password = sys.stdin.readline().rstrip("\r\n")
    change = set_account(
        conn,
        name=arguments.name,
        role=Role(arguments.role),
        password=password,
        now=now,
        by=_who(),
        source=SOURCE,
    )
    return f"{arguments.name}: {change} ({arguments.role})"


def _list(conn: db.Connection, arguments: Namespace, now: datetime) -> str:
    lines = [
        f"{found.name}\t{found.role}\t{'disabled' if found.disabled_at else 'enabled'}"
        for found in operators.all_operators(conn)
    ]
    return "\n".join(lines) or "no accounts yet"


def _disable(conn: db.Connection, arguments: Namespace, now: datetime) -> str:
    changed = disable_account(conn, name=arguments.name, now=now, by=_who(), source=SOURCE)
    return f"{arguments.name}: {'disabled' if changed else 'was disabled already'}"


def _who() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container without the user in /etc/passwd
        return "-"
