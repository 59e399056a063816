"""Pictures as people and their enemies send them, made by Pillow or by hand."""

import io
import struct
import zlib

from PIL import Image

GPS_IFD = 0x8825
MAKE, ORIENTATION, DATE = 0x010F, 0x0112, 0x0132


def photo(width: int = 800, height: int = 600, *, kind: str = "JPEG", turned: bool = False) -> bytes:
    """With what a phone writes beside it: where, when, with what. A red half above a blue one."""
    image = Image.new("RGB", (width, height), "blue")
    image.paste("red", (0, 0, width, height // 2))
    exif = Image.Exif()
    exif[MAKE] = "SecretCamera"
    exif[DATE] = "2026:11:22 10:00:00"
    if turned:
        exif[ORIENTATION] = 6  # held upright: to be turned by 90 degrees
    exif.get_ifd(GPS_IFD)[1] = "N"
    exif.get_ifd(GPS_IFD)[2] = (21.0, 1.0, 42.0)
    exif.get_ifd(GPS_IFD)[3] = "E"
    exif.get_ifd(GPS_IFD)[4] = (105.0, 51.0, 15.0)
    out = io.BytesIO()
    more = {"comment": b"SecretComment"} if kind == "JPEG" else {}
    image.save(out, kind, exif=exif.tobytes(), **more)
    return out.getvalue()


def polyglot() -> bytes:
    """A JPEG that is a page with a script to who believes its ending."""
    jpeg = photo()
    page = b"<html><script>alert(document.domain)</script></html>"
    comment = b"\xff\xfe" + struct.pack(">H", len(page) + 2) + page
    return jpeg[:2] + comment + jpeg[2:] + b"PK\x03\x04" + page


def bomb(width: int = 30_000, height: int = 30_000) -> bytes:
    """A PNG of a few hundred kilobytes that says it has 900 million pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = zlib.compressobj(9)
    line = b"\x00" * (width // 8 + 2)
    data = b"".join(rows.compress(line) for _ in range(height)) + rows.flush()
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
