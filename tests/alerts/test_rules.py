"""Reading rules: what is right, and errors that name file, key and what would be right."""

import textwrap
from datetime import timedelta
from pathlib import Path

import pytest

from alerts.model import Comparison, Rule, Severity, Threshold
from alerts.rules import parse_duration, parse_rules
from storage.catalog import ReferenceDataError, load_catalog

DOMAIN = """
[domain]
key = "noise"
name = { vi = "Tiếng ồn", en = "Noise" }
headline = "sound_level"
map_kinds = ["station"]

[property.sound_level]
name = { vi = "Mức ồn", en = "Sound level" }
unit = "dB"
interval_s = 60
possible = [0, 200]
plausible = [20, 140]
"""

RULE = """
[[rule]]
key = "noise-loud"
property = "sound_level"
when = { above = 85 }
clear = 80
for = "1m30s"
severity = "warning"
title = { vi = "Ồn", en = "Loud" }
runbook = { vi = "Nghe.", en = "Listen." }
suggestion = true
basis = "our suggestion"
"""


def rules_of(folder: Path, text: str) -> list[Rule]:
    (folder / "noise.toml").write_text(DOMAIN + textwrap.dedent(text))
    return list(parse_rules(load_catalog([folder])).by_key.values())


def test_a_rule_is_read(tmp_path: Path) -> None:
    (rule,) = rules_of(tmp_path, RULE)
    assert rule.condition == Threshold(comparison=Comparison.ABOVE, limit=85, clear=80)
    assert (rule.domain, rule.property, rule.unit) == ("noise", "sound_level", "dB")
    assert rule.hold == timedelta(seconds=90)
    assert rule.severity is Severity.WARNING
    assert rule.stale_after == timedelta(minutes=3)


def test_what_is_left_out_is_prudent(tmp_path: Path) -> None:
    (rule,) = rules_of(tmp_path, RULE)
    assert rule.worst_quality == 2
    assert rule.late_horizon == timedelta(minutes=30)
    assert rule.resolve_when_silent == timedelta(days=1)


def test_a_domain_without_rules_is_fine(tmp_path: Path) -> None:
    assert rules_of(tmp_path, "") == []


@pytest.mark.parametrize(
    ("wrong", "right", "says"),
    [
        ("clear = 90", "clear = 80", "clear: must be at most the limit 85"),
        (
            "when = { above = 85, below = 3 }",
            "when = { above = 85 }",
            "when: give exactly one of",
        ),
        ("when = { }", "when = { above = 85 }", "when: give exactly one of"),
        ("when = { over = 85 }", "when = { above = 85 }", "when.over: Extra inputs are not permitted"),
        ("when = { above = nan }", "when = { above = 85 }", "when.above: Input should be a finite number"),
        ("when = { above = 300 }", "when = { above = 85 }", "when: 300 dB can never be reached"),
        ('for = "5 minutes"', 'for = "1m30s"', 'for: a duration is written like "30s"'),
        ("for = 90", 'for = "1m30s"', 'for: a duration is written like "30s"'),
        (
            'severity = "bad"',
            'severity = "warning"',
            "severity: Input should be 'info', 'warning' or 'critical'",
        ),
        ('property = "sound"', 'property = "sound_level"', "property: 'sound' is none of ['sound_level']"),
        ('title = { vi = "Ồn" }', 'title = { vi = "Ồn", en = "Loud" }', "title.en: Field required"),
        ("suggestion = true\nkeep = 3", "suggestion = true", "keep: Extra inputs are not permitted"),
        (
            'suggestion = true\nresolve_when_silent = "1m"',
            "suggestion = true",
            "resolve_when_silent: must be at least three reporting intervals of sound_level, that is 180 s",
        ),
    ],
)
def test_an_error_names_file_rule_and_key(tmp_path: Path, wrong: str, right: str, says: str) -> None:
    with pytest.raises(ReferenceDataError) as error:
        rules_of(tmp_path, RULE.replace(right, wrong))
    assert f"{tmp_path / 'noise.toml'}: rule noise-loud: {says}" in str(error.value)


def test_a_clear_level_of_a_rule_that_looks_below_lies_above(tmp_path: Path) -> None:
    with pytest.raises(ReferenceDataError, match="clear: must be at least the limit 85"):
        rules_of(tmp_path, RULE.replace("above = 85", "below = 85"))


def test_a_key_stands_once(tmp_path: Path) -> None:
    with pytest.raises(ReferenceDataError, match=r"rule noise-loud: key: already used in .*noise\.toml"):
        rules_of(tmp_path, RULE + RULE)


def test_a_single_table_is_said_to_be_one(tmp_path: Path) -> None:
    with pytest.raises(
        ReferenceDataError, match=r"noise.toml: rule: is a list of tables, each under \[\[rule\]\]"
    ):
        rules_of(tmp_path, RULE.replace("[[rule]]", "[rule]"))


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0s", 0), ("90s", 90), ("10m", 600), ("1h30m", 5400), ("2d", 172_800), ("1d1s", 86_401)],
)
def test_durations_are_written_as_in_prometheus(text: str, seconds: int) -> None:
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "5", "m", "1.5h", "-3m", "30m1h", "1w", None, 3])
def test_other_ways_of_writing_them_are_refused(text: object) -> None:
    with pytest.raises(ValueError, match="a duration is written like"):
        parse_duration(text)
