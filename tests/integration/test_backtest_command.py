"""`hanoi-alerts backtest` on a real TimescaleDB: what the engine recorded, it finds; and it writes nothing."""

import argparse
import json
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import psycopg
import pytest
from pydantic import SecretStr

from alerts import backtest_stored
from alerts.backtest import Agreement
from alerts.commands import CommandError
from alerts.commands import backtest as command
from alerts.rules import RuleBook, parse_file
from alerts.watched import watched
from storage import alert_log, db
from storage import backtest as history
from storage.catalog import load_catalog
from storage.model import Quality
from storage.settings import Settings
from tests.integration.alert_city import City, open_city
from tests.processes import BIN

pytestmark = pytest.mark.integration

BEGIN = datetime(2026, 7, 20, 3, 0, tzinfo=UTC)
"""10:00 in Hanoi."""
POINT = "flood-nguyen-khuyen"
OTHER = "flood-cao-ba-quat"
GAUGE = "rain-nguyen-khuyen"
"""Near both points."""
FAR = "flood-trieu-khuc"
"""Its nearest gauge is 3.5 km away."""
SPAN = ("--from", "2026-07-20T10:00+07:00", "--to", "2026-07-20T20:00+07:00")
DRAFTS = """
[[rule]]
key = "deep"
when = { at_least = 15 }
clear = 13
for = "2m"
keep_firing_for = "3m"

[[rule]]
key = "rises"
when = { rises_by = 8, within = "10m" }

[[rule]]
key = "stands"
when = { stuck_for = "4m" }
keep_firing_for = "2m"

[[rule]]
key = "wet"
when = { all = [{ at_least = 12 }, { domain = "rain", property = "rain_interval", within_km = 1, at_least = 2 }] }
for = "1m"

[[rule]]
key = "unusual"
when = { above_usual_by = 4, days = 1, at_least_days = 1 }

[[rule]]
key = "silent"
when = { absent_for = "10m" }

[[rule]]
key = "evening"
when = { at_least = 14 }
valid = { hours = ["13:00", "16:00"] }
"""
COMMON = """domain = "flood"
property = "water_depth"
severity = "warning"
title = { vi = "Thử", en = "Tried" }
runbook = { vi = "Xem.", en = "Look." }
suggestion = true
basis = { vi = "a test", en = "a test" }
"""


@pytest.fixture
def drafts(tmp_path: Path) -> Path:
    path = tmp_path / "drafts.toml"
    path.write_text(DRAFTS.replace('key = "', COMMON + 'key = "'), "utf-8")
    return path


@pytest.fixture
def book(drafts: Path) -> RuleBook:
    return parse_file(load_catalog(), drafts)


@pytest.fixture
def city(city_url: str, book: RuleBook) -> Iterator[City]:
    """The drafts are in force there."""
    with open_city(city_url, book) as city:
        yield city


def at(minute: float) -> datetime:
    return BEGIN + timedelta(minutes=minute)


def play(city: City, count: int, seed: int) -> None:
    """A walk on two points and the gauge, with gaps and suspect values, evaluated as it comes."""
    random = Random(seed)
    day_before = [(at(minute - 24 * 60), 8.0 + minute % 3) for minute in range(count)]
    city.write(POINT, "water_depth", day_before)
    city.evaluate(at(count - 24 * 60))
    series = {point: depths(random, count) for point in (POINT, OTHER)}
    rain = {minute: float(random.choice((0, 1, 2, 3, 3))) for minute in range(0, count, 5)}
    begin = 0
    while begin < count:
        end = min(count, begin + random.choice((1, 5, 15)))
        for point, depth in series.items():
            for quality in (Quality.GOOD, Quality.SUSPECT):
                part = [
                    (at(m), depth[m][0]) for m in range(begin, end) if m in depth and depth[m][1] is quality
                ]
                city.write(point, "water_depth", part, quality=quality)
        city.write(GAUGE, "rain_interval", [(at(m), rain[m]) for m in range(begin, end) if m in rain])
        city.evaluate(at(end - 1))
        city.let_time_pass(at(end - 1))
        begin = end


def depths(random: Random, count: int) -> dict[int, tuple[float, Quality]]:
    """By minute."""
    series: dict[int, tuple[float, Quality]] = {}
    depth, gap = 10.0, 0
    for minute in range(count):
        depth += random.choice((-3, -1, 0, 0, 1, 3)) + 0.1 * (10 - depth)
        gap = random.choice((2, 12, 30)) if random.random() < 0.03 else max(0, gap - 1)
        if not gap:
            quality = Quality.SUSPECT if random.random() < 0.1 else Quality.GOOD
            series[minute] = (max(0.0, round(depth)), quality)
    return series


def backtest(url: str, *arguments: object) -> int:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    given = parser.parse_args([str(one) for one in arguments])
    return command.run(given, Settings(database_url=SecretStr(url)))


def found(url: str, capsys: pytest.CaptureFixture[str], *arguments: object) -> dict[str, Any]:
    assert backtest(url, *arguments, "--json") == 0
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return document


def test_it_finds_what_the_engine_recorded_when_the_same_values_came_in_order(
    city: City, city_url: str, drafts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    play(city, 300, seed=1)
    end = at(300)
    city.let_time_pass(end + timedelta(minutes=20))
    span = ("--from", at(0).isoformat(), "--to", end.isoformat())
    done = found(city_url, capsys, "--rules-file", drafts, *span)
    alerts = [a for a in city.alerts() if a["firing_since"] and at(0) <= a["firing_since"] < end]
    recorded = {
        (a["rule"], a["thing_id"], a["firing_since"], before(a["resolved_at"], end), a["peak"])
        for a in alerts
    }
    ours = {
        (one["rule"], one["thing"], time(firing["from"]), time(firing["to"]), firing["peak"])
        for one in done["things"]
        for firing in one["firings"]
        if not firing["began_before"]
    }
    assert ours == recorded
    assert {rule for rule, *_ in ours} == {"deep", "rises", "stands", "wet", "unusual", "silent", "evening"}
    compared = done["recorded"]
    assert (compared["otherwise"], compared["only_recorded"], compared["only_here"]) == (0, 0, 0)
    flapping = [firing["flapping"] for one in done["things"] for firing in one["firings"]]
    assert sum(flapping) == sum(a["flapping"] for a in alerts)


def before(moment: datetime | None, end: datetime) -> datetime | None:
    return moment if moment is not None and moment < end else None


def time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def test_a_draft_that_is_in_force_nowhere_is_tried_and_nothing_is_written(
    city_url: str, drafts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with open_city(city_url) as city:
        city.write(POINT, "water_depth", [(at(n), 20.0 if 5 <= n < 30 else 1.0) for n in range(60)])
        done = found(city_url, capsys, "--rules-file", drafts, "--rule", "deep", *SPAN)
        assert [(one["thing"], len(one["firings"])) for one in done["things"] if one["firings"]] == [
            (POINT, 1)
        ]
        (firing,) = next(one for one in done["things"] if one["firings"])["firings"]
        assert datetime.fromisoformat(firing["from"]) == at(7)
        assert datetime.fromisoformat(firing["to"]) == at(33)
        assert done["recorded"] is None
        assert city.alerts() == []
        assert done["messages"]["sent"] == {"control-room": {"firing": 1, "resolved": 1}}


def test_a_backtests_session_can_not_write(city_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def writes(conn: db.Connection, *rest: object) -> None:
        alert_log.end_alert(conn, 1, BEGIN)

    monkeypatch.setattr(backtest_stored, "try_on", writes)
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        backtest(city_url, "--rule", "flood-15", *SPAN)


def test_the_past_is_read_page_by_page_and_each_value_once(city: City) -> None:
    city.write(POINT, "water_depth", [(at(n), float(n)) for n in range(50)])
    stream = city.streams[POINT, "water_depth"]
    pages = history.samples_within(city.conn, stream, at(3), at(47), page=11)
    assert [row.value for row in pages] == [float(n) for n in range(3, 47)]


def test_an_alert_that_never_was_is_told_apart_from_those_compared(
    city: City, city_url: str, drafts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    values = [(at(n), 20.0 if n > 2 else 1.0) for n in range(9)]
    city.write(POINT, "water_depth", values)
    city.evaluate(at(9))
    corrected = [(time, 1.0) for time, _ in values]
    city.write(POINT, "water_depth", corrected, result_time=at(10))
    city.evaluate(at(10))
    asked = ("--rules-file", drafts, "--rule", "deep", "--thing", POINT)
    (one,) = found(city_url, capsys, *asked, *SPAN)["things"]
    assert (one["firings"], one["recorded"]["alerts"], one["recorded"]["withdrawn"]) == ([], 1, 1)
    assert one["recorded"]["only_recorded"] == 0


def test_one_that_the_engine_did_not_see_is_found_only_here(city: City, book: RuleBook) -> None:
    """As when hanoi-alerts was not running, or the limit was another then."""
    city.write(POINT, "water_depth", [(at(n), 20.0) for n in range(9)])
    instance = watched(book, alert_log.streams(city.conn)).by_key["deep", city.streams[POINT, "water_depth"]]
    past = backtest_stored.try_on(city.conn, instance, at(0), at(9))
    assert past.agreement == Agreement(same=0, otherwise=0, only_recorded=0, only_here=1)


def test_silence_from_before_the_time_looked_at_counts(
    city: City, city_url: str, drafts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    city.write(POINT, "water_depth", [(at(-30 * 24 * 60), 1.0), (at(60), 1.0)])
    asked = ("--rules-file", drafts, "--rule", "silent", "--thing", POINT)
    (one,) = found(city_url, capsys, *asked, *SPAN)["things"]
    times = [
        (firing["began_before"], datetime.fromisoformat(firing["to"]) if firing["to"] else None)
        for firing in one["firings"]
    ]
    assert times == [(True, at(60)), (False, None)]
    assert one["firing_s"] == 3600 + (600 - 70) * 60


def test_what_a_condition_can_not_know_of_a_thing_is_said(
    city_url: str, drafts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert backtest(city_url, "--rules-file", drafts, "--rule", "wet", "--thing", FAR, *SPAN) == 0
    said = capsys.readouterr().out
    assert f"there is no rain_interval within 1 km for {FAR}" in said
    assert "without a value in that time" in said


def test_things_that_there_are_none_of_or_that_it_does_not_look_at_are_refused(city_url: str) -> None:
    with pytest.raises(CommandError, match=f"no Thing 'flood-nguyen-khuyenn'.*did you mean {POINT}"):
        backtest(city_url, "--rule", "flood-15", "--thing", "flood-nguyen-khuyenn", *SPAN)
    with pytest.raises(CommandError, match=f"flood-15 does not look at {GAUGE}: it looks at flood-"):
        backtest(city_url, "--rule", "flood-15", "--thing", GAUGE, *SPAN)


def test_receivers_are_those_of_the_file_that_is_named(
    city: City, city_url: str, drafts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Six hours of firing: one is reminded at the first look (each 5 min) more than an hour after the last message."""
    (tmp_path / "alerting.toml").write_text(
        """
        [receiver.duty]
        type = "control-room"
        [receiver.chief]
        type = "control-room"
        [route]
        receivers = ["duty"]
        group_by = ["thing"]
        repeat_interval = "1h"
        [[route.routes]]
        matchers = ["severity = warning"]
        receivers = ["duty"]
        continue = true
        [[route.routes]]
        matchers = ["thing = flood-nguyen-khuyen"]
        receivers = ["chief"]
        repeat_interval = "1d"
        """,
        "utf-8",
    )
    city.write(POINT, "water_depth", [(at(n), 20.0 if n < 360 else 1.0) for n in range(400)])
    asked = ("--rules-file", drafts, "--rule", "deep", *SPAN, "--alerting", tmp_path / "alerting.toml")
    sent = found(city_url, capsys, *asked)["messages"]["sent"]
    assert sent == {
        "chief": {"firing": 1, "resolved": 1},
        "duty": {"firing": 1, "repeat": 5, "resolved": 1},
    }
    assert found(city_url, capsys, *asked, "--receiver", "chief")["messages"]["sent"].keys() == {"chief"}


def test_ctrl_c_tells_what_was_found_so_far(
    city: City,
    city_url: str,
    drafts: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    city.write(OTHER, "water_depth", [(at(n), 20.0) for n in range(9)])
    real = backtest_stored.try_on

    def interrupted(conn: db.Connection, instance: Any, *rest: Any) -> backtest_stored.Past:
        if instance.anchor.thing_id > OTHER:
            raise KeyboardInterrupt
        return real(conn, instance, *rest)

    monkeypatch.setattr(backtest_stored, "try_on", interrupted)
    assert backtest(city_url, "--rules-file", drafts, "--rule", "deep", *SPAN) == 130
    said = capsys.readouterr().out
    assert f"{OTHER}: Cao Bá Quát" in said
    assert "rules on Things not looked at" in said


def hanoi_alerts(url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [BIN / "hanoi-alerts", "backtest", *arguments],
        env={"HANOI_RUNTIME_DIR": "/nonexistent", "HANOI_DATABASE_URL": url, "HANOI_LOG_LEVEL": "ERROR"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_program_prints_a_shipped_rules_past_and_draws_it(
    city: City, city_url: str, tmp_path: Path
) -> None:
    city.write(POINT, "water_depth", [(at(n), 20.0 if 5 <= n < 30 else 1.0) for n in range(60)])
    plot = tmp_path / "out.html"
    done = hanoi_alerts(city_url, "--rule", "flood-15", *SPAN, "--plot", str(plot))
    assert (done.returncode, done.stderr) == (0, "")
    assert (
        "from 2026-07-20 10:07 to 2026-07-20 10:40  33m  peak 20 cm at 2026-07-20 10:05, cleared"
        in done.stdout
    )
    assert "messages by routing.toml" in done.stdout
    assert "Ngập từ 15 cm" in plot.read_text("utf-8")


def test_the_program_refuses_a_naive_time_and_a_rule_that_there_is_none_of(city_url: str) -> None:
    naive = hanoi_alerts(city_url, "--rule", "flood-15", "--from", "2026-07-20T10:00")
    assert naive.returncode == 2
    assert "'2026-07-20T10:00' has no offset: write 2026-07-20T10:00+07:00 for Hanoi" in naive.stderr
    unknown = hanoi_alerts(city_url, "--rule", "flod-15", *SPAN)
    assert unknown.returncode == 2
    assert "no rule 'flod-15': did you mean flood-15" in unknown.stderr
