"""/docs and /openapi.json from our own server: FastAPI's stock page loads a CDN."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from fastapi import APIRouter, FastAPI, Request
from fastapi.openapi.utils import get_openapi
from fastapi.responses import Response

from dashboard.api import examples, problems
from dashboard.api.answers import EncodedAnswer
from dashboard.encoded import Encoded, encode
from dashboard.static import StaticFile, static_file

PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Hanoi open data API</title>
<link rel="icon" href="/assets/icon.svg">
<link rel="stylesheet" href="/assets/swagger/swagger-ui.css">
</head>
<body>
<main id="swagger-ui"></main>
<script src="/assets/swagger/swagger-ui-bundle.js"></script>
<script type="module" src="/assets/api-docs.js"></script>
</body>
</html>
"""
DESCRIPTION: Final = """
Live and historic measurements of Hanoi: air, water, rain, flooding, parking. JSON and GeoJSON, times in UTC. No key is
needed; who asks much can have one with a quota of its own. Every answer says what is left (`RateLimit`).
Every value says where it comes from (`provenance`): most of what a demonstration shows is `simulated`.
"""


def router() -> APIRouter:
    routes = APIRouter(include_in_schema=False)
    page = encode(PAGE.encode())

    @routes.get("/docs")
    async def docs() -> Response:
        return EncodedAnswer(page, media_type="text/html; charset=utf-8", max_age_s=0)

    return routes


def install_openapi(app: FastAPI) -> None:
    """The document with our error shape in place of FastAPI's, encoded when it is first asked for."""
    kept: list[Encoded] = []

    async def serve(request: Request) -> Response:
        if not kept:
            kept.append(encode(app.openapi()))
        return EncodedAnswer(kept[0], media_type="application/json", max_age_s=60)

    app.add_route("/openapi.json", serve, methods=["GET"], include_in_schema=False)

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            made = get_openapi(
                title="Hanoi open data", version="1", description=DESCRIPTION, routes=app.routes, tags=TAGS
            )
            schemas = made.setdefault("components", {}).setdefault("schemas", {})
            for name in ("HTTPValidationError", "ValidationError"):
                schemas.pop(name, None)
            shape = problems.schema()
            schemas |= shape.pop("$defs", {}) | {"Problem": shape}
            made["components"]["securitySchemes"] = SCHEMES
            for path, operations in made["paths"].items():
                for operation in operations.values():
                    _complete(path, operation)
            app.openapi_schema = made
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]


def _complete(path: str, operation: dict[str, Any]) -> None:
    """What all operations have: the key that nobody needs, its refusals, headers and examples."""
    operation["security"] = [{}, *({name: []} for name in SCHEMES)]
    answers = operation["responses"]
    for status in (401, 429):
        answers[str(status)] = dict(problems.DOCUMENTED[status])
    for status, answer in answers.items():
        told = LIMIT_HEADERS | ANSWER_HEADERS if status == "200" else LIMIT_HEADERS
        answer["headers"] = {**told, **(RETRY_HEADERS if status in ("429", "503") else {})}
        example = examples.ANSWERS.get(path) if status == "200" else examples.PROBLEMS.get(status)
        answer["content"] = {
            kind: media if "example" in media or example is None else {**media, "example": example}
            for kind, media in answer.get("content", {}).items()
        }


def _header(description: str, example: str, kind: str = "string") -> dict[str, Any]:
    return {"description": description, "schema": {"type": kind}, "example": example}


LIMIT_HEADERS: Final = {
    "RateLimit-Policy": _header("quota and window in seconds of each policy", '"api";q=3000;w=60'),
    "RateLimit": _header("what is left, and for how many seconds", '"api";r=2990;t=42'),
}
ANSWER_HEADERS: Final = {
    "ETag": _header("give it as If-None-Match: 304 while nothing is another", 'W/"0f3a9c"'),
    "Cache-Control": _header("how long anybody may keep it", "public, max-age=1"),
    "Link": _header('the next page, rel="next"', '<?cursor=aG9hbi1raWVt>; rel="next"'),
}
RETRY_HEADERS: Final = {"Retry-After": _header("seconds", "12")}
SCHEMES: Final = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "a key with a quota of its own"},
    "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
}
TAGS: Final = [
    {"name": "things", "description": "Stations, gauges, points and bays"},
    {"name": "observations", "description": "History"},
    {"name": "forecasts", "description": "What may come, and how good that was so far"},
    {"name": "map", "description": "What is shown now"},
    {"name": "stream", "description": "Live"},
    {"name": "alerts", "description": "What is firing"},
    {"name": "notices", "description": "What the operations centre tells citizens"},
    {"name": "subscriptions", "description": "Being told by mail or web push, without an account"},
    {"name": "domains", "description": "Names, units, levels and colours"},
]


def swagger_files() -> dict[str, StaticFile]:
    """Swagger UI of the package fastapi-swagger, found without importing it."""
    spec = find_spec("fastapi_swagger")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("fastapi-swagger is not installed: /docs needs its files")
    folder = Path(spec.submodule_search_locations[0]) / "resources"
    names = ("swagger-ui-bundle.js", "swagger-ui.css")
    return {f"swagger/{name}": static_file(name, (folder / name).read_bytes()) for name in names}
