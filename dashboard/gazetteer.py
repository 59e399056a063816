"""Where a citizen may mean: Things, the streets that their names and attributes tell of, and the wards. Pure.

Names are found as people type them: with or without diacritics, words in any order, begun words, 'P.' and 'Đ.'.
`dashboard/assets/finding.js` ranks in the same way in browsers; tests hold both to one table of cases.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from storage import wards
from storage.folding import folded
from storage.model import Domain
from storage.things import ThingRow

EntryKind = Literal["street", "ward", "thing"]
KINDS: Final[Sequence[EntryKind]] = ("street", "ward", "thing")
"""Also the order of what fits equally well: an area before what stands in it."""
NAMED_AFTER_STREETS: Final = frozenset({"flood_point"})
"""Kinds of Things whose name is the streets that they stand on; others say it in the attribute `street`."""
WORDS_OF: Final[Mapping[str, str]] = {
    "street": "đường phố street",
    "ward": "phường ward",
    "commune": "xã commune",
}
"""What people put before a name: 'Đ.' and 'P.' are begun words of it."""
LEADING: Final = frozenset({"d", "duong", "p", "pho", "phuong", "x", "xa"})
"""Put before a name, and no part of it: but for 'Phố Huế' and 'Xã Đàn', so that both are tried."""
TRUST_ORDER: Final = "VMS"
"""From the strongest to the weakest."""

_BRACKETS: Final = re.compile(r"\([^)]*\)")
_BETWEEN: Final = re.compile(r"\s+[–-]\s+|[,;/]")
_JUNCTION: Final = re.compile(r"^Ngã (?:ba|tư|năm|sáu|bảy)\s+", re.IGNORECASE)
_WORD: Final = re.compile(r"[^\W_]+")
_STREET: Final = re.compile(r"^(?:[^\W\d_]+\s+)+[^\W\d_]+$")
"""Two words or more, none with a figure: 'RESCO' and 'BV 19/8' are no streets."""
_SHOUTED: Final = re.compile(r"\b[A-ZĐ]{2,}")
_FIGURES: Final = re.compile(r"\d+")


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """A place that can be found. Degrees WGS 84; None: nobody knows where it is."""

    kind: EntryKind
    id: str
    """Unique within its kind: of a Thing its id, of a ward its code, of a street its name in a-z and '-'."""
    name_vi: str
    name_en: str
    lat: float | None
    lon: float | None
    trust: str | None
    """Of the place: V, M or S, the weakest of those that it was made of."""
    source: str | None
    domains: tuple[str, ...] = ()
    core: str = ""
    """The folded name without the word for what it is."""
    sought: str = field(default="", repr=False)
    """Everything that it is found by, folded."""

    def item(self) -> dict[str, Any]:
        """As the API gives it when it was looked for."""
        return self._item({"lat": self.lat, "lon": self.lon, "trust": self.trust, "source": self.source})

    def brief(self) -> dict[str, Any]:
        """As the API gives it among all, for who looks by themselves; phones load it."""
        spot = {"lat": self.lat, "lon": self.lon, "trust": self.trust}
        return {**self._item(spot), "core": self.core, "sought": self.sought}

    def _item(self, location: dict[str, Any]) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "id": self.id,
            "name": {"vi": self.name_vi, "en": self.name_en},
            "location": None if self.lat is None else location,
            "domains": list(self.domains),
        }


def gazetteer(things: Iterable[ThingRow], domains: Mapping[str, Domain]) -> tuple[Entry, ...]:
    """Every place of the city: Things in service that are part of no other, their streets, and the wards."""
    shown = [thing for thing in things if thing.parent_id is None and thing.retired_from is None]
    return (*_streets(shown, domains), *_wards(), *(_thing(thing, domains) for thing in shown))


def found(entries: Iterable[Entry], typed: str, limit: int) -> list[Entry]:
    """The entries that hold every typed word, the best first. [] when nothing was typed that could be a name."""
    words = typed_words(typed)
    if not words:
        return []
    fitting = [entry for entry in entries if all(word in entry.sought for word in words)]
    return sorted(fitting, key=lambda entry: _rank(entry, words))[:limit]


def typed_words(typed: str) -> list[str]:
    """'P. Hoàn Kiếm' → ['p', 'hoan', 'kiem']."""
    return _WORD.findall(folded(typed))


def streets_named(thing: ThingRow) -> list[str]:
    """The streets that a Thing says it stands on, as it writes them."""
    told = thing.properties.get("street")
    if isinstance(told, str) and told.strip():
        return [told.strip()]
    if isinstance(told, list):
        return [name.strip() for name in told if isinstance(name, str) and name.strip()]
    return _streets_in(thing.name_vi) if thing.kind in NAMED_AFTER_STREETS else []


def _streets_in(name: str) -> list[str]:
    """'Ngã năm Bà Triệu' → ['Bà Triệu']; 'Minh Khai – chân cầu Vĩnh Tuy' → ['Minh Khai']."""
    parts = (_JUNCTION.sub("", part.strip()) for part in _BETWEEN.split(_BRACKETS.sub(" ", name)))
    return [part for part in parts if _STREET.match(part) and part[0].isupper() and not _SHOUTED.search(part)]


def _rank(entry: Entry, words: Sequence[str]) -> tuple[int, int, str, str]:
    tried = [words, words[1:]] if words[0] in LEADING and len(words) > 1 else [words]
    in_order = _FIGURES.sub(lambda figures: figures[0].zfill(8), entry.core)  # point 2 before point 10
    return (min(_fit(entry, each) for each in tried), KINDS.index(entry.kind), in_order, entry.id)


def _fit(entry: Entry, words: Sequence[str]) -> int:
    """0 the very name, 1 it begins so, 2 each word begins one of the name's, 3 somewhere."""
    phrase, own = " ".join(words), entry.core.split()
    if entry.core == phrase:
        return 0
    if entry.core.startswith(phrase):
        return 1
    return 2 if all(any(one.startswith(word) for one in own) for word in words) else 3


def _thing(thing: ThingRow, domains: Mapping[str, Domain]) -> Entry:
    domain = domains.get(thing.domain)
    of_domain = "" if domain is None else f"{domain.name.vi} {domain.name.en}"
    return Entry(
        kind="thing",
        id=thing.id,
        name_vi=thing.name_vi,
        name_en=thing.name_en,
        lat=thing.lat,
        lon=thing.lon,
        trust=thing.coordinate_trust,
        source=thing.coordinate_source,
        domains=(thing.domain,),
        core=_core(thing.name_vi),
        sought=_sought(thing.name_vi, thing.name_en, thing.id, of_domain, *streets_named(thing)),
    )


def _streets(things: Iterable[ThingRow], domains: Mapping[str, Domain]) -> Iterable[Entry]:
    """In the middle of the Things that stand on each."""
    on: defaultdict[str, list[ThingRow]] = defaultdict(list)
    written: dict[str, str] = {}
    for thing in things:
        for name in streets_named(thing):
            key = _core(name)
            written.setdefault(key, name)
            if thing not in on[key]:
                on[key].append(thing)
    order = list(domains)
    for key, those in sorted(on.items()):
        placed = [thing for thing in those if thing.lat is not None and thing.lon is not None]
        kinds = {thing.domain for thing in those}
        yield Entry(
            kind="street",
            id=key.replace(" ", "-"),
            name_vi=written[key],
            name_en=wards.without_marks(written[key]),
            lat=_mean([thing.lat for thing in placed if thing.lat is not None]),
            lon=_mean([thing.lon for thing in placed if thing.lon is not None]),
            trust=max((t.coordinate_trust or "S" for t in placed), key=TRUST_ORDER.index, default=None),
            source=f"the middle of {len(placed)} places on it" if placed else None,
            domains=tuple(sorted(kinds, key=lambda one: order.index(one) if one in order else len(order))),
            core=key,
            sought=_sought(written[key], WORDS_OF["street"]),
        )


def _wards() -> Iterable[Entry]:
    for unit in wards.units():
        name = unit.full_name
        yield Entry(
            kind="ward",
            id=unit.code,
            name_vi=name.vi,
            name_en=name.en,
            lat=unit.lat,
            lon=unit.lon,
            trust="M",
            source="centre by the package vietnamadminunits",
            core=_core(unit.name),
            sought=_sought(unit.name, WORDS_OF["ward" if unit.is_ward else "commune"]),
        )


def _core(name: str) -> str:
    return " ".join(typed_words(name))


def _sought(*texts: str) -> str:
    return " ".join(_core(text) for text in texts)


def _mean(values: Sequence[float]) -> float | None:
    return round(sum(values) / len(values), 6) if values else None


class Gazetteer:
    """The places of the city as it is, made anew when its Things or domains change and not when their values do."""

    def __init__(self) -> None:
        self._of: tuple[object, object] | None = None
        self._entries: tuple[Entry, ...] = ()

    def of(self, things: Mapping[str, ThingRow], domains: Mapping[str, Domain]) -> tuple[Entry, ...]:
        if self._of is None or self._of[0] is not things or self._of[1] is not domains:
            self._entries = gazetteer(things.values(), domains)
            self._of = (things, domains)
        return self._entries
