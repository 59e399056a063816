"""The installed runtime: complete, its own, never half there, never unsigned."""

import dataclasses
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.embedded import apt_sources, host, install, runtime, unpack
from deploy.embedded.apt import AptError, PrivateApt, Source
from deploy.embedded.apt_sources import Mirror
from deploy.embedded.archive import Archive
from deploy.embedded.relocate import foreign_libraries
from deploy.embedded.runtime import Runtime

pytestmark = pytest.mark.integration

Servers = tuple[Runtime, Path]


def silent(text: str) -> None:
    """Take a progress line and drop it."""


def stamped(prefix: Path, **changes: object) -> None:
    """Make a folder that looks like a finished prefix, but for the changes."""
    prefix.mkdir(parents=True)
    stamp = {"format": install.STAMP_FORMAT, "place": str(prefix), "suite": "s", "version": "1"}
    (prefix / "stamp.json").write_text(json.dumps({**stamp, **changes}), encoding="utf-8")


def test_the_programs_take_no_library_of_the_host(servers: Servers) -> None:
    installed, _ = servers
    for prefix, part in (
        (installed.database, install.DATABASE_PART),
        (installed.broker, install.BROKER_PART),
    ):
        for program in part.programs:
            assert foreign_libraries(prefix, installed.triple, prefix / program) == []


def test_the_jit_compiler_and_its_bitcode_are_left_out(servers: Servers) -> None:
    installed, _ = servers
    names = [str(path) for path in installed.database.rglob("*")]
    assert not [n for n in names if "libLLVM" in n or "libz3" in n or "llvmjit" in n]
    assert not [n for n in names if "/bitcode" in n]


def test_the_versions_are_postgresql_17_and_mosquitto_2(servers: Servers) -> None:
    installed, _ = servers
    postgres = installed.database / install.DATABASE_PART.programs[0]
    said = subprocess.run([postgres, "--version"], capture_output=True, text=True, check=True)
    assert said.stdout.startswith("postgres (PostgreSQL) 17.")
    assert installed.broker_version.startswith("2.")


def test_a_second_call_does_no_work(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    installed, _ = servers

    def refuse(*arguments: object) -> None:
        raise AssertionError("a finished runtime was installed again")

    monkeypatch.setattr(install, "run", refuse)
    said: list[str] = []
    again = runtime.ensure(installed.folder, said.append)
    assert (again, said) == (installed, [])


def test_a_moved_runtime_is_patched_again_without_downloads(
    servers: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed, folder = servers
    moved = folder / "moved"
    shutil.copytree(installed.folder / "software", moved / "software", symlinks=True)
    monkeypatch.setattr(Archive, "download", None)
    again = runtime.ensure(moved, silent)
    postgres = again.database / install.DATABASE_PART.programs[0]
    assert foreign_libraries(again.database, again.triple, postgres) == []
    assert install.installed(moved) is not None
    shutil.rmtree(moved)


def test_an_unfinished_prefix_is_not_taken_for_a_whole_one(tmp_path: Path) -> None:
    stamped(tmp_path / install.DATABASE)
    assert install.installed(tmp_path) is None
    (tmp_path / install.BROKER).mkdir()
    assert install.installed(tmp_path) is None


@pytest.mark.parametrize("change", [{"place": "/elsewhere"}, {"format": 0}, {"more": 1}])
def test_a_stamp_of_another_place_or_form_does_not_count(tmp_path: Path, change: dict[str, object]) -> None:
    stamped(tmp_path / "prefix", **change)
    assert install.read_stamp(tmp_path / "prefix") is None


def test_a_damaged_package_is_named_and_removed(tmp_path: Path) -> None:
    deb = tmp_path / "libnothing_1_amd64.deb"
    deb.write_bytes(b"!<arch>\nhalf a download")
    with pytest.raises(unpack.UnpackError, match="libnothing_1_amd64"):
        unpack.unpack(deb, tmp_path)
    assert not deb.exists()


def test_packages_of_the_jit_are_not_unpacked() -> None:
    names = ["libllvm19_1%3a19_amd64.deb", "libz3-4_4_amd64.deb", "libpq5_17_amd64.deb"]
    assert unpack.wanted(Path(name) for name in names) == [Path("libpq5_17_amd64.deb")]


def test_an_unsigned_archive_is_refused_even_if_the_host_allows_it(tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    packages = archive / "dists" / "trixie" / "main" / "binary-amd64"
    packages.mkdir(parents=True)
    (packages / "Packages").write_text("Package: evil\nVersion: 1\n", encoding="utf-8")
    (archive / "dists" / "trixie" / "Release").write_text("Suite: trixie\n", encoding="utf-8")
    make_reachable(tmp_path)
    apt = PrivateApt(tmp_path / "apt", acquire='Acquire::AllowInsecureRepositories "true";\n')
    keyring = apt_sources.find_mirrors(host.detect().codename)[0].keyring
    apt.use([Source(uri=f"file:{archive}", suites=("trixie",), keyring=keyring)])
    with pytest.raises(AptError, match=r"not signed|no key at hand"):
        apt.update()


def test_an_apt_that_a_killed_install_left_behind_is_waited_for(tmp_path: Path) -> None:
    make_reachable(tmp_path)
    apt = PrivateApt(tmp_path / "apt", acquire="")
    apt.use([])
    lock = tmp_path / "apt" / "state" / "lists" / "lock"
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(lock)], stdout=subprocess.PIPE, text=True)
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        apt.update()
        assert holder.wait(5) == 0


def test_newer_keys_are_taken_from_a_suite_that_the_known_keys_vouch_for(tmp_path: Path) -> None:
    here = host.detect()
    mirror = apt_sources.find_mirrors(here.codename)[0]
    make_reachable(tmp_path)
    said: list[str] = []
    old = dataclasses.replace(mirror, keyring=stable_key_only(here.codename), host_suites=(here.codename,))
    archive = Archive(tmp_path / "apt", here, said.append, mirrors=[old])
    files = archive.download(["libuuid1"], "forky", "a small library")
    assert [file for file in files if file.name.startswith("libuuid1_") and file.is_file()]
    assert [line for line in said if "newer keys" in line]


def test_no_mirror_of_ours_is_used_when_the_host_names_none(tmp_path: Path) -> None:
    broken = Mirror(uri=f"file:{tmp_path}/none", security_uri=None, keyring=tmp_path / "k", host_suites=())
    make_reachable(tmp_path)
    archive = Archive(tmp_path / "apt", host.detect(), silent, mirrors=[broken])
    with pytest.raises(AptError):
        archive.download(["libuuid1"], "trixie", "a small library")


def test_where_mosquitto_2_1_cannot_be_had_2_0_is_used_and_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def part(folder: Path, where: host.Host, which: install.Part, suite: str, *rest: object) -> str:
        asked.append(suite)
        if suite == "forky":
            raise AptError("the mirror has no forky")
        return "stamp"

    monkeypatch.setattr(install, "_ensure_part", part)
    said: list[str] = []
    archive = Archive(tmp_path, host.detect(), silent)
    install._ensure_broker(tmp_path, host.detect(), archive, said.append)
    assert asked == ["forky", "trixie"]
    assert all(line.startswith("WARNING") for line in said)
    assert "safe-2.0" in said[-1]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root steps down to another account")
def test_a_parent_that_servers_cannot_enter_sends_the_runtime_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    system = tmp_path / "var-lib"
    monkeypatch.setattr(runtime, "SYSTEM_PARENT", system)
    clone = tmp_path / "clone"
    clone.mkdir(mode=0o700)
    user = host.server_user()
    said: list[str] = []
    folder = runtime.settle(clone / ".runtime", user, said.append)
    assert folder.parent == system
    assert (clone / ".runtime").resolve() == folder
    assert str(folder) in said[0]
    assert runtime.settle(clone / ".runtime", user, said.append) == folder
    assert len(said) == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="only root steps down to another account")
def test_a_copied_clone_gets_a_runtime_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "SYSTEM_PARENT", tmp_path / "var-lib")
    clone = tmp_path / "clone"
    clone.mkdir(mode=0o700)
    first = runtime.settle(clone / ".runtime", host.server_user(), silent)
    shutil.copytree(clone, tmp_path / "copy", symlinks=True)
    second = runtime.settle(tmp_path / "copy" / ".runtime", host.server_user(), silent)
    assert first != second
    assert runtime.settle(clone / ".runtime", host.server_user(), silent) == first


HOLD = """
import fcntl, sys, time
with open(sys.argv[1], "w") as lock:
    fcntl.lockf(lock, fcntl.LOCK_EX)
    print("held", flush=True)
    time.sleep(1.5)
"""


def make_reachable(folder: Path) -> None:
    """Let apt's own account in: pytest's folders are 0700."""
    for part in (folder, folder.parent, folder.parent.parent):
        part.chmod(0o755)


def stable_key_only(codename: str) -> Path:
    """Return a keyring as an older host has it: it knows its own release's key and no other."""
    keyrings = Path("/usr/share/keyrings")
    return next(keyrings.glob(f"debian-archive-{codename}-stable.[gp][pg][gp]"))
