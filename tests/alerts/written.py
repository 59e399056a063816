"""Rules as people write them, on a domain made for tests: `a`, `b`, `c` once a minute, `slow` once an hour."""

from typing import Any

from alerts.model import Rule
from alerts.rules import parse_rules
from storage.model import Band, Domain, Property, Range, Text

NAME = Text(vi="Thử", en="Tried")
WIDE = Range(low=-1000, high=1000)


def _property(key: str, interval_s: int = 60, **more: Any) -> Property:
    return Property(
        key=key, name=NAME, unit="1", interval_s=interval_s, possible=WIDE, plausible=WIDE, **more
    )


def _bands(*levels: int) -> tuple[Band, ...]:
    """One a level, ending at 10, 20, 30 …, the last without an end."""
    below = [*(10.0 * (n + 1) for n in range(len(levels) - 1)), None]
    return tuple(
        Band(level=level, below=end, label=NAME, color="#000000")
        for level, end in zip(levels, below, strict=True)
    )


PROPERTIES = (
    _property("a"),
    _property("b"),
    _property("c"),
    _property("slow", 3600),
    _property("rising", bands=_bands(0, 1, 2)),
    _property("falling", bands=_bands(3, 2, 1, 0)),
    _property("around", bands=_bands(1, 0, 1)),
    _property("direction", circular=True),
)


def domains(*tables: dict[str, Any]) -> dict[str, Domain]:
    """`lab`, in whose file the rules stand, and `field`, which is elsewhere."""
    properties = {one.key: one for one in PROPERTIES}
    return {
        key: Domain(
            key=key,
            name=NAME,
            headline="a",
            properties=properties,
            map_kinds=(),
            sections={"rule": list(tables)} if key == "lab" else {},
            source=f"{key}.toml",
        )
        for key in ("lab", "field")
    }


def table(when: dict[str, Any], **keys: Any) -> dict[str, Any]:
    return {
        "key": "tried",
        "property": "a",
        "when": when,
        "severity": "warning",
        "title": {"vi": "Thử", "en": "Tried"},
        "runbook": {"vi": "Xem.", "en": "Look."},
        "suggestion": True,
        "basis": {"vi": "thử", "en": "a test"},
        **keys,
    }


def written(when: dict[str, Any], **keys: Any) -> Rule:
    """`written({"above": 5}, **{"for": "2m"})`."""
    return parse_rules(domains(table(when, **keys)), ()).by_key["tried"]
