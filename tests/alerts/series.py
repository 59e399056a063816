"""Short ways to write rules, values and expected transitions."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from alerts.conditions import Comparison, Operand, Reading, Threshold
from alerts.evaluate import INACTIVE, evaluate
from alerts.model import CapWords, Public, Rule, Severity, Transition
from alerts.samples import Sample
from storage.model import Provenance, Text

START = datetime(2026, 7, 20, 10, 0, tzinfo=UTC)

FLOOD_15 = Rule(
    key="flood-15",
    domain="flood",
    property="water_depth",
    unit="cm",
    condition=Reading(held_against=Threshold(comparison=Comparison.AT_LEAST, limit=15, clear=13)),
    operands=(
        Operand(
            domain="flood",
            property="water_depth",
            interval=timedelta(minutes=1),
            stale_after=timedelta(minutes=3),
        ),
    ),
    hold=timedelta(minutes=2),
    keep_firing_for=timedelta(minutes=10),
    interval=timedelta(minutes=1),
    stale_after=timedelta(minutes=3),
    resolve_when_silent=timedelta(hours=1),
    late_horizon=timedelta(minutes=30),
    worst_quality=2,
    flapping=4,
    calendar=None,
    things=None,
    severity=Severity.WARNING,
    title=Text(vi="Ngập từ 15 cm", en="Street flooded 15 cm or more"),
    runbook=Text(vi="Cắm biển cảnh báo.", en="Put up warning signs."),
    labels={},
    for_citizens=True,
    public=Public.APPROVE,
    cap=CapWords(),
    suggestion=True,
    basis=Text(vi="domain.md 5.3", en="domain.md 5.3"),
    source="flood.toml",
)
"""The product level for flooded streets: 15 cm, cleared below the lower bound − 2 cm for 10 min."""


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def at(minute: float) -> datetime:
    return START + minutes(minute)


def rule(limit: float, comparison: str = "at_least", *, clear: float | None = None, **changes: Any) -> Rule:
    """FLOOD_15 with another condition and without `for` and `keep_firing_for`, unless given (minutes)."""
    given = {"hold": 0, "keep_firing_for": 0, **changes}
    times = {
        key: minutes(value) if isinstance(value, (int, float)) else value for key, value in given.items()
    }
    if "worst_quality" in changes:
        times["worst_quality"] = changes["worst_quality"]
    threshold = Threshold(comparison=Comparison(comparison), limit=limit, clear=clear)
    return replace(FLOOD_15, condition=Reading(held_against=threshold), **times)


def sample(
    minute: float,
    value: float,
    quality: int = 1,
    provenance: Provenance = Provenance.MEASURED,
    *,
    operand: int = 0,
    stream: int = 0,
) -> Sample:
    return Sample(
        time=at(minute),
        value=value,
        quality=quality,
        provenance=provenance,
        arrived=at(minute) + minutes(0.05),
        operand=operand,
        stream=stream,
    )


def values(
    text: str, *, every: float = 1, begin: float = 0, operand: int = 0, stream: int = 0
) -> list[Sample]:
    """'3 16 _ 20?' at minutes 0, 1, 2, 3: `_` is no value, `?` marks a suspect one (quality 3), `!` a failed (4)."""
    samples = []
    for number, word in enumerate(text.split()):
        if word == "_":
            continue
        quality = {"?": 3, "!": 4}.get(word[-1], 1)
        value = float(word.rstrip("?!"))
        samples.append(sample(begin + number * every, value, quality, operand=operand, stream=stream))
    return samples


def together(*series: list[Sample]) -> list[Sample]:
    """Several series as one, rising in time."""
    return sorted((one for samples in series for one in samples), key=lambda s: (s.time, s.operand, s.stream))


def told(transitions: Iterable[Transition]) -> list[str]:
    """'5 firing held': minute, new state, reason."""
    return [f"{(t.at - START) / minutes(1):g} {t.to_state.value} {t.reason.value}" for t in transitions]


def run(watched: Rule, samples: list[Sample], now: float | None = None) -> list[str]:
    """What happens up to minute `now`, or up to the last sample."""
    end = samples[-1].time if now is None else at(now)
    return told(evaluate(watched, samples, INACTIVE, end)[1])
