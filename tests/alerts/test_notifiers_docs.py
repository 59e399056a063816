"""docs/receivers.md tells the truth: every type and key stands in it, and its examples are what the product takes."""

import json
import re
import tomllib
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import pytest

from alerts.examples import documents
from alerts.notifiers import build, channels
from alerts.secrets import SecretReader
from alerts.templating import Writer, read_own

PAGE: Final = (Path(__file__).parents[2] / "docs" / "receivers.md").read_text("utf-8")


def examples(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def section(kind: str) -> str:
    return PAGE.split(f"\n## {kind}\n", 1)[1].split("\n## ", 1)[0] if f"\n## {kind}\n" in PAGE else PAGE


@pytest.mark.parametrize("kind", channels())
def test_every_key_of_a_type_is_documented_in_its_section(kind: str) -> None:
    assert f"| `{kind}` |" in PAGE
    keys = import_module(channels()[kind]).Table.model_fields
    assert [key for key in keys if f"`{key}`" not in section(kind)] == []


def test_the_examples_of_receivers_are_taken(tmp_path: Path) -> None:
    (tmp_path / "zalo-refresh-token").write_text("refresh")
    environment = {"DUTY_MAIL_URL": "mailto://u:p@example.org", "SMS_KEY": "key-1", "ZALO_SECRET": "secret-1"}
    tables: dict[str, Any] = {}
    for example in examples("toml"):
        tables |= tomllib.loads(example)["receiver"]
    reader = SecretReader(folder=tmp_path, environment=environment)
    built = [build(name, table, "docs", reader).name for name, table in tables.items()]
    assert built == ["duty-mail", "duty-sms", "duty-zalo"]


def test_the_example_of_a_template_works(tmp_path: Path) -> None:
    (source,) = examples("jinja")
    (tmp_path / "duty.j2").write_text(source)
    own = read_own(tmp_path, "duty.j2", documents())
    assert Writer(language="vi", own=own).text(documents()[0]) == "Cảnh báo: Ngập từ 15 cm, Cao Bá Quát"


def test_the_documents_have_the_keys_that_are_shown() -> None:
    shown = json.loads(next(one for one in examples("json") if '"receiver"' in one))
    document = documents()[2]
    assert shown.keys() == document.keys()
    assert shown["alerts"][0].keys() == document["alerts"][0].keys()
    assert shown["text"]["vi"] == document["text"]["vi"].removesuffix(", chập chờn")


def test_the_sign_has_the_keys_that_are_shown() -> None:
    from alerts.notifiers._sign import sign_of

    shown = json.loads(next(one for one in examples("json") if '"ended"' in one))
    sign = sign_of(None, documents()[0]["alerts"], key="k", at="t")
    assert shown.keys() == sign.keys()
    assert shown["alerts"][0].keys() == sign["alerts"][0].keys()
