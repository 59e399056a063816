"""docs/sources.md and docs/formats/ tell the truth: the examples load, and every key and decoder is there."""

import re
from pathlib import Path

import pytest

from ingest import decoders, targets
from ingest.known import of_inventory
from ingest.sources import _DeviceTable, _MeaningTable, _SourceTable, load_sources
from storage import inventory
from storage.inventory import load_inventory
from storage.model import Domain

DOCS = Path(__file__).parents[2] / "docs"
TEXT = (DOCS / "sources.md").read_text("utf-8")
EXAMPLES = [
    pytest.param(block, id=f"{path.stem}-{n}")
    for path in [DOCS / "sources.md", *sorted((DOCS / "formats").glob("*.md"))]
    for n, block in enumerate(re.findall(r"```toml\n(.*?)```", path.read_text("utf-8"), re.S))
    if block.lstrip().startswith("[[source]]")
]


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_is_a_sources_file(example: str, tmp_path: Path) -> None:
    path = tmp_path / "sources.toml"
    path.write_text(example, "utf-8")
    assert load_sources(path).all


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_points_at_what_there_is(example: str, tmp_path: Path, domains: dict[str, Domain]) -> None:
    path = tmp_path / "sources.toml"
    path.write_text(example, "utf-8")
    known = of_inventory(domains, load_inventory([inventory.SHIPPED], domains))
    assert [line for source in load_sources(path).all for line in targets.missing(source, known)] == []


@pytest.mark.parametrize(
    "key", [*_SourceTable.model_fields, *_MeaningTable.model_fields, *_DeviceTable.model_fields]
)
def test_every_key_is_documented(key: str) -> None:
    assert re.search(rf"\b{key}\b", TEXT)


@pytest.mark.parametrize("name", decoders.names())
def test_every_decoder_is_documented(name: str) -> None:
    assert f"`{name}`" in TEXT


def test_links_lead_somewhere() -> None:
    targets = re.findall(r"\]\((?!http)([^)#]+)", TEXT)
    assert [target for target in targets if not (DOCS / target).exists()] == []
