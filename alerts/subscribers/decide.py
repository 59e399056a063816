"""When somebody who asked is told: once when it becomes so, again when it had ceased and a pause is over. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from storage.model import Property, Provenance, Quality
from storage.subscription_rows import ReadingRow

STALE_AFTER_INTERVALS: Final = 3
"""Older than so many reporting intervals says nothing of now, as on the map."""
_IN_FUTURE: Final = timedelta(minutes=10)
"""How far ahead a clock may be (design contract)."""
MADE_UP: Final = (Provenance.SIMULATED, Provenance.REPLAYED)
"""What is told of such a value says so."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """`holds`: whether it was so when last looked at, as far as somebody was told of it; None: nobody looked yet."""

    holds: bool | None = None
    told_at: datetime | None = None


def step(before: Standing, holds: bool | None, now: datetime, pause: timedelta) -> tuple[Standing, bool]:
    """The next standing, and whether to tell. `holds` None: not known now, then nothing changes.

    What is so already when somebody asks is no news. What becomes so within the pause is told at its end, if it is.
    """
    if holds is None:
        return before, False
    if not holds or before.holds is None or before.holds:
        return Standing(holds=holds, told_at=before.told_at), False
    if before.told_at is not None and now - before.told_at < pause:
        return before, False
    return Standing(holds=True, told_at=now), True


def holds(reading: ReadingRow | None, observed: Property, at_least: int, now: datetime) -> bool | None:
    """Whether the newest value is so; None where it is missing, old, suspect, or foretold."""
    if reading is None or not _counts(reading, now):
        return None
    if not observed.bands:
        return reading.result >= at_least
    band = observed.band(reading.result)
    return None if band is None else band.level >= at_least


def made_up(reading: ReadingRow) -> Provenance | None:
    """Simulated or replayed, it or what it was derived from; None: neither."""
    said = (reading.provenance, reading.input_provenance)
    return next((one for one in MADE_UP if one in said), None)


def _counts(reading: ReadingRow, now: datetime) -> bool:
    if reading.quality >= Quality.SUSPECT or reading.phenomenon_time > now + _IN_FUTURE:
        return False
    if Provenance.FORECAST in (reading.provenance, reading.input_provenance):
        return False
    if reading.expires_at is not None:
        return now < reading.expires_at
    return now - reading.phenomenon_time <= STALE_AFTER_INTERVALS * timedelta(seconds=reading.interval_s)
