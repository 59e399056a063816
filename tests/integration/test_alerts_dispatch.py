"""From the outbox to receivers: groups, silences, inhibition, acknowledgements and escalation in a real database."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from alerts import message
from alerts.dispatch import ATTEMPTS, LEASE, Dispatcher
from alerts.notifiers import DeliveryError
from alerts.notifiers.webhook import Webhook
from storage import alert_actions, alert_routing, db, leader, operators, silences
from storage.model import Provenance
from tests.integration.alarms import NOW, Alarms, Clock, Kept, receivers
from tests.integration.alert_city import open_city
from tests.integration.webhook_receiver import listening

pytestmark = pytest.mark.integration

OTHER = "flood-thai-ha"
AREA = (
    receivers(["desk", "chief"])
    + """
[route]
receivers = ["desk"]
group_by = ["kind", "area"]
group_interval = "5m"
repeat_interval = "1h"
"""
)
INHIBIT = """
[[inhibit]]
source = ["kind = flood"]
target = ["kind = sensor"]
equal = ["thing"]
"""


@pytest.fixture
def alarms(city_url: str, tmp_path: Path) -> Iterator[Alarms]:
    with db.connect(city_url, name="test", autocommit=True) as conn:
        yield Alarms(conn=conn, clock=Clock(), folder=tmp_path)


@pytest.fixture
def desk(alarms: Alarms) -> Dispatcher:
    return alarms.dispatcher(AREA)


def test_the_first_alert_of_a_group_is_told_at_once_and_others_with_the_next_look(
    alarms: Alarms, desk: Dispatcher
) -> None:
    alarms.fire("a", area="to-lich")
    assert alarms.run(desk) == 1
    alarms.clock.forward(minutes=1)
    alarms.fire("b", OTHER, area="to-lich")
    alarms.fire("c", OTHER, area="nhue")
    assert alarms.run(desk) == 1
    alarms.run_for(desk, 3)
    assert alarms.receivers["desk"].told() == [("firing", ["a"], []), ("firing", ["c"], [])]
    alarms.run_for(desk, 1)
    assert alarms.receivers["desk"].told()[2:] == [("firing", ["a", "b"], [])]
    assert [one["group"] for one in alarms.receivers["desk"].got] == [
        {"kind": "flood", "area": "to-lich"},
        {"kind": "flood", "area": "nhue"},
        {"kind": "flood", "area": "to-lich"},
    ]


def test_the_message_has_its_alerts_page_and_the_state_that_is_told(alarms: Alarms, desk: Dispatcher) -> None:
    alert_id = alarms.fire("a")
    alarms.run(desk)
    (said,) = alarms.receivers["desk"].got
    assert said["receiver"] == "desk"
    assert said["status"] == "actual"
    assert said["alerts"][0]["id"] == alert_id
    assert said["alerts"][0]["url"] == f"http://127.0.0.1:8050/ops/alerts/{alert_id}"
    assert said["alerts"][0]["thing"]["name"]["vi"] == "Cao Bá Quát"


def test_an_end_is_told_to_whoever_was_told_of_the_beginning(alarms: Alarms, desk: Dispatcher) -> None:
    alert_id = alarms.fire("a")
    alarms.run(desk)
    alarms.end(alert_id)
    alarms.run_for(desk, 20)
    assert alarms.receivers["desk"].told() == [("firing", ["a"], []), ("resolved", [], ["a"])]
    assert alarms.outcomes(alert_id) == ["routed", "routed"]
    assert alarms.story(alert_id) == [
        ("grouped", None),
        ("told", "firing"),
        ("sent", "firing"),
        ("told", "resolved"),
        ("sent", "resolved"),
    ]


def test_a_beginning_is_told_whose_end_is_known_by_now(alarms: Alarms, desk: Dispatcher) -> None:
    """Both were in one late batch, or the dispatcher was down meanwhile."""
    alarms.end(alarms.fire("a", late=timedelta(minutes=20)))
    alarms.run(desk)
    alarms.run_for(desk, 6)
    assert alarms.receivers["desk"].told() == [("firing", ["a"], []), ("resolved", [], ["a"])]
    first = alarms.receivers["desk"].got[0]["alerts"][0]
    assert (first["state"], first["resolved_at"], first["transition"]["late_s"]) == ("firing", None, 1200)


def test_what_nobody_is_told_of_says_so(alarms: Alarms) -> None:
    quiet = AREA + '[[route.routes]]\nmatchers = ["severity = info"]\nreceivers = []\n'
    alert_id = alarms.fire("a", severity="info")
    sender = alarms.dispatcher(quiet)
    alarms.run(sender)
    alarms.end(alert_id)
    alarms.run_for(sender, 10)
    assert alarms.outcomes(alert_id) == ["shown_only", "shown_only"]
    assert alarms.notifications() == []
    assert alarms.story(alert_id) == []


def test_a_group_is_repeated_while_something_fires_and_forgotten_when_nothing_does(
    alarms: Alarms, desk: Dispatcher
) -> None:
    alert_id = alarms.fire("a")
    alarms.run(desk)
    alarms.run_for(desk, 66)
    assert [told[0] for told in alarms.receivers["desk"].told()] == ["firing", "repeat"]
    alarms.end(alert_id)
    alarms.run_for(desk, 10)
    row = alarms.conn.execute("SELECT next_flush_at FROM alert_group").fetchone()
    assert row == {"next_flush_at": None}
    assert alarms.conn.execute("SELECT FROM alert_group_member").fetchall() == []


def test_a_group_that_begins_anew_never_uses_a_key_again(alarms: Alarms, desk: Dispatcher) -> None:
    for _ in range(3):
        alert_id = alarms.fire("a")
        alarms.run(desk)
        alarms.end(alert_id)
        alarms.run_for(desk, 6)
    keys = [one.key for one in alarms.notifications()]
    assert len(set(keys)) == len(keys) == 6


def test_what_the_engine_decides_reaches_a_webhook_that_listens(
    city_url: str, tmp_path: Path, alarms: Alarms
) -> None:
    """A street that floods and drains, all known at once: from values to messages."""
    values = [20.0] * 4 + [2.0] * 12
    with open_city(city_url) as city, listening() as receiver:
        series = [(NOW - timedelta(minutes=15 - number), value) for number, value in enumerate(values)]
        city.write("flood-cao-ba-quat", "water_depth", series, provenance=Provenance.SIMULATED)
        city.evaluate(NOW)
        alarms.term = city.term
        sender = alarms.dispatcher(AREA.replace("desk", "webhook"), Webhook(receiver.url))
        alarms.run(sender)
        alarms.run_for(sender, 6)
    assert [one["alerts"][0]["state"] for one in receiver.got] == ["firing", "resolved"]
    assert {(one["status"], one["simulated"]) for one in receiver.got} == {("exercise", True)}
    assert receiver.keys == [one["key"] for one in receiver.got]


def test_a_group_that_can_not_be_told_keeps_no_other_from_being_told(
    alarms: Alarms,
    desk: Dispatcher,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = message.document

    def document(**given: Any) -> dict[str, Any]:
        if given["group"]["area"] == "bad":
            raise KeyError("unit")
        return whole(**given)

    monkeypatch.setattr(message, "document", document)
    alarms.fire("a", area="bad")
    alarms.fire("b", OTHER, area="good")
    alarms.run(desk)
    assert alarms.receivers["desk"].told() == [("firing", ["b"], [])]
    assert "group_failed" in caplog.text
    monkeypatch.undo()
    alarms.run_for(desk, 1)
    assert alarms.receivers["desk"].told()[1:] == [("firing", ["a"], [])]


# Silences and maintenance windows.


def silence(alarms: Alarms, *matchers: str, minutes: float = 30, **given: str) -> int:
    now = alarms.clock.now
    return silences.add(
        alarms.conn,
        matchers=matchers,
        starts_at=now,
        ends_at=now + timedelta(minutes=minutes),
        author="lan",
        reason="pump works",
        source="10.0.0.1",
        now=now,
        **given,
    )


def test_a_silenced_alert_keeps_firing_and_its_timeline_says_by_what_it_is_not_told(
    alarms: Alarms, desk: Dispatcher
) -> None:
    silence_id = silence(alarms, "thing =~ flood-.*", "severity = warning")
    alert_id = alarms.fire("a")
    alarms.run(desk)
    alarms.run_for(desk, 20)
    assert alarms.notifications() == []
    assert alarms.suppressions(alert_id) == [("silenced", str(silence_id))]
    alarms.run_for(desk, 15)
    assert alarms.receivers["desk"].told() == [("firing", ["a"], [])]


def test_a_silence_that_is_ended_mutes_no_more(alarms: Alarms, desk: Dispatcher) -> None:
    silence_id = silence(alarms, "kind = flood")
    alarms.fire("a")
    alarms.run(desk)
    now = alarms.clock.now
    assert silences.end(alarms.conn, silence_id, actor="minh", source="10.0.0.2", now=now)
    assert not silences.end(alarms.conn, silence_id, actor="minh", source="10.0.0.2", now=now)
    alarms.run_for(desk, 6)
    assert alarms.receivers["desk"].told() == [("firing", ["a"], [])]
    (row,) = silences.all_silences(alarms.conn, 10)
    assert (row.ended_by, row.ended_at, row.matchers) == ("minh", NOW, ["kind = flood"])


def test_a_maintenance_window_mutes_from_when_it_begins(alarms: Alarms, desk: Dispatcher) -> None:
    begin = NOW + timedelta(hours=1)
    silences.add(
        alarms.conn,
        kind="maintenance",
        matchers=["thing = flood-cao-ba-quat"],
        starts_at=begin,
        ends_at=begin + timedelta(hours=2),
        author="lan",
        reason="sensor cleaning",
        source="10.0.0.1",
        now=NOW,
    )
    assert silences.active(alarms.conn, NOW) == []
    assert [row.kind for row in silences.coming(alarms.conn, NOW)] == ["maintenance"]
    first = alarms.fire("a")
    alarms.run(desk)
    alarms.end(first)
    alarms.clock.forward(minutes=60)
    alarms.run(desk)
    second = alarms.fire("b")
    alarms.run(desk)
    alarms.run_for(desk, 10)
    assert alarms.receivers["desk"].told() == [("firing", ["a"], [])]
    assert [reason for reason, _ in alarms.suppressions(second)] == ["silenced"]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"matchers": []}, "matcher"),
        ({"matchers": ["thing =~ .*"]}, "matches_everything"),
        ({"matchers": ["thing != x", 'area = ""']}, "matches_everything"),
        ({"matchers": ["thing"]}, "matcher_wrong"),
        ({"matchers": ["thing =~ (a"]}, "matcher_wrong"),
        ({"matchers": ["thing = x"] * 21}, "matchers"),
        ({"author": " "}, "author"),
        ({"reason": ""}, "reason"),
        ({"ends_at": None}, "end"),
        ({"ends_at": NOW - timedelta(minutes=1)}, "end_before_start"),
        ({"starts_at": NOW - timedelta(hours=2), "ends_at": NOW}, "end_past"),
        ({"kind": "holiday"}, "kind"),
    ],
)
def test_a_silence_says_what_who_why_and_until_when(
    alarms: Alarms, given: dict[str, object], code: str
) -> None:
    right = {
        "matchers": ["thing = x"],
        "starts_at": NOW,
        "ends_at": NOW + timedelta(hours=1),
        "author": "lan",
        "reason": "works",
        "source": "10.0.0.1",
        "now": NOW,
    }
    with pytest.raises(silences.SilenceRefused) as refused:
        silences.add(alarms.conn, **(right | given))  # type: ignore[arg-type]  # the keywords are the test's own
    assert refused.value.code == code
    assert silences.all_silences(alarms.conn, 10) == []
    assert operators.audit_trail(alarms.conn, 10) == []


def test_silences_are_in_the_audit(alarms: Alarms) -> None:
    silence_id = silence(alarms, "thing =~ a|b")
    silences.end(alarms.conn, silence_id, actor="minh", source="10.0.0.2", now=NOW)
    ended, added = operators.audit_trail(alarms.conn, 10)
    assert (added.actor, added.action, added.subject, added.source) == (
        "lan",
        "silence_added",
        f"silence {silence_id}",
        "10.0.0.1",
    )
    assert added.detail["matchers"] == ["thing =~ a|b"]
    assert (ended.actor, ended.action) == ("minh", "silence_ended")


# Inhibition.


def test_a_flood_mutes_the_silent_sensor_under_it_until_it_is_over(alarms: Alarms) -> None:
    sender = alarms.dispatcher(AREA + INHIBIT)
    flood = alarms.fire("flood")
    alarms.run(sender)
    absent = alarms.fire("absent", kind="sensor")
    elsewhere = alarms.fire("absent-too", OTHER, kind="sensor", area="x")
    alarms.run(sender)
    alarms.run_for(sender, 12)
    assert alarms.suppressions(absent) == [("inhibited", str(flood))]
    assert alarms.suppressions(elsewhere) == []
    alarms.end(flood)
    alarms.run_for(sender, 10)
    assert alarms.receivers["desk"].told() == [
        ("firing", ["flood"], []),
        ("firing", ["absent-too"], []),
        ("resolved", [], ["flood"]),
        ("firing", ["absent"], []),
    ]


def test_no_critical_alert_is_inhibited_while_its_parent_is_not_in_sight(alarms: Alarms) -> None:
    """The parent's message does not get through: what it would mute is told."""
    sender = alarms.dispatcher(AREA + INHIBIT)
    attempts = iter([True])

    def refuses() -> None:
        if next(attempts, False):
            raise DeliveryError("desk: answered 400", retry=False)

    alarms.receivers["desk"].trouble = refuses
    flood = alarms.fire("flood", area="x")
    alarms.run(sender)
    child = alarms.fire("absent", kind="sensor", severity="critical")
    mild = alarms.fire("stuck", kind="sensor", area="y")
    alarms.run(sender)
    assert [one.reason for one in alarms.timeline(flood) if one.kind == "dead"] == ["firing"]
    assert alarms.receivers["desk"].told() == [("firing", ["absent"], [])]
    assert alarms.suppressions(child) == []
    assert alarms.suppressions(mild) == [("inhibited", str(flood))]


def test_a_critical_alert_is_inhibited_when_the_same_receiver_has_its_parent(alarms: Alarms) -> None:
    sender = alarms.dispatcher(AREA + INHIBIT)
    flood = alarms.fire("flood")
    alarms.run(sender)
    child = alarms.fire("absent", kind="sensor", severity="critical")
    alarms.run(sender)
    assert alarms.receivers["desk"].told() == [("firing", ["flood"], [])]
    assert alarms.suppressions(child) == [("inhibited", str(flood))]


# Acknowledging, and what people do.


def test_an_acknowledged_alert_is_not_repeated_and_its_end_is_told(alarms: Alarms, desk: Dispatcher) -> None:
    alert_id = alarms.fire("a")
    alarms.run(desk)
    acknowledge(alarms, alert_id)
    alarms.run_for(desk, 130)
    alarms.end(alert_id)
    alarms.run_for(desk, 6)
    assert [told[0] for told in alarms.receivers["desk"].told()] == ["firing", "resolved"]
    assert alarms.receivers["desk"].got[1]["alerts"][0]["acknowledged"]["note"] == "on the way"


def acknowledge(alarms: Alarms, alert_id: int, actor: str = "lan") -> bool:
    return alert_actions.acknowledge(
        alarms.conn, alert_id, note="on the way", actor=actor, source="10.0.0.1", now=alarms.clock.now
    )


def test_of_two_who_acknowledge_one_does(alarms: Alarms) -> None:
    alert_id = alarms.fire("a")
    assert acknowledge(alarms, alert_id)
    assert not acknowledge(alarms, alert_id, "minh")
    card = alert_routing.cards(alarms.conn, [(alert_id, "firing")])[0]
    assert (card.acknowledged_by, card.acknowledgement) == ("lan", "on the way")
    assert [one.actor for one in alarms.timeline(alert_id) if one.kind == "acknowledged"] == ["lan"]
    assert [event.action for event in operators.audit_trail(alarms.conn, 10)] == ["alert_acknowledged"]


def test_what_is_over_can_not_be_acknowledged(alarms: Alarms) -> None:
    alert_id = alarms.fire("a")
    alarms.end(alert_id)
    assert not acknowledge(alarms, alert_id)
    assert not acknowledge(alarms, 4711)
    assert operators.audit_trail(alarms.conn, 10) == []


def test_everything_that_people_do_is_in_the_timeline_and_in_the_audit(alarms: Alarms) -> None:
    alert_id = alarms.fire("a")
    who = {"actor": "lan", "source": "10.0.0.1", "now": NOW}
    assert acknowledge(alarms, alert_id)
    assert alert_actions.note(alarms.conn, alert_id, note=" pump 2 is off ", **who)  # type: ignore[arg-type]  # the keywords are the test's own
    assert not alert_actions.note(alarms.conn, alert_id, note=" ", **who)  # type: ignore[arg-type]  # the keywords are the test's own
    assert not alert_actions.note(alarms.conn, 4711, note="?", **who)  # type: ignore[arg-type]  # the keywords are the test's own
    assert alert_actions.unacknowledge(alarms.conn, alert_id, **who)  # type: ignore[arg-type]  # the keywords are the test's own
    assert not alert_actions.unacknowledge(alarms.conn, alert_id, **who)  # type: ignore[arg-type]  # the keywords are the test's own
    assert alert_actions.approve(alarms.conn, alert_id, **who)  # type: ignore[arg-type]  # the keywords are the test's own
    assert not alert_actions.approve(alarms.conn, alert_id, **who)  # type: ignore[arg-type]  # the keywords are the test's own
    assert alert_actions.refuse(alarms.conn, alert_id, reason="not public", **who)  # type: ignore[arg-type]  # the keywords are the test's own
    assert not alert_actions.refuse(alarms.conn, alert_id, reason="not public", **who)  # type: ignore[arg-type]  # the keywords are the test's own
    assert not alert_actions.escalate(alarms.conn, alert_id, **who)  # type: ignore[arg-type]  # the keywords are the test's own
    kinds = ["acknowledged", "noted", "unacknowledged", "approved", "refused"]
    assert [one.kind for one in alarms.timeline(alert_id) if one.source == "event"] == kinds
    trail = operators.audit_trail(alarms.conn, 10)[::-1]
    assert [event.action for event in trail] == [f"alert_{kind}" for kind in kinds]
    assert trail[1].detail == {"note": "pump 2 is off"}
    assert {event.subject for event in trail} == {f"alert {alert_id}"}


def test_what_was_written_can_not_be_changed(alarms: Alarms) -> None:
    alert_id = alarms.fire("a")
    acknowledge(alarms, alert_id)
    for statement in (
        "UPDATE alert_event SET actor = 'x'",
        "DELETE FROM alert_event",
        "TRUNCATE alert_event",
    ):
        with pytest.raises(Exception, match="only grows"):
            alarms.conn.execute(statement)  # type: ignore[call-overload]  # statements are the test's own, not literals


# Escalation and rosters.

CHAIN = (
    receivers(["desk", "lan-phone", "minh-phone", "chief"])
    + """
[person.lan]
name = "Nguyễn Thị Lan"
receivers = ["lan-phone"]
[person.minh]
name = "Trần Văn Minh"
receivers = ["minh-phone"]
[roster.duty]
file = "roster.ics"
fallback = ["lan", "minh"]
[route]
receivers = ["desk"]
group_by = ["kind"]
repeat_interval = "1d"
escalation = "duty"
[[escalation.duty]]
after = "5m"
receivers = ["roster:duty"]
[[escalation.duty]]
after = "15m"
receivers = ["chief"]
"""
)


def on_call(folder: Path, *shifts: tuple[str, int, int]) -> None:
    """(person, first, last hour of UTC on the day of NOW)"""
    events = "".join(
        f"BEGIN:VEVENT\r\nUID:{name}-{begin}\r\nSUMMARY:{name}\r\nDTSTART:20260720T{begin:02}0000Z\r\n"
        f"DTEND:20260720T{end:02}0000Z\r\nEND:VEVENT\r\n"
        for name, begin, end in shifts
    )
    (folder / "roster.ics").write_text(
        f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//\r\n{events}END:VCALENDAR\r\n"
    )


def told(alarms: Alarms, *names: str) -> list[list[str]]:
    """Reasons of what each got."""
    return [[one[0] for one in alarms.receivers[name].told()] for name in names]


def test_an_alert_that_nobody_acknowledges_climbs_and_everybody_called_hears_of_its_end(
    alarms: Alarms,
) -> None:
    on_call(alarms.folder, ("lan", 0, 23))
    sender = alarms.dispatcher(CHAIN)
    alert_id = alarms.fire("a")
    alarms.run(sender)
    alarms.run_for(sender, 4)
    assert told(alarms, "desk", "lan-phone", "chief") == [["firing"], [], []]
    alarms.run_for(sender, 1)
    assert told(alarms, "lan-phone", "minh-phone", "chief") == [["escalation"], [], []]
    alarms.run_for(sender, 10)
    assert told(alarms, "lan-phone", "chief") == [["escalation"], ["escalation"]]
    alarms.end(alert_id)
    alarms.run_for(sender, 10)
    assert told(alarms, "desk", "lan-phone", "minh-phone", "chief") == [
        ["firing", "resolved"],
        ["escalation", "resolved"],
        [],
        ["escalation", "resolved"],
    ]
    escalated = [one for one in alarms.timeline(alert_id) if one.kind == "escalated"]
    assert [(one.detail["step"], one.detail["receivers"]) for one in escalated] == [
        (1, ["roster:duty"]),
        (2, ["chief"]),
    ]


@pytest.mark.parametrize("reason", ["acknowledged", "resolved", "silenced"])
def test_a_step_that_is_not_needed_is_skipped_and_says_why(alarms: Alarms, reason: str) -> None:
    on_call(alarms.folder, ("lan", 0, 23))
    sender = alarms.dispatcher(CHAIN)
    alert_id = alarms.fire("a")
    alarms.run(sender)
    if reason == "acknowledged":
        acknowledge(alarms, alert_id, "minh")
    elif reason == "resolved":
        alarms.end(alert_id)
    else:
        silence(alarms, "rule = a")
    alarms.run_for(sender, 6)
    assert told(alarms, "lan-phone", "chief") == [[], []]
    skipped = [one for one in alarms.timeline(alert_id) if one.kind == "escalation_skipped"]
    assert [(one.reason, one.detail["step"]) for one in skipped] == [(reason, 1)]
    assert skipped[0].detail["cause"] == {"acknowledged": "minh", "resolved": "", "silenced": "1"}[reason]


def test_an_acknowledgement_that_is_taken_back_goes_on_with_the_chain(alarms: Alarms) -> None:
    on_call(alarms.folder, ("lan", 0, 23))
    sender = alarms.dispatcher(CHAIN)
    alert_id = alarms.fire("a")
    alarms.run(sender)
    acknowledge(alarms, alert_id)
    alarms.run_for(sender, 8)
    alert_actions.unacknowledge(alarms.conn, alert_id, actor="lan", source="", now=alarms.clock.now)
    alarms.run(sender)
    assert told(alarms, "lan-phone", "chief") == [["escalation"], []]


def test_escalating_at_once_takes_the_next_step(alarms: Alarms) -> None:
    on_call(alarms.folder, ("lan", 0, 23))
    sender = alarms.dispatcher(CHAIN)
    alert_id = alarms.fire("a")
    alarms.run(sender)
    for expected in ([["escalation"], []], [["escalation"], ["escalation"]]):
        assert alert_actions.escalate(
            alarms.conn, alert_id, actor="lan", source="10.0.0.1", now=alarms.clock.now
        )
        alarms.run(sender)
        assert told(alarms, "lan-phone", "chief") == expected
    assert not alert_actions.escalate(
        alarms.conn, alert_id, actor="lan", source="10.0.0.1", now=alarms.clock.now
    )
    trail = operators.audit_trail(alarms.conn, 1)[0]
    assert (trail.action, trail.detail) == (
        "alert_escalation_asked",
        {"steps": [{"chain": "duty", "step": 2}]},
    )


def test_who_is_on_call_is_asked_when_the_message_is_made_and_the_end_goes_to_who_was_told(
    alarms: Alarms,
) -> None:
    """NOW is 10:00 UTC: Lan hands over to Minh at 11."""
    on_call(alarms.folder, ("lan", 8, 11), ("minh", 11, 20))
    on_roster = CHAIN.replace('receivers = ["desk"]\ngroup_by', 'receivers = ["roster:duty"]\ngroup_by')
    sender = alarms.dispatcher(on_roster.replace('escalation = "duty"\n', "").replace('"1d"', '"2h"'))
    alert_id = alarms.fire("a")
    alarms.run(sender)
    assert told(alarms, "lan-phone", "minh-phone") == [["firing"], []]
    alarms.run_for(sender, 126)
    assert told(alarms, "lan-phone", "minh-phone") == [["firing"], ["repeat"]]
    alarms.end(alert_id)
    alarms.run_for(sender, 6)
    assert told(alarms, "lan-phone", "minh-phone") == [["firing", "resolved"], ["repeat", "resolved"]]


@pytest.mark.parametrize("calendar", [None, "broken", ""])
def test_a_roster_that_can_not_be_read_calls_everybody_of_its_fallback(
    alarms: Alarms, calendar: str | None
) -> None:
    if calendar is not None:
        (alarms.folder / "roster.ics").write_text(calendar)
    sender = alarms.dispatcher(CHAIN)
    alert_id = alarms.fire("a")
    alarms.run(sender)
    alarms.run_for(sender, 5)
    assert told(alarms, "lan-phone", "minh-phone") == [["escalation"], ["escalation"]]
    (failed,) = [one for one in alarms.timeline(alert_id) if one.kind == "roster_failed"]
    assert failed.reason is not None
    assert failed.reason.startswith("roster.ics: ")
    assert failed.detail["told"] == ["lan-phone", "minh-phone"]


# Delivery.


def failing(*errors: Exception | None) -> Kept:
    """Takes nothing while there are errors left."""
    left = list(errors)
    kept = Kept("desk")

    def trouble() -> None:
        error = left.pop(0) if left else None
        if error is not None:
            raise error

    kept.trouble = trouble
    return kept


def test_what_fails_in_passing_is_sent_again_with_the_same_key(alarms: Alarms) -> None:
    desk = failing(DeliveryError("desk: answered 503", retry=True))
    sender = alarms.dispatcher(AREA, desk)
    alarms.fire("a")
    assert alarms.run(sender) == 1
    (row,) = alarms.notifications()
    assert (row.attempts, row.last_error, row.result) == (1, "desk: answered 503", "failed")
    assert alarms.run(sender) == 0
    alarms.clock.forward(seconds=2)
    desk.receipt = "message 7"
    assert alarms.run(sender) == 1
    (row,) = alarms.notifications()
    assert (row.attempts, row.last_error, row.result, row.receipt) == (2, None, "sent", "message 7")
    assert row.sent_at == alarms.clock.now
    assert len(desk.keys) == 2
    assert len(set(desk.keys)) == 1


def test_a_receiver_that_asks_to_wait_is_waited_for(alarms: Alarms) -> None:
    sender = alarms.dispatcher(AREA, failing(DeliveryError("slow down", retry=True, after_s=90)))
    alarms.fire("a")
    alarms.run(sender)
    alarms.clock.forward(seconds=89)
    assert alarms.run(sender) == 0
    alarms.clock.forward(seconds=1)
    assert alarms.run(sender) == 1


def test_what_trying_again_can_not_mend_is_a_dead_letter(alarms: Alarms) -> None:
    sender = alarms.dispatcher(AREA, failing(DeliveryError("desk: answered 404", retry=False)))
    alert_id = alarms.fire("a")
    alarms.run(sender)
    (dead,) = alert_routing.dead_letters(alarms.conn, 10)
    assert (dead.dead_at, dead.last_error) == (NOW, "desk: answered 404")
    assert alarms.story(alert_id)[-1] == ("dead", "firing")
    (result,) = alert_routing.receiver_results(alarms.conn, NOW - timedelta(days=1))
    assert (result.sent, result.dead, result.last_error) == (0, 1, "desk: answered 404")


def test_nobody_hears_of_the_end_of_what_never_reached_him(alarms: Alarms) -> None:
    desk = failing(DeliveryError("desk: answered 404", retry=False))
    sender = alarms.dispatcher(AREA, desk)
    alert_id = alarms.fire("a")
    alarms.run(sender)
    alarms.end(alert_id)
    alarms.run_for(sender, 10)
    assert desk.got == []
    alarms.fire("a")
    alarms.run(sender)
    assert desk.told() == [("firing", ["a"], [])]


def test_one_message_that_did_not_get_through_takes_back_nothing_that_did(alarms: Alarms) -> None:
    desk = failing(None, DeliveryError("desk: answered 404", retry=False))
    sender = alarms.dispatcher(AREA, desk)
    first = alarms.fire("a")
    alarms.run(sender)
    second = alarms.fire("b", OTHER)
    alarms.run_for(sender, 6)
    alarms.end(first)
    alarms.end(second)
    alarms.run_for(sender, 6)
    assert desk.told() == [("firing", ["a"], []), ("resolved", [], ["a"])]


def test_what_never_arrived_and_fires_again_is_told_again(alarms: Alarms) -> None:
    desk = failing(None, DeliveryError("desk: answered 404", retry=False))
    sender = alarms.dispatcher(AREA, desk)
    alarms.fire("a")
    alarms.run(sender)
    second = alarms.fire("b", OTHER)
    alarms.run_for(sender, 6)
    alarms.end(second)
    alarms.run_for(sender, 6)
    alarms.fire("b", OTHER)
    alarms.run_for(sender, 6)
    assert desk.told() == [("firing", ["a"], []), ("firing", ["a", "b"], [])]


def test_trying_ends_after_its_last_attempt(alarms: Alarms) -> None:
    sender = alarms.dispatcher(AREA, failing(*[DeliveryError("503", retry=True)] * 100))
    alarms.fire("a")
    for _ in range(100):
        alarms.run(sender)
        alarms.clock.forward(minutes=10)
    first = alarms.notifications()[0]
    assert first.attempts == ATTEMPTS
    assert first.result == "dead"


def test_an_end_never_overtakes_its_beginning(alarms: Alarms) -> None:
    desk = failing(*[DeliveryError("503", retry=True)] * 9)
    sender = alarms.dispatcher(AREA, desk)
    alert_id = alarms.fire("a")
    alarms.run(sender)
    alarms.end(alert_id)
    alarms.run_for(sender, 40)
    assert desk.told() == [("firing", ["a"], []), ("resolved", [], ["a"])]


def test_a_notifier_that_breaks_stops_nobody_else(alarms: Alarms, caplog: pytest.LogCaptureFixture) -> None:
    both = AREA.replace('receivers = ["desk"]', 'receivers = ["desk", "chief"]')
    sender = alarms.dispatcher(both, failing(KeyError("url")))
    alarms.fire("a")
    assert alarms.run(sender) == 2
    assert len(alarms.receivers["chief"].got) == 1
    first = next(one for one in alarms.notifications() if one.receiver == "desk")
    assert (first.result, first.last_error) == ("failed", "desk: KeyError")
    assert "notifier_broken" in caplog.text


def test_a_slow_receiver_holds_up_nobody_else_and_is_recorded_when_it_answers(alarms: Alarms) -> None:
    answers, asked = Event(), Event()
    desk = Kept("desk")

    def slow() -> None:
        asked.set()
        assert answers.wait(60)

    desk.trouble = slow
    both = AREA.replace('receivers = ["desk"]', 'receivers = ["desk", "chief"]')
    sender = alarms.dispatcher(both, desk)
    sender._deliverer.patience_s = 0.2
    woken = Event()
    sender._deliverer.wake = woken.set
    alarms.fire("a")
    alarms.run(sender)
    alarms.fire("b", OTHER, area="x")
    alarms.run(sender)
    assert len(alarms.receivers["chief"].got) == 2
    assert asked.is_set()
    alarms.clock.forward(minutes=2)
    assert alarms.run(sender) == 0
    assert len(desk.keys) == 1
    woken.clear()
    answers.set()
    assert woken.wait(60)
    sender._deliverer.patience_s = 30.0
    alarms.run(sender)
    assert desk.told() == [("firing", ["a"], []), ("firing", ["b"], [])]
    assert {one.result for one in alarms.notifications()} == {"sent"}


def test_what_is_addressed_to_a_receiver_that_is_gone_is_a_dead_letter(alarms: Alarms) -> None:
    first = alarms.dispatcher(AREA, failing(DeliveryError("503", retry=True)))
    alarms.fire("a")
    alarms.run(first)
    without = receivers(["chief"]) + '[route]\nreceivers = ["chief"]\n'
    second = alarms.dispatcher(without)
    alarms.run(second)
    (dead,) = alert_routing.dead_letters(alarms.conn, 10)
    assert (dead.receiver, dead.last_error) == ("desk", "receiver desk is not configured")


def test_every_configured_receiver_needs_its_notifier(alarms: Alarms) -> None:
    sender = alarms.dispatcher(AREA)
    with pytest.raises(ValueError, match="no notifier for the receivers chief, desk"):
        Dispatcher(alerting=sender.alerting, receivers=[], metrics=sender.metrics, clock=alarms.clock)


def test_sending_a_test_tells_what_became_of_it(alarms: Alarms) -> None:
    sender = alarms.dispatcher(AREA, failing(None, DeliveryError("desk: answered 401", retry=False)))
    ids = [
        alert_routing.insert_test(alarms.conn, "desk", {"key": f"test-{number}", "alerts": []}, NOW)
        for number in range(2)
    ]
    assert [_result(alarms, one) for one in ids] == ["waiting", "waiting"]
    alarms.run(sender)
    assert [_result(alarms, one) for one in ids] == ["sent", "dead"]


def _result(alarms: Alarms, notification_id: int) -> str:
    row = alert_routing.notification(alarms.conn, notification_id)
    assert row is not None
    return row.result


# Killed, taken over, configured anew.


def test_one_that_died_after_claiming_is_taken_up_again(alarms: Alarms) -> None:
    sender = alarms.dispatcher(AREA)
    alarms.fire("a")
    alarms.run(sender)
    alarms.conn.execute("UPDATE notification SET sent_at = NULL, next_attempt_at = %s", [NOW + LEASE])
    assert alarms.run(sender) == 0
    alarms.clock.forward(seconds=61)
    assert alarms.run(sender) == 1
    assert len(set(alarms.receivers["desk"].keys)) == 1


def test_who_does_not_lead_any_more_writes_nothing(alarms: Alarms, desk: Dispatcher) -> None:
    alert_id = alarms.fire("a")
    leader.take_over(alarms.conn, "another")
    with pytest.raises(leader.Deposed):
        alarms.run(desk)
    assert alarms.outcomes(alert_id) == [None]
    assert alarms.notifications() == []


def test_who_was_deposed_while_sending_leaves_the_record_to_the_next_one(
    alarms: Alarms, city_url: str
) -> None:
    desk = Kept("desk")

    def deposed() -> None:
        with db.connect(city_url, name="other", autocommit=True) as other:
            leader.take_over(other, "another")

    desk.trouble = deposed
    alarms.fire("a")
    with pytest.raises(leader.Deposed):
        alarms.run(alarms.dispatcher(AREA, desk))
    (row,) = alarms.notifications()
    assert (row.result, row.attempts, len(desk.got)) == ("waiting", 1, 1)
    desk.trouble = None
    alarms.term += 1
    alarms.run(alarms.dispatcher(AREA, desk))  # at once: no time has passed
    assert [one.result for one in alarms.notifications()] == ["sent"]
    assert len(desk.got) == 2
    assert len(set(desk.keys)) == 1


def test_the_next_leader_goes_on_where_the_last_one_stopped(alarms: Alarms, desk: Dispatcher) -> None:
    alert_id = alarms.fire("a")
    alarms.run(desk)
    alarms.term = leader.take_over(alarms.conn, "next")
    following = alarms.dispatcher(AREA)
    alarms.run(following)
    alarms.run_for(following, 6)
    alarms.end(alert_id)
    alarms.run_for(following, 6)
    assert alarms.receivers["desk"].told() == [("firing", ["a"], []), ("resolved", [], ["a"])]


def test_with_new_routes_what_fires_goes_to_the_new_receiver_and_its_end_to_both(alarms: Alarms) -> None:
    alert_id = alarms.fire("a")
    alarms.run(alarms.dispatcher(AREA))
    moved = alarms.dispatcher(AREA.replace('receivers = ["desk"]', 'receivers = ["chief"]'))
    alarms.run(moved)
    alarms.run_for(moved, 70)
    assert told(alarms, "desk", "chief") == [["firing"], ["firing", "repeat"]]
    assert alarms.suppressions(alert_id) == [("rerouted", "")]
    alarms.end(alert_id)
    alarms.run_for(moved, 10)
    assert told(alarms, "desk", "chief") == [["firing", "resolved"], ["firing", "repeat", "resolved"]]


# What screens read.


def test_the_noisiest_rules_are_those_with_the_most_messages(alarms: Alarms, desk: Dispatcher) -> None:
    for number in range(3):
        one = alarms.fire("often", area=f"a{number}")
        alarms.run(desk)
        alarms.end(one)
        alarms.run_for(desk, 6)
    alarms.fire("seldom", OTHER, area="b")
    alarms.run(desk)
    noisy = alert_routing.noisiest_rules(alarms.conn, NOW - timedelta(days=1), 10)
    assert [(one.rule, one.notifications, one.firings, one.places) for one in noisy] == [
        ("often", 6, 3, 1),
        ("seldom", 1, 1, 1),
    ]
    assert noisy[0].title_vi == "Luật often"
    assert alert_routing.noisiest_rules(alarms.conn, alarms.clock.now + timedelta(days=1), 10) == []


def test_a_look_at_groups_that_are_not_due_reads_none_of_them(alarms: Alarms, desk: Dispatcher) -> None:
    """By the plans, with many more alerts, groups and messages than are due."""
    alarms.conn.execute(
        "INSERT INTO alert_group (receiver, route, labels, created_at, next_flush_at)"
        " SELECT 'desk', 'root', jsonb_build_object('n', n), now(), now() FROM generate_series(1, 5000) n"
    )
    alarms.conn.execute(
        "INSERT INTO notification (key, receiver, alert_ids, reason, document, created_at, next_attempt_at, sent_at)"
        " SELECT n, 'desk', ARRAY[n], 'firing', '{}', now(), now(), now() FROM generate_series(1, 5000) n"
    )
    first = alarms.fire("a")
    alarms.conn.execute(
        """
        INSERT INTO alert (rule, domain, thing_id, datastream_id, property, severity, state, title_vi, title_en,
                           runbook_vi, runbook_en, labels, unit, value, value_time, peak, pending_since, firing_since,
                           provenance, for_citizens)
        SELECT 'r' || n, domain, thing_id, datastream_id, property, severity, state, title_vi, title_en, runbook_vi,
               runbook_en, jsonb_build_object('thing', 't' || n, 'kind', 'flood'), unit, value, value_time, peak,
               pending_since, firing_since, provenance, for_citizens
        FROM alert, generate_series(1, 5000) n WHERE id = %s""",
        [first],
    )
    alarms.conn.execute("ANALYZE")
    sql = db.statements("alert_routing")
    parameters = {
        "due_group": {"now": NOW},
        "due_step": {"now": NOW},
        "claim": {"receivers": ["desk"], "now": NOW, "retry_at": NOW, "term": 1},
        "firing_with": {"lookups": ['{"thing": "t7", "kind": "flood"}']},
        "delivered": {"alert_ids": [7]},
        "timeline": {"alert_id": first},
        "outbox": {"limit": 10},
        "groups_of": {"alert_id": first},
    }
    for name, given in parameters.items():
        rows = alarms.conn.execute("EXPLAIN " + sql[name], given).fetchall()
        plan = "\n".join(row["QUERY PLAN"] for row in rows)
        large = ("alert_group", "notification", "alert")
        scanned = [table for table in large if f"Seq Scan on {table} " in plan + " "]
        assert scanned == [], f"{name}\n{plan}"
