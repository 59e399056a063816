"""The daily work of retention: one run under its lock, with its metrics and its row in the database."""

import logging
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from ingest.metrics import Metrics
from storage import db, locks, retention
from storage.catalog import ReferenceDataError
from storage.retention import Archive, NotArchived, Outcome
from storage.retention_policy import load_retention

log = logging.getLogger(__name__)

LOCK: Final = "retention"


def _archive(
    conn: db.Connection, folder: Path, datastream_ids: Collection[int], start: datetime, end: datetime
) -> None:
    """Imported when somebody archives: pyarrow costs a process that does not 50 MB.

    The folder is not made: where its disk is not mounted we would fill the one below.
    """
    from storage.exports.archive import archive_datastreams

    if not folder.is_dir():
        raise NotArchived(f"there is no folder {folder}")
    archive_datastreams(conn, folder, datastream_ids, start, end)


ARCHIVE: Final[Archive] = _archive
"""How raw values are archived before they go."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Retaining:
    """What a run needs beside a connection; the file is read anew each time."""

    path: Path | None
    metrics: Metrics
    archive: Archive = ARCHIVE

    def run(self, pool: db.Pool, domains: Iterable[str], now: datetime) -> None:
        """Without a file there is nothing to do. A file that can't be used deletes nothing."""
        if self.path is None:
            return
        try:
            policies = load_retention(self.path, domains)
            with pool.connection() as conn, locks.only_one(conn, LOCK) as mine:
                if mine:
                    outcome = retention.retain(conn, policies, now, archive=self.archive)
                    retention.record(conn, now, succeeded=True, detail=outcome.detail())
                    self.metrics.retained(deleted(outcome), _chunks(outcome), now)
                    _log(outcome)
        except ReferenceDataError as error:
            log.error("retention_refused error=%r", str(error))
        except db.DatabaseUnreachable as error:
            log.warning("retention_put_off error=%r", str(error))


def deleted(outcome: Outcome) -> dict[str, int]:
    """Rows by what they were."""
    found = outcome.domains.values()
    return {
        "raw": sum(one.raw_rows for one in found),
        "hourly": sum(one.hourly_rows for one in found),
        "daily": sum(one.daily_rows for one in found),
        "extent": sum(one.extents for one in found),
        "rejection": outcome.rejections,
    }


def _chunks(outcome: Outcome) -> dict[str, int]:
    return {"dropped": len(outcome.chunks_dropped), "compressed": len(outcome.chunks_compressed)}


def _log(outcome: Outcome) -> None:
    kept = sum(rows for one in outcome.domains.values() for rows in one.kept.values())
    counts = {**deleted(outcome), **{f"chunks_{k}": n for k, n in _chunks(outcome).items()}, "kept": kept}
    log.info("retained behind=%s %s", outcome.behind, " ".join(f"{key}={n}" for key, n in counts.items()))
