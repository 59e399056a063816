"""Which citizens' reports may be of the same thing: the same kind, close by, at about the same time. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from storage.citizen_reports import PlaceBy, ReportRow, State
from storage.places import distance_m

NEAR_M: Final = 200.0
WITHIN: Final = timedelta(hours=2)


@dataclass(frozen=True, kw_only=True, slots=True)
class Near:
    """Another report that may be the same. `distance_m` is None where both only named their ward."""

    report: ReportRow
    distance_m: float | None
    apart: timedelta


def near(report: ReportRow, others: Iterable[ReportRow]) -> Sequence[Near]:
    """Those that a new report may be put to, the likeliest first: confirmed ones before those that wait.

    Of two that wait it is the later one that is put to the earlier, so that each pair is suggested once.
    """
    found = [one for other in others if (one := _near(report, other)) is not None]
    return sorted(
        found,
        key=lambda one: (
            one.report.state != State.CONFIRMED,
            one.distance_m or 0.0,
            one.apart,
            one.report.id,
        ),
    )


def _near(report: ReportRow, other: ReportRow) -> Near | None:
    apart = abs(report.requested_at - other.requested_at)
    if other.id == report.id or other.service != report.service or other.status != "open" or apart > WITHIN:
        return None
    if other.state == State.NEW and (other.requested_at, other.id) > (report.requested_at, report.id):
        return None
    if PlaceBy.WARD in (report.place, other.place):  # a centre is near to nothing but itself
        same = report.place == other.place and report.place_id == other.place_id
        return Near(report=other, distance_m=None, apart=apart) if same else None
    distance = distance_m((report.lat, report.lon), (other.lat, other.lon))
    return Near(report=other, distance_m=distance, apart=apart) if distance <= NEAR_M else None
