"""What the docs show as an example is what the product takes and answers."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dashboard.api.schema import RawItem
from ingest.decoders import native
from ingest.validate import Known, check
from ingest.wire import parse_topic
from storage.model import Domain, Provenance

DOCS = Path(__file__).parents[2] / "docs"


def examples(page: str) -> list[Any]:
    found = re.findall(r"^```json\n(.*?)^```", (DOCS / page).read_text("utf-8"), re.DOTALL | re.MULTILINE)
    return [json.loads(example) for example in found]


def test_the_derived_value_of_the_api_has_the_shape_of_its_document() -> None:
    (example,) = examples("api.md")
    item = RawItem.model_validate(example)
    assert item.provenance == "derived"
    made_of = item.parameters or {}
    assert set(made_of) == {"dominant", "sub_indices", "concentrations", "hours"}
    assert item.result == made_of["sub_indices"][made_of["dominant"]] == max(made_of["sub_indices"].values())


def test_the_openapi_document_says_what_parameters_are() -> None:
    found = RawItem.model_json_schema()["properties"]["parameters"]
    assert "what a derived value or a forecast was made of" in found["description"]
    assert "dominant" in found["examples"][0]


def test_the_grab_sample_is_taken_as_it_stands(domains: dict[str, Domain]) -> None:
    (sample,) = [one for one in examples("indicators/water.md") if "results" in one]
    topic = parse_topic("hanoi/v1/water_quality/west-lake-trich-sai/observations")
    assert topic is not None
    assert "hanoi/v1/water_quality/west-lake-trich-sai/observations" in (
        DOCS / "indicators" / "water.md"
    ).read_text("utf-8")
    streams = {key: number for number, key in enumerate(domains["water_quality"].properties)}
    known = Known(domains=domains, things={(topic.domain, topic.thing): streams})
    decoded = native.decode(json.dumps(sample).encode())
    checked = check(topic, decoded.readings, known, datetime(2026, 11, 22, tzinfo=UTC))
    assert not (*decoded.faults, *checked.faults)
    assert len(checked.observations) == len(sample["results"]) == 5
    assert {one.provenance for one in checked.observations} == {Provenance.MANUAL}
