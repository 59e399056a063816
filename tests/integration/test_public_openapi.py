"""Whatever the document allows or forbids: answers have the documented status, type and shape, and never fail."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode, checks
from schemathesis.core.result import Ok

from dashboard.public_site import Allowed
from storage.model import Provenance
from tests.public_site import Writer, now, serving

pytestmark = pytest.mark.integration


@pytest.fixture
def document(city_url: str) -> Iterator[schemathesis.BaseSchema]:
    """The API of a city with some values; the stream is left out, because it does not end."""
    city, at = Writer(city_url), now()
    city.write(
        "flood-tong-dan", "water_depth", *[(at - timedelta(minutes=n), 10.0 + n % 50) for n in range(500)]
    )
    city.write("hoan-kiem", "vn_aqi", (at, 90), provenance=Provenance.DERIVED)
    city.write("ltk-01-b01", "occupied", (at, 1))
    with serving(city_url) as served:
        yield schemathesis.openapi.from_url(f"{served.url}/openapi.json").exclude(path="/api/v1/stream")


def test_refusals_keep_to_the_document_too(city_url: str) -> None:
    """Every operation asked by somebody who has asked too much, and with a key that is none."""
    with serving(city_url, allowed=Allowed(api_per_minute=1, queries_per_minute=1)) as served:
        document = schemathesis.openapi.from_url(f"{served.url}/openapi.json").exclude(path="/api/v1/stream")
        for operation in (found.ok() for found in document.get_all_operations() if isinstance(found, Ok)):
            _try(operation, GenerationMode.POSITIVE, examples=3)
    with serving(city_url) as served:
        document = schemathesis.openapi.from_url(f"{served.url}/openapi.json").exclude(path="/api/v1/stream")
        for operation in (found.ok() for found in document.get_all_operations() if isinstance(found, Ok)):
            _try(operation, GenerationMode.POSITIVE, examples=3, headers={"X-API-Key": "none of ours"})


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_answers_keep_to_the_document(document: schemathesis.BaseSchema, mode: GenerationMode) -> None:
    operations = [found.ok() for found in document.get_all_operations() if isinstance(found, Ok)]
    assert len(operations) == 19
    for operation in operations:
        if mode is GenerationMode.POSITIVE or operation.path_parameters or operation.query:
            _try(operation, mode)


def _try(
    operation: Any, mode: GenerationMode, *, examples: int = 30, headers: dict[str, str] | None = None
) -> None:
    """A cursor or a domain that fits its pattern may still not exist: then a refusal is right."""

    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def answers(case: Any) -> None:
        case.call_and_validate(headers=headers, excluded_checks=[checks.positive_data_acceptance])

    answers()
