"""alerting.toml: what it says, and that what can't be right is refused by file, key and what would be right."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from alerts.config import Alerting, load
from alerts.route import Timing
from storage.catalog import ReferenceDataError
from storage.matchers import parse_all

WHOLE = """
[receiver.control-room]
type = "control-room"

[receiver.duty-telegram]
type = "apprise"
urls = [{ env = "DUTY_TELEGRAM_URL" }]
language = "vi"

[person.lan]
name = "Nguyễn Thị Lan"
receivers = ["duty-telegram"]

[roster.duty]
file = "roster.ics"
fallback = ["lan"]

[time.night]
hours = ["22:00", "06:00"]

[route]
receivers = ["control-room"]
group_by = ["kind", "area"]
group_interval = "10m"

[[route.routes]]
matchers = ["severity = critical"]
receivers = ["roster:duty", "person:lan"]
escalation = "duty"
mute_times = ["night"]
continue = true
group_wait = "30s"

[[route.routes.routes]]
matchers = ["kind = flood"]
group_by = ["..."]

[[route.routes]]
matchers = ["severity = critical"]

[[inhibit]]
source = ["rule = power-lost"]
target = ["kind = sensor"]
equal = ["area"]

[[escalation.duty]]
after = "15m"
receivers = ["control-room"]

[[escalation.duty]]
after = "5m"
receivers = ["roster:duty"]
"""


def written(folder: Path, text: str) -> Alerting:
    path = folder / "alerting.toml"
    path.write_text(text)
    return load(path)


def test_routes_inherit_what_they_do_not_say(tmp_path: Path) -> None:
    alerting = written(tmp_path, WHOLE)
    root, critical, flood, second = alerting.routes().values()
    assert root.receivers == ("control-room",)
    assert root.timing == Timing(group_interval=timedelta(minutes=10))
    assert critical.matchers == parse_all(["severity = critical"])
    assert critical.receivers == ("roster:duty", "person:lan")
    assert critical.group_by == ("kind", "area")
    assert critical.goes_on
    assert flood.receivers == critical.receivers
    assert flood.group_by == ("...",)
    assert flood.escalation == "duty"
    assert flood.mute_times == ()
    assert not flood.goes_on
    assert flood.timing.group_wait == timedelta(seconds=30)
    assert second.receivers == ("control-room",)
    assert second.escalation is None


def test_every_route_has_a_key_of_its_own_that_says_what_it_matches(tmp_path: Path) -> None:
    assert list(written(tmp_path, WHOLE).routes()) == [
        "root",
        "root / severity = critical",
        "root / severity = critical / kind = flood",
        "root / severity = critical #2",
    ]


def test_the_rest_of_the_file_is_read(tmp_path: Path) -> None:
    alerting = written(tmp_path, WHOLE)
    assert alerting.receivers["duty-telegram"] == {
        "type": "apprise",
        "urls": [{"env": "DUTY_TELEGRAM_URL"}],
        "language": "vi",
    }
    assert alerting.persons["lan"].name == "Nguyễn Thị Lan"
    assert alerting.rosters["duty"].file == tmp_path / "roster.ics"
    assert alerting.inhibitions[0].equal == ("area",)
    assert [step.after for step in alerting.chains["duty"]] == [timedelta(minutes=5), timedelta(minutes=15)]
    night = alerting.times["night"]
    assert (night.begins_min, night.ends_min) == (22 * 60, 6 * 60)


def test_an_added_receiver_is_told_all_that_the_root_route_tells(tmp_path: Path) -> None:
    path = tmp_path / "alerting.toml"
    path.write_text(WHOLE)
    alerting = load(path, added={"webhook": {"type": "webhook", "url": "http://127.0.0.1:9"}})
    assert alerting.receivers["webhook"]["type"] == "webhook"
    assert alerting.root.receivers == ("control-room", "webhook")
    assert alerting.routes()["root / severity = critical #2"].receivers == ("control-room", "webhook")
    assert alerting.routes()["root / severity = critical"].receivers == ("roster:duty", "person:lan")


def test_the_shipped_file_is_used_without_another(tmp_path: Path) -> None:
    shipped = load()
    assert list(shipped.receivers) == ["control-room"]
    assert shipped.root.group_by == ("kind", "area")
    assert shipped.routes()["root / severity = info"].receivers == ()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            'receivers = ["control-room"]\ngroup_by',
            'receivers = ["desk"]\ngroup_by',
            "route.receivers: 'desk' is unknown; known: control-room, duty-telegram",
        ),
        (
            '"person:lan"',
            '"person:hoa"',
            "route.routes.0.receivers: 'person:hoa' is unknown; known: person:lan",
        ),
        (
            '"roster:duty", ',
            '"roster:night", ',
            "route.routes.0.receivers: 'roster:night' is unknown; known: roster:duty",
        ),
        (
            'mute_times = ["night"]',
            'mute_times = ["noon"]',
            "route.routes.0.mute_times: 'noon' is unknown; known: night",
        ),
        (
            'escalation = "duty"',
            'escalation = "boss"',
            "route.routes.0.escalation: 'boss' is unknown; known: duty",
        ),
        ('receivers = ["duty-telegram"]', 'receivers = ["mail"]', "person.lan.receivers: 'mail' is unknown"),
        ('receivers = ["duty-telegram"]', "receivers = []", "person.lan.receivers: "),
        ('fallback = ["lan"]', "", "roster.duty.fallback: Field required"),
        ('fallback = ["lan"]', 'fallback = ["hoa"]', "roster.duty.fallback: 'hoa' is unknown; known: lan"),
        (
            'group_interval = "10m"',
            'group_interval = "0s"',
            "route.group_interval: must be longer than nothing",
        ),
        (
            'group_interval = "10m"',
            'group_interval = "10"',
            'route.group_interval: a duration is written like "30s"',
        ),
        ('group_by = ["..."]', 'group_by = ["...", "kind"]', "it stands alone"),
        ('group_by = ["kind", "area"]', 'group_by = ["kind", "kind"]', "route.group_by: names kind twice"),
        ('"rule = power-lost"', '"rule =~ .*"', "inhibit.0.source: must say of at least one label"),
        ('"kind = sensor"', '"kind"', "inhibit.0.target.0: 'kind': is written like \"severity = critical\""),
        (
            '"kind = sensor"',
            '"kind =~ (a"',
            "inhibit.0.target.0: 'kind =~ (a': missing ): (a",
        ),
        ("continue = true", 'continue = "maybe"', "route.routes.0.continue: "),
        ("continue = true", "contineu = true", "route.routes.0.contineu: "),
        (
            "[route]\n",
            '[route]\nmatchers = ["kind = flood"]\n',
            "route.matchers: the root route takes every alert",
        ),
        (
            "[route]\n",
            "[route]\ncontinue = true\n",
            "route.continue: the root route has nothing to continue with",
        ),
        ('hours = ["22:00", "06:00"]', "", "time.night: give months, weekdays or hours"),
        (
            '[receiver.control-room]\ntype = "control-room"',
            'receiver.control-room = "s3cret"',
            "receiver.control-room: is a table, under [receiver.control-room]",
        ),
        ("[receiver.control-room]", "[receiver.Phong]", "a name is written in a-z 0-9 _ -"),
    ],
)
def test_what_can_not_be_right_is_refused_by_its_key(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in WHOLE
    with pytest.raises(ReferenceDataError, match=re.escape(said)) as error:
        written(tmp_path, WHOLE.replace(old, new, 1))
    assert all(line.startswith(str(tmp_path / "alerting.toml")) for line in str(error.value).splitlines())
    assert "s3cret" not in str(error.value)


def test_every_unknown_name_is_listed_at_once(tmp_path: Path) -> None:
    with pytest.raises(ReferenceDataError) as error:
        written(
            tmp_path, WHOLE.replace('"person:lan"', '"a"').replace('escalation = "duty"', 'escalation = "b"')
        )
    assert len(str(error.value).splitlines()) == 2


def test_a_file_that_is_absent_or_no_toml_is_named(tmp_path: Path) -> None:
    with pytest.raises(ReferenceDataError, match=r"alerting\.toml: can't be read"):
        load(tmp_path / "alerting.toml")
    with pytest.raises(ReferenceDataError, match=r"alerting\.toml: not TOML"):
        written(tmp_path, "[route")
