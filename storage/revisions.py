"""Values that we compute ourselves, computed anew: derived ones, and calibrated ones when a calibration changes."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from storage import db
from storage.model import Observation, Provenance, Quality, Revision


def revise(conn: db.Connection, revisions: Sequence[Revision]) -> int:
    """Replaces what still is as it was seen, inside the caller's transaction; returns how many.

    The values replaced go to observation_superseded, the change feed tells of the new ones.
    """
    if not revisions:
        return 0
    times = [revision.seen.phenomenon_time for revision in revisions]
    inputs = [revision.input_provenance for revision in revisions]
    row = conn.execute(
        db.statements("revisions")["revise"],
        {
            "datastream_ids": [revision.seen.datastream_id for revision in revisions],
            "phenomenon_times": times,
            "seen_result_times": [revision.seen.result_time for revision in revisions],
            "seen_results": [revision.seen.result for revision in revisions],
            "results": [revision.result for revision in revisions],
            "qualities": [int(revision.quality) for revision in revisions],
            "quality_reasons": [revision.quality_reason for revision in revisions],
            "input_provenances": [None if found is None else found.value for found in inputs],
            "originals": [revision.original for revision in revisions],
            "parameters": [
                None if revision.parameters is None else Jsonb(revision.parameters) for revision in revisions
            ],
            "result_times": [revision.result_time for revision in revisions],
            "first": min(times),
            "last": max(times),
        },
    ).fetchone()
    return int(row["revised"]) if row else 0


def calibratable(
    conn: db.Connection, datastream_id: int, start: datetime, end: datetime, limit: int
) -> list[Observation]:
    """What a Thing sent from `start` (inclusive) to `end` (exclusive), oldest first, at most `limit`."""
    rows = conn.execute(
        db.statements("revisions")["calibratable"],
        {"datastream_id": datastream_id, "start": start, "end": end, "limit": limit},
    )
    return [_observation(row) for row in rows]


def calibrated_datastreams(conn: db.Connection, start: datetime, end: datetime) -> set[int]:
    """Datastreams that have a calibrated value from `start` (inclusive) to `end` (exclusive)."""
    rows = conn.execute(
        db.statements("revisions")["calibrated_datastreams"], {"start": start, "end": end}
    ).fetchall()
    return {row["datastream_id"] for row in rows}


def _observation(row: Mapping[str, Any]) -> Observation:
    inputs = row["input_provenance"]
    return Observation(
        **{
            **row,
            "quality": Quality(row["quality"]),
            "provenance": Provenance(row["provenance"]),
            "input_provenance": None if inputs is None else Provenance(inputs),
        }
    )
