"""Reading rules: what is right, and errors that name file, rule and key and say what would be right."""

import textwrap
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from alerts.conditions import (
    Absent,
    All,
    AnyOf,
    Change,
    Comparison,
    Outside,
    Reading,
    Stuck,
    Threshold,
    Usual,
)
from alerts.durations import parse_duration
from alerts.durations import written as in_words
from alerts.model import Calendar, CapWords, Public, Rule, Severity
from alerts.rules import parse_file, parse_rules
from storage.catalog import ReferenceDataError, load_catalog
from storage.model import Text
from tests.alerts import written as lab
from tests.alerts.written import table, written

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
basis = { vi = "our suggestion", en = "our suggestion" }
"""


def rules_of(folder: Path, text: str) -> list[Rule]:
    (folder / "noise.toml").write_text(DOMAIN + textwrap.dedent(text))
    return list(parse_rules(load_catalog([folder]), ()).by_key.values())


def refused(**keys: Any) -> str:
    """What is said of a rule with these keys, after file and rule."""
    when = keys.pop("when", {"above": 5})
    with pytest.raises(ReferenceDataError) as error:
        written(when, **keys)
    line, *_ = str(error.value).splitlines()
    assert line.startswith("lab.toml: rule tried: ")
    return line.removeprefix("lab.toml: rule tried: ")


# -- what is right ---------------------------------------------------------------------------------------------------


def test_a_rule_is_read(tmp_path: Path) -> None:
    (rule,) = rules_of(tmp_path, RULE)
    limit = Threshold(comparison=Comparison.ABOVE, limit=85, clear=80)
    assert rule.condition == Reading(held_against=limit)
    assert (rule.domain, rule.property, rule.unit) == ("noise", "sound_level", "dB")
    assert rule.hold == timedelta(seconds=90)
    assert rule.severity is Severity.WARNING
    assert rule.stale_after == timedelta(minutes=3)
    assert rule.source == str(tmp_path / "noise.toml")


def test_what_is_left_out_is_prudent(tmp_path: Path) -> None:
    (rule,) = rules_of(tmp_path, RULE)
    assert rule.worst_quality == 2
    assert rule.late_horizon == timedelta(minutes=30)
    assert rule.resolve_when_silent == timedelta(days=1)
    assert rule.public is Public.APPROVE
    assert rule.labels == {"kind": "noise"}
    assert (rule.calendar, rule.things) == (None, None)
    assert rule.cap == CapWords()


def test_a_domain_without_rules_is_fine(tmp_path: Path) -> None:
    assert rules_of(tmp_path, "") == []


@pytest.mark.parametrize(
    ("when", "kind"),
    [
        ({"above": 5}, Reading),
        ({"at_least": 5}, Reading),
        ({"below": 5}, Reading),
        ({"at_most": 5, "clear": 6}, Reading),
        ({"outside": [1, 5], "margin": 1}, Reading),
        ({"rises_by": 5, "within": "10m"}, Change),
        ({"falls_by": 5, "within": "10m", "clear": 2}, Change),
        ({"above_usual_by": 5}, Usual),
        ({"below_usual_by": 5, "days": 14, "at_least_days": 5}, Usual),
        ({"stuck_for": "1h", "tolerance": 0.1, "except": [0]}, Stuck),
        ({"absent_for": "1h"}, Absent),
        ({"all": [{"above": 5}, {"property": "b", "below": 5}]}, All),
        ({"any": [{"above": 5}, {"all": [{"property": "b", "below": 5}, {"below": 2}]}]}, AnyOf),
    ],
    ids=lambda one: next(iter(one)) if isinstance(one, dict) else "",
)
def test_every_verb_makes_its_condition(when: dict[str, Any], kind: type) -> None:
    assert type(written(when).condition) is kind


def test_what_it_looks_at_besides_is_known() -> None:
    rule = written(
        {
            "all": [
                {"above": 1},
                {"property": "b", "above": 2},
                {"domain": "field", "property": "slow", "above": 3, "within_km": 2.5},
            ]
        }
    )
    assert [(one.domain, one.property, one.within_m, one.stale_after) for one in rule.operands] == [
        ("lab", "a", None, timedelta(minutes=3)),
        ("lab", "b", None, timedelta(minutes=3)),
        ("field", "slow", 2500, timedelta(hours=3)),
    ]


def test_a_property_that_two_parts_look_at_is_one_operand() -> None:
    rule = written({"all": [{"above": 1}, {"rises_by": 2, "within": "5m"}, {"property": "a", "below": 9}]})
    assert len(rule.operands) == 1


def test_a_range_is_read_with_its_margin() -> None:
    condition = written({"outside": [1, 5], "margin": 0.5}).condition
    assert condition == Reading(held_against=Outside(low=1, high=5, margin=0.5))


def test_a_calendar_is_read() -> None:
    rule = written(
        {"above": 5}, valid={"months": [5, 10], "weekdays": ["mon", "sun"], "hours": ["22:00", "06:30"]}
    )
    assert rule.calendar == Calendar(
        months=frozenset({5, 10}), weekdays=frozenset({0, 6}), begins_min=1320, ends_min=390
    )


def test_cap_words_are_read() -> None:
    rule = written(
        {"above": 5},
        cap={
            "event": {"vi": "Nổ", "en": "Blast"},
            "category": ["Fire", "Safety"],
            "urgency": "Immediate",
            "severity": "Extreme",
            "certainty": "Observed",
            "response": ["Evacuate"],
        },
    )
    assert rule.cap == CapWords(
        event=Text(vi="Nổ", en="Blast"),
        category=("Fire", "Safety"),
        urgency="Immediate",
        severity="Extreme",
        certainty="Observed",
        response=("Evacuate",),
    )


def test_a_rule_may_be_of_some_things_only() -> None:
    assert written({"above": 5}, things=["x", "y"]).things == {"x", "y"}


@pytest.mark.parametrize("when", [{"absent_for": "1h"}, {"stuck_for": "1h"}], ids=["absent", "stuck"])
def test_silent_and_stuck_are_about_the_sensor_unless_said(when: dict[str, Any]) -> None:
    assert written(when).labels == {"kind": "sensor"}
    assert written(when, labels={"kind": "platform", "team": "x"}).labels == {"kind": "platform", "team": "x"}


def test_any_value_breaks_silence_unless_said() -> None:
    assert written({"absent_for": "1h"}).worst_quality == 4
    assert written({"absent_for": "1h"}, worst_quality=1).worst_quality == 1
    assert written({"stuck_for": "1h"}).worst_quality == 2


def test_what_citizens_are_not_shown_is_not_public() -> None:
    assert written({"above": 5}, for_citizens=False).public is Public.NEVER


# -- rules.d ---------------------------------------------------------------------------------------------------------

APART = RULE.replace('key = "noise-loud"', 'key = "noise-loud"\ndomain = "noise"')


def test_rules_may_stand_apart_from_their_domain(tmp_path: Path) -> None:
    (rule,) = parse_file(load_noise(tmp_path), in_rules_d(tmp_path, APART)).by_key.values()
    assert (rule.domain, rule.source) == ("noise", str(tmp_path / "rules" / "mine.toml"))
    assert set(parse_rules(load_noise(tmp_path), [tmp_path / "rules"]).by_key) == {"noise-loud"}


def load_noise(folder: Path) -> Any:
    catalogue = folder / "catalogue"
    catalogue.mkdir(exist_ok=True)
    (catalogue / "noise.toml").write_text(DOMAIN)
    return load_catalog([catalogue])


def in_rules_d(folder: Path, text: str) -> Path:
    (folder / "rules").mkdir(exist_ok=True)
    path = folder / "rules" / "mine.toml"
    path.write_text(text)
    return path


def test_their_tests_may_stand_beside_them(tmp_path: Path) -> None:
    path = in_rules_d(tmp_path, APART + '\n[[test]]\nrule = "noise-loud"\n')
    assert set(parse_file(load_noise(tmp_path), path).by_key) == {"noise-loud"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (RULE, "rule noise-loud: domain: is missing"),
        (
            APART.replace('domain = "noise"', 'domain = "nose"'),
            "rule noise-loud: domain: 'nose' is none of ['noise'] (did you mean 'noise'?)",
        ),
        ("[property.x]\n", "property: only [[rule]] and [[test]] tables stand in rules.d"),
        ("rule = 3\n", "rule: is a list of tables, each under [[rule]]"),
        ("[[rule]\n", "not TOML: "),
        (APART + APART, "rule noise-loud: key: already used in "),
        (APART.replace('key = "noise-loud"\n', ""), "rule number 1: key: Field required"),
    ],
    ids=["no_domain", "unknown_domain", "other_tables", "no_tables", "no_toml", "twice", "no_key"],
)
def test_an_error_there_names_that_file(tmp_path: Path, text: str, says: str) -> None:
    path = in_rules_d(tmp_path, text)
    with pytest.raises(ReferenceDataError) as error:
        parse_rules(load_noise(tmp_path), [tmp_path / "rules"])
    assert f"{path}: {says}" in str(error.value)


def test_beside_a_domain_stand_rules_of_that_domain(tmp_path: Path) -> None:
    with pytest.raises(
        ReferenceDataError, match="rule noise-loud: domain: is noise here; rules that stand apart"
    ):
        rules_of(tmp_path, RULE.replace('key = "noise-loud"', 'key = "noise-loud"\ndomain = "flood"'))


# -- what is wrong ---------------------------------------------------------------------------------------------------

WHEN: dict[str, tuple[dict[str, Any], str]] = {
    "no_verb": ({}, "when: give exactly one of above, at_least, below"),
    "two_verbs": ({"above": 5, "below": 3}, "when: give exactly one of above"),
    "mistyped_verb": ({"abov": 5}, "when.abov: is no key here (did you mean 'above'?)"),
    "foreign_verb": ({"query": "x > 5"}, "when.query: is no key here: there are above, at_least, below"),
    "text_for_a_number": ({"above": "5"}, "when.above: Input should be a valid number (got '5')"),
    "true_for_a_number": ({"above": True}, "when.above: Input should be a valid number"),
    "not_finite": ({"above": float("nan")}, "when.above: Input should be a finite number"),
    "never_reached": ({"above": 3000}, "when: 3000 1 can never be reached: a is possible from -1000 to 1000"),
    "bound_never_reached": ({"outside": [-3000, 5]}, "outside: -3000 1 can never be reached"),
    "clear_beyond_the_limit": ({"above": 5, "clear": 6}, "clear: must be at most the limit 5"),
    "clear_below_a_low_limit": ({"below": 5, "clear": 4}, "clear: must be at least the limit 5"),
    "range_the_wrong_way_round": (
        {"outside": [9, 6]},
        "when: outside: is [low, high], and a margin leaves room",
    ),
    "margin_too_wide": (
        {"outside": [6, 9], "margin": 2},
        "when: outside: is [low, high], and a margin leaves room",
    ),
    "clear_of_a_range": ({"outside": [6, 9], "clear": 7}, "when: clear: does not go with outside"),
    "margin_of_a_limit": ({"above": 5, "margin": 1}, "when: margin: does not go with above"),
    "except_of_a_limit": ({"above": 5, "except": [1]}, "when: except: does not go with above"),
    "change_without_time": ({"rises_by": 5}, "when: within: is missing: rises_by so much within what time"),
    "time_without_change": ({"above": 5, "within": "5m"}, "when: within: does not go with above"),
    "change_within_an_interval": (
        {"rises_by": 5, "within": "30s"},
        "within: is shorter than a's reporting interval",
    ),
    "no_rise": ({"rises_by": 0, "within": "5m"}, "when.rises_by: Input should be greater than 0"),
    "more_days_than_are_looked_at": (
        {"above_usual_by": 1, "days": 2},
        "when: at_least_days: is at most days, that is 2",
    ),
    "too_many_days": (
        {"above_usual_by": 1, "days": 99},
        "when.days: Input should be less than or equal to 31",
    ),
    "fires_on_every_new_sensor": (
        {"above_usual_by": 1, "without_history": "met"},
        "without_history: is met only in a later part of all",
    ),
    "stuck_too_shortly": (
        {"stuck_for": "90s"},
        "stuck_for: is at least two reporting intervals of a, 0:02:00",
    ),
    "absent_too_shortly": (
        {"absent_for": "1m"},
        "absent_for: is at least two reporting intervals of a, 0:02:00",
    ),
    "a_duration_in_words": ({"absent_for": "5 minutes"}, 'when.absent_for: a duration is written like "30s"'),
    "no_bands": ({"level": 1}, "level: a has the levels [], not 1"),
    "place_without_parts": (
        {"above": 5, "property": "b"},
        "property, domain, within_km: stand beside `when`, or in the parts",
    ),
    "one_part": ({"all": [{"above": 5}]}, "when.all: Tuple should have at least 2 items"),
    "fault_in_a_part": (
        {"all": [{"above": 5}, {"abov": 5}]},
        "when.all.2.abov: is no key here (did you mean 'above'?)",
    ),
    "first_part_of_another": (
        {"all": [{"property": "b", "above": 5}, {"above": 5}]},
        "all: its first part is about a: that is what people are shown",
    ),
    "unknown_property_in_a_part": (
        {"any": [{"above": 5}, {"property": "be", "above": 5}]},
        "any.2.property: 'be' is none of",
    ),
    "unknown_domain_in_a_part": (
        {"all": [{"above": 5}, {"domain": "fields", "property": "b", "above": 5, "within_km": 1}]},
        "all.2.domain: 'fields' is none of ['field', 'lab'] (did you mean 'field'?)",
    ),
    "no_distance": (
        {"all": [{"above": 5}, {"domain": "field", "property": "b", "above": 5}]},
        "all.2.within_km: is missing: no Thing is of lab and of field; how near is it?",
    ),
    "two_distances": (
        {
            "all": [
                {"above": 5},
                {"property": "b", "above": 5, "within_km": 1},
                {"property": "b", "above": 5, "within_km": 2},
            ]
        },
        "all.3.within_km: b is looked at within another distance too",
    ),
    "too_far": (
        {"all": [{"above": 5}, {"property": "b", "above": 5, "within_km": 500}]},
        "when.all.2.within_km: Input should be less than or equal to 50",
    ),
    "silence_among_others": (
        {"all": [{"above": 5}, {"property": "b", "absent_for": "5m"}]},
        "all.2.absent_for: stands alone: make it a rule of its own",
    ),
    "place_of_the_whole": (
        {"all": [{"above": 5}, {"below": 6}], "within_km": 1},
        "when: property, domain, within_km: stand in the parts of all",
    ),
    "clear_of_the_whole": (
        {"all": [{"above": 5}, {"below": 6}], "clear": 1},
        "when: clear: does not go with all",
    ),
    "fires_on_every_new_sensor_in_any": (
        {"any": [{"above": 5}, {"above_usual_by": 1, "without_history": "met"}]},
        "any.2.without_history: is met only in a later part of all",
    ),
}


@pytest.mark.parametrize("name", WHEN)
def test_a_condition_that_can_t_be_is_refused(name: str) -> None:
    when, says = WHEN[name]
    assert says in refused(when=when)


RULES: dict[str, tuple[dict[str, Any], str]] = {
    "mistyped_key": ({"severty": "info"}, "severty: is no key here (did you mean 'severity'?)"),
    "for_by_its_inner_name": ({"hold": "5m"}, "hold: is no key here"),
    "unknown_property": ({"property": "aa"}, "property: 'aa' is none of ['a',"),
    "severity": (
        {"severity": "bad"},
        "severity: Input should be 'info', 'warning' or 'critical' (got 'bad')",
    ),
    "for_as_a_number": (
        {"for": 90},
        'for: a duration is written like "30s", "10m", "1h30m" or "2d" (got 90)',
    ),
    "one_language": ({"title": {"vi": "Ồn"}}, "title.en: Field required"),
    "mistyped_language": ({"runbook": {"vi": "Ồn", "eng": "x"}}, "runbook.en: Field required"),
    "yes_for_true": ({"suggestion": "yes"}, "suggestion: Input should be a valid boolean (got 'yes')"),
    "no_source": ({"basis": {"vi": "", "en": "x"}}, "basis.vi: String should have at least 1 character"),
    "a_source_in_one_language": ({"basis": "a law"}, "basis: Input should be a valid dictionary"),
    "a_label_that_is_there": (
        {"labels": {"severity": "x"}},
        "labels: severity: every alert has that label by itself",
    ),
    "a_label_that_is_no_text": (
        {"labels": {"team": 3}},
        "labels.team: Input should be a valid string (got 3)",
    ),
    "hidden_and_public": (
        {"for_citizens": False, "public": "auto"},
        "(rule): public: must be never where for_citizens is false",
    ),
    "public": ({"public": "yes"}, "public: Input should be 'never', 'approve' or 'auto'"),
    "quality": ({"worst_quality": 9}, "worst_quality: Input should be less than or equal to 4"),
    "no_things": ({"things": []}, "things: Tuple should have at least 1 item"),
    "resolved_too_soon": (
        {"resolve_when_silent": "1m"},
        "resolve_when_silent: must be at least three reporting intervals of a, that is 180 s",
    ),
    "empty_calendar": ({"valid": {}}, "valid: give months, weekdays or hours"),
    "mistyped_calendar": (
        {"valid": {"hour": ["06:00", "07:00"]}},
        "valid.hour: is no key here (did you mean 'hours'?)",
    ),
    "weekday": ({"valid": {"weekdays": ["monday"]}}, "valid.weekdays.1: Input should be 'mon', 'tue', 'wed'"),
    "month": ({"valid": {"months": [13]}}, "valid.months.1: Input should be less than or equal to 12"),
    "clock": (
        {"valid": {"hours": ["6:00", "22:00"]}},
        'valid.hours.1: a time of day is written like "06:00"',
    ),
    "no_hours": ({"valid": {"hours": ["06:00", "06:00"]}}, "valid: hours: begin and end are the same"),
    "day_begins_at_24": ({"valid": {"hours": ["24:00", "06:00"]}}, 'valid: hours: the day begins at "00:00"'),
    "cap_word": ({"cap": {"urgency": "Now"}}, "cap.urgency: Input should be 'Immediate', 'Expected'"),
    "cap_category": ({"cap": {"category": ["Water"]}}, "cap.category.1: Input should be 'Geo', 'Met'"),
    "clear_of_all": (
        {"when": {"all": [{"above": 5}, {"below": 6}]}, "clear": 3},
        "clear: stands in the parts of all",
    ),
    "silence_has_no_hours": (
        {"when": {"absent_for": "5m"}, "valid": {"months": [1]}},
        "valid: does not go with absent_for",
    ),
    "outlasts_silence": (
        {"when": {"absent_for": "5m"}, "keep_firing_for": "5m"},
        "keep_firing_for: must be shorter than absent_for",
    ),
    "direction": (
        {"property": "direction", "when": {"above": 5}},
        "above: direction is a direction: 359 and 1 degrees are neighbours",
    ),
    "level": ({"property": "rising", "when": {"level": 7}}, "level: rising has the levels [0, 1, 2], not 7"),
    "lowest_level": (
        {"property": "rising", "when": {"level": 0}},
        "level: 0 is the lowest of rising: every value reaches it",
    ),
    "lowest_falling_level": (
        {"property": "falling", "when": {"level": 0}},
        "level: 0 is the lowest of falling",
    ),
    "levels_both_ways": (
        {"property": "around", "when": {"level": 1}},
        "level: the levels of around neither rise nor fall",
    ),
}


@pytest.mark.parametrize("name", RULES)
def test_a_rule_that_can_t_be_is_refused(name: str) -> None:
    keys, says = RULES[name]
    assert refused(**keys).startswith(says)


def test_the_faults_of_all_rules_are_said_at_once() -> None:
    tables = [table({"abov": 5}, key="one"), table({"above": 5}, key="two"), table({}, key="three")]
    with pytest.raises(ReferenceDataError) as error:
        parse_rules(lab.domains(*tables), ())
    assert [line.split(":")[1].strip() for line in str(error.value).splitlines()] == [
        "rule one",
        "rule three",
    ]


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
    assert parse_duration(in_words(timedelta(seconds=seconds))) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "5", "m", "1.5h", "-3m", "30m1h", "1w", None, 3])
def test_other_ways_of_writing_them_are_refused(text: object) -> None:
    with pytest.raises(ValueError, match="a duration is written like"):
        parse_duration(text)
