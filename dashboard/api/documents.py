"""/docs and /openapi.json from our own server: FastAPI's stock page loads a CDN."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.responses import HTMLResponse, Response

from dashboard.api import problems
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
Live and historic measurements of Hanoi: air, water, rain, flooding, parking. JSON and GeoJSON, no key, times in UTC.
Every value says where it comes from (`provenance`): most of what a demonstration shows is `simulated`.
"""


def router() -> APIRouter:
    routes = APIRouter(include_in_schema=False)

    @routes.get("/docs")
    async def docs() -> Response:
        return HTMLResponse(PAGE)

    return routes


def install_openapi(app: FastAPI) -> None:
    """The document with our error shape in place of FastAPI's."""

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
            app.openapi_schema = made
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]


TAGS: Final = [
    {"name": "things", "description": "Stations, gauges, points and bays"},
    {"name": "observations", "description": "History"},
    {"name": "forecasts", "description": "What may come, and how good that was so far"},
    {"name": "map", "description": "What is shown now"},
    {"name": "stream", "description": "Live"},
    {"name": "alerts", "description": "What is firing"},
    {"name": "notices", "description": "What the operations centre tells citizens"},
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
