"""A rule's TOML as a form of plain texts, and a filled form as TOML: two views of one thing. No I/O.

Only what was changed in the form is written into the text: comments, and what no form has, stay as they are.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import InlineTable, Item

from storage.catalog import ReferenceDataError, parse_toml

LIMITS: Final = ("above", "at_least", "below", "at_most")
RATES: Final = ("rises_by", "falls_by")
KINDS: Final = (*LIMITS, "outside", "level", *RATES, "absent_for")
"""Conditions that the form has fields for."""
OTHER: Final = "other"
"""Any other condition: it is written as text only."""
LANGUAGES: Final = ("vi", "en")
BOTH: Final = ("title", "runbook", "basis")
"""What is said in both languages."""
_PLAIN: Final = ("key", "domain", "property", "severity", "public")
_DURATIONS: Final = ("for", "keep_firing_for", "resolve_when_silent")
_FLAGS: Final[Mapping[str, bool]] = {"suggestion": True, "for_citizens": True}
"""And what they are where they are not written; `suggestion` always has to be."""
_CONDITION: Final = ("kind", "value", "low", "high", "margin", "within", "clear")
_VALIDITY: Final = ("months", "weekdays", "hours_from", "hours_to")
_NUMBER: Final = re.compile(r"[-+]?\d+(?:[.,]\d+)?")

Form = dict[str, str | bool]


def form_of(text: str, source: str = "draft") -> Form:
    """Of the one rule in the text; what is not written is empty. Raises ReferenceDataError naming the source."""
    table = _table(parse_toml(text, source), source)
    when = _mapping(table.get("when"))
    kinds = [kind for kind in KINDS if kind in when]
    form: Form = {name: _shown(table.get(name)) for name in (*_PLAIN, *_DURATIONS)}
    form |= {name: bool(table[name]) if name in table else default for name, default in _FLAGS.items()}
    form |= {
        f"{name}_{language}": _shown(_mapping(table.get(name)).get(language))
        for name in BOTH
        for language in LANGUAGES
    }
    form["things"] = ", ".join(map(_shown, _list(table.get("things"))))
    form["labels"] = "\n".join(f"{k} = {_shown(v)}" for k, v in _mapping(table.get("labels")).items())
    form |= _condition_of(table, when, kinds[0] if len(kinds) == 1 else OTHER)
    return form | _validity_of(_mapping(table.get("valid")))


def with_form(text: str, form: Mapping[str, str | bool], source: str = "draft") -> str:
    """The text with what the form says otherwise. Raises ReferenceDataError when the text can't be read."""
    before = form_of(text, source)
    said = {name: form.get(name, before[name]) for name in before}
    changed = {name for name in before if _same(said[name]) != _same(before[name])}
    if not changed:
        return text
    try:
        document = tomlkit.parse(text)
    except TOMLKitError as error:
        raise ReferenceDataError(f"{source}: not TOML: {error}") from error
    table: Any = document["rule"][0]
    for name in changed & {*_PLAIN, *_DURATIONS}:
        _put(table, name, str(said[name]).strip() or None)
    for name in changed & _FLAGS.keys():
        table[name] = bool(said[name])
    for name in BOTH:
        _put_texts(table, name, said, changed)
    if "things" in changed:
        _put(table, "things", [one.strip() for one in str(said["things"]).split(",") if one.strip()] or None)
    if "labels" in changed:
        _put(table, "labels", _inline(_labels(str(said["labels"]))))
    if changed & {*_CONDITION} and said["kind"] != OTHER:
        _put_condition(table, said)
    if changed & {*_VALIDITY}:
        _put(table, "valid", _inline(_validity(said)))
    return tomlkit.dumps(document)


def text_of(table: Mapping[str, Any]) -> str:
    """A rule's table, as it was read, as a text of its own."""
    document = tomlkit.document()
    rules = tomlkit.aot()
    written = tomlkit.table()
    for name, value in table.items():
        written[name] = _item(value)
    rules.append(written)
    document["rule"] = rules
    return tomlkit.dumps(document)


def _table(document: Mapping[str, Any], source: str) -> Mapping[str, Any]:
    rules = document.get("rule")
    if not isinstance(rules, list) or len(rules) != 1 or not isinstance(rules[0], dict):
        count = len(rules) if isinstance(rules, list) else "none"
        raise ReferenceDataError(f"{source}: rule: is one [[rule]] table, here are {count}")
    return rules[0]


def _condition_of(table: Mapping[str, Any], when: Mapping[str, Any], kind: str) -> Form:
    outside = _list(when.get("outside"))
    two = kind == "outside" and len(outside) == 2
    clear = table.get("clear", when.get("clear"))
    return {
        "kind": OTHER if kind == "outside" and not two else kind,
        "value": _shown(when.get(kind)) if kind not in ("outside", OTHER) else "",
        "low": _shown(outside[0]) if two else "",
        "high": _shown(outside[1]) if two else "",
        "margin": _shown(when.get("margin")) if two else "",
        "within": _shown(when.get("within")) if kind in RATES else "",
        "clear": "" if kind == OTHER else _shown(clear),
    }


def _put_condition(table: Any, said: Mapping[str, str | bool]) -> None:
    kind, when = str(said["kind"]), dict[str, Any]()
    if kind == "outside":
        when["outside"] = [_number(said["low"]), _number(said["high"])]
        if str(said["margin"]).strip():
            when["margin"] = _number(said["margin"])
    elif kind == "absent_for":
        when[kind] = str(said["value"]).strip()
    else:
        when[kind] = _number(said["value"])
    if kind in RATES and str(said["within"]).strip():
        when["within"] = str(said["within"]).strip()
    _put(table, "when", _inline(when))
    has_clear = kind not in ("outside", "absent_for") and str(said["clear"]).strip()
    _put(table, "clear", _number(said["clear"]) if has_clear else None)


def _validity_of(valid: Mapping[str, Any]) -> Form:
    hours = _list(valid.get("hours"))
    return {
        "months": ", ".join(map(_shown, _list(valid.get("months")))),
        "weekdays": ", ".join(map(_shown, _list(valid.get("weekdays")))),
        "hours_from": _shown(hours[0]) if len(hours) == 2 else "",
        "hours_to": _shown(hours[1]) if len(hours) == 2 else "",
    }


def _validity(said: Mapping[str, str | bool]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    months = [_number(one) for one in str(said["months"]).split(",") if one.strip()]
    days = [one.strip() for one in str(said["weekdays"]).split(",") if one.strip()]
    hours = [str(said["hours_from"]).strip(), str(said["hours_to"]).strip()]
    if months:
        found["months"] = months
    if days:
        found["weekdays"] = days
    if any(hours):
        found["hours"] = hours
    return found


def _labels(text: str) -> dict[str, str]:
    lines = (line.partition("=") for line in text.splitlines() if line.strip())
    return {key.strip(): value.strip() for key, _, value in lines}


def _put_texts(table: Any, name: str, said: Mapping[str, str | bool], changed: set[str]) -> None:
    for language in LANGUAGES:
        if f"{name}_{language}" not in changed:
            continue
        if not isinstance(table.get(name), dict):
            table[name] = tomlkit.inline_table()
        _put(table[name], language, str(said[f"{name}_{language}"]).strip() or None)


def _put(table: Any, name: str, value: Any) -> None:
    """Sets it, or takes it away."""
    if value is not None:
        table[name] = value
    elif name in table:
        del table[name]


def _inline(values: Mapping[str, Any]) -> InlineTable | None:
    if not values:
        return None
    made = tomlkit.inline_table()
    for name, value in values.items():
        made[name] = _item(value)
    return made


def _item(value: Any) -> Item:
    """Tables within a rule stand in a line, lists of tables in a line each."""
    if isinstance(value, Mapping):
        made = tomlkit.inline_table()
        for name, one in value.items():
            made[name] = _item(one)
        return made
    if isinstance(value, list | tuple):
        listed = tomlkit.array()
        for one in value:
            listed.append(_item(one))
        listed.multiline(any(isinstance(one, Mapping) for one in value))
        return listed
    item: Item = tomlkit.item(value)
    return item


def _number(text: str | bool) -> int | float | str:
    """With a decimal comma too; what is no number stays as it is, and is said to be none when it is checked."""
    written = str(text).strip()
    if _NUMBER.fullmatch(written) is None:
        return written
    plain = written.replace(",", ".")
    return float(plain) if "." in plain else int(plain)


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return repr(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    return str(value)


def _same(value: str | bool) -> str | bool:
    return value if isinstance(value, bool) else value.strip().replace("\r\n", "\n")


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
