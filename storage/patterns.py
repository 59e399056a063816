"""Regular expressions of RE2, the engine of Alertmanager's: their cost grows with the text and never faster.

So what an operator types can't stall alerting. A pattern matches a text as a whole. No I/O.
"""

from functools import lru_cache
from typing import Any, Final

import re2

LONGEST: Final = 200
"""Characters of a pattern."""
MOST_MEMORY: Final = 1 << 20
"""Bytes that a compiled one may take."""


class PatternError(ValueError):
    """Says what is wrong with a pattern."""


def fits(pattern: str, text: str) -> bool:
    """Whether the whole text fits. Raises PatternError."""
    return compile_pattern(pattern).fullmatch(text) is not None


@lru_cache(maxsize=1_000)
def compile_pattern(pattern: str) -> Any:
    """An object with `fullmatch`. Raises PatternError."""
    if len(pattern) > LONGEST:
        raise PatternError(f"a pattern has at most {LONGEST} characters")
    options = re2.Options()
    options.log_errors, options.max_mem = False, MOST_MEMORY
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        said = error.args[0] if error.args else "can't be understood"
        raise PatternError(
            said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
        ) from None
