"""One transaction of ingest: observations, extents, statuses and rejections together, or nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import psycopg

from storage import clocks, db, observations, rejections, sequences, things
from storage.clocks import Skew
from storage.model import FloodExtent, Observation, Rejection
from storage.observations import WriteCounts


class Refused(ValueError):
    """A value in the batch that the database can't store: trying the same again does not help."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Batch:
    observations: Sequence[Observation] = ()
    extents: Sequence[FloodExtent] = ()
    statuses: Mapping[str, tuple[bool, datetime]] = field(default_factory=dict)
    """Thing → (online, received_at)."""
    rejections: Sequence[Rejection] = ()
    sequences: Mapping[str, Sequence[int]] = field(default_factory=dict)
    """Thing → the numbers of its messages, in order of arrival."""
    clocks: Mapping[str, Skew] = field(default_factory=dict)
    received_at: datetime | None = None
    """When the last of them arrived."""


def write(conn: db.Connection, batch: Batch, *, expect_new: bool) -> WriteCounts:
    """Returns when it is committed. Raises Refused for a data error; any other error may be bad luck."""
    try:
        with conn.transaction():
            counts = observations.write(conn, batch.observations, expect_new=expect_new)
            for extent in batch.extents:
                observations.write_extent(conn, extent)
            for thing_id, (online, received_at) in batch.statuses.items():
                things.write_status(conn, thing_id, online, received_at)
            rejections.insert(conn, batch.rejections)
            if batch.received_at is not None:
                sequences.record(conn, batch.sequences, batch.received_at)
            clocks.record(conn, batch.clocks)
    except (psycopg.DataError, psycopg.IntegrityError) as error:
        raise Refused(f"{error.sqlstate}: {error.diag.message_primary or error}") from error
    return counts
