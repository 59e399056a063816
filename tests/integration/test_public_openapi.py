"""Whatever the document allows or forbids: answers have the documented status, type and shape, and never fail."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode, checks
from schemathesis.core.result import Ok

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


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_answers_keep_to_the_document(document: schemathesis.BaseSchema, mode: GenerationMode) -> None:
    operations = [found.ok() for found in document.get_all_operations() if isinstance(found, Ok)]
    assert len(operations) == 13
    for operation in operations:
        if mode is GenerationMode.POSITIVE or operation.path_parameters or operation.query:
            _try(operation, mode)


def _try(operation: Any, mode: GenerationMode) -> None:
    """A cursor or a domain that fits its pattern may still not exist: then a refusal is right."""

    @settings(
        max_examples=30,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def answers(case: Any) -> None:
        case.call_and_validate(excluded_checks=[checks.positive_data_acceptance])

    answers()
