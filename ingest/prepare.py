"""From an Envelope to what can be written: finds the decoder, decodes, translates, validates. Pure.

Any exception in here is the message's fault, never bad luck, and becomes a rejection (`decoder_error`).
"""

import hashlib
import logging
from collections.abc import Mapping, Sequence

from ingest import clocks, validate
from ingest.decoders import extent, native, status
from ingest.model import NATIVE, Decoded, Envelope, Fault, Prepared, Reason, Status
from ingest.sources import Source, Sources
from ingest.translate import translate
from ingest.validate import Known
from ingest.wire import MessageKind, Topic, parse_topic
from storage.model import FloodExtent, Observation, Property

log = logging.getLogger(__name__)

Wanted = Sequence[tuple[str, Property]]
"""(thing, property) that need a Datastream first."""


def prepare(envelope: Envelope, known: Known, sources: Sources) -> tuple[Prepared, Wanted]:
    """The message ready to be written, and what needs a Datastream first."""
    try:
        return _prepare(envelope, known, sources)
    except Exception as error:
        trace = hashlib.sha256(envelope.payload).hexdigest()[:12]
        log.exception("decoder_error trace=%s topic=%s", trace, envelope.topic)
        message = f"{type(error).__name__} in the decoder, traceback {trace} in the log"
        fault = Fault(reason=Reason.DECODER_ERROR, path="$", message=message)
        return Prepared(envelope=envelope, faults=[fault], detail={"traceback_id": trace}), ()


def _prepare(envelope: Envelope, known: Known, sources: Sources) -> tuple[Prepared, Wanted]:
    topic = parse_topic(envelope.topic) if envelope.source is None else None
    if topic is None:
        return _of_a_source(envelope, known, sources)
    topic = _claimed(topic, known)
    match topic.kind:
        case MessageKind.OBSERVATIONS:
            return _observations(envelope, topic, known)
        case MessageKind.STATUS:
            return _status(envelope, topic, known), ()
        case MessageKind.EXTENT:
            return _extent(envelope, topic, known), ()


def _claimed(topic: Topic, known: Known) -> Topic:
    """The Thing that an operator said it is, for a device that sends under a name of its own."""
    if (topic.domain, topic.thing) in known.things:
        return topic
    thing = known.claims.get((NATIVE, topic.thing))
    domain = None if thing is None else known.domain_of(thing)
    return topic if thing is None or domain is None else Topic(domain, thing, topic.kind)


def _observations(envelope: Envelope, topic: Topic, known: Known) -> tuple[Prepared, Wanted]:
    decoded = native.decode(envelope.payload)
    checked = validate.check(topic, decoded.readings, known, envelope.received_at)
    prepared = Prepared(
        envelope=envelope,
        observations=checked.observations,
        faults=[*decoded.faults, *checked.faults],
        sequences=_sequences(topic, decoded, known),
        newest=clocks.newest(((topic, r) for r in decoded.readings), known.domains)
        if _is_live(envelope, topic, known)
        else {},
    )
    return prepared, checked.wanted


def _of_a_source(envelope: Envelope, known: Known, sources: Sources) -> tuple[Prepared, Wanted]:
    """A message in another format: decoded, then put into the city's words, then checked like any other."""
    source = sources.of(envelope)
    if source is None:
        message = "expected hanoi/v1/{domain}/{thing}/observations, status or extent, or a topic of a source"
        return _refused(envelope, Fault(reason=Reason.UNKNOWN_TOPIC, path="$", message=message)), ()
    decoded = _decode(envelope, source)
    translated, faults = translate(decoded.readings, source, known)
    observations: list[Observation] = []
    wanted: list[tuple[str, Property]] = []
    faults = [*decoded.faults, *faults]
    for topic, reading in translated:
        checked = validate.check(topic, [reading], known, envelope.received_at)
        observations += checked.observations
        faults += checked.faults
        wanted += checked.wanted
    prepared = Prepared(
        envelope=envelope,
        source=source.name,
        observations=observations,
        faults=faults,
        newest={} if source.folder or envelope.retained else clocks.newest(translated, known.domains),
        detail={"full_size": envelope.full_size} if _is_cut(envelope) else None,
    )
    return prepared, wanted


def _decode(envelope: Envelope, source: Source) -> Decoded:
    size = envelope.full_size or len(envelope.payload)
    if size > source.max_bytes or _is_cut(envelope):
        message = f"{size} bytes, at most {source.max_bytes} are taken"
        if _is_cut(envelope):
            message = f"{message}; here is its beginning, the whole file is in done/ of its folder"
        return Decoded(faults=[Fault(reason=Reason.TOO_LARGE, path="$", message=message)])
    if not envelope.payload:
        return Decoded(faults=[Fault(reason=Reason.EMPTY, path="$", message="the payload is empty")])
    return source.decoder.decode(envelope.payload, source.context(envelope))


def _is_cut(envelope: Envelope) -> bool:
    """Whether only the beginning of a file is here: its last value may be cut in two, so nothing of it is decoded."""
    return envelope.full_size is not None and envelope.full_size > len(envelope.payload)


def _sequences(topic: Topic, decoded: Decoded, known: Known) -> Mapping[str, Sequence[int]]:
    if not decoded.sequences or validate.thing_fault(topic, known) is not None:
        return {}
    return {topic.thing: decoded.sequences}


def _is_live(envelope: Envelope, topic: Topic, known: Known) -> bool:
    return not envelope.retained and (topic.domain, topic.thing) in known.things


def _status(envelope: Envelope, topic: Topic, known: Known) -> Prepared:
    online = status.decode(envelope.payload)
    if isinstance(online, Fault):
        return _refused(envelope, online)
    unknown = validate.thing_fault(topic, known)
    if unknown is not None:
        return _refused(envelope, unknown)
    said = Status(thing_id=topic.thing, online=online, received_at=envelope.received_at)
    return Prepared(envelope=envelope, statuses=[said])


def _extent(envelope: Envelope, topic: Topic, known: Known) -> Prepared:
    decoded = extent.decode(envelope.payload)
    if isinstance(decoded, list):
        return _refused(envelope, *decoded)
    time, provenance, features = decoded
    fault = validate.thing_fault(topic, known) or validate.time_fault(
        "$.time", time, envelope.received_at + validate.AHEAD
    )
    retired = known.retired.get(topic.thing)
    if fault is None and retired is not None and time >= retired:
        fault = validate.retired_fault("$.time", topic, retired)
    if fault is not None:
        return _refused(envelope, fault)
    found = FloodExtent(thing_id=topic.thing, phenomenon_time=time, features=features, provenance=provenance)
    return Prepared(envelope=envelope, extents=[found])


def _refused(envelope: Envelope, *faults: Fault) -> Prepared:
    return Prepared(envelope=envelope, faults=faults)
