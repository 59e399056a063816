"""The counting itself: a suite that always finds nothing would be quiet too."""

from datetime import timedelta

import pytest
from msgspec import structs

from storage import batch, db, things
from storage.batch import Batch
from storage.catalog import load_catalog
from storage.model import Observation, Provenance, Quality, Rejection
from tests.faults import report, suite
from tests.faults.count import mark, tally
from tests.faults.publisher import EPOCH, Sent
from tests.faults.scene import Fault, Result

pytestmark = pytest.mark.faults
BAY = "ltk-01-b07"


def sent(number: int) -> Sent:
    return Sent(number=number, bay=BAY)


@pytest.mark.integration
def test_what_is_lost_doubled_or_wrong_is_found(city_url: str) -> None:
    good, changed, lost, unsent, broken, broken_lost, twice = map(sent, (1, 2, 3, 4, 50, 100, 150))
    acked = [good, changed, lost, broken, broken_lost, twice]
    with db.connect(city_url, name="test", autocommit=True) as conn:
        before = mark(conn)
        observed = load_catalog()["parking"].properties["occupied"]
        datastream_id = things.ensure_datastream(conn, BAY, observed)
        stored = [_observation(datastream_id, each) for each in (good, changed, unsent)]
        stored[1] = structs.replace(stored[1], result=1 - stored[1].result)
        rejections = [_rejection(each) for each in (broken, twice, twice)]
        batch.write(conn, Batch(observations=stored, rejections=rejections), expect_new=True)
        found = tally(conn, acked, before, frozenset(), may_refuse=False)
    assert [each.number for each in found.lost] == [3, 100]
    assert len(found.doubled) == 1
    assert "150" in found.doubled[0]
    assert len(found.wrong) == 2, found.wrong
    assert (found.acked, found.stored, found.rejected) == (6, 1, 3)
    assert not found.clean


def _observation(datastream_id: int, each: Sent) -> Observation:
    return Observation(
        datastream_id=datastream_id,
        phenomenon_time=each.time,
        result_time=each.time,
        result=each.result,
        quality=Quality.GOOD,
        provenance=Provenance.MEASURED,
    )


def _rejection(each: Sent) -> Rejection:
    return Rejection(
        topic=each.topic,
        payload=each.payload,
        reason="not_json",
        detail={},
        received_at=EPOCH + timedelta(days=1),
        source="mqtt",
    )


def test_a_part_of_the_suite_replaces_its_own_rows_of_the_table() -> None:
    def nothing(*_: object) -> None:
        return None

    names = ["a: one", "a: one, twice", f"a: {report.TOGETHER}", "b: other"]
    old = "\n".join(f"| {name} (old) | 1.0 | 5 | 5 | 0 | 0 | 0 | 0 | 0.1 | 0.10 |" for name in names)
    again = Result(fault=Fault(group="a", name="one", inject=nothing), not_run="needs root")
    rows = report.merged(old, [again], names)
    assert len(rows) == 4
    assert "needs root" in rows[0]
    assert all("(old)" in row for row in rows[1:])


def test_every_row_has_a_name_of_its_own() -> None:
    names = suite.names()
    assert len(set(names)) == len(names)
