"""SensorThings Observations that are made and read back; the rest is in the golden folders."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.decoders import Context, sensorthings
from ingest.decoders.sensorthings import Options
from ingest.model import Decoded, Reason

NOW = datetime(2026, 11, 22, 3, 4, 5, tzinfo=UTC)


def read(body: object, topic: str = "v1.1/Observations", options: Options | None = None) -> Decoded:
    context = Context(topic=topic, received_at=NOW, options=options or Options())
    return sensorthings.decode(json.dumps(body).encode(), context)


ids = st.integers(-(2**53), 2**53) | st.text(min_size=1, max_size=20)
zones = st.sampled_from([UTC, timezone(timedelta(hours=7))])
times = st.builds(
    lambda zone, second: datetime.fromtimestamp(second, zone), zones, st.floats(946684800, 4102444800)
)


@given(ids, times, st.none() | times, st.booleans() | st.floats(allow_nan=False, allow_infinity=False))
def test_what_is_sent_is_read(
    datastream: int | str, time: datetime, result_time: datetime | None, result: float | bool
) -> None:
    body = {
        "phenomenonTime": time.isoformat(),
        "resultTime": result_time and result_time.isoformat(),
        "result": result,
        "Datastream": {"@iot.id": datastream},
    }
    (reading,) = read(body).readings
    assert (reading.device, reading.time, reading.result_time) == (str(datastream), time, result_time or time)
    assert reading.results == {str(datastream): result}


@given(st.text(st.characters(exclude_characters="()", exclude_categories=["Cs"]), min_size=1, max_size=20))
def test_a_topic_quotes_an_id_that_is_text(name: str) -> None:
    quoted = name.replace("'", "''")
    (reading,) = read({"result": 1}, f"v1.1/Datastreams('{quoted}')/Observations").readings
    assert reading.device == name


@pytest.mark.parametrize(
    "topic",
    [
        "v1.1/Datastreams(7)",
        "v1.1/Datastreams/Observations",
        "v1.1/Datastreams()/Observations",
        "file:a.json",
    ],
)
def test_another_topic_names_no_datastream(topic: str) -> None:
    assert [fault.path for fault in read({"result": 1}, topic).faults] == ["$.Datastream"]
    assert read({"result": 1, "Datastream": {"@iot.id": 7}}, topic).readings


@pytest.mark.parametrize("number", [2**53 + 2, 1e300, -(2**60), True, None, "", [1]])
def test_an_id_that_json_may_have_changed_is_refused(number: object) -> None:
    (fault,) = read({"result": 1, "Datastream": {"@iot.id": number}}).faults
    assert (fault.reason, fault.path) == (Reason.WRONG_TYPE, "$.Datastream.@iot.id")


@pytest.mark.parametrize(
    ("quality", "flag"),
    [(4, "fault"), (4.0, "fault"), ("bad", "fault"), (3, "estimated"), (1, None), ({}, None)],
)
def test_a_quality_is_a_flag_where_the_source_says_so(quality: object, flag: str | None) -> None:
    options = Options(property="ph", quality={"4": "fault", "bad": "fault", "3": "estimated"})
    (reading,) = read(
        {"result": 1, "resultQuality": quality}, "v1.1/Datastreams(1)/Observations", options
    ).readings
    assert reading.flags == ({} if flag is None else {"ph": flag})
