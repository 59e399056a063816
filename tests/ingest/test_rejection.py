"""What is kept of a refused message stays small, however it was made."""

import json
from datetime import UTC, datetime

from ingest.decoders import extent
from ingest.model import Envelope, Fault, Position, Prepared, Reason
from ingest.rejection import detail

NOW = datetime(2026, 11, 22, 3, 4, 5, tzinfo=UTC)


def test_paths_and_messages_are_cut() -> None:
    long = "k" * 60_000
    fault = Fault(reason=Reason.WRONG_TYPE, path=f"$.{long}", message=f"'{long}' is long")
    envelope = Envelope(topic="t", payload=b"", received_at=NOW, position=Position(1, 1))
    kept = detail(Prepared(envelope=envelope, faults=[fault] * 4000))
    first = kept["faults"][0]
    assert [len(first["path"]), len(first["message"])] == [300, 300]
    assert first["path"].startswith("$.kkk")
    assert first["path"].endswith("k…")
    assert kept["more_faults"] == 3900
    assert len(json.dumps(kept)) < 100_000


def test_a_long_key_above_many_wrong_numbers_of_a_flooded_area_is_not_repeated() -> None:
    properties = {"k" * 60_000: [float("nan")] * 4000}
    document = {"type": "FeatureCollection", "time": "2026-11-22T03:00:00Z", "features": [properties]}
    faults = extent.decode(json.dumps(document).encode())
    assert isinstance(faults, list)
    assert {fault.reason for fault in faults} == {Reason.NOT_FINITE}
    assert sum(len(fault.path) for fault in faults) < 100_000
