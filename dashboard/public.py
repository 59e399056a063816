"""`hanoi-public`: citizens' map, open API and live stream. Reads a few public views and nothing else."""

# What the site is made of stands in public_site.py; what answers at which address in public_routes.py.

import argparse
import logging
import signal
from datetime import UTC, datetime

from dashboard import key_command
from dashboard.api.headers import WITH_BODY
from dashboard.bounded_http import Bounds
from dashboard.citizen.pages import PageSettings
from dashboard.public_server import build_server, raise_file_limit
from dashboard.public_site import Allowed, build_site
from dashboard.subscribing.desk import Channels
from storage.catalog import ReferenceDataError
from storage.logs import configure_logging
from storage.reference import Reference
from storage.settings import ConfigurationError, Settings, exit_on_configuration_error, host_port

log = logging.getLogger(__name__)


def main() -> None:
    """Entry point. Exit 0 stopped, 1 the feed failed or a command was refused, 2 configuration."""
    parser = argparse.ArgumentParser(prog="hanoi-public", description=__doc__)
    commands = parser.add_subparsers(dest="command")
    key_command.add_parser(commands)
    arguments = parser.parse_args()
    if arguments.command == "key":
        key_command.run(arguments)
    else:
        _serve()


def _serve() -> None:
    try:
        settings = Settings.load()
        configure_logging(settings.log_level, settings.secrets)
        host, port = host_port(settings.public_bind, "HANOI_PUBLIC_BIND")
        url = _database_url(settings)
        if settings.basemap_file is not None:
            log.warning("basemap_file_ignored reason='not supported yet: set HANOI_TILES_URL for streets'")
        source = Reference(
            catalog_folders=settings.catalog_folders, inventory_folders=settings.inventory_folders
        )
    except (ConfigurationError, ReferenceDataError) as error:
        exit_on_configuration_error(error)
    site = build_site(
        url,
        source,
        clock=lambda: datetime.now(UTC),
        on_failure=lambda: server.fail(),
        metrics_token=settings.metrics_token.get_secret_value() if settings.metrics_token else None,
        public_url=settings.public_url,
        allowed=_allowed(settings),
        bounds=Bounds(proxies=settings.trusted_proxies, with_body=WITH_BODY),
    )
    raise_file_limit()
    server = build_server(site, _page_settings(settings), host=host, port=port)
    for stop in (signal.SIGTERM, signal.SIGINT):  # uvicorn raises them again when it has stopped
        signal.signal(stop, lambda number, frame: server.stop())
    server.run()
    raise SystemExit(1 if server.failed else 0)


def _allowed(settings: Settings) -> Allowed:
    return Allowed(
        api_per_minute=settings.public_rate_per_minute,
        queries_per_minute=settings.public_queries_per_minute,
        streams=settings.public_streams_per_network,
    )


def _page_settings(settings: Settings) -> PageSettings:
    return PageSettings(
        tiles_url=settings.tiles_url,
        parking_pay_url=settings.parking_pay_url,
        data_licence=settings.data_licence,
        publisher=settings.publisher,
        channels=Channels(
            email=settings.mail_from is not None,
            push_key=settings.vapid_public_key,
            zalo_url=settings.zalo_url,
        ),
    )


def _database_url(settings: Settings) -> str:
    """The public role's; the owner's only where no role of its own was made."""
    if settings.public_database_url is not None:
        return settings.public_database_url.get_secret_value()
    return settings.required("database_url")


if __name__ == "__main__":
    main()
