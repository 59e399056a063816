"""Which values are derived from which: one module an indicator family, each with its `DERIVATIONS`.

A derivation ties pure formulas of `ingest.indicators` to Datastreams; `ingest.derive` runs them.
"""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from ingest.derivation import Derivation


@cache
def find() -> tuple[Derivation, ...]:
    """Every derivation, by module and then as listed there."""
    modules = [import_module(f"{__name__}.{found.name}") for found in iter_modules(__path__)]
    return tuple(derivation for module in modules for derivation in module.DERIVATIONS)
