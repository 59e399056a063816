"""Citizens' reports in the database: what comes in, what is made of it, and what the public role may do."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import LiteralString

import psycopg
import pytest
from psycopg import sql

from deploy.embedded.postgres import Postgres
from storage import citizen_report_actions as actions
from storage import citizen_reports, db, operators
from storage.citizen_report_actions import By, CitizenReportRefused, Confirmation
from storage.citizen_reports import (
    Asked,
    NewReport,
    Photo,
    PlaceBy,
    ReportRefused,
    ReportRow,
    Service,
    State,
    TooManyReports,
)

HOUR = timedelta(hours=1)
NEW = NewReport(
    service=Service.FLOOD,
    lat=21.028511,
    lon=105.854167,
    description="Nước ngập nửa bánh xe máy",
    language="vi",
    contact="0912 345 678",
    photo=Photo(content=b"\xff\xd8\xff jpeg", width=640, height=480),
)


@pytest.fixture
def conn(database_url: str) -> Iterator[db.Connection]:
    with db.connect(database_url, name="test", autocommit=True) as conn:
        yield conn


@pytest.fixture
def public(postgres: Postgres, database_url: str) -> Iterator[db.Connection]:
    postgres.create_login("public_login", member_of="hanoi_public")
    url = postgres.url("public_login", database_url.rsplit("/", 1)[1])
    with db.connect(url, name="test", schema="public_view", autocommit=True) as conn:
        yield conn


def by(actor: str = "lan") -> By:
    return By(actor=actor, source="10.0.0.7", now=datetime.now(UTC))


def submitted(conn: db.Connection, new: NewReport = NEW) -> ReportRow:
    """As the database has it."""
    number = citizen_reports.submit(conn, new)
    return next(row for row in citizen_reports.waiting(conn, State.NEW, 100) if row.number == number)


def confirm(
    conn: db.Connection, report: ReportRow, *, photo: bool = False, lasting: timedelta = 3 * HOUR
) -> None:
    asked = Confirmation(text="Ngập ở Tràng Tiền", photo=photo, lasting=lasting)
    actions.confirm(conn, report.id, asked, by())


def test_what_comes_in_waits_and_nobody_else_sees_it(conn: db.Connection, public: db.Connection) -> None:
    number = citizen_reports.submit(public, NEW)
    [waits] = citizen_reports.waiting(conn, State.NEW, 10)
    assert (waits.number, waits.service, waits.description, waits.contact, waits.has_photo) == (
        number,
        "flood",
        "Nước ngập nửa bánh xe máy",
        "0912 345 678",
        True,
    )
    assert (waits.lat, waits.lon) == (21.028511, 105.854167)
    assert citizen_reports.shown(public, Asked(), 10) == []
    assert citizen_reports.shown_photo(public, number) is None
    told = citizen_reports.told(public, number)
    assert told is not None
    assert (told.state, told.status, told.merged, told.main_number) == ("new", "open", False, None)
    assert citizen_reports.told(public, "00000000") is None


def test_a_confirmed_one_is_public_without_contact_and_with_its_place_rounded(
    conn: db.Connection, public: db.Connection
) -> None:
    report = submitted(conn)
    confirm(conn, report)
    [shown] = citizen_reports.shown(public, Asked(), 10)
    assert (shown.number, shown.description, shown.lat, shown.lon) == (
        report.number,
        "Ngập ở Tràng Tiền",
        21.029,
        105.854,
    )
    assert shown.has_photo is False
    row = public.execute("SELECT * FROM public_view.citizen_report").fetchone()
    assert row is not None
    assert "0912" not in str(row)
    assert "105.854167" not in str(row)


def test_a_photo_is_public_when_somebody_said_so_and_gone_when_it_is_removed(
    conn: db.Connection, public: db.Connection
) -> None:
    report = submitted(conn)
    confirm(conn, report, photo=True)
    assert citizen_reports.shown_photo(public, report.number) == b"\xff\xd8\xff jpeg"
    actions.remove_photo(conn, report.id, by())
    assert citizen_reports.shown_photo(public, report.number) is None
    assert citizen_reports.photo(conn, report.id) is None
    assert citizen_reports.shown(public, Asked(), 10)[0].has_photo is False


def test_a_flood_is_on_the_map_for_its_time_until_it_is_closed(
    conn: db.Connection, public: db.Connection
) -> None:
    report, smoke = submitted(conn), submitted(conn, replace(NEW, service=Service.SMOKE))
    confirm(conn, report, lasting=HOUR)
    confirm(conn, smoke)
    at = datetime.now(UTC)
    assert [one.number for one in citizen_reports.on_map(public, at, 10)] == [report.number]
    assert citizen_reports.on_map(public, at + HOUR, 10) == []
    actions.close(conn, report.id, by())
    assert citizen_reports.on_map(public, at, 10) == []
    assert {one.status for one in citizen_reports.shown(public, Asked(numbers=[report.number]), 10)} == {
        "closed"
    }


def test_closing_and_rejecting_delete_how_to_reach_people(conn: db.Connection) -> None:
    first, second, merged = submitted(conn), submitted(conn), submitted(conn)
    actions.merge(conn, merged.id, first.id, by())
    confirm(conn, first)
    assert conn.execute("SELECT count(*) AS n FROM citizen_report_contact").fetchone() == {"n": 3}
    actions.close(conn, first.id, by())
    assert conn.execute("SELECT report_id AS n FROM citizen_report_contact").fetchall() == [{"n": second.id}]
    actions.reject(conn, second.id, "Không phải ngập", by())
    assert conn.execute("SELECT count(*) AS n FROM citizen_report_contact").fetchone() == {"n": 0}
    third = submitted(conn)
    actions.forget_contact(conn, third.id, by())
    assert submitted(conn).contact is not None
    assert conn.execute("SELECT count(*) AS n FROM citizen_report_contact").fetchone() == {"n": 1}


def test_who_was_merged_sees_how_the_other_stands(conn: db.Connection, public: db.Connection) -> None:
    main, later, latest = submitted(conn), submitted(conn), submitted(conn)
    actions.merge(conn, latest.id, later.id, by())
    actions.merge(conn, later.id, main.id, by())
    told = citizen_reports.told(public, latest.number)
    assert told is not None
    assert (told.state, told.merged, told.main_number) == ("new", True, None)
    confirm(conn, main)
    actions.answer(conn, main.id, "Đang bơm.", "Pumps are on.", by())
    for number in (later.number, latest.number):
        told = citizen_reports.told(public, number)
        assert told is not None
        assert (told.state, told.answer_vi, told.answer_en, told.main_number) == (
            "confirmed",
            "Đang bơm.",
            "Pumps are on.",
            main.number,
        )
    [row] = citizen_reports.waiting(conn, State.CONFIRMED, 10)
    assert row.merged_count == 2


def test_the_reason_is_for_who_has_the_number(conn: db.Connection, public: db.Connection) -> None:
    report = submitted(conn)
    actions.reject(conn, report.id, "  Đã hết nước. ", by())
    told = citizen_reports.told(public, report.number)
    assert told is not None
    assert (told.state, told.status, told.reason) == ("rejected", "closed", "Đã hết nước.")
    assert citizen_reports.shown(public, Asked(), 10) == []


def test_every_act_is_audited(conn: db.Connection) -> None:
    report, other, bad = submitted(conn), submitted(conn), submitted(conn)
    actions.merge(conn, other.id, report.id, by("minh"))
    confirm(conn, report, photo=True)
    actions.answer(conn, report.id, "", "On our way", by())
    actions.forget_contact(conn, report.id, by())
    actions.remove_photo(conn, report.id, by())
    actions.close(conn, report.id, by())
    actions.reject(conn, bad.id, "spam", by())
    events = operators.audit_trail(conn, 20)
    assert [event.action.removeprefix("citizen_report_") for event in events] == [
        *("rejected", "closed", "photo_deleted", "contact_deleted", "answered", "confirmed", "merged"),
    ]
    assert (events[-1].actor, events[-1].subject, events[-1].source, events[-1].detail) == (
        "minh",
        f"citizen report {other.number}",
        "10.0.0.7",
        {"into": report.number},
    )


def test_what_can_not_be_done_is_refused_by_name(conn: db.Connection) -> None:
    report, smoke, done = (
        submitted(conn),
        submitted(conn, replace(NEW, service=Service.SMOKE)),
        submitted(conn),
    )
    confirm(conn, done)
    refused = {
        "other_service": lambda: actions.merge(conn, smoke.id, report.id, by()),
        "moderated": lambda: confirm(conn, done),
        "not_confirmed": lambda: actions.close(conn, report.id, by()),
        "reason_missing": lambda: actions.reject(conn, report.id, "  ", by()),
        "answer_missing": lambda: actions.answer(conn, report.id, " ", "", by()),
        "lasting": lambda: confirm(conn, report, lasting=25 * HOUR),
        "long": lambda: actions.answer(conn, report.id, "x" * 2001, "", by()),
        "unknown": lambda: actions.merge(conn, report.id, report.id, by()),
    }
    before = operators.audit_trail(conn, 20)
    for code, act in refused.items():
        with pytest.raises(CitizenReportRefused) as error:
            act()
        assert error.value.code == code
    actions.close(conn, done.id, by())
    with pytest.raises(CitizenReportRefused) as error:
        actions.merge(conn, report.id, done.id, by())
    assert error.value.code == "closed"
    assert len(operators.audit_trail(conn, 20)) == len(before) + 1


@pytest.mark.parametrize(
    "change",
    [
        {"lat": 10.8},  # Ho Chi Minh City
        {"lon": float("nan")},
        {"description": "  "},
        {"description": "x" * 2001},
        {"contact": "x" * 201},
        {"language": "fr"},
        {"place": PlaceBy.WARD},
        {"place_id": "trung-yen-3"},
        {"photo": Photo(content=b"x" * (3 * 1024 * 1024 + 1), width=1, height=1)},
        {"photo": Photo(content=b"x", width=1601, height=1)},
    ],
)
def test_what_is_no_report_is_refused_by_the_database_too(
    public: db.Connection, change: dict[str, object]
) -> None:
    with pytest.raises(ReportRefused):
        citizen_reports.submit(public, replace(NEW, **change))


def test_the_public_site_can_not_fill_the_database(conn: db.Connection, public: db.Connection) -> None:
    conn.execute(
        "INSERT INTO citizen_report (number, service, lat, lon, place, description, language, channel, requested_at,"
        " updated_at) SELECT lpad(n::text, 8, '0'), 'smoke', 21, 105.8, 'point', 'x', 'vi', 'api', now(), now()"
        " FROM generate_series(1, 600) AS n"
    )
    with pytest.raises(TooManyReports):
        citizen_reports.submit(public, NEW)


def test_numbers_are_eight_signs_that_can_be_told_on_the_phone(conn: db.Connection) -> None:
    numbers = {citizen_reports.submit(conn, replace(NEW, photo=None)) for _ in range(50)}
    assert len(numbers) == 50
    assert {len(number) for number in numbers} == {8}
    assert set("".join(numbers)) <= set("0123456789ABCDEFGHJKMNPQRSTVWXYZ")  # Crockford's base 32
    number = numbers.pop()
    assert citizen_reports.written_number(f" {number[:4].lower()}-{number[4:]}") == number
    assert citizen_reports.written_number("oil00000") == "01100000"
    for text in ("", "1234567", "UUUUUUUU", "123456789", "<script>"):
        assert citizen_reports.written_number(text) is None


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE citizen_report SET description = 'Something else'",
        "UPDATE citizen_report SET lat = 21.1",
        "UPDATE citizen_report SET number = '00000000'",
        "DELETE FROM citizen_report",
        "TRUNCATE citizen_report CASCADE",
    ],
)
def test_what_somebody_said_can_not_be_rewritten(conn: db.Connection, statement: LiteralString) -> None:
    submitted(conn)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        conn.execute(statement)


def test_the_public_role_has_this_way_in_and_no_other(conn: db.Connection, public: db.Connection) -> None:
    report = submitted(conn)
    for table in ("citizen_report", "citizen_report_contact", "citizen_report_photo"):
        for statement in (
            "SELECT * FROM public.{}",
            "INSERT INTO public.{} DEFAULT VALUES",
            "DELETE FROM public.{}",
            "TRUNCATE public.{}",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                public.execute(sql.SQL(statement).format(sql.Identifier(table)))
    for change in (
        "UPDATE public_view.citizen_report SET description = 'x'",
        "INSERT INTO public_view.citizen_report (number) VALUES ('00000000')",
        "DELETE FROM public_view.citizen_report",
        "ALTER FUNCTION public_view.submit_citizen_report RESET ALL",
        "SELECT nextval('public.citizen_report_id_seq')",
        "SET ROLE postgres",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            public.execute(change)
    with_more_rights = conn.execute(
        "SELECT n.nspname AS schema, p.proname AS name, p.provolatile = 'v' AS writes"
        " FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace"
        " WHERE p.prosecdef AND n.nspname IN ('public', 'public_view', 'past_view')"
        "   AND has_function_privilege('hanoi_public', p.oid, 'EXECUTE') ORDER BY 2"
    ).fetchall()
    writing = [row["name"] for row in with_more_rights if row["writes"]]
    asking = ["ask_subscription", "confirm_subscription", "delete_subscriptions"]  # decision 0028
    assert writing == sorted([*asking, "count_api_use", "submit_citizen_report"])  # decisions 0023 and 0024
    ours = [row["name"] for row in with_more_rights if row["schema"] == "public_view"]
    assert ours == sorted([*writing, "citizen_report_told", "subscriptions_held"])
    assert citizen_reports.told(public, report.number) is not None


def test_nobody_else_may_use_the_way_in(postgres: Postgres, database_url: str) -> None:
    postgres.create_login("replay_login", member_of="hanoi_replay")
    url = postgres.url("replay_login", database_url.rsplit("/", 1)[1])
    with db.connect(url, name="test", autocommit=True) as stranger:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            citizen_reports.submit(stranger, NEW)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            citizen_reports.told(stranger, "00000000")


def test_a_trap_in_the_search_path_of_who_calls_is_not_stepped_into(
    conn: db.Connection, public: db.Connection
) -> None:
    """The function runs with its owner's rights, and so looks for tables where it says and nowhere else."""
    public.execute("CREATE TEMPORARY TABLE citizen_report (number text)")
    public.execute("SET search_path = pg_temp, public_view")
    number = citizen_reports.submit(public, NEW)
    assert [row.number for row in citizen_reports.waiting(conn, State.NEW, 10)] == [number]
