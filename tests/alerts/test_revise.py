"""Late and corrected values: in whatever order they come, the record ends up the same."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from alerts.evaluate import INACTIVE, evaluate, moments
from alerts.model import Episode, Evaluation, Rule, State
from alerts.revise import Recorded, begin_at, proceed, revise
from alerts.samples import Sample
from tests.alerts.series import START, at, minutes, rule, sample, values
from tests.alerts.written import written

INSTANT = timedelta(microseconds=1)
Place = tuple[datetime, int, int]


def place(one: Sample) -> Place:
    return one.time, one.operand, one.stream


@dataclass
class Record:
    """What the engine and the database do, in memory: samples, alerts, and what people would be told."""

    watched: Rule
    samples: dict[Place, Sample] = field(default_factory=dict)
    alerts: dict[int, Episode] = field(default_factory=dict)
    evaluation: Evaluation = INACTIVE
    open_alert: int | None = None
    told: list[str] = field(default_factory=list)

    def arrive(self, changed: Sequence[Sample], now: datetime) -> None:
        changed = sorted(changed, key=place)
        self.samples.update({place(one): one for one in changed})
        known_to = self.evaluation.evaluated_to
        if not changed or known_to is None or changed[0].time > known_to:
            self._proceed(changed, now)
        else:
            self._revise(changed[0].time, changed[-1].time, known_to + INSTANT)
            self._proceed([], now)

    def _proceed(self, changed: Sequence[Sample], now: datetime) -> None:
        before = self._asked_for(changed[0].time, changed[-1].time) if changed else []
        self.evaluation, transitions = evaluate(self.watched, changed, self.evaluation, now, before)
        for change in proceed(self.open_alert, transitions, self.evaluation):
            self._write(change.alert_id, change.episode)
            self.told += [s.transition.to_state.value for s in change.steps]

    def _revise(self, changed_from: datetime, changed_to: datetime, now: datetime) -> None:
        recorded = [
            r
            for r in map(self._recorded, self.alerts)
            if r.resolved_at is None or r.resolved_at >= changed_from
        ]
        begin = begin_at(recorded, changed_from)
        samples = [self.samples[key] for key in sorted(self.samples) if key[0] >= begin]
        before = self._looked_back_on(begin)
        revision = revise(self.watched, recorded, samples, self.evaluation, changed_to, now, before)
        for withdrawal in revision.withdrawals:
            del self.alerts[withdrawal.recorded.alert_id]
            if withdrawal.recorded.alert_id == self.open_alert:
                self.open_alert = None
                self.told.append("withdrawn")
        for change in revision.changes:
            self._write(change.alert_id, change.episode)
            self.told += [s.transition.to_state.value for s in change.steps if not s.revised]
        if revision.evaluation is not None:
            self.evaluation = revision.evaluation

    def _asked_for(self, first: datetime, last: datetime) -> list[Sample]:
        spans = list(self.watched.condition.spans(first, last))
        assert all(span.end <= first for span in spans)
        return [
            self.samples[key]
            for key in sorted(self.samples)
            if any(key[1] == span.operand and span.begin <= key[0] < span.end for span in spans)
        ]

    def _looked_back_on(self, begin: datetime) -> list[Sample]:
        """Where silence is the condition the newest good one, else all that the condition's reach covers."""
        earlier = [self.samples[key] for key in sorted(self.samples) if key[0] < begin]
        if self.watched.condition.silence is not None:
            return [one for one in earlier if one.quality <= self.watched.worst_quality][-1:]
        return [one for one in earlier if one.time >= begin - self.watched.condition.reach]

    def _write(self, alert_id: int | None, episode: Episode) -> None:
        number = max(self.alerts, default=0) + 1 if alert_id is None else alert_id
        self.alerts[number] = episode
        if episode.open:
            assert self.open_alert in (None, number), "two open alerts of one rule and Datastream"
            self.open_alert = number
        elif self.open_alert == number:
            self.open_alert = None

    def _recorded(self, alert_id: int) -> Recorded:
        episode = self.alerts[alert_id]
        return Recorded(
            alert_id=alert_id,
            state=episode.state,
            pending_since=episode.pending_since,
            firing_since=episode.firing_since,
            resolved_at=episode.resolved_at,
        )

    def history(self) -> list[Episode]:
        return sorted(self.alerts.values(), key=lambda episode: episode.pending_since)


def in_order(watched: Rule, samples: Sequence[Sample], now: datetime) -> Record:
    record = Record(watched)
    record.arrive(samples, now)
    return record


words = st.sampled_from(["0", "12", "14", "16", "30", "20?"])
rules = st.builds(
    lambda hold, keep, clear: rule(15, clear=clear, hold=hold, keep_firing_for=keep, resolve_when_silent=8),
    st.sampled_from([0, 0.5, 1, 2, 5]),
    st.sampled_from([0, 0.5, 1, 3]),
    st.sampled_from([None, 13.0]),
)


@dataclass(frozen=True)
class Kind:
    """Conditions of one kind, and at which minutes values come of which operands' Datastreams."""

    whens: Sequence[dict[str, Any]]
    series: Sequence[tuple[int, int]] = ((0, 0),)
    """(operand, stream)"""
    minutes: Sequence[float] = range(24)
    words: Sequence[str] = ("0", "1", "4", "6", "11", "6?")


USUAL = {"above_usual_by": 4, "days": 2, "at_least_days": 1}
NEAR = {"domain": "field", "property": "b", "within_km": 1}
KINDS = {
    "outside": Kind([{"outside": [1, 6]}, {"outside": [1, 7], "margin": 2}]),
    "change": Kind(
        [
            {"rises_by": 5, "within": "2m"},
            {"rises_by": 5, "within": "4m", "clear": 2},
            {"falls_by": 2, "within": "1m"},
        ]
    ),
    "usual": Kind(
        [
            USUAL,
            {**USUAL, "clear": 1},
            {**USUAL, "at_least_days": 2},
            {"below_usual_by": 2, "days": 2, "at_least_days": 1},
        ],
        minutes=[day * 1440 + minute for day in range(4) for minute in (0, 14, 28, 42, 56)],
    ),
    "stuck": Kind(
        [
            {"stuck_for": "3m"},
            {"stuck_for": "2m", "tolerance": 1},
            {"stuck_for": "4m", "tolerance": 2, "except": [0]},
        ]
    ),
    "absent": Kind([{"absent_for": "3m"}, {"absent_for": "5m"}], minutes=range(0, 40, 2)),
    "all": Kind(
        [
            {"all": [{"above": 3, "clear": 2}, {"property": "b", "above": 3}]},
            {"all": [{"above": 0}, {"property": "b", "rises_by": 5, "within": "3m"}]},
            {"all": [{"above": 3}, {"property": "b", "stuck_for": "2m"}]},
            {"all": [{"rises_by": 3, "within": "2m"}, {"property": "b", "outside": [1, 6], "margin": 1}]},
        ],
        series=((0, 0), (1, 1)),
    ),
    "any": Kind(
        [
            {"any": [{"above": 6, "clear": 2}, {"property": "b", "above": 6, "clear": 2}]},
            {"any": [{"above": 10}, {"all": [{"property": "b", "below": 2}, {"below": 2}]}]},
        ],
        series=((0, 0), (1, 1)),
    ),
    "nearby": Kind(
        [
            {"all": [{"above": 3}, {**NEAR, "above": 3, "clear": 2}]},
            {"any": [{"above": 10}, {**NEAR, "stuck_for": "2m"}]},
            {"all": [{"above": 0}, {**NEAR, "falls_by": 4, "within": "2m"}]},
        ],
        series=((0, 0), (1, 1), (1, 2)),
    ),
    "usual_beside": Kind(
        [{"all": [{"above": 3}, {**USUAL, "property": "b", "without_history": "met"}]}],
        series=((0, 0), (1, 1)),
        minutes=[day * 1440 + minute for day in range(3) for minute in (0, 1, 2, 15, 30, 45)],
    ),
    "in_its_hours": Kind(
        [
            {"above": 3},
            {"rises_by": 5, "within": "3m"},
            {"all": [{"above": 3}, {"property": "b", "above": 3}]},
        ],
        series=((0, 0), (1, 1)),
    ),
}


def of_kind(name: str) -> st.SearchStrategy[Rule]:
    def build(when: dict[str, Any], hold: str, keep: str) -> Rule:
        keep = "1m" if name == "absent" and keep == "3m" else keep
        valid = {"valid": {"hours": ["17:03", "17:15"]}} if name == "in_its_hours" else {}
        return written(when, **{"for": hold, "keep_firing_for": keep, "resolve_when_silent": "8m", **valid})

    whens = st.sampled_from(KINDS[name].whens)
    return st.builds(build, whens, st.sampled_from(["0s", "30s", "2m"]), st.sampled_from(["0s", "30s", "3m"]))


def of_series(name: str, watched: Rule) -> st.SearchStrategy[list[Sample]]:
    """A value of each Datastream at some of the minutes."""
    kind = KINDS[name]
    places = [(minute, *series) for minute in kind.minutes for series in kind.series]
    places = [one for one in places if one[1] < len(watched.operands)]
    texts = st.dictionaries(st.sampled_from(places), st.sampled_from(kind.words), min_size=1, max_size=30)
    return texts.map(
        lambda drawn: sorted((value_of(where, text) for where, text in drawn.items()), key=place)
    )


def value_of(where: tuple[float, int, int], text: str) -> Sample:
    minute, operand, stream = where
    return values(text, begin=minute, operand=operand, stream=stream)[0]


@settings(deadline=None, max_examples=400)
@given(watched=rules, series=st.lists(words | st.just("_"), min_size=1, max_size=30), data=st.data())
def test_the_order_of_arrival_changes_nothing(watched: Rule, series: list[str], data: st.DataObject) -> None:
    arrive_in_any_order(watched, values(" ".join(series)), at(60), data)


@pytest.mark.parametrize("kind", KINDS)
@settings(deadline=None, max_examples=40)
@given(data=st.data())
def test_whatever_the_condition_the_order_of_arrival_changes_nothing(kind: str, data: st.DataObject) -> None:
    watched = data.draw(of_kind(kind))
    samples = data.draw(of_series(kind, watched))
    arrive_in_any_order(watched, samples, samples[-1].time + minutes(60), data)


def arrive_in_any_order(watched: Rule, samples: list[Sample], end: datetime, data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(samples))
    sizes = data.draw(st.lists(st.integers(1, 6), min_size=len(samples), max_size=len(samples)))
    record = Record(watched)
    while shuffled:
        part, shuffled = shuffled[: sizes[0]], shuffled[sizes.pop(0) :]
        record.arrive(part, data.draw(st.sampled_from([part[0].time, end])))
    record.arrive([], end)
    assert record.history() == in_order(watched, samples, end).history()
    one_by_one = Record(watched)
    for moment in moments(samples):
        one_by_one.arrive(moment, moment[0].time)
    one_by_one.arrive([], end)
    assert one_by_one.history() == record.history()


@settings(deadline=None, max_examples=300)
@given(
    watched=rules,
    before=st.lists(words, min_size=1, max_size=30),
    corrections=st.dictionaries(st.integers(0, 29), words, max_size=6),
)
def test_a_correction_makes_the_record_as_if_it_had_been_right_from_the_start(
    watched: Rule, before: list[str], corrections: dict[int, str]
) -> None:
    after = [corrections.get(minute, word) for minute, word in enumerate(before)]
    corrected = [values(after[m], begin=m)[0] for m in sorted(corrections) if m < len(before)]
    record = in_order(watched, values(" ".join(before)), at(29))
    for one in corrected:
        record.arrive([one], at(29))
    record.arrive([], at(60))
    assert record.history() == in_order(watched, values(" ".join(after)), at(60)).history()


@pytest.mark.parametrize("kind", KINDS)
@settings(deadline=None, max_examples=30)
@given(data=st.data())
def test_so_it_does_with_every_condition(kind: str, data: st.DataObject) -> None:
    watched = data.draw(of_kind(kind))
    samples = data.draw(of_series(kind, watched))
    end = samples[-1].time + minutes(60)
    record = in_order(watched, samples, data.draw(st.sampled_from([samples[-1].time, end])))
    right = {place(one): one for one in samples}
    for one in data.draw(st.lists(st.sampled_from(samples), max_size=5)):
        word = data.draw(st.sampled_from(["0", "5", "11", "3!"]))
        where = ((one.time - START) / minutes(1), one.operand, one.stream)
        right[place(one)] = value_of(where, word)
        record.arrive([right[place(one)]], end)
    record.arrive([], end)
    assert record.history() == in_order(watched, sorted(right.values(), key=place), end).history()


@pytest.mark.parametrize("kind", KINDS)
def test_each_of_these_kinds_fires_and_ends(kind: str) -> None:
    """Or their order would be proven on series in which nothing happens."""

    def ends(drawn: tuple[Rule, list[Sample]]) -> bool:
        watched, samples = drawn
        history = in_order(watched, samples, samples[-1].time).history()
        return any(one.firing_since and not one.open for one in history)

    both = of_kind(kind).flatmap(lambda watched: st.tuples(st.just(watched), of_series(kind, watched)))
    assert ends(
        find(
            both,
            ends,
            settings=settings(deadline=None, max_examples=5000, database=None, phases=[Phase.generate]),
        )
    )


def test_a_late_value_shows_that_it_had_fired_earlier() -> None:
    record = in_order(rule(15, hold=2), values("_ 16 16"), at(2))
    record.arrive([sample(0, 16)], at(2.5))
    (alert,) = record.history()
    assert (alert.pending_since, alert.firing_since) == (at(0), at(2))
    assert record.told == ["pending", "firing"]


def test_a_late_value_that_moves_the_firing_time_tells_nobody_again() -> None:
    record = in_order(rule(15), values("_ 16 16"), at(2))
    record.arrive([sample(0, 16)], at(2.5))
    (alert,) = record.history()
    assert alert.firing_since == at(0)
    assert record.told == ["firing"]


def test_two_alerts_that_turn_out_to_be_one_stay_quiet() -> None:
    record = in_order(rule(15, clear=13), values("16 12 16"), at(2))
    record.told.clear()
    record.arrive([sample(1, 14)], at(3))
    (alert,) = record.history()
    assert (alert.firing_since, alert.state) == (at(0), State.FIRING)
    assert record.told == []


def test_a_correction_withdraws_an_alert_that_never_was() -> None:
    record = in_order(rule(15), values("3 16"), at(1))
    record.arrive([sample(1, 1.6)], at(2))
    assert record.history() == []
    assert record.told == ["firing", "withdrawn"]


def test_a_correction_that_reopens_tells() -> None:
    record = in_order(rule(15), values("16 3"), at(1))
    record.arrive([sample(1, 30)], at(2))
    (alert,) = record.history()
    assert alert.state is State.FIRING
    assert record.told == ["firing", "resolved", "firing"]


def test_a_pending_alert_that_ended_and_turns_out_to_have_fired_tells_both() -> None:
    record = in_order(rule(15, hold=1), values("_ 16 3"), at(2))
    record.arrive([sample(0, 16)], at(3))
    (alert,) = record.history()
    assert (alert.firing_since, alert.resolved_at) == (at(1), at(2))
    assert record.told == ["pending", "inactive", "firing", "resolved"]


@pytest.mark.parametrize("length", [10, 10_000])
def test_evaluating_the_past_again_costs_what_changed_not_all_since(length: int) -> None:
    quiet = values(" ".join(["3"] * length))
    record = in_order(rule(15), quiet, quiet[-1].time)
    taken = []
    late = sample(2, 20)
    series = [*quiet[:2], late, *quiet[3:]]
    revision = revise(
        rule(15),
        [],
        (taken.append(one) or one for one in series[2:]),
        record.evaluation,
        late.time,
        at(length),
    )
    assert [change.episode.state for change in revision.changes] == [State.RESOLVED]
    assert revision.evaluation is None
    assert [one.value for one in taken] == [20, 3, 3]  # the last one shows that its moment is complete
