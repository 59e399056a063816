"""The form and the text of a rule are two views of one thing."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.rule_form import KINDS, OTHER, form_of, text_of, with_form
from alerts.rules import SHIPPED, digest, parse_text, written_tables
from storage.catalog import ReferenceDataError, load_catalog

DOMAINS = load_catalog()
TABLES = {key: table for key, (_, table) in written_tables(DOMAINS, (SHIPPED,)).items()}
BLANK = '[[rule]]\nkey = ""\n'

WORDS = st.text(
    st.characters(min_codepoint=33, max_codepoint=0x1EFF, exclude_categories=("Cs", "Cc", "Zs", "Zl", "Zp")),
    min_size=1,
    max_size=30,
)
BOTH = st.fixed_dictionaries({"vi": WORDS, "en": WORDS})
NUMBERS = st.integers(0, 80) | st.decimals(0, 80, places=2).map(float)
DURATIONS = st.sampled_from(["30s", "2m", "10m", "1h30m", "2h"])
CONDITIONS = st.one_of(
    st.builds(
        lambda verb, limit: {verb: limit}, st.sampled_from(["above", "at_least", "below", "at_most"]), NUMBERS
    ),
    st.builds(lambda low, width: {"outside": [low, low + width]}, st.integers(0, 40), st.integers(1, 40)),
    st.builds(
        lambda verb, by, within: {verb: by, "within": within},
        st.sampled_from(["rises_by", "falls_by"]),
        st.integers(1, 50),
        st.sampled_from(["10m", "1h"]),
    ),
    st.just({"absent_for": "30m"}),
    st.just({"stuck_for": "12h", "except": [0]}),
)


@st.composite
def tables(draw: st.DrawFn) -> dict[str, Any]:
    """Rules as people may write them, of every common kind and of one that the form has not."""
    when = draw(CONDITIONS)
    table: dict[str, Any] = {
        "key": draw(st.from_regex(r"[a-z0-9_-]{1,64}", fullmatch=True)),
        "domain": "flood",
        "property": "water_depth",
        "when": when,
        "severity": draw(st.sampled_from(["info", "warning", "critical"])),
        "title": draw(BOTH),
        "runbook": draw(BOTH),
        "suggestion": draw(st.booleans()),
        "basis": draw(BOTH),
    }
    extra = st.fixed_dictionaries(
        {},
        optional={
            "for": DURATIONS,
            "things": st.lists(st.sampled_from(["flood-tong-dan", "flood-thai-ha"]), min_size=1, unique=True),
            "labels": st.dictionaries(
                st.sampled_from(["team", "shift"]), st.sampled_from(["a", "b c"]), min_size=1
            ),
            "for_citizens": st.just(True),
            "public": st.sampled_from(["never", "approve", "auto"]),
            "worst_quality": st.integers(1, 4),
        },
    )
    table |= draw(extra)
    if "absent_for" not in when:
        table |= draw(
            st.fixed_dictionaries(
                {},
                optional={
                    "valid": st.fixed_dictionaries(
                        {},
                        optional={
                            "months": st.lists(st.integers(1, 12), min_size=1, unique=True),
                            "weekdays": st.lists(st.sampled_from(["mon", "sat"]), min_size=1, unique=True),
                            "hours": st.just(["06:00", "24:00"]),
                        },
                    ).filter(bool),
                },
            )
        )
    return table


def means(text: str) -> dict[str, str]:
    return {key: digest(rule) for key, rule in parse_text(DOMAINS, text, "draft").by_key.items()}


@settings(deadline=None)
@given(tables())
def test_a_form_that_nobody_touched_changes_nothing(table: dict[str, Any]) -> None:
    text = text_of(table)
    assert tomllib.loads(text)["rule"] == [table]
    assert with_form(text, form_of(text)) == text


@settings(deadline=None)
@given(tables())
def test_a_rule_of_a_common_kind_written_by_the_form_alone_means_the_same(table: dict[str, Any]) -> None:
    text = text_of(table)
    form = form_of(text)
    typed = with_form(BLANK, form)
    if form["kind"] == OTHER:
        typed = typed.rstrip() + "\nwhen = " + text_of({"when": table["when"]}).partition("when = ")[2]
    if "worst_quality" in table:
        typed = typed.rstrip() + f"\nworst_quality = {table['worst_quality']}\n"
    if "suggestion" not in tomllib.loads(typed)["rule"][0]:
        typed = typed.rstrip() + "\nsuggestion = true\n"
    assert means(typed) == means(text)
    again = form_of(typed)
    assert again == form


@settings(deadline=None)
@given(tables(), tables())
def test_the_form_of_another_rule_makes_it_that_rule_and_keeps_what_no_form_has(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    text = "# why it is so\n" + text_of(one)
    form = form_of(text_of(other))
    turned = with_form(text, form)
    assert turned.startswith("# why it is so\n")
    assert tomllib.loads(turned)["rule"][0].get("worst_quality") == one.get("worst_quality")
    expected = {**form}
    if form["kind"] == OTHER:  # its condition is written as text only
        mine = form_of(text)
        expected |= {
            name: mine[name] for name in ("kind", "value", "low", "high", "margin", "within", "clear")
        }
    assert form_of(turned) == expected


@pytest.mark.parametrize("key", sorted(TABLES))
def test_every_shipped_rule_is_the_same_as_a_text_of_its_own(key: str) -> None:
    text = text_of(TABLES[key])
    assert tomllib.loads(text)["rule"] == [TABLES[key]]
    assert form_of(text)["kind"] in (*KINDS, OTHER)


def test_one_field_changes_one_line_and_keeps_the_comments() -> None:
    text = Path(SHIPPED / "storm.toml").read_text("utf-8")
    turned = with_form(text, {**form_of(text), "keep_firing_for": "20m"})
    before, after = text.splitlines(), turned.splitlines()
    assert [(a, b) for a, b in zip(before, after, strict=True) if a != b] == [
        ('keep_firing_for = "10m"', 'keep_firing_for = "20m"')
    ]


def test_a_limit_with_a_decimal_comma_is_that_number() -> None:
    text = text_of(TABLES["flood-15"])
    turned = with_form(text, {**form_of(text), "value": "17,5", "clear": " 13 "})
    assert tomllib.loads(turned)["rule"][0]["when"] == {"at_least": 17.5}


def test_what_is_no_number_stays_and_is_refused_by_name() -> None:
    text = text_of(TABLES["flood-15"])
    turned = with_form(text, {**form_of(text), "value": "deep"})
    with pytest.raises(ReferenceDataError, match=r"draft: rule flood-15: when\.at_least: .*number.*'deep'"):
        parse_text(DOMAINS, turned, "draft")
