"""Ingest without a broker: messages go the way that they go in a worker, at times that a test says."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

from ingest.metrics import Metrics
from ingest.model import Envelope, Position
from ingest.prepare import prepare
from ingest.registry import Registry
from ingest.reprocess import Reprocessing
from ingest.sources import Sources
from ingest.writer import Writer
from storage import catalog, db, inventory
from storage.reference import Reference

T0 = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
LATER = T0 + timedelta(hours=6)
"""When the cause was mended."""


@dataclass(kw_only=True)
class Worker:
    """What one `hanoi-ingest` is made of, and a number for each message."""

    registry: Registry
    writer: Writer
    sources: Sources
    number: int = 0

    def take(self, topic: str, payload: bytes, at: datetime = T0, source: str | None = None) -> None:
        """One message, received then, up to its commit."""
        self.number += 1
        envelope = Envelope(
            topic=topic, payload=payload, received_at=at, position=Position(1, self.number), source=source
        )
        message, wanted = prepare(envelope, self.registry.known, self.sources)
        if wanted:
            self.registry.make(wanted)
            message, _ = prepare(envelope, self.registry.known, self.sources)
        self.writer.write([message])

    def reprocessing(self, *, dry_run: bool = False) -> Reprocessing:
        return Reprocessing(
            pool=self.registry.pool,
            registry=self.registry,
            sources=self.sources,
            clock=lambda: LATER,
            dry_run=dry_run,
        )


@contextmanager
def worker(url: str, sources: Sources | None = None, *, folders: Sequence[Path] = ()) -> Iterator[Worker]:
    """On a database that has the city already. `folders` are added to the catalogue."""
    reference = Reference(catalog_folders=[catalog.SHIPPED, *folders], inventory_folders=[inventory.SHIPPED])
    writer = Writer(database_url=url, commit=lambda _: None, metrics=Metrics(), stop=Event())
    with db.open_pool(url, name="test") as pool:
        registry = Registry(pool=pool, reference=reference)
        registry.load()
        try:
            yield Worker(registry=registry, writer=writer, sources=sources or Sources())
        finally:
            writer.close()


def topic(domain: str, thing: str) -> str:
    return f"hanoi/v1/{domain}/{thing}/observations"


def native(minute: int, **results: float) -> bytes:
    """One native element, `minute` minutes after T0."""
    time = (T0 + timedelta(minutes=minute)).isoformat()
    return json.dumps({"time": time, "results": results, "sequence": minute}).encode()


def rows(url: str, statement: str, **parameters: object) -> list[dict[str, Any]]:
    with db.connect(url, name="test") as conn:
        return conn.execute(statement, parameters or None).fetchall()  # type: ignore[arg-type]  # statements are the test's own, not literals


def values(url: str, thing: str, key: str) -> list[float]:
    """Every stored value of a Thing's property, oldest first."""
    statement = (
        "SELECT o.result FROM observation o JOIN datastream d ON d.id = o.datastream_id"
        " WHERE d.thing_id = %(thing)s AND d.property = %(key)s ORDER BY o.phenomenon_time"
    )
    return [row["result"] for row in rows(url, statement, thing=thing, key=key)]


def open_reasons(url: str) -> list[str]:
    found = rows(
        url, "SELECT reason FROM rejected_message WHERE resolved_at IS NULL ORDER BY received_at, id"
    )
    return [row["reason"] for row in found]
