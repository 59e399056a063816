"""docs/alerts.md names everything that people meet in rules, records and metrics."""

import re
from pathlib import Path

import pytest

from alerts import route, rules
from alerts.model import Comparison, Reason, Severity

ROOT = Path(__file__).parents[2]
DOCS = (ROOT / "docs" / "alerts.md").read_text("utf-8")


@pytest.mark.parametrize("name", sorted(rules._RuleTable.model_fields))
def test_every_key_of_a_rule_is_documented(name: str) -> None:
    alias = rules._RuleTable.model_fields[name].alias or name
    assert re.search(rf"(^|[`{{ ]){alias}( =|`)", DOCS, re.M)


@pytest.mark.parametrize("word", [*Comparison, *Severity, *Reason])
def test_every_word_of_a_rule_and_a_transition_is_documented(word: str) -> None:
    assert word in DOCS


def test_every_outcome_is_documented() -> None:
    outcomes = {value for name, value in vars(route).items() if name.isupper() and isinstance(value, str)}
    assert len(outcomes) >= 6
    assert sorted(outcome for outcome in outcomes if f"`{outcome}`" not in DOCS) == []


def test_every_metric_is_documented() -> None:
    names = set(re.findall(r'"(hanoi_alerts_[a-z_]+)"', (ROOT / "alerts" / "metrics.py").read_text("utf-8")))
    assert names
    assert sorted(name for name in names if f"`{name}`" not in DOCS) == []
