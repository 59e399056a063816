"""Units of the field, in the notations that devices use, to the UCUM units of the catalogue. Pure."""

from typing import Final


class UnknownUnit(ValueError):
    """A notation that nobody knows, or a unit that is of another kind than the one asked for."""


_ALIASES: Final[dict[str, str]] = {}


def canonical(unit: str) -> str:
    """The UCUM code of a unit in any notation that we know. Raises UnknownUnit."""
    return _ALIASES.get(unit, unit)


def convert(value: float, unit: str, to: str, *, substance: str = "") -> float:
    """A value in another unit; `substance` (a property) gives the molar mass for ppb. Raises UnknownUnit."""
    if canonical(unit) == to:
        return value
    raise UnknownUnit(f"'{unit}' can't be converted to {to}")
