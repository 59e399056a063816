"""What ingest would make of a message, told so that the author of a sources file understands it. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from ingest import known as what_if
from ingest.model import NATIVE, Envelope, Fault, Reading, Status
from ingest.prepare import prepare
from ingest.sources import Source, Sources
from ingest.translate import translate
from ingest.validate import Known
from ingest.wire import parse_topic
from storage.model import FloodExtent, Observation, Property


@dataclass(frozen=True, kw_only=True, slots=True)
class Sent:
    """A value in its source's own words, before conversion."""

    key: str
    value: float | bool
    unit: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Stored:
    """A value as it would be stored, and as it was sent where that is something else."""

    thing: str
    observed: Property
    observation: Observation
    sent: Sent | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Trial:
    """`source` is None where no source takes the topic."""

    source: str | None
    decoder: str | None
    stored: Sequence[Stored] = ()
    statuses: Sequence[Status] = ()
    extents: Sequence[FloodExtent] = ()
    faults: Sequence[Fault] = ()


_Sent = dict[tuple[str, str, datetime], Sent]


def trial(envelope: Envelope, known: Known, sources: Sources) -> Trial:
    """The same way as in a worker, with Datastreams that nobody has made where a value wants one."""
    message, wanted = prepare(envelope, known, sources)
    if wanted:
        known = what_if.with_datastreams(known, wanted)
        message, _ = prepare(envelope, known, sources)
    source = _source_of(envelope, sources)
    names: Mapping[int, tuple[str, Property]] = what_if.datastreams(known)
    sent = _sent(envelope, source, known) if source is not None and message.observations else {}
    return Trial(
        source=NATIVE if _is_native(envelope) else source.name if source else None,
        decoder="native" if _is_native(envelope) else source.decoder_name if source else None,
        stored=[_stored(o, *names[o.datastream_id], sent) for o in message.observations],
        statuses=message.statuses,
        extents=message.extents,
        faults=message.faults,
    )


def _is_native(envelope: Envelope) -> bool:
    return envelope.source is None and parse_topic(envelope.topic) is not None


def _source_of(envelope: Envelope, sources: Sources) -> Source | None:
    return None if _is_native(envelope) else sources.of(envelope)


def _stored(observation: Observation, thing: str, observed: Property, sent: _Sent) -> Stored:
    was = sent.get((thing, observed.key, observation.phenomenon_time))
    same = was is not None and (was.key, was.value) == (observed.key, observation.result)
    return Stored(thing=thing, observed=observed, observation=observation, sent=None if same else was)


def _sent(envelope: Envelope, source: Source, known: Known) -> _Sent:
    """What the decoder read, by where it ends up."""
    found: _Sent = {}
    for reading in source.decoder.decode(envelope.payload, source.context(envelope)).readings:
        translated, _ = translate([reading], source, known)
        for topic, ours in translated:
            for key, value in reading.results.items():
                observed = _ours(key, source)
                if observed in ours.results:
                    sent = Sent(key=key, value=value, unit=_unit(key, reading, source))
                    found[topic.thing, observed, reading.time] = sent
    return found


def _ours(key: str, source: Source) -> str:
    meaning = source.properties.get(key)
    return meaning.property if meaning else key


def _unit(key: str, reading: Reading, source: Source) -> str | None:
    meaning = source.properties.get(key)
    return source.units.get(key) or reading.units.get(key) or (meaning.unit if meaning else None)
