"""`hanoi-alerts`: evaluates the rules on every new value and tells people. Several may run, one is active."""

import argparse
import os
from collections.abc import Mapping
from typing import Final

from alerts import commands, config
from alerts.commands import Command, CommandError
from alerts.config import Alerting
from alerts.metrics import Metrics
from alerts.notifiers import Notifier, build
from alerts.process import Process
from alerts.rules import SHIPPED
from alerts.ruling import Ruling
from alerts.secrets import SecretReader
from alerts.subscribers import setup
from storage.catalog import ReferenceDataError
from storage.commands import add_to
from storage.logs import configure_logging
from storage.reference import Reference
from storage.settings import ConfigurationError, Settings, demo_environment, exit_on_configuration_error

WEBHOOK: Final = "webhook"
VARIABLE: Final = "HANOI_ALERT_WEBHOOK_URL"
"""The variable that makes the receiver `webhook`, where the file has none of that name."""


def main() -> None:
    """Entry point. Exit 0 stopped or done, 1 what a command found, 2 configuration, 70 to be started again."""
    known = commands.find()
    arguments = _parser(known).parse_args()
    try:
        settings = Settings.load()
        configure_logging(settings.log_level, settings.secrets)
        command = known.get(arguments.command or "")
        status = command.run(arguments, settings) if command else _serve(settings)
    except (ConfigurationError, ReferenceDataError, CommandError) as error:
        exit_on_configuration_error(error)
    raise SystemExit(status)


def _parser(known: Mapping[str, Command]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="hanoi-alerts", description=f"{__doc__} Without a command it runs.")
    add_to(parser, known)
    return parser


def _serve(settings: Settings) -> int:
    settings.required("database_url")
    reference = Reference(
        catalog_folders=settings.catalog_folders, inventory_folders=settings.inventory_folders
    )
    ruling = Ruling(reference=reference, folders=(SHIPPED, *settings.rules_dir))
    alerting, metrics = alerting_of(settings), Metrics()
    return Process(
        settings=settings,
        ruling=ruling,
        alerting=alerting,
        receivers=receivers_of(alerting, settings),
        courier=setup.courier(settings, lambda: ruling.domains, metrics),
        metrics=metrics,
    ).run()


def alerting_of(settings: Settings) -> Alerting:
    """Raises ReferenceDataError."""
    url = settings.alert_webhook_url
    added = {} if url is None else {WEBHOOK: {"type": "webhook", "url": url.get_secret_value()}}
    return config.load(settings.alerting_file, added=added)


def receivers_of(alerting: Alerting, settings: Settings) -> list[Notifier]:
    """Raises ReferenceDataError naming file or variable, receiver, key and what would be right."""
    environment = {**demo_environment(settings.runtime_dir), **os.environ}
    secrets = SecretReader(folder=alerting.source.parent, environment=environment)
    named = {WEBHOOK: VARIABLE} if settings.alert_webhook_url else {}
    return [
        build(name, table, named.get(name, str(alerting.source)), secrets)
        for name, table in alerting.receivers.items()
    ]
