"""What an attachment is, and a runbook as steps: no database."""

import io
import struct
import zlib

import pytest
from PIL import Image

from alerts.rules import parse_rules
from dashboard.control_room.attachment_types import (
    LARGEST_FILE,
    LONGEST_SIDE,
    AttachmentRefused,
    file_name,
    kept,
)
from dashboard.control_room.runbook_steps import steps_of
from storage.catalog import load_catalog
from storage.folding import folded

GPS, ORIENTATION = 0x8825, 0x0112


def picture(kind: str, size: tuple[int, int] = (40, 20), **saved: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "#c03030").save(out, kind, **saved)
    return out.getvalue()


def with_position(kind: str) -> bytes:
    """As a phone writes it: on its side, with where it was taken and by what."""
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    exif[0x010F] = "PhoneMaker"
    exif[GPS] = {1: "N", 2: (21.0, 1.0, 43.0), 3: "E", 4: (105.0, 51.0, 8.0)}
    return picture(kind, exif=exif)


@pytest.mark.parametrize(
    ("kind", "media_type"), [("JPEG", "image/jpeg"), ("PNG", "image/png"), ("WEBP", "image/jpeg")]
)
def test_an_image_is_made_anew_upright_and_without_what_the_camera_wrote(kind: str, media_type: str) -> None:
    sent = with_position(kind)
    assert b"PhoneMaker" in sent
    found = kept(sent)
    assert found.media_type == media_type
    assert b"PhoneMaker" not in found.content
    with Image.open(io.BytesIO(found.content)) as image:
        assert image.size == (20, 40)
        assert not image.getexif()


def test_what_follows_an_image_in_its_file_does_not_ride_along() -> None:
    assert b"<script>" not in kept(picture("JPEG") + b"<script>alert(1)</script>").content


def test_a_large_picture_is_kept_smaller() -> None:
    with Image.open(io.BytesIO(kept(picture("JPEG", (5000, 500))).content)) as image:
        assert max(image.size) == LONGEST_SIDE


def test_pdf_and_text_are_kept_as_they_are() -> None:
    assert kept(b"%PDF-1.7\n\x00\xff").content == b"%PDF-1.7\n\x00\xff"
    text = "Đã cắm biển ở ngã tư\r\n\tlúc 14:05".encode()
    assert (kept(text).media_type, kept(text).content) == ("text/plain", text)


def huge_png() -> bytes:
    """A header that promises 10^9 pixels: to make room for them would be the harm."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", 100_000, 10_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"x" * (LARGEST_FILE + 1), "too_large"),
        (b"MZ\x90\x00\x03", "unknown_type"),
        (b"PK\x03\x04\x14\x00\x00\x00", "unknown_type"),
        ("Ngập".encode("utf-16"), "unknown_type"),
        (picture("GIF"), "unknown_type"),
        (picture("JPEG")[:60], "image"),
        (b"\x89PNG\r\n\x1a\nnothing of one", "image"),
        (huge_png(), "image"),
    ],
    ids=["empty", "large", "program", "zip", "utf-16", "gif", "half a jpeg", "no png", "bomb"],
)
def test_what_else_there_is_is_refused(content: bytes, code: str) -> None:
    with pytest.raises(AttachmentRefused) as refused:
        kept(content)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("asked", "media_type", "name"),
    [
        ("ngập Tống Đản.JPEG", "image/jpeg", "ngập Tống Đản.jpg"),
        ("camera.heic", "image/jpeg", "camera.jpg"),
        ("evil.png", "text/plain", "evil.txt"),
        ("page.html", "text/plain", "page.html.txt"),
        ("log.csv", "text/plain", "log.csv"),
        ("../../etc/passwd", "text/plain", "passwd.txt"),
        ("C:\\phòng\\a.pdf", "application/pdf", "a.pdf"),
        ('a"\r\nX: y.pdf', "application/pdf", "a X y.pdf"),
        ("", "application/pdf", "file.pdf"),
        ("x" * 300, "image/png", "x" * 116 + ".png"),
    ],
)
def test_a_name_is_that_of_a_file_with_the_ending_of_what_it_is(
    asked: str, media_type: str, name: str
) -> None:
    assert file_name(asked, media_type) == name


def test_a_runbook_is_steps_by_sentences_and_semicolons() -> None:
    steps = steps_of(
        "Cấm đường; điều bơm di động. Xem camera.", "Close the street; send pumps. Look at it.", 7
    )
    assert [(step.text_vi, step.text_en, step.alert_id) for step in steps] == [
        ("Cấm đường", "Close the street", 7),
        ("Điều bơm di động", "Send pumps", 7),
        ("Xem camera", "Look at it", 7),
    ]


def test_languages_that_do_not_agree_make_one_step_and_nothing_makes_none() -> None:
    [step] = steps_of("Một. Hai.", "One and two.", 1)
    assert (step.text_vi, step.text_en) == ("Một Hai", "One and two")
    assert steps_of("…", "-", 1) == []


def test_every_shipped_rule_has_steps_that_agree_in_both_languages() -> None:
    rules = parse_rules(load_catalog()).by_key.values()
    whole = [
        rule.key
        for rule in rules
        if len(steps_of(rule.runbook.vi, rule.runbook.en, 1)) == 1 and "; " in rule.runbook.vi
    ]
    assert rules
    assert whole == []


def test_words_are_found_without_marks() -> None:
    assert folded("Ngập ĐƯỜNG Tống Đản") == "ngap duong tong dan"
