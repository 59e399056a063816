"""Errors as problem details (RFC 9457): one table from exception to status."""

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final, NoReturn

import msgspec
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from dashboard.api.schema import Problem
from storage.catalog import in_plain_words
from storage.db import DatabaseUnreachable

log = logging.getLogger(__name__)

MEDIA_TYPE: Final = "application/problem+json"
DOCUMENTED: Final[dict[int | str, dict[str, Any]]] = {
    status: {
        "description": text,
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for status, text in (
        (401, "The key is not known, was revoked or is over"),
        (404, "There is no such thing"),
        (422, "A parameter is wrong; `errors` names it"),
        (429, "Too many requests; `Retry-After` says when to try again"),
        (503, "The database can't be reached; try again"),
    )
}

_NO_ID: Final = "is no id: 1 to 64 of a-z, 0-9, '_' and '-'"
_MEANT: Final[Mapping[str, str]] = {
    "near": "is no lat,lon in degrees, such as 21.0285,105.8542",
    "bbox": "is no west,south,east,north in degrees, such as 105.80,21.00,105.86,21.06",
    "quality": "is no list of 1, 2, 3, 4 and 9, such as 1,2",
}
"""What a parameter is, where a pattern would say little."""


class BadParameter(Exception):
    """A parameter that is well-formed and still wrong."""

    def __init__(self, parameter: str, detail: str) -> None:
        super().__init__(f"{parameter}: {detail}")
        self.parameter = parameter
        self.detail = detail


def not_found(detail: str) -> NoReturn:
    raise HTTPException(404, detail)


def problem(
    status: int, detail: str, *, faults: Sequence[tuple[str, str]] = (), headers: dict[str, str] | None = None
) -> Response:
    content: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    if faults:
        content["errors"] = [{"parameter": name, "detail": text} for name, text in faults]
    return Response(msgspec.json.encode(content), status, media_type=MEDIA_TYPE, headers=headers)


def install(app: FastAPI) -> None:
    """Every error of every route leaves as a problem."""
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(BadParameter, _bad_parameter)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(DatabaseUnreachable, _unreachable)
    app.add_exception_handler(Exception, _unexpected)


def schema() -> dict[str, Any]:
    """For the OpenAPI document."""
    return Problem.model_json_schema(ref_template="#/components/schemas/{model}")


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return _wrong_parameters([_fault(fault) for fault in error.errors()])


async def _bad_parameter(request: Request, error: Exception) -> Response:
    assert isinstance(error, BadParameter)
    return _wrong_parameters([(error.parameter, error.detail)])


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return problem(error.status_code, error.detail, headers=dict(error.headers or {}))


async def _unreachable(request: Request, error: Exception) -> Response:
    log.warning("request_without_database path=%s error=%r", request.url.path, str(error).strip())
    return problem(503, "the database can't be reached; try again", headers={"Retry-After": "5"})


async def _unexpected(request: Request, error: Exception) -> Response:
    return problem(500, "an error of ours; it is in the log")


def _fault(fault: Mapping[str, Any]) -> tuple[str, str]:
    name = ".".join(str(part) for part in fault["loc"][1:])
    if fault["type"] == "string_pattern_mismatch":
        return name, _MEANT.get(name, _NO_ID)
    return name, in_plain_words(fault["msg"])


def _wrong_parameters(faults: Sequence[tuple[str, str]]) -> Response:
    return problem(422, "; ".join(f"{name}: {text}" for name, text in faults), faults=faults)
