"""Calibrations of the inventory: what is taken, what is refused by file and key, and what a value becomes."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ingest.calibrate import revision
from storage.catalog import ReferenceDataError
from storage.inventory import SHIPPED, load_inventory
from storage.model import Calibration, Domain, Observation, Quality, Thing

T0 = datetime(2026, 11, 1, tzinfo=UTC)
DAY = timedelta(days=1)
THING = """
domain = "air_quality"

[[thing]]
id = "test-station"
kind = "station"
name = { vi = "Thử", en = "Test" }
properties = ["pm2_5", "vn_aqi"]
"""


def load(folder: Path, domains: dict[str, Domain], *calibrations: str) -> Thing:
    tables = "".join(f"[[thing.calibration]]\n{one}\n" for one in calibrations)
    (folder / "test.toml").write_text(THING + tables)
    (thing,) = load_inventory([folder], domains)
    return thing


def test_calibrations_are_in_order_of_time_and_may_touch(tmp_path: Path, domains: dict[str, Domain]) -> None:
    thing = load(
        tmp_path,
        domains,
        'property = "pm2_5"\ngain = 1.2\nfrom = 2026-11-02T07:00:00+07:00',
        'property = "pm2_5"\noffset = -0.5\nfrom = 2026-11-01T00:00:00Z\nto = 2026-11-02T00:00:00Z\nnote = "beta 7"',
    )
    assert thing.calibrations == {
        "pm2_5": (
            Calibration(offset=-0.5, valid_from=T0, valid_to=T0 + DAY, note="beta 7"),
            Calibration(gain=1.2, valid_from=T0 + DAY),
        )
    }


@pytest.mark.parametrize(
    ("calibrations", "said"),
    [
        (['property = "pm2_5"\nfrom = 2026-11-01T00:00:00'], r"calibration\.0\.from: .*timezone"),
        (['property = "pm2_5"\nfrom = 1793500000'], r"calibration\.0\.from: .*datetime"),
        (['property = "pm2_5"'], r"calibration\.0\.from: Field required"),
        (['property = "pm2_5"\ngain = 0\nfrom = 2026-11-01T00:00:00Z'], "gain of 0"),
        (['property = "pm2_5"\ngain = nan\nfrom = 2026-11-01T00:00:00Z'], r"calibration\.0\.gain"),
        (['property = "pm2_5"\nslope = 2\nfrom = 2026-11-01T00:00:00Z'], r"calibration\.0\.slope"),
        (
            ['property = "pm2_5"\nfrom = 2026-11-01T00:00:00Z\nto = 2026-11-01T00:00:00Z'],
            "`to` must be later",
        ),
        (['property = "pm10"\nfrom = 2026-11-01T00:00:00Z'], "test-station: calibration: property 'pm10'"),
        (['property = "vn_aqi"\nfrom = 2026-11-01T00:00:00Z'], "'vn_aqi' is yes or no, or derived"),
        (
            [
                'property = "pm2_5"\nfrom = 2026-11-01T00:00:00Z',
                'property = "pm2_5"\nfrom = 2026-11-02T00:00:00Z',
            ],
            "hold at the same time",
        ),
    ],
)
def test_what_can_t_be_meant_is_refused_with_file_and_key(
    tmp_path: Path, domains: dict[str, Domain], calibrations: list[str], said: str
) -> None:
    with pytest.raises(ReferenceDataError, match=rf"test\.toml: (.|\n)*{said}"):
        load(tmp_path, domains, *calibrations)


ELSEWHERE = '[[calibration]]\nthing = "test-station"\nproperty = "pm2_5"\n'


def elsewhere(folder: Path, domains: dict[str, Domain], *tables: str, own: str = "") -> dict[str, Thing]:
    """The Thing in one file, and each table in a file of its own that holds nothing else."""
    (folder / "test.toml").write_text(THING + own)
    for number, table in enumerate(tables):
        (folder / f"z-certificate-{number}.toml").write_text(table)
    return {thing.id: thing for thing in load_inventory([folder], domains)}


def test_a_thing_of_another_file_is_calibrated_in_a_file_that_holds_nothing_else(
    tmp_path: Path, domains: dict[str, Domain]
) -> None:
    own = '[[thing.calibration]]\nproperty = "pm2_5"\ngain = 1.2\nfrom = 2026-11-02T00:00:00Z\n'
    until = ELSEWHERE + "offset = -0.5\nfrom = 2026-11-01T00:00:00Z\nto = 2026-11-02T00:00:00Z\n"
    assert elsewhere(tmp_path, domains, until, own=own)["test-station"].calibrations == {
        "pm2_5": (
            Calibration(offset=-0.5, valid_from=T0, valid_to=T0 + DAY),
            Calibration(gain=1.2, valid_from=T0 + DAY),
        )
    }


def test_a_shipped_thing_is_calibrated_from_a_folder_of_one_s_own(
    tmp_path: Path, domains: dict[str, Domain]
) -> None:
    table = '[[calibration]]\nthing = "trung-yen-3"\nproperty = "pm2_5"\ngain = 1.1\nfrom = 2026-11-01T00:00:00Z\n'
    (tmp_path / "certificates.toml").write_text(table)
    things = {thing.id: thing for thing in load_inventory([SHIPPED, tmp_path], domains)}
    assert things["trung-yen-3"].calibrations == {"pm2_5": (Calibration(gain=1.1, valid_from=T0),)}


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        (
            [ELSEWHERE.replace("test-station", "nowhere") + "from = 2026-11-01T00:00:00Z"],
            r"certificate-0\.toml: calibration: thing: .* 'nowhere'",
        ),
        (
            [ELSEWHERE.replace("pm2_5", "pm10") + "from = 2026-11-01T00:00:00Z"],
            r"certificate-0\.toml: thing test-station: calibration: property 'pm10' is none of",
        ),
        (
            [ELSEWHERE + "from = 2026-11-01T00:00:00Z", ELSEWHERE + "from = 2026-11-02T00:00:00Z"],
            r"certificate-1\.toml: thing test-station: .* \(.*certificate-0\.toml\) and .* same time",
        ),
        (
            [ELSEWHERE + "from = 2026-11-01T00:00:00"],
            r"certificate-0\.toml: calibration\.0\.from: .*timezone",
        ),
        (["[[calibration]]\nproperty = 'x'"], r"certificate-0\.toml: calibration\.0\.thing: Field required"),
        ([""], r"certificate-0\.toml: .*neither"),
        (
            ["[[thing]]\nid = 'a'\nkind = 'b'\nname = {vi = 'a', en = 'a'}\nproperties = []"],
            "domain: is missing",
        ),
    ],
)
def test_such_a_file_that_can_t_be_meant_is_refused_with_its_name(
    tmp_path: Path, domains: dict[str, Domain], tables: list[str], said: str
) -> None:
    with pytest.raises(ReferenceDataError, match=said):
        elsewhere(tmp_path, domains, *tables)


def test_a_thing_in_two_files_is_refused_with_both_named(tmp_path: Path, domains: dict[str, Domain]) -> None:
    with pytest.raises(ReferenceDataError, match=r"two places: .*/test\.toml and .*z-certificate-0\.toml"):
        elsewhere(tmp_path, domains, THING)


def test_the_documented_inventory_file_is_one(tmp_path: Path, domains: dict[str, Domain]) -> None:
    text = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text("utf-8")
    (example,) = re.findall(r"```toml\n(.*?)```", text, re.S)
    (tmp_path / "city.toml").write_text(example, "utf-8")
    things = {thing.id: thing for thing in load_inventory([SHIPPED, tmp_path], domains)}
    assert things["ho-guom-2"].calibrations["pm2_5"][0].gain == 1.08
    assert things["trung-yen-3"].calibrations["pm2_5"][0].offset == -0.4


@pytest.mark.parametrize("attribute", ["resolution_mm = 0", 'counter_bits = "16"', "interval_s = -5"])
def test_attributes_that_are_computed_with_are_checked(
    tmp_path: Path, domains: dict[str, Domain], attribute: str
) -> None:
    (tmp_path / "test.toml").write_text(f"{THING}attributes = {{ {attribute} }}\n")
    key = attribute.partition(" ")[0]
    with pytest.raises(ReferenceDataError, match=rf"test\.toml: thing\.test-station\.attributes\.{key}"):
        load_inventory([tmp_path], domains)


def stored(result: float, original: float | None = None, **more: object) -> Observation:
    fields = {"quality": Quality.GOOD, **more}
    return Observation(
        datastream_id=1,
        phenomenon_time=T0,
        result_time=T0,
        result=result,
        original=original,
        **fields,  # type: ignore[arg-type]  # the keywords are the test's own
    )


NOW = (Calibration(gain=2.0, offset=1.0, valid_from=T0, valid_to=T0 + DAY),)
LATER = (Calibration(gain=2.0, valid_from=T0 + DAY),)


@pytest.mark.parametrize(
    ("seen", "calibrations", "becomes"),
    [
        (stored(10.0), NOW, (21.0, 10.0)),  # not calibrated before
        (stored(12.0, 10.0), NOW, (21.0, 10.0)),  # calibrated otherwise
        (stored(21.0, 10.0), NOW, None),  # as it should be
        (stored(21.0, 10.0), LATER, (10.0, None)),  # none holds any more
        (stored(10.0), LATER, None),
        (stored(10.0), (Calibration(valid_from=T0),), (10.0, 10.0)),  # a certificate that changes nothing
    ],
)
def test_a_stored_value_becomes_what_it_would_be_if_it_came_now(
    domains: dict[str, Domain],
    seen: Observation,
    calibrations: tuple[Calibration, ...],
    becomes: tuple[float, float | None] | None,
) -> None:
    found = revision(seen, domains["air_quality"].properties["pm2_5"], calibrations)
    assert (found and (found.result, found.original)) == becomes


@pytest.mark.parametrize(
    ("sent", "quality", "reason", "becomes"),
    [
        (600.0, Quality.GOOD, None, (Quality.SUSPECT, "implausible")),  # plausible up to 1,000 ug/m3
        (600.0, Quality.SUSPECT, "spike", (Quality.SUSPECT, "implausible")),
        (600.0, Quality.FAIL, "fault", (Quality.FAIL, "fault")),
        (600.0, Quality.SUSPECT, "estimated", (Quality.SUSPECT, "estimated")),
        (10.0, Quality.SUSPECT, "implausible", (Quality.GOOD, None)),
        (10.0, Quality.SUSPECT, "spike", (Quality.SUSPECT, "spike")),
        (10.0, Quality.NOT_EVALUATED, None, (Quality.NOT_EVALUATED, None)),
    ],
)
def test_only_the_plausible_range_is_looked_at_again(
    domains: dict[str, Domain],
    sent: float,
    quality: Quality,
    reason: str | None,
    becomes: tuple[Quality, str | None],
) -> None:
    seen = stored(sent, quality=quality, quality_reason=reason)
    found = revision(seen, domains["air_quality"].properties["pm2_5"], NOW)
    assert found is not None
    assert (found.quality, found.quality_reason) == becomes
