"""The places of a domain with their values of the moment, and what stands where there is no such page. Pure."""

import html
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Any, Final

from dashboard.api.domains import shapes
from dashboard.citizen import words
from dashboard.citizen.first_page import closed_note, method_line, value_text
from dashboard.citizen.marks import swatch
from dashboard.citizen.now import Now
from dashboard.data import CityView
from dashboard.map_snapshot import any_feature, usable_map_section
from dashboard.places.addresses import HOMES, domain_path, place_path
from dashboard.places.frame import Page, link
from dashboard.places.said import name_of
from storage.model import NAME, Domain
from storage.things import ThingRow

ALIKE: Final = 5


def domain_page(now: Now, view: CityView, domain: Domain) -> Page:
    """Every place of the domain that is in service and no part of another; the domain must have pages."""
    subject = domain.name.in_language(now.language)
    found = listed(view, domain, now.language)
    shape = shapes({key: usable_map_section(one) for key, one in view.domains.items()})[domain.key]
    features = [(one, any_feature(view, domain, one, now.at)["properties"]) for one in found]
    rows = "".join(_row(now, domain, shape, thing, p) for thing, p in features)
    heads = "".join(
        f"<th scope=col>{now.of(key)}" for key in ("list_place", "list_value", "list_level", "list_age")
    )
    key = "place_domain_about_1" if len(found) == 1 else "place_domain_about"
    about = now.texts[key].format(n=len(found), at=words.moment(now.at))
    return Page(
        title=f"{subject} – Hà Nội" if now.language == "vi" else f"{subject} – Hanoi",
        heading=subject,
        description=now.texts["place_describe_domain"].format(domain=subject),
        paths={code: domain_path(domain, code) or "" for code in HOMES},
        trail=[],
        body=f"<p>{html.escape(about)} {method_line(now, domain)}</p>"
        f'<table class="values list"><thead><tr>{heads}</thead><tbody>{rows}</tbody></table>{_domains(now, view)}',
        simulated=any(p["simulated"] for _, p in features),
    )


def listed(view: CityView, domain: Domain, language: str) -> list[ThingRow]:
    """In the order in which people look for them."""
    found = [one for one in view.things_of.get(domain.key, ()) if one.parent_id is None]
    return sorted(found, key=lambda one: words.place_order(name_of(one, language)))


def missing_page(now: Now, view: CityView, asked: str, *, of_period: Page | None = None) -> Page:
    """`asked` is the last part of the address; `of_period`: the place is there, and only that time is not."""
    where = _alike(now, view, asked) if of_period is None else _up(now, of_period)
    said = now.of("place_missing" if of_period is None else "place_missing_period")
    return Page(
        title=now.texts["place_missing_title"],
        heading=now.texts["place_missing_title"],
        description=now.texts["place_missing_title"],
        paths=HOMES if of_period is None else of_period.paths,
        trail=[],
        body=f"<p>{said}</p>{where}{_domains(now, view)}",
        indexed=False,
    )


def _up(now: Now, page: Page) -> str:
    return f"<p>{link(page.paths[now.language], page.heading)}</p>"


def _row(now: Now, domain: Domain, shape: str, thing: ThingRow, p: dict[str, Any]) -> str:
    at = p["time"]
    age = "–" if at is None else words.age((now.at - at).total_seconds(), now.language)
    grey = " data-grey=true" if p["level"] is None else ""
    label = html.escape(str(p[f"label_{now.language}"]))
    return (
        f"<tr{grey}><th scope=row>{link(place_path(domain, thing.id, now.language), name_of(thing, now.language))}"
        f"<td>{value_text(now, domain, p)}<td><span class=level>{swatch(shape, str(p['color']))}"
        f"<span>{label}{closed_note(now, domain, p)}</span></span><td>{age}"
    )


def _alike(now: Now, view: CityView, asked: str) -> str:
    """Places whose id or name is like what was asked for. Nobody writes more than a Thing's id has."""
    if not NAME.fullmatch(asked):
        return ""
    known = list(_placed(view))
    names = {one.id: (one, domain) for one, domain in known}
    close = get_close_matches(asked, names, n=ALIKE, cutoff=0.5)
    items = _items(now, (names[id] for id in close))
    return f"<p>{now.of('place_near')}</p>{items}" if items else ""


def _placed(view: CityView) -> Iterable[tuple[ThingRow, Domain]]:
    for key, domain in view.domains.items():
        for thing in view.things_of.get(key, ()):
            if thing.parent_id is None and domain.slug is not None:
                yield thing, domain


def _items(now: Now, found: Iterable[tuple[ThingRow, Domain]]) -> str:
    items = "".join(
        f"<li>{link(place_path(domain, thing.id, now.language), name_of(thing, now.language))}"
        for thing, domain in found
    )
    return f"<ul>{items}</ul>" if items else ""


def _domains(now: Now, view: CityView) -> str:
    links: Sequence[str] = [
        link(path, domain.name.in_language(now.language))
        for domain in view.domains.values()
        if (path := domain_path(domain, now.language)) is not None
    ]
    said = now.of("place_choose")
    return f'<nav aria-label="{said}"><p>{said}</p><p class="links">{" ".join(links)}</p></nav>'
