"""How each gauge's rain counter is read: the catalogue's table `[rain_counter]`, and what the inventory says of one."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ingest.indicators.rain import Gauge
from storage.catalog import explain
from storage.model import Domain

SECTION = "rain_counter"


class CounterSection(BaseModel):
    """What holds for every gauge of a domain that says nothing else in its `attributes`."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    resolution_mm: float = Field(default=0.2, gt=0, le=100)
    """Rain of one tip: 0.2 mm is common [M]."""
    counter_bits: int = Field(default=16, ge=4, le=64)
    cap_mm: float = Field(default=60.0, gt=0)
    """More than so much in `cap_s` is no rain [S]."""
    cap_s: int = Field(default=600, gt=0)


def sections(domains: Mapping[str, Domain]) -> dict[str, CounterSection]:
    """By domain. Raises ReferenceDataError naming file and key."""
    return {key: _section(domain) for key, domain in domains.items()}


def gauge(section: CounterSection, attributes: Mapping[str, Any], interval_s: int) -> Gauge:
    """A gauge by the inventory's `attributes`, which storage has checked, then by its domain's table."""
    return Gauge(
        resolution_mm=float(attributes.get("resolution_mm", section.resolution_mm)),
        counter_bits=int(attributes.get("counter_bits", section.counter_bits)),
        interval=timedelta(seconds=attributes.get("interval_s", interval_s)),
        cap_mm=section.cap_mm,
        cap_time=timedelta(seconds=section.cap_s),
    )


def _section(domain: Domain) -> CounterSection:
    try:
        return CounterSection.model_validate(domain.sections.get(SECTION, {}))
    except ValidationError as error:
        raise explain(Path(f"{domain.source}: {SECTION}"), error) from error
