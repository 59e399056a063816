"""Scenarios: something that happens at a given time on top of the ordinary day. One TOML file each."""

from bisect import bisect_right
from collections.abc import Sequence
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from simulators.weather import CENTRE, RainCurve, Storm

SHIPPED: Final = Path(str(files("simulators"))) / "scenarios"

Knots = Annotated[tuple[tuple[float, float], ...], Meta(min_length=2)]
"""[minutes from the start, value], straight lines between."""


_FLOODS_S: Final = 5 * 3600.0
"""How long after the rain streets may be wet, its way across the city included."""


class ScenarioError(ValueError):
    """A scenario file that can't be used; the message names file and key."""


class _Table(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of a scenario file."""


class _Text(_Table, frozen=True, kw_only=True):
    vi: str
    en: str


class _StormTable(_Table, frozen=True, kw_only=True):
    """Rain that crosses the city; the curve is what falls on its track, in mm/h."""

    mm_h: Knots
    lat: float = CENTRE[0]
    lon: float = CENTRE[1]
    radius_km: Annotated[float, Meta(gt=0)] = 12.0
    moves_to_deg: Annotated[float, Meta(ge=0, le=360)] = 90.0
    speed_km_h: Annotated[float, Meta(ge=5, le=120)] = 30.0


class Effect(_Table, frozen=True, kw_only=True):
    """What happens to a property: value · factor + offset, each a curve; of all Things or of some."""

    domain: str
    property: str
    things: tuple[str, ...] = ()
    factor: Knots | None = None
    offset: Knots | None = None

    def on(self, value: float, since_s: float) -> float:
        """The value so long after the scenario began."""
        minutes = since_s / 60
        return value * _at(self.factor, minutes, 1.0) + _at(self.offset, minutes, 0.0)


class Scenario(_Table, frozen=True, kw_only=True):
    """What one file says."""

    name: _Text
    storm: _StormTable | None = None
    effect: tuple[Effect, ...] = ()

    @property
    def duration_s(self) -> float:
        """Until everything of it is over, floods included."""
        curves = [knots for _, knots in _curves(self)]
        after_rain = _FLOODS_S if self.storm else 0.0
        return max((knots[-1][0] * 60 for knots in curves), default=0.0) + after_rain

    def storm_from(self, start: int) -> Storm | None:
        if self.storm is None:
            return None
        return Storm(
            start=start,
            curve=RainCurve(knots=tuple((minutes * 60, mm_h) for minutes, mm_h in self.storm.mm_h)),
            lat=self.storm.lat,
            lon=self.storm.lon,
            radius_km=self.storm.radius_km,
            bearing_deg=self.storm.moves_to_deg,
            speed_km_h=self.storm.speed_km_h,
        )


class Happening(Struct, frozen=True, kw_only=True):
    """A scenario and when it begins (epoch seconds)."""

    scenario: Scenario
    start: int


def load_scenario(name_or_path: str) -> Scenario:
    """A shipped scenario by its name, or any file. Raises ScenarioError naming file and key."""
    path = Path(name_or_path) if name_or_path.endswith(".toml") else SHIPPED / f"{name_or_path}.toml"
    if not path.is_file():
        names = ", ".join(sorted(file.stem for file in SHIPPED.glob("*.toml")))
        raise ScenarioError(
            f"no scenario '{name_or_path}': there are {names}, or give a path that ends in .toml"
        )
    try:
        scenario = msgspec.toml.decode(path.read_bytes(), type=Scenario, strict=False)
    except msgspec.DecodeError as error:
        raise ScenarioError(f"{path}: {error}") from error
    for where, knots in _curves(scenario):
        if any(a[0] >= b[0] for a, b in pairwise(knots)):
            raise ScenarioError(f"{path}: {where}: minutes must rise from knot to knot")
    return scenario


def storms_of(happenings: Sequence[Happening]) -> list[Storm]:
    """Their storms."""
    storms = (happening.scenario.storm_from(happening.start) for happening in happenings)
    return [storm for storm in storms if storm is not None]


def effects_of(
    happenings: Sequence[Happening], domain: str, thing: str, key: str
) -> tuple[tuple[int, Effect], ...]:
    """What befalls one property of one Thing, each with its start."""
    return tuple(
        (happening.start, effect)
        for happening in happenings
        for effect in happening.scenario.effect
        if effect.domain == domain
        and effect.property == key
        and (not effect.things or thing in effect.things)
    )


def _curves(scenario: Scenario) -> list[tuple[str, Knots]]:
    rain = [("storm.mm_h", scenario.storm.mm_h)] if scenario.storm else []
    factors = [("effect.factor", effect.factor) for effect in scenario.effect if effect.factor]
    offsets = [("effect.offset", effect.offset) for effect in scenario.effect if effect.offset]
    return rain + factors + offsets


def _at(knots: Knots | None, minutes: float, outside: float) -> float:
    """On the line between two knots; before the first and after the last nothing happens."""
    if knots is None or not knots[0][0] <= minutes < knots[-1][0]:
        return outside
    n = bisect_right(knots, (minutes, float("inf"))) - 1
    (m0, v0), (m1, v1) = knots[n], knots[n + 1]
    return v0 + (v1 - v0) * (minutes - m0) / (m1 - m0)
