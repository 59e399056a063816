"""What the API's document says of every operation: examples that fit, all errors, how much may be asked."""

from types import SimpleNamespace
from typing import Any

import jsonschema
import pytest
from fastapi import FastAPI

from dashboard.api import (
    alerts,
    cap,
    datex2,
    documents,
    domains,
    forecasts,
    maps,
    notices,
    observations,
    stream,
    subscriptions,
    things,
)

PROBLEM = "application/problem+json"


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    for module in (domains, things, observations, forecasts, maps, datex2, stream, alerts, cap, notices):
        app.include_router(module.router(SimpleNamespace()), prefix="/api/v1")  # type: ignore[arg-type]  # only the document is made
    app.include_router(
        subscriptions.router(SimpleNamespace(), SimpleNamespace()),  # type: ignore[arg-type]  # only the document is made
        prefix="/api/v1",
    )
    documents.install_openapi(app)
    return app.openapi()


def test_every_answer_has_an_example_that_fits_its_schema(document: dict[str, Any]) -> None:
    wrong, seen = [], 0
    for path, operations in document["paths"].items():
        for operation in operations.values():
            for status, answer in operation["responses"].items():
                for media in answer["content"].values():
                    schema = {**media["schema"], "components": document["components"]}
                    check = jsonschema.Draft202012Validator(schema)
                    wrong += [(path, status, one.message) for one in check.iter_errors(media["example"])]
                    seen += 1
    assert wrong == []
    assert seen >= 4 * len(document["paths"])


def test_every_operation_has_its_errors_as_problems_and_says_what_is_left(document: dict[str, Any]) -> None:
    for path, operations in document["paths"].items():
        for operation in operations.values():
            answers = operation["responses"]
            assert {"200", "401", "429"} <= set(answers), path
            assert "404" in answers or "{" not in path, path
            assert "422" in answers or not operation.get("parameters"), path
            for status, answer in answers.items():
                assert status == "200" or set(answer["content"]) == {PROBLEM}, path
                assert "RateLimit" in answer["headers"], path
                assert ("Retry-After" in answer["headers"]) is (status in ("429", "503")), path


def test_a_key_is_described_and_not_needed(document: dict[str, Any]) -> None:
    assert set(document["components"]["securitySchemes"]) == {"bearer", "key"}
    securities = [one["security"] for operations in document["paths"].values() for one in operations.values()]
    assert all({} in security for security in securities)
    assert "HTTPValidationError" not in document["components"]["schemas"]
