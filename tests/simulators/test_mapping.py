"""Mapping files: the shipped ones fit catalogue and inventory; a broken one is refused by file and key."""

from pathlib import Path

import pytest

from simulators.mapping import SHIPPED, MappingError, load_mapping
from storage.inventory import RECORDED, load_inventory
from storage.model import Domain
from tests.simulators.city import reference

GOOD = """
domain = "air_quality"
thing = "somewhere"
missing = [-999, "NA"]

[time]
columns = ["date", "hour"]
format = "%d/%m/%Y %H:%M"
zone = "Asia/Ho_Chi_Minh"
label = "end"
period_s = 3600

[property.pm2_5]
column = "PM2.5"
"""


@pytest.fixture
def domains() -> dict[str, Domain]:
    return dict(reference().domains)


def written(folder: Path, text: str) -> str:
    path = folder / "mine.toml"
    path.write_text(text)
    return str(path)


@pytest.mark.parametrize("name", sorted(path.stem for path in SHIPPED.glob("*.toml")))
def test_every_shipped_mapping_fits_its_thing(name: str, domains: dict[str, Domain]) -> None:
    mapping = load_mapping(name, domains)
    things = {thing.id: thing for thing in load_inventory([RECORDED], domains)}
    thing = things[mapping.thing]
    assert thing.domain == mapping.domain
    assert set(mapping.property) == set(thing.properties)
    assert not thing.public


def test_a_good_one_is_read(tmp_path: Path, domains: dict[str, Domain]) -> None:
    mapping = load_mapping(written(tmp_path, GOOD), domains)
    assert mapping.missing == (-999.0, "NA")
    assert mapping.property["pm2_5"].factor == 1
    assert mapping.source == str(tmp_path / "mine.toml")


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ('domain = "air_quality"', 'domain = "air"', "domain: 'air' is none of"),
        ('thing = "somewhere"', 'thing = "Some Where"', "thing"),
        ('thing = "somewhere"', "", "thing"),
        ("[property.pm2_5]", "[property.pm25]", "property.pm25"),
        ("[property.pm2_5]", "[property.vn_aqi]", "property.vn_aqi: is derived"),
        ('column = "PM2.5"', "", "property"),
        ('column = "PM2.5"', 'column = "PM2.5"\nfactor = "two"', "factor"),
        ('column = "PM2.5"', 'column = "PM2.5"\nscale = 2', "scale"),
        ('zone = "Asia/Ho_Chi_Minh"', 'zone = "Hanoi"', "time.zone: 'Hanoi' is no IANA time zone"),
        ('format = "%d/%m/%Y %H:%M"', 'format = "%d/%m/%Y %H:%M %z"', "time.zone"),
        ('label = "end"', 'label = "middle"', "time.label"),
        ('label = "end"\nperiod_s = 3600', 'label = "beginning"', "time.period_s"),
        ('label = "end"\nperiod_s = 3600', 'label = "end"\nrepair = "row_order"', "time.period_s"),
        ('label = "end"', 'label = "end"\nrepair = "guess"', "time.repair"),
        ("period_s = 3600", "period_s = 0", "period_s"),
        ('columns = ["date", "hour"]', "columns = []", "columns"),
        ("missing = [-999", "missing = [[-999]", "missing"),
        ("[time]", "[time", ""),
    ],
)
def test_a_broken_one_is_refused_by_file_and_key(
    tmp_path: Path, domains: dict[str, Domain], before: str, after: str, message: str
) -> None:
    assert before in GOOD
    path = written(tmp_path, GOOD.replace(before, after))
    with pytest.raises(MappingError) as error:
        load_mapping(path, domains)
    assert path in str(error.value)
    assert message in str(error.value)


def test_an_unknown_name_lists_those_that_there_are(domains: dict[str, Domain]) -> None:
    with pytest.raises(MappingError, match="embassy_pm25"):
        load_mapping("embassy", domains)
