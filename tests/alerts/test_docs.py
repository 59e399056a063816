"""docs/alerts.md names everything that people meet in rules, records and metrics."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from alerts import route, rule_test, rules
from alerts.model import Public, Reason, Severity
from alerts.rule_test import read_tests, run
from alerts.rules import parse_rules
from alerts.whens import VERBS, When
from storage import catalog
from tests.alerts.written import table, written

ROOT = Path(__file__).parents[2]
DOCS = (ROOT / "docs" / "alerts.md").read_text("utf-8")


@pytest.mark.parametrize("name", sorted(rules._RuleTable.model_fields))
def test_every_key_of_a_rule_is_documented(name: str) -> None:
    alias = rules._RuleTable.model_fields[name].alias or name
    assert re.search(rf"(^|[`{{ ]){alias}( =|`)", DOCS, re.M)


@pytest.mark.parametrize(
    "model", [When, rules.CalendarTable, rules._CapTable, rule_test._TestTable, rule_test._SeriesTable]
)
def test_every_key_of_its_tables_is_documented(model: type[Any]) -> None:
    keys = [field.alias or name for name, field in model.model_fields.items()]
    assert [key for key in keys if not re.search(rf"[`{{ \n]{key}( =|`)", DOCS)] == []


@pytest.mark.parametrize("word", [*VERBS, *Severity, *Reason, *Public])
def test_every_word_of_a_rule_and_a_transition_is_documented(word: str) -> None:
    assert word in DOCS


def test_every_outcome_is_documented() -> None:
    outcomes = {
        value
        for name, value in vars(route).items()
        if name.isupper() and isinstance(value, str) and value.isidentifier()
    }
    assert len(outcomes) >= 6
    assert sorted(outcome for outcome in outcomes if f"`{outcome}`" not in DOCS) == []


def test_every_metric_is_documented() -> None:
    names = set(re.findall(r'"(hanoi_alerts_[a-z_]+)"', (ROOT / "alerts" / "metrics.py").read_text("utf-8")))
    assert names
    assert sorted(name for name in names if f"`{name}`" not in DOCS) == []


def examples() -> list[dict[str, Any]]:
    return [tomllib.loads(block) for block in re.findall(r"^```toml\n(.*?)^```", DOCS, re.M | re.S)]


def test_the_rule_in_the_docs_is_the_shipped_one() -> None:
    """Its words, not its texts."""
    book = parse_rules(catalog.load_catalog()).by_key
    (shown,) = [one["rule"][0] for one in examples() if isinstance(one.get("rule"), list)]
    domain = catalog.load_catalog()["flood"]
    (shipped,) = [one for one in domain.sections["rule"] if one["key"] == shown["key"]]
    texts = {"runbook", "basis", "resolve_when_silent"}
    assert shown["key"] in book
    assert {k: v for k, v in shown.items() if k not in texts} == {
        k: v for k, v in shipped.items() if k not in texts
    }


def test_conditions_in_the_docs_are_those_of_shipped_rules() -> None:
    tables = [one["rule"]["when"] for one in examples() if isinstance(one.get("rule"), dict)]
    conditions = [rule.condition for rule in parse_rules(catalog.load_catalog()).by_key.values()]
    city = catalog.load_catalog()
    made = []
    for domain, observed, when in [
        ("flood", "flood_level", tables[0]),
        ("water_quality", "dissolved_oxygen", tables[1]),
    ]:
        rule = {**table(when), "domain": domain, "property": observed}
        city[domain].sections["rule"] = [rule]
        made.append(parse_rules({**city}, ()).by_key["tried"].condition)
        city[domain].sections["rule"] = []
    assert [condition in conditions for condition in made] == [True, True]


def test_the_test_in_the_docs_passes() -> None:
    (tests,) = [one["test"] for one in examples() if "test" in one]
    book = parse_rules(catalog.load_catalog()).by_key
    assert [run(test).faults for test in read_tests("docs", tests, book)] == [()]


def test_the_calendar_in_the_docs_can_be_read() -> None:
    (line,) = re.findall(r"`(valid = \{.*?\})`", DOCS)
    assert written({"above": 1}, **tomllib.loads(line)).calendar is not None
