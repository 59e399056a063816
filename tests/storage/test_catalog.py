"""Reference data that can't be used is refused with file, key and what is wrong; changed files are read again."""

import os
from pathlib import Path

import pytest

from storage.catalog import SHIPPED, ReferenceDataError, load_catalog
from storage.inventory import load_inventory
from storage.model import Checks, Stuck
from storage.reference import Reference

NOISE = """
[domain]
key = "noise"
name = { vi = "Tiếng ồn", en = "Noise" }
headline = "level"
map_kinds = ["microphone"]

[property.level]
name = { vi = "Mức ồn", en = "Sound level" }
unit = "dB[SPL]"
interval_s = 60
possible = [0, 194]
plausible = [20, 140]
"""

THINGS = """
domain = "noise"
[[thing]]
id = "noise-hoan-kiem"
kind = "microphone"
name = { vi = "Hồ Hoàn Kiếm", en = "Hoan Kiem Lake" }
properties = ["level", "battery"]
"""


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('key = "noise"', 'key = "Noise"', "domain.key"),
        (
            'headline = "level"',
            'headline = "loudness"',
            r"domain.headline: 'loudness' is none of \['level'\]",
        ),
        ('key = "noise"', 'key = "noise"\nslug = { vi = "Tiếng ồn", en = "noise" }', "domain.slug.vi"),
        ("interval_s = 60", "interval_s = 0", "property.level.interval_s"),
        ("interval_s = 60", "", "property.level.interval_s: Field required"),
        ("plausible = [20, 140]", "plausible = [20, 240]", "plausible must lie within possible"),
        ('unit = "dB[SPL]"', 'unit = "dB[SPL]"\ncolour = "red"', "property.level.colour"),
        ("interval_s = 60", "interval_s = 60\nchecks = { spikes = 3 }", "property.level.checks.spikes"),
        ("interval_s = 60", "interval_s = 60\nchecks = { spike = -1 }", "property.level.checks.spike"),
        ("interval_s = 60", "interval_s = 60\nchecks = { step_per_min = nan }", "level.checks.step_per_min"),
        ("interval_s = 60", "interval_s = 60\nchecks = { stuck = {} }", "level.checks.stuck.for_min: Field"),
        (
            "interval_s = 60",
            "interval_s = 60\nchecks = { stuck = { for_min = 1 } }",
            "longer than interval_s",
        ),
        (
            "interval_s = 60",
            "interval_s = 60\nboolean = true\nchecks = { spike = 1 }",
            "checks are for numbers",
        ),
        ('key = "noise"', 'key = "rain"', "'rain' is already in"),
        ("[domain]", "[domain", "not TOML"),
        ("[domain]", f"x = {'[' * 20_000}{']' * 20_000}\n[domain]", "nested too deeply"),
        ("[domain]", f"[{'.'.join('a' * 20_000)}]\n[domain]", "nested too deeply"),
    ],
)
def test_errors_name_file_and_key(tmp_path: Path, old: str, new: str, message: str) -> None:
    file = tmp_path / "noise.toml"
    file.write_text(NOISE.replace(old, new, 1))
    with pytest.raises(ReferenceDataError, match=message) as error:
        load_catalog([SHIPPED, tmp_path])
    assert str(file) in str(error.value)


def test_checks_are_in_seconds_and_reach_three_intervals_unless_they_say_how_far(tmp_path: Path) -> None:
    """One a property or a minute in the file; the model counts in seconds."""
    file = tmp_path / "noise.toml"
    checks = "spike = 3, step_per_min = 2.5, stuck = { for_min = 90, tolerance = 0.5, except = [0, 30] }"
    for more, reach_s in (("", 180), (", neighbours_within_min = 10", 600)):
        file.write_text(NOISE + f"checks = {{ {checks}{more} }}\n")
        (found,) = (d.properties["level"] for d in load_catalog([tmp_path]).values())
        stuck = Stuck(for_s=5400, tolerance=0.5, excepted=(0, 30))
        assert found.checks == Checks(
            interval_s=60, neighbour_s=reach_s, spike=3, step_per_min=2.5, stuck=stuck
        )
    file.write_text(NOISE)
    assert load_catalog([tmp_path])["noise"].properties["level"].checks is None


def test_a_domain_is_called_in_addresses_by_its_slug_or_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "noise.toml").write_text(NOISE)
    slug = load_catalog([tmp_path])["noise"].slug
    assert slug is not None
    assert (slug.vi, slug.en) == ("tieng-on", "noise")
    kinds = 'kinds = { microphone = { vi = "Micrô", en = "Microphone" } }'
    own = f'slug = {{ vi = "on", en = "loud" }}\n{kinds}\nheadline = "level"'
    (tmp_path / "noise.toml").write_text(NOISE.replace('headline = "level"', own))
    noise = load_catalog([tmp_path])["noise"]
    assert noise.slug is not None
    assert (noise.slug.vi, noise.kinds["microphone"].en) == ("on", "Microphone")


def test_no_two_domains_have_the_same_address(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(NOISE)
    (tmp_path / "b.toml").write_text(
        NOISE.replace('key = "noise"', 'key = "sound"\nslug = { vi = "am", en = "noise" }')
    )
    with pytest.raises(
        ReferenceDataError, match=r"b\.toml: domain\.slug\.en: 'noise' is that of .*a\.toml already"
    ):
        load_catalog([tmp_path])


def test_every_domain_has_battery_and_signal(tmp_path: Path) -> None:
    (tmp_path / "noise.toml").write_text(NOISE)
    for domain in load_catalog([SHIPPED, tmp_path]).values():
        assert {"battery", "rssi"} <= set(domain.properties), domain.key


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('domain = "noise"', 'domain = "sound"', "'sound' is none of"),
        ('id = "noise-hoan-kiem"', 'id = "Noise Hoàn Kiếm"', "thing.0.id"),
        ('"battery"]', '"loudness"]', r"noise-hoan-kiem: properties: \['loudness'\]"),
        ('kind = "microphone"', 'kind = "microphone"\nparent = "nowhere"', "no Thing 'nowhere'"),
        ('kind = "microphone"', 'kind = "microphone"\nlocation = { lat = 21.0, lon = 105.8 }', "trust"),
        ('kind = "microphone"', 'kind = "microphone"\nparent = "noise-hoan-kiem"', "its own ancestor"),
        (
            'kind = "microphone"',
            'kind = "microphone"\nattributes = { since = 2020-01-01 }',
            "write it as text",
        ),
        ('kind = "microphone"', 'kind = "microphone"\nattributes = { height_m = nan }', "write it as text"),
        ('vi = "Hồ Hoàn Kiếm"', 'vi = "Hồ\\u0000"', "thing.noise-hoan-kiem.name.vi"),
        (
            'kind = "microphone"',
            'kind = "microphone"\nchildren = { kind = "bay", count = 2, id = "{parent}-{bay}",'
            ' name = { vi = "Ô", en = "Bay" }, properties = [] }',
            r"children.id: '\{parent\}-\{bay\}' takes only",
        ),
    ],
)
def test_inventory_errors_name_the_thing(tmp_path: Path, old: str, new: str, message: str) -> None:
    catalog, inventory = tmp_path / "catalog", tmp_path / "inventory"
    catalog.mkdir()
    inventory.mkdir()
    (catalog / "noise.toml").write_text(NOISE)
    (inventory / "noise.toml").write_text(THINGS.replace(old, new, 1))
    with pytest.raises(ReferenceDataError, match=message):
        load_inventory([inventory], load_catalog([SHIPPED, catalog]))


def test_files_added_later_are_loaded_and_broken_ones_leave_what_was(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    reference = Reference(catalog_folders=[SHIPPED, tmp_path / "c"], inventory_folders=[tmp_path / "i"])
    (tmp_path / "c").mkdir()
    (tmp_path / "i").mkdir()
    assert not reference.refresh()
    (tmp_path / "c" / "noise.toml").write_text(NOISE)
    (tmp_path / "i" / "noise.toml").write_text(THINGS)
    assert reference.refresh()
    assert [thing.id for thing in reference.things] == ["noise-hoan-kiem"]
    assert not reference.refresh()
    (tmp_path / "i" / "noise.toml").write_text("broken")
    os.utime(tmp_path / "i" / "noise.toml", ns=(1, 1))
    assert not reference.refresh()
    assert "reference_data_refused" in caplog.text
    assert [thing.id for thing in reference.things] == ["noise-hoan-kiem"]


def test_what_editors_leave_behind_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "noise.toml").write_text(NOISE)
    (tmp_path / ".#noise.toml").symlink_to("nobody@nowhere.1234")
    (tmp_path / "folder.toml").mkdir()
    assert "noise" in load_catalog([SHIPPED, tmp_path])


def test_ancestors_come_first_however_deep(tmp_path: Path) -> None:
    catalog, inventory = tmp_path / "catalog", tmp_path / "inventory"
    catalog.mkdir()
    inventory.mkdir()
    (catalog / "noise.toml").write_text(NOISE)
    child, parent, grandparent = (THINGS.replace("noise-hoan-kiem", name) for name in ("c", "p", "g"))
    child = child.replace("properties", 'parent = "p"\nproperties')
    parent = parent.replace("properties", 'parent = "g"\nproperties')
    for number, text in enumerate((child, parent, grandparent)):
        (inventory / f"{number}.toml").write_text(text)
    things = load_inventory([inventory], load_catalog([SHIPPED, catalog]))
    assert [thing.id for thing in things] == ["g", "p", "c"]
