"""What strangers post: read as it comes in and never more of it than is wanted, forms with a picture or without."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from typing import Final

from python_multipart.exceptions import MultipartParseError
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import FormParser, MultiPartException, MultiPartParser
from starlette.requests import Request

from dashboard.photos import LARGEST_FILE

LARGEST_FIELD: Final = 16 * 1024
LARGEST_FORM: Final = 64 * 1024
"""Bytes of a form without a picture; of all that surrounds one too."""
MOST_FIELDS: Final = 40
SLOWEST_S: Final = 60.0
"""For all of a body: a phone with a bad connection, but not somebody who drips bytes."""
NEAR_END: Final = 64 * 1024 * 1024
"""Bytes of a refused body that are read, and thrown away."""
PHOTO_FIELDS: Final = ("media", "photo")


class UploadRefused(ValueError):
    """What can't be taken. `code`: too_large, slow, malformed, type, busy, limited, full; `status` as HTTP has it."""

    def __init__(self, code: str, status: int) -> None:
        super().__init__(code.replace("_", " "))
        self.code = code
        self.status = status


def parting(request: Request, refused: UploadRefused) -> dict[str, str]:
    """Headers of a refusal: the server would read on to the end of a body, so one without a near end is cut off.

    Others are read and thrown away: who is cut off while sending may never see why.
    """
    said = request.headers.get("content-length", "")
    near = said.isdigit() and int(said) <= NEAR_END
    return {} if near and refused.code != "slow" else {"Connection": "close"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Sent:
    """The fields of a form; the last of several with one name. `photo`: as it was sent, None without one."""

    fields: Mapping[str, str]
    photo: bytes | None


async def read(request: Request) -> Sent:
    """Raises UploadRefused."""
    try:
        async with asyncio.timeout(SLOWEST_S):
            return await _read(request)
    except TimeoutError:
        raise UploadRefused("slow", 408) from None


async def _read(request: Request) -> Sent:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        parser: MultiPartParser | FormParser = MultiPartParser(
            request.headers,
            _bounded(request, LARGEST_FILE + LARGEST_FORM),
            max_files=1,
            max_fields=MOST_FIELDS,
            max_part_size=LARGEST_FIELD,
        )
    elif kind == "application/x-www-form-urlencoded":
        parser = FormParser(request.headers, _bounded(request, LARGEST_FORM), max_fields=MOST_FIELDS)
    else:
        raise UploadRefused("type", 415)
    try:
        return await _sent(await parser.parse())
    except (MultiPartException, MultipartParseError, ValueError, KeyError, LookupError) as error:
        if isinstance(error, UploadRefused):
            raise
        raise UploadRefused("malformed", 400) from error


async def _bounded(request: Request, most: int) -> AsyncGenerator[bytes, None]:
    """The body as it comes, until it is more than it may be. Raises UploadRefused."""
    said = request.headers.get("content-length", "")
    if said.isdigit() and int(said) > most:
        raise UploadRefused("too_large", 413)
    read = 0
    async for chunk in request.stream():
        read += len(chunk)
        if read > most:
            raise UploadRefused("too_large", 413)
        yield chunk


async def _sent(form: FormData) -> Sent:
    fields: dict[str, str] = {}
    photo = None
    try:
        for name, value in form.multi_items():
            if isinstance(value, UploadFile):
                content = await value.read(LARGEST_FILE + 1) if name in PHOTO_FIELDS else b""
                photo = content or photo
            else:
                fields[name] = value
    finally:
        await form.close()
    if photo is not None and len(photo) > LARGEST_FILE:
        raise UploadRefused("too_large", 413)
    return Sent(fields=fields, photo=photo)
