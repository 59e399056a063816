"""Which computers the runtime can be installed on, and what the others are told."""

import os
from pathlib import Path

import pytest

from deploy.embedded import host
from deploy.embedded.host import ServerUser, UnsupportedHostError

# As base-files ships them.
DEBIAN_12 = 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nVERSION_ID="12"\nID=debian\n'
DEBIAN_13 = 'PRETTY_NAME="Debian GNU/Linux 13 (trixie)"\nVERSION_ID="13"\nID=debian\n'
UBUNTU = 'PRETTY_NAME="Ubuntu 24.04 LTS"\nVERSION_ID="24.04"\nID=ubuntu\nID_LIKE=debian\n'
SID = 'PRETTY_NAME="Debian GNU/Linux forky/sid"\nVERSION_CODENAME=forky\nID=debian\n'
STRANGER = ServerUser(name="stranger", uid=61234, gid=61234)


def os_release(folder: Path, text: str) -> Path:
    file = folder / "os-release"
    file.write_text(text, encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("text", "codename"),
    [
        (DEBIAN_12 + "VERSION_CODENAME=bookworm\n", "bookworm"),
        (DEBIAN_13 + "VERSION_CODENAME=trixie\n", "trixie"),
    ],
)
def test_debian_12_and_13_are_supported(tmp_path: Path, text: str, codename: str) -> None:
    assert host.detect(os_release(tmp_path, text), "x86_64").codename == codename


@pytest.mark.parametrize("text", [UBUNTU, SID, ""])
def test_another_system_is_sent_to_docker_compose(tmp_path: Path, text: str) -> None:
    with pytest.raises(UnsupportedHostError, match=r"docker compose -f deploy/compose\.yaml up"):
        host.detect(os_release(tmp_path, text), "x86_64")


def test_a_system_without_os_release_is_sent_to_docker_compose(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedHostError, match="docker compose"):
        host.detect(tmp_path / "none", "x86_64")


def test_an_unknown_processor_is_named(tmp_path: Path) -> None:
    text = DEBIAN_12 + "VERSION_CODENAME=bookworm\n"
    with pytest.raises(UnsupportedHostError, match="riscv64"):
        host.detect(os_release(tmp_path, text), "riscv64")


def test_a_folder_below_one_that_is_0700_cannot_be_entered(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    inside = closed / "inside"
    inside.mkdir(parents=True)
    closed.chmod(0o700)
    assert not host.can_traverse(inside, STRANGER)


def test_an_open_folder_can_be_entered() -> None:
    assert host.can_traverse(Path("/usr/lib"), STRANGER)


def test_missing_time_zones_name_the_package(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedHostError, match="apt-get install tzdata"):
        host.require_zoneinfo(tmp_path)


def test_servers_do_not_run_as_root() -> None:
    user = host.server_user()
    assert (user is None) == (os.geteuid() != 0)
    assert user is None or user.uid != 0
