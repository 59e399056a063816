"""The outside oracle: on the same series our states are those of Prometheus.

`tests/golden/alerts/prometheus_states.txt` holds rules, series (a value a minute) and the state at every minute
(`.` inactive, `P` pending, `F` firing). Its series are random walks around the limit; promtool 2.42.0 (package
`prometheus` of Debian 12), evaluating every minute, confirmed every state, by the second test here. Where promtool is
installed it does so again.
"""

import shutil
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest

from alerts.evaluate import INACTIVE, evaluate
from alerts.model import Rule, State
from tests.alerts.series import at, rule, values

GOLDEN = Path(__file__).parent.parent / "golden" / "alerts" / "prometheus_states.txt"
SIGNS = {State.PENDING: "P", State.FIRING: "F"}
OPERATORS = {"above": ">", "at_least": ">=", "below": "<", "at_most": "<="}


def read_cases() -> list[tuple[str, str, str]]:
    """(rule, series, states) as they stand in the file."""
    lines = [line.strip() for line in GOLDEN.read_text().splitlines() if line.strip()]
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


def test_prometheus_still_gives_them(tmp_path: Path) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip(
            "promtool is not installed (Debian package `prometheus`): recorded states were used alone"
        )
    (tmp_path / "rules.yml").write_text(_rules_file())
    (tmp_path / "test.yml").write_text(_tests_file())
    done = subprocess.run(
        [promtool, "test", "rules", "test.yml"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _rules_file() -> str:
    """One Prometheus rule a case; hysteresis by its own recipe, a look at whether the alert fires already."""
    lines = ["groups:", "- name: all", "  rules:"]
    for number, (text, _, _) in enumerate(read_cases()):
        watched = case_rule(text)
        operator = OPERATORS[watched.condition.comparison]
        expression = f"v{number} {operator} {watched.condition.limit:g}"
        if watched.condition.clear is not None:
            holds = f"v{number} {'>=' if watched.condition.comparison.upward else '<='} {watched.condition.clear:g}"
            firing = f'ALERTS{{alertname="a{number}",alertstate="firing"}}'
            expression = f"{expression} or ({holds} and on() {firing})"
        lines += [
            f"  - alert: a{number}",
            f"    expr: '{expression}'",
            f"    for: {int(watched.hold.total_seconds())}s",
            f"    keep_firing_for: {int(watched.keep_firing_for.total_seconds())}s",
        ]
    return "\n".join(lines)


def _tests_file() -> str:
    lines = [
        "rule_files: [rules.yml]",
        "evaluation_interval: 1m",
        "tests:",
        "- interval: 1m",
        "  input_series:",
    ]
    for number, (_, series, _) in enumerate(read_cases()):
        lines += [f"  - series: v{number}", f"    values: '{series}'"]
    lines += ["  promql_expr_test:"]
    for number, (_, _, signs) in enumerate(read_cases()):
        for minute, sign in enumerate(signs):
            name = {"P": "pending", "F": "firing"}.get(sign)
            lines += [f'  - expr: ALERTS{{alertname="a{number}"}}', f"    eval_time: {minute}m"]
            if name is not None:
                labels = f'ALERTS{{alertname="a{number}",alertstate="{name}"}}'
                lines += ["    exp_samples:", f"    - labels: '{labels}'", "      value: 1"]
    return "\n".join(lines)


def test_the_recorded_series_show_every_change() -> None:
    """Of what use would an oracle be that was never asked."""
    seen = {a + b for _, _, signs in read_cases() for a, b in pairwise(signs)}
    assert seen >= {".P", "P.", "PF", "F.", ".F"}
    assert all(len(signs) == len(values(series)) for _, series, signs in read_cases())
    assert at(0) == values("1")[0].time
