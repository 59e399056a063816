"""A busy machine draws late: how long a browser test waits is no promise, only an end to waiting."""

from playwright.sync_api import expect

expect.set_options(timeout=60_000)
