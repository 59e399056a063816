"""`python -m ingest.forecasts`: one run in a process of its own, which gives its memory back when it ends.

`hanoi-ingest` starts it (ingest/forecasting.py). Exit 0 done, or another process is at it; anything else failed.
"""

import argparse
import logging
import os
import signal
from datetime import UTC, datetime
from typing import Final

from ingest.forecasts.products import HOUR, PRODUCTS, made_by_others
from ingest.forecasts.run import LOCK, Run, run
from storage import db, locks
from storage.logs import configure_logging
from storage.reference import Reference
from storage.settings import Settings

LIMIT_S: Final = 900
"""The process ends itself then, also when nobody is left to end it."""
NICE: Final = 15

log = logging.getLogger("ingest.forecasts")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m ingest.forecasts", description=__doc__)
    parser.add_argument("--frequent", action="store_true", help="only what is issued more often than hourly")
    arguments = parser.parse_args()
    signal.alarm(LIMIT_S)
    os.nice(NICE)
    settings = Settings.load()
    configure_logging(settings.log_level, settings.secrets)
    reference = Reference(
        catalog_folders=settings.catalog_folders, inventory_folders=settings.inventory_folders
    )
    every = [*PRODUCTS, *made_by_others(reference.domains)]
    wanted = [product for product in every if product.every < HOUR or not arguments.frequent]
    url = settings.required("database_url")
    with db.connect(url, name="forecasts", autocommit=True) as conn, locks.only_one(conn, LOCK) as mine:
        if mine:
            run(conn, reference.domains, Run(now=datetime.now(UTC)), wanted)
        else:
            log.info("forecasts_skipped reason='another process is at it'")


if __name__ == "__main__":
    main()
