"""Who handles a message, and what is the next step of each tenure. Pure; decision 0008 has the whole protocol.

Worker 1 subscribes to everything, the others to what they own. A message tells by its subscription identifier when the
broker put it into a session: worker 1 leaves to another only what the broker has surely given to that one too. What it
can't be sure of it handles itself, so the worst that a mistake can do is work done twice.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final

from ingest.sources import matches
from ingest.wire import ROOT
from storage.tenures import Settlement, Tenure

OWN: Final = 0
"""A message's share where nobody else has it,"""
LEFT: Final = -1
"""and where another worker has it. Any other number is that of an *overlap*: the beginning or the end of a tenure, when
worker 1 and the other both handle the messages."""
Share = int

_BEGINNING, _ALONE, _END = range(3)
"""The part of its tenure that another worker's subscription is in; with the tenure's id it makes the identifier."""
_PARTS: Final = 4
_IDENTIFIERS_BEGIN: Final = datetime(2026, 1, 1, tzinfo=UTC)
_IDENTIFIER_S: Final = 10
"""2^28 identifiers (MQTT 5, 3.8.2.1.2) last 85 years."""


@dataclass(frozen=True, kw_only=True)
class Tenures:
    """Every tenure, found by topic."""

    of_things: Mapping[str, Sequence[Tenure]] = field(default_factory=dict)
    """By filter, which all topics of a Thing begin with."""
    of_sources: Sequence[Tenure] = ()
    """Few, with filters that must be tried."""

    @classmethod
    def of(cls, rows: Iterable[Tenure]) -> "Tenures":
        of_things: defaultdict[str, list[Tenure]] = defaultdict(list)
        of_sources = []
        for row in rows:
            if row.filter.startswith(_NATIVE):
                of_things[row.filter].append(row)
            else:
                of_sources.append(row)
        return cls(of_things=dict(of_things), of_sources=of_sources)

    def share_of_first(self, topic: str, identifier: int | None, retained: bool) -> Share:
        """What worker 1 does with a message. What the broker gave it on subscribing was given to nobody else."""
        if identifier is None or retained:
            return OWN
        share = OWN
        for tenure in self._over(topic):
            share = _share(tenure, identifier) or share
            if share == LEFT:
                break
        return share

    def _over(self, topic: str) -> Sequence[Tenure]:
        if topic.startswith(_NATIVE):
            return self.of_things.get(f"{topic[: topic.rfind('/')]}/+", ())
        return [tenure for tenure in self.of_sources if matches(tenure.filter, topic)]


_NATIVE: Final = f"{ROOT}/"


def share_of_other(identifier: int | None) -> Share:
    """What a worker beside the first does with a message: it was subscribed to, so it is handled."""
    if identifier is None or identifier % _PARTS == _ALONE:
        return OWN
    return _overlap(identifier // _PARTS, identifier % _PARTS)


def _overlap(tenure_id: int, part: int) -> Share:
    return 2 * tenure_id + (part == _END)


def _share(tenure: Tenure, identifier: int) -> Share:
    if tenure.offered is None or identifier < tenure.offered:
        return OWN
    if tenure.since is None or identifier < tenure.since:
        return _overlap(tenure.id, _BEGINNING)
    if tenure.until is None or identifier < tenure.until:
        return LEFT
    return _overlap(tenure.id, _END) if tenure.closed is None or identifier < tenure.closed else OWN


def least_identifier(now: datetime) -> int:
    """Identifiers go up with the time as well, so that one isn't used again when the database was made anew."""
    return max(1, int((now - _IDENTIFIERS_BEGIN).total_seconds() / _IDENTIFIER_S))


def settlement(rows: Iterable[Tenure], identifier: int) -> Settlement:
    """The answers to the tenures that wait for worker 1, when it subscribes anew with this identifier.

    It must subscribe after it has read the rows, and write the answers after the broker has confirmed: a worker is
    subscribed before `since`, and still is at `until`.
    """
    steps: dict[str, list[int]] = {"offered": [], "since": [], "until": [], "closed": []}
    for row in rows:
        step = waits_for(row)
        if step is not None:
            steps[step].append(row.id)
    return Settlement(identifier=identifier, **steps)


def waits_for(row: Tenure) -> str | None:
    """The step that worker 1 takes next; None when it is the other's turn."""
    if row.offered is None:
        return "offered"
    if row.since is None:
        return "since" if row.held else None
    if row.until is None:
        return "until" if row.released else None
    return "closed" if row.dropped and row.closed is None else None


def settled(rows: Iterable[Tenure], answers: Settlement) -> list[Tenure]:
    """The rows as they are when the settlement is written."""
    steps = {
        tenure_id: step
        for step in ("offered", "since", "until", "closed")
        for tenure_id in getattr(answers, step)
    }
    return [
        replace(row, **{steps[row.id]: answers.identifier}) if row.id in steps else row  # type: ignore[arg-type]  # an int column
        for row in rows
    ]


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What a worker beside the first wants next, from its tenures and what it owns."""

    ask: Sequence[str] = ()
    withdraw: Sequence[int] = ()
    subscribed: Mapping[str, int] = field(default_factory=dict)
    """Filter → identifier."""
    unsubscribed: frozenset[str] = frozenset()


def wishes(rows: Sequence[Tenure], owned: Iterable[str]) -> Wishes:
    """Of a worker's tenures that it has not dropped."""
    wanted = set(owned)
    return Wishes(
        ask=sorted(wanted - {row.filter for row in rows}),
        withdraw=[row.id for row in rows if row.offered is None and row.filter not in wanted],
        subscribed={
            row.filter: row.id * _PARTS + _part(row, row.filter in wanted)
            for row in rows
            if row.offered is not None and row.until is None
        },
        unsubscribed=frozenset(row.filter for row in rows if row.until is not None),
    )


def _part(row: Tenure, wanted: bool) -> int:
    if row.since is None:
        return _BEGINNING
    return _ALONE if wanted and not row.released else _END


@dataclass(frozen=True, kw_only=True)
class Confirmed:
    """Tenures (by id) whose next step the broker has confirmed."""

    held: Sequence[int] = ()
    released: Sequence[int] = ()
    dropped: Sequence[int] = ()


def confirmed(
    rows: Sequence[Tenure], owned: Iterable[str], granted: Mapping[str, int | None], gone: frozenset[str]
) -> Confirmed:
    """`granted` is filter → identifier of what the broker has confirmed on this connection, `gone` what it ended."""
    wanted = set(owned)
    return Confirmed(
        held=[row.id for row in rows if row.offered is not None and not row.held and row.filter in granted],
        released=[
            row.id
            for row in rows
            if not row.released
            and row.filter not in wanted
            and granted.get(row.filter) == row.id * _PARTS + _END
        ],
        dropped=[row.id for row in rows if row.until is not None and row.filter in gone],
    )
