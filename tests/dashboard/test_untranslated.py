"""Nothing is said on screen that is not in a table of texts: neither by a template nor by a script."""

import re
from pathlib import Path

import pytest

import dashboard
from dashboard.control_room.texts import TEXTS

FOLDER = Path(dashboard.__file__).parent / "control_room"
TEMPLATES = sorted(FOLDER.rglob("*.html"))
SCRIPTS = sorted((FOLDER / "assets").rglob("*.js"))
SAME_IN_BOTH = ("dd/mm/yyyy", "hh:mm", "severity = warning", "PHÁT LẠI · REPLAY")
"""How days and times are written, an example of a matcher, and the mark of a replay, which is in both."""

_CODE = re.compile(r"<(style|script)\b.*?</\1>|\{%.*?%\}|\{\{.*?\}\}|<!--.*?-->", re.S)
_SAID = re.compile(r'\b(?:placeholder|title|alt|aria-label)="([^"]*)"')
_FILLED = re.compile(r"\$\w+|\$?\{%?\w+%?\}|&\w+;")
_WORD = re.compile(r"[^\W\d_]{2,}")
_SHOWN = re.compile(
    r'(?:setText\([^,()]+(?:\([^()]*\))?, |textContent = |(?:title|placeholder|"aria-label"): |\}, )"([^"\\\n]+)"'
)
"""What a script puts on screen as it stands: setText(element, "…"), textContent = "…", h("p", {…}, "…")."""


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_template_says_nothing_by_itself(path: Path) -> None:
    code = _CODE.sub(" ", path.read_text("utf-8"))
    said = [re.sub(r"<[^>]*>", " ", code), *_SAID.findall(code)]
    for same in SAME_IN_BOTH:
        said = [text.replace(same, " ") for text in said]
    assert [word for text in said for word in _WORD.findall(_FILLED.sub(" ", text))] == []


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_a_script_says_nothing_by_itself(path: Path) -> None:
    code = re.sub(r"^\s*//.*$", "", path.read_text("utf-8"), flags=re.M)
    for same in SAME_IN_BOTH:
        code = code.replace(same, " ")
    assert [word for word in _WORD.findall(code) if not word.isascii()] == []
    assert [text for text in _SHOWN.findall(code) if _WORD.search(text) and text not in TEXTS] == []


def test_the_patterns_find_what_they_are_for() -> None:
    said = 'setText(element("x"), "Old data"); y.textContent = "Live"; h("p", { id: "x" }, "Nobody");'
    assert _SHOWN.findall(said) == ["Old data", "Live", "Nobody"]
    assert _WORD.findall(_FILLED.sub(" ", "$title · Nobody 12 &nbsp;")) == ["Nobody"]
