"""What commands of `hanoi-ingest` share: times and coordinates as people type them, the registry without a worker."""

import argparse
import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from ingest.claiming import Who
from ingest.commands import CommandError
from ingest.registry import Registry
from storage import db
from storage.model import HANOI
from storage.reference import Reference
from storage.settings import Settings


def aware_time(text: str) -> datetime:
    """An ISO 8601 time with an offset, for argparse."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is no time like 2026-11-22T10:00+07:00") from None
    if time.tzinfo is None:
        # a date alone, a week, a time without colons: an offset behind just any of them would not be understood
        full = time.isoformat(timespec="minutes" if time == time.replace(second=0, microsecond=0) else "auto")
        raise argparse.ArgumentTypeError(f"'{text}' has no offset: write {full}+07:00 for Hanoi, or {full}Z")
    return time


def printable(text: str, most: int = 400) -> str:
    """What a stranger sent, on one line of a terminal and without steering it."""
    shown = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text[:most])
    return shown if len(text) <= most else f"{shown}…"


def counted(number: int, noun: str) -> str:
    """'1 fault', '2 faults'."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def hanoi_time(time: datetime) -> str:
    return time.astimezone(HANOI).strftime("%Y-%m-%d %H:%M:%S")


def who() -> Who:
    """The account at the keyboard."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a container without the user in /etc/passwd
        name = "-"
    return Who(name=name, where="command line")


def reference_of(settings: Settings) -> Reference:
    """Raises ReferenceDataError."""
    return Reference(catalog_folders=settings.catalog_folders, inventory_folders=settings.inventory_folders)


@contextmanager
def registry_of(settings: Settings) -> Iterator[Registry]:
    """What ingest knows, from the database; nothing is written. Raises CommandError when it can't be reached."""
    url = settings.required("database_url")
    try:
        with db.connect(url, name="ingest-command"):
            pass  # a pool would try for ten seconds before it said so
        with db.open_pool(url, name="ingest-command") as pool:
            registry = Registry(pool=pool, reference=reference_of(settings))
            registry.load()
            yield registry
    except db.DatabaseUnreachable as error:
        why = str(error).strip()
        raise CommandError(
            f"HANOI_DATABASE_URL: {why}; what was done is done, try again for the rest"
        ) from error
