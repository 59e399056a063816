"""Who speaks next, and how much at once."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from simulators.schedule import HOUR, Schedule, Turn

NOW = 1_000 * HOUR


@dataclass
class Metronome:
    """Something to say every `every` seconds."""

    id: str
    every: int = 60

    @property
    def longest_interval_s(self) -> int:
        return self.every

    def next_time(self, after: int) -> int:
        return after - after % self.every + self.every

    def messages(self, after: int, until: int) -> list[tuple[str, bytes]]:
        return [(self.id, str(t).encode()) for t in range(self.next_time(after), until + 1, self.every)]


def run(schedule: Schedule, now: int) -> list[Turn]:
    turns = []
    while (turn := schedule.due(now)) is not None:
        turns.append(turn)
    return turns


def said(turns: list[Turn]) -> list[tuple[str, bytes]]:
    return [message for turn in turns for message in turn.stream.messages(turn.after, turn.until)]


@given(
    gaps=st.sets(st.integers(0, 5 * HOUR), max_size=8).map(lambda cuts: sorted(cuts)),
    later=st.integers(0, 3 * HOUR),
    every=st.sampled_from([7, 60, 300, 1800, 3600, 5000]),
)
def test_every_gap_and_the_present_are_said_once(gaps: list[int], later: int, every: int) -> None:
    begin = NOW - 5 * HOUR
    missing = [(begin + a, begin + b) for a, b in zip(gaps[::2], gaps[1::2], strict=False)]
    schedule = Schedule()
    stream = Metronome("a", every)
    schedule.add(stream, missing, NOW)
    expected = [message for gap in [*missing, (NOW, NOW + later)] for message in stream.messages(*gap)]
    assert said(run(schedule, NOW + later)) == expected


def test_a_message_is_at_most_an_hour_and_crosses_no_full_hour() -> None:
    schedule = Schedule()
    schedule.add(Metronome("a"), [(NOW - 10 * HOUR + 700, NOW)], NOW)
    for turn in run(schedule, NOW):
        assert 0 < turn.until - turn.after <= HOUR
        assert (turn.after + 1) // HOUR == turn.until // HOUR or turn.until % HOUR == 0


def test_history_goes_out_hour_by_hour_over_all_things_oldest_first() -> None:
    schedule = Schedule()
    for name in ("a", "b", "c"):
        schedule.add(Metronome(name), [(NOW - 3 * HOUR, NOW)], NOW)
    turns = run(schedule, NOW)
    assert [turn.until for turn in turns] == sorted(turn.until for turn in turns)
    assert [{turn.stream.id for turn in turns[n : n + 3]} for n in (0, 3, 6)] == [{"a", "b", "c"}] * 3


def test_nothing_is_said_before_it_happens() -> None:
    schedule = Schedule()
    schedule.add(Metronome("a"), [], NOW)
    assert run(schedule, NOW + 59) == []
    assert schedule.next_time() == NOW + 60
    assert said(run(schedule, NOW + 60)) == [("a", str(NOW + 60).encode())]


def test_after_an_outage_everything_that_was_kept_is_said_by_the_hour() -> None:
    schedule = Schedule()
    schedule.add(Metronome("a"), [], NOW)
    turns = run(schedule, NOW + 5 * HOUR)
    assert len(turns) == 5
    assert len(said(turns)) == 5 * 60


def test_a_stream_that_was_replaced_keeps_its_place_and_one_removed_is_silent() -> None:
    schedule = Schedule()
    schedule.add(Metronome("a"), [], NOW)
    schedule.add(Metronome("b"), [], NOW)
    run(schedule, NOW + 90)
    schedule.add(Metronome("a", 30), [(NOW - HOUR, NOW)], NOW)
    schedule.remove("b")
    assert schedule.ids == {"a"}
    assert set(said(run(schedule, NOW + 150))) == {("a", str(NOW + second).encode()) for second in (120, 150)}


def test_an_empty_schedule_waits() -> None:
    assert Schedule().next_time() is None
    assert Schedule().due(NOW) is None
