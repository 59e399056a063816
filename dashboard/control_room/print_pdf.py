"""A process of its own that makes one PDF of one HTML file, from stdin to stdout, with bounds, asking nobody.

Exit 0 done, 3 the libraries of Pango are not there, 4 it can't be made.
"""

import resource
import sys
from typing import Final, NoReturn

NO_PANGO: Final = 3
FAILED: Final = 4
MOST_MEMORY: Final = 2 * 1024**3
"""Bytes of address space."""
MOST_CPU_S: Final = 30


def main() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_CPU_S, MOST_CPU_S))
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    try:
        from weasyprint import HTML
        from weasyprint.urls import FatalURLFetchingError, URLFetcher
    except OSError as error:
        print(error, file=sys.stderr)
        raise SystemExit(NO_PANGO) from None

    class Nothing(URLFetcher):  # type: ignore[misc]  # it has no types
        """A report needs nothing from anywhere: whatever asks for something is a fault of ours, and is not made."""

        def fetch(self, url: str, headers: object = None) -> NoReturn:
            raise FatalURLFetchingError(f"a report asked for {url}")

    text = sys.stdin.buffer.read().decode()
    try:
        made = HTML(string=text, base_url=None, url_fetcher=Nothing(), media_type="print").write_pdf()
    except (FatalURLFetchingError, MemoryError) as error:
        print(repr(error), file=sys.stderr)
        raise SystemExit(FAILED) from None
    sys.stdout.buffer.write(made)


if __name__ == "__main__":
    main()
