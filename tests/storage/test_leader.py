"""Who leads: terms grow, an old term can't write, a frozen leader loses its sessions."""

from collections.abc import Iterator
from threading import Thread

import psycopg
import pytest

from storage import db, leader

pytestmark = pytest.mark.integration


@pytest.fixture
def conn(database_url: str) -> Iterator[db.Connection]:
    with db.connect(database_url, name="test", autocommit=True) as opened:
        yield opened


def test_terms_grow_and_only_the_newest_may_write(conn: db.Connection) -> None:
    assert leader.current(conn) is None
    first, second = leader.take_over(conn, "one"), leader.take_over(conn, "two")
    assert second > first
    leader.require(conn, second)
    with pytest.raises(leader.Deposed, match=f"term {first} is over"):
        leader.require(conn, first)
    with pytest.raises(leader.Deposed):
        leader.beat(conn, first)
    row = leader.current(conn)
    assert row is not None
    assert (row.term, row.holder) == (second, "two")


def test_a_new_term_waits_for_what_the_old_one_has_begun(conn: db.Connection, database_url: str) -> None:
    term = leader.take_over(conn, "one")
    with db.connect(database_url, name="test") as other:
        leader.require(other, term)  # begins a transaction
        taken: list[int] = []
        taking = Thread(target=lambda: taken.append(_take_over(database_url)))
        taking.start()
        taking.join(0.5)
        assert taken == []
        leader.beat(conn, term)  # the heartbeat is not held up
        other.commit()
        taking.join(30)
    assert taken == [term + 1]


def _take_over(url: str) -> int:
    with db.connect(url, name="test", autocommit=True) as conn:
        return leader.take_over(conn, "two")


def test_a_frozen_leader_loses_its_sessions_and_nobody_elses(conn: db.Connection, database_url: str) -> None:
    leader.take_over(conn, "frozen")
    with (
        db.connect(database_url, name=leader.session_name("frozen"), autocommit=True) as frozen,
        db.connect(database_url, name=leader.session_name("other"), autocommit=True) as other,
    ):
        assert leader.depose(conn, "frozen") == 1
        with pytest.raises(psycopg.OperationalError):
            frozen.execute("SELECT 1")
        assert other.execute("SELECT 1 AS one").fetchone() == {"one": 1}
