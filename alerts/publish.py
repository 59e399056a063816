"""Puts alerts into the public feed as CAP 1.2 messages: a step of the dispatcher. Policy: alerts/cap.py.

Each message is one transaction that holds the alert and reads anew what was said of it, so that a crash anywhere leaves
the message in the feed once or not at all; then the next round writes it.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from alerts import cap, cap_document
from alerts.model import CapWords
from alerts.rules import RuleBook
from storage import cap_messages, db, leader
from storage.cap_rows import PublicAlert, SentMessage
from storage.model import Domain

log = logging.getLogger(__name__)

NO_WORDS = CapWords()


@dataclass(frozen=True, kw_only=True, slots=True)
class Publisher:
    """What messages are made with; it keeps no state of its own."""

    sender: str
    """HANOI_CAP_SENDER."""
    site_url: str | None
    """Of the public page, for links; None: messages have none."""

    def publish(
        self,
        conn: db.Connection,
        term: int,
        now: datetime,
        *,
        book: RuleBook,
        domains: Mapping[str, Domain],
        is_silenced: Callable[[Mapping[str, str]], bool],
    ) -> int:
        """Writes every message that is due; returns how many. `conn` is in autocommit mode.

        `is_silenced` takes an alert's labels. Raises leader.Deposed when another process leads.
        """

        def due(alert: PublicAlert, chain: list[SentMessage]) -> tuple[cap.Said, cap.Occasion] | None:
            rule = book.by_key.get(alert.rule)
            said = cap.said(alert, rule.cap if rule else NO_WORDS, domains.get(alert.domain))
            withheld = not chain and not alert.approved and is_silenced(alert.labels)
            why = cap.occasion(alert, chain, said, now, withheld=withheld)
            return (said, why) if why else None

        alerts = cap_messages.candidates(conn)
        chains = cap_messages.chains(conn, [alert.id for alert in alerts if alert.published])
        ids = [alert.id for alert in alerts if due(alert, chains.get(alert.id, []))]
        return sum(self._write(conn, term, now, id, due) for id in ids)

    def _write(
        self,
        conn: db.Connection,
        term: int,
        now: datetime,
        alert_id: int,
        due: Callable[[PublicAlert, list[SentMessage]], tuple[cap.Said, cap.Occasion] | None],
    ) -> bool:
        """One message in one transaction, decided on what is true in it."""
        with conn.transaction():
            leader.require(conn, term)
            alert = cap_messages.lock(conn, alert_id)
            chain = cap_messages.chains(conn, [alert_id]).get(alert_id, [])
            found = due(alert, chain) if alert else None
            if alert is None or found is None:
                return False
            said, why = found
            message = cap_document.message(
                alert,
                said,
                why,
                chain,
                number=cap_messages.next_number(conn, alert_id),
                now=now,
                sender=self.sender,
                site_url=self.site_url,
            )
            cap_messages.write(conn, message, now)
        log.info(
            "cap_published alert=%d type=%s status=%s reason=%s",
            alert_id,
            message.msg_type,
            message.status,
            why.value,
        )
        return True
