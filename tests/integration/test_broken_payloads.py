"""Bad data is a value: every kind of broken payload becomes one row that names the fault, and the feed goes on."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from deploy.embedded.mosquitto import Mosquitto
from storage import db
from tests.processes import ingest_env, publish, running, wait_for

pytestmark = pytest.mark.integration

NOW = datetime.now(UTC).replace(microsecond=0)
TIME = NOW.isoformat()
STATION = "hanoi/v1/air_quality/trung-yen-3/observations"


def message(time: object = TIME, results: object = None, **more: object) -> bytes:
    return json.dumps({"time": time, "results": results or {"pm2_5": 35.2}, **more}).encode()


def extent(coordinates: object, **properties: object) -> bytes:
    geometry = {"type": "Polygon", "coordinates": coordinates}
    feature = {"type": "Feature", "geometry": geometry, "properties": properties}
    return json.dumps({"type": "FeatureCollection", "time": TIME, "features": [feature]}).encode()


BROKEN: dict[str, tuple[str, bytes, str, str]] = {
    # kind: (topic, payload, reason, JSON path of the first fault)
    "not JSON": (STATION, b"pm2_5=35.2", "not_json", "$"),
    "cut off": (STATION, message()[:-9], "not_json", "$"),
    "wrong UTF-8": (STATION, b'{"time": "\xff\xfe"}', "invalid_utf8", "$"),
    "empty payload": (STATION, b"", "empty", "$"),
    "only white space": (STATION, b" \n ", "empty", "$"),
    "empty array": (STATION, b"[]", "empty", "$"),
    "no results in it": (STATION, b'{"time": "%s", "results": {}}' % TIME.encode(), "empty", "$.results"),
    "a number": (STATION, b"35.2", "wrong_type", "$"),
    "a string value": (STATION, message(results={"pm2_5": "35.2"}), "wrong_type", "$.results.pm2_5"),
    "a null value": (STATION, message(results={"pm2_5": None}), "wrong_type", "$.results.pm2_5"),
    "true for a concentration": (STATION, message(results={"pm2_5": True}), "wrong_type", "$.results.pm2_5"),
    "results as array": (STATION, message(results=[35.2]), "wrong_type", "$.results"),
    "time as number": (STATION, message(time=1763780645), "wrong_type", "$.time"),
    "NaN": (STATION, message(results={"pm2_5": float("nan")}), "not_finite", "$.results.pm2_5"),
    "infinite": (STATION, message(results={"pm2_5": float("inf")}), "not_finite", "$.results.pm2_5"),
    "beyond a double": (
        STATION,
        message().replace(b"35.2", b"1e999"),
        "not_finite",
        "$.results.pm2_5",
    ),
    "naive time": (STATION, message(time=TIME[:19]), "naive_time", "$.time"),
    "naive result_time": (STATION, message(result_time=TIME[:19]), "naive_time", "$.result_time"),
    "year 1970": (STATION, message(time="1970-01-01T00:00:00Z"), "time_out_of_range", "$.time"),
    "year 2200": (STATION, message(time="2200-01-01T00:00:00Z"), "time_out_of_range", "$.time"),
    "an hour ahead": (
        STATION,
        message(time=(NOW + timedelta(hours=1)).isoformat()),
        "time_out_of_range",
        "$.time",
    ),
    "no time": (STATION, b'{"results": {"pm2_5": 1}}', "missing_field", "$.time"),
    "no results": (STATION, b'{"time": "%s"}' % TIME.encode(), "missing_field", "$.results"),
    "1 MB": (STATION, message(padding="x" * 1_000_000), "too_large", "$"),
    "deeply nested": (STATION, b"[" * 5000 + b"]" * 5000, "too_deep", "$"),
    "duplicate property": (
        STATION,
        b'{"time": "%s", "results": {"pm2_5": 1, "pm2_5": 2}}' % TIME.encode(),
        "duplicate_key",
        "$.results.pm2_5",
    ),
    "duplicate time": (
        STATION,
        b'{"time": "%s", "time": "%s", "results": {"pm2_5": 1}}' % (TIME.encode(), TIME.encode()),
        "duplicate_key",
        "$.time",
    ),
    "unknown flag": (STATION, message(flags={"pm2_5": "broken"}), "wrong_type", "$.flags.pm2_5"),
    "unknown provenance": (STATION, message(provenance="guessed"), "wrong_type", "$.provenance"),
    "unknown Thing": (
        "hanoi/v1/air_quality/atlantis/observations",
        message(),
        "unknown_thing",
        "$",
    ),
    "a Thing in another domain": (
        "hanoi/v1/rain/trung-yen-3/observations",
        message(results={"rain_interval": 1}),
        "unknown_thing",
        "$",
    ),
    "unknown property": (STATION, message(results={"pm3": 1}), "unknown_property", "$.results.pm3"),
    "a derived property": (STATION, message(results={"vn_aqi": 50}), "unknown_property", "$.results.vn_aqi"),
    "NUL in a property": (
        STATION,
        message(results={"pm\x00": 1}),
        "unknown_property",
        "$.results.pm\\u0000",
    ),
    "a lone surrogate": (
        STATION,
        message(results={"\ud800": 1}),
        "unknown_property",
        "$.results.\\ud800",
    ),
    "outside the range": (STATION, message(results={"pm2_5": 99_999}), "out_of_range", "$.results.pm2_5"),
    "half occupied": (
        "hanoi/v1/parking/ltk-01-b07/observations",
        message(results={"occupied": 0.5}),
        "out_of_range",
        "$.results.occupied",
    ),
    "unknown topic": ("hanoi/v1/air_quality/trung-yen-3/readings", message(), "unknown_topic", "$"),
    "a short topic": ("hanoi/v1/trung-yen-3", message(), "unknown_topic", "$"),
    "upper case in the topic": (
        "hanoi/v1/air_quality/Trung-Yen-3/observations",
        message(),
        "unknown_topic",
        "$",
    ),
    "a status of another word": ("hanoi/v1/rain/rain-hoan-kiem/status", b"asleep", "wrong_type", "$"),
    "an extent without depth": (
        "hanoi/v1/flood/flood-cao-ba-quat/extent",
        json.dumps({"type": "FeatureCollection", "time": TIME, "features": [{"type": "Feature"}]}).encode(),
        "wrong_type",
        "$.features[0].geometry",
    ),
    "an extent with NaN in a position": (
        "hanoi/v1/flood/flood-cao-ba-quat/extent",
        extent([[[105, 21, float("nan")], [105, 22], [106, 22], [105, 21]]], depth_cm=3),
        "not_finite",
        "$.features[0].geometry.coordinates[0][0][2]",
    ),
    "an extent with NaN in a note": (
        "hanoi/v1/flood/flood-cao-ba-quat/extent",
        extent([[[105, 21], [105, 22], [106, 22], [105, 21]]], depth_cm=3, note=float("inf")),
        "not_finite",
        "$.features[0].properties.note",
    ),
    "an extent whose geometry type is a list": (
        "hanoi/v1/flood/flood-cao-ba-quat/extent",
        extent([], depth_cm=3).replace(b'"Polygon"', b'["Polygon"]'),
        "wrong_type",
        "$.features[0].geometry",
    ),
    "a string that never ends, all escapes": (STATION, b'"' + b'\\"' * 200_000, "not_json", "$"),
    "a string that ends in an escape": (STATION, b'"' + b'\\"' * 200_000 + b"\\", "not_json", "$"),
    "one key 40,000 times": (
        STATION,
        b'{"time": 1' + b',"time":1' * 40_000 + b"}",
        "duplicate_key",
        "$.time",
    ),
}


def test_every_broken_payload_is_one_row_and_the_feed_goes_on(
    city_url: str, broker: Mosquitto, tmp_path: Path
) -> None:
    env = ingest_env(city_url, broker.url("ingest"))
    with (
        running("hanoi-ingest", env=env, bind=env["HANOI_INGEST_BIND"], folder=tmp_path),
        db.connect(city_url, name="test", autocommit=True) as conn,
    ):
        publish(broker.url("publisher"), [(topic, payload) for topic, payload, *_ in BROKEN.values()])
        publish(broker.url("publisher"), [(STATION, message())])
        wait_for(
            lambda: (_count(conn, "rejected_message"), _count(conn, "observation")) >= (len(BROKEN), 1),
            "every broken message, and the good one after them",
            context=lambda: (tmp_path / "hanoi-ingest.log").read_text(),
        )
        rows = conn.execute("SELECT topic, payload, reason, detail FROM rejected_message").fetchall()
        stored = _count(conn, "observation")
    found = {(row["topic"], bytes(row["payload"])): row for row in rows}
    assert len(rows) == len(BROKEN)
    for kind, (topic, payload, reason, path) in BROKEN.items():
        row = found[topic, payload]
        first = row["detail"]["faults"][0]
        assert (row["reason"], first["path"]) == (reason, path), kind
        assert len(first["message"]) > 8, kind
    assert stored == 1


def test_the_good_part_of_a_message_is_stored_and_all_faults_are_listed(
    city_url: str, broker: Mosquitto, tmp_path: Path
) -> None:
    payload = json.dumps(
        [
            {"time": TIME, "results": {"pm2_5": 12.5, "pm10": "x", "co": 1e9}},
            {"time": TIME[:19], "results": {"pm2_5": 1}},
            {"time": (NOW - timedelta(minutes=5)).isoformat(), "results": {"pm2_5": 13.5, "snow": 1}},
        ]
    ).encode()
    env = ingest_env(city_url, broker.url("ingest"))
    with (
        running("hanoi-ingest", env=env, bind=env["HANOI_INGEST_BIND"], folder=tmp_path),
        db.connect(city_url, name="test", autocommit=True) as conn,
    ):
        publish(broker.url("publisher"), [(STATION, payload)])
        wait_for(lambda: _count(conn, "rejected_message"), "the rejection")
        (row,) = conn.execute("SELECT reason, detail, payload FROM rejected_message").fetchall()
        results = conn.execute("SELECT result FROM observation ORDER BY result").fetchall()
    assert [r["result"] for r in results] == [12.5, 13.5]
    assert [(f["path"], f["reason"]) for f in row["detail"]["faults"]] == [
        ("$[0].results.pm10", "wrong_type"),
        ("$[1].time", "naive_time"),
        ("$[0].results.co", "out_of_range"),
        ("$[2].results.snow", "unknown_property"),
    ]
    assert row["detail"]["stored"] == 2
    assert bytes(row["payload"]) == payload


def _count(conn: db.Connection, table: str) -> int:
    row = conn.execute(f"SELECT count(*) AS n FROM {table}").fetchone()  # noqa: S608 - names of ours
    assert row is not None
    return int(row["n"])
