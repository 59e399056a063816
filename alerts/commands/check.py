"""Check the rules and who is told: every fault with file and key, or a table of what is in force. Nothing is written.

Reads the catalogue, the rules beside it and in rules.d, the inventory and alerting.toml, those of HANOI_* unless told
otherwise, and resolves the receivers' secrets without showing or using them. Rules that were edited in the control
room are seen as they are in force, where HANOI_DATABASE_URL answers. Exit status: 0 all is right, 1 there are faults.
"""

import argparse
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from alerts import edited, rules
from alerts.conditions import (
    Absent,
    All,
    AnyOf,
    Change,
    Condition,
    Limit,
    Outside,
    Reading,
    Stuck,
    Threshold,
    Usual,
)
from alerts.config import Alerting
from alerts.durations import written
from alerts.main import alerting_of, receivers_of
from alerts.model import Rule
from alerts.nearest import none_of
from alerts.route import every_route
from storage.catalog import ReferenceDataError, load_catalog
from storage.inventory import load_inventory
from storage.matchers import Matcher
from storage.model import Domain
from storage.settings import Settings

T = TypeVar("T")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add(
        "--catalog",
        type=Path,
        action="append",
        metavar="DIR",
        help="instead of HANOI_CATALOG_DIR; several times",
    )
    add(
        "--rules", type=Path, action="append", metavar="DIR", help="instead of HANOI_RULES_DIR; several times"
    )
    add("--files-only", action="store_true", help="without what was edited in the control room")
    add("--alerting", type=Path, metavar="FILE", help="instead of HANOI_ALERTING_FILE")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Goes on after a fault as far as the rest can be judged without it."""
    settings = _as_told(arguments, settings)
    faults = [f"{folder}: there is no such folder" for folder in settings.rules_dir if not folder.is_dir()]
    domains = _tried(lambda: load_catalog(settings.catalog_folders), faults)
    folders = (rules.SHIPPED, *settings.rules_dir)
    book = None if domains is None else _tried(lambda: rules.parse_rules(domains, folders), faults)
    found = None
    if domains is not None and book is not None and not arguments.files_only:
        found = edited.of_settings(settings, domains, book)
        book = found.book
        faults += [one.fault for one in book.edited.values() if one.fault is not None]
    alerting = _tried(lambda: alerting_of(settings), faults)
    receivers = None if alerting is None else _tried(lambda: receivers_of(alerting, settings), faults)
    if domains is not None and book is not None:
        faults += _things_that_are_none(settings, domains, book.by_key)
    if alerting is not None and book is not None:
        faults += _rules_that_are_none(alerting, {*book.by_key, *book.edited})
    if faults or book is None or alerting is None or receivers is None:
        print("".join(f"FAULT {line}\n" for fault in faults for line in fault.splitlines()), end="")
        return 1
    print("\n".join(_aligned([_HEAD, *(_row(rule) for rule in book.by_key.values())])))
    names = ", ".join(receiver.name for receiver in receivers) or "none"
    print(f"\n{len(book.by_key)} rules; {alerting.source}: receivers {names}; {_counted(alerting)}; no fault")
    print("".join(f"{line}\n" for line in _edits(found)), end="")
    return 0


def _edits(found: edited.Found | None) -> Iterator[str]:
    """What of it is not in the files."""
    if found is None:
        return
    if found.without is not None:
        yield f"Rules of the files only: {found.without}."
    off = sorted(found.book.edited.keys() - found.book.by_key.keys())
    if off:
        yield f"Switched off, or gone, in the control room: {', '.join(off)}."


def _as_told(arguments: argparse.Namespace, settings: Settings) -> Settings:
    told = {
        "catalog_dir": arguments.catalog and tuple(arguments.catalog),
        "rules_dir": arguments.rules and tuple(arguments.rules),
        "alerting_file": arguments.alerting,
    }
    return settings.model_copy(update={name: value for name, value in told.items() if value})


def _tried(read: Callable[[], T], faults: list[str]) -> T | None:
    try:
        return read()
    except ReferenceDataError as error:
        faults.append(str(error))
        return None


def _things_that_are_none(
    settings: Settings, domains: Mapping[str, Domain], book: Mapping[str, Rule]
) -> Iterator[str]:
    """What rules name and the inventory has not: they would watch nothing."""
    try:
        things = load_inventory(settings.inventory_folders, domains)
    except ReferenceDataError as error:
        yield str(error)
        return
    for rule in book.values():
        known = {thing.id for thing in things if thing.domain == rule.domain}
        for name in sorted(rule.things or ()):
            if name not in known:
                yield f"{rule.source}: rule {rule.key}: things: no Thing of {rule.domain}: {none_of(name, known)}"


def _rules_that_are_none(alerting: Alerting, book: Collection[str]) -> Iterator[str]:
    """What routes and inhibitions match on and is not there: they would never apply. One that is switched off is."""
    places: list[tuple[str, Sequence[Matcher]]] = [
        (f"route {route.key}: matchers", route.matchers) for route in every_route(alerting.root)
    ]
    for number, inhibition in enumerate(alerting.inhibitions, start=1):
        places += [
            (f"inhibit.{number}.source", inhibition.source),
            (f"inhibit.{number}.target", inhibition.target),
        ]
    for place, matchers in places:
        for matcher in matchers:
            if (matcher.label, matcher.operator) == ("rule", "=") and matcher.value not in book:
                yield f"{alerting.source}: {place}: rule = {none_of(matcher.value, book)}"


_HEAD = ("rule", "looks at", "when", "for", "severity", "limit", "file")


def _row(rule: Rule) -> tuple[str, ...]:
    return (
        rule.key,
        f"{rule.domain}/{rule.property}",
        said(rule.condition, rule),
        written(rule.hold) if rule.hold else "",
        rule.severity.value,
        "suggested" if rule.suggestion else "official",
        Path(rule.source).name,
    )


def said(condition: Condition, rule: Rule) -> str:
    """A condition in a line, in the words of its table."""
    match condition:
        case Reading():
            return f"{_of(condition.operand, rule)}{_limit(condition.held_against)}"
        case Change():
            verb = "falls_by" if condition.falls else "rises_by"
            by, within = condition.held_against.limit, written(condition.within)
            return f"{_of(condition.operand, rule)}{verb} {by:g} within {within}"
        case Usual():
            verb = "below_usual_by" if condition.below else "above_usual_by"
            return f"{_of(condition.operand, rule)}{verb} {condition.held_against.limit:g}"
        case Stuck():
            return f"{_of(condition.operand, rule)}stuck_for {written(condition.lasting)}"
        case Absent():
            return f"absent_for {written(condition.lasting)}"
        case All():
            return " and ".join(_bracketed(part, rule) for part in condition.parts)
        case AnyOf():
            return " or ".join(_bracketed(part, rule) for part in condition.parts)
    return condition.kind


def _bracketed(part: Condition, rule: Rule) -> str:
    text = said(part, rule)
    return f"({text})" if isinstance(part, (All, AnyOf)) else text


def _of(operand: int, rule: Rule) -> str:
    """What it looks at, where that is not the rule's own."""
    if operand == 0:
        return ""
    one = rule.operands[operand]
    near = "" if one.within_m is None else f" within {one.within_m / 1000:g} km"
    return f"{one.domain}/{one.property}{near} "


def _limit(limit: Limit) -> str:
    match limit:
        case Threshold():
            clear = "" if limit.clear is None else f", clear {limit.clear:g}"
            return f"{limit.comparison.value} {limit.limit:g}{clear}"
        case Outside():
            return f"outside {limit.low:g} to {limit.high:g}"
    return str(limit.shown)


def _aligned(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _counted(alerting: Alerting) -> str:
    routes = sum(1 for _ in every_route(alerting.root))
    return f"{routes} routes, {len(alerting.inhibitions)} inhibitions, {len(alerting.chains)} escalations"
