"""The supervisor with stand-ins for our programs: start, crash, stop, start again."""

import itertools
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from deploy.embedded.runtime import Runtime
from tests.faults.rig import MOST_WORKERS, free_ports

pytestmark = pytest.mark.integration

Servers = tuple[Runtime, Path]
ROOT = Path(__file__).parents[2]
PROGRAMS = ("migrate", "ingest", "alerts", "public", "control-room", "simulate", "watchdog")
# The exact keys and names that scripts outside rely on.
KEYS = {
    "HANOI_DATABASE_URL",
    "HANOI_MQTT_URL",
    "HANOI_MQTT_PUBLISH_URL",
    "HANOI_PUBLIC_URL",
    "HANOI_ALERTS_MQTT_URL",
    "HANOI_CONTROL_ROOM_URL",
    "HANOI_OPERATOR_USER",
    "HANOI_OPERATOR_PASSWORD",
    "HANOI_PUBLIC_DATABASE_URL",
    "HANOI_WATCHDOG_URL",
    "HANOI_ALERTING_FILE",
}
NAMES = {"ingest", "broker", "database", "public", "control-room", "alerts", "simulate", "watchdog"}
_numbers = itertools.count(1)


class Stage:
    """A folder with a runtime that shares the installed servers, and stand-in programs."""

    def __init__(self, servers: Servers) -> None:
        installed, folder = servers
        self.folder = folder / f"embedded-demo-{next(_numbers)}"
        self.runtime = self.folder / ".runtime"
        self.runtime.mkdir(parents=True)
        (self.runtime / "software").symlink_to((installed.folder / "software").resolve())
        self.programs = self.folder / "bin"
        self.notes = self.folder / "notes"
        self.programs.mkdir()
        self.notes.mkdir()
        text = Path(__file__).with_name("stand_in_program.py").read_text(encoding="utf-8")
        for name in PROGRAMS:
            program = self.programs / f"hanoi-{name}"
            program.write_text(f"#!{sys.executable}\n{text}", encoding="utf-8")
            program.chmod(0o755)
        binds = (
            "PUBLIC",
            "CONTROL_ROOM",
            "ALERTS",
            "WATCHDOG",
            "INGEST",
        )  # ingest's workers take those behind it
        port = free_ports(2 + len(binds) + MOST_WORKERS)
        self.environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("HANOI_")},
            "HANOI_RUNTIME_DIR": str(self.runtime),
            "HANOI_DB_PORT": str(port),
            "HANOI_MQTT_PORT": str(port + 1),
            **{f"HANOI_{name}_BIND": f"127.0.0.1:{port + n}" for n, name in enumerate(binds, 2)},
            "STAND_IN_NOTES": str(self.notes),
        }

    def start(self, command: str = "demo", **more: str) -> subprocess.Popen[str]:
        """Start a command of the supervisor."""
        return subprocess.Popen(
            [sys.executable, "-m", "tests.embedded.run_demo", str(self.programs), command],
            cwd=ROOT,
            env={**self.environment, **more},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    @contextmanager
    def running(self, **more: str) -> Iterator[subprocess.Popen[str]]:
        """Yield a supervisor whose pages are live; it is stopped after."""
        stale = self.demo_env_number()
        demo = self.start(**more)
        try:
            wait_until(lambda: self.demo_env_number() != stale or demo.poll() is not None)
            wait_until(lambda: self.demo_env_number() != 0 or demo.poll() is not None)
            if demo.poll() is not None:
                raise AssertionError(output_of(demo))
            yield demo
        finally:
            end(demo)

    @property
    def demo_env(self) -> Path:
        return self.runtime / "demo.env"

    def demo_env_number(self) -> int:
        """Return a number that differs for each demo.env written; 0 when there is none."""
        return self.demo_env.stat().st_mtime_ns if self.demo_env.exists() else 0

    def values(self) -> dict[str, str]:
        lines = self.demo_env.read_text(encoding="utf-8").splitlines()
        return dict(line.split("=", 1) for line in lines)

    def pid(self, name: str) -> int:
        return int((self.runtime / "run" / f"{name}.pid").read_text(encoding="ascii"))

    def note(self, program: str) -> dict[str, Any]:
        text = (self.notes / f"hanoi-{program}.json").read_text(encoding="utf-8")
        noted: dict[str, Any] = json.loads(text)
        return noted


@pytest.fixture
def stage(servers: Servers) -> Stage:
    return Stage(servers)


@pytest.fixture(scope="module")
def shared(servers: Servers) -> Iterator[Stage]:
    """A running demo for the tests that only look."""
    made = Stage(servers)
    with made.running():
        yield made


def wait_until(true: Callable[[], bool], limit_s: float = 60) -> None:
    deadline = time.monotonic() + limit_s
    while not true():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.05)


def end(demo: subprocess.Popen[str]) -> str:
    """Stop the supervisor as Ctrl-C does; return what it printed."""
    if demo.poll() is None:
        demo.send_signal(signal.SIGINT)
    return output_of(demo)


def output_of(demo: subprocess.Popen[str]) -> str:
    text, _ = demo.communicate(timeout=60)
    return text


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_demo_env_has_the_keys_that_scripts_rely_on_and_is_private(shared: Stage) -> None:
    assert shared.values().keys() == KEYS
    assert shared.demo_env.stat().st_mode & 0o777 == 0o600


def test_pid_and_log_files_have_the_names_that_scripts_rely_on(shared: Stage) -> None:
    pids = {file.stem for file in (shared.runtime / "run").glob("*.pid")}
    logs = {file.stem for file in (shared.runtime / "log").glob("*.log")}
    assert pids == NAMES
    assert logs >= NAMES


def test_the_urls_in_demo_env_work(shared: Stage) -> None:
    values = shared.values()
    with psycopg.connect(values["HANOI_DATABASE_URL"]) as connection:
        row = connection.execute("SELECT current_user, current_database()").fetchone()
    assert row == ("hanoi", "hanoi")
    with psycopg.connect(values["HANOI_PUBLIC_DATABASE_URL"]) as connection:
        row = connection.execute("SELECT pg_has_role('hanoi_public', 'member')").fetchone()
        assert row == (True,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SELECT * FROM kept")


def test_each_process_is_told_what_it_needs_and_no_more(shared: Stage) -> None:
    values = shared.values()
    ingest = shared.note("ingest")
    assert ingest["arguments"] == []
    assert ingest["environment"]["HANOI_DATABASE_URL"] == values["HANOI_DATABASE_URL"]
    assert ingest["environment"]["HANOI_MQTT_URL"] == values["HANOI_MQTT_URL"]
    assert "HANOI_MQTT_PUBLISH_URL" not in ingest["environment"]
    assert "HANOI_ALERTS_MQTT_URL" not in ingest["environment"]
    assert "://alerts:" in shared.note("alerts")["environment"]["HANOI_ALERTS_MQTT_URL"]
    assert "HANOI_MANUAL_MQTT_URL" not in ingest["environment"]
    assert "://manual:" in shared.note("control-room")["environment"]["HANOI_MANUAL_MQTT_URL"]
    wait_until((shared.notes / "hanoi-simulate.json").exists)
    simulate = shared.note("simulate")
    assert simulate["arguments"] == ["--backfill", "48h"]
    publish_url = values["HANOI_MQTT_PUBLISH_URL"]
    assert simulate["environment"]["HANOI_MQTT_PUBLISH_URL"] == publish_url
    public = shared.note("public")["environment"]
    assert public["HANOI_DATABASE_URL"] == values["HANOI_PUBLIC_DATABASE_URL"]
    assert "HANOI_MQTT_URL" not in public
    assert public["HANOI_BROKER_SETTING"] == "safe"
    alerts = shared.note("alerts")["environment"]
    assert alerts["HANOI_VAPID_PUBLIC_KEY"] == public["HANOI_VAPID_PUBLIC_KEY"]
    assert len(alerts["HANOI_VAPID_PRIVATE_KEY"]) == 43
    assert "HANOI_VAPID_PRIVATE_KEY" not in public


def test_the_operator_gets_the_password_that_is_in_demo_env(shared: Stage) -> None:
    given = (shared.notes / "operator.txt").read_text(encoding="utf-8").strip()
    assert given == shared.values()["HANOI_OPERATOR_PASSWORD"]
    assert len(given) >= 20


def test_no_secret_stands_on_a_command_line(shared: Stage) -> None:
    values = shared.values()
    secrets = [values["HANOI_OPERATOR_PASSWORD"]]
    secrets += [url.split(":")[2].split("@")[0] for k, url in values.items() if "@" in url]
    for name in NAMES:
        command = Path(f"/proc/{shared.pid(name)}/cmdline").read_text(encoding="utf-8")
        assert not [secret for secret in secrets if secret in command]


def test_a_second_demo_beside_a_running_one_says_so(shared: Stage) -> None:
    second = shared.start()
    text = output_of(second)
    assert second.returncode == 1
    assert "already running" in text
    assert shared.values()["HANOI_PUBLIC_URL"] in text
    assert shared.demo_env.exists()


def test_clean_data_refuses_while_a_demo_runs(shared: Stage) -> None:
    cleaner = shared.start("clean-data")
    assert "already running" in output_of(cleaner)
    assert cleaner.returncode == 1
    assert (shared.runtime / "data" / "database" / "PG_VERSION").exists()


@pytest.mark.parametrize("name", sorted(NAMES))
def test_a_killed_process_is_back_within_10_s_with_a_new_pid(shared: Stage, name: str) -> None:
    before = shared.pid(name)
    os.kill(before, signal.SIGKILL)
    wait_until(lambda: shared.pid(name) != before and alive(shared.pid(name)), limit_s=10)


def test_ctrl_c_stops_all_in_order_and_the_data_is_there_again(stage: Stage) -> None:
    with stage.running() as demo:
        pids = [stage.pid(name) for name in NAMES]
        for program in ("simulate", "watchdog"):
            wait_until((stage.notes / f"hanoi-{program}.json").exists)
        said = end(demo)
    assert demo.returncode == 0
    assert "stopped" in said
    assert not [pid for pid in pids if alive(pid)]
    assert not stage.demo_env.exists()
    assert list((stage.runtime / "run").glob("*.pid")) == []
    order = ("watchdog", "simulate", "ingest", "public")
    ended = [(stage.notes / f"hanoi-{name}.json").stat().st_mtime for name in order]
    assert all(stage.note(name)["stopped"] for name in order)
    assert ended == sorted(ended)
    with stage.running(), psycopg.connect(stage.values()["HANOI_DATABASE_URL"]) as connection:
        # The stand-in for hanoi-migrate adds a row at each start.
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (2,)


def test_an_interrupt_of_make_alone_stops_the_demo(stage: Stage) -> None:
    recipe = f"{sys.executable} -m tests.embedded.run_demo {stage.programs} demo"
    (stage.folder / "Makefile").write_text(f"demo:\n\t@exec {recipe}\n", encoding="utf-8")
    make = subprocess.Popen(
        ["make", "-f", stage.folder / "Makefile", "demo"], cwd=ROOT, env=stage.environment
    )
    try:
        wait_until(stage.demo_env.exists)
        make.send_signal(signal.SIGINT)
        make.wait(180)
    finally:
        make.kill()
        make.wait()
    assert not stage.demo_env.exists()
    assert list((stage.runtime / "run").glob("*.pid")) == []


def test_several_ingest_workers_and_what_is_left_of_more(stage: Stage) -> None:
    with stage.running(HANOI_INGEST_WORKERS="3") as demo:
        for worker in (1, 2, 3):
            assert alive(stage.pid(f"ingest-{worker}"))
            assert stage.note(f"ingest-{worker}")["arguments"] == ["--worker", str(worker)]
        assert not (stage.runtime / "run" / "ingest.pid").exists()
        before = stage.pid("ingest-2")
        os.kill(before, signal.SIGKILL)
        wait_until(lambda: stage.pid("ingest-2") != before and alive(stage.pid("ingest-2")), limit_s=10)
        with psycopg.connect(stage.values()["HANOI_DATABASE_URL"], autocommit=True) as connection:
            connection.execute("INSERT INTO ingest_worker VALUES (2), (3)")
        end(demo)
    with stage.running() as demo:
        assert alive(stage.pid("ingest"))
        for worker in (2, 3):
            wait_until(lambda w=worker: not (stage.runtime / "run" / f"ingest-{w}.pid").exists())  # type: ignore[misc]  # mypy infers no lambda with a default
            assert stage.note(f"ingest-{worker}")["arguments"] == ["--worker", str(worker), "--drain"]
        assert stage.note("ingest")["arguments"] == []
        said = end(demo)
    assert "ingest-2 is done" in said
    assert "ingest-2 is back" not in said


def test_one_line_says_what_died_and_that_it_is_back(stage: Stage) -> None:
    with stage.running() as demo:
        before = stage.pid("alerts")
        os.kill(before, signal.SIGKILL)
        wait_until(lambda: stage.pid("alerts") != before)
        said = end(demo).splitlines()
    assert len([line for line in said if "alerts ended (killed by SIGKILL)" in line]) == 1
    assert len([line for line in said if "alerts is back as process" in line]) == 1


def test_processes_of_a_killed_supervisor_do_not_outlive_it(stage: Stage) -> None:
    with stage.running() as demo:
        pids = [stage.pid(name) for name in NAMES - {"watchdog"}]
        demo.kill()
        output_of(demo)
    wait_until(lambda: not [pid for pid in pids if alive(pid)], limit_s=20)
    assert stage.demo_env.exists()
    with stage.running():
        assert stage.pid("database") not in pids


def test_the_watchdog_outlives_a_killed_supervisor_and_the_next_start_replaces_it(stage: Stage) -> None:
    with stage.running() as demo:
        watchdog, database = stage.pid("watchdog"), stage.pid("database")
        assert parent_of(watchdog) != demo.pid, "it is not in the tree that goes down"
        demo.kill()
        output_of(demo)
    wait_until(lambda: not alive(database), limit_s=20)
    assert alive(watchdog)
    with stage.running() as demo:
        assert not alive(watchdog)
        successor = stage.pid("watchdog")
        assert alive(successor)
        said = end(demo)
    assert f"ending watchdog ({watchdog})" in said
    assert not alive(successor)


def test_the_watchdog_may_publish_canaries_and_not_enter_the_database(shared: Stage) -> None:
    wait_until((shared.notes / "hanoi-watchdog.json").exists)
    environment = shared.note("watchdog")["environment"]
    assert environment["HANOI_MQTT_PUBLISH_URL"].startswith("mqtt://watchdog:")
    assert environment["HANOI_WATCHDOG_DATABASE"] == f"127.0.0.1:{shared.environment['HANOI_DB_PORT']}"
    assert not [name for name in environment if "DATABASE_URL" in name]
    bind = environment["HANOI_WATCHDOG_BIND"]
    assert shared.values()["HANOI_WATCHDOG_URL"] == f"http://{bind}"
    assert shared.note("alerts")["environment"]["HANOI_WATCHDOG_BIND"] == bind


def test_a_watchdog_port_that_nobody_asked_for_gives_way(stage: Stage) -> None:
    del stage.environment["HANOI_WATCHDOG_BIND"]
    wanted = int(stage.environment["HANOI_ALERTS_BIND"].split(":")[1]) + 5
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", wanted))
        taken.listen()
        with stage.running() as demo:
            url = stage.values()["HANOI_WATCHDOG_URL"]
            said = end(demo)
    assert url != f"http://127.0.0.1:{wanted}"
    assert f"WARNING: port {wanted} is taken" in said


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[1])


def test_a_process_that_was_left_over_is_ended_by_the_next_start(stage: Stage) -> None:
    run = stage.runtime / "run"
    run.mkdir()
    left = subprocess.Popen([stage.programs / "hanoi-simulate"], env=stage.environment)
    time.sleep(0.3)
    (run / "simulate.pid").write_text(f"{left.pid}\n", encoding="ascii")
    bystander = subprocess.Popen(["sleep", "60"])
    (run / "alerts.pid").write_text(f"{bystander.pid}\n", encoding="ascii")
    with stage.running() as demo:
        assert left.wait(10) in {0, -signal.SIGTERM}
        assert bystander.poll() is None
        assert f"ending simulate ({left.pid})" in end(demo)
    bystander.kill()
    bystander.wait()


@pytest.mark.parametrize("delay_s", [0.3, 0.8, 1.5])
def test_a_signal_in_the_middle_of_the_start_stops_cleanly(stage: Stage, delay_s: float) -> None:
    demo = stage.start()
    time.sleep(delay_s)
    demo.send_signal(signal.SIGTERM)
    text = output_of(demo)
    interrupted = {130, -signal.SIGINT}  # a shell calls both 130; Python chooses by where it was interrupted
    assert demo.returncode in {0, *interrupted, -signal.SIGTERM}, text
    assert "Traceback" not in text
    assert list((stage.runtime / "run").glob("*.pid")) == []
    with stage.running():
        assert stage.values()


def test_a_program_that_fails_at_the_start_is_shown_with_the_end_of_its_log(stage: Stage) -> None:
    demo = stage.start(STAND_IN_FAILS="hanoi-migrate")
    text = output_of(demo)
    assert demo.returncode == 1
    assert "hanoi-migrate failed (exit status 1)" in text
    assert "told to fail" in text
    assert "stopped" in text


def test_a_program_that_fails_later_is_tried_again_ever_more_slowly(stage: Stage) -> None:
    with stage.running(STAND_IN_FAILS="hanoi-alerts") as demo:
        at_most = threading.Timer(60, demo.send_signal, [signal.SIGINT])
        at_most.start()
        waits = (re.search(r"alerts ended .* again in ([\d.]+) s", line) for line in demo.stdout or ())
        found = [float(wait[1]) for wait in itertools.islice(filter(None, waits), 3)]
        at_most.cancel()
        assert found == [0.5, 1.0, 2.0]


def test_a_page_that_never_gets_ready_ends_the_start_with_its_log(stage: Stage) -> None:
    demo = stage.start(STAND_IN_FAILS="hanoi-public")
    text = output_of(demo)
    assert demo.returncode == 1
    assert "public ended 5 times and never got ready" in text
    assert "told to fail" in text


def test_simulate_0_starts_no_simulator(stage: Stage) -> None:
    with stage.running(SIMULATE="0"):
        assert not (stage.runtime / "run" / "simulate.pid").exists()
        assert not (stage.notes / "hanoi-simulate.json").exists()


def test_all_taken_ports_are_reported_before_anything_starts(stage: Stage) -> None:
    with socket.socket() as one, socket.socket() as two:
        for listener in (one, two):
            listener.bind(("127.0.0.1", 0))
            listener.listen()
        database, page = (listener.getsockname()[1] for listener in (one, two))
        stage.environment["HANOI_DB_PORT"] = str(database)
        stage.environment["HANOI_PUBLIC_BIND"] = f"127.0.0.1:{page}"
        demo = stage.start()
        text = output_of(demo)
    assert demo.returncode == 1
    assert f"port {database} on 127.0.0.1, which the database needs" in text
    assert "set HANOI_DB_PORT" in text
    assert f"port {page} on 127.0.0.1, which the citizens' page needs" in text
    assert "set HANOI_PUBLIC_BIND" in text
    assert not (stage.runtime / "data" / "database").exists()


def test_a_port_that_is_asked_for_twice_is_reported_before_anything_starts(stage: Stage) -> None:
    bind = stage.environment["HANOI_INGEST_BIND"]
    demo = stage.start(HANOI_ALERTS_BIND=bind)
    text = output_of(demo)
    assert demo.returncode == 1
    port = bind.rpartition(":")[2]
    assert f"port {port} on 127.0.0.1 is wanted by alerts and by ingest" in text
    assert "set HANOI_ALERTS_BIND or HANOI_INGEST_BIND" in text
    assert not (stage.runtime / "data" / "database").exists()


def test_clean_data_empties_the_data_and_keeps_the_programs(stage: Stage) -> None:
    with stage.running():
        pass
    cleaner = stage.start("clean-data")
    output_of(cleaner)
    assert cleaner.returncode == 0
    assert list((stage.runtime / "data").iterdir()) == []
    assert (stage.runtime / "software").exists()
    with stage.running(), psycopg.connect(stage.values()["HANOI_DATABASE_URL"]) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (1,)
