"""Run the tests of rules: series that are written down, with what must come of each. Nothing is written.

The rules are those in force, with what was edited in the control room where HANOI_DATABASE_URL answers. Without files
the tests that are shipped and every [[test]] beside a rule. A file may hold drafts of rules beside their tests: then
these are tried. Exit status: 0 all came out as expected, 1 one did not, or there are none, 2 a file can't be used.
"""

import argparse
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from alerts import edited, rules
from alerts.commands import CommandError
from alerts.model import Rule
from alerts.rule_test import Outcome, RuleTest, read_tests, untested
from alerts.rule_test import run as run_test
from storage.catalog import load_catalog, read_toml, toml_files
from storage.model import Domain
from storage.settings import Settings

SHIPPED: Final = Path(str(files("alerts"))) / "rule_tests"

Tables = tuple[str, Any]
"""(file, its `test` tables)"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", type=Path, nargs="*", metavar="FILE", help="these, or all of a folder")
    parser.add_argument(
        "--rule", action="append", default=[], metavar="KEY", help="only this one's; several times"
    )
    parser.add_argument("-v", "--verbose", action="store_true", help="name those that passed too")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    domains = load_catalog(settings.catalog_folders)
    folders = (rules.SHIPPED, *settings.rules_dir)
    files_ = rules.parse_rules(domains, folders)
    book = {
        **files_.by_key,
        **edited.of_settings(settings, domains, files_).book.by_key,
    }  # also what is switched off
    paths = list(_paths(arguments.files))
    for path in paths:
        book |= rules.parse_file(domains, path).by_key
    tables = map(_of_file, paths) if paths else everywhere(domains, folders)
    tests = [test for source, listed in tables for test in read_tests(source, listed, book)]
    wanted = [test for test in tests if not arguments.rule or test.rule.key in arguments.rule]
    outcomes = [run_test(test) for test in wanted]
    for outcome in outcomes:
        if outcome.faults or arguments.verbose:
            print("\n".join(_shown(outcome)))
    failed = sum(1 for outcome in outcomes if outcome.faults)
    print(f"{_counted(len(outcomes), 'test')}, {failed or 'none'} failed")
    if not paths and not arguments.rule:
        print("\n".join(_lacking(book, wanted)))
    return 1 if failed or not outcomes else 0


def everywhere(domains: Mapping[str, Domain], folders: Sequence[Path]) -> Iterator[Tables]:
    """The shipped ones, and those beside rules in the catalogue and in rules.d."""
    yield from map(_of_file, toml_files([SHIPPED]))
    for domain in domains.values():
        yield domain.source, domain.sections.get("test", [])
    yield from map(_of_file, toml_files(folders))


def _paths(given: Iterable[Path]) -> Iterator[Path]:
    for path in given:
        if path.is_dir():
            yield from toml_files([path])
        elif path.is_file():
            yield path
        else:
            raise CommandError(f"{path}: there is no such file")


def _of_file(path: Path) -> Tables:
    return str(path), read_toml(path).get("test", [])


def _shown(outcome: Outcome) -> Iterator[str]:
    test = outcome.test
    if not outcome.faults:
        yield f"ok    {test.rule.key} {test.it}"
        return
    yield f"FAIL  {test.rule.key} {test.it} ({test.source})"
    yield from (f"      {line}" for line in outcome.faults)


def _lacking(book: Mapping[str, Rule], tests: Sequence[RuleTest]) -> Iterator[str]:
    lacking = untested(book.values(), tests)
    rules_ = _counted(len(book), "rule")
    yield f"{rules_}, {len(lacking) or 'none'} without a series that fires it and one that does not"
    yield from (f"  {key} lacks {what}" for key, what in sorted(lacking.items()))


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
