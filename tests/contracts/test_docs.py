"""Docs tell the truth: every variable, command, metric and rejection reason of the product stands in them."""

import re
import tomllib
from pathlib import Path

import pytest

from ingest.model import Reason
from storage.model import Quality
from storage.settings import Settings

ROOT = Path(__file__).parents[2]
DOCS = "\n".join(
    path.read_text("utf-8") for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
)


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_variable_is_documented(name: str) -> None:
    assert f"HANOI_{name.upper()}" in DOCS


def test_every_command_is_documented() -> None:
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["scripts"]
    assert [name for name in scripts if name not in DOCS] == []


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_of_a_rejection_is_documented(reason: Reason) -> None:
    assert f"`{reason.value}`" in DOCS


def test_every_metric_of_ingest_is_documented() -> None:
    source = (ROOT / "ingest" / "metrics.py").read_text("utf-8")
    names = set(re.findall(r'"(hanoi_[a-z_]+)"', source))
    assert names
    assert sorted(name for name in names if name not in DOCS) == []


@pytest.mark.parametrize("quality", list(Quality))
def test_every_quality_flag_is_in_the_glossary(quality: Quality) -> None:
    assert str(quality.value) in (ROOT / "docs" / "glossary.md").read_text("utf-8")


def test_the_readme_is_short_and_its_links_lead_somewhere() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    assert len(readme.splitlines()) < 150
    targets = re.findall(r"\]\((?!http)([^)#]+)", readme)
    assert targets
    assert [target for target in targets if not (ROOT / target).exists()] == []
