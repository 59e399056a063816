"""What ingest knows of catalogue, inventory and Datastreams; read again when something was added."""

import logging
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import Final

from ingest.validate import Known
from storage import claims, db, sensors, things
from storage.catalog import ReferenceDataError
from storage.model import Property
from storage.reference import Reference

log = logging.getLogger(__name__)

ASK_AGAIN_S: Final = 2.0
"""How often at most an unknown Thing makes us ask the database: a stranger must not keep it busy."""


@dataclass(kw_only=True)
class Registry:
    """`known` is replaced as a whole, so that readers in other threads see one state or the other."""

    pool: db.Pool
    reference: Reference
    on_replaced: Callable[[Collection[str]], None] = lambda _: None
    """Gets the Things of which a Sensor was replaced since this was loaded before."""
    known: Known = field(init=False)
    _replaced: dict[str, datetime] | None = field(default=None, init=False)
    """When a replacement was recorded last, by Thing; None before the first time."""
    _asked: float = field(default=0.0, init=False)
    _loading: Lock = field(default_factory=Lock, init=False)
    """Several threads load: the one that read last shall not be overwritten by one that read before it."""

    def load(self) -> None:
        """Raises db.DatabaseUnreachable."""
        with self._loading:
            self._load()

    def _load(self) -> None:
        with self.pool.connection() as conn:
            rows = things.registry(conn)
            claimed = claims.all_claims(conn)
            retired = things.retired(conn)
            placed = sensors.all_sensors(conn)
        found: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
        for domain, thing, key, datastream_id in rows:
            streams = found[domain, thing]
            if key is not None and datastream_id is not None:
                streams[key] = datastream_id
        self.known = Known(
            domains=self.reference.domains,
            things=dict(found),
            claims=claimed,
            calibrations=sensors.in_force(sensors.filed(self.reference.things), placed),
            domain_by_thing={thing: domain for domain, thing in found},
            retired=retired,
        )
        self._tell_of_replaced(placed)
        self._asked = time.monotonic()

    def _tell_of_replaced(self, placed: Sequence[sensors.Sensor]) -> None:
        before, now = self._replaced, {}
        for sensor in sorted(placed, key=lambda one: one.recorded_at):
            now[sensor.thing_id] = sensor.recorded_at
        self._replaced = now
        if before is not None:
            news = [thing for thing, at in now.items() if before.get(thing) != at]
            if news:
                self.on_replaced(news)

    def refresh_for_unknown(self) -> bool:
        """Whether files or database were read again for a Thing that we don't know."""
        if self.reference.refresh():
            self.sync()
            return True
        if time.monotonic() - self._asked < ASK_AGAIN_S:
            return False
        self.load()
        return True

    def make(self, wanted: Sequence[tuple[str, Property]]) -> None:
        """Makes the Datastreams that a Thing began to send."""
        distinct = {(thing_id, observed.key): observed for thing_id, observed in wanted}
        with self.pool.connection() as conn, conn.transaction():
            for (thing_id, _), observed in distinct.items():
                things.ensure_datastream(conn, thing_id, observed)
        self.load()

    def sync(self) -> None:
        """Brings an inventory that changed into the database, then reads it back.

        What the database refuses is logged; the Things that it has stay in force.
        """
        try:
            with self.pool.connection() as conn:
                things.sync(conn, self.reference.domains, self.reference.things)
        except ReferenceDataError as error:
            log.error("inventory_refused error=%r", str(error))
        self.load()
