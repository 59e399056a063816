"""The browser that tests drive: Debian's Chromium."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from playwright.sync_api import Browser, Playwright

CHROMIUM: Final = "/usr/bin/chromium"
SHELL: Final = shutil.which("chromium-headless-shell") or CHROMIUM
"""The same engine without the browser's own windows: a third of the work for a page. Without it, all of Chromium."""
FLAGS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def launched(playwright: Playwright) -> Browser:
    """Who calls it closes it."""
    return playwright.chromium.launch(executable_path=SHELL, args=FLAGS)


@contextmanager
def whole(browser: Browser) -> Iterator[Browser]:
    """All of Chromium beside a shell, which has no notifications."""
    beside = browser.browser_type.launch(executable_path=CHROMIUM, args=FLAGS)
    try:
        yield beside
    finally:
        beside.close()
