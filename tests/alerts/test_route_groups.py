"""What the receivers of a group are told: cases from Alertmanager's documentation, ours beside them, and properties."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.config import load
from alerts.grouping import CALM
from alerts.model import Calendar
from alerts.mute import Inhibition, Silence
from alerts.route import Route, Timing
from alerts.rules import parse_rules
from alerts.simulate import Acknowledgement, Change, Sent, Simulation, simulate
from storage.catalog import OPERATIONS, SHIPPED, load_catalog
from storage.matchers import parse_all

LATER = timedelta(hours=2)
BEGIN = datetime(2026, 7, 20, 10, 0, tzinfo=UTC)
WAITS = Timing(
    group_wait=timedelta(seconds=30),
    group_interval=timedelta(minutes=5),
    repeat_interval=timedelta(hours=1),
    urgent_interval=timedelta(minutes=2),
)
ROOT = Route(key="root", receivers=("desk",), group_by=("kind",), timing=WAITS)


def at(minutes: float) -> datetime:
    return BEGIN + timedelta(minutes=minutes)


def fires(minutes: float, name: str, *, flapping: bool = False, **labels: str) -> Change:
    return Change(
        at=at(minutes),
        fingerprint=name,
        labels={"kind": "flood", "rule": name} | labels,
        firing=True,
        flapping=flapping,
    )


def ends(minutes: float, name: str) -> Change:
    return Change(at=at(minutes), fingerprint=name, labels={}, firing=False)


def acknowledged(minutes: float, name: str) -> Acknowledgement:
    return Acknowledgement(at=at(minutes), fingerprint=name, by="lan")


Told = tuple[float, str, str, str]
"""(minute, reason, what fires, what ended)"""


def told(happenings: Sequence[Change | Acknowledgement], *, until: float = 60, **given: Any) -> list[Told]:
    simulation = Simulation(**({"root": ROOT} | given))
    ended = {one.fingerprint: one for one in happenings if isinstance(one, Change) and one.firing}
    known = [
        Change(at=one.at, fingerprint=one.fingerprint, labels=ended[one.fingerprint].labels, firing=False)
        if isinstance(one, Change) and not one.firing
        else one
        for one in happenings
    ]
    return [_short(one) for one in simulate(simulation, known) if one.at <= at(until)]


def _short(one: Sent) -> Told:
    minute = (one.at - BEGIN) / timedelta(minutes=1)
    return minute, one.reason, " ".join(sorted(one.firing)), " ".join(sorted(one.resolved))


def test_alerts_that_come_within_group_wait_are_one_message() -> None:
    assert told([fires(0, "a"), fires(0.4, "b")], until=20) == [(0.5, "firing", "a b", "")]


def test_a_later_one_waits_for_the_next_look_and_comes_with_those_before() -> None:
    assert told([fires(0, "a"), fires(1, "b")], until=20) == [
        (0.5, "firing", "a", ""),
        (5.5, "firing", "a b", ""),
    ]


def test_an_end_is_told_at_the_next_look() -> None:
    assert told([fires(0, "a"), fires(0, "b"), ends(1, "a")], until=20) == [
        (0.5, "firing", "a b", ""),
        (5.5, "resolved", "b", "a"),
    ]


def test_what_begins_and_ends_between_two_looks_is_not_told() -> None:
    simulation = Simulation(root=ROOT)
    happenings = [
        fires(0, "a"),
        fires(1, "b"),
        Change(at=at(2), fingerprint="b", labels=fires(1, "b").labels, firing=False),
    ]
    assert next(_short(one)[:3] for one in list(simulate(simulation, happenings))) == (0.5, "firing", "a")
    assert simulation.suppressed == [(at(5.5), "b", "desk", "ended_before_told")]


def test_nobody_hears_of_the_end_of_what_he_was_not_told_of() -> None:
    assert told([fires(0, "a"), fires(1, "b"), ends(2, "b"), fires(6, "c")], until=20) == [
        (0.5, "firing", "a", ""),
        (10.5, "firing", "a c", ""),
    ]


def test_nor_does_it_come_along_with_other_news() -> None:
    assert told([fires(0, "a"), fires(1, "b"), ends(2, "b"), fires(3, "c")], until=20) == [
        (0.5, "firing", "a", ""),
        (5.5, "firing", "a c", ""),
    ]


def test_the_same_is_told_again_after_the_repeat_interval() -> None:
    assert told([fires(0, "a")], until=130) == [
        (0.5, "firing", "a", ""),
        (65.5, "repeat", "a", ""),
    ]


def test_a_group_that_is_empty_waits_its_group_wait_when_it_begins_anew() -> None:
    assert told([fires(0, "a"), ends(1, "a"), fires(6, "a")], until=20) == [
        (0.5, "firing", "a", ""),
        (5.5, "resolved", "", "a"),
        (6.5, "firing", "a", ""),
    ]


def test_an_alert_that_is_older_than_the_group_wait_does_not_wait() -> None:
    late = Change(at=at(0), fingerprint="a", labels={"kind": "flood"}, firing=True, since=at(-1))
    assert told([late], until=4) == [(0, "firing", "a", "")]


@pytest.mark.parametrize(("severity", "minute"), [("critical", 2.5), ("warning", 5.5)])
def test_a_new_critical_alert_does_not_wait_for_the_interval(severity: str, minute: float) -> None:
    assert told([fires(0, "a"), fires(1, "b", severity=severity)], until=9) == [
        (0.5, "firing", "a", ""),
        (minute, "firing", "a b", ""),
    ]


def test_critical_alerts_are_told_at_most_once_in_the_urgent_interval() -> None:
    storm = [fires(number / 10, f"a{number}", severity="critical") for number in range(100)]
    minutes = [one[0] for one in told(storm, until=10)]
    assert minutes == [0.5, 2.5, 4.5, 6.5, 8.5]


def test_an_acknowledged_alert_is_not_repeated_and_its_end_is_told() -> None:
    assert told([fires(0, "a"), acknowledged(3, "a"), ends(200, "a")], until=300) == [
        (0.5, "firing", "a", ""),
        (200.5, "resolved", "", "a"),
    ]


def test_one_that_is_acknowledged_before_it_was_told_is_no_news() -> None:
    assert told([fires(0, "a"), fires(1, "b"), acknowledged(2, "b"), ends(7, "b")], until=60) == [
        (0.5, "firing", "a", "")
    ]


def test_a_repeat_for_another_alert_names_the_acknowledged_one_too() -> None:
    assert told([fires(0, "a"), fires(0, "b"), acknowledged(2, "b")], until=70)[1:] == [
        (65.5, "repeat", "a b", "")
    ]


def test_a_flapping_alert_is_told_once_and_its_end_when_it_stayed_calm() -> None:
    flaps = [
        happening
        for number in range(6)
        for happening in (fires(7 * number, "a", flapping=True), ends(7 * number + 3, "a"))
    ]
    assert told(flaps, until=90) == [
        (0.5, "firing", "a", ""),
        (55.5, "resolved", "", "a"),
    ]
    assert at(55.5) - at(38) >= CALM > at(50.5) - at(38)


def test_without_damping_it_would_be_told_each_time() -> None:
    flaps = [
        happening for number in range(6) for happening in (fires(7 * number, "a"), ends(7 * number + 3, "a"))
    ]
    assert len(told(flaps, until=90)) == 12


SILENCE = Silence(id=1, matchers=parse_all(["rule = a"]), starts_at=at(2), ends_at=at(20))


def test_a_silenced_alert_is_not_told_and_is_when_the_silence_is_over() -> None:
    assert told([fires(3, "a")], silences=[SILENCE], until=40) == [(23.5, "firing", "a", "")]


def test_the_end_of_what_was_told_is_told_after_the_silence() -> None:
    """Alertmanager forgets it: whoever was told would wait for ever."""
    assert told([fires(0, "a"), ends(5, "a")], silences=[SILENCE], until=40) == [
        (0.5, "firing", "a", ""),
        (20.5, "resolved", "", "a"),
    ]


def test_an_alert_that_fires_again_after_its_silenced_end_is_told() -> None:
    """In Alertmanager it is not, before the repeat interval has passed."""
    ended_in_silence = [fires(0, "a"), ends(5, "a"), fires(30, "a")]
    assert told(ended_in_silence, silences=[SILENCE], until=40) == [
        (0.5, "firing", "a", ""),
        (20.5, "resolved", "", "a"),
        (30.5, "firing", "a", ""),
    ]


def test_a_silence_writes_its_reason_once() -> None:
    simulation = Simulation(root=ROOT, silences=[SILENCE])
    list(simulate(simulation, [fires(3, "a")]))
    assert simulation.suppressed == [(at(3.5), "a", "desk", "silenced")]


def test_a_route_is_mute_at_its_times_and_tells_afterwards() -> None:
    """BEGIN is 17:00 in Hanoi."""
    evening = {"evening": Calendar(begins_min=17 * 60 + 4, ends_min=17 * 60 + 14)}
    root = Route(key="root", receivers=("desk",), group_by=("kind",), timing=WAITS, mute_times=("evening",))
    assert told([fires(0, "a"), fires(5, "b"), ends(6, "a")], root=root, times=evening, until=40) == [
        (0.5, "firing", "a", ""),
        (15.5, "firing", "b", "a"),
    ]


FLOOD_MUTES_SENSOR = Inhibition(
    source=parse_all(["kind = flood"]), target=parse_all(["kind = sensor"]), equal=("thing",)
)


def test_an_inhibited_alert_is_told_when_the_other_is_over() -> None:
    happenings = [
        fires(0, "flood", thing="x"),
        fires(1, "absent", kind="sensor", thing="x"),
        ends(8, "flood"),
    ]
    assert told(happenings, inhibitions=[FLOOD_MUTES_SENSOR], until=30) == [
        (0.5, "firing", "flood", ""),
        (10.5, "resolved", "", "flood"),
        (11.5, "firing", "absent", ""),
    ]


def test_a_critical_alert_is_told_when_its_parent_was_not() -> None:
    """The parent goes to nobody: it fires, and nobody has it in sight."""
    root = Route(
        key="root",
        receivers=("desk",),
        timing=WAITS,
        routes=(Route(key="root / shown", matchers=parse_all(["kind = flood"])),),
    )
    happenings = [
        fires(0, "flood", thing="x"),
        fires(1, "absent", kind="sensor", thing="x", severity="critical"),
    ]
    assert told(happenings, root=root, inhibitions=[FLOOD_MUTES_SENSOR], until=4) == [
        (1.5, "firing", "absent", "")
    ]
    assert told(happenings, inhibitions=[FLOOD_MUTES_SENSOR], until=4) == [(0.5, "firing", "flood", "")]


# Properties, over any series of events.

NAMES = st.sampled_from(["a", "b", "c"])
EVENTS = st.lists(
    st.tuples(st.integers(0, 20), st.sampled_from(["fires", "ends", "acknowledged"]), NAMES), max_size=25
)


def series(
    events: Sequence[tuple[int, str, str]], *, flapping: bool = False
) -> list[Change | Acknowledgement]:
    """Never two at the same moment, which would leave their order open."""
    made: list[Change | Acknowledgement] = []
    for number, (minute, what, name) in enumerate(sorted(events)):
        moment = minute + number / 100
        severity = "critical" if name == "c" else "warning"
        if what == "acknowledged":
            made.append(acknowledged(moment, name))
        else:
            one = fires(moment, name, severity=severity, flapping=flapping)
            made.append(
                Change(
                    at=one.at,
                    fingerprint=name,
                    labels=one.labels,
                    firing=what == "fires",
                    flapping=flapping,
                )
            )
    return made


@settings(max_examples=300, deadline=None)
@given(events=EVENTS, flapping=st.booleans(), silent=st.booleans())
def test_nobody_hears_of_an_end_without_a_beginning_and_of_each_only_once(
    events: list[tuple[int, str, str]], flapping: bool, silent: bool
) -> None:
    open_: set[str] = set()
    silences = [SILENCE] if silent else []
    for one in simulate(Simulation(root=ROOT, silences=silences), series(events, flapping=flapping), LATER):
        assert one.firing or one.resolved
        assert one.resolved <= open_
        assert not one.firing & one.resolved
        open_ = (open_ | one.firing) - one.resolved


@settings(max_examples=300, deadline=None)
@given(events=EVENTS)
def test_what_fires_for_an_interval_is_told_within_it(events: list[tuple[int, str, str]]) -> None:
    happenings = [one for one in series(events) if isinstance(one, Change)]
    sent = list(simulate(Simulation(root=ROOT), happenings, LATER))
    limit = WAITS.group_interval + WAITS.group_wait
    for number, begun in enumerate(happenings):
        later = [one for one in happenings[number + 1 :] if one.fingerprint == begun.fingerprint]
        lasts = not later or later[0].at - begun.at > limit
        if begun.firing and lasts:
            before = [one for one in sent if begun.fingerprint in one.firing and one.at <= begun.at + limit]
            assert before


@settings(max_examples=200, deadline=None)
@given(events=EVENTS)
def test_in_the_end_everybody_knows_how_it_stands(events: list[tuple[int, str, str]]) -> None:
    """Long after the last event what fires unacknowledged is known to fire, and nothing else is."""
    standing: dict[str, bool] = {}
    seen: set[str] = set()
    happenings = series(events)
    for happening in happenings:
        if isinstance(happening, Change):
            if happening.firing and not standing.get(happening.fingerprint):
                seen.discard(happening.fingerprint)
            standing[happening.fingerprint] = happening.firing
        elif standing.get(happening.fingerprint):
            seen.add(happening.fingerprint)
    open_: set[str] = set()
    for one in simulate(Simulation(root=ROOT), happenings, LATER):
        open_ = (open_ | one.firing) - one.resolved
    fire = {name for name, firing in standing.items() if firing}
    assert fire - seen <= open_ <= fire


# The shipped routes.


def shipped(happenings: Sequence[Change | Acknowledgement]) -> list[Sent]:
    alerting = load()
    simulation = Simulation(root=alerting.root, inhibitions=alerting.inhibitions, times=alerting.times)
    return list(simulate(simulation, happenings, LATER))


def storm(spread: float) -> list[Change]:
    """33 flood points and 16 gauges of three basins within `spread` minutes: warnings, then critical ones."""
    changes = []
    for number in range(49):
        kind = "flood" if number < 33 else "rain"
        labels = {"kind": kind, "area": f"basin-{number % 3}", "thing": f"{kind}-{number}"}
        moment = spread * ((number * 17) % 49) / 49
        changes.append(fires(moment, f"{kind}-{number}", severity="warning", **labels))
        changes.append(fires(moment + 1, f"{kind}-{number}-critical", severity="critical", **labels))
        if kind == "flood":
            silent = labels | {"kind": "sensor"}
            changes.append(fires(moment + 1.5, f"silent-{number}", severity="warning", **silent))
    return changes


@pytest.mark.parametrize("spread", [0, 1, 3, 5, 8.9])
def test_a_storm_over_the_whole_city_is_at_most_ten_messages_in_its_first_ten_minutes(spread: float) -> None:
    sent = [one for one in shipped(storm(spread)) if one.at < BEGIN + timedelta(minutes=10)]
    assert {one.receiver for one in sent} == {"control-room"}
    assert 3 <= len(sent) <= 10


def test_no_critical_alert_of_the_storm_is_left_out() -> None:
    happenings = storm(8)
    sent = [one for one in shipped(happenings) if one.at < BEGIN + timedelta(minutes=15)]
    known = frozenset[str]().union(*(one.firing for one in sent))
    assert {one.fingerprint for one in happenings if one.labels["severity"] == "critical"} <= known


@pytest.mark.parametrize(
    ("source", "target", "muted"),
    [
        ({"rule": "flood-30", "severity": "critical"}, {"rule": "flood-15", "severity": "warning"}, True),
        (
            {"rule": "power-lost", "kind": "platform"},
            {"rule": "silent", "kind": "sensor", "thing": "y"},
            True,
        ),
        (
            {"rule": "canary-silent", "kind": "platform"},
            {"rule": "silent", "kind": "sensor", "thing": "y"},
            True,
        ),
        ({"rule": "flood-15"}, {"rule": "silent", "kind": "sensor"}, True),
        ({"rule": "flood-15"}, {"rule": "silent", "kind": "sensor", "thing": "y"}, False),
        ({"rule": "flood-15"}, {"rule": "rain-very-heavy", "kind": "rain"}, False),
        ({"rule": "flood-in-cloudburst"}, {"rule": "rain-very-heavy", "kind": "rain", "thing": "g"}, True),
        ({"rule": "flood-in-cloudburst"}, {"rule": "rain-very-heavy", "kind": "rain", "area": "x"}, False),
        ({"rule": "flood-in-cloudburst", "area": ""}, {"rule": "rain-3h", "kind": "rain", "area": ""}, False),
        ({"rule": "flood-in-cloudburst"}, {"rule": "flood-15"}, True),
        ({"rule": "flood-50"}, {"rule": "flood-30", "severity": "critical"}, True),
        ({"rule": "flood-30", "severity": "critical"}, {"rule": "flood-50", "severity": "critical"}, False),
    ],
)
def test_the_shipped_inhibitions(source: dict[str, str], target: dict[str, str], muted: bool) -> None:
    base = {"thing": "x", "kind": "flood", "severity": "warning", "area": "nhue"}
    happenings = [
        Change(at=at(0), fingerprint="source", labels=base | source, firing=True),
        Change(at=at(1), fingerprint="target", labels=base | target, firing=True),
    ]
    known = frozenset[str]().union(*(one.firing for one in shipped(happenings)))
    assert ("target" not in known) is muted


def test_the_shipped_inhibitions_name_rules_that_exist() -> None:
    known = parse_rules(load_catalog([SHIPPED, OPERATIONS])).by_key
    sides = [matcher for one in load().inhibitions for matcher in (*one.source, *one.target)]
    named = {matcher.value for matcher in sides if matcher.label == "rule"}
    assert "power-lost" in named
    assert named <= known.keys()


def test_an_info_alert_is_told_to_nobody() -> None:
    assert shipped([fires(0, "a", severity="info")]) == []
