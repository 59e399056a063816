"""Who handles a message, and what is the next step of each tenure. Pure; decision 0008 has the whole protocol.

Worker 1 subscribes to everything, the others to what they own. A message tells by its subscription identifier when the
broker put it into a session: worker 1 leaves to another only what the broker has surely given to that one too. What it
can't be sure of it handles itself, so the worst that a mistake can do is work done twice.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import Enum, auto
from typing import Final

from ingest.model import Envelope
from ingest.partition import thing_filter
from ingest.sources import matches
from ingest.wire import ROOT
from storage.tenures import Settlement, Tenure

BOTH: Final = 1
"""Identifier of another worker's subscription while worker 1 handles the same messages,"""
ALONE: Final = 2
"""and when it does not any more."""
_IDENTIFIERS_BEGIN: Final = datetime(2026, 1, 1, tzinfo=UTC)
_IDENTIFIER_S: Final = 10
"""2^28 identifiers (MQTT 5, 3.8.2.1.2) last 85 years."""


class Share(Enum):
    """What becomes of a message here."""

    OWN = auto()
    SHARED = auto()
    """Another worker may handle it too."""
    LEFT = auto()
    """Another worker has it."""


@dataclass(frozen=True, kw_only=True)
class Tenures:
    """Every tenure, found by topic."""

    by_thing: Mapping[str, Sequence[Tenure]] = field(default_factory=dict)
    others: Sequence[Tenure] = ()
    """Of sources: few, with filters that must be tried."""

    @classmethod
    def of(cls, rows: Iterable[Tenure]) -> "Tenures":
        by_thing: defaultdict[str, list[Tenure]] = defaultdict(list)
        others = []
        for row in rows:
            if row.filter.startswith(f"{ROOT}/"):
                by_thing[row.filter].append(row)
            else:
                others.append(row)
        return cls(by_thing=dict(by_thing), others=others)

    def share_of_first(self, envelope: Envelope) -> Share:
        """What worker 1 does with a message. What the broker gave it on subscribing was given to nobody else."""
        if envelope.identifier is None or envelope.retained or not (self.by_thing or self.others):
            return Share.OWN
        shares = {_share(tenure, envelope.identifier) for tenure in self._over(envelope.topic)}
        if Share.LEFT in shares:
            return Share.LEFT
        return Share.SHARED if Share.SHARED in shares else Share.OWN

    def _over(self, topic: str) -> list[Tenure]:
        levels = topic.split("/")
        if topic.startswith(f"{ROOT}/"):
            return list(self.by_thing.get(thing_filter(*levels[2:4]), ())) if len(levels) == 5 else []
        return [tenure for tenure in self.others if matches(tenure.filter, topic)]


def share_of_other(envelope: Envelope) -> Share:
    """What a worker beside the first does with a message: it was subscribed to, so it is handled."""
    return Share.OWN if envelope.identifier == ALONE else Share.SHARED


def _share(tenure: Tenure, identifier: int) -> Share:
    def before(step: int | None) -> bool:
        return step is None or identifier < step

    if before(tenure.offered):
        return Share.OWN
    if tenure.since is not None and not before(tenure.since) and before(tenure.until):
        return Share.LEFT
    return Share.SHARED if before(tenure.closed) else Share.OWN


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
    if row.released:
        if row.until is None:
            return "until"
        return "closed" if row.dropped and row.closed is None else None
    return "since" if row.held and row.since is None else None


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
            row.filter: ALONE if row.since is not None and not row.released and row.filter in wanted else BOTH
            for row in rows
            if row.offered is not None and row.until is None
        },
        unsubscribed=frozenset(row.filter for row in rows if row.until is not None),
    )


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
            if row.held and not row.released and row.filter not in wanted and granted.get(row.filter) == BOTH
        ],
        dropped=[row.id for row in rows if row.until is not None and row.filter in gone],
    )
