"""What routes, inhibitions and silences look for in an alert's labels: `thing =~ flood-.*`. No I/O.

As in Alertmanager: four operators, a regular expression matches the whole value, a label that is absent is ''.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self

from storage.patterns import PatternError, compile_pattern, fits

LONGEST: Final = 500
"""Characters of a matcher."""
FORM: Final = 'is written like "severity = critical"; the signs are = != =~ !~'
_MATCHER: Final = re.compile(r"\s*([a-z_][a-z0-9_]*)\s*(=~|!~|!=|=)\s*(.*?)\s*", re.S)
_QUOTED: Final = re.compile(r'"((?:[^"\\]|\\["\\n])*)"', re.S)
_ESCAPES: Final = {r"\n": "\n", r"\"": '"', r"\\": "\\"}


class Operator(StrEnum):
    IS = "="
    IS_NOT = "!="
    FITS = "=~"
    FITS_NOT = "!~"

    @property
    def negative(self) -> bool:
        return self in (Operator.IS_NOT, Operator.FITS_NOT)

    @property
    def is_pattern(self) -> bool:
        return self in (Operator.FITS, Operator.FITS_NOT)


@dataclass(frozen=True, kw_only=True, slots=True)
class Matcher:
    label: str
    operator: Operator
    value: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises ValueError saying how it is written."""
        found = _MATCHER.fullmatch(text) if len(text) <= LONGEST else None
        if found is None:
            raise ValueError(f"{text!r:.80}: {FORM}")
        label, operator, value = found[1], Operator(found[2]), _unquoted(found[3], text)
        try:
            if operator.is_pattern:
                compile_pattern(value)
        except PatternError as error:
            raise ValueError(f"{text!r:.80}: {error}") from None
        return cls(label=label, operator=operator, value=value)

    def matches(self, labels: Mapping[str, str]) -> bool:
        value = labels.get(self.label, "")
        found = fits(self.value, value) if self.operator.is_pattern else value == self.value
        return found is not self.operator.negative

    def __str__(self) -> str:
        """As it can be read again."""
        if self.value and not re.search(r'[\s"\\,{}]', self.value):
            return f"{self.label} {self.operator.value} {self.value}"
        escaped = self.value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        return f'{self.label} {self.operator.value} "{escaped}"'


Matchers = tuple[Matcher, ...]


def parse_all(texts: Iterable[str]) -> Matchers:
    """Raises ValueError."""
    return tuple(Matcher.parse(text) for text in texts)


def match_all(matchers: Sequence[Matcher], labels: Mapping[str, str]) -> bool:
    """Whether every one of them matches; without any it does."""
    return all(matcher.matches(labels) for matcher in matchers)


def match_anything(matchers: Sequence[Matcher]) -> bool:
    """Whether each of them takes '' too, so that they say of no label what it must be."""
    return match_all(matchers, {})


def _unquoted(value: str, text: str) -> str:
    if '"' not in value:
        return value
    quoted = _QUOTED.fullmatch(value)
    if quoted is None:
        raise ValueError(f'{text!r:.80}: a value with " stands in quotes, with \\" for the sign itself')
    return re.sub(r'\\["\\n]', lambda found: _ESCAPES[found[0]], quoted[1])
