"""The named blocks of `sql/*.sql`, for whoever speaks SQL, to whichever database."""

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import LiteralString, cast

_BLOCK = re.compile(r"^-- name: (?P<name>\w+)\n(?P<body>.*?)(?=^-- name: |\Z)", re.M | re.S)


@cache
def statements(module: str) -> Mapping[str, LiteralString]:
    """The blocks of `sql/<module>.sql` by name."""
    text = (files("storage") / "sql" / f"{module}.sql").read_text(encoding="utf-8")
    return {m["name"]: cast(LiteralString, m["body"].strip()) for m in _BLOCK.finditer(text)}
