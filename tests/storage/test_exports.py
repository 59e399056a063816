"""`hanoi-export`: what is in the database is in the file, in every format, and nothing half done is left."""

import csv
import io
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet
import pytest

from storage import catalog, db, observations, rollups, things
from storage.exports import command
from storage.exports.selection import SelectionError
from storage.model import Domain, Provenance, Quality
from tests.storage.exporting import DAY, START, streams, value, write_history
from tests.storage.rollup_oracle import refresh_all

pytestmark = pytest.mark.integration

NOW = datetime(2026, 4, 1, tzinfo=UTC)
ROWS = 3 * 72 + 3


@pytest.fixture
def history_url(city_url: str) -> str:
    write_history(city_url)
    return city_url


def export(url: str, path: Path, *arguments: str) -> int:
    options = command.read_options([*arguments, "--quiet", "-o", str(path)], NOW)
    return command.run(url, options, catalog.load_catalog(), NOW)


def table(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text("utf-8"), newline="")))


def test_csv_has_every_value_with_its_unit_and_provenance(history_url: str, tmp_path: Path) -> None:
    assert export(history_url, tmp_path / "all.csv") == ROWS
    rows = table(tmp_path / "all.csv")
    assert len(rows) == ROWS
    assert list(rows[0]) == [
        "thing", "domain", "property", "unit", "time", "result_time", "result", "quality", "quality_reason",
        "provenance", "input_provenance", "parameters",
    ]  # fmt: skip
    [derived] = [row for row in rows if row["provenance"] == "derived"]
    assert derived == {
        "thing": "trung-yen-3",
        "domain": "air_quality",
        "property": "pm2_5",
        "unit": "ug/m3",
        "time": "2026-03-14T00:30:00.25Z",
        "result_time": "2026-03-14T00:31:00.25Z",
        "result": "0.30000000000000004",
        "quality": "1",
        "quality_reason": "",
        "provenance": "derived",
        "input_provenance": "simulated",
        "parameters": '{"of": "pm2_5", "names": ["Tông Đản", 1.5]}',
    }
    assert rows[0]["time"].endswith("00:00Z")


def test_no_text_of_a_csv_begins_as_a_formula_does_and_numbers_stay_numbers(
    history_url: str, tmp_path: Path
) -> None:
    with db.connect(history_url, name="test") as conn:
        conn.execute("UPDATE datastream SET unit = '=1+1' WHERE property = 'water_depth'")
    export(history_url, tmp_path / "depth.csv", "--property", "water_depth")
    rows = table(tmp_path / "depth.csv")
    assert {row["unit"] for row in rows} == {"'=1+1"}
    odd = [row for row in rows if row["quality_reason"]]
    assert [row["quality_reason"] for row in odd] == ['spike, "odd"\n=1+1', "'=cmd|' /C calc'!A0"]
    assert [row["result"] for row in odd] == ["-0.8", "1e-20"]


def test_parquet_has_the_same_values_with_types(history_url: str, tmp_path: Path) -> None:
    path = tmp_path / "all.parquet"
    assert export(history_url, path, "--licence", "CC BY 4.0") == ROWS
    found = pyarrow.parquet.read_table(path)
    assert found.schema.field("time").type == pa.timestamp("us", tz="UTC")
    with db.connect(history_url, name="test") as conn:
        stored = conn.execute(
            "SELECT d.thing_id AS thing, t.domain, d.property, d.unit, o.phenomenon_time AS time, o.result_time,"
            " o.result, o.quality, o.quality_reason, o.provenance, o.input_provenance, o.parameters::text"
            " FROM observation o JOIN datastream d ON d.id = o.datastream_id JOIN thing t ON t.id = d.thing_id"
        ).fetchall()
    assert sorted(found.to_pylist(), key=_order) == sorted(stored, key=_order)
    metadata = {key.decode(): text.decode() for key, text in found.schema.metadata.items()}
    assert metadata["licence"] == "CC BY 4.0"
    assert "simulated" in metadata["provenance_note"]
    group = pyarrow.parquet.ParquetFile(path).metadata.row_group(0)
    assert "RLE_DICTIONARY" in group.column(0).encodings


def _order(row: dict[str, Any]) -> Any:
    return row["thing"], row["property"], row["time"]


def test_geojson_is_a_point_a_thing_with_its_values(history_url: str, tmp_path: Path) -> None:
    export(history_url, tmp_path / "all.geojson")
    found = json.loads((tmp_path / "all.geojson").read_bytes())
    assert found["type"] == "FeatureCollection"
    by_id = {feature["id"]: feature for feature in found["features"]}
    assert set(by_id) == {"trung-yen-3", "flood-tong-dan"}
    with db.connect(history_url, name="test") as conn:
        place = conn.execute("SELECT lat, lon FROM thing WHERE id = 'trung-yen-3'").fetchone()
    assert place is not None
    station = by_id["trung-yen-3"]
    assert station["geometry"] == {"type": "Point", "coordinates": [place["lon"], place["lat"]]}
    values = station["properties"]["values"]
    assert len(values) == 2 * 72 + 1
    [derived] = [one for one in values if one["provenance"] == "derived"]
    assert derived["parameters"]["names"] == ["Tông Đản", 1.5]
    assert derived["time"] == "2026-03-14T00:30:00.250000Z"


def test_what_is_chosen_and_nothing_else(history_url: str, tmp_path: Path) -> None:
    chosen = ["--domain", "flood", "--from", "2026-03-14T00:30:00Z", "--to", "2026-03-15T00:00:00Z"]
    assert export(history_url, tmp_path / "a.csv", *chosen) == 24
    assert export(history_url, tmp_path / "a.csv", *chosen, "--quality", "3,4") == 1
    assert export(history_url, tmp_path / "a.csv", "--thing", "trung-yen-3", "--property", "pm10") == 72
    # a day without an hour begins at midnight in Hanoi: 17:00 UTC of the day before
    assert export(history_url, tmp_path / "a.csv", "--domain", "flood", "--from", "2026-03-16") == 24 + 7


@pytest.mark.parametrize(("step", "buckets", "first_count"), [("1h", 216, 2), ("1d", 12, 18)])
def test_rollups_have_counts_coverage_and_the_weakest_provenance(
    history_url: str, tmp_path: Path, step: str, buckets: int, first_count: int
) -> None:
    assert export(history_url, tmp_path / "r.parquet", "--step", step) == buckets
    rows = pyarrow.parquet.read_table(tmp_path / "r.parquet").to_pylist()
    first = min((row for row in rows if row["property"] == "pm2_5"), key=lambda row: row["time"])
    assert (first["count"], first["provenance"]) == (first_count, "simulated")
    assert {row["provenance"] for row in rows if row["property"] == "pm10"} == {"measured"}
    assert 0 < first["coverage"] <= 1
    # Of this gauge's values one is suspect and one failed; both are measured like the rest.
    assert {row["provenance"] for row in rows if row["property"] == "water_depth"} == {"measured"}
    of_station = [row["provenance"] for row in rows if row["property"] == "pm2_5"]
    assert of_station.count("simulated") == 1
    assert set(of_station) == {"measured", "simulated"}


@pytest.mark.parametrize("step", ["1h", "1d"])
def test_rollups_know_their_provenance_when_their_values_are_gone(
    history_url: str, tmp_path: Path, step: str
) -> None:
    with db.connect(history_url, name="test", autocommit=True) as conn:
        refresh_all(conn, NOW)
        export(history_url, tmp_path / "before.csv", "--step", step)
        with conn.transaction():
            horizon = rollups.freeze(conn, [row.id for row in things.all_datastreams(conn)], START + 3 * DAY)
            conn.execute("DELETE FROM observation WHERE phenomenon_time < %s", (horizon,))
    export(history_url, tmp_path / "after.csv", "--step", step)
    after = table(tmp_path / "after.csv")
    assert after == table(tmp_path / "before.csv")
    first = min((row for row in after if row["property"] == "pm2_5"), key=lambda row: row["time"])
    assert first["provenance"] == "simulated"


def test_an_hour_of_which_no_value_is_usable_or_suspect_has_no_provenance(
    history_url: str, tmp_path: Path
) -> None:
    hour = START + 5 * DAY
    with db.connect(history_url, name="test") as conn:
        gauge = streams(conn)["flood-tong-dan", "water_depth"]
        observations.write(
            conn, [value(gauge, hour, 1.0, quality=Quality.FAIL, provenance=Provenance.SIMULATED)]
        )
    export(history_url, tmp_path / "r.csv", "--step", "1h", "--from", hour.isoformat())
    [row] = table(tmp_path / "r.csv")
    assert (row["count"], row["fail"], row["provenance"]) == ("0", "1", "")


def test_duckdb_reads_it_as_a_table(history_url: str, tmp_path: Path) -> None:
    export(history_url, tmp_path / "all.parquet")
    [(count, total)] = duckdb.execute(
        "SELECT count(*), sum(result) FROM read_parquet(?) WHERE property = 'pm10'",
        [str(tmp_path / "all.parquet")],
    ).fetchall()
    assert count == 72
    assert total == pytest.approx(sum(60 + n / 10 for n in range(72)))


def test_what_the_public_may_not_see_is_not_in_a_public_export(history_url: str, tmp_path: Path) -> None:
    with db.connect(history_url, name="test") as conn:
        conn.execute("UPDATE thing SET is_public = false WHERE id = 'trung-yen-3'")
    assert export(history_url, tmp_path / "all.csv", "--public") == 74
    assert {row["thing"] for row in table(tmp_path / "all.csv")} == {"flood-tong-dan"}


@pytest.mark.parametrize("step", ["raw", "1h", "1d"])
def test_a_public_export_has_no_forecasts_which_the_api_may_refuse(
    history_url: str, domains: dict[str, Domain], tmp_path: Path, step: str
) -> None:
    forecast = domains["air_quality"].properties["pm2_5_forecast"]
    with db.connect(history_url, name="test") as conn:
        made = things.ensure_datastream(conn, "trung-yen-3", forecast)
        foretold = [value(made, START + n * DAY, 80.0, provenance=Provenance.FORECAST) for n in range(3)]
        unknown = things.ensure_datastream(conn, "trung-yen-3", replace(forecast, key="of_another_catalogue"))
        foretold.append(value(unknown, START, 80.0, provenance=Provenance.FORECAST))
        observations.write(conn, foretold)
    export(history_url, tmp_path / "all.csv", "--step", step)
    observed = {"pm2_5", "pm10", "water_depth"}
    assert {row["property"] for row in table(tmp_path / "all.csv")} == {
        *observed,
        "pm2_5_forecast",
        "of_another_catalogue",
    }
    export(history_url, tmp_path / "all.csv", "--public", "--step", step)
    assert {row["property"] for row in table(tmp_path / "all.csv")} == observed
    with pytest.raises(SelectionError, match=r"^--property: 'pm2_5_forecast' is a forecast"):
        export(history_url, tmp_path / "all.csv", "--public", "--property", "pm2_5_forecast")


@pytest.mark.parametrize(
    ("arguments", "option"),
    [
        (["--domain", "noise"], "--domain"),
        (["--thing", "nowhere"], "--thing"),
        (["--property", "colour"], "--property"),
        (["--domain", "flood", "--thing", "trung-yen-3"], "--domain, --thing, --property"),
        (["--from", "2026-03-15", "--to", "2026-03-14"], "--from"),
        (["--quality", "5"], "--quality"),
        (["--quality", "1", "--step", "1d"], "--quality"),
    ],
)
def test_an_option_that_can_not_be_is_named_and_leaves_no_file(
    history_url: str, tmp_path: Path, arguments: list[str], option: str
) -> None:
    with pytest.raises(SelectionError, match=f"^{option}:"):
        export(history_url, tmp_path / "a.csv", *arguments)
    assert list(tmp_path.iterdir()) == []


def test_a_file_whose_ending_says_nothing_is_refused_unless_its_format_is_given() -> None:
    with pytest.raises(
        SelectionError, match=r"^--output: 'x\.xlsx' ends in none of \.csv, \.parquet, \.geojson"
    ):
        command.read_options(["-o", "x.xlsx"], NOW)
    chosen = [["x.xlsx", "--format", "csv"], ["X.PARQUET"], ["-"], ["november"]]
    formats = [command.read_options(["-o", *arguments], NOW).format for arguments in chosen]
    assert formats == ["csv", "parquet", "csv", "csv"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["2026-03-15", "--to", "2026-03-14"],
            "2026-03-15T00:00:00+07:00 is not before --to 2026-03-14T00:00:00+07:00",
        ),
        (["2026-04-02"], "2026-04-02T00:00:00+07:00 is not before --to 2026-04-01T07:00:00+07:00"),
    ],
)
def test_a_span_that_can_not_be_is_answered_in_the_zone_it_was_given_in(
    history_url: str, tmp_path: Path, arguments: list[str], said: str
) -> None:
    with pytest.raises(SelectionError) as failed:
        export(history_url, tmp_path / "a.csv", "--from", *arguments)
    assert said in str(failed.value)


@pytest.mark.parametrize("time", ["yesterday", "2026-03-14T10:00:00"])
def test_a_time_without_an_offset_is_refused_by_name(time: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        command.read_options(["--from", time, "-o", "x.csv"], NOW)
    assert "--from" in capsys.readouterr().err


def test_the_parts_of_a_span_are_whole_days_and_leave_nothing_out(history_url: str) -> None:
    with db.connect(history_url, name="test") as conn:
        asked = command.read_options(["-o", "-", "--from", "2026-03-14T05:30:00Z"], START + 2 * DAY).asked
        parts = list(command.select(conn, asked).slices)
    hours = [timedelta(hours=18, minutes=30), DAY]
    assert [end - start for start, end in parts] == hours
    assert (parts[0][0], parts[-1][1]) == (asked.start, asked.end)


def test_an_empty_span_is_a_file_with_a_header(history_url: str, tmp_path: Path) -> None:
    assert export(history_url, tmp_path / "none.csv", "--from", "2026-03-20") == 0
    assert table(tmp_path / "none.csv") == []
    assert export(history_url, tmp_path / "none.parquet", "--from", "2026-03-20") == 0
    assert pyarrow.parquet.read_table(tmp_path / "none.parquet").num_rows == 0
    export(history_url, tmp_path / "none.geojson", "--from", "2026-03-20")
    assert json.loads((tmp_path / "none.geojson").read_bytes())["features"] == []
