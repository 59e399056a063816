"""Files for browsers, held in memory in both encodings: our own assets, and Leaflet from its package."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Final

from dashboard.encoded import Encoded, Header, Headers, Receive, Scope, Send, encode, send_encoded

ASSETS: Final = Path(str(files("dashboard"))) / "assets"

CONTENT_TYPES: Final[Mapping[str, bytes]] = {
    ".js": b"text/javascript; charset=utf-8",
    ".css": b"text/css; charset=utf-8",
    ".json": b"application/json",
    ".geojson": b"application/geo+json",
    ".html": b"text/html; charset=utf-8",
    ".svg": b"image/svg+xml",
    ".png": b"image/png",
}
REVALIDATE: Final = (b"cache-control", b"public, max-age=0, must-revalidate")
"""Kept by browsers, asked for at each visit, mostly answered 304: a new version is there at once."""


IMMUTABLE: Final = (b"cache-control", b"public, max-age=31536000, immutable")
"""For a folder whose name changes with its content."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StaticFile:
    content_type: bytes
    encoded: Encoded


class StaticFiles:
    """An ASGI application: GET and HEAD of the files below `prefix`. 404 for anything else."""

    def __init__(
        self,
        prefix: str,
        found: Mapping[str, StaticFile],
        headers: Headers = (),
        *,
        cache: Header = REVALIDATE,
    ) -> None:
        self._prefix = prefix.rstrip("/") + "/"
        self._files = found
        self._headers = headers
        self._cache = cache

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] not in ("GET", "HEAD"):
            headers = ((b"allow", b"GET, HEAD"), *self._headers)
            await send_encoded(scope, send, encode(b"GET or HEAD\n"), b"text/plain", headers, status=405)
            return
        path = scope["path"]
        found = self._files.get(path.removeprefix(self._prefix)) if path.startswith(self._prefix) else None
        if found is None:
            await send_encoded(scope, send, encode(b"not found\n"), b"text/plain", self._headers, status=404)
            return
        headers = (self._cache, *self._headers)
        await send_encoded(scope, send, found.encoded, found.content_type, headers)


def shared_assets() -> dict[str, StaticFile]:
    """By relative path: everything in `assets/`, and Leaflet in `leaflet/`."""
    return dict(_folder(ASSETS)) | {
        f"leaflet/{name}": file for name, file in _folder(_leaflet()) if not name.endswith((".map", "src.js"))
    }


def static_file(name: str, content: bytes) -> StaticFile:
    return StaticFile(content_type=CONTENT_TYPES[Path(name).suffix], encoded=encode(content))


def _folder(folder: Path) -> Iterator[tuple[str, StaticFile]]:
    for path in sorted(folder.rglob("*")):
        if path.suffix in CONTENT_TYPES and path.is_file():
            name = path.relative_to(folder).as_posix()
            yield name, static_file(name, path.read_bytes())


def _leaflet() -> Path:
    return Path(str(files("xstatic.pkg.leaflet"))) / "data"
