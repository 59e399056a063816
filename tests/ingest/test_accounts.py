"""Accounts of devices: what they may publish, what can't be one, and what the command writes and shows."""

import argparse
import base64
import re
import stat
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from ingest import accounts
from ingest.accounts import Account, AccountError
from ingest.command_line import aware_time, counted, printable
from ingest.commands import CommandError
from ingest.commands import accounts as command
from ingest.sources import Source, load_sources
from storage import inventory
from storage.inventory import load_inventory
from storage.model import Domain, Thing
from storage.settings import Settings

SOURCES = """
[[source]]
name = "tts"
decoder = "senml"
topics = ["v3/+/devices/+/up"]
[[source]]
name = "senml"
decoder = "senml"
topics = ["senml/+"]
[[source]]
name = "rest"
decoder = "senml"
topics = ["factory/#"]
[[source]]
name = "ftp"
decoder = "senml"
folder = "/srv/ftp"
"""


@pytest.fixture(scope="module")
def things(domains: dict[str, Domain]) -> dict[str, Thing]:
    return {thing.id: thing for thing in load_inventory([inventory.SHIPPED], domains)}


@pytest.fixture
def sources_file(tmp_path: Path) -> Path:
    path = tmp_path / "sources.toml"
    path.write_text(SOURCES)
    return path


@pytest.fixture
def named(sources_file: Path) -> dict[str, Source]:
    """And one that the file can't have any more: what an account opens does not hang on that."""
    found = {source.name: source for source in load_sources(sources_file).all}
    wide = replace(found["senml"], name="wide", topics=("+/+/air_quality/+/observations",))
    return {**found, "wide": wide}


def test_a_device_writes_exactly_its_own_things_topics(things: dict[str, Thing]) -> None:
    assert accounts.topics_of(things["trung-yen-3"]) == (
        "hanoi/v1/air_quality/trung-yen-3/observations",
        "hanoi/v1/air_quality/trung-yen-3/status",
    )


def test_only_a_flood_point_sends_extents(things: dict[str, Thing]) -> None:
    flood = next(thing for thing in things.values() if thing.domain == "flood")
    assert accounts.topics_of(flood)[-1] == f"hanoi/v1/flood/{flood.id}/extent"


def test_a_gateway_writes_its_things_topics_and_no_others(things: dict[str, Thing]) -> None:
    topics = accounts.topics_of_all(["ltk-01-b07", "ltk-01-b08"], things)
    assert {topic.split("/")[3] for topic in topics} == {"ltk-01-b07", "ltk-01-b08"}
    assert not any("+" in topic or "#" in topic for topic in topics)


def test_things_that_the_inventory_lacks_are_named(things: dict[str, Thing]) -> None:
    with pytest.raises(AccountError, match="no Thing of the inventory: nowhere, \\+"):
        accounts.topics_of_all(["trung-yen-3", "nowhere", "+"], things)


def test_a_network_server_writes_its_sources_filters(named: dict[str, Source]) -> None:
    assert accounts.filters_of(named["tts"]) == ("v3/+/devices/+/up",)


def test_a_device_of_a_source_stands_in_the_only_plus(named: dict[str, Source]) -> None:
    assert accounts.filters_of(named["senml"], "urn:dev:1") == ("senml/urn:dev:1",)


@pytest.mark.parametrize(
    ("source", "device", "why"),
    [
        ("tts", "d1", "no single \\+"),
        ("rest", "d1", "no single \\+"),
        ("ftp", None, "watches a folder"),
        ("wide", None, "reaches into hanoi/v1/"),
        ("senml", "a/b", "one level"),
        ("senml", "#", "one level"),
        ("senml", "+", "one level"),
        ("senml", "a\nuser ingest\ntopic readwrite #", "one level"),
        ("senml", "", "one level"),
    ],
)
def test_what_would_open_more_than_is_meant_is_refused(
    named: dict[str, Source], source: str, device: str | None, why: str
) -> None:
    with pytest.raises(AccountError, match=why):
        accounts.filters_of(named[source], device)


@pytest.mark.parametrize(
    "name",
    ["ingest", "publisher", "health", "hanoi-ingest", "hanoi-ingest-2", "HANOI-INGEST", "a:b", "a b", "a\nb", "#",
     "+", "", ".", "../x", "a/b", "x" * 200],
)  # fmt: skip
def test_a_name_that_is_ours_or_breaks_the_files_is_refused(name: str) -> None:
    with pytest.raises(AccountError):
        accounts.checked_name(name)


def test_a_sources_account_is_never_a_things() -> None:
    assert accounts.source_account("tts", None) == "source.tts"
    assert accounts.source_account("tts", "eui-1").startswith("source.")


def test_a_device_s_name_that_can_t_be_an_account_gives_one_that_can() -> None:
    named = accounts.source_account("ow", "urn:dev:ow:10e2")
    assert re.fullmatch(r"source\.ow\.urn-dev-ow-10e2-[0-9a-f]{6}", named)
    devices = [
        "urn:dev:ow:10e2",
        "urn-dev-ow:10e2",
        "urn:dev:ow-10e2",
        "a" * 120 + ":1",
        "a" * 120 + ":2",
        "Hộp 7",
        ":",
    ]
    made = [accounts.source_account("ow", device) for device in devices]
    assert len(set(made)) == len(devices)
    assert [accounts.checked_name(name) for name in made] == made


def test_both_files_hold_what_they_were_written_from() -> None:
    known = {
        "a": Account(
            name="a", hash=accounts.mosquitto_hash("x", b"0" * 12), topics=("hanoi/v1/rain/a/status",)
        ),
        "b": Account(name="b", hash=accounts.mosquitto_hash("y", b"1" * 12), topics=("senml/+", "v3/#")),
    }
    assert (
        accounts.parse(accounts.password_file(known.values()), accounts.access_file(known.values())) == known
    )


@pytest.mark.parametrize(
    ("passwords", "access", "where"),
    [
        ("a:plain\n", "", "passwords line 1: no hash"),
        ("\ningest:$7$1000$AA==$AA==\n", "", "passwords line 2: 'ingest' is a name of our own"),
        ("", "user a\ntopic readwrite #\n", "access line 2: expected"),
        ("", "topic write x\n", "access line 1: expected"),
        ("", "user a\npattern write %c/#\n", "access line 2: expected"),
    ],
)
def test_files_that_somebody_spoilt_are_refused_with_the_line(
    passwords: str, access: str, where: str
) -> None:
    with pytest.raises(AccountError, match=where):
        accounts.parse(passwords, access)


def call(*words: str, folder: Path, sources: Path | None = None) -> int:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return command.run(parser.parse_args([*words, "--folder", str(folder)]), Settings(sources_file=sources))


def test_a_secret_is_shown_once_and_only_its_hash_is_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "accounts"
    call("add", "trung-yen-3", folder=folder)
    shown = re.search(r"password  (\S{32})", capsys.readouterr().out)
    assert shown is not None
    stored = (folder / "passwords").read_text()
    assert shown[1] not in stored + (folder / "access").read_text()
    _, _, iterations, salt, _ = stored.strip().split("$")
    assert (
        stored
        == f"trung-yen-3:{accounts.mosquitto_hash(shown[1], base64.b64decode(salt), int(iterations))}\n"
    )
    call("list", folder=folder)
    assert shown[1] not in capsys.readouterr().out
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "passwords").stat().st_mode) == 0o600


def test_secrets_go_to_a_new_private_file_and_not_to_the_screen(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "secrets"
    call(
        "add",
        "--gateway",
        "gw-1",
        "--things",
        "ltk-01-b07,ltk-01-b08",
        "--out",
        str(out),
        folder=tmp_path / "a",
    )
    name, secret = out.read_text().split()
    assert name == "gw-1"
    assert secret not in capsys.readouterr().out
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    with pytest.raises(CommandError, match="File exists"):
        call("rotate", "gw-1", "--out", str(out), folder=tmp_path / "a")


def test_all_things_get_one_each_and_only_once(tmp_path: Path, things: dict[str, Thing]) -> None:
    folder = tmp_path / "accounts"
    call("add", "trung-yen-3", folder=folder)
    before = (folder / "passwords").read_text()
    call("add", "--all-things", "--out", str(tmp_path / "out"), folder=folder)
    known = accounts.parse((folder / "passwords").read_text(), (folder / "access").read_text())
    assert set(known) == {thing.id for thing in things.values() if thing.properties}
    assert before in (folder / "passwords").read_text()


def test_rotating_changes_the_hash_and_removing_takes_the_rules_along(tmp_path: Path) -> None:
    folder = tmp_path / "accounts"
    call("add", "trung-yen-3", folder=folder)
    before = (folder / "passwords").read_text()
    call("rotate", "trung-yen-3", folder=folder)
    assert (folder / "passwords").read_text() != before
    call("remove", "trung-yen-3", folder=folder)
    assert (folder / "passwords").read_text() == (folder / "access").read_text() == ""


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["add"], "give one of"),
        (["add", "nowhere"], "no Thing of the inventory: nowhere"),
        (["add", "trung-yen-3", "--all-things"], "give one of"),
        (["add", "--gateway", "gw"], "go together"),
        (["add", "--gateway", "hanoi-ingest", "--things", "trung-yen-3"], "our own processes"),
        (["add", "--source", "none"], "HANOI_SOURCES_FILE is not set"),
        (["add", "trung-yen-3", "--name", "x"], "--name goes with --source"),
        (["rotate", "nobody"], "no such account: nobody"),
        (["remove", "nobody"], "no such account: nobody"),
    ],
)
def test_what_cannot_be_done_is_said(tmp_path: Path, words: list[str], why: str) -> None:
    with pytest.raises(CommandError, match=why):
        call(*words, folder=tmp_path / "accounts")


def test_an_account_that_is_there_is_not_made_again(tmp_path: Path) -> None:
    call("add", "trung-yen-3", folder=tmp_path)
    with pytest.raises(CommandError, match="trung-yen-3: has an account"):
        call("add", "trung-yen-3", folder=tmp_path)


def test_a_source_of_the_file_gets_an_account(
    tmp_path: Path, sources_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call("add", "--source", "tts", folder=tmp_path / "a", sources=sources_file)
    assert "publishes v3/+/devices/+/up" in capsys.readouterr().out
    assert "user source.tts\ntopic write v3/+/devices/+/up\n" in (tmp_path / "a" / "access").read_text()


def test_the_documented_accounts_of_sources_are_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each `hanoi-ingest accounts add --source` of docs/security.md, with the sources beside it."""
    text = (Path(__file__).parents[2] / "docs" / "security.md").read_text("utf-8")
    (example,) = re.findall(r"```toml\n(.*?)```", text, re.S)
    (tmp_path / "sources.toml").write_text(example, "utf-8")
    lines = re.findall(r"^hanoi-ingest accounts (add --source [^#\n]*?) *#", text, re.M)
    assert len(lines) == 2
    for line in lines:
        call(*line.split(), folder=tmp_path / "a", sources=tmp_path / "sources.toml")
    out = capsys.readouterr().out
    assert "publishes senml/urn:dev:ow:10e2" in out
    assert re.search(r"user      source\.ow\.urn-dev-ow-10e2-[0-9a-f]{6}\n", out)
    assert "1 account written" in out


def test_the_account_of_a_source_may_be_named(tmp_path: Path, sources_file: Path) -> None:
    words = ("add", "--source", "senml", "--device", "urn:dev:1", "--name", "sonde-1")
    call(*words, folder=tmp_path / "a", sources=sources_file)
    assert (tmp_path / "a" / "access").read_text() == "user sonde-1\ntopic write senml/urn:dev:1\n"
    with pytest.raises(CommandError, match="our own processes"):
        call(*words[:-1], "hanoi-ingest", folder=tmp_path / "a", sources=sources_file)


@pytest.mark.parametrize(
    "text",
    ["2026-11-20", "2026-11-20T10:00", "2026-11-20 10:00:05", "20261120T1000", "2026-W47-5", "2026-11-20T10"],
)
def test_every_suggested_time_is_accepted(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError) as refused:
        aware_time(text)
    suggested = re.search(r"write (\S+) for Hanoi, or (\S+)$", str(refused.value))
    assert suggested is not None
    hanoi, utc = aware_time(suggested[1]), aware_time(suggested[2])
    assert hanoi.replace(tzinfo=None) == utc.replace(tzinfo=None) == datetime.fromisoformat(text)
    assert utc - hanoi == timedelta(hours=7)


def test_one_is_not_plural() -> None:
    assert [counted(n, "fault") for n in (0, 1, 2)] == ["0 faults", "1 fault", "2 faults"]


def test_what_a_stranger_sent_steers_no_terminal() -> None:
    assert printable("Hộp\n\x1b[2J") == "Hộp\\n\\x1b[2J"


def test_without_a_demo_the_folder_must_be_named(tmp_path: Path) -> None:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    with pytest.raises(CommandError, match="no demo at"):
        command.run(parser.parse_args(["list"]), Settings(runtime_dir=tmp_path / "none"))
