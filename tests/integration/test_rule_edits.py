"""Rules edited in the control room: a running `hanoi-alerts` takes them up, and what it can't use changes nothing."""

import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from alerts.rule_form import form_of, text_of, with_form
from alerts.rules import SHIPPED, written_tables
from storage import db, operators, rule_edits
from storage.catalog import load_catalog
from storage.rule_edits import EditedMeanwhile
from tests.integration.alert_city import City, open_city
from tests.integration.test_alerts_process import POINTS, alerts, alerts_env, metric
from tests.processes import BIN, wait_for

pytestmark = pytest.mark.integration


@pytest.fixture
def city(city_url: str) -> Iterator[City]:
    with open_city(city_url) as opened:
        yield opened


def edited(key: str = "flood-15", **form: str) -> str:
    """The shipped rule with what somebody typed over it."""
    _, table = written_tables(load_catalog(), (SHIPPED,))[key]
    text = text_of(table)
    return with_form(text, {**form_of(text), **form})


def save(
    conn: db.Connection,
    document: str | None,
    version: int,
    *,
    key: str = "flood-15",
    enabled: bool = True,
    author: str = "minh",
    reason: str = "sau trận mưa 30/9",
) -> int:
    return rule_edits.save(
        conn,
        key,
        document=document,
        enabled=enabled,
        reason=reason,
        version=version,
        author=author,
        source="127.0.0.1",
        now=datetime.now(UTC),
    )


def flood(city: City, point: str, depth: float) -> None:
    """So deep for four minutes."""
    now = datetime.now(UTC)
    city.write(point, "water_depth", [(now - timedelta(minutes=n), depth) for n in (4, 3, 2, 1, 0)])


def firing(city: City, rule: str) -> set[str]:
    return {one["thing_id"] for one in city.alerts() if one["rule"] == rule and one["state"] == "firing"}


def ended(city: City, rule: str) -> list[tuple[str, Any]]:
    """(reason, who made it so) of every ending."""
    ids = {one["id"] for one in city.alerts() if one["rule"] == rule}
    return [
        (one.reason, one.evidence.get("by"))
        for one in city.transitions()
        if one.alert_id in ids and one.to_state == "resolved"
    ]


def taken_up(city: City, version: int) -> bool:
    held = rule_edits.in_force(city.conn).get("flood-15")
    return held is not None and held.version == version


def test_a_running_engine_fires_by_the_edited_limit_until_it_is_reverted(
    city: City, city_url: str, tmp_path: Path
) -> None:
    env = alerts_env(city_url)
    with alerts(env, tmp_path):
        wait_for(lambda: taken_up(city, 0), "the shipped rule is in force")
        save(city.conn, edited(value="40", clear="35"), 0)
        wait_for(lambda: taken_up(city, 1), "the edited one is in force")
        flood(city, POINTS[0], 45)
        flood(city, POINTS[1], 20)
        wait_for(lambda: firing(city, "flood-15") == {POINTS[0]}, "fires at 45 cm")

        save(city.conn, edited(value="deep"), 1)
        log = tmp_path / "hanoi-alerts.log"
        wait_for(lambda: "edit_refused rule=flood-15 version=2" in log.read_text(), "refused")
        flood(city, POINTS[2], 45)
        wait_for(lambda: firing(city, "flood-15") == {POINTS[0], POINTS[2]}, "the one before counts")
        assert POINTS[1] not in firing(city, "flood-15")

        save(city.conn, None, 2, author="lan")
        wait_for(lambda: taken_up(city, 3), "the shipped rule is in force again")
        assert ended(city, "flood-15") == [("rule_changed", "lan"), ("rule_changed", "lan")]
        flood(city, POINTS[1], 20)
        wait_for(lambda: POINTS[1] in firing(city, "flood-15"), "fires at 20 cm")

        rules = metric(env, "hanoi_alerts_rules")
        save(city.conn, None, 3, enabled=False, author="hoa")
        wait_for(lambda: ("rule_removed", "hoa") in ended(city, "flood-15"), "switched off")
        assert metric(env, "hanoi_alerts_rules") == rules - 1
    done = [
        (one.actor, one.action)
        for one in operators.audit_trail(city.conn, 100)
        if one.subject == "flood-15" and one.actor != "file"
    ]
    assert done[::-1] == [("minh", "rule.changed"), ("lan", "rule.changed"), ("hoa", "rule.removed")]


def test_an_engine_that_starts_takes_up_edits_before_it_evaluates(
    city: City, city_url: str, tmp_path: Path
) -> None:
    save(city.conn, edited(value="40", clear="35"), 0)
    flood(city, POINTS[0], 20)
    flood(city, POINTS[1], 45)
    with alerts(alerts_env(city_url), tmp_path):
        wait_for(lambda: bool(firing(city, "flood-15")), "fires")
    assert firing(city, "flood-15") == {POINTS[1]}
    assert "rule.changed" not in {one.action for one in operators.audit_trail(city.conn, 100)}


def test_who_saves_a_version_that_is_not_the_newest_is_told_of_it(city: City) -> None:
    assert save(city.conn, edited(value="40"), 0) == 1
    with pytest.raises(EditedMeanwhile) as meanwhile:
        save(city.conn, edited(value="50"), 0, author="lan")
    assert meanwhile.value.newest is not None
    assert (meanwhile.value.newest.author, meanwhile.value.newest.version) == ("minh", 1)
    assert len(rule_edits.of_rule(city.conn, "flood-15", 10)) == 1
    saved = [one for one in operators.audit_trail(city.conn, 10) if one.action == "rule_saved"]
    assert [(one.actor, one.detail["version"]) for one in saved] == [("minh", 1)]


def test_commands_see_edits(city: City, city_url: str) -> None:
    save(city.conn, edited(value="40", clear="35"), 0)
    save(city.conn, None, 0, key="flood-50", enabled=False)

    def command(*arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [BIN / "hanoi-alerts", *arguments],
            env={"HANOI_DATABASE_URL": city_url},
            capture_output=True,
            text=True,
            check=False,
        )

    checked = command("check")
    (line,) = [one for one in checked.stdout.splitlines() if one.startswith("flood-15 ")]
    assert "at_least 40, clear 35" in line
    assert line.endswith("control room: flood-15 version 1")
    assert "Switched off, or gone, in the control room: flood-50." in checked.stdout
    assert "at_least 15, clear 13" in command("check", "--files-only").stdout
    tested = command("test", "--rule", "flood-15")
    assert tested.returncode == 1
    assert "FAIL  flood-15 fires after two minutes" in tested.stdout
    flood(city, POINTS[0], 20)
    tried = command("backtest", "--rule", "flood-15", "--from", f"{datetime.now(UTC):%Y-%m-%d}", "--json")
    assert '"limit": 40' in tried.stdout, tried.stdout + tried.stderr
