"""What the audit trail shows of where something came from."""

from datetime import UTC, datetime

import pytest

from dashboard.control_room import people_view
from storage.operators import AuditEvent


@pytest.mark.parametrize(
    ("actor", "source", "shown"),
    [
        ("file", "/srv/hanoi/storage/catalog/flood.toml", "flood.toml"),
        ("lan", "10.1.2.3", "10.1.2.3"),
        ("-", "command line", "command line"),
    ],
)
def test_a_file_is_named_without_where_it_lies_on_the_server(actor: str, source: str, shown: str) -> None:
    event = AuditEvent(
        at=datetime(2026, 11, 22, tzinfo=UTC),
        actor=actor,
        action="rule.added",
        subject="flood-30",
        source=source,
    )
    assert people_view.audit([event], 10, "en")["events"][0]["source"] == shown
