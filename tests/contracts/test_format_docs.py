"""The samples in the docs of formats are sources that ingest takes."""

import re
from pathlib import Path

import pytest

from ingest import decoders
from ingest.sources import load_sources

DOCS = Path(__file__).parents[2] / "docs"
PAGES = [DOCS / "sources.md", *sorted((DOCS / "formats").glob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_sample_of_sources_is_taken(page: Path, tmp_path: Path) -> None:
    samples = re.findall(r"^```toml\n(.*?)^```", page.read_text("utf-8"), re.S | re.M)
    assert samples
    for sample in samples:
        (tmp_path / "sources.toml").write_text(sample)
        assert load_sources(tmp_path / "sources.toml").all


@pytest.mark.parametrize("name", decoders.names())
def test_every_format_has_a_page_in_the_list(name: str) -> None:
    rows = [
        line
        for line in PAGES[0].read_text("utf-8").splitlines()
        if f"`{name}`" in line and "](formats/" in line
    ]
    (page,) = {match for row in rows for match in re.findall(r"\]\((formats/[a-z_]+\.md)\)", row)}
    assert (DOCS / page).is_file()
