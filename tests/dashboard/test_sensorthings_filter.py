"""Filters of SensorThings: the grammar refuses at the right place, and conditions mean what the standard says."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import wkt
from shapely.geometry.base import BaseGeometry

from dashboard.sensorthings.entities import Spend
from dashboard.sensorthings.evaluate import Evaluation
from dashboard.sensorthings.grammar import (
    LONGEST,
    MOST_PARTS,
    OPERANDS,
    STRENGTH,
    parse_filter,
    parse_orderby,
)
from dashboard.sensorthings.refusal import Refused
from storage.expression import Call, Expression, Literal, Path

NOW = datetime(2026, 11, 22, 3, 4, 5, tzinfo=UTC)


class Row:
    """Values by path."""

    def __init__(self, **values: Any) -> None:
        self._values = values

    def values(self, path: tuple[str, ...], spend: Spend) -> Iterator[Any]:
        spend(1)
        found = self._values.get("_".join(path))
        yield from found if isinstance(found, tuple) else (found,)


def holds(text: str, **values: Any) -> bool:
    return Evaluation(NOW).holds(parse_filter(text), Row(**values))


def shown(expression: Expression) -> str:
    """With every parenthesis."""
    if isinstance(expression, Call):
        return f"({' '.join([expression.name, *map(shown, expression.operands)])})"
    return str(expression) if isinstance(expression, Path) else repr(expression.value)


def refused(text: str) -> Refused:
    with pytest.raises(Refused) as caught:
        parse_filter(text)
    return caught.value


def fault_of(text: str) -> Refused | None:
    try:
        parse_filter(text)
    except Refused as fault:
        return fault
    return None


# Grammar


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a or b and c", "(or a (and b c))"),
        ("a and b or c", "(or (and a b) c)"),
        ("a eq 1 and not b eq 2", "(and (eq a 1.0) (not (eq b 2.0)))"),
        ("not a eq 1 and b", "(and (not (eq a 1.0)) b)"),
        ("1 add 2 mul 3 eq 7", "(eq (add 1.0 (mul 2.0 3.0)) 7.0)"),
        ("(1 add 2) mul 3 eq 9", "(eq (mul (add 1.0 2.0) 3.0) 9.0)"),
        ("10 sub 3 sub 2 eq 5", "(eq (sub (sub 10.0 3.0) 2.0) 5.0)"),
        ("-a mul 2 lt -3", "(lt (mul (negate a) 2.0) (negate 3.0))"),
        ("1 lt 2 eq true", "(eq (lt 1.0 2.0) True)"),
        ("name eq 'It''s'", '(eq name "It\'s")'),
        ("startswith(Datastream/Thing/name,'A')", "(startswith Datastream/Thing/name 'A')"),
        ("@iot.id eq 5", "(eq @iot.id 5.0)"),
    ],
)
def test_operators_bind_as_odata_says(text: str, tree: str) -> None:
    """OData 4.0 part 2, 5.1.1.9: operator precedence."""
    assert shown(parse_filter(text)) == tree


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2026-11-22T10:04:05+07:00", NOW),
        ("2026-11-22T10:04:05 07:00", NOW),  # a '+' that a query string made a space
        ("2026-11-22T03:04:05.000Z", NOW),
        ("2026-11-22", date(2026, 11, 22)),
        ("03:04:05.5", time(3, 4, 5, 500_000)),
        ("duration'P1DT2H'", timedelta(days=1, hours=2)),
        ("duration'-PT0.5S'", timedelta(seconds=-0.5)),
        ("1.5e3", 1500.0),
        ("null", None),
        ("true", True),
    ],
)
def test_literals(text: str, value: Any) -> None:
    found = parse_filter(text)
    assert isinstance(found, Literal)
    assert found.value == value


@pytest.mark.parametrize(
    ("text", "at", "words"),
    [
        ("result gt", 9, "ends where a value is missing"),
        ("result gt 5)", 11, "does not belong here"),
        ("(result gt 5", 12, "a ')' is missing"),
        ("result gt gt 5", 10, "a value is missing before 'gt'"),
        ("name eq 'open", 8, "nothing can begin with"),
        ("sleep(5) eq 1", 0, "there is no function 'sleep'"),
        ("length(name,1) eq 1", 0, "'length' takes 1 values, not 2"),
        ("result gt 5; DROP TABLE observation", 11, "nothing can begin with ';'"),
        ("phenomenonTime gt 2026-11-22T00:00:00", 18, "has no offset"),
        ("phenomenonTime gt 2026-13-22T00:00:00Z", 18, "no time of the calendar"),
        ("st_within(location,geography'POINT(x)')", 19, "no well-known text"),
        ("st_within(location,geography'SRID=3857;POINT(1 2)')", 19, "SRID 3857"),
        ("st_within(location,geography'POINT(NaN 2)')", 19, "geography"),
        ("result gt 1e999", 10, "too large"),
        ("name eq 'a\0b'", 8, "character 0"),
        (" or ".join(["a"] * 150), 0, "parts"),
        ("(" * 40 + "a" + ")" * 40, 31, "nested deeper"),
        ("not " * 40 + "a", 31 * 4, "nested deeper"),
        ("a" * (LONGEST + 1), LONGEST, "longer than"),
    ],
)
def test_a_refusal_names_the_place(text: str, at: int, words: str) -> None:
    fault = refused(text)
    assert words in fault.detail
    assert fault.option == "$filter"
    assert fault.at == at or "parts" in words


def test_an_order_has_keys_with_directions() -> None:
    first, second = parse_orderby("length(name) DESC,id asc")
    assert (shown(first.expression), first.descending) == ("(length name)", True)
    assert (shown(second.expression), second.descending) == ("id", False)


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(
    st.text(max_size=80)
    | st.lists(st.sampled_from([*STRENGTH, *OPERANDS, "(", ")", ",", "'", "1", "name", "not", "-"])).map(
        " ".join
    )
)
def test_any_text_is_a_tree_or_a_refusal_within_it(text: str) -> None:
    fault = fault_of(text)
    assert fault is None or (fault.at is not None and 0 <= fault.at <= len(text))


# Meaning


@pytest.mark.parametrize(
    "text",
    [  # the examples of table 23 of OGC 18-088, on the value that they are written for
        "substringof('Sensor Things',description)",
        "endswith(description,'Things')",
        "startswith(description,'Sensor')",
        "length(description) eq 13",
        "indexof(description,'Sensor') eq 1",
        "substring(description,1) eq 'ensor Things'",
        "tolower(description) eq 'sensor things'",
        "toupper(description) eq 'SENSOR THINGS'",
        "trim(description) eq 'Sensor Things'",
        "concat(concat(unitOfMeasurement/symbol,', '), unitOfMeasurement/name) eq 'degree, Celsius'",
        "year(resultTime) eq 2015",
        "month(resultTime) eq 12",
        "day(resultTime) eq 8",
        "hour(resultTime) eq 1",
        "minute(resultTime) eq 0",
        "second(resultTime) eq 0",
        "fractionalseconds(resultTime) eq 0",
        "date(resultTime) eq 2015-12-08",
        "time(resultTime) eq 01:00:00",
        "totaloffsetminutes(resultTime) eq 0",
        "resultTime lt now()",
        "resultTime gt mindatetime() and resultTime lt maxdatetime()",
        "round(result) eq 32",
        "floor(result) eq 32",
        "ceiling(result) eq 33",
    ],
)
def test_built_in_query_functions(text: str) -> None:
    assert holds(
        text,
        description="Sensor Things",
        unitOfMeasurement_symbol="degree",
        unitOfMeasurement_name="Celsius",
        resultTime=datetime(2015, 12, 8, 1, tzinfo=UTC),
        result=32.4,
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [  # the examples of table 22
        ("result eq 10", True),
        ("result ne 10", False),
        ("result gt 9.5 and result le 10", True),
        ("result lt 10 or result ge 11", False),
        ("not startswith(name,'L')", True),
        ("result add 5 eq 15", True),
        ("result sub 5 eq 5", True),
        ("result mul 2 eq 20", True),
        ("result div 4 eq 2.5", True),
        ("result mod 4 eq 2", True),
        ("(result sub 5) gt 4", True),
        ("-result eq -10", True),
        ("result div 0 eq null", True),
        ("absent eq null", True),
        ("absent ne null", False),
        ("absent gt 5", False),
        ("not (absent gt 5)", True),
        ("absent ne 5", True),
        ("name eq 10", False),
        ("at eq '2026-11-22T10:04:05+07:00'", True),
        ("at add duration'PT1H' gt now()", True),
        ("at sub duration'PT1H' gt now()", False),
        ("flag eq true", True),
        ("many eq 'b'", True),
        ("many ne 'b'", True),
        ("not (many eq 'c')", True),
    ],
)
def test_built_in_filter_operations(text: str, expected: bool) -> None:
    assert holds(text, result=10, name="Moc", at=NOW, flag=True, many=("a", "b")) is expected


# The places of the geo tests of OGC's test suite (ets-sta10, filteringExtension/GeoTests) and what each filter finds.
PLACES = (
    "POINT(8 51)",
    "POINT(8 52)",
    "POINT(8 53)",
    "POINT(8 54)",
    "POLYGON((8 53, 7 52, 7 53, 8 53))",
    "LINESTRING(5 52, 5 53)",
    "LINESTRING(5 52, 6 53)",
    "LINESTRING(4 52, 8 52)",
)
BOX = "geography'POLYGON((7.5 51.5, 7.5 53.5, 8.5 53.5, 8.5 51.5, 7.5 51.5))'"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("geo.distance(location, geography'POINT(8 54.1)') lt 1", {3}),
        ("geo.distance(location, geography'POINT(8 54.1)') gt 1", {0, 1, 2, 4, 5, 6, 7}),
        ("geo.intersects(location, geography'LINESTRING(7.5 51, 7.5 54)')", {4, 7}),
        ("geo.length(location) gt 1", {6, 7}),
        ("geo.length(location) ge 1", {5, 6, 7}),
        ("geo.length(location) eq 1", {5}),
        ("geo.length(location) ne 1", {0, 1, 2, 3, 4, 6, 7}),
        ("geo.length(location) le 4", {0, 1, 2, 3, 4, 5, 6, 7}),
        ("geo.length(location) lt 4", {0, 1, 2, 3, 4, 5, 6}),
        (f"st_contains({BOX}, location)", {1, 2}),
        ("st_crosses(geography'LINESTRING(7.5 51.5, 7.5 53.5)', location)", {4, 7}),
        (f"st_disjoint({BOX}, location)", {0, 3, 5, 6}),
        ("st_equals(location, geography'POINT(8 53)')", {2}),
        ("st_intersects(location, geography'LINESTRING(7.5 51, 7.5 54)')", {4, 7}),
        (f"st_overlaps({BOX}, location)", {4}),
        (f"st_relate({BOX}, location, 'T********')", {1, 2, 4, 7}),
        ("st_touches(geography'POLYGON((8 53, 7.5 54.5, 8.5 54.5, 8 53))', location)", {2, 4}),
        ("st_within(geography'POINT(7.5 52.75)', location)", {4}),
    ],
)
def test_geo_functions_find_what_ogc_test_suite_wants(text: str, found: set[int]) -> None:
    shapes: list[BaseGeometry] = [wkt.loads(place) for place in PLACES]
    assert {number for number, shape in enumerate(shapes) if holds(text, location=shape)} == found


def test_a_relation_that_is_none_finds_nothing() -> None:
    assert not holds("st_relate(location, location, 'no')", location=wkt.loads("POINT(1 2)"))


def test_a_filter_that_costs_too_much_is_refused() -> None:
    many = tuple(range(300))
    with pytest.raises(Refused, match="too many steps"):
        holds("many add many add many eq 1", many=many)


def test_a_number_out_of_range_is_refused() -> None:
    with pytest.raises(Refused, match="out of range"):
        holds("1e308 mul 10 gt 1")


def test_as_many_parts_as_are_allowed_can_be_evaluated() -> None:
    parts = (MOST_PARTS - 3) // 4
    text = " and ".join(["result eq 1"] * parts)
    assert holds(text, result=1)
