"""A rule while it is written: checked as `hanoi-alerts check` would, and tried on its tests."""

from collections.abc import Iterator
from typing import Any, Final

from alerts.commands import test as rule_tests
from alerts.edited import one_rule
from alerts.model import Rule
from alerts.nearest import none_of
from alerts.rule_test import read_tests
from alerts.rule_test import run as run_test
from dashboard.control_room import rule_view
from dashboard.control_room.parts import Parts
from storage.catalog import ReferenceDataError, parse_toml

DRAFT: Final = "draft"
"""What faults of a text call it."""
STARTER: Final = """\
[[rule]]
key = ""
domain = "flood"
property = "water_depth"
when = { at_least = 20 }
for = "2m"
severity = "warning"
title = { vi = "", en = "" }
runbook = { vi = "", en = "" }
suggestion = true
basis = { vi = "", en = "" }
"""


def checked(parts: Parts, text: str, key: str | None) -> Rule:
    """Raises ReferenceDataError as `hanoi-alerts check` would."""
    rule = one_rule(parts.rules.domains, text, key, DRAFT)
    known = {one.id for one in parts.city.view.things.values() if one.domain == rule.domain}
    unknown = sorted((rule.things or frozenset()) - known) if known else []
    if unknown:
        raise ReferenceDataError(f"{DRAFT}: rule {rule.key}: things: {none_of(unknown[0], known)}")
    read_tests(DRAFT, parse_toml(text, DRAFT).get("test", []), {rule.key: rule})
    return rule


def tested(parts: Parts, rule: Rule, text: str) -> Iterator[dict[str, Any]]:
    """What came of the tests of the rule: those that are shipped, beside rules, and in the text."""
    own = parse_toml(text, DRAFT).get("test", [])
    for source, listed in [
        (DRAFT, own),
        *rule_tests.everywhere(parts.rules.domains, parts.rules_folders),
    ]:
        for one in listed if isinstance(listed, list) else []:
            if isinstance(one, dict) and one.get("rule") == rule.key:
                yield _tested(source, one, rule)


def _tested(source: str, table: dict[str, Any], rule: Rule) -> dict[str, Any]:
    """One that can't be read any more, since the rule looks at something else now, has failed too."""
    try:
        (test,) = read_tests(source, [table], {rule.key: rule})
    except ReferenceDataError as error:
        return {"it": str(table.get("it", "")), "passed": False, "faults": str(error).splitlines()}
    return rule_view.tested(run_test(test))
