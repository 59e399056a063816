"""The courier as the settings want it."""

import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parseaddr

from alerts.metrics import Metrics
from alerts.subscribers.courier import Courier
from alerts.subscribers.mail import Mailer, MailUrlError
from alerts.subscribers.outside import Outside
from alerts.subscribers.push import KeyFault, Pusher, Vapid
from storage.model import Domain
from storage.settings import ConfigurationError, Settings

log = logging.getLogger(__name__)


def courier(settings: Settings, domains: Callable[[], Mapping[str, Domain]], metrics: Metrics) -> Courier:
    """Raises ConfigurationError naming the variable."""
    made = Courier(
        domains=domains,
        site=settings.public_link,
        mailer=_mailer(settings),
        pusher=_pusher(settings),
        clock=lambda: datetime.now(UTC),
        metrics=metrics,
    )
    if made.site is None and (made.mailer or made.pusher):
        raise ConfigurationError(
            "HANOI_PUBLIC_URL is not set: links in messages to citizens would lead nowhere"
        )
    return made


def _mailer(settings: Settings) -> Mailer | None:
    if settings.mail_url is None:
        if settings.mail_from is not None:
            raise ConfigurationError("HANOI_MAIL_URL is not set, and HANOI_MAIL_FROM offers mail to citizens")
        return None
    if settings.mail_from is None:
        raise ConfigurationError("HANOI_MAIL_FROM is not set: who is mail to citizens from?")
    try:
        return Mailer.at(settings.mail_url.get_secret_value(), settings.mail_from)
    except MailUrlError as error:
        raise ConfigurationError(f"HANOI_MAIL_URL: {error}") from None


def _pusher(settings: Settings) -> Pusher | None:
    if settings.vapid_private_key is None:
        if settings.vapid_public_key is not None:
            raise ConfigurationError(
                "HANOI_VAPID_PRIVATE_KEY is not set, and HANOI_VAPID_PUBLIC_KEY offers web push"
            )
        return None
    subject = settings.vapid_subject
    if subject is None and settings.mail_from is not None:
        subject = f"mailto:{parseaddr(settings.mail_from)[1]}"
    if subject is None:
        raise ConfigurationError("HANOI_VAPID_SUBJECT is not set: whom can a push service write to?")
    try:
        vapid = Vapid.of(settings.vapid_private_key.get_secret_value(), subject)
    except KeyFault as error:
        raise ConfigurationError(f"HANOI_VAPID_PRIVATE_KEY: {error}") from None
    if settings.vapid_public_key not in (None, vapid.public):
        raise ConfigurationError("HANOI_VAPID_PUBLIC_KEY is not the other half of HANOI_VAPID_PRIVATE_KEY")
    return Pusher(vapid=vapid, outside=Outside())
