"""robots.txt and sitemap.xml: which pages search engines are told of. Pure."""

from collections.abc import Iterator, Mapping
from html import escape
from typing import Final

from dashboard.data import CityView
from dashboard.places.addresses import HOMES, domain_path, place_path
from dashboard.places.lists import listed

LARGEST: Final = 50_000
"""Addresses in one sitemap, by its protocol (https://www.sitemaps.org/protocol.html)."""
_HEAD: Final = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
    ' xmlns:xhtml="http://www.w3.org/1999/xhtml">\n'
)


def robots(origin: str) -> bytes:
    """Pages may be read; files, the API and frames are for programs that were sent there."""
    closed = ("/api/", "/sta/", "/open311/", "/embed/", "/*.csv", "/*.parquet")
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in closed), f"Sitemap: {origin}/sitemap.xml"]
    return ("\n".join(lines) + "\n").encode()


def sitemap(view: CityView, origin: str) -> bytes:
    """Every list and place in both languages, each naming the other; bays are found from their points."""
    entries = (entry for paths in _pages(view) for entry in _entries(paths, origin))
    told = [entry for entry, _ in zip(entries, range(LARGEST), strict=False)]
    return (_HEAD + "".join(told) + "</urlset>\n").encode()


def _pages(view: CityView) -> Iterator[Mapping[str, str]]:
    yield HOMES
    for domain in view.domains.values():
        if domain.slug is not None:
            yield {code: domain_path(domain, code) or "" for code in HOMES}
            for thing in listed(view, domain, "vi"):
                yield {code: place_path(domain, thing.id, code) or "" for code in HOMES}


def _entries(paths: Mapping[str, str], origin: str) -> Iterator[str]:
    links = "".join(
        f'<xhtml:link rel="alternate" hreflang="{code}" href="{escape(origin + path)}"/>'
        for code, path in paths.items()
    )
    for path in paths.values():
        yield f"<url><loc>{escape(origin + path)}</loc>{links}</url>\n"
