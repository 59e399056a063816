"""Matchers, the tree of routes, mute times and inhibition: as Alertmanager documents them."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.model import Calendar
from alerts.mute import Inhibition, Inhibitor, InSight, Mute, Silence, lookups, mute_time, silenced
from alerts.route import Labels, Route, destinations, find, group_labels
from storage.matchers import Matcher, match_all, match_anything, parse_all
from storage.patterns import PatternError, compile_pattern, fits

NOW = datetime(2026, 7, 20, 10, 0, tzinfo=UTC)
"""17:00 in Hanoi, a Monday."""


@pytest.mark.parametrize(
    ("matcher", "matching", "other"),
    [
        ("severity = critical", {"severity": "critical"}, {"severity": "critical "}),
        ("severity != critical", {"severity": "warning"}, {"severity": "critical"}),
        ("thing =~ flood-.*", {"thing": "flood-cao-ba-quat"}, {"thing": "a-flood-point"}),
        ("thing =~ a|bc", {"thing": "bc"}, {"thing": "abc"}),
        ("thing !~ flood-.*", {"thing": "rain-lang"}, {"thing": "flood-x"}),
        ('area = ""', {"kind": "flood"}, {"area": "nhue"}),
        ("area != nhue", {}, {"area": "nhue"}),
        ("area =~ .*", {}, {"area": "a\nb"}),
        ('area = "a b\\"c"', {"area": 'a b"c'}, {"area": "a b"}),
        ("area=nhue", {"area": "nhue"}, {}),
    ],
)
def test_a_matcher_looks_at_the_whole_value_and_an_absent_label_is_empty(
    matcher: str, matching: Labels, other: Labels
) -> None:
    assert Matcher.parse(matcher).matches(matching)
    assert not Matcher.parse(matcher).matches(other)
    assert Matcher.parse(str(Matcher.parse(matcher))) == Matcher.parse(matcher)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("critical", "is written like"),
        ("= critical", "is written like"),
        ("severity == critical", "is none"),
        ('severity = "critical', "stands in quotes"),
        ("severity =~ (a", "missing )"),
        ("severity = " + "x" * 600, "is written like"),
    ],
)
def test_what_is_no_matcher_is_refused_and_says_how_one_is_written(text: str, why: str) -> None:
    if text == "severity == critical":
        assert Matcher.parse(text).value == "= critical"  # as Alertmanager reads it
        return
    with pytest.raises(ValueError, match=re.escape(why)):
        Matcher.parse(text)


def test_matchers_that_take_an_alert_without_labels_match_anything() -> None:
    assert match_anything(parse_all(["a =~ .*", "b != c"]))
    assert not match_anything(parse_all(["a =~ .*", "b = c"]))
    assert match_all((), {})


PIECES = st.recursive(
    st.sampled_from(["a", "b", "ab", ".", "[ab]", "[^a]", "[a-c]", r"\.", r"\d", r"\W", "c"]),
    lambda inner: st.one_of(
        st.builds("{}{}".format, inner, inner),
        st.builds("({}|{})".format, inner, inner),
        st.builds("({})*".format, inner),
        st.builds("({})+".format, inner),
        st.builds("({})?".format, inner),
        st.builds("({}){{1,2}}".format, inner),
        st.builds("({}){{2}}".format, inner),
        st.builds("({}){{1,}}".format, inner),
        st.builds("(?:{})".format, inner),
    ),
    max_leaves=6,
)


@settings(max_examples=400, deadline=None)
@given(pattern=PIECES, text=st.text(alphabet="abc.1 ", max_size=6))
def test_a_pattern_matches_what_the_standard_library_says_it_matches(pattern: str, text: str) -> None:
    assert fits(pattern, text) == bool(re.fullmatch(pattern, text, re.ASCII))


@pytest.mark.parametrize("pattern", ["(a*)*b", "(a|aa)+b", "(a|a)*b", ".*.*.*.*.*.*.*.*b", "(a{1,9}){1,9}b"])
def test_no_pattern_takes_long(pattern: str) -> None:
    """Each would take a backtracking engine longer than the age of the universe, and this test with it."""
    assert not fits(pattern, "a" * 1_000)


@pytest.mark.parametrize("pattern", ["(", ")", "a**", "*a", "[a", r"\1", "(?=a)", "(?<!a)b", r"\8", "a\\"])
def test_what_is_not_understood_is_refused_and_not_guessed(pattern: str) -> None:
    with pytest.raises(PatternError):
        compile_pattern(pattern)


@pytest.mark.parametrize("pattern", ["a" * 201, "(a{50}){50}", "((((a{9}){9}){9}){9}){9}", "a{99999}"])
def test_a_pattern_that_grows_too_large_is_refused(pattern: str) -> None:
    with pytest.raises(PatternError):
        compile_pattern(pattern)


def route(key: str, *matchers: str, goes_on: bool = False, routes: tuple[Route, ...] = ()) -> Route:
    return Route(key=key, matchers=parse_all(matchers), receivers=(key,), goes_on=goes_on, routes=routes)


TREE = route(
    "root",
    routes=(
        route("audit", "kind =~ .+", goes_on=True),
        route("critical", "severity = critical", routes=(route("night", "shift = night"),)),
        route("flood", "kind = flood"),
    ),
)


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ({}, ["root"]),
        ({"severity": "critical"}, ["critical"]),
        ({"severity": "critical", "shift": "night"}, ["night"]),
        ({"kind": "flood"}, ["audit", "flood"]),
        ({"kind": "flood", "severity": "critical"}, ["audit", "critical"]),
        ({"kind": "rain"}, ["audit"]),
    ],
)
def test_the_first_child_that_matches_takes_the_alert_unless_it_says_continue(
    labels: Labels, expected: list[str]
) -> None:
    assert [found.key for found in find(TREE, labels)] == expected


def test_an_alert_goes_to_each_receiver_of_its_routes() -> None:
    both = Route(key="root", receivers=("a", "roster:duty"), group_by=("kind", "area"))
    found = list(destinations(both, {"kind": "flood", "thing": "x", "area": ""}))
    assert [(one.receiver, one.labels) for one in found] == [
        ("a", {"kind": "flood"}),
        ("roster:duty", {"kind": "flood"}),
    ]


def test_three_dots_group_by_every_label() -> None:
    each = Route(key="root", group_by=("...",))
    assert group_labels(each, {"thing": "x", "kind": "flood", "area": ""}) == {"kind": "flood", "thing": "x"}


@dataclass(frozen=True)
class Alert:
    alert_id: int
    labels: Labels


def inhibited(rules: list[Inhibition], target: Alert, firing: list[Alert], in_sight: InSight) -> Mute | None:
    return Inhibitor.of(rules, firing).mute(target.labels, in_sight)


def never(source: int) -> bool:
    return False


def always(source: int) -> bool:
    return True


SAME_THING = Inhibition(
    source=parse_all(["kind = flood"]), target=parse_all(["kind = sensor"]), equal=("thing",)
)


def test_an_alert_is_inhibited_by_one_that_fires_with_the_same_labels() -> None:
    absent = Alert(2, {"kind": "sensor", "thing": "x"})
    assert inhibited([SAME_THING], absent, [Alert(1, {"kind": "flood", "thing": "x"})], never) == Mute(
        reason="inhibited", cause="1"
    )
    assert inhibited([SAME_THING], absent, [Alert(1, {"kind": "flood", "thing": "y"})], never) is None
    assert inhibited([SAME_THING], absent, [], never) is None


def test_labels_that_both_lack_are_equal() -> None:
    absent = Alert(2, {"kind": "sensor"})
    assert inhibited([SAME_THING], absent, [Alert(1, {"kind": "flood"})], never) is not None
    assert inhibited([SAME_THING], absent, [Alert(1, {"kind": "flood", "thing": ""})], never) is not None


def test_of_two_alerts_that_match_both_sides_neither_inhibits_the_other() -> None:
    rule = Inhibition(source=parse_all(["a = 1"]), target=parse_all(["b = 1"]), equal=())
    both, one_side = {"a": "1", "b": "1"}, {"a": "1"}
    assert inhibited([rule], Alert(2, both), [Alert(1, both), Alert(2, both)], never) is None
    assert inhibited([rule], Alert(2, both), [Alert(1, one_side)], never) is not None


def test_a_critical_alert_is_inhibited_only_by_one_that_its_receivers_were_told_of() -> None:
    critical = Alert(3, {"kind": "sensor", "thing": "x", "severity": "critical"})
    sources = [Alert(1, {"kind": "flood", "thing": "x"}), Alert(2, {"kind": "flood", "thing": "x"})]
    assert inhibited([SAME_THING], critical, sources, never) is None
    assert inhibited([SAME_THING], critical, sources, lambda source: source == 2) == Mute(
        reason="inhibited", cause="2"
    )


def test_what_may_inhibit_is_looked_up_by_all_labels_that_are_known() -> None:
    regex = Inhibition(source=parse_all(["rule =~ power.*"]), target=parse_all(["kind = sensor"]), equal=())
    assert lookups([SAME_THING, regex], [{"kind": "sensor", "thing": "x"}, {"kind": "flood"}]) == [
        {},
        {"kind": "flood", "thing": "x"},
    ]


def test_a_silence_mutes_from_its_beginning_to_before_its_end() -> None:
    silence = Silence(
        id=7, matchers=parse_all(["thing = x"]), starts_at=NOW, ends_at=NOW + timedelta(hours=1)
    )
    muted = Mute(reason="silenced", cause="7")
    labels = {"thing": "x"}
    assert silenced([silence], labels, NOW - timedelta(seconds=1)) is None
    assert silenced([silence], labels, NOW) == muted
    assert silenced([silence], labels, NOW + timedelta(minutes=59)) == muted
    assert silenced([silence], labels, NOW + timedelta(hours=1)) is None
    assert silenced([silence], {"thing": "y"}, NOW) is None


@pytest.mark.parametrize(
    ("utc", "muted"),
    [("14:59", False), ("15:00", True), ("22:59", True), ("23:00", False)],
)
def test_a_mute_time_is_in_hanoi_and_may_pass_midnight(utc: str, muted: bool) -> None:
    night = {"night": Calendar(begins_min=22 * 60, ends_min=6 * 60)}
    at = datetime.fromisoformat(f"2026-07-20T{utc}+00:00")
    found = mute_time(Route(key="root", mute_times=("night",)), night, at)
    assert found == (Mute(reason="mute_time", cause="night") if muted else None)
