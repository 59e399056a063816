"""Stored values computed again with the calibrations that hold now: by command, and of a Sensor that was replaced."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from ingest import calibrate
from ingest.validate import Known
from storage import db, revisions, sensors
from storage.model import Calibration, Property, Revision

log = logging.getLogger(__name__)

PAGE: Final = 5_000
"""Values in one transaction."""
REMEMBERED: Final = timedelta(days=7)
"""How long ago a Sensor may have been recorded that a process which starts looks at."""
SETTLED_AFTER: Final = timedelta(seconds=30)
"""By then every worker has heard of a Sensor, and what it took before is written."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """A Datastream that was calibrated, or is now."""

    datastream_id: int
    thing_id: str
    observed: Property
    calibrations: Sequence[Calibration]


@dataclass(kw_only=True, slots=True)
class Done:
    """What became of one Datastream."""

    target: Target
    looked_at: int = 0
    changed: int = 0
    overtaken: int = 0
    """Replaced by somebody else while we looked: they have the calibration that holds now."""
    first: datetime | None = None
    last: datetime | None = None

    def add(self, due: Sequence[Revision], changed: int) -> None:
        if due:
            self.first = self.first or due[0].seen.phenomenon_time
            self.last = due[-1].seen.phenomenon_time
        self.changed += changed
        self.overtaken += len(due) - changed


def recalibrate(
    conn: db.Connection,
    target: Target,
    start: datetime,
    end: datetime,
    *,
    dry_run: bool = False,
    on_page: Callable[[int], object] = lambda _: None,
) -> Done:
    """Page by page, each in its own transaction: stopped half-way, another run does the rest."""
    done = Done(target=target)
    while page := revisions.calibratable(conn, target.datastream_id, start, end, PAGE):
        found = (calibrate.revision(seen, target.observed, target.calibrations) for seen in page)
        due = [revision for revision in found if revision is not None]
        if dry_run:
            changed = len(due)
        else:
            with conn.transaction():
                changed = revisions.revise(conn, due)
        done.looked_at += len(page)
        done.add(due, changed)
        on_page(len(page))
        start = page[-1].phenomenon_time + datetime.resolution
    return done


@dataclass(kw_only=True, slots=True)
class Replaced:
    """Computes again what a replaced Sensor's Datastream holds of its time: once when it is heard of, and once when
    every worker knows it. Used by one thread."""

    _due: dict[int, datetime] = field(default_factory=dict, init=False)
    """Sensor → when it is looked at next."""
    _over: set[int] = field(default_factory=set, init=False)

    def run(self, conn: db.Connection, known: Known, now: datetime) -> int:
        """Returns how many values changed. Raises db.DatabaseUnreachable: the next run does the rest."""
        changed = 0
        for sensor in sensors.recorded_since(conn, now - REMEMBERED):
            if sensor.id in self._over or now < self._due.get(sensor.id, now):
                continue
            target = _target(sensor, known)
            if target is None:
                continue
            done = recalibrate(conn, target, sensor.since, now)
            changed += done.changed
            if now - sensor.recorded_at >= SETTLED_AFTER:
                self._over.add(sensor.id)
            else:
                self._due[sensor.id] = sensor.recorded_at + SETTLED_AFTER
            if done.changed:
                log.info(
                    "sensor_recalibrated thing=%s property=%s values=%d",
                    *(sensor.thing_id, sensor.property, done.changed),
                )
        return changed


def _target(sensor: sensors.Sensor, known: Known) -> Target | None:
    domain = known.domain_of(sensor.thing_id)
    if domain is None or domain not in known.domains:
        return None
    number = known.things[domain, sensor.thing_id].get(sensor.property)
    observed = known.domains[domain].properties.get(sensor.property)
    if number is None or observed is None:
        return None
    calibrations = known.calibrations.get((sensor.thing_id, sensor.property), ())
    return Target(
        datastream_id=number, thing_id=sensor.thing_id, observed=observed, calibrations=calibrations
    )
