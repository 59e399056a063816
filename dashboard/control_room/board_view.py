"""A board as its page shows it: each panel with its title, where it is asked for, and what is wrong with it. Pure."""

from collections.abc import Mapping, Set
from typing import Any
from urllib.parse import quote, urlencode

from dashboard.control_room import thing_view
from dashboard.control_room.alert_words import stamp
from dashboard.control_room.domains import pages
from dashboard.control_room.language import Language
from dashboard.control_room.texts import say
from dashboard.data import CityView, is_simulated
from storage.boards import MOST_PANELS, Board
from storage.operators import Role


def row(board: Board, name: str, shown: Language) -> dict[str, Any]:
    """In the list of all."""
    return {
        "id": board.id,
        "title": board.title,
        "owner": board.owner,
        "mine": board.owner == name,
        "shared": board.shared,
        "panels": len(board.panels),
        "full": len(board.panels) >= MOST_PANELS,
        "changed": say("board_changed_by", shown).format(who=board.changed_by, at=stamp(board.changed_at)),
    }


def page(board: Board, view: CityView, name: str, role: Role, shown: Language) -> dict[str, Any]:
    return {
        **row(board, name, shown),
        "version": board.version,
        "may_change": board.may_change(name, role),
        "panels": [{"panel": one, **placed(one, view, shown)} for one in board.panels],
    }


def placed(panel: Mapping[str, Any], view: CityView, shown: Language) -> dict[str, Any]:
    """What belongs to a panel: `path` and `file` are asked with the range, `fault` says why it can't be shown."""
    match panel["kind"]:
        case "domain":
            return _of_domain(panel, view, shown)
        case "series":
            return _of_thing(panel, view, shown)
        case "explore":
            return _of_explore(panel, view, shown)
        case _:
            return {
                "title": panel["text"],
                "path": None,
                "file": None,
                "page": None,
                "watches": [],
                "fault": None,
            }


def _of_domain(panel: Mapping[str, Any], view: CityView, shown: Language) -> dict[str, Any]:
    page = pages.page_of(view.domains, panel["page"])
    known = pages.panels_of(page, view.domains) if page else ()
    found = next((one for one in known if one.key == panel["panel"]), None)
    if page is None or found is None:
        return _missing(say("board_no_panel", shown).format(panel=f"{panel['page']}/{panel['panel']}"))
    address = f"/pages/{quote(page.key)}/panels/{quote(found.key)}"
    query = urlencode(panel["choices"])
    chosen = urlencode({f"{found.key}.{key}": value for key, value in panel["choices"].items()})
    return {
        "title": f"{page.title.in_language(shown)}: {found.title.in_language(shown)}",
        "path": f"{address}?{query}",
        "file": f"{address}/csv?{query}",
        "page": f"/ops/domains/{quote(page.key)}?{chosen}#{quote(found.key)}",
        "watches": [f"{found.domain}/{one}" for one in sorted(found.watches)],
        "simulated": _simulated(view, {(found.domain, key) for key in found.watches}),
        "fault": None,
    }


def _of_thing(panel: Mapping[str, Any], view: CityView, shown: Language) -> dict[str, Any]:
    title = _stream_title(panel["thing"], panel["property"], view, shown)
    if title is None:
        return _missing(say("board_no_series", shown).format(series=f"{panel['thing']}:{panel['property']}"))
    query = urlencode({"property": panel["property"]})
    address = f"/things/{quote(panel['thing'])}"
    return {
        "title": title,
        "path": f"{address}/series?{query}",
        "file": f"{address}/series.csv?{query}",
        "page": f"/ops{address}?{query}",
        "watches": [f"{panel['thing']}:{panel['property']}"],
        "simulated": _simulated(view, {(panel["thing"], panel["property"])}),
        "fault": None,
    }


def _of_explore(panel: Mapping[str, Any], view: CityView, shown: Language) -> dict[str, Any]:
    titles = []
    for key in panel["series"]:
        thing, _, name = key.partition(":")
        title = _stream_title(thing, name, view, shown)
        if title is None:
            return _missing(say("board_no_series", shown).format(series=key))
        titles.append(title)
    query = urlencode({"series": ",".join(panel["series"])})
    return {
        "title": " · ".join(titles),
        "path": f"/explore?{query}",
        "file": f"/explore/csv?{query}",
        "page": f"/ops/explore?{query}",
        "watches": list(panel["series"]),
        "simulated": _simulated(view, {tuple(key.split(":")) for key in panel["series"]}),
        "fault": None,
    }


def _stream_title(thing_id: str, key: str, view: CityView, shown: Language) -> str | None:
    thing = view.things.get(thing_id)
    if thing is None or thing.domain not in view.domains:
        return None
    found = next((one for _, one in thing_view.offered(thing, view) if one.key == key), None)
    return f"{thing_view.name(thing, shown)}: {found.name.in_language(shown)}" if found else None


def _missing(fault: str) -> dict[str, Any]:
    return {"title": fault, "path": None, "file": None, "page": None, "watches": [], "fault": fault}


def _simulated(view: CityView, watched: Set[tuple[str, ...]]) -> bool:
    """`watched`: (Thing or domain, property). Whether a newest value of theirs must be called so."""
    return any(
        is_simulated(one)
        for one in view.newest.values()
        if (one.thing_id, one.property) in watched or (one.domain, one.property) in watched
    )
