"""Air quality: VN_AQI of each hour."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ingest.derivation import City, Derivation, Derived, Reads, Series, Subject, Value, labels
from ingest.indicators import vn_aqi

HOUR: Final = timedelta(hours=1)
LEAST_COVERAGE: Final = 0.75
"""Share of an hour's values that must be there. The Decision sets no figure; hazenow uses 9 of 12."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HourlyVnAqi:
    """Decision 1459/QĐ-TCMT, from the hourly means of the pollutants that a station has."""

    name: str = "vn_aqi"
    outputs: Sequence[str] = ("vn_aqi",)
    reads: Reads = Reads.HOURS
    step: timedelta = HOUR

    def subjects(self, city: City) -> Iterable[Subject]:
        return city.own(("pm2_5", "pm10", "no2", "so2", "co", "o3"), self.outputs)

    def reach(self, property_key: str) -> timedelta:
        return vn_aqi.NOWCAST_HOURS * HOUR

    def compute(self, subject: Subject, start: datetime, end: datetime, series: Series) -> Iterator[Derived]:
        means = {row.property: covered(series[id], row.interval_s) for id, row in subject.inputs.items()}
        for label in labels(start, end, HOUR):
            found = {key: window(mean, label, vn_aqi.NOWCAST_HOURS) for key, mean in means.items()}
            index = vn_aqi.hourly(
                {k: [v.result if v else None for v in values] for k, values in found.items()}
            )
            if index is None:
                continue
            yield Derived(
                property="vn_aqi",
                time=label,
                result=float(index.value),
                provenances=frozenset(v.provenance for values in found.values() for v in values if v),
                parameters={"dominant": index.dominant, "sub_indices": dict(index.sub_indices)},
            )


def covered(hours: Sequence[Value], interval_s: int) -> dict[datetime, Value]:
    """The hours that hold enough of their values, by label."""
    expected = HOUR.total_seconds() / interval_s
    return {hour.time: hour for hour in hours if hour.count >= LEAST_COVERAGE * expected}


def window(hours: Mapping[datetime, Value], label: datetime, length: int) -> list[Value | None]:
    """So many hours up to a label, newest first."""
    return [hours.get(label - n * HOUR) for n in range(length)]


DERIVATIONS: Final[Sequence[Derivation]] = (HourlyVnAqi(),)
