"""The words every package shares: OGC SensorThings for things observed, QARTOD for quality. No I/O."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import IntEnum, StrEnum
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

NAME: Final = re.compile(r"[a-z0-9_-]{1,64}")
"""What a domain, a property and a Thing's id look like (design contract, also used in MQTT topics)."""

HANOI: Final = ZoneInfo("Asia/Ho_Chi_Minh")
"""The city's time zone: used at the edges only, inside everything is UTC."""

EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""Observations from before are refused: no feed of the city is older, a broken clock is."""


class Provenance(StrEnum):
    """Where a value comes from. The order is from the most to the least trustworthy."""

    MEASURED = "measured"
    MANUAL = "manual"
    DERIVED = "derived"
    REPLAYED = "replayed"
    FORECAST = "forecast"
    SIMULATED = "simulated"

    @property
    def weakness(self) -> int:
        """0 for the strongest; the weakest input of a derived value is the one with the most."""
        return list(Provenance).index(self)


def weakest(provenances: "set[Provenance]") -> Provenance:
    """The least trustworthy of a non-empty set."""
    return max(provenances, key=lambda provenance: provenance.weakness)


class Quality(IntEnum):
    """The QARTOD flag scale."""

    GOOD = 1
    NOT_EVALUATED = 2
    SUSPECT = 3
    FAIL = 4
    MISSING = 9


class CoordinateTrust(StrEnum):
    """How far a coordinate can be trusted."""

    VERIFIED = "V"
    """From a primary or well-kept source, which is named beside it."""
    FROM_MEMORY = "M"
    """Remembered or from an unverified list: often 100 to 300 m off, a ward's centroid more."""
    SYNTHETIC = "S"
    """Made up for the product; nothing real stands there."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Text:
    """A text that people see, in both languages."""

    vi: str
    en: str

    def in_language(self, language: str) -> str:
        return self.en if language == "en" else self.vi


@dataclass(frozen=True, kw_only=True, slots=True)
class Range:
    """A closed interval in the property's unit; None is unbounded."""

    low: float | None = None
    high: float | None = None

    def __contains__(self, value: float) -> bool:
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)


@dataclass(frozen=True, kw_only=True, slots=True)
class Band:
    """One class of a property's scale: values below `below` that no earlier band holds."""

    level: int
    below: float | None
    label: Text
    color: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Stuck:
    """A value that stays within `tolerance` for `for_s` seconds is no measurement any more."""

    for_s: float
    tolerance: float = 0.0
    excepted: tuple[float, ...] = ()
    """Values that may stand still: no rain, a dry street, saturated air."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Checks:
    """What a property's values are held against, each its neighbours in time; None: this is not checked."""

    interval_s: float
    """The property's reporting interval: a step within less counts as one within an interval."""
    neighbour_s: float
    """Two values farther apart are no neighbours: what was between them is not known."""
    spike: float | None = None
    """How far from the middle of its neighbours a value may lie."""
    step_per_min: float | None = None
    """How fast it may change."""
    stuck: Stuck | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Property:
    """An ObservedProperty of a domain, with the unit (UCUM) that its values are stored in."""

    key: str
    name: Text
    unit: str
    interval_s: int
    """How often a Thing reports it, or for values sent on change how often at least."""
    possible: Range
    """Physics of the instrument: outside → rejected as out_of_range."""
    plausible: Range
    """What nature does here: outside → stored, quality 3."""
    boolean: bool = False
    derived: bool = False
    circular: bool = False
    """A direction in degrees: 359 and 1 are neighbours, and its mean is that of the vectors."""
    forecast_of: str | None = None
    """The property that its values are a forecast of."""
    decimals: int = 1
    bands: tuple[Band, ...] = ()
    checks: Checks | None = None
    """None: a value is only held against the ranges."""
    method: Text | None = None
    """How its values come to be, where "a sensor" or "computed" does not say enough: a decision, a formula."""

    def band(self, value: float) -> Band | None:
        """The band that holds `value`, or None where the property has no scale."""
        for band in self.bands:
            if band.below is None or value < band.below:
                return band
        return None


@dataclass(frozen=True, kw_only=True, slots=True)
class Domain:
    """A telemetry domain: one TOML file of the catalogue."""

    key: str
    name: Text
    headline: str
    """The property that gives a Thing its level and colour on the map."""
    properties: dict[str, Property]
    map_kinds: tuple[str, ...]
    """Kinds of Thing that are a point on the map (bays are not: they belong to one)."""
    sections: dict[str, Any]
    """The file's other tables (rule, panel, simulator), parsed by the package they belong to."""
    source: str
    """The file it came from, for error messages."""
    internal: bool = False
    """About the platform itself, not the city: received, stored and alerted, and shown on no page."""
    slug: Text | None = None
    """How it is called in the addresses of its pages; None: it has none."""
    kinds: Mapping[str, Text] = field(default_factory=dict)
    """What people call its kinds of Thing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Location:
    """A place with how far it can be trusted. Degrees WGS 84."""

    lat: float
    lon: float
    trust: CoordinateTrust
    source: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Calibration:
    """result = gain · original + offset, for times from `valid_from` (inclusive) to `valid_to` (exclusive)."""

    gain: float = 1.0
    offset: float = 0.0
    valid_from: datetime
    valid_to: datetime | None = None
    note: str = ""
    """Who calibrated against what: certificate, reference instrument."""

    def holds_at(self, time: datetime) -> bool:
        return self.valid_from <= time and (self.valid_to is None or time < self.valid_to)

    def apply(self, value: float) -> float:
        return self.gain * value + self.offset


@dataclass(frozen=True, kw_only=True, slots=True)
class Thing:
    """A station, gauge, point or bay; its id is unique in the city and the same everywhere."""

    id: str
    domain: str
    kind: str
    name: Text
    properties: tuple[str, ...]
    """Keys of the ObservedProperties it has a Datastream for from the start."""
    parent_id: str | None = None
    location: Location | None = None
    attributes: dict[str, Any]
    """Anything else that is known: address, old district, portal id, capacity."""
    public: bool = True
    """False keeps it off every public page (recordings from elsewhere)."""
    calibrations: Mapping[str, tuple[Calibration, ...]] = field(default_factory=dict)
    """Property → its calibrations, in order of time, none overlapping another."""


class Observation(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One value of one Datastream as it is stored. Times are aware."""

    datastream_id: int
    phenomenon_time: datetime
    result_time: datetime
    result: float
    quality: Quality = Quality.GOOD
    quality_reason: str | None = None
    provenance: Provenance = Provenance.MEASURED
    input_provenance: Provenance | None = None
    """The weakest provenance among the inputs of a derived value."""
    original: float | None = None
    """What the Thing sent, where `result` is that after calibration."""
    arrived: datetime | None = None
    """When its message arrived, where that was long before it is written (a rejection that is tried again)."""
    parameters: Mapping[str, Any] | None = None
    """What a derived value or a forecast was made of; JSON."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Revision:
    """A stored value and what it becomes. Key and provenance stay: it is the same measurement."""

    seen: Observation
    result: float
    quality: Quality
    quality_reason: str | None
    input_provenance: Provenance | None = None
    original: float | None = None
    parameters: Mapping[str, Any] | None = None
    result_time: datetime | None = None
    """When it was computed, of derived values; None: that of `seen` stays."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FloodExtent:
    """Flooded areas around a point at one moment: the features of a GeoJSON FeatureCollection."""

    thing_id: str
    phenomenon_time: datetime
    features: list[dict[str, Any]]
    provenance: Provenance


@dataclass(frozen=True, kw_only=True, slots=True)
class Rejection:
    """A message, whole or in part refused: kept with its payload until the cause is mended."""

    topic: str
    payload: bytes
    reason: str
    detail: dict[str, Any]
    received_at: datetime
    source: str
    unknown_devices: Sequence[str] = ()
    """The devices it named that nobody knows: what claiming one of them may mend."""
    packet_id: int | None = None
    """The message's packet id in the broker's session; a redelivery comes with the same one."""
    redelivered_since: datetime | None = None
    """Set when this may be a second delivery: a row with the same bytes and packet id received after that is it."""
    resent_between: tuple[datetime, datetime] | None = None
    """Set when its publisher may have sent it again: a row with the same bytes received then takes it up."""
    worker: int = 1
    """Whose session it came by; packet ids are good for one session."""
    overlap: int | None = None
    """Set when another worker may handle it too: that one's row with the same bytes and number takes it up."""
