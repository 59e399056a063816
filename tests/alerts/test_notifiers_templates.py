"""Texts by template: the shipped ones, and a receiver's own, which must never lose a message."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from alerts.examples import documents
from alerts.templating import OwnTemplate, Writer, read_own

ONE, SEVERAL, SIMULATED, TEST = documents()


def own(tmp_path: Path, source: str, name: str = "duty.j2") -> OwnTemplate:
    (tmp_path / name).write_text(source, "utf-8")
    return read_own(tmp_path, name, documents())


def test_a_subject_says_how_bad_what_and_where() -> None:
    assert Writer(language="vi").subject(ONE) == "Cảnh báo: Ngập từ 15 cm – Cao Bá Quát"
    assert Writer(language="en").subject(SIMULATED) == (
        "[SIMULATED] Warning: Street flooded 15 cm or more – Cao Ba Quat"
    )


def test_both_languages_stand_one_after_the_other() -> None:
    assert Writer().subject(ONE) == (
        "Cảnh báo: Ngập từ 15 cm – Cao Bá Quát / Warning: Street flooded 15 cm or more – Cao Ba Quat"
    )
    vi, _, en = Writer().text(ONE).partition("\n\nStreet")
    assert (vi, f"Street{en}") == (Writer(language="vi").text(ONE), Writer(language="en").text(ONE))


def test_the_long_text_says_what_to_do_and_where_to_look() -> None:
    assert Writer(language="vi").text(ONE).splitlines() == [
        "Ngập từ 15 cm – Cao Bá Quát: 20,5 cm (ngưỡng đề xuất 15 cm), 20/07/2026 16:57",
        "",
        "Mức: Cảnh báo",
        "Từ: 20/07/2026 16:57",
        "Xấu nhất: 22 cm",
        "Ngưỡng do trung tâm đề xuất, không phải quy định",
        "Việc cần làm: Cử người đến xem, đặt biển cảnh báo.",
        "https://centre.example/ops/alerts/7",
    ]


def test_what_is_over_needs_nothing_done() -> None:
    parts = Writer(language="en").text(SEVERAL).split("\n\n")
    assert [("What to do" in part) for part in parts] == [False, True, True, False]
    assert "Acknowledged: lan, 20 Jul 2026 17:00 – đang đến" in parts[1]


def test_the_short_text_is_the_first_line() -> None:
    for document in documents():
        assert Writer(language="en").short(document) == document["text"]["en"].splitlines()[0]


@pytest.mark.parametrize("document", documents(), ids=["one", "several", "simulated", "test"])
@pytest.mark.parametrize("form", ["subject", "text", "short"])
def test_nothing_is_left_of_the_templates_language(document: Mapping[str, Any], form: str) -> None:
    text = getattr(Writer(), form)(document)
    assert text
    assert "{" not in text
    assert "None" not in text
    assert "\n\n\n" not in text


def test_a_receivers_own_template_is_used(tmp_path: Path) -> None:
    template = own(
        tmp_path, "{% for a in alerts %}{{ a.thing.name | say }};{% endfor %}{{ text | say if not alerts }}"
    )
    assert Writer(language="vi", own=template).text(SEVERAL) == "Cao Bá Quát;" * 3


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("one\ntwo {{ text | say }\n", "duty.j2:2: "),
        ("one\n\n{{ nobody }}\n", "duty.j2:3: 'nobody' is undefined"),
        ("{{ text | say }}\n{{ alerts[0].rule }}", "duty.j2:2: "),
        ("{{ text | sya }}", "duty.j2:1: No filter named 'sya'"),
        ("{% include 'secrets.toml' %}", "duty.j2:1: "),
        ("{{ ''.__class__.__mro__ }}", "duty.j2:1: "),
        ("{{ 'x' * 99999999999 }}", "duty.j2:1: * is not allowed here"),
        ("{% for i in range(90000) %}abcdefgh{% endfor %}", "duty.j2: writes more than 20000 characters"),
        ("{# nothing #}", "duty.j2: writes nothing for the example 'firing'"),
    ],
)
def test_a_template_that_can_not_work_is_refused_with_file_and_line(
    tmp_path: Path, source: str, said: str
) -> None:
    (tmp_path / "secrets.toml").write_text("s3cret")
    with pytest.raises(ValueError, match=r"^duty\.j2:") as refused:
        own(tmp_path, source)
    assert said in str(refused.value)


def test_a_template_that_is_not_there_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"^other\.j2: No such file or directory"):
        read_own(tmp_path, "other.j2", documents())


def test_a_template_that_fails_later_falls_back_to_the_common_text_with_a_note(tmp_path: Path) -> None:
    template = own(tmp_path, "first\n{{ 1 / (alerts | length - 7) }}")
    seven = {**ONE, "alerts": ONE["alerts"] * 7}
    text = Writer(language="en", own=template).text(seven)
    assert text.startswith(Writer(language="en").text(seven))
    assert text.endswith("(This receiver's own template failed at duty.j2:2: this is the common one.)")


def test_a_template_can_not_leave_out_that_it_is_simulated_or_a_test(tmp_path: Path) -> None:
    writer = Writer(language="vi", own=own(tmp_path, "Sơ tán ngay!"))
    assert writer.text(SIMULATED) == "[MÔ PHỎNG] Sơ tán ngay!"
    assert writer.text(TEST) == "[THỬ] Sơ tán ngay!"
    assert writer.text(ONE) == "Sơ tán ngay!"


def test_what_comes_from_outside_is_escaped_in_html(tmp_path: Path) -> None:
    template = own(tmp_path, "<b>{{ text | say }}</b>", "duty.html.j2")
    writer = Writer(language="en", own=template)
    evil = {**ONE, "text": {"vi": "x", "en": "<script>alert(1)</script>"}}
    assert writer.html
    assert writer.text(evil) == "<b>&lt;script&gt;alert(1)&lt;/script&gt;</b>"


def test_a_template_may_build_on_the_shipped_one(tmp_path: Path) -> None:
    template = own(tmp_path, "TRỰC BAN\n{% include 'text.j2' %}")
    assert Writer(language="vi", own=template).text(ONE) == f"TRỰC BAN\n{Writer(language='vi').text(ONE)}"


def test_a_source_is_not_in_a_repr(tmp_path: Path) -> None:
    assert "s3cret" not in repr(replace(own(tmp_path, "s3cret")))
