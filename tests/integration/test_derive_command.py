"""`hanoi-ingest derive`: history is computed again, piece by piece, and again changes nothing."""

import argparse
import re
import subprocess
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from pydantic import SecretStr

from ingest import derivations
from ingest.commands import CommandError
from ingest.commands import derive as command
from ingest.derive import Deriver
from storage import db, derived, live
from storage.settings import Settings
from tests.integration.small_derivations import DOMAINS, START, Gauges, Sum, Twice, Whole, at
from tests.processes import BIN

pytestmark = pytest.mark.integration

SPAN = ("--from", START.isoformat(), "--to", (START + timedelta(hours=1)).isoformat())


@pytest.fixture
def gauges(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gauges]:
    """What came before any derivation did, and a feed that no longer tells of it."""
    known = (Whole(), Sum(), Twice())
    monkeypatch.setattr(derivations, "find", lambda: known)
    monkeypatch.setattr(command, "reference_of", lambda settings: argparse.Namespace(domains=DOMAINS))
    with db.connect(database_url, name="test", autocommit=True) as conn:
        gauges = Gauges(conn=conn)
        for gauge in ("a", "b"):
            gauges.write({1: 5, 8: 7}, gauge=gauge)
        conn.execute("TRUNCATE observation_change")
        yield gauges


def derive(url: str, *arguments: str) -> int:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return command.run(parser.parse_args(arguments), Settings(database_url=SecretStr(url)))


def test_history_is_derived_with_what_is_made_of_it(
    gauges: Gauges, database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert derive(database_url, *SPAN) == 0
    assert gauges.stored("twice") == {1: 10, 8: 14}
    assert gauges.stored("sum", "b") == dict.fromkeys((10, 20, 30, 40, 50), 12)
    assert gauges.stored("whole") == dict.fromkeys((10, 20, 30, 40, 50), 24)
    said = capsys.readouterr().out
    assert "sum: 10 new" in said
    assert "changed 19 values" in said


def test_again_changes_nothing(gauges: Gauges, database_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    derive(database_url, *SPAN)
    here = live.here(gauges.conn)
    derive(database_url, *SPAN)
    assert capsys.readouterr().out.splitlines()[-1].startswith("changed 0 values")
    assert live.here(gauges.conn) == here


def test_a_dry_run_only_says_what_would_change(
    gauges: Gauges, database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    derive(database_url, *SPAN, "--dry-run")
    assert "twice: 4 new" in (said := capsys.readouterr().out)
    assert "would change" in said
    assert gauges.stored("twice") == gauges.stored("sum") == {}


def test_the_job_beside_it_has_nothing_left_to_write(gauges: Gauges, database_url: str) -> None:
    derive(database_url, *SPAN)
    running = Deriver(known=(Whole(), Sum(), Twice()))
    assert running.run(gauges.conn, DOMAINS, at(60)) == 3  # the label 60, which is not before --to
    assert derived.progress(gauges.conn).feed == live.here(gauges.conn)


def test_one_thing_and_one_derivation(gauges: Gauges, database_url: str) -> None:
    derive(database_url, *SPAN, "--thing", "b", "--derivation", "twice")
    assert (gauges.stored("twice"), gauges.stored("twice", "b")) == ({}, {1: 10, 8: 14})
    assert gauges.stored("sum", "b") == {}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((*SPAN, "--thing", "nobody"), "no Thing 'nobody'"),
        ((*SPAN, "--derivation", "nothing"), "no 'nothing': there are whole, sum, twice"),
        (("--from", at(60).isoformat(), "--to", START.isoformat()), "--to must be later"),
        (("--from", "2999-01-01T00:00Z"), "in the past"),
    ],
)
def test_what_cannot_be_done_is_said(
    gauges: Gauges, database_url: str, arguments: tuple[str, ...], says: str
) -> None:
    with pytest.raises(CommandError, match=says):
        derive(database_url, *arguments)


def test_stopped_it_says_where_to_go_on(
    gauges: Gauges, database_url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C in the second window; what was computed before stays."""
    gauges.write({-60 * 24 * 40: 1, -60 * 24 * 40 + 1: 2})
    start = START - timedelta(days=41)

    def stop(thing: str, since: datetime) -> None:
        if since >= start + command.WINDOW:
            raise KeyboardInterrupt

    monkeypatch.setattr(derivations, "find", lambda: (Sum(before=stop), Twice()))
    assert derive(database_url, "--from", start.isoformat(), "--to", at(60).isoformat()) == 130
    said = capsys.readouterr().out
    assert f"go on with --from {(start + command.WINDOW).isoformat()}" in said
    assert len(gauges.stored("twice")) == 2
    monkeypatch.setattr(derivations, "find", lambda: (Sum(), Twice()))
    assert derive(database_url, "--from", (start + command.WINDOW).isoformat(), *SPAN[2:]) == 0
    assert len(gauges.stored("twice")) == 4


def test_what_fails_is_named_and_the_rest_is_done(
    gauges: Gauges, database_url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(thing: str, since: datetime) -> None:
        raise KeyError("capacity")

    monkeypatch.setattr(derivations, "find", lambda: (Sum(before=broken), Twice()))
    assert derive(database_url, *SPAN) == 1
    assert re.search(r"sum: \d failures, see the log", capsys.readouterr().out)
    assert gauges.stored("twice") == {1: 10, 8: 14}


def test_from_the_shell(city_url: str) -> None:
    done = subprocess.run(
        [BIN / "hanoi-ingest", "derive", *SPAN, "--thing", "trung-yen-3"],
        env={"HANOI_RUNTIME_DIR": "/nonexistent", "HANOI_DATABASE_URL": city_url},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("changed 0 values up to 2026-11-21 08:00:00")


def test_values_whose_inputs_retention_deleted_are_left_alone_and_counted(
    gauges: Gauges, database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    derive(database_url, *SPAN)
    before = {key: gauges.stored(key) for key in ("sum", "twice", "whole")}
    gauges.delete_before(60)
    capsys.readouterr()
    assert derive(database_url, *SPAN) == 0
    assert {key: gauges.stored(key) for key in before} == before
    said = capsys.readouterr().out
    assert "sum: 5 left alone" in said
    assert "twice: 2 left alone" in said
    assert "whole" not in said  # its own inputs, the sums, are all there
    assert "retention deleted raw values" in said
    assert "changed 0 values" in said
