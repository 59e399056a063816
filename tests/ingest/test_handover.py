"""The protocol of the handover against a broker made of lists: whatever dies when, no message is left by all."""

import random
from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest

from ingest import handover
from ingest.handover import LEFT, OWN, Share, Tenures
from ingest.sources import matches
from storage.tenures import Settlement, Tenure

NOW = datetime(2026, 11, 22, tzinfo=UTC)
FILTERS = ("hanoi/v1/rain/a/+", "hanoi/v1/rain/b/+", "v3/+/up")
TOPICS = ("hanoi/v1/rain/a/observations", "hanoi/v1/rain/b/status", "v3/x/up")
OTHERS = (2, 3)


@dataclass
class Session:
    """What the broker keeps for a client: its subscriptions, and its messages with the identifier of their time."""

    filters: dict[str, int | None] = field(default_factory=dict)
    queue: list[tuple[int, str, int | None]] = field(default_factory=list)


@dataclass
class City:
    """One step of any process at a time. Memory of a process is lost when it is killed; rows and sessions are not."""

    rows: dict[int, Tenure] = field(default_factory=dict)
    sessions: dict[int, Session] = field(default_factory=lambda: defaultdict(Session))
    owned: dict[int, set[str]] = field(default_factory=lambda: {worker: set() for worker in OTHERS})
    handled: dict[int, list[tuple[int, Share]]] = field(default_factory=lambda: defaultdict(list))
    published: int = 0
    tenures: Tenures = field(default_factory=Tenures)
    last_identifier: int | None = None
    identifier: int | None = None
    pending: tuple[Settlement, list[Tenure]] | None = None
    subscribed: bool = False
    granted: dict[int, dict[str, int | None]] = field(default_factory=lambda: defaultdict(dict))
    gone: dict[int, set[str]] = field(default_factory=lambda: defaultdict(set))

    def __post_init__(self) -> None:
        self.first_is_killed()

    def publish(self, n: int) -> None:
        self.published += 1
        topic = TOPICS[n % len(TOPICS)]
        for session in self.sessions.values():
            hits = [i for f, i in session.filters.items() if matches(f, topic)]
            if hits:
                session.queue.append((self.published, topic, hits[0]))

    def owners_change(self, n: int) -> None:
        """One worker after the other is told of another partition; `n` says of which worker each filter is to be."""
        worker = OTHERS[n % 2]
        self.owned[worker] = {f for k, f in enumerate(FILTERS) if (n // 2) // 3**k % 3 + 1 == worker}

    def first_is_killed(self, _: int = 0) -> None:
        self.identifier = self.last_identifier
        self.tenures, self.pending = Tenures.of(self.rows.values()), None
        for f in ("hanoi/v1/#", "v3/+/up"):
            self.sessions[1].filters[f] = self.identifier

    def first_looks(self, _: int = 0) -> None:
        if self.pending is None:
            rows = list(self.rows.values())
            self.tenures = Tenures.of(rows)
            if any(handover.waits_for(row) for row in rows):
                self.identifier = self.last_identifier = (self.last_identifier or 0) + 1
                self.pending = handover.settlement(rows, self.identifier), rows
                self.subscribed = False

    def first_subscribes(self, _: int = 0) -> None:
        if self.pending is not None:
            self.subscribed = True
            for f in self.sessions[1].filters:
                self.sessions[1].filters[f] = self.identifier

    def first_settles(self, n: int = 0) -> None:
        """With an even `n` the database has it; otherwise it is away and the answer is worked out again."""
        if self.pending is not None and self.subscribed:
            answers, rows = self.pending
            self.tenures, self.pending = Tenures.of(handover.settled(rows, answers)), None
            if n % 2 == 0:
                self.rows |= {r.id: r for r in handover.settled(self.rows.values(), answers)}

    def first_handles(self, _: int = 0) -> None:
        if self.sessions[1].queue:
            number, topic, identifier = self.sessions[1].queue.pop(0)
            share = self.tenures.share_of_first(topic, identifier, False)
            if share != LEFT:
                self.handled[number].append((1, share))

    def other_is_killed(self, n: int) -> None:
        self.granted[OTHERS[n % 2]], self.gone[OTHERS[n % 2]] = {}, set()

    def other_steps(self, n: int) -> None:
        """Reads its rows, tells the broker what it wants (it may be told only by the next step), writes."""
        worker, told = OTHERS[n % 2], n % 4 < 2
        rows = [row for row in self.rows.values() if row.worker == worker and not row.dropped]
        wishes = handover.wishes(rows, self.owned[worker])
        done = handover.confirmed(
            rows, self.owned[worker], self.granted[worker], frozenset(self.gone[worker])
        )
        for id_ in wishes.withdraw:
            del self.rows[id_]
        self._write(done.held, held=True)
        self._write(done.released, released=True)
        self._write(done.dropped, dropped=True)
        taken = {row.filter for row in self.rows.values() if not row.dropped}
        for f in wishes.ask:
            if f not in taken:
                id_ = max(self.rows, default=0) + 1
                self.rows[id_] = Tenure(id=id_, filter=f, worker=worker)
        if told:
            self.sessions[worker].filters.update(wishes.subscribed)
            self.granted[worker] |= wishes.subscribed
            self.gone[worker] -= wishes.subscribed.keys()
            for f in wishes.unsubscribed:
                self.sessions[worker].filters.pop(f, None)
                self.granted[worker].pop(f, None)
                self.gone[worker].add(f)

    def other_handles(self, n: int) -> None:
        worker = OTHERS[n % 2]
        if self.sessions[worker].queue:
            number, _, identifier = self.sessions[worker].queue.pop(0)
            self.handled[number].append((worker, handover.share_of_other(identifier)))

    def come_to_rest(self) -> None:
        for _ in range(12):
            for worker in range(len(OTHERS)):
                self.other_steps(worker)
            self.first_looks()
            self.first_subscribes()
            self.first_settles()
        while any(session.queue for session in self.sessions.values()):
            self.first_handles()
            for worker in range(len(OTHERS)):
                self.other_handles(worker)

    def _write(self, ids: "handover.Sequence[int]", **values: bool) -> None:
        for id_ in ids:
            self.rows[id_] = replace(self.rows[id_], **values)  # type: ignore[arg-type]  # columns that are bool


WEIGHTS = {
    City.publish: 6,
    City.first_handles: 3,
    City.other_handles: 4,
    City.other_steps: 8,
    City.first_looks: 4,
    City.first_subscribes: 4,
    City.first_settles: 4,
    City.owners_change: 0.3,
    City.first_is_killed: 0.2,
    City.other_is_killed: 0.4,
}


def lived(seed: int) -> City:
    """A city after 900 random steps: some ten handovers, with messages that wait through several of them."""
    chance = random.Random(seed)
    city = City()
    for step in chance.choices(list(WEIGHTS), list(WEIGHTS.values()), k=900):
        step(city, chance.randrange(54))
    return city


def test_these_cities_live_through_handovers_there_and_back() -> None:
    assert sum(row.closed is not None for seed in range(20) for row in lived(seed).rows.values()) > 20


@pytest.mark.parametrize("seed", range(60))
def test_no_message_is_left_by_all_and_who_shares_one_knows_it(seed: int) -> None:
    city = lived(seed)
    city.come_to_rest()
    for number in range(1, city.published + 1):
        handlers = city.handled[number]
        assert 1 <= len(handlers) <= 2, "somebody has it, and nobody has it thrice"
        assert len({worker for worker, _ in handlers}) == len(handlers)
        if len(handlers) == 2:
            (overlap,) = {share for _, share in handlers}
            assert overlap > 0, "both know it, and say the same"


@pytest.mark.parametrize("seed", range(20))
def test_at_rest_every_filter_is_with_its_owner_and_nobody_handles_twice(seed: int) -> None:
    city = lived(seed)
    city.owners_change(2 * (1 + 3 * 2))  # of worker 2: the first filter
    city.owners_change(2 * (1 + 3 * 2) + 1)  # of worker 3: the second
    city.come_to_rest()
    before = city.published
    for n in range(len(TOPICS)):
        city.publish(n)
    city.come_to_rest()
    assert [city.handled[before + 1 + n] for n in range(3)] == [
        [(2, OWN)],
        [(3, OWN)],
        [(1, OWN)],
    ]


WHOLE = Tenure(
    id=1,
    filter=FILTERS[0],
    worker=2,
    offered=10,
    held=True,
    since=20,
    released=True,
    until=30,
    dropped=True,
    closed=40,
)


@pytest.mark.parametrize(
    ("identifier", "share"),
    [
        (None, OWN),
        (9, OWN),
        (10, 2),
        (19, 2),
        (20, LEFT),
        (29, LEFT),
        (30, 3),
        (39, 3),
        (40, OWN),
    ],
)
def test_the_identifier_says_whose_a_message_is(identifier: int | None, share: Share) -> None:
    tenures = Tenures.of([WHOLE])
    assert tenures.share_of_first(TOPICS[0], identifier, False) == share
    assert tenures.share_of_first(TOPICS[1], identifier, False) == OWN


def test_what_the_broker_gives_on_subscribing_is_left_to_nobody() -> None:
    assert Tenures.of([WHOLE]).share_of_first(TOPICS[0], 25, True) == OWN


def test_a_topic_that_no_thing_can_have_stays_with_worker_1() -> None:
    tenures = Tenures.of([WHOLE])
    for topic in ("hanoi/v1/rain/a", "hanoi/v1/rain/a/b/c", "hanoi/v1/rain/A/status", "hanoi/v1//a/status"):
        assert tenures.share_of_first(topic, 25, False) == OWN


def test_identifiers_go_up_with_the_time_and_fit_into_28_bits() -> None:
    first = handover.least_identifier(NOW)
    assert handover.least_identifier(NOW.replace(day=23)) > first + 100
    assert handover.least_identifier(NOW.replace(year=2100)) < 2**28
