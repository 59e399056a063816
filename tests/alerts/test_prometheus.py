"""The outside oracle: on the same series our states are those of Prometheus.

`tests/golden/alerts/prometheus_states.txt` holds thresholds, series (a value a minute) and the state at every minute
(`.` inactive, `P` pending, `F` firing); `prometheus_conditions.toml` other conditions, each with the expression that
Prometheus was asked. Their series are random walks around the limit; promtool 2.42.0 (package `prometheus` of Debian
12), evaluating every minute, confirmed every state, by the test here that does so again where promtool is installed.
"""

import json
import os
import shutil
import subprocess
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from alerts.conditions import Reading, Threshold
from alerts.evaluate import INACTIVE, evaluate
from alerts.model import Rule, State
from alerts.rule_test import read_tests, run
from tests.alerts.series import at, rule, values
from tests.alerts.written import written

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden" / "alerts"
SIGNS = {State.PENDING: "P", State.FIRING: "F"}
OPERATORS = {"above": ">", "at_least": ">=", "below": "<", "at_most": "<="}
FIRING = 'ALERTS{{alertname="{name}",alertstate="firing"}}'


@dataclass(frozen=True)
class Asked:
    """A case as Prometheus sees it: series by the names that its expression has for them."""

    expression: str
    hold_s: int
    keep_s: int
    series: Mapping[str, str]
    states: str


# -- thresholds ------------------------------------------------------------------------------------------------------


def read_cases() -> list[tuple[str, str, str]]:
    """(rule, series, states) as they stand in the file."""
    text = (GOLDEN / "prometheus_states.txt").read_text()
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return list(zip(lines[0::3], lines[1::3], lines[2::3], strict=True))


def case_rule(text: str) -> Rule:
    """'at_least 15 clear 13 for 2 keep 4', in minutes."""
    words = text.split()
    given = {key: float(value) for key, value in zip(words[0::2], words[1::2], strict=True)}
    comparison = words[0]
    return rule(
        given[comparison],
        comparison,
        clear=given.get("clear"),
        hold=given["for"],
        keep_firing_for=given["keep"],
    )


def states(watched: Rule, series: str) -> str:
    """Our state at each minute."""
    samples = values(series)
    signs = []
    state = INACTIVE
    for one in samples:
        state, _ = evaluate(watched, [one], state, one.time)
        signs.append("." if state.episode is None else SIGNS[state.episode.state])
    return "".join(signs)


@pytest.mark.parametrize("case", read_cases(), ids=lambda case: case[0])
def test_states_are_those_that_prometheus_gave(case: tuple[str, str, str]) -> None:
    text, series, expected = case
    assert states(case_rule(text), series) == expected


def asked_of_threshold(case: tuple[str, str, str]) -> Asked:
    """Hysteresis by Prometheus' own recipe, a look at whether the alert fires already."""
    text, series, expected = case
    watched = case_rule(text)
    assert isinstance(watched.condition, Reading)
    limit = watched.condition.held_against
    assert isinstance(limit, Threshold)
    expression = f"a {OPERATORS[limit.comparison]} {limit.limit:g}"
    if limit.clear is not None:
        holds = f"a {'>=' if limit.comparison.upward else '<='} {limit.clear:g}"
        expression = f"{expression} or ( {holds} and on() FIRING )"
    hold_s, keep_s = (int(time.total_seconds()) for time in (watched.hold, watched.keep_firing_for))
    return Asked(expression, hold_s, keep_s, {"a": series}, expected)


# -- other conditions ------------------------------------------------------------------------------------------------


def read_conditions() -> list[dict[str, Any]]:
    return list(tomllib.loads((GOLDEN / "prometheus_conditions.toml").read_text())["case"])


def our_states(case: Mapping[str, Any]) -> str:
    """By the runner of rules' tests, whose signs are of the moment itself, as Prometheus' are."""
    keys = {key: case[key] for key in ("for", "keep_firing_for") if key in case}
    watched = written(case["when"], **keys)
    series = [{"of": "b", "values": case["b"]}] if "b" in case else []
    table = {
        "rule": "tried",
        "it": "is asked",
        "values": case["a"],
        "series": series,
        "states": case["states"],
    }
    (test,) = read_tests("golden", [table], {"tried": watched})
    return run(test).states


def called(case: Mapping[str, Any]) -> str:
    return f"{case['when']} for {case['for']} keep {case['keep_firing_for']}"


@pytest.mark.parametrize("case", read_conditions(), ids=called)
def test_so_are_those_of_other_conditions(case: Mapping[str, Any]) -> None:
    assert our_states(case) == case["states"]


def asked_of_condition(case: Mapping[str, Any]) -> Asked:
    hold_s, keep_s = (60 * int(case[key].removesuffix("m")) for key in ("for", "keep_firing_for"))
    series = {name: case[name] for name in ("a", "b") if name in case}
    return Asked(case["promql"], hold_s, keep_s, series, case["states"])


@pytest.mark.parametrize("verb", ["outside", "rises_by", "falls_by", "stuck_for", "absent_for", "all", "any"])
def test_every_verb_that_prometheus_can_express_was_asked(verb: str) -> None:
    cases = [case for case in read_conditions() if verb in case["when"]]
    seen = {a + b for case in cases for a, b in pairwise(case["states"])}
    assert seen >= {".P", "PF", "F.", ".F"}


# -- promtool --------------------------------------------------------------------------------------------------------


def promtool() -> str:
    """Where HANOI_ORACLES_DIR says, where deploy/oracles.sh put it, or where the system has it; else a loud skip."""
    folders = [Path(os.environ.get("HANOI_ORACLES_DIR", ".")), ROOT / ".runtime" / "oracles"]
    places = [
        path for folder in folders for path in (folder / "promtool", folder / "usr" / "bin" / "promtool")
    ]
    found = next((str(path) for path in places if os.access(path, os.X_OK) and path.is_file()), None)
    found = found or shutil.which("promtool")
    if found is None:
        pytest.skip(
            "SKIPPED: promtool is not installed (Debian package `prometheus`, sh deploy/oracles.sh):"
            " recorded states were used alone"
        )
    return found


def test_prometheus_still_gives_them(tmp_path: Path) -> None:
    program = promtool()
    cases = [asked_of_threshold(case) for case in read_cases()]
    cases += [asked_of_condition(case) for case in read_conditions()]
    done = ask(program, tmp_path, cases)
    assert done.returncode == 0, done.stdout + done.stderr


def test_promtool_would_say_if_it_were_otherwise(tmp_path: Path) -> None:
    """An oracle that agrees with everything is none."""
    case = asked_of_condition(read_conditions()[0])
    wrong = Asked(case.expression, case.hold_s, case.keep_s, case.series, "F" + case.states[1:])
    right = Asked(case.expression, case.hold_s, case.keep_s, case.series, "." + case.states[1:])
    assert {ask(promtool(), tmp_path, [one]).returncode == 0 for one in (wrong, right)} == {True, False}


def ask(program: str, folder: Path, cases: list[Asked]) -> subprocess.CompletedProcess[str]:
    """JSON is YAML."""
    (folder / "rules.yml").write_text(json.dumps(_rules_file(cases)))
    (folder / "test.yml").write_text(json.dumps(_tests_file(cases)))
    return subprocess.run(
        [program, "test", "rules", "test.yml"], cwd=folder, capture_output=True, text=True, check=False
    )


def _rules_file(cases: list[Asked]) -> dict[str, Any]:
    """One Prometheus rule a case; its series are named a0, b0, a1, …"""
    rules = []
    for number, case in enumerate(cases):
        name = f"alert{number}"
        words = case.expression.replace("FIRING", FIRING.format(name=name)).split(" ")
        expression = " ".join(_numbered(word, case, number) for word in words)
        times = {"for": f"{case.hold_s}s", "keep_firing_for": f"{case.keep_s}s"}
        rules.append({"alert": name, "expr": expression, **times})
    return {"groups": [{"name": "all", "rules": rules}]}


def _numbered(word: str, case: Asked, number: int) -> str:
    """Names of series stand alone: 'a' → 'a7'; with a range: 'a[3m]' → 'a7[3m]'."""
    name, bracket, rest = word.partition("[")
    return f"{name}{number}{bracket}{rest}" if name in case.series else word


def _tests_file(cases: list[Asked]) -> dict[str, Any]:
    series, asked = [], []
    for number, case in enumerate(cases):
        series += [{"series": f"{name}{number}", "values": text} for name, text in case.series.items()]
        for minute, sign in enumerate(case.states):
            expression = f'ALERTS{{alertname="alert{number}"}}'
            state = {"P": "pending", "F": "firing"}.get(sign)
            labels = f'ALERTS{{alertname="alert{number}",alertstate="{state}"}}'
            samples = [{"labels": labels, "value": 1}] if state else []
            asked.append({"expr": expression, "eval_time": f"{minute}m", "exp_samples": samples})
    test = {"interval": "1m", "input_series": series, "promql_expr_test": asked}
    return {"rule_files": ["rules.yml"], "evaluation_interval": "1m", "tests": [test]}


def test_the_recorded_series_show_every_change() -> None:
    """Of what use would an oracle be that was never asked."""
    seen = {a + b for _, _, signs in read_cases() for a, b in pairwise(signs)}
    assert seen >= {".P", "P.", "PF", "F.", ".F"}
    assert all(len(signs) == len(values(series)) for _, series, signs in read_cases())
    assert at(0) == values("1")[0].time
