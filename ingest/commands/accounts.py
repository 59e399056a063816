"""Accounts on the broker for devices, gateways and sources: add, list, remove, rotate.

Writes Mosquitto's `passwords` and `access` into one folder: HANOI_BROKER_ACCOUNTS_DIR, else the demo's, whose broker
takes changes over within seconds. A secret is shown once, here, and kept as a hash only.
"""

import argparse
import fcntl
import os
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from ingest import accounts
from ingest.accounts import ACCESS, PASSWORDS, Account, AccountError, Sender
from ingest.command_line import counted, reference_of
from ingest.commands import CommandError
from ingest.sources import load_sources
from storage import db, things
from storage.settings import Settings

_SECRET_BYTES: Final = 24
_SALT_BYTES: Final = 12

Wanted = Mapping[str, tuple[str, ...]]
"""Account → topics."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    under = parser.add_subparsers(dest="action", metavar="action", required=True)
    add = under.add_parser("add", help="make accounts and show their secrets, once")
    add.add_argument("thing", nargs="*", help="a device's Thing: it may publish as this one only")
    add.add_argument("--all-things", action="store_true", help="one for each Thing that has none yet")
    add.add_argument("--gateway", metavar="NAME", help="one account that speaks for several Things")
    add.add_argument("--things", metavar="A,B,C", default="", help="the gateway's")
    add.add_argument("--source", metavar="NAME", help="a network server: may publish its source's topics")
    add.add_argument("--device", help="only this device of the source, in the place of the topic's +")
    add.add_argument("--name", help="the source's account, instead of a name made of source and device")
    rotate = under.add_parser("rotate", help="new secrets; the old ones stop working")
    remove = under.add_parser("remove", help="take accounts away; their connections are closed")
    for parser_ in (rotate, remove):
        parser_.add_argument("account", nargs="+")
    for parser_ in (add, rotate):
        parser_.add_argument(
            "--out", type=Path, metavar="FILE", help="secrets into a new file of mode 0600, not shown"
        )
    list_ = under.add_parser("list", help="who may publish what")
    for parser_ in (add, rotate, remove, list_):
        parser_.add_argument("--folder", type=Path, help="where the two files are, for a broker of one's own")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    action: Callable[[argparse.Namespace, Settings, Path], None] = {
        "add": _add,
        "rotate": _rotate,
        "remove": _remove,
        "list": _list,
    }[arguments.action]
    try:
        action(arguments, settings, _folder(arguments.folder, settings))
    except AccountError as error:
        raise CommandError(str(error)) from None
    except OSError as error:
        raise CommandError(f"{error.filename}: {error.strerror}") from None
    return 0


def _add(arguments: argparse.Namespace, settings: Settings, folder: Path) -> None:
    wanted = _wanted(arguments, settings)
    with _locked(folder):
        known = _read(folder)
        there = sorted(set(wanted) & set(known))
        if there and not arguments.all_things:
            raise AccountError(f"{', '.join(there)}: has an account; `accounts rotate` makes a new secret")
        fresh = {name: secrets.token_urlsafe(_SECRET_BYTES) for name in wanted if name not in known}
        made = {
            name: Account(name=name, hash=_hashed(secret), topics=tuple(wanted[name]))
            for name, secret in fresh.items()
        }
        _show(made, fresh, arguments.out, lambda: _write(folder, {**known, **made}))


def _rotate(arguments: argparse.Namespace, settings: Settings, folder: Path) -> None:
    with _locked(folder):
        known = _read(folder)
        chosen = _chosen(arguments.account, known)
        fresh = {name: secrets.token_urlsafe(_SECRET_BYTES) for name in chosen}
        changed = {name: replace(known[name], hash=_hashed(secret)) for name, secret in fresh.items()}
        _show(changed, fresh, arguments.out, lambda: _write(folder, {**known, **changed}))


def _remove(arguments: argparse.Namespace, settings: Settings, folder: Path) -> None:
    with _locked(folder):
        known = _read(folder)
        gone = set(_chosen(arguments.account, known))
        _write(folder, {name: account for name, account in known.items() if name not in gone})
    print(f"removed: {', '.join(sorted(gone))}")


def _list(arguments: argparse.Namespace, settings: Settings, folder: Path) -> None:
    known = _read(folder)
    for account in known.values():
        _print_account(account)
    print(f"{counted(len(known), 'account')} in {folder}")


def _wanted(arguments: argparse.Namespace, settings: Settings) -> Wanted:
    """What the command line asks for. Raises AccountError."""
    ways = [bool(arguments.thing), arguments.all_things, bool(arguments.gateway), bool(arguments.source)]
    if sum(ways) != 1:
        raise AccountError("give one of: Things, --all-things, --gateway with --things, --source")
    if bool(arguments.things) != bool(arguments.gateway) or (arguments.device and not arguments.source):
        raise AccountError("--gateway and --things go together, --device goes with --source")
    if arguments.name and not arguments.source:
        raise AccountError("--name goes with --source; a device's account is called as its Thing")
    if arguments.source:
        return _of_source(arguments.source, arguments.device, arguments.name, settings)
    known = _known_things(settings)
    print(f"Things: {known.whence}")
    if arguments.gateway:
        names = [name.strip() for name in arguments.things.split(",") if name.strip()]
        topics = accounts.topics_of_all(names, known.things, known.where)
        return {accounts.checked_name(arguments.gateway): topics}
    chosen = known.senders if arguments.all_things else arguments.thing
    return {
        accounts.checked_name(name): accounts.topics_of_all([name], known.things, known.where)
        for name in chosen
    }


@dataclass(frozen=True, kw_only=True)
class _Things:
    """Those that may get an account."""

    things: Mapping[str, Sender]
    senders: Sequence[str]
    """Those that send: not a car park, whose bays do, and nothing of the platform itself unless it is named."""
    where: str
    whence: str


def _known_things(settings: Settings) -> _Things:
    """Those of the inventory, and of the database those that were made by a claim."""
    reference = reference_of(settings)
    inventory = reference.things
    found: dict[str, Sender] = {thing.id: thing for thing in inventory}
    senders = [
        thing.id for thing in inventory if thing.properties and not reference.domains[thing.domain].internal
    ]
    if settings.database_url is None:
        whence = f"the inventory's files ({len(found)}); HANOI_DATABASE_URL is not set"
        return _Things(things=found, senders=senders, where="the inventory", whence=whence)
    try:
        with db.connect(settings.database_url.get_secret_value(), name="accounts") as conn:
            rows = things.all_things(conn)
    except (db.DatabaseUnreachable, db.SchemaMissing) as error:
        why = str(error).strip().splitlines()[0]
        whence = f"the inventory's files ({len(found)}); the database can't be reached: {why}"
        return _Things(things=found, senders=senders, where="the inventory", whence=whence)
    parents = {row.parent_id for row in rows}
    added = [row for row in rows if row.id not in found]
    whence = f"the inventory's files ({len(found)}) and the database ({len(added)} more)"
    return _Things(
        things=found | {row.id: row for row in added},
        senders=senders + [row.id for row in added if row.id not in parents],
        where="the inventory or the database",
        whence=whence,
    )


def _of_source(name: str, device: str | None, account: str | None, settings: Settings) -> Wanted:
    if settings.sources_file is None:
        raise AccountError(f"HANOI_SOURCES_FILE is not set: it says what source '{name}' is")
    source = load_sources(settings.sources_file).named(name)
    if source is None:
        raise AccountError(f"no source '{name}' in HANOI_SOURCES_FILE ({settings.sources_file})")
    filters = accounts.filters_of(source, device)
    called = accounts.checked_name(account) if account else accounts.source_account(name, device)
    if device is not None:
        print(f"device {device!r} of source {name} has the account {called}")
    return {called: filters}


def _chosen(names: Sequence[str], known: Mapping[str, Account]) -> Sequence[str]:
    unknown = [name for name in names if name not in known]
    if unknown:
        raise AccountError(f"no such account: {', '.join(unknown)}")
    return names


def _hashed(secret: str) -> str:
    return accounts.mosquitto_hash(secret, os.urandom(_SALT_BYTES))


def _show(
    changed: Mapping[str, Account], fresh: Mapping[str, str], out: Path | None, write: Callable[[], None]
) -> None:
    """The secrets leave this process once: to a new private file, or to the screen after all is written."""
    if out is not None:
        _write_new(out, "".join(f"{name} {secret}\n" for name, secret in fresh.items()))
    write()
    for account in changed.values() if out is None else ():
        _print_account(account)
        print(f"  user      {account.name}\n  password  {fresh[account.name]}   (not shown again)")
    print(
        f"{counted(len(changed), 'account')} written"
        + (f"; secrets in {out}" if out is not None and changed else "")
    )


def _print_account(account: Account) -> None:
    shown = account.topics[:6]
    print(account.name)
    for topic in shown:
        print(f"  publishes {topic}")
    if len(account.topics) > len(shown):
        print(f"  and {len(account.topics) - len(shown)} topics more")


def _folder(given: Path | None, settings: Settings) -> Path:
    if given is not None:
        return given
    if settings.broker_accounts_dir is None and not settings.runtime_dir.is_dir():
        raise CommandError(
            f"no demo at {settings.runtime_dir.absolute()}: name a folder, with --folder or"
            " HANOI_BROKER_ACCOUNTS_DIR"
        )
    return settings.accounts_folder


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """One writer at a time."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _read(folder: Path) -> dict[str, Account]:
    try:
        return accounts.parse(_text(folder / PASSWORDS), _text(folder / ACCESS))
    except AccountError as error:
        raise AccountError(f"{folder}: {error}") from None


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


def _write(folder: Path, known: Mapping[str, Account]) -> None:
    """A password without rules may nothing, so whoever reads between the two sees no more than is meant."""
    _write_private(folder / ACCESS, accounts.access_file(known.values()))
    _write_private(folder / PASSWORDS, accounts.password_file(known.values()))


def _write_private(path: Path, text: str) -> None:
    """Whole or not at all."""
    partial = path.with_name(f".{path.name}.partial")
    partial.unlink(missing_ok=True)
    _write_new(partial, text)
    partial.replace(path)


def _write_new(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
