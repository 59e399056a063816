"""Edits of the control room over the rules of the files: which rules are in force."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from alerts.model import Rule
from alerts.rules import Edited, RuleBook, parse_text
from storage import db, rule_edits
from storage.catalog import ReferenceDataError, parse_toml
from storage.model import Domain
from storage.rule_edits import RuleEdit
from storage.settings import Settings

CONTROL_ROOM: Final = "control room"
"""What the source of an edited rule begins with."""


def source(key: str, version: int) -> str:
    return f"{CONTROL_ROOM}: {key} version {version}"


def layered(
    domains: Mapping[str, Domain], files: RuleBook, edits: Mapping[str, Sequence[RuleEdit]]
) -> RuleBook:
    """`edits` by rule, the newest version first. Never raises: of one that does not load the version before counts."""
    rules = dict(files.by_key)
    edited: dict[str, Edited] = {}
    for key, versions in edits.items():
        rule, fault = _in_force(domains, files.by_key.get(key), versions)
        if rule is None:
            rules.pop(key, None)
        else:
            rules[key] = rule
        newest = versions[0]
        edited[key] = Edited(version=newest.version, author=newest.author, reason=newest.reason, fault=fault)
    return RuleBook.of(rules.values(), edited)


def _in_force(
    domains: Mapping[str, Domain], of_files: Rule | None, versions: Sequence[RuleEdit]
) -> tuple[Rule | None, str | None]:
    """The rule, and what is wrong with the newest version."""
    fault: str | None = None
    for version in versions:
        if not version.enabled:
            return None, fault
        if version.document is None:
            return of_files, fault
        try:
            return one_rule(
                domains, version.document, version.key, source(version.key, version.version)
            ), fault
        except ReferenceDataError as error:
            fault = fault or str(error)
    return of_files, fault


def one_rule(domains: Mapping[str, Domain], text: str, key: str | None, where: str) -> Rule:
    """The one rule of a text, called `key` (None: however it is called).

    Raises ReferenceDataError naming `where`, key and what would be right.
    """
    document = parse_toml(text, where)
    if _has_nul(document):  # the database takes none
        raise ReferenceDataError(f"{where}: a text holds the character \\u0000")
    rules = list(parse_text(domains, text, where).by_key.values())
    if len(rules) != 1:
        raise ReferenceDataError(f"{where}: rule: is one [[rule]] table, here are {len(rules)}")
    if key is not None and rules[0].key != key:
        raise ReferenceDataError(f"{where}: rule {rules[0].key}: key: must stay '{key}'")
    return rules[0]


def in_force(conn: db.Connection, domains: Mapping[str, Domain], files: RuleBook) -> RuleBook:
    """The files' rules with the edits that are stored."""
    return layered(domains, files, rule_edits.newest(conn))


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """The rules in force, and why edits may be missing among them."""

    book: RuleBook
    without: str | None = None


def of_settings(settings: Settings, domains: Mapping[str, Domain], files: RuleBook) -> Found:
    """As `in_force`, for commands: of a database that is not there, or does not answer, the files' rules."""
    if settings.database_url is None:
        return Found(book=files, without="HANOI_DATABASE_URL is not set")
    try:
        with db.connect(settings.required("database_url"), name="rules", autocommit=True) as conn:
            return Found(book=in_force(conn, domains, files))
    except db.SchemaMissing:
        return Found(book=files, without="the database has no schema: run hanoi-migrate")
    except db.DatabaseUnreachable:
        return Found(book=files, without="the database does not answer")


def _has_nul(node: Any) -> bool:
    if isinstance(node, str):
        return "\x00" in node
    if isinstance(node, dict):
        return any(_has_nul(key) or _has_nul(value) for key, value in node.items())
    return isinstance(node, list) and any(map(_has_nul, node))
