"""Mail to citizens: plain text, with the one-click end of RFC 8058. No pictures, nothing that tells who read it."""

import smtplib
import ssl
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from typing import Final
from urllib.parse import unquote, urlsplit
from uuid import UUID

from alerts.notifiers import DeliveryError
from alerts.subscribers.wording import Letter

TIMEOUT_S: Final = 20.0
"""Of each step of the conversation."""
_PORTS: Final = {"smtp": 587, "smtps": 465, "smtp+plain": 25}
_HERE: Final = ("127.0.0.1", "::1", "localhost")


class MailUrlError(ValueError):
    """No address of a mail server; the message shows nothing of it, for it has a password."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Mailer:
    """`smtp` begins TLS by STARTTLS and does without only on this machine; `smtps` is TLS from the start."""

    scheme: str
    host: str
    port: int
    user: str
    password: str = field(repr=False)
    sender: str
    """As in From: `Hà Nội trực tiếp <bao@example.vn>`, or the bare address."""

    @classmethod
    def at(cls, url: str, sender: str) -> "Mailer":
        """Raises MailUrlError."""
        wrong = MailUrlError("want smtp://user:password@host:587, smtps://… or smtp+plain://host:25")
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise wrong from None
        if parts.scheme not in _PORTS or not parts.hostname:
            raise wrong
        return cls(
            scheme=parts.scheme,
            host=parts.hostname,
            port=port or _PORTS[parts.scheme],
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            sender=sender,
        )

    def send(self, address: str, key: UUID, letter: Letter, language: str, now: datetime) -> None:
        """Raises DeliveryError that names no address."""
        mail = self.mail(address, key, letter, language, now)
        try:
            with self._connected() as server:
                server.send_message(mail, from_addr=parseaddr(self.sender)[1], to_addrs=[address])
        except smtplib.SMTPRecipientsRefused as error:
            code = next(iter(error.recipients.values()))[0]
            raise DeliveryError(f"mail: recipient refused {code}", retry=code < 500) from None
        except smtplib.SMTPDataError as error:
            raise DeliveryError(f"mail: refused {error.smtp_code}", retry=error.smtp_code < 500) from None
        except (OSError, smtplib.SMTPException) as error:  # its text may hold an address
            raise DeliveryError(f"mail: {type(error).__name__}", retry=True) from None

    def mail(self, address: str, key: UUID, letter: Letter, language: str, now: datetime) -> EmailMessage:
        domain = parseaddr(self.sender)[1].rpartition("@")[2]
        mail = EmailMessage()
        mail["From"] = self.sender
        mail["To"] = address
        mail["Subject"] = letter.title
        mail["Date"] = format_datetime(now)
        mail["Message-ID"] = f"<{key}@{domain}>"
        mail["List-Unsubscribe"] = f"<{letter.manage}>"
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        mail["Auto-Submitted"] = "auto-generated"
        mail["Content-Language"] = language
        mail.set_content(letter.body, cte="quoted-printable")
        return mail

    def _connected(self) -> smtplib.SMTP:
        if self.scheme == "smtps":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                self.host, self.port, timeout=TIMEOUT_S, context=ssl.create_default_context()
            )
        else:
            server = smtplib.SMTP(self.host, self.port, timeout=TIMEOUT_S)
        try:
            server.ehlo()
            if self.scheme == "smtp" and (server.has_extn("starttls") or self.host not in _HERE):
                server.starttls(context=ssl.create_default_context())
            if self.user:
                server.login(self.user, self.password)
        except BaseException:
            server.close()
            raise
        return server
