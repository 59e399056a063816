"""Open rejections once more: what was refused for a cause that is mended by now is stored after all.

One batch is one transaction: its observations and what became of each rejection go together, so that a kill in the
middle loses nothing and doubles nothing. A message keeps the time at which it was received first.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

import msgspec

from ingest import known as what_if
from ingest.model import NATIVE, Envelope, Fault, Position, Prepared, Reason
from ingest.prepare import Wanted, prepare
from ingest.registry import Registry
from ingest.rejection import detail, unknown_devices
from ingest.sources import Sources
from ingest.validate import Known
from storage import batch, claims, db, rejections
from storage.batch import Batch
from storage.observations import WriteCounts
from storage.rejections import Cursor, OpenRejection, Selection

log = logging.getLogger(__name__)

BATCH_MESSAGES: Final = 200
BATCH_BYTES: Final = 8 * 1024 * 1024
"""Payloads held at a time; one that is larger comes alone."""
STRAGGLERS: Final = timedelta(minutes=10)
"""So long after a claim, what another worker had already refused without knowing of it may still come in."""

_NOWHERE: Final = Position(0, 0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Tally:
    """What became of the messages of one reason."""

    messages: int = 0
    resolved: int = 0
    """Nothing is wrong with them any more."""
    skipped: int = 0
    """Of a source that is not configured here: left as they are."""
    observations: int = 0
    """Good ones in them, whether or not they were stored before."""

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            messages=self.messages + other.messages,
            resolved=self.resolved + other.resolved,
            skipped=self.skipped + other.skipped,
            observations=self.observations + other.observations,
        )

    @property
    def still_open(self) -> int:
        return self.messages - self.resolved - self.skipped


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """A run, or a part of one."""

    by_reason: Mapping[str, Tally] = field(default_factory=dict)
    """By the reason that the message had before."""
    counts: WriteCounts = field(default_factory=WriteCounts)
    missing_sources: frozenset[str] = frozenset()
    """Sources of skipped messages."""
    examples: Mapping[str, str] = field(default_factory=dict)
    """What is wrong with one of those that stay open, by the reason that it has now."""
    after: Cursor | None = None
    """Where to go on; None: nothing is left."""

    def __add__(self, other: "Outcome") -> "Outcome":
        reasons = [*self.by_reason, *(reason for reason in other.by_reason if reason not in self.by_reason)]
        return Outcome(
            by_reason={r: self.by_reason.get(r, Tally()) + other.by_reason.get(r, Tally()) for r in reasons},
            counts=self.counts + other.counts,
            missing_sources=self.missing_sources | other.missing_sources,
            examples={**other.examples, **self.examples},
            after=other.after,
        )

    @property
    def total(self) -> Tally:
        return sum(self.by_reason.values(), Tally())


@dataclass(frozen=True, kw_only=True, slots=True)
class _Tried:
    """An open rejection and what prepare makes of it today; None: its source is not configured."""

    row: OpenRejection
    message: Prepared | None

    @property
    def resolved(self) -> bool:
        return self.message is not None and not self.message.faults


@dataclass(kw_only=True)
class Reprocessing:
    """Goes through open rejections with what the registry knows now."""

    pool: db.Connections
    registry: Registry
    sources: Sources
    clock: Callable[[], datetime]
    dry_run: bool = False

    def run(self, selection: Selection, *, after: Cursor | None = None, most: int | None = None) -> Outcome:
        """Those of the selection, in order of arrival; with `most`, about so many, and where to go on.

        Raises db.DatabaseUnreachable: what was done until then is done, the same call does the rest.
        """
        self.registry.load()
        # what is refused from now on is another run's: this one comes to an end
        until = min(selection.until or self.clock(), self.clock())
        selection = replace(selection, until=until)
        done = Outcome(after=after)
        while most is None or done.total.messages < most:
            part = self._batch(selection, done.after)
            done += part
            if part.after is None:
                break
        self._log(selection, done)
        return done

    def _batch(self, selection: Selection, after: Cursor | None) -> Outcome:
        """Reads without a lock, prepares, then locks what nobody else has taken meanwhile, and writes."""
        with self.pool.connection() as conn:
            found = rejections.open_ids(conn, selection, after=after, limit=BATCH_MESSAGES)
            chosen = found[: _fitting([one.size for one in found])]
            if not chosen:
                return Outcome()
            rows = rejections.open_rows(conn, [one.cursor.id for one in chosen])
        tried = self._try(rows)
        outcome = _outcome(tried, WriteCounts()) if self.dry_run else self._write(tried)
        return replace(outcome, after=chosen[-1].cursor)

    def _try(self, rows: Sequence[OpenRejection]) -> list[_Tried]:
        """Twice for a message that wants a Datastream which is not there yet."""
        first = [self._prepare(row, self.registry.known) for row in rows]
        wanted = [pair for _, pairs in first for pair in pairs]
        if not wanted:
            return [tried for tried, _ in first]
        if self.dry_run:
            known = what_if.with_datastreams(self.registry.known, wanted)
        else:
            self.registry.make(wanted)
            known = self.registry.known
        return [
            self._prepare(row, known)[0] if pairs else tried
            for row, (tried, pairs) in zip(rows, first, strict=True)
        ]

    def _prepare(self, row: OpenRejection, known: Known) -> tuple[_Tried, Wanted]:
        if row.source != NATIVE and self.sources.named(row.source) is None:
            return _Tried(row=row, message=None), ()
        envelope = Envelope(
            topic=row.topic,
            payload=row.payload,
            received_at=row.received_at,
            position=_NOWHERE,
            source=None if row.source == NATIVE else row.source,
            full_size=row.full_size,
        )
        message, wanted = prepare(envelope, known, self.sources)
        return _Tried(row=row, message=message), wanted

    def _write(self, tried: Sequence[_Tried]) -> Outcome:
        with self.pool.connection() as conn, conn.transaction():
            mine = rejections.lock_open(conn, [one.row.id for one in tried])
            held = [one for one in tried if one.row.id in mine]
            stored, counts = _store(conn, [one for one in held if one.message is not None])
            rejections.resolve(conn, [one.row.id for one in stored if one.resolved], self.clock())
            for one in stored:
                _keep_open(conn, one)
            return _outcome([*stored, *(one for one in held if one.message is None)], counts)

    def _log(self, selection: Selection, done: Outcome) -> None:
        total = done.total
        if total.messages and not self.dry_run:
            log.info(
                "rejections_reprocessed reason=%s source=%s device=%r messages=%d resolved=%d written=%d",
                selection.reason,
                selection.source,
                selection.device,
                total.messages,
                total.resolved,
                done.counts.written,
            )


def stragglers(reprocessing: Reprocessing) -> Outcome:
    """What named a device that was claimed lately, and was refused by a worker that did not know it yet."""
    with reprocessing.pool.connection() as conn:
        found = claims.stragglers(conn, reprocessing.clock() - STRAGGLERS)
    done = Outcome()
    for source, device in found:
        done += reprocessing.run(Selection(source=source, device=device))
    return done


def _fitting(sizes: Sequence[int]) -> int:
    """How many of the first payloads are held at a time: at least one."""
    held = 0
    for number, size in enumerate(sizes):
        held += size
        if held > BATCH_BYTES:
            return max(1, number)
    return len(sizes)


def _store(conn: db.Connection, tried: Sequence[_Tried]) -> tuple[list[_Tried], WriteCounts]:
    """All at once; one by one when the database refuses something in it."""
    if not tried:
        return [], WriteCounts()
    try:
        return list(tried), _write_batch(conn, tried)
    except batch.Refused:
        stored, counts = [], WriteCounts()
        for one in tried:
            kept, written = _store_one(conn, one)
            stored.append(kept)
            counts += written
        return stored, counts


def _store_one(conn: db.Connection, one: _Tried) -> tuple[_Tried, WriteCounts]:
    try:
        return one, _write_batch(conn, [one])
    except batch.Refused as refused:
        fault = Fault(reason=Reason.REFUSED_BY_DATABASE, path="$", message=str(refused))
        assert one.message is not None
        message = one.message
        refused_whole = Prepared(
            envelope=message.envelope, source=message.source, faults=[*message.faults, fault]
        )
        return replace(one, message=refused_whole), WriteCounts()


def _write_batch(conn: db.Connection, tried: Sequence[_Tried]) -> WriteCounts:
    """In a savepoint of the caller's transaction. Raises batch.Refused."""
    messages = [one.message for one in tried if one.message is not None]
    whole = Batch(
        observations=[
            msgspec.structs.replace(o, arrived=m.envelope.received_at)
            for m in messages
            for o in m.observations
        ],
        extents=[e for m in messages for e in m.extents],
        statuses={s.thing_id: (s.online, s.received_at) for m in messages for s in m.statuses},
        sequences=_sequences(tried),
        received_at=tried[-1].row.received_at,
    )
    return batch.write(conn, whole, expect_new=False)


def _sequences(tried: Sequence[_Tried]) -> Mapping[str, Sequence[int]]:
    """Only of messages that did not count before, since nobody knew whose they were: to number twice is no loss,
    but a number that is far behind looks like another count."""
    numbers: dict[str, list[int]] = defaultdict(list)
    for one in tried:
        if one.message is not None and one.row.unknown_devices:
            for thing_id, sent in one.message.sequences.items():
                numbers[thing_id].extend(sent)
    return numbers


def _keep_open(conn: db.Connection, one: _Tried) -> None:
    if one.message is not None and one.message.faults:
        rejections.keep_open(
            conn,
            one.row.id,
            reason=one.message.faults[0].reason.value,
            detail=detail(one.message),
            unknown_devices=unknown_devices(one.message),
        )


def _outcome(tried: Collection[_Tried], counts: WriteCounts) -> Outcome:
    by_reason: dict[str, Tally] = defaultdict(Tally)
    for one in tried:
        by_reason[one.row.reason] += Tally(
            messages=1,
            resolved=int(one.resolved),
            skipped=int(one.message is None),
            observations=len(one.message.observations) if one.message is not None else 0,
        )
    missing = frozenset(one.row.source for one in tried if one.message is None)
    return Outcome(
        by_reason=dict(by_reason), counts=counts, missing_sources=missing, examples=_examples(tried)
    )


def _examples(tried: Collection[_Tried]) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in tried:
        if one.message is not None and one.message.faults:
            fault = one.message.faults[0]
            found.setdefault(fault.reason.value, f"{one.row.topic} at {fault.path}: {fault.message}")
    return found
