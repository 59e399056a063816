"""What makes the page installable and readable without a connection: manifest, icons, and the worker's text."""

import io
import json
import re
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Any, Final
from xml.etree import ElementTree

from dashboard.citizen.pages import FOLDER, LANGUAGES, texts
from dashboard.static import ASSETS, StaticFile, static_file

ICON_SIZES: Final = (192, 512)
OVERSAMPLED: Final = 4
"""Lines are drawn so many times larger and made smaller: Pillow draws without smoothing."""
PRECACHED: Final = (
    "tokens.css",
    "chart.css",
    "notice.css",
    "city.js",
    "chart.js",
    "combobox.js",
    "finding.js",
    "format.js",
    "live.js",
    "live-worker.js",
    "stream.js",
    "notice.js",
    "plain.js",
)
"""Beside everything in `citizen/`. The map is kept once it was shown, and not before: it is half of the weight."""
START: Final[Mapping[str, str]] = {"vi": "/", "en": "/en/"}


def version_of(files: Mapping[str, StaticFile]) -> str:
    """Of all scripts, styles and pictures together: another one as soon as any of them is."""
    digest = blake2b(digest_size=8)
    for name in sorted(files):
        digest.update(name.encode() + b"\0" + files[name].encoded.etag)
    return digest.hexdigest()


def worker(version: str, names: Iterable[str]) -> bytes:
    """The service worker with what it has to know. `names`: of the files of this version."""
    kept = [name for name in sorted(names) if name in PRECACHED or name.startswith("citizen/")]
    kept = [name for name in kept if name not in ("citizen/worker.js", "citizen/noscript.css")]
    known = {"VERSION": version, "ASSETS": f"/assets/{version}", "FILES": kept}
    head = "".join(f"const {name} = {json.dumps(value)};\n" for name, value in known.items())
    return head.encode() + (FOLDER / "worker.js").read_bytes()


def manifest(language: str) -> bytes:
    words = texts(language)
    icons: list[dict[str, Any]] = [
        {
            "src": f"/assets/icon-{size}.png",
            "sizes": f"{size}x{size}",
            "type": "image/png",
            "purpose": purpose,
        }
        for size in ICON_SIZES
        for purpose in ("any", "maskable")
    ]
    icons.append({"src": "/assets/icon.svg", "sizes": "any", "type": "image/svg+xml"})
    made = {
        "id": START[language],
        "start_url": START[language],
        "scope": "/",
        "name": words["title"],
        "short_name": words["title"],
        "description": words["description"],
        "lang": language,
        "display": "standalone",
        "theme_color": _background(),
        "background_color": "#ffffff",
        "icons": icons,
    }
    return json.dumps(made, ensure_ascii=False).encode()


def site_files(version: str, found: Mapping[str, StaticFile]) -> dict[str, StaticFile]:
    """What stands at the root, by path."""
    files = {
        f"/manifest.{language}.json": static_file("manifest.json", manifest(language))
        for language in LANGUAGES
    }
    return files | {"/worker.js": static_file("worker.js", worker(version, found))}


def icons() -> dict[str, StaticFile]:
    return {f"icon-{size}.png": static_file("icon.png", icon(size)) for size in ICON_SIZES}


def icon(size: int) -> bytes:
    """assets/icon.svg as PNG, of so many pixels: its ground to the edge, so that a system may cut any shape out
    of it, and its line. Understands what that file has: one rect, one path of M, h and l."""
    from PIL import Image, ImageDraw

    root = ElementTree.fromstring((ASSETS / "icon.svg").read_text(encoding="utf-8"))
    view = float(root.attrib["viewBox"].split()[2])
    scale = size * OVERSAMPLED / view
    stroke = next(one for one in root if one.tag.endswith("path"))
    points = [(x * scale, y * scale) for x, y in _points(stroke.attrib["d"])]
    width = float(stroke.attrib["stroke-width"]) * scale
    picture = Image.new("RGB", (size * OVERSAMPLED,) * 2, _background())
    drawn = ImageDraw.Draw(picture)
    drawn.line(points, fill=stroke.attrib["stroke"], width=round(width))
    for x, y in points:  # round joins and ends
        drawn.ellipse(
            (x - width / 2, y - width / 2, x + width / 2, y + width / 2), fill=stroke.attrib["stroke"]
        )
    made = io.BytesIO()
    picture.resize((size, size), Image.Resampling.LANCZOS).save(made, "PNG", optimize=True)
    return made.getvalue()


def _background() -> str:
    root = ElementTree.fromstring((ASSETS / "icon.svg").read_text(encoding="utf-8"))
    return next(one for one in root if one.tag.endswith("rect")).attrib["fill"]


def _points(d: str) -> list[tuple[float, float]]:
    """Corners of a path of one M and relative h and l."""
    x = y = 0.0
    found = []
    for letter, told in re.findall(r"([Mhl])([^A-Za-z]*)", d):
        numbers = [float(one) for one in re.findall(r"-?[0-9.]+", told)]
        steps = (
            [(n, 0.0) for n in numbers]
            if letter == "h"
            else list(zip(numbers[::2], numbers[1::2], strict=True))
        )
        for dx, dy in steps:
            x, y = (dx, dy) if letter == "M" else (x + dx, y + dy)
            found.append((x, y))
    return found
