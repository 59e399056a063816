"""The outside oracle: from the same alerts and silences our groups tell what Alertmanager tells.

`tests/golden/alerts/alertmanager.json` holds series of alerts that begin and end and of silences, on a grid of steps,
and what Alertmanager 0.25.0 (package `prometheus-alertmanager` of Debian 12) told its webhook of them, in order. Where
it is installed it is asked again. Grouping, waits, repetition, inhibition, silences and `continue` are the same as ours
but for what `Quirks` names: each of these is shown by a case of its own.

To make the file anew: HANOI_RECORD_ALERTMANAGER=1 .venv/bin/python -m pytest tests/alerts/test_alertmanager.py
"""

import json
import os
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from alerts.config import load
from alerts.grouping import ALERTMANAGER, OURS, Quirks
from alerts.mute import Silence
from alerts.simulate import Change, Sent, Simulation, simulate
from storage.matchers import parse_all
from tests.alerts import alertmanager

GOLDEN: Final = Path(__file__).parent.parent / "golden" / "alerts" / "alertmanager.json"
RECORD: Final = "HANOI_RECORD_ALERTMANAGER"
STEPS: Final = 16
LONG: Final = timedelta(minutes=STEPS * 2)
TAIL: Final = 5
"""Steps after the last event, in which what is due then is still told."""
STEP_S: Final = (0.7, 0.9, 1.2)
"""How long a step takes; then what was not confirmed is asked again, with more time. All within the 30 s after which
Alertmanager removes empty groups."""
LATEST: Final = 0.35
"""A part of a step: looks at groups lie half a step from events, so that less lateness changes nothing."""
BEGIN: Final = datetime(2026, 7, 20, 10, 0, tzinfo=UTC)

ROUTES: Final[Mapping[str, Mapping[str, Any]]] = {
    "plain": {"group_by": ["case"], "wait": 1.5, "interval": 3, "repeat": 7},
    "quick": {"group_by": ["case", "g"], "wait": 0.5, "interval": 3, "repeat": 5},
    "slow": {"group_by": ["case"], "wait": 2.5, "interval": 5, "repeat": 100},
    "each": {"group_by": ["..."], "wait": 0.5, "interval": 3, "repeat": 100},
    "twice": {"group_by": ["case", "g"], "wait": 1.5, "interval": 3, "repeat": 100, "then": ["case", "name"]},
}
"""Routes by the alerts' label `shape`; times in steps. `then`: `continue`, and a second route groups by these."""
INHIBITS: Final = (
    {"source": ("role", "parent"), "target": ("role", "child"), "equal": ["case", "g"]},
    {"source": ("tone", "loud"), "target": ("tone", "loud"), "equal": ["case"]},
    {"source": ("role", "judge"), "target": ("tone", "loud"), "equal": ["case", "absent"]},
)
ALERTS: Final[Mapping[str, Mapping[str, str]]] = {
    "a": {"g": "x", "role": "parent"},
    "b": {"g": "x", "role": "child"},
    "c": {"g": "y", "role": "child", "tone": "loud"},
    "d": {"g": "y", "tone": "loud"},
    "e": {"g": "y", "role": "judge", "tone": "loud"},
}

Event = tuple[int, str, str, int]
"""(step, fires | ends | silence, name of the alert or "g=x", steps that a silence lasts)"""
Line = tuple[str, str, str]
"""(the group's g and name, what fires, what ended)"""


@dataclass(frozen=True)
class Case:
    name: str
    shape: str
    events: tuple[Event, ...]
    told: tuple[Line, ...] = ()
    """In order for each group; groups in the order of their names."""


def walk(name: str, seed: int) -> Case:
    """A random series: at most one event a step, so that their order is no question."""
    chance = random.Random(seed)
    shape = sorted(ROUTES)[seed % len(ROUTES)]
    names = chance.sample(sorted(ALERTS), 4)
    firing: set[str] = set()
    events: list[Event] = []
    for step in range(STEPS):
        if chance.random() < 0.08:
            events.append((step, "silence", chance.choice([*names, "g=x", "g=y"]), chance.randint(2, 9)))
        elif chance.random() < 0.55:
            one = chance.choice(names)
            events.append((step, "ends" if one in firing else "fires", one, 0))
            firing ^= {one}
    return Case(name, shape, tuple(events))


SPECIAL: Final = (
    Case(
        "a silenced end",
        "slow",
        ((0, "fires", "d", 0), (3, "silence", "d", 9), (4, "ends", "d", 0), (14, "fires", "d", 0)),
    ),
    Case("an unknown end", "slow", ((0, "fires", "a", 0), (4, "fires", "d", 0), (5, "ends", "d", 0))),
    Case("an empty group", "slow", ((0, "fires", "a", 0), (4, "ends", "a", 0), (9, "fires", "a", 0))),
    Case("two that inhibit each other", "plain", ((0, "fires", "c", 0), (4, "fires", "d", 0))),
    Case("a judge above both", "plain", ((0, "fires", "c", 0), (4, "fires", "e", 0), (12, "ends", "e", 0))),
)
"""The first three show a Quirk each."""


def labels_of(case: Case, name: str) -> dict[str, str]:
    return {"name": name, "case": case.name, "shape": case.shape} | ALERTS[name]


def at(step: float) -> datetime:
    """Steps are minutes to us."""
    return BEGIN + timedelta(minutes=step)


def ours(case: Case, folder: Path, quirks: Quirks) -> tuple[Line, ...]:
    alerting = load(_our_file(folder))
    silences = [
        Silence(
            id=number,
            matchers=parse_all(f"{label} = {value}" for label, value in _matchers(case, what)),
            starts_at=at(step),
            ends_at=at(step + lasts),
        )
        for number, (step, kind, what, lasts) in enumerate(case.events)
        if kind == "silence"
    ]
    simulation = Simulation(
        root=alerting.root, inhibitions=alerting.inhibitions, silences=silences, quirks=quirks
    )
    changes = [
        Change(at=at(step), fingerprint=what, labels=labels_of(case, what), firing=kind == "fires")
        for step, kind, what, _ in case.events
        if kind != "silence"
    ]
    sent = [one for one in simulate(simulation, changes, LONG) if one.at < at(STEPS + TAIL)]
    return _lines([(one.group, one.firing, one.resolved) for one in sent if _is_of(one, case)])


def _is_of(one: Sent, case: Case) -> bool:
    return one.group["case"] == case.name


def _lines(told: Sequence[tuple[Mapping[str, str], frozenset[str], frozenset[str]]]) -> tuple[Line, ...]:
    lines = [
        (" ".join(filter(None, (group.get("g"), group.get("name")))), _names(firing), _names(resolved))
        for group, firing, resolved in told
    ]
    return tuple(sorted(lines, key=lambda line: line[0]))


def _names(names: frozenset[str]) -> str:
    return " ".join(sorted(names))


def _matchers(case: Case, what: str) -> list[tuple[str, str]]:
    label, _, value = what.rpartition("=")
    return [("case", f'"{case.name}"'), (label or "name", value)]


def _our_file(folder: Path) -> Path:
    """A step is a minute."""
    lines = ['[receiver.hook]\ntype = "webhook"\n[route]\nreceivers = ["hook"]']
    for shape, route in ROUTES.items():
        for group_by, goes_on in _groupings(route):
            lines += [
                "[[route.routes]]",
                f'matchers = ["shape = {shape}"]',
                f"group_by = {json.dumps(group_by)}",
                f"continue = {str(goes_on).lower()}",
                *(
                    f'{key} = "{round(60 * route[short])}s"'
                    for key, short in (
                        ("group_wait", "wait"),
                        ("group_interval", "interval"),
                        ("repeat_interval", "repeat"),
                    )
                ),
            ]
    for rule in INHIBITS:
        source, target = (f'["{rule[side][0]} = {rule[side][1]}"]' for side in ("source", "target"))
        lines += ["[[inhibit]]", f"source = {source}", f"target = {target}"]
        lines += [f"equal = {json.dumps(rule['equal'])}"]
    path = folder / "alerting.toml"
    path.write_text("\n".join(lines))
    return path


def _its_file(step_s: float) -> dict[str, Any]:
    routes = [
        {
            "matchers": [f'shape="{shape}"'],
            "group_by": group_by,
            "continue": goes_on,
            "group_wait": f"{round(1000 * step_s * route['wait'])}ms",
            "group_interval": f"{round(1000 * step_s * route['interval'])}ms",
            "repeat_interval": f"{round(1000 * step_s * route['repeat'])}ms",
        }
        for shape, route in ROUTES.items()
        for group_by, goes_on in _groupings(route)
    ]
    inhibits = [
        {
            "source_matchers": ['{}="{}"'.format(*rule["source"])],
            "target_matchers": ['{}="{}"'.format(*rule["target"])],
            "equal": rule["equal"],
        }
        for rule in INHIBITS
    ]
    return {"route": {"receiver": "hook", "routes": routes}, "inhibit_rules": inhibits}


def _groupings(route: Mapping[str, Any]) -> list[tuple[list[str], bool]]:
    then = route.get("then")
    return [(route["group_by"], False)] if then is None else [(route["group_by"], True), (then, False)]


def asked(
    cases: Sequence[Case], program: str, folder: Path, step_s: float
) -> dict[str, tuple[Line, ...]] | None:
    """What Alertmanager tells of all of them at once; None when it could not be given its alerts in time."""
    here = folder / f"step {step_s}"
    here.mkdir()
    with alertmanager.running(program, here, _its_file(step_s)) as server:
        if not _play(cases, server, step_s):
            return None
        got = list(server.got)
    return {case.name: _lines(_of(case, got)) for case in cases}


def _of(
    case: Case, got: Sequence[alertmanager.Notified]
) -> list[tuple[Mapping[str, str], frozenset[str], frozenset[str]]]:
    return [(one.group, one.firing, one.resolved) for one in got if one.group["case"] == case.name]


def _play(cases: Sequence[Case], server: alertmanager.Running, step_s: float) -> bool:
    """Whether everything was there in time."""
    since: dict[tuple[str, str], datetime] = {}
    begin = time.monotonic()
    for step in range(STEPS):
        due = begin + step * step_s
        time.sleep(max(0.0, due - time.monotonic()))
        changes = []
        for case in cases:
            for _, kind, what, lasts in (event for event in case.events if event[0] == step):
                if kind == "silence":
                    plain = [(label, value.strip('"')) for label, value in _matchers(case, what)]
                    left = lasts * step_s - (time.monotonic() - due)
                    server.silence(plain, datetime.now(UTC) + timedelta(seconds=left))
                else:
                    if kind == "fires":
                        since[case.name, what] = datetime.now(UTC)
                    changes.append((labels_of(case, what), kind == "fires", since[case.name, what]))
        if changes:
            server.alerts(changes)
        if time.monotonic() - due > LATEST * step_s:
            return False
    time.sleep(max(0.0, begin + (STEPS + TAIL) * step_s - time.monotonic()))
    return True


def read_cases() -> list[Case]:
    if not GOLDEN.exists():
        return []
    return [
        Case(
            one["name"],
            one["shape"],
            tuple((step, kind, what, lasts) for step, kind, what, lasts in one["events"]),
            tuple((group, firing, resolved) for group, firing, resolved in one["told"]),
        )
        for one in json.loads(GOLDEN.read_text())
    ]


@pytest.mark.parametrize("case", read_cases(), ids=lambda case: case.name)
def test_we_tell_what_alertmanager_told(case: Case, tmp_path: Path) -> None:
    assert ours(case, tmp_path, ALERTMANAGER) == case.told


def test_alertmanager_still_tells_it(tmp_path: Path) -> None:
    program = alertmanager.found()
    if program is None:
        pytest.skip(
            "SKIPPED: Alertmanager is not installed (Debian package `prometheus-alertmanager`, sh deploy/oracles.sh):"
            " recorded answers were used alone"
        )
    if os.environ.get(RECORD) == "1":
        _record(program, tmp_path)
        return
    waiting, differing, was_in_time = read_cases(), {}, False
    for step_s in STEP_S:
        told = asked(waiting, program, tmp_path, step_s) if waiting else {}
        if told is not None:
            was_in_time = True
            differing = {c.name: (c.told, told[c.name]) for c in waiting if told[c.name] != c.told}
            waiting = [case for case in waiting if case.name in differing]
    if not was_in_time:
        pytest.skip("SKIPPED: this machine is too busy to ask Alertmanager: recorded answers were used alone")
    assert differing == {}


def _record(program: str, folder: Path) -> None:
    """Those that it answers in the same way twice: delays of a busy machine add up in its timers."""
    asked_of = [*SPECIAL, *(walk(f"walk {seed}", seed) for seed in range(120))]
    one, two = (asked(asked_of, program, folder, step_s) for step_s in STEP_S[1:])
    assert one is not None
    assert two is not None
    cases = [
        Case(case.name, case.shape, case.events, one[case.name])
        for case in asked_of
        if one[case.name] == two[case.name]
    ]
    assert len(cases) > 0.9 * len(asked_of)
    rows = [json.dumps({"name": c.name, "shape": c.shape, "events": c.events, "told": c.told}) for c in cases]
    GOLDEN.write_text("[\n" + ",\n".join(rows) + "\n]\n")


def test_the_recorded_series_are_about_everything() -> None:
    """Of what use would an oracle be that was never asked."""
    cases = read_cases()
    assert {case.shape for case in cases} == set(ROUTES)
    kinds = {event[1] for case in cases for event in case.events}
    assert kinds == {"fires", "ends", "silence"}
    lines = [line for case in cases for line in case.told]
    assert any(firing and ended for _, firing, ended in lines)
    assert any(ended and not firing for _, firing, ended in lines)
    assert len(lines) > 300


@pytest.mark.parametrize(
    ("name", "quirk", "told"),
    [
        ("a silenced end", "loses_muted_ends", (("", "d", ""), ("", "", "d"), ("", "d", ""))),
        ("an unknown end", "tells_unknown_ends", (("", "a", ""),)),
        ("an empty group", "empty_groups_stay", (("", "a", ""), ("", "", "a"), ("", "a", ""))),
    ],
)
def test_each_difference_is_shown_by_a_case(
    name: str, quirk: str, told: tuple[Line, ...], tmp_path: Path
) -> None:
    """What we tell instead, or at another time."""
    case = next(one for one in SPECIAL if one.name == name)
    assert ours(case, tmp_path, OURS) == told
    without = {field: field != quirk for field in Quirks.__dataclass_fields__}
    moments = [_moments(case, tmp_path, quirks) for quirks in (ALERTMANAGER, Quirks(**without))]
    assert moments[0] != moments[1]


def _moments(case: Case, folder: Path, quirks: Quirks) -> list[tuple[datetime, frozenset[str]]]:
    alerting = load(_our_file(folder))
    silences = [
        Silence(id=1, matchers=parse_all(["name = d"]), starts_at=at(step), ends_at=at(step + lasts))
        for step, kind, _, lasts in case.events
        if kind == "silence"
    ]
    changes = [
        Change(at=at(step), fingerprint=what, labels=labels_of(case, what), firing=kind == "fires")
        for step, kind, what, _ in case.events
        if kind != "silence"
    ]
    simulation = Simulation(root=alerting.root, silences=silences, quirks=quirks)
    return [(one.at, one.firing) for one in simulate(simulation, changes, LONG)]
