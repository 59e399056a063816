"""The demo's roster names one shift at every hour, and each of them in turn."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from alerts import config
from alerts.roster import Rosters
from deploy.embedded import example_roster


def test_one_shift_is_on_duty_at_each_hour(tmp_path: Path) -> None:
    rosters = Rosters(alerting=config.load(example_roster.write(tmp_path / "duty")))
    morning = datetime(2026, 11, 30, 23, tzinfo=UTC)  # 6:00 in Hanoi
    on_call = [rosters.on_call("duty", morning + timedelta(hours=hour)) for hour in range(24)]
    shifts = [("shift-1",)] * 8 + [("shift-2",)] * 8 + [("shift-3",)] * 8
    assert [one.persons for one in on_call] == shifts
    assert {one.error for one in on_call} == {None}
    assert on_call[7].until == morning + timedelta(hours=8)
