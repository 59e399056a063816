"""The browser that tests drive: Debian's Chromium."""

import shutil
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


def launched(playwright: Playwright, executable: str = SHELL) -> Browser:
    """Who calls it closes it. Notifications are there in `CHROMIUM` only."""
    return playwright.chromium.launch(executable_path=executable, args=FLAGS)
