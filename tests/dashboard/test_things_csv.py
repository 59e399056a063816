"""A CSV of Things: read as people's spreadsheets write it, and held against what there is, line by line."""

from collections.abc import Sequence

import pytest

from dashboard.control_room import csv_text
from dashboard.control_room.things_csv import (
    COLUMNS,
    MOST_ROWS,
    FileRefused,
    Known,
    Planned,
    kinds_of,
    plan,
    read,
    table,
)
from storage.catalog import load_catalog
from storage.thing_register import RegisterRow

GAUGE = RegisterRow(
    id="rain-a",
    domain="rain",
    kind="gauge",
    parent_id=None,
    name_vi="Trạm mưa A",
    name_en="Gauge A",
    lat=21.0285,
    lon=105.8542,
    coordinate_trust="M",
    coordinate_source="Lan",
    public=True,
    note="=1+1",
    retired_from=None,
    properties=["rain_counter"],
    in_file=True,
    held=[],
    differs=False,
)
HEAD = "id,domain,kind,name_vi,name_en,lat,lon,trust,place_source,properties,public,parent,note"


def planned(content: bytes | str, *things: RegisterRow) -> Sequence[Planned]:
    domains = load_catalog()
    known = Known(
        domains=domains,
        things={one.id: one for one in things},
        kinds=kinds_of(domains, things),
        file="november.csv",
    )
    return plan(read(content.encode() if isinstance(content, str) else content), known)


def faults(content: str, *things: RegisterRow) -> list[tuple[int, str, str]]:
    """(line, column, what is wrong)"""
    return [(one.line, f.column, f.code) for one in planned(content, *things) for f in one.faults]


def test_a_new_line_makes_a_thing_with_what_the_others_leave_out() -> None:
    (one,) = planned("id,domain,name_vi,name_en,lat,lon\nrain-b,rain,Trạm B,Gauge B,21.03,105.85\n")
    assert one.verdict == "made"
    assert one.made is not None
    assert (one.made.kind, one.made.public, one.made.properties) == ("gauge", True, ())
    assert one.made.location is not None
    assert (one.made.location.trust.value, one.made.location.source) == ("M", "november.csv")


@pytest.mark.parametrize(
    "content",
    [
        "id;domain;name_vi;name_en;lat;lon\r\nrain-b;rain;Trạm B;Gauge B;21,0285;105,8542\r\n".encode(
            "utf-8-sig"
        ),
        "sep=;\r\nid;domain;name_vi;name_en;lat;lon\r\nrain-b;rain;Trạm B;Gauge B;21,0285;105,8542".encode(),
        "id\tdomain\tname_vi\tname_en\tlat\tlon\r\nrain-b\train\tTrạm B\tGauge B\t21,0285\t105,8542".encode(
            "utf-16"
        ),
        'id,domain,name_vi,name_en,lat,lon\nrain-b,rain,"Trạm B","Gauge B","21,0285",105.8542'.encode(),
    ],
    ids=["excel", "sep", "unicode text", "plain"],
)
def test_files_of_a_vietnamese_excel_say_the_same(content: bytes) -> None:
    (one,) = planned(content)
    assert one.made is not None
    assert one.made.location is not None
    assert (one.made.name.vi, one.made.location.lat, one.made.location.lon) == ("Trạm B", 21.0285, 105.8542)


def test_what_was_exported_changes_nothing_when_it_is_loaded_again() -> None:
    rows = list(table([(GAUGE, {"ward": "x", "state": "y"})]))
    for content in (csv_text.plain(rows), csv_text.for_excel(rows)):
        (one,) = planned(content, GAUGE)
        assert (one.verdict, one.changes) == ("same", [])


def test_what_differs_is_said_and_empty_cells_leave_what_is() -> None:
    (one,) = planned(f"{HEAD}\nrain-a,,,Trạm mưa mới,,21.5,,,,battery rain_counter,0,,\n", GAUGE)
    assert list(one.changes) == [
        ("name_vi", "Trạm mưa A", "Trạm mưa mới"),
        ("lat", "21.0285", "21.5"),
        ("public", "1", "0"),
        ("properties", "rain_counter", "rain_counter battery"),
    ]
    assert one.edit is not None
    assert one.edit.place is not None
    assert (one.edit.place.lon, one.edit.note, one.edit.public) == (105.8542, None, False)


def test_every_cell_that_cannot_be_so_is_named_with_its_line() -> None:
    content = (
        f"{HEAD}\n"
        "Rain B,rain,,Trạm,Gauge,,,,,,,,\n"
        "\n"
        'b,snow,,"Hai\ndòng",Two,,,,,,,,\n'
        "c,rain,tower,Trạm,,95,x,Q,,pm2_5,maybe,rain-zz,\n"
        "c,rain,,Trạm,Gauge,,,,,,,,,surplus\n"
        "rain-a,flood,,,,,,,,,,,\n"
    )
    assert faults(content, GAUGE) == [
        (2, "id", "id"),
        (4, "domain", "domain"),
        (4, "name_vi", "name"),
        (6, "name_en", "name"),
        (6, "lat", "degrees"),
        (6, "lon", "degrees"),
        (6, "trust", "trust"),
        (6, "kind", "kind"),
        (6, "properties", "properties"),
        (6, "public", "public"),
        (6, "parent", "parent"),
        (7, "id", "twice"),
        (7, "", "surplus"),
        (8, "domain", "fixed"),
    ]


def test_a_parent_may_stand_in_the_same_file() -> None:
    content = "id,domain,kind,name_vi,name_en,parent\np-b1,parking,bay,Ô,Bay,p\np,parking,parking_point,Điểm,Point,\n"
    bay = GAUGE.__class__(
        **{**{f: getattr(GAUGE, f) for f in GAUGE.__slots__}, "domain": "parking", "kind": "bay"}
    )
    assert [one.verdict for one in planned(content, bay)] == ["made", "made"]


@pytest.mark.parametrize(
    ("content", "code", "line"),
    [
        (b"", "bulk_empty", "1"),
        (b"id,domain\n", "bulk_empty", "1"),
        (b"name_vi\nx\n", "bulk_no_id", "1"),
        (b"id,color\nx,red\n", "bulk_column", "1"),
        (b"id,id\nx,y\n", "bulk_column_twice", "1"),
        ("id,name_vi\na,b\nc,Trạm".encode("cp1258", "replace") + b"\xff", "bulk_encoding", "3"),
        (b'id,name_vi\na,"b\n', "bulk_quotes", "2"),
        (b"id\n" + b"a\n" * (MOST_ROWS + 1), "bulk_too_many", str(MOST_ROWS + 2)),
    ],
)
def test_a_file_that_cannot_be_read_says_where_and_why(content: bytes, code: str, line: str) -> None:
    with pytest.raises(FileRefused) as refused:
        read(content)
    assert (refused.value.code, refused.value.values["line"]) == (code, line)


def test_the_template_can_be_loaded() -> None:
    assert read((",".join(COLUMNS) + "\nx" + "," * 12).encode())[0].number == 2
