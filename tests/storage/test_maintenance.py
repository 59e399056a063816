"""Maintenance notes: kept for good, withdrawn by a second row, and in the operators' audit."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from storage import db, maintenance, operators
from storage.maintenance import Kind, NoteRefused

pytestmark = pytest.mark.integration

T0 = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
SONDE = "west-lake-trich-sai"
OTHER = "hoan-kiem"


@pytest.fixture
def conn(city_url: str) -> Iterator[db.Connection]:
    with db.connect(city_url, name="test", autocommit=True) as opened:
        yield opened


def write(
    conn: db.Connection,
    text: str,
    hours: float = 0,
    lasting: float | None = None,
    *,
    kind: Kind = Kind.CLEANING,
    thing: str = SONDE,
) -> int | None:
    starts_at = T0 + hours * HOUR
    ends_at = None if lasting is None else starts_at + lasting * HOUR
    return maintenance.add(
        conn,
        thing,
        kind=kind,
        text=text,
        starts_at=starts_at,
        ends_at=ends_at,
        author="lan",
        source="10.0.0.7",
        now=T0 + 10 * HOUR,
    )


def texts(conn: db.Connection, start: float, end: float) -> list[str]:
    found = maintenance.between(conn, SONDE, T0 + start * HOUR, T0 + end * HOUR)
    return [note.text for note in found]


def test_a_note_is_kept_as_it_was_written(conn: db.Connection) -> None:
    number = write(conn, "  wiper replaced \n", 1, 2, kind=Kind.REPLACEMENT)
    [note] = maintenance.of_thing(conn, SONDE, 10)
    assert (note.id, note.kind, note.text, note.author) == (number, "replacement", "wiper replaced", "lan")
    assert (note.starts_at, note.ends_at) == (T0 + HOUR, T0 + 3 * HOUR)
    assert (note.written_at, note.withdrawn_by, note.withdrawn_at) == (T0 + 10 * HOUR, None, None)
    assert maintenance.of_thing(conn, OTHER, 10) == []


def test_what_was_done_last_comes_first_and_no_more_than_asked(conn: db.Connection) -> None:
    for hours, text in ((2, "second"), (1, "first"), (3, "third")):
        write(conn, text, hours)
    assert [note.text for note in maintenance.of_thing(conn, SONDE, 2)] == ["third", "second"]


def test_a_span_has_what_was_done_then_or_went_on(conn: db.Connection) -> None:
    write(conn, "before", -3)
    write(conn, "goes on", -2, 4)
    write(conn, "at its start", 0)
    write(conn, "inside", 1, 1)
    write(conn, "at its end", 4)
    assert texts(conn, 0, 4) == ["goes on", "at its start", "inside"]


def test_a_withdrawn_note_stays_with_who_withdrew_it(conn: db.Connection) -> None:
    number = write(conn, "on the wrong sonde")
    assert number is not None
    withdrawn = [
        maintenance.withdraw(conn, SONDE, number, actor=actor, source="10.0.0.8", now=T0 + 11 * HOUR)
        for actor in ("minh", "lan")
    ]
    assert withdrawn == [True, False]
    [note] = maintenance.of_thing(conn, SONDE, 10)
    assert (note.text, note.withdrawn_by) == ("on the wrong sonde", "minh")
    assert note.withdrawn_at == T0 + 11 * HOUR
    assert texts(conn, -1, 1) == []


def test_a_note_is_withdrawn_by_the_name_of_its_own_thing(conn: db.Connection) -> None:
    number = write(conn, "cleaned")
    assert number is not None
    assert not maintenance.withdraw(conn, OTHER, number, actor="lan", source="-", now=T0)
    assert not maintenance.withdraw(conn, SONDE, number + 1, actor="lan", source="-", now=T0)
    assert maintenance.of_thing(conn, SONDE, 10)[0].withdrawn_at is None


def test_the_audit_knows_who_wrote_and_who_withdrew(conn: db.Connection) -> None:
    number = write(conn, "cleaned")
    assert number is not None
    maintenance.withdraw(conn, SONDE, number, actor="minh", source="10.0.0.8", now=T0 + 11 * HOUR)
    events = [(one.actor, one.action, one.subject, one.source) for one in operators.audit_trail(conn, 5)]
    assert events == [
        ("minh", "maintenance_withdrawn", SONDE, "10.0.0.8"),
        ("lan", "maintenance_noted", SONDE, "10.0.0.7"),
    ]


def test_an_unknown_thing_has_no_notes(conn: db.Connection) -> None:
    assert write(conn, "cleaned", thing="nowhere") is None
    assert operators.audit_trail(conn, 5) == []


@pytest.mark.parametrize(
    ("text", "lasting", "code"),
    [(" \n", None, "empty"), ("x" * 2001, None, "too_long"), ("cleaned", -1, "end_before_start")],
)
def test_what_says_nothing_is_refused(
    conn: db.Connection, text: str, lasting: float | None, code: str
) -> None:
    with pytest.raises(NoteRefused) as refused:
        write(conn, text, 0, lasting)
    assert refused.value.code == code
    assert maintenance.of_thing(conn, SONDE, 10) == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE maintenance_note SET text = 'x'",
        "DELETE FROM maintenance_withdrawal",
        "UPDATE maintenance_withdrawal SET withdrawn_by = 'x'",
        "DELETE FROM maintenance_note",
        "TRUNCATE maintenance_note, maintenance_withdrawal",
        "TRUNCATE maintenance_withdrawal",
    ],
)
def test_nobody_changes_or_deletes_a_note(conn: db.Connection, statement: str) -> None:
    number = write(conn, "cleaned")
    assert number is not None
    maintenance.withdraw(conn, SONDE, number, actor="lan", source="-", now=T0)
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="only grows"):
        conn.execute(statement.encode())
