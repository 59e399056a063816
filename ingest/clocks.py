"""The clocks of Things: by how much the newest value of a message comes before or after it arrives.

Delay on the way only ever adds, so the least of a while is the clock's. The database keeps it; here is only what a
batch has to add to it, which after the first minutes of an hour is next to nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from ingest.model import Prepared, Reading
from ingest.wire import Topic
from storage.clocks import NEAR_S, Skew, hour_of
from storage.model import Domain, Provenance

STEP_S: Final = 1.0
"""A delay that is less by no more than this is not worth a write."""


def newest(readings: Iterable[tuple[Topic, Reading]], domains: Mapping[str, Domain]) -> dict[str, datetime]:
    """Thing → the time of the newest that it sent as it measured; also of what is refused for its time.

    A forecast is of a time to come, also where its sender does not say that it is one.
    """
    found: dict[str, datetime] = {}
    for topic, reading in readings:
        if reading.provenance is Provenance.MEASURED or reading.provenance is Provenance.SIMULATED:
            known = found.get(topic.thing)
            if (known is None or reading.time > known) and not _only_foretells(topic, reading, domains):
                found[topic.thing] = reading.time
    return found


def _only_foretells(topic: Topic, reading: Reading, domains: Mapping[str, Domain]) -> bool:
    domain = domains.get(topic.domain)
    if domain is None or not reading.results:
        return False
    for key in reading.results:
        observed = domain.properties.get(key)
        if observed is None or observed.forecast_of is None:
            return False
    return True


@dataclass(kw_only=True)
class Clocks:
    """What the database has from us for this hour. Used by the thread that writes."""

    _hour: datetime = field(default=datetime.min.replace(tzinfo=UTC), init=False)
    _written: dict[str, Skew] = field(default_factory=dict, init=False)

    def measured(self, messages: Sequence[Prepared]) -> Mapping[str, Skew]:
        """What the messages add. Call `written` when it is committed."""
        hour = hour_of(messages[-1].envelope.received_at)
        if hour != self._hour:
            self._hour, self._written = hour, {}
        found: dict[str, Skew] = {}
        for message in messages:
            received_at = message.envelope.received_at
            for thing_id, time in message.newest.items():
                known = found.get(thing_id) or self._written.get(thing_id)
                skew = _news(known, time, received_at)
                if skew is not None:
                    found[thing_id] = skew
        return found

    def forget(self, things: Iterable[str]) -> None:
        """They have other clocks from now on. May be called by any thread."""
        for thing in things:
            self._written.pop(thing, None)

    def written(self, skews: Mapping[str, Skew]) -> None:
        self._written.update(skews)


def _news(known: Skew | None, time: datetime, received_at: datetime) -> Skew | None:
    """What a value says that was not known: a lesser delay, or the same one again at another time."""
    skew_s = (received_at - time).total_seconds()
    if known is None:
        return Skew(skew_s=skew_s, time=time, measured_at=received_at, repeated=False)
    less_s = known.skew_s - skew_s
    if less_s > STEP_S:
        repeated = less_s <= NEAR_S and (known.repeated or time != known.time)
        return Skew(skew_s=skew_s, time=time, measured_at=received_at, repeated=repeated)
    if not known.repeated and less_s >= -NEAR_S and time != known.time:
        return Skew(skew_s=known.skew_s, time=known.time, measured_at=known.measured_at, repeated=True)
    return None
