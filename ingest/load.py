"""A file that a person brings: decoded like a message of its source, tried without writing, or stored.

Loading the same file again stores nothing twice, and neither does loading it after a load that was interrupted.
"""

import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath, PureWindowsPath
from typing import Final

from ingest import known as what_if
from ingest.decoders import csv_table
from ingest.model import Envelope, Fault, Position, Prepared, Reason
from ingest.prepare import Wanted, prepare
from ingest.registry import Registry
from ingest.rejection import detail, storable, unknown_devices
from ingest.sources import Source, Sources
from ingest.table_parts import Part, parts
from ingest.validate import Known
from storage import batch, db
from storage.batch import Batch
from storage.model import EARLIEST, Observation, Property, Rejection
from storage.observations import WriteCounts

log = logging.getLogger(__name__)

LARGEST_PART: Final = 256 * 1024
FAULTS_SHOWN: Final = 500
SAMPLE: Final = 20
_LINE: Final = re.compile(r"^line (\d+)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Loadable:
    """A file and what it is said to be."""

    name: str
    payload: bytes
    source: Source


@dataclass(frozen=True, kw_only=True, slots=True)
class FileFault:
    """One thing that is wrong; `path` leads to it in the whole file."""

    reason: str
    path: str
    message: str
    device: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """A value as it would be stored."""

    thing: str
    observed: Property
    observation: Observation


@dataclass(frozen=True, kw_only=True, slots=True)
class Loaded:
    """What became of a file, or would."""

    observations: int
    counts: WriteCounts
    faults: Sequence[FileFault]
    """The first ones."""
    fault_count: int
    unknown_devices: Sequence[str]
    sample: Sequence[Sample]
    """The first ones."""
    first: datetime | None
    last: datetime | None
    """Of the values' times."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Prepared:
    part: Part
    message: Prepared
    number: int


def load(registry: Registry, sources: Sources, file: Loadable, *, now: datetime, dry_run: bool) -> Loaded:
    """With `dry_run` everything happens but the commit. Raises db.DatabaseUnreachable: the same call does the rest."""
    prepared, known = _prepare(registry, sources, file, now, dry_run=dry_run)
    counts = WriteCounts()
    written: list[_Prepared] = []
    for one in prepared:
        kept, stored = _write(registry.pool, one, now, dry_run=dry_run)
        written.append(kept)
        counts += stored
    loaded = _loaded(written, counts, known)
    log.info(
        "file_loaded name=%r source=%s dry_run=%s parts=%d observations=%d written=%d faults=%d",
        file.name,
        file.source.name,
        dry_run,
        len(written),
        loaded.observations,
        counts.written,
        loaded.fault_count,
    )
    return loaded


def base_name(name: str) -> str:
    """The last part of what a browser or a shell calls a file, fit to be stored."""
    last = PureWindowsPath(PurePosixPath(name).name).name
    return storable(last)[-200:] or "file"


def _prepare(
    registry: Registry, sources: Sources, file: Loadable, now: datetime, *, dry_run: bool
) -> tuple[list[_Prepared], Known]:
    registry.load()
    envelopes = list(_envelopes(file, now))
    first = [prepare(envelope, registry.known, sources) for _, envelope in envelopes]
    wanted: Wanted = [pair for _, pairs in first for pair in pairs]
    known = registry.known
    if wanted and dry_run:
        known = what_if.with_datastreams(known, wanted)
    elif wanted:
        registry.make(wanted)
        known = registry.known
    messages = [
        prepare(envelope, known, sources)[0] if pairs else message
        for (_, envelope), (message, pairs) in zip(envelopes, first, strict=True)
    ]
    return [
        _Prepared(part=part, message=message, number=number)
        for number, ((part, _), message) in enumerate(zip(envelopes, messages, strict=True), 1)
    ], known


def _envelopes(file: Loadable, now: datetime) -> Iterator[tuple[Part, Envelope]]:
    for number, part in enumerate(_parts(file), 1):
        topic = f"file:{file.name}" + (f"#line-{part.head + part.skipped + 1}" if part.skipped else "")
        yield (
            part,
            Envelope(
                topic=topic,
                payload=part.payload,
                received_at=now,
                position=Position(0, number),
                source=file.source.name,
            ),
        )


def _parts(file: Loadable) -> Iterator[Part]:
    """Only tables can be divided."""
    options = file.source.options
    if isinstance(options, csv_table.Options) and file.payload:
        return parts(file.payload, options, min(file.source.max_bytes, LARGEST_PART))
    return iter([Part(payload=file.payload, head=0, skipped=0)])


def _write(pool: db.Pool, one: _Prepared, now: datetime, *, dry_run: bool) -> tuple[_Prepared, WriteCounts]:
    """One part is one transaction. What the database refuses of it becomes a fault of the whole part."""
    try:
        return one, _commit(pool, one, now, dry_run=dry_run)
    except batch.Refused as refused:
        fault = Fault(reason=Reason.REFUSED_BY_DATABASE, path="$", message=str(refused))
        message = Prepared(
            envelope=one.message.envelope, source=one.message.source, faults=[*one.message.faults, fault]
        )
        kept = _Prepared(part=one.part, message=message, number=one.number)
        return kept, _commit(pool, kept, now, dry_run=dry_run)


def _commit(pool: db.Pool, one: _Prepared, now: datetime, *, dry_run: bool) -> WriteCounts:
    """Raises batch.Refused."""
    whole = Batch(
        observations=one.message.observations,
        rejections=[_rejection(one, now)] if one.message.faults else [],
        received_at=now,
    )
    with pool.connection() as conn, conn.transaction(force_rollback=dry_run):
        return batch.write(conn, whole, expect_new=False)


def _rejection(one: _Prepared, now: datetime) -> Rejection:
    """The same part of the same file is one row, whenever it is loaded."""
    return Rejection(
        topic=one.message.envelope.topic,
        payload=one.message.envelope.payload,
        reason=one.message.faults[0].reason.value,
        detail=detail(one.message),
        received_at=now,
        source=one.message.source,
        unknown_devices=unknown_devices(one.message),
        packet_id=one.number,
        redelivered_since=EARLIEST,
    )


def _loaded(written: Sequence[_Prepared], counts: WriteCounts, known: Known) -> Loaded:
    observations = [o for one in written for o in one.message.observations]
    faults = [_file_fault(one.part, fault) for one in written for fault in one.message.faults]
    names: dict[int, tuple[str, Property]] = what_if.datastreams(known)
    times = [o.phenomenon_time for o in observations]
    return Loaded(
        observations=len(observations),
        counts=counts,
        faults=faults[:FAULTS_SHOWN],
        fault_count=len(faults),
        unknown_devices=sorted({device for one in written for device in unknown_devices(one.message)}),
        sample=[
            Sample(thing=names[o.datastream_id][0], observed=names[o.datastream_id][1], observation=o)
            for o in observations[:SAMPLE]
        ],
        first=min(times, default=None),
        last=max(times, default=None),
    )


def _file_fault(part: Part, fault: Fault) -> FileFault:
    path = _LINE.sub(lambda match: f"line {part.line(int(match[1]))}", fault.path)
    return FileFault(
        reason=fault.reason.value,
        path=storable(path),
        message=storable(fault.message),
        device=None if fault.device is None else storable(fault.device),
    )
