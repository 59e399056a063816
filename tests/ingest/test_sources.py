"""The file of sources: what it can't say is refused at the start, with file and key."""

from pathlib import Path

import pytest

from ingest.sources import load_sources
from storage.catalog import ReferenceDataError


def refused(folder: Path, *tables: str) -> str:
    path = folder / "sources.toml"
    path.write_text(
        "".join(
            f'[[source]]\nname = "s{number}"\ndecoder = "senml"\n{table}\n'
            for number, table in enumerate(tables)
        ),
        "utf-8",
    )
    with pytest.raises(ReferenceDataError) as caught:
        load_sources(path)
    assert str(path) in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    "topic",
    [
        "#",
        "+/#",
        "hanoi/#",
        "hanoi/v1/rain/x/observations",
        "+/v1/+/lang/observations",
        "+/+/+/+/status",
        "hanoi/+/x",
    ],
)
def test_no_filter_reaches_into_the_native_topics(tmp_path: Path, topic: str) -> None:
    assert f"source.s0.topics: '{topic}' takes topics of the native format" in refused(
        tmp_path, f'topics = ["{topic}"]'
    )


@pytest.mark.parametrize("topic", ["hanoi/v2/#", "+/v10/+/x", "v1/+", "+/devices/+/up", "hanoi"])
def test_a_filter_beside_the_native_topics_is_taken(tmp_path: Path, topic: str) -> None:
    path = tmp_path / "sources.toml"
    path.write_text(f'[[source]]\nname = "a"\ndecoder = "senml"\ntopics = ["{topic}"]\n', "utf-8")
    assert load_sources(path).all[0].topics == (topic,)


@pytest.mark.parametrize("topic", ["$SYS/#", "$queue/a"])
def test_topics_of_the_broker_are_no_source(tmp_path: Path, topic: str) -> None:
    assert f"source.s0.topics: '{topic}'" in refused(tmp_path, f'topics = ["{topic}"]')


def test_a_folder_with_a_nul_is_refused(tmp_path: Path) -> None:
    assert "source.s0.folder: " in refused(tmp_path, 'folder = "/tmp/\\u0000x"')


def test_two_sources_can_t_read_one_folder(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "ftp")
    for same in ("ftp", "x/../ftp", "link"):
        said = refused(tmp_path, f'folder = "{tmp_path}/ftp"', f'folder = "{tmp_path}/{same}"')
        assert "source s0: folder: " in said
        assert "source s1" in said


@pytest.mark.parametrize("below", ["done", "done/2026-11-22"])
def test_what_one_source_is_done_with_is_no_other_s_to_read(tmp_path: Path, below: str) -> None:
    said = refused(tmp_path, f'folder = "{tmp_path}/ftp"', f'folder = "{tmp_path}/ftp/{below}"')
    assert f"source s1: folder: {tmp_path}/ftp/{below}" in said


def test_what_stands_in_a_key_that_nobody_knows_is_not_shown(tmp_path: Path) -> None:
    """It may be a secret in the wrong place, and the text goes to the log."""
    said = refused(tmp_path, 'topics = ["a"]\npassword = "hunter2"')
    assert "source.s0.password: " in said
    assert "hunter2" not in said
