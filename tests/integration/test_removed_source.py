"""A source that was removed: its subscription lives on in ingest's session, so its messages must end somewhere."""

from pathlib import Path

import pytest

from deploy.embedded.broker_settings import access_rules
from deploy.embedded.mosquitto import Mosquitto
from deploy.embedded.runtime import Runtime
from storage import db, rejections
from tests.processes import ingest_env, publish, running, wait_for

pytestmark = pytest.mark.integration

SOURCES = """
[[source]]
name = "lake"
decoder = "senml"
topics = ["senml/#"]
"""


def test_messages_of_a_removed_source_are_rejections(
    city_url: str, servers: tuple[Runtime, Path], tmp_path: Path
) -> None:
    installed, folder = servers
    sources = tmp_path / "sources.toml"
    sources.write_text(SOURCES)
    with Mosquitto(
        installed, folder / "removed-source", proves_persistence=False, extra_topics=("senml/#",)
    ) as broker:
        env = ingest_env(city_url, broker.url("ingest"))
        with_sources = {**env, "HANOI_SOURCES_FILE": str(sources)}
        bind = env["HANOI_INGEST_BIND"]
        with running("hanoi-ingest", env=with_sources, bind=bind, folder=tmp_path):
            pass
        with running("hanoi-ingest", env=env, bind=bind, folder=tmp_path):
            publish(broker.url("publisher"), [("senml/lake", b'[{"n":"t","v":1}]')])
            with db.connect(city_url, name="test", autocommit=True) as conn:
                wait_for(lambda: rejections.newest(conn, 1), "the rejection")
                (row,) = rejections.newest(conn, 2)
    assert (row.reason, row.topic, row.payload) == ("unknown_topic", "senml/lake", b'[{"n":"t","v":1}]')


def test_ingest_may_read_what_no_source_names_any_more() -> None:
    """Else the broker acknowledges a message for a subscription that it then doesn't serve."""
    ingest = access_rules().partition("user publisher")[0]
    assert "topic read #\n" in ingest
    assert "write" not in ingest
