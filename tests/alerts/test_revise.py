"""Late and corrected values: in whatever order they come, the record ends up the same."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.evaluate import INACTIVE, evaluate
from alerts.model import Episode, Evaluation, Rule, Sample, State
from alerts.revise import Recorded, begin_at, proceed, revise
from tests.alerts.series import at, rule, sample, values


@dataclass
class Record:
    """What the engine and the database do, in memory: samples, alerts, and what people would be told."""

    watched: Rule
    samples: dict[datetime, Sample] = field(default_factory=dict)
    alerts: dict[int, Episode] = field(default_factory=dict)
    evaluation: Evaluation = INACTIVE
    open_alert: int | None = None
    told: list[str] = field(default_factory=list)

    def arrive(self, changed: Sequence[Sample], now: datetime) -> None:
        changed = sorted(changed, key=lambda one: one.time)
        self.samples.update({one.time: one for one in changed})
        known_to = self.evaluation.evaluated_to
        if not changed or known_to is None or changed[0].time > known_to:
            self._proceed(changed, now)
        else:
            self._revise(changed[0].time, changed[-1].time, now)

    def _proceed(self, changed: Sequence[Sample], now: datetime) -> None:
        self.evaluation, transitions = evaluate(self.watched, changed, self.evaluation, now)
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
        samples = [self.samples[time] for time in sorted(self.samples) if time >= begin]
        revision = revise(self.watched, recorded, samples, self.evaluation, changed_to, now)
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


@settings(deadline=None, max_examples=400)
@given(watched=rules, series=st.lists(words | st.just("_"), min_size=1, max_size=30), data=st.data())
def test_the_order_of_arrival_changes_nothing(watched: Rule, series: list[str], data: st.DataObject) -> None:
    samples = values(" ".join(series))
    end = at(60)
    shuffled = data.draw(st.permutations(samples))
    sizes = data.draw(st.lists(st.integers(1, 6), min_size=len(samples), max_size=len(samples)))
    record = Record(watched)
    while shuffled:
        part, shuffled = shuffled[: sizes[0]], shuffled[sizes.pop(0) :]
        record.arrive(part, data.draw(st.sampled_from([part[0].time, end])))
    record.arrive([], end)
    assert record.history() == in_order(watched, samples, end).history()


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
    assert [one.value for one in taken] == [20, 3]
