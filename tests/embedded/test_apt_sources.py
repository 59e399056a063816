"""Where the host gets Debian from, in every form that its apt may say it."""

from pathlib import Path

import pytest

from deploy.embedded import apt_sources
from deploy.embedded.apt_sources import Mirror, NoDebianSourceError

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"

THIRD_PARTY_FIRST = f"""\
Types: deb
URIs: https://thirdparty.example/apt
Suites: bookworm
Components: main
Signed-By: /usr/share/keyrings/thirdparty.gpg

# a comment between paragraphs
Types: deb deb-src
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By: {KEYRING}

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main
Signed-By: {KEYRING}
"""
OFF = """\
Enabled: no
Types: deb
URIs: http://off.example/debian
Suites: bookworm
Components: main
"""
INLINE_KEY = """\
Types: deb
URIs: mirror+file:///etc/apt/mirrors/debian.list
Suites: bookworm
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 mDMEZ
 -----END PGP PUBLIC KEY BLOCK-----
"""


def mirrors(tmp_path: Path, **files: str) -> list[Mirror]:
    """Return the mirrors of an /etc/apt made of sources.list and of files named a_sources …"""
    parts = tmp_path / "sources.list.d"
    parts.mkdir()
    for name, text in files.items():
        target = tmp_path / "sources.list"
        if name != "main":
            stem, _, kind = name.rpartition("_")
            target = parts / f"{stem}.{kind}"
        target.write_text(text, encoding="utf-8")
    keyrings = tmp_path / "keyrings"
    keyrings.mkdir()
    (keyrings / "debian-archive-keyring.pgp").touch()
    return list(apt_sources.find_mirrors("bookworm", tmp_path, keyrings))


def test_a_third_partys_entry_is_not_taken_for_debian(tmp_path: Path) -> None:
    found = mirrors(tmp_path, debian_sources=THIRD_PARTY_FIRST)
    assert [mirror.uri for mirror in found] == ["http://mirror.example/debian"]


def test_the_key_the_suites_and_the_security_archive_are_the_entrys(tmp_path: Path) -> None:
    (found,) = mirrors(tmp_path, debian_sources=THIRD_PARTY_FIRST)
    assert found.keyring == Path(KEYRING)
    assert found.host_suites == ("bookworm", "bookworm-updates")
    assert found.security_uri == "http://mirror.example/debian-security"


def test_the_one_line_format_is_read_with_its_options(tmp_path: Path) -> None:
    line = f"deb [arch=amd64 signed-by={KEYRING}] http://mirror.example/debian bookworm main # x\n"
    (found,) = mirrors(tmp_path, main=line)
    assert (found.uri, found.keyring) == ("http://mirror.example/debian", Path(KEYRING))


def test_an_entry_without_a_key_is_checked_with_debians(tmp_path: Path) -> None:
    text = "# deb http://old.example/debian bookworm main\ndeb http://m.example/debian bookworm main\n"
    (found,) = mirrors(tmp_path, main=text)
    assert found.uri == "http://m.example/debian"
    assert found.keyring == tmp_path / "keyrings" / "debian-archive-keyring.pgp"


def test_an_entry_that_names_debians_key_comes_before_one_that_names_none(tmp_path: Path) -> None:
    line = "deb http://first.example/debian bookworm main\n"
    found = mirrors(tmp_path, main=line, debian_sources=THIRD_PARTY_FIRST)
    assert [mirror.uri for mirror in found] == [
        "http://mirror.example/debian",
        "http://first.example/debian",
    ]


def test_a_list_of_mirrors_with_a_key_inside_is_read(tmp_path: Path) -> None:
    (found,) = mirrors(tmp_path, debian_sources=INLINE_KEY)
    assert found.uri == "mirror+file:///etc/apt/mirrors/debian.list"
    assert found.keyring.name == "debian-archive-keyring.pgp"


def test_entries_that_are_off_or_on_a_disc_are_left_out(tmp_path: Path) -> None:
    disc = "deb cdrom:[Debian 12]/ bookworm main\n"
    with pytest.raises(NoDebianSourceError, match="bookworm"):
        mirrors(tmp_path, main=disc, debian_sources=OFF)
