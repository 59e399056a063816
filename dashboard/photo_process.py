"""A process of its own that makes one picture anew, from stdin to stdout, with bounds and without secrets.

What is sent by strangers is decoded nowhere else: a fault in a decoder finds nothing here. Out comes width and height
(two big-endian 32-bit numbers) and a JPEG upright and at most 1600 pixels long, with nothing else of the file in it.
Exit 0 done, 4 it is no picture that can be taken.
"""

import io
import resource
import struct
import sys
from typing import Final

REFUSED: Final = 4
LONGEST_SIDE: Final = 1600
LARGEST_JPEG: Final = 64_000_000
LARGEST_OTHER: Final = 24_000_000
"""Pixels. A JPEG is read smaller at once, the others take four bytes a pixel."""
LARGEST_MADE: Final = 3 * 1024 * 1024
HEAD: Final = struct.Struct(">II")
_MOST_MEMORY: Final = 1024**3
"""Bytes of address space."""
_MOST_CPU_S: Final = 15
_QUALITIES: Final = (82, 60, 30)


def made_anew(content: bytes) -> tuple[int, int, bytes]:
    """Width, height, JPEG. Raises ValueError for what is no picture of ours, and whatever a decoder raises."""
    from PIL import Image, ImageOps

    with Image.open(io.BytesIO(content), formats=("JPEG", "PNG", "WEBP")) as image:
        jpeg = image.format in ("JPEG", "MPO")
        if image.width * image.height > (LARGEST_JPEG if jpeg else LARGEST_OTHER):
            raise ValueError(f"too many pixels: {image.width} x {image.height}")
        image.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
        upright = ImageOps.exif_transpose(image)
    flat = Image.new("RGB", upright.size, "white")
    rgba = upright.convert("RGBA")
    flat.paste(rgba, mask=rgba.getchannel("A"))  # a new picture: of the file's own notes none comes along
    for quality in _QUALITIES:
        out = io.BytesIO()
        flat.save(out, "JPEG", quality=quality, optimize=True)
        if out.tell() <= LARGEST_MADE:
            return flat.width, flat.height, out.getvalue()
    raise ValueError("too large a picture")


def main() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (_MOST_CPU_S, _MOST_CPU_S))
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))
    try:
        width, height, jpeg = made_anew(sys.stdin.buffer.read())
    except Exception as error:  # noqa: BLE001 - a decoder may raise anything at what strangers send
        print(repr(error)[:500], file=sys.stderr)
        raise SystemExit(REFUSED) from None
    sys.stdout.buffer.write(HEAD.pack(width, height) + jpeg)


if __name__ == "__main__":
    main()
