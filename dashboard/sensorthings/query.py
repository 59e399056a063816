"""Query options: text to what is asked, checked against the entity set (OGC 18-088, 9.3)."""

import base64
import binascii
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from urllib.parse import parse_qsl

import msgspec

from dashboard.sensorthings.grammar import Order, parse_filter, parse_orderby
from dashboard.sensorthings.model import IDS, OBSERVATIONS, SETS, EntitySet, require_known
from dashboard.sensorthings.refusal import Refused
from storage.expression import Expression

PAGE: Final = 100
MOST: Final = 1000
"""Entities of a page; whoever asks for more gets this many and a nextLink."""
MOST_SKIPPED: Final = 100_000
MOST_OBSERVATIONS_SKIPPED: Final = 10_000
"""What is skipped is read; the nextLink of Observations by time needs none of it."""
LONGEST_QUERY: Final = 8000
DEEPEST_EXPANSION: Final = 4
MOST_EXPANSIONS: Final = 12
"""Expansions of one request."""
NOT_HERE: Final = frozenset(
    {"$search", "$format", "$compute", "$apply", "$levels", "$index", "$schemaversion"}
)
"""Options of OData that this service does not have: 501, as the standard wants."""
_NAME: Final = re.compile(r"[A-Za-z]+(?:/[A-Za-z]+)*", re.ASCII)
_SELECTED: Final = re.compile(r"@?[A-Za-z.]+", re.ASCII)


class Token(msgspec.Struct, frozen=True, array_like=True):
    """The last Observation of the page before."""

    time: datetime
    datastream_id: int

    def text(self) -> str:
        return base64.urlsafe_b64encode(msgspec.json.encode(self)).decode()


@dataclass(frozen=True, kw_only=True, slots=True)
class Query:
    """What is asked of a collection or of one entity."""

    filter: Expression | None = None
    orderby: tuple[Order, ...] = ()
    select: tuple[str, ...] | None = None
    expand: tuple["Expansion", ...] = ()
    top: int = PAGE
    skip: int = 0
    count: bool = False
    data_array: bool = False
    after: Token | None = None
    given: tuple[tuple[str, str], ...] = ()
    """The options as they were written, for the nextLink."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Expansion:
    """Related entities inside their entity."""

    navigation: str
    query: Query


def parse_query(text: str, entity_set: EntitySet) -> Query:
    """A URL's query string, still percent-encoded. Raises Refused."""
    if len(text) > LONGEST_QUERY:
        raise Refused(f"the query is longer than {LONGEST_QUERY} characters")
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=20, errors="strict")
    except ValueError as error:
        raise Refused(f"the query can't be read: {error}") from None
    query = _query(pairs, entity_set, depth=0)
    if sum(1 for _ in _expansions(query)) > MOST_EXPANSIONS:
        raise Refused(f"has more than {MOST_EXPANSIONS} entity sets", option="$expand")
    return query


def _query(pairs: Sequence[tuple[str, str]], entity_set: EntitySet, depth: int) -> Query:
    query = Query(given=tuple(pairs))
    seen: set[str] = set()
    for name, text in pairs:
        name = "$resultFormat" if name == "resultFormat" else name
        if name in seen:
            raise Refused("is given twice", option=name)
        seen.add(name)
        query = _with(query, name, text, entity_set, depth)
    if query.data_array and query.expand:
        raise Refused("a dataArray takes no $expand", option="$resultFormat")
    if query.after is not None and query.skip:
        raise Refused("does not go with $skiptoken", option="$skip")
    most = MOST_OBSERVATIONS_SKIPPED if entity_set.name == OBSERVATIONS else MOST_SKIPPED
    if query.skip > most:
        raise Refused(f"is more than {most}: narrow it by $filter, or follow @iot.nextLink", option="$skip")
    return query


def _with(query: Query, name: str, text: str, entity_set: EntitySet, depth: int) -> Query:
    if name == "$filter":
        condition = parse_filter(text)
        require_known(condition, entity_set, name)
        return replace(query, filter=condition)
    if name == "$orderby":
        orders = parse_orderby(text)
        for order in orders:
            require_known(order.expression, entity_set, name)
        return replace(query, orderby=orders)
    if name == "$select":
        return replace(query, select=_selected(text, entity_set))
    if name == "$expand":
        return replace(query, expand=_expand(text, entity_set, depth))
    if name == "$top":
        return replace(query, top=min(MOST, _whole_number(text, name)))
    if name == "$skip":
        return replace(query, skip=_whole_number(text, name))
    if name == "$count":
        return replace(query, count=_truth(text, name))
    if name == "$resultFormat" and depth == 0:
        return replace(query, data_array=_data_array(text, entity_set))
    if name == "$skiptoken" and entity_set.name == OBSERVATIONS and depth == 0:
        return replace(query, after=_token(text))
    status = 501 if name in NOT_HERE else 400
    raise Refused("is no option that this service knows", option=name, status=status)


def _selected(text: str, entity_set: EntitySet) -> tuple[str, ...]:
    found = []
    for piece, at in _pieces(text, ",", "$select"):
        name = piece.strip()
        known = name in entity_set.properties or name in entity_set.navigations
        if not _SELECTED.fullmatch(name) or not (known or name in IDS or name == "@iot.selfLink"):
            raise Refused(f"{entity_set.name} have no '{name}'", option="$select", at=at)
        found.append("id" if name in IDS else name)
    return tuple(dict.fromkeys(found))


def _expand(text: str, entity_set: EntitySet, depth: int) -> tuple[Expansion, ...]:
    if depth >= DEEPEST_EXPANSION:
        raise Refused(f"goes deeper than {DEEPEST_EXPANSION} levels", option="$expand")
    found: dict[str, Expansion] = {}
    for piece, at in _pieces(text, ",", "$expand"):
        for one in _expansion(piece, at, entity_set, depth):
            before = found.get(one.navigation)
            found[one.navigation] = one if before is None else _merged(before, one, at)
    return tuple(found.values())


def _expansion(piece: str, at: int, entity_set: EntitySet, depth: int) -> Iterator[Expansion]:
    """`Datastreams/Observations($top=1)`: options are those of the last name."""
    at += len(piece) - len(piece.lstrip())
    piece = piece.strip()
    name, opened, options = piece.partition("(")
    if opened and not options.endswith(")"):
        raise Refused("a ')' is missing", option="$expand", at=at + len(piece))
    if not _NAME.fullmatch(name):
        raise Refused(f"'{name[:40]}' is no navigation", option="$expand", at=at)
    first, _, rest = name.partition("/")
    navigation = entity_set.navigations.get(first)
    if navigation is None:
        raise Refused(f"{entity_set.name} have no navigation '{first}'", option="$expand", at=at)
    target = SETS[navigation.target]
    if rest:
        inside = [("$expand", rest + opened + options, at + len(first) + 1)]
    else:
        inside = list(_inner_options(options[:-1], at + len(name) + 1)) if opened else []
    yield Expansion(navigation=first, query=_nested(inside, target, depth, at))


def _inner_options(text: str, at: int) -> Iterator[tuple[str, str, int]]:
    """Name and text of each option in parentheses, and where the text stands in the whole."""
    for piece, start in _pieces(text, ";", "$expand"):
        name, equals, value = piece.partition("=")
        if not equals:
            raise Refused(f"'{piece.strip()[:40]}' is no option", option="$expand", at=at + start)
        yield name.strip(), value, at + start + len(name) + 1


def _nested(inside: Sequence[tuple[str, str, int]], target: EntitySet, depth: int, at: int) -> Query:
    """A fault inside names $expand and the place in it, before its own option."""
    try:
        return _query([(name, text) for name, text, _ in inside], target, depth + 1)
    except Refused as fault:
        start = next((start for name, _, start in inside if name == fault.option), at)
        detail = fault.detail if fault.option in (None, "$expand") else f"{fault.option}: {fault.detail}"
        raise Refused(detail, option="$expand", at=start + (fault.at or 0), status=fault.status) from fault


def _merged(before: Expansion, one: Expansion, at: int) -> Expansion:
    """`Datastreams,Datastreams/Observations`: one expansion with both of what is inside."""
    plain = [replace(each.query, expand=(), given=()) == Query() for each in (before, one)]
    names = {each.navigation for each in before.query.expand}
    if not all(plain) or any(each.navigation in names for each in one.query.expand):
        raise Refused(f"'{one.navigation}' is expanded twice", option="$expand", at=at)
    both = replace(
        before.query,
        expand=before.query.expand + one.query.expand,
        given=before.query.given + one.query.given,
    )
    return replace(before, query=both)


def _expansions(query: Query) -> Iterator[Expansion]:
    for one in query.expand:
        yield one
        yield from _expansions(one.query)


def _pieces(text: str, separator: str, option: str) -> Iterator[tuple[str, int]]:
    """Split where no parenthesis or quote is open; each with the place where it begins."""
    depth, quoted, start = 0, False, 0
    for at, character in enumerate(text):
        if character == "'":
            quoted = not quoted
        elif quoted:
            continue
        elif character == "(":
            depth += 1
        elif character == ")":
            depth -= 1
            if depth < 0:
                raise Refused("a '(' is missing", option=option, at=at)
        elif character == separator and depth == 0:
            yield text[start:at], start
            start = at + 1
    if depth or quoted:
        raise Refused("a quote or a ')' is missing", option=option, at=len(text))
    yield text[start:], start


def _whole_number(text: str, option: str) -> int:
    if not re.fullmatch(r"\d{1,9}", text, re.ASCII):
        raise Refused("is no whole number from 0 on", option=option, at=0)
    return int(text)


def _truth(text: str, option: str) -> bool:
    if text not in ("true", "false"):
        raise Refused("is neither true nor false", option=option, at=0)
    return text == "true"


def _data_array(text: str, entity_set: EntitySet) -> bool:
    if text != "dataArray":
        raise Refused("there is no other format than dataArray", option="$resultFormat", at=0, status=501)
    if entity_set.name != OBSERVATIONS:
        raise Refused("is for Observations", option="$resultFormat", at=0)
    return True


def _token(text: str) -> Token:
    try:
        found = msgspec.json.decode(base64.urlsafe_b64decode(text.encode()), type=Token)
    except (ValueError, binascii.Error, msgspec.MsgspecError):
        found = None
    if found is None or found.time.tzinfo is None or not 0 < found.datastream_id < 2**63:
        raise Refused("is none that a nextLink gave", option="$skiptoken", at=0)
    return found
