"""What the public page loads is ES2018 in a module, with `import()`: browsers of 2018 on cheap phones read it.

The grammar is ECMA-262, 9th edition (June 2018); what came later is named here by the edition that brought it.
"""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import tree_sitter_javascript
from tree_sitter import Language, Node, Parser

from dashboard.citizen.pages import FOLDER
from dashboard.static import ASSETS

LATER_SYNTAX = {
    "optional_chain": "2020",
    "meta_property": "2020: import.meta",
    "namespace_export": "2020",
    "??": "2020",
    "??=": "2021",
    "||=": "2021",
    "&&=": "2021",
    "private_property_identifier": "2022",
    "class_static_block": "2022",
    "field_definition": "2022",
    "hash_bang_line": "2023",
    "import_attribute": "2025",
    "using_declaration": "later",
}
LATER_NAMES = {
    "flat": "2019",
    "flatMap": "2019",
    "fromEntries": "2019",
    "trimStart": "2019",
    "trimEnd": "2019",
    "globalThis": "2020",
    "matchAll": "2020",
    "allSettled": "2020",
    "replaceAll": "2021",
    "at": "2022",
    "hasOwn": "2022",
    "structuredClone": "no part of the language, 2022",
    "findLast": "2023",
    "findLastIndex": "2023",
    "toSorted": "2023",
    "toReversed": "2023",
    "groupBy": "2024",
}
FUNCTIONS = {
    "function_declaration",
    "function_expression",
    "generator_function_declaration",
    "arrow_function",
    "method_definition",
}


@cache
def parser() -> Parser:
    return Parser(Language(tree_sitter_javascript.language()))


def nodes(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from nodes(child)


def text(node: Node) -> str:
    return (node.text or b"").decode()


def later(source: str) -> list[str]:
    """What a parser of ES2018 would refuse, or an engine of then would not know, each with its line."""
    root = parser().parse(source.encode()).root_node
    return [f"{one.start_point[0] + 1}: {fault}" for one in nodes(root) if (fault := _fault(one)) is not None]


def _fault(node: Node) -> str | None:
    if node.is_error or node.is_missing:
        return f"no JavaScript: {text(node)[:40]}"
    if node.type == "meta_property" and text(node) == "new.target":
        return None
    if node.type in LATER_SYNTAX:
        return f"{text(node)[:40]} is of {LATER_SYNTAX[node.type]}"
    if node.type == "number" and ("_" in text(node) or text(node).endswith("n")):
        return f"{text(node)} is of 2020 or 2021"
    if node.type == "catch_clause" and node.child_by_field_name("parameter") is None:
        return "catch without a parameter is of 2019"
    if node.type == "await_expression" and not _in_function(node):
        return "await outside of a function is of 2022"
    if node.type == "regex_flags" and set(text(node)) & set("dv"):
        return f"flags {text(node)} are of 2022 or later"
    return _name_fault(node)


def _name_fault(node: Node) -> str | None:
    """A property that is asked for; one that a literal or a parameter has is our own."""
    asked = (
        node.type == "property_identifier"
        and node.parent is not None
        and node.parent.type == "member_expression"
        and node.parent.parent is not None
        and node.parent.parent.type == "call_expression"
        and node.parent.parent.child_by_field_name("function") == node.parent
    )
    if (asked or node.type == "identifier") and text(node) in LATER_NAMES:
        if node.type == "identifier" and text(node) != "globalThis" and text(node) != "structuredClone":
            return None  # a variable of that name
        if asked and text(node) == "at" and text(node.parent or node).startswith("scale."):
            return None  # chart.js: the moment at a place of the axis
        if asked and text(node.parent or node) == "self.clients.matchAll":
            return None  # of service workers from their beginning
        return f"{text(node)} is of {LATER_NAMES[text(node)]}"
    return None


def _in_function(node: Node) -> bool:
    above = node.parent
    while above is not None:
        if above.type in FUNCTIONS:
            return True
        above = above.parent
    return False


def imported(path: Path) -> Iterator[Path]:
    """Of our own files, by `import … from`, `export … from`, `import "…"` and `import("…")`."""
    for node in nodes(parser().parse(path.read_bytes()).root_node):
        source = None
        if node.type in ("import_statement", "export_statement"):
            source = node.child_by_field_name("source")
        elif node.type == "call_expression" and node.children[0].type == "import":
            source = node.children[1].children[1]
        if source is not None:
            served = ASSETS / "citizen" if path.parent == FOLDER else path.parent
            yield served / text(source)[1:-1]


def on_disk(path: Path) -> Path:
    """`assets/citizen/` is served from the folder of the citizens' page."""
    plain = path.resolve()
    return FOLDER / plain.name if plain.parent == (ASSETS / "citizen").resolve() else plain


def loaded() -> list[Path]:
    """All scripts that the page loads, sooner or later, and its workers."""
    found: set[Path] = set()
    waiting = [*FOLDER.glob("*.js"), ASSETS / "live-worker.js"]
    while waiting:
        path = waiting.pop()
        if path in found or "leaflet" in path.parts:
            continue
        found.add(path)
        waiting += [on_disk(one) for one in imported(path)]
    return sorted(found)


def test_the_page_loads_what_is_checked_here() -> None:
    names = {path.name for path in loaded()}
    assert {
        "page.js",
        "list.js",
        "detail.js",
        "worker.js",
        "map.js",
        "basemap.js",
        "city.js",
        "chart.js",
    } <= names
    assert {"live-worker.js", "stream.js", "format.js", "notice.js", "plain.js", "tokens.js"} <= names


@pytest.mark.parametrize("path", loaded(), ids=lambda path: path.name)
def test_a_browser_of_2018_reads_the_script(path: Path) -> None:
    assert later(path.read_text("utf-8")) == []


@pytest.mark.parametrize(
    "source",
    [
        "a?.b",
        "a?.[0]",
        "a?.()",
        "a ?? b",
        "a ??= b",
        "a ||= b",
        "a &&= b",
        "class A { #x() {} }",
        "class A { x = 1 }",
        "class A { static {} }",
        "try {} catch {}",
        "1_000",
        "1n",
        "await a",
        "import.meta.url",
        "export * as a from './a.js'",
        "a.at(-1)",
        "'a'.replaceAll('a', 'b')",
        "[].flatMap(f)",
        "globalThis.a",
        "/a/v.test(b)",
        "a b",
    ],
)
def test_the_check_finds_what_came_later(source: str) -> None:
    assert later(source) != []


@pytest.mark.parametrize(
    "source",
    [
        "const { a, ...rest } = { ...b }",
        "async function f() { for await (const a of b) await a; }",
        "import('./map.js').then(f)",
        "export const a = async () => { await b; }",
        "/(?<year>\\d{4})\\p{M}/su.test(a)",
        "Promise.resolve().finally(f)",
        "a ** b",
        "`a${b}`",
    ],
)
def test_the_check_lets_the_edition_of_2018_be(source: str) -> None:
    assert later(source) == []
