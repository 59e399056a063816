"""Reads CAP 1.2 as a stranger would: the OASIS schema, then what its text demands beyond it. None of our code."""

import re
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from xml.etree import ElementTree as ET

import pytest
import xmlschema

from tests.conftest import SHARED

SCHEMA = SHARED / "data" / "cap" / "cap12.xsd"
NS = "{urn:oasis:names:tc:emergency:cap:1.2}"
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[-+]\d\d:\d\d")
CIRCLE = re.compile(r"(-?\d+(?:\.\d+)?),(-?\d+(?:\.\d+)?) (\d+(?:\.\d+)?)")
NAME = re.compile(r"[^\s,<&]+")


@dataclass(frozen=True, kw_only=True)
class Info:
    language: str
    texts: dict[str, str]
    """Elements that stand once, by name."""
    categories: list[str]
    responses: list[str]
    parameters: dict[str, str]
    area: str
    circle: tuple[float, float, float] | None
    """lat, lon, km"""


@dataclass(frozen=True, kw_only=True)
class Cap:
    texts: dict[str, str]
    infos: dict[str, Info]
    """By language."""

    @property
    def references(self) -> list[tuple[str, str, str]]:
        """(sender, identifier, sent)"""
        found = []
        for triple in self.texts.get("references", "").split():
            sender, identifier, sent = triple.split(",")
            found.append((sender, identifier, sent))
        return found

    @property
    def reference(self) -> tuple[str, str, str]:
        """How others refer to it."""
        return self.texts["sender"], self.texts["identifier"], self.texts["sent"]

    @property
    def words(self) -> str:
        """All texts that people may read."""
        texts = [self.texts.get("note", "")]
        for info in self.infos.values():
            texts += [info.texts.get(name, "") for name in ("headline", "description", "instruction")]
        return "\n".join(texts)


def read(document: str) -> Cap:
    """Valid by the schema and by the rules that the schema can't say; else the test fails."""
    schema().validate(document)
    root = ET.fromstring(document)
    assert root.tag == f"{NS}alert"
    cap = Cap(
        texts=_texts(root), infos={_text(info, "language"): _info(info) for info in root.iter(f"{NS}info")}
    )
    for name in ("identifier", "sender"):
        assert NAME.fullmatch(cap.texts[name]), f"{name} may hold no space, comma, < or &"
    assert cap.texts["scope"] == "Public"
    assert not {"restriction", "addresses"} & cap.texts.keys()
    assert bool(cap.references) == (cap.texts["msgType"] in ("Update", "Cancel"))
    assert len(set(cap.references)) == len(cap.references)
    assert cap.reference not in cap.references
    assert list(cap.infos) == ["vi-VN", "en-US"]
    sent = _time(cap.texts["sent"])
    for _, _, earlier in cap.references:
        assert _time(earlier) <= sent
    for info in cap.infos.values():
        _check(info, sent)
    vi, en = cap.infos.values()
    coded = ("urgency", "severity", "certainty", "effective", "onset", "expires")
    assert [vi.texts[name] for name in coded] == [en.texts[name] for name in coded]
    assert (vi.categories, vi.responses, vi.circle) == (en.categories, en.responses, en.circle)
    return cap


@cache
def schema() -> xmlschema.XMLSchema:
    if not SCHEMA.exists():
        pytest.skip(
            f"{SCHEMA} is not there: the OASIS schema of CAP 1.2 is not checked", allow_module_level=True
        )
    return xmlschema.XMLSchema(SCHEMA)


def _check(info: Info, sent: datetime) -> None:
    for name in ("event", "headline", "description"):
        assert info.texts[name].strip() == info.texts[name] != ""
    assert len(info.texts["headline"]) <= 160
    assert _time(info.texts["effective"]) <= sent < _time(info.texts["expires"])
    assert info.categories
    assert info.area
    assert "contact" not in info.texts
    if info.circle:
        lat, lon, km = info.circle
        assert -90 <= lat <= 90
        assert -180 <= lon <= 180
        assert km > 0


def _info(info: ET.Element) -> Info:
    (area,) = info.findall(f"{NS}area")
    circle = _text(area, "circle")
    found = CIRCLE.fullmatch(circle)
    assert bool(found) == bool(circle)
    return Info(
        language=_text(info, "language"),
        texts=_texts(info),
        categories=[one.text or "" for one in info.findall(f"{NS}category")],
        responses=[one.text or "" for one in info.findall(f"{NS}responseType")],
        parameters={_text(one, "valueName"): _text(one, "value") for one in info.findall(f"{NS}parameter")},
        area=_text(area, "areaDesc"),
        circle=(float(found[1]), float(found[2]), float(found[3])) if found else None,
    )


def _texts(element: ET.Element) -> dict[str, str]:
    return {child.tag.removeprefix(NS): child.text or "" for child in element if not len(child)}


def _text(element: ET.Element, name: str) -> str:
    return element.findtext(f"{NS}{name}") or ""


def _time(text: str) -> datetime:
    assert TIME.fullmatch(text), f"{text}: no Z, no fraction"
    return datetime.fromisoformat(text)
