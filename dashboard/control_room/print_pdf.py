"""A process of its own that makes one PDF of one HTML file, from stdin to stdout, with bounds, asking nobody.

How far it is stands in lines of stderr: `@step 5 3` is WeasyPrint's fifth step at page 3. Exit 0 done, 3 the libraries
of Pango are not there, 4 it can't be made.
"""

import logging
import re
import resource
import sys
from typing import Final, NoReturn

NO_PANGO: Final = 3
FAILED: Final = 4
MOST_MEMORY: Final = 2 * 1024**3
"""Bytes of address space."""
MOST_CPU_S: Final = 30
STEP: Final = b"@step "
_STEP: Final = re.compile(r"Step (\d+) - (?:Creating layout - Page (\d+))?")


class Steps(logging.Handler):
    """WeasyPrint's own words on its progress."""

    def emit(self, record: logging.LogRecord) -> None:
        found = _STEP.match(record.getMessage())
        if found:
            sys.stderr.write(f"{STEP.decode()}{found[1]} {found[2] or 0}\n")
            sys.stderr.flush()


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

    progress = logging.getLogger("weasyprint.progress")
    progress.addHandler(Steps())
    progress.setLevel(logging.INFO)
    text = sys.stdin.buffer.read().decode()
    try:
        made = HTML(string=text, base_url=None, url_fetcher=Nothing(), media_type="print").write_pdf()
    except (FatalURLFetchingError, MemoryError) as error:
        print(repr(error), file=sys.stderr)
        raise SystemExit(FAILED) from None
    sys.stdout.buffer.write(made)


if __name__ == "__main__":
    main()
