"""Conditions on Observations as SQL: only parameters carry what a visitor wrote, they mean what they mean in memory,
and the server stops a query that takes too long."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashboard.sensorthings.entities import Spend
from dashboard.sensorthings.evaluate import Evaluation
from dashboard.sensorthings.grammar import parse_filter
from storage import db, observation_search, observations, things
from storage.expression import Call, Expression, Literal, Path
from storage.model import Observation, Provenance, Quality
from storage.observation_search import Asked, Compiled, ConditionError, Key, OutOfRange, TooSlow
from storage.observations import HistoryValue

pytestmark = pytest.mark.integration

NOW = datetime(2026, 11, 22, 3, tzinfo=UTC)
START = NOW - timedelta(days=30)


# Pure: the text


MARKS = st.text(alphabet="qxzQXZ;'\"%-", min_size=6, max_size=20)


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(MARKS)
def test_what_a_visitor_wrote_is_a_parameter_and_never_text(mark: str) -> None:
    quoted = mark.replace("'", "''")
    condition = parse_filter(
        f"startswith(resultQuality/reason,'{quoted}') or concat('{quoted}',parameters/provenance) eq '{quoted}'"
    )
    compiled = Compiled(condition, (), NOW)
    text = compiled.condition.as_string(None)
    assert mark not in text
    assert list(compiled.parameters.values()) == [mark, mark, mark]
    assert set(text) <= set('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_.,:() %0123456789|=<>"')


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(st.lists(st.from_regex(r"[A-Za-z_@][A-Za-z0-9_.\-]{0,20}", fullmatch=True), min_size=1, max_size=3))
def test_a_name_that_is_no_column_is_refused(steps: list[str]) -> None:
    path = Path(steps=tuple(steps), at=7)
    if path.steps in observation_search.COLUMNS:
        return
    with pytest.raises(ConditionError) as caught:
        Compiled(Call(name="eq", operands=(path, Literal(value=1.0, at=0)), at=0), (), NOW)
    assert caught.value.at == 7


# On the real database


class Row:
    """A stored value as a filter in memory sees it."""

    def __init__(self, value: HistoryValue) -> None:
        self._values: dict[tuple[str, ...], Any] = {
            ("result",): value.result,
            ("phenomenonTime",): value.phenomenon_time,
            ("resultTime",): value.result_time,
            ("validTime",): None,
            ("resultQuality", "code"): value.quality,
            ("resultQuality", "reason"): value.quality_reason,
            ("parameters", "provenance"): value.provenance,
            ("parameters", "input_provenance"): value.input_provenance,
            ("parameters", "simulated"): "simulated" in (value.provenance, value.input_provenance),
        }

    def values(self, path: tuple[str, ...], spend: Spend) -> Iterator[Any]:
        yield self._values[path]


def literal(value: Any) -> Literal:
    return Literal(value=value, at=0)


def call(name: str, *operands: Expression) -> Call:
    return Call(name=name, operands=operands, at=0)


def column(*steps: str) -> Path:
    return Path(steps=steps, at=0)


NUMBERS: st.SearchStrategy[Expression] = st.deferred(
    lambda: st.one_of(
        st.floats(-50, 50, width=16).map(literal),
        st.sampled_from([column("result"), column("resultQuality", "code"), literal(0.0), literal(2.0)]),
        st.builds(call, st.sampled_from(["add", "sub", "mul", "div", "mod"]), LEAVES, LEAVES),
        st.builds(call, st.sampled_from(["round", "floor", "ceiling", "negate"]), LEAVES),
        st.builds(
            call,
            st.sampled_from(["year", "month", "day", "hour", "minute", "second", "fractionalseconds"]),
            TIMES,
        ),
        st.builds(call, st.just("length"), TEXTS),
        st.builds(call, st.just("indexof"), TEXTS, TEXTS),
    )
)
LEAVES: st.SearchStrategy[Expression] = st.one_of(
    st.floats(-50, 50, width=16).map(literal), st.just(column("result"))
)
PLAIN_TEXTS: st.SearchStrategy[Expression] = st.one_of(
    st.text(alphabet="aeiksSm p%_", max_size=4).map(literal),
    st.sampled_from(
        [
            column("resultQuality", "reason"),
            column("parameters", "provenance"),
            column("parameters", "input_provenance"),
        ]
    ),
)
TEXTS: st.SearchStrategy[Expression] = st.one_of(
    PLAIN_TEXTS,
    st.builds(call, st.sampled_from(["tolower", "toupper", "trim"]), PLAIN_TEXTS),
    st.builds(call, st.just("concat"), PLAIN_TEXTS, PLAIN_TEXTS),
    st.builds(call, st.just("substring"), PLAIN_TEXTS, LEAVES),
    st.builds(call, st.just("substring"), PLAIN_TEXTS, LEAVES, LEAVES),
)
PLAIN_TIMES: st.SearchStrategy[Expression] = st.one_of(
    st.sampled_from([column("phenomenonTime"), column("resultTime"), column("validTime"), call("now")]),
    st.timedeltas(timedelta(days=-2), timedelta(days=1)).map(lambda since: literal(NOW + since)),
)
DURATIONS = st.timedeltas(timedelta(days=-3), timedelta(days=3)).map(literal)
TIMES: st.SearchStrategy[Expression] = st.one_of(
    PLAIN_TIMES, st.builds(call, st.sampled_from(["add", "sub"]), PLAIN_TIMES, DURATIONS)
)
COMPARISONS = st.sampled_from(["eq", "ne", "lt", "le", "gt", "ge"])
TRUTHS: st.SearchStrategy[Expression] = st.recursive(
    st.one_of(
        st.builds(call, COMPARISONS, NUMBERS, NUMBERS),
        st.builds(call, COMPARISONS, TEXTS, TEXTS),
        st.builds(call, COMPARISONS, TIMES, TIMES),
        st.builds(call, COMPARISONS, st.builds(call, st.just("sub"), PLAIN_TIMES, PLAIN_TIMES), DURATIONS),
        st.builds(call, st.sampled_from(["eq", "ne"]), TEXTS, st.just(literal(None))),
        st.builds(call, st.sampled_from(["startswith", "endswith", "substringof"]), TEXTS, TEXTS),
        st.just(column("parameters", "simulated")),
    ),
    lambda inner: st.one_of(
        st.builds(call, st.sampled_from(["and", "or"]), inner, inner), st.builds(call, st.just("not"), inner)
    ),
    max_leaves=5,
)


@pytest.fixture
def values(city_url: str) -> list[HistoryValue]:
    """A day of values of every kind."""
    with db.connect(city_url, name="test") as conn:
        stream = things.all_datastreams(conn)[0].id
        observations.write(conn, [_value(stream, number) for number in range(40)])
        return observations.raw(conn, stream, START, NOW, 1000)


def _value(stream: int, number: int) -> Observation:
    time = NOW - timedelta(minutes=37 * (number + 1), microseconds=250_000 * (number % 3))
    suspect = number % 5 == 0
    return Observation(
        datastream_id=stream,
        phenomenon_time=time,
        result_time=time + timedelta(seconds=number),
        result=(number - 20) * 1.25,
        quality=Quality.SUSPECT if suspect else Quality.GOOD,
        quality_reason=("spike", "implausible")[number % 2] if suspect else None,
        provenance=Provenance.DERIVED
        if number % 4 == 0
        else Provenance.SIMULATED
        if number % 7 == 0
        else Provenance.MEASURED,
        input_provenance=Provenance.SIMULATED if number % 8 == 0 else None,
    )


def test_a_condition_means_in_sql_what_it_means_in_memory(city_url: str, values: list[HistoryValue]) -> None:
    assert len(values) == 40
    seen: set[int] = set()
    asked = [Asked(group=0, datastream_id=values[0].datastream_id, start=START, end=NOW)]
    with db.connect(city_url, name="test", autocommit=True) as conn:

        @settings(
            max_examples=400,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(TRUTHS)
        def agrees(condition: Expression) -> None:
            compiled = Compiled(condition, (), NOW)
            found = observation_search.search(conn, asked, compiled, skip=0, limit=100).get(0, [])
            wanted = [value for value in values if Evaluation(NOW).holds(condition, Row(value))]
            assert found == wanted
            seen.add(bool(wanted) + 2 * (len(wanted) == len(values)))
            assert observation_search.count(conn, asked, compiled).get(0, 0) == len(wanted)

        agrees()
    assert seen == {0, 1, 3}  # conditions that held for none, for some and for all


def test_lists_are_cut_each_for_itself(city_url: str, values: list[HistoryValue]) -> None:
    """Two lists over the same values: each is ordered, skipped and limited on its own."""
    stream = values[0].datastream_id
    middle = values[20].phenomenon_time
    asked = [
        Asked(group=0, datastream_id=stream, start=START, end=middle),
        Asked(group=1, datastream_id=stream, start=middle, end=NOW),
    ]
    by_result = Compiled(None, (Key(expression=column("result"), descending=True),), NOW)
    with db.connect(city_url, name="test", autocommit=True) as conn:
        found = observation_search.search(conn, asked, by_result, skip=1, limit=2)
        newest = observation_search.search(
            conn,
            asked,
            Compiled(None, (Key(expression=column("phenomenonTime"), descending=True),), NOW),
            skip=0,
            limit=1,
        )
    for group, some in ((0, values[:20]), (1, values[20:])):
        assert found[group] == sorted(some, key=lambda value: -value.result)[1:3]
        assert newest[group] == [some[-1]]


def test_a_number_that_gets_too_large_is_said_so(city_url: str, values: list[HistoryValue]) -> None:
    asked = [Asked(group=0, datastream_id=values[0].datastream_id, start=START, end=NOW)]
    compiled = Compiled(parse_filter("result mul 1e308 gt 1"), (), NOW)
    with db.connect(city_url, name="test", autocommit=True) as conn, pytest.raises(OutOfRange):
        observation_search.search(conn, asked, compiled, skip=0, limit=10)


def test_the_server_stops_a_query_that_takes_too_long(city_url: str, values: list[HistoryValue]) -> None:
    """One that waits for a lock that is never given; the connection is as before afterwards."""
    asked = [Asked(group=0, datastream_id=values[0].datastream_id, start=START, end=NOW)]
    with (
        psycopg.connect(city_url) as holder,
        db.connect(city_url, name="test", autocommit=True) as conn,
    ):
        holder.execute("LOCK TABLE observation IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(TooSlow):
            observation_search.search(conn, asked, Compiled(None, (), NOW), skip=0, limit=10)
        holder.rollback()
        assert conn.execute("SHOW statement_timeout").fetchall() == [{"statement_timeout": "0"}]
        assert observation_search.search(conn, asked, Compiled(None, (), NOW), skip=0, limit=10)[0]
