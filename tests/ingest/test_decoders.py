"""Every decoder on its golden folders, and on 10,000 inputs that nobody meant for it."""

import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest import decoders
from ingest.decoders import Context
from ingest.model import Reason
from tests.conftest import SHARED
from tests.ingest.decoder_cases import Case, cases, shown

CASES = cases()


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.decoder_name}/{case.folder.name}")
def test_golden(case: Case) -> None:
    if "payload_from" in case.table and not SHARED.is_dir():
        pytest.skip(f"{case.table['payload_from']} is in ../shared, which is absent")
    assert shown(case.decoder.decode(case.payload, case.context)) == case.expected


@pytest.mark.parametrize("name", decoders.names())
def test_every_format_has_a_payload_that_is_read_and_one_that_is_refused(name: str) -> None:
    own = [case.expected for case in CASES if case.decoder_name == name]
    assert any(expected["readings"] for expected in own)
    assert any(expected["faults"] for expected in own)


@pytest.mark.parametrize("name", decoders.names())
def test_10_000_inputs_raise_nothing(name: str) -> None:
    own = [case for case in CASES if case.decoder_name == name and case.payload_path.is_file()]
    decoder = decoders.find(name)
    # Strategies made here, once: making them for each example takes four times as long as all the rest.
    mutated = [st.tuples(st.just(case.context), _payloads(case.payload)) for case in own]

    @settings(max_examples=10_000, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(sent=st.one_of(mutated))
    def run(sent: tuple[Context, bytes]) -> None:
        context, payload = sent
        decoded = decoder.decode(payload, context)
        for reading in decoded.readings:
            assert reading.time.tzinfo is not None
            assert reading.result_time.tzinfo is not None
            assert reading.results
            assert all(math.isfinite(value) for value in reading.results.values())
        assert decoded.readings or decoded.faults, "a payload never vanishes"
        assert all(isinstance(fault.reason, Reason) for fault in decoded.faults)

    run()


def _payloads(good: bytes) -> st.SearchStrategy[bytes]:
    """A good payload with a few bytes replaced, cut out or put in; or any bytes."""
    at = st.integers(0, max(0, len(good) - 1))
    piece = st.binary(max_size=6) | st.sampled_from(
        [
            b"null",
            b"NaN",
            b"1e999",
            b"-1",
            b'""',
            b"[]",
            b"{}",
            b"\x00",
            b"\xff",
            b'"\\ud800"',
            b"true",
            b"\t",
        ]
    )
    mutated = st.tuples(at, st.integers(0, 8), piece).map(lambda m: good[: m[0]] + m[2] + good[m[0] + m[1] :])
    return mutated | st.binary(max_size=64)
