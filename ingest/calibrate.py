"""What a stored value becomes when the calibrations of its Thing changed. Pure."""

from collections.abc import Sequence

from ingest.quality import IMPLAUSIBLE, is_open
from storage.model import Calibration, Observation, Property, Quality, Revision


def revision(seen: Observation, observed: Property, calibrations: Sequence[Calibration]) -> Revision | None:
    """The same as if the value arrived now (ingest/validate.py); None where that changes nothing.

    What the Thing sent is `original`, or the result of a value that was never calibrated. Flags, and what other checks
    found, stay; only the plausible range is looked at again.
    """
    sent = seen.result if seen.original is None else seen.original
    valid = next((found for found in calibrations if found.holds_at(seen.phenomenon_time)), None)
    result, original = (sent, None) if valid is None else (valid.apply(sent), sent)
    quality, reason = _judged(seen, observed, result)
    if (result, original, quality, reason) == (seen.result, seen.original, seen.quality, seen.quality_reason):
        return None
    return Revision(
        seen=seen,
        result=result,
        quality=quality,
        quality_reason=reason,
        input_provenance=seen.input_provenance,
        original=original,
    )


def _judged(seen: Observation, observed: Property, result: float) -> tuple[Quality, str | None]:
    """The checks against neighbours (ingest/quality.py) see the new value by themselves, and take back their own."""
    open_ = is_open(seen.quality, seen.quality_reason, seen.provenance)
    if result not in observed.plausible and open_:
        return Quality.SUSPECT, IMPLAUSIBLE
    if result in observed.plausible and seen.quality_reason == IMPLAUSIBLE:
        return Quality.GOOD, None
    return seen.quality, seen.quality_reason
