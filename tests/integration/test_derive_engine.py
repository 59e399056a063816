"""The engine behind derived values: what is due, what differs, what fails, and who waits for whom."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from ingest.derivation import Derivation
from ingest.derive import Deriver
from storage import db, derived, hours, live, observations
from storage.hours import Stretch
from storage.model import Provenance, Quality
from tests.integration.small_derivations import (
    DOMAINS,
    START,
    Gauges,
    Hourly,
    Sum,
    Twice,
    Whole,
    at,
)

pytestmark = pytest.mark.integration


@pytest.fixture
def gauges(database_url: str) -> Iterator[Gauges]:
    with db.connect(database_url, name="test", autocommit=True) as conn:
        yield Gauges(conn=conn)


def deriver(*known: Derivation, failures: list[str] | None = None) -> Deriver:
    return Deriver(known=known, count_failure=(failures if failures is not None else []).append)


def run(gauges: Gauges, now: datetime, *known: Derivation) -> int:
    return deriver(*known).run(gauges.conn, DOMAINS, now)


# what is due


def test_a_value_ahead_of_our_clock_is_used_as_soon_as_its_time_has_come(gauges: Gauges) -> None:
    gauges.write({1: 5, 8: 7})
    running = deriver(Twice(), Sum())
    running.run(gauges.conn, DOMAINS, at(3))
    assert (gauges.stored("twice"), gauges.stored("sum")) == ({1: 10}, {})
    running.run(gauges.conn, DOMAINS, at(8))
    assert gauges.stored("twice") == {1: 10, 8: 14}
    running.run(gauges.conn, DOMAINS, at(10))
    assert gauges.stored("sum") == {10: 12}


def test_a_value_ahead_of_our_clock_is_used_after_a_restart_too(gauges: Gauges) -> None:
    gauges.write({1: 5, 8: 7})
    run(gauges, at(3), Twice(), Sum())
    run(gauges, at(10), Twice(), Sum())
    assert gauges.stored("twice") == {1: 10, 8: 14}
    assert gauges.stored("sum") == {10: 12}


def test_what_closed_while_nothing_ran_is_there_after_the_restart(gauges: Gauges) -> None:
    gauges.write({1: 5, 8: 7})
    run(gauges, at(12), Sum())
    run(gauges, at(300), Sum())
    assert gauges.stored("sum") == dict.fromkeys((10, 20, 30, 40, 50, 60), 12)


def test_a_label_s_own_time_belongs_to_it(gauges: Gauges) -> None:
    gauges.write({10: 5, 20: 7})
    run(gauges, at(19.99), Sum())
    assert gauges.stored("sum") == {}
    run(gauges, at(20), Sum())
    assert gauges.stored("sum") == {20: 12}
    run(gauges, at(200), Sum())  # both are in the hours up to 70, and 80 has only one
    assert gauges.stored("sum") == dict.fromkeys((20, 30, 40, 50, 60, 70), 12)


def test_a_clock_that_was_set_back_stops_nothing(gauges: Gauges) -> None:
    gauges.write({1: 5, 8: 7})
    running = deriver(Twice(), Sum())
    running.run(gauges.conn, DOMAINS, at(60))
    gauges.write({1: 6, 8: 8}, result_time=at(61))
    running.run(gauges.conn, DOMAINS, at(20))  # an hour's steps were computed that are now to come
    assert gauges.stored("twice") == {1: 12, 8: 16}
    assert gauges.stored("sum")[10] == gauges.stored("sum")[20] == 14
    running.run(gauges.conn, DOMAINS, at(60))
    assert gauges.stored("sum") == dict.fromkeys((10, 20, 30, 40, 50, 60), 14)


def test_a_clock_that_leapt_ahead_makes_no_work_without_end(gauges: Gauges) -> None:
    computed: list[datetime] = []
    running = deriver(Sum(before=lambda thing, start: computed.append(start)), Twice())
    gauges.write({1: 5, 8: 7})
    running.run(gauges.conn, DOMAINS, at(12))
    running.run(gauges.conn, DOMAINS, at(12) + timedelta(days=36_500))
    assert gauges.stored("sum") == dict.fromkeys((10, 20, 30, 40, 50, 60), 12)
    assert len(computed) < 10
    running.run(gauges.conn, DOMAINS, at(60))
    gauges.write({55: 1})
    running.run(gauges.conn, DOMAINS, at(71))
    assert gauges.stored("sum")[60] == 13


# what differs


def test_an_answer_that_comes_back_is_stored_each_time_and_every_one_is_kept(gauges: Gauges) -> None:
    now = at(60)
    for n, value in enumerate((5, 6, 5, 6, 5)):
        gauges.write({1: value}, result_time=at(n))
        run(gauges, now, Twice())
        assert gauges.stored("twice") == {1: 2 * value}
    kept = gauges.conn.execute(
        "SELECT result FROM observation_superseded WHERE datastream_id = %s ORDER BY result_time",
        (gauges.stream("twice"),),
    )
    assert [row["result"] for row in kept] == [10, 12, 10, 12]


def test_what_can_no_longer_be_computed_is_withdrawn_and_comes_back(gauges: Gauges) -> None:
    gauges.write({1: 5})
    run(gauges, at(60), Twice())
    gauges.write({1: 5}, quality=Quality.FAIL, result_time=at(2))
    assert run(gauges, at(61), Twice()) == 1
    held = gauges.conn.execute(
        "SELECT result, quality, quality_reason, parameters FROM observation WHERE datastream_id = %s",
        (gauges.stream("twice"),),
    ).fetchall()
    assert held == [
        {"result": 10, "quality": 9, "quality_reason": "not_computable", "parameters": {"of": [5.0]}}
    ]
    assert run(gauges, at(62), Twice()) == 0
    gauges.write({1: 5}, result_time=at(3))
    assert run(gauges, at(63), Twice()) == 1
    assert gauges.stored("twice") == {1: 10}


def test_the_same_result_of_something_else_is_stored_as_such(gauges: Gauges) -> None:
    gauges.write({1: 5, 2: 7})
    run(gauges, at(10), Sum())
    gauges.write({1: 6, 2: 6}, result_time=at(5), provenance=Provenance.SIMULATED)
    assert run(gauges, at(11), Sum()) == 1
    (value,) = observations.between(gauges.conn, [gauges.stream("sum")], START, at(100))
    assert (value.result, value.input_provenance, value.parameters) == (12, "simulated", {"of": [6.0, 6.0]})


def test_parameters_that_json_writes_otherwise_are_no_difference(gauges: Gauges) -> None:
    class Elaborate(Twice):
        def compute(self, subject, start, end, series):  # type: ignore[no-untyped-def]  # the engine's own interface
            for one in super().compute(subject, start, end, series):
                yield type(one)(
                    **{f: getattr(one, f) for f in one.__struct_fields__ if f != "parameters"},
                    parameters={"since": one.time, "pair": (1, 2.0), "quality": Quality.GOOD, "none": None},
                )

    gauges.write({1: 5})
    assert run(gauges, at(10), Elaborate()) == 1
    gauges.write({1: 5}, result_time=at(5))
    assert run(gauges, at(11), Elaborate()) == 0


# chains


def test_what_is_made_of_derived_values_follows_them(gauges: Gauges) -> None:
    for gauge in ("a", "b"):
        gauges.write({1: 5, 8: 7}, gauge=gauge)
    run(gauges, at(10), Whole(), Sum())
    assert gauges.stored("whole") == {10: 24}
    gauges.write({8: 8}, gauge="b", result_time=at(11))
    run(gauges, at(12), Whole(), Sum())
    assert gauges.stored("whole") == {10: 25}
    gauges.write({1: 5, 8: 7}, gauge="b", result_time=at(13), quality=Quality.FAIL)
    run(gauges, at(14), Whole(), Sum())
    assert gauges.stored("whole") == {10: 12}
    assert run(gauges, at(14), Whole(), Sum()) == 0


def test_two_that_wait_for_each_other_are_left_out_and_the_others_go_on(
    gauges: Gauges, caplog: pytest.LogCaptureFixture
) -> None:
    gauges.write({1: 5, 8: 7})
    run(gauges, at(10), Sum())  # makes the Datastream that the others would read
    failures: list[str] = []
    circle = [Sum(name="there", of="sum", outputs=("whole",)), Sum(name="back", of="whole", outputs=("sum",))]
    gauges.conn.execute(
        "INSERT INTO datastream (thing_id, property, unit, derived, interval_s)"
        " VALUES ('a', 'whole', 'mm', true, 60)"
    )
    gauges.write({2: 1})
    deriver(*circle, Twice(), failures=failures).run(gauges.conn, DOMAINS, at(11))
    assert set(failures) == {"back", "there"}
    assert "waits for back" in caplog.text
    assert gauges.stored("twice") == {2: 2}


def test_of_two_that_make_the_same_output_the_first_does(gauges: Gauges) -> None:
    gauges.write({1: 5, 8: 7})
    failures: list[str] = []
    running = deriver(Sum(), Sum(name="other", of="heading"), failures=failures)
    gauges.write({1: 5, 8: 8}, key="heading")
    running.run(gauges.conn, DOMAINS, at(10))
    assert set(failures) == {"other"}
    assert gauges.stored("sum") == {10: 12}


# failures


def broken(thing: str, start: datetime) -> None:
    if thing == "a":
        raise ZeroDivisionError("capacity of a")


def test_a_derivation_that_fails_for_a_thing_stops_nothing_else(
    gauges: Gauges, caplog: pytest.LogCaptureFixture
) -> None:
    for gauge in ("a", "b"):
        gauges.write({1: 5, 8: 7}, gauge=gauge)
    failures: list[str] = []
    running = deriver(Sum(before=broken), Twice(), failures=failures)
    running.run(gauges.conn, DOMAINS, at(10))
    assert (gauges.stored("sum"), gauges.stored("sum", "b")) == ({}, {10: 12})
    assert gauges.stored("twice") == {1: 10, 8: 14}
    assert failures == ["sum"]
    line = next(record for record in caplog.records if "derivation_failed" in record.message)
    assert "derivation=sum thing=a from=2026-11-21T00:10:00+00:00" in line.message
    assert "capacity of a" in line.message
    assert line.exc_info
    assert running.run(gauges.conn, DOMAINS, at(11)) == 0  # the feed is read: nobody waits for it
    assert derived.progress(gauges.conn).feed == live.here(gauges.conn)


def test_what_was_stored_before_a_failure_stays(gauges: Gauges) -> None:
    gauges.write({1: 5, 8: 7})
    run(gauges, at(10), Sum())
    gauges.write({8: 9}, result_time=at(11))
    run(gauges, at(12), Sum(before=broken))
    assert gauges.stored("sum") == {10: 12}


def test_subjects_that_fail_leave_the_other_derivations(gauges: Gauges) -> None:
    class Lost(Sum):
        def subjects(self, city):  # type: ignore[no-untyped-def]  # the engine's own interface
            raise KeyError("gauges")

    gauges.write({1: 5})
    failures: list[str] = []
    deriver(Lost(), Twice(), failures=failures).run(gauges.conn, DOMAINS, at(10))
    assert set(failures) == {"sum"}
    assert gauges.stored("twice") == {1: 10}


@pytest.mark.parametrize(
    "wrong", [{"result": float("nan")}, {"property": "level"}, {"provenances": frozenset()}]
)
def test_an_output_that_cannot_be_is_a_failure(gauges: Gauges, wrong: dict[str, object]) -> None:
    class Wrong(Twice):
        def compute(self, subject, start, end, series):  # type: ignore[no-untyped-def]  # the engine's own interface
            for one in super().compute(subject, start, end, series):
                yield type(one)(**{f: getattr(one, f) for f in one.__struct_fields__} | wrong)

    gauges.write({1: 5})
    failures: list[str] = []
    deriver(Wrong(), Sum(), failures=failures).run(gauges.conn, DOMAINS, at(10))
    assert failures == ["twice"]


def test_a_value_that_the_database_refuses_is_left_out_alone(gauges: Gauges) -> None:
    class Unstorable(Twice):
        def compute(self, subject, start, end, series):  # type: ignore[no-untyped-def]  # the engine's own interface
            for one in super().compute(subject, start, end, series):
                text = "\0" if subject.thing.id == "a" else "good"
                yield type(one)(
                    **{f: getattr(one, f) for f in one.__struct_fields__ if f != "parameters"},
                    parameters={"text": text},
                )

    for gauge in ("a", "b"):
        gauges.write({1: 5}, gauge=gauge)
    failures: list[str] = []
    deriver(Unstorable(), failures=failures).run(gauges.conn, DOMAINS, at(10))
    assert failures == ["twice"]
    assert (gauges.stored("twice"), gauges.stored("twice", "b")) == ({}, {1: 10})


# who waits for whom


def test_while_something_is_computed_the_feed_goes_on(gauges: Gauges, database_url: str) -> None:
    seen: list[int] = []

    def writes(thing: str, start: datetime) -> None:
        with db.connect(database_url, name="other", autocommit=True) as other:
            position = live.here(other)
            Gauges(conn=other).write({100 + len(seen): 1}, gauge="b")
            seen.append(len(live.changes_after(other, position)))

    gauges.write({1: 5, 8: 7})
    run(gauges, at(10), Sum(before=writes))
    assert seen
    assert set(seen) == {1}


def test_nobody_computes_while_another_does(gauges: Gauges, database_url: str) -> None:
    gauges.write({1: 5})
    with db.connect(database_url, name="other", autocommit=True) as other:
        other.execute("SET lock_timeout = '200ms'")
        with gauges.conn.transaction():
            derived.take_turn(gauges.conn)
            with pytest.raises(db.DatabaseUnreachable):
                deriver(Twice()).run(other, DOMAINS, at(10))
        assert deriver(Twice()).run(other, DOMAINS, at(10)) == 1


# hours


def test_only_whole_hours_have_a_mean(gauges: Gauges) -> None:
    gauges.write({n: float(n) for n in range(0, 200, 10)})
    run(gauges, at(175), Hourly())
    # (0, 60] holds 10 to 60, the value at 0 belongs to the hour before
    assert gauges.stored("hourly") == {0: 0.0, 60: 35.0, 120: 95.0}


def test_no_part_of_an_hour_is_taken_for_one(gauges: Gauges) -> None:
    gauges.write({n: float(n) for n in range(0, 200, 10)})
    watched = Hourly(step=None)
    for now in (135, 155, 175):
        run(gauges, at(now), watched)
        gauges.write({now - 5: 1.0}, result_time=at(now))
    assert {(mean.time, mean.count) for mean in watched.given} == {(at(0), 1), (at(60), 6), (at(120), 6)}


def test_the_mean_of_directions_is_that_of_the_vectors(gauges: Gauges) -> None:
    gauges.write({10: 350.0, 20: 20.0}, key="heading")
    run(gauges, at(60), Hourly(of="heading"))
    assert gauges.stored("hourly")[60] == pytest.approx(5.0)


def test_a_mean_has_the_same_bits_in_whatever_order_its_values_came(gauges: Gauges) -> None:
    values = {n: 0.1 * n + 1e-9 for n in range(1, 60)}
    gauges.write(values)
    for minutes, value in sorted(values.items(), reverse=True):
        gauges.write({minutes: value}, gauge="b")
    one, other = (
        hours.means(gauges.conn, [Stretch(datastream_id=gauges.stream("level", g), start=START, end=at(60))])
        for g in ("a", "b")
    )
    assert [mean.mean for mean in one] == [mean.mean for mean in other]
    assert one[0].count == 59


def test_a_new_thing_needs_no_restart(gauges: Gauges) -> None:
    running = deriver(Twice())
    running.run(gauges.conn, DOMAINS, at(1))
    gauges.add("c")
    gauges.write({1: 5}, gauge="c")
    running.run(gauges.conn, DOMAINS, at(2))
    assert gauges.stored("twice", "c") == {1: 10}


# what retention deleted


def test_what_was_made_of_deleted_values_stays_as_it_is(gauges: Gauges) -> None:
    gauges.write({30: 1, 61: 2, 119: 4})
    run(gauges, at(180), Sum())
    sums = {70: 3.0, 80: 3.0, 90: 3.0, 120: 6.0}
    assert gauges.stored("sum") == sums
    gauges.delete_before(60)
    gauges.write({62: 8})
    run(gauges, at(180), Sum())
    assert gauges.stored("sum") == {
        **sums,
        120: 14.0,
    }  # the first that is made of nothing before the minute 60


def test_a_value_that_comes_for_a_time_that_is_deleted_makes_nothing(gauges: Gauges) -> None:
    gauges.write({30: 1, 40: 2})
    run(gauges, at(180), Sum(), Twice())
    gauges.delete_before(60)
    sums = gauges.stored("sum")
    gauges.write({10: 8, 61: 8})
    run(gauges, at(180), Sum(), Twice())
    assert gauges.stored("sum") == sums
    assert gauges.stored("twice") == {30: 2, 40: 4, 61: 16}


def test_a_derived_value_that_was_deleted_itself_is_not_made_again(gauges: Gauges) -> None:
    gauges.write({1: 5, 8: 7})
    run(gauges, at(60), Twice())
    gauges.delete_before(5, key="twice")
    gauges.write({2: 6, 9: 8})
    run(gauges, at(60), Twice())
    assert gauges.stored("twice") == {8: 14, 9: 16}


def test_what_is_deleted_while_a_batch_is_computed_withdraws_nothing(
    gauges: Gauges, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Retention commits just before the inputs are read."""
    gauges.write({1: 5, 8: 7})
    run(gauges, at(60), Sum())
    sums = gauges.stored("sum")
    gauges.write({9: 1})
    read = hours.values

    def deleted_first(conn: db.Connection, asked: list[Stretch]) -> object:
        if gauges.conn.execute("SELECT 1 FROM rollup_horizon").fetchone() is None:
            gauges.delete_before(600)
        return read(conn, asked)

    monkeypatch.setattr(hours, "values", deleted_first)
    run(gauges, at(60), Sum())
    assert gauges.stored("sum") == sums
