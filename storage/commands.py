"""What a program can do besides running: one module a command in a package, found by its name.

A command is a module with

- a docstring, its first line the help text;
- `add_arguments(parser)`;
- `run(arguments, settings) -> int`, the exit status; it prints for people and raises ConfigurationError,
  ReferenceDataError or CommandError for what they did wrong.
"""

import argparse
from collections.abc import Iterable, Mapping
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


def find_in(package: str, path: Iterable[str]) -> dict[str, Command]:
    """Every command of a package by its name on the command line."""
    found: dict[str, Command] = {}
    for module in iter_modules(path):
        command: Any = import_module(f"{package}.{module.name}")
        found[module.name.replace("_", "-")] = command
    return found


def add_to(parser: argparse.ArgumentParser, known: Mapping[str, Command]) -> None:
    """`parser` takes each of them as its first word."""
    under = parser.add_subparsers(dest="command", metavar="command")
    for name, command in known.items():
        text = command.__doc__ or ""
        command.add_arguments(under.add_parser(name, help=text.partition("\n")[0], description=text))
