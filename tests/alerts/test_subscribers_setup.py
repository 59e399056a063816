"""What sends to citizens is made from settings, and a setting that can't be used is named without its value."""

from pathlib import Path
from typing import Any

import pytest

from alerts.metrics import Metrics
from alerts.subscribers import setup
from alerts.subscribers.mail import Mailer, MailUrlError
from alerts.subscribers.push import new_keys
from storage.catalog import load_catalog
from storage.settings import ConfigurationError, Settings

PRIVATE, PUBLIC = new_keys()
MAIL = {"mail_url": "smtp://lan:p%40ss@mail.example.vn", "mail_from": "Hà Nội <bao@example.vn>"}
PUSH = {"vapid_private_key": PRIVATE, "vapid_public_key": PUBLIC}


def settings(**change: Any) -> Settings:
    return Settings(runtime_dir=Path("/nowhere"), **change)


def channels(**change: Any) -> list[str]:
    made = setup.courier(settings(**change), load_catalog, Metrics())
    made.close()
    return made.channels


def test_what_is_set_is_what_can_be_told_by() -> None:
    assert channels() == []
    assert channels(**MAIL) == ["email"]
    assert channels(**PUSH, vapid_subject="https://hanoi.example") == ["push"]
    assert channels(**MAIL, **PUSH) == ["email", "push"]  # push services write to HANOI_MAIL_FROM


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"mail_from": MAIL["mail_from"]}, "HANOI_MAIL_URL"),
        ({"mail_url": MAIL["mail_url"]}, "HANOI_MAIL_FROM"),
        (MAIL | {"mail_url": "http://lan:S3cr3t@mail"}, "HANOI_MAIL_URL"),
        (MAIL | {"mail_url": "smtp://lan:S3cr3t@mail:port"}, "HANOI_MAIL_URL"),
        (PUSH, "HANOI_VAPID_SUBJECT"),
        ({"vapid_public_key": PUBLIC}, "HANOI_VAPID_PRIVATE_KEY"),
        (MAIL | {"vapid_private_key": "S3cr3t"}, "HANOI_VAPID_PRIVATE_KEY"),
        (MAIL | PUSH | {"vapid_public_key": new_keys()[1]}, "HANOI_VAPID_PUBLIC_KEY"),
        (MAIL | {"public_bind": "0.0.0.0:8000"}, "HANOI_PUBLIC_URL"),
    ],
)
def test_what_does_not_fit_is_named(change: dict[str, str], named: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        setup.courier(settings(**change), load_catalog, Metrics())
    assert str(refused.value).startswith(named)
    assert "S3cr3t" not in str(refused.value)


def test_an_address_of_a_mail_server_says_how_and_where() -> None:
    mailer = Mailer.at(MAIL["mail_url"], MAIL["mail_from"])
    assert (mailer.scheme, mailer.host, mailer.port, mailer.user, mailer.password) == (
        "smtp",
        "mail.example.vn",
        587,
        "lan",
        "p@ss",
    )
    assert "p@ss" not in repr(mailer)
    assert (Mailer.at("smtps://mail", "a@b").port, Mailer.at("smtp+plain://mail", "a@b").port) == (465, 25)
    with pytest.raises(MailUrlError):
        Mailer.at("mail.example.vn:25", "a@b")
