"""Edits over the rules of the files: the newest version that loads counts, and no edit stops anything."""

from datetime import UTC, datetime
from typing import Any

import pytest

from alerts.conditions import Reading, Threshold
from alerts.edited import layered, one_rule
from alerts.rule_form import text_of
from alerts.rules import parse_rules
from storage.catalog import ReferenceDataError
from storage.rule_edits import RuleEdit
from tests.alerts import written as lab

DOMAINS = lab.domains(lab.table({"above": 5}))
FILES = parse_rules(DOMAINS, ())


def text(limit: object, **keys: Any) -> str:
    return text_of({"domain": "lab", **lab.table({"above": limit}), **keys})


def edits(*documents: str | None, off: tuple[int, ...] = (), key: str = "tried") -> dict[str, list[RuleEdit]]:
    """Versions 1, 2, … of a rule, of which some switch it off."""
    made = [
        RuleEdit(
            id=number,
            key=key,
            version=number,
            document=document,
            enabled=number not in off,
            reason=f"because {number}",
            author=f"author {number}",
            made_at=datetime(2026, 11, 1, tzinfo=UTC),
        )
        for number, document in enumerate(documents, start=1)
    ]
    return {key: made[::-1]}


def limit(found: dict[str, list[RuleEdit]], key: str = "tried") -> float | None:
    """Of the rule in force; None: there is none."""
    rule = layered(DOMAINS, FILES, found).by_key.get(key)
    if rule is None:
        return None
    assert isinstance(rule.condition, Reading)
    assert isinstance(rule.condition.held_against, Threshold)
    return rule.condition.held_against.limit


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ({}, 5),
        (edits(text(7)), 7),
        (edits(text(7), text(9)), 9),
        (edits(text(7), None), 5),
        (edits(text(7), off=(1,)), None),
        (edits(text(7), text(7), off=(1,)), 7),
        (edits(None, off=(1,)), None),
    ],
)
def test_the_newest_version_counts(found: dict[str, list[RuleEdit]], expected: float | None) -> None:
    assert limit(found) == expected


BROKEN = (
    "not toml =",
    text("deep"),
    text(10_000),  # lab's properties end at 1000
    text(7, property="gone"),
    text(7, key="other"),
    text(7) + text(8, key="second"),
    "",
    text(7, title={"vi": "\x00", "en": "x"}),
    text(7, **{"for": "99999999999999999999d"}),
    "a = " + "[" * 5_000,
)


@pytest.mark.parametrize("broken", BROKEN)
def test_one_that_does_not_load_leaves_what_was_in_force(broken: str) -> None:
    assert limit(edits(broken)) == 5
    assert limit(edits(text(7), broken)) == 7
    assert limit(edits(text(7), None, broken)) == 5
    assert limit(edits(text(7), text(7), broken, off=(2,))) is None
    said = layered(DOMAINS, FILES, edits(text(7), broken)).edited["tried"]
    assert (said.version, said.author) == (2, "author 2")
    assert said.fault
    with pytest.raises(ReferenceDataError):
        one_rule(DOMAINS, broken, "tried", "draft")


def test_a_rule_that_no_file_has_comes_and_goes_with_its_edits() -> None:
    new = text(7, key="new")
    assert limit(edits(new, key="new"), "new") == 7
    assert limit(edits(new, None, key="new"), "new") is None
    assert limit(edits(new, key="new")) == 5


def test_an_edited_rule_says_whose_it_is_and_is_looked_up_by_its_series() -> None:
    book = layered(DOMAINS, FILES, edits(text(7)))
    assert book.by_key["tried"].source == "control room: tried version 1"
    assert book.by_series["lab", "a"] == (book.by_key["tried"],)
    assert (book.edited["tried"].author, book.edited["tried"].fault) == ("author 1", None)
