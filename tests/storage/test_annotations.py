"""Annotations of a domain's charts: kept for good, withdrawn by a second row, and in the operators' audit."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from storage import annotations, db
from storage.annotations import AnnotationRefused

pytestmark = pytest.mark.integration

T0 = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
AIR = "air_quality"


@pytest.fixture
def conn(city_url: str) -> Iterator[db.Connection]:
    with db.connect(city_url, name="test", autocommit=True) as opened:
        yield opened


def write(
    conn: db.Connection, text: str, hours: float = 0, lasting: float | None = None, thing: str | None = None
) -> int:
    starts_at = T0 + hours * HOUR
    return annotations.add(
        conn,
        AIR,
        thing_id=thing,
        text=text,
        starts_at=starts_at,
        ends_at=None if lasting is None else starts_at + lasting * HOUR,
        author="lan",
        source="10.0.0.7",
        now=T0 + 10 * HOUR,
    )


def withdraw(conn: db.Connection, number: int, domain: str = AIR) -> bool:
    return annotations.withdraw(conn, [domain], number, actor="minh", source="10.0.0.8", now=T0 + 11 * HOUR)


def test_those_of_a_span_are_found_the_newest_first(conn: db.Connection) -> None:
    for text, hours, lasting in (
        ("before", -5, 1),
        ("into it", -2, 3),
        ("moment", 1, None),
        ("after", 4, None),
    ):
        write(conn, text, hours, lasting)
    found = annotations.of_domains(conn, [AIR, "rain"], T0, T0 + 4 * HOUR, 10)
    assert [one.text for one in found] == ["moment", "into it"]
    assert annotations.of_domains(conn, ["rain"], T0, T0 + 4 * HOUR, 10) == []


def test_one_that_is_withdrawn_stays_and_says_by_whom(conn: db.Connection) -> None:
    number = write(conn, "  fireworks ", thing="hoan-kiem")
    assert not withdraw(conn, number, "rain")
    assert withdraw(conn, number)
    assert not withdraw(conn, number)
    [found] = annotations.of_domains(conn, [AIR], T0, T0 + HOUR, 10)
    assert (found.text, found.thing_id, found.author) == ("fireworks", "hoan-kiem", "lan")
    assert (found.withdrawn_by, found.withdrawn_at) == ("minh", T0 + 11 * HOUR)
    assert [(e["actor"], e["action"], e["subject"]) for e in audit(conn)] == [
        ("lan", "annotated", "hoan-kiem"),
        ("minh", "annotation_withdrawn", "hoan-kiem"),
    ]


def audit(conn: db.Connection) -> list[dict[str, object]]:
    return conn.execute("SELECT actor, action, subject FROM operator_audit ORDER BY id").fetchall()


@pytest.mark.parametrize(
    ("text", "lasting", "thing", "code"),
    [
        (" \n", None, None, "empty"),
        ("x" * 501, None, None, "too_long"),
        ("x", -1, None, "end_before_start"),
        ("x", None, "west-lake-trich-sai", "thing"),
        ("x", None, "nowhere", "thing"),
    ],
)
def test_what_can_not_be_kept_is_refused(
    conn: db.Connection, text: str, lasting: float | None, thing: str | None, code: str
) -> None:
    with pytest.raises(AnnotationRefused) as refused:
        write(conn, text, 0, lasting, thing)
    assert refused.value.code == code
    assert audit(conn) == []


@pytest.mark.parametrize(
    "change", ["UPDATE annotation SET text = 'y'", "DELETE FROM annotation", "TRUNCATE annotation CASCADE"]
)
def test_nobody_changes_what_was_written(conn: db.Connection, change: str) -> None:
    write(conn, "x")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        conn.execute(change)  # type: ignore[call-overload]  # statements are the test's own, not literals
