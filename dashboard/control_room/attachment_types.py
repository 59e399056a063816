"""What an attachment is, by what is in it and never by its name; images are made anew, so that nothing rides along."""

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Final

from PIL import Image, ImageOps, UnidentifiedImageError

LARGEST_FILE: Final = 8 * 1024 * 1024
"""Bytes."""
LARGEST_IMAGE: Final = 24_000_000
LARGEST_JPEG: Final = 64_000_000
"""Pixels: larger than a phone's. A JPEG is read smaller at once, the others take four bytes a pixel."""
LONGEST_SIDE: Final = 4096
"""Pixels of what is kept: a licence plate can still be read."""
LONGEST_NAME: Final = 120
ENDINGS: Final[Mapping[str, str]] = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "application/pdf": "pdf",
    "text/plain": "txt",
}
_IMAGES: Final = ("JPEG", "PNG", "WEBP")
_IMAGE_STARTS: Final = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")
_QUALITY: Final = 88
_one_at_a_time: Final = Lock()
"""A picture takes up to 200 MB for a moment."""
_NOT_TEXT: Final = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
_NOT_IN_NAMES: Final = re.compile(r"[\x00-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069/\\:*?\"<>|]+")


class AttachmentRefused(ValueError):
    """What can't be kept; `code` says why to pages in other languages."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """As it is stored."""

    media_type: str
    content: bytes


def kept(content: bytes) -> Kept:
    """Raises AttachmentRefused: empty, too_large, image, unknown_type."""
    if not content:
        raise AttachmentRefused("empty")
    if len(content) > LARGEST_FILE:
        raise AttachmentRefused("too_large")
    if _is_image(content):
        return _anew(content)
    if content.startswith(b"%PDF-"):
        return Kept(media_type="application/pdf", content=content)
    if _is_text(content):
        return Kept(media_type="text/plain", content=content)
    raise AttachmentRefused("unknown_type")


def file_name(asked: str, media_type: str) -> str:
    """The name that it came with, without a folder, with the ending of what it is."""
    last = re.split(r"[/\\]", asked)[-1]
    plain = " ".join(_NOT_IN_NAMES.sub(" ", last).split()).strip(" .") or "file"
    stem, dot, ending = plain.rpartition(".")
    right = ENDINGS[media_type]
    known = {*ENDINGS.values(), "jpeg", "webp", "csv", "log", "md", "json", "heic"}
    if media_type == "text/plain" and dot and ending.lower() in ("csv", "log", "md", "json"):
        right = ending.lower()
    if dot and ending.lower() in known:
        plain = stem
    return f"{plain[: LONGEST_NAME - len(right) - 1].rstrip(' .')}.{right}"


def _is_image(content: bytes) -> bool:
    return content.startswith(_IMAGE_STARTS) or (content[:4] == b"RIFF" and content[8:12] == b"WEBP")


def _is_text(content: bytes) -> bool:
    try:
        return _NOT_TEXT.search(content.decode("utf-8-sig")) is None
    except UnicodeDecodeError:
        return False


def _anew(content: bytes) -> Kept:
    """Turned as the camera was held; of what else the file said of place, camera or owner nothing is left."""
    try:
        with _one_at_a_time, Image.open(io.BytesIO(content), formats=_IMAGES) as image:
            kind = image.format
            if image.width * image.height > (LARGEST_JPEG if kind == "JPEG" else LARGEST_IMAGE):
                raise AttachmentRefused("image")
            image.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
            upright = ImageOps.exif_transpose(image)
            return _png(upright) if kind == "PNG" else _jpeg(upright)
    except AttachmentRefused:
        raise
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError, UnidentifiedImageError) as error:
        raise AttachmentRefused("image") from error


def _png(image: Image.Image) -> Kept:
    clean = image.convert("RGBA" if "A" in image.getbands() or "transparency" in image.info else "RGB")
    clean.info.clear()
    out = io.BytesIO()
    clean.save(out, "PNG")
    return Kept(media_type="image/png", content=out.getvalue())


def _jpeg(image: Image.Image) -> Kept:
    clean = image.convert("RGB")
    clean.info.clear()
    out = io.BytesIO()
    clean.save(out, "JPEG", quality=_QUALITY, optimize=True)
    return Kept(media_type="image/jpeg", content=out.getvalue())
