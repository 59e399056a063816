"""Public notices in the database: what can be published, how one ends, and that nothing else can be done to it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import LiteralString

import psycopg
import pytest

from deploy.embedded.postgres import Postgres
from storage import db, notice_actions, notices, operators, wards
from storage.notice_actions import NewNotice, NoticeRefused
from storage.notices import Kind

NOW = datetime.now(UTC)
HOUR = timedelta(hours=1)
NEW = NewNotice(
    kind=Kind.WORKS,
    text_vi="Bơm thử trạm Yên Sở",
    text_en="Test of the Yen So pumps",
    starts_at=NOW,
    ends_at=NOW + HOUR,
)


@pytest.fixture
def conn(database_url: str) -> Iterator[db.Connection]:
    with db.connect(database_url, name="test", autocommit=True) as conn:
        yield conn


def publish(conn: db.Connection, new: NewNotice) -> int:
    return notice_actions.publish(conn, new, author="lan", source="10.0.0.7", now=NOW)


def test_what_is_published_is_shown_and_audited(conn: db.Connection) -> None:
    number = publish(conn, replace(NEW, wards=["00070", "00004", "00070"]))
    [shown] = notices.shown(conn)
    assert (shown.id, shown.kind, shown.text_vi, shown.text_en) == (
        number,
        "works",
        "Bơm thử trạm Yên Sở",
        "Test of the Yen So pumps",
    )
    assert shown.wards == ["00004", "00070"]
    [event] = operators.audit_trail(conn, 5)
    assert (event.actor, event.action, event.subject, event.source) == (
        "lan",
        "notice_published",
        f"notice {number}",
        "10.0.0.7",
    )
    assert event.detail["text_en"] == "Test of the Yen So pumps"


def test_one_that_is_to_come_is_not_shown_before(conn: db.Connection) -> None:
    publish(conn, replace(NEW, starts_at=NOW + HOUR, ends_at=NOW + 2 * HOUR))
    assert notices.shown(conn) == []
    [coming] = notices.open_notices(conn, NOW)
    assert coming.author == "lan"


def test_a_withdrawn_one_is_gone_at_once_and_stays_on_record(conn: db.Connection) -> None:
    number = publish(conn, NEW)
    assert notice_actions.withdraw(conn, number, actor="minh", source="-", now=NOW)
    assert not notice_actions.withdraw(conn, number, actor="lan", source="-", now=NOW)
    assert notices.shown(conn) == []
    assert notices.open_notices(conn, NOW) == []
    [past] = notices.past_notices(conn, NOW, 10)
    assert (past.withdrawn_by, past.withdrawn_at) == ("minh", NOW)
    assert [event.action for event in operators.audit_trail(conn, 5)] == [
        "notice_withdrawn",
        "notice_published",
    ]


def test_to_edit_is_to_withdraw_and_publish_anew(conn: db.Connection) -> None:
    first = publish(conn, NEW)
    second = publish(conn, replace(NEW, text_en="Put off", replaces=first))
    assert [one.id for one in notices.shown(conn)] == [second]
    with pytest.raises(NoticeRefused, match=f"notice {first} is over"):
        publish(conn, replace(NEW, replaces=first))
    assert [one.id for one in notices.shown(conn)] == [second]


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ({"text_vi": " \n"}, "text", "text_vi"),
        ({"text_en": ""}, "text", "text_en"),
        ({"text_en": "x" * 501}, "length", "text_en: over 500"),
        ({"wards": ["00070", "99999"]}, "ward", "99999"),
        ({"ends_at": None}, "end", "ends_at"),
        ({"ends_at": NOW}, "end_before_start", "ends_at"),
        ({"starts_at": NOW - 2 * HOUR, "ends_at": NOW - HOUR}, "end_past", "ends_at"),
        ({"ends_at": NOW + timedelta(days=30, seconds=1)}, "too_long", "30 days"),
        ({"starts_at": NOW + timedelta(days=367), "ends_at": NOW + timedelta(days=368)}, "far", "starts_at"),
        ({"replaces": 4711}, "replaced_is_over", "4711"),
    ],
)
def test_what_can_not_be_is_refused_by_name(
    conn: db.Connection, change: dict[str, object], code: str, words: str
) -> None:
    with pytest.raises(NoticeRefused, match=words) as refused:
        publish(conn, replace(NEW, **change))
    assert refused.value.code == code
    assert notices.open_notices(conn, NOW) == []
    assert operators.audit_trail(conn, 5) == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE notice SET text_en = 'Something else'",
        "UPDATE notice SET ends_at = ends_at + INTERVAL '1 hour'",
        "UPDATE notice SET author = 'nobody'",
        "DELETE FROM notice",
        "TRUNCATE notice",
    ],
)
def test_history_can_not_be_rewritten(conn: db.Connection, statement: LiteralString) -> None:
    publish(conn, NEW)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        conn.execute(statement)


def test_a_withdrawal_can_not_be_taken_back(conn: db.Connection) -> None:
    notice_actions.withdraw(conn, publish(conn, NEW), actor="lan", source="-", now=NOW)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        conn.execute("UPDATE notice SET (withdrawn_at, withdrawn_by) = (NULL, NULL)")


def test_the_public_role_reads_what_holds_now_and_not_who_wrote_it(
    postgres: Postgres, conn: db.Connection, database_url: str
) -> None:
    publish(conn, NEW)
    notice_actions.withdraw(conn, publish(conn, NEW), actor="lan", source="-", now=NOW)
    publish(conn, replace(NEW, starts_at=NOW + HOUR, ends_at=NOW + 2 * HOUR))
    postgres.create_login("public_login", member_of="hanoi_public")
    url = postgres.url("public_login", database_url.rsplit("/", 1)[1])
    with db.connect(url, name="test", autocommit=True) as public:
        assert len(notices.shown(public)) == 1
        [row] = public.execute("SELECT * FROM public_view.notice").fetchall()
        assert set(row) == {
            *("id", "kind", "text_vi", "text_en", "wards", "starts_at", "ends_at", "published_at"),
        }
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            public.execute("SELECT * FROM public.notice")


def test_a_ward_has_a_name_in_both_languages() -> None:
    name = wards.by_code()["00070"].full_name
    assert (name.vi, name.en) == ("Phường Hoàn Kiếm", "Hoan Kiem ward")
    assert {one.full_name.en for one in wards.units()} >= {"Dong Anh commune", "Dong Da ward"}
