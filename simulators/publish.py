"""hanoi-simulate: the city's five feeds, made up, through MQTT. Not around it: history too goes through the broker."""

import argparse
import logging
import sys
import time
from collections.abc import Sequence
from typing import Final

from simulators import coverage
from simulators.arguments import aware_time, duration_s, speed
from simulators.outbox import Outbox, broker_address
from simulators.profiles import SimulatorSectionError
from simulators.scenarios import SHIPPED, ScenarioError, load_scenario
from simulators.simulation import Plan, Simulation, simulated
from simulators.state import Folder, PastScenario, State
from storage.catalog import ReferenceDataError
from storage.logs import configure_logging
from storage.reference import Reference
from storage.settings import ConfigurationError, Settings, exit_on_configuration_error
from storage.stopping import when_asked_to_stop

log = logging.getLogger(__name__)

CLIENT_ID: Final = "hanoi-simulate"
_LAST_ACKS_S: Final = 5.0


def main(arguments: Sequence[str] | None = None) -> None:
    """Exit codes: 0 asked to stop or done, 1 the connection's thread died, 2 configuration."""
    options = _parser().parse_args(arguments)
    try:
        settings = Settings.load()
        configure_logging(settings.log_level, settings.secrets)
        _simulate(settings, options)
    except (ConfigurationError, ReferenceDataError, SimulatorSectionError, ScenarioError) as error:
        exit_on_configuration_error(error)


def _parser() -> argparse.ArgumentParser:
    scenarios = ", ".join(sorted(path.stem for path in SHIPPED.glob("*.toml")))
    parser = argparse.ArgumentParser(
        prog="hanoi-simulate",
        description="Publishes simulated observations of every Thing of the inventory to the broker"
        " (HANOI_MQTT_PUBLISH_URL, else HANOI_MQTT_URL), with provenance 'simulated'. Values depend on nothing"
        " but seed, Thing and time, so a restart goes on where it was and a backfill gives what live gave.",
    )
    parser.add_argument("--seed", type=int, default=1, help="which city is made up (default 1)")
    parser.add_argument(
        "--backfill",
        type=duration_s,
        default=0,
        metavar="48h",
        help="publish first what is missing of the history up to now (or --until); also how far a gap is filled",
    )
    parser.add_argument(
        "--speed", type=speed, default=float("inf"), metavar="60x", help="how fast history goes (default max)"
    )
    parser.add_argument("--domain", action="append", default=[], help="only this domain; may be repeated")
    parser.add_argument("--scenario", metavar="NAME", help=f"{scenarios}, or the path of a .toml file")
    parser.add_argument(
        "--scenario-start", type=aware_time, metavar="ISO", help="when it begins (default: now)"
    )
    parser.add_argument("--once", action="store_true", help="stop when everything up to now is published")
    parser.add_argument("--until", type=aware_time, metavar="ISO", help="stop when everything up to then is")
    return parser


def _simulate(settings: Settings, options: argparse.Namespace) -> None:
    address = broker_address(settings)
    folder = Folder.below(settings.runtime_dir)
    now = int(time.time())
    lock = folder.lock()
    if lock is None:
        _ask_the_running_one(folder, options, now)
        return
    with lock:
        reference = Reference(
            catalog_folders=settings.catalog_folders, inventory_folders=settings.inventory_folders
        )
        state = folder.read(seed=options.seed, broker=str(address))
        _take_up_scenario(folder, state, options, now)
        simulation = Simulation(
            plan=_plan(options, reference, now),
            reference=reference,
            folder=folder,
            state=state,
            outbox=Outbox(address=address, client_id=CLIENT_ID),
            monotonic=time.monotonic,
        )
        _run(simulation)


def _plan(options: argparse.Namespace, reference: Reference, now: int) -> Plan:
    known = simulated(reference.domains)
    unknown = set(options.domain) - known
    if unknown:
        raise ConfigurationError(f"--domain: {sorted(unknown)} is none of {sorted(known)}")
    ends = [now] if options.once else []
    ends += [int(options.until.timestamp())] if options.until else []
    until = min(ends, default=None)
    return Plan(
        seed=options.seed,
        backfill_s=options.backfill,
        speed=options.speed,
        domains=frozenset(options.domain),
        started=now,
        history_end=now if until is None else min(now, until),
        until=until,
    )


def _take_up_scenario(folder: Folder, state: State, options: argparse.Namespace, now: int) -> None:
    """Begins the scenario unless it is going on already: a restart with the same words is not a second storm.

    When it begins in the past, everything from there on is published again; ingest takes it as a correction.
    """
    if options.scenario is None:
        return
    scenario = load_scenario(options.scenario)
    going_on = [
        past
        for past in folder.scenarios()
        if past.name == options.scenario and past.start <= now < past.start + scenario.duration_s
    ]
    if going_on and options.scenario_start is None:
        return
    start = int(options.scenario_start.timestamp()) if options.scenario_start else now
    wanted = PastScenario(name=options.scenario, start=start)
    if wanted in folder.scenarios():
        return
    folder.add_scenario(wanted)
    state.covered = {key: coverage.until(covered, start) for key, covered in state.covered.items()}
    log.info("scenario_begins name=%s start=%d", wanted.name, wanted.start)


def _ask_the_running_one(folder: Folder, options: argparse.Namespace, now: int) -> None:
    if options.scenario is None:
        raise ConfigurationError(
            f"another hanoi-simulate works with {folder.path}: stop it first,"
            " or give it a scenario with --scenario NAME"
        )
    load_scenario(options.scenario)
    start = int(options.scenario_start.timestamp()) if options.scenario_start else now
    if start < now:
        raise ConfigurationError(
            "--scenario-start: in the past, and a simulator is running that has published that time already;"
            " leave it out to begin now"
        )
    folder.add_scenario(PastScenario(name=options.scenario, start=start))
    print(f"the running simulator takes up '{options.scenario}' within seconds")


def _run(simulation: Simulation) -> None:
    outbox, stopping = simulation.outbox, False

    def stop() -> None:
        nonlocal stopping
        stopping = True
        outbox.wake()

    when_asked_to_stop(stop)
    simulation.begin()
    outbox.start()
    began, in_history = time.monotonic(), True
    while not stopping and not simulation.finished(time.time()):
        if not outbox.alive:
            log.critical("connection_thread_died what=exiting_for_the_supervisor")
            sys.exit(1)
        if not simulation.step(time.time()):
            if in_history and simulation.caught_up():
                in_history = False
                simulation.end_of_history(time.monotonic() - began)
            outbox.wait(simulation.idle_s(time.time()))
    _leave(simulation)


def _leave(simulation: Simulation) -> None:
    """Waits for the last acknowledgements, then remembers them."""
    deadline = time.monotonic() + _LAST_ACKS_S
    while simulation.outbox.unacknowledged and simulation.outbox.connected and time.monotonic() < deadline:
        simulation.save()
        simulation.outbox.wait(0.1)
    simulation.save()
    simulation.outbox.stop()
    log.info("simulation_stopped messages=%d", simulation.messages)


if __name__ == "__main__":
    main()
