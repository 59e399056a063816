"""What `hanoi-ingest` can do besides running: one module a command, found by its name.

A command is a module here with

- a docstring, its first line the help text;
- `add_arguments(parser)`;
- `run(arguments, settings) -> int`, the exit status; it prints for people and raises ConfigurationError,
  ReferenceDataError or CommandError for what they did wrong.
"""

import argparse
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, Protocol

from storage.settings import Settings


class CommandError(ValueError):
    """Something that the person at the keyboard can mend; the message says what."""


class Command(Protocol):
    """What a command module looks like."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None: ...

    def run(self, arguments: argparse.Namespace, settings: Settings) -> int: ...


def find() -> dict[str, Command]:
    """Every command by its name on the command line."""
    found: dict[str, Command] = {}
    for module in iter_modules(__path__):
        command: Any = import_module(f"{__name__}.{module.name}")
        found[module.name.replace("_", "-")] = command
    return found
