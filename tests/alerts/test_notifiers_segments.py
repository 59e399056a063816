"""SMS segments as networks count them. Expected counts are from 3GPP TS 23.038/23.040: 160/153 and 70/67."""

import pytest

from alerts.notifiers._segments import shortened, size, without_marks


@pytest.mark.parametrize(
    ("text", "encoding", "segments"),
    [
        ("", "GSM-7", 1),
        ("a" * 160, "GSM-7", 1),
        ("a" * 161, "GSM-7", 2),
        ("a" * 306, "GSM-7", 2),
        ("a" * 307, "GSM-7", 3),
        ("àèéùìòÇØøÅåÄÖÑÜ§äöñü@£$¥", "GSM-7", 1),
        ("€" * 80, "GSM-7", 1),
        ("€" * 81, "GSM-7", 2),
        ("[" + "a" * 158, "GSM-7", 1),
        ("[" + "a" * 159, "GSM-7", 2),
        ("a" * 152 + "€" + "a" * 152, "GSM-7", 3),
        ("ắ" * 70, "UCS-2", 1),
        ("ắ" * 71, "UCS-2", 2),
        ("ắ" * 134, "UCS-2", 2),
        ("ắ" * 135, "UCS-2", 3),
        ("😀" * 35, "UCS-2", 1),
        ("😀" * 36, "UCS-2", 2),
        ("ắ" * 66 + "😀" + "ắ" * 66, "UCS-2", 3),
        ("â", "UCS-2", 1),
        ("`", "UCS-2", 1),
        ("ç", "UCS-2", 1),
    ],
    ids=lambda value: str(value)[:12],
)
def test_a_message_counts_as_many_segments_as_a_network_makes_of_it(
    text: str, encoding: str, segments: int
) -> None:
    assert (size(text).encoding, size(text).segments) == (encoding, segments)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Ngập từ 15 cm – Cao Bá Quát", "Ngap tu 15 cm - Cao Ba Quat"),
        ("Đường Láng đã ngập", "Duong Lang da ngap"),
        ("Nguyễn Hữu Thọ, Trường Chinh, Kẻ Gỗ", "Nguyen Huu Tho, Truong Chinh, Ke Go"),
        ("35,2 µg/m³ ≥ 30 °C…", "35,2 ug/m3 >= 30 C..."),
        ("Nga\u0323\u0302p", "Ngap"),
        ("“x” 😀", '"x" ?'),
    ],
)
def test_marks_are_dropped_as_people_type_without_them(text: str, plain: str) -> None:
    assert without_marks(text) == plain
    assert size(without_marks(text)).encoding == "GSM-7"


def test_what_fits_is_not_changed() -> None:
    text = "ngập " * 40
    assert shortened(text, 3) == text


def test_what_does_not_fit_is_cut_after_a_word_and_marked() -> None:
    text = " ".join(["ngập"] * 60)
    cut = shortened(text, 2)
    assert cut.endswith("ngập…")
    assert size(cut).segments == 2
    assert len(cut) == 134 - 134 % 5


def test_a_cut_does_not_turn_plain_letters_into_dear_ones() -> None:
    cut = shortened("word " * 200, 1)
    assert cut.endswith("word...")
    assert (size(cut).encoding, size(cut).segments, len(cut)) == ("GSM-7", 1, 157)


def test_one_endless_word_is_cut_inside() -> None:
    assert shortened("ắ" * 500, 1) == "ắ" * 69 + "…"


def test_the_link_stays_whole() -> None:
    link = " https://centre.example/ops/alerts/7"
    cut = shortened("ngập " * 60, 2, ending=link)
    assert cut.endswith(f"ngập…{link}")
    assert size(cut).segments == 2


def test_a_link_longer_than_the_message_may_be_is_left_out() -> None:
    assert shortened("ngập", 1, ending=" https://" + "x" * 200) == "ngập"
