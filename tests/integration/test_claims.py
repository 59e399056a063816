"""Devices that nobody knows: listed, claimed by command, known to a running ingest, and stored from their first day."""

import json
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from deploy.embedded.mosquitto import Mosquitto
from ingest.model import Reason
from ingest.sources import load_sources
from storage import claims, db, inventory, operators, things
from storage.catalog import load_catalog
from storage.inventory import load_inventory
from tests.integration.rejecting import LATER, T0, Worker, native, open_reasons, rows, topic, values, worker
from tests.processes import BIN, ingest_env, publish, running, wait_for

pytestmark = pytest.mark.integration

STATION = "trung-yen-3"
NAMES = ("--name-vi", "x", "--name-en", "x")
SOURCES = """
[[source]]
name = "lab"
decoder = "csv_table"
topics = ["lab/+/table"]
zone = "Asia/Ho_Chi_Minh"
properties = { "PM2.5" = "pm2_5" }
devices = { Known = "trung-yen-3", Wrong = "atlantis" }
"""


def table(*devices: str) -> bytes:
    lines = [f"2026-11-22T09:{n:02d},{device},{30 + n}" for n, device in enumerate(devices)]
    return "\n".join(["time,device,PM2.5", *lines]).encode()


@pytest.fixture
def sources_file(tmp_path: Path) -> Path:
    path = tmp_path / "sources.toml"
    path.write_text(SOURCES, "utf-8")
    return path


def command(url: str, *arguments: str, sources: Path | None = None) -> subprocess.CompletedProcess[str]:
    env = {"HANOI_RUNTIME_DIR": "/nonexistent", "HANOI_DATABASE_URL": url, "HANOI_LOG_LEVEL": "WARNING"}
    if sources:
        env["HANOI_SOURCES_FILE"] = str(sources)
    return subprocess.run(
        [BIN / "hanoi-ingest", *arguments], env=env, capture_output=True, text=True, timeout=60, check=False
    )


def unclaimed(url: str) -> list[claims.Unclaimed]:
    with db.connect(url, name="test") as conn:
        return claims.unclaimed(conn, limit=50, payload_bytes=20)


def test_a_thing_made_by_a_claim_gets_an_account(city_url: str, tmp_path: Path) -> None:
    made = ("claim", "--source", "mqtt", "--device", "rain-new", "--new", "--domain", "rain", *NAMES)
    add = ("accounts", "add", "rain-new", "--folder", str(tmp_path))
    refused = command(city_url, *add)
    assert (refused.returncode, "no Thing of the inventory or the database: rain-new" in refused.stderr) == (
        2,
        True,
    )
    assert command(city_url, *made).returncode == 0
    done = command(city_url, *add)
    assert done.returncode == 0, done.stderr
    assert "and the database (1 more)" in done.stdout
    assert "publishes hanoi/v1/rain/rain-new/observations" in done.stdout
    everything = command(city_url, "accounts", "add", "--all-things", "--folder", str(tmp_path / "b"))
    assert "publishes hanoi/v1/rain/rain-new/status" in everything.stdout
    assert "\nltk-01\n" not in everything.stdout


def test_without_the_database_accounts_say_so(tmp_path: Path) -> None:
    url = "postgresql://nobody@127.0.0.1:9/none"
    done = command(url, "accounts", "add", "trung-yen-3", "--folder", str(tmp_path))
    assert (done.returncode, "the database can't be reached" in done.stdout) == (0, True), done.stderr


LORA = """
[[source]]
name = "tts"
decoder = "the_things_stack"
topics = ["v3/+/devices/+/up"]
"""
RAW = {
    "end_device_ids": {"device_id": "eui-1"},
    "received_at": T0.isoformat(),
    "uplink_message": {"f_port": 1, "frm_payload": "AQID", "rx_metadata": [{"rssi": -90}]},
}


def test_what_stays_open_after_a_claim_is_told_with_what_to_do(city_url: str, tmp_path: Path) -> None:
    path = tmp_path / "lora.toml"
    path.write_text(LORA, "utf-8")
    with worker(city_url, load_sources(path)) as made:
        made.take("v3/city/devices/eui-1/up", json.dumps(RAW).encode(), LATER)
    done = command(
        city_url, "claim", "--source", "tts", "--device", "eui-1", "--thing", "rain-cau-giay", sources=path
    )
    assert done.returncode == 0, done.stderr
    assert "still open, unsupported: such as v3/city/devices/eui-1/up at $" in done.stdout
    assert "nor a `codec` for 'eui-1'" in done.stdout
    assert '[source.devices."eui-1"]\n  thing = "rain-cau-giay"\n  options.codec = ' in done.stdout
    assert "restart hanoi-ingest, then `hanoi-ingest reprocess --reason unsupported`" in done.stdout
    again = command(city_url, "reprocess", "--reason", "unsupported", sources=path)
    assert "still open, unsupported: such as v3/city/devices/eui-1/up at $" in again.stdout


def test_without_a_sources_file_a_source_s_device_cannot_be_claimed(city_url: str) -> None:
    done = command(city_url, "claim", "--source", "tts", "--device", "eui-1", "--thing", "rain-cau-giay")
    assert (done.returncode, "HANOI_SOURCES_FILE is not set" in done.stderr) == (2, True), done.stderr


def test_a_device_is_one_line_with_its_newest_payload_however_often_it_sends(city_url: str) -> None:
    with worker(city_url) as made:
        for minute in range(3):
            made.take(
                topic("rain", "b"), native(minute, rain_interval=minute), T0 + timedelta(minutes=minute)
            )
        made.take(topic("rain", "a"), native(0, rain_interval=1), T0 - timedelta(days=2))
        made.take(topic("rain", "rain-hoan-kiem"), b"{", T0)
    first, second = unclaimed(city_url)
    assert (first.source, first.device, first.count) == ("mqtt", "b", 3)
    assert (first.first_seen, first.last_seen) == (T0, T0 + timedelta(minutes=2))
    assert (first.payload, first.size) == (native(2, rain_interval=2)[:20], len(native(2, rain_interval=2)))
    assert (second.device, second.topic) == ("a", topic("rain", "a"))


def test_one_message_may_name_many_devices(city_url: str, sources_file: Path) -> None:
    with worker(city_url, load_sources(sources_file)) as made:
        made.take("lab/1/table", table("X", "Known", "Y"))
        made.take("lab/1/table", table("Y"), T0 + timedelta(minutes=1))
    assert [(one.source, one.device, one.count) for one in unclaimed(city_url)] == [
        ("lab", "Y", 2),
        ("lab", "X", 1),
    ]
    assert values(city_url, STATION, "pm2_5") == [31]


def test_a_message_full_of_strangers_leaves_the_others_on_the_list(city_url: str, sources_file: Path) -> None:
    with worker(city_url, load_sources(sources_file)) as made:
        made.take(topic("rain", "b"), native(1, rain_interval=1))
        many = [f"2026-11-22T09:00,S{n:03d},{n}" for n in range(150)]
        made.take("lab/1/table", "\n".join(["time,device,PM2.5", *many]).encode(), T0 + timedelta(minutes=1))
        _claim(made, "S140", STATION, source="lab")
        made.registry.load()
    assert [one.device for one in unclaimed(city_url)] == [*(f"S{n:03d}" for n in range(20)), "b"]
    (row,) = rows(city_url, "SELECT detail FROM rejected_message WHERE source = 'lab'")
    assert row["detail"]["more_devices"] == 130
    done = command(city_url, "reprocess", "--source", "lab", "--device", "S140", sources=sources_file)
    assert (done.returncode, values(city_url, STATION, "pm2_5")) == (0, [140]), done.stderr


def test_claiming_one_of_the_devices_of_a_message_leaves_the_other_open(
    city_url: str, sources_file: Path
) -> None:
    with worker(city_url, load_sources(sources_file)) as made:
        made.take("lab/1/table", table("X", "Known", "Y"), LATER)
    done = command(
        city_url, "claim", "--source", "lab", "--device", "X", "--thing", "hoan-kiem", sources=sources_file
    )
    assert done.returncode == 0, done.stderr
    assert values(city_url, "hoan-kiem", "pm2_5") == [30]
    assert [one.device for one in unclaimed(city_url)] == ["Y"]
    done = command(
        city_url, "claim", "--source", "lab", "--device", "Y", "--thing", "hoan-kiem", sources=sources_file
    )
    assert values(city_url, "hoan-kiem", "pm2_5") == [30, 32]
    assert unclaimed(city_url) == []


def test_a_native_device_under_a_wrong_id_is_claimed_as_a_thing_of_another_domain_s_topic(
    city_url: str,
) -> None:
    """It sends below rain/, and is an air station: what counts is the Thing that it is."""
    with worker(city_url) as made:
        made.take(topic("rain", "wrong"), native(1, pm2_5=33, rain_interval=1))
        made.take("hanoi/v1/rain/wrong/status", b"online")
    done = command(city_url, "claim", "--source", "mqtt", "--device", "wrong", "--thing", STATION)
    assert done.returncode == 0, done.stderr
    assert values(city_url, STATION, "pm2_5") == [33]
    assert open_reasons(city_url) == ["unknown_property"]
    assert [row["thing_id"] for row in rows(city_url, "SELECT thing_id FROM thing_status")] == [STATION]


def test_a_new_thing_is_made_with_what_is_known_of_it(city_url: str) -> None:
    with worker(city_url) as made:
        made.take(topic("rain", "rain-new"), native(1, rain_interval=0.4))
    done = command(
        city_url,
        *("claim", "--source", "mqtt", "--device", "rain-new", "--new", "--domain", "rain"),
        *("--name-vi", "Trạm mưa mới", "--name-en", "New gauge", "--property", "rain_interval"),
        *("--lat", "21.03", "--lon", "105.85", "--place-source", "lan, by phone", "--not-public"),
    )
    assert done.returncode == 0, done.stderr
    assert values(city_url, "rain-new", "rain_interval") == [0.4]
    (thing,) = rows(city_url, "SELECT * FROM thing WHERE id = 'rain-new'")
    assert (thing["domain"], thing["kind"], thing["name_vi"]) == ("rain", "gauge", "Trạm mưa mới")
    assert (thing["lat"], thing["coordinate_trust"], thing["coordinate_source"]) == (
        21.03,
        "M",
        "lan, by phone",
    )
    assert thing["is_public"] is False
    with db.connect(city_url, name="test") as conn:
        event = operators.audit_trail(conn, 1)[0]
    assert (event.action, event.subject, event.source) == ("device_claimed", "rain-new", "command line")


def test_the_inventory_takes_a_claimed_thing_over_and_leaves_the_others(
    city_url: str, tmp_path: Path
) -> None:
    for name in ("rain-new", "rain-other"):
        done = command(
            city_url,
            *("claim", "--source", "mqtt", "--device", name, "--new", "--domain", "rain"),
            *("--name-vi", "Cũ", "--name-en", "Old"),
        )
        assert done.returncode == 0, done.stderr
    (tmp_path / "more.toml").write_text(
        'domain = "rain"\n[[thing]]\nid = "rain-new"\nkind = "gauge"\nproperties = []\n'
        'name = { vi = "Mới", en = "New" }\n',
        "utf-8",
    )
    domains = load_catalog()
    with db.connect(city_url, name="test") as conn:
        things.sync(conn, domains, load_inventory([inventory.SHIPPED, tmp_path], domains))
    names = rows(
        city_url, "SELECT id, name_en FROM thing WHERE id LIKE 'rain-%%' AND name_en IN ('Old', 'New')"
    )
    assert {row["id"]: row["name_en"] for row in names} == {"rain-new": "New", "rain-other": "Old"}


def test_a_device_of_a_source_becomes_a_new_thing_of_its_own_name_or_another(
    city_url: str, sources_file: Path
) -> None:
    with worker(city_url, load_sources(sources_file)) as made:
        made.take("lab/1/table", table("EUI-70B3", "Hộp số 7"), LATER)
    new = ("--new", "--domain", "air_quality", "--name-vi", "X", "--name-en", "X")
    done = command(city_url, "claim", "--source", "lab", "--device", "EUI-70B3", *new, sources=sources_file)
    assert done.returncode == 0, done.stderr
    refused = command(
        city_url, "claim", "--source", "lab", "--device", "Hộp số 7", *new, sources=sources_file
    )
    assert (refused.returncode, "--thing" in refused.stderr) == (2, True)
    done = command(
        city_url,
        *("claim", "--source", "lab", "--device", "Hộp số 7", "--thing", "box-7", *new),
        sources=sources_file,
    )
    assert done.returncode == 0, done.stderr
    assert (values(city_url, "eui-70b3", "pm2_5"), values(city_url, "box-7", "pm2_5")) == ([30], [31])


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--source", "mqtt", "--device", "x", "--thing", "atlantis"), "there is no Thing 'atlantis'"),
        (("--source", "lap", "--device", "x", "--thing", STATION), "'lap' is not in HANOI_SOURCES_FILE"),
        (("--source", "lab", "--device", "Wrong", "--thing", STATION), "says that device 'Wrong'"),
        (("--source", "mqtt", "--device", "x"), "--thing"),
        (("--source", "mqtt", "--device", "x", "--new", "--domain", "rain"), "--name-vi, --name-en"),
        (
            ("--source", "mqtt", "--device", "x", "--thing", "y", "--new", "--domain", "rain", *NAMES),
            "is a Thing of that id",
        ),
        (
            ("--source", "mqtt", "--device", "x", "--new", "--domain", "noise", *NAMES),
            "domain: 'noise' is none of",
        ),
        (
            ("--source", "mqtt", "--device", "x", "--new", "--domain", "rain", "--lat", "21", *NAMES),
            "--lat, --lon and --place-source",
        ),
        (
            ("--source", "mqtt", "--device", "x", "--new", "--domain", "rain", "--property", "pm2_5", *NAMES),
            "properties: pm2_5",
        ),
        (
            ("--source", "mqtt", "--device", STATION, "--new", "--domain", "air_quality", *NAMES),
            f"there is a Thing '{STATION}' already",
        ),
        (
            ("--source", "mqtt", "--device", STATION, "--thing", "hoan-kiem"),
            f"'{STATION}' is a Thing itself",
        ),
        (
            ("--source", "mqtt", "--device", "x", "--new", "--domain", "rain", "--kind", "sonde", *NAMES),
            "kind: 'sonde' is none of domain 'rain': basin, gauge",
        ),
    ],
)
def test_a_claim_that_cannot_be_says_why_and_leaves_nothing(
    city_url: str, sources_file: Path, arguments: tuple[str, ...], says: str
) -> None:
    done = command(city_url, "claim", *arguments, sources=sources_file)
    assert (done.returncode, says in done.stderr) == (2, True), done.stderr
    assert rows(city_url, "SELECT 1 FROM device_claim UNION ALL SELECT 1 FROM thing WHERE id = 'x'") == []


def test_a_claim_is_given_up_before_it_is_made_anew(city_url: str) -> None:
    claim = ("claim", "--source", "mqtt", "--device", "x", "--thing")
    assert command(city_url, *claim, STATION).returncode == 0
    assert "was so before" in command(city_url, *claim, STATION).stdout
    refused = command(city_url, *claim, "hoan-kiem")
    assert (refused.returncode, f"claimed as '{STATION}'" in refused.stderr) == (2, True)
    listed = command(city_url, "unclaimed", "--claimed").stdout
    assert f"mqtt 'x' is {STATION}" in listed
    assert command(city_url, "unclaim", "--source", "mqtt", "--device", "x").returncode == 0
    assert command(city_url, "unclaim", "--source", "mqtt", "--device", "x").returncode == 2
    assert command(city_url, *claim, "hoan-kiem").returncode == 0


def test_the_list_on_the_command_line_shows_payloads_that_can_steer_nothing(city_url: str) -> None:
    assert "every device that sends is known" in command(city_url, "unclaimed").stdout
    with worker(city_url) as made:
        made.take(topic("rain", "b"), native(1, rain_interval=1) + b"  \x1b[31m")
        made.take(topic("rain", "c"), native(1, rain_interval=1) + b" \n")
    listed = command(city_url, "unclaimed")
    assert "--source mqtt --device 'c'  domain rain" in listed.stdout
    assert "\x1b" not in listed.stdout


class Feed:
    """A device that goes on sending, each time one minute further."""

    def __init__(self, broker: Mosquitto, device: str) -> None:
        self.broker, self.device, self.minute = broker, device, 0
        self.start = datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)

    def send(self) -> None:
        self.minute += 1
        element = {
            "time": (self.start + timedelta(minutes=self.minute)).isoformat(),
            "results": {"pm2_5": self.minute},
        }
        publish(
            self.broker.url("publisher"), [(topic("air_quality", self.device), json.dumps(element).encode())]
        )


def test_a_running_ingest_knows_of_claims_and_their_end(
    city_url: str, broker: Mosquitto, tmp_path: Path
) -> None:
    """And whatever it refused before it knew is stored too: every number is in one of the two Things."""
    env = ingest_env(city_url, broker.url("ingest"))
    feed = Feed(broker, "station-x")

    def arrives_at(thing: str) -> bool:
        feed.send()
        return feed.minute in values(city_url, thing, "pm2_5")

    claim = ("claim", "--source", "mqtt", "--device", "station-x", "--thing")
    with running("hanoi-ingest", env=env, bind=env["HANOI_INGEST_BIND"], folder=tmp_path):
        feed.send()
        wait_for(lambda: unclaimed(city_url), "the stranger is listed")
        assert command(city_url, *claim, STATION).returncode == 0
        wait_for(lambda: arrives_at(STATION), "what it sends is the station's")
        # its messages are good now, so that nothing but the word of the others tells of this
        assert command(city_url, "unclaim", "--source", "mqtt", "--device", "station-x").returncode == 0
        assert command(city_url, *claim, "hoan-kiem").returncode == 0
        wait_for(lambda: arrives_at("hoan-kiem"), "what it sends is the other station's")
        wait_for(lambda: open_reasons(city_url) == [], "nothing is left behind")
    stored = {*values(city_url, STATION, "pm2_5"), *values(city_url, "hoan-kiem", "pm2_5")}
    assert stored == set(range(1, feed.minute + 1))


def test_a_known_thing_is_not_looked_up_among_the_claims(city_url: str) -> None:
    """A claim of a Thing's own name would otherwise take its messages away."""
    with worker(city_url) as made:
        _claim(made, STATION, "hoan-kiem")
        made.registry.load()
        made.take(topic("air_quality", STATION), native(1, pm2_5=30))
    assert (values(city_url, STATION, "pm2_5"), values(city_url, "hoan-kiem", "pm2_5")) == ([30], [])


def _claim(made: Worker, device: str, thing: str, source: str = "mqtt") -> None:
    with made.registry.pool.connection() as conn:
        claims.claim(conn, source=source, device=device, thing_id=thing, now=T0, by="lan")


def test_a_topic_too_long_for_an_index_stops_nothing(city_url: str) -> None:
    with worker(city_url) as made:
        digits = "".join(str(n * n) for n in range(9000))  # can't be compressed to nothing
        made.take(f"hanoi/v1/{digits}", b"x", T0)
        made.take(topic("air_quality", STATION), native(1, pm2_5=30))
    assert open_reasons(city_url) == [Reason.UNKNOWN_TOPIC]
