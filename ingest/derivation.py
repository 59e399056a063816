"""What a derivation is: how values of some Datastreams become values of derived ones. No I/O.

The engine (`ingest.derive`) reads, compares and writes; a derivation only says what it needs and computes. The same
inputs give the same outputs, in whatever order they arrived: `compute` sees the inputs as they are stored now. It is
asked for the same output again and again, within a longer span or a shorter one, and has to say the same each time:
an output depends on its Thing and on the inputs within their reach before it, on nothing else.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any, Final, Protocol

import msgspec

from storage.model import HANOI, Domain, Provenance, Quality, weakest
from storage.things import DatastreamRow, ThingRow

COVERAGE: Final = "coverage"
"""The quality reason of a derived value that knows of too little of what it is about."""


class Value(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An input: a stored value, or the mean of an hour that is labelled by its end."""

    time: datetime
    result: float
    quality: int = Quality.GOOD
    provenance: Provenance
    """Of a derived value the weakest of its inputs."""
    count: int = 1
    """How many values the mean is of."""

    @property
    def usable(self) -> bool:
        """Indicators use what is good or was not evaluated."""
        return self.quality < Quality.SUSPECT


class Derived(msgspec.Struct, frozen=True, kw_only=True):
    """One output. Where nothing can be said there is none; what was said before is then withdrawn."""

    property: str
    time: datetime
    result: float
    provenances: frozenset[Provenance]
    """Of everything that it was computed from."""
    quality: Quality = Quality.GOOD
    quality_reason: str | None = None
    parameters: Mapping[str, Any]
    """What it was computed from, in the indicator's own words: JSON, the same for the same inputs."""

    def input_provenance(self) -> Provenance:
        """The weakest of all."""
        return weakest(set(self.provenances))


class Reads(Enum):
    """What a derivation is given of its inputs."""

    VALUES = "values"
    """Every stored value, whatever its quality."""
    HOURS = "hours"
    """Means of hours, (label − 1 h, label], of the values that are good or not evaluated."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Subject:
    """A Thing that gets derived values, and the Datastreams that they come from: its own or other Things'."""

    thing: ThingRow
    domain: Domain
    inputs: Mapping[int, DatastreamRow]

    def stream(self, property_key: str, thing_id: str | None = None) -> DatastreamRow | None:
        """The input of a property, of the Thing itself or of another."""
        owner = thing_id or self.thing.id
        return next(
            (r for r in self.inputs.values() if (r.thing_id, r.property) == (owner, property_key)), None
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class City:
    """The Things and Datastreams that there are, with the catalogue."""

    domains: Mapping[str, Domain]
    things: Mapping[str, ThingRow]
    streams: Mapping[str, Mapping[str, DatastreamRow]] = field(default_factory=dict)
    """Thing → property → Datastream."""

    def own(self, inputs: Iterable[str], outputs: Iterable[str]) -> list[Subject]:
        """Every Thing of a domain that has these outputs, with those of the inputs that it has; at least one."""
        wanted, made = tuple(inputs), tuple(outputs)
        subjects = []
        for thing in self.things.values():
            domain = self.domains.get(thing.domain)
            if domain is None or any(key not in domain.properties for key in made):
                continue
            had = self.streams.get(thing.id, {})
            rows = {had[key].id: had[key] for key in wanted if key in had}
            if rows:
                subjects.append(Subject(thing=thing, domain=domain, inputs=rows))
        return subjects


_MIDNIGHT: Final = datetime(2000, 1, 1, tzinfo=HANOI).astimezone(UTC)

Series = Mapping[int, Sequence[Value]]
"""Datastream → its values, oldest first."""


class Derivation(Protocol):
    """One module of `ingest.derivations` may hold several, in its `DERIVATIONS`."""

    @property
    def name(self) -> str:
        """For logs and the command line, for example vn_aqi."""

    @property
    def outputs(self) -> Sequence[str]:
        """Properties of the catalogue, each `derived = true`."""

    @property
    def reads(self) -> Reads: ...

    @property
    def step(self) -> timedelta | None:
        """Outputs are due when such a step of the clock closes, also without new input; None: by input only.

        The times of the outputs are ends of steps. A derivation that says something between them too, as when an input
        comes, has an attribute `between_steps` that is True; it is then computed at each new input.
        """

    def subjects(self, city: City) -> Iterable[Subject]: ...

    def reach(self, property_key: str) -> timedelta:
        """How far beyond its own time an input reaches: into outputs of [its time, its time + reach] at most."""

    def compute(self, subject: Subject, start: datetime, end: datetime, series: Series) -> Iterable[Derived]:
        """Every output with start ≤ time ≤ end, each input from its own reach before `start` to `end`. Pure.

        `end` is never later than now: a label after it is not closed yet. An exception is logged with Thing and span
        and leaves what is stored as it is; the others go on.
        """


def on_steps(derivation: Derivation) -> bool:
    """Whether nothing is due before the next step of the clock closes."""
    return derivation.step is not None and not getattr(derivation, "between_steps", False)


def labels(start: datetime, end: datetime, step: timedelta) -> list[datetime]:
    """The ends of Hanoi's steps from `start` to `end`, both inclusive; a step is a part or a multiple of a day."""
    first = ceil(start, step)
    return [first + n * step for n in range((end - first) // step + 1)] if first <= end else []


def ceil(time: datetime, step: timedelta) -> datetime:
    """The end of the step that holds `time`; a step is (end − step, end]."""
    closed = floor(time, step)
    return closed if closed == time else closed + step


def floor(time: datetime, step: timedelta) -> datetime:
    """The newest end of a step up to `time`."""
    return time - (time - _MIDNIGHT) % step
