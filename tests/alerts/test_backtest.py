"""Rules on the past. What they should do is worked out beside them: by plain loops over the files, and by hand."""

import argparse
import csv
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from alerts import backtest as backtests
from alerts import backtest_plot
from alerts.backtest import Agreement, Recorded, Subject, agreement, backtest, messages
from alerts.backtest_report import Report, Tried
from alerts.backtest_text import strip
from alerts.commands import CommandError
from alerts.commands import backtest as command
from alerts.conditions import Outside, Reading
from alerts.evaluate import INACTIVE, evaluate
from alerts.model import Rule, State
from alerts.outline import Outline, Point
from alerts.route import Route, Timing
from alerts.samples import Sample
from storage.catalog import ReferenceDataError
from storage.model import HANOI, Text
from storage.settings import Settings
from tests.alerts.series import START, at, minutes, rule, sample, together, values
from tests.alerts.written import written
from tests.conftest import SHARED

DATA = SHARED / "data"
EMBASSY = DATA / "air" / "hanoi_pm25_embassy_2017.csv"
SONDE = DATA / "water" / "lake_sonde_exo3_2019.csv"
RAIN = DATA / "rain" / "ea_rain_305111_2024.csv"
DAY = timedelta(days=1)
Row = dict[str, str]


# --- the recorded files -----------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class File:
    """How the tests read a file by themselves, and how the command is told to."""

    path: Path
    domain: str
    observed: str
    time: Callable[[Row], datetime]
    value: str
    interval: timedelta
    options: tuple[str, ...]

    def series(self) -> list[tuple[datetime, float]]:
        """Of a time that stands there twice the later row."""
        with self.path.open(encoding="utf-8", newline="") as lines:
            found = {self.time(row): float(row[self.value]) for row in csv.DictReader(lines)}
        return sorted((time, value) for time, value in found.items() if value != -999)


FILES = {
    "embassy": File(
        path=EMBASSY,
        domain="air_quality",
        observed="pm2_5",
        time=lambda row: datetime.strptime(row["Date (LT)"] + "+0700", "%Y-%m-%d %I:%M %p%z"),
        value="Raw Conc.",
        interval=timedelta(hours=1),
        options=(
            *("--time", "Date (LT)", "--time-format", "%Y-%m-%d %I:%M %p", "--timezone", "Asia/Ho_Chi_Minh"),
            *("--value", "Raw Conc.", "--missing=-999", "--interval", "1h"),
        ),
    ),
    "sonde": File(
        path=SONDE,
        domain="water_quality",
        observed="turbidity",
        time=lambda row: datetime.fromisoformat(row["date.time"]).replace(tzinfo=HANOI),
        value="turb_FNU",
        interval=timedelta(minutes=5),
        options=("--time", "date.time", "--timezone", "Asia/Ho_Chi_Minh", "--value", "turb_FNU"),
    ),
    "rain": File(
        path=RAIN,
        domain="rain",
        observed="rain_interval",
        time=lambda row: datetime.fromisoformat(row["dateTime"]),
        value="value",
        interval=timedelta(minutes=15),
        options=("--time", "dateTime", "--value", "value", "--interval", "15m"),
    ),
}


def fired(
    series: list[tuple[datetime, float]],
    *,
    limit: float,
    clear: float,
    hold: timedelta,
    keep: timedelta,
    interval: timedelta,
) -> Iterator[tuple[datetime, datetime | None]]:
    """At least `limit` for `hold`, over when below `clear` for `keep` or silent for a day."""
    pending = since = clearing = None
    before = series[0][0]
    for time, value in series:
        if since is not None and clearing is not None and clearing + keep < min(time, before + interval):
            yield since, clearing + keep
            pending = since = clearing = None
        if since is not None and time - before > DAY:
            yield since, before + DAY
            pending = since = clearing = None
        if since is None and pending is not None and time - before > 3 * interval:
            pending = None
        if since is None and pending is not None and pending + hold < min(time, before + interval):
            since = pending + hold
        if since is None:
            pending = None if value < limit else pending or time
            since = time if pending is not None and time - pending >= hold else None
        elif value < clear:
            clearing = clearing or time
            if time - clearing >= keep:
                yield since, time
                pending = since = clearing = None
        else:
            clearing = None
        before = time
    if since is not None:
        yield since, None


def draft(file: File, **keys: object) -> str:
    said = "\n".join(f"{key} = {json.dumps(value)}" for key, value in keys.items() if key != "when")
    return f"""
[[rule]]
key = "tried"
domain = "{file.domain}"
property = "{file.observed}"
when = {{ at_least = {keys["when"]} }}
{said}
severity = "warning"
title = {{ vi = "Thử", en = "Tried" }}
runbook = {{ vi = "Xem.", en = "Look." }}
suggestion = true
basis = {{ vi = "a test", en = "a test" }}
"""


def run(*arguments: object) -> int:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return command.run(parser.parse_args([str(one) for one in arguments]), Settings())


CASES = [
    ("embassy", 100.0, 90.0, "3h", "0s"),
    ("embassy", 150.0, 140.0, "0s", "2h"),
    ("embassy", 55.0, 45.0, "6h", "3h"),
    ("sonde", 3.0, 2.9, "10m", "10m"),
    ("sonde", 5.0, 5.0, "0s", "0s"),
    ("rain", 0.5, 0.2, "0s", "1h"),
    ("rain", 0.2, 0.2, "30m", "20m"),
]


@pytest.mark.parametrize(("name", "limit", "clear", "hold", "keep"), CASES)
def test_a_draft_fires_on_a_recording_when_a_plain_loop_over_the_file_says_so(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
    limit: float,
    clear: float,
    hold: str,
    keep: str,
) -> None:
    file = FILES[name]
    path = tmp_path / "draft.toml"
    path.write_text(draft(file, when=limit, clear=clear, **{"for": hold, "keep_firing_for": keep}), "utf-8")
    assert run("--rules-file", path, "--csv", file.path, *file.options, "--json") == 0
    (found,) = json.loads(capsys.readouterr().out)["things"]
    spoken = {"0s": 0, "10m": 10, "15m": 15, "20m": 20, "30m": 30, "1h": 60, "2h": 120, "3h": 180, "6h": 360}
    expected = list(
        fired(
            file.series(),
            limit=limit,
            clear=clear,
            hold=timedelta(minutes=spoken[hold]),
            keep=timedelta(minutes=spoken[keep]),
            interval=file.interval,
        )
    )
    times = [(one["from"], one["to"]) for one in found["firings"]]
    assert [
        (datetime.fromisoformat(begin), datetime.fromisoformat(end) if end else None) for begin, end in times
    ] == expected
    assert len(expected) > 2
    assert found["values"] == len(file.series())


def test_what_the_embassy_left_out_and_said_twice_is_counted_and_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = FILES["embassy"]
    with EMBASSY.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    missing = sum(float(row["Raw Conc."]) == -999 for row in rows)
    (tmp_path / "draft.toml").write_text(draft(file, when=100), "utf-8")
    run("--rules-file", tmp_path / "draft.toml", "--csv", EMBASSY, *file.options)
    said = capsys.readouterr().out
    assert f"{len(rows):,} rows: {len(file.series()):,} used" in said
    assert f"{missing} missing" in said
    measured = [file.time(row) for row in rows if float(row["Raw Conc."]) != -999]
    twice = [n for n, time in enumerate(measured) if time in measured[n + 1 :]]
    assert len(twice) == 1
    number = [file.time(row) for row in rows].index(measured[twice[0]])
    assert f"row {number + 2}: Raw Conc." in said
    assert "stands beside a later row of the same time" in said


def table(folder: Path, *lines: str) -> Path:
    path = folder / "table.csv"
    path.write_text("\n".join(["when,pm,station", *lines, ""]), "utf-8")
    return path


def on_table(folder: Path, path: Path, *arguments: str) -> int:
    (folder / "draft.toml").write_text(draft(FILES["embassy"], when=100), "utf-8")
    columns = ("--time", "when", "--value", "pm")
    return run("--rules-file", folder / "draft.toml", "--csv", path, *columns, *arguments)


def test_bad_cells_of_a_file_are_counted_and_named_and_never_guessed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = table(
        tmp_path,
        "2026-01-01T00:00:00Z,12,a",
        "2026-01-01T00:05:00Z,1,a",
        '2026-01-01T00:10:00Z,"1,5",a',
        "yesterday,12,a",
        "2026-02-30T00:00:00Z,12,a",
        "2026-01-01T00:15:00Z,9999,a",
        "2026-01-01T00:20:00Z,inf,a",
        "2026-01-01T00:25:00Z,,a",
        "2026-01-01T00:30:00Z,n/a,a",
        "2026-01-01T00:05:00Z,1,a",
    )
    assert on_table(tmp_path, path, "--missing", "n/a") == 0
    said = capsys.readouterr().out
    assert "10 rows: 2 used, taken as ug/m3; 2 missing, 1 repeated, 5 that can't be used" in said
    for row, text, why in [
        (4, "1,5", "is no number"),
        (5, "yesterday", "is no time"),
        (6, "2026-02-30T00:00:00Z", "is no time"),
        (7, "9999", "is not possible"),
        (8, "inf", "is no number"),
    ]:
        assert any(f"row {row}: " in line and f"'{text}' {why}" in line for line in said.splitlines())


def test_times_of_a_file_without_an_offset_need_a_zone(tmp_path: Path) -> None:
    path = table(tmp_path, "2026-01-01T00:00:00+07:00,1,a", "2026-01-01 00:05,2,a")
    with pytest.raises(CommandError, match=r"row 3: when: '2026-01-01 00:05' has no offset.*--timezone"):
        on_table(tmp_path, path)


def test_an_hour_that_a_zones_clocks_had_twice_or_never_is_no_time(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Berlin's clocks went back at 03:00 on 26 October 2025 and forward at 02:00 on 30 March."""
    path = table(tmp_path, "2025-10-26T02:30:00,1,a", "2025-03-30T02:30:00,1,a", "2025-10-26T03:30:00,1,a")
    on_table(tmp_path, path, "--timezone", "Europe/Berlin")
    said = capsys.readouterr().out
    assert "1 used" in said
    assert "from 2025-10-26 09:30" in said


def test_a_file_is_read_in_the_order_of_time_and_only_as_far_as_it_is_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = table(
        tmp_path,
        "2026-01-01T00:10:00Z,150,b",
        "2026-01-01T00:00:00Z,150,a",
        "2026-01-01T00:05:00Z,50,a",
        "2026-01-01T00:15:00Z,160,a",
    )
    on_table(tmp_path, path, "--where", "station=a", "--thing", "roof", "--json")
    (found,) = json.loads(capsys.readouterr().out)["things"]
    assert found["thing"] == "roof"
    assert [one["peak"] for one in found["firings"]] == [150, 160]
    with pytest.raises(CommandError, match="no row with station=c: station has a, b"):
        on_table(tmp_path, path, "--where", "station=c")


def test_a_column_that_is_not_there_is_named_with_what_may_be_meant(tmp_path: Path) -> None:
    path = table(tmp_path, "2026-01-01T00:00:00Z,1,a")
    with pytest.raises(CommandError, match=r"no column 'stations': did you mean 'station'\? there are when"):
        on_table(tmp_path, path, "--where", "stations=a")


def test_a_file_that_comes_more_rarely_than_the_property_is_said_to_need_its_interval(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = table(tmp_path, "2026-01-01T00:00:00Z,1,a", "2026-01-01T01:00:00Z,1,a")
    on_table(tmp_path, path)
    assert "without --interval 1h each counts as overdue" in capsys.readouterr().out


# --- what people type -------------------------------------------------------------------------------------------


def test_a_naive_time_is_refused_with_what_to_write() -> None:
    with pytest.raises(
        argparse.ArgumentTypeError, match=r"no offset: write 2026-11-01T10:00\+07:00 for Hanoi"
    ):
        command.parse_time("2026-11-01T10:00")


def test_a_day_alone_begins_at_hanois_midnight() -> None:
    assert command.parse_time("2026-11-01") == datetime(2026, 10, 31, 17, tzinfo=UTC)


def test_an_unknown_rule_is_answered_with_the_nearest() -> None:
    with pytest.raises(CommandError, match=r"no rule 'flood15': did you mean flood-15"):
        run("--rule", "flood15", "--from", "2026-11-01")


def test_an_unknown_receiver_is_answered_with_those_that_routes_tell() -> None:
    with pytest.raises(CommandError, match="tells 'nobody': there are control-room"):
        run("--rule", "flood-15", "--from", "2026-11-01", "--receiver", "nobody")


def test_columns_without_a_file_are_refused() -> None:
    with pytest.raises(CommandError, match="--value: goes with --csv"):
        run("--rule", "flood-15", "--from", "2026-11-01", "--value", "pm")


def test_a_draft_with_a_fault_is_refused_with_its_file_and_key(tmp_path: Path) -> None:
    path = tmp_path / "draft.toml"
    path.write_text(draft(FILES["embassy"], when=100, clear=120), "utf-8")
    with pytest.raises(ReferenceDataError, match=r"draft.toml: rule tried: clear: must be at most the limit"):
        run("--rules-file", path, "--from", "2026-11-01")


# --- evaluation over a long time ----------------------------------------------------------------------------------


def noise(count: int, seed: int = 1, *, operand: int = 0, stream: int = 0) -> list[Sample]:
    """A walk with steps of whole numbers, every minute but for some, a tenth of it suspect."""
    random, value, series = Random(seed), 10.0, []
    for minute in range(count):
        value += random.choice((-3, -1, -1, 0, 0, 0, 1, 1, 3)) + 0.1 * (10 - value)
        if random.random() < 0.9:
            quality = 3 if random.random() < 0.1 else 1
            series.append(sample(minute, round(value), quality, operand=operand, stream=stream))
    return series


LOOKING_BACK = [
    {"at_least": 14},
    {"outside": [6, 14], "margin": 1},
    {"rises_by": 6, "within": "10m"},
    {"stuck_for": "4m"},
    {"all": [{"at_least": 12}, {"property": "b", "at_least": 12}]},
    {"any": [{"at_least": 15}, {"falls_by": 8, "within": "15m"}]},
    {"above_usual_by": 5, "days": 2, "at_least_days": 1},
]


@pytest.mark.parametrize("when", LOOKING_BACK, ids=lambda when: next(iter(when)))
def test_years_fit_since_what_no_condition_looks_back_on_is_forgotten_and_nothing_else(
    when: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Against the evaluation that is given everything at once."""
    monkeypatch.setattr(backtests, "REMEMBERED", 7)
    tried = written(when, **{"for": "2m", "keep_firing_for": "2m"})
    count = 6000 if "above_usual_by" in when else 900
    series = together(noise(count), noise(count, 2, operand=1, stream=1) if "all" in when else [])
    end = series[-1].time + minutes(1)
    _, transitions = evaluate(tried, series, INACTIVE, end)
    expected = [one.at for one in transitions if one.to_state is State.FIRING]
    found = backtest(tried, series, START, end)
    assert [firing.since for firing in found.firings] == expected
    assert expected


def test_an_alert_that_was_going_on_is_told_and_not_counted_as_another() -> None:
    watched = rule(15, clear=13, hold=2, keep_firing_for=1)
    series = values("20 20 20 20 14 14 14 14 14 9 9 9 20 20 20 3 3")
    found = backtest(watched, series, at(5), at(20))
    assert [(one.since, one.until) for one in found.firings] == [(at(2), at(10)), (at(14), at(16))]
    assert [one.since for one in found.begun] == [at(14)]
    assert found.firing_for == minutes(5 + 2)
    assert found.longest == minutes(5)
    assert found.values == 12


def test_what_only_pended_and_what_was_left_out_for_its_quality_is_counted() -> None:
    found = backtest(rule(15, hold=2), values("20 3 20 20 3 20? 20? 20? 3"), START, at(9))
    assert (found.firings, found.only_pending, found.values, found.left_out) == ((), 2, 9, 3)


def test_it_still_fires_at_the_end_when_nothing_ended_it() -> None:
    (found,) = backtest(rule(15), values("3 20 40 30"), START, at(10)).firings
    assert (found.since, found.until, found.reason, found.peak, found.peak_at) == (
        at(1),
        None,
        None,
        40,
        at(2),
    )


def test_what_comes_at_the_end_or_later_is_not_looked_at() -> None:
    series = values("3 3 20 20 3 20 20 20")
    found = backtest(rule(15), series, START, at(5))
    assert ([(one.since, one.until) for one in found.firings], found.values) == ([(at(2), at(4))], 5)


def test_silence_is_found_and_ends_when_something_is_heard() -> None:
    absent = written({"absent_for": "10m"})
    found = backtest(absent, values("1 1 1 _ _ _ _ _ _ _ _ _ _ _ _ 1 1"), START, at(60))
    assert [(one.since, one.until) for one in found.firings] == [(at(12), at(15)), (at(26), None)]


def test_what_was_heard_long_ago_counts_where_silence_is_the_condition() -> None:
    absent = written({"absent_for": "10m"})
    found = backtest(absent, [sample(-90 * 24 * 60, 1)], START, at(60))
    assert [(one.until, found.within(one)) for one in found.firings] == [(None, minutes(60))]


def test_many_firings_within_an_hour_count_as_flapping_from_the_fourth_on() -> None:
    found = backtest(replace(rule(15), flapping=4), values("20 3 20 3 20 3 20 3 20 3"), START, at(10))
    assert [one.flapping for one in found.firings] == [False, False, False, True, True]
    assert found.flapping_episodes == 1


def test_firings_are_compared_with_what_was_recorded() -> None:
    found = backtest(rule(15), values("20 3 20 3 20 3 20 3"), START, at(8))
    recorded = [
        Recorded(since=at(-30), until=at(1)),  # began before; the same as far as it lies within
        Recorded(since=at(2), until=at(3.5)),
        Recorded(since=at(5.2), until=at(5.5)),
        Recorded(since=at(6), until=at(7)),
    ]
    assert agreement(found, recorded) == Agreement(same=2, otherwise=1, only_recorded=1, only_here=1)


# --- messages -----------------------------------------------------------------------------------------------------


def subject(watched: Rule, series: list[Sample], end: datetime, thing: str = "a", **labels: str) -> Subject:
    trial = backtest(watched, series, START, end)
    return Subject(fingerprint=f"{watched.key}/{thing}", labels={"thing": thing, **labels}, trial=trial)


def told_by(timing: Timing, *group_by: str) -> Route:
    return Route(key="root", receivers=("duty",), group_by=group_by, timing=timing)


def test_messages_are_counted_as_alertmanager_would_send_them() -> None:
    """Of nine hours of firing: its beginning, a reminder after four and after eight, its end."""
    series = [sample(minute, 20) for minute in range(9 * 60)] + [sample(9 * 60, 3)]
    timing = Timing(group_interval=minutes(5), repeat_interval=minutes(240))
    found = messages(
        [subject(rule(15), series, at(24 * 60))], START, at(24 * 60), root=told_by(timing, "thing")
    )
    assert found.by_receiver == {"duty": {"firing": 1, "repeat": 2, "resolved": 1}}


def test_things_of_a_group_are_told_of_together() -> None:
    series = values("20 20 3")
    timing = Timing(group_wait=minutes(1), group_interval=minutes(5))
    for group_by, expected in ((("area",), 1), (("area", "thing"), 3)):
        subjects = [subject(rule(15), series, at(60), thing, area="x") for thing in "abc"]
        found = messages(subjects, START, at(60), root=told_by(timing, *group_by))
        assert found.by_receiver["duty"]["firing"] == expected


def test_reminders_of_what_fires_to_the_end_are_counted_to_the_end() -> None:
    series = [sample(minute, 20) for minute in range(3 * 24 * 60)]
    timing = Timing(repeat_interval=minutes(12 * 60))
    end = at(3 * 24 * 60)
    found = messages([subject(rule(15), series, end)], START, end, root=told_by(timing))
    assert found.by_receiver == {"duty": {"firing": 1, "repeat": 5}}


def test_what_was_said_before_the_time_looked_at_is_not_counted() -> None:
    series = [sample(minute, 20) for minute in range(300)]
    trial = backtest(rule(15), series, at(60), at(300))
    one = Subject(fingerprint="tried/a", labels={}, trial=trial)
    root = told_by(Timing(repeat_interval=minutes(120)))
    assert messages([one], at(60), at(300), root=root).by_receiver == {"duty": {"repeat": 2}}


def test_the_busiest_hour_is_one_of_hanois_clock() -> None:
    """Half past five in Kathmandu's minutes would be another hour."""
    half_past = datetime(2026, 7, 20, 10, 30, tzinfo=UTC)
    times = [half_past, half_past + minutes(29), half_past + minutes(31)]
    assert backtests.busiest_hour(times) == (datetime(2026, 7, 20, 17, tzinfo=HANOI), 2)


# --- what is seen -------------------------------------------------------------------------------------------------


def test_an_outline_keeps_the_worst_and_breaks_where_nothing_came() -> None:
    random = Random(3)
    series = [sample(minute, random.random()) for minute in range(5000) if not 2000 <= minute < 2300]
    outline = Outline(start=START, end=at(5000), interval=minutes(1), stretches=50)
    for one in series:
        outline.add(Point(one.time, one.value, one.quality), good=True)
    line = list(outline.line())
    assert len(line) <= 4 * 50 + 1
    assert [line[n - 1] for n, point in enumerate(line) if point is None] == [
        Point(at(1999), series[1999].value, 1)
    ]
    drawn = [point for point in line if point is not None]
    assert drawn == sorted(drawn)
    for stretch in range(50):
        within = [one.value for one in series if at(100 * stretch) <= one.time < at(100 * stretch + 100)]
        shown = [point.value for point in drawn if at(100 * stretch) <= point.time < at(100 * stretch + 100)]
        assert (min(within), max(within)) == (min(shown), max(shown)) if within else not shown


def tried(watched: Rule, series: list[Sample], end: datetime) -> Tried:
    name = Text(vi="<Cao Bá Quát>", en="Cao Ba Quat")
    return Tried(thing_id="a", name=name, subject=subject(watched, series, end))


def test_a_strip_shows_the_series_and_below_it_when_it_fires() -> None:
    watched = rule(15)
    shown = list(strip(backtest(watched, values("0 0 0 20 20 20 20? _ 0 0 0 0"), START, at(12))))
    assert shown == ["▁▁▁███? ▁▁▁▁  0 to 20 cm", "   ▀▀▀▀▀"]


def report(*found: Tried) -> Report:
    trials = [one.trial for one in found]
    subjects = [one.subject for one in found]
    return Report(
        rules=tuple({trial.rule.key: trial.rule for trial in trials}.values()),
        source="a test",
        start=trials[0].start,
        end=trials[0].end,
        tried=found,
        messages=messages(subjects, trials[0].start, trials[0].end, root=told_by(Timing())),
        alerting="a test",
    )


def test_a_plot_draws_the_series_the_levels_the_firings_and_what_is_of_bad_quality() -> None:
    watched = rule(15, clear=13)
    found = tried(watched, values("0 20 20 3 9? 3 30 30 30"), at(9))
    drawn = {trace["name"]: trace for trace in backtest_plot.figure([found])["data"]}
    begin = START.astimezone(HANOI)
    clock = [f"{begin + minutes(minute):%Y-%m-%d %H:%M:%S}" for minute in range(10)]
    assert [drawn[name]["y"] for name in drawn if "Ngưỡng" in name] == [[15, 15], [13, 13]]
    shaded = drawn["Báo động / Firing"]["x"]
    assert shaded == [
        clock[1],
        clock[1],
        clock[3],
        clock[3],
        None,
        clock[6],
        clock[6],
        clock[9],
        clock[9],
        None,
    ]
    assert [y for y in drawn["Giá trị / Values"]["y"] if y is not None] == [0, 20, 20, 3, 3, 30, 30, 30]
    assert next(trace for name, trace in drawn.items() if "quality" in name)["x"] == [clock[4]]


def test_a_plot_draws_both_levels_of_a_range_with_its_margin() -> None:
    watched = replace(rule(15), condition=Reading(held_against=Outside(low=6, high=9, margin=0.5)))
    drawn = backtest_plot.figure([tried(watched, values("7 10 7"), at(3))])["data"]
    assert [trace["y"][0] for trace in drawn if "Ngưỡng" in trace["name"]] == [6, 9, 6.5, 8.5]


def test_a_page_says_it_in_both_languages_and_lets_no_name_become_markup() -> None:
    page = backtest_plot.page(report(tried(rule(15), values("0 20 3"), at(3))), "/* the library */")
    assert "Ngập từ 15 cm" in page
    assert "Street flooded 15 cm or more" in page
    assert "default-src 'none'" in page
    assert "<Cao" not in page
