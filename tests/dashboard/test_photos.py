"""Pictures of strangers: what comes out says nothing but the picture, and what is none is refused."""

import io

import pytest
from PIL import Image

from dashboard import photos
from dashboard.photos import PhotoRefused
from tests.dashboard.pictures import bomb, photo, polyglot


def opened(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


def test_nothing_of_place_time_and_camera_is_left() -> None:
    sent = photo()
    assert dict(opened(sent).getexif().get_ifd(0x8825))[2] == (21.0, 1.0, 42.0)  # it was there
    made = photos.anew(sent)
    image = opened(made.content)
    assert image.format == "JPEG"
    assert dict(image.getexif()) == {}
    assert {"exif", "comment", "icc_profile", "xmp"} & set(image.info) == set()
    for secret in (b"Secret", b"Exif", b"2026:11:22"):
        assert secret in sent
        assert secret not in made.content


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_it_is_a_jpeg_of_at_most_1600_pixels(kind: str) -> None:
    made = photos.anew(photo(3000, 1500, kind=kind))
    assert (made.width, made.height) == (1600, 800)
    assert (opened(made.content).format, opened(made.content).size) == ("JPEG", (1600, 800))
    assert b"Secret" not in made.content


def test_it_stands_upright() -> None:
    made = photos.anew(photo(800, 600, turned=True))
    assert (made.width, made.height) == (600, 800)
    right = opened(made.content).convert("RGB").getpixel((590, 400))
    assert isinstance(right, tuple)
    assert right[0] > 200  # what was above is at the right now: orientation 6 turns clockwise


def test_what_is_seen_through_becomes_white() -> None:
    out = io.BytesIO()
    Image.new("RGBA", (10, 10), (0, 0, 0, 0)).save(out, "PNG")
    assert opened(photos.anew(out.getvalue()).content).convert("RGB").getpixel((5, 5)) == (255, 255, 255)


def test_a_page_inside_a_picture_is_gone() -> None:
    made = photos.anew(polyglot())
    assert b"script" in polyglot()
    assert b"script" not in made.content
    assert b"PK" not in made.content[-64:]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not a picture",
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"GIF89a" + b"\x00" * 100,
        b"\xff\xd8\xff",
        b"\xff\xd8\xff" + b"\x00" * 5000,
        photo()[:2000],
        b"\x89PNG\r\n\x1a\n" + b"\x00" * 100,
        b"RIFF\xff\xff\xff\xffWEBP" + b"\x00" * 100,
        b"%!PS-Adobe-3.0 EPSF-3.0\n",
        b"\xff\xd8\xff" + b"\x00" * photos.LARGEST_FILE,
    ],
    ids=["empty", "text", "svg", "gif", "short", "zeros", "cut", "png", "webp", "eps", "large"],
)
def test_what_is_no_picture_is_refused(content: bytes) -> None:
    with pytest.raises(PhotoRefused):
        photos.anew(content)


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    content = bomb()
    assert len(content) < 1_000_000
    with pytest.raises(PhotoRefused):
        photos.anew(content)
