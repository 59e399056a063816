"""A running simulation: reference data, scenarios, schedule and outbox together, one step at a time."""

import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from simulators import coverage
from simulators.outbox import Outbox
from simulators.profiles import SimulatorSectionError
from simulators.progress import Progress
from simulators.scenarios import Happening, ScenarioError, load_scenario, storms_of
from simulators.schedule import Schedule, Turn
from simulators.state import Folder, PastScenario, State
from simulators.streams import Stream, streams_of
from simulators.weather import Weather
from storage.model import Domain
from storage.reference import Reference

log = logging.getLogger(__name__)

LOOK_S: Final = 2.0
"""How often files are looked at for new domains, Things and scenarios."""
GRACE_S: Final = 2.0
"""So long after a change new Things begin to speak: others read the same files."""
SAVE_S: Final = 5.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Receipt:
    """What is covered once its messages are acknowledged."""

    stream_id: str
    interval: coverage.Interval


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What this run is asked to do. Times are epoch seconds."""

    seed: int
    backfill_s: int
    speed: float
    domains: Collection[str]
    """Only these; none means all."""
    started: int
    """When the process did."""
    history_end: int
    """What is missing up to here is history; from here on it is live."""
    until: int | None
    """Nothing after this; None goes on until asked to stop."""


@dataclass(kw_only=True)
class Simulation:
    """All calls from one thread. `monotonic` only paces looking and saving; values never depend on it."""

    plan: Plan
    reference: Reference
    folder: Folder
    state: State
    outbox: Outbox
    monotonic: Callable[[], float]
    schedule: Schedule = field(default_factory=Schedule, init=False)
    progress: Progress | None = field(default=None, init=False)
    messages: int = field(default=0, init=False)
    _scenarios: tuple[PastScenario, ...] = field(default=(), init=False)
    _rebuild_at: float | None = field(default=None, init=False)
    _look_at: float = field(default=0.0, init=False)
    _save_at: float = field(default=0.0, init=False)
    _changed: bool = field(default=False, init=False)

    def begin(self) -> None:
        """Builds all streams and shows the history that is missing.

        Raises SimulatorSectionError naming file and key.
        """
        self._scenarios = self.folder.scenarios()
        streams = self._streams()
        missing = sum(until - after for stream in streams.values() for after, until in self._gaps(stream))
        self._add(streams)
        hours = missing // 3600
        log.info(
            "simulation_started streams=%d missing_hours=%d seed=%d", len(streams), hours, self.plan.seed
        )
        self.progress = Progress("backfill", missing, "s of streams", log)

    def now(self, real: float) -> int:
        """The simulated time: the real one, or history played at `speed` until it has caught up."""
        plan = self.plan
        if plan.speed == float("inf"):
            return int(real)
        begin = plan.history_end - plan.backfill_s
        return min(int(real), int(begin + (real - plan.started) * plan.speed))

    def horizon(self, real: float) -> int:
        """How far values may be published."""
        return self.now(real) if self.plan.until is None else min(self.now(real), self.plan.until)

    def step(self, real: float) -> bool:
        """Publishes one turn if there is room and something has happened. Whether it did."""
        self._collect()
        self._look()
        if not self.outbox.has_room:
            return False
        turn = self.schedule.due(self.horizon(real))
        if turn is None:
            return False
        self._publish(turn)
        return True

    def finished(self, real: float) -> bool:
        """With an end given: everything up to it is acknowledged."""
        until = self.plan.until
        if until is None or self.now(real) < until or self.outbox.unacknowledged:
            return False
        at = self.schedule.next_time()
        return at is None or at > until

    def caught_up(self) -> bool:
        """Whether the present is reached and acknowledged."""
        at = self.schedule.next_time()
        present = at is None or at > self.plan.history_end
        return present and self.outbox.connected and self.outbox.unacknowledged == 0

    def end_of_history(self, seconds: float) -> None:
        """Says so, once."""
        if self.progress is not None:
            self.progress.close()
            self.progress = None
        log.info("history_published messages=%d seconds=%.1f", self.messages, seconds)

    def idle_s(self, real: float) -> float:
        """How long there is nothing to do, at most until files are looked at again."""
        at = self.schedule.next_time()
        if at is None or not self.outbox.has_room:
            return 1.0
        ahead = (
            (at - self.now(real)) / min(self.plan.speed, 60.0) if self.now(real) < int(real) else at - real
        )
        return min(max(ahead, 0.01), 1.0)

    def save(self) -> None:
        self._collect()
        if self._changed:
            self.folder.write(self.state)
            self._changed = False

    def _publish(self, turn: Turn) -> None:
        receipt = Receipt(stream_id=turn.stream.id, interval=(turn.after, turn.until))
        messages = turn.stream.messages(turn.after, turn.until)
        for n, (topic, payload) in enumerate(messages, start=1):
            self.outbox.send(topic, payload, receipt if n == len(messages) else None)
        self.messages += len(messages)
        if not messages:
            self._cover(receipt)
        if self.progress is not None and turn.after < self.plan.history_end:
            self.progress.advance(min(turn.until, self.plan.history_end) - turn.after)

    def _collect(self) -> None:
        for receipt in self.outbox.receipts():
            assert isinstance(receipt, Receipt)
            self._cover(receipt)
        if self.monotonic() >= self._save_at and self._changed:
            self._save_at = self.monotonic() + SAVE_S
            self.folder.write(self.state)
            self._changed = False

    def _cover(self, receipt: Receipt) -> None:
        covered = self.state.covered.get(receipt.stream_id, ())
        self.state.covered[receipt.stream_id] = coverage.add(covered, receipt.interval)
        self._changed = True

    def _look(self) -> None:
        """Takes up new files, a moment after they appeared."""
        now = self.monotonic()
        if now >= self._look_at:
            self._look_at = now + LOOK_S
            if self.reference.refresh() or self.folder.scenarios() != self._scenarios:
                self._rebuild_at = self._rebuild_at or now + GRACE_S
        if self._rebuild_at is not None and now >= self._rebuild_at:
            self._rebuild_at = None
            self._rebuild()

    def _rebuild(self) -> None:
        """A fault in a file that was added is said and changes nothing."""
        before, self._scenarios = self._scenarios, self.folder.scenarios()
        try:
            streams = self._streams()
        except SimulatorSectionError as error:
            log.error("simulation_unchanged error=%r", str(error))
            self._scenarios = before
            return
        self._add(streams)
        log.info("simulation_changed streams=%d scenarios=%d", len(streams), len(self._scenarios))

    def _streams(self) -> dict[str, Stream]:
        happenings = list(_happenings(self._scenarios))
        weather = Weather(seed=self.plan.seed, scenario_storms=storms_of(happenings))
        wanted = self.plan.domains or simulated(self.reference.domains)
        things = [thing for thing in self.reference.things if thing.domain in wanted]
        return streams_of(
            self.reference.domains, things, seed=self.plan.seed, weather=weather, happenings=happenings
        )

    def _add(self, streams: dict[str, Stream]) -> None:
        for gone in self.schedule.ids - streams.keys():
            self.schedule.remove(gone)
        for stream in streams.values():
            self.schedule.add(stream, self._gaps(stream), self.plan.history_end)

    def _gaps(self, stream: Stream) -> tuple[coverage.Interval, ...]:
        """What is missing before the start: at least the newest value of each property."""
        back = max(self.plan.backfill_s, stream.longest_interval_s)
        end = self.plan.history_end
        return coverage.gaps(self.state.covered.get(stream.id, ()), end - back, end)


def simulated(domains: Mapping[str, Domain]) -> frozenset[str]:
    """What may be simulated: never the platform's own signs of life."""
    return frozenset(key for key, domain in domains.items() if not domain.internal)


def _happenings(scenarios: Iterable[PastScenario]) -> Iterator[Happening]:
    """A file that was there once and is gone is said: the rain of its storm is missing from the counters."""
    for past in scenarios:
        try:
            yield Happening(scenario=load_scenario(past.name), start=past.start)
        except ScenarioError as error:
            log.error("scenario_left_out name=%s start=%d error=%r", past.name, past.start, str(error))
