"""Rules tried on series that are written down, with what must come of them: `[[test]]` tables. No I/O.

```toml
[[test]]
rule = "flood-15"
it = "fires after two minutes and ends ten minutes below 13 cm"
values = "0 6 15 22 27 22 16 13 12*11"
states = "..PPFFFFFFFFFFFFFF."
```

docs/alerts.md explains the keys.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator

from alerts.conditions import Operand
from alerts.durations import Duration, parse_duration, written
from alerts.evaluate import INACTIVE, Watch, elapse, evaluate, moments
from alerts.model import Evaluation, Rule, State, Transition
from alerts.nearest import none_of
from alerts.samples import Sample
from storage.catalog import Key, ReferenceDataError, in_plain_words
from storage.model import Provenance, Quality

INSTANT: Final = timedelta(microseconds=1)
BEGINS: Final = datetime(2026, 7, 20, 10, 0, tzinfo=UTC)
"""17:00 of a Monday in Hanoi, where a test does not say."""
MOST_VALUES: Final = 100_000
QUALITIES: Final[Mapping[str, Quality]] = {"?": Quality.SUSPECT, "!": Quality.FAIL}
SIGNS: Final = {State.PENDING: "P", State.FIRING: "F"}
NOTHING: Final = "."
_WORD: Final = re.compile(r"(_|-?\d+(?:\.\d+)?)([?!]?)(?:\*(\d{1,6}))?")


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _offset(text: object) -> timedelta:
    """ "-3d" or "90s"."""
    if isinstance(text, str) and text.startswith("-"):
        return -parse_duration(text[1:])
    return parse_duration(text)


class _SeriesTable(_Table):
    of: str | None = None
    """property or domain/property; None: what the rule looks at first."""
    thing: int = Field(default=1, ge=1, le=99)
    """Which of several nearby."""
    begins: str = Field(default="0s", alias="from")
    every: Duration | None = None
    values: str

    @model_validator(mode="after")
    def _can_be_read(self) -> Self:
        try:
            _offset(self.begins)
        except ValueError as error:
            raise ValueError(f'from: {error}; before the test begins with a minus: "-3d"') from None
        if self.every is not None and self.every <= timedelta(0):
            raise ValueError("every: must be longer than nothing")
        return self


class _TestTable(_Table):
    rule: Key
    it: str = Field(min_length=1)
    """What it does: a sentence that begins with the rule."""
    start: AwareDatetime | None = Field(default=None, strict=True)
    every: Duration | None = None
    values: str | None = None
    series: tuple[_SeriesTable, ...] = ()
    until: Duration | None = None
    """How long time goes on; None: to the end of the series."""
    states: str | None = Field(default=None, pattern=r"^[.PF]+$")
    fires: tuple[Duration, ...] | None = None
    ends: tuple[Duration, ...] | None = None

    @model_validator(mode="after")
    def _expects_something(self) -> Self:
        if self.states is None and self.fires is None and self.ends is None:
            raise ValueError(
                'give states (such as "..PF.") or the times of fires and ends; fires = [] is never'
            )
        if self.values is None and not self.series:
            raise ValueError("give values, or [[test.series]]")
        if self.every is not None and self.values is None:
            raise ValueError("every: goes with values; a series has its own")
        return self


@dataclass(frozen=True, kw_only=True, slots=True)
class RuleTest:
    rule: Rule
    it: str
    start: datetime
    step: timedelta
    """From one sign of `states` to the next."""
    samples: tuple[Sample, ...]
    end: datetime
    states: str | None
    fires: tuple[timedelta, ...] | None
    ends: tuple[timedelta, ...] | None
    source: str

    @property
    def expects_firing(self) -> bool:
        return bool(self.fires) or "F" in (self.states or "")

    @property
    def expects_quiet(self) -> bool:
        """That it never fires."""
        if self.states is not None and "F" in self.states:
            return False
        return self.states is not None if self.fires is None else not self.fires


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What came of a test."""

    test: RuleTest
    states: str
    """Where the test expects some."""
    fires: tuple[timedelta, ...]
    ends: tuple[timedelta, ...]

    @property
    def faults(self) -> tuple[str, ...]:
        """What is otherwise than expected, for people; empty: it passed."""
        test, found = self.test, []
        if test.states is not None and test.states != self.states:
            found += _compared(test.states, self.states)
        for name, expected, came in (("fires", test.fires, self.fires), ("ends", test.ends, self.ends)):
            if expected is not None and expected != came:
                found += [f"{name:8} {_times(expected)}, but came {_times(came)}"]
        return tuple(found)


def read_tests(source: str, tables: object, rules: Mapping[str, Rule]) -> list[RuleTest]:
    """The `[[test]]` tables of a file. Raises ReferenceDataError naming file, test, key and what would be right."""
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise ReferenceDataError(f"{source}: test: is a list of tables, each under [[test]]")
    return [_test(f"{source}: test {number}", source, table, rules) for number, table in enumerate(tables, 1)]


def run(test: RuleTest) -> Outcome:
    """Evaluates it in one go for its transitions, and step by step for its states."""
    _, transitions = evaluate(test.rule, test.samples, INACTIVE, test.end + INSTANT)
    return Outcome(
        test=test,
        states="" if test.states is None else "".join(_signs(test)),
        fires=_moments(test, transitions, State.FIRING),
        ends=_moments(test, transitions, State.RESOLVED),
    )


def untested(rules: Iterable[Rule], tests: Sequence[RuleTest]) -> dict[str, str]:
    """Rule → what it lacks: a series that fires it, or one that does not."""
    fired = {test.rule.key for test in tests if test.expects_firing}
    quiet = {test.rule.key for test in tests if test.expects_quiet}
    lacking = {
        rule.key: [
            what
            for what, known in (("one that fires it", fired), ("one that does not", quiet))
            if rule.key not in known
        ]
        for rule in rules
    }
    return {key: " and ".join(what) for key, what in lacking.items() if what}


def _test(where: str, source: str, written_: Mapping[str, Any], rules: Mapping[str, Rule]) -> RuleTest:
    try:
        table = _TestTable.model_validate(written_)
    except ValidationError as error:
        raise _explain(where, error) from error
    rule = rules.get(table.rule)
    if rule is None:
        raise ReferenceDataError(f"{where}: rule: {none_of(table.rule, rules)}")
    start = (table.start or BEGINS).astimezone(UTC)
    named = f"{where} ({table.rule}: {table.it})"
    samples: list[Sample] = []
    end = start
    for series in _all_series(table):
        last, found = _samples(named, rule, start, series)
        samples += found
        end = max(end, last)
    if table.until is not None:
        end = start + table.until
    step = table.every or rule.interval
    return RuleTest(
        rule=rule,
        it=table.it,
        start=start,
        step=step,
        samples=tuple(_in_order(named, samples)),
        end=end,
        states=table.states,
        fires=table.fires,
        ends=table.ends,
        source=source,
    )


def _all_series(table: _TestTable) -> Iterator[_SeriesTable]:
    if table.values is not None:
        yield _SeriesTable(values=table.values).model_copy(update={"every": table.every})
    yield from table.series


def _samples(where: str, rule: Rule, start: datetime, table: _SeriesTable) -> tuple[datetime, list[Sample]]:
    """(time of its last place, values). Of a rule's operand, at its reporting interval unless said."""
    number = _operand(where, rule, table.of)
    every = table.every or rule.operands[number].interval
    begin = start + _offset(table.begins)
    words = list(_words(where, table.values))
    found = [
        Sample(
            time=begin + place * every,
            value=value,
            quality=quality,
            provenance=Provenance.MEASURED,
            arrived=begin + place * every,
            operand=number,
            stream=10 * number + table.thing - 1,
        )
        for place, (value, quality) in enumerate(words)
        if value is not None
    ]
    return begin + (len(words) - 1) * every, found


def _operand(where: str, rule: Rule, of: str | None) -> int:
    if of is None:
        return 0
    names = {name: number for number, one in reversed(list(enumerate(rule.operands))) for name in _names(one)}
    if of not in names:
        raise ReferenceDataError(f"{where}: series.of: {none_of(of, names)}")
    return names[of]


def _names(operand: Operand) -> tuple[str, str]:
    return operand.property, f"{operand.domain}/{operand.property}"


def _words(where: str, text: str) -> Iterator[tuple[float | None, Quality]]:
    """'3 _ 4? 5*12' → value and quality of each place."""
    count = 0
    for word in text.split():
        match = _WORD.fullmatch(word)
        if match is None:
            raise ReferenceDataError(
                f"{where}: values: '{word}' is no value: they are written like 3.5, _ (none), 3? (suspect), 3! (failed)"
                " and 3*12 (twelve times)"
            )
        times = int(match[3] or 1)
        count += times
        if count > MOST_VALUES:
            raise ReferenceDataError(f"{where}: values: more than {MOST_VALUES}")
        value = None if match[1] == "_" else float(match[1])
        for _ in range(times):
            yield value, QUALITIES.get(match[2], Quality.GOOD)
    if not count:
        raise ReferenceDataError(f"{where}: values: there are none")


def _in_order(where: str, samples: Sequence[Sample]) -> Iterator[Sample]:
    places: set[tuple[datetime, int, int]] = set()
    for sample in sorted(samples, key=lambda one: (one.time, one.operand, one.stream)):
        place = (sample.time, sample.operand, sample.stream)
        if place in places:
            raise ReferenceDataError(
                f"{where}: series: two values of one Datastream at {sample.time.isoformat()}"
            )
        places.add(place)
        yield sample


def _signs(test: RuleTest) -> Iterator[str]:
    """The state at each step: after what happened until then, the moment itself included."""
    rule, watch, ahead = test.rule, Watch(test.rule, INACTIVE), list(reversed(list(moments(test.samples))))
    at = test.start
    while at <= test.end:
        while ahead and ahead[-1][0].time <= at:
            watch.observe(ahead.pop(), [])
        watch.state = elapse(rule, watch.state, at + INSTANT, [])
        yield _sign(watch.state)
        at += test.step


def _sign(state: Evaluation) -> str:
    return NOTHING if state.episode is None else SIGNS[state.episode.state]


def _moments(test: RuleTest, transitions: Iterable[Transition], state: State) -> tuple[timedelta, ...]:
    """Those of the past that the test begins with are not looked at."""
    return tuple(one.at - test.start for one in transitions if one.to_state is state and one.at >= test.start)


def _times(times: Sequence[timedelta]) -> str:
    return ", ".join(f"-{written(-one)}" if one < timedelta(0) else written(one) for one in times) or "never"


def _compared(expected: str, came: str) -> list[str]:
    """Both, one below the other, and a mark below where they part."""
    same = (a == b for a, b in zip(expected, came, strict=False))
    parts = next((n for n, alike in enumerate(same) if not alike), min(len(expected), len(came)))
    return [f"states   {expected}", f"but came {came}", f"         {' ' * parts}^ step {parts}"]


def _explain(where: str, error: ValidationError) -> ReferenceDataError:
    lines = []
    for fault in error.errors(include_url=False, include_context=False):
        path = ".".join(str(part + 1) if isinstance(part, int) else part for part in fault["loc"]) or "(test)"
        if fault["type"] == "extra_forbidden":
            model = _SeriesTable if fault["loc"][0] == "series" else _TestTable
            keys = [field.alias or name for name, field in model.model_fields.items()]
            lines.append(f"{where}: {path}: is no key: {none_of(str(fault['loc'][-1]), keys)}")
        else:
            lines.append(f"{where}: {path}: {in_plain_words(fault['msg'])}")
    return ReferenceDataError("\n".join(lines))
