"""The embassy's 2017 hours through broker, ingest and derive: its own NowCast, and its US AQI of before 2024.

Counts of the recording: 2,880 rows; 2,773 valid hours; 2,778 rows with a NowCast and an AQI of the embassy's (ten of
them have no hour of their own, one an invalid one). The window of the first 11 begins before the recording.
"""

import csv
import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from deploy.embedded.mosquitto import Mosquitto
from ingest.indicators import vn_aqi
from storage import db, inventory, things
from storage.catalog import load_catalog
from storage.inventory import load_inventory
from storage.model import HANOI
from tests.processes import LIMIT_S, ingest_env, running, start, wait_for

pytestmark = pytest.mark.integration

RECORDING = Path(__file__).resolve().parents[2] / ".." / "shared/data/air/hanoi_pm25_embassy_2017.csv"
FIRST = datetime(2017, 1, 1, 1, tzinfo=HANOI)
VALID_HOURS = 2773
WITH_NOWCAST = 2778
BEFORE_A_FULL_WINDOW = 11
EMBASSY = "us-embassy-hanoi"


@dataclass(frozen=True, kw_only=True, slots=True)
class Hour:
    """What the embassy published of an hour."""

    nowcast: float
    us_aqi: int


Stored = Mapping[datetime, tuple[float, str, str, Mapping[str, Any]]]
"""Label → result, provenance, that of the inputs, parameters."""


def published() -> dict[datetime, Hour]:
    """By the row's place: the file's clock has a daylight-saving change that Hanoi does not have."""
    if not RECORDING.is_file():
        pytest.skip(f"{RECORDING} is not there")
    with RECORDING.open() as file:
        rows = [(float(row["NowCast Conc."]), int(row["AQI"])) for row in csv.DictReader(file)]
    return {
        FIRST + timedelta(hours=n): Hour(nowcast=concentration, us_aqi=index)
        for n, (concentration, index) in enumerate(rows)
        if index != -999
    }


@pytest.fixture
def replayed(city_url: str, broker: Mosquitto, tmp_path: Path) -> Iterator[str]:
    """A database with the whole recording and everything derived from it; its URL."""
    published()
    domains = load_catalog()
    with db.connect(city_url, name="test") as conn:
        things.sync(conn, domains, load_inventory([inventory.SHIPPED, inventory.RECORDED], domains))
    env = ingest_env(city_url, broker.url("ingest"))
    with running("hanoi-ingest", env=env, bind=env["HANOI_INGEST_BIND"], folder=tmp_path):
        with (tmp_path / "replay.log").open("wb") as log:
            arguments = (str(RECORDING), "--mapping", "embassy_pm25")
            replay = start(
                "hanoi-replay",
                *arguments,
                env={"HANOI_MQTT_PUBLISH_URL": broker.url("publisher")},
                log=log,
            )
            assert replay.wait(LIMIT_S) == 0, (tmp_path / "replay.log").read_text()
        wait_for(
            lambda: len(stored(city_url, "pm2_5")) == VALID_HOURS and is_derived(city_url),
            "all is derived",
            context=lambda: (tmp_path / "hanoi-ingest.log").read_text()[-3000:],
        )
        yield city_url


def is_derived(url: str) -> bool:
    """Whether the derive job has read all that was written, its own values too."""
    unread = (
        "SELECT count(*) AS n FROM observation_change c WHERE (c.xid, c.id) >"
        " COALESCE((SELECT (f.xid, f.id) FROM feed_cursor f WHERE f.reader = 'derive'), ('0'::xid8, 0::bigint))"
    )
    with db.connect(url, name="test") as conn:
        row = conn.execute(unread).fetchone()
    return row is not None and row["n"] == 0


def stored(url: str, key: str) -> Stored:
    """What counts: neither failed nor withdrawn."""
    query = (
        "SELECT o.phenomenon_time, o.result, o.provenance::text AS provenance,"
        " o.input_provenance::text AS inputs, o.parameters"
        " FROM observation o JOIN datastream d ON d.id = o.datastream_id"
        " WHERE d.thing_id = %s AND d.property = %s AND o.quality < 4"
    )
    with db.connect(url, name="test") as conn:
        rows = conn.execute(query, (EMBASSY, key)).fetchall()
    return {
        row["phenomenon_time"]: (row["result"], row["provenance"], row["inputs"], row["parameters"])
        for row in rows
    }


def cut(concentration: float) -> float:
    """To 0.1, as the EPA cuts a NowCast before it looks up the index."""
    return math.floor(round(concentration * 10, 6)) / 10


def test_the_recording_replayed_gives_the_embassy_s_own_nowcast_and_us_aqi(replayed: str) -> None:
    embassy = published()
    assert len(embassy) == WITH_NOWCAST
    nowcast, us_aqi = stored(replayed, "pm2_5_nowcast"), stored(replayed, "us_aqi")
    full = [label for label in embassy if label >= FIRST + timedelta(hours=BEFORE_A_FULL_WINDOW)]
    assert len(full) == 2767  # 2,766 and the twelfth hour, whose window is the first twelve rows

    off = {label: nowcast[label][0] - embassy[label].nowcast for label in full}
    assert not {label: by for label, by in off.items() if abs(by) > 0.1}
    assert {nowcast[label][1:3] for label in full} == {("derived", "replayed")}

    # The embassy averaged with more decimals than it published: from hours cut to 0.1 a NowCast comes out at most 0.1
    # lower. So is then the concentration that the index is of, and the index by one.
    differ = {
        label: (us_aqi[label][0] - embassy[label].us_aqi, cut(nowcast[label][0]) - embassy[label].nowcast)
        for label in full
        if us_aqi[label][0] != embassy[label].us_aqi
    }
    assert Counter(round(by) for by, _ in differ.values()) == {-1: len(full) - 2533}
    assert {round(by, 6) for _, by in differ.values()} == {-0.1}
    assert {us_aqi[label][3]["revision"] for label in full} == {2012}
    assert {us_aqi[label][3]["dominant"] for label in full} == {"pm2_5"}

    # An index exists exactly where a NowCast does, and the embassy's gaps are gaps here.
    assert set(us_aqi) == set(nowcast) == set(stored(replayed, "vn_aqi"))
    last = max(embassy)
    ours = {label for label in nowcast if label <= last}
    assert set(embassy) - ours == {FIRST}  # of the first hour the embassy knew the hours before
    assert ours <= set(embassy)


def test_a_day_of_the_recording_has_its_index_and_its_limit_of_then(replayed: str) -> None:
    """1 January 2017, 24:00: 24 h mean against 50 ug/m3, the limit of QCVN 05:2013."""
    with RECORDING.open() as file:
        first_day = [float(row["Raw Conc."]) for row in list(csv.DictReader(file))[:24]]
    mean = math.fsum(first_day) / 24
    midnight = datetime(2017, 1, 2, tzinfo=HANOI)
    index, _, inputs, made_of = stored(replayed, "vn_aqi_daily")[midnight]
    assert index == vn_aqi.sub_index("pm2_5", mean)
    assert inputs == "replayed"
    assert made_of["concentrations"] == {"pm2_5": round(mean, 3)}
    assert made_of["hours"] == {"pm2_5": 24}

    ratio, *_, limits = stored(replayed, "qcvn_05_ratio_daily")[midnight]
    assert ratio == pytest.approx(2 * mean, abs=0.01)
    assert limits["limits"] == {"pm2_5_24h": 50}
    assert limits["exceeded"] == ["pm2_5_24h"]
    assert (limits["edition"], limits["edition_trust"]) == ("QCVN 05:2013/BTNMT", "M")
    assert not stored(replayed, "qcvn_05_ratio")  # an hour of particles has no limit
    assert not stored(replayed, "pm10_nowcast")
