"""The file of retention: lengths, what a domain inherits, and what is refused with file and key."""

from datetime import timedelta
from pathlib import Path

import pytest

from storage.catalog import ReferenceDataError
from storage.retention_policy import Policy, Retention, load_retention, require_folders

DOMAINS = ("air_quality", "parking", "rain")


def written(folder: Path, text: str) -> Path:
    path = folder / "retention.toml"
    path.write_text(text, "utf-8")
    return path


def refused(folder: Path, text: str) -> str:
    path = written(folder, text)
    with pytest.raises(ReferenceDataError) as caught:
        load_retention(path, DOMAINS)
    assert str(path) in str(caught.value)
    return str(caught.value)


def test_without_a_file_everything_is_kept_for_ever() -> None:
    retention = load_retention(None, DOMAINS)
    assert retention == Retention()
    assert not retention.deletes
    assert retention.compress_after is None


def test_an_empty_file_deletes_nothing(tmp_path: Path) -> None:
    assert not load_retention(written(tmp_path, ""), DOMAINS).deletes


def test_a_domain_takes_what_it_leaves_out_from_the_default(tmp_path: Path) -> None:
    text = """
[default]
raw = "400d"
hourly = "10y"
compress_after = "30d"
archive = true
archive_folder = "/srv/archive"
[domain.parking]
raw = "13w"
hourly = "100d"
daily = "forever"
archive = false
"""
    retention = load_retention(written(tmp_path, text), DOMAINS)
    parking = retention.of("parking")
    assert (parking.raw, parking.hourly, parking.daily) == (timedelta(91), timedelta(100), None)
    assert (parking.archive, parking.compress_after) == (False, timedelta(30))
    assert retention.of("rain") == Policy(
        raw=timedelta(400),
        hourly=timedelta(3660),
        compress_after=timedelta(30),
        archive=True,
        archive_folder=Path("/srv/archive"),
    )
    assert retention.longest_raw == timedelta(400)


def test_a_chunk_waits_for_the_domain_that_wants_it_uncompressed_for_longest(tmp_path: Path) -> None:
    text = '[default]\ncompress_after = "30d"\n[domain.rain]\ncompress_after = "60d"\n'
    assert load_retention(written(tmp_path, text), DOMAINS).compress_after == timedelta(60)
    text = '[domain.rain]\ncompress_after = "60d"\n'
    assert load_retention(written(tmp_path, text), DOMAINS).compress_after is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[default]\nraw = "39d"', "retention.toml: default.raw: must be 40d or more: indicators look back"),
        ('[domain.rain]\nraw = "39d"', "retention.toml: domain.rain.raw: must be 40d or more: "),
        ('[default]\nraw = "1m"', "default.raw: a length is '400d', '60w', '10y' or 'forever' (got '1m')"),
        ("[default]\nraw = 400", "default.raw: a length is"),
        ('[default]\nraw = "0d"', "default.raw: a length is"),
        (
            '[default]\nraww = "400d"',
            "retention.toml: default.raww: no such key; there are raw, hourly, daily, compress_after, archive,"
            " archive_folder",
        ),
        (
            '[domain.rain]\nraww = "400d"',
            "retention.toml: domain.rain.raww: no such key; there are raw, hourly,",
        ),
        (
            'raw = "400d"',
            "retention.toml: raw: belongs under [default], for every domain, or under [domain.<its key>]",
        ),
        (
            '[parking]\nraw = "400d"',
            "retention.toml: parking: is written [domain.parking]",
        ),
        (
            '[defaults]\nraw = "400d"',
            "retention.toml: defaults: no such table; there are [default] and [domain.<key>]",
        ),
        (
            '[domain.rain]\nraw = "400d"\nhourly = "399d"',
            "domain.rain.hourly: 399d is shorter than raw (400d)",
        ),
        ('[default]\nhourly = "400d"', "default.hourly: 400d is shorter than raw (forever)"),
        (
            '[default]\nraw = "50d"\nhourly = "400d"\ndaily = "400d"\n[domain.rain]\nhourly = "forever"',
            "domain.rain.daily: 400d is shorter than hourly (forever)",
        ),
        (
            '[default]\nraw = "2y"\nhourly = "80w"',
            "default.hourly: 80w is shorter than raw (2y)",
        ),
        (
            '[default]\nhourly = "10y"\nraw = "1y"\n[domain.rain]\nraw = "11y"',
            "domain.rain.hourly: 10y is shorter than raw (11y)",
        ),
        (
            '[default]\nraw = "60d"\ncompress_after = "9w"',
            "default.compress_after: 9w is longer than raw (60d): it is deleted before it is compressed",
        ),
        (
            '[default]\nraw = "60d"\n[domain.rain]\ncompress_after = "9w"',
            "domain.rain.compress_after: 9w is longer than raw (60d)",
        ),
        (
            '[default]\narchive = true\narchive_folder = "archive"',
            "default.archive_folder: must be an absolute path such as /srv/archive",
        ),
        (
            '[default]\narchive_folder = "/srv/archive"',
            "default.archive_folder: nothing is archived without archive = true",
        ),
        (
            '[default]\narchive_folder = "/a"\narchive = true\n'
            '[domain.rain]\narchive = false\narchive_folder = "/b"',
            "domain.rain.archive_folder: nothing is archived without archive = true",
        ),
        (
            '[domain.noise]\nraw = "400d"',
            "domain.noise: no domain of the catalogue: air_quality, parking, rain",
        ),
        ("[default]\narchive = true", "default.archive_folder: archive = true needs a folder"),
        ('[default]\narchive = "yes"', "default.archive: "),
        ("[default", "not TOML"),
    ],
)
def test_what_can_not_be_is_refused_with_its_key(tmp_path: Path, text: str, says: str) -> None:
    assert says in refused(tmp_path, text)


def test_a_folder_of_the_default_may_be_for_the_domains_that_archive(tmp_path: Path) -> None:
    text = '[default]\narchive_folder = "/srv/archive"\n[domain.rain]\nraw = "50d"\narchive = true\n'
    retention = load_retention(written(tmp_path, text), DOMAINS)
    assert retention.of("rain").archive_folder == Path("/srv/archive")
    assert not retention.of("parking").archive


def test_a_domain_may_keep_less_than_the_others_are_uncompressed(tmp_path: Path) -> None:
    text = '[default]\ncompress_after = "100d"\n[domain.rain]\nraw = "90d"\n'
    assert load_retention(written(tmp_path, text), DOMAINS).of("rain").raw == timedelta(90)


def test_an_archive_that_is_not_there_is_named_with_its_key(tmp_path: Path) -> None:
    """Not when the file is read: the control room reads it too, and may not see the disk."""
    gone = tmp_path / "archive"
    path = written(tmp_path, f'[default]\nraw = "50d"\narchive = true\narchive_folder = "{gone}"\n')
    retention = load_retention(path, DOMAINS)
    with pytest.raises(ReferenceDataError) as caught:
        require_folders(path, retention)
    assert (
        str(caught.value) == f"{path}: archive_folder: there is no folder {gone}: make it, or mount its disk"
    )
    gone.mkdir()
    require_folders(path, retention)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReferenceDataError, match=r"retention\.toml: can't be read"):
        load_retention(tmp_path / "retention.toml", DOMAINS)
