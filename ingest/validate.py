"""Whether a Reading may be believed: known Thing and property, time and value in range. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from ingest.forecasts import products
from ingest.model import Fault, Reading, Reason
from ingest.wire import Topic
from storage.model import EARLIEST, Calibration, Domain, Observation, Property, Provenance, Quality

AHEAD: Final = timedelta(minutes=10)
"""How far a Thing's clock may be ahead of ours."""
FORECAST_AHEAD: Final = timedelta(days=10)
"""How far ahead of now a forecast may be. When it was issued is held against our clock like any other time."""

UNNAMED_MODEL: Final = "unnamed"
"""The model of a forecast whose maker does not say which."""

_FLAG_QUALITY: Final = {
    "calibrating": Quality.FAIL,
    "fault": Quality.FAIL,
    "estimated": Quality.SUSPECT,
}


Plain = tuple[int, float, float]
"""The Datastream and the plausible range of a property with which nothing else is done: no calibration, no flag."""


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """Catalogue and inventory as ingest needs them."""

    domains: Mapping[str, Domain]
    things: Mapping[tuple[str, str], Mapping[str, int]]
    """(domain, thing) → property → datastream_id."""
    claims: Mapping[tuple[str, str], str] = {}
    """(source, device) → Thing."""
    calibrations: Mapping[tuple[str, str], Sequence[Calibration]] = {}
    """(thing, property) → its calibrations."""
    domain_by_thing: Mapping[str, str] = {}
    retired: Mapping[str, datetime] = {}
    """Thing → from when on it is out of service."""
    _plain: dict[Topic, Mapping[str, Plain]] = msgspec.field(default_factory=dict)

    def domain_of(self, thing: str) -> str | None:
        """The domain of a Thing of the inventory."""
        return self.domain_by_thing.get(thing)

    def plain_of(self, topic: Topic) -> Mapping[str, Plain]:
        """Property → Plain, for the properties of a Thing that most values are of."""
        found = self._plain.get(topic)
        if found is None:
            found = self._plain[topic] = dict(self._find_plain(topic))
        return found

    def _find_plain(self, topic: Topic) -> Iterator[tuple[str, Plain]]:
        properties = self.domains[topic.domain].properties
        for key, datastream_id in self.things[topic.domain, topic.thing].items():
            observed = properties.get(key)
            if (
                observed is None
                or observed.derived
                or observed.boolean
                or observed.forecast_of is not None
                or (topic.thing, key) in self.calibrations
            ):
                continue
            low, high = observed.plausible.low, observed.plausible.high
            if low is not None and high is not None:
                yield key, (datastream_id, low, high)


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """The result for one message. `wanted` are (thing, property) whose Datastream has to be made first."""

    observations: Sequence[Observation] = ()
    faults: Sequence[Fault] = ()
    wanted: Sequence[tuple[str, Property]] = ()


def check(topic: Topic, readings: Sequence[Reading], known: Known, received_at: datetime) -> Checked:
    """Observations of what is good, faults of what is not, property by property."""
    unknown = thing_fault(topic, known)
    if unknown is not None:
        return Checked(faults=[unknown])
    properties = known.domains[topic.domain].properties
    streams = known.things[topic.domain, topic.thing]
    observations: list[Observation] = []
    faults: list[Fault] = []
    wanted: list[tuple[str, Property]] = []
    latest = received_at + AHEAD
    plain = known.plain_of(topic)
    retired = known.retired.get(topic.thing)
    for reading in readings:
        if retired is not None and reading.time >= retired:
            faults.append(retired_fault(f"{reading.path}.time", topic, retired))
            continue
        is_forecast = reading.provenance is Provenance.FORECAST
        late = forecast_fault(reading, received_at) if is_forecast else _late(reading, latest)
        if late is not None:
            faults += _untimely(reading, late, properties)
            continue
        time, result_time, provenance = reading.time, reading.result_time, reading.provenance
        for key, value in reading.results.items():
            good = None if is_forecast else plain.get(key)
            if (
                good is not None
                and type(value) is float
                and good[1] <= value <= good[2]
                and not reading.flags
            ):
                observations.append(
                    Observation(
                        datastream_id=good[0],
                        phenomenon_time=time,
                        result_time=result_time,
                        result=value,
                        provenance=provenance,
                    )
                )
                continue
            observed = properties.get(key)
            fault = _value_fault(reading, key, value, observed)
            if fault is not None or observed is None:
                faults.append(fault or _unknown_property(reading, key))
            elif key in streams:
                calibrations = known.calibrations.get((topic.thing, key), ())
                said, wrong = _said(reading, observed)
                faults += wrong
                observations.append(
                    _observation(streams[key], observed, reading, float(value), calibrations, said)
                )
            else:
                wanted.append((topic.thing, observed))
    return Checked(observations=observations, faults=faults, wanted=wanted)


def _untimely(reading: Reading, late: Fault, properties: Mapping[str, Property]) -> Iterator[Fault]:
    """A forecast sent as if it were observed is told what it lacks: it is ahead of time because it is one."""
    wrong = [
        fault
        for key in reading.results
        if (observed := properties.get(key)) is not None
        and observed.forecast_of is not None
        and (fault := _provenance_fault(reading, _result_path(reading, key), observed)) is not None
    ]
    yield from wrong
    if len(wrong) < len(reading.results) or not wrong:
        yield late


def _late(reading: Reading, latest: datetime) -> Fault | None:
    if EARLIEST <= reading.time <= latest and (
        reading.result_time is reading.time or EARLIEST <= reading.result_time <= latest
    ):
        return None
    return time_fault(f"{reading.path}.time", reading.time, latest) or time_fault(
        f"{reading.path}.result_time", reading.result_time, latest
    )


def forecast_fault(reading: Reading, received_at: datetime) -> Fault | None:
    """Whether the two times can be those of a forecast: issued up to now, before the time that it is for."""
    time, issued = reading.time, reading.result_time
    if issued >= time:
        path = f"{reading.path}.result_time"
        if issued is time:  # what decoders put there when nothing was sent
            message = "result_time is missing: when a forecast was issued, before the time that it is for"
            return Fault(reason=Reason.TIME_OUT_OF_RANGE, path=path, message=message)
        message = f"a forecast has its issue, {issued.isoformat()}, before the time that it is for, {time.isoformat()}"
        return Fault(reason=Reason.TIME_OUT_OF_RANGE, path=path, message=message)
    return time_fault(f"{reading.path}.time", time, received_at + FORECAST_AHEAD) or time_fault(
        f"{reading.path}.result_time", issued, received_at + AHEAD
    )


def thing_fault(topic: Topic, known: Known) -> Fault | None:
    """Whether topic names a Thing of the inventory, in its own domain."""
    if (topic.domain, topic.thing) in known.things and topic.domain in known.domains:
        return None
    message = f"no Thing '{topic.thing}' in domain '{topic.domain}'"
    return Fault(reason=Reason.UNKNOWN_THING, path="$", message=message, device=topic.thing)


def retired_fault(path: str, topic: Topic, retired: datetime) -> Fault:
    """What a Thing sends of a time when it was out of service; brought back, the message is stored after all."""
    message = f"Thing '{topic.thing}' is retired from {retired.isoformat()} on; what is older is still taken"
    return Fault(reason=Reason.RETIRED_THING, path=path, message=message)


def time_fault(path: str, time: datetime, latest: datetime) -> Fault | None:
    """Whether a time can be one of this city's observations."""
    if EARLIEST <= time <= latest:
        return None
    message = f"{time.isoformat()} is not from {EARLIEST.isoformat()} to {latest.isoformat()}"
    return Fault(reason=Reason.TIME_OUT_OF_RANGE, path=path, message=message)


def _value_fault(reading: Reading, key: str, value: float | bool, observed: Property | None) -> Fault | None:
    if observed is None or observed.derived:
        return _unknown_property(reading, key)
    path = _result_path(reading, key)
    wrong = _provenance_fault(reading, path, observed)
    if wrong is not None:
        return wrong
    if observed.boolean:
        if value in (0, 1):
            return None
        message = f"{value} is neither true/1 nor false/0"
        return Fault(reason=Reason.OUT_OF_RANGE, path=path, message=message)
    if isinstance(value, bool):
        return Fault(reason=Reason.WRONG_TYPE, path=path, message=f"expected a number, got {value}")
    if value in observed.possible:
        return None
    message = f"{value:g} is not from {observed.possible.low:g} to {observed.possible.high:g} {observed.unit}"
    return Fault(reason=Reason.OUT_OF_RANGE, path=path, message=message)


def _provenance_fault(reading: Reading, path: str, observed: Property) -> Fault | None:
    """A forecast never stands among what was observed, nor the other way round."""
    given, foretold = reading.provenance, observed.forecast_of
    if (foretold is not None) == (given is Provenance.FORECAST):
        return None
    if foretold is not None:
        message = (
            f"'{observed.key}' is the forecast of '{foretold}': its provenance is forecast, not {given.value}"
        )
    else:
        message = f"'{observed.key}' is observed: a forecast of it goes to the property with forecast_of"
    return Fault(reason=Reason.WRONG_PROVENANCE, path=path, message=message)


def _unknown_property(reading: Reading, key: str) -> Fault:
    message = f"the domain has no property '{key:.64}' that a Thing may send"
    return Fault(reason=Reason.UNKNOWN_PROPERTY, path=_result_path(reading, key), message=message)


def _result_path(reading: Reading, key: str) -> str:
    return reading.paths.get(key) or f"{reading.path}.results.{key:.64}"


def _observation(
    datastream_id: int,
    observed: Property,
    reading: Reading,
    sent: float,
    calibrations: Sequence[Calibration],
    parameters: Mapping[str, Any] | None,
) -> Observation:
    valid = next((c for c in calibrations if c.holds_at(reading.time)), None)
    value = sent if valid is None else valid.apply(sent)
    quality, reason = _quality(observed, reading.flags.get(observed.key), value)
    return Observation(
        datastream_id=datastream_id,
        phenomenon_time=reading.time,
        result_time=reading.result_time,
        result=value,
        quality=quality,
        quality_reason=reason,
        provenance=reading.provenance,
        original=None if valid is None else sent,
        parameters=parameters,
    )


def _said(reading: Reading, observed: Property) -> tuple[Mapping[str, Any] | None, Sequence[Fault]]:
    """What its maker says of a forecast, and how far ahead it is; what is wrong in it is left out and told."""
    if observed.forecast_of is None:
        return None, ()
    lead_h = round((reading.time - reading.result_time).total_seconds() / 3600, 3)
    said = dict(reading.parameters.get(observed.key, {}))
    path = f"{reading.path}.parameters.{observed.key}"
    faults = [fault for fault in (_model_fault(path, said), _interval_fault(path, said, observed)) if fault]
    for fault in faults:
        for key in _SPOILED[fault.path.removeprefix(f"{path}.")]:
            said.pop(key, None)
    return {"model": UNNAMED_MODEL, **said, "lead_h": lead_h}, faults


_INTERVAL: Final = ("low", "high", "level")
_SPOILED: Final = {"model": ("model",), "low": _INTERVAL, "high": _INTERVAL}
"""What a wrong parameter takes with it: half an interval says nothing."""


def _model_fault(path: str, said: Mapping[str, float | str]) -> Fault | None:
    """A model is shown for its own score: nobody else's forecast may go by the name of one of ours."""
    model = str(said.get("model", ""))
    if not products.is_ours(model):
        return None
    message = f"'{model}' is a name of this centre's own models; the forecast counts as '{UNNAMED_MODEL}'"
    return Fault(reason=Reason.WRONG_PROVENANCE, path=f"{path}.model", message=message)


def _interval_fault(path: str, said: Mapping[str, float | str], observed: Property) -> Fault | None:
    ends = {key: float(said[key]) for key in ("low", "high") if key in said}
    for key, value in ends.items():
        if value not in observed.possible:
            low, high = observed.possible.low, observed.possible.high
            message = f"{value:g} is not from {low:g} to {high:g} {observed.unit}"
            return Fault(reason=Reason.OUT_OF_RANGE, path=f"{path}.{key}", message=message)
    if len(ends) == 2 and ends["low"] > ends["high"]:
        message = f"low, {ends['low']:g}, is above high, {ends['high']:g}"
        return Fault(reason=Reason.OUT_OF_RANGE, path=f"{path}.low", message=message)
    return None


def _quality(observed: Property, flag: str | None, value: float) -> tuple[Quality, str | None]:
    if flag is not None:
        return _FLAG_QUALITY[flag], flag
    if value not in observed.plausible:
        return Quality.SUSPECT, "implausible"
    return Quality.GOOD, None
