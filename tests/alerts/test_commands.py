"""`hanoi-alerts check` and `hanoi-alerts test`: what they say and how they end."""

import argparse
from pathlib import Path
from typing import Any

import pytest

from alerts.commands import check, find, test
from alerts.main import _parser
from storage.settings import Settings

RULE = """
[[rule]]
key = "flood-90"
domain = "flood"
property = "water_depth"
when = { at_least = 90 }
severity = "critical"
title = { vi = "Ngập", en = "Flooded" }
runbook = { vi = "Xem.", en = "Look." }
suggestion = true
basis = { vi = "a test", en = "a test" }
"""
TESTS = """
[[test]]
rule = "flood-90"
it = "fires at 90 cm"
values = "80 90"
fires = ["1m"]
"""
ALERTING = """
[receiver.screen]
type = "control-room"
[route]
receivers = ["screen"]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "rules").mkdir()
    return tmp_path


def call(command: Any, *words: str, **settings: Any) -> int:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return int(command.run(parser.parse_args(words), Settings(**settings)))


def test_both_are_commands_of_hanoi_alerts() -> None:
    assert {"check", "test"} <= set(find())
    assert _parser(find()).parse_args(["check", "--rules", "x"]).command == "check"


# -- check -----------------------------------------------------------------------------------------------------------


def test_what_is_shipped_is_right(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(check) == 0
    said = capsys.readouterr().out
    assert "flood-15" in said
    assert "at_least 15, clear 13" in said
    assert "at_least 2 and rain/rain_1h within 1 km at_least 50, clear 40" in said
    assert "no fault" in said


def test_rules_of_a_folder_are_listed_too(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "rules" / "mine.toml").write_text(RULE)
    assert call(check, "--rules", str(folder / "rules")) == 0
    assert "flood-90" in capsys.readouterr().out
    assert call(check, rules_dir=(folder / "rules",)) == 0
    assert "flood-90" in capsys.readouterr().out


def test_every_fault_is_said_with_its_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mine, alerting = folder / "rules" / "mine.toml", folder / "alerting.toml"
    mine.write_text(
        RULE.replace("at_least", "at_last") + RULE.replace("flood-90", "two").replace("critical", "bad")
    )
    alerting.write_text(ALERTING.replace('receivers = ["screen"]', 'receivers = ["scren"]'))
    assert call(check, "--rules", str(folder / "rules"), "--alerting", str(alerting)) == 1
    lines = capsys.readouterr().out.splitlines()
    assert f"FAULT {mine}: rule flood-90: when.at_last: is no key here (did you mean 'at_least'?)" in lines
    assert any(line.startswith(f"FAULT {mine}: rule two: severity: ") for line in lines)
    assert any(line.startswith(f"FAULT {alerting}: route.receivers: 'scren' is unknown") for line in lines)
    assert all(line.startswith("FAULT ") for line in lines)


def test_a_faulty_catalogue_does_not_hide_faults_of_who_is_told(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "broken.toml").write_text("[domain\n")
    missing = folder / "none.toml"
    assert call(check, "--catalog", str(folder), "--alerting", str(missing)) == 1
    said = capsys.readouterr().out
    assert f"FAULT {folder / 'broken.toml'}: not TOML" in said
    assert f"FAULT {missing}: can't be read" in said


def test_a_folder_that_is_not_there_is_a_fault(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(check, "--rules", str(folder / "nowhere")) == 1
    assert f"FAULT {folder / 'nowhere'}: there is no such folder" in capsys.readouterr().out


def test_a_thing_that_is_none_is_a_fault(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "rules" / "mine.toml").write_text(
        RULE.replace("severity", 'things = ["flood-minh-kai"]\nseverity')
    )
    assert call(check, "--rules", str(folder / "rules")) == 1
    said = capsys.readouterr().out
    assert "rule flood-90: things: no Thing of flood: 'flood-minh-kai' is none of" in said
    assert "did you mean 'flood-minh-khai'?" in said


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('[[route.routes]]\nmatchers = ["rule = flood-16"]\nreceivers = []\n', "matchers"),
        ('[[inhibit]]\nsource = ["rule = flood-16"]\ntarget = ["kind = sensor"]\n', "inhibit.1.source"),
        ('[[inhibit]]\nsource = ["kind = sensor"]\ntarget = ["rule = flood-16"]\n', "inhibit.1.target"),
    ],
    ids=["route", "source", "target"],
)
def test_who_is_told_of_a_rule_that_is_none_is_a_fault(
    folder: Path, capsys: pytest.CaptureFixture[str], text: str, place: str
) -> None:
    """A mistyped rule would make an inhibition that never inhibits."""
    alerting = folder / "alerting.toml"
    alerting.write_text(ALERTING + text)
    assert call(check, "--alerting", str(alerting)) == 1
    said = capsys.readouterr().out
    assert f"{place}: rule = 'flood-16' is none of" in said
    assert "did you mean 'flood-1" in said


def test_a_secret_that_is_not_there_is_a_fault_and_one_that_is_there_is_not_shown(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    alerting = folder / "alerting.toml"
    alerting.write_text(
        '[receiver.hook]\ntype = "webhook"\nurl = { env = "A_HOOK" }\n[route]\nreceivers = ["hook"]\n'
    )
    monkeypatch.delenv("A_HOOK", raising=False)
    assert call(check, "--alerting", str(alerting)) == 1
    assert "A_HOOK" in capsys.readouterr().out
    monkeypatch.setenv("A_HOOK", "https://hook.invalid/s3cret")
    assert call(check, "--alerting", str(alerting)) == 0
    assert "s3cret" not in capsys.readouterr().out


# -- test ------------------------------------------------------------------------------------------------------------


def test_what_is_shipped_passes_and_leaves_no_rule_untested(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(test) == 0
    said = capsys.readouterr().out
    assert "none failed" in said
    assert "none without a series" in said


def test_tests_beside_a_rule_are_run_and_rules_without_are_named(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "rules" / "mine.toml").write_text(RULE + TESTS)
    assert call(test, "--verbose", rules_dir=(folder / "rules",)) == 0
    said = capsys.readouterr().out
    assert "ok    flood-90 fires at 90 cm" in said
    assert "1 without a series" in said
    assert "flood-90 lacks one that does not" in said


def test_one_that_fails_is_shown_with_what_came(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = folder / "draft.toml"
    path.write_text(RULE + TESTS.replace('"1m"', '"0s"'))
    assert call(test, str(path)) == 1
    assert capsys.readouterr().out.splitlines() == [
        f"FAIL  flood-90 fires at 90 cm ({path})",
        "      fires    0s, but came 1m",
        "1 test, 1 failed",
    ]


def test_a_draft_is_tried_with_its_tests_though_it_is_in_force_nowhere(folder: Path) -> None:
    (folder / "draft.toml").write_text(RULE + TESTS)
    assert call(test, str(folder / "draft.toml")) == 0
    assert call(test, str(folder)) == 0


def test_only_the_rules_asked_for_are_tested(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(test, "--rule", "flood-50", "-v") == 0
    lines = capsys.readouterr().out.splitlines()
    assert {line.split()[1] for line in lines[:-1]} == {"flood-50"}


def test_no_tests_at_all_is_no_success(folder: Path) -> None:
    (folder / "draft.toml").write_text(RULE)
    assert call(test, str(folder / "draft.toml")) == 1


def test_a_file_that_is_not_there_is_said(folder: Path) -> None:
    with pytest.raises(ValueError, match=r"none.toml: there is no such file"):
        call(test, str(folder / "none.toml"))
