"""What rules look at: every rule on every Datastream of its property, with what else its condition looks at. No I/O."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from alerts.conditions import Operand
from alerts.model import Rule
from alerts.rules import RuleBook
from storage import places, wards
from storage.alert_log import StreamRow

InstanceKey = tuple[str, int]
"""(rule, anchor Datastream)"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Instance:
    """A rule on a Datastream."""

    rule: Rule
    anchor: StreamRow
    inputs: Mapping[int, int]
    """Datastream → operand; the anchor → 0 among them."""

    @property
    def key(self) -> InstanceKey:
        return self.rule.key, self.anchor.datastream_id

    @property
    def labels(self) -> dict[str, str]:
        """All that routes, silences and inhibitions match on."""
        row, rule = self.anchor, self.rule
        ward = wards.nearest(row.lat, row.lon) if row.lat is not None and row.lon is not None else None
        ward_name, basin = (ward.name if ward else ""), row.basin or ""
        return {
            **rule.labels,
            "rule": rule.key,
            "domain": rule.domain,
            "property": rule.property,
            "severity": rule.severity.value,
            "thing": row.thing_id,
            "ward": ward_name,
            "basin": basin,
            "area": basin or ward_name,
        }


@dataclass(kw_only=True, slots=True)
class Watched:
    """All instances, and which of them look at a Datastream."""

    by_key: Mapping[InstanceKey, Instance] = field(default_factory=dict)
    by_stream: Mapping[int, Sequence[Instance]] = field(default_factory=dict)
    streams: frozenset[int] = frozenset()
    """Every Datastream there is."""


def watched(book: RuleBook, rows: Sequence[StreamRow]) -> Watched:
    by_key: dict[InstanceKey, Instance] = {}
    by_stream: dict[int, list[Instance]] = {}
    near = _Near(rows)
    for row in rows:
        for rule in book.by_series.get((row.domain, row.property), ()):
            if rule.things is not None and row.thing_id not in rule.things:
                continue
            instance = Instance(rule=rule, anchor=row, inputs=dict(near.inputs(rule, row)))
            by_key[instance.key] = instance
            for stream in instance.inputs:
                by_stream.setdefault(stream, []).append(instance)
    return Watched(by_key=by_key, by_stream=by_stream, streams=frozenset(row.datastream_id for row in rows))


class _Near:
    """Finds operands' Datastreams: on the Thing itself, or on Things near it."""

    def __init__(self, rows: Iterable[StreamRow]) -> None:
        self._of_thing: dict[tuple[str, str], int] = {}
        self._placed: dict[tuple[str, str], list[StreamRow]] = {}
        for row in rows:
            self._of_thing[row.thing_id, row.property] = row.datastream_id
            if row.lat is not None and row.lon is not None:
                self._placed.setdefault((row.domain, row.property), []).append(row)

    def inputs(self, rule: Rule, row: StreamRow) -> Iterator[tuple[int, int]]:
        """The anchor last: where it is near itself it stays the anchor."""
        for number, operand in reversed(list(enumerate(rule.operands))):
            if operand.within_m is None:
                stream = self._of_thing.get((row.thing_id, operand.property))
                if stream is not None:
                    yield stream, number
            else:
                for near in self._near(row, operand, operand.within_m):
                    yield near.datastream_id, number

    def _near(self, row: StreamRow, operand: Operand, within_m: float) -> Iterator[StreamRow]:
        if row.lat is None or row.lon is None:
            return
        for other in self._placed.get((operand.domain, operand.property), ()):
            assert other.lat is not None
            assert other.lon is not None
            if places.distance_m((row.lat, row.lon), (other.lat, other.lon)) <= within_m:
                yield other
