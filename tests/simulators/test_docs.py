"""docs/simulate-and-replay.md names everything that can be said to both programs."""

from argparse import ArgumentParser
from pathlib import Path
from typing import get_args

import pytest
from msgspec.structs import fields

from simulators import mapping, publish, replay, scenarios
from simulators.profiles import AnyProfile, Diurnal, Extent

DOC = (Path(__file__).resolve().parents[2] / "docs" / "simulate-and-replay.md").read_text()


@pytest.mark.parametrize("kind", get_args(AnyProfile))
def test_every_kind_of_profile_is_documented_with_its_numbers(kind: type[Diurnal]) -> None:
    row = next(
        (line for line in DOC.splitlines() if line.startswith(f"| `{kind.__struct_config__.tag}`")), ""
    )
    missing = [one.name for one in fields(kind) if f"`{one.name}`" not in row]
    assert missing == []


@pytest.mark.parametrize("parser", [publish._parser(), replay._parser()], ids=lambda parser: parser.prog)
def test_every_option_is_documented(parser: ArgumentParser) -> None:
    options = {
        option for action in parser._actions for option in action.option_strings if option.startswith("--")
    }
    assert [option for option in options - {"--help"} if f"`{option}" not in DOC] == []


def test_every_shipped_file_and_every_key_of_a_mapping_is_documented() -> None:
    shipped = [path.stem for folder in (mapping.SHIPPED, scenarios.SHIPPED) for path in folder.glob("*.toml")]
    tables = (mapping.Mapping, mapping.TimeTable, mapping.RowsTable, mapping.PropertyTable, Extent)
    keys = {key for table in tables for key in table.__struct_fields__} - {"source"}
    assert [name for name in shipped if f"`{name}`" not in DOC] == []
    assert [key for key in keys if key not in DOC] == []
